"""Made-up services and tables for tests of inference."""

from __future__ import annotations

import re
from collections.abc import Callable

from schemagen.api_models.index import (
    Directory,
    IndexedItem,
    IndexedMember,
    IndexedParameter,
    ReadOperation,
    ServiceIndex,
)
from schemagen.inference.infer import ANY_ITEM, ChosenItem, Inference, infer
from schemagen.lockfile.notation import parse_type
from schemagen.model.origin import Origin
from schemagen.model.pages import Column, Pages, Table
from schemagen.names import ReadVerb, read_verb
from schemagen.resolved_types import TypeTable
from schemagen.typed_pages import TypedTable, resolve_types

ORIGIN = Origin("docs/aws.made_thing.md", 9)


class Made:
    """Made-up services, as `infer.Services`."""

    def __init__(self, *indexes: ServiceIndex) -> None:
        self.source = "made"
        self.indexes = {index.name: index for index in indexes}
        self.services = tuple(self.indexes)
        self.directory = Directory({index.name: index.aliases for index in indexes}, {})

    def of(self, service: str) -> ServiceIndex:
        return self.indexes[service]


PARAMETER = re.compile(
    r"(?P<name>\w+)(?P<list>\[\])?(?P<required>!)?(=(?P<values>[\w|]+))?(:(?P<text>\w+))?"
)


def verb_and_noun(operation: str) -> tuple[ReadVerb, str]:
    """Split the name of an operation as AWS writes it."""
    verb = read_verb(operation)
    assert verb is not None
    return verb, operation.removeprefix(verb.name)


def index(
    *operations: str, paged: tuple[str, ...] = (), **structures: tuple[IndexedMember, ...]
) -> ServiceIndex:
    """Make the index of a service "made".

    An operation is written ``ListThings Things[] Thing``, followed by its parameters: ``Name``,
    ``Name!`` if it is required, ``Names[]``, ``Kind=big|small``, ``Name:itsdocumentation``. The
    structure "-" is a list of strings. ``paged`` names the operations with pagination.
    """
    return index_of(verb_and_noun, *operations, paged=paged, **structures)


def index_of(
    named: Callable[[str], tuple[ReadVerb, str]],
    /,
    *operations: str,
    paged: tuple[str, ...] = (),
    **structures: tuple[IndexedMember, ...],
) -> ServiceIndex:
    """Make an index whose operations have the verbs and nouns that ``named`` returns; see `index`."""
    read: dict[str, ReadOperation] = {}
    items: list[IndexedItem] = []
    for text in operations:
        name, path, structure, *parameters = text.split()
        words = [PARAMETER.fullmatch(word) for word in parameters]
        found = [word.groupdict("") for word in words if word is not None]
        assert len(found) == len(parameters)
        verb, noun = named(name)
        read[name] = ReadOperation(
            name,
            verb,
            noun,
            tuple(each["name"] for each in found if each["required"]),
            {
                each["name"]: IndexedParameter(
                    each["text"],
                    is_list=bool(each["list"]),
                    values=tuple(filter(None, each["values"].split("|"))),
                )
                for each in found
            },
            (path.removesuffix("[]"),) if name in paged else (),
        )
        items.append(IndexedItem(name, path, structure.removeprefix("-")))
    return ServiceIndex(
        "made",
        ("makes",),
        read,
        tuple(item for item in items if item.structure),
        structures,
        tuple(item for item in items if not item.structure),
    )


def made_member(name: str, type: str, words: str) -> IndexedMember:
    """Make a member whose type is written in the lock's notation."""
    notation = parse_type(type)
    return IndexedMember(name, notation.shape, words, notation.enumeration)


SIZE = made_member("Size", "int64", "thesizeofthethingasitwasmeasured")
COLOUR = made_member("Colour", "string", "thecolourthatthethingwaspaintedin")
THING = (made_member("ThingArn", "string", ""), made_member("ThingName", "string", ""), SIZE)


def thing(*columns: str, name: str = "made_thing") -> Table:
    """Make a table from columns that are written ``name type description``."""
    rows = [text.split(maxsplit=2) for text in columns]
    return Table(
        f"aws.{name}",
        "Thing",
        "",
        tuple(Column(row[0], "core", row[1], ORIGIN, description="".join(row[2:])) for row in rows),
        ORIGIN,
    )


SIZED = "size int64 The <i>size</i> of the thing, as it was measured."
KEYED = ("_key string", "account_id string", "thing_name string", SIZED)
PAINTED = "colour string The colour that the thing was painted in."


def typed(table: Table, types: TypeTable | None = None) -> TypedTable:
    """Resolve the types of a table."""
    [found] = resolve_types(Pages(tables=(table,)), types or TypeTable()).tables
    return found


def only(table: Table, made: ServiceIndex, chosen: ChosenItem = ANY_ITEM) -> Inference:
    return infer(typed(table), Made(made), chosen)
