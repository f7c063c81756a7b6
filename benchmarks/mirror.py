"""Mirror six tables of a region: by hand, with dlt, and with the generated package, side by side.

moto's server answers in AWS's place, from a process of its own; a proxy before it adds the time that
a network takes. All ways make the calls of the same tables and load a DuckDB file: first an empty one,
then the same again, when nothing has changed.

    python benchmarks/mirror.py [--items 40] [--latency 0.02] [--dlt PYTHON]

PYTHON is an interpreter that has dlt[duckdb] and boto3; without it, dlt is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "parser"), str(ROOT / "benchmarks")]

import by_hand  # noqa: E402

import corpus_package  # noqa: E402
import page_facts  # noqa: E402
from sync import resources  # noqa: E402
from sync.aws_server import ACCOUNT, Credentials, Proxy, moto  # noqa: E402
from sync.made_items import MadeItems  # noqa: E402
from sync.resources import Place  # noqa: E402

REGION = "us-east-1"
TABLES = tuple(by_hand.TABLES)

OURS = """
from corpus_schemas import sync

report = sync.run(
    ["aws.s3_bucket", "aws.ec2_instance", "aws.lambda_function", "aws.iam_role", "aws.dynamodb", "aws.kms"],
    to="duckdb:DATABASE", regions=["us-east-1"])
assert report.exit_status == 0, report
"""
"""All that a user writes."""

BY_HAND = f"""
import sys
sys.path.insert(0, {str(ROOT / "benchmarks")!r})
import by_hand
by_hand.mirror("DATABASE", "us-east-1")
"""

DLT = f"""
import os, sys
sys.path.insert(0, {str(ROOT / "benchmarks")!r})
os.environ.update(RUNTIME__DLTHUB_TELEMETRY="false", DLT_DATA_DIR="DATABASE.dlt")
from concurrent.futures import ThreadPoolExecutor
import dlt, by_hand
account = by_hand.Account("us-east-1")
with ThreadPoolExecutor(by_hand.THREADS) as pool:
    resources = [
        dlt.resource(read(account, pool), name=table.partition(".")[2], primary_key="arn", write_disposition="merge")
        for table, read in by_hand.TABLES.items()
    ]
    pipeline = dlt.pipeline("mirror", destination=dlt.destinations.duckdb("DATABASE"), dataset_name="aws",
                            pipelines_dir="DATABASE.dlt")
    pipeline.run(resources).raise_on_failed_jobs()
"""


def timed(python: str, program: str, database: Path, environment: Mapping[str, str]) -> float:
    """Seconds that a program takes in a process of its own, imports and all."""
    text = program.replace("DATABASE", str(database))
    start = time.perf_counter()
    done = subprocess.run(
        [python, "-c", text], env=environment, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(done.stderr)
    return seconds


def lines_of(program: str) -> int:
    return sum(bool(line.strip()) for line in program.splitlines())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, default=40)
    parser.add_argument("--latency", type=float, default=0.02)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dlt", default="")
    arguments = parser.parse_args()
    ways = {"by hand": (sys.executable, BY_HAND), "package": (sys.executable, OURS)}
    if arguments.dlt:
        ways["dlt"] = (arguments.dlt, DLT)
    with tempfile.TemporaryDirectory() as scratch, moto() as server:
        folder = Path(scratch)
        pages = corpus_package.CORPUS / "ddsql"
        if not pages.is_dir():
            pages = page_facts.write(folder / "pages")
        proxy = Proxy(server, page=100, made=MadeItems().answers())
        indexes = folder / "indexes"
        indexes.mkdir()  # botocore's are made for this run
        with corpus_package.imported(pages, indexes, folder) as package, proxy.running():
            place = Place(Credentials(ACCOUNT), REGION, server.url)
            for kind in resources.KINDS:
                if kind.table in TABLES:
                    for number in range(arguments.items):
                        kind.create(place, f"thing-{number}")
            proxy.latency = arguments.latency
            environment = {
                **os.environ,
                **Credentials(ACCOUNT).environment(),
                "AWS_ENDPOINT_URL": proxy.url,
                "AWS_DEFAULT_REGION": REGION,
                "PYTHONPATH": str(package.folder / "importable"),
            }
            seconds: dict[str, list[list[float]]] = {name: [[], []] for name in ways}
            calls: dict[str, int] = {}
            for round in range(arguments.rounds):
                for name, (python, program) in ways.items():
                    database = folder / f"{name.replace(' ', '_')}_{round}.duckdb"
                    for turn in range(2):
                        seen = len(proxy.seen)
                        seconds[name][turn].append(timed(python, program, database, environment))
                        calls[name] = len(proxy.seen) - seen
    result = {
        name: {
            "first run": round_to(min(turns[0])),
            "again": round_to(min(turns[1])),
            "calls": calls[name],
            "lines": lines_of((ROOT / "benchmarks/by_hand.py").read_text())
            if name == "by hand"
            else lines_of(ways[name][1]),
        }
        for name, turns in seconds.items()
    }
    print(json.dumps(result, indent=2))  # noqa: T201


def round_to(seconds: float) -> float:
    return round(seconds, 2)


if __name__ == "__main__":
    main()
