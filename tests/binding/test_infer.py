"""Bindings that are inferred: the ones written by hand, and all tables of the corpus."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from schemagen import bind, build, config
from schemagen.binding import lock
from schemagen.binding.index import Directory, Indexes, Item, Member, ReadOperation, ServiceIndex
from schemagen.binding.infer import Inference, infer
from schemagen.binding.notation import parse_type
from schemagen.convert import snake_case
from schemagen.model import KEY, Binding, BoundColumn, Column, ListOf, MapOf, Origin, Scalar, Table
from schemagen.pages.read import read_pages
from schemagen.typetable import TypeTable

ROOT = Path(__file__).resolve().parents[2]
SAGEMAKER = "bindings/aws/sagemaker.json"
ORIGIN = Origin("docs/aws.made_thing.md", 9)
EXPECTED = Path(__file__).with_name("expected_bindings.txt")


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
    """The lock of this repository was written by hand: inference says the same, but that the
    tags, which no documentation speaks of, are found by their name."""
    types = TypeTable()
    by_hand = lock.read(SAGEMAKER, (ROOT / SAGEMAKER).read_bytes())
    found: list[Binding] = []
    for table in read_pages(ROOT / "docs_src", ROOT, types).tables:
        inference = infer(table, types, indexes)
        assert inference.findings == ()
        assert inference.binding is not None
        found.append(inference.binding)
    text = lock.write(replace(by_hand, bindings=tuple(found)))
    assert text == by_hand.text.replace('"evidence": "hand"', '"evidence": "name"')


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
    }


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
        for line in lines:
            if other := re.fullmatch(r" +(\w+) (\S+) \((.*)\): (.+)", line):
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
        rules = {**kinds, **derived, **unbound}
        evidence.update(rule for name, rule in rules.items() if name != KEY)
    assert len(inferred) == 43
    assert 1 - evidence["unbound"] / evidence.total() > 0.973
    assert evidence["both"] > 0.83 * evidence.total()


@pytest.mark.slow
def test_a_package_is_built_from_what_is_inferred(
    corpus: Path, indexes: Indexes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From pages alone to mappers: the lock is written, stays as it is when it is inferred again,
    and what is built from it is as black has it, passes mypy --strict, and fills every bound column
    from a full response with rows that the models accept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(indexes.folder.parents[1]))
    (tmp_path / "docs").mkdir()
    for page in (corpus / "ddsql").glob("aws.*.md"):
        (tmp_path / "docs" / page.name).write_bytes(page.read_bytes())
    (tmp_path / "schemagen.toml").write_text('docs = "docs"\n')
    settings = config.load(tmp_path)
    outcome = bind.changes(settings)
    assert len(outcome.changes) == 19
    bind.write(settings, outcome.changes)
    assert bind.changes(settings) == bind.Outcome(())
    assert bind.changes(settings, again=True) == bind.Outcome((), outcome.findings)
    build.apply(build.plan(settings))
    package = tmp_path / "generated" / "ddsql_schemas"
    assert len(list((package / "mappers" / "aws").glob("[a-z]*.py"))) == 43
    for command in (
        ["-m", "black", "--check", "--quiet", str(package)],
        ["-m", "mypy", "--strict", "--no-incremental", str(package)],
        [str(ROOT / "tests" / "every_mapper.py"), str(tmp_path)],
    ):
        done = subprocess.run(
            [sys.executable, *command],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stdout + done.stderr


# --- tables that no page describes here -----------------------------------------------------------

# Table, and where AWS's references say that one such resource is returned in full.
RESOURCES = """\
acm_certificate DescribeCertificate Certificate
amplify_app GetApp app
apigateway_rest_api GetRestApi @
appsync_graphql_api GetGraphqlApi graphqlApi
autoscaling_group DescribeAutoScalingGroups AutoScalingGroups[]
batch_job_queue DescribeJobQueues jobQueues[]
bedrock_guardrail GetGuardrail @
cloudformation_stack DescribeStacks Stacks[]
cloudtrail_trail GetTrail Trail
cloudwatch_alarm DescribeAlarms MetricAlarms[]
codebuild_project BatchGetProjects projects[]
docdb_cluster DescribeDBClusters DBClusters[]
ec2_security_group DescribeSecurityGroups SecurityGroups[]
ec2_subnet DescribeSubnets Subnets[]
ecr_repository DescribeRepositories repositories[]
ecs_task DescribeTasks tasks[]
efs_file_system DescribeFileSystems FileSystems[]
eks_nodegroup DescribeNodegroup nodegroup
elbv2_target_group DescribeTargetGroups TargetGroups[]
events_rule DescribeRule @
glue_job GetJob Job
guardduty_detector GetDetector @
kafka_cluster DescribeCluster ClusterInfo
logs_log_group DescribeLogGroups logGroups[]
mq_broker DescribeBroker @
neptune_cluster DescribeDBClusters DBClusters[]
organizations_account DescribeAccount Account
rds_instance DescribeDBInstances DBInstances[]
redshift_cluster DescribeClusters Clusters[]
ssm_document GetDocument @
transfer_server DescribeServer Server
wafv2_web_acl GetWebACL WebACL
"""


@pytest.mark.parametrize("resource", RESOURCES.splitlines(), ids=lambda text: text.split()[0])
@pytest.mark.parametrize("documented", [True, False], ids=["documented", "bare"])
def test_tables_of_other_services(resource: str, documented: bool, indexes: Indexes) -> None:
    """A page that has every member of a resource is bound to the operation that returns it, with
    documentation and without; the members that no rule fills are all bound by their names."""
    name, operation, path = resource.split()
    service = indexes.of(name.partition("_")[0])
    place = next(item for item in service.items if (item.operation, item.path) == (operation, path))
    members = [
        member
        for member in service.structures[place.structure]
        if "token" not in member.name.lower() and snake_case(member.name) != "tags"
    ]
    columns = {snake_case(member.name): member for member in members}
    table = Table(
        f"aws.{name}",
        "",
        "",
        tuple(
            Column(
                column, "core", ddsql_type(member), ORIGIN, description=member.words * documented
            )
            for column, member in columns.items()
        ),
        ORIGIN,
    )
    found = infer(table, TypeTable(), indexes)
    assert found.binding is not None
    assert (found.binding.operation, found.binding.path) == (operation, path)
    assert found.findings == ()
    assert {one.column: one.member for one in found.binding.columns} == {
        column: member.name for column, member in columns.items()
    }
    assert found.binding.auxiliary == ()


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


class Made:
    """Services that the test makes up."""

    def __init__(self, *indexes: ServiceIndex) -> None:
        self.indexes = {index.name: index for index in indexes}
        self.services = tuple(self.indexes)
        self.directory = Directory({index.name: index.aliases for index in indexes}, {})

    def of(self, service: str) -> ServiceIndex:
        return self.indexes[service]


def index(*operations: str, **structures: tuple[Member, ...]) -> ServiceIndex:
    """A service "made"; an operation is written ``ListThings Things[] Thing``, its parameters after
    that, those that are required with a "!"."""
    read: dict[str, ReadOperation] = {}
    items: list[Item] = []
    for text in operations:
        name, path, structure, *parameters = text.split()
        required = tuple(word.rstrip("!") for word in parameters if word.endswith("!"))
        read[name] = ReadOperation(name, required, {word.rstrip("!"): "" for word in parameters})
        items.append(Item(name, path, structure))
    return ServiceIndex("made", ("makes",), read, tuple(items), structures)


SIZE = Member("Size", "int64", "thesizeofthethingasitwasmeasured")
COLOUR = Member("Colour", "string", "thecolourthatthethingwaspaintedin")
THING = (Member("ThingArn", "string", ""), Member("ThingName", "string", ""), SIZE)


def thing(*columns: str, name: str = "made_thing") -> Table:
    """A table whose columns are written ``name type description``."""
    rows = [text.split(maxsplit=2) for text in columns]
    return Table(
        f"aws.{name}",
        "Thing",
        "",
        tuple(Column(row[0], "core", row[1], ORIGIN, description="".join(row[2:])) for row in rows),
        ORIGIN,
    )


SIZED = "size int64 The <i>size</i> of the thing, as it was measured."
KEYED = ("_key string", "account_id string", "thing_name string", SIZED)
PAINTED = "colour string The colour that the thing was painted in."


def only(table: Table, made: ServiceIndex) -> Inference:
    return infer(table, TypeTable(), Made(made))


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
        ("GetPaint @ Paint ThingName! Version!", None),
        ("GetPaint Paints[] Paint ThingName!", None),
    ],
)
def test_arguments_come_from_the_item(operation: str, arguments: dict[str, str] | None) -> None:
    """An auxiliary operation is used only where the item has what it must be asked with, and where
    its response holds one item."""
    made = index("GetThing @ Thing ThingName!", operation, Thing=THING, Paint=(COLOUR,))
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
