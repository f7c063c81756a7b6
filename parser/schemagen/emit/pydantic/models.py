"""Annotated JSON Schema -> pydantic v2 models, through datamodel-code-generator and black.

Leaves of the schema are types of the type table, references are structures with modules of their
own. Both are passed as import paths, so that each file is generated from its own schema only.
"""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from datamodel_code_generator import generate
from datamodel_code_generator.enums import (
    CustomFileHeaderMode,
    DataModelType,
    InputFileType,
)
from datamodel_code_generator.format import PythonVersion
from datamodel_code_generator.parser import LiteralType

from schemagen.catalog import LinkedTable
from schemagen.emit import paths, templating
from schemagen.emit.formatting import format_python
from schemagen.emit.imports import sorted_imports
from schemagen.emit.json_schema import (
    rewrite,
    structure_reference,
    structure_schema,
    table_schema,
)
from schemagen.emit.layout import WIDTH
from schemagen.emit.parts import RenderContext, StructureModule
from schemagen.emit.pydantic import model_layout
from schemagen.emit.structure_models import StructureModel, StructureModels
from schemagen.model.pages import Structure
from schemagen.model.shapes import structure_names
from schemagen.model.table_facts import StructureKey
from schemagen.names import (
    MODEL_BUILTINS,
    MODEL_IMPORTS,
    OF_TEMPLATE,
    NestedNames,
    class_name,
    docstring,
    escape_unprintable,
    field_names,
    model_name,
)
from schemagen.resolved_types import TypeTable
from schemagen.targets.registry import Target
from schemagen.typetable import PYTHON_TYPE, JsonSchema


@dataclass(frozen=True, slots=True)
class Imported:
    """A model of another module: that module below the package, the class, and what it is called in
    the module that imports it."""

    module: str
    name: str
    alias: str


@dataclass(frozen=True, slots=True)
class ModelModule:
    """What a module of models is generated from.

    ``classes`` are the annotated schemas of its models by class, and ``attributes`` each class's
    column names with their attributes. ``own`` and ``imported`` are the models that the schemas refer
    to, by annotation: classes of this module, and of others; ``aliases`` are the names of column types.
    With ``shadows``, an attribute may have the name of a class or an import.
    """

    path: str
    subject: str
    classes: Mapping[str, JsonSchema]
    attributes: Mapping[str, Mapping[str, str]]
    own: Mapping[str, str]
    imported: Mapping[str, Imported]
    aliases: Mapping[str, str]
    shadows: bool

    @property
    def package(self) -> str:
        """The dots that lead from this module to the package."""
        return "." * (self.path.count("/") + 1)

    def import_of(self, annotation: str) -> tuple[str, str, str]:
        """Return module, name and alias of the import for ``annotation``."""
        dots = self.package
        if model := self.imported.get(annotation):
            return dots + model.module, model.name, model.alias
        module, _, name = annotation.rpartition(".")
        alias = self.aliases[annotation]
        return (dots + module[1:] if module.startswith(".") else module), name, alias


def render_tables(
    tables: Sequence[LinkedTable], target: Target, context: RenderContext
) -> list[str]:
    """Render the modules of the models of ``tables``."""
    types, nested_names = context.settings.types, context.settings.nested_names
    return render_modules(
        [table_module(table, types, nested_names, context.models) for table in tables]
    )


def render_structure_modules(
    parts: Sequence[StructureModule], target: Target, context: RenderContext
) -> list[str]:
    """Render the modules of the models of structures."""
    types, nested_names = context.settings.types, context.settings.nested_names
    return render_modules(
        [
            structures_module(part.provider, part.structures, types, nested_names, context.models)
            for part in parts
        ]
    )


def render_table(
    table: LinkedTable, types: TypeTable, nested_names: NestedNames, models: StructureModels
) -> str:
    """Render the module of a table's model, with that of its parameters if it is a function."""
    return render_modules([table_module(table, types, nested_names, models)])[0]


def render_structures(
    provider: str,
    group: Iterable[Structure],
    types: TypeTable,
    nested_names: NestedNames,
    models: StructureModels,
) -> str:
    """Render the module of a structure, or of several that refer to each other in a cycle."""
    return render_modules([structures_module(provider, group, types, nested_names, models)])[0]


_OF_DOCUMENTS = ("$schema", "$id", "$comment")
"""Keywords of a schema that is a document of its own."""


def table_module(
    table: LinkedTable, types: TypeTable, nested_names: NestedNames, models: StructureModels
) -> ModelModule:
    """Collect what `render_table` needs for the module of a table."""
    schema = table_schema(table, types, nested_names, base_uri="")
    definitions = schema.pop("$defs", {})
    row = {keyword: value for keyword, value in schema.items() if keyword not in _OF_DOCUMENTS}
    classes = {table.class_name: row}
    attributes = {table.class_name: {column.column.name: column.field for column in table.columns}}
    if table.parameters:
        classes[table.parameters_class] = definitions[table.parameters_class]
        attributes[table.parameters_class] = {
            parameter.parameter.name: parameter.field for parameter in table.parameters
        }
    used = {
        (column.service, name): models[column.service, name]
        for column in table.columns
        if column.shape is not None
        for name in structure_names(column.shape)
    }
    aliases = _renamed(table, types, used)
    provider = table.table.provider
    imported = {
        structure_reference(*key): _imported(provider, key, model, aliases.get(key))
        for key, model in used.items()
    }
    return ModelModule(
        path=paths.model_path(provider, table.module),
        subject=table.table.id,
        classes=classes,
        attributes=attributes,
        own={},
        imported=imported,
        aliases=types.python_aliases,
        shadows=_shadows(attributes, imported, types),
    )


def structures_module(
    provider: str,
    group: Iterable[Structure],
    types: TypeTable,
    nested_names: NestedNames,
    models: StructureModels,
) -> ModelModule:
    """Collect what `render_structures` needs for a module of structures."""
    group = sorted(group, key=lambda structure: structure.name)
    own = {
        structure_reference(structure.service, structure.name): models[
            structure.service, structure.name
        ].name
        for structure in group
    }
    classes = {
        own[structure_reference(structure.service, structure.name)]: structure_schema(
            structure, types, nested_names
        )
        for structure in group
    }
    used = {
        (structure.service, name)
        for structure in group
        for member in structure.members
        for name in structure_names(member.shape)
    }
    first = group[0]
    module = models[first.service, first.name].module
    attributes = {name: field_names(schema["properties"]) for name, schema in classes.items()}
    imported = {
        structure_reference(*key): _imported(provider, key, models[key])
        for key in used
        if structure_reference(*key) not in own
    }
    return ModelModule(
        path=paths.structure_path(provider, first.service, module),
        subject=f"{first.service}.{first.name}",
        classes=classes,
        attributes=attributes,
        own=own,
        imported=imported,
        aliases=types.python_aliases,
        shadows=_shadows(attributes, imported, types),
    )


def _imported(
    provider: str, key: StructureKey, model: StructureModel, alias: str | None = None
) -> Imported:
    service, _ = key
    module = paths.python_module(paths.structure_path(provider, service, model.module))
    return Imported(module, model.name, alias or model.name)


def _shadows(
    attributes: Mapping[str, Mapping[str, str]], imported: Mapping[str, Imported], types: TypeTable
) -> bool:
    """Whether an attribute of one of the classes hides a class, an import or a builtin of their module.

    datamodel-code-generator imports what is hidden under an alias, for all modules generated with it.
    """
    names = {*MODEL_IMPORTS, *MODEL_BUILTINS, *types.python_names, *attributes}
    names.update(model.alias for model in imported.values())
    return any(not names.isdisjoint(fields.values()) for fields in attributes.values())


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


BATCH = 50
"""Modules for one call of datamodel-code-generator. More of them cost no less each."""


def render_modules(modules: Sequence[ModelModule]) -> list[str]:
    """Render ``modules``, in their order. None depends on the others.

    datamodel-code-generator generates many modules at once: by itself, a module takes twice as long.
    """
    counts = Counter(module.path for module in modules)
    # The build refuses modules of the same path, once it knows all paths.
    alone = [module for module in modules if module.shadows or counts[module.path] > 1]
    together = [module for module in modules if not module.shadows and counts[module.path] == 1]
    batches = [together[first : first + BATCH] for first in range(0, len(together), BATCH)]
    batches += [[module] for module in alone]
    texts = {path: text for batch in batches for path, text in _Batch(batch).texts().items()}
    return [texts[module.path] for module in modules]


class _Batch:
    """Some modules, generated as one.

    Every class and every import of ours has a stand-in, a name that no other has, so that modules may
    have classes of the same name. A module that `shadows` is a batch of its own and keeps its names:
    datamodel-code-generator must see which of them its attributes hide.
    """

    def __init__(self, modules: Sequence[ModelModule]) -> None:
        self._modules = modules
        self._names: Callable[[str], str] = (
            str if any(module.shadows for module in modules) else _StandIns(modules)
        )
        self._classes = {
            (module.path, name): self._names(name) for module in modules for name in module.classes
        }
        self._annotations: dict[str, str] = {}
        self._schemas: JsonSchema = {}
        for module in modules:
            for name, schema in module.classes.items():
                self._schemas[self._classes[module.path, name]] = self._importing(schema, module)

    def texts(self) -> dict[str, str]:
        """Return the texts by path."""
        source = _lines(self._generate())
        owners = {
            self._classes[module.path, name]: (module, name)
            for module in self._modules
            for name in module.classes
        }
        annotations = {stand_in: annotation for annotation, stand_in in self._annotations.items()}
        imported: dict[str, _Import] = {}
        statements: dict[str, list[ast.stmt]] = {module.path: [] for module in self._modules}
        for statement in ast.parse("\n".join(source)).body:
            match statement:
                case ast.ImportFrom(module=str(origin), names=names, level=0):
                    for name in names:
                        annotation = annotations[name.name] if origin == _STAND_INS else ""
                        used = _Import(origin, name.name, name.asname, annotation)
                        imported[name.asname or name.name] = used
                case (
                    ast.ClassDef(name=name)
                    | ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name))))
                ):
                    module, _ = owners[name]
                    statements[module.path].append(statement)
                case _:
                    raise AssertionError(f"unknown in a model: {ast.unparse(statement)}")
        return {
            module.path: _Text(module, statements[module.path], source, imported).render(
                {stand_in: name for stand_in, (owner, name) in owners.items() if owner is module}
            )
            for module in self._modules
        }

    def _importing(self, schema: JsonSchema, module: ModelModule) -> JsonSchema:
        """Replace every annotated part of ``schema`` by the import of a stand-in, or by a reference if
        that is a class of the same module."""

        def imported(part: JsonSchema) -> JsonSchema:
            annotation: str = part[PYTHON_TYPE]
            documentation: JsonSchema = {
                key: part[key] for key in ("title", "description") if key in part
            }
            if annotation in module.own:
                name = self._classes[module.path, module.own[annotation]]
                return {**documentation, "$ref": f"#/$defs/{name}"}
            if annotation not in self._annotations:
                _, _, alias = module.import_of(annotation)
                self._annotations[annotation] = self._names(alias)
            path = f"{_STAND_INS}.{self._annotations[annotation]}"
            return {**documentation, "customTypePath": path}

        return rewrite(schema, imported)

    def _generate(self) -> str:
        aliases = {
            # With the class in front: a page may call a column "Class.field".
            f"{self._classes[module.path, owner]}.{name}": attribute
            for module in self._modules
            for owner, attributes in module.attributes.items()
            for name, attribute in attributes.items()
            if name != attribute
        }
        return _source(self._schemas, aliases)


def warm_up() -> None:
    """Import what datamodel-code-generator imports when it first generates something."""
    _source({"Row": {"properties": {"field": {}}}}, {})


def _source(definitions: JsonSchema, aliases: Mapping[str, str]) -> str:
    """Generate a module with a class for each of ``definitions``. ``aliases`` map ``Class.field`` to the
    name of the attribute."""
    first = next(iter(definitions))
    with warnings.catch_warnings():
        # It warns about types that it cannot resolve.
        warnings.simplefilter("error")
        source = generate(
            {"$ref": f"#/$defs/{first}", "$defs": definitions},
            input_file_type=InputFileType.JsonSchema,
            output_model_type=DataModelType.PydanticV2BaseModel,
            target_python_version=PythonVersion.PY_311,
            class_name=first,
            aliases=aliases,
            allow_population_by_field_name=True,
            custom_file_header="",
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
    if not isinstance(source, str):
        raise AssertionError(f"no single module: {source}")
    return source


_STAND_INS = "stand_ins"
"""The module that datamodel-code-generator imports stand-ins from."""


@dataclass(frozen=True, slots=True)
class _Import:
    """An import of a batch. ``annotation`` is what a stand-in stands for, or ""."""

    module: str
    name: str
    alias: str | None
    annotation: str


class _StandIns:
    """Makes stand-ins: names that none of ``modules`` has for a column."""

    def __init__(self, modules: Iterable[ModelModule]) -> None:
        columns = {
            column
            for module in modules
            for attributes in module.attributes.values()
            for column in attributes
        }
        self._prefix = "StandIn"
        while any(column.startswith(self._prefix) for column in columns):
            self._prefix += "X"
        self._count = 0

    def __call__(self, _: str) -> str:
        self._count += 1
        return f"{self._prefix}{self._count}"


def _lines(source: str) -> list[str]:
    """Split into lines as Python counts them."""
    return source.replace("\r\n", "\n").replace("\r", "\n").split("\n")


class _Text:
    """A module's part of the generated source.

    ``imported`` are the source's imports, by alias.
    """

    def __init__(
        self,
        module: ModelModule,
        statements: Sequence[ast.stmt],
        source: Sequence[str],
        imported: Mapping[str, _Import],
    ) -> None:
        self._module = module
        self._statements = statements
        self._source = source
        self._imported = imported
        self._edits: dict[int, list[tuple[int, int, str]]] = {}
        self._used: dict[str, tuple[str, str]] = {}
        self._import("annotations")

    def render(self, classes: Mapping[str, str]) -> str:
        """Format the module. ``classes`` are its classes by stand-in."""
        for statement in self._statements:
            for node in ast.walk(statement):
                match node:
                    case ast.ClassDef(name=name):
                        start = node.col_offset + len("class ")
                        self._rename(node.lineno, start, name, classes[name])
                    case ast.Name(id=name, ctx=ast.Load()):
                        if name in classes:
                            self._rename(node.lineno, node.col_offset, name, classes[name])
                        elif name in self._imported:
                            new = self._import(name)
                            self._rename(node.lineno, node.col_offset, name, new)
                        elif name in OF_TEMPLATE:
                            self._used[name] = f"{self._module.package}_types", name
                    case _:
                        pass
        return self._formatted([line for part in self._statements for line in self._lines(part)])

    def _import(self, name: str) -> str:
        """Import what the source calls ``name``, and return what the module calls it."""
        used = self._imported[name]
        module, original, alias = used.module, used.name, used.name
        if used.annotation:
            module, original, alias = self._module.import_of(used.annotation)
        self._used[used.alias or alias] = module, original
        return used.alias or alias

    def _rename(self, line: int, column: int, name: str, new: str) -> None:
        self._edits.setdefault(line, []).append((column, column + len(name), new))

    def _lines(self, statement: ast.stmt) -> Iterator[str]:
        """Yield the lines of a class or a call with the real names, and a docstring below each field.

        The docstring repeats the field's description for editors. The compiler drops it, so it costs
        nothing when the module is imported.
        """
        docstrings = dict(_descriptions(statement))
        for number in range(statement.lineno, (statement.end_lineno or 0) + 1):
            line = self._source[number - 1]
            if number in self._edits:
                encoded = line.encode()  # ast counts bytes
                for start, end, new in sorted(self._edits[number], reverse=True):
                    encoded = encoded[:start] + new.encode() + encoded[end:]
                line = encoded.decode()
            yield line
            if number in docstrings:
                yield docstring(docstrings[number], 1, WIDTH)
        yield ""

    def _formatted(self, lines: Sequence[str]) -> str:
        modules: dict[str, list[str]] = {}
        for alias, (origin, name) in sorted(self._used.items()):
            if (origin, name) == ("typing", "Any"):
                raise AssertionError(f"the model of {self._module.subject} holds Any")
            modules.setdefault(origin, []).append(name if name == alias else f"{name} as {alias}")
        groups = ["\n".join(group) for group in sorted_imports(modules)]
        head = f"# {paths.notice(self._module.subject)}"
        source = "\n".join(["\n\n".join([head, *groups]), "", "", *lines])
        # datamodel-code-generator writes literals with repr, whose escapes depend on the Python.
        if not source.isascii():
            source = "\n".join(map(escape_unprintable, source.split("\n")))
        return model_layout.lay_out(source) or format_python(source)


def _descriptions(model: ast.stmt) -> Iterator[tuple[int, str]]:
    """Yield the last line and the description of each field that has one."""
    for statement in model.body if isinstance(model, ast.ClassDef) else ():
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
