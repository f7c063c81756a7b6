"""Arguments that limit a listing to what the account owns.

A parameter that is named after the owner takes the value "self" if its enumeration has it, or if the
documentation of a list of free text names it as a value. Other parameters are rows of `owners.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import cast

from schemagen.api_models.calls.rows import read_rows
from schemagen.api_models.calls.signature import Signature, SignatureMember
from schemagen.names import folded
from schemagen.runtime.calls import Json

FILE = Path(__file__).with_name("owners.toml")

Arguments = tuple[tuple[str, Json], ...]

_SELF = "self"
_DOCUMENTED = re.compile(r"<code>self</code>")


def owner(service: str, operation: Signature) -> Arguments:
    """Return the arguments, none if the operation has no such parameter."""
    if (row := _rows().get((service, operation.name))) is not None:
        return row
    for name, member in operation.parameters.items():
        value = _own(name, member)
        if value is not None:
            return ((name, (value,) if member.type == "list" else value),)
    return ()


def own_value(parameter: str, values: Iterable[str]) -> str | None:
    """Return the value of an enumeration that stands for the caller's account, if ``parameter`` is
    named after the owner."""
    if not _is_owner(parameter):
        return None
    return next((value for value in values if value.casefold() == _SELF), None)


def _own(name: str, member: SignatureMember) -> str | None:
    if not member.values and _is_owner(name) and _DOCUMENTED.search(member.documentation):
        return _SELF
    return own_value(name, member.values)


def _is_owner(parameter: str) -> bool:
    name = folded(parameter).removesuffix("s").removesuffix("id").removesuffix("type")
    return name.endswith(("owner", "ownership"))


@cache
def _rows() -> Mapping[tuple[str, str], Arguments]:
    return parse(FILE.read_text("utf-8"))


def parse(text: str) -> Mapping[tuple[str, str], Arguments]:
    """Read the text of the file: arguments by service and operation. Raises ValueError with the row
    and what is wrong."""
    return {
        (row.service, row.operation): tuple(
            (name, _frozen(value)) for name, value in row.table("arguments").items()
        )
        for row in read_rows(FILE.name, text, ("arguments",))
    }


def _frozen(value: object) -> Json:
    if isinstance(value, list):
        return tuple(map(_frozen, cast("list[object]", value)))
    if isinstance(value, dict):
        return {name: _frozen(inner) for name, inner in cast("dict[str, object]", value).items()}
    return cast("Json", value)
