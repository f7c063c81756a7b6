"""LinkedTable with a binding -> the plan of its mapper.

Chooses every name of the generated module, in the order of the columns: the first to claim a name
keeps it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from schemagen.catalog import LinkedColumn, LinkedTable, given_arguments
from schemagen.emit.imports import RESERVED
from schemagen.emit.mappers.plan import (
    ArnAccount,
    ArnLocation,
    BuiltArn,
    ColumnPlan,
    Fetched,
    Given,
    InputType,
    MapperPlan,
    OperationPlan,
    Response,
    Value,
)
from schemagen.emit.shapes import unique
from schemagen.model import arn_format
from schemagen.model.bindings import Binding, BoundColumn, DerivedColumn, Enrichment
from schemagen.model.pages import KEY
from schemagen.model.paths import WHOLE, Step, fetched_member, map_key, steps
from schemagen.model.recorded import RecordedResponses, RecordedService, RecordedStructure
from schemagen.model.shapes import ListOf
from schemagen.names import class_name, snake_case
from schemagen.runtime import convert
from schemagen.runtime.calls import CallRules

_CALLER_PARAMETERS: Mapping[str, str] = {
    "Partition": "partition",
    "Region": "region",
    "Account": "account_id",
}
"""Placeholders of ARN formats -> the parameters that callers pass for them, in order."""
_CONVERTERS = frozenset(name for name in vars(convert) if not name.startswith("_"))
_PARAMETERS = frozenset({"item", "response", "key", "errors", "on_error", "shapes"})
_Path = tuple[Step, ...]
_Source = tuple[str | None, str]
"""(operation, member of its item); the operation is None for the primary one."""


def plan_mapper(table: LinkedTable) -> MapperPlan:
    """Plan the mapper of a table, which must have a binding and a recorded service."""
    if table.binding is None or table.service is None:
        raise AssertionError(f"{table.table.id} has no binding")
    return _Planner(table, table.binding, table.service).plan()


class _Planner:
    """Plans one mapper; attributes hold what is settled so far.

    ``variables`` are those of the members that are fetched, and ``columns_of`` the columns that
    use each; ``maps`` hold members at a key; ``arn_locations`` are by the member that holds the ARN,
    ``arns`` by format and that member.
    """

    def __init__(self, table: LinkedTable, binding: Binding, service: RecordedService) -> None:
        self.table, self.binding, self.service = table, binding, service
        self.responses = RecordedResponses(service)
        self.bound_columns = {bound.column: bound for bound in binding.filled}
        self.arguments = {parameter: name for name, parameter in given_arguments(binding)}
        self.given = (*self.caller_parameters(), *self.arguments.values())
        self.types_taken = {*RESERVED, "Item", "Row", "Response"}
        self.variables_taken = {*_CONVERTERS, *_PARAMETERS, *self.given}
        self.primary = self.primary_response()
        self.enrichments = tuple(map(self.enrichment_response, self.used_enrichments()))
        self.variables: dict[_Source, str] = {}
        self.columns_of: dict[_Source, list[LinkedColumn]] = {}
        self.maps: dict[_Source, Fetched] = {}
        self.arn_locations: dict[str, ArnLocation] = {}
        self.arns: dict[tuple[str, str], BuiltArn] = {}

    def plan(self) -> MapperPlan:
        for column in self.table.columns:
            if bound := self.bound_columns.get(column.column.name):
                self.name_variables(column, bound)
        fetched = {source: self.fetched(source) for source in self.variables}
        read = (*self.maps.values(), *fetched.values())
        return MapperPlan(
            table=self.table,
            binding=self.binding,
            service=self.service,
            given=self.given,
            primary=self.primary,
            enrichments=self.enrichments,
            fetched=read,
            arn_locations=tuple(self.arn_locations.values()),
            arns=tuple(self.arns.values()),
            columns=tuple(
                ColumnPlan(column, self.at(column), self.value(column, fetched))
                for column in self.table.columns
            ),
            inputs=tuple(self.input_types(read)),
            mapped=tuple(sorted({*self.members_mapped(read)})),
            operations=tuple(self.operations(read)),
            identifiers=tuple(dict.fromkeys(self.identifiers())),
        )

    def at(self, column: LinkedColumn) -> str:
        return f"{self.table.table.id}.{column.column.name}"

    # --- responses ---

    def caller_parameters(self) -> tuple[str, ...]:
        """Return those of `_CALLER_PARAMETERS` that the columns need."""
        needed: set[str] = set()
        for column in self.table.columns:
            match self.bound_columns.get(column.column.name):
                case DerivedColumn(rule="account_given"):
                    needed.add("Account")
                case DerivedColumn(rule="arn_format", member="", format=format):
                    needed.update(arn_format.parse(format).caller_placeholders)
                case _:
                    pass
        return tuple(parameter for name, parameter in _CALLER_PARAMETERS.items() if name in needed)

    def primary_response(self) -> Response:
        operation, path = self.binding.operation, self.binding.path
        self.variables_taken.add("item_item")
        to_item, trail = steps(path), self.responses.structures_along(operation, path)
        return Response(
            operation, to_item, trail, "item", "Response" if to_item else "Item", "Item"
        )

    def used_enrichments(self) -> list[Enrichment]:
        """Return the enrichments that fill columns of the table, sorted by operation."""
        columns = {column.column.name for column in self.table.columns}
        used = {column.operation for column in self.binding.columns if column.column in columns}
        return sorted(
            (call for call in self.binding.enrichments if call.operation in used),
            key=lambda call: call.operation,
        )

    def enrichment_response(self, enrichment: Enrichment) -> Response:
        operation, path = enrichment.operation, steps(enrichment.path)
        parameter = unique(local_variable(operation), self.variables_taken)
        self.variables_taken.add(f"{parameter}_item")
        in_primary = operation == self.binding.operation
        if in_primary:
            response_type = self.primary.response_type
        else:
            response_type = unique(f"{class_name(operation)}Response", self.types_taken)
        if not path:
            item_type = response_type
        elif in_primary and path == self.primary.steps:
            item_type = self.primary.item_type
        else:
            item_type = unique(f"{class_name(operation)}Item", self.types_taken)
        trail = self.responses.structures_along(operation, enrichment.path)
        return Response(
            operation, path, trail, parameter, response_type, item_type, enrichment, in_primary
        )

    def response_of(self, operation: str | None) -> Response:
        """Return the response of an enrichment's operation; None is the primary operation."""
        if operation is None:
            return self.primary
        return next(found for found in self.enrichments if found.operation == operation)

    def items_in_primary(self) -> list[Response]:
        """Return the primary operation's response, once for each of its items that fill columns."""
        return [self.primary, *(found for found in self.enrichments if found.in_primary)]

    def operations(self, fetched: Collection[Fetched]) -> Iterator[OperationPlan]:
        """Plan what to check of the responses of each operation."""
        rules = dict(self.service.calls)
        taken = {"_MAPPED"}
        yield self.operation_plan(self.items_in_primary(), fetched, rules, taken)
        for response in self.enrichments:
            if not response.in_primary:
                yield self.operation_plan([response], fetched, rules, taken)

    def operation_plan(
        self,
        responses: Sequence[Response],
        fetched: Collection[Fetched],
        rules: Mapping[str, CallRules],
        taken: set[str],
    ) -> OperationPlan:
        """Plan what to check of an operation's response; ``responses`` has an entry per item in it."""
        operation = responses[0].operation
        read: set[str] = set()
        for response in responses:
            read |= (
                _members_read(response, fetched) if response.whole else {response.steps[0].member}
            )
        return OperationPlan(
            operation,
            unique(f"_{local_variable(operation).strip('_').upper()}", taken),
            tuple(sorted(read)),
            tuple(sorted({member.name for member in responses[0].trail[0].members} - read)),
            rules.get(operation, CallRules()).pagination,
        )

    def identifiers(self) -> Iterator[str]:
        """Find the members of the item that identify it, the likeliest first.

        They are those that its key is made from, or that operations which return or enrich it are
        called with.
        """
        members = {member.name for member in self.primary.item.members}
        found: list[str] = []
        match self.bound_columns.get(KEY):
            case DerivedColumn(format=format) if format:
                # What an ARN ends with is the item's own; an owner or a parent stands before it.
                found += reversed(arn_format.parse(format).members)
            case DerivedColumn(member=member) | BoundColumn(operation=None, member=member):
                found.append(member)
            case _:
                pass
        for response in self.enrichments:
            if response.enrichment:
                found += [source for _, source in response.enrichment.arguments]
        if self.binding.listing:
            found += [parameter for parameter, _ in self.binding.listing.arguments]
        for member in found:
            if fetched_member(member) in members:
                yield member

    # --- variables ---

    def name_variables(self, column: LinkedColumn, bound: BoundColumn | DerivedColumn) -> None:
        """Name the variables that the column's value is made from."""
        operation = _operation(bound)
        for _, member in bound.sources:
            source = (operation, member)
            if source not in self.variables:
                if at_key := map_key(member):
                    self.name_map((operation, at_key[0]), column)
                self.variables[source] = self.variable(self.response_of(operation), member)
            self.columns_of.setdefault(source, []).append(column)
        if isinstance(bound, DerivedColumn) and bound.rule == "arn_format":
            found = self.arns.get((bound.format, bound.member))
            # An ARN is lazy only while the key alone needs it.
            if found is None or found.lazy:
                self.arns[bound.format, bound.member] = self.built_arn(column, bound)

    def name_map(self, source: _Source, column: LinkedColumn) -> None:
        """Name the variable of a map whose keys fill columns."""
        if source not in self.maps:
            response, member = self.response_of(source[0]), source[1]
            variable = unique(local_variable(member), self.variables_taken)
            shape = self.responses.member(response.item, member).shape
            at = self.at(column)
            self.maps[source] = Fetched(response, member, shape, variable, at, "", opened=True)

    def variable(self, response: Response, member: str) -> str:
        if at_key := map_key(member):
            return unique(local_variable(at_key[1]), self.variables_taken)
        if member != WHOLE:
            return unique(local_variable(member), self.variables_taken)
        # The parameter also holds what boto3 adds to the response, so the item gets its own variable.
        return f"{response.parameter}_item" if response.whole else response.item_variable

    def built_arn(self, column: LinkedColumn, bound: DerivedColumn) -> BuiltArn:
        made = arn_format.parse(bound.format)
        parts: list[tuple[str, str]] = []
        for name in made.placeholders:
            if name in bound.parameters:
                parts.append((f"{self.arguments[name]}=", self.arguments[name]))
            elif name not in _CALLER_PARAMETERS:
                parts.append((name, self.variables[None, name]))
            elif bound.member:
                location = self.location_in_arn(column, bound.member)
                index = arn_format.CALLER_PLACEHOLDERS.index(name)
                parts.append((f"{name.lower()} in {bound.member}", f"{location}[{index}]"))
            else:
                parts.append((f"{_CALLER_PARAMETERS[name]}=", _CALLER_PARAMETERS[name]))
        lazy = column.column.name == KEY
        name = "key" if lazy else unique(local_variable(column.column.name), self.variables_taken)
        return BuiltArn(name, self.at(column), made.literals, tuple(parts), lazy)

    def location_in_arn(self, column: LinkedColumn, member: str) -> str:
        """Return the variable with partition, region and account of the ARN in ``member``."""
        if member in self.arn_locations:
            variable = self.arn_locations[member].variable
        else:
            variable = unique(f"location_of_{local_variable(member)}", self.variables_taken)
        self.arn_locations[member] = ArnLocation(
            variable, self.variables[None, member], self.at(column)
        )
        return variable

    # --- values ---

    def fetched(self, source: _Source) -> Fetched:
        operation, member = source
        response, columns = self.response_of(operation), self.columns_of[source]
        absent = ""
        if response.enrichment:
            # The call asked for just this member: a response without it means an empty value, not
            # an unknown one.
            types = [column.type.type for column in columns]
            absent = next((type.absent for type in reversed(types) if type and type.absent), "")
        shape = self.responses.member(response.item, member).shape
        if response.several_calls:
            shape = ListOf(shape)
        at = self.at(columns[0])
        at_key = map_key(member)
        holder = self.maps[operation, at_key[0]].variable if at_key else ""
        return Fetched(response, member, shape, self.variables[source], at, absent, holder)

    def value(self, column: LinkedColumn, fetched: Mapping[_Source, Fetched]) -> Value | None:
        match self.bound_columns.get(column.column.name):
            case None:
                return None
            case DerivedColumn(rule="account_given"):
                return Given(_CALLER_PARAMETERS["Account"])
            case DerivedColumn(rule="argument_given", parameters=(parameter,)):
                return Given(self.arguments[parameter])
            case DerivedColumn(rule="account_from_arn", member=member):
                return ArnAccount(fetched[None, member])
            case DerivedColumn(rule="arn_format", member=member, format=format):
                return self.arns[format, member]
            case bound:
                return fetched[_operation(bound), bound.member]

    # --- input types ---

    def input_types(self, fetched: Collection[Fetched]) -> Iterator[InputType]:
        """Yield the input types of all responses, the primary one's first, inner before outer structures."""
        yield from self.types_of_response(self.items_in_primary(), fetched)
        for response in self.enrichments:
            if not response.in_primary:
                yield from self.types_of_response([response], fetched)

    def types_of_response(
        self, responses: Sequence[Response], fetched: Collection[Fetched]
    ) -> Iterator[InputType]:
        """Yield the types of an operation's response; ``responses`` has an entry for each item in it."""
        structures: dict[_Path, RecordedStructure] = {}
        read: dict[_Path, set[str]] = {}
        names: dict[_Path, str] = {(): responses[0].response_type}
        for response in responses:
            steps = response.steps
            structures.update({steps[:end]: found for end, found in enumerate(response.trail)})
            read.setdefault(steps, set()).update(_members_read(response, fetched))
            names[steps] = response.item_type
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
        """Yield the members of the primary item that fill columns, or lead to members that do."""
        to_item = self.primary.steps
        for response in self.items_in_primary():
            if response.steps == to_item:
                yield from _members_read(response, fetched)
            elif response.steps[: len(to_item)] == to_item:
                yield response.steps[len(to_item)].member


def _innermost_first(path: _Path) -> tuple[int, list[str]]:
    return -len(path), [step.member for step in path]


def _members_read(response: Response, fetched: Collection[Fetched]) -> set[str]:
    """Collect the members of the response's item that fill columns."""
    members = {fetched_member(found.member) for found in fetched if found.response == response}
    if WHOLE in members:
        return {member.name for member in response.item.members}
    return members


def _operation(bound: BoundColumn | DerivedColumn) -> str | None:
    return bound.operation if isinstance(bound, BoundColumn) else None


def local_variable(name: str) -> str:
    """Make the name of a local variable for a member or an operation."""
    variable = snake_case(name)
    return variable if variable.isidentifier() else f"_{variable}"
