"""The form of a lock's file: bytes -> what `lockfile.lock` makes a `LockFile` of."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TypeVar, cast, get_args

from schemagen.diagnostics import Problem, ProblemsFound
from schemagen.lockfile.form import MISSING, Form, decode, load, object_of, quoted
from schemagen.lockfile.notation import argument_members, parse_type
from schemagen.lockfile.record import Record
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
from schemagen.model.origin import Origin
from schemagen.model.paths import WHOLE, map_key, steps
from schemagen.names import API_NAME, SERVICE_NAME
from schemagen.settings import positions
from schemagen.settings.positions import KeyPath, line_column

T = TypeVar("T")

_EVIDENCE: tuple[str, ...] = get_args(Evidence)
_RULES: tuple[str, ...] = get_args(DerivedRule)
# What the entry of a rule has, and may have, beside its name.
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "arn": ("member",),
    "account_from_arn": ("member",),
    "arn_format": ("format",),
    "account_given": (),
}
_OPTIONAL: Mapping[str, tuple[str, ...]] = {"arn_format": ("member",)}


@dataclass(frozen=True, slots=True)
class Content:
    """What a file says: the name of its service, bindings, and what is recorded for them."""

    text: str
    service: str
    bindings: tuple[Binding, ...]
    record: Record


def read(path: str, data: bytes) -> Content:
    """Raises `ProblemsFound` with every SG401: what is no JSON, or not of the form."""
    text = decode(path, data)
    document, repeats = load(path, text)
    form = _LockForm(path, text)
    content = form.content(document)
    if form.problems or repeats:
        there = positions.json(text)
        found = [(there.line_column(at), message) for at, message in form.problems]
        for at, offset in there.repeated:
            found.append((line_column(text, offset), f"{quoted(at)} stands here twice"))
        raise ProblemsFound(Problem(path, *place, "SG401", message) for place, message in found)
    return content


class _LockForm(Form):
    """Reads the entries of one file."""

    def __init__(self, path: str, text: str) -> None:
        super().__init__()
        self.path = path
        self.source = text

    def content(self, document: object) -> Content:
        parts = self.fields(
            (), document, ("service", "tables", "outputs", "enumerations", "shapes")
        )
        service = self.service(("service",), parts["service"])
        tables = self.entries(("tables",), parts["tables"])
        return Content(
            self.source,
            service,
            tuple(self.binding(service, table, value) for table, value in tables.items()),
            Record(
                self.named(("outputs",), parts["outputs"], self.name),
                self.named(("enumerations",), parts["enumerations"], self.texts),
                self.named(("shapes",), parts["shapes"], self.members),
            ),
        )

    def service(self, at: KeyPath, value: object) -> str:
        """The name of the service, which is that of the file."""
        name = self.text(at, value)
        if name and not SERVICE_NAME.fullmatch(name):
            self.wrong(at, f"{name!r} is no name of a service")
        elif name and name != PurePosixPath(self.path).stem:
            self.wrong(at, f"the file of service {name!r} must be called {name}.json")
        return name

    def binding(self, service: str, table: str, value: object) -> Binding:
        at: KeyPath = ("tables", table)
        parts = self.fields(
            at,
            value,
            ("operation", "path", "columns", "auxiliary", "unbound"),
            ("constants", "listing"),
        )
        bound = self.entries((*at, "columns"), parts["columns"])
        columns = [
            self.column((*at, "columns", name), name, entry) for name, entry in bound.items()
        ]
        unbound = self.texts((*at, "unbound"), parts["unbound"])
        for index, name in enumerate(unbound):
            if name in bound:
                self.wrong((*at, "unbound", index), f"{name!r} is bound and unbound")
        enrichments = self.named((*at, "auxiliary"), parts["auxiliary"], self.enrichment)
        return Binding(
            table=table,
            service=service,
            operation=self.name((*at, "operation"), parts["operation"]),
            path=self.parsed((*at, "path"), parts["path"], steps),
            columns=tuple(one for one in columns if isinstance(one, BoundColumn)),
            derived=tuple(one for one in columns if isinstance(one, DerivedColumn)),
            enrichments=tuple(enrichments.values()),
            origin=Origin(self.path, self.line(table)),
            unbound=unbound,
            listing=self.listing((*at, "listing"), parts["listing"]),
            constants=self.constants((*at, "constants"), parts["constants"]),
        )

    def line(self, table: str) -> int:
        """The line of a table's entry, without a look at the places of all others."""
        key = json.dumps(table, ensure_ascii=False)
        line, _ = line_column(self.source, max(self.source.find(key), 0))
        return line

    def listing(self, at: KeyPath, value: object) -> Listing | None:
        if value is MISSING:
            return None
        fields = self.fields(at, value, ("operation", "path", "arguments"), ("needs",))
        return Listing(
            self.name((*at, "operation"), fields["operation"]),
            self.parsed((*at, "path"), fields["path"], steps),
            tuple(self.named((*at, "arguments"), fields["arguments"], self.member).items()),
            self.texts((*at, "needs"), fields["needs"]),
        )

    def column(self, at: KeyPath, name: str, entry: object) -> BoundColumn | DerivedColumn:
        if "derived" in object_of(entry):
            return self.derived(at, name, entry)
        fields = self.fields(at, entry, ("member", "evidence"), ("operation",))
        return BoundColumn(
            name,
            self.filler((*at, "member"), fields["member"]),
            cast("Evidence", self.word((*at, "evidence"), fields["evidence"], _EVIDENCE)),
            self.text((*at, "operation"), fields["operation"]) or None,
        )

    def derived(self, at: KeyPath, name: str, entry: object) -> DerivedColumn:
        rule = self.word((*at, "derived"), object_of(entry)["derived"], _RULES)
        # Of a rule that is unknown, and reported as such, either may be right.
        needed = _NEEDED.get(rule, ())
        optional = _OPTIONAL.get(rule, ()) if rule in _NEEDED else ("member", "format")
        fields = self.fields(at, entry, ("derived", *needed), optional)
        return DerivedColumn(
            name,
            cast("DerivedRule", rule),
            self.entry((*at, "member"), fields.get("member", MISSING)),
            self.parsed((*at, "format"), fields.get("format", MISSING), arn_format.parse),
        )

    def enrichment(self, at: KeyPath, value: object) -> Enrichment:
        fields = self.fields(at, value, ("path", "arguments"), ("constants",))
        arguments = self.named((*at, "arguments"), fields["arguments"], self.argument)
        constants = self.constants((*at, "constants"), fields["constants"])
        for name, _ in constants:
            if name in arguments:
                self.wrong((*at, "constants", name), f'"{name}" is among the arguments, too')
        return Enrichment(
            str(at[-1]),
            self.parsed((*at, "path"), fields["path"], steps),
            tuple(arguments.items()),
            constants,
        )

    def argument(self, at: KeyPath, value: object) -> str:
        """A member, its basename, or the format of an ARN that members fill."""
        text = self.text(at, value)
        if arn_format.is_format(text):
            return self.parsed(at, text, arn_format.parse)
        for member in argument_members(text):
            self.entry(at, member or value)
        return text

    def constants(self, at: KeyPath, value: object) -> tuple[tuple[str, Constant], ...]:
        return tuple(self.named(at, value, self.constant).items())

    def constant(self, at: KeyPath, value: object) -> Constant:
        texts = cast("list[object]", value) if isinstance(value, list) else [value]
        made = tuple(text for text in texts if isinstance(text, str) and text)
        if not made or len(made) != len(texts):
            self.wrong(at, f'"{at[-1]}" must be a text that is not empty, or a list of such')
        return value if isinstance(value, str) else made

    def members(self, at: KeyPath, value: object) -> dict[str, str]:
        return self.each(at, value, self.notation)

    def notation(self, at: KeyPath, value: object) -> str:
        return self.parsed(at, value, parse_type)

    def member(self, at: KeyPath, value: object) -> str:
        """A name of botocore's, or `WHOLE`."""
        return WHOLE if value == WHOLE else self.name(at, value)

    def filler(self, at: KeyPath, value: object) -> str:
        """A member, the value at a key of one that is a map, or `WHOLE`."""
        return WHOLE if value == WHOLE else self.entry(at, value)

    def entry(self, at: KeyPath, value: object) -> str:
        """A member, or the value at a key of one that is a map."""
        if isinstance(value, str) and map_key(value):
            return value
        return self.name(at, value)

    def name(self, at: KeyPath, value: object) -> str:
        """A name of botocore's, which may become a name in generated code."""
        text = self.text(at, value)
        if text and not API_NAME.fullmatch(text):
            self.wrong(at, f"{text!r} is no identifier")
        return text

    def named(
        self, at: KeyPath, value: object, make: Callable[[KeyPath, object], T]
    ) -> dict[str, T]:
        """An object whose keys are names of botocore's."""
        made = self.each(at, value, make)
        for name in made:
            self.name((*at, name), name)
        return made
