"""Descriptions as plain text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemagen.diagnostics import shown
from schemagen.pages import prose

HTML = {
    "tags go, their text stays": (
        "The <code>Name</code> of <b>the</b> <i>thing</i>, see <a href='https://x.y/?a=1'>here</a>.",
        "The Name of the thing, see here.",
    ),
    "what is no tag stays": (
        "An array<string> in <region>, <N> of them: a < b > c <code",
        "An array<string> in <region>, <N> of them: a < b > c <code",
    ),
    "a list": (
        "One of: <ul> <li> <code>A</code> - First. </li> <li> <p>B</p> <p>More.</p> </li> </ul> End.",
        "One of:\n- A - First.\n- B\n  More.\nEnd.",
    ),
    "a list in a list": (
        "<ul><li>a<ol><li>b</li></ol></li><li>c</li></ul>",
        "- a\n  - b\n- c",
    ),
    "terms with text": (
        "<dl><dt>On:</dt><dd>It runs.</dd><dt>Off</dt> <dd> <p>It rests.</p> </dd></dl>",
        "- On: It runs.\n- Off: It rests.",
    ),
    "terms with lists": (
        "<dl> <dt>On</dt> <dd> <ul> <li>a</li> </ul> </dd> </dl> After.",
        "- On:\n  - a\nAfter.",
    ),
    "notes are sentences": (
        "A. <note> <p>B.</p> <p>C.</p> </note> D. <important>E.</important>",
        "A.\nNote: B.\nC.\nD.\nImportant: E.",
    ),
    "an empty paragraph is nothing": ("<p/>", ""),
    "line breaks": ("a<br>b<br/>c<p>d</p>e", "a\nb\nc\nd\ne"),
    "entities, once": (
        "&lt;b&gt; &amp;lt; &#65;&#x42; &nbsp;x &unknown; ?a=1&copy=2 &amp",
        "<b> &lt; AB x &unknown; ?a=1&copy=2 &amp",
    ),
    "entities that are no characters": ("a&#0;b&#xD800;c&#x110000;", "a\ufffdb\ufffdc\ufffd"),
    "white space": ("  a \t b\u00a0c\u2003\u3000d ", "a b c d"),
    "broken characters are left as they are": (
        "Ã\u00a0 la Ã\x85 (â\x80¦)",
        "Ã\u00a0 la Ã\x85 (â\x80¦)",
    ),
    "code spans and links of Markdown": (
        "The [networks](/compute/docs#x) in `a<b>_<code>` and ``b`c``.",
        "The networks in a<b>_<code> and b`c.",
    ),
    "patterns are no links": (
        "Matches [a-z]([-a-z0-9]*[a-z0-9])? in [Domain].[networks]",
        "Matches [a-z]([-a-z0-9]*[a-z0-9])? in [Domain].[networks]",
    ),
    "stars and backslashes are text": (
        r"projects/*/keys/* \d+ \| C:\x",
        r"projects/*/keys/* \d+ \| C:\x",
    ),
    "references of .NET": (
        'By <seealso cref="P:Microsoft.Topic.Rules" /> only.',
        "By Microsoft.Topic.Rules only.",
    ),
    "what closes without opening": ("</ul></code>a</li></dl></note>b", "a\nb"),
    "what is like a program": (
        '{{ x }} {% y %} */ -- \'; $$ """',
        '{{ x }} {% y %} */ -- \'; $$ """',
    ),
}


@pytest.mark.parametrize(("text", "expected"), HTML.values(), ids=HTML)
def test_dataset_descriptions_lose_markup_but_no_meaning(text: str, expected: str) -> None:
    """Markup is removed, and its meaning kept."""
    assert prose.plain(prose.from_html(text)) == expected


MARKDOWN = {
    "escapes": (r"Up to 10 \(ten\)\. A \*star\*\, `\d\.`", "Up to 10 (ten). A *star*, \\d\\."),
    "emphasis": ("1/*n* of **all** ***three***, 2 * 3 * 4", "1/n of all three, 2 * 3 * 4"),
    "links": (
        r"See [How \(It\) Works](https://x.y/a(b)c#d) and [`Tag`](API_Tag.md)\.",
        "See How (It) Works and Tag.",
    ),
    "links in links": (
        r"See [A *b*, or [C](c.md)\.](a.md#d) and [x][0](see y.md)",
        "See A b, or C. and [x][0](see y.md)",
    ),
    "lists": (
        "Values:\n+  `A` \\- First\\.\n  + nested\n    more\n+ B\nAfter",
        "Values:\n- A - First.\n  - nested\n    more\n- B\nAfter",
    ),
    "blocks inside items": ("+ a\n\n   b\n\nc", "- a\n  b\nc"),
    "emphasis in emphasis": ("**If *n* is 1:** 2 * a", "If n is 1: 2 * a"),
    "spaces in emphasis": (
        "**Note: **See the * AWS Guide*, not **a ** b, * AWS",
        "Note: See the AWS Guide, not **a ** b, * AWS",
    ),
    "underscores": (
        r"the _Guide_ to_the_end, _a_b_ `_c_` \_d_ _e http://e.org/_f_/",
        "the Guide to_the_end, a_b _c_ _d_ _e http://e.org/_f_/",
    ),
    "marks of items": ("-\na\n  -\n  b", "- a\n  - b"),
    "notes": ("**Note**  \nRead this\\.", "Note: Read this."),
    "no anchor is left": ('Name<a name="x"></a>', "Name"),
}


@pytest.mark.parametrize(("text", "expected"), MARKDOWN.values(), ids=MARKDOWN)
def test_api_descriptions_lose_markdown(text: str, expected: str) -> None:
    """Each line is a paragraph; escapes and marks of Markdown are removed."""
    pieces = prose.from_markdown(text.split("\n"), wrapped=False)
    assert prose.plain(pieces) == expected


def test_dataset_descriptions_join_wrapped_paragraphs() -> None:
    """On dataset pages a paragraph may take several lines."""
    pieces = prose.from_markdown(["one", "two", "", "- three", "  four", "", "five"], wrapped=True)
    assert prose.plain(pieces) == "one two\n- three four\nfive"


def test_descriptions_bound_the_indentation_of_lists() -> None:
    """A page cannot make its own text grow: indentation is bounded."""
    text = prose.plain(prose.from_html("<ul><li>x" * 5000))
    assert len(text) < 5000 * (2 * prose.MAX_DEPTH + 4)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_descriptions_without_markup_are_only_folded(text: str) -> None:
    """Without markup, nothing but white space changes."""
    for mark in "<&`[\\*":
        text = text.replace(mark, " ")
    assert prose.plain(prose.from_html(text)) == prose.fold(text)


def test_descriptions_have_no_empty_lines() -> None:
    """Whatever the markup, the result is lines of text, or empty."""
    lengths: list[int] = []

    @given(st.text(alphabet="<>/ulidtcoe \"'=&;#x0`[]()*\\ap\n", max_size=60))
    def check(text: str) -> None:
        for pieces in (
            prose.from_html(text),
            prose.from_markdown(text.split("\n"), wrapped=True),
            prose.from_markdown(text.split("\n"), wrapped=False),
        ):
            plain = prose.plain(pieces)
            assert not plain or all(line.strip() for line in plain.split("\n"))
            lengths.append(len(plain))

    check()
    assert sum(length > 0 for length in lengths) > 0.3 * len(lengths)


def test_shown_truncates_long_text() -> None:
    """A megabyte in a cell is not a megabyte in a message."""
    assert shown("a\nb") == r"'a\nb'"
    assert len(shown("x" * 1_000_000)) < 80


def test_numbers_within_paragraphs_begin_no_list() -> None:
    """A line of a paragraph that begins with a number and a dot belongs to it; a list begins with 1."""
    pieces = prose.from_markdown(["See RFC", "7230. It says:", "1. One", "2. Two"], wrapped=True)
    assert prose.plain(pieces) == "See RFC 7230. It says:\n- One\n- Two"
