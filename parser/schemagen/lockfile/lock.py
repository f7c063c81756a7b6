"""The lock: one JSON file per service that says which response fills which column.

``bindings/<provider>/<service>.json`` holds the bindings of the service's tables, and a record of
the response structures that they reach, so that a build needs no botocore and a new botocore
changes nothing unasked. `read` and `write` are inverse on a file that `write` made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from schemagen.diagnostics import Problem, ProblemsFound
from schemagen.lockfile import reading, writing
from schemagen.lockfile.notation import argument_members
from schemagen.lockfile.record import Record
from schemagen.model import arn_format
from schemagen.model.bindings import Binding, BoundColumn, DerivedColumn
from schemagen.model.pages import Table
from schemagen.model.paths import WHOLE
from schemagen.model.recorded import (
    NotRecorded,
    RecordedResponses,
    RecordedService,
    RecordedStructure,
    UnknownOperation,
)
from schemagen.settings import positions
from schemagen.settings.positions import KeyPath


@dataclass(frozen=True)
class LockFile:
    """One file of the lock. ``path`` is how messages name it, ``text`` what it was read from.

    ``bindings`` and ``service`` are for the rest of the program, ``record`` is for the lock itself.
    """

    path: str
    service_name: str
    bindings: tuple[Binding, ...]
    record: Record
    text: str = field(default="", compare=False, repr=False)
    override_problems: Mapping[KeyPath, Callable[[str], Problem]] = field(
        default_factory=dict[KeyPath, Callable[[str], Problem]], compare=False, repr=False
    )
    """The entries that were made from another file, by path: what makes a problem there."""

    @cached_property
    def recorded_service(self) -> RecordedService:
        """The record as the rest of the program sees it."""
        whole = {
            column.operation or binding.operation
            for binding in self.bindings
            for column in binding.columns
            if column.member == WHOLE and binding.item_path(column.operation) == WHOLE
        }
        return RecordedService(
            self.service_name,
            self.record.structures,
            tuple(sorted(self.record.outputs.items())),
            tuple(sorted(whole)),
        )


def read(path: str, data: bytes) -> LockFile:
    """The lock in ``data``; ``path`` is how messages name it, its stem the service.

    Raises `ProblemsFound` with every SG401 (no JSON, or not of this form), or else with every SG402
    (something is named that the file does not record).
    """
    lock = parse(path, data)
    if found := problems(lock, unknown(lock), "run `schemagen bind`"):
        raise ProblemsFound(found)
    return lock


def parse(path: str, data: bytes) -> LockFile:
    """The lock in ``data``, as it is: what its bindings name need not be recorded yet.

    Raises `ProblemsFound` with every SG401.
    """
    content = reading.read(path, data)
    return LockFile(path, content.service, content.bindings, content.record, content.text)


def write(lock: LockFile) -> str:
    """The text of the lock's file."""
    return writing.write(lock.service_name, lock.bindings, lock.record)


def problems(
    lock: LockFile, found: Iterable[tuple[KeyPath, str]], advice: str = ""
) -> tuple[Problem, ...]:
    """Findings as SG402, each with the place of its entry in the lock's text and with ``advice``, or
    as problems of the file that the entry was made from."""
    here: list[tuple[KeyPath, str]] = []
    made: list[Problem] = []
    for at, message in found:
        entry = at
        while entry and entry not in lock.override_problems:
            entry = entry[:-1]
        if entry:
            made.append(lock.override_problems[entry](message))
        else:
            here.append((at, f"{message}; {advice}" if advice else message))
    if here:
        there = positions.json(lock.text or "{}")
        made += [Problem(lock.path, *there.line_column(at), "SG402", text) for at, text in here]
    return tuple(made)


def check(lock: LockFile, tables: Iterable[Table]) -> tuple[Problem, ...]:
    """SG402 for columns that the pages lack. Bindings of tables without a page are passed over."""
    pages = {table.id: {column.name for column in table.columns} for table in tables}
    return problems(
        lock,
        (
            (at, f"{binding.table} has no column {name!r} on its page")
            for binding in lock.bindings
            if binding.table in pages
            for at, name in _columns(binding)
            if name not in pages[binding.table]
        ),
        "run `schemagen bind`",
    )


def _columns(binding: Binding) -> Iterator[tuple[KeyPath, str]]:
    """The columns that ``binding`` names, each with the path of its entry."""
    at: KeyPath = ("tables", binding.table)
    for column in binding.filled:
        yield (*at, "columns", column.column), column.column
    for index, name in enumerate(binding.unbound):
        yield (*at, "unbound", index), name


# --- what is not recorded -------------------------------------------------------------------------


def unknown(lock: LockFile) -> list[tuple[KeyPath, str]]:
    """What the file names and does not record: path of the entry, and a message."""
    found = list(lock.record.dangling())
    if not found:
        responses = RecordedResponses(lock.recorded_service)
        for binding in lock.bindings:
            found += _Names(responses, binding).unknown()
    return found


class _Names:
    """The names in one binding, looked up in the record of its service."""

    def __init__(self, responses: RecordedResponses, binding: Binding) -> None:
        self.responses = responses
        self.binding = binding
        self.at: KeyPath = ("tables", binding.table)
        self.found: list[tuple[KeyPath, str]] = []

    def unknown(self) -> list[tuple[KeyPath, str]]:
        binding = self.binding
        primary = self.item(binding.operation, binding.path, self.at, (*self.at, "operation"))
        items: dict[str | None, RecordedStructure | None] = {None: primary}
        for one in binding.enrichments:
            place: KeyPath = (*self.at, "auxiliary", one.operation)
            items[one.operation] = self.item(one.operation, one.path, place, place)
            if all(column.operation != one.operation for column in binding.columns):
                self.found.append((place, f"operation {one.operation!r} fills no column"))
            for parameter, text in one.arguments:
                for member in argument_members(text):
                    self.member(primary, member, (*place, "arguments", parameter))
        for column in binding.filled:
            place = (*self.at, "columns", column.column)
            operation = column.operation if isinstance(column, BoundColumn) else None
            if operation in items:
                for entry, member in _members(column):
                    self.member(items[operation], member, (*place, entry))
            else:
                message = f'operation {operation!r} is not in "auxiliary" of {binding.table}'
                self.found.append(((*place, "operation"), message))
        return self.found

    def item(
        self, operation: str, path: str, at: KeyPath, at_operation: KeyPath
    ) -> RecordedStructure | None:
        """The structure that ``path`` leads to; None, with a finding, where there is no such way."""
        try:
            return self.responses.item(operation, path)
        except UnknownOperation as error:
            self.found.append((at_operation, str(error)))
        except NotRecorded as error:
            self.found.append(((*at, "path"), str(error)))
        return None

    def member(self, structure: RecordedStructure | None, member: str, at: KeyPath) -> None:
        """A finding where ``member`` does not exist. A structure of None was reported before."""
        try:
            if structure is not None:
                self.responses.member(structure, member)
        except NotRecorded as error:
            self.found.append((at, str(error)))


def _members(column: BoundColumn | DerivedColumn) -> Iterator[tuple[str, str]]:
    """The members that a column's entry names, each with the field that names it."""
    if column.member:
        yield "member", column.member
    if isinstance(column, DerivedColumn) and column.format:
        for member in arn_format.parse(column.format).members:
            yield "format", member
