# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Connect the processes of a run with the one that started it.

That process grants the permits to call, so that limits hold for all of them together, and loads the
rows where only one process can. Whoever connects must know a random key, which is passed with the work.
Both sides prove it before anything is unpickled; what is sent is not encrypted.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing import AuthenticationError
from multiprocessing.connection import (
    Connection,
    answer_challenge,
    deliver_challenge,
)
from secrets import token_bytes
from threading import Event, Lock, Thread
from typing import cast

from ..load.sink import LoadCounts
from ..units import CollectedRow, Collection, Unit
from .choose import Chosen
from .errors import CallError
from .limiter import Key, Lease, Lessor, Stopped
from .spool import CHUNK, Rows, Spooled

_PATIENCE = 20.0
"""For how many seconds a connection is tried."""


class LoadError(Exception):
    """The process that started the run could not load a unit. The message says why."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the process that started a run listens."""

    host: str
    port: int
    key: bytes = field(repr=False)


class Server:
    """Listens for the workers of a run, until the end of the block.

    ``load`` loads the rows of a unit that a worker has read.
    """

    def __init__(
        self,
        lessor: Lessor,
        load: Callable[[Unit, Collection], LoadCounts],
        stop: Event,
        host: str = "127.0.0.1",
    ) -> None:
        self._lessor = lessor
        self._load = load
        self._stop = stop
        self._closed = False
        self._socket = socket.create_server((host, 0), backlog=128)
        self._lock = Lock()
        # Held while a unit is loaded, which the end waits for.
        self._loading = Lock()
        self._open: set[Connection] = set()
        port: int = self._socket.getsockname()[1]
        self.address = Address(host, port, token_bytes(32))
        Thread(target=self._accept, name="run", daemon=True).start()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self._closed = True
        # Wakes the thread that accepts, which closing the socket alone does not.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            _end(connection)
        with self._loading:
            pass

    def _accept(self) -> None:
        while not self._closed:
            try:
                accepted, _ = self._socket.accept()
            except OSError:
                return
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(accepted.detach())
            Thread(
                target=self._serve, args=(connection,), name="worker", daemon=True
            ).start()

    def _serve(self, connection: Connection) -> None:
        with self._lock:
            self._open.add(connection)
        try:
            deliver_challenge(connection, self.address.key)
            answer_challenge(connection, self.address.key)
            while True:
                request, *arguments = connection.recv()
                if request == "lease":
                    connection.send(self._lease(*arguments))
                else:
                    self._receive(connection, *arguments)
        except (OSError, EOFError, AuthenticationError):
            pass  # The worker is gone, or belongs to another run.
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def _lease(
        self, key: Key, count: int, answered: int, throttled: int
    ) -> Lease | None:
        try:
            return self._lessor.lease(key, count, answered, throttled)
        except Stopped:
            return None

    def _receive(self, connection: Connection, unit: Unit) -> None:
        """Keep the rows of a unit until all are there, then load them."""
        with Spooled(_Received(connection)) as spooled:
            spooled.read()
            try:
                with self._loading:
                    answer: LoadCounts | str | None = (
                        None
                        if self._stop.is_set() or self._closed
                        else self._load(unit, spooled)
                    )
            except Exception as error:
                answer = f"{type(error).__name__}: {error}"
        connection.send(answer)


class _Received:
    """The rows that a worker sends."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.complete = False

    def __iter__(self) -> Iterator[CollectedRow]:
        while isinstance(chunk := self._connection.recv(), list):
            for row, unread in cast("Rows", chunk):
                yield CollectedRow(row, unread)
        self.complete = bool(chunk)


class Client:
    """A worker's side. May be used by several threads at once, which wait for each other."""

    def __init__(self, address: Address, stop: Event) -> None:
        self._address = address
        self._stop = stop
        self._lock = Lock()
        self._connection: Connection | None = None

    def lease(self, key: Key, count: int, answered: int, throttled: int) -> Lease:
        """Grant permits for ``count`` calls."""
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = _connect(self._address)
                self._connection.send(("lease", key, count, answered, throttled))
                lease: Lease | None = self._connection.recv()
            except (OSError, EOFError) as error:
                # The process that started the run is gone, and so is its reason.
                self._stop.set()
                raise Stopped from error
        if lease is None:
            self._stop.set()
            raise Stopped
        return lease

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None


class RemoteLoader:
    """Lets the process that started the run load units."""

    def __init__(self, address: Address) -> None:
        self._address = address

    def load(self, unit: Unit, chosen: Chosen, rows: Collection) -> LoadCounts:
        """Send the rows while they are read, and wait until they are loaded.

        If reading them fails, the connection ends before its rows do, and nothing is loaded.
        """
        connection = _connect(self._address)
        try:
            connection.send(("load", unit))
            chunk: Rows = []
            for row, unread in rows:
                chunk.append((dict(row), unread))
                if len(chunk) == CHUNK:
                    connection.send(chunk)
                    chunk = []
            connection.send(chunk)
            connection.send(rows.complete)
            answer: LoadCounts | str | None = connection.recv()
        except CallError:
            raise
        except (OSError, EOFError) as error:
            raise Stopped from error
        finally:
            connection.close()
        if answer is None:  # The run was ended.
            raise Stopped
        if isinstance(answer, str):
            raise LoadError(answer)
        return answer

    def close(self) -> None:
        """Do nothing: each unit has a connection of its own."""


def _connect(address: Address) -> Connection:
    connected = socket.create_connection((address.host, address.port), _PATIENCE)
    connected.settimeout(None)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection = Connection(connected.detach())
    try:
        answer_challenge(connection, address.key)
        deliver_challenge(connection, address.key)
    except AuthenticationError as error:
        connection.close()
        raise OSError(f"{address} is not this run") from error
    except BaseException:
        connection.close()
        raise
    return connection


def _end(connection: Connection) -> None:
    """Let both sides learn that the connection ends. The thread that reads from it closes it."""
    try:
        with socket.fromfd(
            connection.fileno(), socket.AF_INET, socket.SOCK_STREAM
        ) as found:
            found.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it has ended


def reachable_from(host: str, port: int) -> str:
    """Return the address of this machine that programs at ``host`` can reach."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.connect((host, port))  # sends nothing
        address: str = found.getsockname()[0]
    return address
