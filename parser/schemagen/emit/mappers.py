"""LinkedTable with a binding -> the module that makes rows from responses.

The emitted functions are straight lines: each bound member is fetched, and converted where it is
there. How a value is converted is the type table's business for a column, and the recorded shape's
inside a json column.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from schemagen import arn_format, convert, templating
from schemagen.emit import tree
from schemagen.emit.imports import RESERVED, Imports
from schemagen.emit.layout import WIDTH, lay_out, lay_out_function, lay_out_item, lay_out_value
from schemagen.emit.shapes import ShapeNames, input_dict, typed_dict, unique
from schemagen.link import LinkedColumn, LinkedTable
from schemagen.model import (
    Auxiliary,
    Binding,
    BoundColumn,
    Constant,
    DerivedColumn,
    ListOf,
    MapOf,
    ResponseStructure,
    Scalar,
    Service,
    Shape,
    StructureRef,
)
from schemagen.names import class_name, module_name, python_literal, snake_case
from schemagen.responses import WHOLE, Responses, Step, steps
from schemagen.typetable import SCALARS, Resolved, array_row

_JSON = next(scalar for scalar in SCALARS if scalar.name == "json")
_TEXT = next(scalar for scalar in SCALARS if scalar.name == "string")
_CONVERTERS = frozenset(name for name in vars(convert) if not name.startswith("_"))
_PARAMETERS = frozenset({"item", "response", "key", "errors", "shapes"})
_PLACE: Mapping[str, str] = {"Partition": "partition", "Region": "region", "Account": "account_id"}
"""The parameters by which a caller says where the items are, in their order."""
# What boto3 adds to every response.
_METADATA = "ResponseMetadata"
_Path = tuple[Step, ...]


def render_table(table: LinkedTable) -> str:
    """The mapper of a table that has a binding and its service's record."""
    if table.binding is None or table.service is None:
        raise AssertionError(f"{table.table.id} has no binding")
    return _Mapper(table, table.binding, table.service).render()


@dataclass(frozen=True)
class _Response:
    """One operation that fills columns: its types, and the variable that holds its item.

    ``parameter`` is what the caller passes, ``source`` the expression of the item's members. ``own``
    is True for an auxiliary operation that is the primary one: both items are in one response.
    """

    operation: str
    steps: _Path
    trail: tuple[ResponseStructure, ...]
    parameter: str
    response_type: str
    item_type: str
    auxiliary: Auxiliary | None = None
    own: bool = False

    @property
    def item(self) -> ResponseStructure:
        return self.trail[-1]

    @property
    def whole(self) -> bool:
        """True where the response itself is the item."""
        return not self.steps

    @property
    def several(self) -> bool:
        """True where one response may hold several items."""
        return any(step.each for step in self.steps)

    @property
    def source(self) -> str:
        return self.parameter if self.whole or self.auxiliary is None else f"{self.parameter}_item"


@dataclass(frozen=True)
class _Arn:
    """An ARN that is built: the variable that holds it, and what it is built of.

    ``parts`` are pairs of how messages call a value and of its expression. ``lazy`` is True where
    only the key needs it.
    """

    variable: str
    at: str
    literals: tuple[str, ...]
    parts: tuple[tuple[str, str], ...]
    lazy: bool


@dataclass
class _Mapper:
    """The text of one table's mapper, piece by piece.

    ``locals`` are the members that are fetched, by operation and name; ``places`` those parts of
    ARNs that other ARNs are built of, by member; ``arns`` what is built, by format and member.
    """

    table: LinkedTable
    binding: Binding
    service: Service
    imports: Imports = field(default_factory=lambda: Imports("..."))

    def __post_init__(self) -> None:
        self.id = self.table.table.id
        self.responses = Responses(self.service)
        self.shapes = ShapeNames(self.service, "shapes.")
        self.bound: dict[str, BoundColumn | DerivedColumn] = {}
        self.bound.update({column.column: column for column in self.binding.columns})
        self.bound.update({column.column: column for column in self.binding.derived})
        self.helpers: list[str] = []
        self.types = {*RESERVED, "Item", "Row", "Response"}
        self.place = self.place_parameters()
        self.taken = {*_CONVERTERS, *_PARAMETERS, *self.place}
        self.primary = self.response(self.binding.operation, self.binding.path, None)
        columns = [column.column.name for column in self.table.columns]
        used = {column.operation for column in self.binding.columns if column.column in columns}
        self.auxiliary = [
            self.response(auxiliary.operation, auxiliary.path, auxiliary)
            for auxiliary in sorted(self.binding.auxiliary, key=lambda item: item.operation)
            if auxiliary.operation in used
        ]
        self.locals: dict[tuple[str | None, str], str] = {}
        self.ats: dict[tuple[str | None, str], str] = {}
        self.absent: dict[tuple[str | None, str], str] = {}
        self.places: dict[str, str] = {}
        self.arns: dict[tuple[str, str], _Arn] = {}
        for column in self.table.columns:
            if bound := self.bound.get(column.column.name):
                self.settle(column, bound)

    def place_parameters(self) -> list[str]:
        """Those of `_PLACE` that the columns need."""
        needed: set[str] = set()
        for column in self.table.columns:
            match self.bound.get(column.column.name):
                case DerivedColumn(rule="account_given"):
                    needed.add("Account")
                case DerivedColumn(rule="arn_format", member="", format=format):
                    needed.update(arn_format.parse(format).place)
                case _:
                    pass
        return [parameter for name, parameter in _PLACE.items() if name in needed]

    def response(self, operation: str, path: str, auxiliary: Auxiliary | None) -> _Response:
        way = steps(path)
        trail = self.responses.trail(operation, path)
        parameter = unique(_variable(operation), self.taken) if auxiliary else "item"
        self.taken.add(f"{parameter}_item")
        if auxiliary is None:
            type = "Response" if way else "Item"
            return _Response(operation, way, trail, parameter, type, "Item")
        own = operation == self.binding.operation
        if own:
            type = self.primary.response_type
        else:
            type = unique(f"{class_name(operation)}Response", self.types)
        if not way:
            item = type
        elif own and way == self.primary.steps:
            item = self.primary.item_type
        else:
            item = unique(f"{class_name(operation)}Item", self.types)
        return _Response(operation, way, trail, parameter, type, item, auxiliary, own)

    def settle(self, column: LinkedColumn, bound: BoundColumn | DerivedColumn) -> None:
        """Name the variables that the column's value is made from."""
        operation, at = _operation(bound), python_literal(self.at(column))
        response = self.response_of(operation)
        for member in _members(bound):
            where = (operation, member)
            if member != WHOLE and where not in self.locals:
                self.locals[where] = unique(_variable(member), self.taken)
            elif member == WHOLE and not response.whole:
                self.locals[where] = response.source
            elif where not in self.locals:
                self.locals[where] = f"{response.parameter}_item"
            self.ats.setdefault(where, at)
            if column.type.type is not None and column.type.type.absent:
                self.absent[where] = column.type.type.absent
        if isinstance(bound, DerivedColumn) and bound.rule == "arn_format":
            found = self.arns.get((bound.format, bound.member))
            if found is None or found.lazy:
                self.arns[bound.format, bound.member] = self.arn(column, bound)

    def arn(self, column: LinkedColumn, bound: DerivedColumn) -> _Arn:
        """What the column's ARN is built of. The key's is built where no other column shows it."""
        made = arn_format.parse(bound.format)
        parts: list[tuple[str, str]] = []
        for name in made.placeholders:
            if name not in _PLACE:
                parts.append((name, self.locals[None, name]))
            elif bound.member:
                if bound.member not in self.places:
                    place = unique(f"place_of_{_variable(bound.member)}", self.taken)
                    self.places[bound.member] = place
                place = self.places[bound.member]
                self.ats[None, bound.member] = python_literal(self.at(column))
                index = arn_format.PLACE.index(name)
                parts.append((f"{name.lower()} in {bound.member}", f"{place}[{index}]"))
            else:
                parts.append((f"{_PLACE[name]}=", _PLACE[name]))
        lazy = column.column.name == self.table.table.key
        variable = "key" if lazy else unique(_variable(column.column.name), self.taken)
        at = python_literal(self.at(column))
        return _Arn(variable, at, made.literals, tuple(parts), lazy)

    # --- the module -------------------------------------------------------------------------------

    def render(self) -> str:
        row = self.row()
        inputs = [*self.inputs([self.primary, *(one for one in self.auxiliary if one.own)])]
        for auxiliary in self.auxiliary:
            if not auxiliary.own:
                inputs += self.inputs([auxiliary])
        body = self.from_item()
        text = {
            "row": row,
            "inputs": inputs,
            "functions": [
                *self.helpers,
                *(self.finder(one) for one in self.auxiliary if not one.whole),
            ],
            "mapped": [lay_out_item(python_literal(member), 2) for member in self.mapped()],
            "from_item_parameters": self.parameters(several=False, own=True),
            "from_item": body,
            "from_response_parameters": self.parameters(several=self.primary.several, own=False),
            "from_response": self.from_response(),
        }
        self.imports.annotation("Iterator, Mapping")
        for name in ("ConversionError", "Errors"):
            self.imports.exported(name)
        return templating.render(
            "mappers/table.py.j2",
            notice=tree.notice(self.id),
            id=self.id,
            service=self.service.name,
            operation=self.binding.operation,
            reading=[line for text in self.reading() for line in _wrapped(text, "- ", "  ")],
            documented=[
                line for text in self.documented() for line in _wrapped(text, "    ", "    ")
            ],
            response_type=self.primary.response_type,
            several=self.primary.several,
            place=self.place,
            imports=self.imports.groups(),
            **text,
        )

    def reading(self) -> Iterator[str]:
        """How to read the table, one operation after the other."""
        listing = self.binding.listing
        primary = f"{self.binding.operation} answers with the item"
        if not self.primary.whole:
            items = "the items" if self.primary.several else "the item"
            primary = f"{self.binding.operation} answers with {items} in {self.binding.path}"
        if listing:
            needs = f"; it needs {_quoted(listing.needs)}" if listing.needs else ""
            yield f"{listing.operation} lists what there is in {listing.path}{needs}."
            arguments = [
                f"{parameter} is {'what' if member == WHOLE else f'the {member} that'} was listed"
                for parameter, member in listing.arguments
            ]
            primary = "; ".join([primary, *arguments])
        if self.binding.constants:
            given = [f"{name}={_quoted(value)}" for name, value in self.binding.constants]
            primary += f"; without {', '.join(given)} some columns stay None"
        yield f"{primary}."
        for one in self.auxiliary:
            if one.own:
                yield f"{one.operation} is asked only once: its response has more than the item."
            elif one.auxiliary and not one.auxiliary.arguments:
                yield (
                    f"{one.operation} adds to an item{_arguments(one)}; it is asked for nothing of "
                    "the item, and what it answers may be about others, too."
                )
            else:
                yield f"{one.operation} adds to an item{_arguments(one)}."

    def documented(self) -> Iterator[str]:
        """What from_item takes, one parameter after the other."""
        for one in self.auxiliary:
            if one.own:
                yield f"``{one.parameter}`` is the response of {one.operation} that held the item."
            else:
                yield (
                    f"``{one.parameter}`` is the response of {one.operation} for this item"
                    f"{_arguments(one)}."
                )
        if self.place:
            names = " and ".join(f"``{name}``" for name in self.place).replace(
                " and ", ", ", len(self.place) - 2
            )
            verb = "say" if len(self.place) > 1 else "says"
            yield f"{names} {verb} where the item is; what is made with it is None without it."
        if key := self.table.table.key:
            yield f"``key`` is what to put into {key} instead of the item's own identifier."

    def mapped(self) -> list[str]:
        """The members of the primary item that fill columns."""
        depth = len(self.primary.steps)
        found = {_METADATA} if self.primary.whole else set[str]()
        for one in (self.primary, *(one for one in self.auxiliary if one.own)):
            if one.steps == self.primary.steps:
                found.update(self.read(one))
            elif one.steps[:depth] == self.primary.steps:
                found.add(one.steps[depth].member)
        return sorted(found)

    def read(self, response: _Response) -> list[str]:
        """The members of the response's item that fill columns."""
        operation = response.auxiliary.operation if response.auxiliary else None
        members = {member for where, member in self.locals if where == operation}
        if WHOLE in members:
            members = {member.name for member in response.item.members}
        return sorted(members)

    def row(self) -> str:
        annotations: dict[str, str] = {}
        for column in self.table.columns:
            name = column.column.name
            annotation = self.imports.annotation(self.row_type(column.type, self.shape(column)))
            annotations[name] = (
                annotation if name == self.table.table.key else f"{annotation} | None"
            )
        self.imports.annotation("TypedDict")
        return typed_dict("Row", annotations)

    def inputs(self, responses: list[_Response]) -> Iterator[str]:
        """The types of an operation's response, innermost first: only the members that are read, so
        that stubs which are older than the record still fit. ``responses`` are the ways into it."""
        structures: dict[_Path, ResponseStructure] = {}
        read: dict[_Path, list[str]] = {}
        names: dict[_Path, str] = {(): responses[0].response_type}
        for one in responses:
            structures.update({one.steps[:end]: found for end, found in enumerate(one.trail)})
            read[one.steps] = sorted({*read.get(one.steps, ()), *self.read(one)})
            names[one.steps] = one.item_type
        for path in sorted(structures, key=lambda path: (-len(path), path)):
            annotations = {
                member: self.importing(
                    self.shapes.input_type(self.member(structures[path], member))
                )
                for member in read.get(path, ())
            }
            for inner in structures:
                if inner and inner[:-1] == path:
                    step, name = inner[-1], names[inner]
                    annotations[step.member] = f"Sequence[{name}]" if step.each else name
            if path not in names:
                names[path] = unique(f"{class_name(path[-1].member)}Entry", self.types)
            yield input_dict(names[path], sorted(annotations.items()), self.imports)

    # --- functions --------------------------------------------------------------------------------

    def parameters(self, *, several: bool, own: bool) -> list[str]:
        """Keyword parameters. Where there are several items, what belongs to one is asked for with
        a function of the item. A response that holds the item itself is passed with ``own``."""
        parameters = [
            (one.parameter, f"{one.response_type} | None" if several else one.response_type)
            for one in self.auxiliary
            if own or not one.own
        ]
        if key := self.key_column():
            parameters.append(("key", key.type.row))
        annotations = [
            (name, f"Callable[[Item], {kind}] | None" if several else f"{kind} | None")
            for name, kind in parameters
        ]
        annotations = [*((name, "str | None") for name in self.place), *annotations]
        return [
            *(
                lay_out_value(f"{name}: ", self.imports.annotation(annotation), 1, " = None,")
                for name, annotation in annotations
            ),
            '    errors: Errors = "strict",',
        ]

    def from_item(self) -> list[str]:
        """The statements of ``from_item``."""
        lines: list[str] = []
        for one in self.auxiliary:
            if not one.whole:
                only = self.imports.converter("only")
                at, operation = python_literal(self.id), python_literal(one.operation)
                found = f"{only}({_finder(one)}({one.parameter}), {at}, {operation})"
                choice = f"None if {one.parameter} is None else {found}"
                lines.append(lay_out_value(f"{one.source} = ", choice, 1))
        for (filler, member), variable in self.locals.items():
            one = self.response_of(filler)
            if variable != one.source:
                fetch = self.fetch(one, filler, member)
                if one.auxiliary is not None:
                    fetch = f"None if {one.source} is None else {fetch}"
                lines.append(lay_out_value(f"{variable} = ", fetch, 1))
        for member, variable in self.places.items():
            found = self.locals[None, member]
            place = (
                f"{self.imports.converter('arn_place')}({found}, {self.ats[None, member]}, errors)"
            )
            choice = f"(None, None, None) if {found} is None else {place}"
            lines.append(lay_out_value(f"{variable} = ", choice, 1))
        lines += [self.build(arn, 1) for arn in self.arns.values() if not arn.lazy]
        lines += self.key()
        lines.append("    return {")
        lines += [self.entry(column) for column in self.table.columns]
        lines.append("    }")
        return lines

    def fetch(self, response: _Response, filler: str | None, member: str) -> str:
        """The expression of a member of the response's item, which is there."""
        if member == WHOLE:
            return (
                f"{self.imports.converter('answer')}({response.source}, {self.ats[filler, WHOLE]})"
            )
        # An operation that was asked for this and answers without it has said something.
        absent = self.absent.get((filler, member)) if response.auxiliary else None
        default = f", {absent}" if absent else ""
        return f"{response.source}.get({python_literal(member)}{default})"

    def build(self, arn: _Arn, depth: int) -> str:
        """The statement that builds an ARN."""
        values = ", ".join(value for _, value in arn.parts)
        literals = ", ".join(python_literal(literal) for literal in arn.literals)
        call = f"{self.imports.converter('built_arn')}(({values}), {arn.at}, errors, ({literals}))"
        return lay_out_value(f"{arn.variable} = ", call, depth)

    def key(self) -> list[str]:
        """The statements that settle the key's value."""
        column = self.key_column()
        if column is None:
            return []
        at = python_literal(self.at(column))
        missing = ["    if key is None:"]
        error = self.imports.converter("ConversionError")
        match self.bound.get(column.column.name):
            case DerivedColumn(rule="arn_format") as bound:
                arn = self.arns[bound.format, bound.member]
                own = self.build(arn, 2) if arn.lazy else f"        key = {arn.variable}"
                parts = ", ".join(f"{python_literal(name)}: {value}" for name, value in arn.parts)
                raised = f"{self.imports.converter('no_arn')}({at}, {{{parts}}})"
            case DerivedColumn(rule="account_from_arn") as bound:
                own = lay_out_value("key = ", self.account(bound, at), 2)
                reason = python_literal(f"the response has no account in {bound.member}; pass key=")
                raised = f"{error}({at}, {reason})"
            case DerivedColumn(rule="account_given"):
                own = "        key = account_id"
                raised = f"{error}({at}, {python_literal('pass account_id= or key=')})"
            case None:
                reason = python_literal("nothing is bound to it; pass key=")
                return [*missing, lay_out(f"raise {error}({at}, {reason})", 2)]
            case bound:
                own = f"        key = {self.locals[_operation(bound), bound.member]}"
                reason = python_literal(f"the response has no {bound.member}; pass key=")
                raised = f"{error}({at}, {reason})"
        return [*missing, own, *missing, lay_out(f"raise {raised}", 2)]

    def entry(self, column: LinkedColumn) -> str:
        """The column's entry in the dict that is returned."""
        name = column.column.name
        key, at = python_literal(name), python_literal(self.at(column))
        bound = self.bound.get(name)
        if name == self.table.table.key:
            return lay_out_item(f"{key}: {self.conversion(column.type, None, 'key', at)}", 2)
        if bound is None:
            return lay_out_item(f"{key}: None", 2)
        if isinstance(bound, DerivedColumn) and bound.rule == "account_from_arn":
            choice = self.account(bound, at)
        else:
            variable = self.variable(bound)
            converted = self.conversion(column.type, self.shape(column), variable, at)
            choice = f"None if {variable} is None else {converted}"
        return lay_out_value(f"{key}: ", choice, 2, ",")

    def account(self, bound: DerivedColumn, at: str) -> str:
        """The expression of the account in an ARN."""
        arn = self.locals[None, bound.member]
        found = f"{self.imports.converter('arn_account')}({arn}, {at}, errors)"
        return f"None if {arn} is None else {found}"

    def variable(self, bound: BoundColumn | DerivedColumn) -> str:
        """The variable that holds what the column's value is made from."""
        match bound:
            case DerivedColumn(rule="account_given"):
                return _PLACE["Account"]
            case DerivedColumn(rule="arn_format"):
                return self.arns[bound.format, bound.member].variable
            case _:
                return self.locals[_operation(bound), bound.member]

    def finder(self, response: _Response) -> str:
        """The function that yields the items in an auxiliary response."""
        self.imports.annotation("Iterator")
        head = lay_out_function(
            _finder(response),
            f"response: {response.response_type}",
            f"Iterator[{response.item_type}]",
        )
        walk = _walk(response.steps, (), lambda way, depth: lay_out(f"yield {way[-1]}", depth))
        return "\n".join([head, *walk])

    def from_response(self) -> list[str]:
        names = [one.parameter for one in self.auxiliary if not one.own]
        if self.key_column():
            names.append("key")

        def leaf(way: list[str], depth: int) -> str:
            item = way[-1]
            passed = [f"{name}={name}" for name in self.place]
            passed += [
                f"{one.parameter}={self.narrowed(one, way)}" for one in self.auxiliary if one.own
            ]
            passed += [
                f"{name}=None if {name} is None else {name}({item})"
                if self.primary.several
                else f"{name}={name}"
                for name in names
            ]
            return lay_out(f"yield from_item({', '.join([item, *passed, 'errors=errors'])})", depth)

        return list(_walk(self.primary.steps, (*names, *self.place), leaf))

    def narrowed(self, response: _Response, way: list[str]) -> str:
        """The response that the item is from; where that holds the items of several, with only
        what is on the item's way. ``way`` are the variables along the primary path."""
        shared = 0
        for one, other in zip(response.steps, self.primary.steps, strict=False):
            if one != other:
                break
            shared += 1
        if not any(step.each for step in response.steps[:shared]):
            return way[0]
        code = way[shared]
        for step in reversed(response.steps[:shared]):
            code = f"{{{python_literal(step.member)}: {f'[{code}]' if step.each else code}}}"
        return code

    # --- columns ----------------------------------------------------------------------------------

    def key_column(self) -> LinkedColumn | None:
        key = self.table.table.key
        return next((column for column in self.table.columns if column.column.name == key), None)

    def at(self, column: LinkedColumn) -> str:
        return f"{self.id}.{column.column.name}"

    def response_of(self, operation: str | None) -> _Response:
        """The response of an auxiliary operation; None is the primary one."""
        if operation is None:
            return self.primary
        return next(one for one in self.auxiliary if one.operation == operation)

    def member(self, structure: ResponseStructure, name: str) -> Shape:
        return self.responses.member(structure, name).shape

    def shape(self, column: LinkedColumn) -> Shape | None:
        """The recorded shape of what fills the column; None where nothing does."""
        bound = self.bound.get(column.column.name)
        if bound is None or (isinstance(bound, DerivedColumn) and bound.rule != "arn"):
            return None
        return self.member(self.response_of(_operation(bound)).item, bound.member)

    def importing(self, code: str) -> str:
        """``code`` itself, which has no literals; the service's shapes are imported if it has them."""
        if self.shapes.prefix in code:
            provider, module = self.table.table.provider, module_name(self.service.name)
            self.imports.package(f"shapes.{tree.folder(provider)}", module, "shapes")
        return code

    def row_type(self, type: Resolved, shape: Shape | None) -> str:
        """The annotation of a column's value that is not None."""
        if type.element is not None:
            inner = shape.element if isinstance(shape, ListOf) else None
            return array_row(self.row_type(type.element, inner))
        if shape is not None and _is_json(type) and not _unlike(type, shape):
            return self.importing(self.shapes.row_type(shape))
        return type.row

    def conversion(self, type: Resolved, shape: Shape | None, value: str, at: str) -> str:
        """The expression that converts a column's value."""
        if unlike := _unlike(type, shape):
            return f"{self.imports.converter(unlike)}({value}, {at}, errors)"
        if shape is not None and _is_json(type):
            self.importing(self.shapes.conversion(shape, "value", "at", self.imports))
            return self.shapes.conversion(shape, value, at, self.imports)
        if type.element is not None:
            inner = shape.element if isinstance(shape, ListOf) else None
            array = self.imports.converter("array")
            return f"{array}({value}, {at}, errors, {self.converter(type.element, inner)})"
        return f"{self.imports.converter(type.scalar.convert)}({value}, {at}, errors)"

    def converter(self, type: Resolved, shape: Shape | None) -> str:
        """The function that converts an element of an array."""
        if unlike := _unlike(type, shape):
            return self.imports.converter(unlike)
        if shape is not None and _is_json(type):
            return self.importing(self.shapes.converter(shape, self.imports))
        if type.element is not None:
            return self.helper(type, shape)
        return self.imports.converter(type.scalar.convert)

    def helper(self, type: Resolved, shape: Shape | None) -> str:
        """The name of a function of the module, for the arrays that stand inside an array."""
        row = self.imports.annotation(self.row_type(type, shape))
        errors = self.imports.annotation("Errors")
        body = lay_out("return " + self.conversion(type, shape, "value", "at"), 1)
        name = f"_array_{len(self.helpers) + 1}"
        head = lay_out(f"def {name}(value: object, at: str, errors: {errors}) -> {row}:")
        self.helpers.append(f"{head}\n{body}")
        return name


def _is_json(type: Resolved) -> bool:
    """True where the recorded shape says how a value is converted: the row's type allows every
    JSON value, and a user's row did not choose another conversion."""
    return type.is_json and type.scalar.convert == _JSON.convert


def _unlike(type: Resolved, shape: Shape | None) -> str:
    """The converter where text fills a column of json, or json one of text; "" elsewhere."""
    if type.element is not None:
        return ""
    if _is_json(type) and shape == Scalar(_TEXT.name):
        return convert.document.__name__
    decoded = isinstance(shape, StructureRef | ListOf | MapOf) or shape == Scalar(_JSON.name)
    return convert.written.__name__ if type.scalar.convert == _TEXT.convert and decoded else ""


def _operation(bound: BoundColumn | DerivedColumn) -> str | None:
    return bound.operation if isinstance(bound, BoundColumn) else None


def _members(bound: BoundColumn | DerivedColumn) -> Iterator[str]:
    """The members of the item that the column's value is made from."""
    if bound.member:
        yield bound.member
    if isinstance(bound, DerivedColumn) and bound.format:
        yield from arn_format.parse(bound.format).members


def _arguments(response: _Response) -> str:
    """What to call an auxiliary operation with, in words."""
    if response.auxiliary is None:
        return ""
    given = [f"{name}: its {member}" for name, member in response.auxiliary.arguments]
    given += [f"{name}: {_quoted(value)}" for name, value in response.auxiliary.constants]
    return f" ({', '.join(given)})" if given else ""


def _quoted(value: Constant) -> str:
    """``value`` as Python writes it, for a docstring."""
    if isinstance(value, tuple):
        return f"[{', '.join(_quoted(one) for one in value)}]"
    literal = python_literal(value).replace("\\", "\\\\")
    return literal.replace('"""', '\\"\\"\\"')


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    """A paragraph of a docstring."""
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _variable(name: str) -> str:
    """A local variable for a member or an operation."""
    variable = snake_case(name)
    return variable if variable.isidentifier() else f"_{variable}"


def _finder(response: _Response) -> str:
    return f"_items_of_{response.parameter}"


def _walk(
    path: Iterable[Step], taken: Iterable[str], leaf: Callable[[list[str], int], str]
) -> Iterator[str]:
    """The statements that go along a path from ``response``, and ``leaf`` for each item, which gets
    the variables along the path. ``taken`` are names that no variable may have."""
    way, depth = ["response"], 1
    names = {"response", "key", "errors", *taken}
    for step in path:
        found = unique(_variable(step.member), names)
        yield lay_out(f"{found} = {way[-1]}.get({python_literal(step.member)})", depth)
        if step.each:
            way.append(unique(f"{found}_entry", names))
            yield "    " * depth + f"for {way[-1]} in {found} or ():"
        else:
            way.append(found)
            yield "    " * depth + f"if {found} is not None:"
        depth += 1
    yield leaf(way, depth)
