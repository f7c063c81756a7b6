"""The record of a service's responses, in the notation of the lock file (see `lockfile.notation`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from schemagen.lockfile.notation import parse_type
from schemagen.model.recorded import RecordedMember, RecordedStructure
from schemagen.model.shapes import structure_names
from schemagen.runtime.calls import CallRules, Scope
from schemagen.settings.positions import KeyPath


@dataclass(frozen=True)
class Record:
    """The outputs of operations, the values of enumerations, and the types of structures' members.

    ``outputs`` are names of structures by operation, ``enumerations`` values by name, and ``shapes``
    the types of members by structure and member. ``operations`` are the rules of the operations
    that are called for the tables, and ``scope`` that of the service; files of format 1 have none.
    """

    outputs: Mapping[str, str] = field(default_factory=dict[str, str])
    enumerations: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    shapes: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    operations: Mapping[str, CallRules] = field(default_factory=dict[str, CallRules])
    scope: Scope = field(default_factory=Scope)

    @property
    def structures(self) -> tuple[RecordedStructure, ...]:
        """The structures as the rest of the program uses them, sorted by name."""
        return tuple(
            RecordedStructure(
                name, tuple(self._member(member, text) for member, text in members.items())
            )
            for name, members in sorted(self.shapes.items())
        )

    def _member(self, name: str, text: str) -> RecordedMember:
        notation = parse_type(text)
        values = self.enumerations.get(notation.enumeration, ())
        return RecordedMember(name, notation.shape, notation.required, values)

    def dangling(self) -> Iterator[tuple[KeyPath, str]]:
        """Find names that the record does not hold: the key path of each, and a message."""
        for operation, output in self.outputs.items():
            if output not in self.shapes:
                yield ("outputs", operation), f'structure {output!r} is not in "shapes"'
        for structure, members in self.shapes.items():
            for member, text in members.items():
                key_path: KeyPath = ("shapes", structure, member)
                notation = parse_type(text)
                for name in structure_names(notation.shape):
                    if name not in self.shapes:
                        yield key_path, f'structure {name!r} is not in "shapes"'
                if notation.enumeration and notation.enumeration not in self.enumerations:
                    yield key_path, f'enumeration {notation.enumeration!r} is not in "enumerations"'
