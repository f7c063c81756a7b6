# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Quote names and texts in SQL."""

from __future__ import annotations


def identifier(name: str) -> str:
    """Quote ``name`` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str, *, escapes: bool = True) -> str:
    """Quote ``text`` as an SQL string.

    Text with a backslash becomes an E-string, which PostgreSQL reads the same whatever the setting
    ``standard_conforming_strings``. ``escapes=False`` is for DuckDB, which keeps the doubled backslashes
    of an E-string in COMMENT, and has no escapes in plain strings.
    """
    quoted = text.replace("'", "''")
    if escapes and "\\" in quoted:
        return "E'" + quoted.replace("\\", "\\\\") + "'"
    return f"'{quoted}'"
