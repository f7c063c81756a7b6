"""How fast rows are loaded into DuckDB and Parquet, beside the quickest ways that there are.

    python benchmarks/loading_files.py [--rows 20000] [--runs 5] [--json FILE]

Each run does everything once, in turn, so that a busy machine slows all of it; figures are medians.
The rows are those of `sample_rows`; those of the second load have 5 % changed, 2 % gone, 2 % new.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pyarrow as pa
import sample_rows

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "generated"))

from ddsql_schemas import records, sql
from ddsql_schemas._runtime.load.destination import Destination
from ddsql_schemas._runtime.load.package import Package
from ddsql_schemas._runtime.units import CollectedRow, Unit

PACKAGE = Package("ddsql_schemas", "ddsql-schemas")
TABLE = PACKAGE.table(sample_rows.TABLE)
UNIT = Unit(sample_rows.ACCOUNT, sample_rows.REGION, TABLE.id)
EXECUTEMANY_ROWS = 500
Row = sample_rows.Row


class Rows:
    """Rows that are there already, as a collector gives them."""

    complete = True

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = rows

    def __iter__(self) -> Iterator[CollectedRow]:
        return map(CollectedRow, self._rows)


def seconds(action: Callable[[], object]) -> float:
    return both(action)[0]


def both(action: Callable[[], object]) -> tuple[float, float]:
    """The seconds that ``action`` takes, and those of the processors, in all threads."""
    start, worked = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - start, time.process_time() - worked


def database(file: Path) -> duckdb.DuckDBPyConnection:
    """A new database with the table, as a user makes it."""
    connection = duckdb.connect(file)
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(PACKAGE.ddl(TABLE.id, "duckdb"))
    return connection


def read_json(folder: Path, rows: list[Row]) -> dict[str, float]:
    """Read ready lines of JSON with explicit columns."""
    lines = folder / "ready.jsonl"
    with lines.open("wb") as file:
        for row in rows:
            file.write(orjson.dumps(row) + b"\n")
    connection = database(folder / "ready.duckdb")
    relation = sql.relation(TABLE, "duckdb")
    types = connection.execute(f"DESCRIBE {relation}").fetchall()
    columns = ", ".join(f"{name}: '{type}'" for name, type, *_ in types)
    statement = (
        f"INSERT INTO {relation} SELECT * FROM read_json('{lines}', "  # noqa: S608
        f"format = 'newline_delimited', columns = {{{columns}}})"
    )
    taken, worked = both(lambda: connection.execute(statement))
    connection.close()
    return {"read_json": taken, "read_json_work": worked}


def executemany(folder: Path, rows: list[Row]) -> float:
    """Insert some rows as the documentation of `sql` shows, and return the time that all would take."""
    some = rows[:EXECUTEMANY_ROWS]
    connection = database(folder / "executemany.duckdb")
    insert = sql.insert(TABLE, "duckdb")
    taken = seconds(
        lambda: connection.executemany(
            insert, [sql.parameters(row, TABLE, "duckdb") for row in some]
        )
    )
    connection.close()
    return taken * len(rows) / len(some)


def growth(folder: Path, rows: list[Row], changed: list[Row]) -> dict[str, float]:
    """Load, and load again; then rewrite the table. Return the times, and how the file grew each time."""
    file = folder / "sync.duckdb"
    sink: Any = Destination.parse(f"duckdb:{file}").open(PACKAGE)
    sink.prepare([TABLE])
    first, worked = both(lambda: sink.load(UNIT, TABLE, Rows(rows)))
    sink.close()
    sizes = [file.stat().st_size]
    sink = Destination.parse(f"duckdb:{file}").open(PACKAGE)
    sink.prepare([TABLE])
    merge = seconds(lambda: sink.load(UNIT, TABLE, Rows(changed)))
    sink.close()
    sizes.append(file.stat().st_size)
    sink = Destination.parse(f"duckdb:{file}").open(PACKAGE)
    sink.prepare([TABLE])
    again = seconds(lambda: sink.load(UNIT, TABLE, Rows(changed)))
    sink.close()
    sizes.append(file.stat().st_size)
    with duckdb.connect(file) as connection:
        relation = f"sync.{sql.relation(TABLE, 'duckdb')}"
        connection.execute(f"CREATE TEMP TABLE kept AS FROM {relation}")
        connection.execute("BEGIN")
        connection.execute(f"DELETE FROM {relation}")  # noqa: S608
        connection.execute(f"INSERT INTO {relation} FROM kept")
        connection.execute("COMMIT")
        connection.execute("CHECKPOINT")
    sizes.append(file.stat().st_size)
    return {
        "first": first,
        "first_work": worked,
        "merge": merge,
        "again": again,
        "merge_bytes": sizes[1] - sizes[0],
        "again_bytes": sizes[2] - sizes[1],
        "rewrite_bytes": sizes[3] - sizes[2],
    }


def arrow(rows: list[Row]) -> float:
    """Convert rows to an Arrow table as the documentation of `records` shows."""
    schema = PACKAGE.arrow(TABLE.id)

    def convert() -> None:
        found = [records.encode(row, TABLE, "arrow") for row in rows]
        pa.Table.from_pylist(found, schema=schema)

    return seconds(convert)


def parquet(folder: Path, rows: list[Row], changed: list[Row]) -> dict[str, float]:
    sink: Any = Destination.parse(f"parquet:{folder / 'lake'}/").open(PACKAGE)
    sink.prepare([TABLE])
    first = seconds(lambda: sink.load(UNIT, TABLE, Rows(rows)))
    merge = seconds(lambda: sink.load(UNIT, TABLE, Rows(changed)))
    again = seconds(lambda: sink.load(UNIT, TABLE, Rows(changed)))
    sink.close()
    return {"parquet": first, "parquet_merge": merge, "parquet_again": again}


def run(count: int) -> dict[str, float]:
    rows = list(sample_rows.rows(count))
    changed = list(sample_rows.changed(count))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return {
            **read_json(folder, rows),
            **growth(folder, rows, changed),
            "executemany": executemany(folder, rows),
            "arrow": arrow(rows),
            **parquet(folder, rows, changed),
        }


def report(count: int, found: list[dict[str, float]]) -> Iterator[str]:
    """Yield the lines of a table. Ratios are medians of the ratios of each run."""

    def rate(name: str) -> str:
        return f"{count / statistics.median(run[name] for run in found):,.0f} rows/s"

    def ratio(slower: str, faster: str) -> float:
        return statistics.median(run[slower] / run[faster] for run in found)

    yield "| measure | rate | compared with | ratio | must reach |"
    yield "|---|---|---|---|---|"
    for name, label, other, what, goal in (
        ("read_json", "DuckDB: `read_json` of ready lines", "", "", ""),
        ("executemany", "DuckDB: executemany", "", "", ""),
        ("first", "DuckDB, first load", "read_json", "read_json", "≥ 0.5"),
        ("first", "DuckDB, first load", "executemany", "executemany", "≥ 40"),
        ("merge", "DuckDB, 5 % changed, 2 % gone, 2 % new", "first", "first load", "≥ 0.6"),
        ("again", "DuckDB, nothing changed", "first", "first load", ""),
        ("arrow", "rows → Arrow (`records.encode`, `from_pylist`)", "", "", ""),
        ("parquet", "rows → Parquet, first load", "arrow", "rows → Arrow", "≥ 0.8"),
        ("parquet_merge", "Parquet, 5 % changed", "parquet", "first load", ""),
        ("parquet_again", "Parquet, nothing changed", "parquet", "first load", ""),
    ):
        reached = f"{ratio(other, name):.2f}" if other else ""
        yield f"| {label} | {rate(name)} | {what} | {reached} | {goal} |"
    work = ratio("read_json_work", "first_work")
    yield f"| DuckDB, first load, by the processors' time | | read_json | {work:.2f} | |"
    grown = statistics.median(run["merge_bytes"] / run["rewrite_bytes"] for run in found)
    size = statistics.median(run["merge_bytes"] for run in found) / 1e6
    yield f"| DuckDB, growth of the file | {size:.1f} MB | a rewrite's | {grown:.2f} | ≤ 0.3 |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    found: list[dict[str, float]] = []
    for number in range(arguments.runs):
        found.append(run(arguments.rows))
        sys.stderr.write(f"run {number + 1}: {json.dumps(found[-1])}\n")
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1))
    sys.stdout.write("\n".join(report(arguments.rows, found)) + "\n")
    sys.stderr.write(f"load of the machine: {os.getloadavg()}\n")


if __name__ == "__main__":
    main()
