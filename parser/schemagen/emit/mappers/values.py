"""The values of a mapper's columns: their annotations, and the expressions that convert them.

The type table decides how a column is converted, and the recorded shape how the values inside a json
column are.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from schemagen.emit import paths
from schemagen.emit.imports import Imports
from schemagen.emit.layout import lay_out
from schemagen.emit.mappers.plan import MapperPlan
from schemagen.emit.shapes import ShapeNames
from schemagen.model.shapes import ListOf, MapOf, Scalar, Shape, StructureRef
from schemagen.names import module_name
from schemagen.resolved_types import Resolved
from schemagen.runtime import convert
from schemagen.typetable import FROM_MAP_TEXT, SCALARS_BY_NAME, array_row

_JSON = SCALARS_BY_NAME["json"]
_TEXT = SCALARS_BY_NAME["string"]


@dataclass(frozen=True)
class Values:
    """The values of one mapper.

    ``imports`` and ``helpers``, functions that the module has to define, are collected while
    expressions are rendered.
    """

    provider: str
    shapes: ShapeNames
    imports: Imports = field(default_factory=lambda: Imports("..."))
    helpers: list[str] = field(default_factory=list[str])

    @classmethod
    def of(cls, plan: MapperPlan) -> Values:
        return cls(plan.table.table.provider, ShapeNames(plan.service, "shapes."))

    def input_type(self, shape: Shape) -> str:
        """Annotate an input value."""
        return self._with_shapes(self.shapes.input_type(shape))

    def row_type(self, type: Resolved, shape: Shape | None) -> str:
        """Annotate a column's value that is not None."""
        if type.element is not None:
            inner = shape.element if isinstance(shape, ListOf) else None
            return array_row(self.row_type(type.element, inner))
        if shape is not None and type.is_json and not _unlike(type, shape):
            return self._with_shapes(self.shapes.row_type(shape))
        return type.row

    def conversion(
        self, type: Resolved, shape: Shape | None, value: str, at: str, *, at_key: bool = False
    ) -> str:
        """Make the expression that converts the expression ``value`` for a column.

        The expression ``at`` names the column in messages. ``at_key`` means the value at a key of a map.
        """
        if unlike := _unlike(type, shape, at_key=at_key):
            return f"{self.imports.converter(unlike)}({value}, {at}, errors)"
        if shape is not None and type.is_json:
            # Look for names in an expression without literals, which may hold any text.
            self._with_shapes(self.shapes.conversion(shape, "value", "at", self.imports))
            return self.shapes.conversion(shape, value, at, self.imports)
        if type.element is not None:
            inner = shape.element if isinstance(shape, ListOf) else None
            array = self.imports.converter("array")
            return f"{array}({value}, {at}, errors, {self._converter(type.element, inner)})"
        return f"{self.imports.converter(type.scalar.convert)}({value}, {at}, errors)"

    def _converter(self, type: Resolved, shape: Shape | None) -> str:
        """Name the function that converts an element of an array."""
        if unlike := _unlike(type, shape):
            return self.imports.converter(unlike)
        if shape is not None and type.is_json:
            return self._with_shapes(self.shapes.converter(shape, self.imports))
        if type.element is not None:
            return self._array_helper(type, shape)
        return self.imports.converter(type.scalar.convert)

    def _array_helper(self, type: Resolved, shape: Shape | None) -> str:
        """Add a helper for arrays inside an array, and return its name."""
        row = self.imports.annotation(self.row_type(type, shape))
        errors = self.imports.annotation("Errors")
        body = lay_out("return " + self.conversion(type, shape, "value", "at"), 1)
        name = f"_array_{len(self.helpers) + 1}"
        head = lay_out(f"def {name}(value: object, at: str, errors: {errors}) -> {row}:")
        self.helpers.append(f"{head}\n{body}")
        return name

    def _with_shapes(self, code: str) -> str:
        """Import the module of the service's shapes if ``code`` uses it, and return ``code``."""
        if self.shapes.prefix in code:
            module = module_name(self.shapes.service.name)
            self.imports.package(f"shapes.{paths.folder(self.provider)}", module, "shapes")
        return code


def _unlike(type: Resolved, shape: Shape | None, *, at_key: bool = False) -> str:
    """Name the converter for text that fills a json column, and for json that fills a text column.

    At a key of a map, text may fill a column of any type. "" is for all other pairs.
    """
    if type.element is not None:
        return ""
    if at_key and shape == Scalar(_TEXT.name) and type.scalar.convert in FROM_MAP_TEXT:
        return FROM_MAP_TEXT[type.scalar.convert]
    if type.is_json and shape == Scalar(_TEXT.name):
        return convert.parse_document.__name__
    decoded = isinstance(shape, StructureRef | ListOf | MapOf) or shape == Scalar(_JSON.name)
    return convert.text_or_json.__name__ if type.scalar.convert == _TEXT.convert and decoded else ""
