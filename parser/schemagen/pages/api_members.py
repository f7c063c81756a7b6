"""Find the members that a section of an API page lists, and read them.

A member begins with its name and ends where the next one begins. After the name come its description and
its facts (``Type: String``, ``Required: Yes``). The generations of pages mark names differently, see
`Layout`; a section has one layout. Members that are sent in the URI, in a header or as the body have no
type: what they are follows from the sentence before them, see `ANNOUNCEMENTS`.

Nothing is skipped silently: a ``Type:`` line that belongs to no member, two of them in one member, and
announced members that are not there are problems.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from schemagen.diagnostics import shown
from schemagen.model.origin import Origin
from schemagen.model.pages import DocumentedMember, DocumentedValue
from schemagen.model.shapes import ListOf, Scalar, Shape
from schemagen.pages import characters, markdown, prose, values
from schemagen.pages.api_facts import (
    FACT_LINE,
    TYPE_LINE,
    Facts,
    UnreadableFact,
    read_fact,
    settle_items,
    split_fact,
    states_type,
    without_emphasis,
)
from schemagen.pages.markdown import Block, Cell
from schemagen.pages.rows import Row, rows

STRING, BINARY, STATUS = Scalar("string"), Scalar("binary"), Scalar("int64")

ANNOUNCEMENTS: tuple[tuple[str, Shape | None], ...] = (
    (r"The request \w+ the following (?:URI parameters|HTTP headers)", STRING),
    (r"The response \w+ the following HTTP headers", STRING),
    (r"The request \w+ the following binary data", BINARY),
    (r"The response \w+ the following as the HTTP body", BINARY),
    (r"If the action is successful, the service sends back the following HTTP response", STATUS),
    (r"The request \w+ the following data", None),
    (r"The following (?:data|elements?|items?) (?:is|are) returned", None),
)
"""The beginnings of sentences that announce members, and the type of members that state none; None if
each states its type."""

TABLE_COLUMNS = {
    "name": ("name", "member", "field", "parameter", "element", "property", "attribute"),
    "type": ("type", "data type"),
    "required": ("required", "mandatory"),
    "description": ("description", "details", "notes"),
}
"""The headers of a table of members, by what its columns hold. The first two are necessary; what other
columns hold is added to the description."""

ANCHOR = re.compile(r"<a (?:name|id)=\"(?P<anchor>[^\"]*)\"\s*+>\s*+</a>")
ANCHOR_LINE = re.compile(rf"\s*+{ANCHOR.pattern}\s*+")
_LINK = r"\((?P<{0}>[^()\s]*+)(?:\s++\"[^\"]*+\")?\)"
_BOLD = re.compile(
    r"\s{0,3}+(?:"
    rf"\*\*\s*+\[(?P<linked>[^\[\]]++)\]{_LINK.format('target')}\s*+\*\*"
    rf"|\[\s*+\*\*(?P<within>[^*\[\]]++)\*\*\s*+\]{_LINK.format('around')}"
    r"|\*\*\s*+(?P<name>[^*\[\]]++)\*\*"
    # What the query protocol calls the keys and values of a map.
    r"(?:\s++(?:[\w.]+\.N\.\w+ \\?\((?:key|value)\\?\)\s*+)+)?+"
    # A member that responses spell in another way: "**Cpu** (request), **cpu** (response)".
    r"(?:\s*+\\?\(request\\?\),\s*+\*\*[^*\[\]]++\*\*\s*+\\?\(response\\?\))?+"
    rf")\s*+(?:{ANCHOR.pattern})?\s*+"
)
_IDENTIFIER = re.compile(r"[A-Za-z_][\w.-]*")
# Lists of the query protocol: "Filters.Filter.N" is the member Filters.
_QUERY_LIST = re.compile(r"(\w+)(?:\.\w+)*\.N")
_MESSAGES = ("request", "response", "uri", "query", "path", "header", "member", "parameter")
"""How titles of sections begin that list members, if they do not have those of AWS's pages."""

# The name of a member without an anchor, or a label.
_MAY_BE_NAME = re.compile(r"\s{0,3}\[?\*\*\s*\[?\s*[A-Za-z_][\w.-]*\s*(?:\]|\*\*)")
_ALL_BOLD = re.compile(r"\s*\*\*.+\*\*\s*")
_CODE = re.compile(r"`[^`]*`")
_RULE = re.compile(r"\s{0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*")
_ROOT_TAG = re.compile(r"Root level tag for the \w+ parameters\b")


@dataclass(frozen=True, slots=True)
class Section:
    """A section with members: its heading, and the lines ``start`` to ``end`` - 1 below it, from 0."""

    name: str
    heading: Block
    start: int
    end: int

    @property
    def title(self) -> str:
        """The name as titles are compared."""
        return self.name.lower()


class Layout(Enum):
    """How a section marks the names of its members, most certain first."""

    ANCHORED = auto()
    """A bold name with an anchor. Bold words without one are labels in descriptions."""
    LINKED = auto()
    """A bold link to the syntax of the request or response."""
    INDENTED = auto()
    """A bold word as the first line of a paragraph, after a space: labels have none."""
    BOLD = auto()
    """A bold word as the first line of a paragraph."""
    HEADING = auto()
    """A heading below that of the section."""


@dataclass(frozen=True, slots=True)
class _Head:
    """The name of a member, as written (``source``) from ``column`` on (from 0) in its line, and as text.

    ``end`` is the number of the line after it and its anchor.
    """

    layout: Layout
    line: int
    end: int
    column: int
    source: str
    name: str


def _name_of(source: str) -> str:
    name = prose.text_of(source)
    listed = _QUERY_LIST.fullmatch(name)
    return listed[1] if listed else name


@dataclass(slots=True)
class MemberReader:
    """Reads the members of one page. ``blocks`` are the page's, ``problem`` records a problem."""

    path: str
    text: str
    lines: Sequence[str]
    blocks: Sequence[Block]
    problem: Callable[[int, int, str, str], None]
    _quoted: set[int] = field(init=False)
    _headings_at: dict[int, str] = field(init=False)
    _starts: Sequence[int] = field(init=False)
    """The lines where the blocks start, in ascending order."""
    _stated: Sequence[str] = field(init=False)
    """The lines, with facts as `without_emphasis` writes them."""

    def __post_init__(self) -> None:
        self._quoted = {
            line
            for block in self.blocks
            if block.kind == "fence"
            for line in range(block.start, block.end)
        }
        self._headings_at = {
            block.start: block.text for block in self.blocks if block.kind == "heading"
        }
        self._starts = [block.start for block in self.blocks]
        self._stated = [
            text if number in self._quoted else without_emphasis(text)
            for number, text in enumerate(self.lines)
        ]

    def members(
        self, section: Section, syntax: Set[str] = frozenset()
    ) -> Iterator[DocumentedMember]:
        """Read the members of a section, in the order of the page.

        ``syntax`` has the names in the syntax of the request or response that the page shows; it is empty
        if it shows none.
        """
        announced = self._announcements(section)
        heads = self._heads(section, announced)
        begins, sentences = [head.line for head in heads], list(announced)
        first = min(begins, default=section.end)
        if table := self._table(section.start, first):
            yield from self._rows(table, first)
            if not heads:
                return
        self._check_announced(section, heads, announced)
        self._check_others(section, heads, syntax)
        self._check_marks(section)
        self.check_types(section.start, first)
        for head, following in zip(heads, [*begins[1:], section.end], strict=False):
            above = bisect_left(sentences, head.line)
            end = min([following, *sentences[above : above + 1]])
            self.check_types(end, following)
            shape = announced[sentences[above - 1]][1] if above else None
            member = self._member(head, end, shape, syntax)
            if member is not None:
                yield member

    def within(self, start: int, end: int) -> Sequence[Block]:
        """Return the blocks that start on the lines from ``start`` up to ``end``."""
        return self.blocks[bisect_left(self._starts, start) : bisect_left(self._starts, end)]

    # --- where members begin ---

    def _heads(
        self, section: Section, announced: Mapping[int, tuple[str, Shape | None]]
    ) -> list[_Head]:
        """Find the names of the members: the layout that explains the most types wins."""
        candidates = [*self._bold(section), *self._headings(section)]
        anchored = [head for head in candidates if head.layout is Layout.ANCHORED]
        if anchored:
            return anchored
        found: list[_Head] = []
        explained = -1
        for layout in (Layout.LINKED, Layout.INDENTED, Layout.BOLD, Layout.HEADING):
            heads = [head for head in candidates if head.layout is layout]
            typed = self._typed(heads, section.end)
            kept: list[_Head] = []
            for number, head in enumerate(heads):
                above = typed[number - 1] if kept else self._is_first(head, section, announced)
                following = heads[number + 1].line if number + 1 < len(heads) else section.end
                below = self.lines[head.end : following]
                certain = typed[number] and above and not any(map(_ALL_BOLD.fullmatch, below))
                # A label such as "Note" belongs to the member above it. A member can have that name: then
                # it has a type, and so has the one above, if there is one.
                if certain or head.name not in prose.ADMONITIONS:
                    kept.append(head)
            if layout is Layout.HEADING and not any(typed):
                # Headings without types are members where these need none, and nothing else is marked.
                implied = any(shape is not None for _, shape in announced.values())
                kept = kept if implied and not found else []
            if kept and sum(typed) > explained:
                found, explained = kept, sum(typed)
        return found

    def _bold(self, section: Section) -> Iterator[_Head]:
        for line in range(section.start, section.end):
            text = self.lines[line]
            if "**" not in text or line in self._quoted or not (match := _BOLD.fullmatch(text)):
                continue
            end = line + 1
            anchored = match["anchor"] is not None
            if not anchored and end < section.end and ANCHOR_LINE.fullmatch(self.lines[end]):
                anchored, end = True, end + 1
            group = next(name for name in ("linked", "within", "name") if match[name] is not None)
            name = _name_of(match[group])
            layout = Layout.INDENTED if text.startswith(" ") else Layout.BOLD
            if anchored:
                layout = Layout.ANCHORED
            elif not (self._begins(line) and _IDENTIFIER.fullmatch(name)):
                continue
            elif (match["target"] or match["around"] or "").startswith("#"):
                layout = Layout.LINKED
            yield _Head(layout, line, end, match.start(group), match[group], name)

    def _begins(self, line: int) -> bool:
        """Whether a line is the first of a paragraph."""
        above = self.lines[line - 1]
        return not above.strip() or ANCHOR_LINE.fullmatch(above) is not None

    def _headings(self, section: Section) -> Iterator[_Head]:
        headings = [
            block for block in self.within(section.start, section.end) if block.kind == "heading"
        ]
        level = min((heading.level for heading in headings), default=0)
        for heading in headings:
            source = ANCHOR.sub(" ", heading.text).strip()
            name = _name_of(source)
            if heading.level == level and _IDENTIFIER.fullmatch(name):
                line, column = heading.start, max(0, self.lines[heading.start].find(source))
                yield _Head(Layout.HEADING, line, heading.end, column, source, name)

    def _typed(self, heads: Sequence[_Head], end: int) -> list[bool]:
        """Find the heads that are followed by a type before the next head."""
        ends = [*(head.line for head in heads[1:]), end]
        return [any(self._types(head.end, end)) for head, end in zip(heads, ends, strict=False)]

    def _is_first(
        self, head: _Head, section: Section, announced: Mapping[int, tuple[str, Shape | None]]
    ) -> bool:
        """Whether nothing stands above a head that could be a member whose name is not recognized."""
        return not any(
            self.lines[line].strip()
            for line in range(section.start, head.line)
            if not (ANCHOR_LINE.fullmatch(self.lines[line]) or {line, line - 1} & announced.keys())
        )

    # --- what is between members ---

    def _types(self, start: int, end: int) -> Iterator[int]:
        """Yield the lines that state a type."""
        for line in range(start, end):
            if TYPE_LINE.match(self._stated[line]) and line not in self._quoted:
                yield line

    def check_types(self, start: int, end: int) -> None:
        """Record a problem for the first type that belongs to no member."""
        for line in self._types(start, end):
            text = self.lines[line].strip()
            message = f"{shown(text)} belongs to no member: no line above it is marked as a name"
            self.problem(line, 1, "SG210", f"{message}; mark it, or fetch the page again")
            return

    def _announcements(self, section: Section) -> dict[int, tuple[str, Shape | None]]:
        """Find the lines that announce members: their sentences, and the type of the members."""
        found: dict[int, tuple[str, Shape | None]] = {}
        for line in range(section.start, section.end):
            if self.lines[line].startswith(("The ", "If ")):
                text = self._announcing(line, section.end)
                for beginning, shape in ANNOUNCEMENTS:
                    if re.match(beginning, text):
                        found[line] = prose.text_of(text), shape
        return found

    def _announcing(self, start: int, end: int) -> str:
        """Return the sentence from ``start`` on, of one line or two, if it is a paragraph, or stands before
        the blank lines above a name; otherwise ""."""
        last = start + 1
        while last < min(start + 2, end) and self.lines[last].strip():
            last += 1
        if "".join(self.lines[last : last + 1]).strip() and last < end:
            return ""
        following = next(filter(str.strip, self.lines[last:end]), "")
        if self.lines[start - 1].strip() and not _BOLD.fullmatch(following):
            return ""
        return " ".join(map(str.strip, self.lines[start:last]))

    def _check_announced(
        self,
        section: Section,
        heads: Sequence[_Head],
        announced: Mapping[int, tuple[str, Shape | None]],
    ) -> None:
        """Record a problem where members are announced, but none follows; or none can be recognized."""
        begins = [head.line for head in heads]
        ends = [*list(announced)[1:], section.end]
        for (line, (sentence, _)), end in zip(announced.items(), ends, strict=False):
            if bisect_left(begins, line) == bisect_left(begins, end):
                message = f"no member follows the sentence {shown(sentence)}"
                self.problem(line, 1, "SG212", f"{message}; fetch the page again")
        if heads or announced or any(self._types(section.start, section.end)):
            return
        for block in self.within(section.start, section.end):
            if self._is_structured(block):
                message = f"no member can be recognized in the section {shown(section.name)}"
                self.problem(block.start, 1, "SG212", f"{message}; fetch the page again")
                return

    def _check_others(self, section: Section, heads: Sequence[_Head], syntax: Set[str]) -> None:
        """Record a problem for the first bold word that the syntax shows and that begins no member, because
        the names of the others are marked in another way."""
        names, lines = {head.name for head in heads}, {head.line for head in heads}
        for other in self._bold(section) if heads and syntax else ():
            if other.line in lines or other.name in names or other.name in prose.ADMONITIONS:
                continue
            if other.name in syntax:
                message = (
                    f"{shown(other.name)} is in the syntax, but is not marked as the other names"
                )
                self.problem(other.line, other.column + 1, "SG212", f"{message} are; mark it so")
                return

    def _check_marks(self, section: Section) -> None:
        """Record a problem for the first mark of a bold name whose name is on another line."""
        for line in range(section.start, section.end):
            if self.lines[line].strip() == "**" and line not in self._quoted:
                message = (
                    "the mark ** stands alone; put it on the line of the name that it belongs to"
                )
                self.problem(line, 1, "SG210", message)
                return

    def _is_structured(self, block: Block) -> bool:
        """Whether a block could be meant as a list of members."""
        if block.kind != "prose":
            return True
        return any(
            re.match(r"\s*(?:[-+*]\s|\d+[.)]\s|\*\*|</?[a-z])", line)
            for line in self.lines[block.start : block.end]
            if not ANCHOR_LINE.fullmatch(line)
        )

    # --- a member ---

    def _member(
        self, head: _Head, end: int, announced: Shape | None, syntax: Set[str]
    ) -> DocumentedMember | None:
        """Read the member from ``head`` to the line before ``end``, or record a problem.

        ``announced`` is its type if it states none.
        """
        name = self._name(head)
        if name is None or self._is_ambiguous(head, end):
            return None
        facts = Facts(name)
        numbers = self._facts_of(head.end, end)
        others: list[str] = []
        for number in numbers:
            text = self._stated[number].strip()
            key, value = split_fact(text)
            if key is None:
                others.append(prose.text_of(text))
                continue
            try:
                read_fact(key, facts, value)
            except UnreadableFact as error:
                column = self.lines[number].find(value, self.lines[number].index(":")) + 1
                self.problem(number, max(1, column), error.code, str(error))
                return None
        pieces = self._description(head.end, end, frozenset(numbers))
        shape = facts.shape or _sent(announced, facts)
        if shape is not None:
            if facts.shape is None and self._is_uncertain(head, end, syntax):
                return None
            others += [*facts.others, *settle_items(facts, shape)]
            return self._documented(head.line, facts, shape, pieces, others)
        if not (pieces and _ROOT_TAG.match(pieces[0].text)):
            message = f"the member {shown(name)} has no type; add its line 'Type: …'"
            start = len(self.lines[head.line]) - len(self.lines[head.line].lstrip())
            self.problem(head.line, start + 1, "SG203", message)
        return None

    def _is_uncertain(self, head: _Head, end: int, syntax: Set[str]) -> bool:
        """Record a problem if a member whose type is implied states one where it is not read, or is perhaps a
        label, because the syntax lacks it; return whether it is so."""
        for line in range(head.end, end):
            if line not in self._quoted and states_type(_CODE.sub("", self.lines[line])):
                message = f"the type of {shown(head.name)} must begin a line of its own"
                self.problem(line, 1, "SG204", f"{message}, as in 'Type: String'")
                return True
        if head.layout in (Layout.ANCHORED, Layout.LINKED) or not syntax:
            return False
        if head.name in syntax:
            return False
        message = f"{shown(head.name)} has no type, and the syntax on this page does not show it"
        advice = "add its line 'Type: …' if it is a member, or write it plainly if it is a label"
        self.problem(head.line, head.column + 1, "SG203", f"{message}; {advice}")
        return True

    def _description(self, start: int, end: int, facts: Set[int]) -> tuple[prose.Piece, ...]:
        """Parse the lines that are no facts: facts come last, but text behind them is not lost."""
        lines: list[str] = []
        for number in range(start, end):
            text = self.lines[number]
            if number in facts:
                lines.append("")
            elif prose.is_admonition(text):
                lines.append(text)
            elif number not in self._quoted and _RULE.fullmatch(text):
                lines.append("")
            elif not ANCHOR_LINE.fullmatch(text):
                lines.append(self._headings_at.get(number, text))
        # Mirrors break the lines of paragraphs, and put an empty line after the name.
        wrapped = bool(lines) and start not in facts and not lines[0].strip()
        return prose.from_markdown(lines, wrapped=wrapped)

    def _documented(
        self,
        line: int,
        facts: Facts,
        shape: Shape,
        pieces: Sequence[prose.Piece],
        others: Sequence[str],
    ) -> DocumentedMember:
        others = list(others)
        if facts.values and _element(shape) != STRING:
            others.append(f"Valid values: {' | '.join(value.value for value in facts.values)}")
        return DocumentedMember(
            facts.name,
            shape,
            Origin(self.path, line + 1),
            facts.required,
            "\n".join(filter(None, [prose.plain(pieces), *others])),
            _united(facts.values, pieces, facts.name, shape),
            facts.constraints,
        )

    def _is_ambiguous(self, head: _Head, end: int) -> bool:
        """Record a problem if a member has two types, and return whether it has.

        Where names have anchors, a description can state the same type for several cases.
        """
        types = list(self._types(head.end, end))
        stated = {self._stated[line].strip() for line in types}
        if len(types) < 2:
            return False
        if head.layout is Layout.ANCHORED and len(stated) == 1:
            between = self.lines[types[0] : types[-1]]
            if not any(_MAY_BE_NAME.match(line) for line in between):
                return False
        message = f"the member {shown(head.name)} has two types, the first on line {types[0] + 1}"
        self.problem(types[1], 1, "SG211", f"{message}; is there another member between them?")
        return True

    def _facts_of(self, start: int, end: int) -> list[int]:
        """Find the lines of a member that hold facts.

        They begin with the type or, without one, with the last run of other facts. A note can stand
        between them.
        """
        first = max(self._types(start, end), default=end)
        for line in reversed(range(start, end)) if first == end else ():
            if _is_certain(self._stated[line]):
                first = line
            elif self.lines[line].strip() and first < end:
                break
        facts: list[int] = []
        is_run = True
        for line in range(first, end):
            text = self._stated[line].strip()
            if FACT_LINE.match(text) and (is_run or _is_certain(text)):
                facts.append(line)
            elif text:
                is_run = False
        return facts

    def _name(self, head: _Head) -> str | None:
        """Return a member's name, or record a problem and return None if no target can hold it."""
        start = head.column
        if (wrong := characters.wrong_in_name(head.source.strip())) is not None:
            start += wrong + len(head.source) - len(head.source.lstrip())
            character = markdown.raw_lines(self.text)[head.line][start]
        elif (wrong := characters.wrong_in_name(head.name)) is not None:
            character = head.name[wrong]
        elif " " in head.name:
            character = " "
        elif head.name:
            return head.name
        else:
            self.problem(head.line, start + 1, "SG203", "a member has no name; add it")
            return None
        reason = f"the member {shown(head.name)} {characters.in_name(character)}"
        self.problem(head.line, start + 1, "SG122", reason)
        return None

    # --- tables ---

    def _table(self, start: int, end: int) -> _Table | None:
        """Find a table whose header names columns of members."""
        for block in self.within(start, end):
            if block.kind != "table":
                continue
            titles = [cell.text for cell in markdown.cells(self.lines[block.start])]
            header = [title.strip("*` ").lower() for title in titles]
            columns = {
                column: next(header.index(word) for word in words if word in header)
                for column, words in TABLE_COLUMNS.items()
                if not set(words).isdisjoint(header)
            }
            if "name" in columns and "type" in columns:
                return _Table(titles, columns, block)
        return None

    def check_unread(self, section: Section) -> None:
        """Record a problem for what looks like members in a section that has none: types, a table or, if it
        is called after requests or responses, names."""
        table = self._table(section.start, section.end)
        lines = [table.block.start] if table else []
        if section.title.startswith(_MESSAGES):
            lines += [head.line for head in self._bold(section)]
        if lines:
            message = f"members in the section {shown(section.name)} are not read"
            advice = "move them below Contents, Request Parameters or Response Elements"
            self.problem(lines[0], 1, "SG210", f"{message}; {advice}")
        else:
            self.check_types(section.start, section.end)

    def _rows(self, table: _Table, end: int) -> Iterator[DocumentedMember]:
        """Read the rows of a table, and what belongs to them up to the line ``end``."""
        for found in rows(self.lines, table.block, end, table.titles, ()):
            if isinstance(found, Row):
                yield from self._row(table, found)
            else:
                message = (
                    "this line belongs to no row of the table of members; begin each row and end"
                )
                reason = " it with a pipe, or put the text above the table"
                self.problem(found.line, 1, "SG123", message + reason)

    def _row(self, table: _Table, found: Row) -> Iterator[DocumentedMember]:
        line, cells = found.line, markdown.cells(found.text)
        missing = Cell("", cells[-1].end + 1 if cells else 1, 0, 0)
        texts = {
            column: cells[index] if index < len(cells) else missing
            for column, index in table.columns.items()
        }
        source = texts["name"].text.strip("*` ")
        column = texts["name"].column - 1
        head = _Head(Layout.HEADING, line, line + 1, column, source, _name_of(source))
        name = self._name(head)
        if name is None:
            return
        facts = Facts(name)
        if not texts["type"].text:
            message = f"the member {shown(name)} has no type; add it to its row"
            self.problem(line, texts["type"].column, "SG203", message)
            return
        stated = [("type", texts["type"])]
        if required := texts.get("required"):
            stated.append(("required", required))
        try:
            for key, cell in stated:
                column = cell.column
                read_fact(key, facts, cell.text.strip("`"))
        except UnreadableFact as error:
            self.problem(line, column, error.code, str(error))
        # Surplus cells are parts of a description with a pipe in it, if that is the last.
        last = len(table.titles) - 1
        if len(cells) > last + 1 and table.columns.get("description") != last:
            message = (
                f"the row has more cells than the header of its table, {len(cells)} of {last + 1}"
            )
            self.problem(
                line, cells[last + 1].column, "SG123", f"{message}; write pipes in cells as \\|"
            )
            return
        described = texts.get("description", missing).text
        if len(cells) > last + 1:
            described = markdown.join(found.text, cells[last:])
        others = [
            f"{prose.text_of(title)}: {prose.text_of(cells[index].text)}"
            for index, title in enumerate(table.titles[: len(cells)])
            if index not in table.columns.values() and cells[index].text
        ]
        if facts.shape is not None:
            yield self._documented(line, facts, facts.shape, prose.from_html(described), others)


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of members: the titles of its columns, and which cell holds what."""

    titles: Sequence[str]
    columns: Mapping[str, int]
    block: Block


def _is_certain(line: str) -> bool:
    """Whether a line that does not follow a type is a fact: a sentence can begin with "Valid values:"."""
    return FACT_LINE.match(line) is not None and line.partition(":")[0].strip().istitle()


def _sent(carried: Shape | None, facts: Facts) -> Shape | None:
    """Return the type of a member that states none: ``carried``, a number if it has a range, or a list if
    it has items."""
    if carried == STRING and facts.lists:
        return ListOf(STRING)
    limits = (facts.constraints.minimum, facts.constraints.maximum)
    if carried != STRING or limits == (None, None):
        return carried
    return Scalar(
        "int64" if all(limit is None or limit == int(limit) for limit in limits) else "float64"
    )


def _element(shape: Shape) -> Shape:
    """Return the shape of the elements, however deeply lists are nested."""
    return _element(shape.element) if isinstance(shape, ListOf) else shape


def _bare(value: str) -> str:
    """Return a value without its case and the marks between its words."""
    return re.sub("[_ -]", "", value).lower()


def _united(
    valid: Sequence[DocumentedValue], pieces: Sequence[prose.Piece], name: str, shape: Shape
) -> tuple[DocumentedValue, ...]:
    """Combine the values of the ``Valid Values`` line with those that the prose documents.

    The prose supplies descriptions. Values that only the prose has are added to a string's; a list
    keeps those of the line alone.
    """
    if _element(shape) != STRING:
        return ()
    known = [value.value for value in valid]
    # Some descriptions write the values in another way: "CreatePending" for CREATE_PENDING.
    spelling = {_bare(value): value for value in known}
    documented = {
        value.value
        if value.value in known
        else spelling.get(_bare(value.value), value.value): value
        for value in values.read(pieces, name, known)
    }
    if shape != STRING:
        documented = {name: value for name, value in documented.items() if name in known}
    united = {
        value.value: replace(
            documented.get(value.value, value), value=value.value, wording=value.wording
        )
        for value in valid
    }
    return tuple({**documented, **united}[name] for name in dict.fromkeys([*united, *documented]))
