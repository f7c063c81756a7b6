# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Read what users choose for a migration: names that changed, and values that may be lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..lookup import did_you_mean
from ..usage import UsageError
from .plan import Renames
from .state import States


class ChoiceError(UsageError, ValueError):
    """Raised for a choice of a table or column that does not exist, or of nothing."""


def parse_renames(choices: Iterable[str], old: States, new: States) -> Renames:
    """Parse renames: ``TABLE=TABLE``, ``TABLE.COLUMN=COLUMN`` or ``TABLE.COLUMN=TABLE.COLUMN``.

    Names are the documented ones: the first is an old one, the second a new one. Raises `ChoiceError`.
    """
    tables: dict[str, str] = {}
    columns: list[tuple[str, str, str]] = []
    for choice in choices:
        before, after = _sides(choice, old)
        if before in old:
            if after not in new:
                raise ChoiceError(
                    f"--rename {choice}: no new table is called {after!r}{did_you_mean([after], new)}"
                )
            tables[before] = after
        else:
            [(table, column)] = _columns(before, old)
            columns.append((table, column, after))
    renamed: dict[tuple[str, str], str] = {}
    for table, column, after in columns:
        renamed[table, column] = _new_column(table, column, after, tables, new)
    _unique("tables", tables.values())
    _unique("columns", [f"{table}.{new}" for (table, _), new in renamed.items()])
    return Renames(tables, renamed)


def parse_allowed(choices: Iterable[str], old: States) -> frozenset[str]:
    """Check what may be lost: each choice is ``TABLE`` or ``TABLE.COLUMN``, of old tables. A table stands
    for itself and all its columns. Raises `ChoiceError`."""
    allowed = frozenset(choices)
    for choice in sorted(allowed):
        if choice not in old and not _columns(choice, old):
            raise ChoiceError(
                f"--allow-loss {choice}: no old table or column has this name{_similar(choice, old)}"
            )
    columns = (
        f"{table}.{column.name}"
        for table in allowed & old.keys()
        for column in old[table].columns
    )
    return allowed.union(columns)


def _sides(choice: str, old: States) -> tuple[str, str]:
    """Split a rename where the left side is an old table or column: names may contain the sign."""
    sides = [
        (choice[:position], choice[position + 1 :])
        for position, letter in enumerate(choice)
        if letter == "="
    ]
    if not sides:
        raise ChoiceError(
            f"--rename {choice}: write TABLE=TABLE or TABLE.COLUMN=COLUMN, with the old name first"
        )
    for before, after in sides:
        if before in old or _columns(before, old):
            return before, after
    before = sides[0][0]
    raise ChoiceError(
        f"--rename {choice}: no old table or column is called {before!r}{_similar(before, old)}"
    )


def _columns(name: str, tables: States) -> list[tuple[str, str]]:
    """Find the table and the column that ``name`` names. Both may contain dots."""
    return [
        (table, column)
        for position, letter in enumerate(name)
        if letter == "."
        for table, column in [(name[:position], name[position + 1 :])]
        if table in tables and tables[table].column(column)
    ][:1]


def _new_column(
    table: str, column: str, after: str, tables: Mapping[str, str], new: States
) -> str:
    """Return the new name of a column, given with or without its table."""
    target = new.get(tables.get(table, table))
    if target is None:
        raise ChoiceError(
            f"--rename {table}.{column}={after}: there is no new table {table!r}"
        )
    for name in (after, after.removeprefix(f"{target.id}.")):
        if target.column(name):
            return name
    names = [item.name for item in target.columns]
    raise ChoiceError(
        f"--rename {table}.{column}={after}: {target.id} has no column {after!r}"
        f"{did_you_mean([after], names)}"
    )


def _unique(kind: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ChoiceError(f"--rename: two {kind} would be called {name!r}")
        seen.add(name)


def _similar(name: str, tables: States) -> str:
    return did_you_mean([name], _all_names(tables))


def _all_names(tables: States) -> Iterator[str]:
    for id, table in tables.items():
        yield id
        for column in table.columns:
            yield f"{id}.{column.name}"
