"""What can be wrong with an input, said in one way: ``path:line:column: CODE message``.

A `Problem` is one finding; `ProblemsFound` carries all the findings of a run, because a person who
mends forty pages wants to see forty lines at once.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

CODES: dict[str, str] = {
    # pages of any kind
    "SG101": "the file cannot be read",
    "SG102": "the file is not UTF-8",
    "SG103": "there are no pages",
    "SG104": "the page is neither a dataset page nor an API page",
    # dataset pages
    "SG110": "the front matter is not valid YAML",
    "SG111": "there is no fence with the table's id",
    "SG112": "the table's id is not provider.name",
    "SG113": "two pages have the same table id",
    "SG114": "there is no Fields table",
    "SG115": "a row has no kind cell",
    "SG116": "a column has no name",
    "SG117": "a column appears twice",
    "SG118": "the data type is unknown",
    "SG119": "the Query Parameters table cannot be read",
    "SG120": "two names become one after normalisation",
    "SG121": "the table does not fit a target",
    "SG122": "a name has a character that no target can hold",
    # API pages
    "SG201": "the API page has no title",
    "SG202": "the API page has neither contents nor parameters nor elements",
    "SG203": "a member has no type",
    "SG204": "a member's type cannot be read",
    "SG205": "a member appears twice",
    "SG206": "two API pages describe the same name",
    "SG207": "a constraint cannot be read",
    "SG208": "the service of an API page is unknown",
    # settings
    "SG301": "the settings are not valid TOML",
    "SG302": "a setting is unknown or has a wrong value",
    "SG303": "an override names something that does not exist",
    "SG304": "an override cannot be applied",
    "SG305": "an override is not in the lock",
    # bindings
    "SG401": "the lock file cannot be read",
    "SG402": "the lock names something that does not exist",
    "SG403": "no binding can be inferred for a table",
    "SG404": "no binding can be inferred for a column",
    # output
    "SG501": "the output cannot be written",
    "SG502": "another run is writing the same files, or has just written them",
    "SG503": "a file that schemagen did not write is in the way",
}


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One finding in an input, with its place.

    ``path`` is relative to the project's root where it lies inside it, with forward slashes.
    ``line`` and ``column`` count from 1; columns count characters, not bytes.
    ``code`` is a key of `CODES`.
    """

    path: str
    line: int
    column: int
    code: str
    message: str

    def __str__(self) -> str:
        place = f"{_one_line(self.path)}:{self.line}:{self.column}"
        return f"{place}: {self.code} {_one_line(self.message)}"


def _one_line(text: str) -> str:
    """``text`` without what moves a terminal's cursor: names of files may hold any character."""
    return text if text.isprintable() else repr(text)[1:-1]


def shown(text: str) -> str:
    """``text`` as messages show it: on one line, and cut where it is long."""
    return repr(text if len(text) <= 60 else f"{text[:59]}…")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The known name that ``name`` looks like, as a question behind a message; "" if none does."""
    folded = {other.lower(): other for other in known}
    close = difflib.get_close_matches(name.lower(), folded, 1)
    return f"; did you mean {folded[close[0]]!r}?" if close else ""


class ProblemsFound(Exception):
    """The input is wrong. Carries every problem of the run, sorted by place."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UnknownTables(LookupError):
    """The call names tables that nobody knows; ``message`` says who might have."""

    def __init__(self, tables: Iterable[str], message: str) -> None:
        self.tables = tuple(sorted(tables))
        super().__init__(f"{message} {', '.join(self.tables)}")
