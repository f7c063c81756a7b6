"""Parse a dataset page of Datadog's DDSQL data directory into a `Table`.

The format is that of https://docs.datadoghq.com/ddsql_reference/data_directory/: front matter, a title,
prose and alerts, the table's id in a fence, links, parameters and example queries of table functions,
and the Fields table. On most pages the rows of that table lack the title cell and are shifted to the
left, so rows are aligned on the cell that holds the kind.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from schemagen.diagnostics import Problem, shown
from schemagen.model.origin import Origin
from schemagen.model.pages import Column, Example, Parameter, Table
from schemagen.pages import characters, front_matter, markdown, prose, values
from schemagen.pages.markdown import Block, Cell
from schemagen.pages.rows import Row, is_header, is_rest_of_row, rows
from schemagen.pages.sources import id_by_name

KINDS: tuple[str, ...] = ("core", "event_attribute")
"""The values of the Type cell in a row of the Fields table."""

FIELDS, PARAMETERS = "fields", "query parameters"
FIELDS_HEADER = ("Title", "ID", "Type", "Data Type", "Description")
PARAMETERS_HEADER = ("Parameter", "Type", "Required", "Description")
MAX_NAME = 200
"""The longest provider and the longest table name, in characters: file systems allow 255 bytes."""

_SOURCE = re.compile(r"# Source:\s*(\S+)\s*")
_ID = re.compile(r"[a-z][a-z0-9_]*\.[a-z0-9_]+")
_MARKDOC = re.compile(
    r"\{%\s*+(?P<close>/)?\s*+(?P<name>[a-z][\w-]*+)(?:\"[^\"]*+\"|[^%\"{]|\{(?!%)|%(?!\}))*?(?P<self>/)?\s*+%\}"
)
_DEPRECATED = re.compile(r"\bdeprecat\w*", re.IGNORECASE)
_NOT = re.compile(r"\b(?:not|never|no longer)\s+(?:\w+\s+)?$", re.IGNORECASE)
# "the deprecated table x", "Amazon deprecated it": what is deprecated comes behind.
_ABOUT_NEXT = re.compile(
    r"(?:^|\s)(?!(?:is|are|was|were|be|been|being|and|now|also|\w+ly)\s)[\w.`-]+\s+$"
)
_WITHIN_TABLE = re.compile(
    r"\b(?:from|in|of|on)\s+(?:the|this)\s+(?:table|dataset|page)\b,?", re.IGNORECASE
)
_TABLE_ID = re.compile(r"\b[a-z][a-z0-9_]*\.[a-z0-9_]+\b")
_PRONOUN = re.compile(r"^(?:It|This)\b")
_BARE_SUBJECT = re.compile(r"(?:The\s+)?(\S+)\s+(?:\w+\s+){1,3}", re.IGNORECASE)
_CODE = re.compile(r"`([^`]+)`")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_TABLE = re.compile(r"\b(?:table|dataset|page)\b", re.IGNORECASE)
_PART = re.compile(r"\b(?:field|column|attribute|parameter|property|value)s?\b", re.IGNORECASE)
_TYPE = re.compile(r"[a-z][a-z0-9_]*|array\s*<.+>")
_MARKS = re.compile(r"[\\`*<>\[\]&]|~~|_$")
_EMPHASIZED = re.compile(r"(?P<stars>\*{0,3})(?P<code>`*)(?P<text>[^`*]+)(?P=code)(?P=stars)")
# What is markup in Markdown, or half of it, unless it is escaped. A name has no use for it.
_MARKUP = re.compile(r"(?<!\\)(?:[`*<>\[\]]|~~|&#?\w+;)|^_+(?=[^_](?:.*[^_\\])?_+$)")
_REQUIRED = {"yes": True, "no": False}


def parse(text: str, path: str) -> tuple[Table, tuple[Problem, ...]]:
    """Parse a page; return its table, and all problems of the page, sorted.

    Data types are not checked, because settings can define more of them. If there are problems, the
    table holds what could be read: its id may be "", and names of columns may be missing, invalid or
    repeated.
    """
    page = _Page(path, text, markdown.lines_of(text))
    table = page.read()
    return table, tuple(sorted(page.problems))


@dataclass(slots=True)
class _Page:
    path: str
    text: str
    lines: list[str]
    problems: list[Problem] = field(default_factory=list[Problem])

    def problem(self, line: int, column: int, code: str, message: str) -> None:
        """Record a problem. ``line`` counts from 0, ``column`` from 1."""
        self.problems.append(Problem(self.path, line + 1, column, code, message))

    def origin(self, line: int) -> Origin:
        return Origin(self.path, line + 1)

    def read(self) -> Table:
        start, source = self._source()
        head = front_matter.read(self.lines, start, self.path)
        self.problems.extend(head.problems)
        sections = list(_sections(markdown.blocks(self.lines, head.end)))
        introduction = sections[0]
        title_line, title = self._title(introduction, head.values.get("title", ""))
        identifier, id_line = self._id(introduction, title_line)
        named: dict[str, list[_Section]] = {}
        for section in sections[1:]:
            named.setdefault(section.name, []).append(section)
        self._check_elsewhere(sections)
        columns = tuple(self._columns(named.get(FIELDS, ()), title_line))
        names = frozenset(column.name for column in columns)
        description, deprecated = self._description(introduction, names, identifier, title)
        return Table(
            id=identifier,
            title=title or identifier,
            description=description,
            columns=columns,
            origin=self.origin(id_line),
            source=source or head.values.get("source_url"),
            parameters=tuple(self._parameters(named.get(PARAMETERS, ()))),
            examples=tuple(self._examples(named.get("example queries", ()))),
            deprecated=deprecated,
        )

    def _source(self) -> tuple[int, str | None]:
        """Return the number of the first line after the ``# Source:`` lines, and the first URL in them."""
        source = None
        for line, text in enumerate(self.lines):
            if match := _SOURCE.fullmatch(text):
                source = source or match[1]
            elif text.strip():
                return line, source
        return len(self.lines), source

    def _title(self, introduction: _Section, fallback: str) -> tuple[int, str]:
        """Return the line and the text of the title; ``fallback`` is the front matter's."""
        for block in introduction.blocks:
            if block.kind == "heading":
                return block.start, prose.text_of(block.text)
        return 0, prose.fold(fallback)

    # --- the id ---

    def _id(self, introduction: _Section, title_line: int) -> tuple[str, int]:
        """Return the table's id and its line. An invalid id is a problem, and returned as ""."""
        found = [
            (block, block.text.strip())
            for block in introduction.blocks
            if block.kind == "fence" and block.text.strip()
        ]
        if not found:
            message = (
                "the page has no fenced code block with the table's id below the title; add one,"
                " with an id such as aws.ec2_instance"
            )
            self.problem(title_line, 1, "SG111", message)
            return "", title_line
        named = id_by_name(self.path)
        fence, text = next(
            (pair for pair in found if pair[1] == named or _ID.fullmatch(pair[1])),
            next((pair for pair in found if len(pair[1].split()) == 1), found[0]),
        )
        line = next(
            number for number in range(fence.start + 1, fence.end) if self.lines[number].strip()
        )
        if not _ID.fullmatch(text):
            source = self.lines[line]
            self.problem(
                line,
                len(source) - len(source.lstrip()) + 1,
                "SG112",
                f"the table's id {shown(text)} is not provider.name"
                " (lower-case letters, digits and underscores, as in 'aws.ec2_instance')",
            )
            return "", line
        longest = max(map(len, text.split(".")))
        if longest > MAX_NAME:
            reason = f"has a part of {longest} characters; file names allow at most {MAX_NAME}"
            self.problem(line, 1, "SG112", f"the table's id {shown(text)} {reason}")
            return "", line
        # Other files may have any name, but not that of another table.
        is_id = "." in named and self.path.endswith(".dataset.md")
        if (is_id or _ID.fullmatch(named)) and text != named.lower():
            message = f"the table's id is {shown(text)}, but the file is named after {shown(named)}"
            self.problem(line, 1, "SG125", f"{message}; rename the file, or correct the id")
        return text, line

    # --- prose ---

    def _description(
        self, introduction: _Section, columns: Container[str], identifier: str, title: str
    ) -> tuple[str, str | None]:
        """Return the description, and the text of the deprecation alert or None."""
        lines: list[str] = []
        for block in introduction.blocks:
            text = self.lines[block.start : block.end]
            if block.kind == "quote" and "llms.txt" not in "".join(text):
                lines += [line.lstrip(" >") for line in text]
            elif block.kind == "prose":
                lines += text
            lines.append("")
        kept, alerts = _without_markdoc(lines)
        deprecated: list[str] = []
        texts = [prose.plain(prose.from_markdown(kept, wrapped=True))]
        for alert in alerts:
            pieces = prose.from_markdown(alert, wrapped=True)
            is_of_table = _deprecates(pieces, columns, (identifier, title))
            (deprecated if is_of_table else texts).append(prose.plain(pieces))
        return "\n".join(filter(None, texts)), "\n".join(deprecated) or None

    def _examples(self, sections: Iterable[_Section]) -> Iterator[Example]:
        for block in (block for section in sections for block in section.blocks):
            if block.kind == "fence":
                yield Example(block.text.removesuffix("\n"), self.origin(block.start))

    # --- parameters ---

    def _parameters(self, sections: Iterable[_Section]) -> Iterator[Parameter]:
        seen: dict[str, int] = {}
        for found in self._rows(sections, PARAMETERS_HEADER, "SG119", "Query Parameters"):
            line, row = found.line, markdown.cells(found.text)
            name, kind, required = (_word(row, index) for index in range(3))
            if not name.text:
                message = "the parameter has no name; add it, or delete the row"
                self.problem(line, name.column, "SG119", message)
                continue
            if not self._is_name("parameter", name, line):
                continue
            if name.text in seen:
                self.problem(
                    line,
                    name.column,
                    "SG119",
                    f"the parameter {shown(name.text)} appears twice,"
                    f" first on line {seen[name.text] + 1}; delete or rename one",
                )
                continue
            seen[name.text] = line
            if required.text.lower() not in _REQUIRED:
                self.problem(
                    line,
                    required.column,
                    "SG119",
                    f"Required must be Yes or No for the parameter {shown(name.text)},"
                    f" not {shown(required.text)}",
                )
            description = prose.from_html(markdown.join(found.text, row[3:]))
            yield Parameter(
                name.text,
                kind.text,
                _REQUIRED.get(required.text.lower(), False),
                prose.plain(description),
                self.origin(line),
                kind.column,
            )

    # --- columns ---

    def _columns(self, sections: Sequence[_Section], title_line: int) -> Iterator[Column]:
        if not sections:
            message = (
                "the page has no heading 'Fields' and so no columns; add them, or fetch it again"
            )
            self.problem(title_line, 1, "SG114", message)
            return
        seen: dict[str, int] = {}
        for found in self._rows(sections, FIELDS_HEADER, "SG114", "Fields"):
            line, row = found.line, self._aligned(found)
            if row is None:
                continue
            yield self._column(row, found)
            if not row.name.text:
                message = "the column has no name; add it, or delete the row"
                self.problem(line, row.name.column, "SG116", message)
            elif not self._is_name("column", row.name, line):
                pass
            elif (first := seen.setdefault(row.name.text, line)) != line:
                self.problem(
                    line,
                    row.name.column,
                    "SG117",
                    f"the column {shown(row.name.text)} appears twice, first on line {first + 1};"
                    " delete or rename one",
                )

    def _aligned(self, found: Row) -> _Row | None:
        """Align a row, or record a problem and return None if no cell holds a kind."""
        cells = markdown.cells(found.text)
        row = _aligned(cells)
        if row is None:
            # The position of the kind in rows of this length.
            expected = _word(cells, 2 if len(cells) >= len(FIELDS_HEADER) else 1)
            self.problem(
                found.line,
                expected.column,
                "SG115",
                f"expected {' or '.join(KINDS)} in the kind cell, found {shown(expected.text)};"
                " correct it, or put a blank line before text that follows the table",
            )
        return row

    def _column(self, row: _Row, found: Row) -> Column:
        pieces = prose.from_html(markdown.join(found.text, row.description))
        return Column(
            name=row.name.text,
            kind=row.kind,
            type=row.type.text,
            origin=self.origin(found.line),
            title=row.title or None,
            description=prose.plain(pieces),
            values=values.read(pieces, row.name.text),
            type_column=row.type.column,
        )

    def _is_name(self, what: str, name: _Word, line: int) -> bool:
        """Check that targets can hold a name; record a problem at the first character that they cannot."""
        wrong = characters.wrong_in_name(name.text)
        if wrong is None and not name.markup:
            return True
        if wrong is None:
            message = f"the name of the {what} {shown(name.text)} contains markup; write it plainly"
            self.problem(line, name.markup, "SG124", message)
            return False
        # Searched, not counted: an escaped pipe before it takes two characters on the page.
        index = self.lines[line].index(name.text[wrong], name.column - 1)
        character = markdown.raw_lines(self.text)[line][index]
        reason = f"the {what} {shown(name.text)} {characters.in_name(character)}"
        self.problem(line, index + 1, "SG122", reason)
        return False

    # --- tables ---

    def _table(
        self, section: _Section, header: tuple[str, ...], code: str, name: str
    ) -> Block | None:
        """Find the table of a section that has this header, or record a problem and return None."""
        tables = [block for block in section.blocks if block.kind == "table"]
        for table in tables:
            if is_header(self.lines[table.start], header):
                return table
        if tables:
            found = markdown.cells(self.lines[tables[0].start])
            self.problem(
                tables[0].start,
                found[0].column,
                code,
                f"the header of the {name} table is {shown(' | '.join(c.text for c in found))},"
                f" not {' | '.join(header)!r}; correct it",
            )
        else:
            message = (
                f"the heading {name!r} has no table below it; add one with the header"
                f" {' | '.join(header)!r}"
            )
            self.problem(section.line, 1, code, message)
        return None

    def _rows(
        self, sections: Iterable[_Section], header: tuple[str, ...], code: str, name: str
    ) -> Iterator[Row]:
        """Find the rows below the headers of all ``sections``; record a problem for what is no row."""
        for section in sections:
            table = self._table(section, header, code, name)
            end = section.blocks[-1].end if section.blocks else section.line
            marks = KINDS if header == FIELDS_HEADER else tuple(_REQUIRED)
            for found in rows(self.lines, table, end, header, marks) if table else ():
                if isinstance(found, Row):
                    yield found
                else:
                    message = f"this line belongs to no row of the {name} table; begin each row and"
                    reason = " end it with a pipe, or put the text below another heading"
                    self.problem(found.line, 1, "SG123", message + reason)

    def _check_elsewhere(self, sections: Iterable[_Section]) -> None:
        """Record a problem for each table, row or rest of a row that no section reads.

        A heading inside a cell, or behind a blank line in it, ends the section with all rows below it.
        """
        advice = "belongs below the heading 'Fields' or 'Query Parameters'; move it"
        for section in sections:
            for block in section.blocks:
                if block.kind == "fence" or section.name in (FIELDS, PARAMETERS):
                    continue
                if block.kind == "table" and any(
                    is_header(self.lines[block.start], header)
                    for header in (FIELDS_HEADER, PARAMETERS_HEADER)
                ):
                    message = f"a table of columns or parameters {advice}"
                    self.problem(block.start, 1, "SG123", message)
                    continue
                for line in range(block.start, block.end):
                    if _looks_like_row(self.lines[line]):
                        message = f"what looks like the row of a column or parameter {advice}"
                        self.problem(line, 1, "SG123", message)
                    elif block.kind != "table" and is_rest_of_row(self.lines[line]):
                        message = "what looks like the rest of a row"
                        self.problem(line, 1, "SG123", f"{message} {advice}")


@dataclass(frozen=True, slots=True)
class _Section:
    """A heading of level 2 or deeper with what follows it.

    ``name`` is the heading in lower case, or "" for the section before the first heading.
    """

    name: str
    line: int
    level: int
    blocks: list[Block] = field(default_factory=list[Block])


def _sections(blocks: Iterable[Block]) -> Iterator[_Section]:
    section = _Section("", 0, 1)
    for block in blocks:
        if block.kind == "heading" and block.level > 1 and not _below(section, block):
            yield section
            section = _Section(prose.text_of(block.text).lower(), block.start, block.level)
        else:
            section.blocks.append(block)
    yield section


def _below(section: _Section, heading: Block) -> bool:
    """Whether a heading is inside a named section, not the beginning of another one."""
    return section.name != "" and heading.level > section.level


@dataclass(frozen=True, slots=True)
class _Word:
    """The text of a cell without marks, and the column (from 1) where it begins.

    ``markup`` is the column of the first mark that is left in it, or 0.
    """

    text: str
    column: int
    markup: int = 0


@dataclass(frozen=True, slots=True)
class _Row:
    title: str
    name: _Word
    kind: str
    type: _Word
    description: Sequence[Cell]


def _aligned(cells: Sequence[Cell]) -> _Row | None:
    """Align a row on the cell that holds its kind; return None if there is no such cell.

    Of two candidates, the one followed by a cell that looks like a type is taken, otherwise the one at
    the usual position in rows of this length.
    """
    rows = [
        _Row(
            title=prose.text_of(cells[0].text) if index == 2 else "",
            name=_word(cells, index - 1),
            kind=_word(cells, index).text,
            type=_word(cells, index + 1),
            description=cells[index + 2 :],
        )
        for index in ((2, 1) if len(cells) >= len(FIELDS_HEADER) else (1, 2))
        if _word(cells, index).text in KINDS
    ]
    for row in rows:
        if row.type.text not in KINDS and _TYPE.fullmatch(row.type.text):
            return row
    return rows[0] if rows else None


def _looks_like_row(line: str) -> bool:
    """Whether a line has the cells of a column, or of a parameter."""
    if not markdown.PIPE.search(line):
        return False
    cells = markdown.cells(line)
    row = _aligned(cells)
    if row is not None and row.name.text and _TYPE.fullmatch(row.type.text):
        return True
    kind, required = _word(cells, 1).text, _word(cells, 2).text
    return required.lower() in _REQUIRED and _TYPE.fullmatch(kind) is not None


def _word(cells: Sequence[Cell], index: int) -> _Word:
    """Return the text of the cell at ``index``. A missing cell is empty, at the end of the row.

    Code marks, emphasis with stars and escapes are removed, as formatters of Markdown add them.
    """
    if index >= len(cells):
        return _Word("", cells[-1].end + 1 if cells else 1)
    cell = cells[index]
    if not _MARKS.search(cell.text):
        return _Word(cell.text, cell.column)
    if not cell.text.strip("`"):
        return _Word("", cell.column + 1)
    marked = _EMPHASIZED.fullmatch(cell.text)
    text, column = cell.text, cell.column
    if marked is not None:
        text, column = marked["text"], column + marked.start("text")
        if marked["code"]:
            return _Word(text.strip(markdown.SPACE), column)
    left = _MARKUP.search(text)
    return _Word(prose.unescaped(text), column, column + left.start() if left else 0)


def _deprecates(
    alert: Iterable[prose.Piece], columns: Container[str], names: Collection[str]
) -> bool:
    """Whether an alert says that the table is deprecated, which ``names`` call by its id and title, and
    not one of its columns or another table."""
    for piece in alert:
        text = "".join(f"`{span.text}`" if span.code else span.text for span in piece.spans)
        for sentence in _SENTENCE_END.split(prose.fold(text)):
            found = _DEPRECATED.search(sentence)
            if found is None or _NOT.search(sentence, 0, found.start()):
                continue
            before = sentence[: found.start()]
            # "Deprecated: …" is about what comes behind, if that is a column.
            subject = _WITHIN_TABLE.sub("", before if before.strip() else sentence)
            if _ABOUT_NEXT.search(before):
                subject = sentence[found.end() :].lstrip().partition(" ")[0]
            if _is_about_table(subject, columns, names, is_label=not before.strip()):
                return True
    return False


def _is_about_table(
    subject: str, columns: Container[str], names: Collection[str], *, is_label: bool
) -> bool:
    """Whether a subject is the table: it is called by its id or title, or as "this table", or not at all."""
    if not is_label and any(found not in names for found in _TABLE_ID.findall(subject)):
        return False
    named = any(name and re.search(rf"\b{re.escape(name)}\b", subject) for name in names)
    bare = _BARE_SUBJECT.fullmatch(subject)
    is_column = any(code in columns for code in _CODE.findall(subject)) or (
        bare is not None and bare[1] in columns
    )
    if is_column or _PART.search(subject):
        return is_label and _TABLE.search(subject) is not None
    return named or is_label or any(form.search(subject) for form in (_TABLE, _PRONOUN))


def _without_markdoc(lines: Iterable[str]) -> tuple[list[str], list[list[str]]]:
    """Separate alerts from ``lines``, drop link lines and comments, and remove other tags.

    Returns the remaining lines, and the lines of each alert. A link line is text before an icon.
    https://markdoc.dev/docs/tags describes the syntax.
    """
    kept: list[str] = []
    alerts: list[list[str]] = []
    target = kept
    for line in _whole_tags(lines):
        position = 0
        is_link = False
        pieces: list[tuple[list[str], str]] = []
        tags = list(_MARKDOC.finditer(line))
        closed = {tag["name"] for tag in tags if tag["close"] or tag["self"]}
        of_tags = not _MARKDOC.sub("", line).strip()
        for tag in tags:
            if not (
                of_tags or tag["name"] in closed or tag["name"] in ("alert", "comment", "icon")
            ):
                continue  # Nothing closes it: it is text.
            pieces.append((target, line[position : tag.start()]))
            position = tag.end()
            name, ends = tag["name"], tag["close"] is not None
            is_link |= name == "icon"
            if name == "comment":
                target = kept if ends else []
            elif name == "alert" and ends:
                target = kept
            elif name == "alert" and tag["self"] is None:
                alerts.append([])
                target = alerts[-1]
        pieces.append((target, line[position:]))
        if is_link:
            alone = not any(text.strip() for _, text in pieces)
            if alone and target and target[-1].strip():
                target.pop()
            continue
        for _, group in groupby(pieces, key=lambda piece: id(piece[0])):
            run = list(group)
            text = "".join(text for _, text in run)
            if text.strip() or len(pieces) == 1:
                run[0][0].append(text)
    return kept, alerts


def _whole_tags(lines: Iterable[str]) -> Iterator[str]:
    """Join lines inside a tag: ``{% alert`` and ``level="info" %}``."""
    joined: list[str] = []
    for line in lines:
        begins, ends = line.rfind("{%"), line.rfind("%}")
        is_open = begins > ends if begins >= 0 or ends >= 0 else bool(joined)
        joined.append(line)
        if not is_open or not line.strip():
            yield " ".join(joined)
            joined.clear()
    if joined:
        yield " ".join(joined)
