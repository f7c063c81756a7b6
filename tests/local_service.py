"""An HTTP server on 127.0.0.1 that answers as a function says, for boto3 to call."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qs


class Request(NamedTuple):
    """What boto3 sent. ``operation`` is known of the services that put it into a header (JSON) or the body
    (query)."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def operation(self) -> str:
        target = self.headers.get("x-amz-target", "")
        if target:
            return target.rpartition(".")[2]
        return parse_qs(self.body.decode(errors="replace")).get("Action", [""])[0]


class Answer(NamedTuple):
    status: int
    body: bytes
    headers: Mapping[str, str] = {}


def json_answer(content: object, status: int = 200) -> Answer:
    return Answer(
        status, json.dumps(content).encode(), {"Content-Type": "application/x-amz-json-1.1"}
    )


def json_error(code: str, status: int = 400, message: str = "said the service") -> Answer:
    return json_answer({"__type": code, "message": message}, status)


def xml_error(code: str, status: int = 400, message: str = "said the service") -> Answer:
    """An error as query services send it; S3 and EC2 leave out the outermost element, or rename it."""
    body = f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    return Answer(status, body.encode(), {"Content-Type": "text/xml"})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


@contextmanager
def serving(answer: Callable[[Request], Answer]) -> Generator[str]:
    """The server's URL, until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            given = answer(Request(self.path, headers, self.rfile.read(length)))
            self.send_response(given.status)
            for name, value in given.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(given.body)))
            self.end_headers()
            self.wfile.write(given.body)

        do_GET = do_POST = do_HEAD = do_PUT = _serve  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            pass

    with _Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
