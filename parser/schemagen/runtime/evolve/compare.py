# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Compare the tables of a database with those of a package, before anything is loaded.

A database does not say what its values mean: hstore and hstore_csv are one type to PostgreSQL, and
json and both maps are, without the extension. So the DDSQL types that the ledger recorded are compared,
too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ..sql import Loader, Table
from ..usage import UsageError
from .casting import cast, conversion
from .steps import loss_advice, rename_advice

Verdict = Literal["create", "equal", "behind", "differs"]
"""What a comparison found, from harmless to not."""


@dataclass(frozen=True, slots=True)
class StoredTable:
    """A table as the database describes it. ``columns`` maps the names of columns to their SQL types,
    ``required`` are those that an INSERT must fill, ``key`` those of the primary key. ``comments`` are
    those of columns, and ``comment`` is that of the table. ``generated`` columns take no values.
    ``obstacles`` say why rows would not be stored, or found, as they are in a plain table.
    """

    columns: Mapping[str, str]
    required: frozenset[str] = frozenset()
    key: tuple[str, ...] = ()
    comments: Mapping[str, str] = field(default_factory=dict[str, str])
    comment: str = ""
    generated: frozenset[str] = frozenset()
    obstacles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordedTable:
    """A table as the ledger knows it: its dialect, the version of the package that it fits, and the
    DDSQL types of its columns."""

    dialect: str
    version: str
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a table that loses nothing: a new column, or with ``old``, a new type of a column."""

    column: str
    type: str
    old: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference that must be settled before rows are loaded. ``column`` is "" for the whole table.

    ``stored`` and ``expected`` are types, or "" where the difference is another one.
    """

    table: str
    column: str
    message: str
    stored: str = ""
    expected: str = ""

    def __str__(self) -> str:
        at = f"{self.table}.{self.column}" if self.column else self.table
        return f"{at}: {self.message}"


def with_columns(table: Table, kept: Mapping[str, str]) -> Table:
    """Return a table with further columns, as `Comparer.kept` finds them."""
    return table._replace(columns={**table.columns, **kept}) if kept else table


@dataclass(frozen=True, slots=True)
class Comparison:
    """What became of a table. ``changes`` would bring it up to date; ``findings`` speak against it.

    ``stored`` and ``recorded`` are what was compared with the package's table. ``whole`` is the table as rows
    are known by: for a table without a key, with the columns that only the database has.
    """

    table: Table
    dialect: str
    verdict: Verdict
    changes: tuple[Change, ...] = ()
    findings: tuple[Finding, ...] = ()
    adopted: bool = field(default=False)
    stored: StoredTable | None = None
    recorded: RecordedTable | None = None
    kept: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def whole(self) -> Table:
        return with_columns(self.table, self.kept)


class SchemaMismatch(UsageError):
    """Raised for a database whose tables do not fit the package. Lists all differences; nothing has been
    changed."""

    def __init__(self, place: str, findings: Sequence[Finding]) -> None:
        super().__init__(place, tuple(findings))
        self.place = place
        self.findings = tuple(findings)

    def __str__(self) -> str:
        count = len(self.findings)
        lines = [
            f"{self.place} does not fit this package ({count} "
            f"{'difference' if count == 1 else 'differences'}); nothing was changed:"
        ]
        lines += [f"  {finding}" for finding in self.findings]
        return "\n".join(lines)


GENERATED = "the database generates the column's values, so it takes none; drop what generates them"
"""What is wrong with a generated column."""


def not_a_table(kind: str) -> str:
    """Say that a relation of some ``kind`` is in the place of a table."""
    return (
        f"it is {kind}, and rows are only loaded into plain tables; rename or drop it"
    )


def obstacles(id: str, stored: StoredTable) -> Iterator[Finding]:
    """Yield what is in the way of loading rows into a table, whatever its columns are."""
    for obstacle in stored.obstacles:
        yield Finding(id, "", obstacle)


def _keys(stored: str, key: str) -> str:
    """Say how the primary keys of a database and a package differ; "" stands for no key."""
    if not stored:
        return f"it has no primary key; it must be {key}"
    return f"the primary key is {stored}, " + (
        f"not {key}" if key else "and there must be none"
    )


@dataclass(frozen=True, slots=True)
class Comparer:
    """Compares tables of a database with those of a package.

    ``engine`` is the database's; ``spelled`` maps SQL types of the package to how the database spells them.
    ``adopt`` is the version of the package that made the tables which the ledger does not know. With
    ``migrate``, tables that are behind are not reported. ``command`` is the package's, whose ``migrate``
    does what a sync does not.
    """

    loader: Loader[Any]
    version: str
    engine: str
    spelled: Mapping[str, str]
    command: str
    adopt: str = ""
    migrate: bool = False

    def compare(
        self,
        table: Table,
        dialect: str,
        stored: StoredTable | None,
        recorded: RecordedTable | None,
    ) -> Comparison:
        """Compare a table; ``stored`` and ``recorded`` are None if the database or its ledger lacks it."""
        if stored is None:
            return Comparison(table, dialect, "create")
        if stored.obstacles:
            return Comparison(
                table, dialect, "differs", (), tuple(obstacles(table.id, stored))
            )
        if recorded is None:
            if refused := self._unknown(table, dialect):
                return Comparison(table, dialect, "differs", (), (refused,))
            recorded = RecordedTable(dialect, self.adopt, table.columns)
            adopted = True
        else:
            adopted = False
        if recorded.dialect != dialect:
            found = Finding(
                table.id,
                "",
                f"the table was created for the dialect {recorded.dialect!r}, not {dialect!r}; "
                f"leave the dialect out, or {self._aside(table, dialect)}",
            )
            return Comparison(table, dialect, "differs", (), (found,))
        changes: list[Change] = []
        findings: list[Finding] = []
        for name, type in table.columns.items():
            result = self._column(table, dialect, name, type, stored, recorded)
            if isinstance(result, Change):
                changes.append(result)
            elif result is not None:
                findings.append(result)
        findings += self._whole(table, dialect, stored)
        kept = self.kept(table, dialect, stored, recorded)
        findings += self._unknown_types(table, dialect, kept)
        if findings:
            return Comparison(
                table, dialect, "differs", tuple(changes), tuple(findings)
            )
        if changes and not self.migrate:
            findings = [self._behind(table, change, recorded) for change in changes]
        verdict: Verdict = "behind" if changes else "equal"
        return Comparison(
            table,
            dialect,
            verdict,
            tuple(changes),
            tuple(findings),
            adopted,
            stored,
            recorded,
            kept,
        )

    def kept(
        self,
        table: Table,
        dialect: str,
        stored: StoredTable,
        recorded: RecordedTable,
    ) -> dict[str, str]:
        """Return the columns of a table without a key, and their types, that a package had and only the
        database has still: they belong to what its rows are known by."""
        if table.key is not None:
            return {}
        return {
            name: type
            for name, type in recorded.columns.items()
            if name not in table.columns
            and self.loader.name(name, table, dialect) in stored.columns
        }

    def _unknown_types(
        self, table: Table, dialect: str, kept: Mapping[str, str]
    ) -> Iterator[Finding]:
        types = self.loader.rules(dialect).types
        for name, type in kept.items():
            if type not in types:
                message = (
                    f"the column, which this package does not have, holds {type}, a type that it does not know: rows "
                    "without a key would not be found again"
                )
                yield self._differs(table, dialect, name, message, type, "")

    def _unknown(self, table: Table, dialect: str) -> Finding | None:
        """Refuse a table that the ledger does not know, unless its maker is."""
        if self.adopt == self.version:
            return None
        if not self.adopt:
            message = (
                "the table exists, but was not made by a sync, so what its columns mean is not known; "
                f"if this package made it, pass the package's version, --adopt {self.version}; "
                f"otherwise {self._aside(table, dialect)}"
            )
        else:
            message = (
                f"the table was made by version {self.adopt}, and this is {self.version}; adopt it once "
                f"with that version installed, then upgrade; or {self._aside(table, dialect)}"
            )
        return Finding(table.id, "", message)

    def _column(
        self,
        table: Table,
        dialect: str,
        name: str,
        type: str,
        stored: StoredTable,
        recorded: RecordedTable,
    ) -> Change | Finding | None:
        found = stored.columns.get(self.loader.name(name, table, dialect))
        wanted = self._spelled(type, dialect)
        old = recorded.columns.get(name)
        if found is None:
            if name == table.key:
                message = "the column of the primary key is missing"
                return self._differs(table, dialect, name, message, "", type)
            return Change(name, type)
        if old is None:
            message = (
                f"the column exists with type {found}, but no sync made it; the package has "
                f"{type} ({wanted})"
            )
            return self._differs(table, dialect, name, message, found, type)
        if old == type:
            if found == wanted:
                return None
            message = f"the column's type is {found}, but {type} is stored as {wanted}; it was changed outside of a sync"
            return self._differs(table, dialect, name, message, found, wanted)
        change = cast(old, type)
        value = conversion(
            self.engine, old, type, self._own(old, dialect), self._own(type, dialect)
        )
        if found != self._spelled(old, dialect):
            message = f"the column's type is {found}, which is neither {old} nor {type}; it was changed outside of a sync"
        elif change.loss != "lossy" and value is not None:
            return Change(name, type, old)
        else:
            lossy = change.loss == "lossy" or value is None
            option = f" {loss_advice(f'{table.id}.{name}', ())}" if lossy else ""
            lost = ", where values that do not fit become NULL" if lossy else ""
            message = (
                f"the column holds {old} ({found}), and this package has {type} ({wanted}): "
                f"{change.why}; to change it, run `{self.command} migrate{option}`{lost}"
            )
        return self._differs(table, dialect, name, message, old, type)

    def _whole(
        self, table: Table, dialect: str, stored: StoredTable
    ) -> Iterator[Finding]:
        names = {self.loader.name(name, table, dialect) for name in table.columns}
        for name in sorted(stored.generated & names):
            yield Finding(table.id, name, GENERATED)
        for name in sorted(stored.required - names):
            message = (
                "the package does not have this column, and it takes no NULL; give it a default, "
                "or drop the NOT NULL"
            )
            yield Finding(table.id, name, message)
        key: tuple[str, ...] = ()
        if table.key is not None:
            key = (self.loader.name(table.key, table, dialect),)
        # A column of the user's own may be the key of a table without one.
        if stored.key != key and (key or not names.isdisjoint(stored.key)):
            found = ", ".join(stored.key)
            message = f"{_keys(found, table.key or '')}; to change it, run `{self.command} migrate`, or "
            yield Finding(table.id, "", message + self._aside(table, dialect))

    def _behind(self, table: Table, change: Change, recorded: RecordedTable) -> Finding:
        """Report a change that would lose nothing, and was not allowed."""
        what = (
            f"holds {change.old}, and is {change.type} in this package"
            if change.old
            else f"is missing; this package has it, with type {change.type}"
        )
        lost = "nothing would be lost"
        if change.old and cast(change.old, change.type).loss == "guarded":
            lost = "it can change if nothing would be lost"
        message = (
            f"the column {what} (the table fits version {recorded.version or 'unknown'}, this is "
            f"{self.version}); {lost}: pass --migrate safe"
        )
        renames = [
            f"{table.id}.{old}={change.column}"
            for old, type in recorded.columns.items()
            if not change.old and old not in table.columns and type == change.type
        ]
        if renames:
            message += (
                f"; if it is another column under a new name, run `{self.command} migrate` with "
                f"{rename_advice(renames)} before"
            )
        return Finding(table.id, change.column, message, change.old, change.type)

    def _differs(
        self,
        table: Table,
        dialect: str,
        column: str,
        message: str,
        stored: str,
        expected: str,
    ) -> Finding:
        message = f"{message}; to load it anew, {self._aside(table, dialect)}"
        return Finding(table.id, column, message, stored, expected)

    def _aside(self, table: Table, dialect: str) -> str:
        """Say how to make room for a new table."""
        relation = self.loader.relation(table, dialect)
        name = self.loader.name(table.id.partition(".")[2], table, dialect)
        new = f"{name}_old".replace('"', '""')
        return f'move it aside: ALTER TABLE {relation} RENAME TO "{new}"'

    def _spelled(self, type: str, dialect: str) -> str:
        own = self._own(type, dialect)
        return self.spelled.get(own, own)

    def _own(self, type: str, dialect: str) -> str:
        """Return the SQL type of the package for a DDSQL type."""
        encoding = self.loader.rules(dialect).types.get(type)
        # An older package may have types that this one does not have.
        return type if encoding is None else encoding.type
