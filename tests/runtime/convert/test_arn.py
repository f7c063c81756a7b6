"""schemagen.runtime.convert.arn: reading ARNs."""

from __future__ import annotations

import pytest

from schemagen.runtime import convert
from schemagen.runtime.convert import ConversionError

AT = "aws.thing.column"


@pytest.mark.parametrize(
    ("arn", "account"),
    [
        ("arn:aws:sagemaker:us-east-1:123456789012:training-job/x", "123456789012"),
        ("arn:aws-us-gov:s3:::bucket", None),
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", None),
        ("arn:aws:logs:us-east-1:123456789012:log-group:a:*", "123456789012"),
    ],
)
def test_arn_account_returns_the_account_if_the_arn_names_one(
    arn: str, account: str | None
) -> None:
    """The account is the fifth part, if that is an account's number."""
    assert convert.arn_account(arn, AT) == account


@pytest.mark.parametrize("arn", ["", "arn:aws:s3", "urn:aws:s3:::x", "arn:aws:s3:::", 1])
def test_arn_account_refuses_what_is_not_an_arn(arn: object) -> None:
    """No account is read from anything but an ARN."""
    with pytest.raises(ConversionError):
        convert.arn_account(arn, AT)
