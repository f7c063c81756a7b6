# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Keep the rows of a unit while others are loaded, in memory or in a temporary file."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import TypeAlias, cast

from ..units import CollectedRow, Collection

_IN_MEMORY = 4 * 1024 * 1024
CHUNK = 256
"""How many rows are pickled together."""

Rows: TypeAlias = list[tuple[dict[str, object], frozenset[str]]]


class Spooled:
    """The rows of a collection, read before they are loaded. Raises what reading them raises."""

    def __init__(self, rows: Collection) -> None:
        self._rows = rows
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
        self._complete = False

    def __enter__(self) -> Spooled:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self) -> None:
        """Read all rows."""
        chunk: Rows = []
        for row, unread in self._rows:
            chunk.append((dict(row), unread))
            if len(chunk) == CHUNK:
                pickle.dump(chunk, self._file)
                chunk = []
        pickle.dump(chunk, self._file)
        self._complete = self._rows.complete

    def __iter__(self) -> Iterator[CollectedRow]:
        end = self._file.tell()
        self._file.seek(0)
        while self._file.tell() < end:
            # The file is this process's own, and has no name.
            chunk = cast(
                "Rows",
                pickle.load(self._file),  # noqa: S301
            )
            for row, unread in chunk:
                yield CollectedRow(row, unread)

    @property
    def complete(self) -> bool:
        """Whether the listing was read to its end."""
        return self._complete
