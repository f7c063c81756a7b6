"""Tables of resources that the API models do not have, but that have much in common with others: those of an
operation that an older botocore lacks stay unbound."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pytest

import page_facts
from drawn_tables import DRAWN
from made_services import COLOUR, PAINTED, SIZE, SIZED, index, made_member, only, thing, typed
from schemagen.api_models.cache import Indexes
from schemagen.api_models.index import Directory, ServiceIndex
from schemagen.inference.infer import infer
from schemagen.inference.nouns import singular
from schemagen.model.bindings import Binding
from schemagen.pages import ddsql

NAME = made_member("Name", "string", "thenameofthething")
NAMED = "name string The name of the thing."
OLD = "age int64 How long ago the thing was made."
BEHIND_THE_RULES = Path(__file__).with_name("tables_behind_the_rules.txt")


@pytest.mark.parametrize(
    ("operation", "table", "lacks_one", "has_all"),
    [
        ("GetOther @ Item Name!", "made_thing", False, True),
        ("ListOthers Items[] Item", "made_thing", False, True),
        ("GetThing @ Item Name!", "made_thing", True, True),
        ("GetThings Items[] Item", "made_thing", True, True),
        ("GetMadeThing @ Item Name!", "made_thing", True, True),
        ("GetThingAttributes @ Item Name!", "made_thing", True, True),
        ("GetThingSummary @ Item Name!", "made_thing", True, True),
        # A set of things is no thing, nor is one of their versions.
        ("GetThingSet @ Item Name!", "made_thing", False, True),
        ("GetThingVersion @ Item Name!", "made_thing", False, False),
        ("GetThing @ Item Name!", "made_thing_version", False, False),
        ("ListThingVersions Items[] Item", "made_thing_versions", True, True),
        # "v2" may be the version of the table, or of the resource.
        ("GetThing @ Item Name!", "made_thing_v2", False, True),
        ("GetThingV2 @ Item Name!", "made_thing_v2", True, True),
        # An account has one configuration, which many operations return in parts.
        ("GetOther @ Item", "made_thing", True, True),
    ],
)
def test_items_with_another_noun_have_all_documented_columns(
    operation: str, table: str, lacks_one: bool, has_all: bool
) -> None:
    """An item that is called as the table is may lack columns; any other has each one with documentation."""
    made = index(operation, Item=(NAME, SIZE, COLOUR))
    columns = (NAMED, SIZED, PAINTED)
    assert bool(only(thing(*columns, name=table), made).binding) == has_all
    assert bool(only(thing(*columns, OLD, name=table), made).binding) == lacks_one
    # What the page does not document may be the page's own.
    undocumented = only(thing(*columns, "age int64", name=table), made)
    assert bool(undocumented.binding) == has_all


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ("made_thing", "but has another name, and lacks age"),
        ("made_thing_version", "but only one of the two is about versions"),
    ],
)
def test_reason_says_why_the_closest_item_is_another_resource(table: str, why: str) -> None:
    made = index("GetOther @ Item Name!", Item=(NAME, SIZE, COLOUR))
    found = only(thing(NAMED, SIZED, PAINTED, OLD, name=table), made)
    assert found.binding is None
    assert found.reason == (
        f"no read operation returns its columns; the closest, made's GetOther (@), fills 3 of 4, {why}; set "
        "the service, operation and path in an override"
    )


@pytest.mark.parametrize("columns", [2, 3])
def test_table_that_is_called_as_its_service_is_the_item_with_all_columns(columns: int) -> None:
    """Its name does not speak of another resource, whatever the page says of the columns."""
    made = index("GetOther @ Item Name!", Item=(NAME, SIZE, COLOUR)[:columns])
    words = [f"{name} In other words." for name in ("name string", "size int64", "colour string")]
    assert bool(only(thing(*words, name="made"), made).binding) == (columns == 3)
    assert only(thing(*words, name="made_thing"), made).binding is None


# --- real services without an operation -----------------------------------------------------------

PAGES = {
    table: page_facts.page(facts)
    for path in (None, DRAWN, BEHIND_THE_RULES)
    for table, facts in (page_facts.facts(path) if path else page_facts.facts()).items()
}

THE_SAME_RESOURCE = {
    "aws.datazone_subscription_request": "datazone GetSubscriptionRequestDetails @",
    "aws.kinesis_stream": "kinesis DescribeStream StreamDescription",
    "aws.msk_cluster": "kafka DescribeCluster ClusterInfo",
    "aws.route53domains_operation": "route53domains GetOperationDetail @",
    "aws.servicecatalog_product": "servicecatalog DescribeProduct @",
    "aws.sns_platform_application": "sns GetPlatformApplicationAttributes @",
}
"""Tables whose resource another operation returns in another structure."""

NOT_TO_BE_TOLD_APART = {
    "aws.ecr_image_scan_findings": "ecr DescribeImages imageDetails[].imageScanFindingsSummary",
    "aws.route53globalresolver_shared_dns_view": "route53globalresolver ListDNSViews dnsViews[]",
    "aws.s3tables_table_bucket": "s3tables GetTableBucketMaintenanceConfiguration @",
}
"""Tables that another item fills with all columns that the page documents."""


class Reduced:
    """The services of botocore, of which one lacks operations."""

    def __init__(self, indexes: Indexes, reduced: ServiceIndex) -> None:
        self.indexes, self.reduced = indexes, reduced

    @property
    def source(self) -> str:
        return self.indexes.source

    @property
    def services(self) -> Collection[str]:
        return self.indexes.services

    @property
    def directory(self) -> Directory:
        return self.indexes.directory

    def of(self, service: str) -> ServiceIndex:
        return self.reduced if service == self.reduced.name else self.indexes.of(service)


def without(index: ServiceIndex, operation: str) -> ServiceIndex:
    """The service without the operations that have the noun of ``operation``."""
    nouns = set(singular(index.operations[operation].folded_noun))
    kept = {
        name: other
        for name, other in index.operations.items()
        if nouns.isdisjoint(singular(other.folded_noun))
    }
    assert operation not in kept
    return replace(
        index,
        operations=kept,
        items=tuple(item for item in index.items if item.operation in kept),
        string_lists=tuple(item for item in index.string_lists if item.operation in kept),
    )


def structure_of(binding: Binding, index: ServiceIndex) -> str:
    [item] = [
        item
        for item in index.items
        if (item.operation, item.path) == (binding.operation, binding.path)
    ]
    return item.structure


def test_tables_stay_unbound_without_the_operations_of_their_resource(indexes: Indexes) -> None:
    """No table is bound to another resource if botocore lacks the operations of its own, but for those whose
    documentation is the same. Other operations may return the same structure."""
    others: dict[str, str] = {}
    bound = 0
    for table, text in PAGES.items():
        page, problems = ddsql.parse(text, table)
        assert problems == ()
        whole = infer(typed(page), indexes).binding
        if whole is None:
            continue
        bound += 1
        service = indexes.of(whole.service)
        reduced = Reduced(indexes, without(service, whole.operation))
        found = infer(typed(page), reduced).binding
        if found and structure_of(found, reduced.of(found.service)) != structure_of(whole, service):
            others[table] = f"{found.service} {found.operation} {found.path}"
    assert bound > 150
    assert others == {**THE_SAME_RESOURCE, **NOT_TO_BE_TOLD_APART}
