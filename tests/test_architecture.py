"""The house of DESIGN §1: who may import whom, as two tables."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

import pytest

from projects import CHECKOUT

PACKAGE = "schemagen"
SOURCES = CHECKOUT / "parser" / PACKAGE

# A room is a module of the package, or a folder of them. It imports from itself and from the lines
# before its own, never from a neighbour on its line: so pages and emit do not know each other.
LAYERS = (
    ("__init__",),
    ("diagnostics", "runtime"),
    ("names",),
    ("typetable",),
    ("model",),
    ("catalog", "pages", "settings"),
    ("lockfile", "link", "coverage", "targets"),
    ("inputs", "emit", "api_models"),
    ("inference", "build"),
    ("bind", "report"),
    ("api",),
    ("cli",),
    ("__main__",),
)

# The modules that a room may import from another room, where it must not see the rest of it: inference
# works for every provider, whatever source its API's index was built from.
PARTS = {("inference", "api_models"): ("index",)}

# Packages from elsewhere, and the only files that know them.
THIRD_PARTY = {
    "black": ("emit/formatting.py",),
    "botocore": ("api_models/botocore.py",),
    "click": (
        *("cli/app.py", "cli/bind.py", "cli/build.py", "cli/coverage.py"),
        *("cli/explain.py", "cli/inspect.py", "cli/options.py", "cli/types.py"),
    ),
    "datamodel_code_generator": ("emit/pydantic/models.py",),
    "jinja2": ("emit/templating.py",),
    "jsonschema": ("emit/json_schema.py",),
    "markdown_it": ("pages/markdown.py",),
    "rich": ("cli/build.py", "report/terminal.py"),
    "yaml": ("pages/front_matter.py",),
}
# Where a distribution is not called as its package is.
DISTRIBUTIONS = {"markdown_it": "markdown-it-py", "yaml": "pyyaml"}

LAYER = {room: number for number, layer in enumerate(LAYERS) for room in layer}


def room_of(path: str) -> str:
    """``emit/models.py`` -> ``emit``, ``build.py`` -> ``build``."""
    return PurePosixPath(path).parts[0].removesuffix(".py")


def module_of(path: str) -> str:
    """``emit/ddl.py`` -> ``schemagen.emit.ddl``, ``emit/__init__.py`` -> ``schemagen.emit``."""
    parts = PurePosixPath(path).with_suffix("").parts
    return ".".join((PACKAGE, *(part for part in parts if part != "__init__")))


def imported(source: str, modules: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Every import, wherever it stands, as (line, dotted name). ``from schemagen import names``
    is an import of ``schemagen.names`` where ``modules`` has that name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                module = "." * node.level + (node.module or "")
                inner = f"{module}.{alias.name}"
                yield node.lineno, inner if inner in modules else module


def stays_in_runtime(path: str, name: str) -> bool:
    """Whether the relative import ``name`` leads from a module of the runtime to another. The
    runtime is copied into packages of any name, so it has no other way to import its own modules."""
    levels = len(name) - len(name.lstrip("."))
    return room_of(path) == "runtime" and levels < len(PurePosixPath(path).parts)


def violations(sources: Mapping[str, str]) -> list[str]:
    """What breaks the two tables, in files given as {path below the package: text}."""
    modules = frozenset(map(module_of, sources))
    found = [
        f"{path}: {room_of(path)} has no place in LAYERS"
        for path in sources
        if room_of(path) not in LAYER
    ]
    for path, source in sources.items():
        room = room_of(path)
        for line, name in imported(source, modules):
            top, _, rest = name.partition(".")
            target, _, part = rest.partition(".")
            target = target or "__init__"
            if not top:
                if not stays_in_runtime(path, name):
                    found.append(f"{path}:{line}: {name} is relative")
            elif top in sys.stdlib_module_names:
                continue
            elif top != PACKAGE:
                if path not in THIRD_PARTY.get(top, ()):
                    found.append(f"{path}:{line}: imports {top}")
            elif room == "runtime" or (
                target != room and LAYER.get(target, len(LAYERS)) >= LAYER.get(room, 0)
            ):
                found.append(f"{path}:{line}: {room} imports {target}")
            elif part.partition(".")[0] not in PARTS.get((room, target), (part.partition(".")[0],)):
                found.append(f"{path}:{line}: {room} imports {target}.{part}")
    return found


def real_sources() -> dict[str, str]:
    return {
        path.relative_to(SOURCES).as_posix(): path.read_text("utf-8")
        for path in sorted(SOURCES.rglob("*.py"))
    }


def test_imports_go_down() -> None:
    """Every module has its place, imports go one way, and each foreign package has one home."""
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
        ("emit/paths.py", "from black import format_str", "imports black"),
        ("emit/paths.py", "from . import sql", ". is relative"),
        ("novel.py", "", "novel has no place in LAYERS"),
        ("inference/novel.py", "if True:\n    import yaml", "imports yaml"),
    ],
)
def test_a_wrong_import_is_found(path: str, source: str, expected: str) -> None:
    """The walk sees imports in functions, of submodules, of neighbours, and new modules."""
    sources = real_sources()
    planted = {**sources, path: f"{sources.get(path, '')}\n{source}\n"}
    assert [text for text in violations(planted) if text.endswith(expected)]


def test_tables_name_only_what_is_there() -> None:
    """Neither table keeps a room, a file or an import that is gone."""
    sources = real_sources()
    modules = frozenset[str]()
    assert set(LAYER) == {room_of(path) for path in sources}
    assert {
        name: tuple(
            path
            for path, source in sources.items()
            if any(found.partition(".")[0] == name for _, found in imported(source, modules))
        )
        for name in THIRD_PARTY
    } == THIRD_PARTY


def test_dependencies_are_what_is_imported() -> None:
    """pyproject.toml asks for the packages that the program imports, and for no other."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = [re.split(r"[<>=!~\[; ]", line)[0] for line in project["dependencies"]]
    assert sorted(asked) == sorted(
        DISTRIBUTIONS.get(name, name.replace("_", "-")) for name in THIRD_PARTY
    )


def test_contributors_read_the_same_table() -> None:
    """CONTRIBUTING.md shows the layers as they are, but for the two that hold no thought."""
    text = (CHECKOUT / "CONTRIBUTING.md").read_text("utf-8")
    shown = re.findall(r"^\| ((?:`\w+/?` ?)+) \|", text, re.MULTILINE)
    assert [tuple(re.findall(r"\w+", row)) for row in shown] == [*LAYERS[1:-1]]
