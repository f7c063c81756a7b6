"""Say which version follows from the differences of two catalogues."""

from __future__ import annotations

from collections.abc import Iterable

from packaging.version import Version

from schemagen.rules.registry import PARTS, Part


def greatest(parts: Iterable[Part]) -> Part | None:
    """Return the part of a version that changes of several ``parts`` increment; None for no change."""
    return max(parts, key=PARTS.index, default=None)


def incremented(version: str, part: Part) -> Part:
    """Return which part of ``version`` a change of ``part`` increments: before 1.0.0, it is a lower one."""
    if Version(version).major:
        return part
    return "minor" if part == "major" else "patch"


def following(version: str, part: Part) -> str:
    """Return the version that follows ``version`` if ``part`` is incremented.

    Before 1.0.0, what breaks increments the minor version, and all else the last part, as Semantic
    Versioning is commonly read. A pre-release is followed by its release if that increments enough.
    """
    old = Version(version)
    major, minor, patch = (*old.release, 0, 0)[:3]
    part = incremented(version, part)
    if old.is_prerelease and _starts(part, minor, patch):
        new = (major, minor, patch)
    elif part == "major":
        new = (major + 1, 0, 0)
    elif part == "minor":
        new = (major, minor + 1, 0)
    else:
        new = (major, minor, patch + 1)
    epoch = f"{old.epoch}!" if old.epoch else ""
    return f"{epoch}{'.'.join(map(str, new))}"


def _starts(part: Part, minor: int, patch: int) -> bool:
    """Whether a release whose last parts are ``minor`` and ``patch`` increments ``part`` or more."""
    return part == "patch" or (part == "minor" and not patch) or (not minor and not patch)


def is_later(new: str, old: str) -> bool:
    """Whether the version ``new`` follows ``old``."""
    return Version(new) > Version(old)
