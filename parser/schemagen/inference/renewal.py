"""A binding of the lock, brought up to its page: what the page lacks goes, and columns are taken from
what is inferred now. What was bound before and is still there stays as it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from schemagen.model.bindings import Binding, BoundColumn
from schemagen.model.pages import Table


def fills(operation: str, columns: Iterable[BoundColumn]) -> bool:
    """True where one of ``columns`` is a member of what ``operation``, an auxiliary one, returns."""
    return any(one.operation == operation for one in columns)


def on_page(old: Binding, table: Table) -> Binding:
    """``old`` without the columns that the page does not have, and operations that fill no other."""
    names = {column.name for column in table.columns}
    columns = tuple(one for one in old.columns if one.column in names)
    return replace(
        old,
        columns=columns,
        derived=tuple(one for one in old.derived if one.column in names),
        enrichments=tuple(one for one in old.enrichments if fills(one.operation, columns)),
        unbound=tuple(name for name in old.unbound if name in names),
    )


def unsaid(old: Binding, table: Table) -> set[str]:
    """The columns of the page that ``old`` says nothing of."""
    said = {*old.unbound, *(one.column for one in old.filled)}
    return {column.name for column in table.columns if column.name not in said}


def renewed(old: Binding, columns: Collection[str], new: Binding | None) -> Binding:
    """``old`` with ``columns`` as ``new``, a binding of the same item, has them; what it does not have,
    or only in another item of an operation that stays, is unbound."""
    kept = tuple(one for one in old.columns if one.column not in columns)
    enrichments = {one.operation: one for one in old.enrichments if fills(one.operation, kept)}
    found = list(kept)
    derived = [*old.derived]
    if new is not None:
        derived += [one for one in new.derived if one.column in columns]
        for one in new.enrichments:
            enrichments.setdefault(one.operation, one)
        found += [
            one
            for one in new.columns
            if one.column in columns
            and (
                one.operation is None
                or enrichments[one.operation].path == new.item_path(one.operation)
            )
        ]
    bound = {one.column for one in found} | {one.column for one in derived}
    return replace(
        old,
        columns=tuple(found),
        derived=tuple(derived),
        enrichments=tuple(one for name, one in enrichments.items() if fills(name, found)),
        unbound=tuple(sorted({*old.unbound, *columns} - bound)),
    )
