"""The docstrings of a mapper: the operations that its table is read with, and its parameters."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from schemagen.emit.layout import WIDTH
from schemagen.emit.mappers.plan import MapperPlan, Response
from schemagen.model import arn_format
from schemagen.model.bindings import Constant, Listing
from schemagen.model.paths import WHOLE
from schemagen.names import python_literal


def operations(plan: MapperPlan) -> list[str]:
    """The lines of a list of the operations, in the order in which they are called."""
    return _wrapped(_operations(plan), first="- ", rest="  ")


def parameters(plan: MapperPlan) -> list[str]:
    """The lines of the paragraphs about from_item's parameters."""
    return _wrapped(_parameters(plan), first="    ", rest="    ")


def _operations(plan: MapperPlan) -> Iterator[str]:
    listing = plan.binding.listing
    if listing:
        needs = f"; it needs {_quoted(listing.needs)}" if listing.needs else ""
        yield f"{listing.operation} lists what there is in {listing.path}{needs}."
    yield f"{'; '.join(_primary_operation(plan, listing))}."
    for response in plan.enrichments:
        yield _enrichment(response)


def _primary_operation(plan: MapperPlan, listing: Listing | None) -> Iterator[str]:
    operation = plan.binding.operation
    if plan.primary.whole:
        yield f"{operation} answers with the item"
    else:
        items = "the items" if plan.primary.multiple_items else "the item"
        yield f"{operation} answers with {items} in {plan.binding.path}"
    for parameter, member in listing.arguments if listing else ():
        yield f"{parameter} is {'what' if member == WHOLE else f'the {member} that'} was listed"
    if plan.binding.constants:
        given = [f"{name}={_quoted(value)}" for name, value in plan.binding.constants]
        yield f"without {', '.join(given)} some columns stay None"


def _enrichment(response: Response) -> str:
    operation = response.operation
    if response.in_primary:
        return f"{operation} is asked only once: its response has more than the item."
    adds = f"{operation} adds to an item{_arguments(response)}"
    if response.enrichment and not response.enrichment.arguments:
        return (
            f"{adds}; it is asked for nothing of the item, and what it answers may be about "
            "others, too."
        )
    return f"{adds}."


def _parameters(plan: MapperPlan) -> Iterator[str]:
    for response in plan.enrichments:
        what = f"``{response.parameter}`` is the response of {response.operation}"
        if response.in_primary:
            yield f"{what} that held the item."
        else:
            yield f"{what} for this item{_arguments(response)}."
    if plan.scope:
        *others, last = (f"``{name}``" for name in plan.scope)
        names = f"{', '.join(others)} and {last} say" if others else f"{last} says"
        yield f"{names} where the item is; what is made with it is None without it."
    if plan.key:
        yield f"``key`` is what to put into {plan.key.name} instead of the item's own identifier."


def _arguments(response: Response) -> str:
    """The arguments that an enrichment is called with."""
    if response.enrichment is None:
        return ""
    given = [
        f"{name}: {text}" if arn_format.is_format(text) else f"{name}: its {text}"
        for name, text in response.enrichment.arguments
    ]
    given += [f"{name}: {_quoted(value)}" for name, value in response.enrichment.constants]
    return f" ({', '.join(given)})" if given else ""


def _quoted(value: Constant) -> str:
    """``value`` as Python writes it, for a docstring."""
    if isinstance(value, tuple):
        return f"[{', '.join(_quoted(text) for text in value)}]"
    literal = python_literal(value).replace("\\", "\\\\")
    return literal.replace('"""', '\\"\\"\\"')


def _wrapped(paragraphs: Iterable[str], *, first: str, rest: str) -> list[str]:
    """The lines of ``paragraphs``. Names are never broken, so a line can be too long."""
    return [
        line
        for paragraph in paragraphs
        for line in textwrap.wrap(
            paragraph,
            WIDTH,
            initial_indent=first,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        )
    ]
