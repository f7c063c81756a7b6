"""Read the front matter of a page: YAML between two lines of ``---``.

Aliases, anchors and tags are rejected, so that no document can grow while it is read. Every scalar is
text, spelled as on the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import yaml

from schemagen.diagnostics import Problem
from schemagen.pages.characters import clean

FENCE = "---"
MAX_DEPTH = 16


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The text values at the top level, and the number of the first line after the block (from 0)."""

    values: Mapping[str, str] = field(default_factory=dict[str, str])
    end: int = 0
    problems: tuple[Problem, ...] = ()


class _RefusedError(yaml.YAMLError):
    """Raised for valid YAML that front matter may not contain."""

    def __init__(self, message: str, event: yaml.Event) -> None:
        super().__init__(message)
        self.position = event.start_mark.index if event.start_mark else 0


class _Loader(yaml.BaseLoader):
    """PyYAML's smallest loader (text, lists and mappings only), without anchors and aliases."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self._next_event()
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise _RefusedError("anchors and aliases are not allowed", event)
        if self.depth == MAX_DEPTH:
            raise _RefusedError(f"nested more than {MAX_DEPTH} levels deep", event)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def _next_event(self) -> yaml.Event:
        # The stubs leave the method untyped.
        return cast("yaml.Event", self.peek_event())  # type: ignore[no-untyped-call]


def read(lines: Sequence[str], start: int, path: str) -> FrontMatter:
    """Read the front matter that begins at line ``start`` (from 0); it is empty if there is none."""
    if start >= len(lines) or lines[start].rstrip() != FENCE:
        return FrontMatter(end=start)
    for end in range(start + 1, len(lines)):
        if lines[end].rstrip() == FENCE:
            break
    else:
        message = f"the front matter has no closing {FENCE!r}; add it on a line of its own"
        problem = Problem(path, start + 1, 1, "SG110", message)
        return FrontMatter(end=start + 1, problems=(problem,))

    text = "\n".join(lines[start + 1 : end])

    def wrong(position: int, reason: object) -> FrontMatter:
        # The marks count YAML's line breaks, which include characters that Markdown has inside lines.
        before = text[:position]
        line = start + 2 + before.count("\n")
        column = position - before.rfind("\n")
        message = f"the front matter is not valid YAML: {reason}"
        return FrontMatter(end=end + 1, problems=(Problem(path, line, column, "SG110", message),))

    try:
        document: object = yaml.load(text, Loader=_Loader)  # noqa: S506 -- _Loader makes no objects
    except _RefusedError as error:
        return wrong(error.position, error)
    except yaml.reader.ReaderError as error:
        return wrong(error.position, error.reason)
    except yaml.MarkedYAMLError as error:
        return wrong(error.problem_mark.index if error.problem_mark else 0, error.problem)
    if document in (None, ""):
        return FrontMatter(end=end + 1)
    if not isinstance(document, dict):
        return wrong(0, "expected a mapping, such as 'title: Volumes'")
    mapping = cast("dict[object, object]", document)
    values = {
        key: clean(value)
        for key, value in mapping.items()
        if isinstance(key, str) and isinstance(value, str)
    }
    return FrontMatter(values, end + 1)
