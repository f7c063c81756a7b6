# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Load rows into a folder of Parquet files, a file per unit, and keep them in step.

The file of a unit is ``<table>/<account>.<region>.parquet``: DuckDB, pyarrow and Spark read the folder
of a table without adding columns, as they would for folders called ``account=…``. A unit without rows
has no file. A file is replaced as a whole, so readers see the old or the new one.

What the ledger of a database holds is in two places. The metadata of a file have its unit, the run and
the version that wrote it, and a digest of every row, so that a later run sees what has changed. The
folder ``_ddsql_sync``, which readers skip, has the DDSQL types of each table, and the units that each
run has loaded.
"""

from __future__ import annotations

import json
import logging
import os
import stat
import sys
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from uuid import uuid4

from ..convert import ConversionError
from ..evolve.compare import Finding, SchemaMismatch
from ..sql import Table
from ..units import Collection, Unit
from .destination import Destination, DestinationError
from .parquet_file import Encoder, FileInfo, StoredFile, UnitFile, stored_unit
from .sink import LoadCounts

if TYPE_CHECKING:
    from .package import Package

if sys.platform != "win32":  # where two syncs of one unit do not take turns
    import fcntl

_log = logging.getLogger(__name__)

_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_OWN = "_ddsql_sync"
_FORMAT = 1
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")
_LONGEST_NAME = 100
_JOURNAL = frozenset({"run", "account", "region", "table", "state", "loaded"})
"""What each line of a journal has, among others."""


class ParquetSink:
    """A folder of Parquet files that rows are loaded into. Several processes may load at once."""

    def __init__(
        self, destination: Destination, package: Package, run: str = ""
    ) -> None:
        self._destination = destination
        self._package = package
        self._run = run
        self._folder = Path(destination.address)
        self._encoders: dict[str, Encoder] = {}
        self._journal: BinaryIO | None = None
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DestinationError(f"{destination}: {error.strerror}") from None

    def prepare(self, tables: Sequence[Table]) -> None:
        """Compare the types of stored files with those of this package.

        Files of a package that had fewer columns, or more, are read beside those of this one, such as by
        DuckDB's ``union_by_name``. Raises `SchemaMismatch` before anything is changed if the type of a
        column differs.
        """
        findings = [finding for table in tables for finding in self._compare(table)]
        if findings:
            raise SchemaMismatch(str(self._destination), findings)
        for table in tables:
            self._below(_folder_name(table.id)).mkdir(exist_ok=True)
            _replace(
                self._types_file(table.id),
                {
                    "format": _FORMAT,
                    "table": table.id,
                    "version": self._package.version,
                    "columns": dict(table.columns),
                },
            )
            self._encoders[table.id] = Encoder(
                table, self._package.records, self._package.arrow(table.id)
            )

    def load(self, unit: Unit, table: Table, rows: Collection) -> LoadCounts:
        """Load the rows of a unit into its file, which is replaced if any row differs.

        If rows have the same key, the last one is loaded. A row that several units list is in the file of
        each. A row that cannot be stored is logged and left out. ``table`` may lack columns of the prepared
        one: these keep their values, and are NULL in new rows. If the listing fails, the file stays as it
        was.
        """
        encoder = self._encoders[table.id]
        excluded = frozenset(encoder.columns) - table.columns.keys()
        path = self._path(unit)
        with _locked(path) as temporary:
            stored = StoredFile(path, encoder) if path.exists() else None
            file = UnitFile(temporary, encoder, stored)
            try:
                refused = 0
                for row, unread in rows:
                    try:
                        file.add(row, unread, excluded)
                    except ConversionError as error:
                        _log.warning("left out: %s", error)
                        refused += 1
                complete = rows.complete and not refused
                counts = file.finish(complete, self._info(unit))
            finally:
                file.close()
                if stored is not None:
                    stored.close()
            if file.rows == 0:
                path.unlink(missing_ok=True)
            elif file.differs:
                _sync(temporary)
                temporary.replace(path)
            _sync(path.parent)
            state = "complete" if complete and not file.stale else "partial"
            self._record(unit, state, complete, file.rows)
        return counts.with_refused(refused)

    def close(self) -> None:
        """Close the journal of the run."""
        if self._journal is not None:
            self._journal.close()

    def finished(self, run: str) -> set[tuple[str, str, str]]:
        """Return account, region and table of the units that ``run`` has loaded completely."""
        return {
            (entry["account"], entry["region"], entry["table"])
            for entry in _entries(self._journals(run))
            if entry["state"] == "complete"
        }

    def last_run(self, part: str) -> str:
        """Return the run that loaded the last unit, of runs whose name ends as ``part``; "" if none."""
        loaded = [
            (entry["loaded"], entry["run"])
            for folder in self._journals(self._run).parent.glob("*")
            for entry in _entries(folder)
            if entry["run"].endswith(part)
        ]
        return max(loaded)[1] if loaded else ""

    def forget(self, *, account: str = "", region: str = "", table: str = "") -> int:
        """Delete the files of an account, a region and a table ("" is any). Returns how many rows these
        had."""
        name = f"{_safe(account) if account else '*'}.{_safe(region) if region else '*'}.parquet"
        chosen = {"account": account, "region": region, "table": table}
        self._forget_entries(chosen)  # First: a run that is resumed reads them again.
        deleted = 0
        for types in sorted(self._below(_OWN, "tables").glob("*.json")):
            if table and types.stem != _folder_name(table):
                continue
            for path in sorted(self._below(types.stem).glob(name)):
                with _locked(path):
                    if not path.exists():  # any more
                        continue
                    info, rows = stored_unit(path)
                    # Other files are not ours, whatever they are called.
                    if info and _fits(info, chosen):
                        deleted += rows
                        path.unlink()
        return deleted

    def _forget_entries(self, chosen: Mapping[str, str]) -> None:
        """Remove the entries of units from the journals of all runs, so that no run is resumed without
        them."""

        for path in self._below(_OWN, "runs").glob("*/*.jsonl"):
            _ = self._below(_OWN, "runs", path.parent.name)
            entries = list(_entries_of(path))
            kept = [entry for entry in entries if not _fits(entry, chosen)]
            if len(kept) < len(entries):
                new = path.with_suffix(f".{uuid4()}")
                new.write_bytes(b"".join(map(_line, kept)))
                new.replace(path)

    # --- files of our own -------------------------------------------------------------------------

    def _below(self, *names: str) -> Path:
        """Return a folder below that of the destination. Raises `DestinationError` for links on the way, so
        that nothing is written or deleted elsewhere."""
        path = self._folder
        for name in names:
            path /= name
            if path.is_symlink():
                raise DestinationError(
                    f"{path} is a link, and nothing is written or deleted behind links below {self._folder}; "
                    "move the folder that it leads to here, or remove it"
                )
        return path

    def _path(self, unit: Unit) -> Path:
        name = f"{_safe(unit.account)}.{_safe(unit.region)}.parquet"
        return self._below(_folder_name(unit.table)) / name

    def _types_file(self, table: str) -> Path:
        return self._below(_OWN, "tables") / f"{_folder_name(table)}.json"

    def _journals(self, run: str) -> Path:
        return self._below(_OWN, "runs", _safe(run))

    def _info(self, unit: Unit) -> FileInfo:
        return FileInfo(
            account=unit.account,
            region=unit.region,
            partition=unit.partition,
            table=unit.table,
            run=self._run,
            package=self._package.name,
            version=self._package.version,
        )

    def _record(self, unit: Unit, state: str, full: bool, rows: int) -> None:
        """Record that the run has loaded the unit. Every process has a file of its own."""
        if self._journal is None:
            folder = self._journals(self._run)
            folder.mkdir(parents=True, exist_ok=True)
            self._journal = (folder / f"{uuid4()}.jsonl").open("xb")
        entry = {
            "run": self._run,
            "account": unit.account,
            "region": unit.region,
            "table": unit.table,
            "state": state,
            "read_in_full": full,
            "rows": rows,
            "loaded": datetime.now(UTC).isoformat(),
        }
        self._journal.write(_line(entry))
        self._journal.flush()
        os.fsync(self._journal.fileno())

    # --- the types of a table ---------------------------------------------------------------------

    def _compare(self, table: Table) -> Iterator[Finding]:
        folder = self._below(_folder_name(table.id))
        aside = f"to load it anew, move the folder {folder} aside"
        recorded = self._types_file(table.id)
        if not recorded.exists():
            if self._destination.adopt != self._package.version and any(
                folder.glob("*.parquet")
            ):
                yield Finding(
                    table.id,
                    "",
                    f"{folder} has files, but no sync made it, so what their columns mean is not known; "
                    "if this package made them, pass the package's version, "
                    f"--adopt {self._package.version}; {aside}",
                )
            return
        version, columns = _recorded_types(recorded)
        for column, type in table.columns.items():
            old = columns.get(column, type)
            if old != type:
                yield Finding(
                    table.id,
                    column,
                    f"the files hold {old} (version {version}), and this package has {type}: "
                    f"no reader takes both for one column; {aside}, and delete "
                    f"{recorded}",
                    old,
                    type,
                )


def _entries(folder: Path) -> Iterator[dict[str, str]]:
    """Yield what the journals of a run have."""
    for path in sorted(folder.glob("*.jsonl")):
        yield from _entries_of(path)


def _entries_of(path: Path) -> Iterator[dict[str, str]]:
    """Yield what a journal has. Raises `DestinationError` if the file is not a journal."""
    for number, line in enumerate(path.read_bytes().splitlines(keepends=True), 1):
        # The last line of a killed process may be half written.
        if not line.endswith(b"\n"):
            continue
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if not isinstance(entry, dict) or not entry.keys() >= _JOURNAL:
            raise DestinationError(
                f"{path}, line {number}, is not an entry of a run; delete the file, and do not resume the run"
            )
        yield cast("dict[str, str]", entry)


def _line(entry: Mapping[str, object]) -> bytes:
    return json.dumps(entry).encode() + b"\n"


def _fits(entry: Mapping[str, object], chosen: Mapping[str, str]) -> bool:
    """Whether an entry has what is ``chosen``; "" is anything."""
    return all(not value or entry[name] == value for name, value in chosen.items())


def _recorded_types(path: Path) -> tuple[str, Mapping[str, str]]:
    """Return the version that wrote the file of a table's types, and the types of its columns. Raises
    `DestinationError` for another file."""
    try:
        found: Any = json.loads(path.read_bytes())
        return str(found["version"]), dict(found["columns"])
    except (ValueError, TypeError, LookupError):
        raise DestinationError(
            f"{path} does not have the types of a table; restore it from a copy, or delete it and pass "
            "--adopt with the version of the package that wrote the files"
        ) from None


def _folder_name(table: str) -> str:
    """Return the name of a table's folder."""
    provider, _, name = table.partition(".")
    return f"{_safe(provider)}.{_safe(name)}"


def _safe(name: str) -> str:
    """Return a name as a part of a file's name that is the same, and no other's, on every file system.

    Other characters than small letters, digits, ``-`` and ``_`` become ``~`` and their bytes. Readers skip
    names that start with ``_`` or a dot.
    """
    safe = "".join(
        (
            character
            if character in _PLAIN
            else "".join(f"~{byte:02x}" for byte in character.encode())
        )
        for character in name
    )
    if safe.startswith("_") or not safe:
        safe = f"~{safe}"
    if len(safe) <= _LONGEST_NAME:
        return safe
    digest = sha256(name.encode()).hexdigest()
    return f"{safe[: _LONGEST_NAME - len(digest) - 2]}~~{digest}"


def _replace(path: Path, content: object) -> None:
    """Write a file of JSON as a whole, unless it has this content."""
    text = json.dumps(content, indent=1).encode() + b"\n"
    if path.exists() and path.read_bytes() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid4()}")
    try:
        temporary.write_bytes(text)
        _sync(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _locked(path: Path) -> Generator[Path]:
    """Take the turn to write ``path``, and yield the path of the file to write in its place, which is gone
    afterwards.

    The file is the lock, too: whoever waits for it finds, once it gets the lock, that the file is at
    another path or gone, and starts again. A process that is killed leaves an empty turn, and a file
    that readers skip and the next turn removes.
    """
    temporary = path.with_name(f".{path.name}.new")
    while True:
        try:
            descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | _NOFOLLOW, 0o666)
        except OSError as error:
            if temporary.is_symlink():
                raise DestinationError(f"{temporary} is a link; remove it") from error
            raise
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise DestinationError(f"{temporary} is no file; remove it")
            if sys.platform != "win32":
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(descriptor), temporary.stat()):
                    break
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
    try:
        yield temporary
    finally:
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), temporary.stat()):
                temporary.unlink()
        os.close(descriptor)


def _sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
