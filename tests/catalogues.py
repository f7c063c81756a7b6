"""What the databases' own catalogues say of a table: the other side of every DDL test."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import Connection

import engines

# What each engine calls the types in its catalogue, written down here a second time on purpose.
TYPES: dict[str, dict[str, str]] = {
    "postgres": {
        "string": "text",
        "int64": "bigint",
        "float64": "double precision",
        "bool": "boolean",
        "timestamp": "timestamp with time zone",
        "json": "jsonb",
        "hstore": "hstore",
        "hstore_csv": "hstore",
        "array<string>": "text[]",
        "array<timestamp>": "timestamp with time zone[]",
        "array<array<string>>": "jsonb",
    },
    "duckdb": {
        "string": "VARCHAR",
        "int64": "BIGINT",
        "float64": "DOUBLE",
        "bool": "BOOLEAN",
        "timestamp": "TIMESTAMP WITH TIME ZONE",
        "json": "JSON",
        "hstore": "MAP(VARCHAR, VARCHAR)",
        "hstore_csv": "MAP(VARCHAR, VARCHAR[])",
        "array<string>": "VARCHAR[]",
        "array<timestamp>": "TIMESTAMP WITH TIME ZONE[]",
        "array<array<string>>": "VARCHAR[][]",
    },
}
TYPES["postgres_jsonb"] = TYPES["postgres"] | {"hstore": "jsonb", "hstore_csv": "jsonb"}


@dataclass(frozen=True)
class Described:
    """A table as its database describes it; columns in their order. No comment is None."""

    comment: str | None
    key: tuple[str, ...]
    columns: tuple[DescribedColumn, ...]


@dataclass(frozen=True)
class DescribedColumn:
    name: str
    type: str
    nullable: bool
    comment: str | None


def postgres(connection: Connection, schema: str, name: str) -> Described:
    key = connection.execute(
        "SELECT column_name FROM information_schema.table_constraints"
        " JOIN information_schema.key_column_usage"
        " USING (constraint_schema, constraint_name, table_schema, table_name)"
        " WHERE constraint_type = 'PRIMARY KEY' AND table_schema = %s AND table_name = %s"
        " ORDER BY ordinal_position",
        (schema, name),
    ).fetchall()
    columns = connection.execute(
        "SELECT c.column_name, format_type(a.atttypid, a.atttypmod), c.is_nullable = 'YES',"
        " col_description(a.attrelid, a.attnum)"
        " FROM information_schema.columns c"
        " JOIN pg_namespace n ON n.nspname = c.table_schema"
        " JOIN pg_class t ON t.relnamespace = n.oid AND t.relname = c.table_name"
        " JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = c.column_name"
        " WHERE c.table_schema = %s AND c.table_name = %s ORDER BY c.ordinal_position",
        (schema, name),
    ).fetchall()
    (comment,) = connection.execute(
        "SELECT obj_description(t.oid, 'pg_class') FROM pg_class t"
        " JOIN pg_namespace n ON n.oid = t.relnamespace"
        " WHERE n.nspname = %s AND t.relname = %s",
        (schema, name),
    ).fetchall()
    return Described(
        comment[0],
        tuple(column for (column,) in key),
        tuple(DescribedColumn(*column) for column in columns),
    )


def duckdb(connection: engines.DuckDB, schema: str, name: str) -> Described:
    key = connection.execute(
        "SELECT unnest(constraint_column_names) FROM duckdb_constraints()"
        " WHERE constraint_type = 'PRIMARY KEY' AND schema_name = ? AND table_name = ?",
        [schema, name],
    ).fetchall()
    columns = connection.execute(
        "SELECT c.column_name, c.data_type, c.is_nullable = 'YES', d.comment"
        " FROM information_schema.columns c JOIN duckdb_columns() d"
        " ON d.schema_name = c.table_schema AND d.table_name = c.table_name"
        " AND d.column_name = c.column_name"
        " WHERE c.table_schema = ? AND c.table_name = ? ORDER BY c.ordinal_position",
        [schema, name],
    ).fetchall()
    (comment,) = connection.execute(
        "SELECT comment FROM duckdb_tables() WHERE schema_name = ? AND table_name = ?",
        [schema, name],
    ).fetchall()
    return Described(
        comment[0],
        tuple(str(column) for (column,) in key),
        tuple(DescribedColumn(*column) for column in columns),
    )
