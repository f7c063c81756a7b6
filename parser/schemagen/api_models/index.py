"""An index of what a service's read operations return: where the evidence for bindings is looked up.

The models of all services take a while to read, so an index is kept in the user's cache folder, by
botocore's version and by what the user added to its models. A cache that is missing, broken or
cannot be written costs time and nothing else.
"""

from __future__ import annotations

import html
import json
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any

import botocore
from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, OperationModel, Shape, StringShape, StructureShape

from schemagen.api_models import recording
from schemagen.model.paths import WHOLE, map_key
from schemagen.names import READ_VERBS, folded

_DEPTH = 3
"""How many steps a path has at most. No service keeps a resource deeper."""

_FORMAT = 3
"""Changes when an index of an older schemagen must not be read."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a structure, or the value at a key of one that is a map, such as
    ``Attributes[QueueArn]``. ``type`` is in the lock's notation, ``words`` its documentation."""

    name: str
    type: str
    words: str

    @property
    def called(self) -> str:
        """The folded name, that of the key for the value at a key."""
        at_key = map_key(self.name)
        return folded(at_key[1] if at_key else self.name)


@dataclass(frozen=True, slots=True)
class Item:
    """A place in an operation's response that could be a table's row, or the name of one: then
    ``structure`` is "", and ``path`` leads to a list of strings."""

    operation: str
    path: str
    structure: str

    @property
    def several(self) -> bool:
        """True where one response may hold several of them."""
        return "[]" in self.path


@dataclass(frozen=True, slots=True)
class ReadOperation:
    """An operation's parameters that are strings or lists, with their documentation.

    ``required`` names the parameters that must be given, of any type; ``lists`` those that are lists.
    ``values`` are the enumerations of those that have one, ``shapes`` the names of the shapes of
    those that are strings, ``pages`` the paths to what botocore's paginator collects from page to
    page ("DistributionList.Items"), none where it has no paginator.
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
    """What the read operations of one service return.

    ``aliases`` are the other names of the service in botocore's model; ``texts`` are the lists of
    strings in the responses.
    """

    name: str
    aliases: tuple[str, ...] = ()
    operations: Mapping[str, ReadOperation] = field(default_factory=dict[str, ReadOperation])
    items: tuple[Item, ...] = ()
    structures: Mapping[str, tuple[Member, ...]] = field(
        default_factory=dict[str, tuple[Member, ...]]
    )
    texts: tuple[Item, ...] = ()

    @cached_property
    def by_name(self) -> Mapping[str, Mapping[str, Member]]:
        """The members of each structure by folded name."""
        return {
            name: {member.called: member for member in members}
            for name, members in self.structures.items()
        }


# --- documentation as evidence --------------------------------------------------------------------

# The tags of botocore's documentation, and nothing else: "<region>" is text on a page.
_TAG = re.compile(
    r"</?(?:a|b|br|caution|code|dd|div|dl|dt|em|fullname|h[1-6]|i|important|li|note|ol|p|para|pre"
    r"|span|strong|table|tbody|td|th|thead|tip|tr|ul|warning)\b[^<>]*>",
    re.IGNORECASE,
)
# Pages write the label where botocore has the tag.
_LABEL = re.compile(r"\b(?:note|important|warning|caution|tip):", re.IGNORECASE)
_NOT_TEXT = re.compile(r"[\W_]+")


def words(documentation: str) -> str:
    """The letters and digits of a text, whether it comes from botocore or from a page: what two
    copies of one documentation have in common."""
    text = html.unescape(_TAG.sub(" ", documentation))
    return _NOT_TEXT.sub("", _LABEL.sub(" ", text)).casefold()


# --- building -------------------------------------------------------------------------------------


def build(service: str) -> ServiceIndex:
    """The index of a service, from botocore's model. Raises `UnknownServiceError`."""
    model = recording.service_model(service)
    pages = _pages(service)
    operations: dict[str, ReadOperation] = {}
    items: list[Item] = []
    texts: list[Item] = []
    structures: dict[str, tuple[Member, ...]] = {}
    for name in model.operation_names:
        if not name.startswith(READ_VERBS):
            continue
        operation = model.operation_model(name)
        output = operation.output_shape
        if output is None or operation.deprecated:
            continue
        operations[name] = _operation(operation, pages.get(name, ()))
        for path, structure in _places(output):
            items.append(Item(name, path, structure.name))
            texts += [Item(name, found, "") for found in _texts(path, structure)]
            if structure.name not in structures:
                members = tuple(_members(service, structure))
                structures[structure.name] = (*members, *_entries(structure, members))
    return ServiceIndex(
        service, _aliases(model.metadata), operations, tuple(items), structures, tuple(texts)
    )


def _aliases(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """The names by which AWS knows a service: "sfn" is stepfunctions, "elasticmapreduce" emr."""
    keys = ("serviceId", "endpointPrefix", "signingName", "serviceAbbreviation")
    return tuple(sorted({folded(str(metadata[key])) for key in keys if key in metadata}))


def _pages(service: str) -> Mapping[str, tuple[str, ...]]:
    """What the paginators of a service collect, by operation."""
    if service not in _paginated():
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for name, page in Loader().load_service_model(service, "paginators-1")["pagination"].items():
        keys: str | list[str] = page.get("result_key", [])
        found[name] = (keys,) if isinstance(keys, str) else tuple(keys)
    return found


@cache
def _paginated() -> frozenset[str]:
    """The services that have paginators."""
    return frozenset(Loader().list_available_services("paginators-1"))


def _operation(operation: OperationModel, pages: tuple[str, ...]) -> ReadOperation:
    shape = operation.input_shape
    if shape is None:
        return ReadOperation(operation.name, (), {}, pages=pages)
    return ReadOperation(
        operation.name,
        tuple(shape.required_members),
        {
            name: words(member.documentation)
            for name, member in shape.members.items()
            if member.type_name in ("string", "list")
        },
        tuple(name for name, member in shape.members.items() if member.type_name == "list"),
        {
            name: tuple(bottom.enum)
            for name, member in shape.members.items()
            if isinstance(bottom := _element(member)[0], StringShape) and bottom.enum
        },
        {
            name: member.name
            for name, member in shape.members.items()
            if member.type_name == "string"
        },
        pages,
    )


def _places(output: StructureShape) -> Iterator[tuple[str, StructureShape]]:
    """The structures that a path leads to, nearest first; each structure once."""
    seen = {output.name}
    level: list[tuple[str, StructureShape]] = [(WHOLE, output)]
    for _ in range(_DEPTH + 1):
        yield from level
        below: list[tuple[str, StructureShape]] = []
        for path, structure in level:
            for name, shape in structure.members.items():
                inner, mark = _element(shape)
                if isinstance(inner, StructureShape) and inner.name not in seen:
                    seen.add(inner.name)
                    step = f"{name}{mark}"
                    below.append((step if path == WHOLE else f"{path}.{step}", inner))
        level = below


def _element(shape: Shape) -> tuple[Shape, str]:
    return (shape.member, "[]") if isinstance(shape, ListShape) else (shape, "")


def _texts(path: str, structure: StructureShape) -> Iterator[str]:
    """The lists of strings in a structure that stands in a response once."""
    for name, shape in structure.members.items():
        inner, mark = _element(shape)
        if mark and "[]" not in path and isinstance(inner, StringShape):
            yield f"{name}[]" if path == WHOLE else f"{path}.{name}[]"


def _members(service: str, structure: StructureShape) -> Iterator[Member]:
    for name, shape in structure.members.items():
        try:
            type = recording.notation(service, shape, {}, [])
        except recording.UnknownShape:
            # A table that needs it cannot be bound; `recording.record` says so with its name.
            continue
        yield Member(name, type, words(shape.documentation))


# --- maps whose keys are known --------------------------------------------------------------------

EVERYTHING = "All"
"""The value of an enumeration of keys that asks for all of them, and is no key itself."""

_ITEM = re.compile(
    r"<(?P<tag>ul|/ul|ol|/ol)>|<li>\s*(?:<p>\s*)?<code>(?P<key>[^<>]+)</code>"
    r"\s*(?:[\u2013\u2014:-]\s*)?(?P<text>.*?)(?=<li>|</li>|<ul>|<ol>|$)",
    re.DOTALL,
)


def _entries(structure: StructureShape, members: Iterable[Member]) -> Iterator[Member]:
    """The values at the known keys of the members that are maps: those of an enumeration, or for
    maps from texts to texts those that documentation lists; what it lists of others are parts of
    their values. None for a key that is called as a member, or as the key of another map: whose it
    is would be a guess."""
    members = tuple(members)
    found: list[Member] = []
    for member in members:
        shape = structure.members[member.name]
        if isinstance(shape, MapShape):
            type = member.type.removesuffix("!").removeprefix("map<").removesuffix(">")
            listed = _listed(shape.documentation)
            keys = recording.enumerated_keys(shape) or (tuple(listed) if type == "string" else ())
            for key in keys:
                name = f"{member.name}[{key}]"
                if key != EVERYTHING and map_key(name):
                    found.append(Member(name, type, words(listed.get(key, ""))))
    called = Counter(one.called for one in (*members, *found))
    yield from (one for one in found if called[one.called] == 1)


def _listed(documentation: str) -> Mapping[str, str]:
    """The words in code with which the items of documentation's lists begin, inner lists apart, and
    what is said of each: ``<li><p><code>Owner</code> – The account …``."""
    listed: dict[str, str] = {}
    depth = 0
    for item in _ITEM.finditer(documentation):
        if item["tag"]:
            depth += -1 if item["tag"].startswith("/") else 1
        elif depth == 1:
            listed.setdefault(item["key"].strip(), item["text"])
    return listed


# --- the cache ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Directory:
    """What finds a service: the aliases of each, and the services that document a member, by
    `fingerprint`."""

    aliases: Mapping[str, tuple[str, ...]]
    documented: Mapping[str, tuple[str, ...]]


def fingerprint(name: str, words: str) -> str:
    """A short hash of a member's folded name and documentation."""
    return blake2b(f"{folded(name)} {words}".encode(), digest_size=6).hexdigest()


class Indexes:
    """The indexes of the installed botocore's services, read or built as they are needed."""

    def __init__(self, folder: Path | None = None) -> None:
        name = f"botocore-{botocore.__version__}-{_FORMAT}{_added(Loader().search_paths)}"
        self.folder = (folder or cache_folder()) / name
        self._known: dict[str, ServiceIndex] = {}

    @property
    def services(self) -> frozenset[str]:
        return self._services

    @cached_property
    def _services(self) -> frozenset[str]:
        return frozenset(Loader().list_available_services("service-2"))

    def of(self, service: str) -> ServiceIndex:
        """The index of ``service``. Raises `UnknownServiceError`."""
        if service not in self._known:
            self._known[service] = self._read_or_build(service)
        return self._known[service]

    @property
    def directory(self) -> Directory:
        """What finds a service. The first time, all models are read."""
        return self._directory

    @cached_property
    def _directory(self) -> Directory:
        try:
            return _as_directory(self._load("_directory"))
        except _BROKEN:
            pass  # Missing, or not ours: made anew below.
        aliases: dict[str, tuple[str, ...]] = {}
        documented: dict[str, list[str]] = {}
        for service in sorted(self.services):
            index = self._known.get(service) or self._read_or_build(service)
            recording.service_model.cache_clear()
            aliases[service] = index.aliases
            members = [member for members in index.structures.values() for member in members]
            prints = {fingerprint(one.called, one.words) for one in members if one.words}
            for one in sorted(prints):
                documented.setdefault(one, []).append(service)
        self._save("_directory", {"aliases": aliases, "documented": documented})
        return Directory(aliases, {one: tuple(names) for one, names in documented.items()})

    def _read_or_build(self, service: str) -> ServiceIndex:
        try:
            return _service_index(self._load(service))
        except _BROKEN:
            index = build(service)
            self._save(service, _document(index))
            return index

    def _load(self, name: str) -> Any:
        return json.loads((self.folder / f"{name}.json").read_bytes())

    def _save(self, name: str, document: object) -> None:
        """Keep ``document``, whole or not at all."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self.folder, delete=False) as file:
                json.dump(document, file, separators=(",", ":"))
            Path(file.name).replace(self.folder / f"{name}.json")
        except OSError:
            # A home that is read-only or full: the index is built again the next time.
            return


def _added(folders: Iterable[str]) -> str:
    """A mark for the models beside botocore's own: those in ~/.aws/models, which botocore reads
    first. "" where there are none."""
    files = [
        f"{path} {status.st_size} {status.st_mtime_ns}"
        for folder in folders
        if folder != Loader.BUILTIN_DATA_PATH
        for path in sorted(Path(folder).rglob("*.json*"))
        if path.is_file()
        for status in [path.stat()]
    ]
    mark = blake2b("\n".join(files).encode(errors="surrogateescape"), digest_size=6).hexdigest()
    return f"-{mark}" if files else ""


# What reading a file of the cache raises when it is missing, cut, or of another form.
_BROKEN = (OSError, ValueError, KeyError, TypeError, AttributeError)


def cache_folder() -> Path:
    """The user's cache folder (XDG base directories; %LOCALAPPDATA% on Windows)."""
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".cache") / "schemagen"


def _document(index: ServiceIndex) -> dict[str, object]:
    return {
        "name": index.name,
        "aliases": index.aliases,
        "operations": [
            [
                one.name,
                one.required,
                dict(one.parameters),
                one.lists,
                dict(one.values),
                dict(one.shapes),
                one.pages,
            ]
            for one in index.operations.values()
        ],
        "items": [[item.operation, item.path, item.structure] for item in index.items],
        "structures": {
            name: [[member.name, member.type, member.words] for member in members]
            for name, members in index.structures.items()
        },
        "texts": [[item.operation, item.path] for item in index.texts],
    }


def _service_index(document: Any) -> ServiceIndex:
    return ServiceIndex(
        document["name"],
        tuple(document["aliases"]),
        {
            name: ReadOperation(
                name,
                tuple(required),
                dict(parameters),
                tuple(lists),
                {parameter: tuple(several) for parameter, several in values.items()},
                dict(shapes),
                tuple(pages),
            )
            for name, required, parameters, lists, values, shapes, pages in document["operations"]
        },
        tuple(Item(operation, path, structure) for operation, path, structure in document["items"]),
        {
            name: tuple(Member(*member) for member in members)
            for name, members in document["structures"].items()
        },
        tuple(Item(operation, path, "") for operation, path in document["texts"]),
    )


def _as_directory(document: Any) -> Directory:
    return Directory(
        {name: tuple(aliases) for name, aliases in document["aliases"].items()},
        {one: tuple(names) for one, names in document["documented"].items()},
    )
