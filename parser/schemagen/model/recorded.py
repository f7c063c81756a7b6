"""What the lock records of a service's responses: operations, structures and their members."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from schemagen.diagnostics import did_you_mean
from schemagen.model.bindings import Binding, BoundColumn
from schemagen.model.paths import WHOLE, Mark, inner_member, map_key, steps, wrong_mark
from schemagen.model.shapes import ListOf, MapOf, Shape, StructureRef
from schemagen.runtime.calls import CallRules


@dataclass(frozen=True, slots=True)
class RecordedMember:
    """A member of a recorded structure. ``required`` is as in botocore's model.

    ``values`` are botocore's enumeration of the string that the member holds, directly or at the
    bottom of lists and maps. ``row_shape`` is what rows hold where the settings follow the API page
    and not ``shape``, which is what arrives; a lock file has none, `link` sets it.
    """

    name: str
    shape: Shape
    required: bool
    values: tuple[str, ...] = ()
    row_shape: Shape | None = None

    @property
    def in_rows(self) -> Shape:
        """The shape of the member in rows."""
        return self.row_shape or self.shape


@dataclass(frozen=True, slots=True)
class RecordedStructure:
    """A structure of a service's responses, as recorded from botocore's model."""

    name: str
    members: tuple[RecordedMember, ...]


@dataclass(frozen=True, slots=True)
class RecordedService:
    """The recorded responses of a service.

    ``outputs`` are pairs of an operation and the name of its output structure, sorted.
    ``whole_responses`` are the operations whose whole response fills a column of some table, sorted.
    ``calls`` are the operations that are called for the tables, with their rules, sorted.
    """

    name: str
    structures: tuple[RecordedStructure, ...]
    outputs: tuple[tuple[str, str], ...]
    whole_responses: tuple[str, ...] = ()
    calls: tuple[tuple[str, CallRules], ...] = ()


class NotRecorded(LookupError):
    """The lock does not record what was looked up. The message is for users."""


class UnknownOperation(NotRecorded):
    """The lock does not record the operation."""


def _inside(shape: Shape) -> tuple[Shape, Mark]:
    """Return what the list or map ``shape`` holds, or any other shape itself, and the mark of the
    step into it."""
    if isinstance(shape, ListOf):
        return shape.element, "[]"
    return (shape.value, "{}") if isinstance(shape, MapOf) else (shape, "")


@dataclass(frozen=True)
class RecordedResponses:
    """Looks up operations, items and members in the record of a service."""

    service: RecordedService

    @cached_property
    def structures(self) -> Mapping[str, RecordedStructure]:
        return {structure.name: structure for structure in self.service.structures}

    @cached_property
    def outputs(self) -> Mapping[str, str]:
        return dict(self.service.outputs)

    def output(self, operation: str) -> RecordedStructure:
        """Return the structure of ``operation``'s response. Raises `NotRecorded`."""
        if operation not in self.outputs:
            raise UnknownOperation(
                f"operation {operation!r} is not recorded{did_you_mean(operation, self.outputs)}"
            )
        return self.structures[self.outputs[operation]]

    def item(self, operation: str, path: str) -> RecordedStructure:
        """Return the structure that ``path`` leads to. Raises `NotRecorded`."""
        return self.structures_along(operation, path)[-1]

    def structures_along(self, operation: str, path: str) -> tuple[RecordedStructure, ...]:
        """Return the structures along ``path``, from response to item. Raises `NotRecorded`."""
        structure = self.output(operation)
        passed = [structure]
        for step in steps(path):
            shape = self.member(structure, step.member).shape
            name = f"{structure.name}.{step.member}"
            inner, mark = _inside(shape)
            if not isinstance(inner, StructureRef):
                raise NotRecorded(f"{name} does not hold a structure")
            if wrong := wrong_mark(step, name, mark):
                raise NotRecorded(wrong)
            structure = self.structures[inner.name]
            passed.append(structure)
        return tuple(passed)

    def member(self, structure: RecordedStructure, name: str) -> RecordedMember:
        """Return the member ``name`` of a structure. Raises `NotRecorded`.

        `WHOLE` is the structure itself, ``Attributes[QueueArn]`` the value at a key of a map, and
        ``Latest.Version`` a member of a structure in it.
        """
        if name == WHOLE:
            return RecordedMember(WHOLE, StructureRef(structure.name), required=True)
        if at_key := map_key(name):
            holder = self.member(structure, at_key[0])
            if not isinstance(holder.shape, MapOf):
                raise NotRecorded(
                    f"{structure.name}.{holder.name} is not a map: remove the [{at_key[1]}]"
                )
            return RecordedMember(name, holder.shape.value, required=False, values=holder.values)
        if inner := inner_member(name):
            holder = self.member(structure, inner[0])
            if not isinstance(holder.shape, StructureRef):
                raise NotRecorded(f"{structure.name}.{holder.name} is not a structure")
            return replace(self.member(self.structures[holder.shape.name], inner[1]), name=name)
        for member in structure.members:
            if member.name == name:
                return member
        known = [member.name for member in structure.members]
        raise NotRecorded(f"{structure.name} has no member {name!r}{did_you_mean(name, known)}")

    def member_names(self, structure: str) -> list[str]:
        """Return the names of a recorded structure's members."""
        return [member.name for member in self.structures[structure].members]

    def column_member(self, binding: Binding, column: BoundColumn) -> RecordedMember:
        """Return the member that fills ``column`` of ``binding``, a list if several calls do. Raises
        `NotRecorded`."""
        member = self.member(self.column_item(binding, column), column.member)
        if not binding.is_listed(column):
            return member
        row_shape = ListOf(member.row_shape) if member.row_shape else None
        return replace(member, shape=ListOf(member.shape), row_shape=row_shape)

    def column_item(self, binding: Binding, column: BoundColumn) -> RecordedStructure:
        """Return the structure whose member fills ``column`` of ``binding``. Raises `NotRecorded`."""
        path = binding.item_path(column.operation)
        if path is None:
            raise UnknownOperation(f"{binding.table} does not call {column.operation!r}")
        return self.item(column.operation or binding.operation, path)
