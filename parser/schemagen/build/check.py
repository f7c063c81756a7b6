"""Report a `BuildPlan` for `schemagen build --check`: which files are out of date, and why."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from schemagen.build import manifest
from schemagen.build.plan import BuildPlan
from schemagen.build.reasons import Cause as Cause
from schemagen.build.reasons import Reason, Reasons
from schemagen.build.recovery import interrupted
from schemagen.settings.load import Settings

_HUNK = re.compile(r"@@ -(\d+)")


@dataclass(frozen=True, slots=True)
class Finding:
    """A file that is out of date. ``subject`` is the path of the input that changed, or ""; ``diff``
    is the unified diff from the file on disk to what it should be."""

    path: str
    cause: Cause
    subject: str
    diff: str

    def __str__(self) -> str:
        return f"{self.path}: {Reason(self.cause, self.subject)}"

    @property
    def line(self) -> int | None:
        """The first line of the file on disk that differs; None for a file that is missing."""
        if self.cause is Cause.MISSING:
            return None
        line = 0
        for text in self.diff.splitlines():
            if hunk := _HUNK.match(text):
                line = int(hunk[1])
            elif line and text[:1] in "+-":
                return line
            elif line:
                line += 1
        return None


def leftovers(settings: Settings) -> tuple[Finding, ...]:
    """List what runs that were killed have left. The next build finishes or undoes it; until then, files
    are old and new, and comparing them makes no sense.

    Raises `ProblemsFound` with SG502 if a run is still alive.
    """
    return tuple(Finding(path, Cause.INTERRUPTED, "", "") for path in interrupted(settings))


def findings(plan: BuildPlan) -> tuple[Finding, ...]:
    """List every file that a build would write or remove, and those that it would remove if they were
    not edited by hand, sorted by path."""
    reasons = Reasons(plan)
    found = [
        *_outdated_files(plan, reasons),
        *_orphans(plan, reasons),
        *_manifest(plan, reasons),
    ]
    return tuple(sorted(found, key=lambda finding: finding.path))


def _outdated_files(plan: BuildPlan, reasons: Reasons) -> Iterator[Finding]:
    for path, text in plan.out_of_date.items():
        before = _read(plan, path) if path in plan.tree.hashes else ""
        yield _finding(plan, path, reasons.of(path), before, text)


def _orphans(plan: BuildPlan, reasons: Reasons) -> Iterator[Finding]:
    for path, _, reason in reasons.removed():
        yield _finding(plan, path, reason, _read(plan, path), "")


def _manifest(plan: BuildPlan, reasons: Reasons) -> Iterator[Finding]:
    """Report the manifest if it is missing, or if it is the only file that changed: it changes
    with every file that it lists."""
    text = manifest.render(plan.manifest)
    before = plan.tree.manifest_text
    if before is None:
        yield _finding(plan, manifest.FILE, Reason(Cause.MISSING), "", text)
    elif text != before and not plan.out_of_date and not plan.orphans:
        yield _finding(plan, manifest.FILE, reasons.changed_input(None, ""), before, text)


def _read(plan: BuildPlan, path: str) -> str:
    return (plan.settings.out / path).read_bytes().decode(errors="replace")


def _finding(plan: BuildPlan, path: str, reason: Reason, before: str, after: str) -> Finding:
    name = plan.settings.display(plan.settings.out / path)
    return Finding(name, reason.cause, reason.subject, _diff(name, before, after))


def _diff(name: str, before: str, after: str) -> str:
    lines = difflib.unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        f"{name} (on disk)",
        f"{name} (generated)",
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )
