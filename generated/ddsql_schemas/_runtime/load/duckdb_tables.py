# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Define the statements that bring the table of a unit in step with rows in a temporary table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..evolve.identity import row_hash
from ..evolve.ledger import NUMBER_TYPE, STRING_TYPE
from ..quoting import duckdb_literal, identifier
from ..sql import Table
from . import keyless
from .ndjson import NUMBER, UNREAD, Field

DIALECT = "duckdb"
STAGE = '"temp"."ddsql_stage"'
CHANGED = '"temp"."ddsql_changed"'
GONE = '"temp"."ddsql_gone"'
STALE = '"temp"."ddsql_stale"'
TEMPORARY = (STAGE, CHANGED, GONE, STALE)
"""All temporary tables. They are made for a unit, and dropped after it."""


class TableStatements:
    """The statements for a table. Its rows are compared with those of the temporary table `STAGE`, whose
    columns are named like the fields of lines.

    ``types`` maps the table's columns, as the database calls them, to their types there. ``columns`` are
    all columns of the package; those without a field are left out, and keep their values.
    """

    def __init__(
        self,
        table: Table,
        fields: tuple[Field, ...],
        relation: str,
        types: Mapping[str, str],
        columns: Iterable[str],
    ) -> None:
        self._fields = fields
        self._relation = relation
        renamed = table.renamed.get(DIALECT, {})
        self._names = {column: renamed.get(column, column) for column in columns}
        self._types = types
        self._id = table.id
        self._key = table.key or ""

    def create_stage(self) -> str:
        """Create the temporary table, without rows."""
        columns = [
            f"{identifier(self._names[field.column])} AS {field.name}"
            for field in self._fields
        ]
        columns += [
            f"CAST(0 AS {NUMBER_TYPE}) AS {NUMBER}",
            f"CAST(NULL AS {STRING_TYPE}[]) AS {UNREAD}",
        ]
        return f"CREATE TEMP TABLE {_bare(STAGE)} AS SELECT {', '.join(columns)} FROM {self._relation} LIMIT 0"

    def read(self, *, nested: bool, longest: int) -> str:
        """Insert into the temporary table what ``$file`` has, lines of at most ``longest`` bytes."""
        names = [NUMBER, UNREAD, *(field.name for field in self._fields)]
        values = ", ".join([NUMBER, UNREAD, *self._values()])
        return (
            f"INSERT INTO {STAGE} ({', '.join(names)}) "
            f"SELECT {values} {self._lines(nested, longest)}"
        )

    def insert(self, *, nested: bool, longest: int) -> str:
        """Insert into the table what ``$file`` has."""
        names = ", ".join(
            identifier(self._names[field.column]) for field in self._fields
        )
        return (
            f"INSERT INTO {self._relation} ({names}) "
            f"SELECT {', '.join(self._values())} {self._lines(nested, longest)}"
        )

    def _values(self) -> list[str]:
        return [field.parameter.replace("{}", field.name) for field in self._fields]

    def _lines(self, nested: bool, longest: int) -> str:
        types = {NUMBER: NUMBER_TYPE, UNREAD: f"{STRING_TYPE}[]"}
        for field in self._fields:
            found = field.nested if nested else field.text
            types[field.name] = found or self._types[self._names[field.column]]
        columns = ", ".join(
            f"{name}: {duckdb_literal(type)}" for name, type in types.items()
        )
        return (
            f"FROM read_json($file, format = 'newline_delimited', columns = {{{columns}}}, "
            f"maximum_object_size = {longest})"
        )

    # --- tables with a key ------------------------------------------------------------------------

    @property
    def has_key(self) -> bool:
        """Whether rows have a key."""
        return self._key != ""

    @property
    def key(self) -> str:
        """The column of the key."""
        return identifier(self._names[self._key])

    @property
    def staged_key(self) -> str:
        """The column of the key in the temporary table."""
        [name] = [field.name for field in self._fields if field.column == self._key]
        return name

    def keys(self) -> str:
        """Select the keys of the temporary table as the ledger has them."""
        return f'SELECT CAST({self.staged_key} AS {STRING_TYPE}) AS "key" FROM {STAGE}'

    def unread(self) -> str:
        """Select ``key`` and ``column_name`` of what was not read."""
        return (
            f'SELECT CAST({self.staged_key} AS {STRING_TYPE}) AS "key", '
            f'unnest({UNREAD}) AS "column_name" FROM {STAGE}'
        )

    def last_row(self) -> str:
        """Select the number of the last row. Rows that a transaction inserts have greater ones."""
        return f"SELECT COALESCE(max(rowid), -1) FROM {self._relation}"

    def keys_after(self, row: int) -> str:
        """Select the keys of later rows as the ledger has them."""
        return (
            f'SELECT CAST(t.{self.key} AS {STRING_TYPE}) AS "key" '
            f"FROM {self._relation} t WHERE t.rowid > {row:d}"
        )

    def count(self) -> str:
        """Select how many rows and how many keys the temporary table has."""
        return f"SELECT count(*), count(DISTINCT {self.staged_key}) FROM {STAGE}"

    def delete_repeated(self) -> str:
        """Delete rows of the temporary table whose key a later one has."""
        key = self.staged_key
        return (
            f"DELETE FROM {STAGE} s USING (SELECT {key}, max({NUMBER}) AS last FROM {STAGE} "
            f"GROUP BY {key}) l WHERE s.{key} = l.{key} AND s.{NUMBER} < l.last"
        )

    def keep_unread(self, columns: tuple[str, ...]) -> Iterator[str]:
        """Yield statements that give ``columns`` the stored values in rows in which exactly these were not
        read."""
        unread = f"[{', '.join(map(duckdb_literal, columns))}]"
        for field in self._fields:
            if field.column in columns:
                yield (
                    f"UPDATE {STAGE} s SET {field.name} = t.{identifier(self._names[field.column])} "
                    f"FROM {self._relation} t WHERE t.{self.key} = s.{self.staged_key} "
                    f"AND s.{UNREAD} = {unread}"
                )

    def find_changed(self, parts: int) -> Iterator[str]:
        """Yield statements that insert into a new table the keys whose rows differ. Each compares one of
        ``parts`` of the rows, because DuckDB keeps the rows of one side in memory."""
        yield (
            f"CREATE TEMP TABLE {_bare(CHANGED)} AS "
            f"SELECT {self.staged_key} AS key FROM {STAGE} LIMIT 0"
        )
        for part in range(parts):
            stored, staged = (
                (
                    f"(SELECT * FROM {relation} WHERE hash({key}) % {parts:d} = {part:d})"
                    if parts > 1
                    else relation
                )
                for relation, key in (
                    (self._relation, self.key),
                    (STAGE, self.staged_key),
                )
            )
            yield (
                f"INSERT INTO {CHANGED} SELECT s.{self.staged_key} FROM {stored} t "
                f"JOIN {staged} s ON t.{self.key} = s.{self.staged_key} "
                f"WHERE {' OR '.join(map(self._differs, self._fields))}"
            )

    @property
    def updates(self) -> bool:
        """Whether changed rows are updated, because some of their columns are left out."""
        return len(self._fields) < len(self._names)

    def update_changed(self) -> str:
        """Make the rows that differ what they should be, or delete them if all of their columns are known,
        which is several times as fast: `insert_missing` inserts them again."""
        if self.updates:
            sets = ", ".join(
                f"{identifier(self._names[field.column])} = s.{field.name}"
                for field in self._fields
            )
            return (
                f"UPDATE {self._relation} t SET {sets} FROM {STAGE} s JOIN {CHANGED} c "
                f"ON c.key = s.{self.staged_key} WHERE t.{self.key} = s.{self.staged_key}"
            )
        return f"DELETE FROM {self._relation} t USING {CHANGED} c WHERE t.{self.key} = c.key"

    def insert_missing(self) -> str:
        """Insert the rows whose keys the table lacks."""
        return (
            f"{self._insert()} FROM {STAGE} s WHERE NOT EXISTS "
            f"(SELECT 1 FROM {self._relation} t WHERE t.{self.key} = s.{self.staged_key})"
        )

    def delete_keys(self, keys: str) -> str:
        """Delete the rows with ``keys``, a SELECT of ``key`` as the ledger has it."""
        key = f"CAST(t.{self.key} AS {STRING_TYPE})"
        return f"DELETE FROM {self._relation} t WHERE {key} IN (SELECT k.key FROM ({keys}) k)"

    def _differs(self, field: Field) -> str:
        name = self._names[field.column]
        stored, staged = f"t.{identifier(name)}", f"s.{field.name}"
        differs = f"{stored} IS DISTINCT FROM {staged}"
        if not self._types[name].startswith("MAP(") or self._types[name].endswith("]"):
            return differs
        # Maps with the same entries in another order are equal to everybody but DuckDB.
        return (
            f"({differs} AND list_sort(map_entries({stored})) "
            f"IS DISTINCT FROM list_sort(map_entries({staged})))"
        )

    def _insert(self) -> str:
        names = ", ".join(
            identifier(self._names[field.column]) for field in self._fields
        )
        values = ", ".join(f"s.{field.name}" for field in self._fields)
        return f"INSERT INTO {self._relation} ({names}) SELECT {values}"

    # --- tables without a key ---------------------------------------------------------------------

    def keep_unread_of(self, columns: tuple[str, ...]) -> str:
        """Give rows in which exactly ``columns`` were not read the values of a stored row that is equal in
        all other columns."""
        sets = ", ".join(
            f"{field.name} = t.{identifier(self._names[field.column])}"
            for field in self._fields
            if field.column in columns
        )
        same = [
            f"t.{identifier(self._names[field.column])} IS NOT DISTINCT FROM s.{field.name}"
            for field in self._fields
            if field.column not in columns
        ]
        unread = f"[{', '.join(map(duckdb_literal, columns))}]"
        return (
            f"UPDATE {STAGE} s SET {sets} FROM {self._relation} t "
            f"WHERE {' AND '.join([f's.{UNREAD} = {unread}', *same])}"
        )

    def lacks_rows(self) -> str:
        """Select whether the table has fewer rows than its units hold."""
        return keyless.lacks_rows(self._relation, duckdb_literal(self._id))

    def differences(self) -> str:
        """Select how many rows the units hold that the table lacks, and how many no unit holds."""
        return keyless.differences(
            self._relation, self._hash_of_stored(), duckdb_literal(self._id)
        )

    def hold_what_is_there(self) -> Iterable[str]:
        """Let the units hold no rows that the table lacks."""
        return keyless.hold_what_is_there(
            self._relation, self._hash_of_stored(), duckdb_literal(self._id)
        )

    def count_copies(self) -> str:
        """Create the table of the hashes of the staged rows, and how many copies of each there are."""
        return (
            f'CREATE TEMP TABLE {_bare(CHANGED)} AS SELECT {self._hash_of_staged()} AS "key", '
            f'count(*) AS "copies" FROM {STAGE} s GROUP BY 1'
        )

    def insert_copies(self, held: str) -> str:
        """Insert the rows of which ``held``, a SELECT of ``key`` and ``copies``, has too few."""
        columns = ", ".join(f"s.{field.name}" for field in self._fields)
        return (
            f"{self._insert()} FROM (SELECT {columns}, {self._hash_of_staged()} AS hash, "
            f"row_number() OVER (PARTITION BY {self._hash_of_staged()}) AS copy FROM {STAGE} s) s "
            f'LEFT JOIN ({held}) h ON h."key" = s.hash WHERE s.copy > COALESCE(h."copies", 0)'
        )

    def delete_copies(self, held: str, *, keep: bool = True) -> str:
        """Delete the rows of which ``held`` has more than were counted, or all that it has."""
        counted = f"SELECT * FROM {CHANGED}" if keep else f"{held} LIMIT 0"
        return (
            f"DELETE FROM {self._relation} WHERE rowid IN (SELECT r.id FROM (SELECT t.rowid AS id, "
            f"{self._hash_of_stored()} AS hash, row_number() OVER (PARTITION BY "
            f"{self._hash_of_stored()}) AS copy FROM {self._relation} t) r JOIN ({held}) h "
            f'ON h."key" = r.hash LEFT JOIN ({counted}) c ON c."key" = h."key" '
            f'WHERE r.copy <= h."copies" - COALESCE(c."copies", 0))'
        )

    def _hash_of_staged(self) -> str:
        return row_hash(
            {field.column: f"s.{field.name}" for field in self._fields}, DIALECT
        )

    def _hash_of_stored(self) -> str:
        names = {field.column: self._names[field.column] for field in self._fields}
        values = {column: f"t.{identifier(name)}" for column, name in names.items()}
        return row_hash(values, DIALECT)


def _bare(relation: str) -> str:
    return relation.removeprefix('"temp".')
