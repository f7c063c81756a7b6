"""A target's type is spelled in typetable.py and nowhere else in the program and its templates.

The words are taken from the table itself, so a new row is covered without a change here. What
counts as spelling one depends on what else the word means:

- *Distinct words* mean nothing else (``bigint``, ``AwareDatetime``, ``date-time``): they may stand
  in no string, as no name, and nowhere in a template. SQL words count in upper and lower case.
- *Common words* are also words of the pages, of AWS, of Python or of the converters (``text``,
  ``string``, ``JSON``, ``int``). They count where the place says that a type is meant: as the value
  of JSON Schema's ``type`` or ``format``, after a cast in SQL, and anywhere in a template for SQL.
- *Annotations* of rows that are composed (``dict[str, str | None]``) may be no string and no part
  of a template, and neither may the frames that compose them (``list[… | None]``).

Docstrings and comments are free to explain.
"""

from __future__ import annotations

import ast
import builtins
import json
import re
from collections.abc import Iterator, Mapping

import pytest

from handmade import DIALECTS
from projects import CHECKOUT
from schemagen.typetable import (
    SCALARS,
    TYPES,
    array_row,
    map_row,
)

HOME = "parser/schemagen/typetable.py"
LEDGER = "parser/schemagen/runtime/evolve/ledger.py"
"""Has tables of its own, whose types must stay as they are when a user's settings change a type."""
CASTS = tuple(
    f"parser/schemagen/runtime/evolve/{name}.py" for name in ("casts", "conversion_parts")
)
"""Convert what tables were created with, whatever the type table says today."""


def sql_words() -> set[str]:
    """The names of SQL types that are words; a composed one contains others that are."""
    types = [row.sql[dialect.name] for row in TYPES for dialect in DIALECTS]
    types += [dialect.nested_array for dialect in DIALECTS if dialect.nested_array]
    names = {name for type in types for name in (type.name, type.via)}
    return {name for name in names if re.fullmatch(r"[A-Za-z ]+", name)}


def schema_words() -> tuple[set[str], set[str]]:
    """The values of ``type`` and of ``format`` in the rows' JSON Schemas."""
    text = json.dumps([row.json_schema for row in TYPES])
    types = re.findall(r'"type": "([^"]+)"', text)
    return {*types, "null"}, set(re.findall(r'"format": "([^"]+)"', text))


def python_words() -> set[str]:
    """The names of rows' Python types, and of the pydantic types that their definitions use."""
    names = {row.python.name for row in TYPES}
    for row in TYPES:
        called = re.findall(r"(\w+)\(", row.python.definition)
        names |= {
            name
            for module, name in row.python.imports
            if module == "pydantic" and name not in called
        }
    return names


def row_annotations() -> set[str]:
    """Composed annotations of rows, and the frames of `array_row` and `map_row`."""
    plain = {row.row for row in TYPES} | {scalar.row for scalar in SCALARS}
    return {text for text in plain if not text.isidentifier()} | {array_row(HOLE), map_row(HOLE)}


HOLE = "T"  # stands for what a formatted string puts in

SQL = sql_words()
SCHEMA_TYPES, SCHEMA_FORMATS = schema_words()
ANNOTATIONS = row_annotations()
OTHER_MEANINGS = frozenset(
    {row.name for row in TYPES}
    | {scalar.name for scalar in SCALARS}
    | {word for scalar in SCALARS for word in (*scalar.api, *scalar.botocore)}
    | {row.convert for row in TYPES}
    | {type.encode for row in TYPES for type in row.sql.values()}
    | SCHEMA_TYPES
    | set(dir(builtins))
    | {"JSON"}  # the format's own name, in any sentence
)
DISTINCT = (
    {form for word in SQL for form in (word, word.lower(), word.upper())}
    | python_words()
    | SCHEMA_FORMATS
) - OTHER_MEANINGS


def words(names: set[str], flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    choice = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"(?<![\w-])(?:{choice})(?![\w-])", flags)


DISTINCT_WORD = words(DISTINCT)
SQL_WORD = words(SQL, re.IGNORECASE)
CAST = re.compile(rf"(?:\bAS\s+|::\s*|\bTYPE\s+)(?i:{'|'.join(sorted(SQL))})\b")
SCHEMA_WORD = re.compile(
    rf"""["'](?:type|format)["']\s*:\s*["'](?:{"|".join(SCHEMA_TYPES | SCHEMA_FORMATS)})["']"""
)


def strings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every string but docstrings, and formatted strings with a `HOLE` for each value."""
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):  # a docstring, or a string that documents a field
            skipped.add(node.value)
        elif isinstance(node, ast.JoinedStr):
            parts = node.values
            skipped.update(parts)
            text = "".join(
                str(part.value) if isinstance(part, ast.Constant) else HOLE for part in parts
            )
            yield node.lineno, text
        elif isinstance(node, ast.Constant) and node not in skipped and isinstance(node.value, str):
            yield node.lineno, node.value


def schema_values(tree: ast.AST) -> Iterator[tuple[int, object]]:
    """What is set as, or compared with, the ``type`` or ``format`` of a schema."""
    keys = ("type", "format")

    def is_key(node: ast.expr | None) -> bool:
        return isinstance(node, ast.Constant) and node.value in keys

    def reads_key(node: ast.expr) -> bool:
        match node:
            case ast.Subscript(slice=key):
                return is_key(key)
            case ast.Call(func=ast.Attribute(attr="get"), args=[key, *_]):
                return is_key(key)
            case _:
                return False

    for node in ast.walk(tree):
        match node:
            case ast.Dict(keys=names, values=values):
                found = [value for key, value in zip(names, values, strict=True) if is_key(key)]
            case ast.Call(keywords=keywords):
                found = [keyword.value for keyword in keywords if keyword.arg in keys]
            case ast.Assign(targets=targets, value=value) if any(map(reads_key, targets)):
                found = [value]
            case ast.Compare(left=left, comparators=others):
                sides = [left, *others]
                found = sides if any(map(reads_key, sides)) else []
            case _:
                found = []
        for value in found:
            for inner in ast.walk(value):
                if isinstance(inner, ast.Constant):
                    yield inner.lineno, inner.value


def names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield node.lineno, name
            case ast.alias(name=name):
                yield node.lineno, name.rpartition(".")[2]
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                yield node.lineno, name
            case _:
                pass


def in_source(source: str) -> Iterator[tuple[int, str]]:
    """Types that a Python source spells, as (line, what)."""
    tree = ast.parse(source)
    for line, text in strings(tree):
        for pattern in (DISTINCT_WORD, CAST, SCHEMA_WORD):
            yield from ((line, match[0]) for match in pattern.finditer(text))
        yield from ((line, text) for annotation in ANNOTATIONS if annotation in text)
    yield from ((line, name) for line, name in names(tree) if name in DISTINCT)
    for line, value in schema_values(tree):
        if value in SCHEMA_TYPES | SCHEMA_FORMATS:
            yield line, f"type {value}"


def in_template(path: str, text: str) -> Iterator[tuple[int, str]]:
    """Types that a template spells outside of its comments, as (line, what)."""
    text = re.sub(r"\{#.*?#\}", lambda comment: "\n" * comment[0].count("\n"), text, flags=re.S)
    patterns = [DISTINCT_WORD, CAST, SCHEMA_WORD]
    if path.startswith("templates/ddl/") or ".sql." in path:
        patterns.append(SQL_WORD)
    for number, line in enumerate(text.splitlines(), 1):
        for pattern in patterns:
            yield from ((number, match[0]) for match in pattern.finditer(line))
        shown = re.sub(r"\{\{.*?\}\}", HOLE, line)
        yield from ((number, annotation) for annotation in ANNOTATIONS if annotation in shown)


def spelled(files: Mapping[str, str]) -> list[str]:
    """Every place in ``files`` (path -> text) that spells a target's type."""
    found: list[str] = []
    for path, text in files.items():
        if path not in (HOME, LEDGER, *CASTS):
            hits = in_source(text) if path.endswith(".py") else in_template(path, text)
            found += (f"{path}:{line}: {what}" for line, what in hits)
    return found


def real_files() -> dict[str, str]:
    paths = [*CHECKOUT.glob("parser/**/*.py"), *CHECKOUT.glob("templates/**/*.*")]
    return {
        path.relative_to(CHECKOUT).as_posix(): path.read_text("utf-8") for path in sorted(paths)
    }


def test_sources_and_templates_spell_no_type() -> None:
    """To change what a type is in a target, only the type table has to change."""
    files = real_files()
    assert HOME in files
    assert spelled(files) == []


def test_rules_take_their_words_from_the_type_table() -> None:
    """The rules above know the table's words, so an empty result means something."""
    assert {"bigint", "VARCHAR", "varchar", "jsonb", "double precision"} <= DISTINCT
    assert {"AwareDatetime", "StrictStr", "StrictInt", "HstoreCsv", "date-time"} <= DISTINCT
    assert {"text", "boolean", "JSON", "hstore"} <= SQL
    assert {"string", "integer", "object", "array", "null"} <= SCHEMA_TYPES
    assert not DISTINCT & OTHER_MEANINGS


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("emit/new.py", 'TYPE = "bigint"'),
        ("emit/new.py", 'TYPE = f"{name} VARCHAR NOT NULL"'),
        ("emit/new.py", "from pydantic import AwareDatetime"),
        ("emit/new.py", "import pydantic\nTYPE = pydantic.StrictStr"),
        ("emit/new.py", 'schema = {"type": "string"}'),
        ("emit/new.py", 'schema = {"type": ["string", "null"]}'),
        ("emit/new.py", 'schema = dict(type="object")'),
        ("emit/new.py", 'schema["format"] = "date-time"'),
        ("emit/new.py", 'if schema.get("type") == "array": pass'),
        ("emit/new.py", 'sql = f"CAST({marker} AS text)"'),
        ("emit/new.py", 'sql = marker + "::hstore"'),
        ("emit/new.py", 'sql = f"ALTER COLUMN {name} TYPE boolean"'),
        ("emit/new.py", 'row = "dict[str, str | None]"'),
        ("emit/new.py", 'row = f"list[{element} | None]"'),
        ("ddl/new.sql.j2", "{{ name }} TEXT NOT NULL"),
        ("ddl/new.sql.j2", '{% if extension == "hstore" %}{% endif %}'),
        ("mappers/new.py.j2", "    {{ name }}: AwareDatetime"),
        ("mappers/new.py.j2", "    {{ name }}: list[{{ element }} | None]"),
        ("json_schema/new.json.j2", '{"type": "integer"}'),
    ],
)
def test_spelled_finds_a_second_spelling(path: str, text: str) -> None:
    """Each rule finds a type that is planted in a new source or template."""
    folder = "parser/schemagen" if path.endswith(".py") else "templates"
    assert spelled({f"{folder}/{path}": text})


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("emit/new.py", '"""A bigint is a bigint."""  # VARCHAR'),
        ("emit/new.py", 'class Row:\n    size: int\n    """A bigint."""'),
        ("emit/new.py", 'if token.type == "text": choice = {"string": 1, "type": kind}'),
        ("emit/new.py", 'help = "Print JSON, as text, of type T"'),
        ("emit/new.py", 'dialect = "postgres_jsonb"'),
        ("ddl/new.sql.j2", "{# text #}{{ column.name }} {{ column.type }} IS {{ comment }}"),
        ("package/new.md.j2", "JSON text of an object"),
    ],
)
def test_spelled_ignores_other_meanings(path: str, text: str) -> None:
    """Explanations, and words with another meaning in their place, are not spellings of a type."""
    folder = "parser/schemagen" if path.endswith(".py") else "templates"
    assert spelled({f"{folder}/{path}": text}) == []
