"""Settings: ``[tool.schemagen]`` of pyproject.toml, or schemagen.toml with the same keys at its top.

| key | meaning | default |
|---|---|---|
| docs, out, bindings | folders, relative to the file | docs_src, generated, bindings |
| base_uri | what the ``$id`` of a JSON Schema starts with | urn:ddsql-schemas: |
| nested_names | names inside json columns: snake_case or api | snake_case |
| package_version | version of the generated distribution | 0.1.0 |
| types.NAME | a row of the type table: a new one, or fields that override a known one's | |
| columns | rules ``{table, column, was, type}``: these columns have this type | |
| overrides | bindings by hand, see `overrides` | |
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from schemagen.diagnostics import Problem, ProblemsFound
from schemagen.names import NestedNames
from schemagen.settings import overrides, positions
from schemagen.settings.overrides import Overrides
from schemagen.settings.positions import KeyPath, Positions
from schemagen.typetable import (
    DIALECTS,
    TYPES,
    PythonType,
    Rule,
    SqlType,
    Type,
    TypeTable,
    UnknownType,
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run works on. Paths are absolute; ``root`` is the project's folder."""

    root: Path
    docs: Path
    out: Path
    bindings: Path
    base_uri: str = "urn:ddsql-schemas:"
    nested_names: NestedNames = NestedNames.SNAKE_CASE
    package_version: str = "0.1.0"
    types: TypeTable = field(default_factory=TypeTable)
    overrides: Overrides = field(default_factory=Overrides)

    def display(self, path: Path) -> str:
        """How messages and origins name ``path``: relative to the root, with forward slashes."""
        try:
            return path.relative_to(self.root).as_posix()
        except ValueError:
            return path.as_posix()


def load_settings(start: Path) -> Settings:
    """The settings of the project that ``start`` is in.

    The project's root is the nearest folder, upwards from ``start``, with a schemagen.toml or with
    a pyproject.toml that has a ``[tool.schemagen]`` table; ``start`` itself where there is none.
    Raises `ProblemsFound` with SG301 and SG302.
    """
    start = start.absolute()
    for folder in (start, *start.parents):
        for name in ("schemagen.toml", "pyproject.toml"):
            path = folder / name
            if not path.is_file():
                continue
            reader = _Reader(path)
            table = reader.table()
            if table is not None:
                return reader.settings(table)
    return _settings(start, {})


def _settings(root: Path, paths: Mapping[str, str], **others: Any) -> Settings:
    return Settings(
        root=root,
        docs=root / paths.get("docs", "docs_src"),
        out=root / paths.get("out", "generated"),
        bindings=root / paths.get("bindings", "bindings"),
        **others,
    )


def _table(value: object) -> dict[str, Any] | None:
    """``value`` if it is a TOML table."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _list(value: object) -> list[object]:
    """``value`` if it is a TOML array, and nothing otherwise."""
    return cast("list[object]", value) if isinstance(value, list) else []


_SQL_TYPE = re.compile(r"[A-Za-z_][A-Za-z0-9_ ]*(\((?:[A-Za-z0-9_ ,]|\[\])*\))?(\[\])*")
_DOTTED = re.compile(r"([A-Za-z_]\w*\.)+[A-Za-z_]\w*")
_VERSION = re.compile(r"\d+(\.\d+)*([a-z0-9.+-]*)")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]*")
_ROW = re.compile(r"(str|int|float|bool|datetime|Json|dict|list|None|[\[\], |])+")
_CONVERTERS = tuple(sorted({row.convert for row in TYPES}))
_ENCODERS = tuple(sorted({sql.encode for row in TYPES for sql in row.sql.values()}))
_DECODERS = tuple(sorted({sql.decode for row in TYPES for sql in row.sql.values()}))
_TOML_PLACE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")


class _Reader:
    """One settings file. Collects every problem in it before it gives up."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.root: KeyPath = () if path.name == "schemagen.toml" else ("tool", "schemagen")
        self.problems: list[Problem] = []
        try:
            self.text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ProblemsFound([Problem(path.name, 1, 1, "SG301", str(error))]) from error

    def table(self) -> dict[str, Any] | None:
        try:
            document = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            message = str(error)
            place = _TOML_PLACE.search(message)
            line, column = 1, 1
            if place:
                message = message[: place.start()]
                lines = self.text.splitlines() or [""]
                line = int(place[1] or len(lines))
                column = int(place[2] or len(lines[-1]) + 1)
            problem = Problem(self.path.name, line, column, "SG301", message)
            raise ProblemsFound([problem]) from error
        if not self.root:
            return document
        tool = (_table(document.get("tool")) or {}).get("schemagen")
        if tool is not None and _table(tool) is None:
            self.wrong((), "tool.schemagen must be a table")
            raise ProblemsFound(self.problems)
        return _table(tool)

    @cached_property
    def places(self) -> Positions:
        """Where the settings stand. Only a file with problems or overrides is looked at."""
        return positions.toml(self.text)

    def line_column(self, at: KeyPath) -> tuple[int, int]:
        return self.places.line_column((*self.root, *at))

    def wrong(self, at: KeyPath, message: str) -> None:
        """Record SG302 at the setting that the keys ``at`` lead to, or what is nearest around it."""
        self.problems.append(Problem(self.path.name, *self.line_column(at), "SG302", message))

    def settings(self, table: Mapping[str, Any]) -> Settings:
        paths: dict[str, str] = {}
        others: dict[str, Any] = {}
        for key, value in table.items():
            match key, value:
                case "docs" | "out" | "bindings", str():
                    paths[key] = value
                case "base_uri", str() if _URI.fullmatch(value):
                    others[key] = value
                case "package_version", str() if _VERSION.fullmatch(value):
                    others[key] = value
                case "nested_names", str() if value in tuple(NestedNames):
                    others[key] = NestedNames(value)
                case ("types", dict()) | ("columns" | "overrides", list()):
                    pass
                case "docs" | "out" | "bindings" | "types" | "columns" | "overrides", _:
                    self.wrong((key,), f"{key} has a wrong type: {value!r}")
                case "base_uri" | "package_version" | "nested_names", _:
                    self.wrong((key,), f"{key} has a wrong value: {value!r}")
                case _:
                    self.wrong((key,), f"unknown setting {key!r}")
        others["types"] = self.type_table(
            _table(table.get("types")) or {}, _list(table.get("columns"))
        )
        others["overrides"], wrong = overrides.parse(
            _list(table.get("overrides")), self.path.name, ("overrides",), self.line_column
        )
        self.problems += wrong
        if self.problems:
            raise ProblemsFound(self.problems)
        return _settings(self.path.parent, paths, **others)

    def type_table(self, types: Mapping[str, object], rules: list[object]) -> TypeTable:
        rows = {row.name: row for row in TYPES}
        for name, value in types.items():
            fields = _table(value)
            if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
                self.wrong(
                    ("types", name), f"type name {name!r} must be lower-case letters, digits and _"
                )
            elif fields is None:
                self.wrong(("types", name), f"types.{name} must be a table")
            elif row := self.row(name, fields, rows.get(name)):
                rows[name] = row
        table = TypeTable(types=rows)
        return replace(table, rules=tuple(self.rules(rules, table)))

    def row(self, name: str, fields: dict[str, Any], known: Type | None) -> Type | None:
        """The row ``name``, made from a known one or from nothing; None with a problem recorded."""
        before = len(self.problems)
        dialects = {dialect.name for dialect in DIALECTS}
        if known is None:
            fields = {"postgres_jsonb": fields.get("postgres"), **fields}
            for key in ("python", "json_schema", "row", "convert", *sorted(dialects)):
                if fields.get(key) is None:
                    self.wrong(("types", name), f"types.{name} needs {key!r}")
            if len(self.problems) > before:
                return None
        changes: dict[str, Any] = {}
        sql = dict(known.sql) if known else {}
        for key, value in fields.items():
            match key, value:
                case "python", str() if _DOTTED.fullmatch(value):
                    module, _, attribute = value.rpartition(".")
                    changes["python"] = PythonType(attribute, module=module)
                case "json_schema", dict():
                    changes["json_schema"] = value
                case "row", str() if _ROW.fullmatch(value):
                    changes["row"] = value
                case "convert", str() if value in _CONVERTERS:
                    changes["convert"] = value
                case dialect, _ if dialect in dialects:
                    default = fields.get("convert") or (known.convert if known else "")
                    if made := self.sql_type(name, key, value, sql.get(key), default):
                        sql[key] = made
                case "convert", _:
                    self.wrong(
                        ("types", name, key),
                        f"types.{name}.convert must be one of {', '.join(_CONVERTERS)}",
                    )
                case "python" | "json_schema" | "row", _:
                    self.wrong(
                        ("types", name, key), f"types.{name}.{key} has a wrong value: {value!r}"
                    )
                case _:
                    self.wrong(("types", name, key), f"types.{name} has an unknown field {key!r}")
        if len(self.problems) > before:
            return None
        changes["sql"] = sql
        if known is not None:
            return replace(known, **changes)
        return Type(name=name, boto3="as the settings say", **changes)

    def sql_type(
        self, name: str, key: str, value: object, known: SqlType | None, convert: str
    ) -> SqlType | None:
        """A type written as its SQL name, or as a table of the fields of `SqlType`."""
        fields: dict[str, Any] = _table(value) or {"name": value}
        encode = known.encode if known else convert if convert in _ENCODERS else "text"
        allowed = {"name": None, "via": None, "encode": _ENCODERS, "decode": _DECODERS}
        sql_name = fields.get("name")
        right = isinstance(sql_name, str) and all(
            part in allowed
            and isinstance(text, str)
            and (text in (allowed[part] or (text,)))
            and (part not in ("name", "via") or _SQL_TYPE.fullmatch(text))
            for part, text in fields.items()
        )
        if not right:
            self.wrong(("types", name, key), f"types.{name}.{key} is no SQL type: {value!r}")
            return None
        return SqlType(
            name=fields["name"],
            encode=fields.get("encode", encode),
            decode=fields.get("decode", ""),
            via=fields.get("via", fields["name"]),
        )

    def rules(self, rules: list[object], types: TypeTable) -> list[Rule]:
        made: list[Rule] = []
        for number, value in enumerate(rules):
            rule = _table(value) or {}
            right = (
                "type" in rule
                and set(rule) <= {"table", "column", "was", "type"}
                and all(isinstance(part, str) for part in rule.values())
            )
            if not right:
                message = f"a rule is {{table, column, was, type}}, not {value!r}"
                self.wrong(("columns", number), message)
                continue
            try:
                types.resolve(rule["type"])
            except UnknownType as error:
                self.wrong(("columns", number, "type"), str(error))
                continue
            made.append(Rule(**rule))
        return made
