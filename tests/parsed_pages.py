"""Pages as a build parses them, without settings: types stay as they are written."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from schemagen.diagnostics import ProblemsFound
from schemagen.model.pages import Pages
from schemagen.pages.read import collect, parse_source, problems
from schemagen.pages.sources import Source, find_sources


def parse_sources(sources: Iterable[Source]) -> Pages:
    """Parse pages. Raises `ProblemsFound` with everything that is wrong with any of them."""
    parsed = [parse_source(source) for source in sources]
    if found := problems(parsed):
        raise ProblemsFound(found)
    return collect(parsed)


def read_pages(docs: Path, root: Path) -> Pages:
    """Read every page below ``docs``; paths in origins and problems are relative to ``root``."""
    return parse_sources(find_sources(docs, root))
