# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Read and write the catalogue as data: the objects of ``catalog.json``.

They hold everything that pages, types and bindings say about each table, with all names and types
settled. Objects are frozen and compare by value; `parse` reads back equal what `render` writes.
"""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field
from dataclasses import fields as dataclass_fields
from functools import cached_property
from typing import Any, Final, Literal, TypeVar, cast

FILE: Final = "catalog.json"
FORMAT: Final = 1
"""Incremented with every change of the keys. A reader supports all formats up to its
own."""

KeyPath = tuple[str | int, ...]
"""The keys and indexes that lead to an entry of the file."""

# --- the objects ----------------------------------------------------------------------------------

ShapeKind = Literal["scalar", "structure", "list", "map"]


@dataclass(frozen=True, slots=True)
class ShapeData:
    """What a value inside JSON is: a scalar or a structure by its ``name``, or a list or a map (whose
    keys are strings) of ``element``."""

    kind: ShapeKind
    name: str = ""
    element: ShapeData | None = None

    def __str__(self) -> str:
        return self.name if self.element is None else f"{self.kind}<{self.element}>"


@dataclass(frozen=True, slots=True)
class ValueData:
    """A documented value of an open enumeration."""

    value: str
    description: str = ""
    deprecated: bool = False


@dataclass(frozen=True, slots=True)
class ColumnData:
    """A column. ``types`` and ``names`` map each target to the column's type and its name there,
    unquoted.

    ``type`` is the DDSQL type, and ``rule`` the setting that chose it; "" is the page. ``shape`` is
    what a json column, or an array of json, holds; None is any JSON. ``line`` is the one of the
    table's page.
    """

    name: str
    kind: str
    type: str
    line: int
    title: str | None = None
    description: str = ""
    rule: str = ""
    values: tuple[ValueData, ...] = ()
    shape: ShapeData | None = None
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    types: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class ParameterData:
    """A parameter of a table function. ``types`` and ``names`` are those of `ColumnData`."""

    name: str
    type: str
    line: int
    required: bool = False
    description: str = ""
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    types: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class ExampleData:
    """An example query of the page."""

    sql: str
    line: int


@dataclass(frozen=True, slots=True)
class FillData:
    """What fills a column: ``member`` of the item of ``operation``, with the ``evidence`` for it, or,
    where ``rule`` is not "", the rule that computes it from ``member`` or by ``format``.
    """

    operation: str
    member: str = ""
    evidence: str = ""
    rule: str = ""
    format: str = ""


Constant = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CallData:
    """A call beside the primary one: an enrichment of each item, or the listing.

    ``path`` leads from its response to its item. ``arguments`` map parameters to what they are made
    from; ``constants`` are the same for every item. ``needs`` are parameters that a listing requires.
    """

    operation: str
    path: str
    arguments: Mapping[str, str] = field(default_factory=dict[str, str])
    constants: Mapping[str, Constant] = field(default_factory=dict[str, Constant])
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BindingData:
    """Which response fills which column. ``path`` leads from the response of the primary
    ``operation`` to the item of a row; ``unbound`` are the columns that no member fills.
    """

    service: str
    operation: str
    path: str
    constants: Mapping[str, Constant] = field(default_factory=dict[str, Constant])
    listing: CallData | None = None
    enrichments: tuple[CallData, ...] = ()
    columns: Mapping[str, FillData] = field(default_factory=dict[str, FillData])
    unbound: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TableData:
    """A table. ``module`` is the stem of its files and ``model`` the class of a row.

    ``key`` is the name of the primary key column, or None. ``deprecated`` is the page's notice.
    ``page`` and ``line`` are where the table is documented, ``source`` the URL that the page names.
    ``structures`` are those that its columns reach, as keys of `CatalogData.structures`. ``schemas`` and
    ``names`` hold what its schema and the table are called in targets that do not accept the provider
    and the table's own name.
    """

    id: str
    title: str
    page: str
    line: int
    module: str
    model: str
    description: str = ""
    deprecated: str | None = None
    source: str | None = None
    key: str | None = None
    columns: tuple[ColumnData, ...] = ()
    parameters: tuple[ParameterData, ...] = ()
    examples: tuple[ExampleData, ...] = ()
    structures: tuple[str, ...] = ()
    binding: BindingData | None = None
    schemas: Mapping[str, str] = field(default_factory=dict[str, str])
    names: Mapping[str, str] = field(default_factory=dict[str, str])

    def schema_in(self, target: str) -> str:
        """Return the name of the table's schema in ``target``, unquoted."""
        return self.schemas.get(target, self.provider)

    def name_in(self, target: str) -> str:
        """Return the table's name in ``target``, unquoted."""
        return self.names.get(target, self.name)

    @property
    def provider(self) -> str:
        return self.id.partition(".")[0]

    @property
    def name(self) -> str:
        return self.id.partition(".")[2]


@dataclass(frozen=True, slots=True)
class MemberData:
    """A member of a structure: ``name`` in the API, ``key`` in rows. ``line`` is that of the
    structure's page, or None where only the lock has the member. ``constraints`` are the limits that
    the page states, by name."""

    name: str
    key: str
    shape: ShapeData
    line: int | None = None
    required: bool = False
    description: str = ""
    values: tuple[ValueData, ...] = ()
    constraints: Mapping[str, int | float | str] = field(
        default_factory=dict[str, int | float | str]
    )


@dataclass(frozen=True, slots=True)
class StructureData:
    """A structure of a service; ``model`` is its class. ``page`` and ``line`` are None where only the
    lock has it."""

    service: str
    name: str
    model: str
    page: str | None = None
    line: int | None = None
    description: str = ""
    members: tuple[MemberData, ...] = ()


@dataclass(frozen=True)
class CatalogData:
    """All tables by id and all structures by ``service.Name``, both sorted. ``package`` and
    ``version`` are those of the generated package."""

    package: str
    version: str
    tables: Mapping[str, TableData]
    structures: Mapping[str, StructureData]

    @cached_property
    def targets(self) -> tuple[str, ...]:
        """The targets that types are spelled in, sorted."""
        return tuple(
            sorted(
                {
                    target
                    for table in self.tables.values()
                    for column in table.columns
                    for target in column.types
                }
            )
        )


# --- reading and writing values -------------------------------------------------------------------

T = TypeVar("T")
Read = Callable[["_Findings", KeyPath, object], Any]
Write = Callable[[Any], object]


class CatalogError(ValueError):
    """A text is not a catalogue. ``findings`` are what is wrong, each with its key path."""

    def __init__(self, findings: Iterable[tuple[KeyPath, str]]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(message for _, message in self.findings))


class NewerFormat(CatalogError):
    """The catalogue was written by a newer schemagen."""


class DuplicateKeys(CatalogError):
    """An object has a key twice, as after a merge."""


class _Findings(list[tuple[KeyPath, str]]):
    def must_be(self, path: KeyPath, accepted: str, value: object) -> None:
        name = json.dumps(path[-1]) if path else "the catalogue"
        self.append((path, f"{name} must be {accepted}, not {_excerpt(value)}"))


def _excerpt(value: object) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


@dataclass(frozen=True, slots=True)
class _Codec:
    """Reads a kind of value, recording what is wrong, and writes it. Values of ``plain`` types are
    what they are in JSON."""

    read: Read
    write: Write = lambda value: value
    plain: tuple[type, ...] = ()


def _scalar(accepted: str, *types: type) -> _Codec:
    def read(found: _Findings, path: KeyPath, value: object) -> object:
        if type(value) not in types:
            found.must_be(path, accepted, value)
        return value

    return _Codec(read, plain=types)


_TEXT = _scalar("a string", str)
_TEXT_OR_NULL = _scalar("a string or null", str, type(None))
_LINE = _scalar("a line number", int)
_FLAG = _scalar("true or false", bool)
_LIMIT = _scalar("a number or a string", int, float, str)


def _list(element: _Codec) -> _Codec:
    def read(found: _Findings, path: KeyPath, value: object) -> tuple[Any, ...]:
        if not isinstance(value, list):
            found.must_be(path, "a list", value)
            return ()
        items = cast("list[object]", value)
        return tuple(
            [
                element.read(found, (*path, number), item)
                for number, item in enumerate(items)
            ]
        )

    def write(values: Iterable[Any]) -> list[object]:
        return [element.write(value) for value in values]

    return _Codec(read, write)


def _mapping(element: _Codec) -> _Codec:
    def read(found: _Findings, path: KeyPath, value: object) -> dict[str, Any]:
        if not isinstance(value, dict):
            found.must_be(path, "an object", value)
            return {}
        entries = cast("dict[str, object]", value)
        return {
            key: element.read(found, (*path, key), item)
            for key, item in entries.items()
        }

    def write(values: Mapping[str, Any]) -> dict[str, object]:
        return {key: element.write(value) for key, value in values.items()}

    return _Codec(read, write)


class _Object:
    """Reads and writes the attributes ``codecs`` of a class. Those with a default are left out where
    they have it."""

    def __init__(self, make: type[Any], **codecs: _Codec) -> None:
        self.make = make
        self.codecs = codecs
        fields = {
            entry.name: entry
            for entry in dataclass_fields(make)
            if entry.name in codecs
        }
        self.defaults = {
            name: default
            for name, entry in fields.items()
            for default in _default(entry)
        }
        self.plain = {name: codec.plain for name, codec in codecs.items()}
        self.required = [name for name in fields if name not in self.defaults]

    @property
    def codec(self) -> _Codec:
        return _Codec(self.read, self.write)

    def read(self, found: _Findings, path: KeyPath, value: object) -> Any:
        before = len(found)
        values = self.values(found, path, value)
        return self.make(**values) if len(found) == before else None

    def values(self, found: _Findings, path: KeyPath, value: object) -> dict[str, Any]:
        """Read the attributes of the object ``value``, by name."""
        values: dict[str, Any] = {}
        if not isinstance(value, dict):
            found.must_be(path, "an object", value)
            return values
        plain = self.plain
        for key, item in cast("dict[str, object]", value).items():
            # Nearly all entries: no call, and no key path that only a message would need.
            if type(item) in plain.get(key, ()):
                values[key] = item
                continue
            codec = self.codecs.get(key)
            if codec is None:
                known = ", ".join(self.codecs)
                found.append(
                    ((*path, key), f'unknown key "{key}"; known keys: {known}')
                )
            else:
                values[key] = codec.read(found, (*path, key), item)
        found += [
            (path, f'the key "{key}" is missing')
            for key in self.required
            if key not in values
        ]
        return values

    def write(self, value: object) -> dict[str, object]:
        written: dict[str, object] = {}
        for key, codec in self.codecs.items():
            attribute: object = getattr(value, key)
            if key not in self.defaults or attribute != self.defaults[key]:
                written[key] = codec.write(attribute)
        return written


def _default(entry: Field[Any]) -> Iterator[object]:
    """Yield the default of an attribute, if it has one."""
    if entry.default is not MISSING:
        yield entry.default
    elif entry.default_factory is not MISSING:
        yield entry.default_factory()


def _read_shape(found: _Findings, path: KeyPath, value: object) -> ShapeData | None:
    written: object = value
    if isinstance(value, str):
        return ShapeData("scalar", value)
    entries = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    if len(entries) == 1:
        ((key, inner),) = entries.items()
        if key == "structure" and isinstance(inner, str):
            return ShapeData("structure", inner)
        if key in ("list", "map"):
            element = _read_shape(found, (*path, key), inner)
            return ShapeData("list" if key == "list" else "map", "", element)
    accepted = 'the name of a scalar, or an object with "structure", "list" or "map"'
    found.must_be(path, accepted, written)
    return None


def _write_shape(shape: ShapeData | None) -> object:
    if shape is None:
        return None
    if shape.kind == "scalar":
        return shape.name
    if shape.kind == "structure":
        return {"structure": shape.name}
    return {shape.kind: _write_shape(shape.element)}


def _read_constant(found: _Findings, path: KeyPath, value: object) -> Constant:
    return (
        value
        if isinstance(value, str)
        else cast("Constant", _TEXTS.read(found, path, value))
    )


def _write_constant(constant: Constant) -> object:
    return constant if isinstance(constant, str) else list(constant)


_TEXTS = _list(_TEXT)
_NAMES = _mapping(_TEXT)
_SHAPE = _Codec(_read_shape, _write_shape)
_CONSTANTS = _mapping(_Codec(_read_constant, _write_constant))

_VALUE = _Object(ValueData, value=_TEXT, description=_TEXT, deprecated=_FLAG).codec
_COLUMN = _Object(
    ColumnData,
    name=_TEXT,
    kind=_TEXT,
    type=_TEXT,
    rule=_TEXT,
    names=_NAMES,
    shape=_SHAPE,
    title=_TEXT_OR_NULL,
    description=_TEXT,
    values=_list(_VALUE),
    line=_LINE,
)
_PARAMETER = _Object(
    ParameterData,
    name=_TEXT,
    type=_TEXT,
    required=_FLAG,
    names=_NAMES,
    description=_TEXT,
    line=_LINE,
)
_EXAMPLE = _Object(ExampleData, sql=_TEXT, line=_LINE).codec
_CALL = _Object(
    CallData,
    operation=_TEXT,
    path=_TEXT,
    arguments=_NAMES,
    constants=_CONSTANTS,
    needs=_TEXTS,
).codec
_FILL = _Object(
    FillData, operation=_TEXT, member=_TEXT, evidence=_TEXT, rule=_TEXT, format=_TEXT
).codec
_BINDING = _Object(
    BindingData,
    service=_TEXT,
    operation=_TEXT,
    path=_TEXT,
    constants=_CONSTANTS,
    listing=_CALL,
    enrichments=_list(_CALL),
    columns=_mapping(_FILL),
    unbound=_TEXTS,
).codec
_MEMBER = _Object(
    MemberData,
    name=_TEXT,
    key=_TEXT,
    shape=_SHAPE,
    required=_FLAG,
    description=_TEXT,
    values=_list(_VALUE),
    constraints=_mapping(_LIMIT),
    line=_LINE,
).codec


class _Typed:
    """Columns or parameters. The types of the table's data types stand beside them, once; names are
    left out where they are the column's own."""

    def __init__(self, entry: _Object) -> None:
        self.entry = entry

    def read(
        self,
        found: _Findings,
        path: KeyPath,
        value: object,
        types: Mapping[str, Mapping[str, str]],
    ) -> Any:
        before = len(found)
        values = self.entry.values(found, path, value)
        if len(found) > before:
            return None
        name, names = values["name"], values.get("names", {})
        spelled = types.get(values["type"])
        if spelled is None:
            found.append(
                ((*path, "type"), f'"types" lacks {json.dumps(values["type"])}')
            )
            return None
        found += [
            ((*path, "names", target), f'"types" lacks the target {json.dumps(target)}')
            for target in names
            if target not in spelled
        ]
        values["names"] = {target: names.get(target, name) for target in spelled}
        return self.entry.make(**values, types=spelled)

    def write(self, value: Any) -> dict[str, object]:
        written = self.entry.write(value)
        names = {
            target: name
            for target, name in sorted(value.names.items())
            if name != value.name
        }
        written.pop("names", None)
        return {**written, "names": names} if names else written


class _Table:
    """A table, without its id, which is its key."""

    def __init__(self) -> None:
        self.columns, self.parameters = _Typed(_COLUMN), _Typed(_PARAMETER)
        self.types: Mapping[str, Mapping[str, str]] = {}
        self.entry = _Object(
            TableData,
            title=_TEXT,
            description=_TEXT,
            deprecated=_TEXT_OR_NULL,
            source=_TEXT_OR_NULL,
            page=_TEXT,
            line=_LINE,
            module=_TEXT,
            model=_TEXT,
            key=_TEXT_OR_NULL,
            schemas=_NAMES,
            names=_NAMES,
            columns=_list(_Codec(self._read_column, self.columns.write)),
            parameters=_list(_Codec(self._read_parameter, self.parameters.write)),
            examples=_list(_EXAMPLE),
            structures=_TEXTS,
            binding=_BINDING,
        )
        self.spellings = _mapping(_NAMES)

    def read(
        self, found: _Findings, path: KeyPath, id: str, value: object
    ) -> TableData | None:
        if not isinstance(value, dict):
            found.must_be(path, "an object", value)
            return None
        before = len(found)
        entries = dict(cast("dict[str, object]", value))
        types = entries.pop("types", {})
        self.types = self.spellings.read(found, (*path, "types"), types)
        values = self.entry.values(found, path, entries)
        return TableData(id=id, **values) if len(found) == before else None

    def write(self, table: TableData) -> dict[str, object]:
        typed: list[ColumnData | ParameterData] = [*table.columns, *table.parameters]
        types = {entry.type: dict(sorted(entry.types.items())) for entry in typed}
        written: dict[str, object] = {}
        for key, value in self.entry.write(table).items():
            if key in ("columns", "parameters") and "types" not in written:
                written["types"] = dict(sorted(types.items()))
            written[key] = value
        return written

    def _read_column(self, found: _Findings, path: KeyPath, value: object) -> Any:
        return self.columns.read(found, path, value, self.types)

    def _read_parameter(self, found: _Findings, path: KeyPath, value: object) -> Any:
        return self.parameters.read(found, path, value, self.types)


_STRUCTURE = _Object(
    StructureData,
    model=_TEXT,
    description=_TEXT,
    page=_TEXT,
    line=_LINE,
    members=_list(_MEMBER),
)

# --- the file -------------------------------------------------------------------------------------


def parse(text: str) -> CatalogData:
    """Read a catalogue. Raises `CatalogError` with everything that is wrong, `NewerFormat` for one
    that a newer schemagen wrote, and json.JSONDecodeError where the text is not JSON.
    """
    duplicates = False

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        nonlocal duplicates
        entries = dict(pairs)
        duplicates = duplicates or len(entries) != len(pairs)
        return entries

    # Nothing becomes garbage here, and collecting it among so many objects would double the time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        document: object = json.loads(text, object_pairs_hook=unique)
        catalog = _catalog(document)
    except RecursionError as error:
        raise CatalogError([((), "the catalogue is nested too deeply")]) from error
    finally:
        if collecting:
            gc.enable()
    if duplicates:
        raise DuplicateKeys([((), "the catalogue has duplicate keys")])
    return catalog


def _catalog(document: object) -> CatalogData:
    found = _Findings()
    if not isinstance(document, dict):
        found.must_be((), "an object", document)
        raise CatalogError(found)
    entries = cast("dict[str, object]", document)
    format = entries.get("format")
    if type(format) is not int or format < 1:
        accepted = f"a number from 1 to {FORMAT}"
        found.must_be(("format",) if "format" in entries else (), accepted, format)
        raise CatalogError(found)
    if format > FORMAT:
        message = f"format {format} was written by a newer schemagen; this one reads formats up to {FORMAT}"
        raise NewerFormat([(("format",), message)])
    head = _HEAD.values(
        found, (), {key: entries[key] for key in entries if key not in _NOT_HEAD}
    )
    tables: dict[str, TableData] = {}
    for id, value in _entries(found, entries, "tables").items():
        if table := _TABLE.read(found, ("tables", id), id, value):
            tables[id] = table
    structures: dict[str, StructureData] = {}
    for key, value in _entries(found, entries, "structures").items():
        before, path = len(found), ("structures", key)
        service, dot, name = key.rpartition(".")
        if not dot:
            found.append(
                (path, f"{json.dumps(key)} must be a service, a dot and a name")
            )
        values = _STRUCTURE.values(found, path, value)
        if len(found) == before:
            structures[key] = StructureData(service=service, name=name, **values)
    if found:
        raise CatalogError(found)
    return CatalogData(**head, tables=tables, structures=structures)


def _entries(
    found: _Findings, document: Mapping[str, object], key: str
) -> Mapping[str, object]:
    value = document.get(key)
    if not isinstance(value, dict):
        found.must_be(
            (key,) if key in document else (), f'an object with "{key}"', value
        )
        return {}
    return cast("dict[str, object]", value)


_TABLE = _Table()
_HEAD = _Object(CatalogData, package=_TEXT, version=_TEXT)
_NOT_HEAD = frozenset({"$comment", "format", "tables", "structures"})


def render(catalog: CatalogData, comment: str) -> str:
    """Format a catalogue; ``comment`` names what made it."""
    return render_groups(
        catalog.package,
        catalog.version,
        comment,
        {id: table_group(table) for id, table in catalog.tables.items()},
        {key: structure_group(item) for key, item in catalog.structures.items()},
    )


def render_groups(
    package: str,
    version: str,
    comment: str,
    tables: Mapping[str, str],
    structures: Mapping[str, str],
) -> str:
    """Format a catalogue whose tables and structures are rendered already, by their keys."""
    head = {
        "$comment": comment,
        "format": FORMAT,
        "package": package,
        "version": version,
    }
    lines = [f"{_text(key)}: {_text(value)},\n" for key, value in head.items()]
    return (
        "{\n"
        f"{''.join(lines)}"
        f"{_TABLES}{_joined(tables)}{_STRUCTURES}{_joined(structures)}"
        "}\n}\n"
    )


_TABLES: Final = '"tables": {\n'
_STRUCTURES: Final = '},\n"structures": {\n'


def _joined(groups: Mapping[str, str]) -> str:
    body = ",\n".join(f"{_text(key)}: {groups[key]}" for key in sorted(groups))
    return f"{body}\n" if body else ""


def split_groups(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """Split a text that `render_groups` made into tables and structures, by their keys."""
    _, _, rest = text.partition(_TABLES)
    tables, _, structures = f"\n{rest}".partition(f"\n{_STRUCTURES}")
    return dict(_GROUP.findall(tables)), dict(_GROUP.findall(structures))


# Only the first and the last line of a group are not indented; keys need no escapes.
_GROUP: Final = re.compile(r'^"([^"\\]+)": (\{\n(?: .*\n)*\})', re.MULTILINE)


def table_group(table: TableData) -> str:
    """Format a table: one line per entry and per column."""
    return _lines(_TABLE.write(table), _SPREAD)


def structure_group(structure: StructureData) -> str:
    """Format a structure: one line per entry and per member."""
    return _lines(_STRUCTURE.write(structure), _SPREAD)


_SPREAD: Final = frozenset(
    {"types", "columns", "parameters", "examples", "binding", "enrichments", "members"}
)
"""The entries whose own entries have lines of their own."""

# Escaped, so that a lone surrogate or a bidirectional control of a page stays visible data.
_text: Final = json.JSONEncoder().encode


def _lines(value: Mapping[str, object], spread: frozenset[str], depth: int = 0) -> str:
    indent = " " * (depth + 1)
    lines = [
        f"{indent}{_text(key)}: {_spread(entry, spread, depth + 1) if key in spread else _text(entry)}"
        for key, entry in value.items()
    ]
    return "{\n" + ",\n".join(lines) + "\n" + " " * depth + "}"


def _spread(value: object, spread: frozenset[str], depth: int) -> str:
    if not value:
        return _text(value)
    if isinstance(value, dict):
        return _lines(cast("dict[str, object]", value), spread, depth)
    indent = " " * (depth + 1)
    lines = [f"{indent}{_text(item)}" for item in cast("list[object]", value)]
    return "[\n" + ",\n".join(lines) + "\n" + " " * depth + "]"
