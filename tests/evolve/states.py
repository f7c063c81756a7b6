"""Tables of databases, made up for the tests of migrations."""

from __future__ import annotations

from collections.abc import Mapping

from schemagen.resolved_types import TypeTable
from schemagen.runtime.evolve.state import ColumnState, Dialect, TableState
from schemagen.typetable import NOTATIONS
from schemagen.typetable import Dialect as Notation

TYPES = TypeTable()
DIALECTS = {
    notation.name: Dialect(
        notation.name,
        notation.template,
        {
            row.sql[notation.name].name: extension
            for row in TYPES.types.values()
            if (extension := row.sql[notation.name].extension)
        },
    )
    for notation in NOTATIONS
    if isinstance(notation, Notation)
}


def table(
    id: str,
    columns: Mapping[str, str],
    dialect: str = "postgres",
    *,
    key: str | None = "_key",
    comments: Mapping[str, str] | None = None,
    stored: Mapping[str, str] | None = None,
    name: str = "",
) -> TableState:
    """A table with ``columns``, names and DDSQL types, as the type table spells them in ``dialect``."""
    [notation] = [item for item in TYPES.dialects if item.name == dialect]
    schema, _, own = id.partition(".")
    comments, stored = comments or {}, stored or {}
    return TableState(
        id,
        schema,
        name or own,
        key if key in columns else None,
        tuple(
            ColumnState(
                column,
                stored.get(column, column),
                type,
                TYPES.resolve(type).sql(notation).name,
                comments.get(column, ""),
            )
            for column, type in columns.items()
        ),
        comments.get("", ""),
    )
