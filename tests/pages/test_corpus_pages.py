"""Every page of the corpus: no problem, and nothing lost.

What is compared is counted a second time from the text, as dumbly as possible.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from parsed_pages import read_pages
from schemagen.model.pages import DocumentedMember, Pages
from schemagen.model.shapes import Scalar


@pytest.fixture(scope="module")
def ddsql(corpus: Path) -> Pages:
    return read_pages(corpus / "ddsql", corpus)


@pytest.fixture(scope="module")
def aws_api(corpus: Path) -> Pages:
    return read_pages(corpus / "aws_api", corpus)


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")


def test_parse_reads_every_dataset_page_as_a_table(ddsql: Pages, corpus: Path) -> None:
    """Each page is the table that its file is named after."""
    names = sorted(path.name for path in (corpus / "ddsql").glob("*.md"))
    assert [f"{table.id}.dataset.md" for table in ddsql.tables] == names
    assert len(names) == 55


def test_parse_reads_every_row_as_a_column(ddsql: Pages, corpus: Path) -> None:
    """There are as many columns as lines with a kind in a cell, each with its own line."""
    for table in ddsql.tables:
        text = lines(corpus / table.origin.path)
        rows = [
            n for n, line in enumerate(text, 1) if re.search(r"\| (core|event_attribute) +\|", line)
        ]
        assert [column.origin.line for column in table.columns] == rows, table.id
        for column in table.columns:
            line = text[column.origin.line - 1]
            assert f"| {column.name} " in line
            assert f"| {column.type} " in line
    assert sum(len(table.columns) for table in ddsql.tables) == 1082


def test_parse_keeps_the_words_of_descriptions(ddsql: Pages, corpus: Path) -> None:
    """Every word of a row that is not markup is in its column, in the same order."""
    tag = re.compile(r"</?(?:code|ul|ol|li|dl|dt|dd|a|b|i|p|br|note|important|seealso)\b[^>]*>")
    link = re.compile(r"\]\(/[^)]*\)")
    assert ddsql.tables
    for table in ddsql.tables:
        assert table.columns
        text = lines(corpus / table.origin.path)
        for column in table.columns:
            source = link.sub("", tag.sub(" ", text[column.origin.line - 1]))
            expected = re.findall(r"\w+", source)
            cells = (column.title, column.name, column.kind, column.type, column.description)
            found = re.findall(r"\w+", " ".join(filter(None, cells)))
            extra = {"Note", "Important", "Microsoft", "Azure", "Events", "ResourceProvider"}
            extra |= {"Common", "Contracts", "TopicProperties", "InboundIpRules"}
            assert [word for word in found if word not in extra] == [
                word for word in expected if word not in extra
            ], f"{table.id}.{column.name}"


def test_parse_reads_titles_and_texts_of_dataset_pages(ddsql: Pages) -> None:
    """Every table has its title and a description; one is deprecated, one is a function."""
    assert all(table.title and table.description for table in ddsql.tables)
    tables = {table.id: table for table in ddsql.tables}
    assert tables["aws.route53_hosted_zone"].title == "Route 53 Hosted Zone"
    assert [table.id for table in ddsql.tables if table.deprecated] == [
        "aws.elasticmapreduce_instance"
    ]
    assert [table.id for table in ddsql.tables if table.key is None] == [
        "dd.apis",
        "dd.datadog_operators",
        "dd.logs",
        "k8s.nodes",
    ]
    logs = tables["dd.logs"]
    assert [
        (parameter.name, parameter.type, parameter.required) for parameter in logs.parameters
    ] == [
        ("columns", "array<string>", True),
        ("filter", "string", False),
        ("indexes", "array<string>", False),
        ("from_timestamp", "string", False),
        ("to_timestamp", "string", False),
        ("storage", "string", False),
    ]
    assert [query.sql.split("\n")[1] for query in logs.examples] == ["SELECT * FROM dd.logs("]
    assert {column.kind for column in logs.columns} == {"core", "event_attribute"}
    assert "Public Documentation" not in logs.description


def test_parse_reads_values_of_the_corpus(ddsql: Pages) -> None:
    """These columns document their values, as judged by hand; other columns of strings only look
    as if they did."""
    found = {
        f"{table.id}.{column.name}": [value.value for value in column.values]
        for table in ddsql.tables
        for column in table.columns
        if column.values and column.type == "string"
    }
    dynamodb = ["CREATING", "UPDATING", "DELETING", "ACTIVE"]
    dynamodb += ["INACCESSIBLE_ENCRYPTION_CREDENTIALS", "ARCHIVING", "ARCHIVED"]
    oci = ["PROVISIONING", "AVAILABLE", "TERMINATING", "TERMINATED", "UNKNOWN_ENUM_VALUE"]
    assert found == {
        "aws.dynamodb.table_status": dynamodb,
        "aws.ecs_service.status": ["ACTIVE", "DRAINING", "INACTIVE"],
        "aws.elasticache_serverless_cache.status": [
            "CREATING",
            "AVAILABLE",
            "DELETING",
            "CREATE-FAILED",
            "MODIFYING",
        ],
        "aws.kinesis_stream.encryption_type": ["KMS", "NONE"],
        "aws.kinesis_stream.stream_status": ["CREATING", "DELETING", "ACTIVE", "UPDATING"],
        "aws.redshift_event_subscription.severity": ["ERROR", "INFO"],
        "aws.redshift_event_subscription.status": ["active", "no-permission", "topic-not-exist"],
        "aws.sagemaker_modelcardexportjob.status": ["InProgress", "Completed", "Failed"],
        "oci.network_security_list.lifecycle_state": oci,
    }


def members(pages: Pages) -> list[DocumentedMember]:
    structures = [member for structure in pages.structures for member in structure.members]
    operations = [
        member
        for operation in pages.operations
        for member in (*operation.request, *operation.response)
    ]
    return [*structures, *operations]


def test_parse_recognises_the_kind_of_every_api_page(aws_api: Pages, corpus: Path) -> None:
    """78 structures, 53 operations and 6 indexes, all of SageMaker and its runtime."""
    assert (len(aws_api.structures), len(aws_api.operations), len(aws_api.indexes)) == (78, 53, 6)
    assert len(list((corpus / "aws_api").glob("*.md"))) == 78 + 53 + 6
    assert {structure.service for structure in aws_api.structures} == {"sagemaker"}
    assert [
        operation.name
        for operation in aws_api.operations
        if operation.service == "sagemaker-runtime"
    ] == ["InvokeEndpoint"]


def count(corpus: Path, pattern: str) -> int:
    compiled = re.compile(pattern)
    return sum(
        compiled.match(line) is not None
        for path in (corpus / "aws_api").glob("*.md")
        for line in lines(path)
    )


def test_parse_reads_every_fact_of_api_pages(aws_api: Pages, corpus: Path) -> None:
    """There are as many members, types, flags and constraints as lines that state them."""
    found = members(aws_api)
    limits = [member.constraints for member in found]
    assert len(found) == count(corpus, r" \*\*.*<a name") == 705
    assert sum(member.required is not None for member in found) == count(corpus, "Required: ")
    assert sum(member.required is True for member in found) == count(corpus, "Required: Yes")
    lengths = [limit for limit in limits if (limit.min_length, limit.max_length) != (None, None)]
    assert len(lengths) == count(corpus, "Length Constraints: ")
    items = [limit for limit in limits if (limit.min_items, limit.max_items) != (None, None)]
    assert len(items) == count(corpus, "Array Members: ")
    ranges = [limit for limit in limits if (limit.minimum, limit.maximum) != (None, None)]
    assert len(ranges) == count(corpus, "Valid Range: ")
    assert sum(limit.pattern is not None for limit in limits) == count(corpus, "Pattern: ")
    with_values = [
        member
        for member in found
        if any(value.wording.startswith("Valid Values: ") for value in member.values)
    ]
    assert len(with_values) == count(corpus, "Valid Values:")
    untyped = len(found) - count(corpus, "Type: ")
    assert untyped == 9, "the members of InvokeEndpoint travel in the URI, headers and body"
    assert sum(member.shape == Scalar("binary") for member in found) == 2


def test_parse_removes_markup_from_descriptions(aws_api: Pages) -> None:
    """No escape, link, anchor or property line is left in the text."""
    assert any(member.description for member in members(aws_api))
    for member in members(aws_api):
        left = re.search(r"\\[.()-]|\]\(|<a |^Type: |^Required: ", member.description, re.MULTILINE)
        assert left is None, (member.name, member.description)


def test_parse_reads_values_of_api_pages(aws_api: Pages) -> None:
    """No value comes from prose alone, and values that are no longer supported are marked."""
    for member in members(aws_api):
        assert all(value.wording.startswith("Valid Values: ") for value in member.values)
    status = next(
        member
        for structure in aws_api.structures
        if structure.name == "SecondaryStatusTransition"
        for member in structure.members
        if member.name == "Status"
    )
    assert len(status.values) == 14
    assert [value.value for value in status.values if value.deprecated] == [
        "LaunchingMLInstances",
        "PreparingTrainingStack",
        "DownloadingTrainingImage",
    ]
    assert sum(bool(value.description) for value in status.values) == 9
