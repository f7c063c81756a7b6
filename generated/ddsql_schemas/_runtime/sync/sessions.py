# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Call AWS with boto3: a session for each account, clients that all threads share, and errors that say
what they mean."""

from __future__ import annotations

import json
import math
import random
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

from ..usage import UsageError
from .accounts import Account
from .answers import Meaning, meaning
from .errors import CallError, Denied, Expired, Failed, Malformed, NoEndpoint
from .limiter import Key, Limiter, Stopped

ATTEMPTS = 10
"""How often a call is made at most, in botocore's mode ``standard``. Throttled calls do not count."""

PATIENCE = 900.0
"""For how many seconds a call is made again while it is throttled."""

_MOST_SESSIONS = 16
_MOST_CLIENTS = 64
"""How many clients are kept, about 0.5 MB each; EC2's take 1.4 MB."""

_LONGEST_PAUSE = 5.0
_JUST_RENEWED = 5.0

BROKEN_ANSWERS = 4
"""How often a call is made at most if its answers are cut off or garbled, which botocore does not retry."""


class MissingExtra(UsageError, ImportError):
    """A package is not installed that an extra of this package contains."""


class Tally(Protocol):
    """Counts retries."""

    def retry(self, times: int = 1) -> None: ...


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """How clients are made. ``endpoint_url`` replaces AWS's own endpoints, for tests."""

    endpoint_url: str | None = None
    threads: int = 32
    connect_timeout: float = 10.0
    read_timeout: float = 60.0


class _Attempts(threading.local):
    """The call that this thread is making. botocore handles events in the calling thread."""

    call: _Call | None = None


_ATTEMPTS = _Attempts()


class _Session:
    """The boto3 session of an account, with a lock because boto3's sessions are not safe for threads."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.lock = threading.RLock()


class Sessions:
    """Sessions and clients of accounts, made on first use. Safe for threads.

    ``session`` is a boto3 session to start from in place of boto3's default one.
    """

    def __init__(
        self,
        accounts: Iterable[Account] = (),
        *,
        limiter: Limiter,
        session: Any = None,
        settings: ClientSettings = ClientSettings(),
    ) -> None:
        self._given = session
        self._settings = settings
        self._limiter = limiter
        self._lock = threading.Lock()
        self._accounts = {account.id: account for account in accounts if account.id}
        self._sessions: OrderedDict[str, _Session] = OrderedDict()
        self._clients: OrderedDict[tuple[str, str, str], Any] = OrderedDict()
        self._sources: dict[str, _Session] = {}
        self._loader: Any = None
        self._enabled: dict[str, frozenset[str]] = {}
        self._renewed: dict[str, float] = {}
        self._regions: dict[tuple[str, str], tuple[str, ...]] = {}

    def check(self) -> None:
        """Raise `UsageError` for a configuration of boto3 that no client can be made with: an unknown
        profile, a file that cannot be read, an endpoint that is no URL. Nothing is called.
        """
        from botocore.exceptions import BotoCoreError

        try:
            source = self._source(Account())
            with source.lock:
                self._new_client(source.session, "sts", self.home_of(Account()))
        except (BotoCoreError, ValueError) as error:
            raise UsageError(
                f"boto3 cannot be used as it is configured: {error};"
                f" {_advice(error, self._settings.endpoint_url)}"
            ) from error

    def identify(self, account: Account) -> Account:
        """Return ``account`` with its id and partition, from the role's ARN, or else from STS.

        Raises a `CallError` if the credentials are not valid, or are those of another account.
        """
        if not (account.role_arn and account.id and account.partition):
            answer = self._ask_sts(account)
            found = str(answer.get("Account", ""))
            arn = str(answer.get("Arn", "")).split(":")
            if not found or len(arn) < 2:
                raise Malformed("", "STS does not say whose the credentials are")
            if not account.role_arn and account.id not in ("", found):
                raise Expired(
                    "WrongAccount",
                    f"the credentials for account {account.id} are those of {found}",
                )
            account = replace(
                account,
                id=account.id or found,
                partition=arn[1],
            )
        with self._lock:
            self._accounts.setdefault(account.id, account)
        return account

    def configured_region(self, account: Account) -> str:
        """Return the region of the account's profile or of the environment; "" if neither sets one.

        Raises BotoCoreError for a profile that does not exist.
        """
        return str(self._source(account).session.region_name or "")

    def home_of(self, account: Account) -> str:
        """Return the region in which to ask about an account: the one of its profile or of the
        environment, or the first that it names."""
        configured = self.configured_region(account)
        named = [region for region in account.regions if "-" in region]
        return configured or (named[0] if named else "us-east-1")

    def enable(self, account: str, regions: Iterable[str]) -> None:
        """Note which regions are known to be enabled for an account, which errors are judged by."""
        with self._lock:
            self._enabled[account] = frozenset(regions)

    def is_enabled(self, account: str, region: str) -> bool:
        """Whether a region is known to be enabled for an account."""
        return region in self._enabled.get(account, ())

    def available(self, service: str, partition: str) -> tuple[str, ...]:
        """Return the regions that botocore knows a service in; none for about 135 services, of which
        it knows nothing."""
        key = (service, partition)
        if (regions := self._regions.get(key)) is None:
            source = self._source(Account())
            with source.lock:
                regions = self._regions[key] = tuple(
                    source.session.get_available_regions(service, partition)
                )
        return regions

    def services(self) -> tuple[str, ...]:
        """Return the services that boto3 knows."""
        source = self._source(Account())
        with source.lock:
            return tuple(source.session.get_available_services())

    def partitions(self) -> Mapping[str, str]:
        """Return the partition of each region that botocore knows: those of EC2, which all have."""
        source = self._source(Account())
        with source.lock:
            partitions: list[str] = source.session.get_available_partitions()
        return {
            region: partition
            for partition in partitions
            for region in self.available("ec2", partition)
        }

    def client(self, account: str, service: str, region: str) -> Any:
        """Return the client that all threads share."""
        key = (account, service, region)
        with self._lock:
            if (client := self._clients.get(key)) is not None:
                self._clients.move_to_end(key)
                return client
        session = self._session(account)
        with session.lock:
            with self._lock:
                if (client := self._clients.get(key)) is not None:
                    return client
            client = self._new_client(session.session, service, region)
            _watch(client)
        with self._lock:
            self._clients[key] = client
            while len(self._clients) > _MOST_CLIENTS:
                self._clients.popitem(last=False)
        return client

    def caller(self, account: str, service: str, region: str, tally: Tally) -> Caller:
        """Return what calls operations of a service in a region, and counts retries."""
        return Caller(self, Key(account, region, service), self._limiter, tally)

    def renew(self, account: str) -> bool:
        """Forget the session of an account, so that the next call gets new credentials.

        False if there are no others to get: the session was passed in, and the account has no role.
        """
        details = self._details(account)
        if self._given is not None and not details.role_arn and not details.profile:
            return False
        now = time.monotonic()
        with self._lock:
            if now - self._renewed.get(account, -math.inf) < _JUST_RENEWED:
                # By another thread, whose call failed at the same time.
                return True
            self._renewed[account] = now
            self._sessions.pop(account, None)
            self._sources.pop(details.profile, None)
            for key in [key for key in self._clients if key[0] == account]:
                del self._clients[key]
        return True

    def is_valid(self, account: str) -> bool:
        """Whether STS accepts the credentials of an account."""
        try:
            region = self.home_of(self._details(account))
            self.client(account, "sts", region).get_caller_identity()
        except Exception as error:
            if translate(error) is None:
                raise
            return False
        return True

    def is_listed(self, key: Key) -> bool:
        """Whether botocore knows that a service is in a region."""
        partition = self._details(key.account).partition or "aws"
        return key.region in self.available(key.service, partition)

    def _details(self, account: str) -> Account:
        found = self._accounts.get(account)
        if found is None:
            raise KeyError(f"{account} is not an account of this run")
        return found

    def _ask_sts(self, account: Account) -> Mapping[str, Any]:
        """Ask STS who the credentials of an account without a role belong to."""
        try:
            source = self._source(account)
            with source.lock:
                client = self._new_client(source.session, "sts", self.home_of(account))
            answer: Mapping[str, Any] = client.get_caller_identity()
        except Exception as error:
            translated = translate(error)
            if translated is None:
                raise
            raise translated from error
        return answer

    def _session(self, account: str) -> _Session:
        with self._lock:
            if (session := self._sessions.get(account)) is not None:
                self._sessions.move_to_end(account)
                return session
        details = self._details(account)
        session = self._source(details)
        if details.role_arn:
            session = self._assuming(session, details)
        with self._lock:
            session = self._sessions.setdefault(account, session)
            while len(self._sessions) > _MOST_SESSIONS:
                self._sessions.popitem(last=False)
        return session

    def _source(self, account: Account) -> _Session:
        """Return the session whose credentials are the account's, or assume the account's role."""
        with self._lock:
            if (source := self._sources.get(account.profile)) is None:
                if self._given is not None and not account.profile:
                    source = _Session(self._given)
                    self._loader = self._given._session.get_component("data_loader")
                else:
                    profile = account.profile or None
                    source = _Session(self._new_session(profile_name=profile))
                self._sources[account.profile] = source
            return source

    def _new_session(self, **arguments: Any) -> Any:
        """Make a session that shares the data loader of the first one, which saves 200 ms."""
        boto3, botocore_session = _boto3()
        core = botocore_session.get_session()
        if self._loader is None:
            self._loader = core.get_component("data_loader")
        else:
            core.register_component("data_loader", self._loader)
        return boto3.Session(botocore_session=core, **arguments)

    def _assuming(self, source: _Session, account: Account) -> _Session:
        """Make a session with credentials of the account's role, which renew themselves."""
        from botocore.credentials import (
            AssumeRoleCredentialFetcher,
            DeferredRefreshableCredentials,
        )

        region = self.home_of(account)
        with source.lock:
            credentials = source.session.get_credentials()
        if credentials is None:
            raise Expired(
                "NoCredentials",
                f"no credentials were found to assume {account.role_arn}",
            )

        def sts(service: str, **keys: Any) -> Any:
            with source.lock:
                return self._new_client(source.session, service, region, **keys)

        arguments = {"RoleSessionName": account.session_name}
        if account.external_id:
            arguments["ExternalId"] = account.external_id
        fetcher = AssumeRoleCredentialFetcher(
            client_creator=sts,
            source_credentials=credentials,
            role_arn=account.role_arn,
            extra_args=arguments,
        )
        with self._lock:
            session = self._new_session(region_name=region)

        def fetch() -> Any:
            try:
                return fetcher.fetch_credentials()
            except Exception as error:
                translated = translate(error)
                if translated is None:
                    raise
                message = f"{account.role_arn} cannot be assumed: {translated.message}"
                lasting = isinstance(translated, Denied | Expired)
                kind = Expired if lasting else type(translated)
                raise kind(translated.code, message) from error

        session._session._credentials = DeferredRefreshableCredentials(
            refresh_using=fetch, method="assume-role"
        )
        return _Session(session)

    def _new_client(self, session: Any, service: str, region: str, **keys: Any) -> Any:
        from botocore.config import Config

        from . import parsing

        settings = self._settings
        config = Config(
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            max_pool_connections=settings.threads,
            connect_timeout=settings.connect_timeout,
            read_timeout=settings.read_timeout,
        )
        client = session.client(
            service,
            region_name=region,
            config=config,
            endpoint_url=settings.endpoint_url,
            **keys,
        )
        parsing.install(client)
        return client


class _Call:
    """A call that is being made: by whom, how often, and since when."""

    def __init__(self, limiter: Limiter, key: Key, unlisted: bool) -> None:
        self.limiter = limiter
        self.key = key
        # Whether botocore does not know if the service is in the region.
        self.unlisted = unlisted
        self.sent = 0
        self.status = 0
        self.start = time.monotonic()


class Caller:
    """Calls operations of a service in a region, as an account."""

    def __init__(
        self, sessions: Sessions, key: Key, limiter: Limiter, tally: Tally
    ) -> None:
        self._sessions = sessions
        self._key = key
        self._limiter = limiter
        self._tally = tally
        self._unlisted: bool | None = None

    def __call__(
        self, operation: str, arguments: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Return the response, after retries.

        Raises `Denied`, `Expired`, `NoEndpoint` or `Failed`; `Stopped` when the run is being ended.
        """
        try:
            return self._call(operation, arguments)
        except Expired:
            if not self._sessions.renew(self._key.account):
                raise
            return self._call(operation, arguments)

    def _call(self, operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        if self._unlisted is None:
            self._unlisted = not self._sessions.is_listed(self._key)
        call = _Call(self._limiter, self._key, self._unlisted)
        try:
            return self._whole_response(call, operation, arguments)
        except (CallError, Stopped):
            raise
        except Exception as error:
            translated = self._translate(error, operation, call.status)
            if translated is None:
                raise
            raise translated from error
        finally:
            if call.sent > 1:
                self._tally.retry(call.sent - 1)

    def _whole_response(
        self, call: _Call, operation: str, arguments: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Return the response, and make the call again if what arrived is not a whole one."""
        from botocore.parsers import ResponseParserError

        for attempt in range(1, BROKEN_ANSWERS):
            try:
                return self._response(call, operation, arguments)
            except ResponseParserError:
                self._limiter.pause(random.uniform(0, 0.2 * 2.0**attempt))  # noqa: S311
        return self._response(call, operation, arguments)

    def _response(
        self, call: _Call, operation: str, arguments: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        from botocore import xform_name

        account, region, service = self._key
        method = getattr(
            self._sessions.client(account, service, region), xform_name(operation), None
        )
        if method is None:
            raise Failed(
                "UnknownOperation",
                f"this version of boto3 does not know {operation} of {service};"
                " install a newer one",
            )
        _ATTEMPTS.call = call
        try:
            response: Mapping[str, Any] = method(**arguments)
            return response
        finally:
            _ATTEMPTS.call = None

    def _translate(
        self, error: Exception, operation: str, status: int
    ) -> CallError | None:
        translated = translate(error, operation)
        if isinstance(translated, Malformed) and status >= 300:
            return Failed("", f"HTTP {status}, and the body is not XML")
        if isinstance(translated, _Unrecognized):
            # A region that is not enabled does not know valid credentials either.
            account, region, _ = self._key
            enabled = self._sessions.is_enabled(account, region)
            absent = not enabled and self._sessions.is_valid(account)
            kind = NoEndpoint if absent else Expired
            return kind(translated.code, translated.message)
        return translated


class _Unrecognized(CallError):
    """The credentials are not valid, or the region is not enabled for the account."""


_ERRORS: dict[Meaning | None, type[CallError]] = {
    Meaning.DENIED: Denied,
    Meaning.EXPIRED: Expired,
    Meaning.UNRECOGNIZED: _Unrecognized,
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


def _advice(error: Exception, endpoint_url: str | None) -> str:
    if "Invalid endpoint" in str(error):
        place = "endpoint_url" if endpoint_url else "AWS_ENDPOINT_URL"
        return f"write {place} with its scheme, such as http://127.0.0.1:5000"
    advices = dict(_ADVICE)
    return advices.get(
        type(error).__name__,
        "see the variables AWS_… of the environment and ~/.aws/config",
    )


def translate(error: Exception, operation: str = "") -> CallError | None:
    """Return the `CallError` that an exception of botocore is; None for any other exception."""
    from botocore import exceptions, parsers

    if isinstance(error, exceptions.ClientError):
        code, message, status = _details(error.response)
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
        known = tuple(getattr(exceptions, known, ()) for known in names)
        if isinstance(error, tuple(found for found in known if found)):
            return kind(name, str(error))
    return Failed(name, str(error))


def _details(response: Mapping[str, Any]) -> tuple[str, str, int]:
    """Return the code, the message and the status of an error response."""
    error = response.get("Error", {})
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return str(error.get("Code", "")), str(error.get("Message", "")), int(status or 0)


def _watch(client: Any) -> None:
    """Make a client wait for permits before each attempt, and tell the limiter of each answer."""
    service = client.meta.service_model.service_id.hyphenize()
    # Before the request is signed, because signatures are valid for some minutes only.
    client.meta.events.register_first(f"request-created.{service}", _before_attempt)
    # Before botocore's own handler: the first that returns something else than None counts.
    client.meta.events.register_first(f"needs-retry.{service}", _after_attempt)
    client.meta.events.register_first(f"before-parse.{service}", _before_parse)


def _before_attempt(**_: Any) -> None:
    call = _ATTEMPTS.call
    if call is not None:
        call.limiter.acquire(call.key)
        call.sent += 1


def _after_attempt(
    response: Any,
    operation: Any,
    caught_exception: Exception | None,
    attempts: int,
    **_: Any,
) -> float | None:
    """Return for how many seconds to wait before a throttled call is made again.

    None leaves the decision to botocore. Raises ResponseParserError for an answer that is cut off.
    """
    call = _ATTEMPTS.call
    if call is None:
        return None
    if response is None:
        if call.unlisted and _is_unknown_host(caught_exception):
            raise NoEndpoint("UnknownHost", str(caught_exception))
        return None
    http, parsed = response
    code, _message, _status = _details(parsed)
    refused = http.status_code >= 300
    if not (refused and meaning(code, http.status_code) is Meaning.THROTTLED):
        call.limiter.answered(call.key)
        if refused:
            _check_error(http, code, operation)
        else:
            _check_body(http, parsed, operation)
        return None
    call.limiter.throttled(call.key)
    if time.monotonic() - call.start > PATIENCE:
        return None
    # The limiter sets the pace. The pause spreads the calls that were refused at once.
    longest = min(_LONGEST_PAUSE, 0.1 * 2.0 ** min(attempts, 10))
    return random.uniform(0, longest)  # noqa: S311


def _before_parse(operation_model: Any, response_dict: Any, **_: Any) -> None:
    """Raise ResponseParserError if a body is not what the service sent, which botocore does not see.

    It does not compare the length of a body with its header, and reads an empty body, or the page of
    a proxy, as a response without members: a listing that was cut off would have no items.
    """
    from botocore.parsers import ResponseParserError

    if _ATTEMPTS.call is not None:
        _ATTEMPTS.call.status = response_dict["status_code"]
    body, headers = response_dict["body"], response_dict["headers"]
    if response_dict["status_code"] >= 300 or not isinstance(body, bytes):
        return
    length = headers.get("content-length")
    if length is not None and not headers.get("content-encoding"):
        head = operation_model.http.get("method") == "HEAD"
        if not head and int(length) != len(body):
            raise ResponseParserError(
                f"the response was cut off after {len(body)} of {length} bytes"
            )
    if body[:64].lstrip().lower().startswith((b"<html", b"<!doctype html")):
        raise ResponseParserError("the response is a page of HTML")


def _check_error(http: Any, code: str, operation: Any) -> None:
    """Raise ResponseParserError if an error has a body without a code, because it was cut off: the code
    may say that there is nothing to return. Botocore takes the status for the code then.
    """
    from botocore.parsers import ResponseParserError

    head = operation.http.get("method") == "HEAD"
    unknown = not code or code.isdigit()
    sent = http.content or int(http.headers.get("content-length", 0))
    if unknown and sent and not head and not meaning(code, http.status_code):
        raise ResponseParserError("the error has no code")


def _check_body(http: Any, parsed: Mapping[str, Any], operation: Any) -> None:
    """Raise ResponseParserError if a body has none of the operation's members, and is not an empty object or
    document either.

    Botocore ignores what it does not know, so the error of a service or of a proxy with the status 200
    would be a listing without items.
    """
    from botocore.parsers import ResponseParserError

    known = _members_of_body(operation)
    payload = operation.output_shape and operation.output_shape.serialization.get(
        "payload"
    )
    found: object = parsed.get(payload) if payload else parsed
    if not known or (isinstance(found, Mapping) and known.keys() & found):
        return
    if not http.content:
        if http.status_code == 200:
            raise ResponseParserError("the response has no body")
        return
    protocol = operation.service_model.resolved_protocol
    if "json" in protocol:
        names = _names_in_json(http.content)
    elif protocol in ("rest-xml", "ec2"):
        names = _names_in_xml(http.content, operation)
    else:
        return  # The others have an element, or a header, of their own, without which parsing fails.
    names = [name for name in names if name.lower() not in _OF_EVERY_RESPONSE]
    if names and set(known.values()).isdisjoint(names):
        raise ResponseParserError(
            f"the response is not one of {operation.name}: it has only {', '.join(names[:5])}"
        )


_OF_EVERY_RESPONSE = frozenset({"requestid", "responsemetadata"})
"""Names, in lower case, that any response may have besides its members."""


def _members_of_body(operation: Any) -> Mapping[str, str]:
    """Return the members that are in the body of an operation's responses, and how it spells them; none
    for operations whose responses have no body, or one of another kind: these send an empty object or
    document, or data."""
    shape = operation.output_shape
    if (
        shape is None
        or operation.has_streaming_output
        or operation.has_event_stream_output
        or operation.http.get("method") == "HEAD"
    ):
        return {}
    payload = shape.serialization.get("payload")
    if payload is not None:
        shape = shape.members[payload]
        if shape.type_name != "structure":
            return {}
    return {
        name: member.serialization.get("name", name)
        for name, member in shape.members.items()
        if "location" not in member.serialization
    }


def _names_in_json(body: bytes) -> list[str]:
    """Return the names that a JSON object has. Raises ResponseParserError for anything else."""
    from botocore.parsers import ResponseParserError

    try:
        found: object = json.loads(body)
    except ValueError as error:
        raise ResponseParserError(f"the response is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise ResponseParserError(
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


def _is_unknown_host(error: Exception | None) -> bool:
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


def require_boto3() -> None:
    """Raise `MissingExtra` if boto3 is not installed."""
    _boto3()


def _boto3() -> tuple[Any, Any]:
    try:
        import boto3
        import botocore.session
    except ImportError as error:
        raise MissingExtra(
            'collecting needs boto3: pip install "ddsql-schemas[aws]"'
        ) from error
    return boto3, botocore.session
