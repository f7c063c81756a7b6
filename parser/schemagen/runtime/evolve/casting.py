# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Find what becomes of the values of a column whose DDSQL type changes, arrays included, and their
conversion."""

from __future__ import annotations

from .casts import CASTS
from .conversion_parts import DUCKDB, POSTGRES, SPELLINGS
from .conversions import Cast, Conversion

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


def _canonical(sql: str) -> str:
    """Return the spelling of an SQL type that types are compared by."""
    name = sql.strip().lower()
    arrays = (len(name) - len(name.rstrip("[]"))) // 2 if name.endswith("[]") else 0
    scalar = name[: len(name) - 2 * arrays]
    return SPELLINGS.get(scalar, scalar) + "[]" * arrays


def _element(array: str) -> str:
    return array[len(_ARRAY) : -len(_END)]


def _innermost(type: str) -> str:
    return type.rpartition("<")[2].rstrip(_END)
