"""Read the entries of an array of tables in the settings, such as those of ``overrides``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from schemagen.diagnostics import Problem, SourcePosition, did_you_mean, excerpt, shown
from schemagen.settings.positions import KeyPath
from schemagen.settings.setting import Setting


@dataclass
class Entry:
    """An entry, and the problems found in it so far; all of them are SG302.

    ``noun`` is what messages call it, such as "override". Parsed values are only valid if there are no
    problems.
    """

    noun: str
    values: Mapping[str, object]
    position: SourcePosition
    problems: list[Problem] = field(default_factory=list[Problem])

    @property
    def subject(self) -> str:
        """The noun with its article, to begin a message with."""
        return f"{'an' if self.noun[0] in 'aeiou' else 'a'} {self.noun}"

    def wrong(self, message: str, key: str = "") -> None:
        """Record a problem at ``key``, or at the entry if it lacks that key."""
        self.problems.append(self.position.problem("SG302", message, key))

    def parsed(
        self,
        settings: Iterable[Setting],
        required: Collection[str],
        suggested: Iterable[str] | None = None,
    ) -> dict[str, Any]:
        """Parse the values of ``settings``; invalid ones become problems and are left out.

        The names in ``required`` must be keys of the entry. Hints for unknown keys are taken from
        ``suggested``, by default the names of ``settings``.
        """
        known = {setting.name: setting for setting in settings}
        unused = [name for name in suggested or known if name not in self.values]
        parsed: dict[str, Any] = {}
        for key, value in self.values.items():
            if key not in known:
                message = (
                    f"unknown key {shown(key)} of this {self.noun} (known keys: {', '.join(known)})"
                )
                self.wrong(message + did_you_mean(key, unused), key)
            elif (result := known[key].parse(value)) is not None:
                parsed[key] = result
            else:
                self.wrong(known[key].refusal(value), key)
        for name in required:
            if name not in self.values:
                self.wrong(f"{self.subject} must have {name}: {known[name].accepts}")
        return parsed


def read(
    noun: str,
    entries: Iterable[object],
    path: str,
    key_path: KeyPath,
    line_column: Callable[[KeyPath], tuple[int, int]],
) -> Iterator[Entry]:
    """Yield the entries of the array at ``key_path``.

    An entry that is not a table has a problem and no values. ``path`` is the name of the file in
    messages; ``line_column`` finds an entry in it.
    """
    for number, entry in enumerate(entries):
        values = cast("dict[str, object]", entry) if isinstance(entry, dict) else {}
        keys = {key: line_column((*key_path, number, key)) for key in values}
        position = SourcePosition(path, {**keys, "": line_column((*key_path, number))})
        found = Entry(noun, values, position)
        if not isinstance(entry, dict):
            found.wrong(f"{found.subject} must be a table, not {excerpt(entry)}")
        yield found
