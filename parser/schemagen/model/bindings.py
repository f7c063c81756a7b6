"""What the lock says: which response fills which column, and the recorded shapes of responses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from schemagen.model.origin import Origin
from schemagen.model.shapes import Shape

Constant = str | tuple[str, ...]
"""An argument that is the same for every item: a text, or a list of texts."""

Evidence = Literal["name", "documentation", "both", "hand"]
DerivedRule = Literal["arn", "account_from_arn", "arn_format", "account_given"]


@dataclass(frozen=True, slots=True)
class BoundColumn:
    """A column that one member of a response fills.

    ``member`` is the member's name in the operation's item, ``Attributes[QueueArn]`` for the value
    at a key of a member that is a map (see `model.responses.map_key`), or "@" for the whole item of an auxiliary operation; ``operation`` is None for the primary operation and names an auxiliary one
    otherwise.
    """

    column: str
    member: str
    evidence: Evidence
    operation: str | None = None


@dataclass(frozen=True, slots=True)
class DerivedColumn:
    """A column that a rule computes.

    | rule | value |
    |---|---|
    | arn | ``member`` of the primary item, the resource's own ARN |
    | account_from_arn | the account in the ARN that ``member`` holds |
    | arn_format | the resource's own ARN, built after ``format`` (see `model.arn_format`); partition, \
region and account are those of the ARN in ``member``, or where that is "" the caller's |
    | account_given | the caller's account |
    """

    column: str
    rule: DerivedRule
    member: str = ""
    format: str = ""


@dataclass(frozen=True, slots=True)
class Enrichment:
    """An operation whose response adds columns to the primary item.

    ``path`` leads from the response to the item that the columns' members belong to ("@" is the
    response itself); ``arguments`` maps the operation's parameters to members of the primary item,
    ``basename(Id)`` being what stands in the member Id after the last "/", and what begins with
    "arn:" a format that members fill (see `model.arn_format`), its partition, region and account being
    those that are asked; ``constants`` maps others to what they are for every item of the table.
    """

    operation: str
    path: str
    arguments: tuple[tuple[str, str], ...] = ()
    constants: tuple[tuple[str, Constant], ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """The operation that enumerates what the primary operation is asked for.

    ``path`` leads from its response to the identified elements, structures or strings
    ("TrainingJobSummaries[]"); ``arguments`` maps the primary operation's parameters to members of
    an element, "@" being an element that is a string. ``needs`` are the parameters without which
    the listing itself cannot be called: what its items are part of.
    """

    operation: str
    path: str
    arguments: tuple[tuple[str, str], ...]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Binding:
    """Which response fills which column of one table.

    ``path`` leads from the primary operation's response to the item: "@" for the response itself,
    member names joined by dots otherwise, ``[]`` after a list ("Reservations[].Instances[]").
    ``constants`` are arguments of the primary operation, without which its response lacks members.
    ``unbound`` are the columns for which there is no evidence. ``listing`` is None where the primary
    operation enumerates by itself, or where nothing does.
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

    @property
    def filled(self) -> tuple[BoundColumn | DerivedColumn, ...]:
        """The columns that are bound or derived."""
        return (*self.columns, *self.derived)

    def path_of(self, operation: str | None) -> str | None:
        """The path to the item of an auxiliary operation, None being the primary one; None where
        ``operation`` is not among them."""
        if operation is None:
            return self.path
        return next((one.path for one in self.enrichments if one.operation == operation), None)


@dataclass(frozen=True, slots=True)
class ResponseMember:
    """A member of a recorded botocore structure. ``required`` as botocore's model says.

    ``values`` are botocore's enumeration of the string at the bottom of lists and maps.
    """

    name: str
    shape: Shape
    required: bool
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ResponseStructure:
    """A structure of a service's responses, as recorded from botocore's model."""

    name: str
    members: tuple[ResponseMember, ...]


@dataclass(frozen=True, slots=True)
class RecordedService:
    """What the lock records of one service: response structures and each operation's output.

    ``outputs`` are pairs of operation and the name of its output structure, sorted. ``whole`` are
    the operations whose response, as it is, fills a column of some table, sorted.
    """

    name: str
    structures: tuple[ResponseStructure, ...]
    outputs: tuple[tuple[str, str], ...]
    whole: tuple[str, ...] = ()
