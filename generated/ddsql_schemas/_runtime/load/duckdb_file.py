# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Open the file of a DuckDB database that rows are loaded into."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from ..quoting import duckdb_literal, identifier
from .destination import Destination, DestinationError

_DATABASE = "ddsql_destination"
"""The name that the file is attached as. DuckDB would name it after the file, and `aws.duckdb` with a
schema aws would make every name ambiguous."""
_BLOCK_SIZE = 65536
"""The least that new values of a column take: with DuckDB's 256 KiB, files grow twice as fast."""
MEMORY = "160MiB"
"""The memory of DuckDB, which writes to the folder of the lines what needs more."""
_HOLDER = re.compile(r"\(PID (\d+)\)")


def open_file(file: Path, destination: Destination) -> duckdb.DuckDBPyConnection:
    """Attach the file to a database in memory. Raises `DestinationError`."""
    if file.name.startswith(":memory:"):
        raise DestinationError(
            f"{destination}: a database in memory would be lost with the process; write duckdb:FILE"
        )
    if not file.parent.is_dir():
        raise DestinationError(f"{destination}: there is no folder {file.parent}")
    # With a type, so that a name such as "sqlite:x" is a file's, and not that of an extension.
    options = "TYPE duckdb" + ("" if file.exists() else f", BLOCK_SIZE {_BLOCK_SIZE}")
    connection = duckdb.connect(":memory:")
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(f"SET memory_limit = '{MEMORY}'")
        connection.execute(
            f"ATTACH {duckdb_literal(str(file))} AS {identifier(_DATABASE)} ({options})"
        )
        connection.execute(f"USE {identifier(_DATABASE)}")
    except duckdb.Error as error:
        connection.close()
        raise DestinationError(f"{destination}: {_explained(error)}") from None
    except BaseException:
        connection.close()
        raise
    return connection


def _explained(error: duckdb.Error) -> str:
    """Return what is wrong with a file that DuckDB cannot open, and what to do."""
    text = str(error)
    if "Could not set lock" in text:
        holder = _HOLDER.search(text)
        who = f"the process {holder[1]}" if holder else "another process"
        return (
            f"{who} has the database open. DuckDB lets one process write at a time, and none read "
            "meanwhile: wait until it ends, or close its connection"
        )
    if "already attached" in text or "Unique file handle" in text:
        return (
            "this process has the database open already, through another connection: close it before "
            "loading, because DuckDB lets one connection attach a file"
        )
    return text
