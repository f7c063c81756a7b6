# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Take the rows of a unit to PostgreSQL as they are collected, in bounded memory.

The first megabyte is kept in memory, which is all that most units have. Further rows are copied into
the session's temporary table. If the unit holds nothing yet, they are copied into the table itself, and
into a file as well: if another unit turns out to hold one of the keys, all rows are staged from there.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from struct import Struct
from tempfile import SpooledTemporaryFile
from typing import Any, LiteralString, cast

import psycopg
from psycopg import errors

from ..convert import ConversionError
from ..evolve import ledger
from ..units import CollectedRow
from . import binary
from .postgres_tables import TableStatements

CONFLICTS = (
    errors.UniqueViolation,
    errors.DeadlockDetected,
    errors.SerializationFailure,
    errors.LockNotAvailable,
)
"""What happens if several units with the same keys are loaded at once."""

_FIRST = 2**20
"""How many bytes of rows are collected before anything is sent."""
_BUFFER = 64 * 1024
"""How many bytes are sent at a time after that. The socket holds more, which the server reads while the next
ones are encoded."""
_UNSENT = 2 * 2**20
"""How many bytes may wait for the socket, before the next ones wait for the server."""
_PATIENCE = 1.0
"""After how many seconds of waiting for the server the connection is looked at, whatever the socket says."""
_IN_MEMORY = 16 * 2**20
"""How many bytes of what may have to be staged are kept in memory, not in a file."""
_LONGEST_COPY = 30.0
"""How many seconds a statement that stages rows lasts: VACUUM waits for it."""
_ANALYZED = 500
"""The number of staged rows from which on they are analyzed, so that the planner knows how many there are."""

_LOG = logging.getLogger("ddsql.load")
_length = Struct(">i").pack
_number = Struct(">iq").pack
_HELD_START = binary.fields(3)
_COPY_HELD = (
    f'COPY {ledger.name("held")} ("unit", "key", "copies") FROM STDIN (FORMAT BINARY)'
)


class Staging:
    """The rows of one unit on their way. After `add`, call `begin`, then `copy_directly`, or `stage` if
    it returns False, then `commit`; `abort` at any time.

    ``count`` is the number of rows, without the ``refused`` ones. ``unread`` are the columns that were
    not read in some row. With ``repeats``, a key may be there twice.
    """

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        statements: TableStatements,
        *,
        direct: bool,
    ) -> None:
        self._connection = connection
        self._statements = statements
        self._direct = direct and statements.direct
        self._encoder = statements.encoder
        self._key = statements.table.key
        self._columns = frozenset(statements.columns)
        self._start = binary.fields(len(statements.columns))
        self._stage_start = binary.fields(len(statements.columns) + 2)
        self.count = 0
        self.refused = 0
        self.unread: set[str] = set()
        self.repeats = False
        self._has_stage = False
        self._seen: set[int] = set()
        self._rows: list[bytes] = []
        self._keys: list[str] = []
        self._values: list[list[object]] = []  # of tables without binary encoder
        self._missing: dict[int, list[str]] = {}
        self._first = 0  # the number of the first row in memory
        self._size = 0
        self._limit = _FIRST
        self._copy: psycopg.Copy | None = None
        self._unsent = 0
        self._stack = ExitStack()
        self._opened = 0.0
        self._streams = False
        self._begun = False
        self._files = ExitStack()
        self._spool: Any = None
        self._spooled_keys: Any = None

    # --- rows ------------------------------------------------------------------------------------

    def add(self, collected: CollectedRow) -> None:
        """Take a row. A row that cannot be stored is logged and counted."""
        row = collected.row
        try:
            if self._encoder is None:
                self._values.append(self._statements.parameters(row))
                self._size += 1024
            else:
                data = self._encoder(row)
                self._rows.append(data)
                self._size += len(data)
        except ConversionError as error:
            _LOG.warning("a row was left out: %s", error)
            self.refused += 1
            return
        if self._key is not None:
            key = row[self._key]
            mark = hash(key)
            if mark in self._seen:
                self.repeats = True
            self._seen.add(mark)
            if self._direct:
                self._keys.append(cast("str", key))
        if collected.unread and (missing := collected.unread & self._columns):
            self._missing[self.count] = sorted(missing)
            self.unread |= missing
        self.count += 1
        if self._size >= self._limit:
            self._flush()

    def _flush(self) -> None:
        """Send the rows in memory, and free it."""
        if not self._streams:
            self._streams = True
            self._limit = _BUFFER
            self._direct = self._direct and not self.unread and not self.repeats
            if self._direct:
                self._begin_direct()
            else:
                self._create_stage()
        if self._encoder is None:
            self._insert()
        elif self._direct:
            self._write(b"".join([self._start + row for row in self._rows]))
            self._spool.write(self._staged())
            self._spooled_keys.write(b"".join(map(binary.text_field, self._keys)))
        else:
            if time.monotonic() - self._opened > _LONGEST_COPY:
                self._end_copy()
            if self._copy is None:
                self._begin_copy(self._statements.copy_to_stage)
            self._write(self._staged())
        self._forget_rows()

    def _forget_rows(self) -> None:
        self._first = self.count
        self._rows.clear()
        self._values.clear()
        self._keys.clear()
        self._missing.clear()
        self._size = 0

    def _staged(self) -> bytes:
        """Return the rows in memory as the temporary table takes them."""
        start, missing = self._stage_start, self._missing
        parts: list[bytes] = []
        for number, row in enumerate(self._rows, self._first):
            parts += (start, row, _number(8, number))
            names = missing.get(number)
            parts.append(binary.NULL if names is None else binary.texts(names))
        return b"".join(parts)

    def _insert(self) -> None:
        with self._connection.cursor() as cursor:
            cursor.executemany(
                self._statements.insert_into_stage,
                [
                    [*values, number, self._missing.get(number)]
                    for number, values in enumerate(self._values, self._first)
                ],
            )

    # --- the transaction -------------------------------------------------------------------------

    def begin(self) -> None:
        """Send what is left of a unit with many rows, and begin the transaction, unless that is done."""
        if self._streams:
            self._flush()
            if self._direct:
                self._direct = self._end_direct()
            else:
                self._end_copy()
        if not self._begun:
            self._connection.execute("BEGIN")
            self._begun = True

    def copy_directly(self, unit: int) -> bool:
        """Copy the rows into the table itself, and record that the unit holds their keys.

        Returns False, with nothing copied, if another unit or another row has one of the keys.
        """
        if not self._direct or self.unread or self.repeats:
            return False
        if self._streams:  # they are there
            self._spooled_keys.seek(0)
            self._hold(unit, iter(lambda: self._spooled_keys.read(_BUFFER), b""))
            return True
        try:
            with self._connection.transaction():
                self._begin_copy(self._statements.copy)
                self._write(b"".join([self._start + row for row in self._rows]))
                self._end_copy()
                self._hold(unit, [b"".join(map(binary.text_field, self._keys))])
        except CONFLICTS:
            return False
        return True

    def stage(self) -> None:
        """See to it that all rows are in the temporary table."""
        if self._spool is not None:
            self._create_stage()
            self._begin_copy(self._statements.copy_to_stage)
            self._spool.seek(0)
            while data := self._spool.read(_BUFFER):
                self._write(data)
            self._end_copy()
        elif not self._streams:
            self._create_stage()
            if self._encoder is None:
                self._insert()
            else:
                self._begin_copy(self._statements.copy_to_stage)
                self._write(self._staged())
                self._end_copy()
        if self.count >= _ANALYZED:
            self._connection.execute(self._statements.analyze_stage)

    def commit(self) -> None:
        """Make it last."""
        if self._has_stage:
            self._connection.execute(self._statements.truncate_stage)
        self._connection.execute("COMMIT")
        self._begun = False
        self._files.close()

    def abort(self, error: BaseException) -> None:
        """Leave everything as it was."""
        self._files.close()
        if self._connection.closed:
            return
        with suppress(psycopg.Error):  # it is ``error``, or follows from it
            self._stack.__exit__(type(error), error, error.__traceback__)
        if self._begun:
            with suppress(psycopg.OperationalError):
                self._connection.execute("ROLLBACK")
            self._begun = False

    # --- COPY ------------------------------------------------------------------------------------

    def _begin_direct(self) -> None:
        self._connection.execute("BEGIN")
        self._begun = True
        self._connection.execute("SET LOCAL lock_timeout = '10s'")
        self._spool = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115
        self._spooled_keys = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115
        self._files.enter_context(self._spool)
        self._files.enter_context(self._spooled_keys)
        self._begin_copy(self._statements.copy)

    def _end_direct(self) -> bool:
        """End copying into the table itself. Returns False, with nothing copied, if rows are in the way
        or have to be staged for another reason."""
        try:
            self._end_copy()
        except CONFLICTS:
            fits = False
        else:
            fits = not (self.unread or self.repeats)
        if fits:
            self._connection.execute("SET LOCAL lock_timeout TO DEFAULT")
        else:
            self._connection.execute("ROLLBACK")
            self._begun = False
        return fits

    def _create_stage(self) -> None:
        self._has_stage = True
        self._connection.execute(self._statements.create_stage)
        self._connection.execute(self._statements.truncate_stage)

    def _hold(self, unit: int, keys: Iterable[bytes]) -> None:
        """Copy the unit's keys into the ledger; ``keys`` are blocks of fields."""
        start, copies = _HELD_START + _number(8, unit), _number(8, 1)
        self._begin_copy(_COPY_HELD)
        rest = b""
        for block in keys:
            data = rest + block
            position = 0
            parts: list[bytes] = []
            while (end := _end_of_field(data, position)) <= len(data):
                parts += (start, data[position:end], copies)
                position = end
            rest = data[position:]
            self._write(b"".join(parts))
        self._end_copy()

    def _begin_copy(self, statement: str) -> None:
        cursor = self._connection.cursor()
        safe: LiteralString = cast("Any", statement)
        self._copy = self._stack.enter_context(cursor.copy(safe))
        self._opened = time.monotonic()
        self._unsent = 0
        self._copy.write(binary.HEADER)

    def _write(self, data: bytes) -> None:
        """Send ``data`` as far as the socket takes it. What is left is sent with the next call.

        `psycopg.Copy.write` waits until the server has read all but a little, and then the server waits for
        what is encoded next.
        """
        if self._copy is None:
            return
        if self._unsent > _UNSENT:
            self._drain()
        pgconn = self._connection.pgconn
        for start in range(0, len(data), _BUFFER):
            while not pgconn.put_copy_data(data[start : start + _BUFFER]):
                self._drain()
        self._unsent = self._unsent + len(data) if pgconn.flush() else 0

    def _drain(self) -> None:
        """Wait until the socket has taken everything."""
        pgconn = self._connection.pgconn
        try:
            with DefaultSelector() as selector:
                selector.register(pgconn.socket, EVENT_READ | EVENT_WRITE)
                while pgconn.flush():
                    for _, events in selector.select(_PATIENCE):
                        if events & EVENT_READ:
                            pgconn.consume_input()
        except KeyboardInterrupt:
            self._connection.cancel_safe(timeout=5.0)
            raise
        self._unsent = 0

    def _end_copy(self) -> None:
        if self._copy is not None:
            self._write(binary.TRAILER)
            self._copy = None
            self._stack.close()


def _end_of_field(data: bytes, position: int) -> int:
    """Return where the field at ``position`` ends; behind the end of ``data`` if it is cut off."""
    if len(data) < position + 4:
        return len(data) + 1
    return position + 4 + int.from_bytes(data[position : position + 4], "big")
