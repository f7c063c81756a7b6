# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Describe, as data, how to call an AWS API for the rows of a table.

Nothing here calls anything. Responses are dictionaries as boto3 returns them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .tokens import tokens

Json = None | bool | int | float | str | tuple["Json", ...] | Mapping[str, "Json"]
"""An argument that is the same for every call. Lists are tuples."""


@dataclass(frozen=True, slots=True)
class Pagination:
    """How the next page of an operation is requested.

    ``input`` are the parameters that the next request sets, ``output`` the paths in a response
    to their values, in the same order: members joined by dots, ``[-1]`` for the last element
    of a list, `` || `` between alternatives of which the first that has a value counts. A response is the
    last page if none has a value, or if ``more`` leads to a value that is false; "" if no
    member says whether there are more pages. ``inferred`` marks pagination that the provider's SDK
    does not know, and that the names of members imply.
    """

    input: tuple[str, ...]
    output: tuple[str, ...]
    more: str = ""
    inferred: bool = False


@dataclass(frozen=True, slots=True)
class Limit:
    """How many items an operation takes or returns at most.

    ``parameter`` holds the items, or the size of a page. ``maximum`` is None if neither the model nor
    its documentation tells it.
    """

    parameter: str
    maximum: int | None = None


ScopeKind = Literal["regional", "account", "global"]


@dataclass(frozen=True, slots=True)
class Scope:
    """What part of an account a call covers, and where it must be sent.

    | kind | covers | send to |
    |---|---|---|
    | regional | one region | that region |
    | account | all regions | any one region |
    | global | all regions | the region of the partition in ``regions`` |

    Partitions that are not in ``regions`` have one region, or the service is regional there. ``only`` are
    values of parameters, each with the one region where the operation accepts it.
    """

    kind: ScopeKind = "regional"
    regions: tuple[tuple[str, str], ...] = ()
    only: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything to record: most calls cover one region, whatever the arguments."""
        return self.kind != "regional" or bool(self.only)

    def accepts(self, parameter: str, value: str, region: str) -> bool:
        """Return whether the operation accepts ``value`` in ``region``."""
        return dict(dict(self.only).get(parameter, ())).get(value, region) == region

    def region(self, partition: str) -> str | None:
        """Return the region of ``partition`` that answers for all regions.

        None means that any region does, or that each answers for itself.
        """
        return dict(self.regions).get(partition)


@dataclass(frozen=True, slots=True)
class CallRules:
    """What is known about calling an operation.

    ``pagination`` is None if it returns everything at once. ``absent`` are the error codes by which
    the operation reports that there is nothing to return. ``limit`` is the size of a
    page, ``batch`` how many items one call takes. ``owner`` are arguments that limit a listing to
    what the account owns. ``optional`` are members that some items of a listing lack, as AWS documents:
    nothing can be called for such an item. ``actions`` are the IAM actions that a caller needs; empty if
    they are not known for certain.
    """

    pagination: Pagination | None = None
    absent: tuple[str, ...] = ()
    limit: Limit | None = None
    batch: Limit | None = None
    scope: Scope = Scope()
    owner: tuple[tuple[str, Json], ...] = ()
    optional: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A call of an operation.

    ``path`` leads from its response to the items: members joined by dots, ``[]`` after a list for
    each element, ``{}`` after a map for each value, "@" for the response itself. ``arguments`` maps
    parameters to what the item of the call above gives them: a member, "@" for the whole item,
    ``basename(Id)`` for the part of Id after its last "/", ``Tags[Name]`` for the value at a key of a map,
    ``Latest.Version`` for a member of a structure, the format of an ARN with members and ``${Partition}``,
    ``${Region}`` and ``${Account}``, or ``${Account}`` alone. ``inherited`` are parameters with the same
    values as in the call above. ``values`` are passed one by one, each in a call of its own; ``constants``
    are the same in every call. An enrichment with ``values`` fills lists, of what its calls return.
    ``columns`` are those that an enrichment fills. ``given`` are keyword arguments of the mapper, each with
    the parameter whose argument it takes.
    """

    operation: str
    path: str
    arguments: tuple[tuple[str, str], ...] = ()
    inherited: tuple[str, ...] = ()
    values: tuple[tuple[str, tuple[str, ...]], ...] = ()
    constants: tuple[tuple[str, Json], ...] = ()
    rules: CallRules = CallRules()
    columns: tuple[str, ...] = ()
    given: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class TableCalls:
    """The calls that fill a table, all of the same service.

    ``listings`` are called in their order, each once for every item of the one before, and ``primary``
    once for every item of the last, or for as many of them as its batch takes. ``primary`` has the
    rows' items; ``enrichments`` are called once for each of them. ``obstacle`` says why the rows
    cannot be enumerated from credentials alone, or is "".
    """

    table: str
    service: str
    listings: tuple[Call, ...]
    primary: Call
    enrichments: tuple[Call, ...] = ()
    obstacle: str = ""


def next_page(
    pagination: Pagination | None, response: Mapping[str, object]
) -> dict[str, object] | None:
    """Return the parameters that request the page after ``response``; None after the last."""
    if pagination is None:
        return None
    values = tokens(response, pagination.output, pagination.more)
    # No values mean the last page.
    found = {
        parameter: value
        for parameter, value in zip(pagination.input, values, strict=False)
        if value
    }
    return found or None
