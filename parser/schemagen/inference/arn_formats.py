"""Read the ARN formats of resources whose responses hold no ARN: `arn_formats.toml`, which only
inference needs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from schemagen.model import arn_format

FILE = Path(__file__).with_suffix(".toml")

_REQUIRED_KEYS = frozenset({"reference", "formats"})
_OPTIONAL_KEYS = frozenset({"untagged", "location_members"})
_REFERENCE = re.compile(r"list_[a-z0-9]+\.html")


@dataclass(frozen=True, slots=True)
class ResourceArn:
    """The ARN of the resource that a structure of a service describes.

    ``format`` is in the notation of `model.arn_format`. ``location_member`` names a member that
    holds another ARN with the same partition, region and account, or is "". ``has_tags`` is False if
    AWS documents no tags for the resource.
    """

    service: str
    structure: str
    format: str
    location_member: str = ""
    has_tags: bool = True


@cache
def resource_arns() -> Mapping[tuple[str, str], ResourceArn]:
    """Return the rows of the file by service and structure."""
    return {(row.service, row.structure): row for row in parse(FILE.read_text("utf-8"))}


def parse(text: str) -> list[ResourceArn]:
    """Read the text of the file. Raises ValueError, with the service and what is wrong."""
    found: list[ResourceArn] = []
    for service, table in tomllib.loads(text).items():
        try:
            found += _rows(service, table)
        except ValueError as error:
            raise ValueError(f"{FILE.name}: {service}: {error}") from None
    return found


def _rows(service: str, table: object) -> Iterator[ResourceArn]:
    if not isinstance(table, dict):
        raise ValueError("must be a table")
    entries = cast("dict[str, Any]", table)
    if missing := _REQUIRED_KEYS.difference(entries):
        raise ValueError(f"lacks {', '.join(sorted(missing))}")
    if unknown := entries.keys() - _REQUIRED_KEYS - _OPTIONAL_KEYS:
        raise ValueError(f"has the unknown key {', '.join(sorted(unknown))}")
    if not _REFERENCE.fullmatch(str(entries["reference"])):
        raise ValueError(
            f"reference must be like 'list_amazonec2.html', not {entries['reference']!r}"
        )
    formats = _texts(entries, "formats")
    location_members = _texts(entries, "location_members")
    untagged = entries.get("untagged", [])
    if not isinstance(untagged, list):
        raise ValueError("untagged must be an array")
    for structure in (*cast("list[object]", untagged), *location_members):
        if not isinstance(structure, str) or structure not in formats:
            raise ValueError(f"{structure!r} has no format")
    for structure, format in formats.items():
        try:
            arn_format.parse(format)
        except ValueError as error:
            raise ValueError(f"{structure}: {error}") from None
        yield ResourceArn(
            service,
            structure,
            format,
            location_members.get(structure, ""),
            structure not in untagged,
        )


def _texts(entries: Mapping[str, Any], key: str) -> Mapping[str, str]:
    """Return the table of strings at ``key``, which may be missing."""
    table = entries.get(key, {})
    if not isinstance(table, dict):
        raise ValueError(f"{key} must be a table")
    for name, text in cast("dict[str, object]", table).items():
        if not isinstance(text, str):
            raise ValueError(f"{key}.{name} must be a string, not {text!r}")
    return cast("dict[str, str]", table)
