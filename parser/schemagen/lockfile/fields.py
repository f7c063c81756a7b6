"""Define the entries of a lock file, and how each is read and written.

To add an entry, add a `Field` to its table here, and an attribute to the class that the table is read
into. Entries are written in the order of their table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from operator import itemgetter
from pathlib import PurePosixPath
from typing import Any, get_args

from schemagen.diagnostics import shown
from schemagen.limits import line_column
from schemagen.lockfile.codecs import (
    COUNT,
    FLAG,
    JSON,
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
    sequence,
    sorted_block,
)
from schemagen.lockfile.form import Form, json_excerpt
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
from schemagen.model.paths import WHOLE, inner_member, map_key, steps
from schemagen.names import API_NAME, SERVICE_NAME
from schemagen.runtime.calls import CallRules, Limit, Pagination, Scope, ScopeKind
from schemagen.settings.positions import KeyPath

# --- scalars --------------------------------------------------------------------------------------


def _read_name(form: Form, key_path: KeyPath, value: object) -> str:
    text = read_string(form, key_path, value)
    if text and not API_NAME.fullmatch(text):
        message = f"{shown(text)} is not an API name (ASCII letters, digits and _)"
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
    if text != arn_format.ACCOUNT:
        for member in argument_members(text):
            if not inner_member(member):
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
_VALUES = pairs(mapping(STRINGS, _NAME))


def _read_names(form: Form, key_path: KeyPath, value: object) -> tuple[str, ...]:
    return tuple(_read_name(form, key_path, name) for name in STRINGS.read(form, key_path, value))


def _read_one_name(form: Form, key_path: KeyPath, value: object) -> tuple[str, ...]:
    return (_read_name(form, key_path, value),)


_NAMES: Codec[tuple[str, ...]] = Codec((), _read_names, list)
_ONE_NAME: Codec[tuple[str, ...]] = Codec((), _read_one_name, itemgetter(0))


def _read_reason(form: Form, key_path: KeyPath, value: object) -> str:
    if not isinstance(value, str):
        form.must_be(key_path, "a string", value)
        return ""
    return value


_REASONS = pairs(sorted_block(mapping(Codec("", _read_reason))))

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
    "arn_format": Entry(
        (
            _RULE,
            required("format", _ARN_FORMAT),
            optional("member", _MEMBER),
            optional("parameters", _NAMES),
        )
    ),
    "account_given": Entry((_RULE,)),
    "argument_given": Entry((_RULE, required("parameter", _ONE_NAME, "parameters"))),
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
        optional("values", _VALUES),
        optional("shared", STRINGS),
    )
)


def _read_listing(form: Form, key_path: KeyPath, value: object) -> Listing:
    return Listing(**_LISTING_ENTRY.read(form, key_path, value))


_LISTING: Codec[Listing | None] = Codec(None, _read_listing, _LISTING_ENTRY.write)
_LISTINGS: Codec[tuple[Listing | None, ...]] = sequence(_LISTING)

_ENRICHMENT_ENTRY = Entry(
    (
        required("path", _PATH),
        required("arguments", pairs(mapping(_ARGUMENT, _NAME))),
        optional("constants", _CONSTANTS),
        optional("values", _VALUES),
    )
)


def _read_enrichment(form: Form, key_path: KeyPath, value: object) -> Enrichment:
    enrichment = Enrichment(str(key_path[-1]), **_ENRICHMENT_ENTRY.read(form, key_path, value))
    arguments = dict(enrichment.arguments)
    for name, _ in enrichment.constants:
        if name in arguments:
            message = f'"{name}" is both an argument and a constant'
            form.wrong((*key_path, "constants", name), message)
    given = {*arguments, *dict(enrichment.constants)}
    for name, _ in enrichment.values:
        if name in given:
            message = f'"{name}" is both an argument and one with several values'
            form.wrong((*key_path, "values", name), message)
    if enrichment.values and enrichment.path != WHOLE:
        form.wrong((*key_path, "path"), f"must be {WHOLE!r} where there are `values`")
    return enrichment


_ENRICHMENT = Codec(Enrichment("", ""), _read_enrichment, _ENRICHMENT_ENTRY.write)

# --- tables ---------------------------------------------------------------------------------------

FORMAT = 2
"""The format of the files that are written. Older ones are read."""

_ENRICHMENTS: Mapping[int, str] = {1: "auxiliary", FORMAT: "enrichments"}
"""The key of the enrichments, by format."""


def in_format(key_path: KeyPath, format: int) -> KeyPath:
    """Translate a key path of the newest format to a file of ``format``."""
    return tuple(_ENRICHMENTS[format] if key == _ENRICHMENTS[FORMAT] else key for key in key_path)


def _binding_entry(format: int) -> Entry:
    enrichments = keyed(sorted_block(mapping(_ENRICHMENT, _NAME)), "operation")
    enumeration = (
        optional("values", _VALUES),
        optional("parents", _LISTINGS),
        optional("obstacle", _STRING),
    )
    unbound = (
        required("unbound", SORTED_STRINGS)
        if format < FORMAT
        else required("unbound", _REASONS, "unbound_reasons")
    )
    return Entry(
        (
            required("operation", _NAME),
            required("path", _PATH),
            optional("constants", _CONSTANTS),
            *(() if format < FORMAT else enumeration[:2]),
            optional("listing", _LISTING),
            *(() if format < FORMAT else enumeration[2:]),
            required("columns", keyed(sorted_block(mapping(_COLUMN)), "column"), "filled"),
            required(_ENRICHMENTS[format], enrichments, "enrichments"),
            unbound,
        ),
        block=True,
    )


def _binding_codec(format: int) -> Codec[Binding]:
    entry = _binding_entry(format)

    def read(form: Form, key_path: KeyPath, value: object) -> Binding:
        values = entry.read(form, key_path, value)
        filled: tuple[BoundColumn | DerivedColumn, ...] = values.pop("filled")
        reasons: tuple[tuple[str, str], ...] = values.pop("unbound_reasons", ())
        unbound: tuple[str, ...] = values.pop("unbound", ()) or tuple(name for name, _ in reasons)
        names = {column.column for column in filled}
        for index, name in enumerate(unbound):
            if name in names:
                at = name if format >= FORMAT else index
                form.wrong((*key_path, "unbound", at), f"{name!r} is both bound and unbound")
        table = str(key_path[-1])
        return Binding(
            table=table,
            service="",
            columns=tuple(column for column in filled if isinstance(column, BoundColumn)),
            derived=tuple(column for column in filled if isinstance(column, DerivedColumn)),
            origin=Origin(form.path, _line(form.text, table)),
            unbound=unbound,
            reasons=tuple((name, reason) for name, reason in reasons if reason),
            **values,
        )

    return Codec(Binding("", "", "", "", (), (), (), NOWHERE), read, entry.write)


def _line(text: str, table: str) -> int:
    """Find the line of a table's entry, without computing the positions of all others."""
    key = json.dumps(table, ensure_ascii=False)
    line, _ = line_column(text, max(text.find(key), 0))
    return line


# --- how operations are called --------------------------------------------------------------------

_LIMIT_ENTRY = Entry((required("parameter", _NAME), optional("maximum", COUNT)))


def _read_limit(form: Form, key_path: KeyPath, value: object) -> Limit:
    return Limit(**_LIMIT_ENTRY.read(form, key_path, value))


_PAGINATION_ENTRY = Entry(
    (
        required("input", STRINGS),
        required("output", STRINGS),
        optional("more", _STRING),
        optional("inferred", FLAG),
    )
)


def _read_pagination(form: Form, key_path: KeyPath, value: object) -> Pagination | None:
    if value is None:
        return None
    return Pagination(**_PAGINATION_ENTRY.read(form, key_path, value))


def _write_pagination(pagination: Pagination | None) -> dict[str, Any] | None:
    return _PAGINATION_ENTRY.write(pagination) if pagination else None


_SCOPE_ENTRY = Entry(
    (
        required("kind", choice(get_args(ScopeKind))),
        optional("regions", pairs(mapping(_STRING, _STRING))),
        optional("only", pairs(mapping(pairs(mapping(_STRING, _STRING)), _NAME))),
    )
)


def _read_scope(form: Form, key_path: KeyPath, value: object) -> Scope:
    return Scope(**_SCOPE_ENTRY.read(form, key_path, value))


_LIMIT: Codec[Limit | None] = Codec(None, _read_limit, _LIMIT_ENTRY.write)
_PAGINATION: Codec[Pagination | None] = Codec(None, _read_pagination, _write_pagination)
_SCOPE: Codec[Scope] = Codec(Scope(), _read_scope, _SCOPE_ENTRY.write)
_RULES_ENTRY = Entry(
    (
        required("pagination", _PAGINATION),
        optional("absent", SORTED_STRINGS),
        optional("limit", _LIMIT),
        optional("batch", _LIMIT),
        optional("scope", _SCOPE),
        optional("owner", pairs(mapping(JSON, _NAME))),
        optional("optional", SORTED_STRINGS),
        optional("actions", SORTED_STRINGS),
    )
)


def _read_rules(form: Form, key_path: KeyPath, value: object) -> CallRules:
    return CallRules(**_RULES_ENTRY.read(form, key_path, value))


_RULES = Codec(CallRules(), _read_rules, _RULES_ENTRY.write)

# --- the file -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a lock file. ``unbound`` are tables without a binding, with the reasons.

    ``outputs``, ``enumerations``, ``shapes``, ``operations`` and ``scope`` are its `Record`; format 1
    lacks the last two. An operation's scope is written only if it differs from the service's.
    """

    format: int
    service: str
    tables: tuple[Binding, ...]
    outputs: Mapping[str, str]
    enumerations: Mapping[str, tuple[str, ...]]
    shapes: Mapping[str, Mapping[str, str]]
    operations: Mapping[str, CallRules] = field(default_factory=dict[str, CallRules])
    scope: Scope = field(default_factory=Scope)
    unbound: tuple[tuple[str, str], ...] = ()


def _file_entry(format: int) -> Entry:
    tables = keyed(sorted_block(mapping(_binding_codec(format))), "table")
    record = (
        required("outputs", sorted_block(mapping(_NAME, _NAME))),
        required("enumerations", sorted_block(mapping(STRINGS, _NAME))),
        required("shapes", sorted_block(mapping(mapping(_TYPE), _NAME))),
    )
    if format < FORMAT:
        return Entry(
            (required("service", _SERVICE), required("tables", tables), *record), block=True
        )
    return Entry(
        (
            required("format", COUNT),
            required("service", _SERVICE),
            optional("scope", _SCOPE),
            required("tables", tables),
            optional("unbound", _REASONS),
            required("operations", sorted_block(mapping(_RULES, _NAME))),
            *record,
        ),
        block=True,
    )


_FILES = {format: _file_entry(format) for format in _ENRICHMENTS}


def format_of(document: object) -> object:
    """Return the format of a loaded document; it is 1 if there is no such entry."""
    return (object_of(document) or {}).get("format", 1)


def read_content(form: Form, document: object) -> Content:
    """Read a loaded document; problems are recorded in ``form``."""
    format = format_of(document)
    if not isinstance(format, int) or format not in _FILES or format is True:
        known = " and ".join(map(str, _FILES))
        message = (
            f"format {json_excerpt(format)} is unknown (this schemagen reads {known}); install the schemagen "
            "that wrote the file, or a newer one"
        )
        form.wrong(("format",), message)
        return Content(FORMAT, "", (), {}, {}, {})
    values = _FILES[format].read(form, (), document)
    values["format"] = format
    content = Content(**values)
    bound = {binding.table for binding in content.tables}
    for table, _ in content.unbound:
        if table in bound:
            form.wrong(("unbound", table), f"{table!r} is both bound and unbound")
    return replace(
        content,
        tables=tuple(replace(binding, service=content.service) for binding in content.tables),
        operations={
            name: replace(rules, scope=rules.scope or content.scope)
            for name, rules in content.operations.items()
        },
    )


def write_content(content: Content) -> dict[str, Any]:
    """Make the document of a lock file, in the newest format."""
    operations = {
        name: replace(rules, scope=Scope()) if rules.scope == content.scope else rules
        for name, rules in content.operations.items()
    }
    return _FILES[FORMAT].write(replace(content, format=FORMAT, operations=operations))
