"""Projects with a history: a repository in which every commit has a catalogue."""

from __future__ import annotations

from pathlib import Path

from checkouts import git as git
from projects import page
from schemagen import api
from schemagen.build.plan import catalog_text

SIZE = (
    "Size | size | core | int64 | The size of the bed in metres, from the first to the last plant."
)
PLANTS = "Plants | plants | core | hstore | What grows in the bed: the name of each plant, and its colour."
ABOUT = "A place in the garden where something grows, with all of its plants from spring to autumn."
"""The description of tables, long enough to recognize a table by it."""


def repository(folder: Path, settings: str = "") -> Path:
    """Make a project in a repository without commits."""
    folder.mkdir(exist_ok=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "pyproject.toml").write_text(f"[tool.schemagen]\n{settings}", "utf-8")
    return folder


def write(folder: Path, table: str, *rows: str) -> None:
    """Write the page of a table."""
    path = folder / f"docs_src/ddsql/dd/{table}.dataset.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = page(table, *rows).replace("A made-up table.", ABOUT)
    path.write_text(text, "utf-8")


def commit(folder: Path, message: str) -> str:
    """Commit the pages with their catalogue, without building all the rest; return the commit's id."""
    settings = api.settings(folder)
    file = settings.out / settings.package / "catalog.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(catalog_text(settings), "utf-8")
    git(folder, "add", "-A")
    git(folder, "commit", "--quiet", "-m", message)
    return git(folder, "rev-parse", "HEAD").strip()
