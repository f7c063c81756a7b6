"""Every bound operation of the aws pages: what comes in, and what comes out of mapper, model, database.

Responses are made from botocore's models and accepted by botocore's own validation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from copy import deepcopy
from functools import cache, partial
from inspect import signature
from itertools import count
from operator import itemgetter
from typing import Any, cast

import pytest
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

import aws_responses
import engines
import expected_rows
import fake_aws
import loading
import page_facts
from aws_responses import Response
from corpus_package import CorpusPackage
from expected_rows import Answers, Row
from handmade import DIALECTS
from schemagen.model.bindings import Binding, Enrichment
from schemagen.model.pages import KEY
from schemagen.model.paths import WHOLE, steps
from schemagen.runtime.convert import json_value, snake_case

# One process makes the package, and the others need not wait for it.
pytestmark = pytest.mark.xdist_group("corpus")

PLACE = {"partition": "aws-cn", "region": "cn-north-1", "account_id": "210987654321"}
"""Where the caller of a mapper says that an item is: elsewhere than the ARNs in its response say."""

tables = pytest.mark.parametrize("table", page_facts.facts())


# --- responses ------------------------------------------------------------------------------------


def answers(binding: Binding, primary: Response, others: Mapping[str, Response]) -> Answers:
    """What the binding's operations answer, as botocore hands it out; the auxiliary ones with one
    item."""

    def received(operation: str, response: Response) -> Response:
        complete = fake_aws.last_page(binding.service, operation, response)
        return aws_responses.received(binding.service, operation, complete)

    return Answers(
        received(binding.operation, primary),
        {
            enrichment.operation: with_one_item(
                received(enrichment.operation, others[enrichment.operation]), enrichment.path
            )
            for enrichment in other_operations(binding)
        },
    )


def other_operations(binding: Binding) -> list[Enrichment]:
    """The auxiliary operations that are not the primary one once more."""
    return [
        enrichment
        for enrichment in binding.enrichments
        if enrichment.operation != binding.operation
    ]


def with_one_item(response: Response, path: str) -> Response:
    """``response`` with no more than the first item that ``path`` leads to."""
    kept = deepcopy(response)
    inside: list[Any] = [kept]
    for step in steps(path):
        inside = [container[step.member] for container in inside if step.member in container]
        if step.mark == "{}":
            for values in inside:
                for key in list(values)[1:]:
                    del values[key]
            inside = [value for values in inside for value in values.values()]
        elif step.each:
            for elements in inside:
                del elements[1:]
            inside = [element for elements in inside for element in elements]
    return kept


def full(binding: Binding) -> Answers:
    make = partial(aws_responses.full, binding.service)
    others = {
        enrichment.operation: make(enrichment.operation) for enrichment in other_operations(binding)
    }
    return answers(binding, make(binding.operation), others)


def minimal(binding: Binding) -> Answers:
    make = partial(aws_responses.minimal, binding.service)
    others = {
        enrichment.operation: make(enrichment.operation, enrichment.path)
        for enrichment in other_operations(binding)
    }
    return answers(binding, make(binding.operation, binding.path), others)


def random(binding: Binding) -> st.SearchStrategy[Answers]:
    make = partial(aws_responses.random, binding.service)
    others = {
        enrichment.operation: make(enrichment.operation) for enrichment in other_operations(binding)
    }
    return st.builds(
        partial(answers, binding),
        make(binding.operation, binding.path),
        st.fixed_dictionaries(others),
    )


def of_tomorrow(shape: Shape, value: Any) -> Any:
    """``value`` with a new member in every structure, and new values of every enumeration."""
    if isinstance(shape, ListShape):
        return [of_tomorrow(shape.member, element) for element in value]
    if isinstance(shape, MapShape):
        return {
            of_tomorrow(shape.key, name): of_tomorrow(shape.value, entry)
            for name, entry in value.items()
        }
    if isinstance(shape, StructureShape) and expected_rows.is_structure(shape):
        known = {
            name: of_tomorrow(shape.members[name], member) if name in shape.members else member
            for name, member in value.items()
        }
        return {**known, "NovelMember": {"NovelKey": [1, None, "é"]}}
    if isinstance(shape, StringShape) and shape.enum:
        return f"{value} of tomorrow"
    return value


# --- rows -----------------------------------------------------------------------------------------


def rows(package: CorpusPackage, table: str, answered: Answers, key: str | None) -> list[Row]:
    """The rows of all items, whose keys begin with ``key``; None leaves keys to the items."""
    from_response = package.mapper(table).from_response
    passed = keywords(from_response, answered.others, key)
    return list(from_response(answered.primary, **passed))


def keywords(
    function: Callable[..., object], answered: Mapping[str, Response], key: str | None
) -> dict[str, object]:
    """What a mapper's function asks for: responses by operation, and the caller's own knowledge.
    Where the function takes several items, it asks for functions of one."""
    known: dict[str, Callable[[Response], object]] = {
        snake_case(operation): partial(same, response) for operation, response in answered.items()
    }
    known.update({name: partial(same, value) for name, value in PLACE.items()})
    if key is not None:
        known["key"] = partial(next_of, keys(key))
    passed: dict[str, object] = {}
    for name, parameter in signature(function).parameters.items():
        if name in known:
            several = "Callable[" in str(parameter.annotation)
            passed[name] = known[name] if several else known[name]({})
    assert {snake_case(operation) for operation in answered} <= passed.keys()
    return passed


def keys(key: str) -> Iterator[str]:
    return (f"{key} {number}" for number in count(1))


def next_of(keys: Iterator[str], item: Response) -> str:
    return next(keys)


def same(value: object, item: Response) -> object:
    """What belongs to an item: the same for each."""
    return value


def expected(package: CorpusPackage, table: str, answered: Answers, key: str | None) -> list[Row]:
    types = cast("Any", package.table(table)).columns
    made_keys = None if key is None else keys(key)
    return expected_rows.rows(package.bindings[table], types, answered, made_keys, PLACE)


def sound_rows(package: CorpusPackage, table: str, answered: Answers, key: str | None) -> list[Row]:
    """The rows, which are those that are expected, and which JSON Schema and model accept."""
    found = rows(package, table, answered, key)
    for row, right in zip(found, expected(package, table, answered, key), strict=True):
        assert list(row) == list(right)
        different = {name for name, value in right.items() if row[name] != value}
        assert [(name, row[name], right[name]) for name in sorted(different)] == []
        plain = json_value(row, table)
        validator(package, table).validate(plain)
        model = package.model(table).model_validate(row)
        assert model.model_dump(mode="json", by_alias=True, exclude_unset=True) == plain
    return found


@cache
def validator(package: CorpusPackage, table: str) -> Any:
    return Draft202012Validator(package.schema(table), format_checker=FormatChecker())


def sources(binding: Binding) -> dict[str, set[str]]:
    """The members of the primary item that are read, each with the columns that it fills."""
    found: dict[str, set[str]] = {}
    for column in binding.columns:
        if column.operation is None:
            found.setdefault(column.member, set()).add(column.column)
    for derived in binding.derived:
        places = set(expected_rows.placeholders(derived.format))
        for member in ({derived.member} | places) - {"", "Partition", "Region", "Account"}:
            found.setdefault(member, set()).add(derived.column)
    return found


def mapped(binding: Binding) -> set[str]:
    """The members of the primary item that are somewhere in the row."""
    found = set(sources(binding))
    # The primary operation may also be an enrichment, which fills a column with the same item.
    again = (binding.operation, binding.path)
    if again in [(enrichment.operation, enrichment.path) for enrichment in binding.enrichments]:
        item = expected_rows.shape_at(binding.service, *again)
        for column in binding.columns:
            if column.operation == binding.operation:
                found.update(item.members if column.member == WHOLE else {column.member})
    return found


def has_own_key(binding: Binding) -> bool:
    """True where the item says what its key is."""
    return KEY in filled(binding)


def filled(binding: Binding) -> set[str]:
    """The columns that are bound or derived."""
    return {column.column for column in binding.columns} | {
        column.column for column in binding.derived
    }


# --- the promises ---------------------------------------------------------------------------------


@tables
def test_mapper_fills_every_column_from_full_responses(
    corpus_package: CorpusPackage, table: str
) -> None:
    """Responses with every member fill every column that is bound or derived, each with the
    service's value; `unmapped` names members that fill none."""
    binding, mapper = corpus_package.bindings[table], corpus_package.mapper(table)
    answered = full(binding)
    found = sound_rows(corpus_package, table, answered, None if has_own_key(binding) else "full")
    places = expected_rows.items(answered.primary, binding.path)
    assert len(found) == len(places) == 2 ** sum(step.each for step in steps(binding.path))
    for item, row in zip(places, found, strict=True):
        empty = {name for name, value in row.items() if value is None}
        assert empty == row.keys() - filled(binding) - {KEY}
        unread = item.keys() - mapped(binding) - {aws_responses.METADATA}
        assert mapper.unmapped(item) == tuple(sorted(unread))


@tables
def test_mapper_converts_minimal_responses(corpus_package: CorpusPackage, table: str) -> None:
    """Responses with only the required members are a row, whose other columns are None. A
    response without an item gives no row."""
    binding = corpus_package.bindings[table]
    assert len(sound_rows(corpus_package, table, minimal(binding), "minimal")) == 1
    if binding.path != WHOLE:
        assert rows(corpus_package, table, Answers({}, {}), "none") == []


@tables
def test_mapper_keeps_what_aws_adds_later(corpus_package: CorpusPackage, table: str) -> None:
    """A new member of the item is named and breaks nothing; a new member of a structure in a
    json column is kept, and so is a new value of an enumeration."""
    binding, mapper = corpus_package.bindings[table], corpus_package.mapper(table)
    today = full(binding)
    answered = tomorrow(binding, today)
    assert len(sound_rows(corpus_package, table, answered, "tomorrow")) > 0
    (item, *_), (old, *_) = (
        expected_rows.items(day.primary, binding.path) for day in (answered, today)
    )
    assert mapper.unmapped(item) == tuple(sorted((*mapper.unmapped(old), "NovelMember")))


def tomorrow(binding: Binding, today: Answers) -> Answers:
    def changed(operation: str, response: Response) -> Response:
        shape = aws_responses.output_shape(binding.service, operation)
        return cast("Response", of_tomorrow(shape, response))

    return Answers(
        changed(binding.operation, today.primary),
        {operation: changed(operation, response) for operation, response in today.others.items()},
    )


@tables
def test_mapper_returns_none_for_what_is_missing(corpus_package: CorpusPackage, table: str) -> None:
    """Without a member, the columns that it fills are None, and all others are unchanged; the
    same holds for the response of an enrichment."""
    binding, mapper = corpus_package.bindings[table], corpus_package.mapper(table)
    types = cast("Any", corpus_package.table(table)).columns
    answered = full(binding)
    (item, *_) = expected_rows.items(answered.primary, binding.path)
    # Here the primary response is a copy where it has more than the item.
    responses = deepcopy(
        {
            enrichment.operation: answered.others.get(enrichment.operation, answered.primary)
            for enrichment in binding.enrichments
        }
    )

    def row(item: Response, responses: Mapping[str, Response]) -> Row:
        return mapper.from_item(item, **keywords(mapper.from_item, responses, "key"))

    before, read = row(item, responses), sources(binding)
    assert read.keys() <= item.keys()
    for member in item:
        rest = {name: value for name, value in item.items() if name != member}
        none = dict.fromkeys(read.get(member, set()) - {KEY})
        assert row(rest, responses) == {**before, **none}, member
    for enrichments in binding.enrichments:
        operation = enrichments.operation
        columns = {
            column.column: column for column in binding.columns if column.operation == operation
        }
        others = {name: response for name, response in responses.items() if name != operation}
        assert columns
        assert row(item, others) == {**before, **dict.fromkeys(columns)}
        for member in {column.member for column in columns.values()} - {WHOLE}:
            less = deepcopy(responses)
            del expected_rows.items(less[operation], enrichments.path)[0][member]
            # A response without tags means that the resource has none.
            absent: dict[str, object] = {
                name: {} if types[name] == "hstore_csv" else None
                for name, column in columns.items()
                if column.member == member
            }
            assert row(item, less) == {**before, **absent}, member


@tables
def test_mapper_refuses_an_item_without_key(corpus_package: CorpusPackage, table: str) -> None:
    """An item without the members of its key is refused, unless the caller passes the key."""
    binding, mapper = corpus_package.bindings[table], corpus_package.mapper(table)
    answered = full(binding)
    own = {member for member, columns in sources(binding).items() if KEY in columns}
    for item in expected_rows.items(answered.primary, binding.path):
        for member in own:
            del item[member]
    if KEY in cast("Any", corpus_package.table(table)).columns:
        with pytest.raises(mapper.ConversionError, match=rf"{table}.{KEY}( of .+)?: .*pass key="):
            rows(corpus_package, table, answered, None)


@tables
def test_mapper_converts_any_response(
    corpus_package: CorpusPackage, databases: Mapping[str, loading.Connection], table: str
) -> None:
    """Whatever members and values responses have, rows are the expected ones, satisfy JSON
    Schema and model, and read back equal from every database."""
    strategy = random(corpus_package.bindings[table])
    found: list[Row] = []

    @settings(
        deadline=None,
        max_examples=12,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.large_base_example,
        ],
    )
    @given(drawn=strategy)
    def check(drawn: Answers) -> None:
        found.extend(sound_rows(corpus_package, table, drawn, f"random {len(found)}"))

    check()
    for dialect, connection in databases.items():
        assert_loads(corpus_package, table, dialect, connection, found)


# --- databases ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def databases(postgres_server: engines.Server) -> Iterator[Mapping[str, loading.Connection]]:
    """A connection for each dialect, to a database for all tables; none to PostgreSQL with hstore
    where the server has none."""
    with ExitStack() as stack:
        found: dict[str, loading.Connection] = {}
        for dialect in DIALECTS:
            if dialect.name == "duckdb":
                found[dialect.name] = stack.enter_context(engines.duck())
            elif postgres_server.hstore or dialect.name != "postgres":
                found[dialect.name] = stack.enter_context(postgres_server.database())
        yield found


@tables
@pytest.mark.parametrize("dialect", [dialect.name for dialect in DIALECTS])
def test_rows_in_databases(
    corpus_package: CorpusPackage,
    databases: Mapping[str, loading.Connection],
    table: str,
    dialect: str,
) -> None:
    """Rows of full and of minimal responses, and of tomorrow's, read back equal from every
    database."""
    if dialect not in databases:
        engines.skip("this PostgreSQL has no hstore: install a system's server with contrib")
    binding = corpus_package.bindings[table]
    responses = {
        "full": full(binding),
        "minimal": minimal(binding),
        "tomorrow": tomorrow(binding, full(binding)),
    }
    found = [
        row
        for key, answered in responses.items()
        for row in rows(corpus_package, table, answered, key)
    ]
    assert_loads(corpus_package, table, dialect, databases[dialect], found)


def assert_loads(
    package: CorpusPackage,
    table: str,
    dialect: str,
    connection: loading.Connection,
    found: list[Row],
) -> None:
    """The rows read back equal, and are gone afterwards."""
    code, described = package.sql, package.table(table)
    ddl = package.ddl(table, dialect)
    loaded = loading.load(connection, code, described, dialect, ddl, found)
    loading.execute(connection, f"TRUNCATE {code.relation(described, dialect)}")
    # A database has no order of its own.
    assert sorted(loaded, key=itemgetter(KEY)) == sorted(found, key=itemgetter(KEY))
