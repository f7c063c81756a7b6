# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Call AWS with boto3: a session for each account, clients that all threads share, and errors that say
what they mean."""

from __future__ import annotations

import math
import random
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from ..usage import UsageError
from . import bodies
from .accounts import Account
from .answers import Meaning, meaning
from .errors import CallError, Denied, Expired, Failed, Malformed, NoEndpoint
from .limiter import Key, Limiter, Stopped
from .translation import Unrecognized, advice, details, is_unknown_host, translate

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
                f" {advice(error, self._settings.endpoint_url)}"
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
        self.body = ""
        self.bare = 0
        self.start = time.monotonic()

    def confirm(self) -> None:
        """Take an empty object for a listing without items if the answer before it was one, too."""
        from botocore.parsers import ResponseParserError

        self.bare += 1
        if self.bare == 1:
            raise ResponseParserError("the response is an empty object")


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
            translated = self._translate(error, operation, call)
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
        self, error: Exception, operation: str, call: _Call
    ) -> CallError | None:
        translated = translate(error, operation)
        if isinstance(translated, Malformed) and call.status >= 300:
            return Failed(
                "", f"HTTP {call.status} without an error code; the body is {call.body}"
            )
        if isinstance(translated, Unrecognized):
            # A region that is not enabled does not know valid credentials either.
            account, region, _ = self._key
            enabled = self._sessions.is_enabled(account, region)
            absent = not enabled and self._sessions.is_valid(account)
            kind = NoEndpoint if absent else Expired
            return kind(translated.code, translated.message)
        return translated


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
        if call.unlisted and is_unknown_host(caught_exception):
            raise NoEndpoint("UnknownHost", str(caught_exception))
        return None
    http, parsed = response
    code, _message, _status = details(parsed)
    refused = http.status_code >= 300
    if not (refused and meaning(code, http.status_code) is Meaning.THROTTLED):
        call.limiter.answered(call.key)
        if refused:
            bodies.check_error(http, code, operation)
        elif bodies.check_body(http, parsed, operation):
            call.confirm()
        return None
    call.limiter.throttled(call.key)
    if time.monotonic() - call.start > PATIENCE:
        return None
    # The limiter sets the pace. The pause spreads the calls that were refused at once.
    longest = min(_LONGEST_PAUSE, 0.1 * 2.0 ** min(attempts, 10))
    return random.uniform(0, longest)  # noqa: S311


def _before_parse(operation_model: Any, response_dict: Any, **_: Any) -> None:
    """Raise ResponseParserError if a body is not what the service sent, which botocore does not see."""
    status, body = response_dict["status_code"], response_dict["body"]
    if _ATTEMPTS.call is not None:
        _ATTEMPTS.call.status, _ATTEMPTS.call.body = status, bodies.kind(body)
    bodies.check_whole(status, body, response_dict["headers"], operation_model)


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
