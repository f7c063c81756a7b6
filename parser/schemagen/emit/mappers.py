"""LinkedTable with a binding -> the module that makes rows from responses.

The emitted functions are straight lines: each bound member is fetched, and converted where it is
there. How a value is converted is the type table's business for a column, and the recorded shape's
inside a json column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from schemagen import convert, templating
from schemagen.emit import tree
from schemagen.emit.imports import RESERVED, Imports
from schemagen.emit.layout import lay_out, lay_out_function, lay_out_item, lay_out_value
from schemagen.emit.shapes import ShapeNames, input_dict, typed_dict, unique
from schemagen.link import LinkedColumn, LinkedTable
from schemagen.model import (
    Auxiliary,
    Binding,
    BoundColumn,
    DerivedColumn,
    ListOf,
    ResponseStructure,
    Service,
    Shape,
)
from schemagen.names import class_name, module_name, python_literal, snake_case
from schemagen.responses import Responses, Step, steps
from schemagen.typetable import SCALARS, Resolved, array_row

_JSON = next(scalar for scalar in SCALARS if scalar.name == "json")
_CONVERTERS = frozenset(name for name in vars(convert) if not name.startswith("_"))
_PARAMETERS = frozenset({"item", "response", "key", "errors", "shapes"})


def render_table(table: LinkedTable) -> str:
    """The mapper of a table that has a binding and its service's record."""
    if table.binding is None or table.service is None:
        raise AssertionError(f"{table.table.id} has no binding")
    return _Mapper(table, table.binding, table.service).render()


@dataclass(frozen=True)
class _Response:
    """One operation that fills columns: its types, and the variable that holds its item.

    ``parameter`` is what the caller passes, ``source`` the expression of the item's members.
    """

    operation: str
    steps: tuple[Step, ...]
    trail: tuple[ResponseStructure, ...]
    parameter: str
    response_type: str
    item_type: str
    auxiliary: Auxiliary | None = None

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


@dataclass
class _Mapper:
    """The text of one table's mapper, piece by piece; ``locals`` are the members that are fetched."""

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
        self.taken = {*_CONVERTERS, *_PARAMETERS}
        self.primary = self.response(self.binding.operation, self.binding.path, None)
        columns = [column.column.name for column in self.table.columns]
        used = {column.operation for column in self.binding.columns if column.column in columns}
        self.auxiliary = [
            self.response(auxiliary.operation, auxiliary.path, auxiliary)
            for auxiliary in sorted(self.binding.auxiliary, key=lambda item: item.operation)
            if auxiliary.operation in used
        ]
        self.locals: dict[tuple[str | None, str], str] = {}
        self.absent: dict[tuple[str | None, str], str] = {}
        for column in self.table.columns:
            if bound := self.bound.get(column.column.name):
                where = (_operation(bound), bound.member)
                if where not in self.locals:
                    self.locals[where] = unique(_variable(bound.member), self.taken)
                if column.type.type is not None and column.type.type.absent:
                    self.absent[where] = column.type.type.absent

    def response(self, operation: str, path: str, auxiliary: Auxiliary | None) -> _Response:
        way = steps(path)
        trail = self.responses.trail(operation, path)
        if auxiliary is None:
            type = "Response" if way else "Item"
            return _Response(operation, way, trail, "item", type, "Item")
        parameter = unique(_variable(operation), self.taken)
        self.taken.add(f"{parameter}_item")
        type = unique(f"{class_name(operation)}Response", self.types)
        item = unique(f"{class_name(operation)}Item", self.types) if way else type
        return _Response(operation, way, trail, parameter, type, item, auxiliary)

    # --- the module -------------------------------------------------------------------------------

    def render(self) -> str:
        row = self.row()
        inputs = [*self.inputs(self.primary)]
        for auxiliary in self.auxiliary:
            inputs += self.inputs(auxiliary)
        mapped = sorted(
            {member for operation, member in self.locals if operation is None}
            | ({"ResponseMetadata"} if self.primary.whole else set())
        )
        body = self.from_item()
        text = {
            "row": row,
            "inputs": inputs,
            "functions": [
                *self.helpers,
                *(self.finder(one) for one in self.auxiliary if not one.whole),
            ],
            "mapped": [lay_out_item(python_literal(member), 2) for member in mapped],
            "from_item_parameters": self.parameters(several=False),
            "from_item": body,
            "from_response_parameters": self.parameters(several=self.primary.several),
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
            auxiliary=self.auxiliary,
            key=self.table.table.key,
            response_type=self.primary.response_type,
            several=self.primary.several,
            imports=self.imports.groups(),
            **text,
        )

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

    def inputs(self, response: _Response) -> Iterator[str]:
        """The types of a response, innermost first: only the members that are read, so that
        stubs which are older than the record still fit."""
        operation = response.auxiliary.operation if response.auxiliary else None
        members = sorted(member for where, member in self.locals if where == operation)
        yield input_dict(
            response.item_type,
            [
                (
                    member,
                    self.importing(self.shapes.input_type(self.member(response.item, member))),
                )
                for member in members
            ],
            self.imports,
        )
        inner = response.item_type
        for number in reversed(range(len(response.steps))):
            step = response.steps[number]
            name = response.response_type
            if number:
                entry = f"{class_name(response.steps[number - 1].member)}Entry"
                name = unique(entry, self.types)
            annotation = f"Sequence[{inner}]" if step.each else inner
            yield input_dict(name, [(step.member, annotation)], self.imports)
            inner = name

    # --- functions --------------------------------------------------------------------------------

    def parameters(self, *, several: bool) -> list[str]:
        """Keyword parameters. Where there are several items, what belongs to one is asked for with
        a function of the item."""

        parameters = [
            (one.parameter, f"{one.response_type} | None" if several else one.response_type)
            for one in self.auxiliary
        ]
        if key := self.key_column():
            parameters.append(("key", key.type.row))
        annotations = [
            (name, f"Callable[[Item], {kind}] | None" if several else f"{kind} | None")
            for name, kind in parameters
        ]
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
            name = python_literal(member)
            fetch = f"{one.source}.get({name})"
            if one.auxiliary is not None:
                # An operation that was asked for this and answers without it has said something.
                if absent := self.absent.get((filler, member)):
                    fetch = f"{one.source}.get({name}, {absent})"
                fetch = f"None if {one.source} is None else {fetch}"
            lines.append(lay_out_value(f"{variable} = ", fetch, 1))
        lines += self.key()
        lines.append("    return {")
        lines += [self.entry(column) for column in self.table.columns]
        lines.append("    }")
        return lines

    def key(self) -> list[str]:
        """The statements that settle the key's value."""
        column = self.key_column()
        if column is None:
            return []
        at = python_literal(self.at(column))
        lines: list[str] = []
        reason = "nothing is bound to it; pass key="
        if bound := self.bound.get(column.column.name):
            variable = self.locals[_operation(bound), bound.member]
            lines += ["    if key is None:", f"        key = {variable}"]
            reason = f"the response has no {bound.member}; pass key="
        error = self.imports.converter("ConversionError")
        raised = lay_out(f"raise {error}({at}, {python_literal(reason)})", 2)
        return [*lines, "    if key is None:", raised]

    def entry(self, column: LinkedColumn) -> str:
        """The column's entry in the dict that is returned."""
        name = column.column.name
        key, at = python_literal(name), python_literal(self.at(column))
        bound = self.bound.get(name)
        if name == self.table.table.key:
            return lay_out_item(f"{key}: {self.conversion(column.type, None, 'key', at)}", 2)
        if bound is None:
            return lay_out_item(f"{key}: None", 2)
        variable = self.locals[_operation(bound), bound.member]
        if isinstance(bound, DerivedColumn) and bound.rule == "account_from_arn":
            converted = f"{self.imports.converter('arn_account')}({variable}, {at})"
        else:
            converted = self.conversion(column.type, self.shape(column), variable, at)
        choice = f"None if {variable} is None else {converted}"
        return lay_out_value(f"{key}: ", choice, 2, ",")

    def finder(self, response: _Response) -> str:
        """The function that yields the items in an auxiliary response."""
        self.imports.annotation("Iterator")
        head = lay_out_function(
            _finder(response),
            f"response: {response.response_type}",
            f"Iterator[{response.item_type}]",
        )
        walk = _walk(response.steps, lambda item, depth: lay_out(f"yield {item}", depth))
        return "\n".join([head, *walk])

    def from_response(self) -> list[str]:
        names = [one.parameter for one in self.auxiliary]
        if self.key_column():
            names.append("key")

        def leaf(item: str, depth: int) -> str:
            passed = [
                f"{name}=None if {name} is None else {name}({item})"
                if self.primary.several
                else f"{name}={name}"
                for name in names
            ]
            return lay_out(f"yield from_item({', '.join([item, *passed, 'errors=errors'])})", depth)

        return list(_walk(self.primary.steps, leaf))

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
        if bound is None:
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
        if shape is not None and _is_json(type):
            return self.importing(self.shapes.row_type(shape))
        return type.row

    def conversion(self, type: Resolved, shape: Shape | None, value: str, at: str) -> str:
        """The expression that converts a column's value."""
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


def _operation(bound: BoundColumn | DerivedColumn) -> str | None:
    return bound.operation if isinstance(bound, BoundColumn) else None


def _variable(name: str) -> str:
    """A local variable for a member or an operation."""
    variable = snake_case(name)
    return variable if variable.isidentifier() else f"_{variable}"


def _finder(response: _Response) -> str:
    return f"_items_of_{response.parameter}"


def _walk(way: Iterable[Step], leaf: Callable[[str, int], str]) -> Iterator[str]:
    """The statements that go along a path from ``response``, and ``leaf`` for each item."""
    source, depth = "response", 1
    taken = {"response", "key", "errors"}
    for step in way:
        found = unique(_variable(step.member), taken)
        yield lay_out(f"{found} = {source}.get({python_literal(step.member)})", depth)
        if step.each:
            source = unique(f"{found}_entry", taken)
            yield "    " * depth + f"for {source} in {found} or ():"
        else:
            source = found
            yield "    " * depth + f"if {found} is not None:"
        depth += 1
    yield leaf(source, depth)
