"""What others do to the tables between two loads: it is noticed, put right or refused, and nothing is
lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from load.load_cases import KEYED, KEYLESS, TABLES, MadePackage, Rows, keyed, load, package, unit

pa: Any = import_module("pyarrow")  # which has no types
pq: Any = import_module("pyarrow.parquet")
WITHOUT_DOCUMENT = {"name": "string", "size": "int64"}
MORE = {"added": "string", "size": "int64", "document": "json", "name": "string"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MadePackage]:
    with package(tmp_path_factory.mktemp("made"), name="loaded_others") as found:
        yield found


@pytest.fixture(scope="module")
def less(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MadePackage]:
    """The package after its page has lost a column of the table without a key."""
    tables = {KEYED: TABLES[KEYED], KEYLESS: WITHOUT_DOCUMENT}
    with package(tmp_path_factory.mktemp("less"), tables, "loaded_others_less") as found:
        yield found


@pytest.fixture(scope="module")
def more(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MadePackage]:
    """The package after its page has a new column, and the others in another order."""
    tables = {KEYED: TABLES[KEYED], KEYLESS: MORE}
    with package(tmp_path_factory.mktemp("more"), tables, "loaded_others_more") as found:
        yield found


@dataclass
class Target:
    """What rows are loaded into."""

    address: str

    def load(
        self,
        made: MadePackage,
        rows: list[dict[str, object]],
        table: str = KEYLESS,
        region: str = "west",
        complete: bool = True,
        **options: Any,
    ) -> tuple[int, ...]:
        """Load as a run of its own does."""
        sink = made.open(self.address, tables=[table], **options)
        try:
            return load(sink, made, Rows(rows, complete), unit(table, region))
        finally:
            sink.close()


@dataclass
class Place(Target):
    """A database, its dialect, and what runs a statement of others in it."""

    dialect: str
    connection: psycopg.Connection | None = None

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        if self.connection is None:
            with duckdb.connect(self.address.removeprefix("duckdb:")) as connection:
                return connection.execute(statement).fetchall()
        cursor = self.connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def _postgres(request: pytest.FixtureRequest, dialect: str) -> Place:
    fixture = "postgres_with_hstore" if dialect == "postgres" else "postgres"
    connection: psycopg.Connection = request.getfixturevalue(fixture)
    info = connection.info
    address = f"postgresql://postgres@/{info.dbname}?host={info.host}&dialect={dialect}"
    return Place(address, dialect, connection)


@pytest.fixture(params=["postgres", "postgres_jsonb", "duckdb"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "duckdb":
        return Place(f"duckdb:{tmp_path / 'others.duckdb'}", "duckdb")
    return _postgres(request, request.param)


@pytest.fixture(params=["postgres", "postgres_jsonb"])
def server(request: pytest.FixtureRequest) -> Place:
    return _postgres(request, request.param)


@pytest.fixture
def file(tmp_path: Path) -> Place:
    return Place(f"duckdb:{tmp_path / 'others.duckdb'}", "duckdb")


def rows(*names: str) -> list[dict[str, object]]:
    return [{"name": name, "size": 1, "document": {"a": name}} for name in names]


def names(place: Place) -> list[str]:
    return [name for (name,) in place.run("SELECT name FROM made.keyless ORDER BY 1")]


# --- tables without a key ---------------------------------------------------------------------------


def test_changed_rows_without_a_key_are_inserted_again(
    place: Place, made: MadePackage, caplog: pytest.LogCaptureFixture
) -> None:
    """The ledger knows them by their values. What they have become belongs to no unit: it stays, because it
    may be somebody's own row, and a warning says so. Emptying the table is a way out."""
    place.load(made, rows("a", "b", "b"))
    place.load(made, rows("a", "c"), region="east")
    place.run("UPDATE made.keyless SET name = 'changed' WHERE name = 'b' OR name = 'c'")
    assert place.load(made, rows("a", "b", "b")) == (3, 2, 0, 1, 0)
    assert "made.keyless: 3 rows belong to no unit" in caplog.text
    assert names(place) == ["a", "a", "b", "b", "changed", "changed", "changed"]
    assert place.load(made, rows("a", "c"), region="east") == (2, 1, 0, 1, 0)
    assert place.load(made, rows("a", "b", "b")) == (3, 0, 0, 3, 0)
    place.run("DELETE FROM made.keyless")
    caplog.clear()
    assert place.load(made, rows("a", "b", "b")) == (3, 3, 0, 0, 0)
    assert place.load(made, rows("a", "c"), region="east") == (2, 2, 0, 0, 0)
    assert names(place) == ["a", "a", "b", "b", "c"]
    assert "belong to no unit" not in caplog.text
    held = 'SELECT "row_count" FROM ddsql_sync.units ORDER BY "region"'
    assert place.run(held) == [(2,), (3,)]


@pytest.mark.parametrize("first", [(), ("x",)], ids=["an empty unit", "a new unit"])
def test_changed_rows_without_a_key_are_noticed_after_units_of_a_run(
    place: Place, made: MadePackage, first: tuple[str, ...]
) -> None:
    """Most regions have no rows: a unit without any is no reason to compare no other."""
    place.load(made, rows("a", "c"), region="east")
    place.run("UPDATE made.keyless SET name = 'changed' WHERE name = 'c'")
    sink = made.open(place.address, tables=[KEYLESS])
    try:
        counts = load(sink, made, Rows(rows(*first), True), unit(KEYLESS, "west"))
        assert counts[:2] == (len(first), len(first))
        counts = load(sink, made, Rows(rows("a", "c"), True), unit(KEYLESS, "east"))
    finally:
        sink.close()
    assert counts == (2, 1, 0, 1, 0)
    assert names(place) == sorted(["a", "c", "changed", *first])


def test_rows_without_a_key_that_others_add_stay(place: Place, made: MadePackage) -> None:
    """No unit deletes them, even if one of its own rows is equal."""
    place.load(made, rows("a", "b"))
    place.run("INSERT INTO made.keyless SELECT * FROM made.keyless")
    assert place.load(made, rows("b")) == (1, 0, 0, 1, 1)
    assert names(place) == ["a", "b", "b"]
    assert place.load(made, []) == (0, 0, 0, 0, 1)
    assert names(place) == ["a", "b"]


def test_column_that_a_page_drops_keeps_rows_without_a_key(
    place: Place, made: MadePackage, less: MadePackage
) -> None:
    """The database keeps the column and its values, and a load finds the rows again: with the package that
    lacks the column, and with the next that has it once more."""
    place.load(made, rows("a", "b"))
    place.load(made, rows("a", "c"), region="east")
    fewer: list[dict[str, object]] = [{"name": name, "size": 1} for name in ("a", "b", "d")]
    for _ in range(2):
        assert place.load(less, fewer[:2]) == (2, 0, 0, 2, 0)
    assert place.load(less, fewer) == (3, 1, 0, 2, 0)
    assert place.load(less, fewer[2:], complete=False) == (1, 0, 0, 1, 0)
    assert place.load(less, fewer[1:]) == (2, 0, 0, 2, 1)
    count = "SELECT name, document IS NULL FROM made.keyless ORDER BY 1"
    assert place.run(count) == [("a", False), ("b", False), ("c", False), ("d", True)]
    assert place.load(made, [*rows("b"), fewer[2]]) == (2, 0, 0, 2, 0)
    assert place.load(made, rows("a", "c"), region="east") == (2, 0, 0, 2, 0)
    assert names(place) == ["a", "b", "c", "d"]


def test_forget_with_a_package_that_lacks_a_column_finds_rows_without_a_key(
    place: Place, made: MadePackage, less: MadePackage
) -> None:
    """`forget` deletes what was loaded with the column."""
    place.load(made, rows("a", "b"))
    place.load(made, rows("a", "c"), region="east")
    sink = less.open(place.address, tables=[])
    assert sink.forget(region="west") == 2
    sink.close()
    assert names(place) == ["a", "c"]


def test_new_columns_and_another_order_keep_rows_without_a_key(
    place: Place, made: MadePackage, more: MadePackage, less: MadePackage
) -> None:
    """Neither makes rows other rows, in any order of the packages."""
    place.load(made, rows("a", "b"))
    assert place.load(more, rows("a", "b"), migrate=True) == (2, 0, 0, 2, 0)
    added: list[dict[str, object]] = [{**rows("b")[0], "added": "x"}]
    assert place.load(more, [*rows("a"), *added]) == (2, 1, 0, 1, 1)
    plain = rows("a", "b")
    for made_by in (made, less, more):
        columns = made_by.table(KEYLESS).columns
        given = [{key: value for key, value in row.items() if key in columns} for row in plain]
        if made_by is more:
            given = [*rows("a"), *added]
        assert place.load(made_by, given) == (2, 0, 0, 2, 0), made_by.table(KEYLESS)
    assert names(place) == ["a", "b"]


# --- PostgreSQL: triggers, rules, and other kinds of tables -----------------------------------------


TRIGGER = """\
CREATE FUNCTION made.act() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {} END $$;
CREATE TRIGGER act BEFORE INSERT OR UPDATE OR DELETE ON {} FOR EACH ROW EXECUTE FUNCTION made.act()"""


def _ledger(place: Place) -> list[list[tuple[Any, ...]]]:
    return [
        place.run('SELECT "key", "copies" FROM ddsql_sync.held ORDER BY 1'),
        place.run('SELECT "state", "row_count" FROM ddsql_sync.units ORDER BY "unit"'),
    ]


@pytest.mark.parametrize("table", [KEYED, KEYLESS])
@pytest.mark.parametrize("loaded", [False, True], ids=["first", "second"])
@pytest.mark.parametrize(
    "body",
    [
        "IF NEW.name LIKE '%2' THEN RETURN NULL; END IF; RETURN NEW;",
        "IF NEW.name LIKE '%2' THEN NEW.size := 77; END IF; RETURN NEW;",
    ],
    ids=["suppresses", "changes"],
)
def test_triggers_that_change_what_is_stored_are_refused(
    server: Place, made: MadePackage, table: str, loaded: bool, body: str
) -> None:
    """A unit whose rows are not stored as they were read stays as it was, and the error names the trigger."""
    server.load(made, [], table)
    first = keyed(1, 4) if table == KEYED else rows("name 1", "name 4")
    if loaded:
        server.load(made, first, table)
    given = keyed(1, 2, 3) if table == KEYED else rows("name 1", "name 2", "name 3")
    server.run(TRIGGER.format(f"IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; {body}", table))
    relation = f"SELECT count(*) FROM {table}"
    before = server.run(relation), _ledger(server)
    with pytest.raises(ValueError, match=rf"{table}: 1 row .*trigger act") as caught:
        server.load(made, given, table)
    assert type(caught.value).__name__ == "DestinationError"
    assert (server.run(relation), _ledger(server)) == before
    server.run(f"ALTER TABLE {table} DISABLE TRIGGER act")
    assert server.load(made, given, table)[0] == 3


@pytest.mark.parametrize("table", [KEYED, KEYLESS])
def test_triggers_that_keep_rows_are_refused(server: Place, made: MadePackage, table: str) -> None:
    """A vanished row that a trigger keeps would stay for ever."""
    given = keyed(1, 2) if table == KEYED else rows("name 1", "name 2")
    server.load(made, given, table)
    body = "IF TG_OP = 'DELETE' THEN RETURN NULL; END IF; RETURN NEW;"
    server.run(TRIGGER.format(body, table))
    with pytest.raises(ValueError, match=rf"{table}: 1 row .*trigger act"):
        server.load(made, given[:1], table)
    sink = made.open(server.address, tables=[table])
    with pytest.raises(ValueError, match=rf"{table}: 2 rows .*trigger act"):
        sink.forget(table=table)
    sink.close()
    assert server.run('SELECT "row_count" FROM ddsql_sync.units') == [(2,)]


def test_triggers_that_leave_the_columns_alone_are_allowed(
    server: Place, made: MadePackage
) -> None:
    """A user may fill a column of their own, and keep a history."""
    server.load(made, [], KEYED)
    server.run("ALTER TABLE made.keyed ADD seen_by text")
    server.run("CREATE TABLE made.history (key text)")
    body = (
        "INSERT INTO made.history VALUES (COALESCE(NEW._key, OLD._key)); "
        "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; NEW.seen_by := 'trigger'; RETURN NEW;"
    )
    server.run(TRIGGER.format(body, KEYED))
    for _ in range(2):
        assert server.load(made, keyed(1, 2), KEYED)[0] == 2
    assert server.load(made, keyed(2, 3, size=None), KEYED) == (2, 1, 1, 0, 1)
    assert server.run("SELECT DISTINCT seen_by FROM made.keyed") == [("trigger",)]
    assert server.run("SELECT count(*) FROM made.history") == [(5,)]


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("CREATE RULE keep AS ON DELETE TO made.keyed DO INSTEAD NOTHING", "the rule keep"),
        (
            "ALTER TABLE made.keyed DROP size; "
            "ALTER TABLE made.keyed ADD size int8 GENERATED ALWAYS AS (length(name)) STORED",
            "made.keyed.size: .*generates",
        ),
        (
            "ALTER TABLE made.keyed RENAME TO other; CREATE VIEW made.keyed AS SELECT * FROM made.other",
            "made.keyed: .* a view",
        ),
        (
            "ALTER TABLE made.keyed RENAME TO other; "
            "CREATE MATERIALIZED VIEW made.keyed AS SELECT * FROM made.other",
            "made.keyed: .* a materialized view",
        ),
        ("DROP TABLE made.keyed; CREATE SEQUENCE made.keyed", "made.keyed: .* a sequence"),
        ("CREATE TABLE made.child () INHERITS (made.keyed)", "made.keyed: .*child tables"),
        (
            "DROP TABLE made.keyed; CREATE TABLE made.keyed (_key text) PARTITION BY HASH (_key)",
            "made.keyed: .* a partitioned table",
        ),
    ],
    ids=["rule", "generated", "view", "materialized", "sequence", "child", "partitioned"],
)
def test_prepare_refuses_what_is_no_plain_table(
    server: Place, made: MadePackage, statement: str, message: str
) -> None:
    """Rows would not be stored or found as they are in a table."""
    server.load(made, keyed(1), KEYED)
    server.run(statement)
    for adopt in ("", "1"):
        with pytest.raises(Exception, match=message):
            server.load(made, keyed(1), KEYED, adopt=adopt)


def test_rows_that_a_policy_hides_are_not_taken_for_gone(server: Place, made: MadePackage) -> None:
    """A role that row-level security binds is refused by the server in place of seeing less."""
    server.load(made, keyed(1, 2), KEYED)
    role = f"hidden_{server.dialect}"
    [(database,)] = server.run("SELECT current_database()")
    for statement in (
        f"CREATE ROLE {role} LOGIN",
        f'GRANT CREATE, TEMPORARY ON DATABASE "{database}" TO {role}',
        f"GRANT ALL ON SCHEMA made, ddsql_sync TO {role}",
        f"GRANT ALL ON ALL TABLES IN SCHEMA made, ddsql_sync TO {role}",
        f"GRANT ALL ON ALL SEQUENCES IN SCHEMA ddsql_sync TO {role}",
        "ALTER TABLE made.keyed ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY part ON made.keyed TO {role} USING (size = 1) WITH CHECK (true)",
    ):
        server.run(statement)
    bound = Place(
        server.address.replace("postgres@", f"{role}@"), server.dialect, server.connection
    )
    try:
        with pytest.raises(Exception, match="row-level security"):
            bound.load(made, keyed(1, 3), KEYED)
    finally:
        server.run(f"DROP OWNED BY {role}; DROP ROLE {role}")
    assert server.run("SELECT _key FROM made.keyed ORDER BY 1") == [("arn:1",), ("arn:2",)]


# --- the ledger -------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["units", "held", "stale", "tables", "columns", "ledger"])
def test_tables_of_others_that_are_called_as_the_ledgers_are_refused(
    place: Place, made: MadePackage, table: str
) -> None:
    """They are named, and neither read nor changed."""
    place.run("CREATE SCHEMA ddsql_sync")
    place.run(f'CREATE TABLE ddsql_sync."{table}" (mine int, "key" text)')
    place.run(f"INSERT INTO ddsql_sync.\"{table}\" VALUES (1, 'k')")
    with pytest.raises(ValueError, match=rf"ddsql_sync\.{table} .*(account|key|name|format)"):
        place.load(made, keyed(1), KEYED)
    assert place.run(f'SELECT * FROM ddsql_sync."{table}"') == [(1, "k")]
    assert place.run(TABLES_OF_OTHERS) == [("ddsql_sync", table)]


TABLES_OF_OTHERS = (
    "SELECT table_schema, table_name FROM information_schema.tables "
    "WHERE table_schema IN ('ddsql_sync', 'made')"
)


def test_views_that_are_called_as_tables_of_the_ledger_are_refused(
    place: Place, made: MadePackage
) -> None:
    """A view does not hold what is written, even if its columns fit."""
    place.load(made, keyed(1), KEYED)
    place.run("ALTER TABLE ddsql_sync.stale RENAME TO mine")
    place.run("CREATE VIEW ddsql_sync.stale AS SELECT * FROM ddsql_sync.mine")
    with pytest.raises(ValueError, match=r"ddsql_sync\.stale is a view"):
        place.load(made, keyed(2), KEYED)
    place.run("DROP VIEW ddsql_sync.stale")
    place.run("ALTER TABLE ddsql_sync.mine RENAME TO stale")
    place.run("ALTER TABLE ddsql_sync.units ADD COLUMN note text")
    assert place.load(made, keyed(2), KEYED) == (1, 1, 0, 0, 1)
    assert place.run("SELECT _key FROM made.keyed") == [("arn:2",)]


# --- DuckDB -----------------------------------------------------------------------------------------


def test_tables_of_duckdb_that_are_views_or_generate_columns_are_refused(
    file: Place, made: MadePackage
) -> None:
    """A table of the user's in place of ours is refused with the reason."""
    file.load(made, rows("a"))
    file.run("ALTER TABLE made.keyless RENAME TO mine")
    file.run("CREATE VIEW made.keyless AS SELECT * FROM made.mine")
    with pytest.raises(Exception, match=r"made\.keyless: .* a view"):
        file.load(made, rows("a"))
    file.run("DROP VIEW made.keyless")
    file.run(
        "CREATE TABLE made.keyless (name VARCHAR, size BIGINT GENERATED ALWAYS AS (length(name)), "
        "document JSON)"
    )
    with pytest.raises(Exception, match=r"made\.keyless\.size: .*generates"):
        file.load(made, rows("a"))


def test_connection_of_the_user_keeps_its_settings(made: MadePackage) -> None:
    """Loading through it, or failing to, changes neither its settings nor the instance's."""
    assert made.made is not None
    opened = made.made.module("_runtime.load.destination").open_connection
    everything = "SELECT name, value FROM duckdb_settings() ORDER BY ALL"
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            "SET memory_limit = '300MB'; SET threads = 1; SET TimeZone = 'Asia/Tokyo'"
        )
        before = connection.execute(everything).fetchall()
        sink = opened(connection, made)
        sink.prepare([made.table(KEYED)])
        failing = Rows(keyed(3), fails=RuntimeError("no more"))
        for given in (Rows(keyed(1, 2)), Rows(keyed(2, 3)), failing):
            try:
                load(sink, made, given)
            except RuntimeError:
                assert given is failing
        sink.close()
        assert connection.execute(everything).fetchall() == before
        assert connection.execute("SELECT count(*) FROM made.keyed").fetchone() == (2,)


# --- Parquet ----------------------------------------------------------------------------------------


class Lake(Target):
    """A folder of Parquet files."""

    def files(self, table: str) -> list[Path]:
        return sorted((Path(self.address.removeprefix("parquet:")) / table).glob("*.parquet"))

    def names(self, table: str) -> list[str]:
        files = self.files(table)
        return sorted(name for path in files for name in pq.read_table(path)["name"].to_pylist())


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(f"parquet:{tmp_path / 'lake'}")


@pytest.mark.parametrize("table", [KEYED, KEYLESS])
def test_changed_rows_of_parquet_files_are_replaced(
    lake: Lake, made: MadePackage, table: str
) -> None:
    """What another program writes in place of a file is compared with what was read."""
    given = keyed(1, 2) if table == KEYED else rows("name 1", "name 2")
    lake.load(made, given, table)
    [path] = lake.files(table)
    found = pq.read_table(path)
    names = pa.array(["name 1", "changed"])
    changed = found.set_column(found.schema.get_field_index("name"), "name", names)
    pq.write_table(changed, path)
    assert lake.names(table) == ["changed", "name 1"]
    assert lake.load(made, given, table)[3] == 1
    assert lake.names(table) == ["name 1", "name 2"]
    assert lake.load(made, given, table) == (2, 0, 0, 2, 0)


def test_column_that_a_page_drops_keeps_rows_of_parquet_files(
    lake: Lake, made: MadePackage, less: MadePackage
) -> None:
    """A listing that is not complete adds no row that is there with the column."""
    lake.load(made, rows("a", "b"))
    fewer: list[dict[str, object]] = [{"name": "a", "size": 1}]
    assert lake.load(less, fewer, complete=False) == (1, 0, 0, 1, 0)
    assert lake.names(KEYLESS) == ["a", "b"]
    assert lake.load(made, rows("a", "b")) == (2, 2, 0, 0, 2)
    assert lake.names(KEYLESS) == ["a", "b"]
