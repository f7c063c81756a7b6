"""Bindings that are inferred: the ones written by hand, and all tables of the corpus."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from corpus_package import CorpusPackage
from made_services import COLOUR, KEYED, ORIGIN, PAINTED, SIZE, SIZED, THING, index, only, thing
from schemagen import bind
from schemagen.binding import lock
from schemagen.binding.index import Indexes, Member
from schemagen.binding.infer import ANYWHERE, Inference, Pinned, infer
from schemagen.binding.notation import parse_type
from schemagen.convert import snake_case
from schemagen.model import (
    KEY,
    Binding,
    BoundColumn,
    Column,
    Listing,
    ListOf,
    MapOf,
    Scalar,
    Table,
)
from schemagen.pages.read import read_pages
from schemagen.typetable import TypeTable

ROOT = Path(__file__).resolve().parents[2]
SAGEMAKER = "bindings/aws/sagemaker.json"
EXPECTED = Path(__file__).with_name("expected_bindings.txt")
LISTINGS = Path(__file__).with_name("expected_listings.txt")


@pytest.fixture(scope="session")
def indexes(tmp_path_factory: pytest.TempPathFactory) -> Indexes:
    return Indexes(tmp_path_factory.mktemp("cache") / "schemagen")


@pytest.fixture(scope="session")
def inferred(corpus: Path, indexes: Indexes) -> dict[str, tuple[Table, Inference]]:
    """What is inferred for every aws table of the corpus."""
    types = TypeTable()
    return {
        table.id: (table, infer(table, types, indexes))
        for table in read_pages(corpus / "ddsql", corpus, types).tables
        if table.provider == "aws"
    }


# --- the bindings of this repository --------------------------------------------------------------


def test_what_was_written_by_hand_is_inferred(indexes: Indexes) -> None:
    """The lock of this repository was first written by hand: inference says the same, but that the
    tags, which no documentation speaks of, are found by their name. What lists the jobs, nobody
    wrote down."""
    types = TypeTable()
    locked = lock.read(SAGEMAKER, (ROOT / SAGEMAKER).read_bytes())
    found: list[Binding] = []
    for table in read_pages(ROOT / "docs_src", ROOT, types).tables:
        inference = infer(table, types, indexes)
        assert inference.findings == ()
        assert inference.binding is not None
        assert inference.binding.listing is not None
        found.append(inference.binding)
    assert written(locked, found) == written(locked, locked.bindings).replace(
        '"evidence": "hand"', '"evidence": "name"'
    )


def written(file: lock.Lock, bindings: Iterable[Binding]) -> str:
    """The text of a lock with other bindings, without their listings."""
    return lock.write(
        replace(file, bindings=tuple(replace(binding, listing=None) for binding in bindings))
    )


# --- the corpus -----------------------------------------------------------------------------------


def described(binding: Binding) -> dict[str, object]:
    """A binding in the form of `expected`."""
    return {
        "item": (binding.service, binding.operation, binding.path),
        "columns": {one.column: (one.operation, one.member) for one in binding.columns},
        "derived": {one.column: one.format or one.member or one.rule for one in binding.derived},
        "auxiliary": {
            one.operation: (
                one.path,
                {**dict(one.arguments), **{name: f'"{value}"' for name, value in one.constants}},
            )
            for one in binding.auxiliary
        },
        "unbound": set(binding.unbound),
        "listing": listing_text(binding.listing),
        "constants": dict(binding.constants),
    }


def listing_text(listing: Listing | None) -> str:
    """A listing in the form of `expected`; "" where there is none."""
    if listing is None:
        return ""
    arguments = " ".join(f"{name}={member}" for name, member in listing.arguments)
    text = f"{listing.operation} {listing.path} ({arguments})"
    return " ".join([text, "needs", *listing.needs] if listing.needs else [text])


def members(text: str, operation: str | None) -> Iterator[tuple[str, tuple[str | None, str]]]:
    for word in text.split():
        column, _, member = word.rpartition("=")
        yield column or snake_case(member), (operation, member)


def expected() -> Iterator[tuple[str, dict[str, object]]]:
    text = re.sub(r"^#.*\n", "", EXPECTED.read_text("utf-8"), flags=re.MULTILINE)
    for block in text.strip().split("\n\n"):
        head, *lines = block.splitlines()
        table, _, item = head.partition(":")
        columns: dict[str, tuple[str | None, str]] = {}
        derived: dict[str, str] = {}
        auxiliary: dict[str, tuple[str, dict[str, str]]] = {}
        unbound: set[str] = set()
        listing = ""
        constants: dict[str, tuple[str, ...]] = {}
        for line in lines:
            if "list:" in line:
                listing = line.partition("list: ")[2]
            elif "with:" in line:
                for name, values in (word.split("=") for word in line.split()[1:]):
                    constants[name] = tuple(values.split(","))
            elif other := re.fullmatch(r" +(\w+) (\S+) \((.*)\): (.+)", line):
                arguments = dict(word.split("=") for word in other[3].split())
                auxiliary[other[1]] = (other[2], arguments)
                columns.update(members(other[4], other[1]))
            elif "~" in line:
                names, _, member = line.partition(" ~ ")
                derived.update(dict.fromkeys(names.split(), member))
            elif "unbound:" in line:
                unbound.update(line.partition(":")[2].split())
            else:
                columns.update(members(line, None))
        yield (
            table,
            {
                "item": tuple(item.split()),
                "columns": columns,
                "derived": derived,
                "auxiliary": auxiliary,
                "unbound": unbound,
                "listing": listing,
                "constants": constants,
            },
        )


@pytest.mark.parametrize(
    ("table", "binding"),
    list(expected()),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bindings_are_right(
    inferred: dict[str, tuple[Table, Inference]], table: str, binding: dict[str, object]
) -> None:
    """For tables of many services, the binding is the one that AWS's references call for."""
    found = inferred[table][1].binding
    assert found is not None
    assert described(found) == binding


def test_listings_are_right(inferred: dict[str, tuple[Table, Inference]]) -> None:
    """Each other table of the corpus has the listing that AWS's references call for."""
    lines = [line for line in LISTINGS.read_text("utf-8").splitlines() if line[:1] not in ("", "#")]
    wanted = {table: text.strip() for table, _, text in (line.partition(":") for line in lines)}
    assert wanted.keys() == inferred.keys() - {table for table, _ in expected()}
    bindings = {table: inferred[table][1].binding for table in wanted}
    assert {
        table: listing_text(binding.listing) for table, binding in bindings.items() if binding
    } == wanted


def test_most_columns_of_the_corpus_are_bound(
    inferred: dict[str, tuple[Table, Inference]],
) -> None:
    """At least 97 % of the columns other than the key are bound or derived; each column is in one
    place, and each that is not bound is a finding."""
    evidence: Counter[str] = Counter()
    for table, inference in inferred.values():
        binding = inference.binding
        assert binding is not None
        kinds = {column.column: column.evidence for column in binding.columns}
        derived = {column.column: column.rule for column in binding.derived}
        unbound = dict.fromkeys(binding.unbound, "unbound")
        places = [*kinds, *derived, *unbound]
        assert sorted(places) == sorted(column.name for column in table.columns)
        assert len(inference.findings) == len(unbound)
        assert all(one.code == "SG404" and "\n" not in one.message for one in inference.findings)
        rules = {**kinds, **derived, **unbound}
        evidence.update(rule for name, rule in rules.items() if name != KEY)
    assert len(inferred) == 43
    assert 1 - evidence["unbound"] / evidence.total() > 0.99
    given = evidence["unbound"] + evidence["account_given"]
    assert 1 - given / evidence.total() > 0.984
    assert evidence["both"] > 0.83 * evidence.total()


@pytest.mark.slow
@pytest.mark.xdist_group("corpus")
def test_a_package_is_built_from_what_is_inferred(
    corpus_package: CorpusPackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From pages alone to mappers: the lock that was written stays as it is when it is inferred
    again, and what is built from it is as black has it, and passes mypy --strict."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(corpus_package.cache))
    settings = corpus_package.settings
    assert len(list(settings.bindings.glob("aws/*.json"))) == 19
    assert bind.changes(settings) == bind.Outcome(())
    assert bind.changes(settings, again=True).changes == ()
    package = settings.out / "ddsql_schemas"
    assert len(list((package / "mappers" / "aws").glob("[a-z]*.py"))) == 43
    for command in (
        ["-m", "black", "--check", "--quiet", str(package)],
        ["-m", "mypy", "--strict", "--no-incremental", str(package)],
    ):
        done = subprocess.run(
            [sys.executable, *command],
            capture_output=True,
            text=True,
            check=False,
            cwd=settings.root,
        )
        assert done.returncode == 0, done.stdout + done.stderr


# --- tables that no page describes here -----------------------------------------------------------

# Table, where AWS's references say that one such resource is returned in full, and in the line below
# what enumerates its identifiers, where that is another operation: in the form of `expected`.
RESOURCES = """\
acm_certificate DescribeCertificate Certificate
    ListCertificates CertificateSummaryList[] (CertificateArn=CertificateArn)
amplify_app GetApp app
    ListApps apps[] (appId=appId)
apigateway_rest_api GetRestApi @
    GetRestApis items[] (restApiId=id)
appsync_graphql_api GetGraphqlApi graphqlApi
    ListGraphqlApis graphqlApis[] (apiId=apiId)
autoscaling_group DescribeAutoScalingGroups AutoScalingGroups[]
batch_job_queue DescribeJobQueues jobQueues[]
bedrock_guardrail GetGuardrail @
    ListGuardrails guardrails[] (guardrailIdentifier=arn)
cloudformation_stack DescribeStacks Stacks[]
cloudtrail_trail GetTrail Trail
    ListTrails Trails[] (Name=Name)
cloudwatch_alarm DescribeAlarms MetricAlarms[]
codebuild_project BatchGetProjects projects[]
    ListProjects projects[] (names=@)
docdb_cluster DescribeDBClusters DBClusters[]
ec2_security_group DescribeSecurityGroups SecurityGroups[]
ec2_subnet DescribeSubnets Subnets[]
ecr_repository DescribeRepositories repositories[]
ecs_task DescribeTasks tasks[]
    ListTasks taskArns[] (tasks=@) needs cluster
efs_file_system DescribeFileSystems FileSystems[]
eks_nodegroup DescribeNodegroup nodegroup
    ListNodegroups nodegroups[] (nodegroupName=@) needs clusterName
elbv2_target_group DescribeTargetGroups TargetGroups[]
events_rule DescribeRule @
    ListRules Rules[] (Name=Name) needs EventBusName
glue_job GetJob Job
    ListJobs JobNames[] (JobName=@)
guardduty_detector GetDetector @
    ListDetectors DetectorIds[] (DetectorId=@)
kafka_cluster DescribeCluster ClusterInfo
    ListClusters ClusterInfoList[] (ClusterArn=ClusterArn)
logs_log_group DescribeLogGroups logGroups[]
mq_broker DescribeBroker @
    ListBrokers BrokerSummaries[] (BrokerId=BrokerId)
neptune_cluster DescribeDBClusters DBClusters[]
organizations_account DescribeAccount Account
    ListAccounts Accounts[] (AccountId=Id)
rds_instance DescribeDBInstances DBInstances[]
redshift_cluster DescribeClusters Clusters[]
ssm_document GetDocument @
    ListDocuments DocumentIdentifiers[] (Name=Name)
transfer_server DescribeServer Server
    ListServers Servers[] (ServerId=ServerId)
wafv2_web_acl GetWebACL WebACL
    ListWebACLs WebACLs[] (ARN=ARN) needs Scope
"""


ROWS = [row.split("\n    ") for row in re.split(r"\n(?! )", RESOURCES.strip())]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].split()[0])
@pytest.mark.parametrize("documented", [True, False], ids=["documented", "bare"])
def test_tables_of_other_services(row: list[str], documented: bool, indexes: Indexes) -> None:
    """A page that has every member of a resource is bound to the operation that returns it, with
    documentation and without; the members that no rule fills are all bound by their names. What
    enumerates such resources is found too."""
    resource, *listing = row
    _, operation, path = resource.split()
    table, columns = page_of(resource, indexes, documented=documented)
    found = infer(table, TypeTable(), indexes)
    assert found.binding is not None
    assert (found.binding.operation, found.binding.path) == (operation, path)
    assert found.findings == ()
    assert {one.column: one.member for one in found.binding.columns} == columns
    assert found.binding.auxiliary == ()
    assert listing_text(found.binding.listing) == "".join(listing)


def page_of(
    resource: str, indexes: Indexes, *, documented: bool, more: tuple[str, ...] = ()
) -> tuple[Table, dict[str, str]]:
    """The page of a resource that is written ``table operation path``, and the members of its
    columns. ``more`` are columns written ``name type``, which no member of the item is called."""
    name, operation, path = resource.split()
    service = indexes.of(name.partition("_")[0])
    place = next(item for item in service.items if (item.operation, item.path) == (operation, path))
    members = {
        snake_case(member.name): member
        for member in service.structures[place.structure]
        if "token" not in member.name.lower() and snake_case(member.name) != "tags"
    }
    columns = [
        Column(column, "core", ddsql_type(member), ORIGIN, description=member.words * documented)
        for column, member in members.items()
    ]
    for text in more:
        column, type = text.split()
        columns.append(Column(column, "core", type, ORIGIN))
    table = Table(f"aws.{name}", "", "", tuple(columns), ORIGIN)
    return table, {column: member.name for column, member in members.items()}


# Tables whose tags AWS returns in each of its spellings, by the references of what returns them.
SPELLINGS = """\
ecs_task DescribeTasks tasks[]: Tags of key and value, in the item: tags
efs_file_system DescribeFileSystems FileSystems[]: Tags of Key and Value, in the item: Tags
eks_nodegroup DescribeNodegroup nodegroup: a map, in the item: tags
acm_certificate DescribeCertificate Certificate: Key and Value: ListTagsForCertificate CertificateArn=CertificateArn Tags
kms_key DescribeKey KeyMetadata: TagKey and TagValue: ListResourceTags KeyId=KeyId Tags
personalize_dataset_group DescribeDatasetGroup datasetGroup: tagKey and tagValue: ListTagsForResource resourceArn=datasetGroupArn tags
stepfunctions_activity DescribeActivity @: key and value: ListTagsForResource resourceArn=activityArn tags
backup_plan GetBackupPlan @: a map: ListTags ResourceArn=BackupPlanArn Tags
"""


@pytest.mark.parametrize("row", SPELLINGS.splitlines(), ids=lambda row: row.split()[0])
@pytest.mark.parametrize("type", ["hstore_csv", "hstore"])
def test_tags_are_found_in_every_spelling(row: str, type: str, indexes: Indexes) -> None:
    """Tags are bound wherever they are and however they are spelled, of the item and of operations
    that are asked for its tags."""
    resource, where = row.partition(": ")[0], row.rpartition(": ")[2].split()
    table, _ = page_of(resource, indexes, documented=True, more=(f"tags {type}",))
    binding = infer(table, TypeTable(), indexes).binding
    assert binding is not None
    (tags,) = [one for one in binding.columns if one.column == "tags"]
    assert tags.evidence == "name"
    operation, arguments = (where[0], (tuple(where[1].split("=")),)) if where[1:] else (None, ())
    assert (tags.operation, tags.member) == (operation, where[-1])
    assert [one.arguments for one in binding.auxiliary] == ([arguments] if operation else [])


def ddsql_type(member: Member) -> str:
    """What a page would call the type of a member."""
    match parse_type(member.type).shape:
        case Scalar("binary"):
            return "string"
        case Scalar(name):
            return name
        case MapOf(Scalar("string")):
            return "hstore"
        case ListOf(Scalar("string")):
            return "array<string>"
        case _:
            return "json"


# --- what a service may look like -----------------------------------------------------------------


def test_a_single_item_goes_before_a_list() -> None:
    """Where a list's elements have the same members, the operation that returns one is chosen."""
    made = index("ListThings Things[] Thing", "GetThing Thing Thing ThingName!", Thing=THING)
    found = only(thing(*KEYED), made)
    assert found.findings == ()
    assert found.binding is not None
    assert described(found.binding) == {
        "item": ("made", "GetThing", "Thing"),
        "columns": {"size": (None, "Size"), "thing_name": (None, "ThingName")},
        "derived": {"_key": "ThingArn", "account_id": "ThingArn"},
        "auxiliary": {},
        "unbound": set[str](),
        "listing": "ListThings Things[] (ThingName=ThingName)",
        "constants": {},
    }
    assert [column.evidence for column in found.binding.columns] == ["both", "name"]


def test_equal_items_are_a_finding() -> None:
    """Nothing is bound where two operations answer alike, and both are named."""
    made = index("GetOneThing @ Thing", "GetTwoThing @ Other", Thing=THING, Other=THING)
    found = only(thing(*KEYED), made)
    assert found.binding is None
    assert [str(problem) for problem in found.findings] == [
        "docs/aws.made_thing.md:9:1: SG403 aws.made_thing stays unbound: its columns are in "
        "made's GetOneThing (@) and made's GetTwoThing (@) alike"
    ]


def test_equal_auxiliary_operations_are_a_finding() -> None:
    """A column that two operations could fill alike stays unbound, and both are named."""
    made = index(
        "GetThing @ Thing ThingName!",
        "GetThingPaint @ Paint ThingName!",
        "GetThingCover @ Cover ThingName!",
        Thing=THING,
        Paint=(COLOUR,),
        Cover=(COLOUR,),
    )
    found = only(thing(*KEYED, PAINTED), made)
    assert found.binding is not None
    assert found.binding.unbound == ("colour",)
    assert [problem.message for problem in found.findings] == [
        "aws.made_thing.colour stays unbound: GetThingCover's Colour (@) and GetThingPaint's "
        "Colour (@) fill it alike"
    ]


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("GetPaint @ Paint ThingName!", {"ThingName": "ThingName"}),
        ("GetPaint @ Paint Thing!", {"Thing": "ThingName"}),
        ("GetPaint @ Paint ResourceArn!", {"ResourceArn": "ThingArn"}),
        ("GetPaint @ Paint ThingName Filter", {"ThingName": "ThingName"}),
        ("GetPaint @ Paint ResourceId!", {"ResourceId": "ThingId"}),
        ("GetPaint @ Paint ThingName! Version!", None),
        ("GetPaint Paints[] Paint ThingName!", None),
    ],
)
def test_arguments_come_from_the_item(operation: str, arguments: dict[str, str] | None) -> None:
    """An auxiliary operation is used only where the item has what it must be asked with, and where
    its response holds one item."""
    members = (*THING, Member("ThingId", "string", ""))
    made = index("GetThing @ Thing ThingName!", operation, Thing=members, Paint=(COLOUR,))
    found = only(thing(*KEYED, PAINTED), made).binding
    assert found is not None
    assert [dict(one.arguments) for one in found.auxiliary] == (
        [] if arguments is None else [arguments]
    )
    assert found.unbound == (() if arguments is not None else ("colour",))


def test_documentation_finds_what_has_another_name() -> None:
    """A member of another name is bound by its documentation, if no other member has the same."""
    table = thing(*KEYED, PAINTED.replace("colour", "paint", 1))
    one = only(table, index("GetThing @ Thing", Thing=(*THING, COLOUR))).binding
    assert one is not None
    assert one.columns[0] == BoundColumn("paint", "Colour", "documentation")
    second = replace(COLOUR, name="Lining")
    two = only(table, index("GetThing @ Thing", Thing=(*THING, COLOUR, second))).binding
    assert two is not None
    assert two.unbound == ("paint",)


@pytest.mark.parametrize(
    ("type", "member", "bound"),
    [
        ("string", "#Thing", False),
        ("string", "int64", False),
        ("json", "#Thing", True),
        ("json", "string", False),
        ("float64", "int64", True),
        ("array<string>", "list<string>", True),
        ("array<string>", "list<#Thing>", False),
        ("hstore", "map<string>", True),
        ("hstore", "list<#Tag>", True),
        ("hstore_csv", "map<list<string>>", True),
        ("hstore_csv", "list<#Thing>", False),
    ],
)
def test_types_that_do_not_fit_are_never_bound(type: str, member: str, bound: bool) -> None:
    """A name is no evidence for a member that the column's type cannot hold; the finding says so."""
    made = index(
        "GetThing @ Thing",
        "GetTag @ Tag Nothing!",
        Thing=(*THING, Member("Odd", member, "")),
        Tag=(Member("tagKey", "string", ""), Member("tagValue", "string", "")),
    )
    found = only(thing(*KEYED, f"odd {type}"), made)
    assert found.binding is not None
    assert found.binding.unbound == (() if bound else ("odd",))
    assert [problem.message for problem in found.findings] == (
        []
        if bound
        else [f"aws.made_thing.odd stays unbound: Thing.Odd is {member}, which does not fit {type}"]
    )


def test_a_service_is_found_by_what_aws_calls_it() -> None:
    """The table's name may begin with another of the service's names; without any, and without
    documentation, nothing is bound."""
    made = index("GetThing @ Thing", Thing=THING)
    assert only(thing(*KEYED, name="makes_thing"), made).binding is not None
    nothing = only(thing(*KEYED, name="unknown_thing"), made)
    assert nothing.binding is None
    assert [problem.message for problem in nothing.findings] == [
        "aws.unknown_thing stays unbound: no read operation returns its columns"
    ]


@pytest.mark.parametrize(
    ("columns", "members", "derived"),
    [
        ("_key account_id", "ThingArn", "_key=arn ThingArn, account_id=account_from_arn ThingArn"),
        ("_key account_id", "", "account_id=account_given"),
        ("_key account_id", "OwnerId:theaccountthatownsit", ""),
        ("account_id", "OwnerId:whoownsit", "account_id=account_given"),
        ("_key", "ThingArn:thisisonlysupportedforsomethings", ""),
        ("_key", "ResourceARN:thearnofthethingresource", "_key=arn ResourceARN"),
        ("_key", "ResourceARN:thearnoftheotherresource", ""),
    ],
)
def test_columns_that_rules_compute(columns: str, members: str, derived: str) -> None:
    """The key is the resource's own ARN, if every resource has it. The account is in that ARN, or a
    member whose documentation says that it is one; or else it is for the caller to say."""
    more = [word.partition(":") for word in members.split()]
    made = index(
        "GetThing @ Thing",
        Thing=(*(Member(name, "string", words) for name, _, words in more), SIZE, COLOUR),
    )
    table = thing(*(f"{name} string" for name in columns.split()), SIZED, PAINTED)
    binding = only(table, made).binding
    assert binding is not None
    assert derived.split(", " if derived else None) == [
        f"{one.column}={one.rule} {one.member}".strip() for one in binding.derived
    ]


def test_a_key_that_nothing_makes_is_a_finding() -> None:
    """Where nothing is known to be the resource's ARN, the finding says so."""
    found = only(thing("_key string", SIZED), index("GetThing @ Thing", Thing=(SIZE,)))
    assert [problem.message for problem in found.findings] == [
        "aws.made_thing._key stays unbound: Thing has no ARN of its own, and no format is known that "
        "would build one"
    ]


@pytest.mark.parametrize(
    ("operation", "constants"),
    [
        ("ListTagsForThing @ Tagged Id! Type!=other|thing", {"Type": "thing"}),
        ("ListTagsForThing @ Tagged Id! ResourceType!=other|THINGS", None),
        ("ListTagsForThing @ Tagged Id! ResourceType!=other|more", None),
        ("ListTagsForThing @ Tagged Id! ResourceType!", None),
        ("ListTagsForThing @ Tagged Id! Mode!=thing|other", None),
        ("ListTagsForThing @ Tagged Id! Type=thing|other", {}),
    ],
)
def test_the_kind_of_resource_is_a_constant(
    operation: str, constants: dict[str, str] | None
) -> None:
    """An operation that must be told what kind of resource is meant is told what the item is called;
    it is not called where its enumeration does not have that."""
    made = index(
        "GetThing @ Thing",
        operation,
        Thing=(Member("Id", "string", ""), SIZE),
        Tagged=(Member("Tags", "map<string>", ""),),
    )
    binding = only(thing("id string", SIZED, "tags hstore"), made).binding
    assert binding is not None
    assert [dict(one.constants) for one in binding.auxiliary] == (
        [] if constants is None else [constants]
    )
    assert binding.unbound == (("tags",) if constants is None else ())


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("", True),
        (":thearnoftheresource", True),
        (":theamazonresourcenamearnofthething", True),
        (":theamazonresourcenamearnofthetopic", False),
    ],
)
def test_tags_of_other_resources_are_no_tags(text: str, bound: bool) -> None:
    """An operation that lists the tags of another kind of resource is not asked for these."""
    made = index(
        "GetThing @ Thing",
        f"ListTagsForResource @ Tagged ResourceArn!{text}",
        Thing=THING,
        Tagged=(Member("Tags", "map<string>", ""),),
    )
    found = only(thing(*KEYED, "tags hstore"), made)
    assert found.binding is not None
    assert found.binding.unbound == (() if bound else ("tags",))
    assert [problem.message for problem in found.findings] == (
        []
        if bound
        else [
            "aws.made_thing.tags stays unbound: the operations that list tags cannot be asked for "
            "this resource"
        ]
    )


@pytest.mark.parametrize(
    ("operation", "column", "bound"),
    [
        ("GetPaint @ Paint ThingName!", "paint json", True),
        ("GetThingPaint @ Paint ThingName!", "paint json", True),
        ("GetCoat @ Paint ThingName!", "paint json", True),
        ("GetPaint @ Paint ThingName!", "paint string", False),
        ("GetPaint @ Paint ThingName!", "paint json What it was painted with, in full.", False),
        ("GetPaint @ Paint ThingName! Coat!", "paint json", False),
        ("GetPaint @ Paint", "paint json", False),
        ("ListPaint @ Paint ThingName!", "paint json", False),
        ("GetPaint Paints[] Paint ThingName!", "paint json", False),
        ("GetPaint @ Paint ThingName!", "cover json", False),
    ],
)
def test_a_whole_response_fills_the_column_that_is_called_so(
    operation: str, column: str, bound: bool
) -> None:
    """A json column without documentation that nothing is called after holds all that an operation
    returns, if that is called as the column and is about the item."""
    made = index("GetThing @ Thing", operation, Thing=THING, Paint=(COLOUR,))
    binding = only(thing(*KEYED, column), made).binding
    assert binding is not None
    whole = [one for one in binding.columns if one.member == "@"]
    name = column.split()[0]
    assert whole == ([BoundColumn(name, "@", "name", operation.split()[0])] if bound else [])
    assert binding.unbound == (() if bound else (name,))


def test_what_comes_in_pages_is_no_whole_response() -> None:
    """One page of a list is not all that there is."""
    made = index(
        "GetThing @ Thing", "GetPaint @ Paint ThingName!",
        paged=("GetPaint",), Thing=THING, Paint=(COLOUR,),
    )  # fmt: skip
    binding = only(thing(*KEYED, "paint json"), made).binding
    assert binding is not None
    assert binding.unbound == ("paint",)


def test_a_member_goes_before_a_whole_response() -> None:
    """Where a member of any response is called as the column, no whole response fills it."""
    other = (Member("Paint", "int64", ""),)
    made = index(
        "GetThing @ Thing", "GetPaint @ Paint ThingName!", "GetCoat @ Coat ThingName!",
        Thing=THING, Paint=(COLOUR,), Coat=other,
    )  # fmt: skip
    binding = only(thing(*KEYED, "paint json"), made).binding
    assert binding is not None
    assert binding.unbound == ("paint",)


def test_two_whole_responses_are_a_finding() -> None:
    """A column that two operations return alike stays unbound, and both are named; what is called
    as the column goes before what returns a structure of that name."""
    both = ("GetCoat @ Paint ThingName!", "GetSkin @ Paint ThingName!")
    better = index(
        "GetThing @ Thing", *both, "GetPaint @ One ThingName!",
        Thing=THING, One=(COLOUR,), Paint=(COLOUR,),
    )  # fmt: skip
    binding = only(thing(*KEYED, "paint json"), better).binding
    assert binding is not None
    assert [one.operation for one in binding.auxiliary] == ["GetPaint"]
    made = index("GetThing @ Thing", *both, Thing=THING, Paint=(COLOUR,))
    found = only(thing(*KEYED, "paint json"), made)
    assert [problem.message for problem in found.findings] == [
        "aws.made_thing.paint stays unbound: GetCoat's @ (@) and GetSkin's @ (@) fill it alike"
    ]


def test_what_must_be_included_is_asked_for() -> None:
    """Of the enumeration of ``include``, those values are given that columns are bound for."""
    made = index(
        "DescribeThings things[] Thing include[]=SIZES|COLOUR|SHAPE other[]=SIZES", Thing=THING
    )
    for columns, constants in ((KEYED, (("include", ("SIZES",)),)), (("thing_arn string",), ())):
        binding = only(thing("thing_name string", *columns[-1:]), made).binding
        assert binding is not None
        assert binding.constants == constants


def test_an_auxiliary_operation_is_asked_to_include_too() -> None:
    """What stands beside the item in the same response is asked for as in the item."""
    made = index(
        "DescribeThing thing Thing ThingName! include[]=TAGS|SIZES",
        "DescribeThing @ Answer ThingName! include[]=TAGS|SIZES",
        Thing=THING,
        Answer=(Member("tags", "map<string>", ""), Member("thing", "#Thing", "")),
    )
    binding = only(thing("thing_name string", "thing_arn string", "tags hstore"), made).binding
    assert binding is not None
    assert [one.constants for one in binding.auxiliary] == [(("include", ("TAGS",)),)]
    assert binding.constants == (("include", ("TAGS",)),)


def test_an_operation_called_almost_as_the_table_decides() -> None:
    """Of two that return the same, the one is chosen whose name ends as the table's does."""
    made = index("GetHouse Thing Thing", "GetSmallThing Thing Thing", Thing=THING)
    binding = only(thing(*KEYED), made).binding
    assert binding is not None
    assert binding.operation == "GetSmallThing"


@pytest.mark.parametrize("type", ["json", "map<list<string>>", "#Other", "list<string>"])
def test_json_fills_a_text_column_that_is_documented_so(type: str) -> None:
    """A text column takes a document or a structure where name and documentation both agree."""
    for text in ("The policy of the thing, as it was given.", ""):
        words = "".join(text.split()).rstrip(".").replace(",", "").lower()
        made = index("GetThing @ Thing", Thing=(*THING, Member("Policy", type, words)))
        binding = only(thing(*KEYED, f"policy string {text}".rstrip()), made).binding
        assert binding is not None
        assert binding.unbound == (() if text else ("policy",))


@pytest.mark.parametrize(
    ("item", "chosen"),
    [
        (ANYWHERE, "GetThing"),
        (Pinned(operation="ListThings"), "ListThings"),
        (Pinned("made", "GetOther", "@"), "GetOther"),
        (Pinned(path="Things[]"), "ListThings"),
        (Pinned(operation="GetNothing"), " at GetNothing"),
        (Pinned("unmade"), " at unmade"),
        (Pinned("made", "GetThing", "Things[]"), " at made GetThing (Things[])"),
    ],
)
def test_an_item_can_be_chosen_by_hand(item: Pinned, chosen: str) -> None:
    """Inference is confined to what somebody chose; an item that is named needs no evidence."""
    made = index(
        "GetThing @ Thing ThingName!", "ListThings Things[] Thing", "GetOther @ Other",
        Thing=THING, Other=(Member("Else", "string", ""),),
    )  # fmt: skip
    found = only(thing(*KEYED), made, item)
    if found.binding is not None:
        assert found.binding.operation == chosen
    else:
        assert [problem.message for problem in found.findings] == [
            f"aws.made_thing stays unbound: no read operation returns its columns{chosen}"
        ]
