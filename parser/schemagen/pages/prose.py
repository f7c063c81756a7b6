"""Parse descriptions into pieces, and format pieces as plain text.

Descriptions of dataset pages are HTML fragments inside a table cell, with code spans and links in
Markdown; those of API pages are Markdown. Both become `Piece`s (paragraphs, list items, terms), which
`plain` formats as text and `values.read` searches for documented values.

Only the tags in `TAGS` are markup. Anything else that looks like a tag (``array<string>``, ``<region>``)
is text. Entities are decoded once, and only if they end with a semicolon, so that the query strings of
URLs survive. Text that was garbled before it reached the page (mojibake) is kept as it is.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from schemagen.pages.characters import clean

MAX_DEPTH = 8
"""The deepest level of lists; deeper ones are formatted at this level."""


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text; ``code`` if it is marked up as code."""

    text: str
    code: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """A paragraph or a part of a list. ``depth`` counts the lists around it.

    A definition belongs to the term before it. ``label`` introduces a note ("Note", "Important").
    """

    kind: Literal["text", "item", "term", "definition"]
    spans: tuple[Span, ...]
    depth: int = 0
    label: str = ""

    @property
    def text(self) -> str:
        return fold("".join(span.text for span in self.spans))


def plain(pieces: Iterable[Piece]) -> str:
    """Format pieces as text: one line per paragraph or list item, lists indented."""
    lines: list[str] = []
    for piece in pieces:
        text = f"{piece.label}: {piece.text}" if piece.label else piece.text
        if piece.kind == "definition" and lines and lines[-1].endswith(":"):
            lines[-1] += f" {text}"
        elif piece.kind == "item":
            lines.append(f"{'  ' * (piece.depth - 1)}- {text}")
        elif piece.kind == "term":
            lines.append(f"{'  ' * (piece.depth - 1)}- {text.removesuffix(':')}:")
        else:
            lines.append(f"{'  ' * piece.depth}{text}")
    return "\n".join(lines)


# A no-break space after a character that could be the first byte of another, or the next-line
# control, may be half of a garbled character: "Ã\xa0" was "à". It is kept, so that it can be repaired.
_SPACES = re.compile(
    "(?:[\t\n\v\f\r \u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]"
    "|(?<![\u0080-\u009f\u00c2-\u00f4])\u00a0)+"
)


def fold(text: str) -> str:
    """Collapse every run of white space, including no-break spaces, to one space."""
    if text.isascii():
        return " ".join(text.split())
    return _SPACES.sub(" ", text).strip(" ")


# --- tags -----------------------------------------------------------------------------------------

Role = Literal["inline", "code", "break", "list", "item", "term", "definition", "note", "reference"]

# What botocore's documentation strings use, and with them the AWS pages. All are lower case:
# "<N>" and "<Role …/>" are text there. "seealso" comes from .NET, with Azure's descriptions.
TAGS: dict[str, Role] = {
    **dict.fromkeys(("a", "b", "em", "i", "replaceable", "strong", "u"), "inline"),
    "code": "code",
    **dict.fromkeys(("br", "fullname", "h2", "h3", "p", "pre", "table", "tr"), "break"),
    **dict.fromkeys(("dl", "ol", "ul"), "list"),
    "li": "item",
    "dt": "term",
    "dd": "definition",
    **dict.fromkeys(("important", "note"), "note"),
    **dict.fromkeys(("see", "seealso"), "reference"),
}

_ATTRIBUTE = r"""\s++[A-Za-z_:][\w:.-]*+(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s"'=<>`]++))?+"""
_TAG = (
    rf"<(?P<close>/)?(?P<tag>{'|'.join(TAGS)})(?P<attributes>(?:{_ATTRIBUTE})*+)\s*+(?P<self>/)?>"
)
_ENTITY = r"&(?P<entity>\#\d{1,7}|\#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
_TICKS = r"(?P<ticks>`++)"
# Only what is surely a target: "[a-z]([-a-z0-9]*)" is a pattern.
_LINK = (
    r"\[(?P<label>(?:[^\[\]\\]|\\.|\[(?:[^\[\]\\]|\\.)*+\])*+)\]"
    r"\((?P<target>(?:https?:|mailto:|/|\#|\.\.?/)[^\s()]*+(?:\([^\s()]*+\)[^\s()]*+)*+|[\w./-]*\.(?:md|html)(?:\#[^\s()]*+)?)(?:\s+\"[^\"]*\")?\)"
)
_ESCAPE = r"\\(?P<escaped>[!-/:-@\[-`{-~])"
# AWS's pages have spaces inside of emphasis: "**Note: **This", "the * AWS Billing User Guide*".
_EMPHASIS = "|".join(
    (
        r"\*\*(?![\s*])(?P<strong>(?:[^*\\]|\\.|(?<!\*)\*(?!\*))+?)(?:(?<!\s)|(?<=: ))\*\*(?!\*)",
        r"(?P<stars>\*{1,3})(?![\s*])(?P<emphasis>(?:[^*\\]|\\.)+?)(?<!\s)(?P=stars)(?!\*)",
        r"\*(?<=\s\*) (?P<title>(?:AWS|Amazon) (?:[^*\\]|\\.)+?)(?<!\s)\*(?![\w*])",
        r"_(?<![\w/]_)(?![\s_])(?P<underlined>(?:[^\\_]|\\.|(?<=\w)_(?=\w))+?)(?<!\s)_(?!\w)",
    )
)
_EMPHASIZED = ("strong", "emphasis", "title", "underlined")

_IN_HTML = re.compile("|".join((_TICKS, _TAG, _ENTITY, _LINK)))
_IN_MARKDOWN = re.compile("|".join((_ESCAPE, _TICKS, _TAG, _ENTITY, _LINK, _EMPHASIS)))
_MARKS = re.compile(r"[\\`<&\[*_]")  # what markup begins with
_REFERENCE = re.compile(r"""\bcref\s*=\s*["']?(?:[A-Z]:)?([^"'\s>]+)""")
_TICK_RUN = re.compile(r"`+")


@dataclass(frozen=True, slots=True)
class _Tag:
    name: str
    close: bool
    attributes: str


def _tokens(text: str, markup: re.Pattern[str]) -> Iterator[Span | _Tag]:
    """Yield text and tags in their order. ``markup`` matches what is not plain text."""
    runs: dict[int, list[int]] = {}
    for run in _TICK_RUN.finditer(text):
        runs.setdefault(len(run[0]), []).append(run.start())
    done = position = 0
    while mark := _MARKS.search(text, position):
        match = markup.match(text, mark.start())
        if match is None:
            position = mark.end()
            continue
        if match.start() > done:
            yield Span(text[done : match.start()])
        done = position = match.end()
        groups = match.groupdict()
        if ticks := groups["ticks"]:
            starts = runs.get(len(ticks), [])
            following = bisect_right(starts, match.start())
            if following == len(starts):
                yield Span(ticks)
            else:
                yield Span(text[position : starts[following]], code=True)
                done = position = starts[following] + len(ticks)
        elif name := groups["tag"]:
            yield _Tag(name, groups["close"] is not None, groups["attributes"])
            if groups["self"] and not groups["close"]:
                yield _Tag(name, True, "")
        elif groups["entity"]:
            yield Span(clean(html.unescape(match[0])))
        elif (label := groups["label"]) is not None:
            yield from _tokens(label, markup)
        elif escaped := groups.get("escaped"):
            yield Span(escaped)
        else:
            emphasized = next(filter(None, map(groups.get, _EMPHASIZED)))
            yield from _tokens(emphasized, markup)
    if done < len(text):
        yield Span(text[done:])


# --- HTML -----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Writer:
    """Collects spans into pieces while tags open and close."""

    pieces: list[Piece] = field(default_factory=list[Piece])
    spans: list[Span] = field(default_factory=list[Span])
    kind: Literal["text", "item", "term", "definition"] = "text"
    depth: int = 0
    code: int = 0
    label: str = ""

    def end(self) -> None:
        """End the piece. An empty one is dropped, and the next one has its kind, as in ``<li> <p>``."""
        if any(fold(span.text) for span in self.spans):
            depth = min(self.depth, MAX_DEPTH)
            kind = self.kind if depth else "text"
            self.pieces.append(Piece(kind, tuple(self.spans), depth, self.label))
            self.kind = "text"
            self.label = ""
        self.spans = []

    def start(self, kind: Literal["text", "item", "term", "definition"]) -> None:
        self.end()
        self.kind = kind

    def tag(self, tag: _Tag) -> None:
        match TAGS[tag.name]:
            case "inline":
                pass
            case "code":
                self.code = max(0, self.code + (-1 if tag.close else 1))
            case "break":
                self.end()
            case "list":
                self.start("text")
                self.depth = max(0, self.depth + (-1 if tag.close else 1))
            case "item" | "term" | "definition" as kind:
                self.start("text" if tag.close else kind)
            case "note":
                self.end()
                self.label = "" if tag.close else tag.name.capitalize()
            case "reference":
                if target := _REFERENCE.search(tag.attributes):
                    self.spans.append(Span(target[1], code=True))


def from_html(text: str) -> tuple[Piece, ...]:
    """Parse the description of a column or parameter on a dataset page."""
    return _pieces(_tokens(text, _IN_HTML))


def _pieces(tokens: Iterable[Span | _Tag]) -> tuple[Piece, ...]:
    writer = _Writer()
    for token in tokens:
        if isinstance(token, _Tag):
            writer.tag(token)
        elif token.text:
            writer.spans.append(Span(token.text, token.code or writer.code > 0))
    writer.end()
    return tuple(writer.pieces)


# --- Markdown -------------------------------------------------------------------------------------

_ITEM = re.compile(r"([ \t]*)(?:[-+*]|(?P<number>\d{1,9})[.)])[ \t]+(?P<text>\S.*)")
ADMONITIONS = ("Caution", "Important", "Note", "Tip", "Warning")
"""The labels of paragraphs that are bold, or headings of the lowest level, on pages in Markdown."""
_ADMONITION = re.compile(
    r"\s*(?:\*\*(?P<bold>{0}):?\*\*:?|\#{{5,6}}\s+(?P<heading>{0}))\s*".format(
        "|".join(ADMONITIONS)
    )
)


def from_markdown(lines: Iterable[str], *, wrapped: bool) -> tuple[Piece, ...]:
    """Parse Markdown prose.

    With ``wrapped``, the lines of a paragraph are joined, as Markdown does; otherwise each line is a
    paragraph, as on API pages.
    """
    pieces: list[Piece] = []
    indents: list[int] = []
    waiting: list[str] = []
    kind: Literal["text", "item"] = "text"
    depth = 0
    label = ""

    def end() -> None:
        nonlocal kind, label
        if waiting:
            for piece in _pieces(_tokens(" ".join(waiting), _IN_MARKDOWN)):
                inner = min(depth + piece.depth, MAX_DEPTH)
                first = kind if piece.kind == "text" else piece.kind
                pieces.append(Piece(first, piece.spans, inner, label or piece.label))
                kind, label = "text", ""
            waiting.clear()

    for line in _with_marks(lines):
        indent = len(line) - len(line.lstrip())
        if not line.strip():
            end()
        elif (item := _ITEM.fullmatch(line)) and not (
            # Within a paragraph, only a first number begins a list: "See RFC\n7230. It …"
            wrapped and waiting and kind == "text" and item["number"] not in (None, "1")
        ):
            end()
            while indents and indents[-1] >= indent:
                indents.pop()
            indents.append(indent)
            kind, depth = "item", min(len(indents), MAX_DEPTH)
            waiting.append(item["text"])
        elif admonition := _ADMONITION.fullmatch(line):
            end()
            label = admonition["bold"] or admonition["heading"]
        else:
            if wrapped and waiting:
                # A backslash at the end of a line breaks the line, also inside of a link.
                if waiting[-1].endswith("\\") and not waiting[-1].endswith("\\\\"):
                    waiting[-1] = waiting[-1][:-1]
            else:
                end()
                while indents and indents[-1] + 2 > indent:
                    indents.pop()
                depth = min(len(indents), MAX_DEPTH)
            waiting.append(line)
    end()
    return tuple(pieces)


def _with_marks(lines: Iterable[str]) -> Iterator[str]:
    """Join the mark of a list item that stands in a line of its own, as in some mirrors, with its text."""
    mark = ""
    for line in lines:
        if mark:
            yield f"{mark} {line.lstrip()}"
            mark = ""
        elif line.strip() == "-":
            mark = line.rstrip()
        else:
            yield line
    if mark:
        yield mark


def is_admonition(line: str) -> bool:
    """Whether a line labels the paragraph below it as a note."""
    return _ADMONITION.fullmatch(line) is not None


def text_of(line: str) -> str:
    """Format one line of inline Markdown as plain text."""
    if not _MARKS.search(line):
        return fold(line)
    tokens = _tokens(line, _IN_MARKDOWN)
    return fold("".join(token.text for token in tokens if isinstance(token, Span)))


_ESCAPED = re.compile(_ESCAPE)


def unescaped(text: str) -> str:
    """Remove the backslashes of Markdown's escapes."""
    return _ESCAPED.sub(r"\g<escaped>", text)
