"""Python statements on lines of at most 88 columns, broken where black breaks them.

Mappers are the bulk of the generated code, and formatting them with black would take longer than
everything else together. Emitters write a statement on one line; `lay_out` breaks it by the subset of
black's rules that those statements need: https://black.readthedocs.io/en/stable/the_black_code_style/.
Only brackets, commas, conditional expressions and ``|`` are broken at. A test compares with black.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

WIDTH = 88
_OPENING = "([{"
_CLOSING = ")]}"
_OPERATORS = ((" if ", " else "), (" is ",), (" | ",))
"""What a line inside brackets is broken before, loosest binding first."""
_RETURNS = ") -> "
_KEYWORD = re.compile(r"\w+=")
_STRING = r""""(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?"""


def lay_out(statement: str, depth: int = 0) -> str:
    """Break ``statement``, written on one line, into lines indented by ``depth`` times four
    columns."""
    return "\n".join(_lines(statement, depth * 4, inside=False))


def lay_out_item(item: str, depth: int) -> str:
    """Lay out an element of an exploded list, call or dict, with its trailing comma."""
    return "\n".join(_lines(item + ",", depth * 4, inside=True))


def lay_out_value(head: str, value: str, depth: int, end: str = "") -> str:
    """Lay out ``head`` and the value that it assigns. A value that does not fit gets parentheses
    if it has ``if`` or ``|``, or if not even its first bracket fits. ``end`` is "," in a dict."""
    opened, closed = _last_brackets(head)
    if closed and depth * 4 + len(head) >= WIDTH:
        margin = " " * depth * 4
        key = f"{margin}    {head[opened + 1 : closed]}"
        rest = _lines(f"{head[closed:]}{value}{end}", depth * 4, inside=bool(end))
        return "\n".join([f"{margin}{head[: opened + 1]}", key, *rest])
    line = _bracketed(head, value, end, depth * 4)
    return "\n".join(_lines(line, depth * 4, inside=bool(end)))


def lay_out_empty(name: str, annotation: str, depth: int) -> str:
    """Lay out the declaration of an empty dict; black moves its brackets if the line is too long."""
    margin = " " * depth * 4
    line = f"{margin}{name}: {annotation} = {{}}"
    if len(line) == WIDTH + 1:
        return f"{line[:-2]}(\n{margin}    {{}}\n{margin})"
    if len(margin) + 4 + len(annotation) > WIDTH:
        return f"{line[:-2]}({{}})"
    return lay_out_value(f"{name}: ", annotation, depth, " = {}")


def lay_out_function(name: str, parameter: str, returns: str) -> str:
    """Lay out the head of a function; the parameter gets its own line if the head is too long."""
    line = f"def {name}({parameter}) -> {returns}:"
    if len(line) <= WIDTH:
        return line
    return f"def {name}(\n    {parameter},\n) -> {returns}:"


def lay_out_loop(variable: str, found: str, depth: int) -> str:
    """Lay out the head of a loop over a value that may be None, in parentheses if it is too long."""
    line = f"for {variable} in {found} or ():"
    if depth * 4 + len(line) <= WIDTH:
        return f"{'    ' * depth}{line}"
    return lay_out(f"for {variable} in ({found} or ()):", depth)


def lay_out_import(module: str, names: Iterable[str]) -> str:
    """Lay out ``from module import …``, exploded if it is too long."""
    names = list(names)
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"from {module} import (", *(f"    {name}," for name in names), ")"])


def _lines(text: str, indent: int, *, inside: bool) -> Iterator[str]:
    margin = " " * indent
    if indent + len(text) <= WIDTH:
        yield margin + text
        return
    comma = "," if inside and text.endswith(",") else ""
    body = text.removesuffix(comma)
    if inside:
        if len(parts := _split(body, ", ")) > 1:
            for part in parts:
                keyword = _KEYWORD.match(part)
                head = keyword[0] if keyword else ""
                conditional = len(_split(part, " if ")) > 1
                line = (
                    _bracketed(head, part.removeprefix(head), ",", indent)
                    if head or conditional
                    else part + ","
                )
                yield from _lines(line, indent, inside=True)
            return
        for separators in _OPERATORS:
            parts = _before(body, separators)
            if len(parts) > 1:
                for part in parts[:-1]:
                    yield from _lines(part, indent, inside=True)
                yield from _lines(parts[-1] + comma, indent, inside=True)
                return
    opened, closed = _first_brackets(body) if body.startswith("def ") else _last_brackets(body)
    if not closed:
        yield margin + text
        return
    yield margin + body[: opened + 1]
    content = body[opened + 1 : closed]
    elements = _split(content.removesuffix(","), ", ")
    if _is_collection(body, opened) and len(elements) > 1:
        # black gives each element a line, even if all of them fit on one.
        for element in elements:
            yield from _lines(element + ",", indent + 4, inside=True)
    else:
        yield from _lines(content, indent + 4, inside=True)
    tail = body[closed:] + comma
    if tail.startswith(_RETURNS) and indent + len(tail) > WIDTH:
        returned = "    " + tail[len(_RETURNS) : -1]
        if indent + len(returned) <= WIDTH:
            yield margin + _RETURNS + "("
            yield margin + returned
            tail = "):"
    yield margin + tail


def _is_collection(text: str, opened: int) -> bool:
    """Whether the bracket at ``opened`` begins a tuple, list, dict or set, not a call or subscript."""
    before = text[:opened][-1:]
    return not (before.isalnum() or before in ("_", ")", "]"))


def _bracketed(head: str, value: str, end: str, indent: int) -> str:
    """Join ``head``, ``value`` and ``end``, with parentheses around the value where black adds
    them."""
    line = f"{head}{value}{end}"
    if indent + len(line) <= WIDTH:
        return line
    opened, closed = _last_brackets(value)
    if any(_split(value, separator)[1:] for separator in (" if ", " | ")):
        bracketed = True
    elif closed:
        bracketed = indent + len(head) + opened + 1 > WIDTH
    else:
        bracketed = indent + 4 + len(value) <= WIDTH
    return f"{head}({value}){end}" if bracketed else line


def _before(text: str, separators: Iterable[str]) -> list[str]:
    """Split ``text`` before each of ``separators``, which are kept."""
    parts = [text]
    for separator in separators:
        *before, last = parts
        first, *others = _split(last, separator)
        parts = [*before, first, *(f"{separator.lstrip()}{other}" for other in others)]
    return parts


def _marks(text: str, pattern: re.Pattern[str]) -> Iterator[tuple[int, int, str]]:
    """Find brackets, and what else ``pattern`` matches, outside of strings: index, depth and text.
    A closing bracket has the depth of its opening one."""
    depth = 0
    for found in pattern.finditer(text):
        mark = found[0]
        if mark[0] in "\"'":
            continue
        if mark in _CLOSING:
            depth = max(depth - 1, 0)  # a line may begin with the end of a bracket
        yield found.start(), depth, mark
        if mark in _OPENING:
            depth += 1


@cache
def _pattern(separator: str = "") -> re.Pattern[str]:
    """Match a string, a bracket or ``separator``."""
    own = f"|{re.escape(separator)}" if separator else ""
    return re.compile(rf"""{_STRING}|[\[\](){{}}]{own}""", re.DOTALL)


def _split(text: str, separator: str) -> list[str]:
    """Split ``text`` at each ``separator`` outside of brackets and strings."""
    if separator not in text:
        return [text]
    parts: list[str] = []
    start = 0
    for index, depth, mark in _marks(text, _pattern(separator)):
        if depth == 0 and mark == separator:
            parts.append(text[start:index])
            start = index + len(separator)
    return [*parts, text[start:]]


def _first_brackets(text: str) -> tuple[int, int]:
    """Where the first outermost pair of brackets opens and closes; (0, 0) where there is none."""
    opened = 0
    for index, depth, mark in _marks(text, _pattern()):
        if depth == 0 and mark in _OPENING:
            opened = index
        elif depth == 0:
            return opened, index
    return 0, 0


def _last_brackets(text: str) -> tuple[int, int]:
    """Where the last outermost pair of brackets that holds something opens and closes; (0, 0) where
    there is none."""
    found = (0, 0)
    opened = 0
    for index, depth, mark in _marks(text, _pattern()):
        if depth == 0 and mark in _OPENING:
            opened = index
        elif depth == 0 and index > opened + 1:
            found = (opened, index)
    return found
