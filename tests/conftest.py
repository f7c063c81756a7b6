"""Fixtures that more than one folder of tests uses."""

from __future__ import annotations

import difflib
import gc
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

import corpus_package as made_package
import engines
import once
import page_facts
from schemagen.api_models.botocore import BotocoreModels
from schemagen.api_models.cache import Indexes

ROOT = Path(__file__).resolve().parent.parent

# The Python files in it are expected output, not tests.
collect_ignore = ["golden"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write golden files instead of comparing"
    )
    parser.addoption(
        "--fuzz-minutes", type=float, default=0, help="how long each fuzzer runs, with new inputs"
    )
    parser.addoption(
        "--pairs",
        type=int,
        default=0,
        help="how many random pairs of databases are migrated: so many in DuckDB, and so many in each dialect of "
        "PostgreSQL, half of them in batches; --hypothesis-seed repeats a run",
    )


def pytest_collection_finish() -> None:
    """Look for garbage less often: with all the modules that tests import in memory, Python spends a
    third of their time on it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


@pytest.fixture(autouse=True)
def no_process_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Build and bind without processes of their own, unless a test asks for them: they would be forked
    from the tests' process, which is large. Commands run with as many as they have for users."""
    monkeypatch.setattr(os, "cpu_count", lambda: 1)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, Path], None]:
    """Compares a text with a golden file, or writes the file with --update-golden."""
    update = bool(request.config.getoption("--update-golden"))

    def compare(text: str, path: Path) -> None:
        assert text.strip(), f"nothing to compare with {path}"
        if update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
            return
        expected = path.read_text(encoding="utf-8") if path.exists() else ""
        if text != expected:
            lines = difflib.unified_diff(
                expected.splitlines(), text.splitlines(), str(path), "now", lineterm=""
            )
            pytest.fail(
                "\n".join([*lines, "", "If that is right, update it: make update-golden"]),
                pytrace=False,
            )

    return compare


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[engines.Server]:
    """One PostgreSQL server for the session (for each worker, where tests run in several)."""
    found = engines.binaries()
    if found is None:
        engines.skip(
            f"no PostgreSQL {engines.OLDEST_POSTGRES} or newer on PATH or in the usual folders, "
            "and no wheel that has one"
        )
    with engines.server(found) as running:
        yield running


@pytest.fixture
def postgres(postgres_server: engines.Server) -> Iterator[psycopg.Connection]:
    """A connection to a new empty database."""
    with postgres_server.database() as connection:
        yield connection


@pytest.fixture
def postgres_with_hstore(
    postgres_server: engines.Server, postgres: psycopg.Connection
) -> psycopg.Connection:
    """A connection to a new empty database in which hstore can be created."""
    if not postgres_server.hstore:
        engines.skip("this PostgreSQL has no hstore: install a system's server with contrib")
    return postgres


@pytest.fixture
def duck() -> Iterator[engines.DuckDB]:
    """A new DuckDB in memory."""
    with engines.duck() as connection:
        yield connection


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of many real pages that some machines have."""
    if not made_package.CORPUS.is_dir():
        pytest.skip("no corpus beside this repository; SCHEMAGEN_CORPUS names another place")
    return made_package.CORPUS


@pytest.fixture(scope="session")
def aws_pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of 43 aws pages: the corpus's, or else pages made from their facts."""
    if made_package.CORPUS.is_dir():
        return made_package.CORPUS / "ddsql"
    return page_facts.write(tmp_path_factory.mktemp("aws_pages") / "ddsql")


@pytest.fixture(scope="session")
def many_pages(aws_pages: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of all real pages that can be read: the corpus's, or else `aws_pages`."""
    if not made_package.CORPUS.is_dir():
        return aws_pages
    folder = tmp_path_factory.mktemp("many_pages")
    for pages in ("ddsql", "aws_api"):
        shutil.copytree(made_package.CORPUS / pages, folder / pages)
    return folder


@pytest.fixture(scope="session")
def corpus_package(
    aws_pages: Path, filled_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[made_package.CorpusPackage]:
    """The package that is made from the aws pages; tests that run in several processes make it
    once."""
    folder = once.folder_of_run(tmp_path_factory)
    with made_package.imported(aws_pages, filled_cache, folder) as package:
        yield package


@pytest.fixture(scope="session")
def filled_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An XDG_CACHE_HOME with the indexes of all of botocore's models, which takes long to make: once
    for all processes. Tests that write into it take a copy (see `once.linked`)."""

    def make(folder: Path) -> None:
        assert Indexes(BotocoreModels(), folder / "schemagen").directory

    return once.made(once.folder_of_run(tmp_path_factory), "filled_cache", make)


@pytest.fixture(scope="session")
def indexes(filled_cache: Path) -> Indexes:
    """botocore's models."""
    return Indexes(BotocoreModels(), filled_cache / "schemagen")
