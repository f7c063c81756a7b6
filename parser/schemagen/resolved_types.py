"""Resolve data types of pages, by the rows of the type table and by the user's rows and rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from schemagen.names import MODEL_BUILTINS, MODEL_IMPORTS, OF_TEMPLATE, class_name
from schemagen.typetable import (
    NOTATIONS,
    PYTHON_TYPE,
    SCALARS_BY_NAME,
    TYPES,
    Dialect,
    JsonSchema,
    NestedScalar,
    Notation,
    SqlType,
    Type,
    array_row,
    array_schema,
    nullable,
)

PAGE_RULE = "the page"
"""The rule of a type that is taken from the page."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A DDSQL type expression, resolved: a row of the table, or an array of a resolved type.

    ``rule`` describes what chose the type, for people: the page, or a rule of the settings.
    """

    expression: str
    type: Type | None
    element: Resolved | None = None
    rule: str = PAGE_RULE

    @property
    def scalar(self) -> Type:
        """The row at the bottom of the arrays."""
        if self.type is not None:
            return self.type
        assert self.element is not None
        return self.element.scalar

    @property
    def is_json(self) -> bool:
        """Whether a structure can narrow the type.

        Its schema must allow everything, and its conversion must be that of json: no structure describes
        the values of another conversion, which a user's row may choose.
        """
        return (
            self.type is not None
            and not self.type.json_schema
            and self.type.convert == SCALARS_BY_NAME["json"].convert
        )

    @property
    def is_string(self) -> bool:
        """Whether documented values can narrow the type."""
        return self.type is not None and self.type.is_string

    @property
    def json_schema(self) -> JsonSchema:
        """The schema of a value that is not null, annotated with `PYTHON_TYPE`."""
        if self.element is not None:
            return array_schema(nullable(self.element.json_schema))
        return annotated(self.scalar)

    @property
    def row(self) -> str:
        """The annotation of a value that is not null in a mapper's row."""
        if self.element is not None:
            return array_row(self.element.row)
        return self.scalar.row

    def sql(self, dialect: Dialect) -> SqlType:
        """Return the type in ``dialect``. An array is encoded element by element."""
        if self.element is None:
            return self.scalar.sql[dialect.name]
        if self.element.element is not None and dialect.nested_array is not None:
            return dialect.nested_array
        element = self.element.sql(dialect)
        return SqlType(
            name=dialect.array.replace("{}", element.name),
            encode=element.encode,
            decode=element.decode,
            via=dialect.array.replace("{}", element.via) if element.via else "",
            fetched=dialect.array.replace("{}", element.fetched) if element.fetched else "",
            extension=element.extension,
            depth=element.depth + 1,
            wire=element.wire,
        )

    def spelled(self, notation: Notation) -> str:
        """Spell the type in ``notation``. Raises `NotSpelled`."""
        if isinstance(notation, Dialect):
            return self.sql(notation).name
        if self.element is None:
            name = self.scalar.spelling(notation.name)
            if name is None:
                raise NotSpelled(self.scalar.name)
            return name
        if not notation.array:
            raise NotSpelled("array<T>")
        return notation.array.replace("{}", self.element.spelled(notation))

    @property
    def depth(self) -> int:
        """How many arrays are nested."""
        return 0 if self.element is None else 1 + self.element.depth


def annotated(row: Type) -> JsonSchema:
    """Return a row's JSON Schema, annotated with the Python type for the models."""
    return {**row.json_schema, PYTHON_TYPE: row.python.dotted}


class NotSpelled(LookupError):
    """A notation has no spelling for ``type``, a DDSQL type or "array<T>"."""

    def __init__(self, type: str) -> None:
        self.type = type
        super().__init__(f"no spelling for {type}")


def innermost_type(expression: str) -> str:
    """Return the name of the elements in a type expression: ``array<array<string>>`` -> ``string``."""
    return expression.rpartition("<")[2].rstrip("> ")


class UnknownType(ValueError):
    """Raised for a name that no row has. The message lists the known names."""


class ArraysTooDeep(UnknownType):
    """Raised for a type expression that nests arrays deeper than `MAX_ARRAYS`."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A user's rule: columns that match have this type, whatever the page says.

    ``table`` and ``column`` are names or glob patterns; ``was`` restricts the rule to columns whose
    page says this type ("" is any).
    """

    type: str
    table: str = "*"
    column: str = "*"
    was: str = ""

    @property
    def exact(self) -> bool:
        """Whether the rule names one column of one table, without patterns."""
        return not _GLOB.search(self.table + self.column)

    def matches(self, table: str, column: str, type: str) -> bool:
        return (
            fnmatchcase(table, self.table)
            and fnmatchcase(column, self.column)
            and self.was in ("", type)
        )

    def __str__(self) -> str:
        was = f", was {self.was}" if self.was else ""
        return f"the settings' rule for {self.table}.{self.column}{was}"


_GLOB = re.compile(r"[*?\[]")
_ARRAY = re.compile(r"array\s*<(.+)>", re.DOTALL)

MAX_ARRAYS = 8
"""How deep a type expression may nest arrays; no engine supports more than a few levels."""


@dataclass(frozen=True, slots=True)
class TypeTable:
    """The rows in force: `TYPES`, overridden and extended by the user's rows, and the user's rules.

    ``notations`` are the columns in force: those of the targets that are built.
    """

    types: Mapping[str, Type] = field(default_factory=lambda: {row.name: row for row in TYPES})
    rules: tuple[Rule, ...] = ()
    notations: tuple[Notation, ...] = NOTATIONS

    @property
    def dialects(self) -> tuple[Dialect, ...]:
        """The notations into which rows are loaded."""
        return tuple(item for item in self.notations if isinstance(item, Dialect))

    def notation(self, name: str) -> Notation:
        """Return the notation called ``name``, which must be in force."""
        [found] = [notation for notation in self.notations if notation.name == name]
        return found

    @property
    def known(self) -> str:
        """The type expressions that `resolve` accepts, as a list for people."""
        return ", ".join([*self.types, "array<T>"])

    @property
    def python_names(self) -> frozenset[str]:
        """The names under which models import the types of their columns."""
        return frozenset(self.python_aliases.values())

    @property
    def python_aliases(self) -> Mapping[str, str]:
        """What models call the types of their columns, by the types' dotted names.

        A class of the settings whose own name is taken has that of its module in front.
        """
        classes = {
            row.python.dotted: row.python
            for row in (*TYPES, *(self.types[name] for name in sorted(self.types)))
        }
        aliases: dict[str, str] = {}
        taken = {*MODEL_IMPORTS, *MODEL_BUILTINS, *OF_TEMPLATE, "annotations"}
        for dotted, python in classes.items():
            alias = python.name
            while alias in taken:
                alias = class_name(f"{python.module.replace('.', '_')}_{alias}")
            aliases[dotted] = alias
            taken.add(alias)
        return aliases

    def resolve(self, expression: str) -> Resolved:
        """Resolve a type expression, such as ``"array<string>"``.

        Raises `UnknownType` if no row has the name, and `ArraysTooDeep` for too many nested arrays.
        """
        if expression.count("<") > MAX_ARRAYS:
            raise ArraysTooDeep(
                f"arrays are nested deeper than {MAX_ARRAYS} levels: {expression[:60]!r}…"
            )
        text = expression.strip()
        if match := _ARRAY.fullmatch(text):
            element = self.resolve(match[1])
            return Resolved(f"array<{element.expression}>", None, element)
        row = self.types.get(text)
        if row is None:
            raise UnknownType(f"unknown data type {expression!r}; known types: {self.known}")
        return Resolved(text, row)

    def ranked_rules(self, table: str, column: str, expression: str) -> list[Rule]:
        """Return the rules that match a column, the one that wins first.

        Exact rules win over those with patterns, and later ones over earlier ones.
        """
        type = expression.strip()
        latest = [rule for rule in reversed(self.rules) if rule.matches(table, column, type)]
        return sorted(latest, key=lambda rule: not rule.exact)

    def resolve_column(self, table: str, column: str, expression: str) -> Resolved:
        """Resolve the type of a column: by the rule that wins, or else by the page's ``expression``.
        Raises `UnknownType`."""
        ranked = self.ranked_rules(table, column, expression)
        if not ranked:
            return self.resolve(expression)
        return replace(self.resolve(ranked[0].type), rule=str(ranked[0]))

    def nested(self, name: str) -> tuple[NestedScalar, Type]:
        """Return the scalar ``name`` of `SCALARS`, and the row of its type inside JSON."""
        scalar = SCALARS_BY_NAME[name]
        return scalar, self.types[scalar.type]
