"""runtime.catalog_json: what is written is read back equal, and what is wrong is reported in place."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import golden_trees
from corpus_package import CorpusPackage
from projects import CHECKOUT
from schemagen import api, inputs, typetable
from schemagen.emit.catalog_data import structure_data, structure_name, table_data
from schemagen.runtime import catalog_data, catalog_json
from schemagen.runtime.calls import Call, CallRules, Limit, Pagination, Scope, TableCalls
from schemagen.runtime.catalog_codecs import CatalogError, DuplicateKeys, KeyPath, NewerFormat
from schemagen.runtime.catalog_data import (
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
from schemagen.settings.load import Settings

# --- any catalogue --------------------------------------------------------------------------------

texts = st.text(max_size=12)
identifiers = st.from_regex(r"[a-z][a-z_0-9]{0,8}", fullmatch=True)
lines = st.integers(1, 10**6)
few = 2


def named(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(texts, strategy, max_size=few)


def several(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, max_size=few).map(tuple)


def pairs(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[tuple[str, Any], ...]]:
    return named(strategy).map(lambda entries: tuple(entries.items()))


def shapes(structures: Sequence[str]) -> st.SearchStrategy[ShapeData]:
    """Shapes in a catalogue with ``structures``."""
    leaves = st.builds(ShapeData, st.just("scalar"), st.sampled_from(catalog_data.SCALARS))
    if structures:
        leaves |= st.builds(ShapeData, st.just("structure"), st.sampled_from(structures))
    return st.recursive(
        leaves,
        lambda inner: st.builds(ShapeData, st.sampled_from(["list", "map"]), st.just(""), inner),
        max_leaves=2,
    )


values = st.builds(ValueData, texts, texts, st.booleans())
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: several(inner) | named(inner),
    max_leaves=3,
)
call_limits = st.none() | st.builds(Limit, texts, st.none() | st.integers(1, 1000))
rules = st.builds(
    CallRules,
    st.none() | st.builds(Pagination, several(texts), several(texts), texts, st.booleans()),
    several(texts),
    call_limits,
    call_limits,
    st.builds(
        Scope, st.sampled_from(["regional", "account", "global"]), pairs(texts), pairs(pairs(texts))
    ),
    pairs(json_values),
    several(texts),
)
calls = st.builds(
    Call,
    texts,
    texts,
    pairs(texts),
    several(texts),
    pairs(several(texts)),
    pairs(json_values),
    rules,
    several(texts),
    pairs(texts),
)
fills = st.builds(FillData, texts, texts, texts, texts, texts, several(texts))


@st.composite
def bindings(draw: st.DrawFn, id: str) -> BindingData:
    """Any binding of the table ``id``: its calls have the same table and service."""
    service = draw(texts)
    made = st.builds(
        TableCalls, st.just(id), st.just(service), several(calls), calls, several(calls), texts
    )
    return BindingData(
        service,
        draw(texts),
        draw(texts),
        draw(st.none() | made),
        draw(named(fills)),
        draw(several(texts)),
    )


limits = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts


def members(structures: Sequence[str]) -> st.SearchStrategy[MemberData]:
    return st.builds(
        MemberData,
        texts,
        texts,
        shapes(structures),
        st.none() | lines,
        st.booleans(),
        texts,
        several(values),
        named(limits),
    )


@st.composite
def tables(draw: st.DrawFn, id: str, structures: Sequence[str]) -> TableData:
    """Any table: each of its data types is the same in every column."""
    targets = draw(several(texts))
    spellings = st.fixed_dictionaries(dict.fromkeys(targets, texts))
    types = draw(st.dictionaries(texts, spellings, min_size=1, max_size=few))
    names = st.fixed_dictionaries(dict.fromkeys(targets, texts))
    chosen = st.sampled_from(sorted(types))

    def column(chosen: str, **entries: Any) -> ColumnData:
        return ColumnData(type=chosen, types=types[chosen], **entries)

    def parameter(chosen: str, **entries: Any) -> ParameterData:
        return ParameterData(type=chosen, types=types[chosen], **entries)

    columns = st.builds(
        column,
        chosen,
        name=texts,
        kind=texts,
        line=lines,
        title=st.none() | texts,
        description=texts,
        rule=texts,
        values=several(values),
        shape=st.none() | shapes(structures),
        names=names,
    )
    parameters = st.builds(
        parameter,
        chosen,
        name=texts,
        line=lines,
        required=st.booleans(),
        description=texts,
        names=names,
    )
    return TableData(
        id=id,
        title=draw(texts),
        page=draw(texts),
        line=draw(lines),
        module=draw(texts),
        model=draw(texts),
        description=draw(texts),
        deprecated=draw(st.none() | texts),
        source=draw(st.none() | texts),
        key=draw(st.none() | texts),
        columns=draw(several(columns)),
        parameters=draw(several(parameters)),
        examples=draw(several(st.builds(ExampleData, texts, lines))),
        structures=tuple(structures),
        binding=draw(st.none() | bindings(id)),
    )


@st.composite
def catalogs(draw: st.DrawFn) -> CatalogData:
    ids = sorted(draw(st.sets(identifiers, max_size=few)))
    keys = sorted(draw(st.sets(st.tuples(identifiers, identifiers), max_size=few)))
    names = [f"{service}.{name}" for service, name in keys]
    structures = {
        f"{service}.{name}": draw(
            st.builds(
                StructureData,
                service=st.just(service),
                name=st.just(name),
                model=texts,
                page=st.none() | texts,
                line=st.none() | lines,
                description=texts,
                members=several(members(names)),
            )
        )
        for service, name in keys
    }
    made = {id: draw(tables(id, names)) for id in ids}
    return CatalogData(draw(texts), draw(texts), made, structures)


@settings(max_examples=25, deadline=None)
@given(catalogs(), texts)
def test_parse_reads_back_what_render_wrote(catalog: CatalogData, comment: str) -> None:
    """Any catalogue comes back equal, and is written again with the same bytes."""
    text = catalog_json.render(catalog, comment)
    read = catalog_json.parse(text)
    assert read == catalog
    assert catalog_json.render(read, comment) == text
    assert text.isascii()


@settings(max_examples=25, deadline=None)
@given(catalogs())
def test_split_groups_finds_every_table_and_structure(catalog: CatalogData) -> None:
    """The texts of tables and structures are found again, so that a build can keep them."""
    text = catalog_json.render(catalog, "")
    tables, structures = catalog_json.split_groups(text)
    assert tables.keys() == catalog.tables.keys()
    assert structures.keys() == catalog.structures.keys()
    package, version = catalog.package, catalog.version
    assert catalog_json.render_groups(package, version, "", tables, structures) == text


# --- real catalogues ------------------------------------------------------------------------------


def expected(project: Settings) -> CatalogData:
    """The catalogue of a project, without the file."""
    _, catalog = inputs.read_catalog(project)
    reached = sorted(
        {(item.service, item.name) for table in catalog.tables for item in table.structures}
    )
    return CatalogData(
        project.package,
        project.package_version,
        {table.table.id: table_data(table) for table in catalog.tables},
        {
            structure_name(key): structure_data(
                catalog.structures[key], catalog.classes[key], project.nested_names
            )
            for key in reached
        },
    )


def check_project(project: Settings, text: str) -> CatalogData:
    catalog = catalog_json.parse(text)
    assert catalog == expected(project)
    return catalog


@pytest.mark.parametrize("project", golden_trees.PROJECTS)
def test_golden_catalogue_is_read_back_equal(project: str) -> None:
    """The catalogue of each golden project is what its pages and bindings say."""
    project_settings = api.settings(golden_trees.FOLDER / project)
    text = golden_trees.frozen(project)[f"{project_settings.package}/catalog.json"]
    catalog = check_project(project_settings, text)
    assert any(table.binding for table in catalog.tables.values())
    assert "duckdb" in catalog.targets


def test_catalogue_of_this_project_is_read_back_equal() -> None:
    """The same for this project, whose API pages describe members."""
    project = api.settings(CHECKOUT)
    catalog = check_project(project, (project.out / "ddsql_schemas/catalog.json").read_text())
    members = [member for item in catalog.structures.values() for member in item.members]
    assert any(member.line and member.description for member in members)


@pytest.mark.slow
def test_catalogue_of_the_corpus_is_read_back_equal(corpus_package: CorpusPackage) -> None:
    """The same for the 43 aws pages."""
    project = corpus_package.settings
    path = project.out / project.package / "catalog.json"
    assert len(check_project(project, path.read_text()).tables) > 40


# --- what is no catalogue -------------------------------------------------------------------------

TABLE: dict[str, Any] = {
    "title": "Beds",
    "page": "beds.md",
    "line": 1,
    "module": "bed",
    "model": "Bed",
    "types": {"string": {"duckdb": "VARCHAR"}},
    "columns": [{"name": "plant", "kind": "core", "type": "string", "line": 2}],
}
CALL = {"operation": "ListBeds", "path": "Beds[]"}
BINDING = {"service": "garden", **CALL}
STRUCTURE: dict[str, Any] = {
    "model": "Hose",
    "members": [{"name": "A", "key": "a", "shape": "string"}],
}
DOCUMENT: dict[str, Any] = {
    "format": 1,
    "package": "p",
    "version": "1",
    "tables": {"dd.bed": TABLE},
    "structures": {"pumps.Hose": STRUCTURE},
}


def findings(document: object) -> list[tuple[KeyPath, str]]:
    with pytest.raises(CatalogError) as caught:
        catalog_json.parse(json.dumps(document))
    return list(caught.value.findings)


def test_parse_fills_in_names_and_types() -> None:
    """A column has its name and type in every target of its table's types."""
    (column,) = catalog_json.parse(json.dumps(DOCUMENT)).tables["dd.bed"].columns
    assert (column.names, column.types) == ({"duckdb": "plant"}, {"duckdb": "VARCHAR"})


@pytest.mark.parametrize(
    ("key_path", "value", "message"),
    [
        (("format",), True, '"format" must be a number from 1 to 1, not true'),
        (("format",), "1", '"format" must be a number from 1 to 1, not "1"'),
        (("package",), 3, '"package" must be a string, not 3'),
        (("novel",), 3, 'unknown key "novel"; known keys: package, version'),
        (("tables",), [], 'an object with "tables"'),
        (("structures", "Hose"), STRUCTURE, '"Hose" must be a service, a dot and a name'),
        (
            ("structures", "pumps.Hose", "members", 0, "shape"),
            {"set": "string"},
            "must be the name",
        ),
        (
            ("structures", "pumps.Hose", "members", 0, "shape"),
            "strnig",
            'unknown scalar "strnig"; known scalars: string, int64',
        ),
        (
            ("structures", "pumps.Hose", "members", 0, "shape"),
            {"list": {"map": 1}},
            'or an object with "structure", "list" or "map", not 1',
        ),
        (("tables", "dd.bed"), "x", '"dd.bed" must be an object, not "x"'),
        (("tables", "dd.bed", "line"), True, '"line" must be a line number, not true'),
        (("tables", "dd.bed", "titel"), "", 'unknown key "titel"; known keys: title'),
        (("tables", "dd.bed", "types"), {}, '"types" lacks "string"'),
        (("tables", "dd.bed", "columns"), {}, '"columns" must be a list, not an object'),
        (("tables", "dd.bed", "columns", 0), {}, 'the key "name" is missing'),
        (("tables", "dd.bed", "columns", 0, "names"), {"x": "y"}, 'lacks the target "x"'),
        (("tables", "dd.bed", "structures"), ["pumps.Horse"], '"structures" lacks "pumps.Horse"'),
        (("tables", "dd.bed", "binding"), {"service": "s"}, 'the key "operation" is missing'),
        (
            ("tables", "dd.bed", "binding"),
            {**BINDING, "calls": {"listings": []}},
            'the key "primary" is missing',
        ),
        (
            ("tables", "dd.bed", "binding"),
            {**BINDING, "calls": {"primary": {**CALL, "rules": {"scope": {"kind": "lunar"}}}}},
            '"kind" must be one of regional, account, global, not "lunar"',
        ),
    ],
)
def test_parse_reports_what_is_wrong(key_path: KeyPath, value: object, message: str) -> None:
    """Each mistake is reported with the entry that has it."""
    document: Any = json.loads(json.dumps(DOCUMENT))
    entry = document
    for key in key_path[:-1]:
        entry = entry[key]
    entry[key_path[-1]] = value
    found = [(path, text) for path, text in findings(document) if message in text]
    assert found
    assert found[0][0][: len(key_path) - 1] == key_path[:-1]


def test_parse_reports_all_mistakes() -> None:
    """Two tables that are wrong are two findings."""
    wrong = {"dd.a": {**TABLE, "line": "1"}, "dd.b": {**TABLE, "title": None}}
    paths = [path for path, _ in findings({**DOCUMENT, "tables": wrong})]
    assert paths == [("tables", "dd.a", "line"), ("tables", "dd.b", "title")]


def test_parse_refuses_a_newer_format() -> None:
    """A newer format is refused, whatever else it has."""
    with pytest.raises(NewerFormat, match="format 2 was written by a newer schemagen"):
        catalog_json.parse('{"format": 2, "novel": []}')


@pytest.mark.parametrize(
    ("shape", "inner"),
    [
        ({"list": "strnig"}, ("list",)),
        ({"map": {"list": {"map": "int32"}}}, ("map", "list", "map")),
        ({"structure": "pumps.Horse"}, ("structure",)),
        ({"list": {"map": {"structure": "Hose"}}}, ("list", "map", "structure")),
    ],
)
def test_parse_refuses_unknown_names_in_shapes(shape: object, inner: KeyPath) -> None:
    """A scalar or a structure that does not exist is found however deep in a shape it is, in columns and
    in members, and its place is that of the name."""
    column = {**TABLE["columns"][0], "shape": shape}
    table = {**TABLE, "columns": [TABLE["columns"][0], column]}
    structure = {**STRUCTURE, "members": [{**STRUCTURE["members"][0], "shape": shape}]}
    document = {**DOCUMENT, "tables": {"dd.bed": table}, "structures": {"pumps.Hose": structure}}
    assert [path for path, _ in findings(document)] == [
        ("tables", "dd.bed", "columns", 1, "shape", *inner),
        ("structures", "pumps.Hose", "members", 0, "shape", *inner),
    ]


def test_parse_reads_shapes_of_structures_that_stand_later() -> None:
    """Structures may refer to each other, and tables to structures, which the file has after them."""
    structure = {**STRUCTURE, "members": [{"name": "A", "key": "a", "shape": {"structure": "p.B"}}]}
    document = {**DOCUMENT, "structures": {"p.A": structure, "p.B": STRUCTURE}}
    (member,) = catalog_json.parse(json.dumps(document)).structures["p.A"].members
    assert member.shape == ShapeData("structure", "p.B")


def test_scalars_are_those_of_the_type_table() -> None:
    """The runtime, which imports no type table, knows the same scalars."""
    assert tuple(scalar.name for scalar in typetable.SCALARS) == catalog_data.SCALARS


def test_parse_refuses_duplicate_keys() -> None:
    """What stands in the file twice, as after a merge, is not read; each duplicate has its place."""
    table = json.dumps(TABLE)
    text = json.dumps({**DOCUMENT, "tables": {}}).replace(
        '"tables": {}', f'"tables": {{"dd.bed": {table}, "dd.bed": {table}}}'
    )
    text = text.replace('"key": "a"', '"key": "a", "key": "b"')
    with pytest.raises(DuplicateKeys) as caught:
        catalog_json.parse(text)
    assert sorted(caught.value.findings, key=str) == [
        (("structures", "pumps.Hose", "members", 0, "key"), 'duplicate key "key"'),
        (("tables", "dd.bed"), 'duplicate key "dd.bed"'),
    ]


def test_parse_refuses_deep_nesting() -> None:
    """Nesting that Python cannot follow is a finding."""
    shape = '{"list": ' * 20_000 + '"string"' + "}" * 20_000
    text = json.dumps(DOCUMENT).replace('"shape": "string"', f'"shape": {shape}')
    with pytest.raises(CatalogError, match="nested too deeply"):
        catalog_json.parse(text)


@pytest.mark.parametrize("document", [None, 3, [], "x", {}, {"tables": {}}])
def test_parse_refuses_other_json(document: object) -> None:
    """JSON that is something else is a finding."""
    assert findings(document)
