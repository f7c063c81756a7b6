"""Bring a binding of the lock up to date with its page.

Columns that the page no longer has are dropped. New ones, and those whose type has changed so that their
member no longer converts to it, or may do so now, are taken from what is inferred now. Everything else that
was bound before stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from schemagen.fits import can_convert, misfit, misfit_type
from schemagen.model.bindings import Binding, BoundColumn, Enrichment
from schemagen.model.pages import Table
from schemagen.model.paths import map_key
from schemagen.model.recorded import NotRecorded, RecordedResponses
from schemagen.model.shapes import shape_text
from schemagen.resolved_types import PAGE_RULE
from schemagen.typed_pages import TypedTable


def fills(operation: str, columns: Iterable[BoundColumn]) -> bool:
    """Whether one of ``columns`` comes from an enrichment call of ``operation``."""
    return any(column.operation == operation for column in columns)


def reasons_of(
    unbound: Collection[str], *known: Iterable[tuple[str, str]]
) -> tuple[tuple[str, str], ...]:
    """Return the reasons of the ``unbound`` columns, sorted; of several for one, the last."""
    reasons = {name: reason for source in known for name, reason in source if name in unbound}
    return tuple(sorted(reasons.items()))


def on_page(binding: Binding, table: Table) -> Binding:
    """Drop the columns that the page does not have, and the enrichment calls that fill no other."""
    names = {column.name for column in table.columns}
    columns = tuple(column for column in binding.columns if column.column in names)
    return replace(
        binding,
        columns=columns,
        derived=tuple(column for column in binding.derived if column.column in names),
        enrichments=tuple(
            enrichment for enrichment in binding.enrichments if fills(enrichment.operation, columns)
        ),
        unbound=tuple(name for name in binding.unbound if name in names),
        reasons=reasons_of(names.intersection(binding.unbound), binding.reasons),
    )


def unmentioned(binding: Binding, table: Table) -> set[str]:
    """Return the columns of the page that ``binding`` neither fills nor lists as unbound."""
    mentioned = {*binding.unbound, *(column.column for column in binding.filled)}
    return {column.name for column in table.columns if column.name not in mentioned}


def misfits(binding: Binding, typed: TypedTable, responses: RecordedResponses) -> dict[str, str]:
    """Return the bound columns that the page gives a type to which no value of their member converts, and say
    why.

    Left out are types that a rule of the settings chose, which a build reports (SG310), and members that are
    not recorded, which linking reports (SG402).
    """
    found: dict[str, str] = {}
    types = typed.types
    for column in binding.columns:
        type = types[column.column]
        if type.rule != PAGE_RULE:
            continue
        try:
            member = responses.column_member(binding, column)
        except NotRecorded:
            continue
        at_key = map_key(member.name) is not None
        if not can_convert(type, member.shape, responses.member_names, at_key=at_key):
            name = responses.column_item(binding, column).name
            shape = shape_text(member.shape)
            found[column.column] = misfit(f"{name}.{member.name}", shape, type.expression)
    return found


def outdated_misfits(binding: Binding, typed: TypedTable) -> set[str]:
    """Return the columns that are unbound because a member does not fit a type which the page had then."""
    types = typed.types
    return {
        name
        for name, reason in binding.reasons
        if (type := misfit_type(reason)) and type != types[name].expression
    }


def _answers_alike(call: Enrichment, other: Binding) -> bool:
    """Whether ``other`` takes columns from the same item of the operation, and as often."""
    return any(
        (found.operation, found.path, found.values) == (call.operation, call.path, call.values)
        for found in other.enrichments
    )


def renewed(
    binding: Binding,
    columns: Collection[str],
    inferred: Binding | None,
    misfits: Mapping[str, str],
) -> Binding:
    """Take ``columns`` from ``inferred``, a binding of the same item.

    A column becomes unbound if ``inferred`` does not fill it, or fills it from another item of an
    operation that the binding already calls; ``misfits`` say why, for columns that were bound.
    """
    kept = tuple(column for column in binding.columns if column.column not in columns)
    enrichments = {
        enrichment.operation: enrichment
        for enrichment in binding.enrichments
        if fills(enrichment.operation, kept)
    }
    filled = list(kept)
    derived = [*binding.derived]
    if inferred is not None:
        derived += [column for column in inferred.derived if column.column in columns]
        for enrichment in inferred.enrichments:
            enrichments.setdefault(enrichment.operation, enrichment)
        filled += [
            column
            for column in inferred.columns
            if column.column in columns
            and (
                column.operation is None or _answers_alike(enrichments[column.operation], inferred)
            )
        ]
    bound = {column.column for column in filled} | {column.column for column in derived}
    return replace(
        binding,
        columns=tuple(filled),
        derived=tuple(derived),
        enrichments=tuple(
            enrichment for name, enrichment in enrichments.items() if fills(name, filled)
        ),
        unbound=tuple(sorted({*binding.unbound, *columns} - bound)),
        reasons=reasons_of(
            {*binding.unbound, *columns} - bound,
            binding.reasons,
            inferred.reasons if inferred else (),
            misfits.items(),
        ),
    )
