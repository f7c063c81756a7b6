"""Load settings from ``[tool.schemagen]`` of pyproject.toml, or from the top level of schemagen.toml.

A setting is a row of `SETTINGS` and an attribute of `Settings`, which holds its default.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from schemagen import limits
from schemagen.diagnostics import Problem, ProblemsFound, did_you_mean, display_path, shown
from schemagen.files import read_text
from schemagen.names import NestedNames, is_package_name
from schemagen.resolved_types import TypeTable
from schemagen.settings import (
    columns,
    members,
    overrides,
    positions,
    rule_levels,
)
from schemagen.settings import targets as target_settings
from schemagen.settings import types as type_settings
from schemagen.settings.columns import ColumnRule
from schemagen.settings.members import MemberChoice
from schemagen.settings.overrides import Overrides
from schemagen.settings.positions import KeyPath, Positions
from schemagen.settings.rule_levels import RuleLevels
from schemagen.settings.setting import Setting, as_string, as_table, matching
from schemagen.targets.registry import BUILT_IN, Target, default_targets
from schemagen.typetable import NOTATIONS, TYPES, Notation


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


_FILES = ("schemagen.toml", "pyproject.toml")
"""The names of settings files. If a folder has both, the first is read."""


def nested_folders(settings: Settings) -> tuple[str, str] | None:
    """Explain why ``out`` and another setting exclude each other: one is in the other, where generated files
    would be read; or why the changelog cannot be where it is: among files that are written or read otherwise.
    Returns the name of the other setting with the reason, or None if there is none."""
    out, shown = Path(os.path.realpath(settings.out)), settings.display(settings.out)
    for name, folder in (("docs", settings.docs), ("bindings", settings.bindings)):
        other, place = Path(os.path.realpath(folder)), settings.display(folder)
        if other == out:
            return name, f"out must be another folder than {name}, not {shown!r}"
        if other in out.parents:
            return name, f"out ({shown}) is inside {name} ({place}); choose a folder outside"
        if out in other.parents:
            return name, f"{name} ({place}) is inside out ({shown}); choose a folder outside"
    changelog, place = settings.changelog, settings.display(settings.changelog)
    if changelog.name in _FILES:
        return "changelog", f"changelog must be a file of its own, not {place!r}"
    for name, folder in (
        ("out", settings.out),
        ("docs", settings.docs),
        ("bindings", settings.bindings),
    ):
        if Path(os.path.realpath(changelog)).is_relative_to(os.path.realpath(folder)):
            inside = f"inside {name} ({settings.display(folder)})"
            return "changelog", f"changelog ({place}) is {inside}; choose a file outside"
    return None


def located(folder: Path) -> Path:
    """Return the absolute path of a folder without ``..``, so that messages and the system mean the same one:
    ``link/../a`` is ``a``, wherever the link leads."""
    return Path(os.path.abspath(folder))  # noqa: PTH100 -- links are kept as they are named


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
    start = located(start)
    for folder in (start, *start.parents):
        for name in _FILES:
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
    return Settings(
        root,
        docs=located(root / docs),
        out=located(root / out),
        bindings=located(root / bindings),
        changelog=located(root / changelog),
        **others,
    )


# --- what a setting may be ------------------------------------------------------------------------

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]*")

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
        types, problems = type_settings.parse(
            values.get("types", {}), targets, self.path.parent, self.path.name, self.line_column
        )
        self.problems += problems
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
            other, message = fault
            key = "out" if "out" in table and other != "changelog" else other
            self.wrong((key,), message)
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
            elif (parsed := settings[name].parse(value)) is not None:
                values[name] = parsed
            else:
                self.wrong((name,), settings[name].refusal(value))
        return values
