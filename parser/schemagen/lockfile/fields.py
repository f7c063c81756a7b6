"""The entries of a lock file, each with how it is read and written.

To add an entry, add a `Field` to its table here and an attribute to the class that the table is read
into. Entries are written in the order of their table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any, get_args

from schemagen.lockfile.codecs import (
    SORTED_STRINGS,
    STRINGS,
    Codec,
    Entry,
    choice,
    keyed,
    list_of,
    mapping,
    object_of,
    optional,
    pairs,
    parsed,
    read_string,
    required,
    sorted_block,
)
from schemagen.lockfile.form import Form
from schemagen.lockfile.notation import argument_members, parse_type
from schemagen.model import arn_format
from schemagen.model.bindings import (
    Binding,
    BoundColumn,
    Constant,
    DerivedColumn,
    DerivedRule,
    Enrichment,
    Evidence,
    Listing,
)
from schemagen.model.origin import NOWHERE, Origin
from schemagen.model.paths import WHOLE, map_key, steps
from schemagen.names import API_NAME, SERVICE_NAME
from schemagen.settings.positions import KeyPath, line_column

# --- scalars --------------------------------------------------------------------------------------


def _read_name(form: Form, key_path: KeyPath, value: object) -> str:
    text = read_string(form, key_path, value)
    if text and not API_NAME.fullmatch(text):
        message = f"{text!r} is not an API name (ASCII letters, digits and _)"
        form.wrong(key_path, message)
    return text


def _read_member(form: Form, key_path: KeyPath, value: object) -> str:
    if isinstance(value, str) and map_key(value):
        return value
    return _read_name(form, key_path, value)


def _read_filling_member(form: Form, key_path: KeyPath, value: object) -> str:
    return WHOLE if value == WHOLE else _read_member(form, key_path, value)


def _read_element_member(form: Form, key_path: KeyPath, value: object) -> str:
    return WHOLE if value == WHOLE else _read_name(form, key_path, value)


def _read_argument(form: Form, key_path: KeyPath, value: object) -> str:
    text = read_string(form, key_path, value)
    if arn_format.is_format(text):
        return _ARN_FORMAT.read(form, key_path, text)
    if text:
        for member in argument_members(text):
            _read_member(form, key_path, member or text)
    return text


def _read_constant(form: Form, key_path: KeyPath, value: object) -> Constant:
    if isinstance(value, str) and value:
        return value
    items = list_of(value) or []
    strings = tuple(item for item in items if isinstance(item, str) and item)
    if not strings or len(strings) != len(items):
        form.must_be(key_path, "a non-empty string or a list of them", value)
    return strings


def _read_service(form: Form, key_path: KeyPath, value: object) -> str:
    name = read_string(form, key_path, value)
    if name and not SERVICE_NAME.fullmatch(name):
        form.must_be(key_path, "the name of a service, such as s3", name)
    elif name and name != PurePosixPath(form.path).stem:
        form.wrong(key_path, f"the file of service {name!r} must be called {name}.json")
    return name


# Names become names in generated code.
_NAME = Codec("", _read_name)
_MEMBER = Codec("", _read_member)
_FILLING_MEMBER = Codec("", _read_filling_member)
_ELEMENT_MEMBER = Codec("", _read_element_member)
_ARGUMENT = Codec("", _read_argument)
_CONSTANT: Codec[Constant] = Codec("", _read_constant)
_SERVICE = Codec("", _read_service)
_STRING = Codec("", read_string)
_PATH = parsed(steps)
_ARN_FORMAT = parsed(arn_format.parse)
_TYPE = parsed(parse_type)
_CONSTANTS = pairs(mapping(_CONSTANT, _NAME))

# --- columns --------------------------------------------------------------------------------------

_BOUND = Entry(
    (
        optional("operation", _STRING),
        required("member", _FILLING_MEMBER),
        required("evidence", choice(get_args(Evidence))),
    )
)

_RULE = required("derived", choice(get_args(DerivedRule)), "rule")
_DERIVED: Mapping[str, Entry] = {
    "arn": Entry((_RULE, required("member", _MEMBER))),
    "account_from_arn": Entry((_RULE, required("member", _MEMBER))),
    "arn_format": Entry((_RULE, required("format", _ARN_FORMAT), optional("member", _MEMBER))),
    "account_given": Entry((_RULE,)),
}
# An unknown rule is reported; whether it has the other entries is not known.
_UNKNOWN_RULE = Entry((_RULE, optional("format", _ARN_FORMAT), optional("member", _MEMBER)))


def _read_column(form: Form, key_path: KeyPath, value: object) -> BoundColumn | DerivedColumn:
    column = str(key_path[-1])
    entries = object_of(value) or {}
    if "derived" not in entries:
        values = _BOUND.read(form, key_path, value)
        values["operation"] = values["operation"] or None
        return BoundColumn(column, **values)
    rule = entries["derived"]
    entry = _DERIVED.get(rule, _UNKNOWN_RULE) if isinstance(rule, str) else _UNKNOWN_RULE
    return DerivedColumn(column, **entry.read(form, key_path, value))


def _write_column(column: BoundColumn | DerivedColumn) -> dict[str, Any]:
    entry = _DERIVED[column.rule] if isinstance(column, DerivedColumn) else _BOUND
    return entry.write(column)


_COLUMN: Codec[BoundColumn | DerivedColumn] = Codec(
    BoundColumn("", "", "hand"), _read_column, _write_column
)

# --- operations -----------------------------------------------------------------------------------

_LISTING_ENTRY = Entry(
    (
        required("operation", _NAME),
        required("path", _PATH),
        required("arguments", pairs(mapping(_ELEMENT_MEMBER, _NAME))),
        optional("needs", STRINGS),
    )
)


def _read_listing(form: Form, key_path: KeyPath, value: object) -> Listing:
    return Listing(**_LISTING_ENTRY.read(form, key_path, value))


_LISTING: Codec[Listing | None] = Codec(None, _read_listing, _LISTING_ENTRY.write)

_ENRICHMENT_ENTRY = Entry(
    (
        required("path", _PATH),
        required("arguments", pairs(mapping(_ARGUMENT, _NAME))),
        optional("constants", _CONSTANTS),
    )
)


def _read_enrichment(form: Form, key_path: KeyPath, value: object) -> Enrichment:
    enrichment = Enrichment(str(key_path[-1]), **_ENRICHMENT_ENTRY.read(form, key_path, value))
    arguments = dict(enrichment.arguments)
    for name, _ in enrichment.constants:
        if name in arguments:
            message = f'"{name}" is both an argument and a constant'
            form.wrong((*key_path, "constants", name), message)
    return enrichment


_ENRICHMENT = Codec(Enrichment("", ""), _read_enrichment, _ENRICHMENT_ENTRY.write)

# --- tables ---------------------------------------------------------------------------------------

_BINDING_ENTRY = Entry(
    (
        required("operation", _NAME),
        required("path", _PATH),
        optional("constants", _CONSTANTS),
        optional("listing", _LISTING),
        required("columns", keyed(sorted_block(mapping(_COLUMN)), "column"), "filled"),
        required(
            "auxiliary",
            keyed(sorted_block(mapping(_ENRICHMENT, _NAME)), "operation"),
            "enrichments",
        ),
        required("unbound", SORTED_STRINGS),
    ),
    block=True,
)


def _read_binding(form: Form, key_path: KeyPath, value: object) -> Binding:
    values = _BINDING_ENTRY.read(form, key_path, value)
    filled: tuple[BoundColumn | DerivedColumn, ...] = values.pop("filled")
    names = {column.column for column in filled}
    for index, name in enumerate(values["unbound"]):
        if name in names:
            form.wrong((*key_path, "unbound", index), f"{name!r} is both bound and unbound")
    table = str(key_path[-1])
    return Binding(
        table=table,
        service="",
        columns=tuple(column for column in filled if isinstance(column, BoundColumn)),
        derived=tuple(column for column in filled if isinstance(column, DerivedColumn)),
        origin=Origin(form.path, _line(form.text, table)),
        **values,
    )


def _line(text: str, table: str) -> int:
    """The line of a table's entry, found without the positions of all other entries."""
    key = json.dumps(table, ensure_ascii=False)
    line, _ = line_column(text, max(text.find(key), 0))
    return line


_BINDING = Codec(Binding("", "", "", "", (), (), (), NOWHERE), _read_binding, _BINDING_ENTRY.write)

# --- the file -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Content:
    """What a lock file holds. ``outputs``, ``enumerations`` and ``shapes`` are its `Record`."""

    service: str
    tables: tuple[Binding, ...]
    outputs: Mapping[str, str]
    enumerations: Mapping[str, tuple[str, ...]]
    shapes: Mapping[str, Mapping[str, str]]


_FILE = Entry(
    (
        required("service", _SERVICE),
        required("tables", keyed(sorted_block(mapping(_BINDING)), "table")),
        required("outputs", sorted_block(mapping(_NAME, _NAME))),
        required("enumerations", sorted_block(mapping(STRINGS, _NAME))),
        required("shapes", sorted_block(mapping(mapping(_TYPE), _NAME))),
    ),
    block=True,
)


def read_content(form: Form, document: object) -> Content:
    """Read a loaded document; what is wrong is recorded in ``form``."""
    content = Content(**_FILE.read(form, (), document))
    tables = tuple(replace(binding, service=content.service) for binding in content.tables)
    return replace(content, tables=tables)


def write_content(content: Content) -> dict[str, Any]:
    """The document of a lock file."""
    return _FILE.write(content)
