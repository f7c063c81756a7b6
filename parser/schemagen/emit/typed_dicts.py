"""Definitions of TypedDicts, for the rows and the input of mappers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from keyword import iskeyword

from schemagen.emit.imports import Imports
from schemagen.emit.layout import WIDTH, lay_out, lay_out_value
from schemagen.names import docstring, python_literal

_WORD = re.compile(r"\w+")


def typed_dict(
    name: str,
    keys: Mapping[str, str],
    *,
    total: bool = True,
    descriptions: Mapping[str, str] | None = None,
) -> str:
    """Define a TypedDict whose ``keys`` are annotated.

    It is a class with ``descriptions`` as docstrings for editors or, if a key cannot be an attribute or
    would hide a type with its name, a call, which cannot have docstrings.
    """
    types = {word for annotation in keys.values() for word in _WORD.findall(annotation)}
    if all(_is_attribute(key) and key not in types for key in keys):
        body: list[str] = []
        for key, annotation in keys.items():
            body.append(lay_out_value(f"{key}: ", annotation, 1))
            if descriptions and descriptions.get(key, "").strip():
                body.append(docstring(descriptions[key], 1, WIDTH))
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
    """Define a TypedDict that accepts dicts with any of these members, and others.

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
    """Whether a class can hold ``key``: keywords are refused, leading double underscores mangled."""
    return key.isidentifier() and key.isascii() and not iskeyword(key) and not key.startswith("__")
