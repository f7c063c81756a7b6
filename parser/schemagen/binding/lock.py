"""The lock: one JSON file per service that says which response fills which column.

``bindings/<provider>/<service>.json`` holds the bindings of the service's tables, and a record of
the response structures that they reach, so that a build needs no botocore and a new botocore
changes nothing unasked. `read` and `write` are inverse on a file that `write` made.

`Lock.bindings` and `Lock.service` are for the rest of the program; the record itself stays in the
notation of `binding.notation`, because enumerations are shared by name there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, TypeVar, cast, get_args

from schemagen import arn_format
from schemagen.binding.notation import parse_type
from schemagen.binding.places import Places
from schemagen.errors import Problem, ProblemsFound
from schemagen.link import structure_names
from schemagen.model import (
    Auxiliary,
    Binding,
    BoundColumn,
    Constant,
    DerivedColumn,
    DerivedRule,
    Evidence,
    Listing,
    Origin,
    ResponseMember,
    ResponseStructure,
    Service,
    Table,
)
from schemagen.places import Path, line_column
from schemagen.responses import WHOLE, NotRecorded, Responses, UnknownOperation, steps

T = TypeVar("T")

_EVIDENCE: tuple[str, ...] = get_args(Evidence)
_RULES: tuple[str, ...] = get_args(DerivedRule)
# What the entry of a rule has beside its name.
_RULE_FIELDS: Mapping[str, tuple[str, ...]] = {
    "arn": ("member",),
    "account_from_arn": ("member",),
    "arn_format": ("format",),
    "account_given": (),
}
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BASENAME = re.compile(r"basename\((.+)\)")
_SERVICE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_MEND = 'mend the entry, or run "schemagen bind" to record the service anew'


@dataclass(frozen=True)
class Record:
    """What is recorded of a service: outputs of operations, enumerations, structures by member."""

    outputs: Mapping[str, str] = field(default_factory=dict[str, str])
    enumerations: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    shapes: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])


@dataclass(frozen=True)
class Lock:
    """One file of the lock. ``path`` is how messages name it, ``text`` what it was read from."""

    path: str
    name: str
    bindings: tuple[Binding, ...]
    record: Record
    text: str = field(default="", compare=False, repr=False)
    elsewhere: Mapping[Path, Callable[[str], Problem]] = field(
        default_factory=dict[Path, Callable[[str], Problem]], compare=False, repr=False
    )
    """The entries that were made from another file, by path: what makes a problem there."""

    @cached_property
    def service(self) -> Service:
        """The record as the rest of the program sees it."""
        structures: list[ResponseStructure] = []
        for name, members in sorted(self.record.shapes.items()):
            parsed = [(member, parse_type(text)) for member, text in members.items()]
            structures.append(
                ResponseStructure(
                    name,
                    tuple(
                        ResponseMember(
                            member,
                            notation.shape,
                            notation.required,
                            self.record.enumerations.get(notation.enumeration, ()),
                        )
                        for member, notation in parsed
                    ),
                )
            )
        whole = {
            column.operation or binding.operation
            for binding in self.bindings
            for column in binding.columns
            if column.member == WHOLE and binding.path_of(column.operation) == WHOLE
        }
        return Service(
            self.name,
            tuple(structures),
            tuple(sorted(self.record.outputs.items())),
            tuple(sorted(whole)),
        )


def argument_member(text: str) -> str:
    """The member of the item that an argument is made from."""
    match = _BASENAME.fullmatch(text)
    return match[1] if match else text


def read(path: str, data: bytes) -> Lock:
    """The lock in ``data``; ``path`` is how messages name it, its stem the service.

    Raises `ProblemsFound` with every SG401 (no JSON, or not of this form), or else with every SG402
    (something is named that the file does not record).
    """
    lock = parse(path, data)
    if found := verify(lock):
        raise ProblemsFound(found)
    return lock


def parse(path: str, data: bytes) -> Lock:
    """The lock in ``data``, as it is: what its bindings name need not be recorded yet.

    Raises `ProblemsFound` with every SG401.
    """
    text = _decode(path, data)
    document, repeats = _loads(path, text)
    form = _Form(path, text)
    lock = form.lock(document)
    if form.problems or repeats:
        places = Places(text)
        twice = [
            Problem(path, *line_column(text, offset), "SG401", f"{_name(at)} stands here twice")
            for at, offset in places.repeated
        ]
        raise ProblemsFound([*_located(path, places, "SG401", form.problems), *twice])
    return lock


def verify(lock: Lock) -> tuple[Problem, ...]:
    """SG402 for everything that the file names and does not record."""
    return problems(lock, list(_dangling(lock.record)) or _unknown_names(lock))


def problems(lock: Lock, found: Iterable[tuple[Path, str]]) -> tuple[Problem, ...]:
    """Findings as SG402, each with the place of its entry in the lock's text, or as problems of the
    file that the entry was made from."""
    here: list[tuple[Path, str]] = []
    made: list[Problem] = []
    for at, message in found:
        entry = at
        while entry and entry not in lock.elsewhere:
            entry = entry[:-1]
        if entry:
            made.append(lock.elsewhere[entry](message))
        else:
            here.append((at, message))
    if here:
        made += _located(lock.path, Places(lock.text or "{}"), "SG402", here)
    return tuple(made)


def check(lock: Lock, tables: Iterable[Table]) -> tuple[Problem, ...]:
    """SG402 for columns that the pages lack. Bindings of tables without a page are passed over."""
    pages = {table.id: {column.name for column in table.columns} for table in tables}
    return problems(
        lock,
        (
            (at, f"{binding.table} has no column {name!r} on its page; remove the entry")
            for binding in lock.bindings
            if binding.table in pages
            for at, name in _columns(binding)
            if name not in pages[binding.table]
        ),
    )


def _bound(binding: Binding) -> list[BoundColumn | DerivedColumn]:
    return [*binding.columns, *binding.derived]


def _columns(binding: Binding) -> Iterator[tuple[Path, str]]:
    """The columns that ``binding`` names, each with the path of its entry."""
    at: Path = ("tables", binding.table)
    for name in [column.column for column in _bound(binding)]:
        yield (*at, "columns", name), name
    for index, name in enumerate(binding.unbound):
        yield (*at, "unbound", index), name


def write(lock: Lock) -> str:
    """The text of the lock's file: sorted, one column and one structure per line."""
    tables = {
        binding.table: _Block(
            {
                "operation": binding.operation,
                "path": binding.path,
                **_given("constants", dict(binding.constants)),
                **_listing(binding.listing),
                "columns": _Block(
                    dict(
                        sorted(
                            [(column.column, _column(column)) for column in binding.columns]
                            + [(column.column, _derived(column)) for column in binding.derived]
                        )
                    )
                ),
                "auxiliary": _Block(
                    {
                        auxiliary.operation: {
                            "path": auxiliary.path,
                            "arguments": dict(auxiliary.arguments),
                            **_given("constants", dict(auxiliary.constants)),
                        }
                        for auxiliary in sorted(binding.auxiliary, key=lambda item: item.operation)
                    }
                ),
                "unbound": sorted(binding.unbound),
            }
        )
        for binding in sorted(lock.bindings, key=lambda binding: binding.table)
    }
    record = lock.record
    document = _Block(
        {
            "service": lock.name,
            "tables": _Block(tables),
            "outputs": _Block(dict(sorted(record.outputs.items()))),
            "enumerations": _Block(
                {name: list(values) for name, values in sorted(record.enumerations.items())}
            ),
            "shapes": _Block(
                {name: dict(members) for name, members in sorted(record.shapes.items())}
            ),
        }
    )
    return _layout(document, 0) + "\n"


# --- writing --------------------------------------------------------------------------------------


class _Block(dict[str, Any]):
    """An object whose entries stand on lines of their own."""


def _layout(value: object, depth: int) -> str:
    if not isinstance(value, _Block) or not value:
        return json.dumps(value, ensure_ascii=False)
    inner = "  " * (depth + 1)
    entries = [
        f"{inner}{json.dumps(key, ensure_ascii=False)}: {_layout(item, depth + 1)}"
        for key, item in value.items()
    ]
    return "{\n" + ",\n".join(entries) + "\n" + "  " * depth + "}"


def _column(column: BoundColumn) -> dict[str, str]:
    operation = {"operation": column.operation} if column.operation else {}
    return {**operation, "member": column.member, "evidence": column.evidence}


def _derived(column: DerivedColumn) -> dict[str, Any]:
    return {
        "derived": column.rule,
        **_given("format", column.format),
        **_given("member", column.member),
    }


def _listing(listing: Listing | None) -> dict[str, Any]:
    if listing is None:
        return {}
    entry = {
        "operation": listing.operation,
        "path": listing.path,
        "arguments": dict(listing.arguments),
        **_given("needs", list(listing.needs)),
    }
    return {"listing": entry}


def _given(name: str, value: object) -> dict[str, Any]:
    """An entry that is left out where it is empty."""
    return {name: value} if value else {}


# --- reading --------------------------------------------------------------------------------------


def _decode(path: str, data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        problem = Problem(path, *line_column(before, len(before)), "SG401", "is not UTF-8")
        raise ProblemsFound([problem]) from error


def _loads(path: str, text: str) -> tuple[object, bool]:
    """The document, and whether any of its objects has a key twice."""
    repeats = False

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        nonlocal repeats
        made = dict(pairs)
        repeats = repeats or len(made) != len(pairs)
        return made

    try:
        return json.loads(text, object_pairs_hook=unique), repeats
    except json.JSONDecodeError as error:
        message = f"is not JSON: {error.msg}"
        problem = Problem(path, error.lineno, error.colno, "SG401", message)
        raise ProblemsFound([problem]) from error
    except RecursionError as error:
        raise ProblemsFound([Problem(path, 1, 1, "SG401", "is nested too deeply")]) from error


def _located(
    path: str, places: Places, code: str, found: Iterable[tuple[Path, str]]
) -> tuple[Problem, ...]:
    return tuple(Problem(path, *places.line_column(at), code, message) for at, message in found)


def _name(at: Path) -> str:
    """How messages name the entry at a path."""
    return f'"{at[-1]}"' if at else "the lock"


def _object(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


_MISSING = object()
"""Stands for an entry that is missing and reported as such."""


class _Form:
    """A parsed JSON document as a lock. Collects what is not of the form, and goes on."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.source = text
        self.problems: list[tuple[Path, str]] = []

    def lock(self, document: object) -> Lock:
        """The lock; meaningless where problems were found."""
        parts = self.fields(
            (), document, ("service", "tables", "outputs", "enumerations", "shapes")
        )
        service = self.text(("service",), parts["service"])
        if service and not _SERVICE.fullmatch(service):
            self.wrong(("service",), f"{service!r} is no name of a service")
        elif service and service != PurePosixPath(self.path).stem:
            message = f"the file of service {service!r} must be called {service}.json"
            self.wrong(("service",), message)
        tables = self.entries(("tables",), parts["tables"])
        return Lock(
            path=self.path,
            name=service,
            bindings=tuple(self.binding(service, table, value) for table, value in tables.items()),
            record=Record(
                outputs=self.named(("outputs",), parts["outputs"], self.identifier),
                enumerations=self.named(("enumerations",), parts["enumerations"], self.texts),
                shapes=self.named(("shapes",), parts["shapes"], self.members),
            ),
            text=self.source,
        )

    def binding(self, service: str, table: str, value: object) -> Binding:
        at: Path = ("tables", table)
        parts = self.fields(
            at,
            value,
            ("operation", "path", "columns", "auxiliary", "unbound"),
            ("constants", "listing"),
        )
        columns: list[BoundColumn] = []
        derived: list[DerivedColumn] = []
        bound = self.entries((*at, "columns"), parts["columns"])
        for name, entry in bound.items():
            column = self.column((*at, "columns", name), name, entry)
            if isinstance(column, BoundColumn):
                columns.append(column)
            else:
                derived.append(column)
        unbound = self.texts((*at, "unbound"), parts["unbound"])
        for index, name in enumerate(unbound):
            if name in bound:
                self.wrong((*at, "unbound", index), f"{name!r} is bound and unbound")
        quoted = json.dumps(table, ensure_ascii=False)
        line, _ = line_column(self.source, max(self.source.find(quoted), 0))
        return Binding(
            table=table,
            service=service,
            operation=self.identifier((*at, "operation"), parts["operation"]),
            path=self.path_text((*at, "path"), parts["path"]),
            columns=tuple(columns),
            derived=tuple(derived),
            auxiliary=tuple(
                self.named((*at, "auxiliary"), parts["auxiliary"], self.auxiliary).values()
            ),
            origin=Origin(self.path, line),
            unbound=unbound,
            listing=self.listing((*at, "listing"), parts["listing"]),
            constants=self.constants((*at, "constants"), parts["constants"]),
        )

    def listing(self, at: Path, value: object) -> Listing | None:
        if value is _MISSING:
            return None
        fields = self.fields(at, value, ("operation", "path", "arguments"), ("needs",))
        return Listing(
            self.identifier((*at, "operation"), fields["operation"]),
            self.path_text((*at, "path"), fields["path"]),
            tuple(self.named((*at, "arguments"), fields["arguments"], self.member).items()),
            self.texts((*at, "needs"), fields["needs"]),
        )

    def column(self, at: Path, name: str, entry: object) -> BoundColumn | DerivedColumn:
        if "derived" in _object(entry):
            return self.derived(at, name, entry)
        fields = self.fields(at, entry, ("member", "evidence"), ("operation",))
        return BoundColumn(
            name,
            self.member((*at, "member"), fields["member"]),
            cast("Evidence", self.word((*at, "evidence"), fields["evidence"], _EVIDENCE)),
            self.text((*at, "operation"), fields["operation"]) or None,
        )

    def derived(self, at: Path, name: str, entry: object) -> DerivedColumn:
        rule = self.word((*at, "derived"), _object(entry)["derived"], _RULES)
        needed = _RULE_FIELDS.get(rule, ())
        # Of a rule that is unknown, and reported as such, either may be right.
        optional: tuple[str, ...] = ("member",) if rule == "arn_format" else ()
        if rule not in _RULE_FIELDS:
            optional = ("member", "format")
        fields = {
            "member": _MISSING,
            "format": _MISSING,
            **self.fields(at, entry, ("derived", *needed), optional),
        }
        return DerivedColumn(
            name,
            cast("DerivedRule", rule),
            self.identifier((*at, "member"), fields["member"]),
            self.parsed(
                (*at, "format"), self.text((*at, "format"), fields["format"]), arn_format.parse
            ),
        )

    def auxiliary(self, at: Path, value: object) -> Auxiliary:
        fields = self.fields(at, value, ("path", "arguments"), ("constants",))
        arguments = self.named((*at, "arguments"), fields["arguments"], self.argument)
        return Auxiliary(
            str(at[-1]),
            self.path_text((*at, "path"), fields["path"]),
            tuple(arguments.items()),
            self.constants((*at, "constants"), fields["constants"]),
        )

    def argument(self, at: Path, value: object) -> str:
        """A member, or its basename."""
        text = self.text(at, value)
        self.identifier(at, argument_member(text) or value)
        return text

    def constants(self, at: Path, value: object) -> tuple[tuple[str, Constant], ...]:
        if value is _MISSING:
            return ()
        return tuple(self.named(at, value, self.constant).items())

    def constant(self, at: Path, value: object) -> Constant:
        return self.text(at, value) if isinstance(value, str) else self.texts(at, value)

    def members(self, at: Path, value: object) -> dict[str, str]:
        return self.each(at, value, self.notation)

    def notation(self, at: Path, value: object) -> str:
        return self.parsed(at, self.text(at, value), parse_type)

    def path_text(self, at: Path, value: object) -> str:
        return self.parsed(at, self.text(at, value), steps)

    def member(self, at: Path, value: object) -> str:
        """A name of botocore's, or `WHOLE`."""
        return WHOLE if value == WHOLE else self.identifier(at, value)

    def identifier(self, at: Path, value: object) -> str:
        """A name of botocore's, which may become a name in generated code."""
        text = self.text(at, value)
        if text and not _IDENTIFIER.fullmatch(text):
            self.wrong(at, f"{text!r} is no identifier")
        return text

    def named(self, at: Path, value: object, make: Callable[[Path, object], T]) -> dict[str, T]:
        """An object whose keys are identifiers."""
        made = self.each(at, value, make)
        for name in made:
            self.identifier((*at, name), name)
        return made

    def parsed(self, at: Path, text: str, parser: Callable[[str], object]) -> str:
        """``text``, with a problem where ``parser`` does not take it."""
        try:
            if text:
                parser(text)
        except ValueError as error:
            self.wrong(at, str(error))
        return text

    def wrong(self, at: Path, message: str) -> None:
        self.problems.append((at, message))

    def text(self, at: Path, value: object) -> str:
        if isinstance(value, str) and value:
            return value
        if value is not _MISSING:
            self.wrong(at, f"{_name(at)} must be a text that is not empty")
        return ""

    def texts(self, at: Path, value: object) -> tuple[str, ...]:
        items = cast("list[object]", value) if isinstance(value, list) else [_MISSING]
        if all(isinstance(item, str) for item in items):
            return tuple(cast("list[str]", items))
        if value is not _MISSING:
            self.wrong(at, f"{_name(at)} must be a list of texts")
        return ()

    def word(self, at: Path, value: object, known: tuple[str, ...]) -> str:
        text = self.text(at, value)
        if text and text not in known:
            self.wrong(at, f"{text!r} is unknown; known are {', '.join(known)}")
        return text

    def entries(self, at: Path, value: object) -> dict[str, object]:
        found = _object(value)
        if not isinstance(value, dict) and value is not _MISSING:
            self.wrong(at, f"{_name(at)} must be an object")
        return found

    def fields(
        self, at: Path, value: object, required: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> dict[str, object]:
        """The entries of an object with fixed keys, `_MISSING` for those that it lacks."""
        found = self.entries(at, value)
        known = (*required, *optional)
        for name in found:
            if name not in known:
                self.wrong((*at, name), f'unknown entry "{name}"; known are {", ".join(known)}')
        if isinstance(value, dict):
            for name in required:
                if name not in found:
                    self.wrong(at, f'{_name(at)} lacks "{name}"')
        return {name: found.get(name, _MISSING) for name in known}

    def each(self, at: Path, value: object, make: Callable[[Path, object], T]) -> dict[str, T]:
        return {name: make((*at, name), item) for name, item in self.entries(at, value).items()}


# --- what does not exist --------------------------------------------------------------------------


def _dangling(record: Record) -> Iterator[tuple[Path, str]]:
    """What the record names and does not hold."""
    for operation, output in record.outputs.items():
        if output not in record.shapes:
            yield ("outputs", operation), f'structure {output!r} is not in "shapes"; {_MEND}'
    for structure, members in record.shapes.items():
        for member, text in members.items():
            at: Path = ("shapes", structure, member)
            notation = parse_type(text)
            for name in structure_names(notation.shape):
                if name not in record.shapes:
                    yield at, f'structure {name!r} is not in "shapes"; {_MEND}'
            if notation.enumeration and notation.enumeration not in record.enumerations:
                yield at, f'enumeration {notation.enumeration!r} is not in "enumerations"; {_MEND}'


def _unknown_names(lock: Lock) -> Iterator[tuple[Path, str]]:
    """What the bindings name and the record does not hold."""
    responses = Responses(lock.service)
    for binding in lock.bindings:
        at: Path = ("tables", binding.table)
        found: list[tuple[Path, str]] = []
        primary = _item(responses, binding.operation, binding.path, at, (*at, "operation"), found)
        items: dict[str | None, ResponseStructure | None] = {None: primary}
        for auxiliary in binding.auxiliary:
            name = auxiliary.operation
            place: Path = (*at, "auxiliary", name)
            items[name] = _item(responses, name, auxiliary.path, place, place, found)
            if all(column.operation != name for column in binding.columns):
                found.append((place, f"operation {name!r} fills no column; remove the entry"))
            for parameter, text in auxiliary.arguments:
                member = argument_member(text)
                _member(responses, primary, member, (*place, "arguments", parameter), found)
        for column in _bound(binding):
            place = (*at, "columns", column.column)
            operation = column.operation if isinstance(column, BoundColumn) else None
            if operation in items:
                for entry, member in _members(column):
                    _member(responses, items[operation], member, (*place, entry), found)
            else:
                message = f'operation {operation!r} is not in "auxiliary" of {binding.table}'
                found.append(((*place, "operation"), message))
        yield from found


def _members(column: BoundColumn | DerivedColumn) -> Iterator[tuple[str, str]]:
    """The members that a column's entry names, each with the field that names it."""
    if column.member:
        yield "member", column.member
    if isinstance(column, DerivedColumn) and column.format:
        for member in arn_format.parse(column.format).members:
            yield "format", member


def _item(
    responses: Responses,
    operation: str,
    path: str,
    at: Path,
    at_operation: Path,
    found: list[tuple[Path, str]],
) -> ResponseStructure | None:
    """The structure that ``path`` leads to; None, with a finding, where the way does not exist."""
    try:
        return responses.item(operation, path)
    except UnknownOperation as error:
        found.append((at_operation, f"{error}; {_MEND}"))
    except NotRecorded as error:
        found.append(((*at, "path"), f"{error}; {_MEND}"))
    return None


def _member(
    responses: Responses,
    structure: ResponseStructure | None,
    member: str,
    at: Path,
    found: list[tuple[Path, str]],
) -> None:
    """A finding where ``member`` does not exist. A structure of None was reported before."""
    try:
        if structure is not None:
            responses.member(structure, member)
    except NotRecorded as error:
        found.append((at, f"{error}; {_MEND}"))
