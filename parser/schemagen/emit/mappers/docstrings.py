"""Format the docstrings of a mapper: the operations that fill its table, and its parameters."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from schemagen.catalog import given_arguments
from schemagen.emit.layout import WIDTH
from schemagen.emit.mappers.plan import MapperPlan, Response
from schemagen.model import arn_format
from schemagen.model.bindings import Constant, Enrichment, Listing
from schemagen.model.paths import WHOLE
from schemagen.names import docstring_text, python_literal
from schemagen.runtime.calls import CallRules

_LOCATION = {"partition": "partition", "region": "region", "account_id": "account"}
"""Parameters of a mapper -> what they say about an item."""


def module(plan: MapperPlan) -> list[str]:
    """Format a list of the operations, in the order in which they are called."""
    return _wrapped(_operations(plan), first="- ", rest="  ")


def from_item(plan: MapperPlan) -> list[str]:
    """Format the parameters of from_item, in the form that editors show beside a call."""
    parameters = [_item(plan), *_parameters(plan, plan.enrichments, per_item=False)]
    return _wrapped(parameters, first=" " * 8, rest=" " * 12)


def from_response(plan: MapperPlan) -> list[str]:
    """Format the parameters of from_response; those that vary per item are functions of the item."""
    parameters = _parameters(plan, plan.additional_calls, per_item=plan.primary.multiple_items)
    response = f"response: The response of {plan.binding.operation}{_or_pages(plan, plan.primary)}."
    return _wrapped([response, *parameters], first=" " * 8, rest=" " * 12)


# --- operations -----------------------------------------------------------------------------------


def _operations(plan: MapperPlan) -> Iterator[str]:
    rules = dict(plan.service.calls)
    listing = plan.binding.listing
    above: Listing | None = None
    for called in plan.binding.listings:
        yield _listing(called, above)
        above = called
    yield _primary_operation(plan, listing)
    for response in plan.enrichments:
        yield _enrichment(response, rules.get(response.operation, CallRules()))


def _listing(listing: Listing, above: Listing | None) -> str:
    text = f"{listing.operation} lists the resources in {listing.path}"
    known = {name: f"each of {', '.join(map(_quoted, values))}" for name, values in listing.values}
    if above:
        known |= {name: f"the listed {_element(member)}" for name, member in above.arguments}
    needs = [
        f"{name} ({known[name]})" if name in known else _quoted(name) for name in listing.needs
    ]
    return f"{text}; it requires {', '.join(needs)}." if needs else f"{text}."


def _element(member: str) -> str:
    return "value" if member == WHOLE else member


def _primary_operation(plan: MapperPlan, listing: Listing | None) -> str:
    operation, path = plan.binding.operation, plan.binding.path
    if plan.primary.whole:
        text = f"{operation} returns the item"
    elif plan.primary.multiple_items:
        text = f"{operation} returns the items in {path}"
    else:
        text = f"{operation} returns the item in {path}"
    if listing and listing.arguments:
        text += f"; it is called with {', '.join(_listed_arguments(listing))}"
    if plan.binding.constants:
        constants = ", ".join(_constants(plan.binding.constants))
        text += f"; pass {constants}, or some columns are None"
    return f"{text}."


def _enrichment(response: Response, rules: CallRules) -> str:
    operation, enrichment = response.operation, response.enrichment
    if response.in_primary or enrichment is None:
        return f"The same {operation} response also fills columns outside the item; do not call it again."
    text = f"{operation} adds columns to the item"
    if enrichment.arguments or enrichment.constants or enrichment.values:
        text += f"; it is called with {_arguments(enrichment)}"
    if enrichment.values:
        text += "; the columns are lists of what the calls return"
    elif not enrichment.arguments:
        text += "; it takes no arguments from the item, so its response may cover other resources"
    if rules.absent:
        text += f"; the error {' or '.join(rules.absent)} means that there is none"
    return f"{text}."


# --- arguments ------------------------------------------------------------------------------------


def _listed_arguments(listing: Listing) -> Iterator[str]:
    for parameter, member in listing.arguments:
        yield f"{parameter} (the listed {_element(member)})"


def _arguments(enrichment: Enrichment) -> str:
    each = (
        f"{parameter} (each of {', '.join(map(_quoted, values))})"
        for parameter, values in enrichment.values
    )
    return ", ".join([*_item_arguments(enrichment), *_constants(enrichment.constants), *each])


def _item_arguments(enrichment: Enrichment) -> Iterator[str]:
    for parameter, source in enrichment.arguments:
        if arn_format.is_format(source):
            yield f"{parameter} ({source})"
        elif source == arn_format.ACCOUNT:
            yield f"{parameter} (the caller's account)"
        else:
            yield f"{parameter} (the item's {source})"


def _constants(constants: Iterable[tuple[str, Constant]]) -> Iterator[str]:
    for parameter, value in constants:
        yield f"{parameter}={_quoted(value)}"


def _quoted(value: Constant) -> str:
    """Format ``value`` as Python writes it, inside a docstring."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_quoted, value))}]"
    return docstring_text(python_literal(value))


# --- parameters -----------------------------------------------------------------------------------


def _item(plan: MapperPlan) -> str:
    operation, path = plan.binding.operation, plan.binding.path
    if plan.primary.whole:
        return f"item: The response of {operation}{_or_pages(plan, plan.primary)}."
    if plan.primary.multiple_items:
        return f"item: An element of {path} in the response of {operation}."
    return f"item: {path} in the response of {operation}."


def _parameters(
    plan: MapperPlan, responses: Iterable[Response], *, per_item: bool
) -> Iterator[str]:
    the = "A function of the item that returns the" if per_item else "The"
    called_with = dict(given_arguments(plan.binding))
    for parameter in plan.given:
        if parameter in called_with:
            what = f"{called_with[parameter]} that {plan.binding.operation} was called with"
        else:
            what = f"item's {_LOCATION[parameter]}"
        yield f"{parameter}: The {what}; without it, columns derived from it are None."
    for response in responses:
        or_pages = "" if response.in_primary else _or_pages(plan, response)
        text = f"{response.parameter}: {the} response of {response.operation}{or_pages}"
        if response.in_primary:
            yield f"{text} that holds the item."
        elif response.several_calls and response.enrichment:
            called = _arguments(response.enrichment)
            yield (
                f"{response.parameter}: {the} responses of {response.operation}, called with {called}; "
                "leave out calls that find nothing."
            )
        elif response.enrichment and response.enrichment.arguments:
            comma = "," if or_pages else ""
            called = _arguments(response.enrichment)
            yield f"{text}{comma} for this item, called with {called}."
        else:
            yield f"{text}, which may cover other resources."
    if plan.key:
        text = f"key: {the} value of {plan.key.name}; overrides the item's own identifier."
        yield f"{text} {docstring_text(plan.key.column.column.description)}"


def _or_pages(plan: MapperPlan, response: Response) -> str:
    """Word the alternative to a response that may have several pages; "" for other responses."""
    paged = plan.operation_of(response).pagination is not None
    return ", or an iterable of all its pages" if paged else ""


def _wrapped(paragraphs: Iterable[str], *, first: str, rest: str) -> list[str]:
    """Wrap ``paragraphs`` to lines. Names are never broken, so a line can be too long."""
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
