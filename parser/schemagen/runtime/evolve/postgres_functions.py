# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Define the functions that the statements of a migration call in PostgreSQL.

They are temporary: the session's end drops them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from . import ledger

REFUSE: Final = "ddsql_refuse"
"""Fail with a place, what is wrong there, and the row where it is."""
STATE: Final = "ddsql_state"
"""Say in what a table differs from what is expected; NULL if in nothing."""
EXPECT: Final = "ddsql_expect"
"""Fail unless the old state is there, with what differs or that the new one is there already."""
TAKE_VIEWS: Final = "ddsql_take_views"
"""Drop the views that read columns, and remember how to create them."""
RESTORE_VIEWS: Final = "ddsql_restore_views"
"""Create the views again that were dropped."""
SHOW_INDEXES: Final = "ddsql_show_indexes"
"""Name the indexes that are rebuilt with a column."""
TRY: Final = "ddsql_try"
"""Fail, with their names, if a change of types does not fit checks, indexes or statistics with expressions,
of which PostgreSQL would only say which operator is missing."""
FREE: Final = "ddsql_free"
"""Fail, with their names, if indexes or constraints would vanish with a column."""
BARE: Final = "ddsql_bare"
"""Fail if a column has privileges or settings, which the column that takes its place would lack."""

_TEXT = ledger.STRING_TYPE


def _function(
    name: str, parameters: str, returns: str, body: str, settings: str = ""
) -> str:
    return f"""\
CREATE OR REPLACE FUNCTION pg_temp.{name}({parameters}) RETURNS {returns}
LANGUAGE plpgsql{settings} AS $ddsql$
{body}
$ddsql$"""


_SHOWS_NOTICES = " SET client_min_messages = 'notice'"
"""The clause of a function whose notices are shown, though migrations show none else."""

_VIEWS = 'pg_temp."ddsql_views"'

FUNCTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    REFUSE: (
        _function(
            REFUSE,
            f"place {_TEXT}, wrong {_TEXT}, first {_TEXT}",
            "void",
            """\
BEGIN
    RAISE EXCEPTION '%: %; the first row is %', place, wrong, first
        USING HINT = 'Nothing was changed.';
END""",
        ),
    ),
    STATE: (
        _function(
            STATE,
            f"id {_TEXT}, relation {_TEXT}, key {_TEXT}, "
            f"stored {_TEXT}[], types {_TEXT}[], names {_TEXT}[], meanings {_TEXT}[], absent {_TEXT}[], "
            "locked boolean",
            _TEXT,
            f"""\
DECLARE
    target regclass := to_regclass(relation);
    own {_TEXT}[];
    n integer;
    actual oid;
    meaning {_TEXT};
BEGIN
    IF target IS NULL THEN
        RETURN format('%s: there is no table %s', id, relation);
    END IF;
    IF locked THEN
        EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', target);
    END IF;
    FOR n IN 1 .. cardinality(stored) LOOP
        SELECT a.atttypid INTO actual FROM pg_attribute AS a
        WHERE a.attrelid = target AND a.attname = stored[n] AND a.attnum > 0 AND NOT a.attisdropped;
        IF NOT FOUND THEN
            RETURN format('%s: there is no column %I', id, stored[n]);
        END IF;
        IF actual IS DISTINCT FROM to_regtype(types[n]) THEN
            RETURN format('%s: the type of %I is %s, not %s', id, stored[n],
                format_type(actual, NULL), types[n]);
        END IF;
    END LOOP;
    FOR n IN 1 .. cardinality(absent) LOOP
        IF EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = target AND a.attname = absent[n]
                AND NOT a.attisdropped) THEN
            RETURN format('%s: there is a column %I', id, absent[n]);
        END IF;
    END LOOP;
    SELECT array_agg(a.attname ORDER BY a.attnum) INTO own
    FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
    WHERE i.indrelid = target AND i.indisprimary;
    IF COALESCE(own, '{{}}') <> array_remove(ARRAY[key], NULL) THEN
        RETURN format('%s: the primary key is (%s), not (%s)', id, array_to_string(own, ', '), key);
    END IF;
    -- Types that are one to the database differ in the ledger.
    IF to_regclass({{columns}}) IS NOT NULL THEN
        FOR n IN 1 .. cardinality(names) LOOP
            SELECT c."type" INTO meaning FROM {{relation}} AS c
            WHERE c."table_id" = id AND c."name" = names[n];
            IF FOUND AND meaning <> meanings[n] THEN
                RETURN format('%s: %I holds %s, not %s', id, names[n], meaning, meanings[n]);
            END IF;
        END LOOP;
    END IF;
    RETURN NULL;
END""".replace("{columns}", f"'{ledger.name('columns')}'").replace(
                "{relation}", ledger.name("columns")
            ),
        ),
    ),
    EXPECT: (
        _function(
            EXPECT,
            f"before {_TEXT}, after {_TEXT}",
            "void",
            """\
BEGIN
    IF before IS NOT NULL AND after IS NULL THEN
        RAISE EXCEPTION 'the database has been migrated already (%)', before
            USING HINT = 'Nothing was changed.';
    ELSIF before IS NOT NULL THEN
        RAISE EXCEPTION 'the database is not in the state that this migration starts from: %', before
            USING HINT = 'Nothing was changed.';
    END IF;
END""",
        ),
    ),
    TAKE_VIEWS: (
        f'CREATE TEMPORARY TABLE IF NOT EXISTS "ddsql_views" ("position" {ledger.NUMBER_TYPE} '
        f'GENERATED ALWAYS AS IDENTITY, "depth" {ledger.NUMBER_TYPE}, "view" {_TEXT}, "statement" {_TEXT}) '
        "ON COMMIT DROP",
        _function(
            TAKE_VIEWS,
            f"relations {_TEXT}[], columns {_TEXT}[]",
            "void",
            f"""\
DECLARE
    v record;
    definition {_TEXT};
BEGIN
    FOR v IN
        WITH RECURSIVE used (oid, depth) AS (
            SELECT r.ev_class, 1
            FROM unnest(relations, columns) AS w (relation, name)
            JOIN pg_attribute AS a ON a.attrelid = to_regclass(w.relation) AND a.attname = w.name
            JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
                AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum
            JOIN pg_rewrite AS r ON r.oid = d.objid
            UNION
            SELECT r.ev_class, u.depth + 1
            FROM used AS u
            JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
                AND d.refobjid = u.oid
            JOIN pg_rewrite AS r ON r.oid = d.objid AND r.ev_class <> u.oid
        )
        SELECT c.oid, max(u.depth) AS depth, c.oid::regclass::{_TEXT} AS name, c.relkind, c.relowner,
            c.reloptions, c.relacl,
            c.relkind <> 'v'
                OR EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = c.oid)
                OR EXISTS (SELECT FROM pg_rewrite AS r WHERE r.ev_class = c.oid AND r.rulename <> '_RETURN')
                OR EXISTS (SELECT FROM pg_attrdef AS f WHERE f.adrelid = c.oid)
                OR EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL)
                AS special
        FROM used AS u JOIN pg_class AS c ON c.oid = u.oid
        GROUP BY c.oid ORDER BY depth DESC, c.oid
    LOOP
        IF v.special THEN
            RAISE EXCEPTION 'the view or rule % reads a column whose type changes', v.name
                USING HINT = 'Nothing was changed. Drop it before, and create it again afterwards: it is a '
                    'materialized view, or has triggers, rules, defaults or privileges of columns.';
        END IF;
        definition := pg_get_viewdef(v.oid);
        INSERT INTO {_VIEWS} ("depth", "view", "statement") VALUES (
            v.depth, v.name, format('CREATE VIEW %s%s AS %s', v.name,
                ' WITH (' || array_to_string(v.reloptions, ', ') || ')', definition));
        INSERT INTO {_VIEWS} ("depth", "view", "statement")
        SELECT v.depth, v.name, format('ALTER VIEW %s OWNER TO %I', v.name, pg_get_userbyid(v.relowner))
        WHERE pg_get_userbyid(v.relowner) <> current_user;
        INSERT INTO {_VIEWS} ("depth", "view", "statement")
        SELECT v.depth, v.name, format('COMMENT ON VIEW %s IS %L', v.name, d.description)
        FROM pg_description AS d
        WHERE d.classoid = 'pg_class'::regclass AND d.objoid = v.oid AND d.objsubid = 0;
        INSERT INTO {_VIEWS} ("depth", "view", "statement")
        SELECT v.depth, v.name, format('COMMENT ON COLUMN %s.%I IS %L', v.name, a.attname, d.description)
        FROM pg_description AS d
        JOIN pg_attribute AS a ON a.attrelid = v.oid AND a.attnum = d.objsubid
        WHERE d.classoid = 'pg_class'::regclass AND d.objoid = v.oid;
        -- Of their owners, views have other privileges only if somebody took some.
        INSERT INTO {_VIEWS} ("depth", "view", "statement")
        SELECT v.depth, v.name, format('REVOKE ALL ON %s FROM %I', v.name, pg_get_userbyid(v.relowner))
        WHERE v.relacl IS NOT NULL;
        INSERT INTO {_VIEWS} ("depth", "view", "statement")
        SELECT v.depth, v.name, format('GRANT %s ON %s TO %s%s', p.privilege_type, v.name,
            CASE WHEN p.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(p.grantee)) END,
            CASE WHEN p.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
        FROM aclexplode(v.relacl) AS p;
        EXECUTE format('DROP VIEW %s', v.name);
    END LOOP;
END""",
        ),
    ),
    RESTORE_VIEWS: (
        _function(
            RESTORE_VIEWS,
            "",
            "void",
            f"""\
DECLARE
    v record;
    grantee {_TEXT};
BEGIN
    FOR v IN SELECT * FROM {_VIEWS} ORDER BY "depth", "position" LOOP
        BEGIN
            EXECUTE v.statement;
            IF v.statement LIKE 'CREATE VIEW %' THEN
                -- Default privileges are for views that are new.
                FOR grantee IN
                    SELECT DISTINCT CASE WHEN p.grantee = 0 THEN 'PUBLIC'
                        ELSE quote_ident(pg_get_userbyid(p.grantee)) END
                    FROM pg_class AS c, aclexplode(c.relacl) AS p
                    WHERE c.oid = to_regclass(v.view) AND p.grantee <> c.relowner
                LOOP
                    EXECUTE format('REVOKE ALL ON %s FROM %s', v.view, grantee);
                END LOOP;
            END IF;
        EXCEPTION WHEN OTHERS THEN
            RAISE EXCEPTION 'the view % cannot be created again: %', v.view, SQLERRM
                USING HINT = 'Nothing was changed. Drop the view before, and create one that fits afterwards.';
        END;
        IF v.statement LIKE 'CREATE VIEW %' THEN
            RAISE NOTICE 'created the view % again', v.view;
        END IF;
    END LOOP;
    DELETE FROM {_VIEWS};
END""",
            _SHOWS_NOTICES,
        ),
    ),
    SHOW_INDEXES: (
        _function(
            SHOW_INDEXES,
            f"relation {_TEXT}, name {_TEXT}",
            "void",
            """\
DECLARE
    v record;
BEGIN
    FOR v IN
        SELECT DISTINCT d.objid::regclass AS index FROM pg_depend AS d
        JOIN pg_attribute AS a ON a.attrelid = to_regclass(relation) AND a.attname = name
        JOIN pg_class AS c ON c.oid = d.objid AND c.relkind IN ('i', 'I')
        WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
            AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum
    LOOP
        RAISE NOTICE 'the index % is built again for the new type of %', v.index, name;
    END LOOP;
END""",
            _SHOWS_NOTICES,
        ),
    ),
    TRY: (
        _function(
            TRY,
            f"place {_TEXT}, relation {_TEXT}, names {_TEXT}[], statement {_TEXT}",
            "void",
            f"""\
DECLARE
    users {_TEXT};
BEGIN
    SELECT string_agg(DISTINCT pg_describe_object(d.classid, d.objid, d.objsubid), ', ') INTO users
    FROM pg_depend AS d
    JOIN pg_attribute AS a ON a.attrelid = to_regclass(relation) AND a.attname = ANY(names)
    WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum
        AND (EXISTS (SELECT FROM pg_constraint AS c
                WHERE d.classid = 'pg_constraint'::regclass AND c.oid = d.objid AND c.contype = 'c')
            OR EXISTS (SELECT FROM pg_index AS i WHERE d.classid = 'pg_class'::regclass
                AND i.indexrelid = d.objid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL))
            OR EXISTS (SELECT FROM pg_statistic_ext AS s WHERE d.classid = 'pg_statistic_ext'::regclass
                AND s.oid = d.objid AND s.stxexprs IS NOT NULL));
    IF users IS NULL THEN
        RETURN;
    END IF;
    BEGIN
        EXECUTE statement;
        RAISE EXCEPTION USING ERRCODE = 'DDSQL', MESSAGE = 'what was tried is undone';
    EXCEPTION
        WHEN SQLSTATE 'DDSQL' THEN
            RETURN;
        WHEN OTHERS THEN
            RAISE EXCEPTION '%: the new type does not fit: %; it is used by %', place, SQLERRM, users
                USING HINT = 'Nothing was changed. Drop these before, and create what fits afterwards.';
    END;
END""",
        ),
    ),
    FREE: (
        _function(
            FREE,
            f"place {_TEXT}, relation {_TEXT}, name {_TEXT}",
            "void",
            f"""\
DECLARE
    users {_TEXT};
BEGIN
    SELECT string_agg(DISTINCT pg_describe_object(d.classid, d.objid, d.objsubid), ', ') INTO users
    FROM pg_depend AS d
    JOIN pg_attribute AS a ON a.attrelid = to_regclass(relation) AND a.attname = name
    WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum
        AND NOT EXISTS (SELECT FROM pg_attrdef AS f WHERE d.classid = 'pg_attrdef'::regclass
            AND f.oid = d.objid AND f.adrelid = a.attrelid AND f.adnum = a.attnum);
    IF users IS NOT NULL THEN
        RAISE EXCEPTION '%: the column cannot be dropped, because it is used by %', place, users
            USING HINT = 'Nothing was changed. Drop these before.';
    END IF;
END""",
        ),
    ),
    BARE: (
        _function(
            BARE,
            f"place {_TEXT}, relation {_TEXT}, name {_TEXT}",
            "void",
            f"""\
DECLARE
    own {_TEXT};
BEGIN
    SELECT concat_ws(', ',
        CASE WHEN a.attacl IS NOT NULL THEN 'privileges' END,
        CASE WHEN a.atthasdef AND a.attgenerated = '' THEN 'a default' END,
        CASE WHEN a.attidentity <> '' THEN 'an identity' END,
        CASE WHEN a.attnotnull AND NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = a.attrelid
            AND i.indisprimary AND a.attnum = ANY(i.indkey)) THEN 'NOT NULL' END,
        CASE WHEN a.attstattarget >= 0 THEN 'a statistics target' END,
        CASE WHEN a.attoptions IS NOT NULL THEN 'options' END) INTO own
    FROM pg_attribute AS a WHERE a.attrelid = to_regclass(relation) AND a.attname = name;
    IF own <> '' THEN
        RAISE EXCEPTION '%: another column takes the place of this one, and would not have its %', place, own
            USING HINT = 'Nothing was changed. Take these from the column before, and give them to it again afterwards.';
    END IF;
END""",
        ),
    ),
}
"""The statements that create each function, and what it needs."""
