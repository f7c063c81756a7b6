"""Scratch projects: a folder with pages, bindings and settings, and schemagen run in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
TRAINING = "docs_src/ddsql/aws/aws.sagemaker_trainingjob.dataset.md"
COMPILATION = "docs_src/ddsql/aws/aws.sagemaker_compilation_job.dataset.md"


def seeds(folder: Path) -> Path:
    """A copy of this project's own pages, bindings and settings."""
    for name in ("docs_src", "bindings"):
        shutil.copytree(CHECKOUT / name, folder / name)
    (folder / "schemagen.toml").write_text('docs = "docs_src"\n')
    return folder


def pages(folder: Path, pages: Mapping[str, str | bytes]) -> Path:
    """A project with ``pages``: paths below docs_src -> text."""
    for path, text in pages.items():
        target = folder / "docs_src" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
    (folder / "schemagen.toml").write_text('docs = "docs_src"\n')
    return folder


def page(table: str, *rows: str) -> str:
    """The text of a dataset page whose Fields table has ``rows`` ("name | core | string")."""
    body = "".join(f"| {row} |\n" for row in rows)
    return (
        f"---\ntitle: Made up\n---\n\n# Made up\n\nA made-up table.\n\n```\n{table}\n```\n\n"
        "## Fields\n\n| Title | ID | Type | Data Type | Description |\n"
        f"| --- | --- | --- | --- | --- |\n{body}"
    )


def run(
    folder: Path, *arguments: str, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """``schemagen`` with ``arguments``, as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "schemagen", *arguments],
        cwd=folder,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )


def broken(function: str) -> dict[str, str]:
    """The environment in which ``module:name:way`` is broken (see tests/broken)."""
    return {"PYTHONPATH": str(CHECKOUT / "tests/broken"), "SCHEMAGEN_BROKEN": function}


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below ``folder``, by relative path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


@contextmanager
def without_privileges() -> Generator[None]:
    """As somebody who may not read everything: root gives its rights up for the block."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)  # nobody, on every Linux
    try:
        yield
    finally:
        os.seteuid(user)
