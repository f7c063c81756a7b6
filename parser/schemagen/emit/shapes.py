"""The module that the mappers of one service share: its recorded structures.

Each structure becomes an input type, a row type and the function that converts one to the other.
Mappers refer to them through `ShapeNames`, which chooses every name once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from keyword import iskeyword

from schemagen.emit import paths, templating
from schemagen.emit.imports import RESERVED, Imports
from schemagen.emit.layout import lay_out, lay_out_empty, lay_out_item, lay_out_value
from schemagen.emit.parts import RenderContext, ShapesModule
from schemagen.emit.strongly_connected import strongly_connected
from schemagen.emit.typed_dicts import input_dict, typed_dict
from schemagen.model.recorded import RecordedService, RecordedStructure
from schemagen.model.shapes import ListOf, MapOf, Scalar, Shape, StructureRef, structure_names
from schemagen.names import NestedNames, class_name, python_literal, snake_case
from schemagen.targets.registry import Target
from schemagen.typetable import (
    SCALARS_BY_NAME,
    STRICT,
    array_row,
    map_row,
)

_JSON = Scalar("json")


@dataclass(frozen=True)
class Helper:
    """A function for a container inside a container: the container's shape, and whether it takes
    values of any shape."""

    shape: Shape
    strict: bool


@dataclass(frozen=True)
class ShapeNames:
    """All names in the module of a service's structures.

    ``prefix`` is put before each where another module refers to them ("shapes.").
    """

    service: RecordedService
    prefix: str = ""

    @cached_property
    def structures(self) -> Mapping[str, RecordedStructure]:
        """The recorded structures, dependencies first. Responses are left out unless they fill a column
        or are a member of another structure, because each mapper defines the type of its response.
        """
        recorded = {structure.name: structure for structure in self.service.structures}
        outputs = dict(self.service.outputs)
        used = {name for structure in recorded.values() for name in self._edges(structure)}
        used |= {outputs[operation] for operation in self.service.whole_responses}
        return {
            name: recorded[name]
            for component in self._components
            for name in sorted(component)
            if name in used or name not in outputs.values()
        }

    @cached_property
    def inputs(self) -> Mapping[str, str]:
        """Structure -> its input type."""
        taken = set(RESERVED)
        return {name: unique(f"{class_name(name)}Input", taken) for name in sorted(self.structures)}

    @cached_property
    def rows(self) -> Mapping[str, str]:
        """Structure -> its row type."""
        taken = {*RESERVED, *self.inputs.values()}
        return {name: unique(f"{class_name(name)}Row", taken) for name in sorted(self.structures)}

    @cached_property
    def functions(self) -> Mapping[str, str]:
        """Structure -> the function that converts it."""
        taken: set[str] = set()
        return {name: unique(f"to_{snake_case(name)}", taken) for name in sorted(self.structures)}

    @cached_property
    def helpers(self) -> Mapping[str, Helper]:
        """The functions for containers inside containers, by name."""
        found: dict[str, Helper] = {}

        def add(shape: Shape, strict: bool) -> None:
            inner = _inner(shape)
            if inner is not None and _inner(inner) is not None:
                found[self._helper(inner, strict)] = Helper(inner, strict)
                add(inner, strict)

        for structure in self.service.structures:
            for member in structure.members:
                add(member.in_rows, member.row_shape is not None)
        return dict(sorted(found.items()))

    def input_type(self, shape: Shape) -> str:
        """Annotate an input value.

        Structures without members and recursive ones are any mapping: boto3's stubs type them as
        ``dict[str, Any]``.
        """
        match shape:
            case Scalar(name):
                return SCALARS_BY_NAME[name].boto3
            case StructureRef(name):
                if name in self._open:
                    return "Mapping[str, object]"
                return self.prefix + self.inputs[name]
            case ListOf(element):
                return f"Sequence[{self.input_type(element)}]"
            case MapOf(value):
                return f"Map[{self.input_type(value)}]"

    def row_type(self, shape: Shape) -> str:
        """Annotate a value in a row's json column."""
        match shape:
            case Scalar(name):
                return SCALARS_BY_NAME[name].row
            case StructureRef(name):
                return self.prefix + self.rows[name]
            case ListOf(element):
                return array_row(self.row_type(element))
            case MapOf(value):
                return map_row(self.row_type(value))

    def conversion(
        self, shape: Shape, value: str, at: str, imports: Imports, *, strict: bool = False
    ) -> str:
        """Make the expression that converts the expression ``value``; ``at`` names it in messages.

        ``strict`` accepts values of any shape, and rejects those that are not of ``shape``.
        """
        match shape:
            case ListOf(element) | MapOf(element):
                name = "array" if isinstance(shape, ListOf) else "mapping"
                inner = self.converter(element, imports, strict=strict)
                # What follows the page is of its type, and only json includes null.
                nulls = ", nulls=False" if strict and element != _JSON else ""
                return f"{imports.converter(name)}({value}, {at}, errors, {inner}{nulls})"
            case Scalar() | StructureRef():
                return f"{self.converter(shape, imports, strict=strict)}({value}, {at}, errors)"

    def converter(self, shape: Shape, imports: Imports, *, strict: bool = False) -> str:
        """Name the function that converts a value of ``shape``."""
        match shape:
            case Scalar(name):
                return imports.converter(_scalar_converter(name, strict))
            case StructureRef(name):
                return self.prefix + self.functions[name]
            case ListOf() | MapOf():
                return self.prefix + self._helper(shape, strict)

    def _helper(self, shape: Shape, strict: bool) -> str:
        """Name a helper, unlike any structure's function: those start with ``to_``."""
        match shape:
            case Scalar(name):
                return _scalar_converter(name, strict)
            case StructureRef(name):
                return self.functions[name].removeprefix("to_")
            case ListOf(inner) | MapOf(inner):
                kind = "list_of" if isinstance(shape, ListOf) else "map_of"
                kind = f"strict_{kind}" if strict else kind
                return f"{kind}_{self._helper(inner, strict)}"

    @cached_property
    def _components(self) -> list[list[str]]:
        return strongly_connected(
            {
                structure.name: list(self._edges(structure))
                for structure in sorted(self.service.structures, key=lambda item: item.name)
            }
        )

    @cached_property
    def _open(self) -> frozenset[str]:
        """The structures whose input type accepts any mapping."""
        circular = {
            name for component in self._components if len(component) > 1 for name in component
        }
        return frozenset(
            name
            for name, structure in self.structures.items()
            if not structure.members or name in circular or name in self._edges(structure)
        )

    @staticmethod
    def _edges(structure: RecordedStructure) -> list[str]:
        return [name for member in structure.members for name in structure_names(member.shape)]


def unique(name: str, taken: set[str]) -> str:
    """Append underscores to ``name`` until it is not in ``taken``, and add it there."""
    while name in taken or iskeyword(name):
        name += "_"
    taken.add(name)
    return name


def _scalar_converter(name: str, strict: bool) -> str:
    return STRICT[name] if strict else SCALARS_BY_NAME[name].convert


def _inner(shape: Shape) -> Shape | None:
    """Return the shape of a container's elements; None for other shapes."""
    match shape:
        case ListOf(inner) | MapOf(inner):
            return inner
        case Scalar() | StructureRef():
            return None


# --- the module -----------------------------------------------------------------------------------


def render_services(
    parts: Sequence[ShapesModule], target: Target, context: RenderContext
) -> list[str]:
    """Render the modules of services."""
    return [render_shapes(part.service, context.settings.nested_names) for part in parts]


def render_shapes(service: RecordedService, nested_names: NestedNames) -> str:
    """Render the module of a service's structures."""
    names = ShapeNames(service)
    imports = Imports("...")
    definitions = [_input(names, structure, imports) for structure in names.structures.values()]
    defined: set[str] = set()
    for structure in names.structures.values():
        definitions.append(_row(names, structure, nested_names, defined, imports))
        defined.add(structure.name)
    definitions += [_helper(names, name, helper, imports) for name, helper in names.helpers.items()]
    functions = [
        _function(names, structure, nested_names, imports)
        for structure in sorted(names.structures.values(), key=lambda item: item.name)
    ]
    return templating.render(
        "mappers/shapes.py.j2",
        notice=paths.notice(f"the lock of {service.name}"),
        service=service.name,
        imports=imports.groups(),
        definitions=[*definitions, *functions],
    )


def _input(names: ShapeNames, structure: RecordedStructure, imports: Imports) -> str:
    return input_dict(
        names.inputs[structure.name],
        ((member.name, names.input_type(member.shape)) for member in structure.members),
        imports,
    )


def _row(
    names: ShapeNames,
    structure: RecordedStructure,
    nested_names: NestedNames,
    defined: set[str],
    imports: Imports,
) -> str:
    keys = nested_names.of(member.name for member in structure.members)
    annotations: dict[str, str] = {}
    for member in structure.members:
        annotation = imports.annotation(names.row_type(member.in_rows))
        later = set(structure_names(member.in_rows)) - defined
        annotations[keys[member.name]] = python_literal(annotation) if later else annotation
    imports.annotation("TypedDict")
    return typed_dict(names.rows[structure.name], annotations, total=False)


def _helper(names: ShapeNames, name: str, helper: Helper, imports: Imports) -> str:
    row = imports.annotation(names.row_type(helper.shape))
    errors = imports.annotation("Errors")
    head = lay_out(f"def {name}(value: object, at: str, errors: {errors}) -> {row}:")
    conversion = names.conversion(helper.shape, "value", "at", imports, strict=helper.strict)
    body = lay_out("return " + conversion, 1)
    return f"{head}\n{body}"


def _function(
    names: ShapeNames, structure: RecordedStructure, nested_names: NestedNames, imports: Imports
) -> str:
    """Make the constant with a structure's members, and the function that converts it."""
    keys = nested_names.of(member.name for member in structure.members)
    members: list[dict[str, str]] = []
    for member in structure.members:
        api, key = python_literal(member.name), python_literal(keys[member.name])
        conversion = names.conversion(
            member.in_rows, "member", "at", imports, strict=member.row_shape is not None
        )
        members.append(
            {
                "fetch": lay_out_value("member = ", f"members.get({api})", 2),
                "store": lay_out_value(f"row[{key}] = ", conversion, 3),
                "entry": lay_out_item(f"{api}: {key}", 1),
            }
        )
    for converter in ("at_member", "keep_unknown", "structure", "ConversionError"):
        imports.converter(converter)
    function, row = names.functions[structure.name], names.rows[structure.name]
    errors = imports.annotation("Errors")
    rename = imports.converter("snake_case") if nested_names is NestedNames.SNAKE_CASE else "str"
    constant = f"_{function.upper()}"
    return templating.render(
        "mappers/function.py.j2",
        head=lay_out(f"def {function}(value: object, at: str, errors: {errors}) -> {row}:"),
        constant=constant,
        declared=lay_out_empty("row", row, 1),
        members=members,
        failed=lay_out(f"raise at_member(error, at, members, row, {constant}) from None", 2),
        unknown=lay_out(f"keep_unknown(row, members, {constant}, at, errors, {rename})", 2),
    ).rstrip()
