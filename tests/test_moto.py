"""From resources in AWS to answers in SQL: created and read with real boto3 clients, mapped by the
generated mappers of the corpus's tables, loaded into DuckDB and asked.

moto answers in AWS's place. What is read, and with which arguments, is what the bindings say.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from moto import mock_aws

import engines
from accounts import CASES, Case
from aws_reader import Reader, client
from corpus_package import CorpusPackage, Mapper
from loading import trip
from made_services import thing, typed
from schemagen.api_models.cache import Indexes
from schemagen.inference.infer import infer
from schemagen.runtime.convert import json_value


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty account of moto, and credentials that are worth nothing anywhere else."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with mock_aws(config={"lambda": {"use_docker": False}}):
        yield


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.table)
@pytest.mark.usefixtures("aws")
def test_mappers_convert_resources_of_moto(
    case: Case,
    corpus_package: CorpusPackage,
    duck: engines.DuckDB,
    request: pytest.FixtureRequest,
) -> None:
    """Resources that exist are found, read, mapped and loaded as the binding says, and SQL tells
    what was created, tags and all that auxiliary operations know among it."""
    binding = corpus_package.bindings[case.table]
    mapper = corpus_package.mapper(case.table)
    created = case.create()
    reader = Reader(binding, created.scope, case.absent)
    key = {} if case.key is None else {"key": itemgetter(case.key)}
    rows = reader.rows(mapper, **key)
    assert reader.lacking == case.lacks.keys(), "moto has other operations than we know"
    assert reader.refused == case.absent.keys(), "other operations answered: there is none"

    validator: Any = Draft202012Validator(
        corpus_package.schema(case.table), format_checker=FormatChecker()
    )
    model = corpus_package.model(case.table)
    for row in rows:
        validator.validate(json_value(row, case.table))
        model.model_validate(row)

    answered = {enrichment.operation for enrichment in binding.enrichments} - case.lacks.keys()
    wanted = {column.column for column in binding.columns if column.operation in answered}
    wanted |= {column.column for column in binding.derived}
    empty = {name for name in wanted if all(row[name] is None for row in rows)}
    assert empty == case.empty.keys(), "other columns are empty than we know"

    table = corpus_package.table(case.table)
    ddl = corpus_package.ddl(case.table, "duckdb")
    assert trip(request, corpus_package.sql, table, "duckdb", ddl, rows) == rows
    for query in created.queries:
        assert duck.execute(query.sql).fetchall() == query.rows, query.sql


def test_cases_cover_many_services(corpus_package: CorpusPackage) -> None:
    """The tables are of many kinds of services, so the tests do not show a single service's
    habit."""
    services = {corpus_package.bindings[case.table].service for case in CASES}
    assert len(services) >= 12


class Applications:
    """Rows of codedeploy's applications, with what ListTagsForResource answers."""

    @staticmethod
    def from_response(response: Any, list_tags_for_resource: Any) -> list[dict[str, Any]]:
        tags = {tag["Key"]: tag["Value"] for tag in list_tags_for_resource["Tags"]}
        return [{"name": response["application"]["applicationName"], "tags": tags}]


@pytest.mark.usefixtures("aws")
def test_enrichment_is_called_with_an_arn_that_is_built(indexes: Indexes) -> None:
    """No response of codedeploy has an application's ARN, which ListTagsForResource requires:
    the binding's format is filled, and the tags are the application's."""
    columns = ("application_id string", "application_name string", "linked_to_git_hub bool")
    table = thing(*columns, "tags hstore", name="codedeploy_application")
    binding = infer(typed(table), indexes).binding
    assert binding is not None
    codedeploy = client("codedeploy")
    for name, team in (("one", "a"), ("two", "b")):
        codedeploy.create_application(applicationName=name, tags=[{"Key": "Team", "Value": team}])
    rows = Reader(binding, {}, {}).rows(cast("Mapper", Applications))
    assert sorted(rows, key=itemgetter("name")) == [
        {"name": "one", "tags": {"Team": "a"}},
        {"name": "two", "tags": {"Team": "b"}},
    ]
