"""Annotated JSON Schema -> pydantic v2 models, through datamodel-code-generator and black.

A leaf of the schema is a type of the type table, a reference is a structure with a module of its
own; both are handed over as import paths, so that each file is generated from its own schema only.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping

from datamodel_code_generator import generate
from datamodel_code_generator.enums import (
    CustomFileHeaderMode,
    DataModelType,
    InputFileType,
)
from datamodel_code_generator.format import PythonVersion
from datamodel_code_generator.parser import LiteralType

from schemagen import templating
from schemagen.emit import model_layout, tree
from schemagen.emit.formatting import format_python
from schemagen.emit.json_schema import rewrite, structure_reference, structure_schema, table_schema
from schemagen.link import LinkedTable, structure_classes
from schemagen.model import Structure
from schemagen.names import NestedNames, field_names
from schemagen.typetable import PYTHON_TYPE, JsonSchema, TypeTable

Modules = Mapping[tuple[str, str], str]
"""(service, structure) -> the stem of the module that holds the structure's model."""


def render_table(
    table: LinkedTable, types: TypeTable, nested_names: NestedNames, modules: Modules
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
    paths = _structure_paths(table.table.provider, modules, structure_classes(modules, types))
    return _generate(
        _importing({**schema, "$defs": own}, paths),
        class_name=table.class_name,
        aliases=aliases,
        path=tree.model_path(table.table.provider, table.module),
        subject=table.table.id,
    )


def render_structures(
    provider: str,
    group: Iterable[Structure],
    types: TypeTable,
    nested_names: NestedNames,
    modules: Modules,
) -> str:
    """The module of one structure, or of several that refer to each other in a circle."""
    group = sorted(group, key=lambda structure: structure.name)
    classes = structure_classes(modules, types)
    own = {structure: classes[structure.service, structure.name] for structure in group}
    paths = _structure_paths(provider, modules, classes) | {
        structure_reference(structure.service, structure.name): f"#/$defs/{name}"
        for structure, name in own.items()
    }
    definitions = {
        name: _importing(structure_schema(structure, types, nested_names), paths)
        for structure, name in own.items()
    }
    aliases = {
        name: field_names(definition["properties"]) for name, definition in definitions.items()
    }
    first = group[0]
    return _generate(
        {"$ref": f"#/$defs/{own[first]}", "$defs": definitions},
        class_name=own[first],
        aliases=aliases,
        path=tree.structure_path(provider, first.service, modules[first.service, first.name]),
        subject=f"{first.service}.{first.name}",
    )


def _structure_paths(
    provider: str, modules: Modules, classes: Mapping[tuple[str, str], str]
) -> dict[str, str]:
    """Annotations that name a structure -> the import path of its model."""
    return {
        structure_reference(*structure): ".".join(
            [
                tree.python_module(tree.structure_path(provider, structure[0], module)),
                classes[structure],
            ]
        )
        for structure, module in modules.items()
    }


def _importing(schema: JsonSchema, paths: Mapping[str, str]) -> JsonSchema:
    """``schema`` with every annotated part replaced by the import that the annotation names, or by
    a reference where ``paths`` has one: to a structure in the same file."""

    def imported(part: JsonSchema) -> JsonSchema:
        annotation: str = part[PYTHON_TYPE]
        documentation: JsonSchema = {
            key: part[key] for key in ("title", "description") if key in part
        }
        if annotation.startswith("#"):
            path = paths[annotation]
            keyword = "$ref" if path.startswith("#") else "customTypePath"
            return {**documentation, keyword: path}
        if annotation.startswith("."):
            annotation = tree.PACKAGE + annotation
        return {**documentation, "customTypePath": annotation}

    return rewrite(schema, imported)


_ANY = re.compile(r"^from typing import .*\bAny\b", re.MULTILINE)


_OWN_IMPORT = re.compile(rf"^from {tree.PACKAGE}\.", re.MULTILINE)


def _generate(
    schema: JsonSchema,
    *,
    class_name: str,
    aliases: Mapping[str, Mapping[str, str]],
    path: str,
    subject: str,
) -> str:
    """The module of ``schema``; ``aliases`` has each class's attributes by the names of the page."""
    with warnings.catch_warnings():
        # What it warns of is a type that it could not make out.
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
            custom_file_header=f"# {tree.notice(subject)}",
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
    # Relative like all imports of the package. No text of a page is at the start of a line.
    source = _OWN_IMPORT.sub(f"from {'.' * path.count('/')}", source)
    return model_layout.lay_out(source) or format_python(source)
