"""A neutral index of an API: its read operations, the items and members of their responses, and the
documentation that is evidence for bindings.

Inference sees an API through this module only. `api_models.botocore` fills an index from botocore's
models; other sources can fill one from theirs.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import Protocol

from schemagen.model.paths import map_key
from schemagen.names import folded

ALL_KEYS = "All"
"""The value of an enumeration of map keys that requests all of them, and is no key itself."""


class UnknownService(LookupError):
    """The source of API models has no such service."""


@dataclass(frozen=True, slots=True)
class IndexedMember:
    """A member of a structure, or the value at a key of a member that is a map, such as
    ``Attributes[QueueArn]``. ``type`` is in the lock's notation, ``words`` is its documentation as
    `words` returns it."""

    name: str
    type: str
    words: str

    @property
    def folded_name(self) -> str:
        """The name without underscores and case; for the value at a key, that of the key."""
        at_key = map_key(self.name)
        return folded(at_key[1] if at_key else self.name)


@dataclass(frozen=True, slots=True)
class IndexedItem:
    """A place in an operation's response that could be a table's row.

    ``structure`` is "" if the item is a string that identifies a row; ``path`` then leads to a list
    of strings.
    """

    operation: str
    path: str
    structure: str

    @property
    def is_repeated(self) -> bool:
        """Whether one response may hold several of these items."""
        return "[]" in self.path


@dataclass(frozen=True, slots=True)
class ReadOperation:
    """An operation that only reads, with its parameters.

    ``required`` names the required parameters, whatever their type. ``parameters`` maps those that
    are strings or lists to their documentation, ``lists`` names those that are lists, ``values``
    maps those with an enumeration to it, and ``shapes`` maps those that are strings to the names of
    their shapes. ``pages`` are the paths that pagination collects ("DistributionList.Items"); it is
    empty for operations without pagination.
    """

    name: str
    required: tuple[str, ...]
    parameters: Mapping[str, str]
    lists: tuple[str, ...] = ()
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    shapes: Mapping[str, str] = field(default_factory=dict[str, str])
    pages: tuple[str, ...] = ()


@dataclass(frozen=True)
class ServiceIndex:
    """The read operations of one service and what they return.

    ``aliases`` are other names of the service, folded. ``items`` are structures in the responses,
    ``texts`` are lists of strings in them. ``structures`` maps names to members.
    """

    name: str
    aliases: tuple[str, ...] = ()
    operations: Mapping[str, ReadOperation] = field(default_factory=dict[str, ReadOperation])
    items: tuple[IndexedItem, ...] = ()
    structures: Mapping[str, tuple[IndexedMember, ...]] = field(
        default_factory=dict[str, tuple[IndexedMember, ...]]
    )
    texts: tuple[IndexedItem, ...] = ()

    @cached_property
    def by_name(self) -> Mapping[str, Mapping[str, IndexedMember]]:
        """The members of each structure by folded name."""
        return {
            name: {member.folded_name: member for member in members}
            for name, members in self.structures.items()
        }


@dataclass(frozen=True, slots=True)
class Directory:
    """The data for finding the service of a table.

    ``aliases`` maps each service to its other names; ``documented`` maps the `fingerprint` of a
    member to the services that have such a member.
    """

    aliases: Mapping[str, tuple[str, ...]]
    documented: Mapping[str, tuple[str, ...]]


class Element(Protocol):
    """The end of a path through a response."""

    @property
    def name(self) -> str: ...

    @property
    def members(self) -> Collection[str] | None:
        """The names of a structure's members; None for anything else."""
        ...


class ServiceApi(Protocol):
    """All operations of one service, including those that write: what lock entries and overrides
    are checked against."""

    @property
    def name(self) -> str: ...

    @property
    def operations(self) -> Collection[str]: ...

    def required_parameters(self, operation: str, /) -> Collection[str]:
        """The required parameters of one of `operations`."""
        ...

    def element_at(self, operation: str, path: str, /) -> Element:
        """The end of ``path`` in the response of one of `operations`. Raises ValueError, with a
        message for people, if the response has no such path."""
        ...


# --- documentation as evidence --------------------------------------------------------------------

# The tags of the providers' documentation, and no others: "<region>" on a page is text.
_TAG = re.compile(
    r"</?(?:a|b|br|caution|code|dd|div|dl|dt|em|fullname|h[1-6]|i|important|li|note|ol|p|para|pre"
    r"|span|strong|table|tbody|td|th|thead|tip|tr|ul|warning)\b[^<>]*>",
    re.IGNORECASE,
)
# Pages have a label where the models have a tag.
_LABEL = re.compile(r"\b(?:note|important|warning|caution|tip):", re.IGNORECASE)
_NOT_TEXT = re.compile(r"[\W_]+")


def words(documentation: str) -> str:
    """Reduce a text, from a model or a page, to its letters and digits: what two copies of the same
    documentation have in common."""
    text = html.unescape(_TAG.sub(" ", documentation))
    return _NOT_TEXT.sub("", _LABEL.sub(" ", text)).casefold()


def fingerprint(name: str, words: str) -> str:
    """Return a short hash of a member's folded name and documentation."""
    return blake2b(f"{folded(name)} {words}".encode(), digest_size=6).hexdigest()
