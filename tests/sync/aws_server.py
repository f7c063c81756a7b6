"""An AWS to collect from: moto in a process of its own, and a proxy in front of it.

The proxy is what clients talk to. It splits listings into small pages, as AWS does and moto mostly
does not; it answers operations that moto lacks; and by rules of a test it does what AWS and networks
do on bad days. It keeps a log of all requests.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

import boto3
import botocore.session
from botocore.config import Config
from botocore.loaders import Loader

from sync.wire import Body, Http, Paging, Request, decoded, error, paging, written

ACCOUNT = "123456789012"
"""The account of moto that credentials belong to which no role gave."""

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host"})
_ROLE = "collector"
_NEXT = "page-from-"


# --- moto -----------------------------------------------------------------------------------------

# Its modules are large, and Python would look for garbage in them again and again.
_SERVER = """
import gc, logging, sys
logging.getLogger("werkzeug").setLevel(logging.ERROR)
from moto.core.config import default_user_config
from moto.server import ThreadedMotoServer
default_user_config["lambda"]["use_docker"] = False
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
gc.freeze()
gc.set_threshold(100_000, 50, 100)
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class Moto:
    """A running moto: ``url`` answers as AWS does, for any account and region."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def reset(self) -> None:
        """Empty all accounts."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("POST", "/moto-api/reset")
        assert connection.getresponse().status == 200
        connection.close()


@contextmanager
def moto() -> Generator[Moto]:
    """A moto in a process of its own, which ends with this one, however this one ends."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MOTO_"))
    }
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", _SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # Tracebacks of operations that moto lacks; clients see status 500.
        stderr=subprocess.DEVNULL,
        env={**environment, "TZ": "UTC"},
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Moto(int(process.stdout.readline()))
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(30)


# --- credentials ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Credentials:
    """Credentials of an account, worth nothing outside of moto."""

    account: str
    access_key: str = "AKIAMOTO"
    secret: str = "none"  # noqa: S105
    token: str | None = None

    def environment(self) -> dict[str, str]:
        """The variables that give them to boto3 in another process."""
        token = {} if self.token is None else {"AWS_SESSION_TOKEN": self.token}
        return {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret, **token}


_LOADER = Loader(include_default_search_paths=True)
"""Shared by all clients: the models of services are large."""


def client(service: str, url: str, region: str, credentials: Credentials, **config: Any) -> Any:
    """A client of boto3, without types, which does not retry unless ``config`` says so."""
    settings: dict[str, Any] = {
        "retries": {"total_max_attempts": 1},
        "max_pool_connections": 50,
        **config,
    }
    core = botocore.session.get_session()
    core.register_component("data_loader", _LOADER)
    session: Any = boto3.Session(
        credentials.access_key,
        credentials.secret,
        credentials.token,
        region,
        botocore_session=core,
    )
    return session.client(service, endpoint_url=url, config=Config(**settings))


def role_arn(account: str) -> str:
    """The ARN of the role by which another account is entered."""
    return f"arn:aws:iam::{account}:role/{_ROLE}"


def assume(url: str, account: str) -> Credentials:
    """The credentials of another account, as STS gives them to who assumes its role."""
    sts = client("sts", url, "us-east-1", Credentials(ACCOUNT))
    given = sts.assume_role(RoleArn=role_arn(account), RoleSessionName="tests")["Credentials"]
    return Credentials(
        account, given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]
    )


# --- rules ----------------------------------------------------------------------------------------


class Connection(Protocol):
    """What a fault does its work with: ``forward`` answers as if there were no fault, ``send``
    sends an answer, ``drop`` closes the connection, ``wait`` returns early if the proxy ends."""

    def forward(self) -> Http: ...
    def send(self, response: Http, *, only: int | None = None) -> None: ...
    def drop(self) -> None: ...
    def wait(self, seconds: float) -> None: ...


Action = Callable[[Connection, Request], None]


@dataclass
class Rule:
    """What happens to some requests instead of an answer.

    Empty strings match everything. ``first`` is the number of the first matching request that it
    happens to, from 1, ``times`` how often it happens (None: from then on). ``arguments`` must be
    those of the request. ``happened`` counts.
    """

    action: Action
    service: str = ""
    operation: str = ""
    region: str = ""
    account: str = ""
    arguments: Mapping[str, object] = field(default_factory=dict[str, object])
    first: int = 1
    times: int | None = None
    matched: int = 0
    happened: int = 0

    def applies(self, request: Request, account: str) -> bool:
        """Whether it happens to this request. Counts the ones that match."""
        for wanted, found in (
            (self.service, request.service),
            (self.operation, request.operation),
            (self.region, request.region),
            (self.account, account),
        ):
            if wanted and wanted != found:
                return False
        if any(request.arguments.get(name) != value for name, value in self.arguments.items()):
            return False
        self.matched += 1
        last = None if self.times is None else self.first + self.times - 1
        if self.matched < self.first or (last is not None and self.matched > last):
            return False
        self.happened += 1
        return True


_THROTTLED = {
    "dynamodb": (400, "ProvisionedThroughputExceededException"),
    "ec2": (503, "RequestLimitExceeded"),
    "lambda": (429, "TooManyRequestsException"),
    "s3": (503, "SlowDown"),
}


def refuse(status: int, code: str, message: str = "refused by a test") -> Action:
    """Answer with an error, in the form of the service's protocol."""

    def act(connection: Connection, request: Request) -> None:
        connection.send(error(request, status, code, message))

    return act


def throttle(connection: Connection, request: Request) -> None:
    """Answer that requests come too fast, as the service says it."""
    status, code = _THROTTLED.get(request.service, (400, "ThrottlingException"))
    connection.send(error(request, status, code, "Rate exceeded"))


def deny(connection: Connection, request: Request) -> None:
    """Answer that the caller may not do that, as the service says it."""
    code = {"ec2": "UnauthorizedOperation", "s3": "AccessDenied", "iam": "AccessDenied"}.get(
        request.service, "AccessDeniedException"
    )
    message = f"User: x is not authorized to perform: {request.service}:{request.operation}"
    connection.send(error(request, 403, code, message))


def expire(connection: Connection, request: Request) -> None:
    """Answer that the credentials have expired, as the service says it."""
    code = "RequestExpired" if request.service == "ec2" else "ExpiredTokenException"
    if request.protocol in ("query", "rest-xml"):
        code = "ExpiredToken"
    connection.send(
        error(request, 400, code, "The security token included in the request is expired")
    )


def fail(connection: Connection, request: Request) -> None:
    """Answer that something is broken inside."""
    connection.send(error(request, 500, "InternalFailure", "Something is broken."))


def unavailable(connection: Connection, request: Request) -> None:
    """Answer as a load balancer does behind which nothing runs: with 503, and HTML."""
    html = b"<html><body>503 Service Temporarily Unavailable</body></html>"
    connection.send(Http({"Content-Type": "text/html"}, html, 503))


def cut(connection: Connection, request: Request) -> None:
    """Send half of the answer, then close the connection."""
    response = connection.forward()
    connection.send(response, only=len(response.body) // 2)
    connection.drop()


def cut_before_body(connection: Connection, request: Request) -> None:
    """Send the headers of the answer, then close the connection: the body seems to be empty."""
    connection.send(connection.forward(), only=0)
    connection.drop()


def hang_up(connection: Connection, request: Request) -> None:
    """Close the connection without a word."""
    connection.drop()


def garble(connection: Connection, request: Request) -> None:
    """Answer with 200 and half a body, as if it were whole."""
    response = connection.forward()
    half = response.body[: len(response.body) // 2]
    connection.send(Http(response.headers, half, response.status))


def delay(seconds: float) -> Action:
    """Answer late. A client that waits less has a timeout."""

    def act(connection: Connection, request: Request) -> None:
        connection.wait(seconds)
        with contextlib.suppress(OSError):  # the client has gone
            connection.send(connection.forward())

    return act


def before(happening: Callable[[Request], object]) -> Action:
    """Let something happen before the request is answered, such as the deletion of what it asks for."""

    def act(connection: Connection, request: Request) -> None:
        happening(request)
        connection.send(connection.forward())

    return act


def repeat_token(connection: Connection, request: Request) -> None:
    """Answer with the first page and the same token for ever: a listing that never ends."""
    response = connection.forward()
    how = paging(request.service, request.operation)
    assert how is not None
    body = Body(request, response)
    for place in how.outputs:
        body.set(place, f"{_NEXT}1")
    if how.more:
        body.set(how.more, True)
    connection.send(body.http())


# --- the proxy ------------------------------------------------------------------------------------

Made = Callable[[Request, str], Mapping[str, Any] | None]
"""Answers an operation that moto lacks, for an account; None where there is no such thing."""

Amend = Callable[[Request, str, Http], Http]
"""Adds to an answer of moto's what AWS has in it."""


_READING = ("List", "Describe", "Get", "Head")


class Forward(Exception):
    """Raised by `Made` where moto has the answer."""


@dataclass(frozen=True)
class Seen:
    """A request that arrived. ``rule`` says whether a rule happened to it."""

    account: str
    region: str
    service: str
    operation: str
    arguments: Mapping[str, Any]
    rule: bool
    at: float


@dataclass
class Proxy:
    """Stands between clients and moto.

    ``page`` is the size of the pages that listings are split into; 0 leaves them as they are.
    ``made`` answers what moto lacks, by service and operation; ``amended`` adds to what it has.
    ``remembers`` gives equal requests equal answers until `changed` is called: moto, and the splitting
    of pages, take most of the time of a second mirror.
    """

    upstream: Moto
    page: int = 3
    made: Mapping[tuple[str, str], Made] = field(default_factory=dict[tuple[str, str], Made])
    amended: Mapping[tuple[str, str], Amend] = field(default_factory=dict[tuple[str, str], Amend])
    remembers: bool = False
    latency: float = 0
    rules: list[Rule] = field(default_factory=list[Rule])
    seen: list[Seen] = field(default_factory=list[Seen])
    port: int = 0
    failures: list[str] = field(default_factory=list[str])
    _accounts: dict[str, str] = field(default_factory=dict[str, str])
    _answers: dict[object, Http] = field(default_factory=dict[object, Http])
    _changes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ended: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Generator[Proxy]:
        """Listen on a free port of 127.0.0.1 until the end of the block."""
        proxy = self

        class Handler(_Handler):
            owner = proxy

        server = _Server(("127.0.0.1", 0), Handler)
        self.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            server.shutdown()
            thread.join()
            server.server_close()
        assert not self.failures, self.failures

    @contextmanager
    def rule(self, *rules: Rule) -> Generator[Proxy]:
        """Let ``rules`` happen until the end of the block."""
        with self._lock:
            self.rules.extend(rules)
        try:
            yield self
        finally:
            with self._lock:
                for rule in rules:
                    self.rules.remove(rule)

    def changed(self) -> None:
        """Forget answers, because what they tell may have changed."""
        self._changes += 1
        self._answers = {}

    @contextmanager
    def watched(self) -> Generator[list[Seen]]:
        """The requests that arrive during the block; complete at its end."""
        start, found = len(self.seen), list[Seen]()
        yield found
        found.extend(self.seen[start:])

    def operations(self, seen: Sequence[Seen] | None = None) -> Counter[tuple[str, str]]:
        """How often each operation was called."""
        return Counter(
            (each.service, each.operation) for each in (self.seen if seen is None else seen)
        )

    def client(self, service: str, region: str, credentials: Credentials, **config: Any) -> Any:
        """A client of boto3 that talks to the proxy."""
        return client(service, self.url, region, credentials, **config)

    # --- what handlers ask ---

    def admitted(self, request: Request) -> Rule | None:
        """Enter a request into the log, and return the rule that happens to it."""
        account = self.account(request)
        with self._lock:
            rule = next((rule for rule in self.rules if rule.applies(request, account)), None)
            self.seen.append(
                Seen(
                    account,
                    request.region,
                    request.service,
                    request.operation,
                    request.arguments,
                    rule is not None,
                    time.monotonic(),
                )
            )
        return rule

    def account(self, request: Request) -> str:
        """The account of the credentials of a request: moto knows."""
        key = request.access_key
        if key not in self._accounts:
            credentials = Credentials("", key)
            sts = client("sts", self.upstream.url, "us-east-1", credentials)
            self._accounts[key] = sts.get_caller_identity()["Account"]
        return self._accounts[key]

    def answer(self, request: Request) -> Http:
        """Answer without a fault: a page of what moto has, or what a test made."""
        if not (self.remembers and request.operation.startswith(_READING)):
            return self._answer(request)
        key = (
            *(self._changes, self.account(request), request.region),
            *(request.service, request.operation),
            *(request.http.method, request.http.target, request.http.body),
        )
        found = self._answers.get(key)
        if found is None:
            found = self._answers[key] = self._answer(request)
        return found

    def _answer(self, request: Request) -> Http:
        how = paging(request.service, request.operation) if self.page else None
        if how is None or not how.lists or len(how.inputs) != 1:
            return self._whole(request, request.http)
        return self._page(request, how, how.inputs[0])

    def _page(self, request: Request, how: Paging, token: str) -> Http:
        given = request.arguments.get(token)
        start = int(str(given).removeprefix(_NEXT)) if given is not None else 0
        without = {token: None, **({how.limit: None} if how.limit else {})}
        response = self._whole(request, request.with_arguments(**without))
        if response.status != 200:
            return response
        body = Body(request, response)
        while (further := body.get(how.outputs[0])) and (not how.more or body.get(how.more)):
            # moto has pages of its own.
            more = Body(
                request, self._whole(request, request.with_arguments(**{**without, token: further}))
            )
            for place in how.lists:
                body.extend(place, more)
            body.set(how.outputs[0], more.get(how.outputs[0]))
            if how.more:
                body.set(how.more, more.get(how.more))
        size = min(self.page, int(str(request.arguments.get(how.limit) or self.page)))
        end, count = start + size, max(body.count(place) for place in how.lists)
        for place in how.lists:
            body.cut(place, start, end)
        last = end >= count
        body.set(how.outputs[0], None if last else f"{_NEXT}{end}")
        if how.more:
            body.set(how.more, not last)
        return body.http()

    def _whole(self, request: Request, http: Http) -> Http:
        made = self.made.get((request.service, request.operation))
        if made is not None:
            with contextlib.suppress(Forward):
                answer = made(request, self.account(request))
                if answer is not None:
                    return written(request, answer)
                end = "" if request.service == "sagemaker" else "Exception"
                return error(request, 400, f"ResourceNotFound{end}", "There is no such thing.")
        response = self.forward(http)
        amend = self.amended.get((request.service, request.operation))
        return response if amend is None else amend(request, self.account(request), response)

    def forward(self, request: Http) -> Http:
        """What moto answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.upstream.port, timeout=60)
        try:
            headers = {
                name: value
                for name, value in request.headers.items()
                if name.lower() not in _HOP_BY_HOP and name.lower() != "expect"
            }
            headers["Content-Length"] = str(len(request.body))
            connection.request(request.method, request.target, request.body, headers)
            response = connection.getresponse()
            return Http(dict(response.getheaders()), response.read(), response.status)
        finally:
            connection.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up; what else goes wrong is in `Proxy.failures`."""


class _Handler(BaseHTTPRequestHandler):
    """Answers one connection. It is a `Connection` for the actions of rules."""

    protocol_version = "HTTP/1.1"
    owner: Proxy

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def handle_any(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        http = Http(dict(self.headers.items()), body, method=self.command, target=self.path)
        try:
            self._request = decoded(http)
            rule = self.owner.admitted(self._request)
            if self.owner.latency:
                self.wait(self.owner.latency)
            if rule is not None:
                rule.action(self, self._request)
            else:
                self.send(self.owner.answer(self._request))
        except OSError:
            self.close_connection = True
        except Exception as error:
            self.owner.failures.append(f"{http.method} {http.target}: {error!r}")
            self.close_connection = True
            raise

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = handle_any  # noqa: N815

    def forward(self) -> Http:
        return self.owner.answer(self._request)

    def send(self, response: Http, *, only: int | None = None) -> None:
        self.send_response_only(response.status)
        for name, value in response.headers.items():
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body[:only])
        self.wfile.flush()

    def drop(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def wait(self, seconds: float) -> None:
        self.owner._ended.wait(seconds)  # pyright: ignore[reportPrivateUsage] - same module

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing: the proxy keeps a log."""
