# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Write lines to files which DuckDB reads while the next ones are written."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import duckdb

from .ndjson import Line

CHUNK = 16 * 2**20
"""How many bytes of lines are read at a time."""
FIRST_CHUNK = 2 * 2**20
"""How many of the first lines, so that reading begins early. Each chunk has twice as many, up to `CHUNK`."""
_BUFFER = 2**20
"""How many bytes of lines are written at a time: with Python's 8 KiB, every third line costs a call of the
system."""
_LONGEST = 2**20
"""How long a line may be before DuckDB gets larger buffers, which it has two of for each thread."""


class LineFile(NamedTuple):
    """A file of lines: whether these are nested, and how long the longest is. With ``more``, further lines
    are written while it is read."""

    path: Path
    nested: bool
    longest: int
    more: bool


@dataclass(slots=True)
class _Writing:
    file: BinaryIO
    size: int = 0
    longest: int = _LONGEST


Read = Callable[[LineFile], object]


class Chunks:
    """Lines on their way. ``read`` is called with each file, in the thread of ``reader``.

    With ``keep``, files stay until the end of `opened`, so that they can be read again if a row was in
    ``conflict`` with stored ones, or memory did not suffice.
    """

    def __init__(
        self, folder: Path, read: Read, reader: ThreadPoolExecutor, *, keep: bool
    ) -> None:
        self._folder = folder
        self._read = read
        self._reader = reader
        self._keep = keep
        self._writing: dict[bool, _Writing] = {}
        self._limit = FIRST_CHUNK
        self._reading: Future[None] | None = None
        self._number = 0
        self._files: list[LineFile] = []
        self.lines = 0
        self.size = 0
        self.conflict = False

    def add(self, line: Line) -> None:
        """Write a line."""
        text, nested = line
        writing = self._writing.get(nested)
        if writing is None:
            name = f"{self._number}-{'nested' if nested else 'text'}.jsonl"
            self._number += 1
            file = (self._folder / name).open("xb", buffering=_BUFFER)
            writing = self._writing[nested] = _Writing(file)
        size = len(text)
        writing.file.write(text)
        writing.size += size
        if size > writing.longest:
            writing.longest = size
        self.size += size
        self.lines += 1
        # Few lines of the other kind wait: a file costs as much as hundreds of lines.
        if writing.size >= self._limit:
            self._limit = min(2 * self._limit, CHUNK)
            files = self._finish(nested, more=True)
            self._wait()
            if not self.conflict:
                self._reading = self._reader.submit(self._read_files, files)

    def end(self) -> None:
        """Wait until all lines are read."""
        files = self._finish(*self._writing)
        self._wait()
        if not self.conflict:
            self._reading = self._reader.submit(self._read_files, files)
            self._wait()

    def read_again(self, read: Read) -> None:
        """Read all files anew, with another function."""
        self._read, self._keep = read, False
        self._read_files(list(self._files))

    def give_up(self) -> None:
        """Wait until nothing is read any more, because of an error that is being raised: what follows from
        it does not matter."""
        self._keep = True  # what is left is removed in the end
        with suppress(duckdb.Error, OSError):
            self._wait()

    def close(self) -> None:
        """Remove the files that are left."""
        try:
            with suppress(
                OSError
            ):  # Lines that do not fit the disk are not read either.
                self._finish(*self._writing)
            self._wait()
        finally:
            self._remove(list(self._files))

    def _finish(self, *kinds: bool, more: bool = False) -> list[LineFile]:
        """Close the files of nested lines, or of others, or both."""
        finished = [(nested, self._writing.pop(nested)) for nested in kinds]
        files = [
            LineFile(Path(writing.file.name), nested, writing.longest, more)
            for nested, writing in finished
        ]
        self._files += files
        with ExitStack() as stack:
            for _, writing in finished:
                stack.callback(writing.file.close)
        return files

    def _wait(self) -> None:
        reading, self._reading = self._reading, None
        if reading is None:
            return
        try:
            reading.result()
        except (duckdb.ConstraintException, duckdb.OutOfMemoryException):
            if not self._keep:
                raise
            self.conflict = True

    def _read_files(self, files: list[LineFile]) -> None:
        for file in files:
            self._read(file)
        if not self._keep:
            self._remove(files)

    def _remove(self, files: list[LineFile]) -> None:
        for file in files:
            file.path.unlink(missing_ok=True)
            self._files.remove(file)


@contextmanager
def opened(
    folder: Path, read: Read, reader: ThreadPoolExecutor, *, keep: bool = False
) -> Generator[Chunks]:
    """Open `Chunks`. No file is left, however the block ends."""
    chunks = Chunks(folder, read, reader, keep=keep)
    try:
        yield chunks
    except BaseException:
        chunks.give_up()
        raise
    finally:
        chunks.close()
