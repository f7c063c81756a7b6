"""Renders the JSON Schema 2020-12 of a table's rows, as mappers return them.

`table_schema` annotates the schema with `PYTHON_TYPE`, for the models that are generated from it;
`render` strips the annotations.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, cast

from schemagen.catalog import LinkedColumn, LinkedParameter, LinkedTable
from schemagen.emit import paths
from schemagen.emit.parts import RenderContext
from schemagen.model.pages import DocumentedMember, DocumentedValue, Structure
from schemagen.model.shapes import ListOf, MapOf, Scalar, Shape, StructureRef
from schemagen.names import NestedNames
from schemagen.resolved_types import Resolved, TypeTable, annotated
from schemagen.targets.registry import Target
from schemagen.typetable import (
    PYTHON_TYPE,
    JsonSchema,
    array_schema,
    map_schema,
    nullable,
    object_schema,
    open_enumeration,
)

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def table_schema(
    table: LinkedTable, types: TypeTable, nested_names: NestedNames, base_uri: str
) -> JsonSchema:
    """Build the annotated schema of a table's row. Only the key is required and not null."""
    key = table.table.key
    properties = {column.column.name: _column(column, types, key) for column in table.columns}
    schema: JsonSchema = {
        "$schema": DIALECT,
        "$id": f"{base_uri}{table.table.id}",
        "$comment": paths.notice(table.table.id),
        "title": table.table.title,
        **_documentation(table.table.documentation, table.table.deprecated is not None),
        **object_schema(properties, [key] if key else [], closed=True),
    }
    definitions: JsonSchema = {
        name: structure_schema(structure, types, nested_names)
        for structure, name in zip(table.structures, _definition_names(table), strict=True)
    }
    if table.parameters:
        definitions[table.parameters_class] = _parameters(table.parameters)
    if definitions:
        schema["$defs"] = definitions
    return _qualified(schema, table)


def _definition_names(table: LinkedTable) -> list[str]:
    """Return the names of the table's structures in its schema: their own, prefixed with the service
    if another service's structure, or the model of the parameters, has the same name."""
    counts = Counter(structure.name for structure in table.structures)
    counts[table.parameters_class] += 1
    return [
        structure.name if counts[structure.name] == 1 else f"{structure.service}.{structure.name}"
        for structure in table.structures
    ]


def _qualified(schema: JsonSchema, table: LinkedTable) -> JsonSchema:
    """Return ``schema`` with its references changed to `_definition_names`."""
    names = {
        structure_reference(structure.service, structure.name): name
        for structure, name in zip(table.structures, _definition_names(table), strict=True)
        if name != structure.name
    }

    def qualified(part: JsonSchema) -> JsonSchema:
        name = names.get(part[PYTHON_TYPE])
        return {**part, "$ref": f"#/$defs/{name}"} if name else part

    return rewrite(schema, qualified) if names else schema


def structure_schema(
    structure: Structure, types: TypeTable, nested_names: NestedNames
) -> JsonSchema:
    """Build the annotated schema of a structure. Members that AWS adds later are allowed."""
    keys = nested_names.of([member.name for member in structure.members])
    return {
        **_documentation(structure.description, False),
        **object_schema(
            {
                keys[member.name]: _member(member, structure.service, types)
                for member in structure.members
            },
            [keys[member.name] for member in structure.members if member.required],
            closed=False,
        ),
    }


def render_tables(
    tables: Sequence[LinkedTable], target: Target, context: RenderContext
) -> list[str]:
    """Render the schemas of ``tables``."""
    settings = context.settings
    return [
        render(table_schema(table, settings.types, settings.nested_names, settings.base_uri))
        for table in tables
    ]


def render(schema: JsonSchema) -> str:
    """Render an annotated schema without its annotations, after a check against the meta-schema.

    Raises `jsonschema.SchemaError` if the schema is invalid, which would be a defect of schemagen.
    """
    plain = rewrite(schema, _without_annotation)
    _check(plain)
    # json.dumps escapes what is not ASCII, so lone surrogates and bidirectional controls stay visible.
    return json.dumps(plain, indent=2) + "\n"


def rewrite(schema: JsonSchema, replace: Callable[[JsonSchema], JsonSchema]) -> JsonSchema:
    """Replace every part of ``schema`` that `PYTHON_TYPE` annotates with ``replace(part)``.

    Names of properties and definitions, and documented values, are data and left alone.
    """
    if PYTHON_TYPE in schema:
        return replace(schema)
    rewritten: JsonSchema = {}
    for keyword, value in schema.items():
        if keyword in ("properties", "$defs"):
            parts = cast("dict[str, JsonSchema]", value)
            rewritten[keyword] = {name: rewrite(part, replace) for name, part in parts.items()}
        elif keyword == "anyOf":
            options = cast("list[JsonSchema]", value)
            rewritten[keyword] = [rewrite(option, replace) for option in options]
        elif isinstance(value, dict):
            rewritten[keyword] = rewrite(cast("JsonSchema", value), replace)
        else:
            rewritten[keyword] = value
    return rewritten


def _without_annotation(part: JsonSchema) -> JsonSchema:
    return {keyword: value for keyword, value in part.items() if keyword != PYTHON_TYPE}


def _column(column: LinkedColumn, types: TypeTable, key: str | None) -> JsonSchema:
    source = column.column
    if column.shape is not None:
        schema = _narrowed(column.type, column.shape, column.service, types)
    else:
        schema = column.type.json_schema
        if column.type.is_string:
            schema = _enumeration(source.values, schema)
    if source.name != key:
        schema = _or_null(schema)
    title: JsonSchema = {"title": source.title} if source.title else {}
    return {**title, **_documentation(source.description, False), **schema}


def _narrowed(type: Resolved, shape: Shape, service: str, types: TypeTable) -> JsonSchema:
    """Build the schema of a column whose json has ``shape``."""
    if type.element is not None and isinstance(shape, ListOf):
        return array_schema(nullable(_narrowed(type.element, shape.element, service, types)))
    return _shape(shape, service, types)


def _member(member: DocumentedMember, service: str, types: TypeTable) -> JsonSchema:
    schema = _shape(member.shape, service, types, member.values)
    if not member.required:
        schema = _or_null(schema)
    return {**_documentation(member.description, False), **schema}


def _parameters(parameters: Iterable[LinkedParameter]) -> JsonSchema:
    properties: JsonSchema = {}
    required: list[str] = []
    for parameter in parameters:
        schema = parameter.type.json_schema
        if parameter.parameter.required:
            required.append(parameter.parameter.name)
        else:
            schema = _or_null(schema)
        properties[parameter.parameter.name] = {
            **_documentation(parameter.parameter.description, False),
            **schema,
        }
    return object_schema(properties, required, closed=True)


def _shape(
    shape: Shape, service: str, types: TypeTable, values: Iterable[DocumentedValue] = ()
) -> JsonSchema:
    """Build the schema of a shape. ``values`` are the documented values of its innermost strings.

    Elements of lists and values of maps may be null, because mappers keep nulls there.
    """
    match shape:
        case Scalar(name):
            scalar, row = types.nested(name)
            return _enumeration(values if scalar.name == "string" else (), annotated(row))
        case StructureRef(name):
            return {"$ref": f"#/$defs/{name}", PYTHON_TYPE: structure_reference(service, name)}
        case ListOf(element):
            return array_schema(_or_null(_shape(element, service, types, values)))
        case MapOf(value):
            return map_schema(_or_null(_shape(value, service, types, values)))


def structure_reference(service: str, name: str) -> str:
    """Return the annotation for a structure's model, which `emit.pydantic.models` resolves."""
    return f"#{service}.{name}"


def referred(annotation: str) -> tuple[str, str] | None:
    """Return the service and structure of a `structure_reference`. None for other annotations."""
    if not annotation.startswith("#"):
        return None
    service, _, name = annotation[1:].rpartition(".")
    return service, name


def _enumeration(values: Iterable[DocumentedValue], schema: JsonSchema) -> JsonSchema:
    values = list(values)
    if not values:
        return schema
    return open_enumeration(
        [value.value for value in values if not value.deprecated],
        [value.value for value in values if value.deprecated],
        schema,
    )


def _documentation(description: str, deprecated: bool) -> JsonSchema:
    documentation: JsonSchema = {}
    if description:
        documentation["description"] = description
    if deprecated:
        documentation["deprecated"] = True
    return documentation


def _or_null(schema: JsonSchema) -> JsonSchema:
    """Allow null besides ``schema``, which is unchanged if it allows everything."""
    return nullable(schema) if set(schema) - {PYTHON_TYPE} else schema


def _check(schema: JsonSchema) -> None:
    """Check ``schema`` against the meta-schema, part by part.

    Checking whole schemas would take longer than generating the models. Without what is data in
    them, a thousand tables have a few dozen distinct parts.
    """
    _check_part(json.dumps(_without_data(schema), sort_keys=True))


def _without_data(schema: JsonSchema) -> JsonSchema:
    """Remove the values that the meta-schema accepts whatever they are.

    Properties and definitions are removed as well, because they are checked separately.
    """
    rest: JsonSchema = {}
    for keyword, value in schema.items():
        if keyword in ("properties", "$defs"):
            for part in cast("dict[str, JsonSchema]", value).values():
                _check(part)
        elif keyword == "anyOf":
            rest[keyword] = [_without_data(option) for option in cast("list[JsonSchema]", value)]
        elif isinstance(value, dict):
            rest[keyword] = _without_data(cast("JsonSchema", value))
        elif not (is_data := _DATA.get(keyword)) or not is_data(value):
            rest[keyword] = value
    return rest


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_uri(value: object) -> bool:
    return isinstance(value, str) and "#" not in value


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def _is_set_of_texts(value: object) -> bool:
    if not isinstance(value, list):
        return False
    items = cast("list[object]", value)
    return all(isinstance(item, str) for item in items) and len(set(items)) == len(items)


_DATA: Mapping[str, Callable[[object], bool]] = {
    "$comment": _is_text,
    "$id": _is_uri,
    "$ref": _is_text,
    "title": _is_text,
    "description": _is_text,
    "enum": _is_list,
    "required": _is_set_of_texts,
}
"""Keywords, and which of their values the meta-schema accepts."""


@cache
def _check_part(text: str) -> None:
    _validator().validate(json.loads(text))


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(Draft202012Validator.META_SCHEMA)
