"""Parse pages of all kinds into `Pages`, and report all their problems together.

`parse_source` parses one page independently of all others, so that pages can be parsed in several
processes. `problems` also compares pages with each other, and `collect` puts them together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from schemagen.diagnostics import Problem, during
from schemagen.model.origin import Origin
from schemagen.model.pages import Operation, Pages, Structure, Table
from schemagen.pages import aws_api, ddsql
from schemagen.pages.sources import Kind, Source, kind_of


@dataclass(frozen=True, slots=True)
class ParsedPage:
    """The result of parsing one page: at most one of the four, and the page's problems.

    If there are problems, it holds what could be read. Data types are spelled as on the page; `typed_pages`
    resolves them.
    """

    table: Table | None = None
    structure: Structure | None = None
    operation: Operation | None = None
    index: Origin | None = None
    problems: tuple[Problem, ...] = field(default=())


def _parse_ddsql(text: str, path: str) -> ParsedPage:
    table, problems = ddsql.parse(text, path)
    return ParsedPage(table=table, problems=problems)


def _parse_api(text: str, path: str) -> ParsedPage:
    page, problems = aws_api.parse(text, path)
    return ParsedPage(
        structure=page if isinstance(page, Structure) else None,
        operation=page if isinstance(page, Operation) else None,
        index=page if isinstance(page, Origin) else None,
        problems=problems,
    )


_PARSE: Mapping[Kind, Callable[[str, str], ParsedPage]] = {
    Kind.DATASET: _parse_ddsql,
    Kind.API: _parse_api,
}


def parse_source(source: Source) -> ParsedPage:
    """Parse one page. Errors are among its problems; nothing is raised."""
    kind = kind_of(source.path)
    if kind is None:
        patterns = " or ".join(kind.pattern for kind in Kind)
        folders = " or ".join(kind.folder for kind in Kind)
        message = (
            f"unknown kind of page: name it {patterns}, or move it into a folder named {folders},"
            " or out of the folder of the pages"
        )
        return ParsedPage(problems=(Problem(source.path, 1, 1, "SG104", message),))
    try:
        text = source.data.decode()
    except UnicodeDecodeError as error:
        return ParsedPage(problems=(_not_utf8(source, error),))
    with during(f"reading {source.path}"):
        return _PARSE[kind](text.removeprefix("\ufeff"), source.path)


def _not_utf8(source: Source, error: UnicodeDecodeError) -> Problem:
    before = source.data[: error.start].decode().replace("\r\n", "\n").replace("\r", "\n")
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    byte = f"byte 0x{source.data[error.start]:02x}: {error.reason}"
    message = f"the page is not UTF-8 ({byte}); convert it, or fetch it again"
    return Problem(source.path, line, column, "SG102", message)


def problems(parsed: Iterable[ParsedPage]) -> list[Problem]:
    """Return the problems of all pages, and those of two pages that describe the same thing."""
    pages = list(parsed)
    tables = [page.table for page in pages if page.table and page.table.id]
    described = [item for page in pages for item in (page.structure, page.operation) if item]
    return [
        *(problem for page in pages for problem in page.problems),
        *_duplicates(
            "SG113",
            "delete one of the pages, or correct its id",
            {table.origin: f"the table {table.id!r}" for table in tables},
        ),
        *_duplicates(
            "SG206",
            "delete one of the pages",
            {item.origin: f"{item.name!r} of {item.service!r}" for item in described},
        ),
    ]


def collect(parsed: Iterable[ParsedPage]) -> Pages:
    """Put pages together, sorted. They must have no `problems`."""
    pages = list(parsed)
    return Pages(
        tables=tuple(
            sorted((page.table for page in pages if page.table), key=lambda table: table.id)
        ),
        structures=tuple(
            sorted((page.structure for page in pages if page.structure), key=_service_and_name)
        ),
        operations=tuple(
            sorted((page.operation for page in pages if page.operation), key=_service_and_name)
        ),
        indexes=tuple(sorted(page.index for page in pages if page.index)),
    )


def _service_and_name(item: Structure | Operation) -> tuple[str, str]:
    return item.service, item.name


def _duplicates(code: str, remedy: str, described: Mapping[Origin, str]) -> list[Problem]:
    """Report each page that describes the same as an earlier one; ``described`` maps pages to names."""
    first: dict[str, Origin] = {}
    problems: list[Problem] = []
    for origin, what in sorted(described.items()):
        if other := first.get(what):
            message = f"{what} is also described in {other.path}:{other.line}; {remedy}"
            problems.append(Problem(origin.path, origin.line, 1, code, message))
        else:
            first[what] = origin
    return problems
