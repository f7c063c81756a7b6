# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""List every change of a column's DDSQL type, what becomes of stored values, and how they are converted.

The SQL of a conversion is written for the types that a database really has, so it spells them: what
the type table says today is not what a table was created with.
"""

from __future__ import annotations

from collections.abc import Mapping

from .conversion_parts import (
    DUCKDB,
    DUCKDB_DIGITS,
    DUCKDB_LISTS,
    DUCKDB_MAP,
    DUCKDB_NO_NUMBER,
    DUCKDB_NO_TIME,
    DUCKDB_NUMBER,
    DUCKDB_TEXT_OF_JSON,
    FIELD,
    FIELDS,
    FIRST_FIELD,
    FLOAT_AS_JSON,
    INT64,
    NO_OBJECT_OF_TEXTS,
    NO_TIME,
    POSTGRES,
    RANGE,
    RFC3339,
    TEXT_OF_JSON,
    as_text,
    duckdb_entries,
    duckdb_json,
    duckdb_text,
    entries,
    members,
    other,
    to_json,
)
from .conversions import Cast, Conversion

CASTS: Mapping[tuple[str, str], Cast] = {
    ("bool", "float64"): other(),
    ("bool", "hstore"): other(),
    ("bool", "hstore_csv"): other(),
    ("bool", "int64"): other(),
    ("bool", "json"): to_json("boolean", "BOOLEAN"),
    ("bool", "string"): as_text("boolean", "BOOLEAN"),
    ("bool", "timestamp"): other(),
    ("float64", "bool"): other(),
    ("float64", "hstore"): other(),
    ("float64", "hstore_csv"): other(),
    ("float64", "int64"): Cast(
        "guarded",
        "only whole numbers of 64 bits are integers",
        {
            POSTGRES: (
                Conversion(
                    "double precision",
                    "bigint",
                    "CAST({0} AS bigint)",
                    "NOT ({0} = trunc({0}) AND {0} >= -9223372036854775808 "
                    "AND {0} < 9223372036854775808)",
                ),
            ),
            DUCKDB: (
                Conversion(
                    "DOUBLE",
                    "BIGINT",
                    "CAST({0} AS BIGINT)",
                    "TRY_CAST({0} AS BIGINT) IS NULL "
                    "OR CAST(TRY_CAST({0} AS BIGINT) AS DOUBLE) <> {0}",
                ),
            ),
        },
    ),
    ("float64", "json"): Cast(
        "guarded",
        "NaN and infinities are not JSON",
        {
            POSTGRES: (
                Conversion(
                    "double precision",
                    "jsonb",
                    FLOAT_AS_JSON,
                    "{0} IN ('NaN', 'Infinity', '-Infinity')",
                ),
            ),
            DUCKDB: (
                Conversion("DOUBLE", "JSON", "to_json({0})", "NOT isfinite({0})"),
            ),
        },
    ),
    ("float64", "string"): as_text("double precision", "DOUBLE"),
    ("float64", "timestamp"): other(),
    ("hstore", "bool"): other(),
    ("hstore", "float64"): other(),
    ("hstore", "hstore_csv"): Cast(
        "lossless",
        "each value becomes a list of one value",
        {
            POSTGRES: (
                Conversion("hstore", "hstore", entries(FIELD), query=True),
                Conversion(
                    "jsonb",
                    "jsonb",
                    members(
                        "CASE WHEN jsonb_typeof({0}) = 'null' THEN '[]' ELSE jsonb_build_array({0}) END"
                    ),
                    query=True,
                ),
            ),
            DUCKDB: (
                Conversion(
                    DUCKDB_MAP,
                    DUCKDB_LISTS,
                    duckdb_entries(
                        "CASE WHEN e['value'] IS NULL THEN CAST([] AS VARCHAR[]) ELSE [e['value']] END"
                    ),
                ),
            ),
        },
    ),
    ("hstore", "int64"): other(),
    ("hstore", "json"): to_json(
        "hstore", DUCKDB_MAP, Conversion("jsonb", "jsonb", "{0}")
    ),
    ("hstore", "string"): as_text("hstore", DUCKDB_MAP),
    ("hstore", "timestamp"): other(),
    ("hstore_csv", "bool"): other(),
    ("hstore_csv", "float64"): other(),
    ("hstore_csv", "hstore"): Cast(
        "guarded",
        "only keys with at most one value keep it",
        {
            POSTGRES: (
                Conversion(
                    "hstore",
                    "hstore",
                    entries(FIRST_FIELD),
                    "EXISTS (SELECT FROM each({0}) AS e "
                    'WHERE e.value !~ \'^("([^"]|"")*"|[^",]*)$\')',
                    query=True,
                ),
                Conversion(
                    "jsonb",
                    "jsonb",
                    members("COALESCE({0} -> 0, 'null')"),
                    "EXISTS (SELECT FROM jsonb_each({0}) AS e WHERE jsonb_array_length(e.value) > 1)",
                    query=True,
                ),
            ),
            DUCKDB: (
                Conversion(
                    DUCKDB_LISTS,
                    DUCKDB_MAP,
                    duckdb_entries("e['value'][1]"),
                    "len(list_filter(map_values({0}), lambda v: len(v) > 1)) > 0",
                ),
            ),
        },
    ),
    ("hstore_csv", "int64"): other(),
    ("hstore_csv", "json"): Cast(
        "lossless",
        "keys map to lists of their values",
        {
            POSTGRES: (
                Conversion(
                    "hstore",
                    "jsonb",
                    "(SELECT COALESCE(jsonb_object_agg(e.key, CASE WHEN e.value IS NULL THEN '[]' "
                    f"ELSE to_jsonb(ARRAY({FIELDS.replace('{0}', 'e.value')})) END), '{{}}') "
                    "FROM each({0}) AS e)",
                    query=True,
                ),
                Conversion("jsonb", "jsonb", "{0}"),
            ),
            DUCKDB: duckdb_json(DUCKDB_LISTS),
        },
    ),
    ("hstore_csv", "string"): as_text("hstore", DUCKDB_LISTS),
    ("hstore_csv", "timestamp"): other(),
    ("int64", "bool"): other(),
    ("int64", "float64"): Cast(
        "guarded",
        "integers beyond 2^53 are rounded",
        {
            POSTGRES: (
                Conversion(
                    "bigint",
                    "double precision",
                    "CAST({0} AS double precision)",
                    "{0} NOT BETWEEN -9007199254740992 AND 9007199254740992",
                ),
            ),
            DUCKDB: (
                Conversion(
                    "BIGINT",
                    "DOUBLE",
                    "CAST({0} AS DOUBLE)",
                    "{0} NOT BETWEEN -9007199254740992 AND 9007199254740992",
                ),
            ),
        },
    ),
    ("int64", "hstore"): other(),
    ("int64", "hstore_csv"): other(),
    ("int64", "json"): to_json("bigint", "BIGINT"),
    ("int64", "string"): as_text("bigint", "BIGINT"),
    ("int64", "timestamp"): other(),
    ("json", "bool"): Cast(
        "guarded",
        "only true and false are booleans",
        {
            POSTGRES: (
                Conversion(
                    "jsonb",
                    "boolean",
                    "CAST({0} AS boolean)",
                    "jsonb_typeof({0}) <> 'boolean'",
                ),
            ),
            DUCKDB: (
                Conversion(
                    "JSON",
                    "BOOLEAN",
                    f"{DUCKDB_TEXT_OF_JSON} = 'true'",
                    "json_type({0}) <> 'BOOLEAN'",
                ),
            ),
        },
    ),
    ("json", "float64"): Cast(
        "guarded",
        "only numbers of double precision are floats",
        {
            POSTGRES: (
                Conversion(
                    "jsonb",
                    "double precision",
                    "CAST({0} AS double precision)",
                    "CASE WHEN jsonb_typeof({0}) <> 'number' THEN true "
                    "WHEN CAST({0} AS numeric) = 0 THEN false "
                    "WHEN abs(CAST({0} AS numeric)) NOT BETWEEN 1e-307 AND 1.7e308 THEN true "
                    "ELSE CAST(CAST(CAST({0} AS double precision) AS text) AS numeric) "
                    "<> CAST({0} AS numeric) END",
                ),
            ),
            DUCKDB: (
                Conversion(
                    "JSON",
                    "DOUBLE",
                    f"CAST({DUCKDB_NUMBER} AS DOUBLE)",
                    f"{DUCKDB_NO_NUMBER} OR TRY_CAST({DUCKDB_NUMBER} AS DOUBLE) IS NULL "
                    f"OR NOT isfinite(TRY_CAST({DUCKDB_NUMBER} AS DOUBLE)) "
                    f"OR (length(regexp_replace({DUCKDB_DIGITS}, '[^0-9]', '', 'g')) > 15 "
                    f"AND CAST(TRY_CAST({DUCKDB_NUMBER} AS DOUBLE) AS VARCHAR) <> {DUCKDB_NUMBER}) "
                    f"OR (TRY_CAST({DUCKDB_NUMBER} AS DOUBLE) = 0 AND regexp_matches({DUCKDB_DIGITS}, '[1-9]'))",
                ),
            ),
        },
    ),
    ("json", "hstore"): Cast(
        "guarded",
        "only objects of strings are maps",
        {
            POSTGRES: (
                Conversion(
                    "jsonb",
                    "hstore",
                    "(SELECT COALESCE(hstore(array_agg(e.key), array_agg(e.value)), '') "
                    "FROM jsonb_each_text({0}) AS e)",
                    NO_OBJECT_OF_TEXTS,
                    query=True,
                ),
                Conversion("jsonb", "jsonb", "{0}", NO_OBJECT_OF_TEXTS),
            ),
            DUCKDB: (
                Conversion(
                    "JSON",
                    DUCKDB_MAP,
                    f"CAST({{0}} AS {DUCKDB_MAP})",
                    "CASE WHEN json_type({0}) <> 'OBJECT' OR TRY_CAST({0} AS MAP(VARCHAR, JSON)) IS NULL THEN true "
                    "ELSE len(list_filter(map_values(TRY_CAST({0} AS MAP(VARCHAR, JSON))), "
                    "lambda v: json_type(v) NOT IN ('VARCHAR', 'NULL'))) > 0 END",
                ),
            ),
        },
    ),
    ("json", "hstore_csv"): other("a JSON value need not be a value of that type"),
    ("json", "int64"): Cast(
        "guarded",
        "only whole numbers of 64 bits are integers",
        {
            POSTGRES: (
                Conversion(
                    "jsonb",
                    "bigint",
                    "CAST({0} AS bigint)",
                    "CASE WHEN jsonb_typeof({0}) <> 'number' THEN true "
                    "ELSE CAST({0} AS numeric) % 1 <> 0 "
                    f"OR NOT CAST({{0}} AS numeric) {INT64} END",
                ),
            ),
            DUCKDB: (
                Conversion(
                    "JSON",
                    "BIGINT",
                    f"CAST({DUCKDB_NUMBER} AS BIGINT)",
                    f"{DUCKDB_NO_NUMBER} OR TRY_CAST({DUCKDB_NUMBER} AS BIGINT) IS NULL OR (json_type({{0}}) = 'DOUBLE' "
                    f"AND (abs(TRY_CAST({DUCKDB_NUMBER} AS DOUBLE)) > 9007199254740992 OR TRY_CAST({DUCKDB_NUMBER} AS DOUBLE) % 1 <> 0))",
                ),
            ),
        },
    ),
    ("json", "string"): Cast(
        "guarded",
        "only JSON strings are text",
        {
            POSTGRES: (
                Conversion(
                    "jsonb", "text", TEXT_OF_JSON, "jsonb_typeof({0}) <> 'string'"
                ),
            ),
            DUCKDB: (
                Conversion(
                    "JSON",
                    "VARCHAR",
                    DUCKDB_TEXT_OF_JSON,
                    "json_type({0}) <> 'VARCHAR'",
                ),
            ),
        },
    ),
    ("json", "timestamp"): Cast(
        "guarded",
        "only strings with a time of RFC 3339 are times",
        {
            POSTGRES: (
                Conversion(
                    "jsonb",
                    "timestamptz",
                    f"CAST({TEXT_OF_JSON} AS timestamptz)",
                    "CASE WHEN jsonb_typeof({0}) <> 'string' THEN true ELSE "
                    f"{NO_TIME.replace('{0}', TEXT_OF_JSON)} END",
                ),
            ),
            DUCKDB: (
                Conversion(
                    "JSON",
                    "TIMESTAMPTZ",
                    f"CAST({DUCKDB_TEXT_OF_JSON} AS TIMESTAMPTZ)",
                    "json_type({0}) <> 'VARCHAR' OR "
                    f"{DUCKDB_NO_TIME.replace('{0}', DUCKDB_TEXT_OF_JSON)}",
                ),
            ),
        },
    ),
    ("string", "bool"): Cast(
        "guarded",
        "only true and false are booleans",
        {
            POSTGRES: (
                Conversion(
                    "text", "boolean", "{0} = 'true'", "{0} NOT IN ('true', 'false')"
                ),
            ),
            DUCKDB: (
                Conversion(
                    "VARCHAR", "BOOLEAN", "{0} = 'true'", "{0} NOT IN ('true', 'false')"
                ),
            ),
        },
    ),
    ("string", "float64"): Cast(
        "guarded",
        "only numbers of at most 15 digits keep all of them",
        {
            POSTGRES: (
                Conversion(
                    "text",
                    "double precision",
                    "CAST({0} AS double precision)",
                    "{0} !~ '^-?(0|[1-9][0-9]*)([.][0-9]+)?$' "
                    "OR length(regexp_replace({0}, '[^0-9]', '', 'g')) > 15",
                ),
            ),
            DUCKDB: (
                Conversion(
                    "VARCHAR",
                    "DOUBLE",
                    "CAST({0} AS DOUBLE)",
                    "NOT regexp_full_match({0}, '-?(0|[1-9][0-9]*)([.][0-9]+)?') "
                    "OR length(regexp_replace({0}, '[^0-9]', '', 'g')) > 15",
                ),
            ),
        },
    ),
    ("string", "hstore"): other("text need not be a value of that type"),
    ("string", "hstore_csv"): other("text need not be a value of that type"),
    ("string", "int64"): Cast(
        "guarded",
        "only integers of 64 bits, without leading zeros, keep their text",
        {
            POSTGRES: (
                Conversion(
                    "text",
                    "bigint",
                    "CAST({0} AS bigint)",
                    "CASE WHEN {0} !~ '^(0|-?[1-9][0-9]{0,18})$' THEN true "
                    f"ELSE NOT CAST({{0}} AS numeric) {INT64} END",
                ),
            ),
            DUCKDB: (
                Conversion(
                    "VARCHAR",
                    "BIGINT",
                    "CAST({0} AS BIGINT)",
                    "NOT regexp_full_match({0}, '0|-?[1-9][0-9]*') "
                    "OR TRY_CAST({0} AS BIGINT) IS NULL",
                ),
            ),
        },
    ),
    ("string", "json"): to_json("text", "VARCHAR"),
    ("string", "timestamp"): Cast(
        "guarded",
        "only times of RFC 3339, with their offset, are times",
        {
            POSTGRES: (
                Conversion(
                    "text",
                    "timestamptz",
                    "CAST({0} AS timestamptz)",
                    NO_TIME,
                ),
            ),
            DUCKDB: (
                Conversion(
                    "VARCHAR",
                    "TIMESTAMPTZ",
                    "CAST({0} AS TIMESTAMPTZ)",
                    DUCKDB_NO_TIME,
                ),
            ),
        },
    ),
    ("timestamp", "bool"): other(),
    ("timestamp", "float64"): other(),
    ("timestamp", "hstore"): other(),
    ("timestamp", "hstore_csv"): other(),
    ("timestamp", "int64"): other(),
    ("timestamp", "json"): Cast(
        "lossless",
        "a time is a string in RFC 3339",
        {
            POSTGRES: (
                Conversion(
                    "timestamptz",
                    "jsonb",
                    f"to_jsonb({RFC3339})",
                    f"{{0}} NOT BETWEEN {RANGE}",
                ),
            ),
            # As `rfc3339` writes a time.
            DUCKDB: (
                Conversion(
                    "TIMESTAMPTZ",
                    "JSON",
                    "to_json(CASE WHEN date_part('microseconds', {0}) % 1000000 = 0 "
                    "THEN strftime({0} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%SZ') "
                    "ELSE strftime({0} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') END)",
                    "NOT isfinite({0})",
                ),
            ),
        },
    ),
    ("timestamp", "string"): Cast(
        "lossy",
        "the text of a value is not what the API returns",
        {
            POSTGRES: (
                Conversion(
                    "timestamptz", "text", RFC3339, f"{{0}} NOT BETWEEN {RANGE}"
                ),
            ),
            DUCKDB: duckdb_text("TIMESTAMPTZ"),
        },
    ),
}
"""Every change from one DDSQL type of the type table to another."""
