"""Find the chain of listings that leads to a table's rows from credentials alone.

A listing that requires a parameter is called once for each element of the listing of its parents:
ListServices takes a cluster, and ListClusters lists them. The operation that lists parents is found
by the same evidence as the listing of a table. An enumeration that a parameter requires is passed
value by value, and the caller's own account as a placeholder. Nothing is guessed: if two operations
list the parents equally well, or one of a chain requires itself, the table cannot be enumerated.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from schemagen.api_models.index import IndexedItem, ReadOperation, ServiceIndex
from schemagen.inference.identity import Identity
from schemagen.inference.listing import (
    FoundListing,
    find_listing,
    find_parent_listing,
    has_default,
    identifying_parameters,
    split_identifier,
)
from schemagen.inference.required_parameters import (
    ACCOUNT_PARAMETERS,
    Values,
    alternatives,
    known_values,
)
from schemagen.model.bindings import Binding, Listing
from schemagen.names import folded

MAX_DEPTH = 4
"""The number of listings above a table's own at most. No service nests resources deeper."""


@dataclass(frozen=True, slots=True)
class Enumeration:
    """How the rows of a table are enumerated from credentials alone.

    ``parents`` are the listings above ``listing``, the topmost first. ``values`` are passed to the
    primary operation, each in a call of its own. ``obstacle`` says why the rows cannot be
    enumerated, or is "".
    """

    parents: tuple[Listing, ...] = ()
    listing: Listing | None = None
    values: Values = ()
    obstacle: str = ""


def enumerated(binding: Binding, index: ServiceIndex) -> Binding:
    """Return ``binding`` with what its listing requires, or with the obstacle. ``index`` is that of
    its service."""
    indexed = next(
        (
            item
            for item in index.items
            if (item.operation, item.path) == (binding.operation, binding.path)
        ),
        None,
    )
    if indexed is None:
        obstacle = f"nothing is known about what {binding.operation} requires"
        return replace(binding, parents=(), values=(), obstacle=obstacle)
    item = Identity(index, indexed, binding.table.partition(".")[2])
    found = FoundListing(binding.listing) if binding.listing else find_listing(item)
    rows = enumerate_rows(item, found)
    return replace(
        binding,
        parents=rows.parents,
        listing=rows.listing,
        values=rows.values,
        obstacle=rows.obstacle,
    )


def enumerate_rows(item: Identity, found: FoundListing) -> Enumeration:
    """Return how the calls of ``item``'s operation are enumerated, whose listing is ``found``."""
    operation = item.index.operations[item.item.operation]
    if found.listing is None:
        return _without_listing(item, operation, found.ambiguous)
    chain = _chain(item.index, found.listing, operation, (operation.name,))
    if isinstance(chain, str):
        return Enumeration(listing=found.listing, obstacle=chain)
    listing = chain[-1]
    supplied = {*listing.shared, *(parameter for parameter, _ in listing.arguments)}
    values, _ = known_values(
        operation, [name for name in operation.required if name not in supplied]
    )
    return Enumeration(chain[:-1], listing, values)


def _without_listing(
    item: Identity, operation: ReadOperation, ambiguous: Sequence[Listing]
) -> Enumeration:
    if ambiguous:
        named = " and ".join(f"{listing.operation} ({listing.path})" for listing in ambiguous)
        return Enumeration(obstacle=f"{named} list the arguments of {operation.name} equally well")
    required = next(iter(identifying_parameters(item, operation)), ())
    if not required and not item.item.is_repeated:
        required = tuple(
            name
            for name in operation.parameters
            if split_identifier(folded(name))[1]
            and name not in operation.lists
            # By default the caller's; AWS accepts only other accounts in some.
            and folded(name) not in ACCOUNT_PARAMETERS
        )
    values, missing = known_values(operation, required)
    if missing:
        verb = "requires" if operation.required else "takes"
        return Enumeration(
            obstacle=f"no operation lists what {operation.name} {verb} as {' and '.join(missing)}"
        )
    return Enumeration(values=values)


def _chain(
    index: ServiceIndex, listing: Listing, called: ReadOperation, passed: tuple[str, ...]
) -> tuple[Listing, ...] | str:
    """Return the listings that lead to ``listing`` and itself, the topmost first, or the obstacle.

    ``called`` is the operation whose arguments it lists, ``passed`` are the operations below it.
    """
    operation = index.operations[listing.operation]
    either = () if listing.needs else alternatives(index.name, operation)
    chains: list[tuple[Listing, ...]] = []
    obstacles: list[str] = []
    options: list[tuple[str, ...]] = [(name,) for name in either]
    for needs in options or [listing.needs]:
        values, missing = known_values(operation, needs)
        complete = replace(
            listing, needs=needs, values=values, shared=_shared(index, listing, needs, called)
        )
        above = _parents(index, complete, missing, (*passed, operation.name))
        if isinstance(above, str):
            obstacles.append(above)
        else:
            chains.append((*above, complete))
    if len({_parent_operation(chain) for chain in chains}) > 1:
        return f"{operation.name} can be called with {' and '.join(either)}, which are listed differently"
    return chains[0] if chains else obstacles[0]


def _parent_operation(chain: Sequence[Listing]) -> str | None:
    """Return the operation of the listing above the last one of ``chain``, or None if there is none."""
    return chain[-2].operation if len(chain) > 1 else None


def _parents(
    index: ServiceIndex, listing: Listing, missing: Sequence[str], passed: tuple[str, ...]
) -> tuple[Listing, ...] | str:
    """Return the listings of what ``listing`` requires as ``missing``, or the obstacle."""
    if not missing:
        return ()
    needed = f"what {listing.operation} requires as {' and '.join(missing)}"
    if len(passed) > MAX_DEPTH + 1:
        return f"more than {MAX_DEPTH} listings are nested above {listing.operation}"
    found = find_parent_listing(_element(index, listing), missing)
    if found.listing is None:
        if not found.ambiguous:
            return f"no operation lists {needed}"
        named = " and ".join(f"{other.operation} ({other.path})" for other in found.ambiguous)
        return f"{named} list {needed} equally well"
    if found.listing.operation in passed:
        return f"{found.listing.operation} lists {needed}, and requires it itself"
    return _chain(index, found.listing, index.operations[listing.operation], passed)


def _element(index: ServiceIndex, listing: Listing) -> Identity:
    """Return the element of a listing."""
    structure = next(
        item.structure
        for item in (*index.items, *index.string_lists)
        if (item.operation, item.path) == (listing.operation, listing.path)
    )
    item = IndexedItem(listing.operation, listing.path, structure)
    return Identity(index, item, index.operations[listing.operation].folded_noun)


def _shared(
    index: ServiceIndex, listing: Listing, needs: Collection[str], called: ReadOperation
) -> tuple[str, ...]:
    """Find the parameters of a listing that the operation below it takes with the same value."""
    supplied = {parameter for parameter, _ in listing.arguments}
    return tuple(
        name
        for name in needs
        if name not in supplied
        and (
            name in called.required
            or (name in called.parameters and has_default(index, called, name))
        )
    )
