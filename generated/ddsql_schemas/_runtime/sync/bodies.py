# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Notice bodies that are not what a service sent, which botocore takes for responses without items.

What the checks raise is botocore's ResponseParserError; a call whose answer is broken is made again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from .answers import meaning

_HTML = (b"<html", b"<!doctype html")


def check_whole(status: int, body: object, headers: Any, operation: Any) -> None:
    """Refuse a body that was cut off, or that is the page of a proxy.

    Botocore does not compare the length of a body with its header, and reads an empty body, or a page,
    as a response without members: a listing that was cut off would have no items.
    """
    if status >= 300 or not isinstance(body, bytes):
        return
    length = headers.get("content-length")
    if length is not None and not headers.get("content-encoding"):
        head = operation.http.get("method") == "HEAD"
        if not head and _stated(length) != len(body):
            raise _broken(
                f"the response was cut off after {len(body)} of {length} bytes"
            )
    if kind(body) == "a page of HTML":
        raise _broken("the response is a page of HTML")


def _stated(length: str) -> int:
    """Return the length that a header states. Raises ResponseParserError if it is not a number."""
    if not (length.isascii() and length.isdigit()):
        raise _broken(f"the header Content-Length is {length!r}, not a number")
    return int(length)


def kind(body: object) -> str:
    """Name the kind of a body, for messages."""
    start = body[:64].lstrip().lower() if isinstance(body, bytes) else b""
    if start.startswith(_HTML):
        return "a page of HTML"
    if start.startswith(b"<"):
        return "XML"
    return "JSON" if start.startswith((b"{", b"[")) else "text" if start else "empty"


def check_error(http: Any, code: str, operation: Any) -> None:
    """Refuse an error that has a body without a code, because it was cut off: the code may say that
    there is nothing to return. Botocore takes the status for the code then.
    """
    head = operation.http.get("method") == "HEAD"
    unknown = not code or code.isdigit()
    sent = http.content or _stated(http.headers.get("content-length", "0"))
    if unknown and sent and not head and not meaning(code, http.status_code):
        raise _broken("the error has no code")


def check_body(http: Any, parsed: Mapping[str, Any], operation: Any) -> bool:
    """Refuse a body that is not, or may not be, a response of ``operation``.

    Botocore ignores unknown members, so it would read an error that a service or a proxy sends with the
    status 200 as a listing without items. Only some services, such as SQS, send an empty object for one.

    Returns whether the body is an empty object that may be such a listing, because the API's model does not
    require the list, and the response has the request id of a service. The caller then makes the call
    again to be certain.
    """
    shape = _body_of(operation)
    if shape is None:
        return False
    known = {
        name: str(member.serialization.get("name", name))
        for name, member in shape.members.items()
        if "location" not in member.serialization
    }
    payload = operation.output_shape.serialization.get("payload")
    found: object = parsed.get(payload) if payload else parsed
    members: Mapping[str, object] = (
        cast("Mapping[str, object]", found) if isinstance(found, Mapping) else {}
    )
    protocol = operation.service_model.resolved_protocol
    lists = [name for name in known if shape.members[name].type_name == "list"]
    if "json" in protocol and http.content:
        for name in set(lists).intersection(shape.required_members):
            if name not in members:
                raise _broken(
                    f"the response lacks {known[name]}, which each response of {operation.name} has"
                )
    if not known or known.keys() & members:
        return False
    if not http.content:
        if http.status_code == 200:
            raise _broken("the response has no body")
        return False
    if "json" in protocol:
        names = _names_in_json(http.content)
    elif protocol in ("rest-xml", "ec2"):
        names = _names_in_xml(http.content, operation)
    else:
        # The others have an element, or a header, of their own, without which parsing fails.
        return False
    names = [name for name in names if name.lower() not in _OF_EVERY_RESPONSE]
    if names and set(known.values()).isdisjoint(names):
        raise _broken(
            f"the response is not one of {operation.name}: it has only {', '.join(names[:5])}"
        )
    if names or not lists or "json" not in protocol:
        return False
    if not any(header in http.headers for header in _REQUEST_IDS):
        raise _broken(
            f"the response is an empty object without a request id, and may not be one of {operation.name}"
        )
    return True


_OF_EVERY_RESPONSE = frozenset({"requestid", "responsemetadata"})
"""Names, in lower case, that any response may have besides its members."""

_REQUEST_IDS = ("x-amzn-requestid", "x-amz-request-id")
"""The headers with the identifier that AWS gives to each request."""


def _body_of(operation: Any) -> Any:
    """Return the structure that is the body of an operation's responses; None for operations whose
    responses have no body, or one of another kind: these send an empty object or document, or data.
    """
    shape = operation.output_shape
    if (
        shape is None
        or operation.has_streaming_output
        or operation.has_event_stream_output
        or operation.http.get("method") == "HEAD"
    ):
        return None
    payload = shape.serialization.get("payload")
    if payload is None:
        return shape
    inner = shape.members[payload]
    return inner if inner.type_name == "structure" else None


def _broken(message: str) -> Exception:
    from botocore.parsers import ResponseParserError

    return cast("Exception", ResponseParserError(message))


def _names_in_json(body: bytes) -> list[str]:
    """Return the names that a JSON object has. Raises ResponseParserError for anything else."""
    try:
        found: object = json.loads(body)
    except ValueError as error:
        raise _broken(f"the response is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise _broken(
            f"the response is not a JSON object, but a {type(found).__name__}"
        )
    return list(cast("dict[str, object]", found))


def _names_in_xml(body: bytes, operation: Any) -> list[str]:
    """Return the names of the elements that an XML document has; its own name where all documents of a
    protocol have one that the operation determines, and this one does not."""
    from botocore import compat

    root = cast("Any", compat).ETree.fromstring(body)
    names = [str(node.tag).rpartition("}")[2] for node in (root, *root)]
    if operation.service_model.resolved_protocol == "ec2" and names[0] != (
        f"{operation.name}Response"
    ):
        return names[:1]
    return names[1:]
