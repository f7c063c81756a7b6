"""The generated package's module ``records``, which converts rows for files and data frames."""

from __future__ import annotations

from collections.abc import Sequence

from schemagen.emit import paths, templating
from schemagen.emit.formatting import format_python
from schemagen.emit.sql import Encoders, expressions
from schemagen.names import python_literal
from schemagen.resolved_types import Resolved, TypeTable


def render(types: TypeTable, package: str, outputs: Sequence[str]) -> str:
    """Render the module for ``outputs``."""
    encoders = Encoders.of(types)
    rows = {name: _row(types.resolve(name), encoders) for name in expressions(types)}
    return format_python(
        templating.render(
            "package/records.py.j2",
            notice=paths.notice("the type table"),
            package=package,
            outputs=[python_literal(output) for output in outputs],
            imports=encoders.imports(
                {"typing": {"Final", "Literal"}},
                {
                    "._convert": {"ConversionError", "Errors"},
                    "._runtime.records": {"Records"},
                    "._runtime.sql": {"Encoding", "Table"},
                },
                rows.values(),
            ),
            rows=rows,
        )
    )


def _row(type: Resolved, encoders: Encoders) -> dict[str, object]:
    encode, decode = type.scalar.record
    encode = encoders.encoder(type.scalar, encode)
    return {"encode": encode, "decode": decode or None, "depth": type.depth}
