# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Say what becomes of stored values when a column's DDSQL type changes, and how they are converted.

The SQL of a conversion is written for the types that a database really has, so it spells them: what
the type table says today is not what a table was created with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

Loss = Literal["lossless", "guarded", "lossy"]
"""What a cast does to stored values: none changes; none changes if a check of them holds; some change,
or mean something else."""


class Conversion(NamedTuple):
    """How a database converts the values of a column from its SQL type ``old`` to ``new``.

    ``value`` is the new value, and ``lost`` is true for values that would be lost ("" if none would):
    both are SQL around a column, ``{0}``, that is not NULL. With ``query``, they contain queries, which
    not every statement takes.
    """

    old: str
    new: str
    value: str
    lost: str = ""
    query: bool = False

    @property
    def keeps(self) -> bool:
        """Whether the values stay as they are."""
        return self.value == "{0}"

    def value_of(self, column: str) -> str:
        """Return the SQL of the new value of ``column``, SQL itself."""
        return self.value.replace("{0}", column)

    def lost_of(self, column: str) -> str:
        """Return the SQL that is true if the value of ``column`` would be lost; "" if none would."""
        return self.lost.replace("{0}", column)


class Cast(NamedTuple):
    """A change of a column's type. ``why`` says, for people, what happens to the values.

    ``conversions`` has those of each engine; a lossy cast without one loses all values. There are several
    for an engine whose dialects store a type in different ways.
    """

    loss: Loss
    why: str
    conversions: Mapping[str, tuple[Conversion, ...]] = {}


POSTGRES = "postgres"
DUCKDB = "duckdb"

# --- PostgreSQL: parts of conversions. None has a backslash, which a setting may make an escape. -----

_TIME = (
    "'^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    "([.][0-9]{1,6})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$'"
)
"""A time of RFC 3339; what is no time has to be excluded before PostgreSQL parses it."""
_RANGE = "'0001-01-01T00:00:00Z' AND '9999-12-31T23:59:59.999999Z'"
_NO_TIME = (
    f"CASE WHEN {{0}} !~ {_TIME} THEN true WHEN CAST(substr({{0}}, 9, 2) AS integer) > date_part('day', "
    "make_date(CAST(substr({0}, 1, 4) AS integer), CAST(substr({0}, 6, 2) AS integer), 1) "
    "+ INTERVAL '1 month -1 day') THEN true "
    f"ELSE CAST({{0}} AS timestamptz) NOT BETWEEN {_RANGE} END"
)
_RFC3339 = (
    "to_char({0} AT TIME ZONE 'UTC', CASE WHEN date_trunc('second', {0}) = {0} "
    """THEN 'YYYY-MM-DD"T"HH24:MI:SS"Z"' ELSE 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"' END)"""
)
# With a fraction, so that a reader of JSON gets a float again, as `json_text` writes it.
_FLOAT_AS_JSON = (
    "to_jsonb(CASE WHEN {0} = trunc({0}) THEN round(CAST(CAST({0} AS text) AS numeric), 1) "
    "ELSE CAST(CAST({0} AS text) AS numeric) END)"
)
_INT64 = "BETWEEN -9223372036854775808 AND 9223372036854775807"
_TEXT_OF_JSON = "({0} #>> '{}')"

# The values of hstore_csv are lines of CSV; a comma in front gives each field one.
_FIELDS = (
    "SELECT CASE WHEN m.f[1] LIKE '\"%' "
    "THEN replace(substr(m.f[1], 2, length(m.f[1]) - 2), '\"\"', '\"') ELSE m.f[1] END "
    "FROM regexp_matches(',' || {0}, ',(\"(?:[^\"]|\"\")*\"|[^\",]*)', 'g') WITH ORDINALITY AS m(f, n) "
    "ORDER BY m.n"
)
_FIRST_FIELD = (
    "CASE WHEN {0} LIKE '\"%' THEN replace(substr({0}, 2, length({0}) - 2), '\"\"', '\"') "
    "ELSE {0} END"
)
_FIELD = (
    "CASE WHEN {0} ~ ('[\",' || chr(10) || chr(13) || ']') "
    "THEN '\"' || replace({0}, '\"', '\"\"') || '\"' ELSE {0} END"
)


def _entries(value: str) -> str:
    """Make an hstore of the entries of another one, with a new ``value``."""
    return (
        f"(SELECT COALESCE(hstore(array_agg(e.key), array_agg({value.replace('{0}', 'e.value')})), '') "
        "FROM each({0}) AS e)"
    )


def _members(value: str) -> str:
    """Make a JSON object of the members of another one, with a new ``value``."""
    return (
        f"(SELECT COALESCE(jsonb_object_agg(e.key, {value.replace('{0}', 'e.value')}), '{{}}') "
        "FROM jsonb_each({0}) AS e)"
    )


_NO_OBJECT_OF_TEXTS = (
    "CASE WHEN jsonb_typeof({0}) <> 'object' THEN true ELSE EXISTS (SELECT FROM jsonb_each({0}) AS e "
    "WHERE jsonb_typeof(e.value) NOT IN ('string', 'null')) END"
)

# --- DuckDB: parts of conversions -----------------------------------------------------------------

_DUCKDB_MAP = "MAP(VARCHAR, VARCHAR)"
_DUCKDB_LISTS = "MAP(VARCHAR, VARCHAR[])"


_DUCKDB_TEXT_OF_JSON = "({0} ->> '$')"
_DUCKDB_NUMBER = "trim(CAST({0} AS VARCHAR))"
_DUCKDB_DIGITS = f"regexp_replace({_DUCKDB_NUMBER}, '[eE].*', '')"
_DUCKDB_NO_NUMBER = "json_type({0}) NOT IN ('BIGINT', 'UBIGINT', 'DOUBLE')"
_DUCKDB_NO_TIME = (
    "NOT regexp_full_match({0}, '[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
    "([.][0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})') "
    "OR TRY_CAST({0} AS TIMESTAMPTZ) IS NULL"
)


def _duckdb_json(old: str) -> tuple[Conversion, ...]:
    return (Conversion(old, "JSON", "to_json({0})"),)


def _duckdb_text(old: str) -> tuple[Conversion, ...]:
    return (Conversion(old, "VARCHAR", "CAST({0} AS VARCHAR)"),)


def _duckdb_entries(value: str) -> str:
    return (
        "map_from_entries(list_transform(map_entries({0}), "
        f"lambda e: struct_pack(k := e.key, v := {value})))"
    )


# --- the table ------------------------------------------------------------------------------------


def _other(why: str = "the values of one are not values of the other") -> Cast:
    return Cast("lossy", why)


def _as_text(old: str, duckdb: str) -> Cast:
    """Return the cast to string of a type whose text is not what the API returns."""
    return Cast(
        "lossy",
        "the text of a value is not what the API returns",
        {
            POSTGRES: (Conversion(old, "text", "CAST({0} AS text)"),),
            DUCKDB: _duckdb_text(duckdb),
        },
    )


def _to_json(old: str, duckdb: str, *others: Conversion) -> Cast:
    return Cast(
        "lossless",
        "every value is also a JSON value",
        {
            POSTGRES: (Conversion(old, "jsonb", "to_jsonb({0})"), *others),
            DUCKDB: _duckdb_json(duckdb),
        },
    )


CASTS: Mapping[tuple[str, str], Cast] = {
    ("bool", "float64"): _other(),
    ("bool", "hstore"): _other(),
    ("bool", "hstore_csv"): _other(),
    ("bool", "int64"): _other(),
    ("bool", "json"): _to_json("boolean", "BOOLEAN"),
    ("bool", "string"): _as_text("boolean", "BOOLEAN"),
    ("bool", "timestamp"): _other(),
    ("float64", "bool"): _other(),
    ("float64", "hstore"): _other(),
    ("float64", "hstore_csv"): _other(),
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
                    _FLOAT_AS_JSON,
                    "{0} IN ('NaN', 'Infinity', '-Infinity')",
                ),
            ),
            DUCKDB: (
                Conversion("DOUBLE", "JSON", "to_json({0})", "NOT isfinite({0})"),
            ),
        },
    ),
    ("float64", "string"): _as_text("double precision", "DOUBLE"),
    ("float64", "timestamp"): _other(),
    ("hstore", "bool"): _other(),
    ("hstore", "float64"): _other(),
    ("hstore", "hstore_csv"): Cast(
        "lossless",
        "each value becomes a list of one value",
        {
            POSTGRES: (
                Conversion("hstore", "hstore", _entries(_FIELD), query=True),
                Conversion(
                    "jsonb",
                    "jsonb",
                    _members(
                        "CASE WHEN jsonb_typeof({0}) = 'null' THEN '[]' ELSE jsonb_build_array({0}) END"
                    ),
                    query=True,
                ),
            ),
            DUCKDB: (
                Conversion(
                    _DUCKDB_MAP,
                    _DUCKDB_LISTS,
                    _duckdb_entries(
                        "CASE WHEN e.value IS NULL THEN CAST([] AS VARCHAR[]) ELSE [e.value] END"
                    ),
                ),
            ),
        },
    ),
    ("hstore", "int64"): _other(),
    ("hstore", "json"): _to_json(
        "hstore", _DUCKDB_MAP, Conversion("jsonb", "jsonb", "{0}")
    ),
    ("hstore", "string"): _as_text("hstore", _DUCKDB_MAP),
    ("hstore", "timestamp"): _other(),
    ("hstore_csv", "bool"): _other(),
    ("hstore_csv", "float64"): _other(),
    ("hstore_csv", "hstore"): Cast(
        "guarded",
        "only keys with at most one value keep it",
        {
            POSTGRES: (
                Conversion(
                    "hstore",
                    "hstore",
                    _entries(_FIRST_FIELD),
                    "EXISTS (SELECT FROM each({0}) AS e "
                    'WHERE e.value !~ \'^("([^"]|"")*"|[^",]*)$\')',
                    query=True,
                ),
                Conversion(
                    "jsonb",
                    "jsonb",
                    _members("COALESCE({0} -> 0, 'null')"),
                    "EXISTS (SELECT FROM jsonb_each({0}) AS e WHERE jsonb_array_length(e.value) > 1)",
                    query=True,
                ),
            ),
            DUCKDB: (
                Conversion(
                    _DUCKDB_LISTS,
                    _DUCKDB_MAP,
                    _duckdb_entries("e.value[1]"),
                    "len(list_filter(map_values({0}), lambda v: len(v) > 1)) > 0",
                ),
            ),
        },
    ),
    ("hstore_csv", "int64"): _other(),
    ("hstore_csv", "json"): Cast(
        "lossless",
        "keys map to lists of their values",
        {
            POSTGRES: (
                Conversion(
                    "hstore",
                    "jsonb",
                    "(SELECT COALESCE(jsonb_object_agg(e.key, CASE WHEN e.value IS NULL THEN '[]' "
                    f"ELSE to_jsonb(ARRAY({_FIELDS.replace('{0}', 'e.value')})) END), '{{}}') "
                    "FROM each({0}) AS e)",
                    query=True,
                ),
                Conversion("jsonb", "jsonb", "{0}"),
            ),
            DUCKDB: _duckdb_json(_DUCKDB_LISTS),
        },
    ),
    ("hstore_csv", "string"): _as_text("hstore", _DUCKDB_LISTS),
    ("hstore_csv", "timestamp"): _other(),
    ("int64", "bool"): _other(),
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
    ("int64", "hstore"): _other(),
    ("int64", "hstore_csv"): _other(),
    ("int64", "json"): _to_json("bigint", "BIGINT"),
    ("int64", "string"): _as_text("bigint", "BIGINT"),
    ("int64", "timestamp"): _other(),
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
                    f"{_DUCKDB_TEXT_OF_JSON} = 'true'",
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
                    f"CAST({_DUCKDB_NUMBER} AS DOUBLE)",
                    f"{_DUCKDB_NO_NUMBER} OR TRY_CAST({_DUCKDB_NUMBER} AS DOUBLE) IS NULL "
                    f"OR NOT isfinite(TRY_CAST({_DUCKDB_NUMBER} AS DOUBLE)) "
                    f"OR (length(regexp_replace({_DUCKDB_DIGITS}, '[^0-9]', '', 'g')) > 15 "
                    f"AND CAST(TRY_CAST({_DUCKDB_NUMBER} AS DOUBLE) AS VARCHAR) <> {_DUCKDB_NUMBER}) "
                    f"OR (TRY_CAST({_DUCKDB_NUMBER} AS DOUBLE) = 0 AND regexp_matches({_DUCKDB_DIGITS}, '[1-9]'))",
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
                    _NO_OBJECT_OF_TEXTS,
                    query=True,
                ),
                Conversion("jsonb", "jsonb", "{0}", _NO_OBJECT_OF_TEXTS),
            ),
            DUCKDB: (
                Conversion(
                    "JSON",
                    _DUCKDB_MAP,
                    f"CAST({{0}} AS {_DUCKDB_MAP})",
                    "CASE WHEN json_type({0}) <> 'OBJECT' OR TRY_CAST({0} AS MAP(VARCHAR, JSON)) IS NULL THEN true "
                    "ELSE len(list_filter(map_values(TRY_CAST({0} AS MAP(VARCHAR, JSON))), "
                    "lambda v: json_type(v) NOT IN ('VARCHAR', 'NULL'))) > 0 END",
                ),
            ),
        },
    ),
    ("json", "hstore_csv"): _other("a JSON value need not be a value of that type"),
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
                    f"OR NOT CAST({{0}} AS numeric) {_INT64} END",
                ),
            ),
            DUCKDB: (
                Conversion(
                    "JSON",
                    "BIGINT",
                    f"CAST({_DUCKDB_NUMBER} AS BIGINT)",
                    f"{_DUCKDB_NO_NUMBER} OR TRY_CAST({_DUCKDB_NUMBER} AS BIGINT) IS NULL OR (json_type({{0}}) = 'DOUBLE' "
                    f"AND (abs(TRY_CAST({_DUCKDB_NUMBER} AS DOUBLE)) > 9007199254740992 OR TRY_CAST({_DUCKDB_NUMBER} AS DOUBLE) % 1 <> 0))",
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
                    "jsonb", "text", _TEXT_OF_JSON, "jsonb_typeof({0}) <> 'string'"
                ),
            ),
            DUCKDB: (
                Conversion(
                    "JSON",
                    "VARCHAR",
                    _DUCKDB_TEXT_OF_JSON,
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
                    f"CAST({_TEXT_OF_JSON} AS timestamptz)",
                    "CASE WHEN jsonb_typeof({0}) <> 'string' THEN true ELSE "
                    f"{_NO_TIME.replace('{0}', _TEXT_OF_JSON)} END",
                ),
            ),
            DUCKDB: (
                Conversion(
                    "JSON",
                    "TIMESTAMPTZ",
                    f"CAST({_DUCKDB_TEXT_OF_JSON} AS TIMESTAMPTZ)",
                    "json_type({0}) <> 'VARCHAR' OR "
                    f"{_DUCKDB_NO_TIME.replace('{0}', _DUCKDB_TEXT_OF_JSON)}",
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
    ("string", "hstore"): _other("text need not be a value of that type"),
    ("string", "hstore_csv"): _other("text need not be a value of that type"),
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
                    f"ELSE NOT CAST({{0}} AS numeric) {_INT64} END",
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
    ("string", "json"): _to_json("text", "VARCHAR"),
    ("string", "timestamp"): Cast(
        "guarded",
        "only times of RFC 3339, with their offset, are times",
        {
            POSTGRES: (
                Conversion(
                    "text",
                    "timestamptz",
                    "CAST({0} AS timestamptz)",
                    _NO_TIME,
                ),
            ),
            DUCKDB: (
                Conversion(
                    "VARCHAR",
                    "TIMESTAMPTZ",
                    "CAST({0} AS TIMESTAMPTZ)",
                    _DUCKDB_NO_TIME,
                ),
            ),
        },
    ),
    ("timestamp", "bool"): _other(),
    ("timestamp", "float64"): _other(),
    ("timestamp", "hstore"): _other(),
    ("timestamp", "hstore_csv"): _other(),
    ("timestamp", "int64"): _other(),
    ("timestamp", "json"): Cast(
        "lossless",
        "a time is a string in RFC 3339",
        {
            POSTGRES: (
                Conversion(
                    "timestamptz",
                    "jsonb",
                    f"to_jsonb({_RFC3339})",
                    f"{{0}} NOT BETWEEN {_RANGE}",
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
                    "timestamptz", "text", _RFC3339, f"{{0}} NOT BETWEEN {_RANGE}"
                ),
            ),
            DUCKDB: _duckdb_text("TIMESTAMPTZ"),
        },
    ),
}
"""Every change from one DDSQL type of the type table to another."""

SAME = Cast("lossless", "the type is the same")
UNKNOWN = Cast("lossy", "the values of the two types are not known to be the same")
LISTS = Cast("lossy", "only JSON holds lists of any values")

JSON = "json"
_ARRAY, _END = "array<", ">"


def cast(old: str, new: str) -> Cast:
    """Say what becomes of the values of a column whose DDSQL type changes from ``old`` to ``new``.

    The elements of an array are cast one by one, and an array whose elements are JSON is JSON. The
    conversions are those of the elements; `conversion` has those of columns.
    """
    if old == new:
        return SAME
    if old.startswith(_ARRAY):
        element = _element(old)
        if new.startswith(_ARRAY):
            return cast(element, _element(new))
        # Only JSON holds lists, whatever their elements are.
        return cast(element, new) if new == JSON else LISTS
    return CASTS.get((old, new), UNKNOWN)


def conversion(
    engine: str, old: str, new: str, old_sql: str, new_sql: str
) -> Conversion | None:
    """Return how ``engine`` converts a column of the DDSQL type ``old``, stored as ``old_sql``, to
    ``new``, stored as ``new_sql``; None if it cannot."""
    return _conversion(engine, old, new, _canonical(old_sql), _canonical(new_sql), 1)


def _conversion(
    engine: str, old: str, new: str, old_sql: str, new_sql: str, depth: int
) -> Conversion | None:
    if old == new:
        if old_sql == new_sql:
            return Conversion(old_sql, new_sql, "{0}")
        return None
    if not old.startswith(_ARRAY):
        found = CASTS.get((old, new), UNKNOWN).conversions.get(engine, ())
        for item in found:
            if (_canonical(item.old), _canonical(item.new)) == (old_sql, new_sql):
                return item
        return None
    to_json = new == JSON
    if not to_json and not new.startswith(_ARRAY):
        return None
    if not old_sql.endswith("[]"):
        # Lists of lists are JSON where the engine's own arrays are rectangular: theirs is that of JSON.
        if cast(old, new).loss == "lossless" and old_sql == new_sql:
            return _as_json(engine, _innermost(old), _innermost(new), old_sql)
        return None
    if not to_json and not new_sql.endswith("[]"):
        return None
    inner = _conversion(
        engine,
        _element(old),
        JSON if to_json else _element(new),
        old_sql[:-2],
        new_sql if to_json else new_sql[:-2],
        depth + 1,
    )
    return inner and _LIFTS[engine](inner, old_sql, new_sql, depth, to_json)


def _as_json(engine: str, old: str, new: str, sql: str) -> Conversion | None:
    """Return the conversion of lists that are stored as JSON: only what is equal as JSON has one."""
    if new == JSON or old == new:
        return Conversion(sql, sql, "{0}")
    return None


def _postgres_lift(
    inner: Conversion, old: str, new: str, depth: int, to_json: bool
) -> Conversion:
    element = f"x{depth}.v"
    value = (
        f"ARRAY(SELECT CASE WHEN {element} IS NOT NULL THEN {inner.value_of(element)} END FROM unnest({{0}}) WITH ORDINALITY AS x{depth}(v, n) "
        f"ORDER BY x{depth}.n)"
    )
    lost = inner.lost_of(element) and (
        f"EXISTS (SELECT FROM unnest({{0}}) AS x{depth}(v) "
        f"WHERE {element} IS NOT NULL AND ({inner.lost_of(element)}))"
    )
    return Conversion(
        old, new, f"to_jsonb({value})" if to_json else value, lost, query=True
    )


def _duckdb_lift(
    inner: Conversion, old: str, new: str, depth: int, to_json: bool
) -> Conversion:
    element = f"x{depth}"
    value = f"list_transform({{0}}, lambda {element}: {inner.value_of(element)})"
    lost = inner.lost_of(element) and (
        f"len(list_filter({{0}}, lambda {element}: {element} IS NOT NULL "
        f"AND ({inner.lost_of(element)}))) > 0"
    )
    return Conversion(old, new, f"to_json({value})" if to_json else value, lost)


_LIFTS = {POSTGRES: _postgres_lift, DUCKDB: _duckdb_lift}
"""How each engine converts the elements of an array."""

_SPELLINGS = {"timestamp with time zone": "timestamptz"}


def _canonical(sql: str) -> str:
    """Return the spelling of an SQL type that types are compared by."""
    name = sql.strip().lower()
    arrays = (len(name) - len(name.rstrip("[]"))) // 2 if name.endswith("[]") else 0
    scalar = name[: len(name) - 2 * arrays]
    return _SPELLINGS.get(scalar, scalar) + "[]" * arrays


def _element(array: str) -> str:
    return array[len(_ARRAY) : -len(_END)]


def _innermost(type: str) -> str:
    return type.rpartition("<")[2].rstrip(_END)
