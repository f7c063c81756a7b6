"""A new type is added in one place and arrives everywhere: in every output, and in the databases."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ValidationError

import handmade
import projects
from handmade import DIALECTS
from loading import trip
from mappers import Mapper
from projects import CHECKOUT, COMPILATION
from schemagen.typetable import array_row

TABLE = "aws.sagemaker_compilation_job"
MODULE = "aws/sagemaker_compilation_job"

# One row of the type table, as it would be typed into typetable.py …
ROW = """
    Type(
        name="code9",
        python=PythonType(
            "Code9",
            definition="Annotated[StrictStr, Field(max_length=9)]",
            imports=(("typing", "Annotated"), ("pydantic", "Field"), ("pydantic", "StrictStr")),
        ),
        json_schema={"type": "string", "maxLength": 9},
        sql=_sql(SqlType("varchar(9)", encode="text"), SqlType("VARCHAR(9)", encode="text")),
        row="str",
        convert="text",
        boto3="str",
    ),
"""
# … and as a project of its own would say it in its settings.
SETTINGS = """
[types.code9]
python = "pydantic.StrictStr"
json_schema = { type = "string", maxLength = 9 }
row = "str"
convert = "text"
postgres = "varchar(9)"
duckdb = "VARCHAR(9)"
"""


@dataclass(frozen=True)
class Built:
    """A project that was built with the type, and what it is called in Python there."""

    folder: Path
    python: str
    env: Mapping[str, str] = field(default_factory=dict[str, str])

    def text(self, path: str) -> str:
        return (self.folder / "generated" / "ddsql_schemas" / path).read_text("utf-8")

    @property
    def sources(self) -> dict[str, str]:
        generated = self.folder / "generated"
        return {
            path.relative_to(generated).as_posix(): path.read_text("utf-8")
            for path in generated.rglob("*.py")
        }


def with_table(folder: Path, *insertions: tuple[str, str]) -> Path:
    """A schemagen in whose type table each text follows its mark: its source root."""
    for name in ("parser", "templates"):
        shutil.copytree(CHECKOUT / name, folder / name)
    table = folder / "parser" / "schemagen" / "typetable.py"
    text = table.read_text("utf-8")
    for mark, inserted in insertions:
        assert text.count(mark) == 1
        text = text.replace(mark, mark + inserted)
    table.write_text(text, "utf-8")
    return folder / "parser"


@pytest.fixture(scope="module", params=["a row of the table", "the user's settings"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """This repository's project, two of whose columns have the made-up type."""
    folder = projects.seeds(tmp_path_factory.mktemp("project"))
    page = folder / COMPILATION
    lines = page.read_text("utf-8").splitlines(keepends=True)
    for number, line in enumerate(lines):
        if line.startswith("| compilation_job_name "):
            lines[number] = line.replace("| string ", "| code9 ", 1)
        if line.startswith("| inference_image "):
            lines[number] = line.replace("| string ", "| array<code9> ", 1)
    page.write_text("".join(lines), "utf-8")
    if request.param == "a row of the table":
        mark = "TYPES: tuple[Type, ...] = ("
        source = with_table(tmp_path_factory.mktemp("schemagen"), (mark, ROW))
        built = Built(folder, "Code9", {"PYTHONPATH": str(source)})
    else:
        with (folder / "schemagen.toml").open("a") as settings:
            settings.write(SETTINGS)
        built = Built(folder, "StrictStr")
    done = projects.run(folder, "build", env=built.env)
    assert done.returncode == 0, done.stderr
    return built


def test_new_type_is_in_every_output(built: Built) -> None:
    """JSON Schema, model, mapper, every DDL and the printed table have the type, alone and in an
    array."""
    code = {"type": "string", "maxLength": 9}
    schema = json.loads(built.text(f"json_schema/{MODULE}.json"))["properties"]
    assert code in schema["compilation_job_name"]["anyOf"]
    assert schema["inference_image"]["anyOf"][0]["items"]["anyOf"][0] == code
    model = built.text(f"models/{MODULE}.py")
    assert f"compilation_job_name: {built.python} | None" in model
    assert f"inference_image: list[{built.python} | None] | None" in model
    mapper = built.text(f"mappers/{MODULE}.py")
    assert "compilation_job_name: str | None" in mapper
    assert f"inference_image: {array_row('str')} | None" in mapper
    for dialect in DIALECTS:
        ddl = built.text(f"ddl/{dialect.name}/{MODULE}.sql").lower()
        assert '"compilation_job_name" varchar(9),' in ddl
        assert '"inference_image" varchar(9)[],' in ddl
    printed = projects.run(built.folder, "types", "--format", "json", env=built.env).stdout
    assert code in [row["json_schema"] for row in json.loads(printed)]


@pytest.mark.parametrize("dialect", [dialect.name for dialect in DIALECTS])
def test_new_type_maps_validates_and_loads(
    built: Built, dialect: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """A response is mapped to a row that the schema and the model accept and the database keeps."""
    response: Mapping[str, Any] = {
        "CompilationJobArn": "arn:aws:sagemaker:eu-west-1:123456789012:compilation-job/a",
        "CompilationJobName": "a-job",
        "InferenceImage": ["one", "two"],
    }
    name = f"made_up_type_{built.python.lower()}_{dialect}"
    with handmade.imported(tmp_path, name, handmade.inside(built.sources)) as package:
        mapper = cast("Mapper", package.module("mappers.aws.sagemaker_compilation_job"))
        [row] = mapper.from_response(response)
        assert (row["compilation_job_name"], row["inference_image"]) == ("a-job", ["one", "two"])
        schema = json.loads(built.text(f"json_schema/{MODULE}.json"))
        validator: Any = Draft202012Validator(schema)
        validator.validate(row)
        models = package.module("models.aws.sagemaker_compilation_job")
        model = cast("type[BaseModel]", models.SagemakerCompilationJob)
        assert model.model_validate(row).model_dump(by_alias=True) == row
        ddl = built.text(f"ddl/{dialect}/{MODULE}.sql")
        table = package.module("tables.aws.sagemaker_compilation_job").TABLE
        assert trip(request, package.sql, table, dialect, ddl, [row]) == [row]
        if built.python == "Code9":
            with pytest.raises(ValidationError, match="at most 9 characters"):
                model.model_validate({**row, "compilation_job_name": "ten-chars!"})
