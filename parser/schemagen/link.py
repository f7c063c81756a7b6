"""Link typed pages and bindings to one `Catalog`, in which every name and type is settled.

Which structure types a json column, what a column is called in Python, and what tables and columns are
called in each notation, is decided here, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from schemagen import names
from schemagen.catalog import (
    PARAMETERS,
    Catalog,
    Disagreement,
    FailingColumn,
    LinkedColumn,
    LinkedParameter,
    LinkedTable,
    Relation,
    ShapeCandidate,
    Structures,
    chosen_shape,
    closure,
)
from schemagen.fits import can_convert, misfit
from schemagen.model.bindings import Binding
from schemagen.model.pages import Column, Pages, Structure, Table
from schemagen.model.paths import WHOLE, fetched_member, map_key
from schemagen.model.recorded import RecordedMember, RecordedResponses, RecordedService
from schemagen.model.shapes import (
    ListOf,
    Scalar,
    Shape,
    StructureRef,
    shape_text,
    structure_names,
)
from schemagen.model.table_facts import StructureKey
from schemagen.names import NestedNames
from schemagen.reconcile import Pair, Reconciled, pairs_in, satisfies, united
from schemagen.resolved_types import PAGE_RULE, Resolved, TypeTable
from schemagen.settings.members import MemberChoice
from schemagen.typed_pages import TypedPages, TypedTable
from schemagen.typetable import Notation


def link(
    typed: TypedPages,
    bindings: Iterable[Binding] = (),
    services: Iterable[RecordedService] = (),
    *,
    nested_names: NestedNames = NestedNames.SNAKE_CASE,
    choices: Iterable[MemberChoice] = (),
) -> Catalog:
    """Settle every name and type.

    ``choices`` resolve disagreements between pages and record; the catalogue lists those that remain.
    """
    by_table = {binding.table: binding for binding in bindings}
    recorded = {service.name: RecordedResponses(service) for service in services}
    usages = tuple(_usages(typed.pages))
    seeds = _seeds(by_table.values(), recorded, usages)
    reconciled = Reconciled(typed.pages, recorded, seeds, nested_names, choices)
    classes = structure_classes(reconciled.structures, typed.types)
    tables: list[LinkedTable] = []
    disagreements: list[Disagreement] = []
    failing: list[FailingColumn] = []
    for table in typed.tables:
        linker = _TableLinker(table, by_table.get(table.table.id), usages, reconciled)
        tables.append(linker.link(classes, typed.types))
        disagreements += linker.disagreements()
        failing += linker.failing()
    return Catalog(
        tuple(tables),
        reconciled.structures,
        classes,
        {name: responses.service for name, responses in reconciled.responses.items()},
        tuple(dict.fromkeys(disagreements)),
        tuple(column for column in failing if column.type.rule != PAGE_RULE),
        tuple(column for column in failing if column.type.rule == PAGE_RULE),
    )


# --- tables ---------------------------------------------------------------------------------------


def structure_classes(
    structures: Iterable[StructureKey], types: TypeTable
) -> dict[StructureKey, str]:
    """Name the model of each structure, uniquely in its service."""
    taken: dict[str, set[str]] = {}
    classes: dict[StructureKey, str] = {}
    for service, name in sorted(structures):
        others = taken.setdefault(service, {*names.MODEL_IMPORTS, *types.python_names})
        classes[service, name] = names.model_name(name, others)
        others.add(classes[service, name])
    return classes


def _table_class(table: Table, others: Iterable[str], types: TypeTable) -> str:
    """Name the model of a table whose module also imports types and the models ``others``."""
    taken = {*names.MODEL_IMPORTS, *types.python_names, *others}
    # The model of its parameters is in the same module.
    beside = {name.removesuffix(PARAMETERS) for name in taken if name.endswith(PARAMETERS)}
    return names.model_name(table.name, taken | beside if table.parameters else taken)


@dataclass(frozen=True, slots=True)
class _Usage:
    """A member of an operation's response whose type on an API page has structures."""

    operation: str
    member: str
    shape: ShapeCandidate


def _usages(pages: Pages) -> Iterator[_Usage]:
    """Yield the members of responses that API pages type; later ones win.

    A page does so in two ways: a structure names the operation's member it is an element of, or the
    operation's own page gives the member's type.
    """
    for structure in pages.structures:
        for usage in structure.usages:
            ref = StructureRef(structure.name)
            shape = ListOf(ref) if usage.element else ref
            found = ShapeCandidate("page", structure.service, shape, structure.origin)
            yield _Usage(usage.operation, usage.member, found)
    for operation in pages.operations:
        for member in operation.response:
            if any(structure_names(member.shape)):
                found = ShapeCandidate("page", operation.service, member.shape, member.origin)
                yield _Usage(operation.name, member.name, found)


def _seeds(
    bindings: Iterable[Binding],
    recorded: Mapping[str, RecordedResponses],
    usages: Iterable[_Usage],
) -> Iterator[Pair]:
    """Pair recorded structures with the documented ones that columns start from."""
    typed = {(usage.shape.service, usage.operation, usage.member): usage for usage in usages}
    for binding in bindings:
        responses = recorded.get(binding.service)
        for column in binding.columns if responses else ():
            key = binding.service, column.operation or binding.operation, column.member
            if responses and (usage := typed.get(key)):
                shape = responses.column_member(binding, column).shape
                yield from pairs_in(binding.service, shape, usage.shape.service, usage.shape.shape)


@dataclass(frozen=True, slots=True)
class _ColumnSource:
    """The recorded structure and member that fill a column; ``key_path`` is that of the member in the
    lock file."""

    structure: StructureKey
    member: RecordedMember
    key_path: tuple[str, ...]


class _TableLinker:
    """Links one table."""

    def __init__(
        self,
        typed: TypedTable,
        binding: Binding | None,
        usages: Iterable[_Usage],
        reconciled: Reconciled,
    ) -> None:
        self.table = typed.table
        self.types = typed.columns
        self.parameter_types = typed.parameters
        self.binding = binding
        self.reconciled = reconciled
        self.responses = reconciled.responses.get(binding.service) if binding else None
        self.documented = {
            column: usage.shape for usage in usages if (column := self._column_of(usage))
        }
        self.sources = dict(self._sources())
        self.shapes = {
            column.name: tuple(self._shapes(column, type)) for column, type in self._typed_columns()
        }

    def link(self, classes: Mapping[StructureKey, str], types: TypeTable) -> LinkedTable:
        fields = names.field_names(column.name for column in self.table.columns)
        columns: list[LinkedColumn] = []
        reached: dict[StructureKey, Structure] = {}
        for column, type in self._typed_columns():
            source = self.sources.get(column.name)
            values = united(column.values, source.member.values) if source else column.values
            linked = LinkedColumn(
                column=replace(column, values=values),
                type=type,
                shapes=self.shapes[column.name],
                field=fields[column.name],
                names=_named(column.name, types.notations),
                types=_spelled(type, types.notations),
            )
            columns.append(linked)
            if shape := chosen_shape(linked.shapes):
                reached.update(closure(shape.service, shape.shape, self.reconciled.structures))
        return LinkedTable(
            table=self.table,
            columns=tuple(columns),
            parameters=self._parameters(types.notations),
            module=names.module_name(self.table.name),
            class_name=_table_class(self.table, {classes[key] for key in reached}, types),
            structures=tuple(reached[key] for key in sorted(reached)),
            binding=self.binding,
            service=self.responses.service if self.responses else None,
            relations=self._relations(types.notations),
        )

    def _relations(self, notations: Sequence[Notation]) -> dict[str, Relation]:
        """Name the table in each notation."""
        schemas, tables = (
            _named(name, notations) for name in (self.table.provider, self.table.name)
        )
        return {name: Relation(schemas[name], tables[name]) for name in tables}

    def disagreements(self) -> Iterator[Disagreement]:
        """Find members whose mapped values would not satisfy the schema of their column."""
        for column, type in self._typed_columns():
            shape, source = chosen_shape(self.shapes[column.name]), self.sources.get(column.name)
            if shape is None or source is None:
                continue
            row = _row_shape(type, source.member.shape)
            service = source.structure[0]
            if satisfies(row, shape.shape):
                pairs = pairs_in(service, row, shape.service, shape.shape)
                yield from self.reconciled.disagreements(pairs, shape.origin)
            else:
                yield Disagreement(
                    source.structure,
                    source.member.name,
                    shape_text(shape.shape),
                    shape_text(source.member.shape),
                    shape.origin,
                    service,
                    source.key_path,
                )

    def failing(self) -> Iterator[FailingColumn]:
        """Find columns to whose type no value of their member converts."""
        for column, type in self._typed_columns():
            source = self.sources.get(column.name)
            if source is None or self.responses is None:
                continue
            member = source.member
            at_key = map_key(member.name) is not None
            if not can_convert(type, member.shape, self.responses.member_names, at_key=at_key):
                name = f"{source.structure[1]}.{member.name}" if self._is_bound(column) else ""
                shape = shape_text(member.shape)
                yield FailingColumn(
                    f"{self.table.id}.{column.name}",
                    type,
                    name,
                    shape,
                    source.structure[0],
                    source.key_path,
                    misfit(name or "an ARN or an account", shape, type.expression),
                )

    def _typed_columns(self) -> Iterator[tuple[Column, Resolved]]:
        yield from zip(self.table.columns, self.types, strict=True)

    def _parameters(self, notations: Sequence[Notation]) -> tuple[LinkedParameter, ...]:
        parameters = self.table.parameters
        fields = names.field_names(parameter.name for parameter in parameters)
        return tuple(
            LinkedParameter(parameter, type, fields[parameter.name], _spelled(type, notations))
            for parameter, type in zip(parameters, self.parameter_types, strict=True)
        )

    def _shapes(self, column: Column, type: Resolved) -> Iterator[ShapeCandidate]:
        """Yield what API page and record say of a column, the page first.

        If the settings choose the record, the documented shape is ignored.
        """
        source = self.sources.get(column.name)
        choice = self.reconciled.choice(source.structure, source.member.name) if source else None
        if page := self.documented.get(column.name):
            yield replace(
                page,
                ignored=choice is not None and choice.use != "page",
                narrows=_narrows(type, page, self.reconciled.structures),
            )
        if source:
            record = ShapeCandidate(
                "record", source.structure[0], source.member.shape, column.origin, source.key_path
            )
            yield replace(record, narrows=_narrows(type, record, self.reconciled.structures))

    def _sources(self) -> Iterator[tuple[str, _ColumnSource]]:
        """Yield the columns that are bound or derived, each with what fills it."""
        binding, responses = self.binding, self.responses
        if binding is None or responses is None:
            return
        for bound in binding.columns:
            path = binding.item_path(bound.operation)
            member = responses.column_member(binding, bound)
            item = responses.item(bound.operation or binding.operation, path or WHOLE)
            at = ("shapes", item.name, fetched_member(member.name))
            yield bound.column, _ColumnSource((binding.service, item.name), member, at)
        item = responses.item(binding.operation, binding.path)
        for derived in binding.derived:
            text = RecordedMember(derived.column, Scalar("string"), required=False)
            entry = ("tables", binding.table, "columns", derived.column)
            yield derived.column, _ColumnSource((binding.service, item.name), text, entry)

    def _is_bound(self, column: Column) -> bool:
        """Whether a member fills the column, rather than a rule or nothing."""
        bound = self.binding.columns if self.binding else ()
        return any(item.column == column.name for item in bound)

    def _column_of(self, usage: _Usage) -> str | None:
        """Find the column that a member of a response fills.

        It is the column that is bound to the member or, if the operation is named after the table, the
        only column with the member's name.
        """
        binding, service = self.binding, usage.shape.service
        if binding and service == binding.service:
            filling = usage.operation, usage.member
            for bound in binding.columns:
                if (bound.operation or binding.operation, bound.member) == filling:
                    # The page documents one of the elements.
                    return None if binding.is_listed(bound) else bound.column
        if names.reads_table(service, usage.operation, self.table.name):
            folded = names.folded(usage.member)
            # If two columns have the member's name, neither is preferred.
            same = [
                column.name for column in self.table.columns if names.folded(column.name) == folded
            ]
            return same[0] if len(same) == 1 else None
        return None


def _row_shape(type: Resolved, recorded: Shape) -> Shape:
    """Return the shape of a row's value if a member of shape ``recorded`` fills a column of ``type``.

    Text that fills a json column is decoded.
    """
    if type.element is not None:
        inner = recorded.element if isinstance(recorded, ListOf) else Scalar("json")
        return ListOf(_row_shape(type.element, inner))
    return Scalar("json") if recorded == Scalar("string") else recorded


def _named(name: str, notations: Iterable[Notation]) -> dict[str, str]:
    """Make the identifier for a schema, table or column in each notation, unquoted."""
    return {
        notation.name: names.sql_name(
            name,
            max_bytes=notation.max_identifier,
            reserved=notation.system_columns,
            plain=notation.plain_names,
        )
        for notation in notations
    }


def _spelled(type: Resolved, notations: Iterable[Notation]) -> dict[str, str]:
    """Spell the type in each notation; `schemagen.targets.spellings` has reported those that are missing."""
    return {notation.name: type.spelled(notation) for notation in notations}


def _narrows(type: Resolved, found: ShapeCandidate, structures: Structures) -> bool:
    """Whether a shape says more about a column than its type does: about json, or the elements of an
    array.

    Only structures do. A json column that a string, a number or a document fills stays any JSON:
    DDSQL calls the column json because its content is richer than its API type, and a policy
    that boto3 returns as text is the same policy when the caller has it decoded.
    """
    if type.element is not None:
        return isinstance(found.shape, ListOf) and _narrows(
            type.element, replace(found, shape=found.shape.element), structures
        )
    reached = list(structure_names(found.shape))
    return (
        type.is_json
        and bool(reached)
        and all((found.service, name) in structures for name in reached)
    )
