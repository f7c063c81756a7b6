"""Consumers of a generated package, as programs: each prints whether what worked before works now.

    python consumers.py load DATABASE TABLE ROWS [--migrate]
    python consumers.py sql DATABASE TABLE ROWS QUERY STATEMENT
    python consumers.py python PROGRAM ROW

The package is the one on PYTHONPATH; the arguments are JSON, but for names.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import duckdb


def load(database: str, table: str, rows: str, *migrate: str) -> object:
    """Load rows as a sync does. The result is the error, or nothing."""
    from ddsql_schemas.load import Destination, UsageError, into

    destination = Destination.parse(f"duckdb:{database}", migrate=bool(migrate))
    known: Any = table  # the ids that the package's stub knows are those of another one
    try:
        into(destination, known, json.loads(rows), account="1")
    except (UsageError, LookupError) as error:
        return str(error)
    return ""


def sql(database: str, table: str, rows: str, query: str, statement: str) -> object:
    """Fill the table of the package, query it, and write into it. The result is that of the query, and
    the error of the statement."""
    failed = load(database, table, rows)
    assert failed == "", failed
    connection = duckdb.connect(database)
    try:
        found: object = connection.execute(query).fetchall()
    except duckdb.Error as error:
        found = str(error)
    try:
        connection.execute(statement)
    except duckdb.Error as error:
        return [found, str(error)]
    return [found, ""]


def python(program: str, row: str) -> object:
    """Run a program that uses the package, with ``row`` in it. The result is the error, or nothing."""
    try:
        exec(program, {"row": json.loads(row)})  # noqa: S102 - it is the tests' own
    except (ImportError, AttributeError, TypeError, ValueError, LookupError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


if __name__ == "__main__":
    programs: dict[str, Callable[..., object]] = {"load": load, "sql": sql, "python": python}
    result = programs[sys.argv[1]](*sys.argv[2:])
    sys.stdout.write(json.dumps(result))
