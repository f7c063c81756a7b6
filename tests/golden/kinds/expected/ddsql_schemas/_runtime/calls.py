# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""What a program must know to call an AWS API for the rows of a table, as data.

Nothing here calls anything. Responses are dictionaries as boto3 returns them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Json = None | bool | int | float | str | tuple["Json", ...] | Mapping[str, "Json"]
"""An argument that is the same for every call. Lists are tuples."""


@dataclass(frozen=True, slots=True)
class Pagination:
    """How the next page of an operation is requested.

    ``input`` are the parameters that the next request sets, ``output`` the places in a response
    that hold their values, in the same order: members joined by dots, ``[-1]`` for the last element
    of a list, `` || `` between places of which the first that has a value counts. A response is the
    last page if all places are empty, or if ``more`` leads to a value that is false; "" if no
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

    A partition that ``regions`` lacks has a single region, or the service is regional there.
    """

    kind: ScopeKind = "regional"
    regions: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        """Whether a call covers more than one region."""
        return self.kind != "regional"

    def region(self, partition: str) -> str | None:
        """The region of ``partition`` that answers for all of them. None if any region does, or if
        each answers for itself."""
        return dict(self.regions).get(partition)


@dataclass(frozen=True, slots=True)
class CallRules:
    """What is known about calling an operation.

    ``pagination`` is None if it returns everything at once. ``absent`` are the error codes that mean
    that there is nothing to return, rather than that the call failed. ``limit`` is the size of a
    page, ``batch`` how many items one call takes. ``owner`` are arguments that limit a listing to
    what the account owns. ``actions`` are the IAM actions that a caller needs; none are recorded yet.
    """

    pagination: Pagination | None = None
    absent: tuple[str, ...] = ()
    limit: Limit | None = None
    batch: Limit | None = None
    scope: Scope = Scope()
    owner: tuple[tuple[str, Json], ...] = ()
    actions: tuple[str, ...] = ()
