"""How fast schemagen is: every measure the median of whole-process runs.

    python benchmarks/run.py [--runs 5] [--long-runs N] [--tables 1300] [--project FOLDER] [--json FILE]

Prints a table, and the same as JSON to FILE. Needs no network: the pages are made from botocore's
models by `catalog`, or copied from the project in FOLDER. Steps that take tens of seconds, cold builds
of all tables and bind, run ``--long-runs`` times (default: as often as the others). All tables are
bound before builds are measured, so builds write mappers and structures, too. Times are wall-clock seconds
of a process, started as a user starts it; memory is the largest sum of the proportional set sizes (PSS) of
all its processes, in megabytes.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import catalog

ROOT = Path(__file__).resolve().parent.parent
SCHEMAGEN = [str(Path(sys.executable).with_name("schemagen"))]
SMALL = 100


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the report. ``limit`` is what it must reach, in the same unit."""

    name: str
    unit: str
    median: float
    lowest: float
    highest: float
    limit: float | None

    @property
    def kept(self) -> str:
        if self.limit is None:
            return ""
        return "yes" if self.median <= self.limit else "NO"


@dataclass(frozen=True, slots=True)
class Run:
    """One process: how long it took and how much memory its processes held at most."""

    seconds: float
    megabytes: float


def nothing() -> None:
    """No preparation."""


def run(command: list[str], folder: Path, *, memory: bool = False) -> Run:
    """Run ``command`` in ``folder``; it must succeed."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    peak = _Peak(process.pid)
    if memory:
        peak.start()
    _, errors = process.communicate()
    seconds = time.perf_counter() - started
    if memory:
        peak.join()
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{errors.decode()}")
    return Run(seconds, peak.megabytes)


class _Peak(threading.Thread):
    """Watches a process and its children."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.megabytes = 0.0

    def run(self) -> None:
        while (now := _pss(self.pid)) is not None:
            self.megabytes = max(self.megabytes, now / 1024)
            time.sleep(0.05)


def _pss(pid: int) -> float | None:
    """Kilobytes of ``pid`` and its descendants; None when it has ended."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    if not rollup:
        return None  # a zombie
    own = sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return own + sum(_pss(int(child)) or 0 for child in children)


def measure(
    name: str,
    command: list[str],
    folder: Path,
    runs: int,
    *,
    limit: float | None = None,
    before: Callable[[], None] = nothing,
) -> Measure:
    """The wall-clock times of ``command``, each run prepared by ``before``."""
    seconds: list[float] = []
    for _ in range(runs):
        before()
        seconds.append(run(command, folder).seconds)
    return Measure(name, "s", statistics.median(seconds), min(seconds), max(seconds), limit)


def peak_memory(name: str, command: list[str], folder: Path) -> Measure:
    """Run ``command`` once, and return the memory that its processes held at most."""
    megabytes = run(command, folder, memory=True).megabytes
    return Measure(name, "MB", megabytes, megabytes, megabytes, 800)


def ratio(name: str, above: Measure, below: Measure, factor: float, limit: float) -> Measure:
    """``above`` per ``below``, times ``factor``; the extremes are the extremes' quotients."""
    return Measure(
        name,
        "x",
        above.median / below.median * factor,
        above.lowest / below.highest * factor,
        above.highest / below.lowest * factor,
        limit,
    )


def project(folder: Path, tables: int, pages: Path | None = None) -> Path:
    """Make a project of ``tables`` pages, or of copies of the files in ``pages``."""
    folder.mkdir()
    if pages is not None:
        shutil.copytree(pages, folder / "docs_src")
    elif catalog.write(folder / "docs_src", tables) != tables:
        raise SystemExit(f"this botocore has no {tables} tables")
    (folder / "schemagen.toml").write_text("")
    return folder


def measures(
    folder: Path, tables: int, runs: int, long_runs: int, pages: Path | None = None
) -> list[Measure]:
    """Measure everything, in the order of the report."""
    build, bind = [*SCHEMAGEN, "build"], [*SCHEMAGEN, "bind"]
    cache = folder / "cache"
    # Users' Python keeps compiled modules.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # The index of botocore's documentation is kept there.
    os.environ["XDG_CACHE_HOME"] = str(cache)
    small, large = project(folder / "small", SMALL), project(folder / "large", tables, pages)

    def forget(project: Path) -> Callable[[], None]:
        return lambda: shutil.rmtree(project / "generated", ignore_errors=True)

    def unbind() -> None:
        shutil.rmtree(large / "bindings", ignore_errors=True)

    def forget_index() -> None:
        unbind()
        shutil.rmtree(cache, ignore_errors=True)

    indexing = measure("bind, no index", bind, large, long_runs, limit=50, before=forget_index)
    forget_index()
    bind_memory = peak_memory("peak memory of bind, no index", bind, large)
    binding = measure("bind, with the index", bind, large, long_runs, limit=30, before=unbind)
    run([*bind, "--check"], large)
    bind_check = measure("bind --check, nothing to do", [*bind, "--check"], large, runs, limit=3)
    run(bind, small)
    cold_small = measure(f"cold build, {SMALL} tables", build, small, runs, before=forget(small))
    cold = measure(
        f"cold build, {tables} tables", build, large, long_runs, limit=40, before=forget(large)
    )
    forget(large)()
    build_memory = peak_memory("peak memory of the cold build", build, large)
    unchanged = measure("build, nothing changed", build, large, runs, limit=0.5)
    checked = measure("build --check, nothing changed", [*build, "--check"], large, runs, limit=0.8)
    page = sorted((large / "docs_src").rglob("*.md"))[tables // 2]

    def edit() -> None:
        page.write_text(page.read_text().replace("This ", "This very ", 1))

    edited = measure("build, one page changed", build, large, runs, limit=1.2, before=edit)
    seeds = folder / "seeds"
    for name in ("docs_src", "bindings"):
        shutil.copytree(ROOT / name, seeds / name)
    (seeds / "schemagen.toml").write_text("")
    python = [sys.executable, "-c"]
    model = "ddsql_schemas.models.aws.sagemaker_trainingjob"
    names = "AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, StrictBool, StrictStr"
    pydantic = measure("import pydantic", [*python, f"from pydantic import {names}"], ROOT, runs)
    imported = measure("import one model", [*python, f"import {model}"], ROOT / "generated", runs)
    mapper = "ddsql_schemas.mappers.aws.sagemaker_trainingjob"
    needs = "import ddsql_schemas._convert, typing_extensions"
    converters = measure("import the converters", [*python, needs], ROOT / "generated", runs)
    mapped = measure("import one mapper", [*python, f"import {mapper}"], ROOT / "generated", runs)
    return [
        cold,
        cold_small,
        ratio("cost per table, large to small", cold, cold_small, SMALL / tables, 1.15),
        unchanged,
        checked,
        edited,
        indexing,
        binding,
        bind_check,
        measure("schemagen --help", [*SCHEMAGEN, "--help"], ROOT, runs, limit=0.15),
        measure("schemagen types", [*SCHEMAGEN, "types"], ROOT, runs, limit=0.15),
        build_memory,
        bind_memory,
        pydantic,
        imported,
        ratio("import one model to import pydantic", imported, pydantic, 1, 1.4),
        converters,
        mapped,
        ratio("import one mapper to import the converters", mapped, converters, 1, 1.3),
        measure("cold build, the seeds", build, seeds, runs, limit=1.2, before=forget(seeds)),
    ]


def table(found: list[Measure]) -> str:
    lines = ["| measure | median | lowest | highest | must reach | reached |", "|---|" + "---|" * 5]
    for item in found:
        limit = "" if item.limit is None else f"{item.limit:g} {item.unit}"
        figures = " | ".join(
            f"{value:.3g} {item.unit}" for value in (item.median, item.lowest, item.highest)
        )
        lines.append(f"| {item.name} | {figures} | {limit} | {item.kept} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--long-runs", type=int)
    parser.add_argument("--tables", type=int, default=1300)
    parser.add_argument("--project", type=Path)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    runs, long_runs = arguments.runs, arguments.long_runs or arguments.runs
    tables, pages = arguments.tables, None
    if arguments.project is not None:
        pages = arguments.project.resolve() / "docs_src"
        tables = len(list(pages.rglob("*.dataset.md")))
    with tempfile.TemporaryDirectory() as folder:
        found = measures(Path(folder), tables, runs, long_runs, pages)
    print(  # noqa: T201
        f"{os.cpu_count()} processors, median of {runs} runs ({long_runs} of bind and of the large cold"
        " build)\n"
    )
    print(table(found))  # noqa: T201
    if arguments.json:
        report = [asdict(item) for item in found]
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
