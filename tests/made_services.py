"""Made-up services and tables for tests of inference."""

from __future__ import annotations

import re

from schemagen.api_models.index import (
    Directory,
    IndexedItem,
    IndexedMember,
    ReadOperation,
    ServiceIndex,
)
from schemagen.inference.infer import ANY_ITEM, ChosenItem, Inference, infer
from schemagen.model.origin import Origin
from schemagen.model.pages import Column, Pages, Table
from schemagen.typed_pages import TypedTable, resolve_types
from schemagen.typetable import TypeTable

ORIGIN = Origin("docs/aws.made_thing.md", 9)


class Made:
    """Made-up services, as `infer.Services`."""

    def __init__(self, *indexes: ServiceIndex) -> None:
        self.indexes = {index.name: index for index in indexes}
        self.services = tuple(self.indexes)
        self.directory = Directory({index.name: index.aliases for index in indexes}, {})

    def of(self, service: str) -> ServiceIndex:
        return self.indexes[service]


PARAMETER = re.compile(
    r"(?P<name>\w+)(?P<list>\[\])?(?P<required>!)?(=(?P<values>[\w|]+))?(:(?P<text>\w+))?"
)


def index(
    *operations: str, paged: tuple[str, ...] = (), **structures: tuple[IndexedMember, ...]
) -> ServiceIndex:
    """Make the index of a service "made".

    An operation is written ``ListThings Things[] Thing``, followed by its parameters: ``Name``,
    ``Name!`` if it is required, ``Names[]``, ``Kind=big|small``, ``Name:itsdocumentation``. The
    structure "-" is a list of strings. ``paged`` names the operations with pagination.
    """
    read: dict[str, ReadOperation] = {}
    items: list[IndexedItem] = []
    for text in operations:
        name, path, structure, *parameters = text.split()
        words = [PARAMETER.fullmatch(word) for word in parameters]
        found = [word.groupdict("") for word in words if word is not None]
        assert len(found) == len(parameters)
        read[name] = ReadOperation(
            name,
            tuple(each["name"] for each in found if each["required"]),
            {each["name"]: each["text"] for each in found},
            tuple(each["name"] for each in found if each["list"]),
            {each["name"]: tuple(each["values"].split("|")) for each in found if each["values"]},
            pages=(path.removesuffix("[]"),) if name in paged else (),
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


SIZE = IndexedMember("Size", "int64", "thesizeofthethingasitwasmeasured")
COLOUR = IndexedMember("Colour", "string", "thecolourthatthethingwaspaintedin")
THING = (IndexedMember("ThingArn", "string", ""), IndexedMember("ThingName", "string", ""), SIZE)


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
