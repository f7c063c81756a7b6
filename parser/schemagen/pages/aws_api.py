"""Parse an AWS API reference page into a `Structure` or an `Operation`.

The format is that of AWS's own documentation: the Markdown sources of github.com/awsdocs, the pages that
docs.aws.amazon.com serves as Markdown, and mirrors of these. A page has a title, a description, and
sections whose members `api_members` reads. Pages that only list other pages are indexes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from schemagen.diagnostics import Problem, shown
from schemagen.model.origin import Origin
from schemagen.model.pages import DocumentedMember, Operation, Structure, Usage
from schemagen.pages import api_syntax, front_matter, markdown, prose
from schemagen.pages.api_members import ANCHOR, ANCHOR_LINE, MemberReader, Section
from schemagen.pages.markdown import Block

FOLDER = "aws_api"

CONTENTS = ("contents",)
REQUEST = ("request parameters", "uri request parameters", "request body")
RESPONSE = ("response elements",)
REQUEST_SYNTAX, RESPONSE_SYNTAX = "request syntax", "response syntax"
OPERATION = (*REQUEST, *RESPONSE, REQUEST_SYNTAX, RESPONSE_SYNTAX)
DESCRIPTION = "description"
OTHER = ("errors", "example", "examples", "sample request", "sample response", "see also")
"""Section titles: those of the sections with members, those that only operations have, and those of
sections that say nothing about members."""

Page = Structure | Operation | Origin
"""What a page describes; an `Origin` for an index page."""


def parse(text: str, path: str) -> tuple[Page | None, tuple[Problem, ...]]:
    """Parse a page; return what it describes, and all problems of the page, sorted.

    If there are problems, the first value holds what could be read, or is None.
    """
    text = _SPLIT_BOLD.sub(r"\n\1**\2**\1", text)
    text = _DEFINITION.sub(r"\1 ", text)
    text = _SPLIT_ANCHOR.sub(r"<a \2\1", text)
    page = _Page(path, text, markdown.lines_of(text))
    described = page.read()
    return described, tuple(sorted(page.problems))


# --- the page -------------------------------------------------------------------------------------

# Files are named after services and structures, of which snake_case doubles the length at most.
_SERVICE = re.compile(r"[a-z0-9][a-z0-9-]{0,119}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,119}")
# Pages about what all operations of a service share describe no structure either.
_INDEX_NAME = re.compile(
    r"API[_-](?:Operations|Types|Reference)(?:[_-].*)?|Common(?:Errors|Parameters)|Welcome",
    re.IGNORECASE,
)
_LIST_ITEM = re.compile(r"\s*+[-+*]\s++(.*)")
_PAGE_LINK = re.compile(
    r"\[[^\[\]]+\]\((?:[^()\s]*/)?API[_-][\w.-]+(?:\s+\"[^\"]*\")?\)", re.IGNORECASE
)
# Some mirrors break the lines within bold names.
_SPLIT_BOLD = re.compile(r"\n\*\*[ \t]*(\r?\n)([^*\n\r]+)\r?\n\*\*[ \t]*(?=\r?\n)")
# Others make what is below a name its definition: https://pandoc.org/MANUAL.html#definition-lists
_DEFINITION = re.compile(r"(\n(?:\*\*|\[\*\*|#)[^\n]*\n(?:[ \t]*\r?\n)?):(?=[ \t]+\S)")
# Some break lines within anchors.
_SPLIT_ANCHOR = re.compile(r"<a[ \t]*(\r?\n)[ \t]*((?:name|id)=\"[^\"\n]*\"[ \t]*>[ \t]*</a>)")
_SOURCE = re.compile(r"# Source:\s*\S+\s*")


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
        head = front_matter.read(self.lines, self._start(), self.path)
        self.problems.extend(head.problems)
        blocks = list(markdown.blocks(self.lines, head.end))
        headings = [block for block in blocks if block.kind == "heading"]
        sections = self._sections(headings)
        first = sections[0].heading.start if sections else len(self.lines)
        # Some mirrors put a title of their own above the page's.
        titles = [block for block in headings if block.level == 1]
        title = next((block for block in reversed(titles) if block.start < first), None)
        name, anchor = self._name(title) if title else ("", "")
        if title is None or not name:
            message = "the page has no title; it must be the name of a structure or operation"
            self.problem(0, 1, "SG201", message)
            return None
        origin = Origin(self.path, title.start + 1)
        found = {section.title for section in sections}
        if not found & {*CONTENTS, *OPERATION}:
            if self._is_index(anchor, title.end):
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
        body = self._body(title, first, sections)
        # Without anchors, it is a mirror, which breaks the lines of paragraphs.
        description = prose.plain(prose.from_markdown(body, wrapped=not anchor))
        reader = MemberReader(self.path, self.text, self.lines, blocks, self.problem)
        for section in sections:
            if section.title not in (*CONTENTS, *OPERATION, *OTHER):
                reader.check_unread(section)
        if found & {*CONTENTS}:
            members = self._members(reader, sections, CONTENTS)
            return Structure(service, name, members, origin, description, _usages(body))
        syntaxes: dict[str, list[Block]] = {REQUEST_SYNTAX: [], RESPONSE_SYNTAX: []}
        for section in sections:
            if section.title in syntaxes:
                found_here = reader.within(section.start, section.end)
                syntaxes[section.title] += [block for block in found_here if block.kind == "fence"]
        request = self._members(reader, sections, REQUEST, syntaxes[REQUEST_SYNTAX])
        response = self._members(reader, sections, RESPONSE, syntaxes[RESPONSE_SYNTAX])
        return Operation(service, name, request, response, origin, description)

    def _start(self) -> int:
        """Return the number of the first line after the ``# Source:`` lines that a fetch wrote."""
        for line, text in enumerate(self.lines):
            if text.strip() and not _SOURCE.fullmatch(text):
                return line
        return len(self.lines)

    def _sections(self, headings: Sequence[Block]) -> list[Section]:
        """Split the page at its highest headings below the title."""
        level = min((heading.level for heading in headings if heading.level > 1), default=0)
        inner = [heading for heading in headings if heading.level == level]
        ends = [*(heading.start for heading in inner[1:]), len(self.lines)]
        return [
            Section(_split_anchor(heading.text)[0], heading, heading.end, end)
            for heading, end in zip(inner, ends, strict=False)
        ]

    def _name(self, title: Block) -> tuple[str, str]:
        """Return the text of the title and its anchor, which stands in the same line or the next."""
        name, anchor = _split_anchor(title.text)
        if not anchor and title.end < len(self.lines):
            below = ANCHOR_LINE.fullmatch(self.lines[title.end])
            anchor = below["anchor"] if below else ""
        return name, anchor

    def _body(self, title: Block, first: int, sections: Sequence[Section]) -> list[str]:
        """Return the lines of the description, which has a section of its own on some pages."""
        parts = [(title.end, first)]
        parts += [(part.start, part.end) for part in sections if part.title == DESCRIPTION]
        lines = [text for start, end in parts for text in self.lines[start:end]]
        return [text for text in lines if not ANCHOR_LINE.fullmatch(text)]

    def _is_index(self, anchor: str, start: int) -> bool:
        """Whether a page without members is named like an index, or only lists pages."""
        if any(_INDEX_NAME.fullmatch(name) for name in (anchor, PurePosixPath(self.path).stem)):
            return True
        items = [item[1] for line in self.lines[start:] if (item := _LIST_ITEM.fullmatch(line))]
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
                found = ANCHOR.search(text)
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
        full = anchor or PurePosixPath(self.path).stem
        part = full.removeprefix("API_").removesuffix(f"_{name}")
        if full == f"API_{part}_{name}" and re.fullmatch(r"[\w-]+", part):
            part = part.replace("_", "-").lower()
            service = service if part == service else f"{service}-{part}"
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

    def _check_syntax(self, block: Block, names: Iterable[str]) -> None:
        """Record a problem for the first member that a syntax shows and ``names`` lack."""
        found = {name.lower() for name in names}
        for name in api_syntax.members(api_syntax.plain(block.text)):
            if name.lower() not in found:
                shows = (n for n in range(block.start, block.end) if name in self.lines[n])
                message = (
                    f"the syntax has {shown(name)}, but no member of that name can be recognized"
                )
                self.problem(next(shows), 1, "SG212", f"{message} below; fetch the page again")
                return

    def _members(
        self,
        reader: MemberReader,
        sections: Sequence[Section],
        titles: Sequence[str],
        syntaxes: Sequence[Block] = (),
    ) -> tuple[DocumentedMember, ...]:
        members: dict[str, DocumentedMember] = {}
        syntax = frozenset[str]().union(
            *(api_syntax.names(api_syntax.plain(block.text)) for block in syntaxes)
        )
        for section in sections:
            if section.title not in titles:
                continue
            for member in reader.members(section, syntax):
                if first := members.get(member.name):
                    text = self.lines[member.origin.line - 1]
                    self.problem(
                        member.origin.line - 1,
                        len(text) - len(text.lstrip()) + 1,
                        "SG205",
                        f"the member {shown(member.name)} appears twice,"
                        f" first on line {first.origin.line}; delete one of them",
                    )
                else:
                    members[member.name] = member
        for block in () if self.problems else syntaxes:
            self._check_syntax(block, members)
        return tuple(members.values())


def _split_anchor(heading: str) -> tuple[str, str]:
    """Split a heading into its text and its anchor, which is "" if there is none."""
    anchor = ANCHOR.search(heading)
    return prose.text_of(ANCHOR.sub(" ", heading)), anchor["anchor"] if anchor else ""


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
