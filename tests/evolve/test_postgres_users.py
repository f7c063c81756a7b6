"""Migrations of PostgreSQL, and what users have put on the tables."""

from __future__ import annotations

import re
import subprocess

import psycopg
import pytest

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
from evolve.states import DIALECTS, table
from schemagen.runtime.evolve import ledger
from schemagen.runtime.evolve.plan import plan
from schemagen.runtime.evolve.script import script


def notices(connection: psycopg.Connection) -> list[str]:
    connection.execute("SET client_min_messages = notice")
    messages: list[str] = []
    connection.add_notice_handler(lambda notice: messages.append(notice.message_primary or ""))
    return messages


def test_views_of_a_cast_column_are_created_again(postgres: psycopg.Connection) -> None:
    """With their definition, options, comments and privileges, and those that read them; others are
    left alone."""
    dialect = "postgres_jsonb"
    old, new = (
        table(T, columns("string", y=type), dialect, stored={"y": 'why "?'})
        for type in ("int64", "json")
    )
    create(postgres, dialect, old)
    insert(postgres, old, ["1"])
    postgres.execute("CREATE ROLE reader")
    try:
        postgres.execute(
            'CREATE VIEW aws."a ""view" WITH (security_barrier = true) AS '
            'SELECT _key, "why ""?" AS y FROM aws.thing;'
            "COMMENT ON VIEW aws.\"a \"\"view\" IS 'It''s mine.';"
            'COMMENT ON COLUMN aws."a ""view".y IS \'Why.\';'
            'GRANT SELECT ON aws."a ""view" TO reader WITH GRANT OPTION;'
            'CREATE VIEW aws.second AS SELECT count(*) AS n FROM aws."a ""view" WHERE y IS NOT NULL;'
            "CREATE VIEW aws.other AS SELECT x FROM aws.thing"
        )
        before = views(postgres)
        messages = notices(postgres)
        migrate(postgres, dialect, [old], [new])
        assert [text for text in messages if "view" in text] == [
            'created the view aws."a ""view" again',
            "created the view aws.second again",
        ]
        after = views(postgres)
        assert {**before, "other": after["other"]} == after
        assert before["other"] == after["other"]
    finally:
        postgres.execute("DROP OWNED BY reader; DROP ROLE reader")


def test_scripts_are_quiet_but_for_what_users_made(postgres: psycopg.Connection) -> None:
    """psql shows no results, and notices of the user's views and indexes only, whatever is there already;
    names that look like the script's own quotes are data."""
    dialect, name = "postgres_jsonb", "a$ddsql$; SELECT 1; $ddsql1$"
    old = table(T, columns("string", gone="int64"), dialect, stored={"x": name})
    new = table(T, columns("int64", **{"$ddsql$": "json"}), dialect, stored={"x": name})
    create(postgres, dialect, old)
    postgres.execute("INSERT INTO aws.thing VALUES ('key 0', '1', 5)")
    for statement in ledger.ddl("postgres"):
        postgres.execute(statement.encode())
    postgres.execute(
        f'CREATE INDEX mine ON aws.thing ("{name}"); CREATE VIEW aws.seen AS SELECT "{name}" FROM aws.thing'
    )
    migration = plan({T: old}, {T: new}, DIALECTS[dialect], None, (f"{T}.gone",))
    text = script(migration, DIALECTS[dialect], "2")
    info = postgres.info
    address = ("--host", info.host, "--port", str(info.port), "--username", info.user, info.dbname)
    done = subprocess.run(
        ["psql", "--no-psqlrc", "--set=ON_ERROR_STOP=1", *address],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "row" not in done.stdout
    assert [line.partition("NOTICE:  ")[2] for line in done.stderr.splitlines()] == [
        f"the index aws.mine is built again for the new type of {name}",
        "created the view aws.seen again",
    ]
    assert postgres.execute("SHOW client_min_messages").fetchone() == ("warning",)
    assert content(postgres, new) == [("key 0", "1", None)]


def views(connection: psycopg.Connection) -> dict[str, tuple[object, ...]]:
    found = connection.execute(
        "SELECT relname, pg_get_viewdef(oid), reloptions, relacl::text, obj_description(oid), "
        "col_description(oid, 2) FROM pg_class WHERE relkind = 'v' AND relnamespace = 'aws'::regnamespace"
    ).fetchall()
    assert len(found) == 3
    return {str(name): tuple(rest) for name, *rest in found}


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (
            "CREATE VIEW aws.mine AS SELECT upper(x) AS x FROM aws.thing",
            "the view aws.mine cannot be created again: function upper",
        ),
        (
            "CREATE MATERIALIZED VIEW aws.mine AS SELECT x FROM aws.thing",
            "the view or rule aws.mine reads a column whose type changes",
        ),
        (
            "CREATE INDEX mine ON aws.thing (x text_pattern_ops)",
            "text_pattern_ops",
        ),
    ],
)
def test_what_does_not_fit_the_new_type_is_named(
    postgres: psycopg.Connection, made: str, message: str
) -> None:
    """A view or index that the new type breaks stops the migration, and stays."""
    dialect = "postgres_jsonb"
    old, new = (table(T, columns(type), dialect) for type in ("string", "json"))
    create(postgres, dialect, old)
    insert(postgres, old, ["a"])
    postgres.execute(made.encode())
    messages = notices(postgres)
    with pytest.raises(psycopg.Error, match=message):
        migrate(postgres, dialect, [old], [new])
    if "INDEX" in made:
        assert "the index aws.mine is built again for the new type of x" in messages
    assert postgres.execute("SELECT to_regclass('aws.mine') IS NOT NULL").fetchone() == (True,)
    assert content(postgres, old) == [("key 0", "a")]


JSONB = "postgres_jsonb"


@pytest.mark.parametrize(
    ("put", "name"),
    [
        ("CREATE INDEX mine ON made.thing (_key) WHERE size > 3", "index made.mine"),
        ("CREATE INDEX mine ON made.thing ((size + 1))", "index made.mine"),
        ("ALTER TABLE made.thing ADD CONSTRAINT mine CHECK (size > 0)", "constraint mine"),
        ("CREATE STATISTICS mine ON (size + 1) FROM made.thing", "statistics object mine"),
        ("ALTER TABLE made.thing ADD mine bigint GENERATED ALWAYS AS (size * 2) STORED", "mine"),
        ("CREATE POLICY mine ON made.thing USING (size > 1)", "mine"),
        ("CREATE PUBLICATION mine FOR TABLE made.thing WHERE (size > 3)", "made.thing"),
        ("CREATE TABLE mine (x made.thing)", "mine.x"),
        (
            "CREATE FUNCTION mine() RETURNS SETOF bigint LANGUAGE sql "
            "BEGIN ATOMIC SELECT size FROM made.thing; END",
            "mine()",
        ),
    ],
)
def test_what_the_new_type_breaks_is_named(
    postgres: psycopg.Connection, put: str, name: str
) -> None:
    """Whatever users have made of a column is named by the error, and nothing has happened."""
    thing = table("made.thing", {"_key": "string", "size": "int64"}, JSONB)
    create(postgres, JSONB, thing)
    postgres.execute("INSERT INTO made.thing VALUES ('a', 5)")
    postgres.execute(put.encode())
    new = table("made.thing", {"_key": "string", "size": "json"}, JSONB)
    with pytest.raises(psycopg.Error, match=re.escape(name)):
        migrate(postgres, JSONB, [thing], [new])
    assert postgres.execute("SELECT size FROM made.thing").fetchall() == [(5,)]


def test_checks_and_partial_indexes_that_fit_the_new_type_stay(
    postgres: psycopg.Connection,
) -> None:
    """They are tried before the table is changed."""
    thing = table("made.thing", {"_key": "string", "size": "int64"}, JSONB)
    create(postgres, JSONB, thing)
    postgres.execute("ALTER TABLE made.thing ADD CONSTRAINT positive CHECK (size > 0)")
    postgres.execute("CREATE INDEX large ON made.thing (_key) WHERE size > 3")
    postgres.execute("INSERT INTO made.thing VALUES ('a', 5)")
    new = table("made.thing", {"_key": "string", "size": "float64"}, JSONB)
    migrate(postgres, JSONB, [thing], [new])
    assert postgres.execute("SELECT size FROM made.thing").fetchall() == [(5.0,)]
    with pytest.raises(psycopg.errors.CheckViolation):
        postgres.execute("INSERT INTO made.thing VALUES ('b', -1)")


def test_views_keep_exactly_their_privileges(postgres: psycopg.Connection) -> None:
    """What an owner has given away stays away, and default privileges are for new views."""
    thing = table("made.thing", {"_key": "string", "size": "int64"}, JSONB)
    create(postgres, JSONB, thing)
    postgres.execute("CREATE VIEW plain AS SELECT size FROM made.thing")
    postgres.execute("CREATE VIEW less AS SELECT size FROM made.thing")
    postgres.execute("REVOKE INSERT, UPDATE ON less FROM CURRENT_USER")
    postgres.execute("GRANT SELECT ON less TO PUBLIC")
    postgres.execute("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO pg_monitor, PUBLIC")
    privileges = (
        "SELECT c.relname, p.grantee::regrole::text, p.privilege_type FROM pg_class c, "
        "aclexplode(COALESCE(c.relacl, acldefault('r', c.relowner))) p "
        "WHERE c.relname IN ('plain', 'less') ORDER BY 1, 2, 3"
    )
    before = postgres.execute(privileges).fetchall()
    new = table("made.thing", {"_key": "string", "size": "json"}, JSONB)
    migrate(postgres, JSONB, [thing], [new])
    assert postgres.execute(privileges).fetchall() == before


def test_indexes_are_rebuilt_where_they_can_be(postgres: psycopg.Connection) -> None:
    """An index of a column whose type changes still exists."""
    dialect = "postgres_jsonb"
    old, new = (table(T, columns(type), dialect) for type in ("string", "int64"))
    create(postgres, dialect, old)
    insert(postgres, old, ["1"])
    postgres.execute("CREATE INDEX mine ON aws.thing (x)")
    migrate(postgres, dialect, [old], [new])
    assert postgres.execute("SELECT pg_get_indexdef('aws.mine'::regclass)").fetchone() == (
        "CREATE INDEX mine ON aws.thing USING btree (x)",
    )


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ("CREATE INDEX mine ON aws.thing (_key, x)", "used by index aws.mine"),
        ("CREATE INDEX mine ON aws.thing (lower(x))", "used by index aws.mine"),
        ("ALTER TABLE aws.thing ADD CONSTRAINT mine CHECK (x <> '')", "used by constraint mine"),
        (
            "CREATE VIEW aws.mine AS SELECT x FROM aws.thing",
            "used by rule _RETURN on view aws.mine",
        ),
    ],
)
def test_dropping_a_column_that_is_used_is_refused(
    postgres: psycopg.Connection, made: str, message: str
) -> None:
    """What PostgreSQL would drop silently is named, and stays."""
    dialect = "postgres_jsonb"
    old, new = table(T, columns("string"), dialect), table(T, {"_key": "string"}, dialect)
    create(postgres, dialect, old)
    postgres.execute(made.encode())
    with pytest.raises(psycopg.Error, match=message):
        migrate(postgres, dialect, [old], [new], allow_loss=["aws.thing.x"])
    assert len(described(postgres, old).columns) == 2


OWN = pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("GRANT SELECT (x) ON aws.thing TO PUBLIC", "privileges"),
        (
            "ALTER TABLE aws.thing ALTER x SET DEFAULT NULL; ALTER TABLE aws.thing ALTER x SET DEFAULT 'a'",
            "a default",
        ),
        ("ALTER TABLE aws.thing ALTER x SET NOT NULL", "NOT NULL"),
        ("ALTER TABLE aws.thing ALTER x SET STATISTICS 500", "a statistics target"),
        (
            "ALTER TABLE aws.thing ALTER x SET (n_distinct = 5); GRANT SELECT (x) ON aws.thing TO PUBLIC",
            "privileges, options",
        ),
    ],
)


@OWN
@pytest.mark.parametrize("how", ["batches", "lossy"])
def test_columns_are_not_replaced_by_ones_with_less(
    postgres: psycopg.Connection, how: str, statement: str, what: str
) -> None:
    """A new column would lack privileges and settings. In batches, the script stops before any conversion."""
    dialect = "postgres_jsonb"
    old = table(T, columns("string"), dialect)
    new = table(T, columns("json" if how == "batches" else "hstore"), dialect)
    create(postgres, dialect, old)
    insert(postgres, old, ["a"])
    postgres.execute(statement.encode())
    statements = statements_of(old, new, dialect, "aws.thing.x", batches=how == "batches")
    with pytest.raises(psycopg.errors.RaiseException, match=f"would not have its {what}") as raised:
        run_all(postgres, statements)
    assert "aws.thing.x: another column takes the place of this one" in str(raised.value)
    postgres.execute("ROLLBACK")
    assert [column.name for column in described(postgres, old).columns] == ["_key", "x"]
    assert content(postgres, old) == [("key 0", "a")]
    for undo in (
        "REVOKE ALL (x) ON aws.thing FROM PUBLIC",
        "ALTER TABLE aws.thing ALTER x DROP DEFAULT, ALTER x DROP NOT NULL, ALTER x SET STATISTICS -1, "
        "ALTER x RESET (n_distinct)",
    ):
        postgres.execute(undo)
    run_all(postgres, statements)
    assert len(content(postgres, new)) == 1


def test_keys_that_publications_need_stay(postgres: psycopg.Connection) -> None:
    """Without one, PostgreSQL would refuse to update and delete rows. Another identity serves as well."""
    dialect = "postgres_jsonb"
    old = table(T, columns("string"), dialect)
    keyless, other = (
        table(T, columns("string"), dialect, key=None),
        table(T, columns("string"), dialect, key="x"),
    )
    create(postgres, dialect, old)
    insert(postgres, old, ["a"])
    postgres.execute("CREATE PUBLICATION mine FOR TABLE aws.thing")
    with pytest.raises(psycopg.errors.RaiseException, match="identity for the publication mine"):
        run_all(postgres, statements_of(old, keyless, dialect))
    postgres.execute("ROLLBACK")
    postgres.execute("ALTER TABLE aws.thing REPLICA IDENTITY USING INDEX thing_pkey")
    with pytest.raises(psycopg.errors.RaiseException, match="identity for the publication mine"):
        run_all(postgres, statements_of(old, other, dialect))
    postgres.execute("ROLLBACK")
    postgres.execute("ALTER TABLE aws.thing REPLICA IDENTITY DEFAULT")
    run_all(postgres, statements_of(old, other, dialect))
    postgres.execute("ALTER TABLE aws.thing REPLICA IDENTITY FULL")
    run_all(postgres, statements_of(other, keyless, dialect))
    assert postgres.execute("UPDATE aws.thing SET x = 'b'").rowcount == 1
