"""How the calls of a table are shown."""

from __future__ import annotations

from schemagen.runtime.calls import Call, CallRules, Limit, Pagination, Scope, TableCalls
from schemagen.runtime.command.call_text import text, to_json

CALLS = TableCalls(
    "aws.made_thing",
    "made",
    (
        Call(
            "ListThings",
            "Things[]",
            values=(("Kind", ("red", "blue")),),
            rules=CallRules(
                Pagination(("Marker",), ("List.NextMarker",), "List.IsTruncated", inferred=True),
                limit=Limit("MaxItems"),
                scope=Scope("global", (("aws", "us-east-1"),)),
                owner=(("owner", ("self",)),),
            ),
        ),
    ),
    Call(
        "DescribeThings",
        "Things[]",
        (("Names", "Name"),),
        ("Kind",),
        constants=(("Include", ("TAGS",)),),
        rules=CallRules(absent=("NoSuchThing", "NotFound"), batch=Limit("Names", 10)),
    ),
    (
        Call(
            "GetPolicy",
            "@",
            (("Id", "basename(Id)"),),
            rules=CallRules(scope=Scope("account"), actions=("made:GetPolicy", "made:ReadAll")),
            columns=("policy", "status"),
        ),
    ),
    "no operation lists what ListThings requires as\x9bBox",
)


def test_text_says_how_each_operation_is_called() -> None:
    """Arguments, pages, sizes, errors that mean none, scope and owner have a line each, in the order of
    the calls; control characters are shown as escapes."""
    assert text(CALLS).splitlines() == [
        "aws.made_thing is filled by 3 operations of made:",
        "",
        "ListThings lists Things[]",
        "    Kind: each of red, blue",
        "    next page: Marker from List.NextMarker while List.IsTruncated (inferred from names)",
        "    page size: MaxItems, maximum unknown",
        "    covers all regions; sent to us-east-1 in aws",
        "    only what the account owns: owner=[self]",
        "",
        "DescribeThings returns the rows in Things[]",
        "    Names: Name of the item",
        "    Kind: as in the call above",
        "    Include: always [TAGS]",
        "    items in a call: Names, 10",
        "    none if the error is NoSuchThing or NotFound",
        "",
        "GetPolicy adds columns from @",
        "    Id: basename(Id) of the item",
        "    fills policy, status",
        "    covers all regions; sent to any of them",
        "    IAM actions: made:GetPolicy, made:ReadAll",
        "",
        "It cannot be enumerated from credentials alone: no operation lists what ListThings requires "
        "as\\x9bBox.",
    ]


def test_json_has_the_fields_of_the_runtime() -> None:
    """Pairs of names and values are objects, other tuples lists."""
    found = to_json(CALLS)
    assert found["primary"]["arguments"] == {"Names": "Name"}
    assert found["primary"]["constants"] == {"Include": ["TAGS"]}
    assert found["primary"]["rules"]["batch"] == {"parameter": "Names", "maximum": 10}
    assert found["listings"][0]["values"] == {"Kind": ["red", "blue"]}
    assert found["listings"][0]["rules"]["owner"] == {"owner": ["self"]}
    assert found["listings"][0]["rules"]["pagination"] == {
        "input": ["Marker"],
        "output": ["List.NextMarker"],
        "more": "List.IsTruncated",
        "inferred": True,
    }
    assert found["enrichments"][0]["rules"]["pagination"] is None
