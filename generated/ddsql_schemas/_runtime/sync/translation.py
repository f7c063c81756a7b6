# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Say what exceptions of botocore mean: as `CallError`, and as advice."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

from .answers import Meaning, meaning
from .errors import CallError, Denied, Expired, Failed, Malformed, NoEndpoint


class Unrecognized(CallError):
    """The credentials are not valid, or the region is not enabled for the account."""


_ERRORS: dict[Meaning | None, type[CallError]] = {
    Meaning.DENIED: Denied,
    Meaning.EXPIRED: Expired,
    Meaning.UNRECOGNIZED: Unrecognized,
    Meaning.NO_ENDPOINT: NoEndpoint,
    Meaning.THROTTLED: Failed,
}

# Exceptions of botocore by their names, of which older versions lack some.
_EXCEPTIONS: tuple[tuple[type[CallError], tuple[str, ...]], ...] = (
    (
        Expired,
        (
            *("NoCredentialsError", "PartialCredentialsError", "NoAuthTokenError"),
            *("CredentialRetrievalError", "TokenRetrievalError", "SSOError"),
            *("LoginError", "RefreshWithMFAUnsupportedError", "ProfileNotFound"),
            *("MetadataRetrievalError", "UnknownCredentialError"),
        ),
    ),
    (
        NoEndpoint,
        (
            *("UnknownEndpointError", "EndpointProviderError", "UnknownRegionError"),
            *("EndpointVariantError", "ServiceNotInRegionError"),
        ),
    ),
)


_ADVICE: tuple[tuple[str, str], ...] = (
    (
        "ProfileNotFound",
        "name a profile of ~/.aws/config in AWS_PROFILE, or unset it",
    ),
    ("ConfigParseError", "mend the file, or name another one in AWS_CONFIG_FILE"),
    ("ConfigNotFound", "name a file that exists in AWS_CONFIG_FILE"),
)
"""What to do about exceptions of botocore that no call raises, but the making of a client."""


def advice(error: Exception, endpoint_url: str | None) -> str:
    """Say what to do about an exception that making a client raises."""
    if "Invalid endpoint" in str(error):
        place = "endpoint_url" if endpoint_url else "AWS_ENDPOINT_URL"
        return f"write {place} with its scheme, such as http://127.0.0.1:5000"
    return dict(_ADVICE).get(
        type(error).__name__,
        "see the variables AWS_… of the environment and ~/.aws/config",
    )


def translate(error: Exception, operation: str = "") -> CallError | None:
    """Return the `CallError` that an exception of botocore is; None for any other exception."""
    from botocore import exceptions, parsers

    if isinstance(error, exceptions.ClientError):
        code, message, status = details(error.response)
        if error.operation_name != operation and operation:
            # The call that failed is the one that gets the credentials.
            return Expired(code, f"{error.operation_name}: {message}")
        return _ERRORS.get(meaning(code, status), Failed)(code, message)
    if isinstance(error, parsers.ResponseParserError):
        # The rest is the body.
        return Malformed("", str(error).partition("\n")[0])
    if not isinstance(error, (exceptions.BotoCoreError, exceptions.HTTPClientError)):
        return None
    name = type(error).__name__
    for kind, names in _EXCEPTIONS:
        known = [
            getattr(exceptions, each) for each in names if hasattr(exceptions, each)
        ]
        if isinstance(error, tuple(known)):
            return kind(name, str(error))
    return Failed(name, str(error))


def is_unknown_host(error: Exception | None) -> bool:
    """Whether DNS says that there is no such host; not if DNS could not be reached."""
    from botocore.exceptions import EndpointConnectionError

    if not isinstance(error, EndpointConnectionError):
        return False
    cause: BaseException | None = error.kwargs.get("error")
    while cause is not None and not isinstance(cause, socket.gaierror):
        cause = cause.__cause__ or cause.__context__
    return cause is not None and cause.errno in _NO_SUCH_HOST


_NO_SUCH_HOST = {
    getattr(socket, name)
    for name in ("EAI_NONAME", "EAI_NODATA")
    if hasattr(socket, name)
}


def details(response: Mapping[str, Any]) -> tuple[str, str, int]:
    """Return the code, the message and the status of an error response."""
    error = response.get("Error", {})
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return str(error.get("Code", "")), str(error.get("Message", "")), int(status or 0)
