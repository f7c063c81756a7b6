"""Format what ``schemagen types`` shows: the type table and the targets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from schemagen.settings.load import Settings
from schemagen.targets.registry import Target
from schemagen.typetable import (
    Dialect,
    Notation,
    Type,
    array_row,
)

WORDS = ("from boto3",)
"""The headings of the columns that hold prose."""
TARGET_HEADINGS = ("target", "title", "one file per", "path", "built", "defined")


def headings(settings: Settings) -> tuple[str, ...]:
    """Return the headings of `rows`."""
    notations = (_title(notation, settings.targets) for notation in settings.notations)
    return ("DDSQL", "Python / pydantic", "JSON Schema", *notations, "from boto3")


def _title(notation: Notation, targets: Mapping[str, Target]) -> str:
    replaced = any(target.replaces and target.name == notation.name for target in targets.values())
    return f"{notation.title} (replaced)" if replaced else notation.title


def rows(settings: Settings) -> list[tuple[str, ...]]:
    """Format the type table for people: one row per type, then the rule for arrays."""
    arrays = [notation.array.replace("{}", "T") for notation in settings.notations]
    return [
        *(_row(row, settings.notations) for row in settings.types.types.values()),
        ("array<T>", array_row("T"), "array of T or null", *arrays, "list"),
    ]


def _row(row: Type, notations: Iterable[Notation]) -> tuple[str, ...]:
    return (
        row.name,
        row.python.definition or row.python.name,
        json.dumps(row.json_schema),
        *(_spelled(row, notation) for notation in notations),
        row.boto3,
    )


def _spelled(row: Type, notation: Notation) -> str:
    """Return the type in a notation; "" if it is a user's type or target that does not spell it."""
    if isinstance(notation, Dialect):
        return row.sql[notation.name].name if notation.name in row.sql else ""
    return row.spelling(notation.name) or ""


def target_rows(settings: Settings) -> list[tuple[str, ...]]:
    """Format the targets for people."""
    built = {target.name for target in settings.outputs}
    return [
        (
            target.name,
            target.title,
            str(target.per),
            target.path.replace("{", "<").replace("}", ">"),
            "yes" if target.name in built else "no",
            _defined(target),
        )
        for target in settings.targets.values()
    ]


def _defined(target: Target) -> str:
    if target.user_template is None:
        return "built in"
    where = f"in {target.user_template.path}"
    return f"{where}, replaces the built-in one" if target.replaces else where


def to_json(settings: Settings) -> list[dict[str, Any]]:
    """Return what ``types --format json`` prints. Other programs rely on these names."""
    return [_type_json(row, settings) for row in settings.types.types.values()]


def _type_json(row: Type, settings: Settings) -> dict[str, Any]:
    spelled = {notation.name: _spelled(row, notation) for notation in settings.notations}
    first = {
        "type": row.name,
        "python": row.python.definition or row.python.name,
        "json_schema": dict(row.json_schema),
    }
    last = {
        "row": row.row,
        "convert": row.convert,
        "boto3": row.boto3,
        "targets": {
            target.name: _target_json(target, settings, spelled)
            for target in settings.targets.values()
        },
    }
    # A target of the settings may have one of these names; it is in "targets", too.
    return {**first, **spelled, **first, **last}


def _target_json(target: Target, settings: Settings, spelled: Mapping[str, str]) -> dict[str, Any]:
    """Describe a target: ``type`` is what the type is there, or None if the target spells none."""
    template = target.user_template
    return {
        "type": spelled.get(target.notation) or None,
        "built": target in settings.outputs,
        "defined": "built in"
        if template is None
        else "replaced"
        if target.replaces
        else "settings",
        "path": target.path,
        "template": template.path if template else None,
    }
