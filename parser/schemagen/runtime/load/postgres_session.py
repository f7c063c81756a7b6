# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Connect to a PostgreSQL database, and run statements in it."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, LiteralString, cast

import psycopg

from ..evolve import ledger
from .destination import Destination, DestinationError
from .postgres_tables import TEMPORARY

if TYPE_CHECKING:
    from .package import Package

OLDEST = 15
"""The oldest major version, which has MERGE."""


class Session:
    """A connection with its temporary tables and locks. It is used by one thread at a time."""

    def __init__(self, destination: Destination, package: Package) -> None:
        self._destination = destination
        self._package = package
        self.connection = self._connect()

    def connect(self) -> bool:
        """Connect again if the connection was lost. Returns whether it was."""
        if not self.connection.closed:
            return False
        self.connection = self._connect()
        return True

    @contextmanager
    def locked(self, *names: str) -> Generator[None]:
        """Wait for whoever else has a lock of ``names``, and keep it."""
        lock = lock_number(*names)
        self.execute("SELECT pg_advisory_lock(%(lock)s)", lock=lock)
        try:
            yield
        finally:
            if not self.connection.closed:
                with suppress(
                    psycopg.OperationalError
                ):  # the end of the session unlocks
                    self.execute("SELECT pg_advisory_unlock(%(lock)s)", lock=lock)

    def _connect(self) -> psycopg.Connection[Any]:
        """Connect. Raises `DestinationError`, without the password."""
        try:
            # Plans of prepared statements would not survive a migration of a table.
            connection: psycopg.Connection[Any] = psycopg.connect(
                self._destination.address,
                autocommit=True,
                prepare_threshold=None,
                application_name=self._package.name,
            )
        except (psycopg.Error, ValueError) as error:
            text = self._destination.redact(str(error)).strip()
            raise DestinationError(
                f"cannot connect to {self._destination}: {text}"
            ) from None
        version = connection.info.server_version // 10000
        if version < OLDEST:
            connection.close()
            raise DestinationError(
                f"{self._destination} is PostgreSQL {version}; loading needs {OLDEST} or later"
            )
        try:
            connection.execute("SET TIME ZONE 'UTC'")
            connection.execute("SET client_min_messages = warning")
            # Rows that a policy hides would be taken for missing: the server refuses in its place.
            connection.execute("SET row_security = off")
            for statement in TEMPORARY:
                connection.execute(statement)
        except psycopg.Error as error:
            connection.close()
            text = self._destination.redact(str(error)).strip()
            raise DestinationError(
                f"{self._destination} cannot be used: {text}"
            ) from None
        return connection

    def execute(self, statement: str, /, **parameters: object) -> psycopg.Cursor[Any]:
        # All text is this module's own, but for quoted names of tables and the types of the package.
        safe: LiteralString = cast("Any", statement)
        return self.connection.execute(safe, parameters or None)

    def rows(self, statement: str, /, **parameters: object) -> list[tuple[Any, ...]]:
        return self.execute(statement, **parameters).fetchall()

    def value(self, statement: str, /, **parameters: object) -> object:
        row = self.execute(statement, **parameters).fetchone()
        return None if row is None else row[0]

    def count(self, statement: str, /, **parameters: object) -> int:
        return self.execute(statement, **parameters).rowcount


def lock_number(*names: str) -> int:
    """Return the number of an advisory lock."""
    return digest(ledger.SCHEMA, *names) - 2**63


def digest(*names: str) -> int:
    text = "\0".join(names).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")
