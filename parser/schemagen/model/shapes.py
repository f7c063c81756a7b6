"""Types of structure members: expressions over the scalars of the type table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scalar:
    """A scalar, by its name in `typetable.SCALARS` ("string", "timestamp", …)."""

    name: str


@dataclass(frozen=True, slots=True)
class StructureRef:
    """A structure of the same service, by its name ("SecondaryStatusTransition")."""

    name: str


@dataclass(frozen=True, slots=True)
class ListOf:
    element: Shape


@dataclass(frozen=True, slots=True)
class MapOf:
    """A map with string keys. Its keys are data and are never renamed."""

    value: Shape


Shape = Scalar | StructureRef | ListOf | MapOf


def structure_names(shape: Shape) -> Iterator[str]:
    """Yield the names of the structures in ``shape``, not those that they refer to."""
    match shape:
        case StructureRef(name):
            yield name
        case ListOf(inner) | MapOf(inner):
            yield from structure_names(inner)
        case Scalar():
            pass


def shape_text(shape: Shape) -> str:
    """Format a shape: ``list<SecondaryStatusTransition>``."""
    match shape:
        case Scalar(name) | StructureRef(name):
            return name
        case ListOf(element):
            return f"list<{shape_text(element)}>"
        case MapOf(value):
            return f"map<{shape_text(value)}>"
