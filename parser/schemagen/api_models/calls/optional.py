"""List the members that some items of a listing lack.

The documentation of a member may say so. Others are rows of `optional_members.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from schemagen.api_models.calls.rows import read_rows

FILE = Path(__file__).with_name("optional_members.toml")

_OPTIONAL = re.compile(
    r"\b(?:only (?:be )?(?:returned|present|available|included|set)|(?:returned|present|included|set) only"
    r"|not (?:returned|present|included|set) (?:if|for|when)|(?:null|empty) (?:if|for|when))\b",
    re.IGNORECASE,
)


def optional_members(
    service: str, operation: str, documented: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the members that some items of the listing lack, sorted.

    ``documented`` are the members that another operation is called with, with their documentation.
    """
    found = {name for name, text in documented.items() if _OPTIONAL.search(text)}
    rows = _rows().get((service, operation), ())
    return tuple(sorted(found.union(name for name in rows if name in documented)))


@cache
def _rows() -> Mapping[tuple[str, str], tuple[str, ...]]:
    return parse(FILE.read_text("utf-8"))


def parse(text: str) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """Read the text of the file: members by service and operation. Raises ValueError with the row and
    what is wrong."""
    return {
        (row.service, row.operation): row.texts("members")
        for row in read_rows(FILE.name, text, ("members",))
    }
