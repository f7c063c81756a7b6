"""Parse the setting ``rules``, which says what is done about the findings of ``schemagen diff``.

A key is a rule, with the level "off", "warn" or "error", or the id of a table or a pattern such as
'aws.s3_*', with a table of rules and levels for these tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from schemagen.diagnostics import Problem, SourcePosition, did_you_mean, excerpt, shown
from schemagen.rules.registry import LEVELS, Level, Rule, rules
from schemagen.settings.positions import KeyPath
from schemagen.settings.setting import as_table


@dataclass(frozen=True, slots=True)
class TableLevels:
    """The levels that a pattern gives to rules, for tables that match it."""

    tables: str
    levels: Mapping[str, Level]
    position: SourcePosition = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class RuleLevels:
    """The levels of rules: those of all tables, and those of tables that match a pattern."""

    levels: Mapping[str, Level] = field(default_factory=dict[str, Level])
    tables: tuple[TableLevels, ...] = ()

    def chosen(self, rule: Rule, table: str) -> Level | None:
        """Return the level that the settings give to ``rule`` in ``table``, or None if they give none.

        Patterns precede what is set for all tables; of several, the last one decides.
        """
        for entry in reversed(self.tables):
            if rule.id in entry.levels and fnmatchcase(table, entry.tables):
                return entry.levels[rule.id]
        return self.levels.get(rule.id)

    def unused(self, tables: Iterable[str]) -> Iterator[TableLevels]:
        """Yield the entries whose pattern matches none of ``tables``."""
        known = tuple(tables)
        for entry in self.tables:
            if not any(fnmatchcase(table, entry.tables) for table in known):
                yield entry


def parse(
    values: Mapping[str, object],
    path: str,
    key_path: KeyPath,
    line_column: Callable[[KeyPath], tuple[int, int]],
) -> tuple[RuleLevels, list[Problem]]:
    """Parse the table at ``key_path`` of the settings; the problems are SG302.

    ``path`` is the name of the file in messages; ``line_column`` finds an entry in it.
    """
    problems: list[Problem] = []
    levels: dict[str, Level] = {}
    tables: list[TableLevels] = []

    def read(values: Mapping[str, object], key_path: KeyPath, found: dict[str, Level]) -> None:
        for name, value in values.items():
            level: Level | None = next((level for level in LEVELS if level == value), None)
            if name not in rules():
                wrong((*key_path, name), f"unknown rule {shown(name)}{_known(name)}")
            elif level is None:
                message = f"must be one of {', '.join(map(repr, LEVELS))}, not {excerpt(value)}"
                wrong((*key_path, name), f"{'.'.join(map(str, (*key_path, name)))} {message}")
            else:
                found[name] = level

    def wrong(key_path: KeyPath, message: str) -> None:
        problems.append(Problem(path, *line_column(key_path), "SG302", message))

    read(
        {name: value for name, value in values.items() if not _names_tables(name)}, key_path, levels
    )
    for name, value in values.items():
        if not _names_tables(name):
            continue
        entries = as_table(value)
        if entries is None:
            message = f"rules.{name!r} must be a table of rules and levels, not {excerpt(value)}"
            wrong((*key_path, name), message)
            continue
        found: dict[str, Level] = {}
        read(entries, (*key_path, name), found)
        position = SourcePosition(path, {"": line_column((*key_path, name))})
        tables.append(TableLevels(name, found, position))
    return RuleLevels(levels, tuple(tables)), problems


def _names_tables(key: str) -> bool:
    """Whether a key is a table or a pattern: rules are words with hyphens between."""
    return any(mark in key for mark in ".*?[")


def _known(name: str) -> str:
    hint = did_you_mean(name, rules())
    return f"{hint}; `schemagen rules` lists all of them"
