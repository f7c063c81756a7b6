"""The outputs for Spark, BigQuery and dbt, read by their real consumers.

`make test-engines` installs them and runs these tests; elsewhere they are skipped.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import duckdb
import pytest

import output_project
import projects
from output_project import HOSTILE, Made

pytestmark = [pytest.mark.engines, pytest.mark.slow, pytest.mark.xdist_group("heavy_outputs")]


def consumer(name: str) -> Any:
    """Import a consumer; where `make test-engines` runs, it must be there."""
    if "SCHEMAGEN_DBT" in os.environ:
        return importlib.import_module(name)
    return pytest.importorskip(name, reason=f"needs {name}: make test-engines")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    folder = tmp_path_factory.mktemp("outputs")
    with output_project.made(folder, "outputs_heavy") as made:
        yield made


@pytest.mark.filterwarnings("ignore")
def test_rows_through_spark_and_parquet_stay_equal(project: Made, tmp_path: Path) -> None:
    """Makes data frames of mappers' rows, writes them to Parquet with Spark, and reads equal rows."""
    sql = consumer("pyspark.sql")
    records = cast("Any", project.package.module("records"))
    builder = sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.sql.session.timeZone", "UTC")
    spark = builder.config("spark.sql.shuffle.partitions", "1").getOrCreate()
    try:
        for number, (id, rows) in enumerate(project.rows().items()):
            loading = project.catalog.table(id).loading
            entry = project.catalog.TABLES[id]
            schema = project.package.module(f"spark.{entry.provider}.{entry.module}").SCHEMA
            encoded = [records.encode(row, loading, "spark") for row in rows]
            path = str(tmp_path / str(number))
            spark.createDataFrame(encoded, schema).coalesce(1).write.parquet(path)
            back = spark.read.parquet(path).toArrow().to_pylist(maps_as_pydicts="strict")
            assert rows
            assert [records.decode(record, loading, "spark") for record in back] == rows
        field = project.package.module("spark.made.hostile_texts").SCHEMA["_key"]
        assert "{{ 1 + 1 }}" in field.metadata["comment"]
        assert not field.nullable
    finally:
        spark.stop()


@pytest.mark.filterwarnings("ignore")
def test_bigquery_reads_the_schemas(project: Made) -> None:
    """Reads each schema with google-cloud-bigquery: names, types, modes and descriptions are kept."""
    bigquery = consumer("google.cloud.bigquery")
    for id, table in project.data.tables.items():
        fields = json.loads(project.catalog.text(id, "bigquery"))
        parsed = [bigquery.SchemaField.from_api_repr(field) for field in fields]
        assert [field.name for field in parsed] == [c.names["bigquery"] for c in table.columns]
        for field, column in zip(parsed, table.columns, strict=True):
            assert (field.mode == "REQUIRED") == (column.name == table.key)
            assert (field.mode == "REPEATED") == (
                column.type.startswith("array<") and not column.type.startswith("array<array<")
            )
            assert (field.description or "").startswith(column.description[:1000])
    types = {
        field["name"]: field["type"]
        for field in json.loads(project.catalog.text(HOSTILE, "bigquery"))
    }
    assert (types["tags"], types["lists"], types["nested"]) == ("JSON", "STRING", "JSON")


def dbt(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Run dbt, which has an environment of its own, in a project."""
    if "SCHEMAGEN_DBT" not in os.environ:
        pytest.skip("needs dbt: make test-engines")
    python = projects.CHECKOUT / os.environ["SCHEMAGEN_DBT"]
    arguments = ["-m", "dbt.cli.main", "--no-send-anonymous-usage-stats", command]
    return subprocess.run(
        [python, *arguments, "--profiles-dir", folder],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.filterwarnings("ignore")
def test_dbt_reads_and_tests_the_sources(project: Made, tmp_path: Path) -> None:
    """dbt shows descriptions unchanged; its tests pass over rows of mappers, and fail over a key that
    occurs twice."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "sources.yml").write_text(project.files["dbt/sources.yml"], "utf-8")
    (tmp_path / "dbt_project.yml").write_text(
        "name: made\nversion: '1.0'\nconfig-version: 2\nprofile: made\nmodel-paths: [models]\n"
    )
    database = tmp_path / "rows.duckdb"
    (tmp_path / "profiles.yml").write_text(
        f"made:\n  target: dev\n  outputs:\n    dev:\n      type: duckdb\n      path: '{database}'\n"
    )
    sql = cast("Any", project.package.module("sql"))
    found, keyed = project.rows(), 0
    with duckdb.connect(str(database)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for id, table in project.data.tables.items():
            keyed += table.key is not None
            loading = project.catalog.table(id).loading
            connection.execute(project.catalog.ddl(id, "duckdb"))
            for row in found.get(id, ()):
                connection.execute(
                    sql.insert(loading, "duckdb"), sql.parameters(row, loading, "duckdb")
                )
    done = dbt(tmp_path, "test")
    assert done.returncode == 0, done.stdout
    results = json.loads((tmp_path / "target" / "run_results.json").read_text("utf-8"))["results"]
    assert [result["status"] for result in results] == ["pass"] * 2 * keyed
    manifest = json.loads((tmp_path / "target" / "manifest.json").read_text("utf-8"))
    sources = {
        f"{source['schema']}.{source['name']}": source for source in manifest["sources"].values()
    }
    assert sources.keys() == project.data.tables.keys()
    for id, table in project.data.tables.items():
        shown = sources[id]["columns"]
        assert {name: entry["description"] for name, entry in shown.items()} == {
            column.name: column.description for column in table.columns
        }
        assert sources[id]["description"].startswith(table.title)
    with duckdb.connect(str(database)) as connection:
        target = sql.relation(project.catalog.table(HOSTILE).loading, "duckdb")
        connection.execute(f"CREATE TABLE copied AS FROM {target}")
        connection.execute(f"DROP TABLE {target}")
        connection.execute(f"CREATE TABLE {target} AS FROM copied UNION ALL FROM copied")
    done = dbt(tmp_path, "test")
    assert done.returncode == 1
    results = json.loads((tmp_path / "target" / "run_results.json").read_text("utf-8"))["results"]
    assert [
        result["unique_id"].split(".")[2][:29] for result in results if result["status"] == "fail"
    ] == ["source_unique_made_hostile_te"]
