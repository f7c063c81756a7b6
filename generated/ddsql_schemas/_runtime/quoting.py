# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Quote names and texts in SQL."""

from __future__ import annotations


def identifier(name: str) -> str:
    """Quote ``name`` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str, *, escapes: bool = True) -> str:
    """Quote ``text`` as an SQL string.

    Text with a backslash becomes an E-string, which PostgreSQL reads the same whatever the setting
    ``standard_conforming_strings``. ``escapes=False`` is for DuckDB: see `duckdb_literal`.
    """
    quoted = text.replace("'", "''")
    if escapes and "\\" in quoted:
        return "E'" + quoted.replace("\\", "\\\\") + "'"
    return f"'{quoted}'"


def duckdb_literal(text: str) -> str:
    """Quote ``text`` as a string in the SQL of DuckDB, whose plain strings have no escapes. It keeps the
    doubled backslashes of an E-string in COMMENT."""
    return literal(text, escapes=False)
