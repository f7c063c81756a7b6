"""LinkedTable with a binding -> the plan of its mapper.

Every name in the generated module is settled here, in the order of the columns: who comes first
keeps its name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from schemagen.emit.imports import RESERVED
from schemagen.emit.mappers.plan import (
    ArnAccount,
    ArnPlace,
    BuiltArn,
    ColumnPlan,
    Fetched,
    GivenAccount,
    InputType,
    MapperPlan,
    Response,
    Value,
)
from schemagen.emit.shapes import unique
from schemagen.link import LinkedColumn, LinkedTable
from schemagen.model import arn_format
from schemagen.model.bindings import (
    Binding,
    BoundColumn,
    DerivedColumn,
    Enrichment,
    RecordedService,
    ResponseStructure,
)
from schemagen.model.pages import KEY
from schemagen.model.responses import WHOLE, Responses, Step, fetched_member, map_key, steps
from schemagen.names import class_name, snake_case
from schemagen.runtime import convert

_PLACE: Mapping[str, str] = {"Partition": "partition", "Region": "region", "Account": "account_id"}
"""The parameters by which a caller says where the items are, in their order."""
_CONVERTERS = frozenset(name for name in vars(convert) if not name.startswith("_"))
_PARAMETERS = frozenset({"item", "response", "key", "errors", "shapes"})
# What boto3 adds to every response.
_METADATA = "ResponseMetadata"
_Path = tuple[Step, ...]
_Where = tuple[str | None, str]
"""A member of the item of an auxiliary operation; None is the primary one."""


def plan_mapper(table: LinkedTable) -> MapperPlan:
    """The plan of a table that has a binding and its service's record."""
    if table.binding is None or table.service is None:
        raise AssertionError(f"{table.table.id} has no binding")
    return _Planner(table, table.binding, table.service).plan()


class _Planner:
    """What is settled so far.

    ``variables`` are those of the members that are fetched, and ``made`` the columns that are made
    of each; ``maps`` hold members at a key; ``arn_places`` are by the member that holds the ARN,
    ``arns`` by format and that member.
    """

    def __init__(self, table: LinkedTable, binding: Binding, service: RecordedService) -> None:
        self.table, self.binding, self.service = table, binding, service
        self.responses = Responses(service)
        self.fillers = {filler.column: filler for filler in binding.filled}
        self.place = self.place_parameters()
        self.types_taken = {*RESERVED, "Item", "Row", "Response"}
        self.variables_taken = {*_CONVERTERS, *_PARAMETERS, *self.place}
        self.primary = self.primary_response()
        self.enrichments = tuple(self.auxiliary_response(one) for one in self.auxiliary_used())
        self.variables: dict[_Where, str] = {}
        self.made: dict[_Where, list[LinkedColumn]] = {}
        self.maps: dict[_Where, Fetched] = {}
        self.arn_places: dict[str, ArnPlace] = {}
        self.arns: dict[tuple[str, str], BuiltArn] = {}

    def plan(self) -> MapperPlan:
        for column in self.table.columns:
            if filler := self.fillers.get(column.column.name):
                self.name_what_fills(column, filler)
        fetched = {where: self.fetched(where) for where in self.variables}
        read = (*self.maps.values(), *fetched.values())
        return MapperPlan(
            table=self.table,
            binding=self.binding,
            service=self.service,
            place=self.place,
            primary=self.primary,
            enrichments=self.enrichments,
            fetched=read,
            arn_places=tuple(self.arn_places.values()),
            arns=tuple(self.arns.values()),
            columns=tuple(
                ColumnPlan(column, self.at(column), self.value(column, fetched))
                for column in self.table.columns
            ),
            inputs=tuple(self.input_types(read)),
            mapped=tuple(sorted({*self.members_mapped(read)})),
        )

    def at(self, column: LinkedColumn) -> str:
        return f"{self.table.table.id}.{column.column.name}"

    # --- responses ---

    def place_parameters(self) -> tuple[str, ...]:
        """Those of `_PLACE` that the columns need."""
        needed: set[str] = set()
        for column in self.table.columns:
            match self.fillers.get(column.column.name):
                case DerivedColumn(rule="account_given"):
                    needed.add("Account")
                case DerivedColumn(rule="arn_format", member="", format=format):
                    needed.update(arn_format.parse(format).place)
                case _:
                    pass
        return tuple(parameter for name, parameter in _PLACE.items() if name in needed)

    def primary_response(self) -> Response:
        operation, path = self.binding.operation, self.binding.path
        self.variables_taken.add("item_item")
        way, trail = steps(path), self.responses.trail(operation, path)
        return Response(operation, way, trail, "item", "Response" if way else "Item", "Item")

    def auxiliary_used(self) -> list[Enrichment]:
        """The auxiliary operations that fill columns of the table, by their names."""
        columns = {column.column.name for column in self.table.columns}
        used = {column.operation for column in self.binding.columns if column.column in columns}
        return sorted(
            (one for one in self.binding.enrichments if one.operation in used),
            key=lambda one: one.operation,
        )

    def auxiliary_response(self, enrichments: Enrichment) -> Response:
        operation, way = enrichments.operation, steps(enrichments.path)
        parameter = unique(local_variable(operation), self.variables_taken)
        self.variables_taken.add(f"{parameter}_item")
        own = operation == self.binding.operation
        if own:
            response_type = self.primary.response_type
        else:
            response_type = unique(f"{class_name(operation)}Response", self.types_taken)
        if not way:
            item_type = response_type
        elif own and way == self.primary.steps:
            item_type = self.primary.item_type
        else:
            item_type = unique(f"{class_name(operation)}Item", self.types_taken)
        trail = self.responses.trail(operation, enrichments.path)
        return Response(
            operation, way, trail, parameter, response_type, item_type, enrichments, own
        )

    def response_of(self, operation: str | None) -> Response:
        """The response of an auxiliary operation; None is the primary one."""
        if operation is None:
            return self.primary
        return next(one for one in self.enrichments if one.operation == operation)

    def ways_into_primary(self) -> list[Response]:
        """The primary operation's response once for each item that columns are made of."""
        return [self.primary, *(one for one in self.enrichments if one.own)]

    # --- variables ---

    def name_what_fills(self, column: LinkedColumn, filler: BoundColumn | DerivedColumn) -> None:
        """Name the variables that the column's value is made of."""
        operation = _operation(filler)
        for member in _members_of(filler):
            where = (operation, member)
            if where not in self.variables:
                if at_key := map_key(member):
                    self.name_map((operation, at_key[0]), column)
                self.variables[where] = self.variable(self.response_of(operation), member)
            self.made.setdefault(where, []).append(column)
        if isinstance(filler, DerivedColumn) and filler.rule == "arn_format":
            found = self.arns.get((filler.format, filler.member))
            # The key's is built by itself only where no other column shows it.
            if found is None or found.lazy:
                self.arns[filler.format, filler.member] = self.built_arn(column, filler)

    def name_map(self, where: _Where, column: LinkedColumn) -> None:
        """Name the variable of a map that holds what is fetched at its keys."""
        if where not in self.maps:
            response, member = self.response_of(where[0]), where[1]
            variable = unique(local_variable(member), self.variables_taken)
            shape = self.responses.member(response.item, member).shape
            at = self.at(column)
            self.maps[where] = Fetched(response, member, shape, variable, at, "", opened=True)

    def variable(self, response: Response, member: str) -> str:
        if at_key := map_key(member):
            return unique(local_variable(at_key[1]), self.variables_taken)
        if member != WHOLE:
            return unique(local_variable(member), self.variables_taken)
        # A whole response without what boto3 adds to it is not what the parameter holds.
        return f"{response.parameter}_item" if response.whole else response.item_variable

    def built_arn(self, column: LinkedColumn, filler: DerivedColumn) -> BuiltArn:
        made = arn_format.parse(filler.format)
        parts: list[tuple[str, str]] = []
        for name in made.placeholders:
            if name not in _PLACE:
                parts.append((name, self.variables[None, name]))
            elif filler.member:
                place = self.place_in_arn(column, filler.member)
                index = arn_format.PLACE.index(name)
                parts.append((f"{name.lower()} in {filler.member}", f"{place}[{index}]"))
            else:
                parts.append((f"{_PLACE[name]}=", _PLACE[name]))
        lazy = column.column.name == KEY
        name = "key" if lazy else unique(local_variable(column.column.name), self.variables_taken)
        return BuiltArn(name, self.at(column), made.literals, tuple(parts), lazy)

    def place_in_arn(self, column: LinkedColumn, member: str) -> str:
        """The variable that holds the place in the ARN in ``member``."""
        if member in self.arn_places:
            variable = self.arn_places[member].variable
        else:
            variable = unique(f"place_of_{local_variable(member)}", self.variables_taken)
        self.arn_places[member] = ArnPlace(variable, self.variables[None, member], self.at(column))
        return variable

    # --- values ---

    def fetched(self, where: _Where) -> Fetched:
        operation, member = where
        response, columns = self.response_of(operation), self.made[where]
        absent = ""
        if response.enrichments:
            # An operation that was asked for this and answers without it has said something.
            types = [column.type.type for column in columns]
            absent = next((type.absent for type in reversed(types) if type and type.absent), "")
        shape = self.responses.member(response.item, member).shape
        at = self.at(columns[0])
        at_key = map_key(member)
        holder = self.maps[operation, at_key[0]].variable if at_key else ""
        return Fetched(response, member, shape, self.variables[where], at, absent, holder)

    def value(self, column: LinkedColumn, fetched: Mapping[_Where, Fetched]) -> Value | None:
        match self.fillers.get(column.column.name):
            case None:
                return None
            case DerivedColumn(rule="account_given"):
                return GivenAccount(_PLACE["Account"])
            case DerivedColumn(rule="account_from_arn", member=member):
                return ArnAccount(fetched[None, member])
            case DerivedColumn(rule="arn_format", member=member, format=format):
                return self.arns[format, member]
            case filler:
                return fetched[_operation(filler), filler.member]

    # --- what is read ---

    def input_types(self, fetched: Collection[Fetched]) -> Iterator[InputType]:
        """The types of the responses, the primary one's first, each from the inside out."""
        yield from self.types_of_response(self.ways_into_primary(), fetched)
        for one in self.enrichments:
            if not one.own:
                yield from self.types_of_response([one], fetched)

    def types_of_response(
        self, ways: Sequence[Response], fetched: Collection[Fetched]
    ) -> Iterator[InputType]:
        """The types of one operation's response. ``ways`` lead to the items in it."""
        structures: dict[_Path, ResponseStructure] = {}
        read: dict[_Path, set[str]] = {}
        names: dict[_Path, str] = {(): ways[0].response_type}
        for way in ways:
            structures.update({way.steps[:end]: found for end, found in enumerate(way.trail)})
            read.setdefault(way.steps, set()).update(_members_read(way, fetched))
            names[way.steps] = way.item_type
        for path in sorted(structures, key=_innermost_first):
            if path not in names:
                names[path] = unique(f"{class_name(path[-1].member)}Entry", self.types_taken)
            yield InputType(
                names[path],
                tuple(
                    (member, self.responses.member(structures[path], member).shape)
                    for member in sorted(read.get(path, ()))
                ),
                tuple(
                    (inner[-1], names[inner])
                    for inner in structures
                    if inner and inner[:-1] == path
                ),
            )

    def members_mapped(self, fetched: Collection[Fetched]) -> Iterator[str]:
        """The members of the primary item that fill columns, or lead to others that do."""
        way = self.primary.steps
        if self.primary.whole:
            yield _METADATA
        for one in self.ways_into_primary():
            if one.steps == way:
                yield from _members_read(one, fetched)
            elif one.steps[: len(way)] == way:
                yield one.steps[len(way)].member


def _innermost_first(path: _Path) -> tuple[int, list[str]]:
    return -len(path), [step.member for step in path]


def _members_read(response: Response, fetched: Collection[Fetched]) -> set[str]:
    """The members of the response's item that fill columns."""
    members = {fetched_member(one.member) for one in fetched if one.response == response}
    if WHOLE in members:
        return {member.name for member in response.item.members}
    return members


def _members_of(filler: BoundColumn | DerivedColumn) -> Iterator[str]:
    """The members of the item that the column's value is made of."""
    if filler.member:
        yield filler.member
    if isinstance(filler, DerivedColumn) and filler.format:
        yield from arn_format.parse(filler.format).members


def _operation(filler: BoundColumn | DerivedColumn) -> str | None:
    return filler.operation if isinstance(filler, BoundColumn) else None


def local_variable(name: str) -> str:
    """A local variable for a member or an operation."""
    variable = snake_case(name)
    return variable if variable.isidentifier() else f"_{variable}"
