"""How fast a response becomes a row: the generated mapper, dict literals, and sagemaker-core.

    python benchmarks/mapping.py [--rounds 60] [--json FILE]

Prints a table, and the same as JSON to FILE. All ways get the same responses of DescribeTrainingJob
and ListTags, as botocore's parser returns them, in one process; every round runs every way on every
response. Figures are medians over the rounds of processor time; a ratio is the median of the rounds'
ratios, so that a busy minute of the machine falls on both its sides.

sagemaker-core is installed on the first run, as `peers` does it. The timed process is in its
environment, with our generated package on the path: `peer_scripts/mapping_rounds.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from peers import SCRIPTS, install, program
from run import ROOT

sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT / "generated"))
from ddsql_schemas.mappers.aws.sagemaker_trainingjob import unmapped

import aws_responses

PEER = "sagemaker-core"
MAPPER = "generated mapper"
LIMITS = {
    ("every member", "dict literal"): 0.7,
    ("every member", "transform()"): 10.0,
}
"""How many times the mapper's time a way must take at least, by response and way."""

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Result:
    """One way on one response: microseconds, and the ratio to the mapper's with its limit."""

    response: str
    way: str
    median: float
    lowest: float
    highest: float
    ratio: float
    limit: float | None


ROLE = "arn:aws:iam::123456789012:role/service-role/AmazonSageMaker-ExecutionRole"
JOB = "xgboost-churn-2026-01-02-03-04-05-678"
BUCKET = "s3://sagemaker-eu-west-1-123456789012"
STARTED = 1767323045.678


def wire(value: object, accent: str) -> object:
    """A value of a response as it travels: times in seconds. ``accent`` stands for the one in the
    texts of `aws_responses`."""
    if isinstance(value, dict):
        return {key: wire(item, accent) for key, item in value.items()}
    if isinstance(value, list):
        return [wire(item, accent) for item in value]
    if isinstance(value, datetime):
        return value.timestamp()
    return value.replace(" é", accent) if isinstance(value, str) else value


def usual() -> Json:
    """A finished training job with the members that most have, in the sizes that are common."""
    steps = ("Starting", "Downloading", "Training", "Uploading", "Completed")
    return {
        "TrainingJobName": JOB,
        "TrainingJobArn": f"arn:aws:sagemaker:eu-west-1:123456789012:training-job/{JOB}",
        "ModelArtifacts": {"S3ModelArtifacts": f"{BUCKET}/churn/output/{JOB}/output/model.tar.gz"},
        "TrainingJobStatus": "Completed",
        "SecondaryStatus": "Completed",
        "HyperParameters": {
            "eta": "0.2",
            "gamma": "4",
            "max_depth": "5",
            "min_child_weight": "6",
            "num_round": "100",
            "objective": "binary:logistic",
            "subsample": "0.8",
            "verbosity": "0",
        },
        "AlgorithmSpecification": {
            "TrainingImage": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/xgboost:1.7-1",
            "TrainingInputMode": "File",
            "MetricDefinitions": [
                {"Name": f"{step}:{name}", "Regex": f".*{step}-{name}:([-+]?[0-9]*[.]?[0-9]+).*"}
                for step in ("train", "validation")
                for name in ("auc", "error", "logloss")
            ],
            "EnableSageMakerMetricsTimeSeries": False,
        },
        "RoleArn": ROLE,
        "InputDataConfig": [
            {
                "ChannelName": channel,
                "DataSource": {
                    "S3DataSource": {
                        "S3DataType": "S3Prefix",
                        "S3Uri": f"{BUCKET}/churn/{channel}",
                        "S3DataDistributionType": "FullyReplicated",
                    }
                },
                "ContentType": "csv",
                "CompressionType": "None",
                "RecordWrapperType": "None",
            }
            for channel in ("train", "validation")
        ],
        "OutputDataConfig": {"KmsKeyId": "", "S3OutputPath": f"{BUCKET}/churn/output"},
        "ResourceConfig": {
            "InstanceType": "ml.m5.xlarge",
            "InstanceCount": 1,
            "VolumeSizeInGB": 30,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 86400},
        "CreationTime": STARTED,
        "TrainingStartTime": STARTED + 60.25,
        "TrainingEndTime": STARTED + 300.5,
        "LastModifiedTime": STARTED + 301.125,
        "SecondaryStatusTransitions": [
            {
                "Status": status,
                "StartTime": STARTED + 60 * number,
                "EndTime": STARTED + 60 * number + 59.9,
                "StatusMessage": f"{status} the training job",
            }
            for number, status in enumerate(steps)
        ],
        "FinalMetricDataList": [
            {"MetricName": f"validation:{name}", "Value": 0.125, "Timestamp": STARTED + 290}
            for name in ("auc", "error", "logloss")
        ],
        "EnableNetworkIsolation": False,
        "EnableInterContainerTrafficEncryption": False,
        "EnableManagedSpotTraining": False,
        "TrainingTimeInSeconds": 240,
        "BillableTimeInSeconds": 240,
        "DebugHookConfig": {"S3OutputPath": f"{BUCKET}/churn", "CollectionConfigurations": []},
        "ProfilerConfig": {
            "S3OutputPath": f"{BUCKET}/churn",
            "ProfilingIntervalInMilliseconds": 500,
        },
        "ProfilingStatus": "Disabled",
    }


def responses() -> list[dict[str, object]]:
    """What travels: the name, the literal that it is for, the job and its tags."""
    full = aws_responses.full("sagemaker", "DescribeTrainingJob")
    two = aws_responses.full("sagemaker", "ListTags")
    four = {"Tags": [{"Key": key, "Value": key.upper()} for key in ("app", "env", "owner", "team")]}
    columns = {key: value for key, value in full.items() if key not in unmapped(full)}
    found = [
        ("every member", "every_member", wire(full, ""), wire(two, "")),
        ("every member that has a column", "every_member", wire(columns, ""), wire(two, "")),
        ("every member, text beyond ASCII", "every_member", wire(full, " é"), wire(two, " é")),
        ("usual members", "usual_members", usual(), four),
    ]
    names = ("name", "literal", "job", "tags")
    return [dict(zip(names, values, strict=True)) for values in found]


def rounds(count: int) -> dict[str, dict[str, list[float]]]:
    """Microseconds by response and way, one for each round."""
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder, "responses.json")
        given.write_text(json.dumps(responses()))
        script = SCRIPTS / "mapping_rounds.py"
        paths = [str(ROOT / "generated"), str(Path(__file__).parent)]
        printed = subprocess.check_output(
            [program(PEER, "python"), str(script), str(given), str(count)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            cwd=folder,
        )
    return json.loads(printed)


def results(found: dict[str, dict[str, list[float]]]) -> list[Result]:
    """The lines of the report, in its order."""
    return [
        Result(
            response,
            way,
            statistics.median(times),
            min(times),
            max(times),
            statistics.median(a / b for a, b in zip(times, ways[MAPPER], strict=True)),
            LIMITS.get((response, way)),
        )
        for response, ways in found.items()
        for way, times in ways.items()
    ]


def table(lines: list[Result]) -> str:
    headings = "response", "way", "median", "lowest", "highest", "to the mapper", "must reach"
    rows = [" | ".join((*headings, "reached")), " | ".join(["---"] * 8)]
    for line in lines:
        times = [f"{value:.1f} µs" for value in (line.median, line.lowest, line.highest)]
        limit = ("", "") if line.limit is None else (f"{line.limit:g} x", _reached(line))
        rows.append(" | ".join((line.response, line.way, *times, f"{line.ratio:.2f} x", *limit)))
    return "\n".join(f"| {row} |" for row in rows)


def _reached(line: Result) -> str:
    return "yes" if line.limit is None or line.ratio >= line.limit else "NO"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    version = install(PEER)
    before = os.getloadavg()[0]
    lines = results(rounds(arguments.rounds))
    print(  # noqa: T201
        f"{os.cpu_count()} processors, python {platform.python_version()}, {PEER} {version}, "
        f"load before {before:.2f}; {arguments.rounds} rounds\n"
    )
    print(table(lines))  # noqa: T201
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(line) for line in lines], indent=2) + "\n")


if __name__ == "__main__":
    main()
