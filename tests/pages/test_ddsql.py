"""Dataset pages: one small page for every quirk of the real ones."""

from __future__ import annotations

import pytest

from schemagen.model.origin import Origin
from schemagen.model.pages import Column, Example, Parameter, Table
from schemagen.pages import ddsql

PATH = "docs/aws.thing.dataset.md"
HEADER = "| Title | ID | Type | Data Type | Description |\n| --- | --- | --- | --- | --- |\n"


def parse(text: str, path: str = PATH) -> Table:
    table, problems = ddsql.parse(text, path)
    assert problems == ()
    assert table.id
    return table


def columns(rows: str) -> tuple[Column, ...]:
    page = f"# T\n\n```\naws.thing\n```\n\n## Fields\n\n{HEADER}{rows}"
    return parse(page).columns


def test_parse_reads_a_whole_page() -> None:
    """Everything on a page is in the model, with its line."""
    table = parse(
        "# Source: https://docs.example.com/aws.thing.dataset.md\n"
        "\n"
        "---\n"
        'title: "The\\_Thing"\n'
        "description: Generic words.\n"
        "breadcrumbs: >-\n"
        "  Docs > Data Directory > The\n"
        "  Thing\n"
        "source_url: https://docs.example.com/other.html\n"
        "---\n"
        "\n"
        "> For the index, see [llms.txt](https://docs.example.com/llms.txt).\n"
        "\n"
        "# The\u00a0Thing\n"
        "\n"
        '{% alert level="warning" %}\n'
        "**Deprecated**: This table is deprecated\n"
        "and may return no data.\n"
        "{% /alert %}\n"
        "\n"
        "A thing is a *resource*, see [Docs](https://docs.example.com/).\n"
        "It has lines.\n"
        "\n"
        "- one\n"
        "- two\n"
        "\n"
        "```gdscript3\n"
        "aws.thing\n"
        "```\n"
        "Public Documentation\n"
        '{% icon name="icon-external-link" /%}\n'
        " More\n"
        '{% icon name="icon-external-link" /%}\n'
        "\n"
        "## Fields\n"
        "\n"
        f"{HEADER}"
        "| _key | core | string |\n"
        "| tags | core | hstore_csv | Its tags. |\n"
    )
    assert table == Table(
        id="aws.thing",
        title="The Thing",
        description="A thing is a resource, see Docs. It has lines.\n- one\n- two",
        columns=(
            Column("_key", "core", "string", Origin(PATH, 39)),
            Column("tags", "core", "hstore_csv", Origin(PATH, 40), description="Its tags."),
        ),
        origin=Origin(PATH, 28),
        source="https://docs.example.com/aws.thing.dataset.md",
        deprecated="Deprecated: This table is deprecated and may return no data.",
    )
    assert (table.provider, table.name, table.key) == ("aws", "thing", "_key")


def test_parse_reads_a_minimal_page() -> None:
    """Front matter, title, prose and rows may all be missing."""
    table = parse(f"```\naws.thing\n```\n## Fields\n{HEADER}")
    assert table == Table("aws.thing", "aws.thing", "", (), Origin(PATH, 2))


def test_parse_falls_back_to_the_title_of_the_front_matter() -> None:
    """Without a heading, the front matter's title is used; its source_url is the page's address."""
    table = parse(
        f"---\ntitle: 404\nsource_url: https://x.y\n---\n```\naws.thing\n```\n## Fields\n{HEADER}"
    )
    assert (table.title, table.source) == ("404", "https://x.y")


def test_parse_keeps_a_title_that_begins_with_a_number() -> None:
    """A heading that begins with a number is not a list."""
    table = parse(f"# 1. Thing\n```\naws.thing\n```\n## Fields\n{HEADER}")
    assert table.title == "1. Thing"


def test_parse_keeps_other_alerts_in_the_description() -> None:
    """Only an alert about deprecation deprecates."""
    table = parse(
        '# T\n\n{% alert level="info" %}In preview.{% /alert %}\n\nWords.\n\n'
        f"```\naws.thing\n```\n\n## Fields\n\n{HEADER}"
    )
    assert (table.description, table.deprecated) == ("Words.\nIn preview.", None)


def test_parse_finds_the_id_among_code_blocks() -> None:
    """Another code block before the id, or queries after it, do not count."""
    table = parse(
        "# T\n\n```sql\nSELECT *\nFROM aws.thing\n```\n\n~~~\n  aws.thing\n~~~\n\n"
        f"## Fields\n\n{HEADER}"
    )
    assert (table.id, table.origin.line) == ("aws.thing", 9)


ROWS = {
    "five cells": (
        "| A name | a | core | string | Text. |",
        ("A name", "a", "core", "string", "Text."),
    ),
    "five cells, no title": (
        "| | a | core | string | Text. |",
        (None, "a", "core", "string", "Text."),
    ),
    "five cells, no text": (
        "| A name | a | core | string | |",
        ("A name", "a", "core", "string", ""),
    ),
    "four cells": ("| a | core | string | Text. |", (None, "a", "core", "string", "Text.")),
    "three cells": ("| a | core | string |", (None, "a", "core", "string", "")),
    "no pipe at the end": ("| a | core | string | Text.", (None, "a", "core", "string", "Text.")),
    "no pipe at the start": ("a | core | string | Text. |", (None, "a", "core", "string", "Text.")),
    "pipes in the description": (
        "| a | core | string | Can be: x | y-z | w The end. |",
        (None, "a", "core", "string", "Can be: x | y-z | w The end."),
    ),
    "escaped pipes": (
        r"| a | core | string | x \| y |",
        (None, "a", "core", "string", "x | y"),
    ),
    "arrays are no tags": (
        "| a | core | array<string> | An array<string>. |",
        (None, "a", "core", "array<string>", "An array<string>."),
    ),
    "code marks": ("| `a` | core | `array<string>` |", (None, "a", "core", "array<string>", "")),
    "other kinds": (
        "| Code | @http.status_code | event_attribute | int64 | A code. |",
        ("Code", "@http.status_code", "event_attribute", "int64", "A code."),
    ),
    "a column named core": (
        "| core | core | string | Text. |",
        (None, "core", "core", "string", "Text."),
    ),
    "a column named core with a title": (
        "| Core | core | core | string | Text. |",
        ("Core", "core", "core", "string", "Text."),
    ),
    "a title like a kind": (
        "| core | core | core | json | |",
        ("core", "core", "core", "json", ""),
    ),
    "a description that is a kind": (
        "| a | core | json | core |",
        (None, "a", "core", "json", "core"),
    ),
    "a title with marks": (
        "| `A` &amp; B | a | core | json | |",
        ("A & B", "a", "core", "json", ""),
    ),
    "templates and quotes": (
        '| {{ a }} | core | string | {% b %} """ \\ */ -- \'; $$ |',
        (None, "{{ a }}", "core", "string", '{% b %} """ \\ */ -- \'; $$'),
    ),
}


@pytest.mark.parametrize(("row", "expected"), ROWS.values(), ids=ROWS)
def test_parse_aligns_rows_on_their_kind(row: str, expected: tuple[str | None, ...]) -> None:
    """A row is aligned on the cell with its kind; what follows the type is the description."""
    (column,) = columns(f"{row}\n")
    found = (column.title, column.name, column.kind, column.type, column.description)
    assert found == expected
    assert column.origin == Origin(PATH, 11)


def test_parse_reads_types_with_their_position() -> None:
    """A type is the text of its cell, known or not, and its position is that of its first
    letter."""
    found = columns("| a | core | mystery |\n| T | b | core | `array<x>` | Text. |\n")
    assert [(column.type, column.type_column) for column in found] == [
        ("mystery", 14),
        ("array<x>", 19),
    ]


LOGS = "docs/dd.logs.dataset.md"


def test_parse_reads_a_table_function() -> None:
    """Parameters and example queries are read with their lines."""
    table = parse(
        "# Logs\n\n```\ndd.logs\n```\n\n"
        "## Query Parameters\n\nA **polymorphic** function.\n\n"
        "| Parameter | Type | Required | Description |\n| --- | --- | --- | --- |\n"
        "| `columns` | `array<string>` | Yes | A | B (e.g. '@http.x'). |\n"
        "| storage | string | no | |\n\n"
        "## Example Queries\n\n### First\n\n```sql\nSELECT 1\n-- two\n```\n\n"
        "```sql\n| not | a | table |\n```\n\n"
        f"## Fields\n\n{HEADER}| T | t | core | timestamp | Time. |\n\n## More\n\nWords.\n",
        LOGS,
    )
    assert table.parameters == (
        Parameter("columns", "array<string>", True, "A | B (e.g. '@http.x').", Origin(LOGS, 13)),
        Parameter("storage", "string", False, "", Origin(LOGS, 14)),
    )
    assert table.examples == (
        Example("SELECT 1\n-- two", Origin(LOGS, 20)),
        Example("| not | a | table |", Origin(LOGS, 25)),
    )
    assert [column.name for column in table.columns] == ["t"]


def test_parse_finds_sections_of_any_case_and_level() -> None:
    """Headings are recognised by their words, and a page may have other tables."""
    table = parse(
        "# T\n\n```\naws.thing\n```\n\n"
        "| x | y |\n| - | - |\n| 1 | 2 |\n\n"
        f"### FIELDS\n\n#### Those of the thing\n\n| x |\n| - |\n\n{HEADER}| a | core | json |\n"
    )
    assert [column.name for column in table.columns] == ["a"]


@pytest.mark.parametrize("ending", ["\r\n", "\r", "\n"])
def test_parse_accepts_all_line_endings(ending: str) -> None:
    """Lines may end in any way that Markdown allows."""
    page = f"# T\n\n```\naws.thing\n```\n\n## Fields\n\n{HEADER}| a | core | json | x |\n"
    (column,) = parse(page.replace("\n", ending)).columns
    assert column == Column("a", "core", "json", Origin(PATH, 11), description="x")


def test_parse_ends_tables_where_markdown_does() -> None:
    """A heading right below the last row is not a row."""
    page = f"# T\n\n```\naws.thing\n```\n## Fields\n{HEADER}| a | core | json |\n## More\n| b |\n"
    assert [column.name for column in parse(page).columns] == ["a"]


# What ends a table in Markdown, with the row behind it.
ENDS = {
    "a blank line in a cell": "| a | core | string | One.\n\nTwo. |\n| b | core | string |\n",
    "a list in a cell": "| a | core | string | One of\n- x\n- y |\n| b | core | string |\n",
    "a quote in a cell": "| a | core | string | Says\n> x |\n| b | core | string |\n",
    "a blank line": "| a | core | string |\n\n| b | core | string |\n",
    "a comment": "| a | core | string |\n<!-- | c | core | string |\n-->\n| b | core | string |\n",
    "a second table": f"| a | core | string |\n\n{HEADER}| b | core | string |\n",
    "a sub-section": f"| a | core | string |\n\n### More\n\n{HEADER}| b | core | string |\n",
    "a second section": f"| a | core | string |\n\n## Fields\n\n{HEADER}| b | core | string |\n",
    "code": "| a | core | string |\n\n```\n| c | core | string |\n```\n\n| b | core | string |\n",
    "prose": "| a | core | string |\n\nWords.\n\n| b | core | string |\n",
    "a row without an end": "| a | core | string\n| b | core | string |\n\nWords.\n",
    "code in a cell": "| a | core | string | Text\n```\nx | y\n```\n |\n| b | core | string |\n",
}


@pytest.mark.parametrize("rows", ENDS.values(), ids=ENDS)
def test_parse_reads_rows_behind_what_ends_a_table(rows: str) -> None:
    """No column is lost behind the end of a Markdown table."""
    assert [column.name for column in columns(rows)] == ["a", "b"]


def test_parse_joins_the_lines_of_a_cell() -> None:
    """Each line of a cell is a line of the description."""
    first, _ = columns(ENDS["a list in a cell"])
    assert first.description == "One of\n- x\n- y"
    first, _ = columns(ENDS["code in a cell"])
    assert first.description == "Text\nx | y"


def test_parse_reads_parameters_behind_the_end_of_a_table() -> None:
    """Parameters are read like columns."""
    table = parse(
        "# T\n\n```\naws.thing\n```\n\n## Query Parameters\n\n"
        "| Parameter | Type | Required | Description |\n|-|-|-|-|\n"
        "| a | string | Yes | One.\n\n- Two. |\n| b | string | No | |\n\n"
        f"## Fields\n\n{HEADER}| t | core | string |\n"
    )
    assert [(found.name, found.description) for found in table.parameters] == [
        ("a", "One.\n- Two."),
        ("b", ""),
    ]


# Rows that are refused, with the line (of `columns`' page, where the first row is line 11).
STRAYS = {
    "text below a row": ("| a | core | string |\nText.\n", 12),
    "a row in a quote": ("| a | core | string |\n\n> | b | core | string |\n", 13),
    "a row in a list": ("| a | core | string |\n\n- | b | core | string |\n", 13),
    "an open cell": ("| a | core | string | Text\n- x\n\n| b | core | string |\n", 12),
    "a row in a quote in an open cell": (
        "| a | core | string | Text\n> | b | core | string |\n",
        12,
    ),
    "an open comment": ("| a | core | string |\n\n<!-- x\n\n| b | core | string |\n", 13),
    "open code": ("| a | core | string |\n\n```\n| b | core | string |\n", 13),
    "another section": (f"| a | core | string |\n\n## More\n\n{HEADER}| b | core | string |\n", 15),
    "another section without a header": (
        "| a | core | string |\n\n## More\n\n| b | core | string |\n",
        15,
    ),
    "a row behind a heading in a cell": (
        "| a | core | string | Text\n\n## Heading\n\n| b | core | string |\n",
        15,
    ),
    "the rest of a row behind a heading": ("| a | core | string | Text\n## Heading\nmore |\n", 13),
    "a parameter in another section": (
        "| a | core | string |\n\n## More\n\n| b | array<string> | Yes | Text |\n",
        15,
    ),
}


@pytest.mark.parametrize(("rows", "line"), STRAYS.values(), ids=STRAYS)
def test_parse_refuses_rows_outside_the_table(rows: str, line: int) -> None:
    """A line that could be a row, and is not part of a table, is a problem at that line."""
    page = f"# T\n\n```\naws.thing\n```\n\n## Fields\n\n{HEADER}{rows}"
    _, problems = ddsql.parse(page, PATH)
    assert [(problem.code, problem.line) for problem in problems] == [("SG123", line)]


NAMES = {
    r"\_key": "_key",
    r"account\_id": "account_id",
    "**name**": "name",
    "*name*": "name",
    "`a_b`": "a_b",
    "**`a_b`**": "a_b",
    "@http.status_code": "@http.status_code",
    "__typename": "__typename",
    "`_a_`": "_a_",
    r"\_a\_": "_a_",
    r"a\*b": "a*b",
}


@pytest.mark.parametrize(("written", "name"), NAMES.items())
def test_parse_reads_names_as_markdown_means_them(written: str, name: str) -> None:
    """Escapes, emphasis and code marks are not part of a name, nor of a kind or type."""
    (column,) = columns(f"| {written} | **core** | hstore\\_csv |\n")
    assert (column.name, column.kind, column.type) == (name, "core", "hstore_csv")


@pytest.mark.parametrize(
    ("written", "position"),
    [
        *(("a*b", 4), ("<b>a</b>", 3), ("[a](b)", 3), ("a&amp;b", 4), ("`a` b", 3), (r"\_a`", 6)),
        *(("_a_", 3), ("__a_b__", 3), ("~~a~~", 3)),
    ],
)
def test_parse_refuses_other_markup_in_names(written: str, position: int) -> None:
    """What is left of markup in a name is a problem at its place."""
    page = f"# T\n\n```\naws.thing\n```\n\n## Fields\n\n{HEADER}| {written} | core | string |\n"
    _, problems = ddsql.parse(page, PATH)
    assert [(found.code, found.line, found.column) for found in problems] == [
        ("SG124", 11, position)
    ]


def test_parse_compares_the_id_with_the_name_of_the_file() -> None:
    """A file that is named after another table is a problem; other names say nothing."""
    page = f"# T\n\n```\naws.thing\n```\n\n## Fields\n\n{HEADER}| a | core | string |\n"
    codes = {
        path: [problem.code for problem in ddsql.parse(page, path)[1]]
        for path in (
            PATH,
            "AWS.Thing.dataset.md",
            "aws.other.dataset.md",
            "AWS.Other.dataset.md",
            "aws.thing-v2.dataset.md",
            "ddsql/aws.other.md",
            "ddsql/thing.dataset.md",
            "ddsql/aws.md",
            "ddsql/notes.v2.md",
        )
    }
    assert codes == {
        PATH: [],
        "AWS.Thing.dataset.md": [],
        "aws.other.dataset.md": ["SG125"],
        "AWS.Other.dataset.md": ["SG125"],
        "aws.thing-v2.dataset.md": ["SG125"],
        "ddsql/aws.other.md": ["SG125"],
        "ddsql/thing.dataset.md": [],
        "ddsql/aws.md": [],
        "ddsql/notes.v2.md": ["SG125"],
    }


# Whether an alert says that the table is deprecated.
ALERTS = {
    "This table is deprecated.": True,
    "**Deprecated**: use `aws.other` instead.": True,
    "This table is deprecated; its fields are in `aws.other`.": True,
    "The field `other` is deprecated.": False,
    "`a` is deprecated.": False,
    "Rows are late. The `other` column has been deprecated.": False,
    "This table has been deprecated in favor of `aws.other`. Its `a` has moved.": True,
    "`aws.thing` is deprecated.": True,
    "Orchard Trees are deprecated.": True,
    "This is a deprecated table.": True,
    "This table was recently deprecated.": True,
    "a is deprecated.": False,
    "The field **other** of this table is deprecated.": False,
    "In this table, `a` is deprecated.": False,
    "**Deprecated**: the field `a`.": False,
    "The `aws.other` table is deprecated. Use this one.": False,
    "This table replaces the deprecated `aws.other`.": False,
    "This table is not deprecated.": False,
    "Use of hstore is deprecated.": False,
}


@pytest.mark.parametrize(("alert", "deprecated"), ALERTS.items())
def test_parse_tells_what_an_alert_deprecates(alert: str, deprecated: bool) -> None:
    """An alert about a column or another table does not deprecate the table, and stays in the description."""
    table = parse(
        f'# Orchard Trees\n\n{{% alert level="warning" %}}\n{alert}\n{{% /alert %}}\n\n```\naws.thing\n```\n\n'
        f"## Fields\n\n{HEADER}| a | core | string |\n"
    )
    text = alert.replace("`", "").replace("*", "")
    assert (table.deprecated, table.description) == ((text, "") if deprecated else (None, text))


def test_parse_removes_other_tags() -> None:
    """The text in tags of other kinds stays, and that of comments does not; tags can have lines."""
    table = parse(
        '# T\n\n{% tabs %}\n{% tab label="100 %" %}\nWords.\n{% /tab %}\n{% /tabs %}\n\n'
        '{% img src="a.png"\nalt="A." /%}\n\n{% comment %}Hidden.{% /comment %}\n\n'
        "The {% b %}name{% /b %}, as {% raw %} is.\n\n"
        '{% alert\nlevel="info" %}\nA note.\n{% /alert %}\n\n```\naws.thing\n```\n\n'
        f"## Fields\n\n{HEADER}| a | core | string |\n"
    )
    assert table.description == "Words.\nThe name, as {% raw %} is.\nA note."


BLANKS = ("\u00a0", "\u2003", "\u2800", "\u3000", "\U00013430")


@pytest.mark.parametrize("blank", BLANKS, ids=ascii)
def test_parse_refuses_blanks_that_look_like_spaces_in_names(blank: str) -> None:
    """Names that look the same are the same: only the space of ASCII is one."""
    page = f"# T\n\n```\naws.thing\n```\n\n## Fields\n\n{HEADER}| a{blank}b | core | string |\n"
    _, problems = ddsql.parse(page, PATH)
    assert [(found.code, found.line, found.column) for found in problems] == [("SG122", 11, 4)]
    assert [column.name for column in columns("| a b | core | string |\n")] == ["a b"]
