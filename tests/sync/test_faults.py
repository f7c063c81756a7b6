"""Bad days: what the database has after calls were throttled, refused, cut off or never answered.

Every test mirrors a healthy account first. Then resources are created and deleted, a fault happens
while they are mirrored again, and the database is compared with what it must have; at last the fault
is over, and a further run puts everything right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import duckdb
import pytest

from corpus_package import CorpusPackage
from sync import aws_server, mirror, resources, world
from sync.aws_server import ACCOUNT, Moto, Rule, role_arn
from sync.mirror import GLOBAL, Row, Run, UnitName
from sync.resources import Place
from sync.world import OTHER_ACCOUNT, World

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults")]

HERE, THERE = "us-east-1", "eu-central-1"
COUNTS = {(ACCOUNT, HERE): 5, (ACCOUNT, THERE): 4, (OTHER_ACCOUNT, HERE): 4}

LISTINGS = {
    "aws.dynamodb": "ListTables",
    "aws.iam_role": "ListRoles",
    "aws.lambda_function": "ListFunctions",
    "aws.route53_hosted_zone": "ListHostedZones",
    "aws.s3_bucket": "ListBuckets",
    "aws.vpc": "DescribeVpcs",
}
"""Tables of all protocols, and the operations that list them."""

DESTINATIONS = ("duckdb", "postgres_jsonb")
_NUMBERS = count(1)


@pytest.fixture(scope="module")
def full_world(moto_server: Moto) -> Iterator[World]:
    moto_server.reset()
    with world.made(moto_server, LISTINGS, COUNTS, rich=False) as full:
        yield full


@pytest.fixture(autouse=True)
def in_a_hurry(corpus_package: CorpusPackage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for nothing before calls are made again."""

    def at_once(self: object, context: object) -> float:
        return 0

    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", at_once)
    limiter = corpus_package.module("_runtime.sync.limiter").Limiter
    monkeypatch.setattr(limiter, "pause", at_once)


@dataclass
class Mirror:
    """A mirror of some tables that was healthy once. ``before`` is what it had then."""

    package: CorpusPackage
    world: World
    to: str
    before: dict[str, dict[str, Row]] = field(default_factory=dict[str, dict[str, Row]])
    tables: tuple[str, ...] = ()
    regions: tuple[str, ...] = (HERE, THERE)

    def start(self, *tables: str) -> None:
        """Mirror ``tables`` for the first time."""
        self.tables = tables
        first = self.run()
        assert first.unusual() == {}
        self.before = self.stored()
        assert all(self.before.values())

    def run(self, *rules: Rule) -> Run:
        """Mirror while ``rules`` happen. After throttling, calls are made at a pace that tests have
        the time for."""
        sync = self.package.module("sync")
        limits = sync.Limits(sync.PaceSettings(minimum=20.0))
        with self.world.proxy.rule(*rules):
            return mirror.run(
                self.package,
                self.world,
                self.to,
                self.tables,
                regions=self.regions,
                limits=limits,
            )

    def stored(self) -> dict[str, dict[str, Row]]:
        return {table: mirror.stored(self.package, self.to, table) for table in self.tables}

    def expected(self) -> dict[str, dict[str, Row]]:
        """What plain boto3 reads now."""
        units = mirror.units_of(self.package, self.tables)
        rows = mirror.expected_rows(self.package, self.world, units)
        return {table: mirror.of_table(rows, table) for table in self.tables}

    def recovers(self, expected: Mapping[str, dict[str, Row]] | None = None) -> None:
        """A run without faults puts everything right. ``expected`` is what plain boto3 has read since
        the last change, if it has."""
        run = self.run()
        assert run.unusual() == {}
        assert self.stored() == (self.expected() if expected is None else expected)


@pytest.fixture(params=DESTINATIONS)
def mirrored(
    request: pytest.FixtureRequest, corpus_package: CorpusPackage, full_world: World, tmp_path: Path
) -> Mirror:
    """A mirror in each kind of database, for its test to start."""
    if request.param == "duckdb":
        return Mirror(corpus_package, full_world, f"duckdb:{tmp_path}/mirror.duckdb")
    connection = request.getfixturevalue("postgres")
    info = connection.info
    to = f"postgresql:///{info.dbname}?host={info.host}&user=postgres&dialect=postgres_jsonb"
    return Mirror(corpus_package, full_world, to)


def place_of(mirrored: Mirror, table: str, region: str = HERE) -> Place:
    return mirrored.world.place(ACCOUNT, region)


def replace_one(mirrored: Mirror, table: str, region: str = HERE) -> tuple[str, str]:
    """Delete a resource and create another. Returns the names of both, as in `Kind.column`."""
    kind = resources.by_table()[table]
    place = place_of(mirrored, table, region)
    names = mirrored.world.names[ACCOUNT, region, table]
    gone = names.pop(0)
    kind.delete(place, gone)
    made = kind.create(place, f"other-{next(_NUMBERS)}")
    names.append(made)
    return gone, made


def named(rows: Mapping[str, Row], table: str) -> dict[str, Row]:
    """Rows by the name of the resource."""
    column = resources.by_table()[table].column
    return {row[column]: row for row in rows.values()}


def unit(table: str, region: str = HERE, account: str = ACCOUNT) -> UnitName:
    return account, GLOBAL if table in mirror.OF_ACCOUNTS else region, table


# --- faults that pass -----------------------------------------------------------------------------

PASSING: Mapping[str, tuple[aws_server.Action, int]] = {
    "throttled": (aws_server.throttle, 3),
    "failing": (aws_server.fail, 2),
    "unavailable": (aws_server.unavailable, 2),
    "hanging up": (aws_server.hang_up, 2),
    "cut": (aws_server.cut, 1),
    "cut before the body": (aws_server.cut_before_body, 1),
    "garbled": (aws_server.garble, 1),
}


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("mirrored", ["duckdb"], indirect=True)
def test_faults_that_pass_cost_retries_only(mirrored: Mirror, fault: str) -> None:
    """Every operation has the fault at its second call, and once more after that: all rows arrive,
    exactly, and nothing is reported but retries."""
    mirrored.start(*LISTINGS)
    for table in LISTINGS:
        replace_one(mirrored, table)
    action, times = PASSING[fault]
    operations = sorted({(each.service, each.operation) for each in mirrored.world.proxy.seen})
    rules = [
        Rule(action, service, operation, first=2, times=times)
        for service, operation in operations
        if service != "sts"
    ]
    run = mirrored.run(*rules)
    assert sum(rule.happened for rule in rules) >= 20
    assert run.unusual() == {}, [(unit.failures, unit.denied) for unit in run.unusual().values()]
    assert run.report.totals.retries >= 20
    assert mirrored.stored() == mirrored.expected()
    for table in LISTINGS:
        counts = run.counts(unit(table))
        assert (counts.inserted, counts.deleted) == (1, 1), table


# --- listings -------------------------------------------------------------------------------------

LASTING: Mapping[str, tuple[aws_server.Action, str]] = {
    "denied": (aws_server.deny, "denied"),
    "failing": (aws_server.fail, "failed"),
    "garbled": (aws_server.garble, "failed"),
    "cut": (aws_server.cut, "failed"),
    "cut before the body": (aws_server.cut_before_body, "failed"),
    "hanging up": (aws_server.hang_up, "failed"),
    "expired": (aws_server.expire, "failed"),
    "repeating a token": (aws_server.repeat_token, "failed"),
}


@pytest.mark.parametrize(
    ("mirrored", "fault", "first"),
    [
        *(("duckdb", fault, 2) for fault in LASTING),
        *(("duckdb", fault, 1) for fault in ("denied", "cut before the body", "garbled")),
        *(("postgres_jsonb", fault, 2) for fault in ("denied", "cut", "repeating a token")),
    ],
    indirect=["mirrored"],
)
def test_listing_that_is_not_read_to_its_end_changes_nothing(
    mirrored: Mirror, fault: str, first: int
) -> None:
    """Whatever ends the listings of a region, and on whatever page: its rows stay as they were,
    although resources are gone, and the other region is brought up to date."""
    mirrored.start(*LISTINGS)
    for table in LISTINGS:
        replace_one(mirrored, table)
        if table not in mirror.OF_ACCOUNTS:
            replace_one(mirrored, table, THERE)
    action, state = LASTING[fault]
    rules = [
        Rule(action, operation=operation, region=HERE, account=ACCOUNT, first=first)
        for operation in LISTINGS.values()
    ]
    run = mirrored.run(*rules)
    assert all(rule.happened for rule in rules)
    stored, expected = mirrored.stored(), mirrored.expected()
    assert run.report.exit_status == 1
    for table in LISTINGS:
        found = run.units[unit(table)]
        assert found.state == state, (table, found)
        assert found.denied if state == "denied" else found.failures or found.reason
        (mine, others), (before, _) = (
            split(stored[table], table),
            split(mirrored.before[table], table),
        )
        assert mine == before, table
        _, others_expected = split(expected[table], table)
        assert others == others_expected, table
        if table not in mirror.OF_ACCOUNTS:
            assert run.counts(unit(table, THERE)).written == 2, table
    mirrored.recovers(expected)


def split(rows: Mapping[str, Row], table: str) -> tuple[dict[str, Row], dict[str, Row]]:
    """The rows of the account and region of the fault, and all others."""
    mine = {key: row for key, row in rows.items() if is_here(row, table)}
    return mine, {key: row for key, row in rows.items() if key not in mine}


def is_here(row: Row, table: str) -> bool:
    """Whether a row is of the account and region of the fault."""
    if table in ("aws.s3_bucket", "aws.route53_hosted_zone"):
        return bool(row["account_id"] == ACCOUNT)
    parts = str(row["_key"]).split(":")
    return parts[4] == ACCOUNT and (table in mirror.OF_ACCOUNTS or parts[3] == HERE)


# --- describing -----------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["denied", "failing", "garbled", "hanging up"])
def test_item_that_cannot_be_described_keeps_its_row(mirrored: Mirror, fault: str) -> None:
    """The row of the item stays as it was, all others are brought up to date, and nothing is
    deleted in this run: what could not be read may be anything."""
    table = "aws.dynamodb"
    kind = resources.by_table()[table]
    assert kind.change is not None
    place = place_of(mirrored, table)
    victim, changed = (kind.create(place, f"fresh-{next(_NUMBERS)}") for _ in range(2))
    mirrored.world.names[ACCOUNT, HERE, table] += [victim, changed]
    mirrored.start(table)
    gone, made = replace_one(mirrored, table)
    for name in (victim, changed):
        kind.change(place_of(mirrored, table), name)
    action, _ = LASTING[fault]
    rule = Rule(action, operation="DescribeTable", arguments={"TableName": victim})
    run = mirrored.run(rule)
    assert rule.happened
    found = run.units[unit(table)]
    assert found.state == "partial"
    if fault == "denied":
        assert [(denial.operation, denial.rows) for denial in found.denied] == [
            ("DescribeTable", 1)
        ]
    else:
        assert [failure.operation for failure in found.failures] == ["DescribeTable"]
        assert victim in found.failures[0].item
    before, stored = named(mirrored.before[table], table), named(mirrored.stored()[table], table)
    all_expected = mirrored.expected()
    expected = named(all_expected[table], table)
    assert stored[victim] == before[victim] != expected[victim]
    assert stored[changed] == expected[changed] != before[changed]
    assert stored[made] == expected[made]
    assert stored[gone] == before[gone]
    mirrored.recovers(all_expected)


def test_item_that_vanishes_between_listing_and_describing_is_gone(mirrored: Mirror) -> None:
    """An item is listed, and deleted before it is described: its row goes, and the run is
    complete."""
    table = "aws.dynamodb"
    mirrored.start(table)
    victim = mirrored.world.names[ACCOUNT, HERE, table].pop()
    kind = resources.by_table()[table]
    delete = aws_server.before(lambda _: kind.delete(place_of(mirrored, table), victim))
    rule = Rule(delete, operation="DescribeTable", arguments={"TableName": victim}, times=1)
    run = mirrored.run(rule)
    assert rule.happened == 1
    assert run.unusual() == {}
    assert run.counts(unit(table)).deleted == 1
    assert victim not in named(mirrored.stored()[table], table)
    mirrored.recovers()


def test_item_that_vanishes_before_it_is_enriched_has_no_tags(mirrored: Mirror) -> None:
    """An item that is deleted between its description and its tags is an item without tags, or
    gone; it never ends the run, and the next run knows."""
    table = "aws.dynamodb"
    mirrored.start(table)
    victim = mirrored.world.names[ACCOUNT, HERE, table].pop()
    kind = resources.by_table()[table]
    arn = f"arn:aws:dynamodb:{HERE}:{ACCOUNT}:table/{victim}"
    delete = aws_server.before(lambda _: kind.delete(place_of(mirrored, table), victim))
    rule = Rule(delete, operation="ListTagsOfResource", arguments={"ResourceArn": arn}, times=1)
    run = mirrored.run(rule)
    assert rule.happened == 1
    others = {key: row for key, row in mirrored.before[table].items() if key != arn}
    stored = mirrored.stored()[table]
    assert {key: row for key, row in stored.items() if key != arn} == others
    assert run.states()[unit(table)] in ("complete", "partial")
    mirrored.recovers()


# --- enriching ------------------------------------------------------------------------------------

STALE = 'SELECT "key", "column_name" FROM "ddsql_sync"."stale"'


def stale(mirrored: Mirror) -> set[tuple[str, str]]:
    """What the ledger has of columns that were not read."""
    if mirrored.to.startswith("duckdb:"):
        with duckdb.connect(mirrored.to.partition(":")[2], read_only=True) as connection:
            return set(connection.execute(STALE).fetchall())
    import psycopg

    address = mirrored.to.replace("&dialect=postgres_jsonb", "")
    with psycopg.connect(address) as connection:
        return set(connection.execute(STALE).fetchall())


@pytest.mark.parametrize("fault", ["denied", "failing", "garbled"])
def test_columns_that_cannot_be_read_keep_their_values(mirrored: Mirror, fault: str) -> None:
    """Tags cannot be read: stored ones stay, a new row has NULL, all else is brought up to date,
    vanished rows are deleted, and ledger and report name what is missing. Then they are read again."""
    table = "aws.dynamodb"
    mirrored.start(table)
    gone, made = replace_one(mirrored, table)
    action, _ = LASTING[fault]
    rule = Rule(action, operation="ListTagsOfResource", region=HERE, account=ACCOUNT)
    run = mirrored.run(rule)
    assert rule.happened
    found = run.units[unit(table)]
    assert found.exit_status == 1
    if fault == "denied":
        [denial] = found.denied
        assert (denial.operation, denial.columns) == ("ListTagsOfResource", ("tags",))
        assert denial.rows == found.counts.rows
        assert denial.action == "dynamodb:ListTagsOfResource"
    else:
        assert {failure.operation for failure in found.failures} == {"ListTagsOfResource"}
    before, stored = named(mirrored.before[table], table), named(mirrored.stored()[table], table)
    all_expected = mirrored.expected()
    expected = named(all_expected[table], table)
    assert gone not in stored
    assert stored[made] == {**expected[made], "tags": None}
    for name in expected.keys() - {made}:
        assert stored[name] == before[name], name
        assert stored[name]["tags"], name
    marked = stale(mirrored)
    here = {key for key, row in all_expected[table].items() if is_here(row, table)}
    assert marked == {(key, "tags") for key in here}
    mirrored.recovers(all_expected)
    assert stale(mirrored) == set()


# --- credentials ----------------------------------------------------------------------------------


def test_expired_credentials_fail_the_units_of_their_account(mirrored: Mirror) -> None:
    """From a moment on, the credentials of an account are refused: its units fail, and are not
    called denied; their rows stay, and the other account is brought up to date."""
    mirrored.start("aws.dynamodb", "aws.vpc")
    for table in mirrored.tables:
        replace_one(mirrored, table)
    run = mirrored.run(Rule(aws_server.expire, account=OTHER_ACCOUNT))
    states = run.states()
    for (account, region, table), state in states.items():
        assert state == ("failed" if account == OTHER_ACCOUNT else "complete"), (region, table)
        assert not run.units[account, region, table].denied
    stored, expected = mirrored.stored(), mirrored.expected()
    assert stored == expected
    mirrored.recovers(expected)


def test_credentials_that_expire_once_are_renewed(mirrored: Mirror) -> None:
    """The role is assumed again, and the run is complete."""
    mirrored.start("aws.dynamodb")
    rule = Rule(aws_server.expire, account=OTHER_ACCOUNT, service="dynamodb", first=2, times=1)
    with mirrored.world.proxy.watched() as seen:
        run = mirrored.run(rule)
    assert rule.happened == 1
    assert run.unusual() == {}
    assert sum(each.operation == "AssumeRole" for each in seen) == 2
    assert mirrored.stored() == mirrored.before


def test_account_whose_role_cannot_be_assumed_fails_alone(mirrored: Mirror) -> None:
    """The units of the account fail, those of the other are brought up to date."""
    mirrored.start("aws.dynamodb")
    replace_one(mirrored, "aws.dynamodb")
    arguments = {"RoleArn": role_arn(OTHER_ACCOUNT)}
    run = mirrored.run(Rule(aws_server.deny, operation="AssumeRole", arguments=arguments))
    for (account, _, _), state in run.states().items():
        assert state == ("failed" if account == OTHER_ACCOUNT else "complete")
    assert {account for account, _, _ in run.states()} == {ACCOUNT, OTHER_ACCOUNT}
    assert mirrored.stored() == mirrored.expected()


# --- regions --------------------------------------------------------------------------------------


def test_run_of_one_region_leaves_the_other_alone(mirrored: Mirror) -> None:
    """Rows of a region that is not collected stay, although its resources are gone."""
    mirrored.start("aws.dynamodb", "aws.vpc")
    gone = [replace_one(mirrored, table, THERE)[0] for table in mirrored.tables]
    mirrored.regions = (HERE,)
    run = mirrored.run()
    assert run.unusual() == {}
    assert mirrored.stored() == mirrored.before
    for table, name in zip(mirrored.tables, gone, strict=True):
        assert name in named(mirrored.stored()[table], table)
    mirrored.regions = (HERE, THERE)
    mirrored.recovers()


def test_enabled_regions_are_asked_for(mirrored: Mirror) -> None:
    """`enabled` collects the regions that Account Management lists, or EC2 where that is denied;
    where both are, the run says so and takes what is configured."""
    mirrored.start("aws.vpc")
    mirrored.regions = ("enabled",)
    assert {region for _, region, _ in mirrored.run().units} == {HERE, THERE}
    without_account = Rule(aws_server.deny, service="account")
    with mirrored.world.proxy.watched() as seen:
        found = {region for _, region, _ in mirrored.run(without_account).units}
    assert {HERE, THERE} < found
    assert any(each.operation == "DescribeRegions" for each in seen)
    neither = (without_account, Rule(aws_server.deny, operation="DescribeRegions"))
    run = mirrored.run(*neither)
    assert {region for _, region, _ in run.units} == {HERE}
    assert any("ListRegions" in note for note in run.report.notes)
    stored = mirrored.stored()
    for table, rows in mirrored.before.items():
        assert rows.items() <= stored[table].items()  # moto has a VPC in every other region
