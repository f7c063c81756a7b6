"""Parts of the model that several reports show."""

from __future__ import annotations

from typing import Any

from schemagen.model.origin import Origin
from schemagen.model.shapes import ListOf, MapOf, Scalar, Shape, StructureRef


def shape_text(shape: Shape) -> str:
    """Format a shape: ``list<SecondaryStatusTransition>``."""
    match shape:
        case Scalar(name) | StructureRef(name):
            return name
        case ListOf(element):
            return f"list<{shape_text(element)}>"
        case MapOf(value):
            return f"map<{shape_text(value)}>"


def origin_json(origin: Origin) -> dict[str, Any]:
    return {"path": origin.path, "line": origin.line}
