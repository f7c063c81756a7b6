"""Models laid out as black lays them out, at a tenth of black's cost.

datamodel-code-generator emits a few simple forms. `lay_out` formats those as black does and returns
None for anything else, which is left to black itself. A test compares the two over models of every
kind.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from schemagen.emit.formatting import width
from schemagen.emit.imports import section
from schemagen.emit.layout import WIDTH, lay_out_import, lay_out_value
from schemagen.names import python_literal


class _Other(Exception):
    """The module holds something other than the known forms."""


def lay_out(source: str) -> str | None:
    """Format ``source``, a module of models, as black does; return None if that takes black itself."""
    try:
        return "\n".join(_module(source))
    except _Other:
        return None


def _module(source: str) -> Iterator[str]:
    header, _, _ = source.partition("\n")
    if not header.startswith("# "):
        raise _Other
    yield header
    lines = source.splitlines()
    if len(lines) != source.count("\n") + (not source.endswith("\n")):
        raise _Other  # Python and black count lines differently
    previous = -1
    for statement in ast.parse(source).body:
        match statement:
            case ast.ImportFrom(module=str(module), level=level):
                module = "." * level + module
                if section(module) != previous:
                    yield ""
                previous = section(module)
                yield lay_out_import(module, map(_imported, statement.names))
            case ast.ClassDef():
                yield from ("", "")
                yield from _class(statement, lines)
            case ast.Expr(value=ast.Call() as call):
                yield from ("", "", _fitting(_expression(call)))
            case _:
                raise _Other
    yield ""


def _imported(name: ast.alias) -> str:
    return f"{name.name} as {name.asname}" if name.asname else name.name


def _class(statement: ast.ClassDef, lines: list[str]) -> Iterator[str]:
    bases = ", ".join(_expression(base) for base in statement.bases)
    yield _fitting(f"class {statement.name}({bases}):")
    for member in statement.body:
        match member:
            case ast.Expr(value=ast.Constant(value=str())) if member.end_lineno is not None:
                written = lines[member.lineno - 1 : member.end_lineno]
                if member is statement.body[0]:
                    yield from _docstring(written)
                    yield ""
                else:
                    # black leaves the docstrings of fields as they are.
                    yield from written
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=called) as call):
                yield f"    {name} = {_expression(called)}("
                yield from (f"        {argument}," for argument in _arguments(call))
                yield "    )"
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
                yield from _field(name, annotation, value)
            case _:
                raise _Other


def _docstring(lines: list[str]) -> Iterator[str]:
    """Yield the lines unchanged; docstrings whose margins, tabs or ends black might move are left to it."""
    first, *body, last = lines
    if first != '    """' or last != first or not body or body[-1].endswith(("\\", '"')):
        raise _Other
    for line in lines:
        if "\t" in line or line != line.rstrip() or (line and not line.startswith("    ")):
            raise _Other
        yield line


def _field(name: str, hint: ast.expr, value: ast.expr | None) -> Iterator[str]:
    annotation = _expression(hint)
    arguments = _arguments(value) if isinstance(value, ast.Call) else []
    called = f"{_expression(value.func)}(" if isinstance(value, ast.Call) else ""
    assigned = "" if value is None else f" = {_expression(value)}"
    if 4 + width(f"{name}: {annotation}{assigned}") <= WIDTH:
        yield f"    {name}: {annotation}{assigned}"
        return
    head = f"{name}: {annotation} = "
    if not arguments:
        if value is None or 4 + width(f"{head}(") > WIDTH:
            yield from _broken(name, hint, assigned)
        else:
            yield from (f"    {head}(", f"        {_expression(value)}", "    )")
        return
    if 4 + width(head + called) <= WIDTH:
        yield from _exploded(head, called, arguments, 1)
    elif 4 + width(f"{head}(") <= WIDTH:
        yield f"    {head}("
        together = f"{called}{', '.join(arguments)})"
        if 8 + width(together) <= WIDTH:
            yield f"        {together}"
        else:
            yield from _exploded("", called, arguments, 2)
        yield "    )"
    else:
        *lines, last = _broken(name, hint, assigned)
        yield from lines
        if width(last) <= WIDTH:
            yield last
        else:
            yield from _exploded(") = ", called, arguments, 1)


def _exploded(head: str, called: str, arguments: list[str], depth: int) -> Iterator[str]:
    """Lay out a call with its arguments below it, on one line if they fit."""
    margin = "    " * depth
    yield f"{margin}{head}{called}"
    together = ", ".join(arguments)
    if len(margin) + 4 + width(together) <= WIDTH:
        yield f"{margin}    {together}"
    elif len(arguments) == 1:
        raise _Other  # black adds a comma to some
    else:
        yield from (f"{margin}    {argument}," for argument in arguments)
    yield f"{margin})"


def _broken(name: str, hint: ast.expr, assigned: str) -> list[str]:
    """Lay out a field whose annotation is a union in parentheses, because the line is too long."""
    annotation = _expression(hint)
    if 4 + width(f"{name}: {annotation} =") > WIDTH:
        lines = lay_out_value(f"{name}: ", annotation, 1, " =").splitlines()
        if not lines[0].endswith(": (") or max(map(width, lines)) > WIDTH:
            raise _Other
        return [*lines[:-1], f"    ){assigned}"]
    if not isinstance(hint, ast.BinOp):
        raise _Other
    return [f"    {name}: (", f"        {annotation}", f"    ){assigned}"]


def _fitting(line: str) -> str:
    if width(line) > WIDTH:
        raise _Other
    return line


def _arguments(call: ast.Call) -> list[str]:
    named = [f"{keyword.arg}={_expression(keyword.value)}" for keyword in call.keywords]
    return [*(_expression(argument) for argument in call.args), *named]


def _expression(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=name):
            return f"{_expression(value)}.{name}"
        case ast.Constant(value=str(text)):
            return python_literal(text)
        case ast.Constant(value=bool() | None as constant):
            return repr(constant)
        case ast.Constant(value=constant) if constant is ...:
            return "..."
        case ast.Subscript(value=value, slice=ast.Tuple(elts=parts)):
            return f"{_expression(value)}[{', '.join(_expression(part) for part in parts)}]"
        case ast.Subscript(value=value, slice=part):
            return f"{_expression(value)}[{_expression(part)}]"
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return f"{_expression(left)} | {_expression(right)}"
        case ast.Call(func=called):
            return f"{_expression(called)}({', '.join(_arguments(node))})"
        case _:
            raise _Other
