"""Definitions of TypedDicts: of rows, and of what a mapper takes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from keyword import iskeyword

from schemagen.emit.imports import Imports
from schemagen.emit.layout import lay_out, lay_out_value
from schemagen.names import python_literal

_WORD = re.compile(r"\w+")


def typed_dict(name: str, keys: Mapping[str, str], *, total: bool = True) -> str:
    """The definition of a TypedDict; as a call where a key cannot be written as an attribute, or
    would hide a type of the same name."""
    types = {word for annotation in keys.values() for word in _WORD.findall(annotation)}
    if all(_is_attribute(key) and key not in types for key in keys):
        body = [lay_out_value(f"{key}: ", annotation, 1) for key, annotation in keys.items()]
        head = lay_out(f"class {name}(TypedDict{'' if total else ', total=False'}):")
        return "\n".join([head, *(body or ["    pass"])])
    entries = [
        lay_out_value(f"{python_literal(key)}: ", annotation, 2, ",")
        for key, annotation in keys.items()
    ]
    last = [] if total else ["    total=False,"]
    return "\n".join(
        [f"{name} = TypedDict(", f'    "{name}",', "    {", *entries, "    },", *last, ")"]
    )


def input_dict(name: str, members: Iterable[tuple[str, str]], imports: Imports) -> str:
    """A TypedDict that takes whatever has these members, or lacks them, and more.

    ``members`` are pairs of name and annotation. Read-only items accept narrower types, such as the
    Literals of boto3's stubs: https://peps.python.org/pep-0705/.
    """
    imports.annotation("TypedDict")
    return typed_dict(
        name,
        {
            member: imports.annotation(f"NotRequired[ReadOnly[{annotation}]]")
            for member, annotation in members
        },
    )


def _is_attribute(key: str) -> bool:
    """Keywords are none, and a class mangles names that begin with two underscores."""
    return key.isidentifier() and key.isascii() and not iskeyword(key) and not key.startswith("__")
