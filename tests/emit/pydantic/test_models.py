"""schemagen.emit.pydantic.models: pydantic models that keep what the page says."""

from __future__ import annotations

import ast
import builtins
import json
import marshal
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import black
import pytest
from black.mode import TargetVersion
from black.report import NothingChanged
from pydantic import BaseModel, ValidationError

import handmade
from emit.test_json_schema import BINDING, HERE, RECORD, TREE, column
from projects import CHECKOUT
from schemagen import names
from schemagen.catalog import Catalog, LinkedTable, facts
from schemagen.emit import package, paths, render
from schemagen.emit.pydantic import models
from schemagen.emit.structure_models import StructureModels, structure_models
from schemagen.link import link
from schemagen.model.pages import (
    Column,
    DocumentedMember,
    DocumentedValue,
    Pages,
    Parameter,
    Structure,
    Table,
    Usage,
)
from schemagen.model.shapes import Scalar, Shape, StructureRef
from schemagen.names import NestedNames
from schemagen.resolved_types import TypeTable
from schemagen.settings.load import load_settings
from schemagen.typed_pages import resolve_types
from schemagen.typetable import SCALARS

HOSTILE = 'a """ \\ {{ x }} {% y %} \' " \n# end'

COLUMNS: tuple[Column, ...] = (
    column("_key", "string"),
    column("class", "int64", description=HOSTILE),
    column("json", "float64"),
    column("model_config", "bool"),
    column("@http.status_code", "array<string>"),
    column("http_status_code", "hstore"),
    column("nodes", "json"),
    column("anything", "json"),
    column("tags", "hstore_csv"),
    column("at", "timestamp"),
    column("status", "string", DocumentedValue("On"), DocumentedValue("Off", deprecated=True)),
)


def linked() -> tuple[LinkedTable, StructureModels]:
    table = Table(
        "aws.sagemaker_job",
        "Job " + HOSTILE,
        HOSTILE,
        COLUMNS,
        HERE,
        parameters=(Parameter("class", "string", True, HOSTILE, HERE),),
    )
    catalog = link(resolve_types(Pages(tables=(table,), structures=TREE), TypeTable()))
    return catalog.tables[0], structure_models(catalog)


def files() -> dict[str, str]:
    """The package of one table with every kind of column, and its structures."""
    table, places = linked()
    types, nested = TypeTable(), NestedNames.SNAKE_CASE
    made = package.modules([facts(table)], types, handmade.DISTRIBUTION)
    made[paths.model_path("aws", table.module)] = models.render_table(table, types, nested, places)
    made[paths.structure_path("aws", "sagemaker", "node")] = models.render_structures(
        "aws", [TREE[0]], types, nested, places
    )
    made[paths.structure_path("aws", "sagemaker", "leaf")] = models.render_structures(
        "aws", [TREE[1]], types, nested, places
    )
    return made | package.init_modules(made)


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[handmade.Package]:
    folder = tmp_path_factory.mktemp("models")
    with handmade.imported(folder, "made_models", files()) as made:
        yield made


@pytest.fixture(scope="module")
def model(generated: handmade.Package) -> type[BaseModel]:
    found: type[BaseModel] = generated.module("models.aws.sagemaker_job").SagemakerJob
    return found


ROW: dict[str, Any] = {
    "_key": "k",
    "class": 2**63 - 1,
    "json": 0.5,
    "model_config": True,
    "@http.status_code": ["200", None],
    "http_status_code": {"a": None, "b": "c"},
    "nodes": [{"node_arn": "n", "leaf": {"at": "2026-01-01T00:00:00Z"}, "added_tomorrow": 1}],
    "anything": {"a": [1, None, "x"]},
    "tags": {"team": ["a", "b"], "empty": []},
    "at": datetime(2026, 1, 1, tzinfo=UTC),
    "status": "Tomorrow",
}


def test_model_returns_a_row_unchanged(model: type[BaseModel]) -> None:
    """Every column keeps its value under its own name; nothing is lost, new members included."""
    row = model.model_validate(ROW)
    dumped = row.model_dump(by_alias=True, mode="json", exclude_unset=True)
    assert dumped == {**ROW, "at": "2026-01-01T00:00:00Z"}


def test_model_accepts_column_names_and_attributes(model: type[BaseModel]) -> None:
    """Columns that are not valid Python names have other attributes, and both names are
    accepted."""
    assert list(model.model_fields) == [
        "key",
        "class_",
        "json_",
        "model_config_",
        "http_status_code_",
        "http_status_code",
        "nodes",
        "anything",
        "tags",
        "at",
        "status",
    ]
    by_field = model.model_validate({"key": "k", "class_": 1})
    assert by_field == model.model_validate({"_key": "k", "class": 1})


KEYS = {
    "_key": ["_key"],
    "_key and key": ["_key", "key"],
    "key before _key": ["key", "_key"],
    "all near": ["_key", "key", "key_", "@key"],
    "protected": [
        "_key",
        "model_dump_location",
        "model_validate",
        "model_artifacts",
        "list",
        "mro",
    ],
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("case", KEYS)
def test_model_takes_no_column_for_another(tmp_path: Path, case: str) -> None:
    """A row makes the round trip by column names and by attributes, as dict and as JSON; without
    _key it is refused, whatever columns of a similar name it has."""
    columns = KEYS[case]
    table = handmade.table("aws.similar", [column(name, "string") for name in columns])
    row = {name: f"value of {name}" for name in columns}
    name = f"made_{re.sub(r'[^a-z]', '_', case)}"
    with handmade.imported(tmp_path, name, handmade.files([table])) as made:
        model = made.model(table)
        read = model.model_validate(row)
        assert read.model_dump(by_alias=True) == row
        assert model.model_validate_json(json.dumps(row)) == read
        assert model.model_validate(read.model_dump()) == read
        assert model.model_validate_json(read.model_dump_json()) == read
        attributes = {column.column.name: column.field for column in table.columns}
        assert {name: getattr(read, field) for name, field in attributes.items()} == row
        if "key" in columns:
            with pytest.raises(ValidationError):
                model.model_validate({name: row[name] for name in columns if name != "_key"})


WRONG: list[dict[str, Any]] = [
    {"class": 2**63},
    {"class": True},
    {"class": "1"},
    {"model_config": 1},
    {"at": datetime(2026, 1, 1)},
    {"tags": {"a": ["x", "x"]}},
    {"tags": {"a": "x"}},
    {"http_status_code": {"a": 1}},
    {"@http.status_code": [1]},
    {"status": 1},
    {"nodes": [{}]},
    {"unknown": 1},
    {"_key": None},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_model_refuses_wrong_types_and_a_null_key(
    model: type[BaseModel], wrong: dict[str, Any]
) -> None:
    """Types are strict, and every column but the key may be null."""
    with pytest.raises(ValidationError):
        model.model_validate({"_key": "k", **wrong})


def test_model_keeps_text_of_pages_as_data(model: type[BaseModel]) -> None:
    """Quotes, templates and line ends of a page arrive unchanged, and end no literal."""
    assert model.model_fields["class_"].description == HOSTILE


def docstrings_of(source: str, name: str) -> dict[str, list[str]]:
    """The words of the docstrings below the annotated names of a class, as editors read them."""
    [found] = [
        statement
        for statement in ast.parse(source).body
        if isinstance(statement, ast.ClassDef) and statement.name == name
    ]
    docstrings: dict[str, list[str]] = {}
    for before, after in pairwise(found.body):
        match before, after:
            case ast.AnnAssign(target=ast.Name(id=field)), ast.Expr(value=ast.Constant(value=text)):
                docstrings[field] = str(text).split()
            case _:
                pass
    return docstrings


def test_fields_have_docstrings_for_editors() -> None:
    """The page's words are below each documented field, also those of parameters."""
    table, places = linked()
    text = models.render_table(table, TypeTable(), NestedNames.SNAKE_CASE, places)
    meant = {"class_": HOSTILE.split()}
    assert docstrings_of(text, "SagemakerJob") == meant
    assert docstrings_of(text, "SagemakerJobParameters") == meant


def test_docstrings_cost_nothing_at_run_time() -> None:
    """The compiler drops the docstrings of fields: a description is in the code once."""
    table = handmade.table("aws.one", [column("a", "string", description="Said once.")])
    text = models.render_table(table, TypeTable(), NestedNames.SNAKE_CASE, {})
    assert text.count("Said once.") == 2
    assert marshal.dumps(compile(text, "one", "exec")).count(b"Said once.") == 1


def test_parameters_of_a_table_function_have_a_model(generated: handmade.Package) -> None:
    """A table function's parameters are a model in the same module."""
    parameters = generated.module("models.aws.sagemaker_job").SagemakerJobParameters
    assert parameters.model_validate({"class": "x"}).class_ == "x"
    with pytest.raises(ValidationError):
        parameters.model_validate({})


def test_circular_structures_share_a_module(generated: handmade.Package) -> None:
    """A structure that refers to itself is a single class, not a copy per table."""
    node = generated.module("structures.aws.sagemaker.node").Node
    leaf = generated.module("structures.aws.sagemaker.leaf").Leaf
    made = node.model_validate({"node_arn": "a", "children": [{"node_arn": "b", "leaf": {}}]})
    assert isinstance(made.children[0], node)
    assert isinstance(made.children[0].leaf, leaf)


def test_structures_keep_unknown_members_that_are_json(generated: handmade.Package) -> None:
    """A member that documentation lacks is kept. What JSON cannot hold is refused, not written as null,
    and refused in the same way if it is a known member's."""
    node = generated.module("structures.aws.sagemaker.node").Node
    made = node.model_validate({"node_arn": "a", "new": {"list": [1, 1.5, None]}})
    assert made.model_dump(exclude_unset=True) == {"node_arn": "a", "new": {"list": [1, 1.5, None]}}
    for value in (float("nan"), [float("inf")], {"a": -float("inf")}, datetime.now(UTC), object()):
        with pytest.raises(ValidationError):
            node.model_validate({"node_arn": "a", "new": value})


def test_package_is_formatted_as_black_does(tmp_path: Path) -> None:
    """`black --check` finds nothing to change, also in modules that black did not format."""
    mode = black.Mode(target_versions={TargetVersion.PY311})
    modules = [text for path, text in files().items() if path.endswith(".py") and text]
    assert len(modules) > 5
    for text in modules:
        with pytest.raises(NothingChanged):
            black.format_file_contents(text, fast=False, mode=mode)


# --- names of classes -----------------------------------------------------------------------------

IMPORTED = sorted(names.MODEL_IMPORTS | TypeTable().python_names)
"""What modules of models import: names that a page may want for a table or a structure."""


def test_model_imports_only_names_that_classes_avoid() -> None:
    """A model's module imports names that its class avoids, its structures, and nothing else."""
    found = {
        alias.asname or alias.name
        for path, text in files().items()
        if path.startswith(("models/", "structures/"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert found == {*IMPORTED, *names.OF_TEMPLATE, "annotations", "Node", "Leaf"}
    builtin = {
        node.id
        for path, text in files().items()
        if path.startswith(("models/", "structures/"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Name) and hasattr(builtins, node.id)
    }
    assert builtin == names.MODEL_BUILTINS
    assert names.OF_TEMPLATE.isdisjoint(map(names.class_name, names.OF_TEMPLATE))


@pytest.mark.parametrize("name", IMPORTED)
def test_class_of_a_table_avoids_imported_names(tmp_path: Path, name: str) -> None:
    """The table's class gets another name, whatever columns the table has, and the module works."""
    full = handmade.table(f"aws.{name}", COLUMNS)
    small = handmade.table(f"gcp.{name}", COLUMNS[:1])
    row = {**ROW, "nodes": None}
    with handmade.imported(tmp_path, f"made_called_{name}", handmade.files([full, small])) as made:
        assert made.model(full).__name__ == made.model(small).__name__ == f"{name}Model"
        assert made.model(full).model_validate(row).model_dump(by_alias=True) == row
        assert made.module("catalog").model(full.table.id) is made.model(full)


def structure(name: str, *members: tuple[str, Shape], used: str = "") -> Structure:
    """A structure of sagemaker; ``used`` is the column of sagemaker_job that it fills."""
    return Structure(
        "sagemaker",
        name,
        tuple(DocumentedMember(member, shape, HERE) for member, shape in members),
        HERE,
        usages=(Usage("DescribeJob", used, element=False),) if used else (),
    )


def package_of(catalog: Catalog, nested_names: NestedNames) -> dict[str, str]:
    """The package of all that ``catalog`` holds."""
    settings = replace(load_settings(CHECKOUT), nested_names=nested_names)
    places = structure_models(catalog)
    tables = [facts(table) for table in catalog.tables]
    made = package.modules(tables, settings.types, handmade.DISTRIBUTION)
    for part in (
        *catalog.tables,
        *render.shared_parts(tables, catalog, places, settings.outputs).values(),
    ):
        made |= render.render_part(part, settings, places)
    return made | package.init_modules(made)


@pytest.mark.parametrize("nested_names", list(NestedNames))
def test_classes_of_structures_avoid_imported_names(
    tmp_path: Path, nested_names: NestedNames
) -> None:
    """Structures avoid what modules import and each other; a table, and its parameters' model,
    avoid the structures that it contains."""
    scalars = {scalar.name: Scalar(scalar.name) for scalar in SCALARS}
    awkward = [*IMPORTED, "FieldModel", "fieldModel", "SagemakerJob", "SagemakerJobModelParameters"]
    structures = (
        *(
            structure(name, *scalars.items(), ("Circle", StructureRef("Circle")))
            for name in awkward
        ),
        structure("Circle", ("Literal", StructureRef("Literal"))),
        structure("Top", *((name, StructureRef(name)) for name in awkward), used="Nodes"),
    )
    table = Table(
        "aws.sagemaker_job",
        "Job",
        "",
        COLUMNS,
        HERE,
        parameters=(Parameter("class", "string", True, "", HERE),),
    )
    types = TypeTable()
    catalog = link(resolve_types(Pages(tables=(table,), structures=structures), types))
    linked = catalog.tables[0]
    made = package_of(catalog, nested_names)
    with handmade.imported(tmp_path, f"made_structures_{nested_names}", made) as generated:
        model = generated.model(linked)
        assert model.__name__ == "SagemakerJobModelModel"
        # How a value of each scalar stands in JSON.
        values = dict(
            zip(scalars, ["s", 1, 0.5, True, "2026-01-01T00:00:00Z", "YQ==", [1]], strict=True)
        )
        keys = nested_names.of(awkward)
        literal = nested_names.of(["Literal"])["Literal"]
        circle = nested_names.of(["Circle"])["Circle"]
        inner = {**values, circle: {literal: values}}
        row = {"_key": "k", "nodes": {keys[name]: inner for name in awkward}}
        read = model.model_validate(row)
        assert read.model_dump(by_alias=True, mode="json", exclude_unset=True) == row
        top: BaseModel = read.__dict__["nodes"]
        assert {type(inner).__name__ for _, inner in top} == {
            *(f"{name}Model" for name in IMPORTED if name != "Field"),
            *("FieldModelModel", "FieldModel", "FieldModelModelModel"),
            *("SagemakerJob", "SagemakerJobModelParameters"),
        }
        with pytest.raises(ValidationError):
            model.model_validate({"_key": "k", "nodes": {keys["Int64"]: {**inner, "int64": "1"}}})


def test_structures_of_two_services_with_equal_names_are_two_classes(tmp_path: Path) -> None:
    """Each class has the members of its service, also if structures are circular."""
    part = Structure(
        "other",
        "Part",
        (
            DocumentedMember("Text", Scalar("string"), HERE),
            DocumentedMember("Leaf", StructureRef("Leaf"), HERE),
        ),
        HERE,
        usages=(Usage("DescribeJob", "Texts", element=True),),
    )
    leaf = Structure("other", "Leaf", (DocumentedMember("Part", StructureRef("Part"), HERE),), HERE)
    table = Table("aws.other_job", "", "", (column("texts", "json"), column("parts", "json")), HERE)
    pages = Pages(tables=(table,), structures=(part, leaf))
    binding = replace(BINDING, table=table.id, columns=BINDING.columns[:1])
    catalog = link(resolve_types(pages, TypeTable()), [binding], [RECORD])
    made = {
        path: text
        for path, text in package_of(catalog, NestedNames.SNAKE_CASE).items()
        if not path.startswith("mappers/")
    }
    with handmade.imported(tmp_path, "made_two_services", made) as generated:
        model = generated.model(catalog.tables[0])
        row = {
            "texts": [{"text": "a", "leaf": {"part": {"text": "b"}}}],
            "parts": [{"part_arn": "c", "kind": ["A", "Z"], "parent": {"new": 1}}],
        }
        read: Any = model.model_validate(row)
        assert read.model_dump(exclude_unset=True) == row
        assert type(read.texts[0]) is generated.module("structures.aws.other.leaf").Part
        assert type(read.parts[0]) is generated.module("structures.aws.sagemaker.part").Part
        for wrong in ({"texts": [{"text": 1}]}, {"parts": [{"parent": {"part_arn": 1}}]}):
            with pytest.raises(ValidationError):
                model.model_validate(wrong)


def test_model_documents_that_its_table_is_deprecated() -> None:
    """A model's docstring has the page's words about the deprecation."""
    table = handmade.table(
        "aws.old", [column("a", "string")], description="Old.", deprecated="Deprecated: use new."
    )
    text = models.render_table(table, TypeTable(), NestedNames.SNAKE_CASE, {})
    assert "    Old.\n\n    Deprecated: use new.\n" in text
