"""Read, check and write lock files: for each service, which response fills which column.

``bindings/<provider>/<service>.json`` holds the bindings of the service's tables and a record of the
response structures that they reach. A build therefore needs no botocore, and a new botocore changes
nothing until `schemagen bind` is run. `read` and `write` are inverse on a file that `write` made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from schemagen.diagnostics import Problem, ProblemsFound
from schemagen.lockfile.codecs import layout
from schemagen.lockfile.fields import FORMAT, Content, in_format, read_content, write_content
from schemagen.lockfile.form import Form, decode, load
from schemagen.lockfile.notation import argument_members
from schemagen.lockfile.record import Record
from schemagen.model.bindings import Binding, BoundColumn
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
    """A lock file. ``path`` is its name in messages, ``text`` what it was read from.

    The rest of the program uses ``bindings`` and ``recorded_service``; ``record`` is the latter in the
    notation of the file.
    """

    path: str
    service_name: str
    bindings: tuple[Binding, ...]
    record: Record
    unbound: tuple[tuple[str, str], ...] = ()
    """Tables that might be the service's, and the reasons why they have no binding."""
    text: str = field(default="", compare=False, repr=False)
    format: int = field(default=FORMAT, compare=False)
    """The format of ``text``. What is written has the newest."""
    override_problems: Mapping[KeyPath, Callable[[str], Problem]] = field(
        default_factory=dict[KeyPath, Callable[[str], Problem]], compare=False, repr=False
    )
    """By entry that an override of the settings made: turns a message into a problem of the override."""

    @cached_property
    def recorded_service(self) -> RecordedService:
        """The record as the rest of the program uses it."""
        whole_responses = {
            column.operation or binding.operation
            for binding in self.bindings
            for column in binding.columns
            if column.member == WHOLE and binding.item_path(column.operation) == WHOLE
        }
        return RecordedService(
            self.service_name,
            self.record.structures,
            tuple(sorted(self.record.outputs.items())),
            tuple(sorted(whole_responses)),
            tuple(sorted(self.record.operations.items())),
        )


def read(path: str, data: bytes) -> LockFile:
    """Read a lock file; ``path`` is its name in messages, and its stem the name of the service.

    Raises `ProblemsFound` with every SG401 (not JSON, or not of the form of a lock), or else with
    every SG402 (a name that the file does not record).
    """
    lock = parse(path, data)
    if found := problems(lock, unrecorded(lock), "run `schemagen bind`"):
        raise ProblemsFound(found)
    return lock


def parse(path: str, data: bytes) -> LockFile:
    """Read a lock file whose bindings may name what it does not record yet.

    Raises `ProblemsFound` with every SG401.
    """
    text = decode(path, data)
    document, duplicates = load(path, text)
    form = Form(path, text)
    content = read_content(form, document)
    form.raise_problems(duplicates)
    record = Record(
        content.outputs, content.enumerations, content.shapes, content.operations, content.scope
    )
    return LockFile(
        path, content.service, content.tables, record, content.unbound, text, content.format
    )


def write(lock: LockFile) -> str:
    """Format a lock file: sorted, with each column and each structure on a line of its own."""
    record = lock.record
    content = Content(
        FORMAT,
        lock.service_name,
        lock.bindings,
        record.outputs,
        record.enumerations,
        record.shapes,
        record.operations,
        record.scope,
        lock.unbound,
    )
    return layout(write_content(content)) + "\n"


def problems(
    lock: LockFile, findings: Iterable[tuple[KeyPath, str]], advice: str = ""
) -> tuple[Problem, ...]:
    """Turn findings, each a key path and a message, into problems.

    A finding of an entry that an override made is a problem of the override; any other is SG402 at
    the entry's position in the lock, with ``advice``.
    """
    in_lock: list[tuple[KeyPath, str]] = []
    found: list[Problem] = []
    for key_path, message in findings:
        entry = key_path
        while entry and entry not in lock.override_problems:
            entry = entry[:-1]
        if entry:
            found.append(lock.override_problems[entry](message))
        else:
            in_lock.append((key_path, f"{message}; {advice}" if advice else message))
    if in_lock:
        entries = positions.json(lock.text or "{}")
        found += [
            Problem(
                lock.path,
                *entries.line_column(in_format(key_path, lock.format)),
                "SG402",
                message,
            )
            for key_path, message in in_lock
        ]
    return tuple(found)


def check(lock: LockFile, tables: Iterable[Table]) -> tuple[Problem, ...]:
    """Report columns that are not on their page, as SG402. Tables without a page are skipped."""
    pages = {table.id: {column.name for column in table.columns} for table in tables}
    return problems(
        lock,
        (
            (key_path, f"{binding.table} has no column {name!r} on its page")
            for binding in lock.bindings
            if binding.table in pages
            for key_path, name in _columns(binding, lock.format)
            if name not in pages[binding.table]
        ),
        "run `schemagen bind`",
    )


def _columns(binding: Binding, format: int) -> Iterator[tuple[KeyPath, str]]:
    """Yield key path and name of each column in ``binding``, bound or not, in a file of ``format``."""
    table: KeyPath = ("tables", binding.table)
    for column in binding.filled:
        yield (*table, "columns", column.column), column.column
    for index, name in enumerate(binding.unbound):
        yield (*table, "unbound", name if format >= FORMAT else index), name


# --- names without a record -----------------------------------------------------------------------


def unrecorded(lock: LockFile) -> list[tuple[KeyPath, str]]:
    """Find names that the file does not record: the key path of each, and a message."""
    found = list(lock.record.dangling())
    if not found:
        responses = RecordedResponses(lock.recorded_service)
        for binding in lock.bindings:
            found += _BindingCheck(responses, binding).unrecorded()
    return found


class _BindingCheck:
    """Looks up the names of a binding in the record of its service."""

    def __init__(self, responses: RecordedResponses, binding: Binding) -> None:
        self.responses = responses
        self.binding = binding
        self.key_path: KeyPath = ("tables", binding.table)
        self.found: list[tuple[KeyPath, str]] = []

    def unrecorded(self) -> list[tuple[KeyPath, str]]:
        binding = self.binding
        primary = self.item(
            binding.operation, binding.path, self.key_path, (*self.key_path, "operation")
        )
        items: dict[str | None, RecordedStructure | None] = {None: primary}
        for enrichment in binding.enrichments:
            operation = enrichment.operation
            entry: KeyPath = (*self.key_path, "enrichments", operation)
            items[operation] = self.item(operation, enrichment.path, entry, entry)
            if all(column.operation != operation for column in binding.columns):
                self.found.append((entry, f"operation {operation!r} fills no column"))
            for parameter, argument in enrichment.arguments:
                for member in argument_members(argument):
                    self.member(primary, member, (*entry, "arguments", parameter))
        for column in binding.filled:
            entry = (*self.key_path, "columns", column.column)
            column_operation = column.operation if isinstance(column, BoundColumn) else None
            if column_operation in items:
                for key, member in column.sources:
                    self.member(items[column_operation], member, (*entry, key))
            else:
                message = (
                    f"operation {column_operation!r} is not among the enrichments of "
                    f"{binding.table}"
                )
                self.found.append(((*entry, "operation"), message))
        return self.found

    def item(
        self, operation: str, path: str, entry: KeyPath, operation_entry: KeyPath
    ) -> RecordedStructure | None:
        """Look up the structure at ``path``, or add a finding and return None if it is not recorded."""
        try:
            return self.responses.item(operation, path)
        except UnknownOperation as error:
            self.found.append((operation_entry, str(error)))
        except NotRecorded as error:
            self.found.append(((*entry, "path"), str(error)))
        return None

    def member(self, structure: RecordedStructure | None, member: str, entry: KeyPath) -> None:
        """Record a finding if ``structure`` lacks ``member``. None was reported by `item`."""
        try:
            if structure is not None:
                self.responses.member(structure, member)
        except NotRecorded as error:
            self.found.append((entry, str(error)))
