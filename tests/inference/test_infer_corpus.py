"""Bindings of real pages: those of this repository, and the 43 aws pages of the corpus or of facts."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from corpus_package import CorpusPackage
from expected_bindings import LISTINGS, described, expected, listing_text
from made_services import typed
from parsed_pages import read_pages
from projects import CHECKOUT
from schemagen.api_models.cache import Indexes
from schemagen.bind import run as bind
from schemagen.inference.infer import Inference, infer
from schemagen.lockfile import lock
from schemagen.model.bindings import Binding
from schemagen.model.pages import KEY, Table
from schemagen.resolved_types import TypeTable

SAGEMAKER = "bindings/aws/sagemaker.json"
# One process infers all tables once, instead of each of them.
shares_inferred = pytest.mark.xdist_group("inferred")


@pytest.fixture(scope="session")
def inferred(aws_pages: Path, indexes: Indexes) -> dict[str, tuple[Table, Inference]]:
    """The inference for every aws table."""
    types = TypeTable()
    return {
        table.id: (table, infer(typed(table, types), indexes))
        for table in read_pages(aws_pages, aws_pages).tables
        if table.provider == "aws"
    }


def test_infer_reproduces_the_lock_of_this_repository(indexes: Indexes) -> None:
    """All columns of its pages are bound, and the listings of jobs are found."""
    types = TypeTable()
    data = (CHECKOUT / SAGEMAKER).read_bytes()
    found: list[Binding] = []
    for table in read_pages(CHECKOUT / "docs_src", CHECKOUT).tables:
        inference = infer(typed(table, types), indexes)
        assert inference.findings == ()
        assert inference.binding is not None
        assert inference.binding.listing is not None
        found.append(inference.binding)
    locked = lock.read(SAGEMAKER, data)
    assert lock.write(replace(locked, bindings=tuple(found))).encode() == data


@shares_inferred
@pytest.mark.parametrize(
    ("table", "binding"),
    list(expected()),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_infer_binds_real_tables_as_aws_documents_them(
    inferred: dict[str, tuple[Table, Inference]], table: str, binding: dict[str, object]
) -> None:
    """For tables of many services, the binding is the one that follows from AWS's references."""
    found = inferred[table][1].binding
    assert found is not None
    assert described(found) == binding


@shares_inferred
def test_infer_finds_the_listings_that_aws_documents(
    inferred: dict[str, tuple[Table, Inference]],
) -> None:
    """Each other table has the listing that follows from AWS's references."""
    lines = [line for line in LISTINGS.read_text("utf-8").splitlines() if line[:1] not in ("", "#")]
    wanted = {table: text.strip() for table, _, text in (line.partition(":") for line in lines)}
    assert wanted.keys() == inferred.keys() - {table for table, _ in expected()}
    bindings = {table: inferred[table][1].binding for table in wanted}
    assert {
        table: listing_text(binding.listing) for table, binding in bindings.items() if binding
    } == wanted


@shares_inferred
def test_infer_binds_nearly_all_columns(
    inferred: dict[str, tuple[Table, Inference]],
) -> None:
    """More than 99 % of the columns other than the key are bound or derived. Each column is in one place,
    and each unbound one is a finding."""
    evidence: Counter[str] = Counter()
    for table, inference in inferred.values():
        binding = inference.binding
        assert binding is not None
        kinds = {column.column: column.evidence for column in binding.columns}
        derived = {column.column: column.rule for column in binding.derived}
        unbound = dict.fromkeys(binding.unbound, "unbound")
        places = [*kinds, *derived, *unbound]
        assert sorted(places) == sorted(column.name for column in table.columns)
        assert len(inference.findings) == len(unbound)
        assert all(
            finding.code == "SG404" and "\n" not in finding.message
            for finding in inference.findings
        )
        rules = {**kinds, **derived, **unbound}
        evidence.update(rule for name, rule in rules.items() if name != KEY)
    assert len(inferred) == 43
    assert 1 - evidence["unbound"] / evidence.total() > 0.99
    given = evidence["unbound"] + evidence["account_given"]
    assert 1 - given / evidence.total() > 0.984
    assert evidence["both"] > 0.83 * evidence.total()


@pytest.mark.slow
@pytest.mark.xdist_group("corpus")
def test_inferred_bindings_build_a_package(
    corpus_package: CorpusPackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From pages alone to mappers: inferring again leaves the lock as it is, and the package that is built
    from it passes mypy --strict."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(corpus_package.cache))
    settings = corpus_package.settings
    assert len(list(settings.bindings.glob("aws/*.json"))) == 19
    assert bind.changes(settings) == bind.BindResult(())
    assert bind.changes(settings, again=True).changes == ()
    package = settings.out / "ddsql_schemas"
    assert len(list((package / "mappers" / "aws").glob("[a-z]*.py"))) == 43
    # pyarrow has no types.
    mypy = ("mypy", "--strict", "--disable-error-code=import-untyped", "--no-incremental")
    done = subprocess.run(
        [sys.executable, "-m", *mypy, str(package)],
        capture_output=True,
        text=True,
        check=False,
        cwd=settings.root,
    )
    assert done.returncode == 0, done.stdout + done.stderr
