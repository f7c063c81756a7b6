"""Python statements on lines of at most 88 columns, broken where black breaks them.

Mappers are the bulk of the generated code, and black would take longer than everything else
together. Emitters write a statement on one line; `lay_out` breaks it by the part of black's rules
that the emitters' statements need: https://black.readthedocs.io/en/stable/the_black_code_style/.
A statement that is not broken by brackets, commas, a conditional expression or ``|`` stays as long
as it is. A test compares with black itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

WIDTH = 88
_OPENING = "([{"
_CLOSING = ")]}"


def lay_out(statement: str, depth: int = 0) -> str:
    """``statement``, written on one line, as lines indented by ``depth`` times four columns."""
    return "\n".join(_lines(statement, depth * 4, inside=False))


def lay_out_item(item: str, depth: int) -> str:
    """An element of an exploded list, call or dict, with its trailing comma."""
    return "\n".join(_lines(item + ",", depth * 4, inside=True))


def lay_out_import(module: str, names: Iterable[str]) -> str:
    """``from module import …``, exploded where it is too long."""
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
        for separator in (", ", " if ", " | "):
            parts = _split(body, separator)
            if len(parts) == 1:
                continue
            if separator == ", ":
                for part in parts:
                    yield from _lines(part + ",", indent, inside=True)
            elif separator == " | ":
                yield from _operands(parts, "| ", indent, comma)
            else:
                condition, otherwise = _split(parts[1], " else ")
                yield from _lines(parts[0], indent, inside=True)
                yield from _lines(f"if {condition}", indent, inside=True)
                yield from _lines(f"else {otherwise}{comma}", indent, inside=True)
            return
    opened, closed = _last_brackets(body)
    if closed <= opened + 1:
        yield margin + text
        return
    yield margin + body[: opened + 1]
    yield from _lines(body[opened + 1 : closed], indent + 4, inside=True)
    yield margin + body[closed:] + comma


def _operands(parts: list[str], operator: str, indent: int, comma: str) -> Iterator[str]:
    yield from _lines(parts[0], indent, inside=True)
    for part in parts[1:-1]:
        yield from _lines(operator + part, indent, inside=True)
    yield from _lines(operator + parts[-1] + comma, indent, inside=True)


def _outside(text: str) -> Iterator[tuple[int, int]]:
    """Index and bracket depth of every character outside of strings; a closing bracket has the
    depth of its opening one."""
    depth = 0
    quote = ""
    escaped = False
    for index, character in enumerate(text):
        if quote:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == quote:
                quote = ""
            continue
        if character in "\"'":
            quote = character
        elif character in _CLOSING:
            depth -= 1
        yield index, depth
        if character in _OPENING:
            depth += 1


def _split(text: str, separator: str) -> list[str]:
    """``text`` at each ``separator`` that is outside of brackets and strings."""
    parts: list[str] = []
    start = 0
    for index, depth in _outside(text):
        if depth == 0 and index >= start and text.startswith(separator, index):
            parts.append(text[start:index])
            start = index + len(separator)
    return [*parts, text[start:]]


def _last_brackets(text: str) -> tuple[int, int]:
    """Where the last outermost pair of brackets opens and closes; (0, 0) where there is none."""
    opened = closed = 0
    for index, depth in _outside(text):
        if depth == 0 and text[index] in _OPENING:
            opened = index
        elif depth == 0 and text[index] in _CLOSING:
            closed = index
    return opened, closed
