"""Paths through recorded responses: from an operation to the item that a table's row is made from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from schemagen.diagnostics import did_you_mean
from schemagen.model.bindings import (
    Binding,
    BoundColumn,
    RecordedService,
    ResponseMember,
    ResponseStructure,
)
from schemagen.model.shapes import ListOf, MapOf, StructureRef
from schemagen.names import API_NAME

WHOLE = "@"
"""The path to the response itself."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path: into ``member``, and with ``each`` into every element of its list."""

    member: str
    each: bool


_STEP = re.compile(rf"({API_NAME.pattern})(\[\])?")


def steps(path: str) -> tuple[Step, ...]:
    """``"Reservations[].Instances[]"`` as steps; ``"@"`` has none. Raises ValueError."""
    if path == WHOLE:
        return ()
    found: list[Step] = []
    for part in path.split("."):
        match = _STEP.fullmatch(part)
        if match is None:
            raise ValueError(
                f'{path!r} is no path; a path is "@" or members joined by dots, with [] after a list'
            )
        found.append(Step(match[1], match[2] is not None))
    return tuple(found)


_AT_KEY = re.compile(rf"({API_NAME.pattern})\[([A-Za-z0-9_.:/-]+)\]")


def map_key(member: str) -> tuple[str, str] | None:
    """``"Attributes[QueueArn]"``, the value at a key of a member that is a map, as the map and the
    key; None for a member as a whole."""
    match = _AT_KEY.fullmatch(member)
    return (match[1], match[2]) if match else None


def fetched_member(member: str) -> str:
    """The member that is read for ``member``: the map where that is the value at a key."""
    at_key = map_key(member)
    return at_key[0] if at_key else member


class NotRecorded(LookupError):
    """The lock's record of a service has no such thing. The message is for people."""


class UnknownOperation(NotRecorded):
    """The record has no such operation."""


@dataclass(frozen=True)
class Responses:
    """What the lock records of one service, by name."""

    service: RecordedService

    @cached_property
    def structures(self) -> Mapping[str, ResponseStructure]:
        return {structure.name: structure for structure in self.service.structures}

    @cached_property
    def outputs(self) -> Mapping[str, str]:
        return dict(self.service.outputs)

    def output(self, operation: str) -> ResponseStructure:
        """The structure of ``operation``'s response. Raises `NotRecorded`."""
        if operation not in self.outputs:
            raise UnknownOperation(
                f"operation {operation!r} is not recorded{did_you_mean(operation, self.outputs)}"
            )
        return self.structures[self.outputs[operation]]

    def item(self, operation: str, path: str) -> ResponseStructure:
        """The structure that ``path`` leads to. Raises `NotRecorded`."""
        return self.trail(operation, path)[-1]

    def trail(self, operation: str, path: str) -> tuple[ResponseStructure, ...]:
        """The structures along ``path``, from the response to the item."""
        structure = self.output(operation)
        passed = [structure]
        for step in steps(path):
            shape = self.member(structure, step.member).shape
            if step.each and not isinstance(shape, ListOf):
                raise NotRecorded(f"{structure.name}.{step.member} is no list: leave out the []")
            inner = shape.element if step.each and isinstance(shape, ListOf) else shape
            if isinstance(inner, ListOf):
                raise NotRecorded(f"{structure.name}.{step.member} is a list: write []")
            if not isinstance(inner, StructureRef):
                raise NotRecorded(f"{structure.name}.{step.member} holds no structure")
            structure = self.structures[inner.name]
            passed.append(structure)
        return tuple(passed)

    def member(self, structure: ResponseStructure, name: str) -> ResponseMember:
        """The member of a structure; `WHOLE` is the structure itself, and ``Attributes[QueueArn]``
        the value at a key of a map. Raises `NotRecorded`."""
        if name == WHOLE:
            return ResponseMember(WHOLE, StructureRef(structure.name), required=True)
        if at_key := map_key(name):
            found = self.member(structure, at_key[0])
            if not isinstance(found.shape, MapOf):
                raise NotRecorded(
                    f"{structure.name}.{found.name} is no map: leave out the [{at_key[1]}]"
                )
            return ResponseMember(name, found.shape.value, required=False, values=found.values)
        for member in structure.members:
            if member.name == name:
                return member
        known = [member.name for member in structure.members]
        raise NotRecorded(f"{structure.name} has no member {name!r}{did_you_mean(name, known)}")

    def filler(self, binding: Binding, column: BoundColumn) -> ResponseMember:
        """The member that fills a column of ``binding``. Raises `NotRecorded`."""
        path = binding.path_of(column.operation)
        if path is None:
            raise UnknownOperation(f"{binding.table} does not ask {column.operation!r}")
        item = self.item(column.operation or binding.operation, path)
        return self.member(item, column.member)
