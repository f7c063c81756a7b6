"""Parse the settings ``outputs`` and ``targets``: which targets are built, and the project's own targets.

A target of the project has a ``template``, a ``path`` in the generated package, and the spellings of its
types, ``array`` and ``types``. One with the name of a built-in target replaces it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from schemagen.diagnostics import (
    Problem,
    SourcePosition,
    did_you_mean,
    display_path,
    excerpt,
    shown,
)
from schemagen.files import read_text
from schemagen.limits import path_fault
from schemagen.names import is_device
from schemagen.settings.entries import Entry
from schemagen.settings.positions import KeyPath
from schemagen.settings.setting import Setting, as_string, as_table
from schemagen.targets.registry import BUILT_IN, Per, Target, UserTemplate, selected
from schemagen.typetable import NOTATIONS, Dialect, Notation

TEMPLATES = "*.j2"
"""The files in a template's folder that it may include, and that are inputs of the build."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_PLACEHOLDERS = ("provider", "table")
_SEGMENT = re.compile(r"[A-Za-z0-9_.-]+")
_PATH = (
    "a path in the generated package, relative and with forward slashes, of letters, digits, '_', '-', "
    "'.' and either both or none of the placeholders {provider} and {table}"
)

# What a build may write into a package whatever its targets are.
_OWN = (
    *(
        "__init__.py",
        "py.typed",
        "_convert.py",
        "_types.py",
        "catalog.py",
        "catalog.json",
        "records.py",
        "sql.py",
    ),
    "_runtime",
)


def _array(value: object) -> str | None:
    return value if isinstance(value, str) and value.count("{}") == 1 else None


def _types(value: object) -> dict[str, str] | None:
    types = as_table(value) or {}
    return cast("dict[str, str]", types) if types and all(map(spelling, types.values())) else None


def spelling(value: object) -> str | None:
    """Accept the spelling of a type: text of one line."""
    return value if isinstance(value, str) and value and value.isprintable() else None


_KEYS = (
    Setting("template", "a string: a Jinja template, relative to the settings' folder", as_string),
    Setting("path", _PATH, as_string),
    Setting(
        "array", "a string with {} in place of the element's type, such as 'Array({})'", _array
    ),
    Setting("types", "a table of the types' spellings, such as { string = 'String' }", _types),
)
_REQUIRED = ("template", "path")


@dataclass(frozen=True, slots=True)
class Targets:
    """``known`` are all targets by name, and ``outputs`` those that are built. ``notations`` are all
    columns of the type table, and ``spelled`` the user's spellings by notation and type."""

    known: Mapping[str, Target]
    outputs: tuple[Target, ...]
    notations: Mapping[str, Notation]
    spelled: Mapping[str, Mapping[str, str]]

    @property
    def notations_in_force(self) -> tuple[Notation, ...]:
        return in_force(self.notations.values(), self.outputs)


def in_force(notations: Iterable[Notation], outputs: Iterable[Target]) -> tuple[Notation, ...]:
    """Select the notations that ``outputs`` use."""
    used = {target.notation for target in outputs}
    return tuple(notation for notation in notations if notation.name in used)


def parse(
    targets: Mapping[str, object],
    outputs: Iterable[object] | None,
    root: Path,
    path: str,
    line_column: Callable[[KeyPath], tuple[int, int]],
) -> tuple[Targets, list[Problem]]:
    """Parse the two settings; templates are read from below ``root``. ``path`` is the name of the
    settings' file in messages, and ``line_column`` finds an entry in it."""
    known = dict(BUILT_IN)
    notations = {notation.name: notation for notation in NOTATIONS}
    spelled: dict[str, Mapping[str, str]] = {}
    problems: list[Problem] = []
    for name, value in targets.items():
        values = as_table(value) or {}
        keys = {key: line_column(("targets", name, key)) for key in values}
        position = SourcePosition(path, {**keys, "": line_column(("targets", name))})
        entry = Entry(f"target {name!r}", values, position)
        if not isinstance(value, dict):
            entry.wrong(f"targets.{name} must be a table, not {excerpt(value)}")
        target = None if entry.problems else _target(name, entry, root, known)
        problems += entry.problems
        if target is None:
            continue
        known[name] = target
        base = notations.get(name, Notation(name, name, ""))
        array = values.get("array")
        notations[name] = replace(base, array=array) if isinstance(array, str) else base
        spelled[name] = cast("Mapping[str, str]", values.get("types", {}))
    problems += _same_paths(known.values())
    names = [target.name for target in known.values() if target.default]
    if outputs is not None:
        position = SourcePosition(path, {"": line_column(("outputs",))})
        names = list[str]()
        for number, item in enumerate(outputs):
            line, column = line_column(("outputs", number))
            if isinstance(item, str) and item in known:
                names.append(item)
                continue
            message = (
                f"unknown target {excerpt(item)} in outputs (known targets: {', '.join(known)})"
            )
            message += did_you_mean(item, known) if isinstance(item, str) else ""
            problems.append(Problem(path, line, column, "SG302", message))
        problems += _without_use(names, known, notations, position)
    chosen = selected(names, known)
    return Targets(known, chosen, notations, spelled), problems


def _target(name: str, entry: Entry, root: Path, known: Mapping[str, Target]) -> Target | None:
    """Make a target of an entry; None if it has problems."""
    if not _NAME.fullmatch(name) or name == "python":
        entry.wrong(
            "the name of a target must be lower-case letters, digits and _, with a letter first, "
            f"and not 'python', not {shown(name)}"
        )
    replaced = known.get(name)
    if replaced is not None and replaced.dotted:
        entry.wrong(
            f"the built-in target {name!r} cannot be replaced, because its modules are imported;"
            " choose another name"
        )
    values = entry.parsed(_KEYS, _REQUIRED)
    if entry.problems:
        return None
    pattern: str = values["path"]
    _check_path(pattern, entry)
    template = _template(values["template"], entry, root)
    if entry.problems or template is None:
        return None
    per = Per.TABLE if _PLACEHOLDER.search(pattern) else Per.CATALOG
    if replaced is not None:
        return replace(
            replaced,
            per=per,
            path=pattern,
            renderer="",
            template="",
            user_template=template,
            default=True,
            replaces=True,
            notation=replaced.notation or name,
        )
    return Target(name, name, per, pattern, user_template=template, notation=name)


def _check_path(pattern: str, entry: Entry) -> None:
    """Record what is wrong with the path of a target."""
    found = _PLACEHOLDER.findall(pattern)
    for placeholder in found:
        if placeholder not in _PLACEHOLDERS:
            entry.wrong(
                f"unknown placeholder {{{placeholder}}} in path (known placeholders: {{provider}}, "
                f"{{table}}){did_you_mean(placeholder, _PLACEHOLDERS)}",
                "path",
            )
            return
    plain = _PLACEHOLDER.sub("x", pattern)
    right = set(found) in (set(), set(_PLACEHOLDERS)) and all(
        _SEGMENT.fullmatch(segment) and not segment.endswith(".") and not is_device(segment)
        for segment in plain.split("/")
    )
    if not right:
        entry.wrong(f"path must be {_PATH}, not {shown(pattern)}", "path")
        return
    first, *_ = segments = plain.split("/")
    if passed_over := next((part for part in segments if _is_passed_over(part)), ""):
        entry.wrong(
            f"path must not contain {passed_over!r}: hidden files and caches do not belong in packages;"
            " choose another name",
            "path",
        )
    elif first.lower() in _OWN:
        entry.wrong(
            f"path must not be {first!r}, which is in every package; choose another", "path"
        )
    elif (module := f"{first.partition('.')[0].lower()}.py") in _OWN:
        entry.wrong(
            f"path must not begin with {first!r}, which would shadow the module {module!r} of the package;"
            " choose another name",
            "path",
        )


def _is_passed_over(segment: str) -> bool:
    """Whether tools skip files and folders with this name."""
    return segment.startswith(".") or segment.lower() == "__pycache__"


def _template(name: str, entry: Entry, root: Path) -> UserTemplate | None:
    """Read a template and those beside it; None, with a problem, if that fails."""
    if path_fault(name) or Path(name).is_absolute() or ".." in Path(name).parts:
        entry.wrong(f"template must be a path inside the project, not {shown(name)}", "template")
        return None
    path = root / name
    texts: dict[str, str] = {}
    for other in sorted({*path.parent.glob(TEMPLATES), path}):
        if other != path and not other.is_file():
            continue
        try:
            texts[other.name] = read_text(other)
        except UnicodeDecodeError:
            wrong = display_path(other, root)
            entry.wrong(f"the template {wrong} is not UTF-8; save it as UTF-8", "template")
        except OSError as error:
            wrong = display_path(other, root)
            reason = error.strerror or error
            entry.wrong(f"cannot read the template {wrong}: {reason}", "template")
    if entry.problems:
        return None
    return UserTemplate(display_path(path, root), path.name, texts, entry.position)


def _same_paths(targets: Iterable[Target]) -> Iterator[Problem]:
    """Report targets whose paths differ at most in case."""
    owners: dict[str, Target] = {}
    for target in sorted(targets, key=lambda target: target.user_template is not None):
        first = owners.setdefault(target.path.lower(), target)
        if first is not target and target.user_template is not None:
            message = (
                f"the targets {first.name!r} and {target.name!r} would both be written to"
                f" {target.path}; choose another path"
            )
            yield target.user_template.position.problem("SG308", message, "path")


def _without_use(
    names: Iterable[str],
    known: Mapping[str, Target],
    notations: Mapping[str, Any],
    position: SourcePosition,
) -> Iterator[Problem]:
    """Report selected targets that are useless without an SQL target, if none is selected."""
    chosen = selected(names, known)
    dialects = [name for name, item in notations.items() if isinstance(item, Dialect)]
    for target in chosen:
        if target.needs_dialect and not any(other.notation in dialects for other in chosen):
            message = (
                f"{target.name!r} in outputs is for loading rows into databases, but no SQL target is selected; "
                f"add one of {', '.join(dialects)}, or remove {target.name!r}"
            )
            yield position.problem("SG302", message)
