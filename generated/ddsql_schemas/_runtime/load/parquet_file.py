# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Write the Parquet file of a unit, given the one that it replaces.

Rows are read and written in groups, so that few are in memory. Of the others, there are the keys, and a
digest of each row, which the metadata of a file hold.
"""

from __future__ import annotations

import json
import shutil
from base64 import b64decode, b64encode
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import orjson

from ..convert import ConversionError, json_text
from ..records import Records
from ..sql import DialectRules, Loader, Table
from .destination import DestinationError
from .documents import document_text
from .sink import LoadCounts

# pyarrow has no types.
pa: Any = import_module("pyarrow")
pq: Any = import_module("pyarrow.parquet")

_OUTPUT = "arrow"
_INFO = b"ddsql_sync"
_DIGESTS = b"ddsql_sync_digests"
_DIGEST = 16
_GROUP_ROWS = 10_000
_GROUP_BYTES = 16 * 2**20
_COMPRESSION = "zstd"


@dataclass(frozen=True, slots=True)
class FileInfo:
    """Which unit a file holds, and which run and package wrote it."""

    account: str
    region: str
    partition: str
    table: str
    run: str
    package: str
    version: str


class Encoder:
    """Converts rows of a table to the values of a file's columns, and these to batches."""

    def __init__(self, table: Table, records: Records[Any], schema: Any) -> None:
        self.table = table
        self.schema: Any = schema
        self.columns = list(table.columns)
        names = dict(zip(self.columns, schema.names, strict=True))
        self.key = None if table.key is None else self.columns.index(table.key)
        self.key_name = "" if table.key is None else names[table.key]
        types = {
            type: (
                encoding._replace(encode=document_text)
                if encoding.encode is json_text
                else encoding
            )
            for type, encoding in records.types.items()
        }
        rules = DialectRules(marker="", max_key=0, types=types)
        self._parameters = Loader({_OUTPUT: rules}).parameters

    def values(self, row: Mapping[str, object]) -> list[object]:
        """Convert a row. Raises `ConversionError`, naming ``table.column`` and the row's key."""
        return self._parameters(row, self.table, _OUTPUT)

    def digest(self, values: Sequence[object]) -> tuple[bytes, int]:
        """Return what tells a row from others, and about how large it is. NULLs do not count, so that a new
        column makes no row another, and neither does the order of a map."""
        fields = {
            name: value
            for name, value in zip(self.schema.names, values, strict=True)
            if value is not None
        }
        text = orjson.dumps(fields, default=repr, option=orjson.OPT_SORT_KEYS)
        return blake2b(text, digest_size=_DIGEST).digest(), len(text)

    def batch(self, rows: Sequence[Sequence[object]]) -> Any:
        """Make a batch of converted rows."""
        arrays = [
            pa.array(column, field.type)
            for column, field in zip(zip(*rows, strict=True), self.schema, strict=True)
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)


class StoredFile:
    """The file that a unit has so far."""

    def __init__(self, path: Path, encoder: Encoder) -> None:
        self._encoder = encoder
        self._file = _opened(path)
        if encoder.key_name and encoder.key_name not in self._file.schema_arrow.names:
            raise DestinationError(
                f"{path} lacks the column {encoder.key_name}, so no sync wrote it; move it aside, and sync again"
            )
        self._metadata: Mapping[bytes, bytes] = self._file.metadata.metadata or {}
        self.rows: int = self._file.metadata.num_rows
        self._starts: list[int] = [0]
        for group in range(self._file.num_row_groups):
            count = self._file.metadata.row_group(group).num_rows
            self._starts.append(self._starts[-1] + count)
        self.stale: Mapping[str, str] = self._info().get("stale", {})
        self._group: tuple[int, list[str], list[dict[str, object]]] | None = None
        digests = b64decode(self._metadata.get(_DIGESTS, b""))
        self.digests = [
            digests[start : start + _DIGEST]
            for start in range(0, len(digests), _DIGEST)
        ]
        # Another program wrote the file, or a package with columns that this one does not have, which do not
        # make a row another.
        names = self._file.schema_arrow.names
        if len(self.digests) != self.rows or not set(names) <= set(
            encoder.schema.names
        ):
            self.digests = list(self._computed())

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def has_schema(self) -> bool:
        """Whether the file has the columns and the documentation of this package."""
        return _facts(self._file.schema_arrow) == _facts(self._encoder.schema)

    def keys(self) -> dict[str, int]:
        """Return the numbers of the rows by their keys."""
        batches = self._file.iter_batches(columns=[self._encoder.key_name])
        keys = (key for batch in batches for key in batch.column(0).to_pylist())
        return {key: row for row, key in enumerate(keys)}

    def values(self, row: int, names: Iterable[str]) -> dict[str, object]:
        """Return the values of columns of a row. Rows in their order are read quickest."""
        names = sorted(set(names) & set(self._file.schema_arrow.names))
        group = next(n for n, start in enumerate(self._starts[1:]) if row < start)
        if self._group is None or self._group[:2] != (group, names):
            table = self._file.read_row_group(group, columns=names)
            self._group = group, names, _rows(table)
        return self._group[2][row - self._starts[group]]

    def groups(self) -> Iterator[tuple[int, Any]]:
        """Yield the rows in groups with this package's columns, and the number of the first row of each."""
        for group, start in enumerate(self._starts[:-1]):
            yield start, self._fitted(self._file.read_row_group(group))

    def _fitted(self, table: Any) -> Any:
        arrays = [
            (
                table.column(field.name).cast(field.type)
                if field.name in table.column_names
                else pa.nulls(table.num_rows, field.type)
            )
            for field in self._encoder.schema
        ]
        return pa.Table.from_arrays(arrays, schema=self._encoder.schema)

    def _info(self) -> dict[str, Any]:
        return cast("dict[str, Any]", json.loads(self._metadata.get(_INFO, b"{}")))

    def _computed(self) -> Iterator[bytes]:
        for _, table in self.groups():
            for row in _rows(table):
                yield self._encoder.digest(list(row.values()))[0]


class UnitFile:
    """The new file of a unit."""

    def __init__(self, path: Path, encoder: Encoder, stored: StoredFile | None) -> None:
        self._path = path
        self._encoder = encoder
        self._stored = stored
        self._old_keys = (
            stored.keys() if stored is not None and encoder.key is not None else {}
        )
        self._writer: Any = None
        self._rows: list[list[object]] = []
        self._bytes = 0
        self._digests = bytearray()
        self._keys: dict[str, int] = {}
        self._superseded: set[int] = set()
        self._similar: dict[frozenset[str], dict[bytes, int]] = {}
        self.stale: dict[str, str] = {}
        self.rows = 0
        self.differs = True

    def add(
        self,
        row: Mapping[str, object],
        unread: frozenset[str],
        excluded: frozenset[str] = frozenset(),
    ) -> None:
        """Add a row. Columns that are ``unread`` or ``excluded`` keep the stored values; the former become
        stale.

        Raises `ConversionError`, and adds nothing, if it cannot be stored.
        """
        if unknown := (unread | (excluded & row.keys())) - self._readable(excluded):
            column = f"{self._encoder.table.id}.{min(unknown)}"
            raise ConversionError(column, "unknown column")
        values = self._encoder.values(row)
        if unread:
            self._mark_stale(unread)
        if unread or excluded:
            self._keep(values, unread | excluded)
        digest, size = self._encoder.digest(values)
        if self._encoder.key is not None:
            key = cast("str", values[self._encoder.key])
            if (earlier := self._keys.get(key)) is not None:
                self._superseded.add(earlier)
            self._keys[key] = self.rows
        self._digests += digest
        self._rows.append(values)
        self._bytes += size
        self.rows += 1
        if len(self._rows) == _GROUP_ROWS or self._bytes >= _GROUP_BYTES:
            self._flush()

    def finish(self, complete: bool, info: FileInfo) -> LoadCounts:
        """Add stored rows that must not be deleted, write the file, and count what differs."""
        self._flush()
        self._drop_superseded()
        count = self._count_keys if self._encoder.key is not None else self._count_rows
        counts = count(complete)
        self.differs = (
            counts.rows != counts.unchanged
            or counts.deleted != 0
            or self._stored is None
            or self._stored.stale != self.stale
            or not self._stored.has_schema()
        )
        if self.rows and self.differs:
            self._open().add_key_value_metadata(
                {
                    _INFO: json.dumps(
                        {**asdict(info), "complete": complete, "stale": self.stale}
                    ),
                    _DIGESTS: b64encode(self._digests),
                }
            )
        return counts

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    # --- what the stored file says ----------------------------------------------------------------

    def _readable(self, excluded: frozenset[str]) -> frozenset[str]:
        return frozenset(self._encoder.columns) - excluded

    def _mark_stale(self, unread: frozenset[str]) -> None:
        old: Mapping[str, str] = {} if self._stored is None else self._stored.stale
        now = datetime.now(UTC).isoformat()
        for column in unread:
            self.stale.setdefault(column, old.get(column, now))

    def _keep(self, values: list[object], unread: frozenset[str]) -> None:
        """Give columns that were not read the values of the stored row."""
        if self._stored is None:
            return
        positions = {
            self._encoder.schema.names[position]: position
            for position, column in enumerate(self._encoder.columns)
            if column in unread
        }
        if self._encoder.key is None:
            similar = self._similar_rows(self._stored, unread)
            row = similar.get(self._without(values, unread))
        else:
            row = self._old_keys.get(cast("str", values[self._encoder.key]))
        if row is not None:
            for name, value in self._stored.values(row, positions).items():
                values[positions[name]] = value

    def _similar_rows(
        self, stored: StoredFile, unread: frozenset[str]
    ) -> dict[bytes, int]:
        """Return the numbers of stored rows without a key, by what they have beside ``unread``."""
        found = self._similar.get(unread)
        if found is None:
            found = self._similar[unread] = {}
            for start, table in stored.groups():
                for number, row in enumerate(_rows(table), start):
                    found[self._without(list(row.values()), unread)] = number
        return found

    def _without(self, values: Sequence[object], unread: frozenset[str]) -> bytes:
        kept = [
            None if column in unread else value
            for column, value in zip(self._encoder.columns, values, strict=True)
        ]
        return self._encoder.digest(kept)[0]

    def _count_keys(self, complete: bool) -> LoadCounts:
        rows, changed, unchanged = self.rows, 0, 0
        old_digests = self._stored_digests()
        gone: list[int] = []
        for key, old in self._old_keys.items():
            new = self._keys.get(key)
            if new is None:
                gone.append(old)
            elif self._digest(new) == old_digests[old]:
                unchanged += 1
            else:
                changed += 1
        inserted = rows - changed - unchanged
        if complete:
            return LoadCounts(rows, inserted, changed, unchanged, len(gone))
        self._copy(gone)
        return LoadCounts(rows, inserted, changed, unchanged)

    def _count_rows(self, complete: bool) -> LoadCounts:
        """Compare rows without a key: so many copies of each are in the files."""
        rows = self.rows
        new = Counter(map(self._digest, range(rows)))
        old_digests = self._stored_digests()
        gone: list[int] = []
        for number, digest in enumerate(old_digests):
            if new[digest]:
                new[digest] -= 1
            else:
                gone.append(number)
        unchanged = len(old_digests) - len(gone)
        if complete:
            return LoadCounts(rows, rows - unchanged, 0, unchanged, len(gone))
        self._copy(gone)
        return LoadCounts(rows, rows - unchanged, 0, unchanged)

    def _stored_digests(self) -> list[bytes]:
        return [] if self._stored is None else self._stored.digests

    def _copy(self, rows: list[int]) -> None:
        """Copy stored rows, in ascending order."""
        if not rows or self._stored is None:
            return
        for start, table in self._stored.groups():
            first = bisect_left(rows, start)
            last = bisect_left(rows, start + table.num_rows)
            if kept := [row - start for row in rows[first:last]]:
                self._open().write_table(table.take(kept))
        for row in rows:
            self._digests += self._stored.digests[row]
        self.rows += len(rows)
        self.stale = {**self._stored.stale, **self.stale}

    # --- the new file -----------------------------------------------------------------------------

    def _digest(self, row: int) -> bytes:
        return bytes(self._digests[row * _DIGEST : (row + 1) * _DIGEST])

    def _open(self) -> Any:
        if self._writer is None:
            self._writer = pq.ParquetWriter(
                self._path, self._encoder.schema, compression=_COMPRESSION
            )
        return self._writer

    def _flush(self) -> None:
        if self._rows:
            self._open().write_batch(self._encoder.batch(self._rows))
            self._rows.clear()
            self._bytes = 0

    def _drop_superseded(self) -> None:
        """Write the file again without the rows whose key a later one has."""
        if not self._superseded:
            return
        self.close()
        written = self._path.with_name(f"{self._path.name}.all")
        written.unlink(
            missing_ok=True
        )  # A killed process may have left it, or it is a link.
        # A copy, because the file itself is locked.
        with self._path.open("rb") as source, written.open("xb") as copy:
            shutil.copyfileobj(source, copy)
        try:
            start = 0
            with pq.ParquetFile(written) as file:
                for group in range(file.num_row_groups):
                    table = file.read_row_group(group)
                    kept = [
                        row
                        for row in range(table.num_rows)
                        if start + row not in self._superseded
                    ]
                    if kept:
                        self._open().write_table(table.take(kept))
                    start += table.num_rows
        finally:
            written.unlink()
        numbers = [row for row in range(self.rows) if row not in self._superseded]
        self._digests = bytearray(b"".join(map(self._digest, numbers)))
        renumbered = {old: new for new, old in enumerate(numbers)}
        self._keys = {key: renumbered[row] for key, row in self._keys.items()}
        self.rows = len(numbers)


def _facts(schema: Any) -> list[tuple[str, dict[bytes, bytes]]]:
    """Return what a schema says of its table and columns, without what pyarrow and this module add."""
    own = (_INFO, _DIGESTS, b"PARQUET:", b"ARROW:")
    described: list[tuple[str, dict[bytes, bytes] | None]] = [("", schema.metadata)]
    described += [(field.name, field.metadata) for field in schema]
    return [
        (
            name,
            {
                key: text
                for key, text in (facts or {}).items()
                if not key.startswith(own)
            },
        )
        for name, facts in described
    ]


def stored_unit(path: Path) -> tuple[Mapping[str, object], int]:
    """Return what a file says of its unit, which is nothing if no sync wrote it, and how many rows it has."""
    with _opened(path) as file:
        metadata: Mapping[bytes, bytes] = file.metadata.metadata or {}
        info: Mapping[str, object] = json.loads(metadata.get(_INFO, b"{}"))
        return info, file.metadata.num_rows


def _opened(path: Path) -> Any:
    """Open a file. Raises `DestinationError` for one that is not a Parquet file, or only a part of one."""
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise DestinationError(
            f"{path} cannot be read ({error}); move it aside, and sync again"
        ) from error


def _rows(table: Any) -> list[dict[str, object]]:
    """Return the rows of a table as values that an array can be made of."""
    return cast("list[dict[str, object]]", table.to_pylist(maps_as_pydicts="strict"))
