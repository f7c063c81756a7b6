"""The chain of listings above a table's own, in made-up services and in botocore's."""

from __future__ import annotations

import pytest

from made_services import index, made_member
from schemagen.api_models.botocore import build_index
from schemagen.api_models.index import IndexedItem, ServiceIndex
from schemagen.inference.identity import Identity
from schemagen.inference.listing import find_listing
from schemagen.inference.parents import Enumeration, enumerate_rows
from schemagen.inference.required_parameters import FILE, alternatives, parse

MEMBERS = {
    name: tuple(made_member(f"{name}{end}", "string", "") for end in ("Id", "Name"))
    for name in ("Thing", "Box", "Shelf", "Room", "House", "Town")
}


def enumerated(made: ServiceIndex, operation: str, path: str, table: str) -> Enumeration:
    structure = next(
        item.structure
        for item in (*made.items, *made.string_lists)
        if (item.operation, item.path) == (operation, path)
    )
    item = Identity(made, IndexedItem(operation, path, structure), table)
    return enumerate_rows(item, find_listing(item))


def text(found: Enumeration) -> str:
    """The chain from the top: ``ListBoxes(), ListThings(BoxId)``."""
    if found.obstacle:
        return f"not: {found.obstacle}"
    calls = [*found.parents, *([found.listing] if found.listing else [])]
    values = {name for name, _ in found.values}
    return ", ".join(
        [f"{call.operation}({' '.join(call.needs)})" for call in calls] + sorted(values)
    )


def of_things(*operations: str) -> str:
    made = index(*operations, paged=(), **MEMBERS)
    first = operations[0].split()
    return text(enumerated(made, first[0], first[1], "made_thing"))


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        (["ListThings T[] Thing"], ""),
        (["GetThing @ Thing ThingId!", "ListThings T[] Thing"], "ListThings()"),
        (["GetThing @ Thing ThingId!", "ListThings T[] Thing BoxId!", "ListBoxes B[] Box"], "ListBoxes(), ListThings(BoxId)"),
        (["GetThing @ Thing BoxId! ThingId!", "ListThings T[] Thing BoxId!", "ListBoxes B[] Box ShelfId!", "ListShelves S[] Shelf"],
         "not: no operation lists what ListBoxes requires as ShelfId"),
        (["GetThing @ Thing ThingId!", "ListThings T[] Thing BoxId!", "ListBoxes B[] Box RoomId!", "ListRooms R[] Room"], "ListRooms(), ListBoxes(RoomId), ListThings(BoxId)"),
        (["ListThings T[] Thing Kind!=red|blue"], "Kind"),
        (["ListThings T[] Thing AccountId!"], "AccountId"),
        (["ListThings T[] Thing BoxId! Kind!=red|blue", "ListBoxes B[] Box"], "ListBoxes(), Kind"),
    ],
)  # fmt: skip
def test_enumerate_rows_follows_what_listings_require(operations: list[str], expected: str) -> None:
    """Each required parameter is listed by the operation that lists what it names, is an
    enumeration, or the account; anything else is the obstacle."""
    assert of_things(*operations) == expected


def test_enumerate_rows_passes_each_value_of_an_enumeration() -> None:
    """Values are all of an enumeration, the one that means the own account, or its placeholder."""
    made = index(
        "GetThing @ Thing ThingId! Kind!",
        "ListThings T[] Thing Kind!=red|blue ResourceOwner!=SELF|OTHER AccountId!",
        paged=(),
        **MEMBERS,
    )
    listing = enumerated(made, "GetThing", "@", "made_thing").listing
    assert listing is not None
    assert dict(listing.values) == {
        "Kind": ("red", "blue"),
        "ResourceOwner": ("SELF",),
        "AccountId": ("${Account}",),
    }
    assert listing.shared == ("Kind",)


def test_enumerate_rows_refuses_circles() -> None:
    """A listing that requires what only it lists, through another one, enumerates nothing."""
    assert (
        of_things(
            "GetThing @ Thing ThingId!", "ListThings T[] Thing BoxId!", "ListBoxes B[] Box ThingId!"
        )
        == "not: ListThings lists what ListBoxes requires as ThingId, and requires it itself"
    )


def test_enumerate_rows_refuses_deep_chains() -> None:
    """More than four listings above a table's own are refused: no service nests that deep."""
    chain = [
        "GetThing @ Thing ThingId!",
        "ListThings T[] Thing BoxId!",
        "ListBoxes B[] Box BinId!",
        "ListBins B[] Bin RoomId!",
        "ListRooms R[] Room HouseId!",
        "ListHouses H[] House TownId!",
        "ListTowns T[] Town",
    ]
    bins = (made_member("BinId", "string", ""),)
    made = index(*chain, paged=(), **MEMBERS, Bin=bins)
    found = enumerated(made, "GetThing", "@", "made_thing")
    assert found.obstacle == "more than 4 listings are nested above ListHouses"
    made = index(*chain[:5], "ListHouses H[] House", paged=(), **MEMBERS, Bin=bins)
    assert enumerated(made, "GetThing", "@", "made_thing").obstacle == ""


def test_enumerate_rows_refuses_equal_parents() -> None:
    """Two lists that hold the parents equally well are both named, and none is taken."""
    found = of_things(
        "GetThing @ Thing ThingId!",
        "ListThings T[] Thing BoxId!",
        "ListBoxes One[] Box",
        "ListBoxes Two[] Box",
    )
    assert found == (
        "not: ListBoxes (One[]) and ListBoxes (Two[]) list what ListThings requires as BoxId "
        "equally well"
    )


def test_listing_of_parts_is_not_a_listing_of_their_parents() -> None:
    """A listing of the table's own resources that supplies only what they are part of would name
    it once for each part."""
    found = of_things(
        "DescribeThings T[] Thing BoxId!",
        "ListThings S[] Box",
        "ListBoxes B[] Box",
    )
    assert found == "ListBoxes()"


def test_documentation_names_a_longer_resource() -> None:
    """A parameter is listed by the operation named after what its documentation calls it."""
    arned = (made_member("arn", "string", ""),)
    made = index(
        "ListThings T[] Thing boxArn!:thearnofagiftbox",
        "ListBoxes B[] Arned",
        "ListGiftBoxes B[] Arned",
        paged=(),
        **MEMBERS,
        Arned=arned,
    )
    assert text(enumerated(made, "ListThings", "T[]", "made_thing")) == "ListGiftBoxes()"


@pytest.mark.parametrize(
    ("service", "operation", "path", "expected"),
    [
        ("ecs", "DescribeServices", "services[]", "ListClusters(), ListServices(cluster)"),
        ("iam", "ListAccessKeys", "AccessKeyMetadata[]", "ListUsers()"),
        ("storagegateway", "DescribeTapes", "Tapes[]", "ListTapes()"),
        ("devicefarm", "ListTestGridSessions", "testGridSessions[]", "ListTestGridProjects()"),
        ("stepfunctions", "DescribeMapRun", "@", "ListStateMachines(), ListExecutions(stateMachineArn), ListMapRuns(executionArn)"),
        ("sagemaker", "DescribeHubContent", "@", "ListHubs(), ListHubContents(HubName HubContentType)"),
        ("eks", "DescribeNodegroup", "nodegroup", "ListClusters(), ListNodegroups(clusterName)"),
        ("glue", "GetPartitions", "Partitions[]", "GetDatabases(), GetTables(DatabaseName)"),
        ("logs", "DescribeLogStreams", "logStreams[]", "DescribeLogGroups()"),
        ("elbv2", "DescribeRules", "Rules[]", "DescribeLoadBalancers(), DescribeListeners(LoadBalancerArn)"),
        ("cognito-idp", "ListUsers", "Users[]", "ListUserPools(MaxResults)"),
        ("appmesh", "DescribeRoute", "route", "ListMeshes(), ListVirtualRouters(meshName), ListRoutes(meshName virtualRouterName)"),
        ("ram", "GetResourceShares", "resourceShares[]", "resourceOwner"),
        ("iam", "GetAccountPasswordPolicy", "PasswordPolicy", ""),
        ("backup", "DescribeRecoveryPoint", "@", "not: no operation lists what DescribeRecoveryPoint requires as BackupVaultName and RecoveryPointArn"),
        ("devicefarm", "GetTestGridSession", "testGridSession", "not: no operation lists what GetTestGridSession takes as projectArn and sessionId and sessionArn"),
    ],
)  # fmt: skip
def test_enumerate_rows_of_real_services(
    service: str, operation: str, path: str, expected: str
) -> None:
    """botocore's models lead to the chains that AWS's API references describe."""
    found = enumerated(build_index(service), operation, path, f"{service}_table")
    assert text(found) == expected


def test_required_parameters_are_those_of_botocore() -> None:
    """Every row names optional parameters of an operation that botocore has."""
    for (service, name), parameters in parse(FILE.read_text("utf-8")).items():
        operation = build_index(service).operations[name]
        assert operation.required == ()
        assert set(parameters) <= operation.parameters.keys()
        assert alternatives(service, operation) == parameters


def test_alternatives_are_documented_by_each_of_them() -> None:
    """Documentation that demands one of several makes them alternatives; a filter, a token, or a
    parameter that is the only one to say so does not."""
    made = index(
        "ListOnes T[] Thing BoxId:youmustspecifyeithertheboxidorroomid RoomId:youmustspecifyeithertheboxidorroomid",
        "ListTwos T[] Thing BoxId:eithertheboxidorroomidbutnotboth RoomId:eithertheboxidorroomidbutnotboth",
        "ListThrees T[] Thing BoxId:youmustspecifyeithermarkerorboxid Marker:youmustspecifyeithermarkerorboxid",
        "ListFours T[] Thing BoxId! RoomId:youmustspecifyeithertheboxidorroomid",
        paged=(), **MEMBERS,
    )  # fmt: skip
    found = {name: alternatives("made", one) for name, one in made.operations.items()}
    assert found == {
        "ListOnes": ("BoxId", "RoomId"),
        "ListTwos": (),
        "ListThrees": (),
        "ListFours": (),
    }
