"""A neutral index of an API: its read operations, the items and members of their responses, and the
documentation that is evidence for bindings.

Inference sees an API through this module only. `api_models.botocore` fills an index from botocore's
models; other sources can fill one from theirs.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import Protocol, TypeVar

from schemagen.model.paths import is_repeated, map_key
from schemagen.model.shapes import Shape
from schemagen.names import ReadVerb, folded

T = TypeVar("T")

ALL_KEYS = "All"
"""The value of an enumeration of map keys that requests all of them, and is no key itself."""


class UnknownService(LookupError):
    """The source of API models has no such service."""


@dataclass(frozen=True, slots=True)
class IndexedMember:
    """A member of a structure, or the value at a key of a member that is a map, such as
    ``Attributes[QueueArn]``.

    ``words`` is its documentation as `words` returns it. ``enumeration`` names the values of the
    string that it holds, directly or at the bottom of lists and maps; "" if there are none.
    ``holds_path`` marks an id that is written as a path ("/hostedzone/Z1"). ``pattern`` is the regular
    expression of a string, or ""; ``arns`` are the formats and examples in the documentation of an
    ARN.
    """

    name: str
    shape: Shape
    words: str
    enumeration: str = ""
    holds_path: bool = False
    pattern: str = ""
    arns: tuple[str, ...] = ()

    @property
    def folded_name(self) -> str:
        """The name without underscores and case; for the value at a key, that of the key."""
        at_key = map_key(self.name)
        return folded(at_key[1] if at_key else self.name)


@dataclass(frozen=True, slots=True)
class IndexedItem:
    """The part of an operation's response that could be a table's row.

    ``structure`` is "" if the item is a string that identifies a row; ``path`` then leads to a list
    of strings.
    """

    operation: str
    path: str
    structure: str

    @property
    def is_repeated(self) -> bool:
        """Whether one response may hold several of these items."""
        return is_repeated(self.path)


@dataclass(frozen=True, slots=True)
class IndexedParameter:
    """A parameter that is a string or a list.

    ``words`` is its documentation as `words` returns it. ``values`` are those of its enumeration,
    whose name is ``enumeration`` if the parameter is a string itself. ``takes_path`` says that the
    parameter accepts an id that is written as a path, see `IndexedMember.holds_path`. ``pattern`` is
    the regular expression of the string, or of the strings in the list, or "". ``text`` is its
    documentation for messages, which only required parameters of operations about tags have.
    """

    words: str = ""
    is_list: bool = False
    values: tuple[str, ...] = ()
    enumeration: str = ""
    takes_path: bool = False
    pattern: str = ""
    text: str = ""


@dataclass(frozen=True)
class ReadOperation:
    """An operation that only reads, with its parameters.

    ``verb`` and ``noun`` say what it does and with what, however the API names operations; the noun
    is capitalized ("HostedZones"). ``required`` names the required parameters, whatever their type;
    ``parameters`` has those that are strings or lists, ``numbers`` the documentation of those that are
    integers, as `words` returns it.
    ``collected_paths`` lead to what pagination collects ("DistributionList.Items"); it is empty for
    operations without pagination.
    """

    name: str
    verb: ReadVerb
    noun: str
    required: tuple[str, ...] = ()
    parameters: Mapping[str, IndexedParameter] = field(default_factory=dict[str, IndexedParameter])
    collected_paths: tuple[str, ...] = ()
    numbers: Mapping[str, str] = field(default_factory=dict[str, str])

    @cached_property
    def folded_noun(self) -> str:
        """The noun without underscores and case."""
        return folded(self.noun)

    @cached_property
    def lists(self) -> Sequence[str]:
        """The parameters that are lists."""
        return [name for name, parameter in self.parameters.items() if parameter.is_list]

    @cached_property
    def required_strings(self) -> Sequence[str]:
        """The required parameters that are strings."""
        return [
            name
            for name in self.required
            if (parameter := self.parameters.get(name)) and not parameter.is_list
        ]

    def is_of_kinds(self, parameter: str) -> bool:
        """Whether a parameter takes a single value of an enumeration, so that a response only covers
        resources of one kind."""
        return len(self.values_of(parameter)) > 1 and parameter not in self.lists

    def words_of(self, parameter: str) -> str:
        """Return the documentation of a parameter, or "" without one."""
        found = self.parameters.get(parameter)
        return found.words if found else self.numbers.get(parameter, "")

    def values_of(self, parameter: str) -> tuple[str, ...]:
        """Return the enumeration of a parameter, empty if it has none."""
        found = self.parameters.get(parameter)
        return found.values if found else ()


@dataclass(frozen=True)
class ServiceIndex:
    """The read operations of one service and what they return.

    ``aliases`` are other names of the service, folded. ``items`` are structures in the responses,
    ``string_lists`` are lists of strings in them. ``structures`` maps names to members.
    """

    name: str
    aliases: tuple[str, ...] = ()
    operations: Mapping[str, ReadOperation] = field(default_factory=dict[str, ReadOperation])
    items: tuple[IndexedItem, ...] = ()
    structures: Mapping[str, tuple[IndexedMember, ...]] = field(
        default_factory=dict[str, tuple[IndexedMember, ...]]
    )
    string_lists: tuple[IndexedItem, ...] = ()

    @cached_property
    def items_by_structure(self) -> Mapping[str, Sequence[IndexedItem]]:
        """The items of each structure."""
        return _grouped((item.structure, item) for item in self.items)

    @cached_property
    def items_by_operation(self) -> Mapping[str, Sequence[IndexedItem]]:
        """The items of each operation."""
        return _grouped((item.operation, item) for item in self.items)

    @cached_property
    def members_by_name(self) -> Mapping[str, Sequence[tuple[str, IndexedMember]]]:
        """Structures and members by the members' folded names."""
        return _grouped(
            (name, (structure, member))
            for structure, members in self.structures.items()
            for member in members
            if (name := member.folded_name)
        )

    @cached_property
    def members_by_words(self) -> Mapping[str, Sequence[tuple[str, IndexedMember]]]:
        """Structures and members by the members' documentation."""
        return _grouped(
            (member.words, (structure, member))
            for structure, members in self.structures.items()
            for member in members
            if member.words
        )

    @cached_property
    def by_name(self) -> Mapping[str, Mapping[str, IndexedMember]]:
        """The members of each structure by folded name; of several, the first."""
        return {name: _first_of_each(members) for name, members in self.structures.items()}


def _first_of_each(members: Iterable[IndexedMember]) -> Mapping[str, IndexedMember]:
    found: dict[str, IndexedMember] = {}
    for member in members:
        found.setdefault(member.folded_name, member)
    return found


def _grouped(pairs: Iterable[tuple[str, T]]) -> Mapping[str, Sequence[T]]:
    found: defaultdict[str, list[T]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return found


@dataclass(frozen=True, slots=True)
class Directory:
    """The data for finding the service of a table.

    ``aliases`` maps each service to its other names; ``documented`` maps the `fingerprint` of a
    member to the services that have such a member, and ``nouns`` the folded nouns of read operations
    to the services that have such operations.
    """

    aliases: Mapping[str, tuple[str, ...]]
    documented: Mapping[str, tuple[str, ...]]
    nouns: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])


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

    def parameters(self, operation: str, /) -> Collection[str]:
        """Return the parameters of one of `operations`."""
        ...

    def required_parameters(self, operation: str, /) -> Collection[str]:
        """Return the required parameters of one of `operations`."""
        ...

    def element_at(self, operation: str, path: str, /) -> Element:
        """Return the end of ``path`` in the response of one of `operations`.

        Raises ValueError, with a message for users, if the response has no such path.
        """
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
_COLONS_OF_ARN = 5
_NOT_TEXT = re.compile(r"[\W_]+")


def words(documentation: str) -> str:
    """Reduce a text, from a model or a page, to its letters and digits: what two copies of the same
    documentation have in common."""
    text = html.unescape(_TAG.sub(" ", documentation))
    return _NOT_TEXT.sub("", _LABEL.sub(" ", text)).casefold()


def plain_text(documentation: str) -> str:
    """Return a documentation without markup, in one line."""
    return " ".join(html.unescape(_TAG.sub(" ", documentation)).split())


_ARN = re.compile(r"""arn:[^\s"',;()]+""")


def documented_arns(documentation: str) -> tuple[str, ...]:
    """Return the ARNs in a documentation, formats and examples: ``arn:aws:made:<region>::thing/1``."""
    if "arn:" not in documentation:
        return ()
    text = html.unescape(_TAG.sub("", documentation))
    found = (arn.rstrip(".:/") for arn in _ARN.findall(text))
    return tuple(dict.fromkeys(arn for arn in found if arn.count(":") >= _COLONS_OF_ARN))


def fingerprint(name: str, words: str) -> str:
    """Return a short hash of a member's folded name and documentation."""
    return blake2b(f"{folded(name)} {words}".encode(), digest_size=6).hexdigest()
