"""What the checks of mappers' arguments cost: mappers of two commits, side by side.

    python benchmarks/feeding.py [--before d9ee687] [--after HEAD] [--rounds 60]

Takes the committed packages of both commits, and times `from_item` and `from_response` on the same
responses in one process; every round runs both commits on every response. Prints medians over the
rounds of processor time; a ratio is the median of the rounds' ratios, so that a busy minute of the
machine falls on both its sides.
"""

from __future__ import annotations

import argparse
import importlib
import io
import os
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from timeit import Timer

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(Path(__file__).parent))

PACKAGES = {"seeds": "generated", "kinds": "tests/golden/kinds/expected"}
SECONDS = 0.02  # what one measure takes about


def unpack(commit: str, name: str, folder: Path) -> None:
    """Write the packages of ``commit`` to ``folder``, each under a name of its own."""
    for package, path in PACKAGES.items():
        archive = subprocess.check_output(
            ["git", "archive", commit, f"{path}/ddsql_schemas"], cwd=ROOT
        )
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(folder / f"{package}_{name}.tree", filter="data")
        (folder / f"{package}_{name}.tree" / path / "ddsql_schemas").rename(
            folder / f"{package}_{name}"
        )
    for package in PACKAGES:  # Golden trees do not hold the runtime.
        shutil.copytree(
            folder / f"seeds_{name}" / "_runtime",
            folder / f"{package}_{name}" / "_runtime",
            dirs_exist_ok=True,
        )


def responses() -> tuple[dict[str, object], dict[str, object], dict[str, object]]:
    """A job, its tags, and a listing of 200 small items: the most that checks of each item can cost."""
    import mapping

    import golden_responses

    def parsed(value: object) -> object:
        if isinstance(value, dict):
            return {
                key: datetime.fromtimestamp(item, golden_responses.UTC)
                if key.endswith(("Time", "Timestamp")) and isinstance(item, float)
                else parsed(item)
                for key, item in value.items()
            }
        return [parsed(item) for item in value] if isinstance(value, list) else value

    tags = {"Tags": [{"Key": key, "Value": key.upper()} for key in ("app", "env", "owner", "team")]}
    found = golden_responses.CALLS["kinds"]["aws.bakery_oven"].response
    page = found[0] if isinstance(found, list) else found
    [hall, *_] = page["Halls"]
    ovens = [dict(hall["Ovens"][0]) for _ in range(200)]
    return parsed(mapping.usual()), tags, {"Halls": [{**hall, "Ovens": ovens}]}


def ways(name: str) -> dict[str, Callable[[], object]]:
    """The calls of the mappers of one commit, by what they measure."""
    job_mapper = importlib.import_module(f"seeds_{name}.mappers.aws.sagemaker_trainingjob")
    oven_mapper = importlib.import_module(f"kinds_{name}.mappers.aws.bakery_oven")
    job, tags, listing = responses()
    place = {"partition": "aws", "region": "eu-west-1", "account_id": "123456789012"}
    oven = listing["Halls"][0]["Ovens"][0]
    return {
        "from_item, a training job": lambda: job_mapper.from_item(job, list_tags=tags),
        "from_response, a training job": lambda: list(
            job_mapper.from_response(job, list_tags=tags)
        ),
        "from_item, a small item": lambda: oven_mapper.from_item(oven, **place),
        "from_response, 200 small items": lambda: list(oven_mapper.from_response(listing, **place)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--before", default="d9ee687")
    parser.add_argument("--after", default="HEAD")
    parser.add_argument("--rounds", type=int, default=60)
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        sys.path.insert(0, folder)
        calls: dict[str, dict[str, Callable[[], object]]] = {}
        for name in ("before", "after"):
            unpack(getattr(arguments, name), name, Path(folder))
            calls[name] = ways(name)
        times: dict[str, dict[str, list[float]]] = {}
        for what in calls["before"]:
            if calls["before"][what]() != calls["after"][what]():
                raise SystemExit(f"{what}: the rows differ")
            timers = {
                name: Timer(calls[name][what], "import gc; gc.enable()", time.process_time)
                for name in calls
            }
            number = max(1, round(SECONDS / (timers["before"].timeit(20) / 20)))
            times[what] = {name: [] for name in calls}
            for turn in range(arguments.rounds):
                order = list(timers.items())
                for name, timer in order if turn % 2 else reversed(order):
                    times[what][name].append(timer.timeit(number) / number * 1e6)
    print(f"load before {load:.2f}, {arguments.rounds} rounds\n")  # noqa: T201
    print("| call | before | after | after to before |\n| --- | --- | --- | --- |")  # noqa: T201
    for what, found in times.items():
        before, after = statistics.median(found["before"]), statistics.median(found["after"])
        ratio = statistics.median(
            b / a for a, b in zip(found["before"], found["after"], strict=True)
        )
        print(f"| {what} | {before:.1f} µs | {after:.1f} µs | {ratio:.3f} x |")  # noqa: T201


if __name__ == "__main__":
    main()
