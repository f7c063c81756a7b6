"""How fast bindings are inferred, and tables that have them are built: real aws pages.

    python benchmarks/bindings.py [--runs 5] [--json FILE]

Prints a table, and the same as JSON to FILE. Times are as those of `run`: whole processes, started
as a user starts them. The pages are those of aws in the corpus beside this repository, or in the
folder that SCHEMAGEN_CORPUS names.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path

from run import ROOT, SCHEMAGEN, Measure, measure, nothing, run, table


def corpus() -> list[Path]:
    """The aws pages; ends the program where there are none."""
    folder = Path(os.environ.get("SCHEMAGEN_CORPUS", ROOT.parent / "shared" / "corpus"))
    pages = sorted((folder / "ddsql").glob("aws.*.dataset.md"))
    if not pages:
        raise SystemExit(f"no aws pages in {folder}; SCHEMAGEN_CORPUS names another corpus")
    return pages


def measures(folder: Path, pages: list[Path], runs: int) -> list[Measure]:
    """Everything, in the order of the report."""
    project, cache = folder / "project", folder / "cache"
    (project / "docs_src").mkdir(parents=True)
    for page in pages:
        shutil.copy(page, project / "docs_src")
    (project / "schemagen.toml").write_text("")
    # The index of botocore's documentation is kept there.
    os.environ["XDG_CACHE_HOME"] = str(cache)

    def unbind() -> None:
        shutil.rmtree(project / "bindings", ignore_errors=True)

    def forget() -> None:
        unbind()
        shutil.rmtree(cache, ignore_errors=True)

    def unbuild() -> None:
        shutil.rmtree(project / "generated", ignore_errors=True)

    bind, build = [*SCHEMAGEN, "bind"], [*SCHEMAGEN, "build"]
    found: list[Measure] = []
    for name, command, limit, before in (
        ("bind, no index", bind, 60, forget),
        ("bind, with the index", bind, 10, unbind),
        ("bind --check, nothing to do", [*bind, "--check"], None, nothing),
        ("cold build", build, None, unbuild),
        ("build, nothing changed", build, None, nothing),
        ("build --check, nothing changed", [*build, "--check"], None, nothing),
    ):
        words = f"{name}, {len(pages)} tables"
        found.append(measure(words, command, project, runs, limit=limit, before=before))
    forget()
    memory = run(bind, project, memory=True).megabytes
    name = "peak memory of bind without index"
    found.append(Measure(name, "MB", memory, memory, memory, None))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    pages, before = corpus(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        found = measures(Path(folder), pages, arguments.runs)
    said = f"{os.cpu_count()} processors, load before {before:.2f}"
    print(f"{said}; median of {arguments.runs} runs\n")  # noqa: T201
    print(table(found))  # noqa: T201
    if arguments.json:
        report = [asdict(item) for item in found]
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
