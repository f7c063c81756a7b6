# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Converts rows to records of data frames and files, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

from .convert import Errors
from .lookup import find
from .sql import DialectRules, Encoding, Loader, Table

D = TypeVar("D", bound=str)


class Records(Generic[D]):
    """The records of a package's outputs, whose values have the encodings ``types``, by DDSQL type."""

    def __init__(self, types: Mapping[str, Encoding], outputs: Iterable[D]) -> None:
        self._outputs: dict[str, D] = {str(output): output for output in outputs}
        self.types = types
        rules = DialectRules(marker="", max_key=0, types=types)
        self._loader = Loader[str](dict.fromkeys(self._outputs, rules))

    def encode(
        self,
        row: Mapping[str, object],
        table: Table,
        output: D,
        errors: Errors = "strict",
    ) -> dict[str, object]:
        """Convert ``row`` to a record. A missing column is null.

        Raises `ConversionError`, naming ``table.column``, for every value that its type cannot hold.
        """
        names = self._names(table, output)
        values = self._loader.parameters(row, table, output, errors)
        return dict(zip(names, values, strict=True))

    def decode(
        self, record: Mapping[str, object], table: Table, output: D
    ) -> dict[str, object]:
        """Convert ``record`` to a row. Maps must be dicts and times aware, as pyarrow returns them
        with ``to_pylist(maps_as_pydicts="strict")``, and fastavro without options."""
        names = self._names(table, output)
        return self._loader.read([record[name] for name in names], table, output)

    def _names(self, table: Table, output: D) -> list[str]:
        renamed = table.renamed.get(find("output", output, self._outputs), {})
        return [renamed.get(name, name) for name in table.columns]
