# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Tell by its code what an error response of AWS means.

Sources: [1] the error shapes in botocore's models, with their status; [2] "Common Error Types" in the
services' API references, and "Error responses" in Amazon S3's; [3] "Error codes for the Amazon EC2 API";
[4] botocore.retries.standard, `ThrottledRetryableChecker`.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Meaning(Enum):
    """What an error code means for whoever collects."""

    DENIED = "the credentials lack the permission"
    EXPIRED = "the credentials are not valid any more, or never were"
    UNRECOGNIZED = (
        "the credentials are not valid, or the region is not enabled for the account"
    )
    NO_ENDPOINT = "the service is not there in this region, or for this account"
    THROTTLED = "there were too many calls"


class Code(NamedTuple):
    """An error code of AWS, what it means, and the sources for it."""

    code: str
    meaning: Meaning
    source: str


_D, _E, _U = Meaning.DENIED, Meaning.EXPIRED, Meaning.UNRECOGNIZED
_N, _T = Meaning.NO_ENDPOINT, Meaning.THROTTLED

CODES = (
    Code("AccessDenied", _D, "[1] CloudFront, S3; [2] IAM, STS, CloudFormation"),
    Code("AccessDeniedException", _D, "[1] 258 services; [2]"),
    Code("AccessDeniedFault", _D, "[1] DMS"),
    Code("AccessForbidden", _D, "[1] SageMaker feature store"),
    Code("AllAccessDisabled", _D, "[2] S3"),
    Code("AuthorizationError", _D, "[1] SNS"),
    Code("AuthorizationErrorException", _D, "[1] Application Discovery"),
    Code("AuthorizationException", _D, "[1] License Manager"),
    Code("CloudHsmAccessDeniedException", _D, "[1] CloudHSM"),
    Code("DependencyAccessDeniedException", _D, "[1]"),
    Code("DependentServiceAccessDenied", _D, "[1] Redshift"),
    Code("EC2AccessDeniedException", _D, "[1] Lambda"),
    Code("ForbiddenError", _D, "[1] Wickr"),
    Code("ForbiddenException", _D, "[1] 28 services"),
    Code("InsufficientPermissionsException", _D, "[1]"),
    Code("InsufficientPrivilegesException", _D, "[1] Elastic Beanstalk"),
    Code("InvalidAccessException", _D, "[1] Security Hub"),
    Code("KMSAccessDenied", _D, "[1]"),
    Code("KMSAccessDeniedException", _D, "[1]"),
    Code("KMSAccessDeniedFault", _D, "[1] DMS"),
    Code("NotAuthorized", _D, "[2]"),
    Code("NotAuthorizedException", _D, "[1] 9 services"),
    Code("OperationNotPermittedException", _D, "[1] AppStream, CloudTrail, RAM"),
    Code("OrganizationAccessDeniedException", _D, "[1]"),
    Code("UnauthorizedError", _D, "[1] Wickr"),
    Code("UnauthorizedException", _D, "[1] 28 services"),
    Code("UnauthorizedOperation", _D, "[1] Redshift, Migration Hub; [3]"),
    Code("UnauthorizedOperationException", _D, "[1] WorkDocs"),
    Code("UnauthorizedResourceAccessException", _D, "[1] WorkDocs"),
    Code("ExpiredToken", _E, "[2] S3, STS"),
    Code("ExpiredTokenException", _E, "[1] 4 services; [2]"),
    Code("IncompleteSignature", _E, "[2]"),
    Code("IncompleteSignatureException", _E, "[2]"),
    Code("InvalidAccessKeyId", _E, "[2] S3"),
    Code("InvalidSignatureException", _E, "[2]"),
    Code("InvalidToken", _E, "[2] S3"),
    Code("MissingAuthenticationToken", _E, "[1] Compute Optimizer; [2]"),
    Code("MissingAuthenticationTokenException", _E, "[2]"),
    Code("RequestExpired", _E, "[2]; [3]"),
    Code("RequestTimeTooSkewed", _E, "[2] S3"),
    Code("SignatureDoesNotMatch", _E, "[2]; [3]"),
    Code("TokenRefreshRequired", _E, "[2] S3"),
    Code("AuthFailure", _U, "[3]"),
    Code("InvalidClientTokenId", _U, "[2] query services"),
    Code("UnrecognizedClientException", _U, "[2] JSON services"),
    Code(
        "InvalidAction",
        _N,
        "[2]: the region's version of the service lacks the operation",
    ),
    Code("OptInRequired", _N, "[2]; [3]"),
    Code("OptInRequiredException", _N, "[1] Compute Optimizer"),
    Code("RegionDisabledException", _N, "[1] STS"),
    Code("SubscriptionRequiredException", _N, "[1] Bedrock AgentCore; [2]"),
    Code("UnknownOperationException", _N, "[2]: as InvalidAction"),
    Code("BandwidthLimitExceeded", _T, "[4]"),
    Code("EC2ThrottledException", _T, "[4]"),
    Code("EKSRequestThrottledException", _T, "[1]"),
    Code("ProvisionedThroughputExceededException", _T, "[4]"),
    Code("RequestLimitExceeded", _T, "[4]; [3]"),
    Code("RequestThrottled", _T, "[4]"),
    Code("RequestThrottledException", _T, "[4]"),
    Code("SlowDown", _T, "[4]; [2] S3"),
    Code("SlowDownException", _T, "[1]"),
    Code("Throttled", _T, "[1]"),
    Code("ThrottledClientException", _T, "[1]"),
    Code("ThrottledException", _T, "[4]"),
    Code("ThrottledRequestException", _T, "[1]"),
    Code("Throttling", _T, "[4]; [2]"),
    Code("ThrottlingException", _T, "[4]; [2]"),
    Code("TooManyRequestException", _T, "[1]"),
    Code("TooManyRequests", _T, "[1]"),
    Code("TooManyRequestsError", _T, "[1]"),
    Code("TooManyRequestsException", _T, "[4]"),
)
"""What error codes mean. Codes that are not listed are plain failures.

Of botocore's codes of throttling, LimitExceededException, TransactionInProgressException and
PriorRequestNotComplete are missing: they may mean something else, so they are retried ten times only.
"""

_MEANINGS = {row.code: row.meaning for row in CODES}

_STATUS: dict[int, Meaning] = {
    401: Meaning.DENIED,
    403: Meaning.DENIED,
    429: Meaning.THROTTLED,
}
"""The meaning of a status without an error code, as in responses without a body (S3's HEAD)."""

# botocore's codes of responses that have no code: the status, or its name.
_NO_CODE = frozenset({"", "Unknown", "401", "403", "429", "Forbidden"})


def meaning(code: str, status: int = 0) -> Meaning | None:
    """Return what an error response means; None if it is a plain failure."""
    if code in _NO_CODE:
        return _STATUS.get(status) or (
            _STATUS.get(int(code)) if code.isdigit() else None
        )
    return _MEANINGS.get(code) or (Meaning.THROTTLED if status == 429 else None)
