"""Times a response's way to a row: our mapper, a dict literal, sagemaker-core.

    python mapping_rounds.py RESPONSES ROUNDS

Runs in sagemaker-core's environment with ddsql_schemas and `literals` on the path. RESPONSES is a
list of {"name", "literal", "job", "tags"} in JSON: bodies of DescribeTrainingJob and ListTags, and
the function of `literals` that is for them. Prints {name: {way: [microseconds, …]}}, one number for
each round, of this process's processor time: nothing here waits, and machines are shared. The
garbage collector stays on, as it is where rows are made.
"""

import json
import sys
import time
from functools import partial
from pathlib import Path
from timeit import Timer

import literals
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from ddsql_schemas.mappers.aws import sagemaker_trainingjob
from sagemaker.core.resources import TrainingJob
from sagemaker.core.utils.code_injection.codec import transform

SECONDS = 0.02  # what one measure takes about


def received(model, operation, body):
    """What boto3's client returns for ``body``."""
    shape = model.operation_model(operation).output_shape
    response = {"status_code": 200, "headers": {}, "body": json.dumps(body).encode()}
    parsed = create_parser(model.resolved_protocol).parse(response, shape)
    lost = body.keys() - parsed.keys()
    if lost:
        raise SystemExit(f"this botocore does not know {', '.join(sorted(lost))}")
    return parsed


def ways(model, given):
    """The ways by name, each a function of nothing; those of ours give the same row."""
    job = received(model, "DescribeTrainingJob", given["job"])
    tags = received(model, "ListTags", given["tags"])
    literal = partial(getattr(literals, given["literal"]), job, tags)

    def mapper():
        return sagemaker_trainingjob.from_item(job, list_tags=tags)

    def transformed():
        return transform(job, "DescribeTrainingJobResponse"), transform(tags, "ListTagsOutput")

    def resource():
        members, its_tags = transformed()
        return TrainingJob(**members), its_tags

    if literal() != mapper() or list(literal()) != list(mapper()):
        raise SystemExit(f"{given['name']}: the literal's row is not the mapper's")
    if transformed()[0]["training_job_arn"] != mapper()["training_job_arn"]:
        raise SystemExit(f"{given['name']}: transform() gives another job")
    return {
        "generated mapper": mapper,
        "dict literal": literal,
        "transform()": transformed,
        "transform() and TrainingJob": resource,
    }


def main():
    given, rounds = json.loads(Path(sys.argv[1]).read_text()), int(sys.argv[2])
    model = ServiceModel(Loader().load_service_model("sagemaker", "service-2"), "sagemaker")
    timers = {
        case["name"]: {
            way: Timer(function, "import gc; gc.enable()", time.process_time)
            for way, function in ways(model, case).items()
        }
        for case in given
    }
    calls = {
        (name, way): max(1, round(SECONDS / (min(timer.repeat(5, 20)) / 20)))
        for name, found in timers.items()
        for way, timer in found.items()
    }
    microseconds = {name: {way: [] for way in found} for name, found in timers.items()}
    for _ in range(rounds):
        for name, found in timers.items():
            for way, timer in found.items():
                count = calls[name, way]
                microseconds[name][way].append(timer.timeit(count) / count * 1e6)
    print(json.dumps(microseconds))  # noqa: T201


main()
