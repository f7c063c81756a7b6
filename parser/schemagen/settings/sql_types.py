"""Recognize the name of an SQL type, so that nothing else can come into DDL from the settings."""

from __future__ import annotations

import re

from schemagen.limits import MAX_DEPTH

_TOKEN = re.compile(r"\s*(?:([A-Za-z_][A-Za-z0-9_]*)|([0-9]{1,9})|([(),.\[\]]))")

_SECOND_WORDS = {"double": "precision", "character": "varying", "char": "varying", "bit": "varying"}
"""The types of two words, such as ``double precision``."""
_TIMES = ("time", "timestamp")
"""The types that ``with time zone`` or ``without time zone`` may follow."""
_CONSTRAINTS = frozenset(
    [
        "as",
        "check",
        "collate",
        "compression",
        "constraint",
        "default",
        "deferrable",
        "exclude",
        "foreign",
        "generated",
        "initially",
        "like",
        "not",
        "null",
        "primary",
        "references",
        "storage",
        "unique",
        "using",
        "with",
        "without",
    ]
)
"""The words that begin what may follow or replace the type of a column; none is a type."""
_SERIAL = frozenset(["bigserial", "serial", "serial2", "serial4", "serial8", "smallserial"])
"""PostgreSQL's words for an integer with a default that is never NULL."""


def is_sql_type(text: str) -> bool:
    """Whether ``text`` is a type of SQL, such as ``numeric(10, 2)``, ``timestamp with time zone``,
    ``extensions.vector(3)``, ``text[]`` or ``MAP(VARCHAR, STRUCT(a INTEGER))``."""
    tokens: list[str] = []
    offset = 0
    text = text.rstrip()
    while offset < len(text):
        found = _TOKEN.match(text, offset)
        if found is None:
            return False
        tokens.append(found[1] or found[2] or found[3])
        offset = found.end()
    if tokens.count("(") > MAX_DEPTH:
        return False
    parser = _Parser(tokens)
    return parser.type() and not parser.tokens


class _Parser:
    """Reads a type from ``tokens``, the last of which comes first. Methods return whether they could."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens[::-1]

    def take(self, *expected: str) -> bool:
        """Take these tokens, in any case, if they are the next ones."""
        count = len(expected)
        if [token.lower() for token in self.tokens[: -count - 1 : -1]] != list(expected):
            return False
        del self.tokens[-count:]
        return True

    def word(self) -> str:
        """Take the next token if it is a word; else return ""."""
        if self.tokens and not self.tokens[-1][0].isdigit() and self.tokens[-1].isidentifier():
            return self.tokens.pop().lower()
        return ""

    def type(self) -> bool:
        name = self.word()
        if not name or name in _CONSTRAINTS or name in _SERIAL:
            return False
        while self.take("."):
            name = self.word()
            if not name:
                return False
        if name in _SECOND_WORDS:
            self.take(_SECOND_WORDS[name])
        if self.take("(") and not self.arguments():
            return False
        if name in _TIMES:
            _ = self.take("with", "time", "zone") or self.take("without", "time", "zone")
        while self.take("["):
            self.number()
            if not self.take("]"):
                return False
        return True

    def arguments(self) -> bool:
        """Read numbers, types, and types with the name of a field, up to the closing parenthesis."""
        while True:
            if not (self.number() or self.argument()):
                return False
            if self.take(")"):
                return True
            if not self.take(","):
                return False

    def argument(self) -> bool:
        """Read a type, or the name of a field and its type."""
        first, second = ([*self.tokens[:-3:-1], "", ""])[:2]
        of_two_words = _SECOND_WORDS.get(first.lower()) == second.lower()
        if second.isidentifier() and not of_two_words and first.lower() not in _TIMES:
            self.word()
        return self.type()

    def number(self) -> bool:
        if self.tokens and self.tokens[-1].isdigit():
            self.tokens.pop()
            return True
        return False
