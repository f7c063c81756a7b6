# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Make SQL statements, convert rows to their parameters, and convert fetched values to rows.

`Loader` takes the SQL dialects of a package as data, in `DialectRules`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, LiteralString, NamedTuple, TypeVar, cast

from .convert import ConversionError, Errors, array, structure
from .lookup import find
from .quoting import identifier

D = TypeVar("D", bound=str)

Convert = Callable[[object, str, Errors], object]


class Table(NamedTuple):
    """The names and types that loading a table requires.

    ``columns`` maps names to DDSQL types, in the order of the documentation. ``renamed`` maps names
    to their names in a dialect that does not accept them unchanged.
    """

    id: str
    key: str | None
    columns: Mapping[str, str]
    renamed: Mapping[str, Mapping[str, str]] = {}


class Encoding(NamedTuple):
    """How a dialect stores the values of a DDSQL type.

    ``parameter`` is the SQL expression around a driver's marker, ``{}``. ``encode`` and ``decode``
    convert elements below ``depth`` arrays; without ``decode``, drivers return a row's value.
    ``selected`` is the SQL expression around a selected column. ``type`` is the column's type in SQL.
    ``wire`` names the format of what ``encode`` returns in a binary COPY (those of `load.binary`);
    types without one are loaded by statements.
    """

    parameter: str
    encode: Convert
    decode: Convert | None
    depth: int
    selected: str = "{}"
    type: str = ""
    wire: str = ""


class DialectRules(NamedTuple):
    """An SQL dialect: the marker of its usual driver, how many bytes of a primary key its index
    holds (0 is any number), and the encodings of all DDSQL types. ``engine`` is the database that
    understands it, and ``extensions`` are those that its types need there."""

    marker: str
    max_key: int
    types: Mapping[str, Encoding]
    engine: str = ""
    extensions: tuple[str, ...] = ()


class Loader(Generic[D]):
    """The statements and parameters of a package's dialects."""

    def __init__(self, dialects: Mapping[D, DialectRules]) -> None:
        self._dialects = {str(name): rules for name, rules in dialects.items()}

    @property
    def dialects(self) -> Mapping[str, DialectRules]:
        """The dialects of the package, by name."""
        return self._dialects

    def name(self, name: str, table: Table, dialect: D) -> str:
        """Return the name that a column, or a part of the table's id, has in ``dialect``, unquoted."""
        self.rules(dialect)
        return _name(name, table, dialect)

    def quote(self, name: str, table: Table, dialect: D) -> LiteralString:
        """Return the same name quoted, as SQL."""
        self.rules(dialect)
        return _safe(_quoted(name, table, dialect))

    def relation(self, table: Table, dialect: D) -> LiteralString:
        """Return the table's name in SQL, with its schema, quoted."""
        self.rules(dialect)
        schema, _, name = table.id.partition(".")
        return _safe(
            f"{_quoted(schema, table, dialect)}.{_quoted(name, table, dialect)}"
        )

    def insert(
        self, table: Table, dialect: D, marker: str | None = None, into: str = ""
    ) -> LiteralString:
        """Return an INSERT of one row, for the list that `parameters` returns.

        ``marker`` is how the driver writes a parameter, with ``{}`` where it takes the parameter's
        number (``"${}"``). The default is psycopg's ``%s`` or DuckDB's ``?``. ``into`` is the name of
        another table that takes the rows, one that `stage` made.
        """
        marker = self.rules(dialect).marker if marker is None else marker
        return _safe(self._insert(table, dialect, marker, into))

    def upsert(
        self, table: Table, dialect: D, marker: str | None = None
    ) -> LiteralString:
        """Return an INSERT of one row that changes the row with the same key, if it differs.

        The parameters are those of `insert`. Raises `ValueError` for a table without a primary key.
        """
        marker = self.rules(dialect).marker if marker is None else marker
        key = _quoted(_key_of(table), table, dialect)
        columns = [_quoted(name, table, dialect) for name in table.columns]
        others = [column for column in columns if column != key]
        action = "NOTHING"
        if others:
            settings = ", ".join(f"{column} = excluded.{column}" for column in others)
            differ = _differ(others, "stored", "excluded")
            action = f"UPDATE SET {settings} WHERE {differ}"
        conflict = f" ON CONFLICT ({key}) DO {action}"
        insert = self._insert(table, dialect, marker, "", " AS stored")
        return _safe(insert + (_doubled(conflict) if "%" in marker else conflict))

    def stage(self, table: Table, dialect: D, staged: str) -> LiteralString:
        """Return a statement that creates the temporary table ``staged`` with the table's columns.

        Insert rows with ``insert(…, into=staged)``, then run `merge`, and `delete_vanished` if all rows
        were read.
        """
        columns = _columns(table, dialect)
        relation = self.relation(table, dialect)
        return _safe(
            f"CREATE TEMPORARY TABLE {identifier(staged)} AS SELECT {columns} FROM {relation} WHERE false"
        )

    def merge(self, table: Table, dialect: D, staged: str) -> LiteralString:
        """Return a MERGE of the rows of ``staged``: those that differ are changed, new ones inserted.

        No key may be there twice. Needs PostgreSQL 15 or DuckDB 1.4. Raises `ValueError` for a table
        without a primary key.
        """
        key = _quoted(_key_of(table), table, dialect)
        columns = [_quoted(name, table, dialect) for name in table.columns]
        others = [column for column in columns if column != key]
        changed = ""
        if others:
            settings = ", ".join(f"{column} = s.{column}" for column in others)
            changed = (
                f"WHEN MATCHED AND ({_differ(others, 't', 's')}) "
                f"THEN UPDATE SET {settings} "
            )
        values = ", ".join(f"s.{column}" for column in columns)
        return _safe(
            f"MERGE INTO {self.relation(table, dialect)} t USING {identifier(staged)} s "
            f"ON t.{key} = s.{key} {changed}"
            f"WHEN NOT MATCHED THEN INSERT ({', '.join(columns)}) VALUES ({values})"
        )

    def delete_vanished(
        self,
        table: Table,
        dialect: D,
        staged: str,
        scope: Sequence[str] = (),
        marker: str | None = None,
    ) -> LiteralString:
        """Return a DELETE of the rows that ``staged`` does not have.

        ``scope`` are columns that say which rows were read, such as ``account_id``: the statement takes
        their values as parameters, and leaves rows with others alone. Without it, ``staged`` must have
        all rows of the table, of every account and region. Raises `ValueError` for a table without a
        primary key, and for a column that it does not have.
        """
        marker = self.rules(dialect).marker if marker is None else marker
        if unknown := [name for name in scope if name not in table.columns]:
            raise ValueError(f"{table.id} has no column {unknown[0]!r}")
        key = _quoted(_key_of(table), table, dialect)
        relation = self.relation(table, dialect)
        statement = (
            f"DELETE FROM {relation} AS t WHERE NOT EXISTS "
            f"(SELECT 1 FROM {identifier(staged)} AS s WHERE s.{key} = t.{key})"
        )
        if scope and "%" in marker:
            statement = _doubled(statement)
        for number, name in enumerate(scope, 1):
            column = _quoted(name, table, dialect)
            column = _doubled(column) if "%" in marker else column
            expression = self.rules(dialect).types[table.columns[name]].parameter
            statement += f" AND t.{column} = {expression.format(marker.format(number))}"
        return _safe(statement)

    def batches(
        self,
        rows: Iterable[Mapping[str, object]],
        table: Table,
        dialect: D,
        size: int = 1000,
        errors: Errors = "strict",
    ) -> Iterator[list[list[object]]]:
        """Convert ``rows`` to parameters, and yield them in lists for ``executemany``."""
        batch: list[list[object]] = []
        for row in rows:
            batch.append(self.parameters(row, table, dialect, errors))
            if len(batch) >= size:
                yield batch
                batch = []
        if batch:
            yield batch

    def _insert(
        self, table: Table, dialect: D, marker: str, into: str, alias: str = ""
    ) -> str:
        rules = self.rules(dialect)
        relation = identifier(into) if into else self.relation(table, dialect)
        target = f"{relation}{alias} ({_columns(table, dialect)})"
        if "%" in marker:  # such drivers see a parameter in a name's percent sign
            target = _doubled(target)
        values = ", ".join(
            rules.types[expression].parameter.format(marker.format(number))
            for number, expression in enumerate(table.columns.values(), 1)
        )
        return f"INSERT INTO {target} VALUES ({values})"

    def select(self, table: Table, dialect: D) -> LiteralString:
        """Return a SELECT of all rows, for `read`: with any driver of the database."""
        types = self.rules(dialect).types
        columns = [
            _selected(types[expression].selected, _quoted(name, table, dialect))
            for name, expression in table.columns.items()
        ]
        relation = self.relation(table, dialect)
        return _safe(f"SELECT {', '.join(columns)} FROM {relation}")

    def parameters(
        self,
        row: Mapping[str, object],
        table: Table,
        dialect: D,
        errors: Errors = "strict",
    ) -> list[object]:
        """Convert ``row`` to the parameters of `insert`. A missing column is NULL.

        Raises `ConversionError`, naming ``table.column`` and the row's key, for every value that the
        database would refuse or change. With ``errors="replace"``, U+FFFD replaces characters that it
        cannot store.
        """
        row = structure(row, table.id)
        if unknown := row.keys() - table.columns.keys():
            name = min(unknown)
            raise ConversionError(f"{table.id}.{name}", "unknown column")
        rules = self.rules(dialect)
        types = rules.types
        encoded: list[object] = []
        for name, expression in table.columns.items():
            value = row.get(name)
            if value is not None:
                encoding = types[expression]
                try:
                    value = _apply(
                        encoding.encode, encoding.depth, value, name, table, errors
                    )
                except ConversionError as error:
                    raise error.of(_resource(row, table, name)) from None
            encoded.append(value)
            if name == table.key:
                _check_key(value, table, rules.max_key)
        return encoded

    def read(
        self, values: Sequence[object], table: Table, dialect: D
    ) -> dict[str, object]:
        """Convert ``values``, fetched by `select`, to a row."""
        types = self.rules(dialect).types
        row: dict[str, object] = {}
        for (name, expression), value in zip(
            table.columns.items(), values, strict=True
        ):
            encoding = types[expression]
            if value is not None and encoding.decode is not None:
                value = _apply(
                    encoding.decode, encoding.depth, value, name, table, "strict"
                )
            row[name] = value
        return row

    def rules(self, dialect: D) -> DialectRules:
        """Return the rules of ``dialect``. Raises `UnknownName`."""
        return find("dialect", dialect, self._dialects)


def _apply(
    convert: Convert, depth: int, value: object, name: str, table: Table, errors: Errors
) -> object:
    for _ in range(depth):
        convert = _elements(convert)
    try:
        return convert(value, name, errors)
    except ConversionError as error:
        raise ConversionError(f"{table.id}.{error.at}", error.reason) from None


def _elements(convert: Convert) -> Convert:
    def elements(value: object, at: str, errors: Errors) -> object:
        return array(value, at, errors, convert)

    return elements


def _resource(row: Mapping[str, object], table: Table, column: str) -> str:
    """Return the primary key of ``row``, unless that is the ``column`` at fault."""
    key = None if table.key in (None, column) else row.get(table.key)
    return key if isinstance(key, str) else ""


def _check_key(value: object, table: Table, limit: int) -> None:
    at = f"{table.id}.{table.key}"
    if value is None:
        raise ConversionError(at, "the primary key is missing")
    if limit and isinstance(value, str) and len(value.encode()) > limit:
        raise ConversionError(
            at, f"the primary key is longer than {limit} bytes, the limit of its index"
        )


def _key_of(table: Table) -> str:
    if table.key is None:
        raise ValueError(
            f"{table.id} has no primary key, so a row cannot be found again: delete and insert rows"
        )
    return table.key


def _differ(columns: Iterable[str], one: str, other: str) -> str:
    """Return whether two rows differ in ``columns``, as SQL. NULLs are equal."""
    return " OR ".join(
        f"{one}.{column} IS DISTINCT FROM {other}.{column}" for column in columns
    )


def _doubled(statement: str) -> str:
    return statement.replace("%", "%%")


def _selected(expression: str, column: str) -> str:
    if expression == "{}":
        return column
    return f"{expression.replace('{}', column)} AS {column}"


def _columns(table: Table, dialect: str) -> str:
    return ", ".join(_quoted(name, table, dialect) for name in table.columns)


def _quoted(name: str, table: Table, dialect: str) -> str:
    return identifier(_name(name, table, dialect))


def _name(name: str, table: Table, dialect: str) -> str:
    return table.renamed.get(dialect, {}).get(name, name)


def _safe(statement: str) -> LiteralString:
    """Return a statement whose names are all quoted as the type that drivers ask for (PEP 675)."""
    safe: LiteralString = cast("Any", statement)
    return safe
