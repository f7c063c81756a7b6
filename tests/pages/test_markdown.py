"""Blocks and cells, held to markdown-it's own."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from schemagen.pages import markdown

STOCK = MarkdownIt("commonmark").enable("table")

MARKS = st.text(alphabet="|\\-: ab`\t\u00a0\u2028#>*+1.<~=", max_size=24)
DELIMITERS = st.integers(1, 5).flatmap(
    lambda columns: st.sampled_from(["---", ":-:", "-", " -- "]).map(
        lambda cell: "|" + "|".join([cell] * columns) + "|"
    )
)
CELLS = st.lists(st.text(alphabet="ab \\|`\u00a0", max_size=6), min_size=1, max_size=6)
ROWS = CELLS.map(lambda cells: "|" + "|".join(cells) + "|")
DOCUMENTS = st.lists(st.one_of(MARKS, DELIMITERS, ROWS, st.just("")), max_size=14)


def stock_tables(text: str) -> list[tuple[int, int, list[list[str]]]]:
    """Start, end and rows of the tables at the top level, by markdown-it alone."""
    tables: list[tuple[int, int, list[list[str]]]] = []
    inside = False
    for token in STOCK.parse(text):
        if token.type == "table_open" and token.level == 0 and token.map:
            tables.append((token.map[0], token.map[1], []))
            inside = True
        elif token.type == "table_close" and token.level == 0:
            inside = False
        elif inside and token.type == "tr_open":
            tables[-1][2].append([])
        elif inside and token.type == "inline":
            tables[-1][2][-1].append(token.content)
    return tables


@settings(max_examples=1000, deadline=None)
@given(DOCUMENTS)
def test_table_rule_agrees_with_markdown_it(lines: list[str]) -> None:
    """The rule that does not split rows finds the same tables as markdown-it's, and `cells` the
    same cells: markdown-it drops surplus cells and pads missing ones."""
    source = markdown.lines_of("\n".join(lines))
    found = [block for block in markdown.blocks(source) if block.kind == "table"]
    expected = stock_tables("\n".join(source))
    assert [(block.start, block.end) for block in found] == [table[:2] for table in expected]
    for start, end, rows in expected:
        numbers = [start, *range(start + 2, end)]
        for number, row in zip(numbers, rows, strict=True):
            texts = [cell.text for cell in markdown.cells(source[number])]
            assert (texts + [""] * len(row))[: len(row)] == row


@settings(max_examples=1000, deadline=None)
@given(DOCUMENTS)
def test_headings_and_fences_agree_with_markdown_it(lines: list[str]) -> None:
    """Leaving inline text unparsed changes no block."""
    source = markdown.lines_of("\n".join(lines))
    tokens = STOCK.parse("\n".join(source))
    found = list(markdown.blocks(source))
    assert [(block.start, block.text) for block in found if block.kind == "heading"] == [
        (token.map[0], tokens[position + 1].content)
        for position, token in enumerate(tokens)
        if token.type == "heading_open" and token.level == 0 and token.map
    ]
    assert [(block.start, block.end, block.text) for block in found if block.kind == "fence"] == [
        (*token.map, token.content)
        for token in tokens
        if token.type == "fence" and token.level == 0 and token.map
    ]


@settings(max_examples=1000, deadline=None)
@given(st.one_of(MARKS, ROWS))
def test_cells_have_the_column_of_their_text(line: str) -> None:
    """A cell's column is where its text begins on the source line."""
    cells = markdown.cells(line)
    assert cells or not line.replace("|", "").strip()
    for cell in cells:
        if cell.text and "\\|" not in line:
            assert line[cell.column - 1 :].startswith(cell.text)
        assert 1 <= cell.column <= len(line) + 1


def test_cells_splits_a_row() -> None:
    """Escaped pipes are text, white space around cells is not, and a missing cell stays missing."""
    row = markdown.cells(r"  | a \| b |  | c|")
    assert [(cell.text, cell.column) for cell in row] == [("a | b", 5), ("", 14), ("c", 17)]
    assert markdown.cells("a | b") == [
        markdown.Cell("a", 1, 0, 2),
        markdown.Cell("b", 5, 3, 5),
    ]
    assert markdown.cells("") == []


def test_joined_cells_keep_their_pipes() -> None:
    """A description with unescaped pipes is joined again, as the page writes it."""
    line = r"| a | one | two \| three  |four |"
    assert markdown.join(line, markdown.cells(line)[1:]) == "one | two | three  |four"


def test_lines_end_where_markdown_ends_them() -> None:
    """Other line separators are text; U+0000 becomes the replacement character."""
    assert markdown.lines_of("a\r\nb\rc\nd\u2028e\x85f\x0bg\0") == [
        "a",
        "b",
        "c",
        "d\u2028e\x85f\x0bg\ufffd",
    ]
