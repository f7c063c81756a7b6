"""What is found when a database was made by another package, another version, or by hand."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from load.load_cases import MadePackage, Rows, keyed, load, package
from schemagen.runtime.evolve.casting import cast
from schemagen.runtime.evolve.casts import CASTS
from schemagen.typetable import TYPES

KEYED = "made.keyed"
OLD = {
    "_key": "string",
    "name": "string",
    "tags": "hstore",
    "size": "int64",
    "notes": "array<string>",
}


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MadePackage]:
    folder = tmp_path_factory.mktemp("compared")
    with package(folder, {KEYED: OLD, "made.other": OLD}, "compared_old") as found:
        yield found


@contextmanager
def newer(folder: Path, columns: Mapping[str, str]) -> Generator[MadePackage]:
    """The next version of the package, with other columns."""
    with package(folder, {KEYED: columns}, "compared_new") as found:
        yield replace(found, version="2")


def address(connection: psycopg.Connection) -> str:
    info = connection.info
    return f"postgresql://postgres@/{info.dbname}?host={info.host}&dialect=postgres_jsonb"


def everything(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    """Every column of the database, with its type, and what the ledger recorded."""
    described = connection.execute(
        "SELECT attrelid::regclass::text, attname::text, format_type(atttypid, atttypmod) "
        "FROM pg_attribute JOIN pg_class c ON c.oid = attrelid "
        "WHERE relnamespace::regnamespace::text IN ('made', 'ddsql_sync') AND attnum > 0 "
        "ORDER BY 1, 2"
    ).fetchall()
    return [
        *described,
        *connection.execute("SELECT * FROM ddsql_sync.columns ORDER BY 1, 2").fetchall(),
    ]


# --- casts ----------------------------------------------------------------------------------------


def test_casts_has_every_pair_of_types() -> None:
    """A new type needs a decision for each of the others."""
    names = {row.name for row in TYPES}
    assert CASTS.keys() == {(old, new) for old in names for new in names if old != new}
    for change in CASTS.values():
        if change.loss != "lossy":
            assert change.conversions


@pytest.mark.parametrize(
    ("old_type", "new_type", "loss"),
    [
        ("string", "string", "lossless"),
        ("string", "json", "lossless"),
        ("hstore", "hstore_csv", "lossless"),
        ("hstore_csv", "hstore", "guarded"),
        ("array<string>", "array<string>", "lossless"),
        ("array<string>", "array<json>", "lossless"),
        ("array<string>", "json", "lossless"),
        ("array<json>", "json", "lossless"),
        ("array<array<int64>>", "json", "lossless"),
        ("string", "array<string>", "lossy"),
        ("array<string>", "string", "lossy"),
        ("array<string>", "hstore", "lossy"),
        ("no_such_type", "string", "lossy"),
    ],
)
def test_cast_of_arrays_is_that_of_their_elements(old_type: str, new_type: str, loss: str) -> None:
    """An array is JSON if its elements are, and never anything else."""
    assert cast(old_type, new_type).loss == loss


# --- a database -----------------------------------------------------------------------------------


def test_prepare_accepts_what_it_created(old: MadePackage, postgres: psycopg.Connection) -> None:
    """Preparing twice changes nothing, and a third sink finds the rows of the first."""
    for _ in range(2):
        old.open(address(postgres)).close()
    before = everything(postgres)
    sink = old.open(address(postgres))
    assert everything(postgres) == before
    assert load(sink, old, Rows(keyed_old(1))) == (1, 1, 0, 0, 0)
    sink.close()


def keyed_old(*numbers: int) -> list[dict[str, object]]:
    return [{name: row[name] for name in ("_key", "name", "size")} for row in keyed(*numbers)]


def test_prepare_lists_all_differences_and_changes_nothing(
    tmp_path: Path, old: MadePackage, postgres: psycopg.Connection
) -> None:
    """Types that are one to the database and not to the package, and lost meanings, are all named, with
    both types and what to do."""
    old.open(address(postgres), tables=[KEYED]).close()
    before = everything(postgres)
    columns = {**OLD, "name": "hstore", "tags": "bool", "more": "json"}
    with (
        newer(tmp_path, columns) as new,
        pytest.raises(Exception, match="does not fit") as raised,
    ):
        new.open(address(postgres))
    message = str(raised.value)
    assert type(raised.value).__name__ == "SchemaMismatch"
    assert "2 differences" in message
    assert "made.keyed.name: the column holds string (text), and this package has hstore" in message
    assert "made.keyed.tags: the column holds hstore (jsonb), and this package has bool" in (
        message
    )
    assert 'ALTER TABLE "made"."keyed" RENAME TO "keyed_old"' in message
    assert f"run `{new.name} migrate --allow-loss made.keyed.name`, where values" in message
    assert everything(postgres) == before


def test_prepare_names_the_command_that_renames_a_column(
    tmp_path: Path, old: MadePackage, postgres: psycopg.Connection
) -> None:
    """A missing column may be one that the package does not have any more; `--migrate safe` alone would
    leave its values there."""
    old.open(address(postgres), tables=[KEYED]).close()
    columns = {("label" if name == "name" else name): type for name, type in OLD.items()}
    with newer(tmp_path, columns) as new, pytest.raises(Exception, match="does not fit") as raised:
        new.open(address(postgres))
    assert f"run `{new.name} migrate` with --rename made.keyed.name=label before" in str(
        raised.value
    )


def test_prepare_adds_columns_and_widens_types_if_it_may(
    tmp_path: Path, old: MadePackage, postgres: psycopg.Connection
) -> None:
    """A table that is behind is refused with the option that helps; with it, rows keep their values."""
    sink = old.open(address(postgres))
    load(sink, old, Rows(keyed_old(1, 2)))
    sink.close()
    columns = {**OLD, "name": "json", "tags": "json", "more": "array<int64>"}
    with newer(tmp_path, columns) as new:
        with pytest.raises(Exception, match="does not fit") as raised:
            new.open(address(postgres))
        message = str(raised.value)
        assert "3 differences" in message
        assert "made.keyed.more: the column is missing; this package has it" in message
        assert "the table fits version 1, this is 2" in message
        assert message.count("--migrate safe") == 3
        sink = new.open(address(postgres), migrate=True)
        assert load(sink, new, Rows(keyed_old(1, 2))) == (2, 0, 0, 2, 0)
        assert load(sink, new, Rows([{**keyed_old(1)[0], "more": [1]}])) == (1, 0, 1, 0, 1)
        sink.close()
        assert postgres.execute("SELECT name, more FROM made.keyed").fetchall() == [("name 1", [1])]
        new.open(address(postgres)).close()
    with pytest.raises(Exception, match="holds json"):
        old.open(address(postgres))


def test_prepare_refuses_tables_that_it_does_not_know(
    old: MadePackage, postgres: psycopg.Connection
) -> None:
    """A table that no sync made is used only if the user says which version made it."""
    postgres.execute(old.ddl(KEYED, "postgres_jsonb").encode())
    with pytest.raises(Exception, match=r"made\.keyed: the table exists, but .*--adopt 1"):
        old.open(address(postgres))
    with pytest.raises(Exception, match=r"made by version 0\.9, and this is 1; adopt it once"):
        old.open(address(postgres), adopt="0.9")
    assert postgres.execute("SELECT to_regnamespace('ddsql_sync')").fetchone() == (None,)
    sink = old.open(address(postgres), adopt="1")
    assert load(sink, old, Rows(keyed_old(1))) == (1, 1, 0, 0, 0)
    sink.close()
    old.open(address(postgres)).close()


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("ALTER TABLE made.keyed ALTER size TYPE integer", "size: the column's type is integer"),
        (
            "ALTER TABLE made.keyed DROP CONSTRAINT keyed_pkey",
            "it has no primary key; it must be _key",
        ),
        ("ALTER TABLE made.keyed ADD own text NOT NULL", "own: the package does not have"),
        ("ALTER TABLE made.keyed DROP _key", "_key: the column of the primary key is missing"),
        ("DELETE FROM ddsql_sync.columns WHERE name = 'size'", "size: the column exists with type"),
    ],
)
def test_prepare_refuses_tables_that_somebody_changed(
    old: MadePackage, postgres: psycopg.Connection, statement: str, found: str
) -> None:
    """What rows could not be loaded into, or would be changed by, is refused."""
    old.open(address(postgres)).close()
    postgres.execute(statement.encode())
    with pytest.raises(Exception, match=found):
        old.open(address(postgres))


def test_prepare_ignores_what_does_not_matter(
    old: MadePackage, postgres: psycopg.Connection
) -> None:
    """Columns and indexes of the user's own are left alone, and a missing column comes back."""
    old.open(address(postgres)).close()
    postgres.execute("ALTER TABLE made.keyed ADD own text, ADD other int NOT NULL DEFAULT 3")
    postgres.execute("CREATE INDEX ON made.keyed (name)")
    postgres.execute("ALTER TABLE made.keyed DROP size")
    with pytest.raises(Exception, match="size: the column is missing"):
        old.open(address(postgres))
    sink = old.open(address(postgres), migrate=True)
    assert load(sink, old, Rows(keyed_old(1))) == (1, 1, 0, 0, 0)
    sink.close()


def test_prepare_creates_a_dropped_table_again(
    old: MadePackage, postgres: psycopg.Connection
) -> None:
    """The ledger forgets what a table held that was dropped."""
    sink = old.open(address(postgres))
    load(sink, old, Rows(keyed_old(1, 2)))
    sink.close()
    postgres.execute("DROP TABLE made.keyed")
    sink = old.open(address(postgres))
    assert postgres.execute("SELECT count(*) FROM ddsql_sync.held").fetchone() == (0,)
    assert load(sink, old, Rows(keyed_old(1))) == (1, 1, 0, 0, 0)
    sink.close()


def test_prepare_keeps_the_dialect_of_a_table(
    old: MadePackage, postgres_with_hstore: psycopg.Connection
) -> None:
    """Without a dialect in the address, tables stay as they were created; another one is refused."""
    connection = postgres_with_hstore
    plain = address(connection).partition("&")[0]
    old.open(address(connection), tables=[KEYED]).close()
    old.open(plain).close()
    types = connection.execute(
        "SELECT attrelid::regclass::text, format_type(atttypid, NULL) FROM pg_attribute "
        "WHERE attname = 'tags' AND attrelid::regclass::text LIKE 'made.%' ORDER BY 1"
    ).fetchall()
    assert types == [("made.keyed", "jsonb"), ("made.other", "hstore")]
    with pytest.raises(Exception, match="the dialect 'postgres_jsonb', not 'postgres'"):
        old.open(f"{plain}&dialect=postgres")
    with pytest.raises(Exception, match="unknown dialect 'oracle'"):
        old.open(f"{plain}&dialect=oracle")


def test_prepare_refuses_a_later_ledger(old: MadePackage, postgres: psycopg.Connection) -> None:
    """A database that a later version of the runtime has written is left alone."""
    old.open(address(postgres)).close()
    postgres.execute("UPDATE ddsql_sync.ledger SET format = 99")
    with pytest.raises(Exception, match="has format 99, of a later version; this one knows 1"):
        old.open(address(postgres))
