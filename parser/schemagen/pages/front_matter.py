"""The YAML between two lines of ``---`` that a page may begin with.

Read without aliases, anchors and tags, so that no document can grow while it is read, and with every
scalar as text, as the page writes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import yaml

from schemagen.errors import Problem

FENCE = "---"
MAX_DEPTH = 16


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The scalars at the top level, and the number of the first line after it (from 0)."""

    values: Mapping[str, str] = field(default_factory=dict[str, str])
    end: int = 0
    problems: tuple[Problem, ...] = ()


class _Loader(yaml.BaseLoader):
    """PyYAML's smallest loader (text, lists and mappings only), which also refuses what refers."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = cast("yaml.Event", self.peek_event())  # pyright: ignore[reportUnknownMemberType] -- untyped in the stubs
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise yaml.MarkedYAMLError(
                problem="anchors and aliases are not allowed", problem_mark=event.start_mark
            )
        if self.depth == MAX_DEPTH:
            raise yaml.MarkedYAMLError(
                problem=f"nested more than {MAX_DEPTH} levels deep", problem_mark=event.start_mark
            )
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def read(lines: Sequence[str], start: int, path: str) -> FrontMatter:
    """The front matter at line ``start`` (from 0), which may be absent: then it is empty."""
    if start >= len(lines) or lines[start].rstrip() != FENCE:
        return FrontMatter(end=start)
    for end in range(start + 1, len(lines)):
        if lines[end].rstrip() == FENCE:
            break
    else:
        problem = Problem(path, start + 1, 1, "SG110", f"the front matter has no closing {FENCE!r}")
        return FrontMatter(end=start + 1, problems=(problem,))

    def problem_at(line: int, column: int, message: str) -> FrontMatter:
        place = (path, start + 2 + line, column + 1)
        return FrontMatter(end=end + 1, problems=(Problem(*place, "SG110", message),))

    text = "\n".join(lines[start + 1 : end])
    try:
        document: object = yaml.load(text, Loader=_Loader)  # noqa: S506 -- _Loader makes no objects
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        column = error.position - (before.rfind("\n") + 1)
        return problem_at(
            before.count("\n"), column, f"the front matter is not valid YAML: {error.reason}"
        )
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        return problem_at(line, column, f"the front matter is not valid YAML: {error.problem}")
    if document in (None, ""):
        return FrontMatter(end=end + 1)
    if not isinstance(document, dict):
        return problem_at(0, 0, "the front matter is not valid YAML: it is no mapping")
    mapping = cast("dict[object, object]", document)
    values = {
        key: value
        for key, value in mapping.items()
        if isinstance(key, str) and isinstance(value, str)
    }
    return FrontMatter(values, end + 1)
