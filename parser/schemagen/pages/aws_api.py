"""Parse an AWS API reference page into a `Structure` or an `Operation`.

The format is that of the Markdown sources of AWS's own documentation (github.com/awsdocs). Members are
listed in sections, each with a bold name, an anchor, prose, and finally a block of lines such as
``Type: String`` and ``Required: Yes``. Pages that only list other pages are indexes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from schemagen.diagnostics import Problem, shown
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
from schemagen.pages import characters, markdown, prose, values
from schemagen.typetable import API_SCALARS

FOLDER = "aws_api"

CONTENTS = ("contents",)
REQUEST = ("request parameters", "uri request parameters", "request body")
RESPONSE = ("response elements",)
OPERATION = (*REQUEST, *RESPONSE, "request syntax", "response syntax")
"""Section titles: those of the sections with members, and those that only operations have."""

Page = Structure | Operation | Origin
"""What a page describes; an `Origin` for an index page."""


def parse(text: str, path: str) -> tuple[Page | None, tuple[Problem, ...]]:
    """Parse a page; return what it describes, and all problems of the page, sorted.

    If there are problems, the first value holds what could be read, or is None.
    """
    page = _Page(path, text, markdown.lines_of(text))
    described = page.read()
    return described, tuple(sorted(page.problems))


# --- the page -------------------------------------------------------------------------------------

_ANCHOR = re.compile(r"<a name=\"(?P<anchor>[^\"]*)\"\s*+>\s*+</a>")
_MEMBER = re.compile(
    r"\s{0,3}+\*\*\s*+(?:\[(?P<linked>[^\[\]]++)\]\([^()\s]*+\)\s*+|(?P<name>[^*\[\]]++))\*\*\s*+"
    rf"(?:{_ANCHOR.pattern})?\s*+"
)
# Files are named after services and structures, of which snake_case doubles the length at most.
_SERVICE = re.compile(r"[a-z0-9][a-z0-9-]{0,119}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,119}")
_INDEX_NAME = re.compile(r"API_(?:Operations|Types|Reference)(?:_.*)?")
_LIST_ITEM = re.compile(r"\s*+[-+*]\s++(.*)")
_PAGE_LINK = re.compile(r"\[[^\[\]]+\]\(API_[\w.-]+\)")


@dataclass(frozen=True, slots=True)
class _Section:
    title: str
    start: int
    end: int


@dataclass(slots=True)
class _Page:
    path: str
    text: str
    lines: list[str]
    problems: list[Problem] = field(default_factory=list[Problem])

    def problem(self, line: int, column: int, code: str, message: str) -> None:
        """Record a problem. ``line`` counts from 0, ``column`` from 1."""
        self.problems.append(Problem(self.path, line + 1, column, code, message))

    def read(self) -> Page | None:
        headings = [block for block in markdown.blocks(self.lines) if block.kind == "heading"]
        title = next((heading for heading in headings if heading.level == 1), None)
        name, anchor = _split_anchor(title.text) if title else ("", "")
        if title is None or not name:
            message = "the page has no title; it must be the name of a structure or operation"
            self.problem(0, 1, "SG201", message)
            return None
        origin = Origin(self.path, title.start + 1)
        inner = [heading for heading in headings if heading.level == 2]
        ends = [*(heading.start for heading in inner[1:]), len(self.lines)]
        sections = [
            _Section(_split_anchor(heading.text)[0].lower(), heading.end, end)
            for heading, end in zip(inner, ends, strict=False)
        ]
        titles = {section.title for section in sections}
        body_end = inner[0].start if inner else len(self.lines)
        body = self.lines[title.end : body_end]
        if not titles & {*CONTENTS, *OPERATION}:
            if not inner and self._is_index(anchor, body):
                return origin
            self.problem(
                title.start,
                1,
                "SG202",
                "the page has no section Contents, Request Parameters or Response Elements;"
                " fetch it again, or move it out of the folder of the pages",
            )
            return None
        if not _NAME.fullmatch(name):
            self.problem(
                title.start,
                3,
                "SG201",
                f"the title {shown(name)} is not the name of a structure or operation;"
                " correct it, or move the page out of the folder of the pages",
            )
            return None
        service = self._service(name, anchor, title.start)
        description = prose.plain(prose.from_markdown(body, wrapped=False))
        if titles & {*CONTENTS}:
            members = self._members(sections, CONTENTS)
            return Structure(service, name, members, origin, description, _usages(body))
        request = self._members(sections, REQUEST)
        response = self._members(sections, RESPONSE)
        return Operation(service, name, request, response, origin, description)

    def _is_index(self, anchor: str, body: Sequence[str]) -> bool:
        """Whether a page without sections is named like an index, or only lists pages."""
        if any(_INDEX_NAME.fullmatch(name) for name in (anchor, PurePosixPath(self.path).stem)):
            return True
        items = [item[1] for line in body if (item := _LIST_ITEM.fullmatch(line))]
        return bool(items) and all(_PAGE_LINK.fullmatch(item.rstrip()) for item in items)

    def _service(self, name: str, anchor: str, line: int) -> str:
        """Find the service: the folder below ``aws_api``, or the first word of the members' anchors.

        A page API_runtime_InvokeEndpoint belongs to the service's runtime, which is a service of
        its own (sagemaker-runtime), with structures of its own.
        """
        folders = PurePosixPath(self.path).parts[:-1]
        service = ""
        if FOLDER in folders[:-1]:
            service = folders[folders.index(FOLDER) + 1].lower()
        else:
            for text in self.lines:
                found = _ANCHOR.search(text)
                if found and re.fullmatch(r"\w+-\w+-.+", found["anchor"]):
                    service = found["anchor"].partition("-")[0].lower()
                    break
        if not service:
            self.problem(
                line,
                1,
                "SG208",
                f"the page does not name its service; move it to {FOLDER}/SERVICE/",
            )
            return ""
        if part := re.fullmatch(rf"API_(\w+)_{re.escape(name)}", anchor):
            service = f"{service}-{part[1].replace('_', '-').lower()}"
        if not _SERVICE.fullmatch(service):
            self.problem(
                line,
                1,
                "SG208",
                f"{shown(service)} is not a valid service name (lower-case letters, digits and"
                " hyphens); rename the folder of the page",
            )
        return service

    # --- members ---

    def _members(
        self, sections: Sequence[_Section], titles: Sequence[str]
    ) -> tuple[DocumentedMember, ...]:
        members: dict[str, DocumentedMember] = {}
        for section in sections:
            if section.title not in titles:
                continue
            for member in self._section_members(section):
                if first := members.get(member.name):
                    self.problem(
                        member.origin.line - 1,
                        self.lines[member.origin.line - 1].index("*") + 1,
                        "SG205",
                        f"the member {shown(member.name)} appears twice,"
                        f" first on line {first.origin.line}; delete one of them",
                    )
                else:
                    members[member.name] = member
        return tuple(members.values())

    def _section_members(self, section: _Section) -> Iterator[DocumentedMember]:
        # A bold line is a member if it has an anchor or a type; otherwise it is "**Note**".
        typed = self._typed(section)
        heads = [
            (line, match)
            for line in range(section.start, section.end)
            if (match := _MEMBER.fullmatch(self.lines[line]))
            and (match["anchor"] is not None or line in typed)
        ]
        default: Shape | None = None
        start = section.start
        for number, (line, match) in enumerate(heads):
            default = _carried(self.lines[start:line], default)
            end = heads[number + 1][0] if number + 1 < len(heads) else section.end
            start = line + 1
            name = self._name(line, match)
            member = self._member(line, end, name, default) if name is not None else None
            if member is not None:
                yield member

    def _name(self, line: int, match: re.Match[str]) -> str | None:
        """Return a member's name, or record a problem and return None if no target can hold it."""
        source = "linked" if match["linked"] is not None else "name"
        start = match.start(source)
        name = prose.text_of(match[source])
        if (wrong := characters.wrong_in_name(match[source].strip())) is not None:
            start += wrong + len(match[source]) - len(match[source].lstrip())
            character = markdown.raw_lines(self.text)[line][start]
        elif (wrong := characters.wrong_in_name(name)) is not None:
            character = name[wrong]
        elif name:
            return name
        else:
            self.problem(line, start + 1, "SG203", "a member has no name; add it")
            return None
        reason = f"the member {shown(name)} {characters.in_name(character)}"
        self.problem(line, start + 1, "SG122", reason)
        return None

    def _typed(self, section: _Section) -> set[int]:
        """Find the lines of a section that are followed by a type before the next blank line."""
        typed: set[int] = set()
        follows = False
        for line in reversed(range(section.start, section.end)):
            if follows:
                typed.add(line)
            text = self.lines[line]
            follows = bool(_TYPE_LINE.match(text)) or (follows and bool(text.strip()))
        return typed

    def _member(
        self, line: int, end: int, name: str, default: Shape | None
    ) -> DocumentedMember | None:
        start, stop = self._facts(line + 1, end)
        facts = _Facts(name)
        left: list[str] = []
        for number in range(start, stop):
            text = self.lines[number].strip()
            key, _, value = text.partition(":")
            read = FACTS.get(key)
            if read is None:
                left.append(text)
                continue
            try:
                read(facts, value.strip())
            except _Unreadable as error:
                column = self.lines[number].find(value.strip(), len(key)) + 1
                self.problem(number, max(1, column), error.code, str(error))
                return None
        shape = facts.shape or default
        if shape is None:
            self.problem(
                line,
                self.lines[line].index("*") + 1,
                "SG203",
                f"the member {shown(name)} has no type; add its line 'Type: …'",
            )
            return None
        if facts.values and _element(shape) != Scalar("string"):
            left.append(f"Valid values: {' | '.join(value.value for value in facts.values)}")
        pieces = prose.from_markdown(self.lines[line + 1 : start], wrapped=False)
        description = [prose.plain(pieces), *(prose.text_of(text) for text in left)]
        return DocumentedMember(
            name,
            shape,
            Origin(self.path, line + 1),
            facts.required,
            "\n".join(filter(None, description)),
            _united(facts.values, pieces, name, shape),
            facts.constraints,
        )

    def _facts(self, start: int, end: int) -> tuple[int, int]:
        """Find the lines of a member that hold facts, as a half-open range of line numbers.

        They are the last block that begins with a type or, if there is none, with another fact, up
        to the next blank line.
        """
        for begins in (_TYPE_LINE, _FACT_LINE):
            found = [line for line in range(start, end) if begins.match(self.lines[line])]
            if not found:
                continue
            first = found[-1]
            while (
                begins is _FACT_LINE and first - 1 >= start and begins.match(self.lines[first - 1])
            ):
                first -= 1
            stop = first
            while stop < end and self.lines[stop].strip():
                stop += 1
            return first, stop
        stop = start
        while stop < end and self.lines[stop].strip():
            stop += 1
        return stop, stop


def _split_anchor(heading: str) -> tuple[str, str]:
    """Split a heading into its text and its anchor, which is "" if there is none."""
    anchor = _ANCHOR.search(heading)
    return prose.text_of(_ANCHOR.sub(" ", heading)), anchor["anchor"] if anchor else ""


# Members that are sent in the URI, in a header or as the body have no type line.
_IN_URI_OR_HEADER = re.compile(r"\b(?:URI parameters|HTTP headers)\b")
_IN_BODY = re.compile(r"\bHTTP body\b|\bbinary data\b")
_IN_DOCUMENT = re.compile(r"\bdata (?:is returned )?in (?:JSON|XML) format\b")


def _carried(lines: Sequence[str], current: Shape | None) -> Shape | None:
    """Infer the type of the members that follow from prose about how they are sent.

    ``current`` is the type that earlier prose has led to. None means that members need a type line.
    """
    for before, line, after in zip(["", *lines], lines, [*lines[1:], ""], strict=False):
        if before.strip() or after.strip() or not line.startswith("The "):
            continue
        if _IN_URI_OR_HEADER.search(line):
            current = Scalar("string")
        elif _IN_BODY.search(line):
            current = Scalar("binary")
        elif _IN_DOCUMENT.search(line):
            current = None
    return current


def _element(shape: Shape) -> Shape:
    """Return the shape of the elements, however deeply lists are nested."""
    return _element(shape.element) if isinstance(shape, ListOf) else shape


def _united(
    valid: Sequence[DocumentedValue], pieces: Sequence[prose.Piece], name: str, shape: Shape
) -> tuple[DocumentedValue, ...]:
    """Combine the values of the ``Valid Values`` line with those that the prose documents.

    The prose supplies descriptions. Values that only the prose has are added to a string's; a list
    keeps those of the line alone.
    """
    if _element(shape) != Scalar("string"):
        return ()
    known = [value.value for value in valid]
    documented = {value.value: value for value in values.read(pieces, name, known)}
    if shape != Scalar("string"):
        documented = {name: value for name, value in documented.items() if name in known}
    united = {
        value.value: replace(documented.get(value.value, value), wording=value.wording)
        for value in valid
    }
    return tuple({**documented, **united}[name] for name in dict.fromkeys([*united, *documented]))


_USAGE = re.compile(
    r"\s*(?:An?|The)\s+(?P<what>(?:array|list) element|element|value)\s+of\s+"
    r"\[(?P<operation>\w+):(?P<member>\w+)\]\((?P<target>[^()\s]*)\)"
)


def _usages(lines: Sequence[str]) -> tuple[Usage, ...]:
    """Find where responses use the structure.

    Pages say so in sentences such as "An array element of
    [DescribeTrainingJob:SecondaryStatusTransitions](…)" at the beginning of a line.
    """
    found = [match for line in lines if (match := _USAGE.match(line))]
    return tuple(
        Usage(match["operation"], match["member"], match["what"] != "value")
        for match in found
        if "-request-" not in match["target"]
    )


# --- facts ----------------------------------------------------------------------------------------


class _Unreadable(ValueError):
    """Raised for a fact that is not in a known form."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(slots=True)
class _Facts:
    """The facts about a member: type, whether it is required, values and constraints."""

    name: str
    shape: Shape | None = None
    required: bool | None = None
    values: tuple[DocumentedValue, ...] = ()
    constraints: Constraints = field(default_factory=Constraints)


def _read_type(facts: _Facts, text: str) -> None:
    shape = read_shape(prose.unescaped(text))
    if shape is None:
        raise _Unreadable(
            "SG204",
            f"the type of {shown(facts.name)} is {shown(text)}; expected one such as 'String',"
            " 'Array of strings', or a link to the page of a structure and 'object'",
        )
    facts.shape = shape


def _read_required(facts: _Facts, text: str) -> None:
    if text not in ("Yes", "No"):
        raise _Unreadable("SG207", f"Required must be Yes or No, not {shown(text)}")
    facts.required = text == "Yes"


def _read_values(facts: _Facts, text: str) -> None:
    words = [word.strip() for word in (_code(text) or "").split("|")]
    if not all(words):
        raise _Unreadable(
            "SG207", f"Valid Values must be like '` A | B `', in backticks, not {shown(text)}"
        )
    listed = " | ".join(words)
    facts.values = tuple(
        DocumentedValue(word, wording=f"Valid Values: {listed}") for word in dict.fromkeys(words)
    )


def _read_pattern(facts: _Facts, text: str) -> None:
    code = _code(text)
    if code is None:
        raise _Unreadable("SG207", f"Pattern must be in backticks, not {shown(text)}")
    facts.constraints = replace(facts.constraints, pattern=code)


def _read_length(facts: _Facts, text: str) -> None:
    low, high = _range(text, "length")
    facts.constraints = replace(facts.constraints, min_length=_whole(low), max_length=_whole(high))


def _read_items(facts: _Facts, text: str) -> None:
    low, high = _range(text, "number")
    facts.constraints = replace(facts.constraints, min_items=_whole(low), max_items=_whole(high))


def _read_range(facts: _Facts, text: str) -> None:
    low, high = _range(text, "value")
    facts.constraints = replace(facts.constraints, minimum=low, maximum=high)


FACTS: dict[str, Callable[[_Facts, str], None]] = {
    "Type": _read_type,
    "Required": _read_required,
    "Valid Values": _read_values,
    "Pattern": _read_pattern,
    "Length Constraints": _read_length,
    "Array Members": _read_items,
    "Map Entries": _read_items,
    "Valid Range": _read_range,
}
"""The facts that the model holds, by key. Other lines (``Key Pattern:``) stay in the description."""

_TYPE_LINE = re.compile(r"\s*Type:\s")
_FACT_LINE = re.compile(rf"\s*(?:(?:Key|Value) )?(?:{'|'.join(FACTS)}):")
_NUMBER = r"(-?[0-9]{1,20}(?:\.[0-9]{1,20})?)"


def _code(text: str) -> str | None:
    """Return the content of a line that is a single code span, otherwise None."""
    is_code = len(text) > 1 and text.startswith("`") and text.endswith("`")
    return text.strip("`").strip() if is_code else None


def _range(text: str, noun: str) -> tuple[float | None, float | None]:
    """Parse ``Minimum length of 1. Maximum length of 63.`` to (1, 63); either may be missing."""
    bare = prose.unescaped(text)
    fixed = re.fullmatch(rf"Fixed {noun} of {_NUMBER}(?: items?)?\.?", bare)
    if fixed:
        return _number(fixed[1]), _number(fixed[1])
    match = re.fullmatch(
        rf"(?:Minimum {noun} of {_NUMBER}(?: items?)?\.?)?\s*"
        rf"(?:Maximum {noun} of {_NUMBER}(?: items?)?\.?)?",
        bare,
    )
    if match is None or not bare:
        raise _Unreadable(
            "SG207",
            f"expected 'Minimum {noun} of N.', 'Maximum {noun} of N.' or 'Fixed {noun} of N.',"
            f" found {shown(text)}",
        )
    low, high = (None if number is None else _number(number) for number in match.groups())
    return low, high


def _number(text: str) -> float:
    """Parse a number, to an int if it has no fraction: a float would round 2**63 - 1."""
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


# --- types ----------------------------------------------------------------------------------------

MAX_NESTING = 8
"""How deep lists and maps may nest."""

_LIST = re.compile(r"arrays? of (?P<element>.+)", re.IGNORECASE)
_MAP = re.compile(r"string to (?P<value>.+) maps?", re.IGNORECASE)
_STRUCTURE = re.compile(r"\[(?P<name>[A-Za-z_][A-Za-z0-9_]*)\]\([^()\s]*\) objects?")
_SCALARS = {word.lower(): name for word, name in API_SCALARS.items()}


def read_shape(text: str, depth: int = 0) -> Shape | None:
    """Parse a type: ``Array of [Channel](API_Channel.md) objects`` -> ListOf(StructureRef("Channel")).

    Returns None if the text is in no known form, or nests deeper than `MAX_NESTING`.
    """
    if depth == MAX_NESTING:
        return None
    if match := _STRUCTURE.fullmatch(text):
        return StructureRef(match["name"])
    if match := _MAP.fullmatch(text):
        value = read_shape(match["value"], depth + 1)
        return value and MapOf(value)
    if match := _LIST.fullmatch(text):
        element = read_shape(match["element"], depth + 1)
        return element and ListOf(element)
    word = text.lower()
    name = _SCALARS.get(word) or _SCALARS.get(word.removesuffix("s"))
    return Scalar(name) if name else None
