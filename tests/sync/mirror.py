"""Mirrors of the simulated AWS: runs of the generated package, and what the databases have afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import boto3
import duckdb
import psycopg

from corpus_package import CorpusPackage
from sync.aws_server import ACCOUNT, Credentials, role_arn
from sync.made_items import REGIONS
from sync.world import OTHER_ACCOUNT, World

Row = dict[str, Any]
UnitName = tuple[str, str, str]
"""Account, region and table of a unit."""

GLOBAL = "global"
ACCOUNTS = (ACCOUNT, OTHER_ACCOUNT)


@dataclass(frozen=True)
class Counts:
    """What a unit did: see `LoadCounts`."""

    rows: int
    inserted: int
    changed: int
    unchanged: int
    deleted: int

    @property
    def written(self) -> int:
        return self.inserted + self.changed + self.deleted


@dataclass(frozen=True)
class Run:
    """A run's report, by unit."""

    report: Any

    @property
    def units(self) -> dict[UnitName, Any]:
        return {(unit.account, unit.region, unit.table): unit for unit in self.report.units}

    def counts(self, unit: UnitName) -> Counts:
        found = self.units[unit].counts
        return Counts(found.rows, found.inserted, found.changed, found.unchanged, found.deleted)

    def states(self) -> dict[UnitName, str]:
        return {name: unit.state for name, unit in self.units.items()}

    def unusual(self) -> dict[UnitName, Any]:
        """The units that did not end as they should where nothing is denied and nothing fails."""
        return {name: unit for name, unit in self.units.items() if unit.exit_status != 0}


def run(
    package: CorpusPackage,
    world: World,
    to: str,
    tables: Sequence[str],
    *,
    accounts: Sequence[str] = ACCOUNTS,
    regions: Sequence[str] = REGIONS,
    **options: Any,
) -> Run:
    """Mirror tables of the simulated AWS."""
    sync = package.module("sync")
    given = [
        sync.Account(id=id) if id == ACCOUNT else sync.Account(role_arn=role_arn(id))
        for id in accounts
    ]
    return Run(
        sync.run(
            tuple(tables),
            to=to,
            regions=tuple(regions),
            accounts=given,
            session=session(),
            endpoint_url=world.proxy.url,
            **options,
        )
    )


@cache
def session() -> Any:
    """The session that runs start from: its credentials are those of `ACCOUNT`. All runs share it,
    because it keeps the models of services."""
    made: Any = boto3.Session(Credentials(ACCOUNT).access_key, "none", None, "us-east-1")
    return made


# --- what is stored -------------------------------------------------------------------------------


def by_key(rows: Iterable[Row]) -> dict[str, Row]:
    """Rows by their keys, each key once."""
    found: dict[str, Row] = {}
    for row in rows:
        assert row["_key"] not in found, f"{row['_key']} is there twice"
        found[row["_key"]] = row
    return found


def stored(package: CorpusPackage, to: str, table: str) -> dict[str, Row]:
    """The rows of a table in a destination, by key."""
    kind, _, address = to.partition(":")
    if kind == "duckdb":
        with closing(duckdb.connect(address, read_only=True)) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            return by_key(_selected(package, connection, table, "duckdb"))
    if kind == "parquet":
        return by_key(_parquet(package, Path(address), table))
    dialect = "postgres_jsonb" if "dialect=postgres_jsonb" in to else "postgres"
    with psycopg.connect(_libpq(to)) as connection:
        connection.execute("SET TIME ZONE 'UTC'")
        if dialect == "postgres":
            from psycopg.types.hstore import register_hstore

            info = cast("Any", psycopg.types.TypeInfo).fetch(connection, "hstore")
            register_hstore(info, connection)
        return by_key(_selected(package, connection, table, dialect))


def _libpq(to: str) -> str:
    """The connection string without our own options."""
    return to.replace("&dialect=postgres_jsonb", "").replace("?dialect=postgres_jsonb", "")


def _selected(package: CorpusPackage, connection: Any, table: str, dialect: str) -> Iterator[Row]:
    code, loading = package.sql, package.table(table)
    statement = code.select(loading, dialect)
    for values in connection.execute(statement).fetchall():
        yield code.read(values, loading, dialect)


def _parquet(package: CorpusPackage, folder: Path, table: str) -> Iterator[Row]:
    """The rows of the files of a table. Parquet has json as text and maps as lists of pairs."""
    parquet: Any = import_module("pyarrow.parquet")

    types = cast("Any", package.table(table)).columns
    files = sorted((folder / table).glob("*.parquet"))
    assert files, f"{table} has no file"
    for file in files:
        for row in parquet.ParquetFile(file).read().to_pylist():
            yield {name: _from_arrow(types[name], row[name]) for name in types}


def _from_arrow(type: str, value: Any) -> Any:
    if value is None:
        return None
    if type == "json":
        return json.loads(value)
    if type in ("hstore", "hstore_csv"):
        return dict(value)
    return value


# --- what there must be ---------------------------------------------------------------------------


def units_of(package: CorpusPackage, tables: Sequence[str]) -> list[UnitName]:
    """The units of all accounts and regions, worked out by hand: these tables are of accounts."""
    return [
        (account, region, table)
        for account in ACCOUNTS
        for table in tables
        for region in ([GLOBAL] if table in OF_ACCOUNTS else REGIONS)
    ]


OF_ACCOUNTS = frozenset(
    {
        "aws.cloudfront_distribution",
        "aws.iam_policy",
        "aws.iam_role",
        "aws.iam_user",
        "aws.route53_hosted_zone",
        "aws.s3_bucket",
    }
)
"""The tables that an account has once."""


def expected_rows(
    package: CorpusPackage, world: World, units: Iterable[UnitName]
) -> dict[UnitName, dict[str, Row]]:
    """The rows of units by key, read by plain boto3."""
    from sync import expected

    found: dict[UnitName, dict[str, Row]] = {}
    for account, region, table in units:
        place = world.undisturbed(account, "us-east-1" if region == GLOBAL else region)
        found[account, region, table] = by_key(expected.rows(package, table, place))
    return found


def of_table(rows: Mapping[UnitName, Mapping[str, Row]], table: str) -> dict[str, Row]:
    """The rows of a table in all units."""
    return {
        key: row
        for (_, _, name), found in rows.items()
        if name == table
        for key, row in found.items()
    }
