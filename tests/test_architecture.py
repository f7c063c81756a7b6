"""Which rooms of the house import which, and which modules import other packages, as tables."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import PurePosixPath
from typing import NamedTuple

import pytest

from projects import CHECKOUT

PACKAGE = "schemagen"
SOURCES = CHECKOUT / "parser" / PACKAGE

# A room is a module of the package, or a folder of modules. Each may import itself and the rooms that
# its row lists; these stand in earlier rows. CONTRIBUTING.md shows the same table.
ROOMS: dict[str, tuple[str, ...]] = {
    "runtime": (),
    "diagnostics": ("runtime",),
    "limits": (),
    "rules": (),
    "files": ("limits",),
    "cached_files": ("files",),
    "names": ("runtime",),
    "typetable": (),
    "resolved_types": ("names", "typetable"),
    "model": ("diagnostics", "runtime", "names"),
    "pages": ("diagnostics", "limits", "files", "names", "typetable", "model"),
    "catalog": ("runtime", "names", "resolved_types", "model"),
    "typed_pages": ("diagnostics", "resolved_types", "model"),
    "fits": ("typetable", "resolved_types", "model"),
    "targets": ("diagnostics", "typetable", "resolved_types", "model", "catalog", "typed_pages"),
    "settings": (
        *(
            "diagnostics",
            "limits",
            "rules",
            "files",
            "names",
            "typetable",
            "resolved_types",
            "model",
        ),
        "targets",
    ),
    "lockfile": ("diagnostics", "limits", "runtime", "names", "typetable", "model", "settings"),
    "reconcile": ("names", "typetable", "model", "settings", "catalog"),
    "link": (
        *("names", "typetable", "resolved_types", "model", "settings"),
        *("catalog", "typed_pages", "fits", "reconcile"),
    ),
    "inputs": (
        "diagnostics",
        "model",
        "pages",
        "settings",
        "lockfile",
        "catalog",
        "typed_pages",
        "link",
        "targets",
    ),
    "emit": (
        *("diagnostics", "names", "runtime", "typetable", "resolved_types", "model"),
        *("settings", "catalog", "targets"),
    ),
    "coverage": ("model", "catalog", "reconcile"),
    "explanation": (
        *("diagnostics", "runtime", "resolved_types", "model", "targets", "settings"),
        *("catalog", "inputs", "emit"),
    ),
    "api_models": (
        *("diagnostics", "cached_files", "runtime", "names", "typetable", "model", "settings"),
        "lockfile",
    ),
    "inference": (
        *("diagnostics", "names", "typetable", "resolved_types", "model", "settings", "lockfile"),
        *("typed_pages", "fits", "api_models"),
    ),
    "build": (
        *("diagnostics", "limits", "files", "cached_files", "runtime", "names", "model", "pages"),
        *("settings", "lockfile", "targets", "catalog", "inputs", "emit"),
    ),
    "bind": (
        *("diagnostics", "model", "pages", "settings", "lockfile", "typed_pages", "inputs"),
        *("api_models", "inference", "build"),
    ),
    "catalog_source": ("diagnostics", "limits", "files", "runtime", "settings"),
    "evolution": (
        *("diagnostics", "files", "runtime", "rules", "names", "pages", "settings"),
        *("api_models", "inference", "build", "catalog_source"),
    ),
    "report": (
        *("diagnostics", "runtime", "rules", "typetable", "model", "targets", "settings"),
        *("coverage", "explanation", "evolution"),
    ),
    "api": (
        *("diagnostics", "runtime", "model", "settings", "inputs", "coverage", "explanation"),
        *("build", "bind", "catalog_source", "evolution"),
    ),
    "cli": (
        *("diagnostics", "limits", "runtime", "rules", "model", "settings", "inputs"),
        *("coverage", "build", "catalog_source", "evolution", "report", "api"),
    ),
}
# What makes the package and the command ``python -m schemagen`` of these rooms.
FRAME: dict[str, tuple[str, ...]] = {"__init__": (), "__main__": ("cli",)}

# Rooms that never reach each other, not even through others.
INDEPENDENT = (("api_models", "emit"), ("inference", "emit"), ("pages", "emit"))

# The modules that a room may import from another room, where it must not see the rest of it: inference
# works for every provider, whatever source its API's index was built from; a comparison needs only what
# is evidence.
PARTS = {
    ("inference", "api_models"): ("index", "calls"),
    ("evolution", "api_models"): ("index",),
    ("evolution", "inference"): ("evidence",),
}

# Packages from elsewhere, and the only files that know them.
THIRD_PARTY = {
    "black": ("emit/formatting.py",),
    "botocore": ("api_models/botocore.py",),
    "click": (
        *("cli/app.py", "cli/bind.py", "cli/build.py", "cli/catalog.py"),
        *(
            "cli/completion.py",
            "cli/coverage.py",
            "cli/diff.py",
            "cli/explain.py",
            "cli/inspect.py",
            "cli/log.py",
            "cli/migrate.py",
        ),
        *("cli/options.py", "cli/release.py", "cli/rules.py", "cli/types.py", "cli/verbosity.py"),
    ),
    "datamodel_code_generator": ("emit/pydantic/models.py",),
    "jinja2": ("emit/sandbox.py", "emit/templating.py", "emit/user_template.py"),
    "jsonschema": ("emit/json_schema.py", "settings/json_schemas.py"),
    "markdown_it": ("pages/markdown.py",),
    "packaging": ("evolution/versions.py", "settings/load.py"),
    "rich": ("cli/bind.py", "cli/build.py", "report/terminal.py"),
    "yaml": ("pages/front_matter.py",),
}
# What the generated package may need beyond pydantic, as extras: below runtime/, and the folders
# and modules there that know it.
EXTRAS: dict[str, tuple[str, ...]] = {
    "boto3": ("sync",),
    "botocore": ("sync",),
    "distributed": ("sync",),
    "duckdb": ("load",),
    "orjson": ("load", "sync"),
    "psycopg": ("load",),
    "pyarrow": ("load", "sync"),
    "pydantic_core": ("load", "sync"),
    "rich": ("command",),
}
# The rooms of the runtime that need extras, and what each may import of the others.
RUNTIME_ROOMS: dict[str, tuple[str, ...]] = {
    "evolve": (),
    "load": ("evolve",),
    "sync": ("load",),
    "command": ("load", "sync"),
}
# Where a distribution is not called as its package is.
DISTRIBUTIONS = {"markdown_it": "markdown-it-py", "yaml": "pyyaml"}

ALLOWED = {**ROOMS, **FRAME}


def room_of(path: str) -> str:
    """``emit/models.py`` -> ``emit``, ``build.py`` -> ``build``."""
    return PurePosixPath(path).parts[0].removesuffix(".py")


def module_of(path: str) -> str:
    """``emit/ddl.py`` -> ``schemagen.emit.ddl``, ``emit/__init__.py`` -> ``schemagen.emit``."""
    parts = PurePosixPath(path).with_suffix("").parts
    return ".".join((PACKAGE, *(part for part in parts if part != "__init__")))


class Parsed(NamedTuple):
    """What the tables are compared with: the imports of a source, and the names that it calls."""

    imports: tuple[ast.Import | ast.ImportFrom, ...]
    called: frozenset[str]


@cache
def parsed(source: str) -> Parsed:
    """Parse a source: once, however many tests look at it."""
    nodes = tuple(ast.walk(ast.parse(source)))
    return Parsed(
        tuple(node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)),
        frozenset(called_name(node) for node in nodes if isinstance(node, ast.Call)),
    )


def imported(source: str, modules: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Every import, wherever it stands, as (line, dotted name). ``from schemagen import names``
    is an import of ``schemagen.names`` where ``modules`` has that name."""
    for node in parsed(source).imports:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        else:
            for alias in node.names:
                module = "." * node.level + (node.module or "")
                inner = f"{module}.{alias.name}"
                yield node.lineno, inner if inner in modules else module


def stays_in_runtime(path: str, name: str) -> bool:
    """Whether the relative import ``name`` leads from a module of the runtime to another. The
    runtime is copied into packages of any name, so it has no other way to import its own modules."""
    levels = len(name) - len(name.lstrip("."))
    return room_of(path) == "runtime" and levels < len(PurePosixPath(path).parts)


def is_extra(path: str, package: str) -> bool:
    """Whether a module of the runtime may import a package of an extra."""
    room, *inner = PurePosixPath(path).with_suffix("").parts
    return room == "runtime" and bool(inner) and inner[0] in EXTRAS.get(package, ())


def runtime_violations(sources: Mapping[str, str]) -> list[str]:
    """Imports between the rooms of the runtime that `RUNTIME_ROOMS` does not have."""
    found: list[str] = []
    for path, source in sources.items():
        parts = PurePosixPath(path).with_suffix("").parts
        if parts[0] != "runtime" or len(parts) < 2:
            continue
        allowed = {parts[1], *RUNTIME_ROOMS.get(parts[1], ())}
        for line, name in imported(source, frozenset()):
            levels = len(name) - len(name.lstrip("."))
            target = (*parts[1 : len(parts) - levels], *name[levels:].split("."))
            room = target[0] if levels else ""
            if room in RUNTIME_ROOMS and room not in allowed:
                found.append(f"{path}:{line}: {parts[1]} imports {room}")
    return found


def room_imports(sources: Mapping[str, str]) -> Iterator[tuple[str, int, str, str]]:
    """Every import of another room as (path, line, room, module in that room or "")."""
    modules = frozenset(map(module_of, sources))
    for path, source in sources.items():
        for line, name in imported(source, modules):
            top, _, rest = name.partition(".")
            room, _, part = rest.partition(".")
            # The runtime may not import even itself by an absolute name.
            if top == PACKAGE and (room != room_of(path) or room == "runtime"):
                yield path, line, room or "__init__", part.partition(".")[0]


def called_name(call: ast.Call) -> str:
    """Return the last name of what is called: ``f`` for ``f()`` and for ``a.f()``."""
    function = call.func
    return getattr(function, "attr", getattr(function, "id", ""))


def violations(sources: Mapping[str, str]) -> list[str]:
    """What breaks the tables, in files given as {path below the package: text}."""
    modules = frozenset(map(module_of, sources))
    found = [
        f"{path}: {room_of(path)} is not in ROOMS"
        for path in sources
        if room_of(path) not in ALLOWED
    ]
    for path, source in sources.items():
        for line, name in imported(source, modules):
            top = name.partition(".")[0]
            if not top:
                if not stays_in_runtime(path, name):
                    found.append(f"{path}:{line}: {name} is relative")
            elif (
                top not in sys.stdlib_module_names
                and top != PACKAGE
                and path not in THIRD_PARTY.get(top, ())
                and not is_extra(path, top)
            ):
                found.append(f"{path}:{line}: imports {top}")
    for path, line, target, part in room_imports(sources):
        room = room_of(path)
        if target not in ALLOWED.get(room, ()):
            found.append(f"{path}:{line}: {room} imports {target}")
        elif part not in PARTS.get((room, target), (part,)):
            found.append(f"{path}:{line}: {room} imports {target}.{part}")
    return found


def reachable(room: str) -> set[str]:
    """The rooms that ``room`` imports, directly or through others."""
    direct = set(ALLOWED[room])
    return direct.union(*(reachable(other) for other in direct))


def real_sources() -> dict[str, str]:
    return {
        path.relative_to(SOURCES).as_posix(): path.read_text("utf-8")
        for path in sorted(SOURCES.rglob("*.py"))
    }


def test_modules_import_only_what_the_tables_allow() -> None:
    """Every module belongs to a room, and imports other rooms and packages only where a table says
    so."""
    sources = real_sources()
    assert len(sources) > 50
    assert violations(sources) == []


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        ("emit/ddl.py", "from schemagen.build.plan import plan", "emit imports build"),
        ("pages/read.py", "import schemagen.emit.ddl", "pages imports emit"),
        ("names.py", "def f():\n    from schemagen import build", "names imports build"),
        ("model/pages.py", "from schemagen import emit", "model imports emit"),
        ("runtime/convert/arn.py", "import attrs", "imports attrs"),
        ("runtime/convert/arn.py", "from schemagen import names", "runtime imports names"),
        ("runtime/convert/arn.py", "import schemagen.runtime.sql", "runtime imports runtime"),
        ("runtime/convert/arn.py", "from ...names import api", "...names is relative"),
        ("build/plan.py", "import botocore.session", "imports botocore"),
        (
            "inference/infer.py",
            "from schemagen.api_models import recording",
            "inference imports api_models.recording",
        ),
        (
            "inference/infer.py",
            "from schemagen.api_models.botocore import service_api",
            "inference imports api_models.botocore",
        ),
        ("coverage.py", "from schemagen.pages.read import collect", "coverage imports pages"),
        ("emit/paths.py", "from black import format_str", "imports black"),
        ("emit/paths.py", "from . import sql", ". is relative"),
        ("novel.py", "", "novel is not in ROOMS"),
        ("inference/novel.py", "if True:\n    import yaml", "imports yaml"),
    ],
)
def test_violations_reports_a_planted_import(path: str, source: str, expected: str) -> None:
    """The walk sees imports in functions, of submodules, of neighbours, and new modules."""
    sources = real_sources()
    planted = {**sources, path: f"{sources.get(path, '')}\n{source}\n"}
    assert [text for text in violations(planted) if text.endswith(expected)]


def test_tables_list_only_what_is_used() -> None:
    """No table keeps a room, an import or a file that is gone."""
    sources = real_sources()
    used: dict[str, set[str]] = {room_of(path): set() for path in sources}
    for path, _, target, _ in room_imports(sources):
        used[room_of(path)].add(target)
    assert used == {room: set(allowed) for room, allowed in ALLOWED.items()}
    modules = frozenset[str]()
    assert {
        name: tuple(
            path
            for path, source in sources.items()
            if not is_extra(path, name)
            and any(found.partition(".")[0] == name for _, found in imported(source, modules))
        )
        for name in THIRD_PARTY
    } == THIRD_PARTY


def test_rooms_of_the_runtime_import_only_lower_ones() -> None:
    """What loads rows works without what collects them, and everything else without both."""
    assert runtime_violations(real_sources()) == []
    upward = {
        "runtime/sql.py": "from .load import sink\n",
        "runtime/load/sink.py": "from ..sync import limiter\n",
        "runtime/sync/collector.py": "from ..load.sink import Sink\n",
    }
    assert runtime_violations(upward) == [
        "runtime/sql.py:1: sql imports load",
        "runtime/load/sink.py:1: load imports sync",
    ]


def test_types_of_pages_are_resolved_in_one_place() -> None:
    """Types are resolved in `typed_pages`, when inputs are read: nothing behind that resolves a
    column's type again, so that all see the same type."""
    callers = {
        name: {path for path, source in real_sources().items() if name in parsed(source).called}
        for name in ("resolve_column", "resolve_types")
    }
    assert callers == {"resolve_column": {"typed_pages.py"}, "resolve_types": {"inputs.py"}}


def test_rooms_import_only_earlier_rooms() -> None:
    """The table reads from bottom to top, so that there is no cycle."""
    rooms = list(ROOMS)
    for room, allowed in ROOMS.items():
        assert set(allowed) <= set(rooms[: rooms.index(room)]), room


@pytest.mark.parametrize(("room", "other"), INDEPENDENT)
def test_independent_rooms_never_reach_each_other(room: str, other: str) -> None:
    """What infers bindings or reads pages works without what renders, and the other way round."""
    assert other not in reachable(room)
    assert room not in reachable(other)


def test_dependencies_are_what_is_imported() -> None:
    """pyproject.toml asks for the packages that the program imports, and for no other."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = [re.split(r"[<>=!~\[; ]", line)[0] for line in project["dependencies"]]
    assert sorted(asked) == sorted(
        DISTRIBUTIONS.get(name, name.replace("_", "-")) for name in THIRD_PARTY
    )


def test_contributing_shows_the_table_of_rooms() -> None:
    """CONTRIBUTING.md shows each room with what it may import, in the same order."""
    text = (CHECKOUT / "CONTRIBUTING.md").read_text("utf-8")
    folders = {room_of(path) for path in real_sources() if "/" in path}
    shown = re.findall(r"^\| `(\w+/?)` \| [^|]+ \| ([^|]*)\|$", text, re.MULTILINE)
    assert [(room, tuple(re.findall(r"`(\w+)`", imports))) for room, imports in shown] == [
        (f"{room}/" if room in folders else room, allowed) for room, allowed in ROOMS.items()
    ]
