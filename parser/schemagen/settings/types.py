"""Parse the setting ``types``: types of the project, and other spellings of built-in ones."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from keyword import iskeyword
from pathlib import Path
from typing import Any

from schemagen.diagnostics import Problem, did_you_mean, excerpt, shown
from schemagen.resolved_types import TypeTable
from schemagen.settings import json_schemas, python_types
from schemagen.settings.positions import KeyPath
from schemagen.settings.setting import Setting, as_table
from schemagen.settings.sql_types import is_sql_type
from schemagen.settings.targets import Targets, spelling
from schemagen.typetable import (
    TYPES,
    Dialect,
    Notation,
    PythonType,
    SqlType,
    Type,
    built_in_sql,
)

_ROW_NAMES = ("str", "int", "float", "bool", "datetime", "Json", "dict", "list", "None")
_CONVERTERS = tuple(sorted({row.convert for row in TYPES}))
_ENCODERS = tuple(sorted({"float64", *(sql.encode for row in TYPES for sql in row.sql.values())}))
# How values are stored and read unless the settings say: by converter, and by encoder.
_ENCODER_FOR = {"float64": "double", "json_value": "json_text"}
_DECODER_FOR = {
    "double": "double",
    "float64": "double",
    "int64": "int64",
    "hstore_csv_json_text": "json_from_text",
    "hstore_csv_text": "hstore_csv_from_text",
    "hstore_json_text": "json_from_text",
    "hstore_text": "hstore_from_text",
    "json_text": "json_from_text",
    "text": "text_from_value",
    "timestamp": "timestamp",
}
_NOT_SCALAR = ("hstore", "json_value", "tags")
_FETCHED_AS_TEXT = ("hstore_csv_text", "hstore_text", "json_text")
_DECODERS = tuple(
    sorted({*_DECODER_FOR.values(), *(sql.decode for row in TYPES for sql in row.sql.values())})
)


def _python_type(value: object) -> PythonType | None:
    if not isinstance(value, str):
        return None
    module, _, name = value.rpartition(".")
    parts = value.split(".")
    if not module or not all(part.isidentifier() and not iskeyword(part) for part in parts):
        return None
    return PythonType(name, module=module)


def _json_schema(value: object) -> dict[str, Any] | None:
    return None if json_schemas.fault(value) else as_table(value)


def _row(value: object) -> str | None:
    """Parse a type annotation made of `_ROW_NAMES`, and format it as black does."""
    if not isinstance(value, str):
        return None
    try:
        expression = ast.parse(value, mode="eval").body
        return ast.unparse(expression) if _is_row(expression) else None
    except (SyntaxError, ValueError, RecursionError):
        return None


def _is_row(expression: ast.expr) -> bool:
    match expression:
        case ast.Constant(value=None):
            return True
        case ast.Name(name):
            return name in _ROW_NAMES
        case ast.BinOp(left, ast.BitOr(), right):
            return _is_row(left) and _is_row(right)
        case ast.Subscript(ast.Name("list"), element):
            return _is_row(element)
        case ast.Subscript(ast.Name("dict"), ast.Tuple([key, element])):
            return _is_row(key) and _is_row(element)
        case _:
            return False


def _converter(value: object) -> str | None:
    return value if isinstance(value, str) and value in _CONVERTERS else None


# The fields of a type; each notation is one more, see `_Reader.sql_type`.
_TYPE_FIELDS = (
    Setting("python", "a dotted Python name, such as 'uuid.UUID'", _python_type),
    Setting(
        "json_schema",
        "a table: a valid JSON Schema (2020-12) of a value",
        _json_schema,
        json_schemas.fault,
    ),
    Setting(
        "row",
        f"a Python type made of {', '.join(_ROW_NAMES)} and |, such as 'dict[str, int | None]'",
        _row,
    ),
    Setting("convert", f"one of {', '.join(_CONVERTERS)}", _converter),
)

_SPELLING = Setting("", "a string: the type in this target", spelling)


def parse(
    types: Mapping[str, object],
    targets: Targets,
    root: Path,
    path: str,
    line_column: Callable[[KeyPath], tuple[int, int]],
) -> tuple[TypeTable, list[Problem]]:
    """Make the type table of the built-in types and those of the setting ``types``; the problems are SG302.

    ``targets`` may have spellings of types, too. Classes are looked up from ``root``. ``path`` is the
    name of the file in messages; ``line_column`` finds an entry in it.
    """
    reader = _Reader(root, path, line_column)
    return reader.table(types, targets), reader.problems


@dataclass(slots=True)
class _Reader:
    root: Path
    path: str
    line_column: Callable[[KeyPath], tuple[int, int]]
    problems: list[Problem] = field(default_factory=list[Problem])

    def wrong(self, key_path: KeyPath, message: str) -> None:
        line, column = self.line_column(key_path)
        self.problems.append(Problem(self.path, line, column, "SG302", message))

    def parsed(self, setting: Setting, key_path: KeyPath, value: object) -> object | None:
        """Parse ``value``, or record a problem and return None if ``setting`` does not accept it."""
        parsed = setting.parse(value)
        if parsed is None:
            self.wrong(key_path, setting.refusal(value, ".".join(map(str, key_path))))
        return parsed

    def table(self, types: Mapping[str, object], targets: Targets) -> TypeTable:
        rows = {row.name: row for row in TYPES}
        for name, value in types.items():
            fields = as_table(value)
            if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
                self.wrong(
                    ("types", name),
                    "the name of a type must be lower-case letters, digits and _, "
                    f"with a letter first, not {shown(name)}",
                )
            elif fields is None:
                self.wrong(("types", name), f"types.{name} must be a table, not {excerpt(value)}")
            elif row := self.row(name, fields, rows.get(name), targets):
                rows[name] = row
        for target, spelled in targets.spelled.items():
            self.spell(rows, targets.notations[target], spelled, declared=types)
        return TypeTable(types=rows, notations=targets.notations_in_force)

    def row(
        self, name: str, fields: dict[str, Any], known: Type | None, targets: Targets
    ) -> Type | None:
        """Make a row of the type table, from ``known`` if there is such a row already.

        Records a problem and returns None if a field is missing, unknown or invalid.
        """
        before = len(self.problems)
        notations = targets.notations
        in_force = [
            notation.name
            for notation in targets.notations_in_force
            if name not in targets.spelled.get(notation.name, {})
        ]
        settings = {setting.name: setting for setting in _TYPE_FIELDS}
        convert = _converter(fields.get("convert")) or (known.convert if known else "")
        if known is None:
            if "postgres" in fields:
                fields = {"postgres_jsonb": fields["postgres"], **fields}
            # Without a valid converter, which is reported, it is not known what it implies.
            like = [row for row in TYPES if row.convert == convert] or TYPES
            for key in (*settings, *in_force):
                derived = any(row.spelling(key) is not None for row in like)
                if fields.get(key) is None and not derived:
                    message = f"types.{name} needs {key!r}: it is a new type"
                    if key in targets.spelled:
                        message += f"; set types.{name}.{key} or targets.{key}.types.{name}"
                    self.wrong(("types", name), message)
        changes: dict[str, Any] = {}
        sql = dict(known.sql) if known else {}
        spelled = dict(known.spelled) if known else {}
        for key, value in fields.items():
            key_path: KeyPath = ("types", name, key)
            if key in settings:
                changes[key] = self.parsed(settings[key], key_path, value)
                if isinstance(changes[key], PythonType):
                    self.check_python_type(key_path, changes[key])
            elif isinstance(notations.get(key), Dialect):
                if sql_type := self.sql_type(key_path, value, sql.get(key), convert, key):
                    sql[key] = sql_type
            elif key in notations:
                if (text := self.parsed(_SPELLING, key_path, value)) is not None:
                    spelled[key] = str(text)
            else:
                known_fields = (*settings, *notations)
                self.wrong(
                    key_path,
                    f"types.{name} has the unknown field {shown(key)} (known fields: "
                    f"{', '.join(known_fields)}){did_you_mean(key, known_fields)}",
                )
        if len(self.problems) > before:
            return None
        changes["sql"], changes["spelled"] = sql, spelled
        if known is not None:
            return replace(known, **changes)
        return Type(name=name, boto3="as the settings say", **changes)

    def check_python_type(self, key_path: KeyPath, type: PythonType) -> None:
        """Record a problem if ``type`` does not exist."""
        if problem := python_types.problem(type, self.root):
            name = ".".join(map(str, key_path))
            message = f"{name} is {type.module}.{type.name}, but {problem}"
            self.wrong(key_path, message)

    def spell(
        self,
        rows: dict[str, Type],
        notation: Notation,
        spelled: Mapping[str, str],
        declared: Mapping[str, object],
    ) -> None:
        """Add the spellings of a target of the settings to ``rows``. ``declared`` are the types of the
        settings, those with problems included."""
        for name, text in spelled.items():
            key_path: KeyPath = ("targets", notation.name, "types", name)
            row = rows.get(name)
            if row is None:
                if name not in declared:
                    known = f"(known types: {', '.join(rows)})"
                    self.wrong(
                        key_path, f"unknown type {shown(name)} {known}{did_you_mean(name, rows)}"
                    )
            elif not isinstance(notation, Dialect):
                rows[name] = replace(row, spelled={**row.spelled, notation.name: text})
            elif sql_type := self.sql_type(
                key_path, text, row.sql.get(notation.name), row.convert, notation.name
            ):
                rows[name] = replace(row, sql={**row.sql, notation.name: sql_type})

    def sql_type(
        self,
        key_path: KeyPath,
        value: object,
        known: SqlType | None,
        convert: str,
        dialect: str,
    ) -> SqlType | None:
        """Parse a type that is given as its SQL name, or as a table of the fields of `SqlType`.

        Records a problem and returns None if it is invalid, or does not tell how values that are not
        scalars are stored.
        """
        fields: dict[str, Any] = as_table(value) or {"name": value}
        encode = known.encode if known else _ENCODER_FOR.get(convert, convert)
        encode = fields.get("encode", encode if encode in _ENCODERS else "text")
        allowed = {"name": None, "via": None, "encode": _ENCODERS, "decode": _DECODERS}
        sql_name = fields.get("name")
        right = isinstance(sql_name, str) and all(
            part in allowed
            and isinstance(text, str)
            and (text in (allowed[part] or (text,)))
            and (part not in ("name", "via") or is_sql_type(text))
            for part, text in fields.items()
        )
        if not right:
            accepts = (
                "an SQL type, such as 'numeric(10, 2)', or a table {name, encode, decode, via}"
            )
            if value is fields:
                decoders = ", ".join(filter(None, _DECODERS))
                accepts += f" (encode: {', '.join(_ENCODERS)}; decode: {decoders})"
            name = ".".join(map(str, key_path))
            self.wrong(key_path, f"{name} must be {accepts}, not {excerpt(value)}")
            return None
        if convert in _NOT_SCALAR and "encode" not in fields:
            if same := built_in_sql(dialect, fields["name"], convert):
                changed = replace(same, **fields)
                # The format of a binary COPY is that of the built-in encoder's result.
                same_values = (changed.encode, changed.via) == (same.encode, same.via)
                return changed if same_values else replace(changed, wire="")
            if known is None:
                self.wrong(
                    key_path,
                    f"{'.'.join(map(str, key_path))} does not say how {fields['name']!r} stores values of "
                    f"{convert!r}: use a table {{name, encode, decode}} (encode: "
                    f"{', '.join(_ENCODERS)})",
                )
                return None
        return SqlType(
            name=fields["name"],
            encode=encode,
            decode=fields.get("decode", _DECODER_FOR.get(encode, "")),
            fetched="text" if encode in _FETCHED_AS_TEXT else "",
            via=fields.get("via", fields["name"]),
        )
