"""The reasons why columns stay unbound: in the inference, in what `schemagen bind` prints, in the lock and in
`schemagen coverage`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import once
import page_facts
from drawn_tables import DRAWN
from made_services import KEYED, THING, index, made_member, only, thing, typed
from projects import pages, run
from schemagen.api_models.cache import Indexes
from schemagen.inference.infer import infer
from schemagen.pages import ddsql

BEHIND_THE_RULES = Path(__file__).with_name("tables_behind_the_rules.txt")
FACTS = {
    **page_facts.facts(),
    **page_facts.facts(DRAWN),
    **page_facts.facts(BEHIND_THE_RULES),
}

NOT_DOCUMENTED = (
    "{} is not documented to take such resources as {} ({}); set other arguments in an override"
)
REASONS = {
    # Documentation, the sentence of it that names the resources.
    "aws.sns_platform_application.tags": NOT_DOCUMENTED.format(
        "ListTagsForResource", "ResourceArn", '"The ARN of the topic for which to list tags"'
    ),
    "aws.ecr_registry.tags": NOT_DOCUMENTED.format(
        "ListTagsForResource",
        "resourceArn",
        '"Currently, the only supported resource is an Amazon ECR repository"',
    ),
    "aws.backup_protected_resource.tags": NOT_DOCUMENTED.format(
        "ListTags",
        "ResourceArn",
        '"Valid targets for ListTags are recovery points, backup plans, and backup vaults"',
    ),
    "aws.directoryservice_domain_controller.tags": NOT_DOCUMENTED.format(
        "ListTagsForResource",
        "ResourceId",
        '"Identifier (ID) of the directory for which you want to retrieve tags"',
    ),
    # A pattern.
    "aws.sso_application_provider.tags": "the pattern of ListTagsForResource's ResourceArn excludes "
    "ApplicationProvider.ApplicationProviderArn; set other arguments in an override",
    # What the item lacks; the account is the caller's.
    "aws.s3_account_public_access_block.tags": "PublicAccessBlockConfiguration has no member that "
    "ListTagsForResource takes as ResourceArn; set its arguments in an override",
    "aws.sqs_queue.queue_url": "GetQueueUrl returns it, but GetQueueAttributesResult has no member that it takes "
    "as QueueName; set its arguments in an override",
    # No such operation, or for others only.
    "aws.cloudsearch_domain.tags": "cloudsearch has no operation that lists the tags of a resource; name the "
    "member in an override",
    "aws.route53domains_operation.tags": "ListTagsForDomain lists the tags of other resources; name the member "
    "in an override",
    "aws.iam_account.tags": "ListInstanceProfileTags and 7 other operations list the tags of other resources; "
    "name the member in an override",
    "aws.account.alternate_contact": "GetAlternateContact returns it for one AlternateContactType at a time "
    "(BILLING, OPERATIONS, SECURITY); name the value in an override",
}


@pytest.mark.parametrize(("column", "reason"), REASONS.items(), ids=REASONS)
def test_reasons_say_what_documentation_or_item_lacks(
    column: str, reason: str, indexes: Indexes
) -> None:
    """The reason names the operation, its parameter, and the documentation that decides."""
    table, _, name = column.rpartition(".")
    page, problems = ddsql.parse(page_facts.page(FACTS[table]), table)
    assert problems == ()
    binding = infer(typed(page), indexes).binding
    assert binding is not None
    assert dict(binding.reasons)[name] == reason


def test_reason_names_members_of_structures_whose_documentation_differs(indexes: Indexes) -> None:
    """Such a member may be another number; with the parameter's documentation, it is the argument."""
    text = "aws.lambda_layer"
    page, problems = ddsql.parse(page_facts.page(FACTS[text]), text)
    assert problems == ()
    found = infer(typed(page), indexes).binding
    assert found is not None
    made = indexes.of("lambda")
    operation = made.operations["GetLayerVersionPolicy"]
    assert operation.numbers.keys() == {"VersionNumber"}
    operations = {
        **made.operations,
        operation.name: replace(operation, numbers={"VersionNumber": "thenumberofstars"}),
    }
    binding = only(page, replace(made, operations=operations)).binding
    assert binding is not None
    assert dict(binding.reasons)["policy"] == (
        "GetLayerVersionPolicy returns it, but LayersListItem has no member that it takes as VersionNumber; nothing "
        "shows that it takes LatestMatchingVersion.Version; set its arguments in an override"
    )
    assert "policy" not in dict(found.reasons)


def test_reason_names_the_operation_that_returns_a_column() -> None:
    """A column that is documented as what another operation returns is not said to be nowhere."""
    words = "howlongthethingwasinuse"
    made = index(
        "GetThing @ Thing",
        "ListThingTags @ Tagged ThingNumber!",
        "ListUses Uses[] Use ThingName!",
        Thing=THING,
        Tagged=(made_member("Tags", "map<string>", ""),),
        Use=(made_member("Duration", "int64", words),),
    )
    columns = ("tags hstore", "duration int64 How long the thing was in use.")
    binding = only(thing(*KEYED, *columns), made).binding
    assert binding is not None
    assert dict(binding.reasons) == {
        "tags": "Thing has no member that ListThingTags takes as ThingNumber; set its arguments in an override",
        "duration": "ListUses returns it in Uses[], which may be about several resources; name the member in an "
        "override",
    }


def test_reasons_are_in_lock_bind_and_coverage(
    tmp_path: Path, filled_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """`schemagen bind` prints the reason, the lock has it, and `schemagen coverage` shows it."""
    table = "aws.sns_platform_application"
    pages(tmp_path, {"ddsql/sns.md": page_facts.page(FACTS[table])})
    cache = {"XDG_CACHE_HOME": str(once.linked(filled_cache, tmp_path_factory.mktemp("cache")))}
    reason = REASONS[f"{table}.tags"]
    done = run(tmp_path, "bind", env=cache)
    assert done.returncode == 0, done.stderr
    assert f"{table}.tags stays unbound: {reason}" in done.stderr
    lock = json.loads((tmp_path / "bindings/aws/sns.json").read_bytes())
    assert lock["tables"][table]["unbound"]["tags"] == reason
    assert reason in " ".join(run(tmp_path, "coverage", table).stdout.split())
    covered = json.loads(run(tmp_path, "coverage", table, "--format", "json").stdout)
    assert reason in json.dumps(covered, ensure_ascii=False).replace('\\"', '"')
