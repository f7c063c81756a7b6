"""Migrations in a real PostgreSQL: what becomes of values, of what users made, and of a failure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import psycopg
import pytest

import engines
from evolve.postgres_tables import (
    T,
    columns,
    content,
    create,
    described,
    insert,
    migrate,
    run_all,
    statements_of,
)
from evolve.states import table
from schemagen.runtime.evolve import ledger, postgres, postgres_batches
from schemagen.runtime.evolve.casts import CASTS
from schemagen.runtime.evolve.plan import Renames

Run = Callable[[str], object]


@pytest.fixture(params=["postgres", "postgres_jsonb"])
def dialect(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def connection(request: pytest.FixtureRequest, dialect: str) -> psycopg.Connection:
    """A database for ``dialect``."""
    fixture = "postgres_with_hstore" if dialect == "postgres" else "postgres"
    found: psycopg.Connection = request.getfixturevalue(fixture)
    return found


KEPT = [
    ("string", "json", ["a", 'b"\\'], ['"a"', '"b\\"\\\\"']),
    ("int64", "json", ["-9223372036854775808"], ["-9223372036854775808"]),
    ("bool", "json", ["true", "false"], ["true", "false"]),
    ("float64", "json", ["1.5", "-2", "1e300"], ["1.5", "-2.0", f"1{'0' * 300}.0"]),
    (
        "timestamp",
        "json",
        ["2024-02-29 01:02:03.000004+00", "0001-01-01 00:00:00+00"],
        ['"2024-02-29T01:02:03.000004Z"', '"0001-01-01T00:00:00Z"'],
    ),
    ("int64", "float64", ["9007199254740992", "-3"], ["9.007199254740992e+15", "-3"]),
    ("float64", "int64", ["-0", "3", "-9223372036854775808"], ["0", "3", "-9223372036854775808"]),
    ("string", "int64", ["0", "-12", "9223372036854775807"], ["0", "-12", "9223372036854775807"]),
    ("string", "float64", ["0.1", "-12.50"], ["0.1", "-12.5"]),
    ("string", "bool", ["true", "false"], ["true", "false"]),
    (
        "string",
        "timestamp",
        ["2024-02-29T01:02:03Z", "2000-01-01T00:00:00.5+02:00"],
        ["2024-02-29 01:02:03+00", "1999-12-31 22:00:00.5+00"],
    ),
    ("json", "string", ['"a\\"b"', '""'], ['a"b', ""]),
    ("json", "int64", ["12", "3.0"], ["12", "3"]),
    ("json", "float64", ["0.1", "-1e300", "0"], ["0.1", "-1e+300", "0"]),
    ("json", "bool", ["true"], ["true"]),
    ("json", "timestamp", ['"2024-01-01T00:00:00Z"'], ["2024-01-01 00:00:00+00"]),
    ("array<string>", "json", ['{"a",NULL,"b,c"}', "{}"], ['["a", null, "b,c"]', "[]"]),
    ("array<int64>", "array<json>", ["{1,NULL}"], ["{1,NULL}"]),
    ("array<string>", "array<int64>", ["{1,NULL,2}", "{}"], ["{1,NULL,2}", "{}"]),
    ("array<timestamp>", "json", ['{"2024-01-01 00:00:00+00"}'], ['["2024-01-01T00:00:00Z"]']),
    ("array<array<string>>", "json", ['[["a"]]'], ['[["a"]]']),
]
MAPS = {
    "postgres": [
        (
            "hstore",
            "hstore_csv",
            ['"a"=>"b,c", "d"=>NULL, "e"=>"", "f"=>"x"', ""],
            ['"a"=>"\\"b,c\\"", "d"=>NULL, "e"=>"", "f"=>"x"', ""],
        ),
        ("hstore_csv", "hstore", ['"a"=>"\\"b,c\\"", "d"=>NULL'], ['"a"=>"b,c", "d"=>NULL']),
        ("hstore", "json", ['"a"=>"b", "d"=>NULL'], ['{"a": "b", "d": null}']),
        (
            "hstore_csv",
            "json",
            ['"a"=>"\\"b,\\"\\"c\\",d,,e", "d"=>NULL, "e"=>"", "f"=>","', ""],
            ['{"a": ["b,\\"c", "d", "", "e"], "d": [], "e": [""], "f": ["", ""]}', "{}"],
        ),
        ("json", "hstore", ['{"a": "b", "c": null}', "{}"], ['"a"=>"b", "c"=>NULL', ""]),
        ("array<hstore>", "array<json>", ['{"\\"a\\"=>\\"b\\""}'], ['{"{\\"a\\": \\"b\\"}"}']),
    ],
    "postgres_jsonb": [
        (
            "hstore",
            "hstore_csv",
            ['{"a": "b,c", "d": null, "e": ""}', "{}"],
            ['{"a": ["b,c"], "d": [], "e": [""]}', "{}"],
        ),
        (
            "hstore_csv",
            "hstore",
            ['{"a": ["b,c"], "d": []}', "{}"],
            ['{"a": "b,c", "d": null}', "{}"],
        ),
        ("hstore", "json", ['{"a": "b"}'], ['{"a": "b"}']),
        ("hstore_csv", "json", ['{"a": ["b"]}'], ['{"a": ["b"]}']),
        ("json", "hstore", ['{"a": "b", "c": null}'], ['{"a": "b", "c": null}']),
    ],
}
LOST = [
    ("float64", "int64", ["0.5", "1e300", "NaN", "Infinity", "9223372036854775808"]),
    ("float64", "json", ["NaN", "Infinity", "-Infinity"]),
    ("int64", "float64", ["9007199254740993", "-9223372036854775808"]),
    ("string", "int64", ["", "01", "+1", "1.0", " 1", "9223372036854775808", "-0", "１"]),
    ("string", "float64", ["", "1e5", "NaN", "1.", ".5", "1234567890.1234567"]),
    ("string", "bool", ["True", "t", ""]),
    (
        "string",
        "timestamp",
        [
            "",
            "2024-02-30T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2024-01-01T00:00:00",
            "2024-01-01",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:00:60Z",
            "2024-01-01T00:00:00.1234567Z",
            "0000-01-01T00:00:00Z",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "2024-01-01T00:00:00+23:00",
            "now",
        ],
    ),
    ("json", "string", ["1", "null", '{"a": 1}']),
    ("json", "int64", ["1.5", '"1"', "9223372036854775808", "null"]),
    ("json", "float64", ['"1"', "1e400", "1e-400", "0.12345678901234567890"]),
    ("json", "bool", ["1", '"true"', "null"]),
    ("json", "timestamp", ['"now"', "1", '"2024-02-30T00:00:00Z"']),
    ("json", "hstore", ["[]", '{"a": 1}', '{"a": {}}', '"a"', "null"]),
    ("array<string>", "array<int64>", ["{1,x}"]),
    ("timestamp", "json", ["infinity", "-infinity", "0001-01-01 00:00:00+00 BC"]),
]
LOST_MAPS = {
    "postgres": [("hstore_csv", "hstore", ['"a"=>"b,c"', '"a"=>"x", "b"=>"\\"y\\",z"'])],
    "postgres_jsonb": [("hstore_csv", "hstore", ['{"a": ["b", "c"]}'])],
}


def test_casts_that_keep_values_are_all_tested() -> None:
    """Every cast of the table that is not lossy has values here, in both dialects."""
    guarded = {pair for pair, cast in CASTS.items() if cast.loss == "guarded"}
    lossless = {pair for pair, cast in CASTS.items() if cast.loss == "lossless"}
    for dialect, maps in MAPS.items():
        kept = {(old, new) for old, new, *_ in (*KEPT, *maps)}
        assert guarded | lossless <= kept
        lost = {(old, new) for old, new, *_ in (*LOST, *LOST_MAPS[dialect])}
        assert guarded <= lost


def test_casts_keep_values(connection: psycopg.Connection, dialect: str) -> None:
    """Every value has its new form, NULL stays NULL, and the table is as if it had been created so."""
    cases = [*KEPT, *MAPS[dialect]]
    old = [
        table(f"aws.t{number}", columns(case[0]), dialect, comments={"x": "Old."})
        for number, case in enumerate(cases)
    ]
    new = [
        table(f"aws.t{number}", columns(case[1]), dialect, comments={"": "A table.", "x": "New's."})
        for number, case in enumerate(cases)
    ]
    create(connection, dialect, *old)
    for state, (_, _, values, _) in zip(old, cases, strict=True):
        insert(connection, state, [*values, None])
    migrate(connection, dialect, old, new)
    for state, (_, _, _, values) in zip(new, cases, strict=True):
        assert [value for _, value in content(connection, state)] == [*values, None], state
    found = [described(connection, state) for state in new]
    with_new = [replace(state, schema="fresh") for state in new]
    create(connection, dialect, *with_new)
    assert found == [described(connection, state) for state in with_new]


def test_casts_stop_at_values_that_would_be_lost(
    connection: psycopg.Connection, dialect: str
) -> None:
    """The first row is named by its key, and nothing has changed; --allow-loss makes such values NULL."""
    cases = [
        (old, new, value) for old, new, values in (*LOST, *LOST_MAPS[dialect]) for value in values
    ]
    for number, (old_type, new_type, value) in enumerate(cases):
        id = f"aws.t{number}"
        old, new = (table(id, columns(type), dialect) for type in (old_type, new_type))
        create(connection, dialect, old)
        insert(connection, old, [None, value, value])
        before = content(connection, old), described(connection, old)
        with pytest.raises(psycopg.errors.RaiseException) as raised:
            migrate(connection, dialect, [old], [new])
        assert f"{id}.x: a value would be lost from {old_type} to {new_type}" in str(raised.value)
        assert "the first row is key 1" in str(raised.value)
        assert (content(connection, old), described(connection, old)) == before
        migrate(connection, dialect, [old], [new], allow_loss=[f"{id}.x"])
        assert [value for _, value in content(connection, new)] == [None, None, None]
        fresh = replace(new, schema="fresh")
        create(connection, dialect, fresh)
        assert described(connection, new) == described(connection, fresh)


def test_second_run_changes_nothing(connection: psycopg.Connection, dialect: str) -> None:
    """A script that has run says so, even where both types are one to the database."""
    old, new = (table(T, columns(type), dialect) for type in ("hstore", "hstore_csv"))
    create(connection, dialect, old)
    value = '"a"=>"b,c"' if dialect == "postgres" else '{"a": "b,c"}'
    insert(connection, old, [value])
    migrate(connection, dialect, [old], [new])
    before = content(connection, new)
    with pytest.raises(psycopg.errors.RaiseException, match="migrated already"):
        migrate(connection, dialect, [old], [new])
    assert content(connection, new) == before
    recorded = connection.execute(
        f"SELECT * FROM {ledger.name('columns')} ORDER BY 2".encode()
    ).fetchall()
    assert recorded == [(T, "_key", "string"), (T, "x", "hstore_csv")]


def test_script_stops_at_another_database(postgres: psycopg.Connection) -> None:
    """A missing table or column, another type and another key are named."""
    dialect = "postgres_jsonb"
    old = table(T, columns("string"), dialect)
    new = table(T, columns("string", y="int64"), dialect)
    with pytest.raises(psycopg.errors.RaiseException, match=r'there is no table "aws"\."thing"'):
        migrate(postgres, dialect, [old], [new])
    create(postgres, dialect, old)
    for statement, message in {
        "RENAME x TO z": "there is no column x",
        "ALTER x TYPE varchar": "the type of x is character varying, not text",
        "DROP CONSTRAINT thing_pkey": r"the primary key is \(\), not \(_key\)",
    }.items():
        postgres.execute("BEGIN")
        postgres.execute(f"ALTER TABLE aws.thing {statement}".encode())
        postgres.execute("COMMIT")
        with pytest.raises(psycopg.errors.RaiseException, match=message):
            migrate(postgres, dialect, [old], [new])
        postgres.execute("DROP TABLE aws.thing")
        create(postgres, dialect, old)
    migrate(postgres, dialect, [old], [new])
    assert [column.name for column in described(postgres, new).columns] == ["_key", "x", "y"]


# --- names and keys -------------------------------------------------------------------------------


def test_renames_keep_values_and_views(postgres: psycopg.Connection) -> None:
    """Tables and columns that swap their names, and a schema that is new."""
    dialect = "postgres_jsonb"
    old = [
        table("aws.a", columns("string", y="string"), dialect),
        table("aws.b", {"_key": "string"}, dialect),
    ]
    new = [
        table("aws.b", {"_key": "string", "y": "string", "x": "string"}, dialect),
        table("gcp.a", {"_key": "string"}, dialect),
    ]
    renames = Renames(
        tables={"aws.a": "aws.b", "aws.b": "gcp.a"},
        columns={("aws.a", "x"): "y", ("aws.a", "y"): "x"},
    )
    create(postgres, dialect, *old)
    postgres.execute(
        "INSERT INTO aws.a VALUES ('k', 'was x', 'was y'); INSERT INTO aws.b VALUES ('b')"
    )
    postgres.execute("CREATE VIEW aws.mine AS SELECT x FROM aws.a")
    migrate(postgres, dialect, old, new, renames=renames)
    assert content(postgres, new[0]) == [("k", "was x", "was y")]
    assert content(postgres, new[1]) == [("b",)]
    assert postgres.execute("SELECT x FROM aws.mine").fetchall() == [("was x",)]


def test_keys_change(postgres: psycopg.Connection) -> None:
    """A column becomes the key if its values can be one, else the first row that cannot is named."""
    dialect = "postgres_jsonb"
    old = table(T, columns("string"), dialect)
    new = table(T, columns("string"), dialect, key="x")
    none = table(T, columns("string"), dialect, key=None)
    create(postgres, dialect, old)
    insert(postgres, old, ["a", "a"])
    with pytest.raises(psycopg.Error, match="because several rows have it; the first row is a"):
        migrate(postgres, dialect, [old], [new])
    postgres.execute("UPDATE aws.thing SET x = NULL WHERE _key = 'key 1'")
    with pytest.raises(psycopg.Error, match="because it is NULL; the first row is"):
        migrate(postgres, dialect, [old], [new])
    assert described(postgres, old).key == ("_key",)
    postgres.execute("UPDATE aws.thing SET x = 'b' WHERE _key = 'key 1'")
    migrate(postgres, dialect, [old], [new])
    assert described(postgres, new).key == ("x",)
    assert [column.nullable for column in described(postgres, new).columns] == [True, False]
    migrate(postgres, dialect, [new], [none])
    assert described(postgres, none).key == ()
    assert [column.nullable for column in described(postgres, none).columns] == [True, True]


def test_lossy_columns_are_replaced_if_they_may(postgres: psycopg.Connection) -> None:
    """A column without a conversion becomes an empty one; a dropped table is gone."""
    dialect = "postgres_jsonb"
    old = [table(T, columns("bool"), dialect), table("aws.gone", columns("bool"), dialect)]
    new = [table(T, columns("int64"), dialect)]
    create(postgres, dialect, *old)
    insert(postgres, old[0], ["true"])
    migrate(postgres, dialect, old, new, allow_loss=["aws.thing.x", "aws.gone"])
    assert content(postgres, new[0]) == [("key 0", None)]
    assert postgres.execute("SELECT to_regclass('aws.gone')").fetchone() == (None,)
    assert [column.name for column in described(postgres, new[0]).columns] == ["_key", "x"]


# --- batches and failures -------------------------------------------------------------------------


def test_batches_go_on_where_they_stopped(
    postgres_with_hstore: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script that stopped anywhere is run again until it is done: no value is converted twice, and none
    that was written meanwhile is missed; afterwards it changes nothing."""
    monkeypatch.setattr(postgres_batches, "PAGES", 1)
    connection, dialect = postgres_with_hstore, "postgres"
    old = table(T, columns("hstore", y="string"), dialect, comments={"x": "A map."})
    new = table(T, columns("hstore_csv", y="json"), dialect, comments={"x": "A map."})
    create(connection, dialect, old)
    connection.execute(
        "INSERT INTO aws.thing SELECT i, hstore('a', 'b,' || i), repeat('y', 500) || i "
        "FROM generate_series(1, 60) AS s(i)"
    )
    statements = statements_of(old, new, dialect, batches=True)
    assert sum("COMMIT;" in statement for statement in statements) == 2
    [begin] = [number for number, statement in enumerate(statements) if statement == "BEGIN"]
    for stop in (begin - 2, begin - 1, begin + 1, len(statements) - 1):
        run_all(connection, statements[:stop])
        connection.execute("ROLLBACK")
        assert described(connection, old).columns[1].type == "hstore"
        connection.execute(
            "UPDATE aws.thing SET x = hstore('a', 'c,'), y = 'new' WHERE _key = %s", [str(stop)]
        )
        connection.execute("INSERT INTO aws.thing (_key, x) VALUES (%s, 'k=>NULL')", [f"m{stop}"])
    before = connection.execute("SELECT _key, x -> 'a', y FROM aws.thing ORDER BY 1").fetchall()
    run_all(connection, statements)
    after = connection.execute(
        "SELECT _key, x -> 'a', y #>> '{}' FROM aws.thing ORDER BY 1"
    ).fetchall()
    assert after == [(key, text and f'"{text}"', y) for key, text, y in before]
    found = described(connection, new)
    assert sorted(column.name for column in found.columns) == ["_key", "x", "y"]
    assert {column.name: column.comment for column in found.columns}["x"] == "A map."
    with pytest.raises(psycopg.errors.RaiseException, match="migrated already"):
        run_all(connection, statements)
    connection.execute("ROLLBACK")
    assert described(connection, new) == found


def test_batches_stop_before_anything_is_changed(postgres: psycopg.Connection) -> None:
    """A value that would be lost is found before the first column is added."""
    dialect = "postgres_jsonb"
    old, new = (table(T, columns(type), dialect) for type in ("string", "int64"))
    create(postgres, dialect, old)
    insert(postgres, old, ["1", "x"])
    with pytest.raises(psycopg.errors.RaiseException, match="the first row is key 1"):
        run_all(postgres, statements_of(old, new, dialect, batches=True))
    assert [column.name for column in described(postgres, old).columns] == ["_key", "x"]


def test_killed_migration_leaves_the_old_tables(postgres: psycopg.Connection) -> None:
    """Whenever the session is killed before the end, the tables and the ledger are as before."""
    dialect = "postgres_jsonb"
    old, new = (
        table(T, columns(type, **more), dialect)
        for type, more in (("string", {"gone": "string"}), ("json", {"more": "int64"}))
    )
    create(postgres, dialect, old)
    insert(postgres, old, ["a"])
    before = content(postgres, old), described(postgres, old)
    statements = statements_of(old, new, dialect, "aws.thing.gone")
    assert statements[-1] == "COMMIT"
    for stop in range(1, len(statements), 5):
        info = postgres.info
        with psycopg.connect(
            host=info.host, dbname=info.dbname, user="postgres", autocommit=True
        ) as other:
            run_all(other, statements[:stop])
            postgres.execute("SELECT pg_terminate_backend(%s)", [other.info.backend_pid])
            with pytest.raises(psycopg.OperationalError):
                other.execute("COMMIT")
        assert (content(postgres, old), described(postgres, old)) == before
        assert postgres.execute("SELECT to_regclass('ddsql_sync.columns')").fetchone() == (None,)
    run_all(postgres, statements)
    assert [column.name for column in described(postgres, new).columns] == ["_key", "x", "more"]


# --- costs ----------------------------------------------------------------------------------------


def test_tables_are_written_anew_only_where_they_must(
    postgres_with_hstore: psycopg.Connection,
) -> None:
    """New columns, comments and maps of lists leave the table's file, and rows without quotes, alone."""
    connection, dialect = postgres_with_hstore, "postgres"
    old = table(T, columns("hstore", y="string"), dialect)
    new = table(
        T, columns("hstore_csv", y="string", more="json"), dialect, comments={"": "A table."}
    )
    last = table(T, columns("hstore_csv", y="json", more="json"), dialect)
    create(connection, dialect, old)
    insert(connection, old, ["a=>b", '"a"=>"b,c"', None])

    def written() -> tuple[object, list[tuple[object, ...]]]:
        file = connection.execute("SELECT pg_relation_filenode('aws.thing')").fetchone()
        rows = connection.execute("SELECT xmin::text FROM aws.thing ORDER BY _key").fetchall()
        return file, rows

    file, rows = written()
    migrate(connection, dialect, [old], [new])
    assert written() == (file, [rows[0], written()[1][1], rows[2]])
    assert written()[1][1] != rows[1]
    migrate(connection, dialect, [new], [last])
    assert written()[0] != file


def test_migration_does_not_wait_for_long_transactions(
    postgres_server: engines.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who reads a table for long makes the migration fail, and not everybody else wait behind it."""
    monkeypatch.setattr(postgres, "LOCK_TIMEOUT", "100ms")
    dialect = "postgres_jsonb"
    old, new = (table(T, columns(type), dialect) for type in ("string", "json"))
    with postgres_server.database() as connection:
        create(connection, dialect, old)
        info = connection.info
        with psycopg.connect(host=info.host, dbname=info.dbname, user="postgres") as reader:
            reader.execute("SELECT * FROM aws.thing")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                migrate(connection, dialect, [old], [new])
        assert described(connection, old).columns[1].type == "text"
        migrate(connection, dialect, [old], [new])
        assert described(connection, new).columns[1].type == "jsonb"
