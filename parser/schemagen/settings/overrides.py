"""Parse and check overrides: bindings made by hand, which take precedence over inferred ones.

An entry with ``column`` names the member that fills the column, or leaves it unbound; any other entry
chooses the item of the table. `schemagen bind` applies them and gives their columns the evidence "hand"
in the lock. A build only checks that they are in the lock.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar, cast

from schemagen.diagnostics import Problem, SourcePosition, did_you_mean
from schemagen.model.bindings import Binding, BoundColumn, Constant
from schemagen.model.pages import Table
from schemagen.model.paths import PATH_FORM, WHOLE, map_key, steps
from schemagen.names import API_NAME, SERVICE_NAME
from schemagen.settings.entries import Entry, read
from schemagen.settings.positions import KeyPath
from schemagen.settings.setting import Setting, matching

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ItemOverride:
    """Chooses the item of a table's rows. Empty strings are inferred."""

    table: str
    service: str
    operation: str
    path: str
    position: SourcePosition = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class ColumnOverride:
    """Names the member that fills a column; "" leaves the column unbound.

    ``operation`` is "" for the primary operation. ``path`` is that of another operation's item; "" is
    the response itself. ``arguments`` and ``constants`` are what that operation is called with, and
    ``values`` those of which each has a call of its own; None if they are to be inferred.
    """

    table: str
    column: str
    member: str
    operation: str
    path: str
    arguments: tuple[tuple[str, str], ...] | None
    constants: tuple[tuple[str, Constant], ...] | None
    values: tuple[tuple[str, tuple[str, ...]], ...] | None
    position: SourcePosition = field(repr=False, compare=False)

    @property
    def given(self) -> tuple[tuple[str, str], ...]:
        """The parameters that the override sets, each after the key that sets it."""
        keys = {"arguments": self.arguments, "constants": self.constants, "values": self.values}
        return tuple(
            (key, parameter) for key, pairs in keys.items() for parameter, _ in pairs or ()
        )

    def enrichment(self, binding: Binding) -> tuple[str, str] | None:
        """Return the operation and item path of the enrichment that has the member.

        None means that the member belongs to the primary item.
        """
        if self.operation in ("", binding.operation) and self.path in ("", binding.path):
            return None
        return self.operation, self.path or WHOLE


@dataclass(frozen=True, slots=True)
class Overrides:
    """All overrides, in the order of the settings. Their repr does not depend on positions."""

    items: tuple[ItemOverride, ...] = ()
    columns: tuple[ColumnOverride, ...] = ()

    def __iter__(self) -> Iterator[ItemOverride | ColumnOverride]:
        yield from self.items
        yield from self.columns

    def of(self, table: str) -> Overrides:
        """Return the overrides of one table."""
        return Overrides(
            tuple(override for override in self.items if override.table == table),
            tuple(override for override in self.columns if override.table == table),
        )


# --- reading --------------------------------------------------------------------------------------

_NOT_EMPTY = re.compile(r".+", re.DOTALL)


def _member(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    return value if value == WHOLE or API_NAME.fullmatch(value) or map_key(value) else None


def _argument(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _constant(value: object) -> Constant | None:
    if isinstance(value, str):
        return value or None
    items = cast("list[object]", value) if isinstance(value, list) else []
    strings = tuple(item for item in items if isinstance(item, str) and item)
    return strings if strings and len(strings) == len(items) else None


def _several(value: object) -> tuple[str, ...] | None:
    found = _constant(value)
    return found if isinstance(found, tuple) and len(set(found)) == len(found) else None


def _by_parameter(
    parse: Callable[[object], T | None],
) -> Callable[[object], tuple[tuple[str, T], ...] | None]:
    """Accept a table of what ``parse`` accepts, with parameters as keys."""

    def parse_table(value: object) -> tuple[tuple[str, T], ...] | None:
        if not isinstance(value, dict):
            return None
        pairs: list[tuple[str, T]] = []
        for name, item in cast("dict[str, object]", value).items():
            parsed = parse(item)
            if parsed is None or not API_NAME.fullmatch(name):
                return None
            pairs.append((name, parsed))
        return tuple(pairs)

    return parse_table


def _path(value: object) -> str | None:
    try:
        return value if isinstance(value, str) and (steps(value) or value == WHOLE) else None
    except ValueError:
        return None


_TABLE = Setting("table", "the id of a table, such as 'aws.s3_bucket'", matching(_NOT_EMPTY))
_OPERATION = Setting(
    "operation", "the name of an operation, such as 'ListBuckets'", matching(API_NAME)
)
_PATH = Setting("path", PATH_FORM, _path)
_COLUMN = Setting("column", "the name of a column", matching(_NOT_EMPTY))
_UNBOUND = Setting("unbound", "true, or left out", lambda value: value is True or None)

_ITEM_KEYS = (
    _TABLE,
    Setting("service", "the name of a service in botocore, such as 's3'", matching(SERVICE_NAME)),
    _OPERATION,
    _PATH,
)
# The keys that choose the item.
_ITEM_CHOICE = ("service", "operation", "path")
_UNBOUND_KEYS = (_TABLE, _COLUMN, _UNBOUND)
_COLUMN_KEYS = (
    _TABLE,
    _COLUMN,
    Setting(
        "member",
        "a member, such as 'Name', the value at a key of a map, such as 'Attributes[QueueArn]', or "
        "'@' for the whole item",
        _member,
    ),
    _OPERATION,
    _PATH,
    Setting(
        "arguments",
        "a table of parameters and the members of the primary item that are their arguments",
        _by_parameter(_argument),
    ),
    Setting(
        "constants",
        "a table of parameters and their arguments: non-empty strings, or lists of them",
        _by_parameter(_constant),
    ),
    Setting(
        "values",
        "a table of parameters and lists of different, non-empty strings, for each of which there is a call",
        _by_parameter(_several),
    ),
    _UNBOUND,
)
# Hints for an unknown key are taken from all keys: a misspelt `column` makes an entry look like an item.
_ALL_KEYS = tuple(dict.fromkeys(setting.name for setting in (*_ITEM_KEYS, *_COLUMN_KEYS)))
# The keys that belong to the call of another operation.
_CALL_KEYS = ("path", "arguments", "constants", "values")


def parse(
    entries: Iterable[object],
    path: str,
    key_path: KeyPath,
    line_column: Callable[[KeyPath], tuple[int, int]],
) -> tuple[Overrides, list[Problem]]:
    """Parse the array at ``key_path`` of the settings; the problems are SG302.

    ``path`` is the name of the file in messages; ``line_column`` finds an entry in it.
    """
    items: list[ItemOverride] = []
    columns: list[ColumnOverride] = []
    problems: list[Problem] = []
    first: dict[tuple[str, str], SourcePosition] = {}
    for entry in read("override", entries, path, key_path, line_column):
        if entry.problems:
            problems += entry.problems
            continue
        override = _column(entry) if "column" in entry.values else _item(entry)
        if entry.problems:
            problems += entry.problems
            continue
        position = entry.position
        target = (override.table, override.column if isinstance(override, ColumnOverride) else "")
        other = first.setdefault(target, position)
        if other is not position:
            name = ".".join(filter(None, target))
            message = f"{name} has another override on line {other.line}; delete one of them"
            problems.append(position.problem("SG302", message))
        elif isinstance(override, ColumnOverride):
            columns.append(override)
        else:
            items.append(override)
    return Overrides(tuple(items), tuple(columns)), problems


def _item(entry: Entry) -> ItemOverride:
    values = entry.parsed(_ITEM_KEYS, ("table",), _ALL_KEYS)
    if entry.values.keys().isdisjoint(_ITEM_CHOICE):
        entry.wrong(
            "an override must have column, or service, operation or path to choose the item of "
            "the table"
        )
    return ItemOverride(
        values.get("table", ""),
        values.get("service", ""),
        values.get("operation", ""),
        values.get("path", ""),
        entry.position,
    )


def _column(entry: Entry) -> ColumnOverride:
    unbound = "unbound" in entry.values
    values = entry.parsed(_UNBOUND_KEYS if unbound else _COLUMN_KEYS, ("table",), _ALL_KEYS)
    if not unbound:
        if "member" not in entry.values:
            entry.wrong("an override of a column must have member, or unbound = true")
        for key in _CALL_KEYS:
            if key in entry.values and "operation" not in entry.values:
                entry.wrong(
                    f"{key} applies to the call of another operation; set operation as well", key
                )
        if values.get("values") and values.get("path", WHOLE) != WHOLE:
            message = f"path must be {WHOLE!r}, or left out, where there are values"
            entry.wrong(f"{message}: the column is a list of what each call returns", "path")
    override = ColumnOverride(
        values.get("table", ""),
        values.get("column", ""),
        values.get("member", ""),
        values.get("operation", ""),
        values.get("path", ""),
        values.get("arguments"),
        values.get("constants"),
        values.get("values"),
        entry.position,
    )
    arguments = dict(override.arguments or ())
    constants = dict(override.constants or ())
    for parameter in sorted(arguments.keys() & constants.keys()):
        message = f"{parameter} is both an argument and a constant; delete one of them"
        entry.wrong(message, "constants")
    for parameter, _ in override.values or ():
        for noun, given in (("an argument", arguments), ("a constant", constants)):
            if parameter in given:
                message = f"{parameter} is both {noun} and one of the values; delete one of them"
                entry.wrong(message, "values")
    return override


# --- checks against pages and lock files -----------------------------------------------------------


def problems(
    overrides: Overrides,
    tables: Iterable[Table],
    bindings: Mapping[str, Binding],
    up_to_date: Collection[str] = (),
) -> Iterator[Problem]:
    """Report overrides of tables and columns that are on no page (SG303), or not in the lock (SG305).

    ``tables`` are those of the pages. Tables whose ids are ``up_to_date`` were checked in an earlier run.
    """
    pages = {table.id: table for table in tables}
    for override in overrides:
        if override.table in up_to_date:
            continue
        if problem := without_page(override, pages):
            yield problem
        elif not is_reflected(override, bindings.get(override.table)):
            column = f".{override.column}" if isinstance(override, ColumnOverride) else ""
            message = (
                f"the bindings do not reflect this override of {override.table}{column} yet; "
                "run `schemagen bind`"
            )
            yield override.position.problem("SG305", message)


def without_page(
    override: ItemOverride | ColumnOverride, pages: Mapping[str, Table]
) -> Problem | None:
    """Report an override whose table or column is on no page, as SG303."""
    table = pages.get(override.table)
    if table is None:
        if any(mark in override.table for mark in "*?["):
            hint = "; an override is of one table: write one for each"
        else:
            hint = did_you_mean(override.table, pages)
        message = f"no page has the id {override.table}{hint}"
        return override.position.problem("SG303", message, "table")
    columns = [column.name for column in table.columns]
    if isinstance(override, ColumnOverride) and override.column not in columns:
        hint = did_you_mean(override.column, columns)
        message = f"{override.table} has no column {override.column!r}{hint}"
        return override.position.problem("SG303", message, "column")
    return None


def is_reflected(override: ItemOverride | ColumnOverride, binding: Binding | None) -> bool:
    """Whether the table's binding reflects the override."""
    if isinstance(override, ItemOverride):
        return binding is not None and _has_item(binding, override)
    if not override.member:
        return binding is None or override.column in binding.unbound
    return binding is not None and _has_column(binding, override)


def _has_item(binding: Binding, override: ItemOverride) -> bool:
    chosen = (override.service, override.operation, override.path)
    bound = (binding.service, binding.operation, binding.path)
    return all(text in ("", other) for text, other in zip(chosen, bound, strict=True))


def _has_column(binding: Binding, override: ColumnOverride) -> bool:
    call = override.enrichment(binding)
    operation = call[0] if call else None
    if BoundColumn(override.column, override.member, "hand", operation) not in binding.columns:
        return False
    return call is None or any(
        (enrichment.operation, enrichment.path) == call
        and _agree(override.arguments, enrichment.arguments)
        and _agree(override.constants, enrichment.constants)
        and _agree(override.values, enrichment.values)
        for enrichment in binding.enrichments
    )


def _agree(
    chosen: tuple[tuple[str, object], ...] | None, bound: tuple[tuple[str, object], ...]
) -> bool:
    return chosen is None or dict(chosen) == dict(bound)
