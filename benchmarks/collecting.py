"""How fast rows are collected: parsing and mapping beside botocore's parser, calls beside bare boto3.

    python benchmarks/collecting.py [parsing] [calls] [throttled] [memory] [--rounds 15]

Prints a table. Without names, everything is measured.

- parsing: a page is parsed by botocore, and parsed and mapped by us, in one process, in turns; processor
  time, medians over the rounds, ratios of these.
- calls: training jobs and their tags are described by 32 threads, by boto3 alone and by the collector,
  in turns, at `fake_endpoint`, which answers after 50 ms.
- throttled: 1,500 calls at an endpoint that answers 100 a second after a burst of 100; the ideal is 14 s.
- memory: 200,000 training jobs and their tags, from a caller in the same process that makes responses.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import boto3
import fake_endpoint
from botocore.config import Config
from botocore.parsers import create_parser
from fake_endpoint import Endpoint, endpoint
from run import ROOT

sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT / "generated"))
sys.path.insert(0, str(ROOT / "parser"))
from ddsql_schemas._runtime.sync import parsing
from ddsql_schemas._runtime.sync.accounts import Account
from ddsql_schemas._runtime.sync.collector import Caller, collect
from ddsql_schemas._runtime.sync.limiter import Limiter, Limits, Quotas
from ddsql_schemas._runtime.sync.sessions import ClientSettings, Sessions
from ddsql_schemas._runtime.sync.tally import Tally
from ddsql_schemas._runtime.units import Unit
from ddsql_schemas.calls.aws.sagemaker_trainingjob import CALLS
from ddsql_schemas.mappers.aws import sagemaker_trainingjob as mapper

import corpus_package
import page_facts
from schemagen.api_models.botocore import service_model

ACCOUNT, REGION = "123456789012", "eu-west-1"
THREADS = 32


@dataclass(frozen=True)
class Line:
    """A measure: what was measured, the figure, and the ratio with its limit."""

    name: str
    figure: str
    ratio: float | None = None
    limit: float | None = None
    at_least: bool = False

    @property
    def reached(self) -> str:
        if self.ratio is None or self.limit is None:
            return ""
        return "yes" if (self.ratio >= self.limit) == self.at_least else "NO"


@contextmanager
def corpus() -> Iterator[corpus_package.CorpusPackage]:
    """The package of the 43 tables, made for this run."""
    with tempfile.TemporaryDirectory() as place:
        pages = corpus_package.CORPUS / "ddsql"
        if not pages.is_dir():
            pages = page_facts.write(Path(place) / "pages")
        indexes = Path(place) / "indexes"
        indexes.mkdir()  # botocore's are made for this run
        with corpus_package.imported(pages, indexes, Path(place)) as package:
            yield package


def measure_parsing(rounds: int) -> Iterator[Line]:
    """Pages of buckets, instances and training jobs."""
    with corpus() as package:
        bucket = package.mapper("aws.s3_bucket").from_item
        instance = package.mapper("aws.ec2_instance").from_item
        place = {"account_id": ACCOUNT, "partition": "aws"}
        cases: list[tuple[str, str, str, list[bytes], Callable[[Any], int]]] = [
            (
                "1,000 buckets",
                "s3",
                "ListBuckets",
                [fake_endpoint.buckets(0, 1000)],
                lambda page: len([bucket(item, **place) for item in page["Buckets"]]),
            ),
            (
                "100 instances",
                "ec2",
                "DescribeInstances",
                [fake_endpoint.instances(0, 100)],
                lambda page: len(
                    [
                        instance(item, region=REGION, **place)
                        for reservation in page["Reservations"]
                        for item in reservation["Instances"]
                    ]
                ),
            ),
            (
                "100 training jobs",
                "sagemaker",
                "DescribeTrainingJob",
                [fake_endpoint.job(f"job-{number}") for number in range(100)],
                lambda page: len(list(mapper.from_response(page))),
            ),
        ]
        for name, service, operation, bodies, to_rows in cases:
            model = service_model(service)
            shape = model.operation_model(operation).output_shape
            protocol = model.resolved_protocol
            theirs: Any = create_parser(protocol)
            ours = parsing.factory(service, model.api_version).create_parser(protocol)
            responses = [
                {"status_code": 200, "headers": {}, "body": body, "context": {}} for body in bodies
            ]
            assert [theirs.parse(found, shape) for found in responses] == [  # noqa: S101
                ours.parse(found, shape) for found in responses
            ]
            times: list[tuple[float, float]] = []
            rows = 0
            for _ in range(rounds):
                start = time.process_time()
                for found in responses:
                    theirs.parse(found, shape)
                middle = time.process_time()
                rows = sum(to_rows(ours.parse(found, shape)) for found in responses)
                times.append((middle - start, time.process_time() - middle))
            botocore = statistics.median(first for first, _ in times)
            both = statistics.median(second for _, second in times)
            ratio = statistics.median(second / first for first, second in times)
            figure = f"{both * 1000:.1f} ms ({rows / both:,.0f} rows/s); botocore {botocore * 1000:.1f} ms"
            yield Line(f"parse and map {name}", figure, ratio, 0.6)
            if service == "s3":
                yield Line("bucket rows a second, to 15,000", figure, rows / both / 15_000, 1, True)


def sessions(url: str) -> Sessions:
    """Sessions whose clients call the endpoint."""
    stop = Event()
    found = Sessions(
        [Account(id=ACCOUNT, partition="aws")],
        limiter=Limiter(Quotas(Limits(), stop), stop),
        session=boto3.Session("key", "secret", region_name=REGION),
        settings=ClientSettings(endpoint_url=url, threads=THREADS),
    )
    found.identify(Account(id=ACCOUNT, partition="aws"))
    return found


def collected(caller: Caller, tally: Tally) -> int:
    """Collect training jobs with all threads; returns the number of rows."""
    unit = Unit(ACCOUNT, REGION, CALLS.table)
    with ThreadPoolExecutor(THREADS) as pool:
        rows = collect(CALLS, mapper, caller, unit, tally=tally, executor=pool)
        count = sum(1 for _ in rows)
        if not rows.complete or tally.denied or tally.failures:
            raise RuntimeError(f"not complete: {tally.denied} {tally.failures}")
    return count


def bare(client: Any) -> int:
    """List, describe and tag as a program by hand would, with all threads."""
    names = [
        (found["TrainingJobName"], found["TrainingJobArn"])
        for page in client.get_paginator("list_training_jobs").paginate(MaxResults=100)
        for found in page["TrainingJobSummaries"]
    ]

    def one(named: tuple[str, str]) -> None:
        client.describe_training_job(TrainingJobName=named[0])
        client.list_tags(ResourceArn=named[1])

    with ThreadPoolExecutor(THREADS) as pool:
        return len(list(pool.map(one, names)))


def measure_calls(rounds: int) -> Iterator[Line]:
    """Calls a second of the collector and of bare boto3."""
    with endpoint(items=1000) as server:
        client: Any = boto3.Session("key", "secret", region_name=REGION).client(
            "sagemaker",
            endpoint_url=server.url,
            config=Config(max_pool_connections=THREADS, retries={"mode": "standard"}),
        )
        ours = sessions(server.url)
        rates: list[tuple[float, float]] = []
        for _ in range(rounds):
            tally = Tally()
            caller = ours.caller(ACCOUNT, "sagemaker", REGION, tally)
            theirs = _rate(server, lambda: bare(client))
            rates.append((theirs, _rate(server, lambda: collected(caller, tally))))  # noqa: B023
        bare_rate = statistics.median(first for first, _ in rates)
        our_rate = statistics.median(second for _, second in rates)
        yield Line(
            f"calls a second, {THREADS} threads, rows mapped, to bare boto3's",
            f"{our_rate:.0f}; bare boto3 {bare_rate:.0f}",
            statistics.median(second / first for first, second in rates),
            0.85,
            True,
        )


def _rate(server: Endpoint, work: Callable[[], int]) -> float:
    server.reset()
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    return server.total("answered") / seconds


def measure_throttled() -> Iterator[Line]:
    """1,500 calls at a quota."""
    with endpoint(items=746, rate=100, burst=100) as server:
        tally = Tally()
        caller = sessions(server.url).caller(ACCOUNT, "sagemaker", REGION, tally)
        start = time.perf_counter()
        collected(caller, tally)
        seconds = time.perf_counter() - start
        answered, refused = server.total("answered"), server.total("refused")
        ideal = (answered - 100) / 100
        yield Line(
            f"{answered} calls at 100/s, to the ideal {ideal:.1f} s",
            f"{seconds:.1f} s; {refused} refused and made again, {tally.failed} failed",
            seconds / ideal,
            1.45,
        )


def answers(operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Responses for 200,000 training jobs, made anew for each call."""
    if operation == "ListTrainingJobs":
        start = int(arguments.get("NextToken", 0))
        following = {"NextToken": str(start + 100)} if start + 100 < 200_000 else {}
        names = [f"training-job-{number}" for number in range(start, start + 100)]
        return {"TrainingJobSummaries": [{"TrainingJobName": name} for name in names], **following}
    parse, shape, body = _PARSERS[operation]
    found: dict[str, Any] = parse(
        {"status_code": 200, "headers": {}, "body": body, "context": {}}, shape
    )
    if operation == "DescribeTrainingJob":
        found["TrainingJobName"] = arguments["TrainingJobName"]
        found["TrainingJobArn"] += arguments["TrainingJobName"]
    return found


def _parsers() -> dict[str, tuple[Any, Any, bytes]]:
    model = service_model("sagemaker")
    parser = parsing.factory("sagemaker", model.api_version).create_parser("json")
    bodies = {"DescribeTrainingJob": fake_endpoint.job(""), "ListTags": fake_endpoint.tags("a/b")}
    return {
        operation: (parser.parse, model.operation_model(operation).output_shape, body)
        for operation, body in bodies.items()
    }


_PARSERS = _parsers()


def measure_memory() -> Iterator[Line]:
    """The peak of a process of its own."""
    command = [sys.executable, __file__, "--in-process"]
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    count, seconds, megabytes = found.stdout.split()
    yield Line(
        f"peak memory of {int(count):,} training jobs and tags, to 300 MB",
        f"{float(megabytes):.0f} MB, {float(seconds):.0f} s",
        float(megabytes) / 300,
        1,
    )


def in_process() -> None:
    start = time.perf_counter()
    count = collected(answers, Tally())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(count, time.perf_counter() - start, peak)  # noqa: T201


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--in-process", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.in_process:
        in_process()
        return
    measures: dict[str, Callable[[], Iterator[Line]]] = {
        "parsing": lambda: measure_parsing(given.rounds),
        "calls": lambda: measure_calls(min(given.rounds, 5)),
        "throttled": measure_throttled,
        "memory": measure_memory,
    }
    chosen = given.names or list(measures)
    before = os.getloadavg()[0]
    rows = ["measure | figure | ratio | limit | reached", "---|---|---|---|---"]
    for name in chosen:
        for line in measures[name]():
            sign = "≥" if line.at_least else "≤"
            ratio = "" if line.ratio is None else f"{line.ratio:.2f}"
            limit = "" if line.limit is None else f"{sign} {line.limit:g}"
            rows.append(f"{line.name} | {line.figure} | {ratio} | {limit} | {line.reached}")
    print(  # noqa: T201
        f"{os.cpu_count()} processors, python {platform.python_version()}, boto3 "
        f"{boto3.__version__}, load before {before:.2f}\n"
    )
    print("\n".join(f"| {row} |" for row in rows))  # noqa: T201


if __name__ == "__main__":
    main()
