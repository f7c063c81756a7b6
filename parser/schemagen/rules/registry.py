"""Read the registry of rules: what may change between two catalogues, and for whom it matters.

`rules` reads rules.toml. A finding of a comparison names a rule, which has its message and verdicts.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, get_args

Consumer = Literal["sql-reader", "sql-writer", "json-reader", "python-user", "sync"]
"""Who relies on a catalogue: reads its tables with SQL, writes them with SQL of its own, reads rows as
JSON, imports the generated package, or loads tables with the package's sync."""
Verdict = Literal["safe", "warning", "breaking"]
"""What a change is to a consumer: nothing; more than is promised, or a step that loses nothing; an error
or a wrong result. From harmless to not."""
Level = Literal["off", "warn", "error"]
"""What is done about a finding: it is left out, it is reported, or it counts as breaking, too."""
Part = Literal["patch", "minor", "major"]
"""The part of a version that a change increments, from small to large."""

CONSUMERS: Final[tuple[Consumer, ...]] = get_args(Consumer)
VERDICTS: Final[tuple[Verdict, ...]] = get_args(Verdict)
LEVELS: Final[tuple[Level, ...]] = get_args(Level)
PARTS: Final[tuple[Part, ...]] = get_args(Part)

REGISTRY = Path(__file__).with_name("rules.toml")

SUBJECT = "subject"
"""The field of messages that names what a finding is about; it is made from the finding."""
PLACES = ("table", "column", "member")
"""The fields of messages that every finding has."""


@dataclass(frozen=True)
class Rule:
    """An entry of the registry. The texts are Markdown."""

    id: str
    sentence: str
    message: str
    """A format, whose fields are `PLACES`, `SUBJECT` and the values of a finding."""
    version: Part
    why: str
    """What the verdicts mean that are not "safe"; "" if all of them are."""
    verdicts: Mapping[Consumer, Verdict]

    @cached_property
    def fields(self) -> frozenset[str]:
        """The values that a finding of this rule must have."""
        parsed = string.Formatter().parse(self.message)
        return frozenset(name for _, name, _, _ in parsed if name) - {SUBJECT, *PLACES}

    @property
    def level(self) -> Level:
        """The level, unless the settings choose one: "error" if the change breaks a consumer."""
        return "error" if self.breaks() else "warn"

    def breaks(self, consumers: Iterable[Consumer] = CONSUMERS) -> bool:
        """Whether the change breaks one of ``consumers``."""
        return any(self.verdicts[consumer] == "breaking" for consumer in consumers)

    def format(self, table: str, column: str, member: str, values: Mapping[str, str]) -> str:
        """Format the message of a finding.

        ``values`` must have the rule's `fields`; ``parameter`` and ``structure`` in it name what the
        finding is about, where that is no column.
        """
        places = {"table": table, "column": column, "member": member}
        subject = _subject(table, column, member, values)
        return self.message.format_map({**values, **places, SUBJECT: subject})


def _subject(table: str, column: str, member: str, values: Mapping[str, str]) -> str:
    if "parameter" in values:
        return f"parameter {values['parameter']}"
    if member and column:
        return f"member {member} of column {column}"
    if "structure" in values:
        structure = f"structure {values['structure']}"
        return f"member {member} of {structure}" if member else structure
    return f"column {column}" if column else f"table {table}"


@cache
def rules() -> Mapping[str, Rule]:
    """Read the registry: every rule by its id, in the order of the file."""
    entries = tomllib.loads(REGISTRY.read_text("utf-8"))
    return MappingProxyType(
        {
            id: Rule(
                id,
                entry["sentence"],
                entry["message"],
                entry["version"],
                entry["why"],
                MappingProxyType(entry["verdicts"]),
            )
            for id, entry in entries.items()
        }
    )


# --- other tools ----------------------------------------------------------------------------------

OTHER_TOOLS = Path(__file__).with_name("other_tools.toml")


@dataclass(frozen=True, slots=True)
class OtherTool:
    """A tool that compares schemas, and what its rules are here.

    ``rules`` maps each to the ids of ours that find the same, or to the reason why there are none.
    """

    name: str
    title: str
    scope: str
    """Which of its rules are listed."""
    sources: tuple[str, ...]
    """The addresses that the rules were read at."""
    rules: Mapping[str, tuple[str, ...] | str]


@cache
def other_tools() -> tuple[OtherTool, ...]:
    """Read what the rules of other tools are here, in the order of the file."""
    entries = tomllib.loads(OTHER_TOOLS.read_text("utf-8"))
    return tuple(
        OtherTool(
            name,
            entry["title"],
            entry["scope"],
            tuple(entry["sources"]),
            MappingProxyType(
                {
                    id: equal if isinstance(equal, str) else tuple(equal)
                    for id, equal in entry["rules"].items()
                }
            ),
        )
        for name, entry in entries.items()
    )


def equivalents(rule: str) -> Mapping[str, tuple[str, ...]]:
    """Return the rules of other tools that find what ``rule`` finds, by the title of the tool."""
    found = {
        tool.title: tuple(
            id for id, equal in tool.rules.items() if isinstance(equal, tuple) and rule in equal
        )
        for tool in other_tools()
    }
    return {title: ids for title, ids in found.items() if ids}
