"""Generated code in an editor: what pyright's language server shows and completes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest
from ddsql_schemas.catalog import TABLES

from projects import CHECKOUT

PACKAGE = CHECKOUT / "generated" / "ddsql_schemas"
CODE = """\
from ddsql_schemas.mappers.aws.sagemaker_trainingjob import from_item, from_response
from ddsql_schemas.models.aws.sagemaker_trainingjob import SagemakerTrainingjob

made = SagemakerTrainingjob.model_validate({})
made.creation_time
from_item({})
from_response({})
"""


class Server:
    """A language server, behind the pipes of its process."""

    def __init__(self, stdin: IO[bytes], stdout: IO[bytes]) -> None:
        self._stdin, self._stdout, self._requests = stdin, stdout, 0

    def notify(self, method: str, params: object) -> None:
        self._send({"method": method, "params": params})

    def request(self, method: str, params: object) -> Any:
        """Send a request, answer the server's own requests, and return the result."""
        self._requests += 1
        self._send({"id": self._requests, "method": method, "params": params})
        while True:
            message = self._receive()
            if "method" not in message and message["id"] == self._requests:
                return message["result"]
            if "method" in message and "id" in message:
                items = message["params"].get("items") if message["params"] else None
                self._send({"id": message["id"], "result": items and [{}] * len(items)})

    def hover(self, path: Path, line: int, character: int) -> str:
        """Return the text for the name at the cursor, lines and characters counted from 0."""
        document = {"uri": path.as_uri()}
        position = {"line": line, "character": character}
        found = self.request("textDocument/hover", {"textDocument": document, "position": position})
        return str(found["contents"]["value"])

    def complete(self, path: Path, line: int, character: int) -> list[str]:
        """Return the completions at the cursor, lines and characters counted from 0."""
        position = {"line": line, "character": character}
        params = {"textDocument": {"uri": path.as_uri()}, "position": position}
        found = self.request("textDocument/completion", params)
        return [item["label"] for item in found["items"]]

    def open(self, path: Path) -> None:
        document = {"uri": path.as_uri(), "languageId": "python", "version": 1}
        document["text"] = path.read_text("utf-8")
        self.notify("textDocument/didOpen", {"textDocument": document})

    def _send(self, message: dict[str, object]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._stdin.flush()

    def _receive(self) -> dict[str, Any]:
        length = 0
        while header := self._stdout.readline().strip():
            name, _, value = header.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if not length:
            raise AssertionError("the language server ended")
        message: dict[str, Any] = json.loads(self._stdout.read(length))
        return message


@contextmanager
def language_server(folder: Path) -> Generator[Server]:
    settings = {"extraPaths": [str(PACKAGE.parent)]}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "pyright.langserver", "--stdio"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        server = Server(process.stdin, process.stdout)
        root = {"uri": folder.as_uri(), "name": folder.name}
        hover = {"textDocument": {"hover": {"contentFormat": ["plaintext"]}}}
        server.request(
            "initialize",
            {
                "processId": None,
                "rootUri": root["uri"],
                "workspaceFolders": [root],
                "capabilities": hover,
            },
        )
        server.notify("initialized", {})
        try:
            yield server
        finally:
            server.request("shutdown", None)
            server.notify("exit", None)


@pytest.mark.slow
def test_hovering_shows_the_words_of_pages(tmp_path: Path) -> None:
    """Hovering a field and a row's key shows the page's words, hovering a function its
    arguments."""
    code = tmp_path / "code.py"
    code.write_text(CODE)
    mapper = PACKAGE / "mappers" / "aws" / "sagemaker_trainingjob.py"
    lines = mapper.read_text("utf-8").split("\n")
    words = "A timestamp that indicates when the training job was created."
    with language_server(tmp_path) as server:
        server.open(code)
        server.open(mapper)
        assert words in server.hover(code, 4, CODE.split("\n")[4].index("creation_time"))
        key = lines.index("    creation_time: datetime | None")
        assert words in server.hover(mapper, key, 6)
        arguments = server.hover(code, 5, 2)
        assert "list_tags: The response of ListTags, or an iterable of all its pages" in arguments
        assert "key: The value of _key" in arguments
        arguments = server.hover(code, 6, 2)
        assert "response: The response of DescribeTrainingJob" in arguments
        assert "list_tags: The response of ListTags, or an iterable of all its pages" in arguments


@pytest.mark.slow
def test_table_completes_the_ids_of_tables(tmp_path: Path) -> None:
    """Inside the quotes of ``catalog.table("")``, an editor offers the id of every table."""
    lines = ["from ddsql_schemas import catalog", "", 'catalog.table("")']
    code = tmp_path / "code.py"
    code.write_text("\n".join(lines))
    with language_server(tmp_path) as server:
        server.open(code)
        offered = server.complete(code, 2, lines[2].index('"') + 1)
    assert {label.strip('"') for label in offered} >= set(TABLES)
