"""Mirrors from beginning to end: two accounts and two regions of a simulated AWS, into every
destination, and again after resources were created, changed and deleted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

import engines
from corpus_package import CorpusPackage
from sync import mirror, resources
from sync.aws_server import ACCOUNT, Moto
from sync.mirror import GLOBAL, Row, Run, UnitName
from sync.resources import GLOBAL_REGION
from sync.world import COUNTS, OTHER_ACCOUNT, TABLES, World, label

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("mirror")]

DESTINATIONS = ("duckdb", "postgres", "postgres_jsonb", "parquet")

Rows = dict[UnitName, dict[str, Row]]
Stored = dict[str, dict[str, Row]]

CHANGED = (ACCOUNT, "eu-central-1")
"""Where resources are created, changed and deleted; those without a region in their account."""


@dataclass
class Story:
    """What happened, in this order: all destinations mirrored twice, resources changed, all mirrored
    once more. ``made``, ``changed`` and ``deleted`` are the names of resources by table."""

    units: list[UnitName]
    before: Rows
    after: Rows
    runs: dict[str, list[Run]] = field(default_factory=dict[str, list[Run]])
    stored: dict[str, list[Stored]] = field(default_factory=dict[str, list[Stored]])
    made: dict[str, str] = field(default_factory=dict[str, str])
    changed: dict[str, str] = field(default_factory=dict[str, str])
    deleted: dict[str, str] = field(default_factory=dict[str, str])


@pytest.fixture(scope="module")
def places(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[dict[str, str]]:
    """The destinations that can be reached here, by their names."""
    folder = tmp_path_factory.mktemp("mirrors")
    found = {"duckdb": f"duckdb:{folder}/mirror.duckdb", "parquet": f"parquet:{folder}/lake/"}
    if engines.binaries() is None:
        yield found
        return
    server: engines.Server = request.getfixturevalue("postgres_server")
    with server.database() as one, server.database() as other:
        if server.hstore:
            found["postgres"] = address(one)
        found["postgres_jsonb"] = f"{address(other)}&dialect=postgres_jsonb"
        yield found


def address(connection: Any) -> str:
    return f"postgresql:///{connection.info.dbname}?host={connection.info.host}&user=postgres"


@pytest.fixture(scope="module")
def story(
    moto_server: Moto, aws_world: World, corpus_package: CorpusPackage, places: dict[str, str]
) -> Story:
    units = mirror.units_of(corpus_package, TABLES)
    found = Story(units, mirror.expected_rows(corpus_package, aws_world, units), {})

    def mirrored(name: str, to: str) -> None:
        found.runs.setdefault(name, []).append(mirror.run(corpus_package, aws_world, to, TABLES))
        found.stored.setdefault(name, []).append(everything(corpus_package, to))

    for name, to in places.items():
        mirrored(name, to)
        mirrored(name, to)
    change(aws_world, found)
    found.after = mirror.expected_rows(corpus_package, aws_world, units)
    for name, to in places.items():
        mirrored(name, to)
    return found


def everything(package: CorpusPackage, to: str) -> Stored:
    return {table: mirror.stored(package, to, table) for table in TABLES}


def change(world: World, story: Story) -> None:
    """Create, change and delete one resource of each kind."""
    account, region = CHANGED
    for kind in resources.KINDS:
        where = GLOBAL_REGION if kind.everywhere else region
        place = world.place(account, where)
        ids = world.ids(account, where, kind.table)
        story.made[kind.table] = kind.create(place, f"new-{label(account, where)}")
        if kind.change is not None:
            kind.change(place, ids[0])
            story.changed[kind.table] = ids[0]
        kind.delete(place, ids[1])
        story.deleted[kind.table] = ids[1]
    for (owner, where, table), items in world.items.items.items():
        if (owner, where) == CHANGED:
            first, second, *_ = list(items)
            items[first] += 1
            del items[second]
            items["new"] = 1
            story.made[table], story.changed[table], story.deleted[table] = (
                "new",
                first,
                second,
            )
    world.changed()


@pytest.fixture(params=DESTINATIONS)
def destination(request: pytest.FixtureRequest, story: Story) -> str:
    if request.param not in story.runs:
        engines.skip(f"no server for {request.param}")
    return str(request.param)


def test_first_run_has_the_rows_of_all_accounts_and_regions(story: Story, destination: str) -> None:
    """Row for row, column for column, the destination has what plain boto3 reads and what the
    documentation of the columns says; each row is inserted once."""
    run, stored = story.runs[destination][0], story.stored[destination][0]
    assert run.unusual() == {}
    assert run.units.keys() == set(story.units)
    for table in TABLES:
        expected = mirror.of_table(story.before, table)
        assert len(expected) >= 6, table
        assert stored[table] == expected, table
    for unit in story.units:
        assert run.counts(unit).rows == len(story.before[unit])
    assert sum(run.counts(unit).inserted for unit in story.units) == sum(
        len(rows) for rows in stored.values()
    )


def test_first_run_has_every_resource_that_was_made(
    story: Story, destination: str, aws_world: World
) -> None:
    """By name, and with its tags where the table has them: nothing here was read from AWS."""
    stored = story.stored[destination][0]
    for kind in resources.KINDS:
        for account, region in COUNTS:
            if (account, region, kind.table) not in aws_world.names:
                continue
            rows = {row[kind.column]: row for row in stored[kind.table].values()}
            ids = aws_world.ids(account, region, kind.table)
            assert len(ids) == COUNTS[account, region]
            for number, id in enumerate(ids):
                tags = rows[id].get("tags")
                if kind.table in TAGGED:
                    assert tags is not None, kind.table
                    assert tags["made"] in (
                        f"{label(account, region)}-{number}",
                        [f"{label(account, region)}-{number}"],
                    )
                    # Some services leave the value out where it is empty.
                    assert tags["Empty"] in ("", [""], [])


TAGGED = frozenset(
    kind.table
    for kind in resources.KINDS
    if kind.table not in ("aws.sns_platform_application", "aws.sagemaker_pipelineexecution")
)


def test_second_run_writes_nothing(story: Story, destination: str) -> None:
    """Every row is unchanged, and none is written."""
    run = story.runs[destination][1]
    assert run.unusual() == {}
    for unit in story.units:
        counts = run.counts(unit)
        assert counts.written == 0, unit
        assert counts.unchanged == len(story.before[unit]), unit
    assert story.stored[destination][1] == story.stored[destination][0]


def test_changes_are_written_and_nothing_else(story: Story, destination: str) -> None:
    """Created rows are inserted, changed ones updated, deleted ones deleted; all others stay, in
    their region and in all others."""
    run, stored = story.runs[destination][2], story.stored[destination][2]
    assert run.unusual() == {}
    for table in TABLES:
        assert stored[table] == mirror.of_table(story.after, table), table
    for unit in story.units:
        before, after = story.before[unit], story.after[unit]
        counts = run.counts(unit)
        assert counts.inserted == len(after.keys() - before.keys()), unit
        assert counts.deleted == len(before.keys() - after.keys()), unit
        differing = [key for key in after.keys() & before.keys() if after[key] != before[key]]
        assert counts.changed == len(differing), unit
        assert counts.rows == len(after), unit
        account, region, _ = unit
        if account == OTHER_ACCOUNT or region not in (GLOBAL, CHANGED[1]):
            assert counts.written == 0, unit


def test_created_changed_and_deleted_resources_are_the_ones(story: Story, destination: str) -> None:
    """By name: what was made is there, what was deleted is gone, and what was tagged has its tag."""
    stored = story.stored[destination][2]
    for kind in resources.KINDS:
        rows = {row[kind.column]: row for row in stored[kind.table].values()}
        assert story.made[kind.table] in rows, kind.table
        if kind.table not in STAY:
            assert story.deleted[kind.table] not in rows, kind.table
        if kind.table in TAGGED - {"aws.lambda_function"}:
            tags = rows[story.changed[kind.table]]["tags"]
            assert tags["state"] in ("changed", ["changed"]), kind.table


STAY = frozenset(
    {
        "aws.ec2_instance",
        "aws.kms",
        "aws.ecs_service",
        "aws.ecs_cluster",
        "aws.sagemaker_pipelineexecution",
    }
)
"""Tables whose resources stay listed for a time after they were deleted, in another state."""
