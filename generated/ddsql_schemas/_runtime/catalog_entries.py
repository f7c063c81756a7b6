# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""The codecs of the catalogue's objects: what each entry of ``catalog.json`` is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from .calls import Call, CallRules, Limit, Pagination, Scope, TableCalls
from .catalog_codecs import (
    COUNT,
    FLAG,
    JSON,
    LIMIT,
    LINE,
    PLAIN_TEXT,
    TEXT_OR_NULL,
    Codec,
    Findings,
    KeyPath,
    ObjectCodec,
    choice,
    list_of,
    mapping_of,
    pairs_of,
)
from .catalog_data import (
    SCALARS,
    BindingData,
    CatalogData,
    ColumnData,
    ExampleData,
    FillData,
    MemberData,
    ParameterData,
    ShapeData,
    StructureData,
    TableData,
    ValueData,
)


def _read_shape(found: Findings, path: KeyPath, value: object) -> ShapeData | None:
    written: object = value
    if isinstance(value, str):
        if value in SCALARS:
            return ShapeData("scalar", value)
        known = ", ".join(SCALARS)
        message = f"unknown scalar {json.dumps(value)}; known scalars: {known}"
        found.append((path, message))
        return None
    entries = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    if len(entries) == 1:
        ((key, inner),) = entries.items()
        if key == "structure" and isinstance(inner, str):
            name = _read_structure_name(found, (*path, key), inner)
            return ShapeData("structure", name)
        if key in ("list", "map"):
            element = _read_shape(found, (*path, key), inner)
            return ShapeData("list" if key == "list" else "map", "", element)
    accepted = 'the name of a scalar, or an object with "structure", "list" or "map"'
    found.must_be(path, accepted, written)
    return None


def _read_structure_name(found: Findings, path: KeyPath, value: object) -> str:
    name: str = PLAIN_TEXT.read(found, path, value)
    if isinstance(value, str) and name not in found.structures:
        found.append((path, f'"structures" lacks {json.dumps(name)}'))
    return name


def _write_shape(shape: ShapeData | None) -> object:
    if shape is None:
        return None
    if shape.kind == "scalar":
        return shape.name
    if shape.kind == "structure":
        return {"structure": shape.name}
    return {shape.kind: _write_shape(shape.element)}


_TEXTS = list_of(PLAIN_TEXT)
_NAMES = mapping_of(PLAIN_TEXT)
_ARGUMENTS = pairs_of(PLAIN_TEXT)
_SHAPE = Codec(_read_shape, _write_shape)
_STRUCTURE_NAME = Codec(_read_structure_name)

_VALUE = ObjectCodec(
    ValueData, value=PLAIN_TEXT, description=PLAIN_TEXT, deprecated=FLAG
).codec
_COLUMN = ObjectCodec(
    ColumnData,
    name=PLAIN_TEXT,
    kind=PLAIN_TEXT,
    type=PLAIN_TEXT,
    rule=PLAIN_TEXT,
    names=_NAMES,
    shape=_SHAPE,
    title=TEXT_OR_NULL,
    description=PLAIN_TEXT,
    values=list_of(_VALUE),
    line=LINE,
)
_PARAMETER = ObjectCodec(
    ParameterData,
    name=PLAIN_TEXT,
    type=PLAIN_TEXT,
    required=FLAG,
    names=_NAMES,
    description=PLAIN_TEXT,
    line=LINE,
)
_EXAMPLE = ObjectCodec(ExampleData, sql=PLAIN_TEXT, line=LINE).codec
_PAGINATION = ObjectCodec(
    Pagination, input=_TEXTS, output=_TEXTS, more=PLAIN_TEXT, inferred=FLAG
).codec
_LIMIT_OF_CALL = ObjectCodec(Limit, parameter=PLAIN_TEXT, maximum=COUNT).codec
_SCOPE = ObjectCodec(
    Scope,
    kind=choice("regional", "account", "global"),
    regions=_ARGUMENTS,
    only=pairs_of(_ARGUMENTS),
).codec
_RULES = ObjectCodec(
    CallRules,
    pagination=_PAGINATION,
    absent=_TEXTS,
    optional=_TEXTS,
    limit=_LIMIT_OF_CALL,
    batch=_LIMIT_OF_CALL,
    scope=_SCOPE,
    owner=pairs_of(JSON),
    actions=_TEXTS,
).codec
_CALL = ObjectCodec(
    Call,
    operation=PLAIN_TEXT,
    path=PLAIN_TEXT,
    arguments=_ARGUMENTS,
    inherited=_TEXTS,
    values=pairs_of(_TEXTS),
    constants=pairs_of(JSON),
    rules=_RULES,
    columns=_TEXTS,
    given=_ARGUMENTS,
).codec
_FILL = ObjectCodec(
    FillData,
    operation=PLAIN_TEXT,
    member=PLAIN_TEXT,
    evidence=PLAIN_TEXT,
    rule=PLAIN_TEXT,
    format=PLAIN_TEXT,
    parameters=_TEXTS,
).codec
_MEMBER = ObjectCodec(
    MemberData,
    name=PLAIN_TEXT,
    key=PLAIN_TEXT,
    shape=_SHAPE,
    required=FLAG,
    description=PLAIN_TEXT,
    values=list_of(_VALUE),
    constraints=mapping_of(LIMIT),
    line=LINE,
).codec


class _Typed:
    """Columns or parameters. The types of the table's data types stand beside them, once; names are
    left out where they are the column's own."""

    def __init__(self, entry: ObjectCodec) -> None:
        self.entry = entry

    def read(
        self,
        found: Findings,
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


class _Binding:
    """A binding. Its calls lack the table and the service: the binding has them."""

    def __init__(self) -> None:
        self.calls = ObjectCodec(
            TableCalls,
            listings=list_of(_CALL),
            primary=_CALL,
            enrichments=list_of(_CALL),
            obstacle=PLAIN_TEXT,
        )
        self.entry = ObjectCodec(
            BindingData,
            service=PLAIN_TEXT,
            operation=PLAIN_TEXT,
            path=PLAIN_TEXT,
            calls=Codec(self.calls.values, self.calls.write),
            columns=mapping_of(_FILL),
            unbound=_TEXTS,
        )

    def read(self, found: Findings, path: KeyPath, table: str, value: object) -> Any:
        before = len(found)
        values = self.entry.values(found, path, value)
        if len(found) > before:
            return None
        if "calls" in values:
            values["calls"] = TableCalls(table, values["service"], **values["calls"])
        return BindingData(**values)


class _Table:
    """A table, without its id, which is its key."""

    def __init__(self) -> None:
        self.columns, self.parameters = _Typed(_COLUMN), _Typed(_PARAMETER)
        self.binding = _Binding()
        self.id = ""
        self.types: Mapping[str, Mapping[str, str]] = {}
        self.entry = ObjectCodec(
            TableData,
            title=PLAIN_TEXT,
            description=PLAIN_TEXT,
            deprecated=TEXT_OR_NULL,
            source=TEXT_OR_NULL,
            page=PLAIN_TEXT,
            line=LINE,
            module=PLAIN_TEXT,
            model=PLAIN_TEXT,
            key=TEXT_OR_NULL,
            schemas=_NAMES,
            names=_NAMES,
            columns=list_of(Codec(self._read_column, self.columns.write)),
            parameters=list_of(Codec(self._read_parameter, self.parameters.write)),
            examples=list_of(_EXAMPLE),
            structures=list_of(_STRUCTURE_NAME),
            binding=Codec(self._read_binding, self.binding.entry.write),
        )
        self.spellings = mapping_of(_NAMES)

    def read(
        self, found: Findings, path: KeyPath, id: str, value: object
    ) -> TableData | None:
        if not isinstance(value, dict):
            found.must_be(path, "an object", value)
            return None
        before = len(found)
        entries = dict(cast("dict[str, object]", value))
        types = entries.pop("types", {})
        self.id = id
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

    def _read_column(self, found: Findings, path: KeyPath, value: object) -> Any:
        return self.columns.read(found, path, value, self.types)

    def _read_parameter(self, found: Findings, path: KeyPath, value: object) -> Any:
        return self.parameters.read(found, path, value, self.types)

    def _read_binding(self, found: Findings, path: KeyPath, value: object) -> Any:
        return self.binding.read(found, path, self.id, value)


TABLE = _Table()
STRUCTURE = ObjectCodec(
    StructureData,
    model=PLAIN_TEXT,
    description=PLAIN_TEXT,
    page=PLAIN_TEXT,
    line=LINE,
    members=list_of(_MEMBER),
)
HEAD = ObjectCodec(CatalogData, package=PLAIN_TEXT, version=PLAIN_TEXT)
