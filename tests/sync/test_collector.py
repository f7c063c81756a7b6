"""Collecting rows: every table of the corpus from an AWS made of botocore's shapes, and every way in
which a call can end."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

import page_facts
from corpus_package import CorpusPackage
from fake_aws import PAGES, FakeAws
from schemagen.model.paths import is_repeated
from schemagen.runtime.calls import Call, Scope, TableCalls
from schemagen.runtime.convert import snake_case
from schemagen.runtime.sync.collector import Caller, collect
from schemagen.runtime.sync.errors import CallError, Denied, Expired, Failed, NoEndpoint
from schemagen.runtime.sync.tally import Denial, Failure, Tally
from schemagen.runtime.units import GLOBAL, CollectedRow, Collection, Unit
from schemagen.runtime.usage import UsageError

pytestmark = pytest.mark.xdist_group("corpus")

TABLES = sorted(page_facts.facts())
ACCOUNT = "123456789012"


def calls_of(package: CorpusPackage, table: str) -> TableCalls:
    entry = package.catalog.TABLES[table]
    return cast("TableCalls", package.module(f"calls.{entry.provider}.{entry.module}").CALLS)


def collection(
    package: CorpusPackage,
    table: str,
    aws: Caller,
    *,
    tally: Tally | None = None,
    calls: TableCalls | None = None,
    **options: Any,
) -> Collection:
    """The rows of a table in a region; every item gets the same key, because some have none."""
    options.setdefault("key", lambda item: "a key")  # pyright: ignore[reportUnknownLambdaType]
    return collect(
        calls or calls_of(package, table),
        package.mapper(table),
        aws,
        Unit(ACCOUNT, "us-east-1", table),
        tally=tally,
        **options,
    )


def in_chain(calls: TableCalls) -> tuple[Call, ...]:
    return (*calls.listings, calls.primary)


def expected_calls(calls: TableCalls) -> Counter[str]:
    """How often each operation of the chain is called, first pages only."""
    expected: Counter[str] = Counter()
    called = 1
    for call in in_chain(calls):
        for _, values in call.values:
            called *= len(values)
        batch = call.rules.batch
        expected[call.operation] = -(
            -called // min(batch.maximum or 1, called) if batch else -called
        )
        # Each page of what is above has two items.
        called *= 2 * (PAGES if call.rules.pagination else 1)
    return expected


@pytest.mark.parametrize("threads", [0, 4])
@pytest.mark.parametrize("table", TABLES)
def test_calls_lead_from_credentials_to_rows(
    corpus_package: CorpusPackage, table: str, threads: int
) -> None:
    """Every page of every listing is read, with requests that botocore and AWS accept; the rows are
    those that the mapper makes of the same responses."""
    calls, mapper, tally = calls_of(corpus_package, table), corpus_package.mapper(table), Tally()
    aws = FakeAws(calls.service)
    seen: dict[str, list[dict[str, Any]]] = {}

    def recorded(operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        response = aws(operation, arguments)
        seen.setdefault(operation, []).append(response)
        return response

    with ThreadPoolExecutor(threads or 1) as pool:
        found = collection(
            corpus_package, table, recorded, tally=tally, executor=pool if threads else None
        )
        rows = list(found)
    assert rows
    assert found.complete
    assert {row.unread for row in rows} == {frozenset()}
    expected = expected_calls(calls)
    assert {operation: aws.calls[operation] for operation in expected} == expected
    enriched = {call.operation for call in calls.enrichments}
    assert set(aws.calls) == enriched | set(expected)
    assert tally.calls == sum(map(len, seen.values()))
    assert (tally.denied, tally.failures, tally.retries) == ((), (), 0)

    # All items look alike, so the mapper makes every row from the pages of the first calls.
    pages = {operation: distinct(responses) for operation, responses in seen.items()}
    several = is_repeated(calls.primary.path)
    others: dict[str, object] = {
        snake_case(operation): (lambda item, found=pages[operation]: found)  # pyright: ignore
        if several
        else pages[operation]
        for operation in enriched
    }
    place = {"account_id": ACCOUNT, "region": "us-east-1", "partition": "aws"}
    wanted = corpus_package.module("_runtime.sync.collector")._parameters(mapper.from_response)
    given = {name: value for name, value in place.items() if name in wanted}
    given |= {"key": (lambda item: "a key") if several else "a key"}  # type: ignore[dict-item]  # pyright: ignore
    primary = pages[calls.primary.operation]
    made = list(mapper.from_response(iter(primary), **others, **given))
    assert {repr(row.row) for row in rows} == {repr(row) for row in made}


def distinct(values: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return pages or rows in their order, each once."""
    return list({repr(value): value for value in values}.values())


@pytest.mark.parametrize("table", TABLES)
def test_enrichments_may_end_in_any_way(corpus_package: CorpusPackage, table: str) -> None:
    """An enrichment that has nothing to return leaves its columns without a value; one that is
    denied, fails or is malformed leaves them unread, and is noted. No other column changes, no row is
    lost, and the collection is complete."""
    calls = calls_of(corpus_package, table)
    whole = list(collection(corpus_package, table, FakeAws(calls.service)))
    for call in calls.enrichments:
        ends: list[tuple[CallError, bool]] = [
            *((Failed(code, "none"), False) for code in call.rules.absent),
            (Denied("AccessDenied", "not you"), True),
            (Failed("InternalError", "again later"), True),
        ]
        for error, unread in ends:
            tally = Tally()
            aws = FakeAws(calls.service, {call.operation: error})
            found = collection(corpus_package, table, aws, tally=tally)
            rows = list(found)
            assert found.complete
            assert len(rows) == len(whole)
            for row in rows:
                assert row.unread == (frozenset(call.columns) if unread else frozenset())
                values = [row.row[name] for name in call.columns]
                assert all(not value for value in values), call.columns
                if unread:
                    assert values == [None] * len(values)
                assert others(row, call) in [others(before, call) for before in whole]
            if not unread:
                assert (tally.denied, tally.failures) == ((), ())
            elif isinstance(error, Denied):
                columns = tuple(sorted(call.columns))
                assert tally.denied == (
                    Denial(call.operation, call.rules.actions[0], len(rows), columns),
                )
            else:
                assert {failure.operation for failure in tally.failures} == {call.operation}
                assert "InternalError: again later" in tally.failures[0].message


def others(row: CollectedRow, call: Call) -> dict[str, object]:
    return {name: value for name, value in row.row.items() if name not in call.columns}


def test_absent_tags_are_empty_and_not_null(corpus_package: CorpusPackage) -> None:
    """A bucket without tags has an empty map, as its type says; a policy that is not there is null."""
    none = {
        "GetBucketTagging": Failed("NoSuchTagSet"),
        "GetBucketPolicy": Failed("NoSuchBucketPolicy"),
    }
    rows = list(collection(corpus_package, "aws.s3_bucket", FakeAws("s3", dict(none))))
    assert {(repr(row.row["tags"]), row.row["policy"]) for row in rows} == {("{}", None)}
    denied = {"GetBucketTagging": Denied("AccessDenied")}
    rows = list(collection(corpus_package, "aws.s3_bucket", FakeAws("s3", dict(denied))))
    assert {row.row["tags"] for row in rows} == {None}


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("error", [Denied("AccessDenied", "not you"), Failed("", "timed out")])
def test_a_listing_that_ends_early_is_never_complete(
    corpus_package: CorpusPackage, table: str, error: CallError
) -> None:
    """If the listing of everything is denied or fails, iterating raises; below it, what it would have
    listed is missing. Both are noted with the operation, and nothing may be deleted."""
    calls = calls_of(corpus_package, table)
    for depth, call in enumerate(in_chain(calls)):
        tally = Tally()
        aws = FakeAws(calls.service, {call.operation: type(error)(error.code, error.message)})
        found = collection(corpus_package, table, aws, tally=tally)
        if depth == 0:
            with pytest.raises(type(error), match=call.operation):
                list(found)
        else:
            assert list(found) == []
        assert not found.complete
        noted = tally.denied if isinstance(error, Denied) else tally.failures
        assert {entry.operation for entry in noted} == {call.operation}


@pytest.mark.parametrize("table", TABLES)
def test_items_that_are_gone_have_no_row(corpus_package: CorpusPackage, table: str) -> None:
    """What vanishes between its listing and the call for it has no row and no parts, and that is no
    failure: the collection is complete."""
    calls = calls_of(corpus_package, table)
    for call in in_chain(calls)[1:]:
        for code in call.rules.absent:
            tally = Tally()
            aws = FakeAws(calls.service, {call.operation: Failed(code, "it is gone")})
            found = collection(corpus_package, table, aws, tally=tally)
            assert list(found) == []
            assert found.complete
            assert aws.calls.total() > 0
            assert (tally.denied, tally.failures) == ((), ())


def test_a_code_means_that_there_is_nothing_only_where_it_is_documented(
    corpus_package: CorpusPackage,
) -> None:
    """The code of a cluster that is gone empties the listing of its services, and is a failure of the
    listing of all clusters."""
    gone = "ClusterNotFoundException"
    parts = FakeAws("ecs", {"ListServices": Failed(gone)})
    found = collection(corpus_package, SERVICE, parts)
    assert (list(found), found.complete) == ([], True)
    everything = FakeAws("ecs", {"ListClusters": Failed(gone)})
    with pytest.raises(Failed, match=f"ListClusters: {gone}"):
        list(collection(corpus_package, SERVICE, everything))


def test_enrichments_need_what_they_are_called_with(corpus_package: CorpusPackage) -> None:
    """An item without the member that an enrichment is called with has nothing to enrich: there is no
    call, and the columns have no value."""
    calls = calls_of(corpus_package, MODEL)
    (enrichment,) = calls.enrichments
    changed = replace(enrichment, arguments=(("ResourceArn", "ExecutionRoleArn"),))
    aws, tally = Models(3), Tally()
    found = models(corpus_package, aws, tally, calls=replace(calls, enrichments=(changed,)))
    assert [(row.row["tags"], row.unread) for row in found] == [({}, frozenset())] * 3
    assert found.complete
    assert (aws.calls["ListTags"], tally.failures) == (0, ())


@pytest.mark.parametrize("threads", [0, 4])
@pytest.mark.parametrize("of_item", [True, False])
def test_enrichments_may_be_called_with_several_values(
    corpus_package: CorpusPackage, threads: int, of_item: bool
) -> None:
    """The mapper gets the responses in the order of the values, without those of values for which there is
    nothing. If one of the calls fails, it gets none, and the columns are unread."""
    calls = calls_of(corpus_package, MODEL)
    (enrichment,) = calls.enrichments
    arguments = enrichment.arguments if of_item else ()
    gone = "ResourceNotFound"
    changed = replace(
        enrichment,
        arguments=arguments,
        values=(("Kind", ("c", "b", "a")),),
        rules=replace(enrichment.rules, absent=(gone,)),
    )
    calls = replace(calls, enrichments=(changed,))

    class Kinds(Models):
        def answer(self, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
            if operation != "ListTags":
                return super().answer(operation, arguments)
            kind = arguments["Kind"]
            assert arguments.keys() == {"Kind", *(["ResourceArn"] if of_item else [])}
            time.sleep({"c": 0.03, "b": 0.01, "a": 0}[kind])
            if (error := self.errors.get((operation, kind))) is not None:
                raise error
            return {"Tags": [{"Key": "kind", "Value": kind}]}

    given: list[object] = []

    class Mapper:
        ConversionError = corpus_package.mapper(MODEL).ConversionError
        from_item = staticmethod(corpus_package.mapper(MODEL).from_item)

        @staticmethod
        def from_response(response: Any, *, list_tags: Any = None, **others: Any) -> Any:
            given.append(list_tags and [page["Tags"][0]["Value"] for page in list_tags])
            return corpus_package.mapper(MODEL).from_response(response, **others)

    def collected(
        *errors: tuple[str, CallError], tally: Tally | None = None
    ) -> tuple[list[object], list[frozenset[str]]]:
        given.clear()
        aws = Kinds(2, {("ListTags", kind): error for kind, error in errors})
        with ThreadPoolExecutor(threads or 1) as executor:
            unit = Unit(ACCOUNT, "us-east-1", MODEL)
            mapper = cast("Any", Mapper)
            pool = executor if threads else None
            found = collect(calls, mapper, aws, unit, tally=tally, executor=pool)
            unread = [row.unread for row in found]
        assert aws.calls["ListTags"] == (6 if of_item else 3)
        return list(given), unread

    assert collected() == ([["c", "b", "a"]] * 2, [frozenset()] * 2)
    absent = Failed(gone)
    assert collected(("b", absent)) == ([["c", "a"]] * 2, [frozenset()] * 2)
    failed = Failed("InternalFailure", "oops")
    assert collected(("b", absent), ("c", failed)) == ([None] * 2, [frozenset({"tags"})] * 2)
    assert collected(*((kind, absent) for kind in "abc")) == ([[]] * 2, [frozenset()] * 2)
    tally = Tally()
    denied = Denied("AccessDeniedException")
    unread = ([None] * 2, [frozenset({"tags"})] * 2)
    assert collected(*((kind, denied) for kind in "abc"), tally=tally) == unread
    # Two rows lack the tags, whichever of the calls are denied.
    assert [(denial.operation, denial.rows) for denial in tally.denied] == [("ListTags", 2)]


@pytest.mark.parametrize("table", TABLES)
def test_credentials_that_expire_end_the_unit(corpus_package: CorpusPackage, table: str) -> None:
    """Whichever call finds the credentials expired, iterating raises: nothing is taken for denied."""
    calls = calls_of(corpus_package, table)
    for call in (*in_chain(calls), *calls.enrichments):
        tally = Tally()
        aws = FakeAws(calls.service, {call.operation: Expired("ExpiredToken", "too late")})
        found = collection(corpus_package, table, aws, tally=tally)
        with pytest.raises(Expired, match=f"{call.operation}: ExpiredToken: too late"):
            list(found)
        assert not found.complete
        assert tally.denied == ()


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("malformed", [None, [], "<html>", {"Other": 1}])
def test_malformed_responses_are_failures(
    corpus_package: CorpusPackage, table: str, malformed: Any
) -> None:
    """A response that is no structure, or lacks the item, is a failure of its operation, and what it
    was for is missing."""
    calls = calls_of(corpus_package, table)
    for depth, call in enumerate((*in_chain(calls), *calls.enrichments)):
        if malformed == {"Other": 1} and (depth > len(calls.listings) or "[]" in call.path):
            continue  # an empty list may be left out of a response
        tally = Tally()
        aws = Malforming(FakeAws(calls.service), call.operation, malformed)
        found = collection(corpus_package, table, aws, tally=tally)
        if depth == 0:
            with pytest.raises(Failed, match=call.operation):
                list(found)
            assert not found.complete
        elif depth > len(calls.listings):
            assert {row.unread for row in found} == {frozenset(call.columns)}
        else:
            assert list(found) == []
            assert not found.complete
        assert {failure.operation for failure in tally.failures} == {call.operation}


@dataclass
class Malforming:
    aws: FakeAws
    operation: str
    response: Any

    def __call__(self, operation: str, arguments: Mapping[str, Any]) -> Any:
        return self.response if operation == self.operation else self.aws(operation, arguments)


@pytest.mark.parametrize("table", TABLES)
def test_a_repeated_token_is_a_failure(corpus_package: CorpusPackage, table: str) -> None:
    """A listing whose pages request each other ends, as a failure, and is not taken for complete."""
    calls = calls_of(corpus_package, table)
    paged = [call for call in (*in_chain(calls), *calls.enrichments) if call.rules.pagination]
    for call in paged:
        aws, tally = Repeating(FakeAws(calls.service), call.operation), Tally()
        found = collection(corpus_package, table, aws, tally=tally)
        if call is in_chain(calls)[0]:
            with pytest.raises(Failed, match=rf"{call.operation}: .* was read before"):
                list(found)
            assert not found.complete
        elif call in calls.enrichments:
            assert {row.unread for row in found} == {frozenset(call.columns)}
        else:
            list(found)
            assert not found.complete
        assert {failure.operation for failure in tally.failures} == {call.operation}


@pytest.mark.parametrize("table", TABLES)
def test_later_pages_that_are_absent_are_failures(
    corpus_package: CorpusPackage, table: str
) -> None:
    """A code that says that there is nothing to list says so of a whole listing. After a first page, the
    items of the others are unread, not gone, and so are the values of an enrichment."""
    calls = calls_of(corpus_package, table)
    for place, call in enumerate((*in_chain(calls), *calls.enrichments)):
        if call.rules.pagination is None:
            continue
        absent = replace(call, rules=replace(call.rules, absent=("Gone",)))
        changed = replace(
            calls,
            listings=tuple(absent if each is call else each for each in calls.listings),
            primary=absent if calls.primary is call else calls.primary,
            enrichments=tuple(absent if each is call else each for each in calls.enrichments),
        )
        aws, tally = Ending(FakeAws(calls.service), absent), Tally()
        found = collection(corpus_package, table, aws, tally=tally, calls=changed)
        if place == 0:
            with pytest.raises(Failed, match="Gone"):
                list(found)
            assert not found.complete
        elif call in calls.enrichments:
            assert {row.unread for row in found} == {frozenset(call.columns)}
        else:
            list(found)
            assert not found.complete
        assert {failure.operation for failure in tally.failures} == {call.operation}


@dataclass
class Ending:
    """Every page of a call but the first is answered with an error."""

    aws: FakeAws
    call: Call

    def __call__(self, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        pagination = self.call.rules.pagination
        assert pagination is not None
        if operation == self.call.operation and arguments.keys() & set(pagination.input):
            raise Failed("Gone", "Gone")
        return self.aws(operation, arguments)


@dataclass
class Repeating:
    """Every page of an operation requests the second one."""

    aws: FakeAws
    operation: str

    def __call__(self, operation: str, arguments: Mapping[str, Any]) -> Any:
        response = self.aws(operation, arguments)
        if operation == self.operation:
            last = [name for name, value in arguments.items() if value == "page 2"]
            if last:
                first = {name: value for name, value in arguments.items() if name not in last}
                return self.aws(operation, first)
        return response


# One service whose answers differ from item to item: the models of sagemaker.


@dataclass
class Models:
    """Answers for models m0, m1 … in pages of ten; ``errors`` by operation and name."""

    count: int
    errors: dict[tuple[str, str], CallError] = field(
        default_factory=dict[tuple[str, str], CallError]
    )
    seconds: float = 0.0
    calls: Counter[str] = field(default_factory=Counter[str])
    most_at_once: int = 0
    _at_once: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        with self._lock:
            self.calls[operation] += 1
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            time.sleep(self.seconds)
            return self.answer(operation, arguments)
        finally:
            with self._lock:
                self._at_once -= 1

    def answer(self, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        if operation == "ListModels":
            start = int(arguments.get("NextToken", "0"))
            if (error := self.errors.get((operation, str(start)))) is not None:
                raise error
            names = [f"m{number}" for number in range(start, min(start + 10, self.count))]
            following = {"NextToken": str(start + 10)} if start + 10 < self.count else {}
            return {"Models": [{"ModelName": name} for name in names], **following}
        if operation == "DescribeModel":
            name = arguments["ModelName"]
            response: dict[str, Any] = {"ModelName": name, "ModelArn": arn(name)}
        else:
            assert operation == "ListTags"
            name = arguments["ResourceArn"].rpartition("/")[2]
            response = {"Tags": [{"Key": "name", "Value": name}]}
        if (error := self.errors.get((operation, name))) is not None:
            raise error
        return response


def arn(name: str) -> str:
    return f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model/{name}"


MODEL = "aws.sagemaker_model"


def models(
    package: CorpusPackage, aws: Caller, tally: Tally | None = None, **options: Any
) -> Collection:
    return collection(package, MODEL, aws, tally=tally, key=None, **options)


def names(found: Collection) -> list[str]:
    return sorted(str(row.row["model_name"]) for row in found)


def test_one_item_that_fails_does_not_stop_the_others(corpus_package: CorpusPackage) -> None:
    """Items whose call fails, is denied or finds them gone lack a row; the rows of the others are
    whole. The item is named, and only one that is gone leaves the collection complete."""
    aws, tally = Models(35), Tally()
    aws.errors = {
        ("DescribeModel", "m3"): Failed("InternalFailure", "oops"),
        ("DescribeModel", "m4"): Denied("AccessDeniedException", "no"),
        ("DescribeModel", "m34"): Denied("AccessDeniedException", "no"),
        ("ListTags", "m5"): Failed("", "timed out"),
        ("ListTags", "m6"): Denied("AccessDeniedException", "no"),
    }
    found = models(corpus_package, aws, tally)
    rows = {row.row["model_name"]: row for row in found}
    assert set(rows) == {f"m{number}" for number in range(34) if number not in (3, 4)}
    assert not found.complete
    unread = {name for name, row in rows.items() if row.unread}
    assert unread == {"m5", "m6"}
    assert all(row.row["tags"] == {"name": [name]} for name, row in rows.items() if not row.unread)
    assert tally.failures == (
        Failure("DescribeModel", "ModelName m3", "InternalFailure: oops"),
        Failure("ListTags", f"ResourceArn {arn('m5')}", "timed out"),
    )
    assert tally.denied == (
        Denial("DescribeModel", "sagemaker:DescribeModel", 2, ()),
        Denial("ListTags", "sagemaker:ListTags", 1, ("tags",)),
    )
    assert tally.calls == 4 + 35 + 32


def test_an_item_that_cannot_be_converted_is_a_failure(corpus_package: CorpusPackage) -> None:
    """A value that does not fit its column fails its item, named with its column; other rows come."""

    class Odd(Models):
        def answer(self, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
            response = super().answer(operation, arguments)
            if operation == "DescribeModel" and arguments["ModelName"] == "m1":
                response["EnableNetworkIsolation"] = "perhaps"
            return response

    tally = Tally()
    found = models(corpus_package, Odd(3), tally)
    assert names(found) == ["m0", "m2"]
    assert not found.complete
    assert len(tally.failures) == 1
    failure = tally.failures[0]
    assert (failure.operation, failure.item) == ("DescribeModel", arn("m1"))
    assert "aws.sagemaker_model.enable_network_isolation" in failure.message


def test_a_listing_that_breaks_off_raises(corpus_package: CorpusPackage) -> None:
    """A page in the middle of a listing that fails ends the unit, because the rest of the listing is
    unknown."""
    aws = Models(35, {("ListModels", "20"): Failed("ServiceUnavailable", "")})
    found = models(corpus_package, aws)
    with pytest.raises(Failed, match="ListModels: ServiceUnavailable"):
        list(found)
    assert not found.complete


def test_one_of_several_listings_may_fail(corpus_package: CorpusPackage) -> None:
    """Where a listing is called once for each of several values, one that fails leaves the others'
    rows; if all fail, iterating raises."""

    class Sorted(Models):
        def answer(self, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
            if arguments.get("SortBy") in denied:
                raise Denied("AccessDenied", "no")
            return super().answer(operation, arguments)

    calls = calls_of(corpus_package, MODEL)
    (listing,) = calls.listings
    calls = replace(calls, listings=(replace(listing, values=(("SortBy", ("Name", "Time")),)),))
    denied = {"Time"}
    tally = Tally()
    found = models(corpus_package, Sorted(3), tally, calls=calls)
    assert names(found) == ["m0", "m1", "m2"]
    assert not found.complete
    assert tally.denied == (Denial("ListModels", "sagemaker:ListModels", 0, ()),)
    denied.add("Name")
    with pytest.raises(Denied):
        list(models(corpus_package, Sorted(3), calls=calls))


def test_a_region_without_the_service_raises(corpus_package: CorpusPackage) -> None:
    """A listing that finds no endpoint raises, and is no failure; an endpoint that lacks for one item
    is a failure of that item."""
    tally = Tally()
    none = Models(3, {("ListModels", "0"): NoEndpoint("", "no such host")})
    with pytest.raises(NoEndpoint):
        list(models(corpus_package, none, tally))
    assert tally.failures == ()
    tally = Tally()
    some = Models(3, {("DescribeModel", "m1"): NoEndpoint("", "no such host")})
    found = models(corpus_package, some, tally)
    assert names(found) == ["m0", "m2"]
    assert not found.complete
    assert [failure.item for failure in tally.failures] == ["ModelName m1"]


def test_errors_of_the_program_are_not_swallowed(corpus_package: CorpusPackage) -> None:
    """What a caller raises beside `CallError` is raised, from threads, too."""

    def broken(operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        raise ZeroDivisionError(operation)

    with pytest.raises(ZeroDivisionError, match="ListModels"):
        list(models(corpus_package, broken))
    with ThreadPoolExecutor(2) as pool, pytest.raises(ZeroDivisionError, match="ListModels"):
        list(models(corpus_package, broken, executor=pool))


def test_calls_are_made_in_parallel_and_not_too_far_ahead(corpus_package: CorpusPackage) -> None:
    """All threads have something to do, and however slowly rows are taken, only ``look_ahead`` calls
    are started before; what a slow consumer does not take is not listed."""
    aws = Models(1000, seconds=0.002)
    with ThreadPoolExecutor(8) as pool:
        found = iter(models(corpus_package, aws, executor=pool, look_ahead=16))
        first = next(found)
        assert first.row["tags"]
        time.sleep(0.2)
        assert aws.calls.total() <= 3 * 16
        assert aws.calls["ListModels"] <= 4
        assert len(list(found)) == 999
    assert aws.most_at_once == 8
    assert aws.calls == {"ListModels": 100, "DescribeModel": 1000, "ListTags": 1000}


def test_a_collection_that_is_closed_makes_no_further_calls(corpus_package: CorpusPackage) -> None:
    """Whoever stops iterating cancels the calls that have not begun; the collection is not complete."""
    aws = Models(1000, seconds=0.01)
    with ThreadPoolExecutor(2) as pool:
        found = models(corpus_package, aws, executor=pool)
        rows = cast("Any", iter(found))
        next(rows)
        rows.close()
        made = aws.calls.total()
        time.sleep(0.1)
        assert aws.calls.total() <= made + 2
    assert not found.complete


def test_what_cannot_be_enumerated_is_refused(corpus_package: CorpusPackage) -> None:
    """A table with an obstacle is refused with it, and a collection cannot be read twice."""
    calls = replace(calls_of(corpus_package, MODEL), obstacle="nothing lists it")
    with pytest.raises(
        UsageError, match=r"aws.sagemaker_model cannot be collected: nothing lists it"
    ):
        models(corpus_package, Models(1), calls=calls)
    found = models(corpus_package, Models(1))
    assert len(list(found)) == 1
    with pytest.raises(RuntimeError, match="only once"):
        list(found)


SERVICE = "aws.ecs_service"


def service(number: int) -> str:
    return f"arn:aws:ecs:us-east-1:{ACCOUNT}:service/s{number}"


@pytest.mark.parametrize(
    ("error", "complete"),
    [(Failed("ClusterNotFoundException"), True), (Denied("AccessDeniedException"), False)],
)
def test_an_item_of_a_batch_that_is_gone_leaves_the_others(
    corpus_package: CorpusPackage, error: CallError, complete: bool
) -> None:
    """If a call for several items finds one of them gone, or may not see it, the others are called for
    without it."""
    calls = calls_of(corpus_package, SERVICE)
    assert calls.primary.rules.batch is not None
    absent = replace(calls.primary.rules, absent=("ClusterNotFoundException",))
    calls = replace(calls, primary=replace(calls.primary, rules=absent))
    described: list[str] = []

    def aws(operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        if operation == "ListClusters":
            return {"clusterArns": ["c"]}
        if operation == "ListServices":
            return {"serviceArns": [service(number) for number in range(25)]}
        assert len(arguments["services"]) <= 10
        if service(13) in arguments["services"]:
            raise type(error)(error.code, "s13")
        described.extend(arguments["services"])
        return {"services": [{"serviceArn": name} for name in arguments["services"]]}

    tally = Tally()
    found = collection(corpus_package, SERVICE, aws, calls=calls, tally=tally, key=None)
    keys = [str(row.row["_key"]) for row in found]
    assert sorted(keys) == sorted(described)
    assert set(keys) == {service(number) for number in range(25) if number != 13}
    assert found.complete == complete
    assert tally.denied == (
        () if complete else (Denial("DescribeServices", "ecs:DescribeServices", 1, ()),)
    )


def test_items_of_the_whole_account_have_no_region(corpus_package: CorpusPackage) -> None:
    """The region of the call is that of the item only if the call covers one region: a listing of the
    account does not tell where its items are."""
    table = "aws.vpc"
    calls, mapper = calls_of(corpus_package, table), corpus_package.mapper(table)
    scopes: list[tuple[Scope, str, bool]] = [
        (Scope(), "eu-west-1", True),
        (Scope("global"), GLOBAL, True),
        (Scope("account"), GLOBAL, False),
    ]
    for scope, region, known in scopes:
        rules = replace(calls.primary.rules, scope=scope)
        unit = Unit(ACCOUNT, region, table, endpoint="eu-west-1")
        given = replace(calls, primary=replace(calls.primary, rules=rules))
        rows = list(collect(given, mapper, vpcs, unit, key=lambda item: "a key"))
        expected = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:vpc/vpc-1" if known else None
        assert [row.row["arn"] for row in rows] == [expected]


def vpcs(operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    assert (operation, arguments.get("VpcIds")) == ("DescribeVpcs", None)
    return {"Vpcs": [{"VpcId": "vpc-1", "OwnerId": ACCOUNT}]}


def test_items_without_a_key_of_their_own_need_one(corpus_package: CorpusPackage) -> None:
    """Where no member is the key, ``key`` gives it; without it, each item is a failure that says so."""
    table = "aws.elasticmapreduce_instance"
    key: Callable[[Any], str] = lambda item: f"key of {item['Id']}"  # noqa: E731
    rows = list(collection(corpus_package, table, FakeAws("emr"), key=key))
    assert {str(row.row["_key"])[:7] for row in rows} == {"key of "}
    tally = Tally()
    found = collection(corpus_package, table, FakeAws("emr"), key=None, tally=tally)
    assert list(found) == []
    assert not found.complete
    assert tally.failures[0].message == f"{table}._key: no member is bound to the key"


def test_failures_advise_nothing_that_only_callers_of_mappers_can_do(
    corpus_package: CorpusPackage,
) -> None:
    """Whoever runs the command cannot pass `key=`; the item is named by what is its own."""
    table = "aws.vpc"
    calls, mapper = calls_of(corpus_package, table), corpus_package.mapper(table)

    def aws(operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "Vpcs": [
                {"OwnerId": ACCOUNT},
                {"OwnerId": ACCOUNT, "VpcId": "vpc-1", "IsDefault": "yes"},
                {"OwnerId": ACCOUNT, "VpcId": "vpc-2", "State": "a\0"},
            ]
        }

    tally = Tally()
    unit = Unit(ACCOUNT, "eu-west-1", table)
    assert list(collect(calls, mapper, aws, unit, tally=tally)) == []
    assert [(failure.item, failure.message) for failure in tally.failures] == [
        (f"OwnerId {ACCOUNT}", "aws.vpc._key: the response has no VpcId"),
        ("VpcId vpc-1", "aws.vpc.is_default: expected bool, got str"),
        ("VpcId vpc-2", "aws.vpc.state: U+0000 at character 2 cannot be stored"),
    ]


def test_arguments_of_the_call_are_given_to_the_mapper(corpus_package: CorpusPackage) -> None:
    """What an operation was called with reaches the mapper, for each item of that call."""
    table = "aws.elasticmapreduce_instance"
    calls = calls_of(corpus_package, table)
    assert calls.primary.arguments == (("ClusterId", "Id"),)
    asked: set[str] = set()
    aws = FakeAws("emr")

    def caller(operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        asked.update({arguments["ClusterId"]} if operation == calls.primary.operation else ())
        return aws(operation, dict(arguments))

    given = replace(calls, primary=replace(calls.primary, given=(("key", "ClusterId"),)))
    mapper = corpus_package.mapper(table)
    rows = list(collect(given, mapper, caller, Unit(ACCOUNT, "us-east-1", table)))
    assert {row.row["_key"] for row in rows} == asked != set()
