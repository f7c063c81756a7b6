"""Read which members the request or response syntax on the page of an operation shows.

The syntax is a block of code: an HTTP request or response, or its JSON body. It lists the members a second
time, so it shows which members the section below it lacks, and which bold words there are only labels.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from schemagen.names import folded_service

_LINK = re.compile(r"\[([^\[\]]+)\]\([^()]*\)")
_METHOD = re.compile(r"(?:DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT)\s")
_IN_PATH = re.compile(r"\{+(\w+)\+?\}+")
_IN_QUERY = re.compile(r"[?&]([\w.-]+)=\{*([\w.-]+)")
_KEY = re.compile(r"\s*\"([^\"]+)\"\s*:")
_WORD = re.compile(r"[\w.-]*\w")
_TYPES = frozenset(
    ("blob", "boolean", "double", "float", "integer", "long", "number", "string", "timestamp")
)
_STRING = re.compile(r"\"(?:[^\"\\]|\\.)*+\"")


def plain(syntax: str) -> str:
    """Return a syntax without the links and marks that some pages have in it."""
    return _LINK.sub(r"\1", syntax).replace("`", "").replace("*", "").strip("\n")


def names(syntax: str) -> frozenset[str]:
    """Return the words of a `plain` syntax that could be names. The types in it ("string") are left out."""
    return frozenset(_WORD.findall(syntax)) - _TYPES


def members(syntax: str) -> Iterator[str]:
    """Yield the members that a `plain` syntax certainly shows: placeholders in the path, parameters of the
    query whose name is that of their value, and the outermost keys of a JSON body."""
    head, _, body = syntax.partition("\n\n")
    first = head.partition("\n")[0]
    if _METHOD.match(first):
        path, mark, query = first.partition("?")
        yield from _IN_PATH.findall(path)
        for name, value in _IN_QUERY.findall(mark + query):
            if folded_service(name) == folded_service(value):
                yield name
    elif head.lstrip().startswith("{"):
        body = syntax
    depth = 0
    for line in body.split("\n") if body.lstrip().startswith("{") else ():
        if depth == 1 and (key := _KEY.match(line)):
            yield key[1]
        marks = _STRING.sub("", line)
        depth += sum(marks.count(mark) for mark in "{[") - sum(marks.count(mark) for mark in "}]")
