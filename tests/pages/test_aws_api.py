"""API pages: one small page for every quirk of the real ones."""

from __future__ import annotations

import pytest

from schemagen.model.origin import Origin
from schemagen.model.pages import (
    Constraints,
    DocumentedMember,
    DocumentedValue,
    Operation,
    Structure,
    Usage,
)
from schemagen.model.shapes import ListOf, MapOf, Scalar, Shape, StructureRef
from schemagen.pages import api_syntax, aws_api

PATH = "docs/aws_api/things/API_Thing.md"
STRING = Scalar("string")


def parse(text: str, path: str = PATH) -> aws_api.Page | None:
    page, problems = aws_api.parse(text, path)
    assert problems == ()
    return page


def member(facts: str, description: str = "Words\\.", name: str = "Kind") -> DocumentedMember:
    """The only member of a structure, with these lines at its end."""
    page = parse(
        f'# Thing\n\n## Contents\n\n **{name}**   <a name="Things-Type-Thing-{name}"></a>\n'
        f"{description}  \n{facts}\n"
    )
    assert isinstance(page, Structure)
    (only,) = page.members
    return only


def test_parse_reads_a_whole_structure() -> None:
    """Members have everything that a page documents about them."""
    page = parse(
        '# Transition<a name="API_Transition"></a>\n'
        "\n"
        "An array element of [DescribeThing:Transitions](API_DescribeThing.md#Things-DescribeThing-"
        "response-Transitions)\\. It says more\\.\n"
        "\n"
        "**Note**  \n"
        "A note\\.\n"
        "\n"
        '## Contents<a name="API_Transition_Contents"></a>\n'
        "\n"
        ' **StartTime**   <a name="Things-Type-Transition-StartTime"></a>\n'
        "When it began\\.  \n"
        "Type: Timestamp  \n"
        "Required: Yes\n"
        "\n"
        ' **Status**   <a name="Things-Type-Transition-Status"></a>\n'
        "Status might be one of the following statuses:    \n"
        "Running  \n"
        "+  `Starting` \\- It *starts*\\.\n"
        "+  `Interrupted` \n"
        "Done  \n"
        "+  `Completed` \\- It has completed\\.\n"
        "We no longer support the following statuses:  \n"
        "+  `Launching` \n"
        "Type: String  \n"
        "Valid Values:` Starting | Completed | Launching`   \n"
        "Required: No\n"
        "\n"
        '## See Also<a name="API_Transition_SeeAlso"></a>\n'
        "\n"
        " **Other**\n"
        "Type: String\n"
    )
    listed = "Valid Values: Starting | Completed | Launching"
    assert page == Structure(
        service="things",
        name="Transition",
        members=(
            DocumentedMember(
                "StartTime", Scalar("timestamp"), Origin(PATH, 10), True, "When it began."
            ),
            DocumentedMember(
                "Status",
                STRING,
                Origin(PATH, 15),
                False,
                "Status might be one of the following statuses:\n"
                "Running\n- Starting - It starts.\n- Interrupted\n"
                "Done\n- Completed - It has completed.\n"
                "We no longer support the following statuses:\n- Launching",
                values=(
                    DocumentedValue("Starting", "It starts.", wording=listed),
                    DocumentedValue("Completed", "It has completed.", wording=listed),
                    DocumentedValue("Launching", deprecated=True, wording=listed),
                    DocumentedValue("Interrupted", wording="Interrupted"),
                ),
            ),
        ),
        origin=Origin(PATH, 1),
        description="An array element of DescribeThing:Transitions. It says more.\nNote: A note.",
        usages=(Usage("DescribeThing", "Transitions", True),),
    )


def test_parse_reads_a_whole_operation() -> None:
    """Request and response are separate; errors are not members."""
    page = parse(
        "# DescribeThing\n\nDescribes it\\.\n\n"
        "## Request Syntax\n\n```\n{\n ## Contents\n}\n```\n\n"
        "## Request Parameters\n\nThe request accepts the following data in JSON format\\.\n\n"
        ' ** [Name](#API_DescribeThing_RequestSyntax) **   <a name="Things-DescribeThing-request-Name"></a>\n'
        "The name\\.  \nType: String  \nRequired: Yes\n\n"
        "## Response Elements\n\nThe following data is returned in JSON format by the service\\.\n\n"
        ' ** [Name](#API_DescribeThing_ResponseSyntax) **   <a name="Things-DescribeThing-response-Name"></a>\n'
        "The name\\.  \nType: String\n\n"
        "## Errors\n\n **NotFound**   \nNot there\\.   \nHTTP Status Code: 400\n"
    )
    assert page == Operation(
        "things",
        "DescribeThing",
        request=(DocumentedMember("Name", STRING, Origin(PATH, 17), True, "The name."),),
        response=(DocumentedMember("Name", STRING, Origin(PATH, 26), None, "The name."),),
        origin=Origin(PATH, 1),
        description="Describes it.",
    )


def test_parse_types_members_of_uri_header_and_body() -> None:
    """A member in the URI or a header is a string, the body is binary, as the page's wording
    tells."""
    page = parse(
        '# Invoke<a name="API_runtime_Invoke"></a>\n\n'
        "## URI Request Parameters\n\nThe request requires the following URI parameters\\.\n\n"
        ' ** [Type](#x) **   <a name="Things-runtime_Invoke-request-Type"></a>\nThe type\\.\n'
        "Length Constraints: Maximum length of 10\\.\n\n"
        "## Request Body\n\nThe request accepts the following binary data\\.\n\n"
        ' ** [Body](#x) **   <a name="Things-runtime_Invoke-request-Body"></a>\nThe body\\.\n\n'
        "## Response Elements\n\nThe response returns the following HTTP headers\\.\n\n"
        ' ** [Type](#x) **   <a name="Things-runtime_Invoke-response-Type"></a>\nThe type\\.\n\n'
        "The following data is returned in JSON format by the service\\.\n\n"
        ' ** [Size](#x) **   <a name="Things-runtime_Invoke-response-Size"></a>\n'
        "The size\\.\nType: Long\n\n"
        "The response returns the following as the HTTP body\\.\n\n"
        ' ** [Body](#x) **   <a name="Things-runtime_Invoke-response-Body"></a>\nThe body\\.\n',
    )
    assert isinstance(page, Operation)
    assert page.service == "things-runtime"
    assert [
        (member.name, member.shape, member.description)
        for member in (*page.request, *page.response)
    ] == [
        ("Type", STRING, "The type."),
        ("Body", Scalar("binary"), "The body."),
        ("Type", STRING, "The type."),
        ("Size", Scalar("int64"), "The size."),
        ("Body", Scalar("binary"), "The body."),
    ]
    assert page.request[0].constraints == Constraints(max_length=10)


SHAPES: dict[str, Shape] = {
    "String": STRING,
    "Integer": Scalar("int64"),
    "Long": Scalar("int64"),
    "Float": Scalar("float64"),
    "Double": Scalar("float64"),
    "Boolean": Scalar("bool"),
    "Timestamp": Scalar("timestamp"),
    r"Base64\-encoded binary data object": Scalar("binary"),
    "JSON value": Scalar("json"),
    "[Tag](API_Tag.md) object": StructureRef("Tag"),
    "Array of strings": ListOf(STRING),
    "Array of timestamps": ListOf(Scalar("timestamp")),
    "Array of [Tag](API_Tag.md) objects": ListOf(StructureRef("Tag")),
    "[ Tag ](API_Tag.md) object": StructureRef("Tag"),
    "[Tag](API_Tag.md)": StructureRef("Tag"),
    "[Tag](API_Tag.md) data type": StructureRef("Tag"),
    '[Tag](API_Tag.md "API_Tag.md") object': StructureRef("Tag"),
    "String list": ListOf(STRING),
    "[Tag](API_Tag.md) list": ListOf(StructureRef("Tag")),
    "Array of [Tag](API_Tag.md) data types": ListOf(StructureRef("Tag")),
    "Array of [Filter](#API_Filter) objects": ListOf(StructureRef("Filter")),
    "Array of arrays of strings": ListOf(ListOf(STRING)),
    "Array of Base64-encoded binary data objects": ListOf(Scalar("binary")),
    "String to string map": MapOf(STRING),
    "String to [Tag](API_Tag.md) object map": MapOf(StructureRef("Tag")),
    "String to array of strings map": MapOf(ListOf(STRING)),
    "Array of string to string maps": ListOf(MapOf(STRING)),
}


@pytest.mark.parametrize(("text", "shape"), SHAPES.items(), ids=SHAPES)
def test_parse_reads_every_wording_of_a_type(text: str, shape: Shape) -> None:
    """Every wording of a type is a shape over the scalars of the type table."""
    assert member(f"Type: {text}  \nRequired: No").shape == shape


CONSTRAINTS = {
    r"Length Constraints: Minimum length of 1\. Maximum length of 63\.": Constraints(
        min_length=1, max_length=63
    ),
    r"Length Constraints: Fixed length of 12\.": Constraints(min_length=12, max_length=12),
    r"Valid Range: Minimum value of \-1\.": Constraints(minimum=-1),
    r"Valid Range: Minimum value of 0\.5\. Maximum value of 9223372036854775807\.": Constraints(
        minimum=0.5, maximum=2**63 - 1
    ),
    r"Valid Range: Minimum value of 1\.0E\-4\. Maximum value of 1e6\.": Constraints(
        minimum=0.0001, maximum=1e6
    ),
    r"Array Members: Minimum number of 0 items\. Maximum number of 1 item\.": Constraints(
        min_items=0, max_items=1
    ),
    r"Array Members: Fixed number of 1 item\.": Constraints(min_items=1, max_items=1),
    r"Map Entries: Maximum number of 16 items\.": Constraints(max_items=16),
    r"Pattern: `^arn:[a-z\-]*\d{12}:.*|x$`   ": Constraints(pattern=r"^arn:[a-z\-]*\d{12}:.*|x$"),
}


@pytest.mark.parametrize(("line", "constraints"), CONSTRAINTS.items(), ids=CONSTRAINTS)
def test_parse_reads_constraints_exactly(line: str, constraints: Constraints) -> None:
    """Limits are read exactly; Markdown's escapes are not part of a pattern."""
    shapes = {"Array Members": "Array of strings", "Map Entries": "String to string map"}
    shape = shapes.get(line.partition(":")[0], "String")
    assert member(f"Type: {shape}  \n{line}").constraints == constraints


def test_parse_separates_constraints_of_nested_lists_and_maps() -> None:
    """Limits of an inner list are not those of the list or the map around it."""
    lines = (
        "Array Members: Maximum number of 2 items\\.  \nArray Members: Fixed number of 1 item\\."
    )
    nested = member(f"Type: Array of arrays of strings  \n{lines}")
    assert nested.constraints == Constraints(max_items=2)
    assert nested.description.endswith("Array Members: Fixed number of 1 item.")
    line = "Array Members: Maximum number of 2 items\\."
    for unclear in ("Array of arrays of strings", "String to array of strings map"):
        assert member(f"Type: {unclear}  \n{line}").constraints == Constraints()


def test_parse_separates_constraints_of_lists_and_elements() -> None:
    """A list of strings has its own limits and those of its elements."""
    only = member(
        "Type: Array of strings  \nArray Members: Maximum number of 2 items\\.  \n"
        "Length Constraints: Maximum length of 9\\.  \nValid Values:` A | B`   \nRequired: No"
    )
    assert only.constraints == Constraints(max_items=2, max_length=9)
    assert [value.value for value in only.values] == ["A", "B"]


def test_parse_keeps_other_constraints_in_the_description() -> None:
    """Limits of a map's keys, and valid values of anything but strings, are not lost."""
    only = member("Type: String to string map  \nKey Pattern: `.*`   \nValue Pattern: `x`")
    assert only.description == "Words.\nKey Pattern: .*\nValue Pattern: x"
    only = member("Type: Integer  \nValid Values:` 1 | 3`   \nRequired: Yes")
    assert (only.description, only.values, only.required) == (
        "Words.\nValid values: 1 | 3",
        (),
        True,
    )


def test_parse_reads_a_type_right_after_a_list() -> None:
    """For Markdown, the type is a line of the last list item; for the page, it is not."""
    only = member(
        "Type: String  \nRequired: Yes",
        "You might see the following:\n+  `Name` \\- Its name\\.\n  + In `x`\n\n   More\\.\n+ End",
    )
    assert (only.shape, only.required, only.values) == (STRING, True, ())
    assert only.description == (
        "You might see the following:\n- Name - Its name.\n  - In x\n  More.\n- End"
    )


def test_parse_keeps_bold_words_in_descriptions() -> None:
    """A note between paragraphs belongs to its member."""
    only = member("Type: String", "Words\\.  \n**Note**  \nA note\\.\n\n More\\.")
    assert (only.name, only.description) == ("Kind", "Words.\nNote: A note.\nMore.")


def test_parse_reads_a_key_without_a_colon_as_text() -> None:
    """A word that is the key of a fact is one only before a colon."""
    only = member("Type: String\nRequired")
    assert (only.description, only.required) == ("Words.\nRequired", None)


def test_parse_keeps_text_behind_facts() -> None:
    """Text between the facts of a member and the next one belongs to its description."""
    only = member("Type: String  \nRequired: Yes", "Words\\.")
    assert only.description == "Words."
    only = member("Type: String  \nRequired: Yes\n\nMore words\\.", "Words\\.")
    assert (only.description, only.required) == ("Words.\nMore words.", True)


def test_parse_accepts_members_without_anchors() -> None:
    """A bold line with a type below it is a member."""
    page = parse("# Thing\n\n## Contents\n\n**Name**\nThe name.\nType: String\n\n**Note**\nText.\n")
    assert isinstance(page, Structure)
    assert [member.name for member in page.members] == ["Name"]


def test_service_comes_from_the_folder_or_anchors() -> None:
    """The folder below aws_api names the service; without one, the members' anchors do."""
    page = '# Thing\n\n## Contents\n\n **A** <a name="SageMaker-Type-Thing-A"></a>\nType: String\n'
    services = {
        "aws_api/ec2/API_Thing.md": "ec2",
        "docs/aws_api/EC2/2019/API_Thing.md": "ec2",
        "aws_api/API_Thing.md": "sagemaker",
        "API_Thing.md": "sagemaker",
    }
    for path, service in services.items():
        structure = parse(page, path)
        assert isinstance(structure, Structure)
        assert structure.service == service


def test_parse_reads_usages_in_responses_only() -> None:
    """Only a sentence that begins with the usage counts, and only a response's."""
    texts = {
        "An array element of [A:B](API_A.md#S-A-response-B)\\.": [Usage("A", "B", True)],
        "The value of [A:B](API_A.md)\\.": [Usage("A", "B", False)],
        "An array element of [A:B](API_A.md#S-A-request-B)\\.": [],
        "See an array element of [A:B](API_A.md)\\.": [],
    }
    for text, usages in texts.items():
        page = parse(f"# Thing\n\n{text}\n\n## Contents\n")
        assert isinstance(page, Structure)
        assert list(page.usages) == usages


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "API_Types",
            '# Data Types<a name="API_Types"></a>\n\n+  [A](API_A.md) \n+  [B](API_B.md)',
        ),
        ("API_Operations_Things", "# Things\n\nNo action\\."),
        ("API_Reference", "# API Reference\n\n**Topics**\n+ [Actions](API_Operations.md)"),
        ("CommonErrors", "# Common Errors\n\n **Throttling**   \nToo many\\."),
        (
            "commonparameters",
            "# Common Parameters\n\n **Action**   \nType: string  \n Required: Yes ",
        ),
        ("API_More", "# More\n\nThe following:\n+  [A](API_A.md) \n"),
        ("actions", "# Actions\n\n* [A](./API_A.html)\n* [B](https://example.com/API_B.html)\n"),
        ("Welcome", "# Welcome\n\nThe reference of things\\.\n"),
    ],
)
def test_parse_recognises_indexes(name: str, text: str) -> None:
    """Pages that only list other pages, or errors and parameters of all operations, are indexes."""
    path = f"aws_api/{name}.md"
    assert parse(text, path) == Origin(path, 1)


def test_parse_reads_a_structure_named_like_an_index() -> None:
    """A page with members is not an index."""
    page = parse("# Types_A\n\n## Contents\n", "aws_api/things/API_Types_A.md")
    assert isinstance(page, Structure)


CONTENTS = "# Thing\n\nA thing\\.\n\n## Contents\n\n"
URI = (
    "# GetThing\n\n## Request Syntax\n\n```\nGET /things/{Name}?Marker=Marker HTTP/1.1\nX-Mode: Mode\n```\n\n"
    "## URI Request Parameters\n\nThe request uses the following URI parameters\\.\n\n"
)
TAG = StructureRef("Tag")

# What is written in another way than on the pages of AWS, and the types of the members that are read.
WRITTEN = {
    "emphasized facts": (
        f"{CONTENTS}**A**\n\nAn a.\n\n**Type:** Integer\n\n**Required**: Yes\n\n**B**\n\nA b.\n\n*Type*: Long\n",
        {"A": Scalar("int64"), "B": Scalar("int64")},
    ),
    "no links": (
        f"{CONTENTS}**A**\n\nType: Array of Tag objects\n\n**B**\n\nType: Tag data type\n",
        {"A": ListOf(TAG), "B": TAG},
    ),
    "code in links": (f"{CONTENTS}**A**\n\nType: [`Tag`](API_Tag.md) object\n", {"A": TAG}),
    "no-break spaces": (
        f"{CONTENTS}**A**\u00a0\n\nType:\u00a0[Tag](API_Tag.md)\u00a0object\n",
        {"A": TAG},
    ),
    "definitions": (
        f"{CONTENTS}**A**\n:   An a.\n\n    Type: Integer\n\n**B**\n\n:   Type: String\n",
        {"A": Scalar("int64"), "B": STRING},
    ),
    "anchors with ids": (
        f'{CONTENTS} **A**   <a id="a"></a>\nType: String\n\n **B**   <a id="b"></a>\nType: Long\n',
        {"A": STRING, "B": Scalar("int64")},
    ),
    "broken anchors": (
        f'{CONTENTS} **A**   <a\nname="a"></a>\nType: String\n\n **B**   <a name="b"></a>\nType: Long\n',
        {"A": STRING, "B": Scalar("int64")},
    ),
    "rules between members": (
        f"{CONTENTS}**A**\n\nAn a.\n\nType: String\n\n---\n\n**B**\n\nType: Long\n\n* * *\n",
        {"A": STRING, "B": Scalar("int64")},
    ),
    "headings of members without types": (
        URI + "### Name\n\nThe name.\n\n### Marker\n\nWhere to begin.\n",
        {"Name": STRING, "Marker": STRING},
    ),
    "broken sentences": (
        "# GetThing\n\n## Response Elements\n\nIf the action is successful, the service sends back the following"
        " HTTP\nresponse.\n\n**StatusCode**\n\nThe status.\n\nThe response returns the following as the\nHTTP body."
        "\n\n**Body**\n\nThe body.\n",
        {"StatusCode": Scalar("int64"), "Body": Scalar("binary")},
    ),
    "names on lines of their own": (
        "# GetThing\n\n## Response Elements\n\nThe response returns the following HTTP headers.\n\n**\nMode\n**\n"
        "How.\nThe response returns the following as the HTTP body.\n\n**\nBody\n**\nThe body.\n",
        {"Mode": STRING, "Body": Scalar("binary")},
    ),
    "a table with a blank line in a cell": (
        f"{CONTENTS}| Name | Data Type | Mandatory | Notes |\n|-|-|-|-|\n| A | Long | Yes | One.\n\nTwo. |\n"
        "| B | String | No | |\n\nMore:\n\n| Name | Data Type | Mandatory | Notes |\n|-|-|-|-|\n| C | Tag object | No | |\n",
        {"A": Scalar("int64"), "B": STRING, "C": TAG},
    ),
    "a table above names": (
        f"{CONTENTS}| Name | Type |\n|-|-|\n| A | Long |\n\n**B**\n\n| Name | Type |\n|-|-|\n| x | y |\n\nType: String\n",
        {"A": Scalar("int64"), "B": STRING},
    ),
}


@pytest.mark.parametrize(("text", "shapes"), WRITTEN.values(), ids=WRITTEN)
def test_parse_reads_what_is_written_in_another_way(text: str, shapes: dict[str, Shape]) -> None:
    """No member is lost, and nothing is left of the marks in descriptions."""
    page = parse(text)
    assert isinstance(page, Structure | Operation)
    members = page.members if isinstance(page, Structure) else (*page.request, *page.response)
    assert {member.name: member.shape for member in members} == shapes
    assert not any(
        mark in member.description for member in members for mark in (":", "**", "---", "* *")
    )


def test_parse_keeps_the_other_columns_of_a_table() -> None:
    """What a table of members says in columns of other names is in the description."""
    page = parse(
        f"{CONTENTS}| Name | Type | Required | Default | Description |\n|-|-|-|-|-|\n| A | Long | Yes | 3 | An a. |\n"
    )
    assert isinstance(page, Structure)
    assert [(member.required, member.description) for member in page.members] == [
        (True, "An a.\nDefault: 3")
    ]


# What is refused, because members would be lost, made up or of a wrong type; with the code and the line.
UNCERTAIN = {
    "a type within a sentence": (f"{URI}**Name**\n\nA name. Type: Integer\n", "SG204", 16),
    "a type in a list": (f"{URI}**Name**\n\nA name.\n\n- Type: Integer\n", "SG204", 18),
    "a label": (
        f"{URI}**Name**\n\nA name.\n\n**Example**\n\n`a`\n\n**Marker**\n\nWhere.\n",
        "SG203",
        18,
    ),
    "a name without a link": (
        f"{URI}**[Name](#API_GetThing_RequestSyntax)**\n\nA name.\n\n**Marker**\n\nWhere.\n",
        "SG212",
        18,
    ),
    "a name without an anchor": (
        f'{CONTENTS} **A**   <a name="a"></a>\nAn a.\nType: String\n\n **B**\nA b.\nType: String\n',
        "SG211",
        13,
    ),
    "a name in a path": (
        URI.replace("{Name}", "Name")
        + '**Name**\n\nA name.\n\n **Marker** <a name="m"></a>\nWhere.\n',
        "SG212",
        14,
    ),
    "a name behind a note": (
        f"{CONTENTS}**Note**\n\nThe first.\n\n**\n\nA\n\n**\n\nAn a.\n\nType: String\n",
        "SG210",
        11,
    ),
    "a broken name below a note": (
        f"{CONTENTS}**Note**\n\nThe first.\n\n**: A**\n\nAn a.\n\nType: String\n",
        "SG210",
        15,
    ),
    "a name below a note": (
        f"{CONTENTS}Name:\n\n**Note**\n\nA note.\n\nType: String\n",
        "SG210",
        13,
    ),
    "a name with half an anchor": (
        f'{CONTENTS} **A**   <a name="a"></a>\nType: String\n\n **B**   <a\nType: String\n',
        "SG211",
        11,
    ),
    "HTML": (
        f"{CONTENTS}<dl>\n<dt><b>A</b></dt>\n<dd><p>Type: String</p></dd>\n</dl>\n",
        "SG212",
        7,
    ),
    "a quote": (f"{CONTENTS}> **A**\n>\n> Type: String\n", "SG212", 7),
    "code": (f"{CONTENTS}```\nA\nType: String\n```\n", "SG212", 7),
    "a table in another section": (
        f"{CONTENTS}**A**\n\nType: String\n\n## More\n\n| Name | Type |\n|-|-|\n| B | Long |\n",
        "SG210",
        13,
    ),
    "names in another section": (
        f"{URI}**Name**\n\n**Marker**\n\n## Response Headers\n\n**Mode**\n\nHow.\n",
        "SG210",
        20,
    ),
    "text behind a table": (
        f"{CONTENTS}| Name | Type |\n|-|-|\n| A | Long |\n> | B | Long |\n",
        "SG123",
        10,
    ),
    "surplus cells": (
        f"{CONTENTS}| Name | Description | Type |\n|-|-|-|\n| A | One | String | Long |\n",
        "SG123",
        9,
    ),
    "a name of two words": (
        f'{CONTENTS} **A b**   <a name="a"></a>\nType: String\n',
        "SG122",
        7,
    ),
    "an array of scalars that are called objects": (
        f"{CONTENTS}**A**\n\nType: Array of String objects\n",
        "SG204",
        9,
    ),
}


@pytest.mark.parametrize(("text", "code", "line"), UNCERTAIN.values(), ids=UNCERTAIN)
def test_parse_refuses_what_is_uncertain(text: str, code: str, line: int) -> None:
    """What could be read in two ways is a problem at its line."""
    _, problems = aws_api.parse(text, PATH)
    assert [(problem.code, problem.line) for problem in problems] == [(code, line)]


SYNTAXES: dict[str, tuple[str, list[str]]] = {
    "a path and a query": (
        "GET /a/{Id}/b/{Key+}?Marker={{Marker}}&list-type=2&page-size=PageSize HTTP/1.1\nX-Mode: Mode",
        ["Id", "Key", "Marker", "page-size"],
    ),
    "the keys of a body": (
        '{\n   "[Id](#a)": "string",\n   "Tags": [ \n      { \n         "Key": "a{"\n      }\n   ],\n   "Map": { \n'
        '      "string" : number \n   }\n}',
        ["Id", "Tags", "Map"],
    ),
    "a response": ('HTTP/1.1 200\nETag: ETag\n\n{\n   "Size": number\n}', ["Size"]),
    "XML": ("POST /a HTTP/1.1\n\n<A>\n   <B>string</B>\n</A>", []),
}


@pytest.mark.parametrize(("syntax", "members"), SYNTAXES.values(), ids=SYNTAXES)
def test_members_of_a_syntax_are_those_that_are_certain(syntax: str, members: list[str]) -> None:
    """A syntax shows placeholders, parameters and the outermost keys; constants are none of them."""
    assert list(api_syntax.members(api_syntax.plain(syntax))) == members


def test_parse_keeps_lengths_in_bytes_in_the_description() -> None:
    """A number of bytes is no number of characters."""
    only = member(
        "Type: String  \nLength Constraints: Minimum length of 1\\. Maximum length of 512 bytes\\."
    )
    assert only.constraints == Constraints()
    assert only.description.endswith(
        "Length Constraints: Minimum length of 1. Maximum length of 512 bytes."
    )


def test_parse_reads_the_values_of_a_list_as_the_line_spells_them() -> None:
    """A description that writes the values in another way adds none."""
    only = member(
        "Type: String  \nValid Values:` CREATE_PENDING | CREATE_COMPLETE`   \nRequired: No",
        "The status\\. Supported values are:\n+  `CreatePending` \\- It waits\\.\n+  `CreateComplete` \\- It is there\\.",
        "Status",
    )
    assert [(value.value, value.description) for value in only.values] == [
        ("CREATE_PENDING", "It waits."),
        ("CREATE_COMPLETE", "It is there."),
    ]
