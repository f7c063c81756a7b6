"""Errors that mean that there is nothing to return."""

from __future__ import annotations

import pytest

from schemagen.api_models import botocore
from schemagen.api_models.calls.absent import FILE, absent_errors, parse
from schemagen.api_models.calls.rows import EVERY


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ResourceNotFoundException", True),
        ("NoSuchEntity", True),
        ("RepositoryDoesNotExistException", True),
        ("EntityNotExistsException", True),
        ("WAFNonexistentItemException", True),
        ("AccessDeniedException", False),
        ("ThrottlingException", False),
        ("InvalidParameterException", False),
        ("KMSNotFoundException", False),
        ("EncryptionKeyNotFoundException", False),
        ("ServiceLinkedRoleNotFoundFault", False),
    ],
)
def test_absent_errors_are_declared_ones_about_what_is_called_for(
    code: str, expected: bool
) -> None:
    """Names of errors tell what is missing; what an operation needs to work is a failure."""
    assert (absent_errors("made", "GetThing", [code, "Other"], named=True) == (code,)) == expected


@pytest.mark.parametrize(
    ("service", "operation", "expected"),
    [
        ("iam", "GetLoginProfile", ("NoSuchEntity",)),
        ("lambda", "GetPolicy", ("ResourceNotFoundException",)),
        ("ecs", "ListServices", ("ClusterNotFoundException",)),
        ("elb", "DescribeLoadBalancers", ("LoadBalancerNotFound",)),
        ("s3", "GetBucketPolicy", ("NoSuchBucket", "NoSuchBucketPolicy")),
        ("s3", "GetBucketTagging", ("NoSuchBucket", "NoSuchTagSet")),
        ("s3control", "GetAccessPointPolicy", ("NoSuchAccessPointPolicy",)),
        ("sqs", "GetQueueAttributes", ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")),
        ("ec2", "GetLaunchTemplateData", ("InvalidInstanceID.NotFound",)),
    ],
)  # fmt: skip
def test_absent_errors_of_real_operations(
    service: str, operation: str, expected: tuple[str, ...]
) -> None:
    """Declared errors stand under the code that a response has, beside those of the file; a call that
    names no resource has only those of the file."""
    declared = botocore.signature(service, operation).errors
    assert absent_errors(service, operation, declared, named=True) == expected
    unnamed = absent_errors(service, operation, declared, named=False)
    assert set(unnamed) == set(parse(FILE.read_text("utf-8")).get((service, operation), ()))


def test_documented_errors_name_operations_and_what_their_models_lack() -> None:
    """Every row is of an operation that botocore has, and holds codes that its model does not
    declare as absent; S3's are there."""
    rows = parse(FILE.read_text("utf-8"))
    for (service, operation), codes in rows.items():
        known = botocore.service_model(service).operation_names
        if operation == EVERY:
            continue
        assert operation in known
        declared = {
            code
            for code in botocore.signature(service, operation).errors
            if code in absent_errors("", "", [code], named=True)
        }
        assert declared.isdisjoint(codes), f"{service}.{operation}"
    s3 = [operation for service, operation in rows if service == "s3"]
    assert len(s3) >= 11
    assert absent_errors("s3", "ListBuckets", ["NoSuchBucket"], named=False) == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[s3.GetThing]\ncodes = ["A"]', "s3.GetThing: lacks source"),
        ('[s3.GetThing]\ncodes = []\nsource = "https://docs.aws.amazon.com/"', "codes must be an array"),
        ('[s3.GetThing]\ncodes = ["A"]\nsource = "a friend"', "source must begin with"),
        ('[s3.GetThing]\ncodes = ["A"]\ncode = 1\nsource = "https://docs.aws.amazon.com/"', "unknown key code"),
        ('[s3."Get Thing"]\ncodes = ["A"]', "must be the name of an operation"),
        ("s3 = 1", "'s3' must be a service"),
        ("[s3]\nGetThing = 1", "s3.GetThing: must be a table"),
    ],
)  # fmt: skip
def test_parse_names_the_row_and_what_is_wrong(text: str, message: str) -> None:
    """A row without source, of another form or of no operation is refused."""
    with pytest.raises(ValueError, match=message):
        parse(text)
