"""Parts of the model that several reports show."""

from __future__ import annotations

from typing import Any

from schemagen.model.origin import Origin


def origin_json(origin: Origin) -> dict[str, Any]:
    """Format an origin for programs: ``path`` and ``line``."""
    return {"path": origin.path, "line": origin.line}
