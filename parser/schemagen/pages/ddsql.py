"""Parse a dataset page of Datadog's DDSQL data directory into a `Table`.

The format is that of https://docs.datadoghq.com/ddsql_reference/data_directory/: front matter, a title,
prose and alerts, the table's id in a fence, links, parameters and example queries of table functions,
and the Fields table. On most pages the rows of that table lack the title cell and are shifted to the
left, so rows are aligned on the cell that holds the kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from schemagen.diagnostics import Problem, shown
from schemagen.model.origin import Origin
from schemagen.model.pages import Column, Example, Parameter, Table
from schemagen.pages import characters, front_matter, markdown, prose, values
from schemagen.pages.markdown import Block, Cell

KINDS: tuple[str, ...] = ("core", "event_attribute")
"""The values of the Type cell in a row of the Fields table."""

FIELDS_HEADER = ("Title", "ID", "Type", "Data Type", "Description")
PARAMETERS_HEADER = ("Parameter", "Type", "Required", "Description")
MAX_NAME = 200
"""The longest provider and the longest table name, in characters: file systems allow 255 bytes."""

_SOURCE = re.compile(r"# Source:\s*(\S+)\s*")
_ID = re.compile(r"[a-z][a-z0-9_]*\.[a-z0-9_]+")
_MARKDOC = re.compile(r"\{%\s*+(/?)\s*+(alert|icon)\b[^%]*+%\}")
_DEPRECATED = re.compile(r"\bdeprecat", re.IGNORECASE)
_TYPE = re.compile(r"[a-z][a-z0-9_]*|array\s*<.+>")
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
        named = {section.name: section for section in reversed(sections[1:])}
        parameters = named.get("query parameters")
        examples = named.get("example queries")
        description, deprecated = self._description(introduction)
        return Table(
            id=identifier,
            title=title or identifier,
            description=description,
            columns=tuple(self._columns(named.get("fields"), title_line)),
            origin=self.origin(id_line),
            source=source or head.values.get("source_url"),
            parameters=tuple(self._parameters(parameters)) if parameters else (),
            examples=tuple(self._examples(examples)) if examples else (),
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
        fence, text = next(
            (pair for pair in found if _ID.fullmatch(pair[1])),
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
        return text, line

    # --- prose ---

    def _description(self, introduction: _Section) -> tuple[str, str | None]:
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
        texts = [prose.plain(prose.from_markdown(alert, wrapped=True)) for alert in alerts]
        deprecated = [text for text in texts if _DEPRECATED.search(text)]
        others = [text for text in texts if text not in deprecated]
        description = prose.plain(prose.from_markdown(kept, wrapped=True))
        return "\n".join(filter(None, [description, *others])), "\n".join(deprecated) or None

    def _examples(self, section: _Section) -> Iterator[Example]:
        for block in section.blocks:
            if block.kind == "fence":
                yield Example(block.text.removesuffix("\n"), self.origin(block.start))

    # --- parameters ---

    def _parameters(self, section: _Section) -> Iterator[Parameter]:
        table = self._table(section, PARAMETERS_HEADER, "SG119", "Query Parameters")
        seen: dict[str, int] = {}
        for line in self._rows(table):
            row = markdown.cells(self.lines[line])
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
            description = prose.from_html(markdown.join(self.lines[line], row[3:]))
            yield Parameter(
                name.text,
                kind.text,
                _REQUIRED.get(required.text.lower(), False),
                prose.plain(description),
                self.origin(line),
                kind.column,
            )

    # --- columns ---

    def _columns(self, section: _Section | None, title_line: int) -> Iterator[Column]:
        if section is None:
            message = (
                "the page has no heading 'Fields' and so no columns; add them, or fetch it again"
            )
            self.problem(title_line, 1, "SG114", message)
            return
        table = self._table(section, FIELDS_HEADER, "SG114", "Fields")
        seen: dict[str, int] = {}
        for line in self._rows(table):
            row = self._row(line)
            if row is None:
                continue
            yield self._column(row, line)
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

    def _row(self, line: int) -> _Row | None:
        """Align the row on ``line``, or record a problem and return None if no cell holds a kind."""
        cells = markdown.cells(self.lines[line])
        row = _aligned(cells)
        if row is None:
            # The position of the kind in rows of this length.
            expected = _word(cells, 2 if len(cells) >= len(FIELDS_HEADER) else 1)
            self.problem(
                line,
                expected.column,
                "SG115",
                f"expected {' or '.join(KINDS)} in the kind cell, found {shown(expected.text)};"
                " correct it, or put a blank line before text that follows the table",
            )
        return row

    def _column(self, row: _Row, line: int) -> Column:
        pieces = prose.from_html(markdown.join(self.lines[line], row.description))
        return Column(
            name=row.name.text,
            kind=row.kind,
            type=row.type.text,
            origin=self.origin(line),
            title=row.title or None,
            description=prose.plain(pieces),
            values=values.read(pieces, row.name.text),
            type_column=row.type.column,
        )

    def _is_name(self, what: str, name: _Word, line: int) -> bool:
        """Check that targets can hold a name; record a problem at the first character that they cannot."""
        wrong = characters.wrong_in_name(name.text)
        if wrong is None:
            return True
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
        expected = [title.lower() for title in header]
        for table in tables:
            found = markdown.cells(self.lines[table.start])
            if [cell.text.lower() for cell in found] == expected:
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

    def _rows(self, table: Block | None) -> Iterable[int]:
        return range(table.start + 2, table.end) if table else ()


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
    """The text of a cell without code marks, and the column (from 1) where it begins."""

    text: str
    column: int


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


def _word(cells: Sequence[Cell], index: int) -> _Word:
    """Return the text of the cell at ``index``. A missing cell is empty, at the end of the row."""
    if index >= len(cells):
        return _Word("", cells[-1].end + 1 if cells else 1)
    cell = cells[index]
    bare = cell.text.strip("`")
    if bare != cell.text and cell.text == f"`{bare}`":
        return _Word(bare.strip(markdown.SPACE), cell.column + 1)
    return _Word(cell.text, cell.column)


def _without_markdoc(lines: Iterable[str]) -> tuple[list[str], list[list[str]]]:
    """Separate alerts from ``lines`` and drop link lines; return the remaining lines, and each alert's.

    A link line is text before an icon. https://markdoc.dev/docs/tags describes the syntax.
    """
    kept: list[str] = []
    alerts: list[list[str]] = []
    target = kept
    for line in lines:
        position = 0
        is_link = False
        pieces: list[tuple[list[str], str]] = []
        for tag in _MARKDOC.finditer(line):
            pieces.append((target, line[position : tag.start()]))
            position = tag.end()
            if tag[2] == "icon":
                is_link = True
            elif tag[1]:
                target = kept
            else:
                alerts.append([])
                target = alerts[-1]
        pieces.append((target, line[position:]))
        if is_link:
            alone = not any(text.strip() for _, text in pieces)
            if alone and target and target[-1].strip():
                target.pop()
            continue
        for destination, text in pieces:
            if text.strip() or len(pieces) == 1:
                destination.append(text)
    return kept, alerts
