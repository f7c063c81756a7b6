"""What loading rows costs, beside the ways that a user has without the package.

    python benchmarks/loading.py [postgres] [--rows 20000] [--rounds 3] [--without-dlt]

Every round measures every way once, on the same rows (`sample_rows`: 46 columns, 22 of them json), so
that a busy minute of the machine falls on all of them. Figures are medians of the rounds, ratios are
medians of the rounds' ratios. dlt is installed on the first run, in an environment of its own below
`.venv-peers`.

PostgreSQL is a server of the tests, without fsync: what waits for a disk is not measured.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "generated"), str(Path(__file__).parent)]

import peers  # noqa: E402
import psycopg  # noqa: E402
import sample_rows  # noqa: E402
from ddsql_schemas import sql  # noqa: E402
from ddsql_schemas._runtime.load import binary  # noqa: E402
from ddsql_schemas._runtime.load.destination import Destination  # noqa: E402
from ddsql_schemas._runtime.load.package import Package  # noqa: E402
from ddsql_schemas._runtime.units import CollectedRow, Unit  # noqa: E402

import engines  # noqa: E402 - from the path that was just added

PACKAGE = Package("ddsql_schemas", "ddsql-schemas")
TABLE = PACKAGE.table(sample_rows.TABLE)
UNIT = Unit(sample_rows.ACCOUNT, sample_rows.REGION, TABLE.id)
DLT = "dlt[postgres,duckdb]"
SLOW = 5
"""A fifth of the rows is enough for ways that take minutes."""

Times = dict[str, list[float]]


class Rows:
    """Rows as a collector gives them."""

    complete = True

    def __init__(self, rows: Iterable[sample_rows.Row]) -> None:
        self.rows = rows

    def __iter__(self) -> Iterator[CollectedRow]:
        return map(CollectedRow, self.rows)


def seconds(action: Callable[[], object]) -> float:
    gc.collect()
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def processor(backend: int | None) -> float:
    """The processor's seconds of this process, or of a process of the server (Linux)."""
    if backend is None:
        return time.process_time()
    fields = Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ratio(times: Times, over: str, under: str) -> float:
    """The median over the rounds of how many times as long ``over`` takes as ``under``."""
    return statistics.median(a / b for a, b in zip(times[over], times[under], strict=True))


# --- PostgreSQL -----------------------------------------------------------------------------------


class Postgres:
    """The ways into a PostgreSQL database. Each is given rows; what they need is made before."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection
        info = connection.info
        self.address = f"postgresql://postgres@/{info.dbname}?host={info.host}"
        self.sink = Destination.parse(self.address).open(PACKAGE)
        self.sink.prepare([TABLE])
        self.dialect = "postgres" if "hstore" in self.column_types() else "postgres_jsonb"
        self.relation = sql.relation(TABLE, self.dialect)
        names = ", ".join(sql.LOADER.quote(name, TABLE, self.dialect) for name in TABLE.columns)
        self.copy_statement = f"COPY {self.relation} ({names}) FROM STDIN (FORMAT BINARY)"
        self.delete_statement = f"DELETE FROM {self.relation}"  # noqa: S608 - a quoted name
        self.encode = binary.RowEncoder(sql.LOADER, TABLE, self.dialect, {})

    def column_types(self) -> set[str]:
        query = "SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = %s::regclass"
        return {name for (name,) in self.connection.execute(query, [TABLE.id])}

    def empty(self) -> None:
        self.connection.execute(f"TRUNCATE {self.relation}")
        self.sink.forget()
        self.connection.execute("CHECKPOINT")

    def blob(self, rows: Iterable[sample_rows.Row]) -> bytes:
        start = binary.fields(len(TABLE.columns))
        return b"".join(
            [binary.HEADER, *(start + self.encode(row) for row in rows), binary.TRAILER]
        )

    def copy(self, blob: bytes) -> None:
        with self.connection.cursor().copy(self.copy_statement) as copy:
            copy.write(blob)

    def executemany(self, rows: Iterable[sample_rows.Row]) -> None:
        with self.connection.transaction(), self.connection.cursor() as cursor:
            cursor.executemany(
                sql.insert(TABLE, self.dialect),
                [sql.parameters(row, TABLE, self.dialect) for row in rows],
            )

    def replace(self, rows: Iterable[sample_rows.Row]) -> None:
        """Delete all rows and copy the new ones, encoded as ours are."""
        with self.connection.transaction():
            self.connection.execute(self.delete_statement)
            with self.connection.cursor().copy(self.copy_statement) as copy:
                copy.write(binary.HEADER)
                start = binary.fields(len(TABLE.columns))
                for row in rows:
                    copy.write(start + self.encode(row))
                copy.write(binary.TRAILER)

    def load(self, rows: Iterable[sample_rows.Row]) -> tuple[int, ...]:
        return self.sink.load(UNIT, TABLE, Rows(rows))

    def wal(self) -> int:
        query = "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint"
        [(position,)] = self.connection.execute(query).fetchall()
        return position

    def written(self, action: Callable[[], object]) -> tuple[float, int]:
        """The seconds and the bytes of WAL that ``action`` takes."""
        before = self.wal()
        taken = seconds(action)
        return taken, self.wal() - before


def postgres(count: int, rounds: int, with_dlt: bool) -> None:
    found = engines.binaries()
    if found is None:
        raise SystemExit("there is no PostgreSQL")
    rows, later = list(sample_rows.rows(count)), list(sample_rows.changed(count))
    few = rows[: count // SLOW]
    times: Times = {}
    work: Times = {}
    logged: Times = {}

    def note(what: str, taken: float, rate: int) -> None:
        times.setdefault(what, []).append(taken / rate)

    def busy(what: str, connection: Any, action: Callable[[], object]) -> None:
        """Measure the time, and that of the processors on both sides."""
        sides = (("client", None), ("server", connection.info.backend_pid))
        before = [processor(pid) for _, pid in sides]
        note(what, seconds(action), count)
        for (side, pid), start in zip(sides, before, strict=True):
            work.setdefault(f"{what}, {side}", []).append((processor(pid) - start) / count)

    with engines.server(found) as server:
        for _ in range(rounds):
            with server.database() as connection:
                way = Postgres(connection)
                blob = way.blob(rows)
                note("encode", seconds(lambda way=way: way.blob(rows)), count)
                way.empty()
                busy("blob", connection, lambda way=way, blob=blob: way.copy(blob))
                way.empty()
                busy("load", way.sink._session.connection, lambda way=way: way.load(rows))
                taken, bytes_written = way.written(lambda way=way: way.load(later))
                note("merge", taken, count)
                logged.setdefault("merge", []).append(bytes_written)
                note("nothing new", seconds(lambda way=way: way.load(later)), count)
                way.empty()
                way.copy(blob)
                taken, bytes_written = way.written(lambda way=way: way.replace(later))
                note("replace", taken, count)
                logged.setdefault("replace", []).append(bytes_written)
                way.empty()
                note("executemany", seconds(lambda way=way: way.executemany(few)), len(few))
                way.sink.close()
                if with_dlt:
                    # dlt insists on a password.
                    address = way.address.replace("postgres@/", "postgres:none@localhost/")
                    note("dlt", dlt("postgres", address, len(few)), len(few))
    version = f"PostgreSQL {server.version}{'' if server.hstore else ' without hstore'}"
    heading(version, count, rounds, len(blob) / count)
    rates(
        times,
        {
            "encode": "rows → bytes of a binary COPY, no database",
            "blob": "COPY from a ready blob",
            "load": "first load of a unit, ledger included",
            "merge": "the same unit, 5 % changed, 2 % gone, 2 % new",
            "nothing new": "the same unit, nothing changed",
            "replace": "DELETE + COPY of the same rows",
            "executemany": "`executemany` of `sql.insert`",
            "dlt": "dlt, a new table",
        },
    )
    print()  # noqa: T201
    for what, found_times in work.items():
        print(f"{what}: {statistics.median(found_times) * 1e6:.0f} µs of a processor a row")  # noqa: T201
    ratios(
        [
            ("first load to COPY from a ready blob", ratio(times, "blob", "load"), "≥ 0.75"),
            ("first load to executemany", ratio(times, "executemany", "load"), "≥ 2.2"),
            ("time of the merge to DELETE + COPY", ratio(times, "merge", "replace"), "≤ 1.4"),
            ("WAL of the merge to DELETE + COPY", ratio(logged, "merge", "replace"), "≤ 0.12"),
            ("the same by processors, if each side has one", by_processors(work), "≥ 0.75"),
            *([("first load to dlt", ratio(times, "dlt", "load"), "≥ 6")] if with_dlt else []),
        ]
    )


def by_processors(work: Times) -> float:
    """How quick the first load is to a ready blob where client and server do not share a processor: the
    busier side decides."""
    rounds = zip(work["load, client"], work["load, server"], work["blob, server"], strict=True)
    return statistics.median(blob / max(client, server) for client, server, blob in rounds)


# --- dlt, and the report --------------------------------------------------------------------------


def dlt(engine: str, address: str, count: int) -> float:
    """The seconds that dlt needs for the first ``count`` rows, in a process of its own."""
    peers.install("dlt", DLT)
    script = peers.SCRIPTS / "dlt_load.py"
    command = [peers.program("dlt", "python"), str(script), engine, address, str(count)]
    return float(subprocess.check_output(command, text=True).splitlines()[-1])


def heading(place: str, count: int, rounds: int, size: float) -> None:
    load = os.getloadavg()[0]
    print(  # noqa: T201
        f"{place}, {count:,} rows of {size / 1000:.1f} kB, {rounds} rounds, Python "
        f"{platform.python_version()}, {os.cpu_count()} processors, load {load:.1f}\n"
    )


def rates(times: Times, names: dict[str, str]) -> None:
    print("| way | rows a second | lowest | highest |\n|---|---|---|---|")  # noqa: T201
    for key, name in names.items():
        if key in times:
            found = [1 / taken for taken in times[key]]
            figures = (statistics.median(found), min(found), max(found))
            print(f"| {name} | {' | '.join(f'{figure:,.0f}' for figure in figures)} |")  # noqa: T201


def ratios(rows: list[tuple[str, float, str]]) -> None:
    print("\n| measure | must reach | reached |\n|---|---|---|")  # noqa: T201
    for name, found, bound in rows:
        print(f"| {name} | {bound} | {found:.3g} |")  # noqa: T201


SECTIONS: dict[str, Callable[[int, int, bool], Any]] = {"postgres": postgres}
"""What can be measured, by name."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("sections", nargs="*", default=list(SECTIONS), metavar="SECTION")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without-dlt", action="store_true")
    arguments = parser.parse_args()
    for name in arguments.sections:
        SECTIONS[name](arguments.rows, arguments.rounds, not arguments.without_dlt)


if __name__ == "__main__":
    main()
