"""The units of a run depend on nothing but tables, accounts and regions."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemagen.runtime.calls import Call, CallRules, Scope, TableCalls
from schemagen.runtime.sync.plan import (
    InvalidShard,
    Shard,
    Target,
    plan,
)
from schemagen.runtime.sync.regions import Place
from schemagen.runtime.units import GLOBAL, Unit

GLOBAL_SCOPE = Scope("global", (("aws", "us-east-1"), ("aws-cn", "cn-north-1")))
INSTANCE = Target("aws.ec2_instance", "ec2", Scope())
ROLE = Target("aws.iam_role", "iam", GLOBAL_SCOPE)
BUCKET = Target("aws.s3_bucket", "s3", Scope("account"))
PLACES = (
    Place("111122223333", "aws", ("eu-west-1", "us-east-1")),
    Place("444455556666", "aws", ("ap-east-1", "eu-west-1")),
)


def everywhere(service: str, partition: str) -> tuple[str, ...]:
    return ()


def planned(targets: list[Target], *places: Place, shard: Shard | None = None) -> list[Unit]:
    return list(plan(targets, places, everywhere, shard))


def test_regional_tables_have_a_unit_in_each_region() -> None:
    assert planned([INSTANCE], *PLACES) == [
        Unit("111122223333", "eu-west-1", "aws.ec2_instance", "aws", "eu-west-1"),
        Unit("111122223333", "us-east-1", "aws.ec2_instance", "aws", "us-east-1"),
        Unit("444455556666", "ap-east-1", "aws.ec2_instance", "aws", "ap-east-1"),
        Unit("444455556666", "eu-west-1", "aws.ec2_instance", "aws", "eu-west-1"),
    ]


def test_global_services_are_called_once_in_their_partitions_region() -> None:
    assert planned([ROLE], PLACES[1]) == [
        Unit("444455556666", GLOBAL, "aws.iam_role", "aws", "us-east-1")
    ]
    china = Place("777788889999", "aws-cn", ("cn-north-1", "cn-northwest-1"))
    assert planned([ROLE], china) == [
        Unit("777788889999", GLOBAL, "aws.iam_role", "aws-cn", "cn-north-1")
    ]


def test_global_services_are_regional_where_a_partition_has_no_region_for_them() -> None:
    place = Place("777788889999", "aws-iso", ("us-iso-east-1",))
    assert planned([ROLE], place) == [
        Unit("777788889999", "us-iso-east-1", "aws.iam_role", "aws-iso", "us-iso-east-1")
    ]


def test_listings_of_the_whole_account_are_called_once_in_any_region() -> None:
    assert planned([BUCKET], *PLACES) == [
        Unit("111122223333", GLOBAL, "aws.s3_bucket", "aws", "us-east-1"),
        Unit("444455556666", GLOBAL, "aws.s3_bucket", "aws", "ap-east-1"),
    ]


def test_regions_are_those_of_the_service_as_well() -> None:
    def available(service: str, partition: str) -> tuple[str, ...]:
        return ("us-east-1", "us-west-2")

    (unit,) = plan([INSTANCE], PLACES[:1], available)
    assert unit.region == "us-east-1"
    assert list(plan([INSTANCE], PLACES[1:], available)) == []
    (unit,) = plan([BUCKET], PLACES[1:], available)
    assert unit.endpoint == "us-east-1"


def test_units_are_sorted_by_account_table_and_region() -> None:
    units = planned([BUCKET, ROLE, INSTANCE], *PLACES)
    assert [(unit.account, unit.table, unit.region) for unit in units] == sorted(
        (unit.account, unit.table, unit.region) for unit in units
    )
    assert units == planned([INSTANCE, ROLE, BUCKET], *PLACES)


def test_scope_is_that_of_the_first_listing() -> None:
    listing = Call("ListBuckets", "Buckets[]", rules=CallRules(scope=Scope("account")))
    describing = Call("GetBucketPolicy", "@")
    calls = TableCalls("aws.s3_bucket_policy", "s3", (listing,), describing)
    assert Target.of(calls).scope.kind == "account"
    assert Target.of(TableCalls("aws.t", "s3", (), listing)).scope.kind == "account"
    assert Target.of(TableCalls("aws.t", "s3", (), describing)).scope.kind == "regional"


@given(st.integers(1, 12), st.integers(1, 40))
def test_shards_are_all_units_and_have_none_in_common(total: int, tables: int) -> None:
    targets = [Target(f"aws.table_{number}", "ec2", Scope()) for number in range(tables)]
    shards = [
        planned(targets, *PLACES, shard=Shard(number, total)) for number in range(1, total + 1)
    ]
    units = list(itertools.chain.from_iterable(shards))
    assert len(units) == len(set(units))
    assert sorted(units) == sorted(planned(targets, *PLACES))


def test_a_units_shard_is_the_same_whatever_else_is_collected() -> None:
    """And on every machine: the numbers are written down."""
    targets = [Target(f"aws.table_{number}", "ec2", Scope()) for number in range(40)]
    few = planned(targets[:3], PLACES[0], shard=Shard(1, 3))
    many = planned(targets, *PLACES, shard=Shard(1, 3))
    assert set(few) <= set(many)
    place = Place("111122223333", "aws", ("eu-west-1",))
    numbers = {
        unit.table: number
        for number in (1, 2, 3)
        for unit in planned(targets[:4], place, shard=Shard(number, 3))
    }
    assert numbers == {"aws.table_0": 3, "aws.table_1": 1, "aws.table_2": 2, "aws.table_3": 2}


def test_shards_are_of_about_the_same_size() -> None:
    targets = [Target(f"aws.table_{number}", "ec2", Scope()) for number in range(500)]
    sizes = [len(planned(targets, *PLACES, shard=Shard(number, 4))) for number in (1, 2, 3, 4)]
    assert max(sizes) <= 1.2 * min(sizes)


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "a/b", "-1/3", "1/0", "1/3/5", ""])
def test_shard_refuses_what_is_not_a_part(text: str) -> None:
    with pytest.raises(InvalidShard):
        Shard.parse(text)


def test_shard_is_read_as_it_is_written() -> None:
    assert Shard.parse("3/8") == Shard(3, 8)


def test_units_are_made_when_they_are_taken() -> None:
    """Ten thousand accounts need no memory, and are not asked for their regions before their turn."""
    asked: list[str] = []

    def places() -> Iterator[Place]:
        for number in range(10_000):
            asked.append(f"{number:012}")
            yield Place(asked[-1], "aws", ("eu-west-1", "us-east-1"))

    units = plan([INSTANCE, ROLE], places(), everywhere)
    assert len(list(itertools.islice(units, 4))) == 4
    assert len(asked) == 2
