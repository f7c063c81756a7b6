"""Bindings by hand: the ``overrides`` of the settings, which win over what `schemagen bind` infers.

An entry with ``column`` says which member fills that column, or that it stays unbound; one without
says what the item of the table is. They are applied by `schemagen bind`, which marks their columns
with the evidence "hand" in the lock; a build only sees that the lock has them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from schemagen.diagnostics import Problem, did_you_mean
from schemagen.model.bindings import Binding, Constant
from schemagen.model.pages import Table
from schemagen.model.paths import WHOLE, map_key, steps
from schemagen.names import API_NAME, SERVICE_NAME
from schemagen.settings.positions import KeyPath

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SourcePosition:
    """Where an entry of the settings stands: ``lines`` has line and column of each of its keys, and
    with "" those of the entry itself."""

    path: str
    lines: Mapping[str, tuple[int, int]]

    @property
    def line(self) -> int:
        return self.lines[""][0]

    def problem(self, code: str, message: str, key: str = "") -> Problem:
        """``message`` at ``key``, or at the entry where it does not have that key."""
        return Problem(self.path, *self.lines.get(key, self.lines[""]), code, message)


@dataclass(frozen=True, slots=True)
class ItemOverride:
    """What a table's rows are made from. What is "" is left to inference."""

    table: str
    service: str
    operation: str
    path: str
    position: SourcePosition = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class ColumnOverride:
    """The member that fills a column; "" keeps it unbound.

    ``operation`` is "" for the primary one; ``path`` is that of another operation's item, "" where
    it is not given. ``arguments`` and ``constants`` are None where they are left to inference.
    """

    table: str
    column: str
    member: str
    operation: str
    path: str
    arguments: tuple[tuple[str, str], ...] | None
    constants: tuple[tuple[str, Constant], ...] | None
    position: SourcePosition = field(repr=False, compare=False)

    def enrichment(self, binding: Binding) -> tuple[str, str] | None:
        """The operation beside the primary one that is meant, and the path to its item; None where
        the member is one of the primary item."""
        if self.operation in ("", binding.operation) and self.path in ("", binding.path):
            return None
        return self.operation, self.path or WHOLE


@dataclass(frozen=True, slots=True)
class Overrides:
    """All that is bound by hand, in the order of the settings. Places are no part of the repr."""

    items: tuple[ItemOverride, ...] = ()
    columns: tuple[ColumnOverride, ...] = ()

    def __iter__(self) -> Iterator[ItemOverride | ColumnOverride]:
        yield from self.items
        yield from self.columns

    def of(self, table: str) -> Overrides:
        """What is said of one table."""
        return Overrides(
            tuple(one for one in self.items if one.table == table),
            tuple(one for one in self.columns if one.table == table),
        )


# --- reading --------------------------------------------------------------------------------------

_ITEM_KEYS = ("table", "service", "operation", "path")
_COLUMN_KEYS = (
    "table",
    "column",
    "member",
    "operation",
    "path",
    "arguments",
    "constants",
    "unbound",
)
_OF_OTHERS = ("path", "arguments", "constants")
"""Keys that say how another operation is asked."""


def parse(
    entries: Iterable[object],
    path: str,
    at: KeyPath,
    line_column: Callable[[KeyPath], tuple[int, int]],
) -> tuple[Overrides, list[Problem]]:
    """The overrides that the settings' list at ``at`` holds, and SG302 for all that is wrong.

    ``path`` is how messages name the file; ``line_column`` tells the position of a path in it.
    """
    items: list[ItemOverride] = []
    columns: list[ColumnOverride] = []
    problems: list[Problem] = []
    first: dict[tuple[str, str], SourcePosition] = {}
    for number, entry in enumerate(entries):
        keys = cast("dict[str, Any]", entry) if isinstance(entry, dict) else None
        lines = {key: line_column((*at, number, key)) for key in keys or ()}
        position = SourcePosition(path, {**lines, "": line_column((*at, number))})
        if keys is None:
            problems.append(position.problem("SG302", f"an override is a table, not {entry!r}"))
            continue
        form = _Form(keys, position)
        made = form.column() if "column" in keys else form.item()
        if form.problems:
            problems += form.problems
            continue
        name = (made.table, made.column if isinstance(made, ColumnOverride) else "")
        if (other := first.setdefault(name, position)) is not position:
            what = ".".join(filter(None, name))
            message = f"{what} has another override in line {other.line}"
            problems.append(position.problem("SG302", message))
        elif isinstance(made, ColumnOverride):
            columns.append(made)
        else:
            items.append(made)
    return Overrides(tuple(items), tuple(columns)), problems


class _Form:
    """One entry. Collects what is wrong in it, and goes on; what it makes is then meaningless."""

    def __init__(self, keys: Mapping[str, Any], position: SourcePosition) -> None:
        self.keys = keys
        self.position = position
        self.problems: list[Problem] = []

    def wrong(self, message: str, key: str = "") -> None:
        self.problems.append(self.position.problem("SG302", message, key))

    def item(self) -> ItemOverride:
        self.known(_ITEM_KEYS, "table")
        if not self.keys.keys() & {"service", "operation", "path"}:
            self.wrong(
                "an override says column, or what the table's item is: service, operation, path"
            )
        return ItemOverride(
            self.text("table"),
            self.text("service", SERVICE_NAME.fullmatch),
            self.text("operation", API_NAME.fullmatch),
            self.path(),
            self.position,
        )

    def column(self) -> ColumnOverride:
        if "unbound" in self.keys:
            self.known(("table", "column", "unbound"), "table")
            if self.keys["unbound"] is not True:
                self.wrong("unbound is true or left out", "unbound")
        else:
            self.known(_COLUMN_KEYS, "table")
            if "member" not in self.keys:
                self.wrong("an override of a column says member, or unbound = true")
            for key in _OF_OTHERS:
                if key in self.keys and "operation" not in self.keys:
                    self.wrong(f"{key} is said of another operation: operation is missing", key)
        made = ColumnOverride(
            self.text("table"),
            self.text("column"),
            self.text("member", _is_member),
            self.text("operation", API_NAME.fullmatch),
            self.path(),
            self.arguments(),
            self.constants(),
            self.position,
        )
        for parameter in sorted(dict(made.arguments or ()).keys() & dict(made.constants or ())):
            self.wrong(f"{parameter} is among the arguments, too", "constants")
        return made

    def known(self, known: tuple[str, ...], *needed: str) -> None:
        for key in self.keys:
            if key not in known:
                message = f"unknown key {key!r} of this override; known are {', '.join(known)}"
                self.wrong(message, key)
        for key in needed:
            if key not in self.keys:
                self.wrong(f"an override needs {key!r}")

    def text(self, key: str, right: Callable[[str], object] = bool) -> str:
        """The text of ``key``, "" where it is not given."""
        value: object = self.keys.get(key)
        if value is None:
            return ""
        if isinstance(value, str) and right(value):
            return value
        self.wrong(f"{key} has a wrong value: {value!r}", key)
        return ""

    def path(self) -> str:
        text = self.text("path")
        try:
            steps(text or WHOLE)
        except ValueError as error:
            self.wrong(str(error), "path")
        return text

    def arguments(self) -> tuple[tuple[str, str], ...] | None:
        """Parameter to member, None where it is not given. What a member may be, the lock knows."""
        return self.pairs("arguments", "a member of the primary item", _text)

    def constants(self) -> tuple[tuple[str, Constant], ...] | None:
        return self.pairs("constants", "a text, or a list of texts, that are not empty", _constant)

    def pairs(
        self, key: str, right: str, make: Callable[[object], T | None]
    ) -> tuple[tuple[str, T], ...] | None:
        """The table of ``key``, None where it is not given; ``right`` says what ``make`` takes."""
        if key not in self.keys:
            return None
        value: object = self.keys[key]
        pairs = cast("dict[str, object]", value) if isinstance(value, dict) else {"": value}
        made = [(name, one) for name, given in pairs.items() if (one := make(given))]
        if len(made) != len(pairs) or not all(API_NAME.fullmatch(name) for name, _ in made):
            self.wrong(f"{key} has for each parameter {right}, not {value!r}", key)
        return tuple(made)


def _is_member(text: str) -> bool:
    return text == WHOLE or API_NAME.fullmatch(text) is not None or map_key(text) is not None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _constant(value: object) -> Constant | None:
    if isinstance(value, str):
        return value
    texts = cast("list[object]", value) if isinstance(value, list) else []
    made = tuple(text for text in texts if isinstance(text, str) and text)
    return made if len(made) == len(texts) else None


# --- what pages and lock say to them --------------------------------------------------------------


def problems(
    overrides: Overrides,
    tables: Iterable[Table],
    bindings: Mapping[str, Binding],
    fresh: Collection[str] = (),
) -> Iterator[Problem]:
    """SG303 for tables and columns that no page has, SG305 for what ``bindings`` do not have.

    ``tables`` are what the pages say. ``fresh`` are the ids of others, which were found right.
    """
    pages = {table.id: table for table in tables}
    for one in overrides:
        if one.table in fresh:
            continue
        if found := unknown(one, pages):
            yield found
        elif not is_reflected(one, bindings.get(one.table)):
            name = f"{one.table}.{one.column}" if isinstance(one, ColumnOverride) else one.table
            message = f"the bindings do not have this override of {name}; run `schemagen bind`"
            yield one.position.problem("SG305", message)


def unknown(one: ItemOverride | ColumnOverride, pages: Mapping[str, Table]) -> Problem | None:
    """SG303 for a table or column that no page has."""
    table = pages.get(one.table)
    if table is None:
        message = f"no page has the id {one.table}{did_you_mean(one.table, pages)}"
        return one.position.problem("SG303", message, "table")
    columns = [column.name for column in table.columns]
    if isinstance(one, ColumnOverride) and one.column not in columns:
        message = f"{one.table} has no column {one.column!r}{did_you_mean(one.column, columns)}"
        return one.position.problem("SG303", message, "column")
    return None


def is_reflected(one: ItemOverride | ColumnOverride, binding: Binding | None) -> bool:
    """True where the table's binding is as the override asks for."""
    if isinstance(one, ItemOverride):
        return binding is not None and _is_item(one, binding)
    if not one.member:
        return binding is None or one.column in binding.unbound
    return binding is not None and _is_filled(one, binding)


def _is_item(one: ItemOverride, binding: Binding) -> bool:
    asked = (one.service, one.operation, one.path)
    bound = (binding.service, binding.operation, binding.path)
    return all(text in ("", other) for text, other in zip(asked, bound, strict=True))


def _is_filled(one: ColumnOverride, binding: Binding) -> bool:
    asked = one.enrichment(binding)
    operation = asked[0] if asked else None
    filler = (one.column, one.member, "hand", operation)
    return any(
        (column.column, column.member, column.evidence, column.operation) == filler
        for column in binding.columns
    ) and (
        asked is None
        or any(
            (other.operation, other.path) == asked
            and _same(one.arguments, other.arguments)
            and _same(one.constants, other.constants)
            for other in binding.enrichments
        )
    )


def _same(
    asked: tuple[tuple[str, object], ...] | None, bound: tuple[tuple[str, object], ...]
) -> bool:
    return asked is None or dict(asked) == dict(bound)
