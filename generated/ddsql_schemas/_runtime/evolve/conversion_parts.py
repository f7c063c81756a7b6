# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Spell parts of the SQL of conversions, for the table of `casts`."""

from __future__ import annotations

from .conversions import Cast, Conversion

POSTGRES = "postgres"
DUCKDB = "duckdb"

SPELLINGS = {"timestamp with time zone": "timestamptz"}
"""Other spellings of SQL types."""

# --- PostgreSQL: parts of conversions. None has a backslash, which a setting may make an escape. -----

_TIME = (
    "'^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    "([.][0-9]{1,6})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$'"
)
"""A time of RFC 3339; what is no time has to be excluded before PostgreSQL parses it."""
RANGE = "'0001-01-01T00:00:00Z' AND '9999-12-31T23:59:59.999999Z'"
NO_TIME = (
    f"CASE WHEN {{0}} !~ {_TIME} THEN true WHEN CAST(substr({{0}}, 9, 2) AS integer) > date_part('day', "
    "make_date(CAST(substr({0}, 1, 4) AS integer), CAST(substr({0}, 6, 2) AS integer), 1) "
    "+ INTERVAL '1 month -1 day') THEN true "
    f"ELSE CAST({{0}} AS timestamptz) NOT BETWEEN {RANGE} END"
)
RFC3339 = (
    "to_char({0} AT TIME ZONE 'UTC', CASE WHEN date_trunc('second', {0}) = {0} "
    """THEN 'YYYY-MM-DD"T"HH24:MI:SS"Z"' ELSE 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"' END)"""
)
# With a fraction, so that a reader of JSON gets a float again, as `json_text` writes it.
FLOAT_AS_JSON = (
    "to_jsonb(CASE WHEN {0} = trunc({0}) THEN round(CAST(CAST({0} AS text) AS numeric), 1) "
    "ELSE CAST(CAST({0} AS text) AS numeric) END)"
)
INT64 = "BETWEEN -9223372036854775808 AND 9223372036854775807"
TEXT_OF_JSON = "({0} #>> '{}')"

# The values of hstore_csv are lines of CSV; a comma in front gives each field one.
FIELDS = (
    "SELECT CASE WHEN m.f[1] LIKE '\"%' "
    "THEN replace(substr(m.f[1], 2, length(m.f[1]) - 2), '\"\"', '\"') ELSE m.f[1] END "
    "FROM regexp_matches(',' || {0}, ',(\"(?:[^\"]|\"\")*\"|[^\",]*)', 'g') WITH ORDINALITY AS m(f, n) "
    "ORDER BY m.n"
)
FIRST_FIELD = (
    "CASE WHEN {0} LIKE '\"%' THEN replace(substr({0}, 2, length({0}) - 2), '\"\"', '\"') "
    "ELSE {0} END"
)
FIELD = (
    "CASE WHEN {0} ~ ('[\",' || chr(10) || chr(13) || ']') "
    "THEN '\"' || replace({0}, '\"', '\"\"') || '\"' ELSE {0} END"
)


def entries(value: str) -> str:
    """Make an hstore of the entries of another one, with a new ``value``."""
    return (
        f"(SELECT COALESCE(hstore(array_agg(e.key), array_agg({value.replace('{0}', 'e.value')})), '') "
        "FROM each({0}) AS e)"
    )


def members(value: str) -> str:
    """Make a JSON object of the members of another one, with a new ``value``."""
    return (
        f"(SELECT COALESCE(jsonb_object_agg(e.key, {value.replace('{0}', 'e.value')}), '{{}}') "
        "FROM jsonb_each({0}) AS e)"
    )


NO_OBJECT_OF_TEXTS = (
    "CASE WHEN jsonb_typeof({0}) <> 'object' THEN true ELSE EXISTS (SELECT FROM jsonb_each({0}) AS e "
    "WHERE jsonb_typeof(e.value) NOT IN ('string', 'null')) END"
)

# --- DuckDB: parts of conversions -----------------------------------------------------------------

DUCKDB_MAP = "MAP(VARCHAR, VARCHAR)"
DUCKDB_LISTS = "MAP(VARCHAR, VARCHAR[])"


DUCKDB_TEXT_OF_JSON = "({0} ->> '$')"
DUCKDB_NUMBER = "trim(CAST({0} AS VARCHAR))"
DUCKDB_DIGITS = f"regexp_replace({DUCKDB_NUMBER}, '[eE].*', '')"
DUCKDB_NO_NUMBER = "json_type({0}) NOT IN ('BIGINT', 'UBIGINT', 'DOUBLE')"
DUCKDB_NO_TIME = (
    "NOT regexp_full_match({0}, '[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
    "([.][0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})') "
    "OR TRY_CAST({0} AS TIMESTAMPTZ) IS NULL"
)


def duckdb_json(old: str) -> tuple[Conversion, ...]:
    return (Conversion(old, "JSON", "to_json({0})"),)


def duckdb_text(old: str) -> tuple[Conversion, ...]:
    return (Conversion(old, "VARCHAR", "CAST({0} AS VARCHAR)"),)


def duckdb_entries(value: str) -> str:
    return (
        "map_from_entries(list_transform(map_entries({0}), "
        f"lambda e: struct_pack(k := e['key'], v := {value})))"
    )


def other(why: str = "the values of one are not values of the other") -> Cast:
    return Cast("lossy", why)


def as_text(old: str, duckdb: str) -> Cast:
    """Return the cast to string of a type whose text is not what the API returns."""
    return Cast(
        "lossy",
        "the text of a value is not what the API returns",
        {
            POSTGRES: (Conversion(old, "text", "CAST({0} AS text)"),),
            DUCKDB: duckdb_text(duckdb),
        },
    )


def to_json(old: str, duckdb: str, *others: Conversion) -> Cast:
    return Cast(
        "lossless",
        "every value is also a JSON value",
        {
            POSTGRES: (Conversion(old, "jsonb", "to_jsonb({0})"), *others),
            DUCKDB: duckdb_json(duckdb),
        },
    )
