# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Describe tables and columns as plain text, for comments in databases and schemas."""

from __future__ import annotations

from ..convert import text


def documentation(description: str, deprecated: str | None) -> str:
    """Return a table's description, followed by its deprecation notice, if any."""
    notice = deprecated or ""
    if notice and not notice.lower().startswith("deprecated"):
        notice = f"Deprecated: {notice}"
    return _paragraphs(description, notice)


def of_table(title: str, documentation: str) -> str:
    """Describe a table: its title and documentation."""
    return _storable(_paragraphs(title, documentation))


def of_column(name: str, stored: str, description: str) -> str:
    """Describe a column, and say what the documentation calls it if the name that is ``stored``
    differs."""
    renamed = "" if stored == name else f"The documentation calls this column {name}."
    return _storable(_paragraphs(description, renamed))


def _paragraphs(*parts: str) -> str:
    return "\n\n".join(filter(None, parts))


def _storable(comment: str) -> str:
    # A comment that lost an unstorable character is still useful, so replace it without a report.
    return text(comment, "comment", errors="replace")
