"""Build the same pages under several interpreters and compare what they write, byte for byte.

    python tests/same_bytes.py .venv/bin/python .venv-3.12/bin/python …

The pages are those of the corpus beside this repository, if there is one, and of `docs_src`; the
first interpreter binds them. `make test-pythons` runs it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import corpus_package
from projects import CHECKOUT, seeds, tree


def main(pythons: list[str]) -> int:
    """Return 1 if two interpreters differ, after printing where."""
    with tempfile.TemporaryDirectory() as name:
        project = seeds(Path(name))
        if corpus_package.CORPUS.is_dir():
            shutil.rmtree(project / "docs_src")
            for pages in ("ddsql", "aws_api"):
                shutil.copytree(corpus_package.CORPUS / pages, project / "docs_src" / pages)
        run(pythons[0], project, "bind")
        trees: dict[str, dict[str, bytes]] = {}
        for python in pythons:
            shutil.rmtree(project / "generated", ignore_errors=True)
            run(python, project, "build")
            trees[python] = tree(project / "generated")
    first, *others = trees
    different = [
        f"{path}: {first} and {other} write other bytes"
        for other in others
        for path in sorted(trees[first].keys() | trees[other].keys())
        if trees[first].get(path) != trees[other].get(path)
    ]
    print("\n".join(different[:20]))  # noqa: T201
    print(f"{len(trees[first])} files, {len(trees)} interpreters, {len(different)} differences")  # noqa: T201
    return 1 if different or len(trees[first]) < 100 else 0


def run(python: str, project: Path, command: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT / "parser")}
    arguments = [str(Path(python).absolute()), "-m", "schemagen", command]
    subprocess.run(arguments, cwd=project, env=environment, check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
