"""Load settings from ``[tool.schemagen]`` of pyproject.toml, or from the top level of schemagen.toml.

A setting is a row of `SETTINGS` and an attribute of `Settings`, which holds its default.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from keyword import iskeyword
from pathlib import Path
from typing import Any, cast

from schemagen import limits
from schemagen.diagnostics import Problem, ProblemsFound, did_you_mean, display_path, excerpt, shown
from schemagen.files import read_text
from schemagen.names import NestedNames, is_package_name
from schemagen.resolved_types import TypeTable
from schemagen.settings import (
    columns,
    json_schemas,
    members,
    overrides,
    positions,
    python_types,
    rule_levels,
)
from schemagen.settings import targets as target_settings
from schemagen.settings.columns import ColumnRule
from schemagen.settings.members import MemberChoice
from schemagen.settings.overrides import Overrides
from schemagen.settings.positions import KeyPath, Positions
from schemagen.settings.rule_levels import RuleLevels
from schemagen.settings.setting import Setting, as_string, as_table, matching
from schemagen.settings.sql_types import is_sql_type
from schemagen.settings.targets import Targets
from schemagen.targets.registry import BUILT_IN, Target, default_targets
from schemagen.typetable import (
    NOTATIONS,
    TYPES,
    Dialect,
    Notation,
    PythonType,
    SqlType,
    Type,
    built_in_sql,
)


def default_types() -> TypeTable:
    """Return the type table of a project without settings: all types, spelled for the default outputs."""
    return TypeTable(notations=target_settings.in_force(NOTATIONS, default_targets()))


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a run. Paths are absolute; ``root`` is the project's folder."""

    root: Path
    docs: Path
    """The folder of the pages."""
    out: Path
    """The folder that `schemagen build` writes."""
    bindings: Path
    """The folder of the lock files."""
    changelog: Path
    """The changelog of the generated package, which `schemagen release` writes; it need not exist."""
    exclude: tuple[str, ...] = ()
    """Patterns of pages that are not read, relative to ``docs``."""
    base_uri: str = "urn:ddsql-schemas:"
    """What the ``$id`` of every JSON Schema starts with."""
    nested_names: NestedNames = NestedNames.SNAKE_CASE
    """How the members of structures are spelled inside json columns."""
    package: str = "ddsql_schemas"
    """The import name of the generated package."""
    package_version: str = "0.1.0"
    """The version of the generated distribution."""
    types: TypeTable = field(default_factory=default_types)
    """The type table with the rows of ``types`` and the rules of ``columns``."""
    columns: tuple[ColumnRule, ...] = ()
    """The rules of ``columns``, with their positions."""
    outputs: tuple[Target, ...] = field(default_factory=default_targets)
    """The targets that are built, with those that they need."""
    targets: Mapping[str, Target] = field(default_factory=lambda: BUILT_IN)
    """All targets by name: the built-in ones, replaced and extended by those of ``targets``."""
    notations: tuple[Notation, ...] = NOTATIONS
    """The notations of all targets."""
    overrides: Overrides = field(default_factory=Overrides)
    """Bindings made by hand."""
    members: tuple[MemberChoice, ...] = ()
    """Which source to follow where API page and record disagree about a member."""
    rules: RuleLevels = field(default_factory=RuleLevels)
    """What is done about the findings of a comparison."""
    file: Path | None = field(default=None, compare=False)
    """The file that the settings were read from; None for a project without one."""

    def display(self, path: Path) -> str:
        """Format a path for messages and origins: relative to the root if inside it, with slashes."""
        return display_path(path, self.root)


def nested_folders(settings: Settings) -> str:
    """Explain why ``out`` and another place exclude each other: one is in the other, where generated files
    would be read. Returns "" if neither is."""
    docs, out = (Path(os.path.realpath(folder)) for folder in (settings.docs, settings.out))
    shown = settings.display(settings.out), settings.display(settings.docs)
    if docs == out:
        return f"out must be another folder than docs, not {shown[0]!r}"
    if docs in out.parents:
        return f"out ({shown[0]}) is inside docs ({shown[1]}); choose a folder outside"
    if out in docs.parents:
        return f"docs ({shown[1]}) is inside out ({shown[0]}); choose a folder outside"
    changelog = Path(os.path.realpath(settings.changelog))
    if out in (changelog, *changelog.parents):
        place = settings.display(settings.changelog)
        return f"changelog ({place}) is inside out ({shown[0]}); choose a file outside"
    return ""


class InvalidSettings(ProblemsFound):
    """Raised when settings are invalid.

    ``usable`` are the settings without the invalid ones, for looking at other inputs; None if even the
    folder of the pages is unknown.
    """

    def __init__(self, problems: Iterable[Problem], usable: Settings | None) -> None:
        super().__init__(problems)
        self.usable = usable


def load_settings(start: Path) -> Settings:
    """Load the settings of the project that contains ``start``.

    The project's root is the nearest folder, upwards from ``start``, with a schemagen.toml or with
    a pyproject.toml that has a ``[tool.schemagen]`` table, or else ``start`` itself. Raises
    `ProblemsFound` with SG301, or `InvalidSettings` with every SG302.
    """
    start = start.absolute()
    for folder in (start, *start.parents):
        for name in ("schemagen.toml", "pyproject.toml"):
            path = folder / name
            if not path.exists() or path.is_dir():
                continue
            reader = _Reader(path)
            table = reader.table()
            if table is not None:
                return reader.settings(table)
    return _settings(start)


def _settings(
    root: Path,
    *,
    docs: str = "docs_src",
    out: str = "generated",
    bindings: str = "bindings",
    changelog: str = "package-changelog.md",
    **others: Any,
) -> Settings:
    return Settings(root, root / docs, root / out, root / bindings, root / changelog, **others)


# --- what a setting may be ------------------------------------------------------------------------

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]*")
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


_FOLDER = "a string: a folder, relative to this file"
_FILE = "a string: a file, relative to this file"


def _folder(value: object) -> str | None:
    return value if isinstance(value, str) and not limits.path_fault(value) else None


def _folder_fault(value: object) -> str:
    return limits.path_fault(value) if isinstance(value, str) else ""


def _array(value: object) -> list[object] | None:
    return cast("list[object]", value) if isinstance(value, list) else None


def _patterns(value: object) -> tuple[str, ...] | None:
    patterns = tuple(map(as_string, _array(value) or []))
    # Nothing below a folder has a path like these, so they could not exclude what was meant.
    wrong = any(
        not item or item.startswith(("/", "./", "../")) or "\\" in item for item in patterns
    )
    return None if wrong or not isinstance(value, list) else tuple(filter(None, patterns))


def _outputs(value: object) -> list[object] | None:
    return _array(value) or None


def _nested_names(value: object) -> NestedNames | None:
    return next((names for names in NestedNames if names == value), None)


def _package(value: object) -> str | None:
    return value if isinstance(value, str) and is_package_name(value) else None


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


def as_version(value: object) -> str | None:
    """Accept a version in the form of PEP 440, which the generated pyproject.toml needs."""
    from packaging.version import Version

    # `Version` accepts white space around a version, and letters that fold to ASCII.
    if not isinstance(value, str) or not value.isascii() or value != value.strip():
        return None
    try:
        Version(value)
    except ValueError:  # InvalidVersion, or a number of more digits than Python reads
        return None
    return value


def _converter(value: object) -> str | None:
    return value if isinstance(value, str) and value in _CONVERTERS else None


SETTINGS = (
    Setting("docs", _FOLDER, _folder, _folder_fault),
    Setting("out", _FOLDER, _folder, _folder_fault),
    Setting("bindings", _FOLDER, _folder, _folder_fault),
    Setting("changelog", _FILE, _folder, _folder_fault),
    Setting(
        "exclude",
        "an array of paths of pages relative to `docs`, or patterns such as 'aws_api/lambda/*'",
        _patterns,
    ),
    Setting(
        "base_uri",
        "a URI in printable ASCII, such as 'urn:ddsql-schemas:' or 'https://example.com/schemas/'",
        matching(_URI),
    ),
    Setting("nested_names", f"one of {', '.join(map(repr, map(str, NestedNames)))}", _nested_names),
    Setting(
        "package",
        "lower-case words joined by underscores, such as 'ddsql_schemas', and no keyword, module of "
        "the standard library or package that the generated code is used with",
        _package,
    ),
    Setting("package_version", "a version as PEP 440 defines it, such as '0.1.0'", as_version),
    Setting("types", "a table with a table for each type", as_table),
    Setting("targets", "a table with a table for each target", as_table),
    Setting("outputs", "an array of the names of targets", _outputs),
    Setting("columns", "an array of tables", _array),
    Setting("overrides", "an array of tables", _array),
    Setting("members", "an array of tables", _array),
    Setting("rules", "a table of rules and levels, or of tables with a table of those", as_table),
)

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

_SPELLING = Setting("", "a string: the type in this target", target_settings.spelling)


# --- reading --------------------------------------------------------------------------------------


class _Reader:
    """Reads a settings file, and collects all its problems."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.root: KeyPath = () if path.name == "schemagen.toml" else ("tool", "schemagen")
        self.problems: list[Problem] = []
        try:
            self.text = read_text(path)
        except OSError as error:
            message = f"cannot be read: {error.strerror or type(error).__name__}"
            raise ProblemsFound([Problem(path.name, 1, 1, "SG301", message)]) from error
        except UnicodeDecodeError as error:
            position = positions.undecodable(error)
            message = f"is not UTF-8: {error.reason}; convert the file"
            raise ProblemsFound([Problem(path.name, *position, "SG301", message)]) from error

    def table(self) -> dict[str, Any] | None:
        """Return the table of schemagen's settings; None for a pyproject.toml without it."""
        try:
            document = limits.read_toml(self.text)
        except limits.NotReadable as error:
            problem = Problem(self.path.name, error.line, error.column, "SG301", error.message)
            raise ProblemsFound([problem]) from error
        if not self.root:
            return document
        tool = (as_table(document.get("tool")) or {}).get("schemagen")
        if tool is not None and as_table(tool) is None:
            self.wrong((), "tool.schemagen must be a table")
            raise ProblemsFound(self.problems)
        return as_table(tool)

    @cached_property
    def positions(self) -> Positions:
        """The positions of all settings. They are only needed for problems, overrides and rules."""
        return positions.toml(self.text)

    def line_column(self, key_path: KeyPath) -> tuple[int, int]:
        return self.positions.line_column((*self.root, *key_path))

    def wrong(self, key_path: KeyPath, message: str) -> None:
        """Record SG302 at the setting ``key_path``, or at the nearest entry around it."""
        line, column = self.line_column(key_path)
        self.problems.append(Problem(self.path.name, line, column, "SG302", message))

    def settings(self, table: Mapping[str, Any]) -> Settings:
        """Make `Settings` from schemagen's table. Raises `InvalidSettings` with every SG302."""
        values = self.values(table)
        targets, problems = target_settings.parse(
            values.get("targets", {}),
            values.get("outputs"),
            self.path.parent,
            self.path.name,
            self.line_column,
        )
        self.problems += problems
        values["targets"], values["outputs"] = targets.known, targets.outputs
        values["notations"] = tuple(targets.notations.values())
        types = self.type_table(values.get("types", {}), targets)
        # Types with problems are reported already: rules that choose one are right.
        declared = dict.fromkeys(values.get("types", {}), TYPES[0])
        known = replace(types, types={**types.types, **declared, **types.types})
        values["columns"], problems = columns.parse(
            values.get("columns", []), self.path.name, ("columns",), self.line_column, known
        )
        self.problems += problems
        rules = tuple(entry.rule for entry in values["columns"])
        values["types"] = replace(types, rules=rules)
        values["overrides"], problems = overrides.parse(
            values.get("overrides", []), self.path.name, ("overrides",), self.line_column
        )
        self.problems += problems
        values["members"], problems = members.parse(
            values.get("members", []), self.path.name, ("members",), self.line_column
        )
        self.problems += problems
        values["rules"], problems = rule_levels.parse(
            values.get("rules", {}), self.path.name, ("rules",), self.line_column
        )
        self.problems += problems
        settings = _settings(self.path.parent, **values, file=self.path)
        if fault := nested_folders(settings):
            self.wrong(("out",) if "out" in table else ("docs",), fault)
        if self.problems:
            usable = settings if "docs" in values or "docs" not in table else None
            raise InvalidSettings(self.problems, usable)
        return settings

    def values(self, table: Mapping[str, object]) -> dict[str, Any]:
        """Parse the values of ``table``; invalid ones become problems and are left out."""
        settings = {setting.name: setting for setting in SETTINGS}
        values: dict[str, Any] = {}
        for name, value in table.items():
            if name not in settings:
                known = f"(known settings: {', '.join(settings)})"
                hint = did_you_mean(name, settings)
                if name == "tool" and not self.root:
                    hint = (
                        f"; settings are at the top level of {self.path.name}: write `[types.uuid]`, "
                        "not `[tool.schemagen.types.uuid]`"
                    )
                self.wrong((name,), f"unknown setting {shown(name)} {known}{hint}")
            elif (parsed := self.parsed(settings[name], (name,), value)) is not None:
                values[name] = parsed
        return values

    def parsed(self, setting: Setting, key_path: KeyPath, value: object) -> object | None:
        """Parse ``value``, or record a problem and return None if ``setting`` does not accept it."""
        parsed = setting.parse(value)
        if parsed is None:
            self.wrong(key_path, setting.refusal(value, ".".join(map(str, key_path))))
        return parsed

    def type_table(self, types: Mapping[str, object], targets: Targets) -> TypeTable:
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
            elif row := self.type_row(name, fields, rows.get(name), targets):
                rows[name] = row
        for target, spelled in targets.spelled.items():
            self.spell(rows, targets.notations[target], spelled, declared=types)
        return TypeTable(types=rows, notations=targets.notations_in_force)

    def type_row(
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
        if problem := python_types.problem(type, self.path.parent):
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
