"""Bindings: which member of which response fills which column of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from schemagen.model import arn_format
from schemagen.model.origin import Origin

PROVIDER = "aws"
"""The provider whose tables are bound."""

Constant = str | tuple[str, ...]
"""An argument that is the same for every item: a string, or several strings."""

Evidence = Literal["name", "documentation", "both", "hand"]
DerivedRule = Literal["arn", "account_from_arn", "arn_format", "account_given", "argument_given"]


@dataclass(frozen=True, slots=True)
class BoundColumn:
    """A column that a member of a response fills.

    ``member`` is a member of the operation's item, see `model.paths`. ``operation`` names the
    enrichment that has the item; None is the primary operation.
    """

    column: str
    member: str
    evidence: Evidence
    operation: str | None = None

    @property
    def sources(self) -> tuple[tuple[str, str], ...]:
        """The members of the item that the value is made from, each with its key in the lock's entry."""
        return (("member", self.member),)


@dataclass(frozen=True, slots=True)
class DerivedColumn:
    """A column that a rule computes.

    | rule | value |
    |---|---|
    | arn | ``member`` of the primary item, the resource's own ARN |
    | account_from_arn | the account in the ARN that ``member`` holds |
    | arn_format | the resource's own ARN, built from ``format`` (see `model.arn_format`); partition, \
region and account are those of the ARN in ``member``, or the caller's if that is "" |
    | account_given | the caller's account |
    | argument_given | the argument of the primary operation that ``parameters`` names |

    ``parameters`` are those of the primary operation whose arguments the value is made from; in
    ``format`` they are written like members.
    """

    column: str
    rule: DerivedRule
    member: str = ""
    format: str = ""
    parameters: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[tuple[str, str], ...]:
        """The members of the item that the value is made from, each with its key in the lock's entry."""
        members = [("member", self.member)] if self.member else []
        if self.format:
            members += [
                ("format", member)
                for member in arn_format.parse(self.format).members
                if member not in self.parameters
            ]
        return tuple(members)


@dataclass(frozen=True, slots=True)
class Enrichment:
    """A call that adds columns to the primary item, once for each item.

    ``path`` leads from its response to the item whose members fill the columns. ``arguments`` maps
    parameters to what the primary item gives them: a member, ``basename(Id)`` for the part of Id
    after its last "/", a format of an ARN (see `model.arn_format`), filled with members and with the
    caller's partition, region and account, or "${Account}", the caller's account. ``constants`` maps
    parameters to arguments that are the same for every item. ``values`` are arguments that are known
    beforehand: the call is made with each value, and the columns are lists of what the responses have;
    ``path`` is then "@".
    """

    operation: str
    path: str
    arguments: tuple[tuple[str, str], ...] = ()
    constants: tuple[tuple[str, Constant], ...] = ()
    values: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """A call that lists the arguments of the next operation, which is the primary one or the
    listing below.

    ``path`` leads from its response to the listed elements, structures or strings
    ("TrainingJobSummaries[]"). ``arguments`` maps parameters of the next operation to members of an
    element; "@" is an element that is a string. ``needs`` are the parameters that the listing itself
    requires, because its items belong to another resource. Of these, ``values`` are known
    beforehand: the call is made with each value, "${Account}" is the caller's account. ``shared``
    are passed on to the next operation.
    """

    operation: str
    path: str
    arguments: tuple[tuple[str, str], ...]
    needs: tuple[str, ...] = ()
    values: tuple[tuple[str, tuple[str, ...]], ...] = ()
    shared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Binding:
    """Which response fills which column of a table.

    ``path`` leads from the primary operation's response to the item of a row, see `model.paths`.
    ``constants`` are arguments of the primary operation, without which its response lacks members.
    ``unbound`` are the columns without evidence for any member, ``reasons`` say why, for columns of
    which that is known. ``listing`` is None if the primary operation lists by itself, or if no
    listing was found. ``parents`` are the listings above it, the topmost first. ``values`` are
    arguments of the primary operation that are known beforehand, as in `Listing`. ``obstacle`` says
    why the rows cannot be enumerated from credentials alone, or is "".
    """

    table: str
    service: str
    operation: str
    path: str
    columns: tuple[BoundColumn, ...]
    derived: tuple[DerivedColumn, ...]
    enrichments: tuple[Enrichment, ...]
    origin: Origin
    unbound: tuple[str, ...] = ()
    listing: Listing | None = None
    constants: tuple[tuple[str, Constant], ...] = ()
    parents: tuple[Listing, ...] = ()
    values: tuple[tuple[str, tuple[str, ...]], ...] = ()
    obstacle: str = ""
    reasons: tuple[tuple[str, str], ...] = ()

    @property
    def listings(self) -> tuple[Listing, ...]:
        """The listings in the order in which they are called."""
        return (*self.parents, *((self.listing,) if self.listing else ()))

    @property
    def unbound_reasons(self) -> tuple[tuple[str, str], ...]:
        """The unbound columns with the reasons, "" where none is known."""
        reasons = dict(self.reasons)
        return tuple((name, reasons.get(name, "")) for name in self.unbound)

    @property
    def filled(self) -> tuple[BoundColumn | DerivedColumn, ...]:
        """The columns that are bound or derived."""
        return (*self.columns, *self.derived)

    def is_listed(self, column: BoundColumn) -> bool:
        """Whether a column is a list of what several calls return."""
        return any(call.operation == column.operation and call.values for call in self.enrichments)

    def item_path(self, operation: str | None) -> str | None:
        """Return the path to the item of an enrichment; for None, that of the primary operation.

        Returns None if ``operation`` is not an enrichment of this table.
        """
        if operation is None:
            return self.path
        paths = (call.path for call in self.enrichments if call.operation == operation)
        return next(paths, None)
