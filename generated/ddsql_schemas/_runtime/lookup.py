# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Look up names, and suggest a similar name for an unknown one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from .usage import UsageError

T = TypeVar("T")

_SHORT_LIST = 8
_GLOB = frozenset("*?[")


class UnknownName(UsageError, KeyError):
    """Raised for a name that the package does not have. ``kind`` is the kind of name, such as "table"."""

    def __init__(self, kind: str, name: object, hint: str = "") -> None:
        super().__init__(kind, name, hint)
        self.kind = kind
        self.name = name
        self.hint = hint

    def __str__(self) -> str:
        # KeyError itself shows the repr of its arguments.
        if isinstance(self.name, str) and is_pattern(self.name):
            return f"no {self.kind} matches {self.name!r}{self.hint}"
        return f"unknown {self.kind} {self.name!r}{self.hint}"


class NotBuilt(UnknownName):
    """Raised for an output that the package was built without."""

    def __init__(self, output: str, outputs: Iterable[str]) -> None:
        super().__init__("output", output)
        self.outputs = tuple(outputs)

    def __str__(self) -> str:
        return (
            f"this package was built without {self.name!r}, only with: {', '.join(self.outputs)};"
            " add it to `outputs` in schemagen's settings and build again"
        )


def listed_texts(texts: Iterable[str]) -> tuple[str, ...]:
    """Return ``texts`` as a tuple. A text in place of a list is its only item, not its letters."""
    return (texts,) if isinstance(texts, str) else tuple(texts)


def is_pattern(text: str) -> bool:
    """Whether a text is a pattern of names (``aws.s3_*``), which `match` takes."""
    return not _GLOB.isdisjoint(text)


def find(kind: str, name: str, known: Mapping[str, T]) -> T:
    """Return the value of ``name``. Raises `UnknownName`, which suggests the most similar name."""
    try:
        return known[name]
    except KeyError:
        raise UnknownName(kind, name, _hint(name, known)) from None


def match(kind: str, patterns: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """Return the names that match any of ``patterns`` (``aws.s3_*``), in the order of ``known``.

    Raises `UnknownName` for a pattern that matches none.
    """
    # Imported here: few programs look for more than one name.
    from fnmatch import fnmatchcase

    names = tuple(known)
    chosen: set[str] = set()
    for pattern in patterns:
        matching = [name for name in names if fnmatchcase(name, pattern)]
        if not matching:
            raise UnknownName(kind, pattern, _hint(pattern, dict.fromkeys(names)))
        chosen.update(matching)
    return tuple(name for name in names if name in chosen)


def _hint(name: str, known: Mapping[str, object]) -> str:
    listed = f" (known: {', '.join(known)})" if len(known) <= _SHORT_LIST else ""
    return listed + did_you_mean([name], known)


def did_you_mean(names: Iterable[str], known: Iterable[str]) -> str:
    """Suggest the known name most similar to each of ``names``, as the end of a message.

    The case of letters is ignored. Returns "" if no known name is similar.
    """
    # Imported here: names are rarely misspelt.
    from difflib import get_close_matches

    folded = {other.lower(): other for other in known}
    close = [get_close_matches(name.lower(), folded, 1) for name in names]
    similar = dict.fromkeys(folded[other] for others in close for other in others)
    return f"; did you mean {', '.join(map(repr, similar))}?" if similar else ""
