"""schemagen.emit.mappers.docstrings: what the docstrings of a mapper say."""

from __future__ import annotations

from pathlib import Path

import mappers
from mapper_cases import by


def test_docstrings_document_operations_and_arguments(tmp_path: Path) -> None:
    """The operations, their arguments and their constants stand in the module's documentation,
    and those of the enrichments beside from_item's parameters; constants stay text."""
    quotes = 'a"""b\\" + str(1/0) + "{{ 1 }}\n\u202e'
    made = mappers.service(
        mappers.bound(
            "aws.t",
            operation="GetThing",
            constants={"include": ["TAGS", quotes]},
            listing={
                "operation": "ListThings",
                "path": "Things[]",
                "arguments": {"Name": "@"},
                "needs": ["Cluster", quotes],
            },
            columns={
                "tags": by("Tags", operation="ListTags"),
                "all": by("Tags", operation="ListAll"),
            },
            auxiliary={
                "ListTags": {
                    "path": "@",
                    "arguments": {"Id": "Id", "Arn": "arn:${Partition}:made:::thing/${Id}"},
                    "constants": {"ResourceType": quotes},
                },
                "ListAll": {"path": "@", "arguments": {}},
            },
        ),
        {"GetThing": "R", "ListTags": "Tags", "ListAll": "Tags"},
        {"R": {"Id": "string"}, "Tags": {"Tags": "map<string>"}},
    )
    literal = repr(quotes)
    columns = {"tags": "hstore_csv", "all": "hstore_csv"}
    with mappers.imported(tmp_path, made, columns) as mapper:
        words = " ".join(str(mapper.__doc__).split())
        listing = f'ListThings lists the resources in Things[]; it requires "Cluster", {literal}.'
        assert listing in words
        assert "GetThing returns the item; it is called with Name (the listed value);" in words
        assert f'pass include=["TAGS", {literal}], or some columns are None.' in words
        called = "called with Id (the item's Id), Arn (arn:${Partition}:made:::thing/${Id}), "
        called += f"ResourceType={literal}."
        assert f"ListTags adds columns to the item; it is {called}" in words
        assert (
            "ListAll adds columns to the item; it takes no arguments from the item, so its "
            "response may cover other resources." in words
        )
        arguments = " ".join(str(mapper.from_item.__doc__).split())
        assert "Args: item: The response of GetThing." in arguments
        assert f"list_tags: The response of ListTags for this item, {called}" in arguments
        assert "list_all: The response of ListAll, which may cover other resources." in arguments
        arguments = " ".join(str(mapper.from_response.__doc__).split())
        assert "Args: response: The response of GetThing." in arguments
        assert f"list_tags: The response of ListTags for this item, {called}" in arguments


def test_docstrings_say_which_arguments_are_passed_as_functions(tmp_path: Path) -> None:
    """A response of several items takes the responses of enrichments from functions of the item."""
    made = mappers.service(
        mappers.bound(
            "aws.t",
            operation="ListThings",
            path="Things[]",
            columns={"tags": by("Tags", operation="ListTags")},
            auxiliary={"ListTags": {"path": "@", "arguments": {"Id": "Id"}}},
        ),
        {"ListThings": "List", "ListTags": "Tags"},
        {"List": {"Things": "list<#R>"}, "R": {"Id": "string"}, "Tags": {"Tags": "map<string>"}},
    )
    with mappers.imported(tmp_path, made, {"tags": "hstore_csv"}) as mapper:
        words = " ".join(str(mapper.from_response.__doc__).split())
        assert words.startswith("Yield the row of each item in the response.")
        assert "list_tags: A function of the item" in words
