"""What the docstrings of a mapper say: how its table is read, and what its functions take."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from schemagen.emit.layout import WIDTH
from schemagen.emit.mappers.plan import MapperPlan, Response
from schemagen.model import arn_format
from schemagen.model.bindings import Constant, Listing
from schemagen.model.responses import WHOLE
from schemagen.names import python_literal


def how_the_table_is_read(plan: MapperPlan) -> list[str]:
    """The lines of a list: one operation after the other, in the order in which they are asked."""
    return _wrapped(_operations(plan), first="- ", rest="  ")


def what_from_item_takes(plan: MapperPlan) -> list[str]:
    """The lines of the paragraphs on from_item's parameters."""
    return _wrapped(_parameters(plan), first="    ", rest="    ")


def _operations(plan: MapperPlan) -> Iterator[str]:
    listing = plan.binding.listing
    if listing:
        needs = f"; it needs {_quoted(listing.needs)}" if listing.needs else ""
        yield f"{listing.operation} lists what there is in {listing.path}{needs}."
    yield f"{'; '.join(_primary_operation(plan, listing))}."
    for response in plan.enrichments:
        yield _auxiliary_operation(response)


def _primary_operation(plan: MapperPlan, listing: Listing | None) -> Iterator[str]:
    operation = plan.binding.operation
    if plan.primary.whole:
        yield f"{operation} answers with the item"
    else:
        items = "the items" if plan.primary.several else "the item"
        yield f"{operation} answers with {items} in {plan.binding.path}"
    for parameter, member in listing.arguments if listing else ():
        yield f"{parameter} is {'what' if member == WHOLE else f'the {member} that'} was listed"
    if plan.binding.constants:
        given = [f"{name}={_quoted(value)}" for name, value in plan.binding.constants]
        yield f"without {', '.join(given)} some columns stay None"


def _auxiliary_operation(response: Response) -> str:
    operation = response.operation
    if response.own:
        return f"{operation} is asked only once: its response has more than the item."
    adds = f"{operation} adds to an item{_arguments(response)}"
    if response.enrichments and not response.enrichments.arguments:
        return (
            f"{adds}; it is asked for nothing of the item, and what it answers may be about "
            "others, too."
        )
    return f"{adds}."


def _parameters(plan: MapperPlan) -> Iterator[str]:
    for response in plan.enrichments:
        what = f"``{response.parameter}`` is the response of {response.operation}"
        if response.own:
            yield f"{what} that held the item."
        else:
            yield f"{what} for this item{_arguments(response)}."
    if plan.place:
        *others, last = (f"``{name}``" for name in plan.place)
        names = f"{', '.join(others)} and {last} say" if others else f"{last} says"
        yield f"{names} where the item is; what is made with it is None without it."
    if plan.key:
        yield f"``key`` is what to put into {plan.key.name} instead of the item's own identifier."


def _arguments(response: Response) -> str:
    """What to call an auxiliary operation with."""
    if response.enrichments is None:
        return ""
    given = [
        f"{name}: {text}" if arn_format.is_format(text) else f"{name}: its {text}"
        for name, text in response.enrichments.arguments
    ]
    given += [f"{name}: {_quoted(value)}" for name, value in response.enrichments.constants]
    return f" ({', '.join(given)})" if given else ""


def _quoted(value: Constant) -> str:
    """``value`` as Python writes it, for a docstring."""
    if isinstance(value, tuple):
        return f"[{', '.join(_quoted(one) for one in value)}]"
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
