"""Explain a table or a column: the chain from the line of its page to the names in every output.

Everything is read from what the other rooms settled; nothing is decided here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from schemagen.catalog import (
    Catalog,
    LinkedColumn,
    LinkedTable,
    chosen_shape,
    closure,
)
from schemagen.diagnostics import UnknownTables, matching_tables
from schemagen.emit import json_schema
from schemagen.emit.paths import output_path
from schemagen.inputs import Inspected
from schemagen.model.bindings import PROVIDER, Binding, BoundColumn, DerivedColumn
from schemagen.model.origin import NOWHERE, Origin
from schemagen.model.pages import Column
from schemagen.model.shapes import shape_text
from schemagen.model.table_facts import StructureKey
from schemagen.resolved_types import PAGE_RULE, Resolved
from schemagen.runtime.calls import TableCalls
from schemagen.settings import positions
from schemagen.settings.columns import ColumnRule
from schemagen.settings.load import Settings
from schemagen.settings.positions import KeyPath
from schemagen.targets.registry import Per, Target

State = Literal["bound", "derived", "unbound"]


@dataclass(frozen=True, slots=True)
class TypeChoice:
    """A type that the page or a rule of the settings gives a column. ``reason`` says why it won or lost."""

    type: str
    by: str
    origin: Origin
    won: bool
    reason: str


@dataclass(frozen=True, slots=True)
class ShapeChoice:
    """What an API page (``source`` is "page") or the lock ("record") says that a column holds, why it won
    or lost, and where."""

    source: str
    shape: str
    origin: Origin
    won: bool
    reason: str


@dataclass(frozen=True, slots=True)
class StructureOrigin:
    """A structure that a column reaches; its members are those of an API page, or of the record."""

    name: str
    source: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Filling:
    """What fills a column, and why.

    A bound column has ``member`` of the item at ``path`` of the response of ``operation``, with the
    ``evidence`` for it; a derived one the ``rule`` that computes it. ``origin`` is that of the entry in
    the lock file, ``override`` that of the override which made it. ``reason`` is why an unbound column
    is not filled.
    """

    state: State
    operation: str = ""
    path: str = ""
    member: str = ""
    evidence: str = ""
    rule: str = ""
    format: str = ""
    parameters: tuple[str, ...] = ()
    origin: Origin | None = None
    override: Origin | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ValueOrigin:
    """A documented value, and the ``words`` of the description that it was read from; a value without
    words is recorded from botocore's model."""

    value: str
    description: str
    deprecated: bool
    words: str


@dataclass(frozen=True, slots=True)
class OutputName:
    """What a column is called in the file of a target, and its type there."""

    target: str
    path: str
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class ColumnExplanation:
    """The chain of a column. ``words`` is its row of the page, as written; ``calls`` are the operations
    that lead to its value, in the order in which they are called."""

    table: str
    column: Column
    words: str
    types: tuple[TypeChoice, ...]
    shapes: tuple[ShapeChoice, ...]
    structures: tuple[StructureOrigin, ...]
    filling: Filling
    calls: tuple[str, ...]
    values: tuple[ValueOrigin, ...]
    outputs: tuple[OutputName, ...]

    @property
    def id(self) -> str:
        return f"{self.table}.{self.column.name}"

    @property
    def type(self) -> str:
        """The DDSQL type that won."""
        return next(choice.type for choice in self.types if choice.won)


@dataclass(frozen=True, slots=True)
class TableExplanation:
    """The chain of a table. ``outputs`` are the paths of its files by target. ``reason`` says why it has no
    binding, or is ""; ``origin`` is that of the binding in its lock file."""

    linked: LinkedTable
    columns: tuple[ColumnExplanation, ...]
    calls: TableCalls | None
    outputs: Mapping[str, str]
    reason: str
    origin: Origin | None

    @property
    def id(self) -> str:
        return self.linked.table.id


_DOCUMENTATION = ("title", "description")
_LINE_END = re.compile(r"\r\n?|\n")

Explanation = TableExplanation | ColumnExplanation


def explanations(settings: Settings, inspected: Inspected, subject: str) -> tuple[Explanation, ...]:
    """Explain the tables or the columns that ``subject`` names: an id, ``TABLE.COLUMN``, or a pattern of
    either. Raises `UnknownTables` if it names nothing."""
    explainer = _Explainer(settings, inspected)
    if subject in explainer.tables:
        return (explainer.table(explainer.tables[subject]),)
    of_columns = explainer.columns
    if subject in of_columns:
        return (explainer.column(*of_columns[subject]),)
    if not is_pattern(subject):
        raise _unknown(subject, explainer)
    try:
        chosen = matching_tables([subject], explainer.tables)
    except UnknownTables:
        named = matching_tables([subject], of_columns, "no page has the table or the column")
        return tuple(explainer.column(*of_columns[name]) for name in of_columns if name in named)
    return tuple(explainer.table(explainer.tables[id]) for id in sorted(chosen))


def is_pattern(subject: str) -> bool:
    """Whether ``subject`` may name several tables or columns."""
    return any(mark in subject for mark in "*?[")


def _unknown(subject: str, explainer: _Explainer) -> UnknownTables:
    """Say which part of ``subject`` does not exist."""
    # Names of tables and of columns may contain dots: the longest id of a table counts.
    known = [id for id in explainer.tables if subject.startswith(f"{id}.")]
    if not known:
        # An id has one dot, so what has more is a column.
        ids = [*(explainer.columns if subject.count(".") > 1 else explainer.tables)]
        return UnknownTables([subject], "no page has the id", ids)
    table = max(known, key=len)
    column = subject.removeprefix(f"{table}.")
    linked = explainer.tables[table]
    if any(parameter.name == column for parameter in linked.table.parameters):
        shows = f"`schemagen inspect {table}` shows it"
        return UnknownTables([column], f"{table} has no such column, but a parameter ({shows}):")
    names = [item.column.name for item in linked.columns]
    return UnknownTables([column], f"{table} has no column", names)


class _Explainer:
    """Explains the tables of a project."""

    def __init__(self, settings: Settings, inspected: Inspected) -> None:
        self.settings = settings
        self.inspected = inspected
        self.locks = {file.service_name: file for file in inspected.locks.files}
        self.entries: dict[str, positions.Positions] = {}
        self.lines: dict[str, list[str]] = {}
        self.schemas: dict[str, dict[str, Any]] = {}

    @property
    def catalog(self) -> Catalog:
        return self.inspected.catalog

    @cached_property
    def tables(self) -> dict[str, LinkedTable]:
        return {table.table.id: table for table in self.catalog.tables}

    @cached_property
    def columns(self) -> dict[str, tuple[LinkedTable, LinkedColumn]]:
        """The columns of all tables by ``TABLE.COLUMN``."""
        return {
            f"{id}.{column.column.name}": (table, column)
            for id, table in self.tables.items()
            for column in table.columns
        }

    @cached_property
    def sources(self) -> dict[str, bytes]:
        return {source.path: source.data for source in self.inspected.sources}

    def table(self, linked: LinkedTable) -> TableExplanation:
        binding = linked.binding
        origin, reason = None, ""
        if binding:
            origin = self._in_lock(binding.service, ("tables", binding.table))
        else:
            reason = self._reason_of_unbound_table(linked)
        return TableExplanation(
            linked,
            tuple(self.column(linked, column) for column in linked.columns),
            linked.calls,
            {target.name: self._path(target, linked) for target in self._targets(linked)},
            reason,
            origin,
        )

    def column(self, table: LinkedTable, column: LinkedColumn) -> ColumnExplanation:
        filling = self._filling(table, column)
        return ColumnExplanation(
            table.table.id,
            column.column,
            self._words(column.column.origin),
            tuple(self._types(table.table.id, column)),
            tuple(self._shapes(column)) if filling.state == "bound" or column.shape else (),
            tuple(self._structures(column)),
            filling,
            _calls(table.binding, filling),
            tuple(
                ValueOrigin(value.value, value.description, value.deprecated, value.wording)
                for value in column.column.values
            ),
            tuple(self._outputs(table, column)),
        )

    # --- the page ---

    def _words(self, origin: Origin) -> str:
        """Return the line of a page."""
        if origin.path not in self.lines:
            text = self.sources[origin.path].decode("utf-8")
            self.lines[origin.path] = _LINE_END.split(text)
        return self.lines[origin.path][origin.line - 1]

    # --- the type ---

    def _types(self, table: str, column: LinkedColumn) -> Iterator[TypeChoice]:
        """Yield the type that won, then those that lost, then rules that were for another type."""
        source = column.column
        ranked = self.settings.types.ranked_rules(table, source.name, source.type)
        entries = {entry.rule: entry for entry in self.settings.columns}
        for rule in ranked:
            if rule is ranked[0]:
                reason = "a rule of the settings wins over the page"
            elif ranked[0].exact and not rule.exact:
                reason = "a rule that names the column wins over one with a pattern"
            else:
                reason = "a later rule wins over an earlier one"
            origin = _origin(entries[rule])
            yield TypeChoice(rule.type, str(rule), origin, rule is ranked[0], reason)
        yield TypeChoice(
            source.type.strip(),
            PAGE_RULE,
            source.origin,
            not ranked,
            "a rule of the settings wins over the page"
            if ranked
            else "no rule of the settings matches",
        )
        for entry in self.settings.columns:
            rule = entry.rule
            if rule not in ranked and rule.matches(table, source.name, rule.was):
                reason = f"the rule is only for columns that are {rule.was} on the page"
                yield TypeChoice(rule.type, str(rule), _origin(entry), False, reason)

    # --- the shape ---

    def _shapes(self, column: LinkedColumn) -> Iterator[ShapeChoice]:
        chosen = chosen_shape(column.shapes)
        for shape in column.shapes:
            if shape is chosen:
                reason = (
                    "an API page describes it"
                    if shape.source == "page"
                    else "no API page describes it"
                )
                if shape.source == "record" and len(column.shapes) > 1:
                    reason = "the API page is not followed"
            elif shape.ignored:
                reason = "the settings choose the record"
            elif not shape.narrows:
                reason = _why_no_shape(column.type)
            else:
                reason = "an API page wins over the record"
            origin = (
                self._in_lock(shape.service, shape.key_path)
                if shape.source == "record"
                else shape.origin
            )
            yield ShapeChoice(
                shape.source, shape_text(shape.shape), origin, shape is chosen, reason
            )

    def _structures(self, column: LinkedColumn) -> Iterator[StructureOrigin]:
        chosen = chosen_shape(column.shapes)
        if chosen is None:
            return
        reached = closure(chosen.service, chosen.shape, self.catalog.structures)
        for key in sorted(reached):
            yield self._structure(key, reached[key].origin)

    def _structure(self, key: StructureKey, origin: Origin) -> StructureOrigin:
        service, name = key
        if origin != NOWHERE:
            return StructureOrigin(f"{service}.{name}", "page", origin)
        return StructureOrigin(
            f"{service}.{name}", "record", self._in_lock(service, ("shapes", name))
        )

    # --- the binding ---

    def _filling(self, table: LinkedTable, column: LinkedColumn) -> Filling:
        name, binding = column.column.name, table.binding
        if binding is None:
            return Filling("unbound", reason=self._reason_of_unbound_table(table))
        override = next(
            (
                Origin(entry.position.path, entry.position.line)
                for entry in self.settings.overrides.of(table.table.id).columns
                if entry.column == name
            ),
            None,
        )
        entry: KeyPath = ("tables", binding.table)
        for filled in binding.filled:
            if filled.column == name:
                origin = self._in_lock(binding.service, (*entry, "columns", name))
                return _filled(binding, filled, origin, override)
        reason = dict(binding.unbound_reasons).get(name)
        if reason is None:
            reason = "it is not in the lock file; run `schemagen bind`"
            return Filling("unbound", override=override, reason=reason)
        origin = self._in_lock(binding.service, (*entry, "unbound", name))
        return Filling(
            "unbound", origin=origin, override=override, reason=reason or "no member has evidence"
        )

    def _reason_of_unbound_table(self, table: LinkedTable) -> str:
        provider, id = table.table.provider, table.table.id
        if provider != PROVIDER:
            return f"only tables of {PROVIDER} are bound"
        for file in self.inspected.locks.files:
            if reason := dict(file.unbound).get(id):
                return reason
        return "no lock file has a binding for it; run `schemagen bind`, which adds it or reports why not"

    def _in_lock(self, service: str, key_path: KeyPath) -> Origin:
        """Find an entry in the lock file of a service."""
        file = self.locks[service]
        if service not in self.entries:
            self.entries[service] = positions.json(file.text)
        return Origin(file.path, self.entries[service].line_column(key_path)[0])

    # --- the outputs ---

    def _targets(self, table: LinkedTable) -> Iterator[Target]:
        """Yield the targets that have a file for the table."""
        without = {
            "mappers": table.binding is None,
            "calls": table.calls is None,
        }
        for target in self.settings.outputs:
            if target.per is Per.TABLE and not without.get(target.name):
                yield target

    def _path(self, target: Target, table: LinkedTable) -> str:
        path = output_path(target, table.table.provider, table=table.module)
        return self.settings.display(self.settings.out / self.settings.package / path)

    def _outputs(self, table: LinkedTable, column: LinkedColumn) -> Iterator[OutputName]:
        name = column.column.name
        for target in self._targets(table):
            if target.notation:
                spelled = column.names[target.notation], column.types[target.notation]
            elif target.name == "pydantic":
                type = shape_text(column.shape) if column.shape else column.type.row
                spelled = f"{table.class_name}.{column.field}", type
            elif target.name == "json_schema":
                spelled = name, self._schema_text(table, column)
            elif target.name in ("mappers", "tables"):
                spelled = name, column.type.row
            elif target.name == "calls":
                continue
            else:
                spelled = name, column.type.expression
            yield OutputName(target.name, self._path(target, table), *spelled)

    def _schema_text(self, table: LinkedTable, column: LinkedColumn) -> str:
        """Return the schema of a column, without the documentation, on one line."""
        id, settings = table.table.id, self.settings
        if id not in self.schemas:
            schema = json_schema.table_schema(
                table, settings.types, settings.nested_names, settings.base_uri
            )
            self.schemas[id] = json.loads(json_schema.render(schema))["properties"]
        found = self.schemas[id][column.column.name]
        return json.dumps(
            {keyword: value for keyword, value in found.items() if keyword not in _DOCUMENTATION}
        )


def _why_no_shape(type: Resolved) -> str:
    """Say why a shape does not narrow a column of ``type``."""
    innermost = type
    while innermost.element is not None:
        innermost = innermost.element
    if innermost.is_json:
        return "it has no structure, so the column is any JSON"
    return f"the mapper converts it to {type.expression}; only json is narrowed by a shape"


def _filled(
    binding: Binding, filled: BoundColumn | DerivedColumn, origin: Origin, override: Origin | None
) -> Filling:
    match filled:
        case BoundColumn():
            return Filling(
                "bound",
                filled.operation or binding.operation,
                binding.item_path(filled.operation) or "",
                filled.member,
                evidence=filled.evidence,
                origin=origin,
                override=override,
            )
        case DerivedColumn():
            return Filling(
                "derived",
                binding.operation,
                binding.path,
                filled.member,
                rule=filled.rule,
                format=filled.format,
                parameters=filled.parameters,
                origin=origin,
                override=override,
            )


def _calls(binding: Binding | None, filling: Filling) -> tuple[str, ...]:
    """List the operations that are called until the value is there."""
    if binding is None or filling.state == "unbound":
        return ()
    names = [*(listing.operation for listing in binding.listings), binding.operation]
    return tuple(dict.fromkeys([*names, filling.operation]))


def _origin(entry: ColumnRule) -> Origin:
    return Origin(entry.position.path, entry.position.line)
