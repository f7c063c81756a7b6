"""API pages of every generation and mirror: one small page each, and what it says.

The pages are below ``dialects/``; beside each is a file with what is read from it, which
``make update-golden`` writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from schemagen.model.origin import Origin
from schemagen.model.pages import Constraints, DocumentedMember, Structure
from schemagen.model.shapes import shape_text
from schemagen.pages import aws_api

PAGES = Path(__file__).with_name("dialects")
NAMES = sorted(path.relative_to(PAGES).as_posix() for path in PAGES.rglob("*.md"))


def shown(page: aws_api.Page) -> Iterator[str]:
    """What a page says, for review."""
    if isinstance(page, Origin):
        yield "an index"
        return
    yield f"{page.service} {page.name}: {page.description!r}"
    if isinstance(page, Structure):
        yield from members("member", page.members)
    else:
        yield from members("request", page.request)
        yield from members("response", page.response)


def members(what: str, found: tuple[DocumentedMember, ...]) -> Iterator[str]:
    for member in found:
        required = {True: "required", False: "optional", None: "unsaid"}[member.required]
        yield f"{member.origin.line}: {what} {member.name}: {shape_text(member.shape)}, {required}"
        yield f"    {member.description!r}"
        if member.constraints != Constraints():
            yield f"    {member.constraints}"
        for value in member.values:
            yield f"    {value.value}: {value.description!r}"


@pytest.mark.parametrize("name", NAMES)
def test_parse_reads_every_dialect(name: str, golden: Callable[[str, Path], None]) -> None:
    """Each page is read without problems, as the file beside it says."""
    page, problems = aws_api.parse((PAGES / name).read_text("utf-8"), name)
    assert problems == ()
    assert page is not None
    golden("\n".join([*shown(page), ""]), (PAGES / name).with_suffix(".txt"))


def test_dialects_have_pages() -> None:
    """There is a page of each dialect."""
    assert len(NAMES) == 20
