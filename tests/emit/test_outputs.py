"""The outputs for files and data frames, read by pyarrow, DuckDB and fastavro."""

from __future__ import annotations

import importlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import duckdb
import pytest

import output_project
from output_project import HOSTILE, Made

# They have no types that strict checkers accept.
fastavro: Any = importlib.import_module("fastavro")
pa: Any = importlib.import_module("pyarrow")
pq: Any = importlib.import_module("pyarrow.parquet")

pytestmark = pytest.mark.xdist_group("outputs")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    folder = tmp_path_factory.mktemp("outputs")
    with output_project.made(folder, "outputs_light") as made:
        yield made


def arrow_table(project: Made, table: str, rows: list[dict[str, object]]) -> Any:
    records = cast("Any", project.package.module("records"))
    loading = project.catalog.table(table).loading
    encoded = [records.encode(row, loading, "arrow") for row in rows]
    return pa.Table.from_pylist(encoded, schema=project.catalog.table(table).arrow)


def test_rows_through_arrow_and_parquet_stay_equal(project: Made, tmp_path: Path) -> None:
    """Writes the rows of each mapper to Parquet and reads equal rows and the same fields back."""
    records = cast("Any", project.package.module("records"))
    found = project.rows()
    assert len(found) == 6
    for id, rows in found.items():
        table = arrow_table(project, id, rows)
        pq.write_table(table, tmp_path / "rows.parquet")
        back = pq.read_table(tmp_path / "rows.parquet")
        # Parquet has other names for the elements of lists.
        kept = [
            [(field.name, field.nullable, field.metadata) for field in schema]
            for schema in (back.schema, table.schema)
        ]
        assert kept[0] == kept[1]
        loading = project.catalog.table(id).loading
        dicts = back.to_pylist(maps_as_pydicts="strict")
        assert rows
        assert [records.decode(record, loading, "arrow") for record in dicts] == rows


def test_rows_through_arrow_into_duckdb_stay_equal(project: Made) -> None:
    """Inserts Arrow tables into the tables of the DDL, and reads equal rows with `sql`."""
    sql = cast("Any", project.package.module("sql"))
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for id, rows in project.rows().items():
            loading = project.catalog.table(id).loading
            connection.execute(project.catalog.ddl(id, "duckdb"))
            connection.register("arrow_rows", arrow_table(project, id, rows))
            target = sql.relation(loading, "duckdb")
            connection.execute(f"INSERT INTO {target} BY NAME SELECT * FROM arrow_rows")
            fetched = connection.execute(sql.select(loading, "duckdb")).fetchall()
            assert [sql.read(values, loading, "duckdb") for values in fetched] == rows


def test_arrow_schema_has_types_descriptions_and_key(project: Made) -> None:
    """Compares types, descriptions and nullability of each field with the catalogue."""
    for id, table in project.data.tables.items():
        schema = project.catalog.table(id).arrow
        assert schema.names == [column.name for column in table.columns]
        for field, column in zip(schema, table.columns, strict=True):
            facts = {key.decode(): text.decode() for key, text in field.metadata.items()}
            assert facts == {"ddsql_type": column.type} | (
                {"description": column.description} if column.description else {}
            )
            assert field.nullable == (column.name != table.key)
    hostile = project.catalog.table(HOSTILE).arrow
    assert (
        "{{ 1 + 1 }} {% raw %} {# d #} {{{e}}}"
        in hostile.field("_key").metadata[b"description"].decode()
    )
    assert hostile.field("tags").type == pa.map_(pa.string(), pa.list_(pa.string()))


def test_rows_through_avro_stay_equal(project: Made) -> None:
    """Writes the rows of each mapper with fastavro and reads equal rows back."""
    records = cast("Any", project.package.module("records"))
    for id, rows in project.rows().items():
        loading = project.catalog.table(id).loading
        schema = fastavro.parse_schema(json.loads(project.catalog.text(id, "avro")))
        stream = io.BytesIO()
        fastavro.writer(stream, schema, [records.encode(row, loading, "avro") for row in rows])
        stream.seek(0)
        assert rows
        assert [records.decode(found, loading, "avro") for found in fastavro.reader(stream)] == rows


def test_avro_names_are_valid_and_say_the_name_of_the_page(project: Made) -> None:
    """Renames a column that Avro does not accept, and documents its name."""
    schema = json.loads(project.catalog.text(HOSTILE, "avro"))
    fastavro.parse_schema(schema)
    field = schema["fields"][1]
    assert field["name"].startswith("_http_status_code_")
    assert field["doc"] == "Dots.\n\nThe documentation calls this column @http.status_code."
    assert "{{ 1 + 1 }}" in schema["fields"][0]["doc"]


def test_records_refuse_what_a_type_cannot_hold(project: Made) -> None:
    """Refuses a value of another type, naming table and column, and an unknown output."""
    records = cast("Any", project.package.module("records"))
    loading = project.catalog.table(HOSTILE).loading
    row = {"_key": "k", "@http.status_code": 2**63}
    with pytest.raises(records.ConversionError, match=r"made\.hostile_texts\.@http\.status_code"):
        records.encode(row, loading, "arrow")
    with pytest.raises(KeyError, match="unknown output"):
        records.encode({"_key": "k"}, loading, "orc")
