"""IAM actions that a caller of an operation needs.

They are called like the operation, after the name that the requests of its service are signed with.
Exceptions, and operations for which no such action is documented, are rows of `iam_actions.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from schemagen.api_models.calls.rows import EVERY, read_rows

FILE = Path(__file__).with_name("iam_actions.toml")

_KEYS = ("prefix", "actions", "unsure")


@dataclass(frozen=True, slots=True)
class ActionRow:
    """What differs from the rule, see the file. "" and empty tuples say nothing."""

    prefix: str = ""
    actions: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()


def actions(service: str, operation: str, signing_name: str) -> tuple[str, ...]:
    """Return the actions, sorted; empty if it is not certain what they are.

    ``signing_name`` is the name that requests of the service are signed with.
    """
    rows = _rows()
    every = rows.get((service, EVERY), ActionRow())
    if row := rows.get((service, operation)):
        return row.actions
    if operation in every.unsure:
        return ()
    return every.actions or (f"{every.prefix or signing_name}:{operation}",)


@cache
def _rows() -> Mapping[tuple[str, str], ActionRow]:
    return parse(FILE.read_text("utf-8"))


def parse(text: str) -> Mapping[tuple[str, str], ActionRow]:
    """Read the text of the file: rows by service and operation. Raises ValueError with the row and
    what is wrong."""
    found: dict[tuple[str, str], ActionRow] = {}
    for row in read_rows(FILE.name, text, (), _KEYS):
        names = row.entries.keys() - {"source"}
        if not names or (row.operation != EVERY and names != {"actions"}):
            wanted = "prefix, actions or unsure" if row.operation == EVERY else "actions only"
            raise ValueError(f"{row.label}: must have {wanted}")
        parsed = ActionRow(
            row.text("prefix") if "prefix" in names else "",
            tuple(sorted(row.texts("actions"))) if "actions" in names else (),
            row.texts("unsure") if "unsure" in names else (),
        )
        for action in parsed.actions:
            if action.count(":") != 1:
                raise ValueError(f"{row.label}: {action!r} must be a prefix, a colon and a name")
        found[row.service, row.operation] = parsed
    return found
