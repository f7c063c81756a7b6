"""The package that is made from the 43 aws pages: inferred, built, and imported beside ours.

It is made once for a whole test run, however many processes the tests run in, and imported as
`NAME`, because other tests import this repository's own package.
"""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, cast

import pytest
from pydantic import BaseModel

import once
from loading import SqlModule
from schemagen.bind import locks
from schemagen.bind import run as bind
from schemagen.build.apply import apply
from schemagen.build.plan import plan
from schemagen.lockfile import lock
from schemagen.model.bindings import Binding
from schemagen.runtime.convert.scalars import ConversionError
from schemagen.settings.load import Settings, load_settings

CORPUS = Path(
    os.environ.get("SCHEMAGEN_CORPUS", Path(__file__).resolve().parents[2] / "shared" / "corpus")
)
"""The folder of many real pages that some machines have."""
NAME = "corpus_schemas"
_CACHE = "cache"
_PAGES = "aws.*.dataset.md"


class Mapper(Protocol):
    """A mapper, for any table; tests/typing is about the types of each."""

    __name__: str
    ConversionError: type[ConversionError]

    def from_item(self, item: dict[str, Any], **others: Any) -> dict[str, Any]: ...
    def from_response(
        self, response: dict[str, Any] | Iterable[dict[str, Any]], **others: Any
    ) -> Iterator[dict[str, Any]]: ...
    def unmapped(self, item: dict[str, Any]) -> tuple[str, ...]: ...


@dataclass(frozen=True, eq=False)
class CorpusPackage:
    """The built project and its package. ``bindings`` are those of the lock, by the table's id."""

    settings: Settings
    bindings: Mapping[str, Binding] = field(repr=False)

    @property
    def folder(self) -> Path:
        """The project's folder."""
        return self.settings.root

    @property
    def cache(self) -> Path:
        """The XDG_CACHE_HOME that has botocore's indexes."""
        return self.folder.parent / _CACHE

    def module(self, path: str) -> ModuleType:
        return importlib.import_module(f"{NAME}.{path}")

    @property
    def catalog(self) -> Any:
        return self.module("catalog")

    @property
    def sql(self) -> SqlModule:
        return cast("SqlModule", self.module("sql"))

    def mapper(self, table: str) -> Mapper:
        return cast("Mapper", self.catalog.mapper(table))

    def model(self, table: str) -> type[BaseModel]:
        return cast("type[BaseModel]", self.catalog.model(table))

    def table(self, table: str) -> object:
        """What ``sql`` needs to know of the table."""
        entry = self.catalog.TABLES[table]
        return self.module(f"tables.{entry.provider}.{entry.module}").TABLE

    def schema(self, table: str) -> dict[str, Any]:
        """The JSON Schema of a row."""
        return cast("dict[str, Any]", self.catalog.json_schema(table))

    def ddl(self, table: str, dialect: str) -> str:
        return cast("str", self.catalog.ddl(table, dialect))


@contextmanager
def imported(pages: Path, indexes: Path, folder: Path) -> Generator[CorpusPackage]:
    """The package of the aws pages in a folder, importable until the end of the block. It is made in
    ``folder``, by the first process that asks for it, with a cache that begins as ``indexes``."""

    def make(project: Path) -> None:
        _make(pages, project, once.linked(indexes, folder / _CACHE))

    project = once.made(folder, "corpus", make)
    settings = load_settings(project)
    bindings = {
        binding.table: binding
        for path in sorted(settings.bindings.rglob("*.json"))
        for binding in lock.read(path.name, path.read_bytes()).bindings
    }
    place = str(project / "importable")
    sys.path.insert(0, place)
    try:
        yield CorpusPackage(settings, bindings)
    finally:
        sys.path.remove(place)
        for module in [key for key in sys.modules if key.partition(".")[0] == NAME]:
            del sys.modules[module]


def _make(pages: Path, project: Path, cache: Path) -> None:
    docs = project / "docs"
    docs.mkdir(parents=True)
    for page in pages.glob(_PAGES):
        shutil.copyfile(page, docs / page.name)
    (project / "schemagen.toml").write_text('docs = "docs"\n')
    settings = load_settings(project)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(cache))
        locks.write(settings, bind.changes(settings).changes)
    apply(plan(settings))
    shutil.copytree(settings.out / settings.package, project / "importable" / NAME)
