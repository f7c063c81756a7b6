"""The generated package's module ``records``, which converts rows for files and data frames."""

from __future__ import annotations

from collections.abc import Sequence

from schemagen.emit import paths, templating
from schemagen.emit.formatting import format_python
from schemagen.emit.sql import expressions
from schemagen.names import python_literal
from schemagen.typetable import Resolved, TypeTable


def render(types: TypeTable, package: str, outputs: Sequence[str]) -> str:
    """Render the module for ``outputs``."""
    rows = {name: _row(types.resolve(name)) for name in expressions(types)}
    used = {row[key] for row in rows.values() for key in ("encode", "decode")}
    return format_python(
        templating.render(
            "package/records.py.j2",
            notice=paths.notice("the type table"),
            package=package,
            outputs=[python_literal(output) for output in outputs],
            converters=sorted(name for name in used if isinstance(name, str)),
            rows=rows,
        )
    )


def _row(type: Resolved) -> dict[str, object]:
    encode, decode = type.scalar.record
    return {"encode": encode, "decode": decode or None, "depth": type.depth}
