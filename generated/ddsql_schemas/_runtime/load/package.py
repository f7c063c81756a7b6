# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Give the runtime what differs between packages: the catalogue, the statements, the schemas."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, LiteralString, cast

if TYPE_CHECKING:
    from ..catalog import Catalog
    from ..catalog_data import CatalogData
    from ..records import Records
    from ..sql import Loader, Table


@dataclass(frozen=True, slots=True)
class Package:
    """A generated package. Its parts are imported on first use, so it is cheap to make and to pickle.

    ``module`` is the name under which it is imported, ``name`` the one under which it is installed.
    """

    module: str
    name: str

    @property
    def version(self) -> str:
        """The version of the package, which the ledger of a database records."""
        return cast("str", import_module(self.module).__version__)

    @property
    def catalog(self) -> Catalog[Any, Any]:
        """The tables of the package."""
        return cast(
            "Catalog[Any, Any]", import_module(f"{self.module}.catalog").CATALOG
        )

    @property
    def loader(self) -> Loader[Any]:
        """The statements and parameters of the package's SQL dialects."""
        return cast("Loader[Any]", import_module(f"{self.module}.sql").LOADER)

    @property
    def records(self) -> Records[Any]:
        """The records of the package's file formats, such as Arrow's."""
        return cast("Records[Any]", import_module(f"{self.module}.records").RECORDS)

    @property
    def data(self) -> CatalogData:
        """Everything that the package knows about its tables. Reading it takes a moment."""
        return self.catalog.data

    def table(self, id: str) -> Table:
        """Return the names and types that loading the table requires."""
        return self.catalog.loading(id)

    def ddl(self, table: str, dialect: str) -> LiteralString:
        """Return the statements that create the table in ``dialect``."""
        return self.catalog.ddl(table, dialect)

    def arrow(self, table: str) -> Any:
        """Return the pyarrow schema of the table's rows."""
        return self.catalog.arrow(table)
