"""schemagen and its peers side by side: the same tables, one run, whole processes.

    python benchmarks/peers.py [--runs 3] [--tables 300] [--json FILE] [--keep FOLDER]

Prints a table, and the same as JSON to FILE. The tables are those of `catalog`; peers get them in
their own language, from `peer_schemas`, which is not measured. Every round runs every command once,
so that a busy minute of the machine does not fall on one of them only; figures are the medians over
the rounds of wall-clock seconds, of a process started as a user starts it. CPU is the processors'
time of the process and its children, which depends less on what else the machine does.

Peers are installed on the first run, the newest releases that there are, each in an environment of
its own below `.venv-peers`; delete that folder to get newer ones. --keep leaves inputs and outputs
in FOLDER, to be looked at.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import tempfile
import venv
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import peer_schemas
from run import ROOT, SCHEMAGEN, project, run

from schemagen import api

ENVIRONMENTS = ROOT / ".venv-peers"
SCRIPTS = Path(__file__).resolve().parent / "peer_scripts"
THREE = ("pydantic", "json_schema", "postgres_jsonb")
"""The outputs that LinkML and datacontract-cli make as well."""
PEERS = ("linkml", "datacontract-cli", "datamodel-code-generator")


@dataclass(frozen=True, slots=True)
class Job:
    """One command and what it makes; ``fresh`` is the folder that is removed before each run, and
    ``project`` the one that it runs in, unless it is the first job's.

    ``tables`` says whether it goes over all the tables, which makes its time per table meaningful.
    """

    tool: str
    what: str
    command: Sequence[str]
    fresh: Path | None = None
    tables: bool = True
    project: Path | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """Seconds, but ``per_table`` milliseconds; ``ratio`` is to the first job's median, and both
    are None where the command is about one table or none."""

    tool: str
    what: str
    median: float
    lowest: float
    highest: float
    cpu: float
    per_table: float | None
    ratio: float | None


def install(peer: str, requirement: str = "") -> str:
    """The version of ``peer``, which is installed first where it is not, with the extras that
    ``requirement`` names."""
    folder = ENVIRONMENTS / peer
    stamp = folder / "installed"
    if not stamp.exists():
        venv.create(folder, clear=True, with_pip=True)
        pip = [program(peer, "python"), "-m", "pip", "install", "--quiet", requirement or peer]
        subprocess.run(pip, check=True)
        stamp.touch()
    version = f"from importlib.metadata import version; print(version({peer!r}))"
    python = [program(peer, "python"), "-c", version]
    return subprocess.check_output(python, text=True).strip()


def program(peer: str, name: str) -> str:
    return str(ENVIRONMENTS / peer / "bin" / name)


def jobs(folder: Path, tables: int) -> list[Job]:
    """Everything, in the order of a round and of the report."""
    work = project(folder / "schemagen", tables)
    generated = work / "generated"
    schemas, contracts = folder / "linkml", folder / "datacontract"
    pages = api.read(api.settings(work))
    peer_schemas.write(pages.tables, schemas, contracts)
    schema = str(schemas / f"{sorted(table.name for table in pages.tables)[tables // 2]}.yaml")

    build = [*SCHEMAGEN, "build"]
    found = [
        Job("schemagen", "cold build, all outputs", build, generated),
        Job("schemagen", "the same in one process", [*build, "--jobs", "1"], generated),
        Job("schemagen", "--check, nothing changed", [*build, "--check"]),
    ]
    three = "pydantic, JSON Schema, PostgreSQL"
    for words, outputs in (
        (f"{three}, the outputs of LinkML and datacontract-cli", THREE),
        ("pydantic, the output of datamodel-code-generator", ("pydantic",)),
    ):
        other = project(folder / f"schemagen-{len(outputs)}", tables)
        settings = other / "schemagen.toml"
        settings.write_text(f"{settings.read_text()}outputs = {list(outputs)}\n")
        found.append(Job("schemagen", words, build, other / "generated", project=other))
    for tool, source, way, words in (
        ("linkml", schemas, "parsed", "files parsed once"),
        ("linkml", schemas, "files", "files given to each generator"),
        ("datacontract-cli", contracts, "parsed", "files parsed once"),
        ("datacontract-cli", contracts, "validated", "files parsed and validated once"),
    ):
        script = str(SCRIPTS / f"{source.name}_build.py")
        out = folder / f"{source.name}-{way}"
        command = [program(tool, "python"), script, str(source), str(out), way]
        found.append(Job(tool, f"{three}; API, {words}", command, out))
    for words, name, *arguments in (
        ("gen-pydantic --help", "gen-pydantic", "--help"),
        ("gen-pydantic, one table", "gen-pydantic", schema),
        ("gen-json-schema, one table", "gen-json-schema", schema),
        ("gen-sqltables, one table", "gen-sqltables", "--dialect=postgresql", schema),
    ):
        command = [program("linkml", name), *arguments]
        found.append(Job("linkml", words, command, tables=False))

    generator = "datamodel-code-generator"
    for words, *formatter in (
        ("black", "--formatters", "black"),
        ("no formatter", "--no-formatters"),
    ):
        out = folder / f"{generator}, {words}"
        command = [
            program(generator, "datamodel-codegen"),
            *("--input", str(generated / "ddsql_schemas" / "json_schema" / "aws")),
            *("--input-file-type", "jsonschema"),
            *("--output", str(out)),
            *("--output-model-type", "pydantic_v2.BaseModel"),
            *("--target-python-version", "3.11"),
            "--disable-timestamp",
            *formatter,
        ]
        check = [*command, "--check"]
        found.append(Job(generator, f"pydantic, {words}", command, out))
        found.append(Job(generator, f"--check, nothing changed, {words}", check))
    return found


def processor_seconds() -> float:
    """What all processes that this one has waited for have used so far, with their children."""
    times = os.times()
    return times.children_user + times.children_system


def results(todo: Sequence[Job], folder: Path, tables: int, runs: int) -> list[Result]:
    seconds: list[list[float]] = [[] for _ in todo]
    used: list[list[float]] = [[] for _ in todo]
    for _ in range(runs):
        for job, times, cpu in zip(todo, seconds, used, strict=True):
            if job.fresh is not None:
                shutil.rmtree(job.fresh, ignore_errors=True)
            before = processor_seconds()
            times.append(run(list(job.command), job.project or folder).seconds)
            cpu.append(processor_seconds() - before)
    first = statistics.median(seconds[0])
    found: list[Result] = []
    for job, times, cpu in zip(todo, seconds, used, strict=True):
        median = statistics.median(times)
        per_table, ratio = (median / tables * 1000, median / first) if job.tables else (None, None)
        extremes = (min(times), max(times))
        found.append(
            Result(job.tool, job.what, median, *extremes, statistics.median(cpu), per_table, ratio)
        )
    return found


def table(found: Sequence[Result]) -> str:
    lines = [
        "| tool | what | median | lowest | highest | CPU | a table | to schemagen, cold |",
        "|---|" + "---|" * 7,
    ]
    for item in found:
        seconds = (item.median, item.lowest, item.highest, item.cpu)
        figures = " | ".join(f"{value:.2f} s" for value in seconds)
        per_table = "" if item.per_table is None else f"{item.per_table:.1f} ms"
        ratio = "" if item.ratio is None else f"{item.ratio:.2f} x"
        lines.append(f"| {item.tool} | {item.what} | {figures} | {per_table} | {ratio} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--tables", type=int, default=300)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    versions = {peer: install(peer) for peer in PEERS}
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        todo = jobs(folder, arguments.tables)
        before = os.getloadavg()[0]
        found = results(todo, folder / "schemagen", arguments.tables, arguments.runs)
    machine = {
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "load before": round(before, 2),
        **versions,
    }
    said = ", ".join(f"{name} {value}" for name, value in machine.items())
    print(f"{said}; {arguments.tables} tables, {arguments.runs} rounds\n")  # noqa: T201
    print(table(found))  # noqa: T201
    if arguments.json:
        report = {
            "machine": machine,
            "tables": arguments.tables,
            "rounds": arguments.runs,
            "results": [asdict(item) for item in found],
        }
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
