"""Annotated JSON Schema -> pydantic v2 models, through datamodel-code-generator and black.

Leaves of the schema are types of the type table, references are structures with modules of their
own. Both are passed as import paths, so that each file is generated from its own schema only.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from datamodel_code_generator import generate
from datamodel_code_generator.enums import (
    CustomFileHeaderMode,
    DataModelType,
    InputFileType,
)
from datamodel_code_generator.format import PythonVersion
from datamodel_code_generator.parser import LiteralType

from schemagen.catalog import Catalog, LinkedTable
from schemagen.emit import paths, templating
from schemagen.emit.formatting import format_python
from schemagen.emit.imports import with_sorted_imports
from schemagen.emit.json_schema import (
    referred,
    rewrite,
    structure_reference,
    structure_schema,
    table_schema,
)
from schemagen.emit.layout import WIDTH
from schemagen.emit.pydantic import layout
from schemagen.model.pages import Structure
from schemagen.model.shapes import structure_names
from schemagen.names import (
    MODEL_IMPORTS,
    NestedNames,
    class_name,
    docstring,
    field_names,
    model_name,
)
from schemagen.typetable import PYTHON_TYPE, JsonSchema, TypeTable


@dataclass(frozen=True, slots=True)
class StructureModel:
    """The location of a structure's model: the stem of its module, and its class."""

    module: str
    name: str


StructureModels = Mapping[tuple[str, str], StructureModel]
"""(service, structure) -> the location of the structure's model."""


def structure_models(catalog: Catalog) -> dict[tuple[str, str], StructureModel]:
    """The locations of all structures, including those that no table uses."""
    by_service: dict[str, list[Structure]] = {}
    for structure in catalog.structures.values():
        by_service.setdefault(structure.service, []).append(structure)
    return {
        (service, name): StructureModel(stem, catalog.classes[service, name])
        for service, members in by_service.items()
        for name, stem in paths.structure_modules(members).items()
    }


def render_table(
    table: LinkedTable, types: TypeTable, nested_names: NestedNames, models: StructureModels
) -> str:
    """The module of a table's model, with the model of its parameters where it is a function."""
    schema = table_schema(table, types, nested_names, base_uri="")
    definitions = schema.pop("$defs", {})
    own = {name: definitions[name] for name in (table.parameters_class,) if name in definitions}
    aliases = {
        table.class_name: {column.column.name: column.field for column in table.columns},
        table.parameters_class: {
            parameter.parameter.name: parameter.field for parameter in table.parameters
        },
    }
    imported = {
        (column.service, name): models[column.service, name]
        for column in table.columns
        if column.shape is not None
        for name in structure_names(column.shape)
    }
    renamed = _renamed(table, types, imported)
    imported.update({model: replace(imported[model], name=name) for model, name in renamed.items()})
    return _generate(
        _importing({**schema, "$defs": own}, table.table.provider, imported),
        class_name=table.class_name,
        aliases=aliases,
        path=paths.model_path(table.table.provider, table.module),
        subject=table.table.id,
        renamed={alias: models[model].name for model, alias in renamed.items()},
    )


def _renamed(
    table: LinkedTable, types: TypeTable, imported: StructureModels
) -> dict[tuple[str, str], str]:
    """Aliases for ``imported`` models of the same name from different services: the service's name is
    prefixed."""
    counts = Counter(model.name for model in imported.values())
    taken = {*MODEL_IMPORTS, *types.python_names, *counts}
    taken |= {table.class_name, table.parameters_class}
    renamed: dict[tuple[str, str], str] = {}
    for (service, structure), model in sorted(imported.items(), key=lambda item: item[0]):
        if counts[model.name] > 1:
            alias = model_name(class_name(service) + model.name, taken)
            renamed[service, structure] = alias
            taken.add(alias)
    return renamed


def render_structures(
    provider: str,
    group: Iterable[Structure],
    types: TypeTable,
    nested_names: NestedNames,
    models: StructureModels,
) -> str:
    """The module of one structure, or of several that refer to each other in a cycle."""
    group = sorted(group, key=lambda structure: structure.name)
    own = {
        structure_reference(structure.service, structure.name): models[
            structure.service, structure.name
        ].name
        for structure in group
    }
    definitions = {
        own[structure_reference(structure.service, structure.name)]: _importing(
            structure_schema(structure, types, nested_names), provider, models, own
        )
        for structure in group
    }
    aliases = {
        name: field_names(definition["properties"]) for name, definition in definitions.items()
    }
    first = group[0]
    place = models[first.service, first.name]
    return _generate(
        {"$ref": f"#/$defs/{place.name}", "$defs": definitions},
        class_name=place.name,
        aliases=aliases,
        path=paths.structure_path(provider, first.service, place.module),
        subject=f"{first.service}.{first.name}",
    )


def _importing(
    schema: JsonSchema, provider: str, models: StructureModels, own: Mapping[str, str] | None = None
) -> JsonSchema:
    """Replace every annotated part of ``schema`` by the import that its annotation names, or by a
    reference if that is a structure in the same file: ``own`` maps those to their classes.
    """
    own = own or {}

    def imported(part: JsonSchema) -> JsonSchema:
        annotation: str = part[PYTHON_TYPE]
        documentation: JsonSchema = {
            key: part[key] for key in ("title", "description") if key in part
        }
        if annotation in own:
            return {**documentation, "$ref": f"#/$defs/{own[annotation]}"}
        if structure := referred(annotation):
            place = models[structure]
            module = paths.python_module(paths.structure_path(provider, structure[0], place.module))
            annotation = f"{_ROOT}.{module}.{place.name}"
        elif annotation.startswith("."):
            annotation = _ROOT + annotation
        return {**documentation, "customTypePath": annotation}

    return rewrite(schema, imported)


_ANY = re.compile(r"^from typing import .*\bAny\b", re.MULTILINE)


_ROOT = "generated_package"
"""Stands for the package in the absolute imports that datamodel-code-generator takes."""

_OWN_IMPORT = re.compile(rf"^from {_ROOT}\.", re.MULTILINE)


def _generate(
    schema: JsonSchema,
    *,
    class_name: str,
    aliases: Mapping[str, Mapping[str, str]],
    path: str,
    subject: str,
    renamed: Mapping[str, str] | None = None,
) -> str:
    """The module of ``schema``; ``aliases`` maps each class's column names to attributes,
    ``renamed`` the aliases of imported classes to their names."""
    with warnings.catch_warnings():
        # It warns about types that it cannot resolve.
        warnings.simplefilter("error")
        source = generate(
            schema,
            input_file_type=InputFileType.JsonSchema,
            output_model_type=DataModelType.PydanticV2BaseModel,
            target_python_version=PythonVersion.PY_311,
            class_name=class_name,
            # With the class in front: a page may call a column "Class.field".
            aliases={
                f"{owner}.{name}": attribute
                for owner, attributes in aliases.items()
                for name, attribute in attributes.items()
                if name != attribute
            },
            allow_population_by_field_name=True,
            custom_file_header=f"# {paths.notice(subject)}",
            custom_file_header_mode=CustomFileHeaderMode.Replace,
            custom_template_dir=templating.folder("models"),
            enum_field_as_literal=LiteralType.All,
            field_constraints=True,
            formatters=[],
            strict_refs=True,
            use_default_kwarg=True,
            use_schema_description=True,
            use_standard_collections=True,
            use_union_operator=True,
        )
    if not isinstance(source, str) or _ANY.search(source):
        raise AssertionError(f"the model of {subject} holds Any:\n{source}")
    # Imports become relative. Text from pages never starts a line.
    for alias, name in (renamed or {}).items():
        source = re.sub(
            rf"^(from {_ROOT}\..* import .*)\b{alias}\b",
            rf"\1{name} as {alias}",
            source,
            flags=re.MULTILINE,
        )
    source = _OWN_IMPORT.sub(f"from {'.' * (path.count('/') + 1)}", source)
    source = _with_docstrings(with_sorted_imports(source))
    return layout.lay_out(source) or format_python(source)


def _with_docstrings(source: str) -> str:
    """``source`` with the description of each field in a docstring below it, too.

    Editors show that one, pydantic has the other. The compiler drops the docstrings: they cost
    nothing when the module is imported.
    """
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")  # as Python counts them
    found: list[tuple[int, str]] = []
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.ClassDef):
            found += _descriptions(statement)
    for number, description in reversed(found):
        lines.insert(number, docstring(description, 1, WIDTH))
    return "\n".join(lines)


def _descriptions(model: ast.ClassDef) -> Iterator[tuple[int, str]]:
    """The last lines of the fields that have a description, with it."""
    for statement in model.body:
        match statement:
            case ast.AnnAssign(value=ast.Call(keywords=keywords), end_lineno=int(number)):
                for keyword in keywords:
                    match keyword:
                        case ast.keyword(arg="description", value=ast.Constant(value=str(text))):
                            if text.strip():
                                yield number, text
                        case _:
                            pass
            case _:
                pass
