"""How fast a response becomes a row: the generated mapper, dict literals, and sagemaker-core.

    python benchmarks/mapping.py [--rounds 60] [--json FILE]

Prints a table, and the same as JSON to FILE. All ways get the same responses of DescribeTrainingJob
and ListTags, as botocore's parser returns them, in one process; every round runs every way on every
response. Figures are medians over the rounds; a ratio is the median of the rounds' ratios, so that a
busy minute of the machine falls on both its sides.

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
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from peers import SCRIPTS, install, program
from run import ROOT, Measure, table

sys.path.insert(0, str(ROOT / "tests"))
import aws_responses

PEER = "sagemaker-core"
GENERATED, LITERAL, TRANSFORM, RESOURCE = (
    "generated mapper",
    "dict literal",
    "transform()",
    "transform() and TrainingJob",
)

Json = dict[str, object]

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
    found = [
        ("every member", "every_member", wire(full, ""), wire(two, "")),
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


def measures(found: dict[str, dict[str, list[float]]]) -> list[Measure]:
    """Times, and two ratios for each response; the limits are for the first, which is full."""
    lines: list[Measure] = []
    full = next(iter(found))
    for response, ways in found.items():
        for way, times in ways.items():
            lines.append(_measure(f"{response}: {way}", "µs", times))
        for way, limit in ((LITERAL, 0.7), (TRANSFORM, 10.0)):
            quotients = [a / b for a, b in zip(ways[way], ways[GENERATED], strict=True)]
            name = f"{response}: {way} to {GENERATED}"
            lines.append(_measure(name, "x", quotients, limit if response == full else None))
    return lines


def _measure(name: str, unit: str, values: list[float], limit: float | None = None) -> Measure:
    extremes = (min(values), max(values))
    return Measure(name, unit, statistics.median(values), *extremes, limit, at_least=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    version = install(PEER)
    before = os.getloadavg()[0]
    lines = measures(rounds(arguments.rounds))
    print(  # noqa: T201
        f"{os.cpu_count()} processors, python {platform.python_version()}, {PEER} {version}, "
        f"load before {before:.2f}; {arguments.rounds} rounds\n"
    )
    print(table(lines))  # noqa: T201
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(line) for line in lines], indent=2) + "\n")


if __name__ == "__main__":
    main()
