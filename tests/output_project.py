"""A project with every output: the pages of a golden project, and a page with hostile names and texts."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import handmade
import projects
from golden_responses import CALLS
from golden_trees import FIRST, FOLDER
from schemagen import api
from schemagen.runtime import catalog_json
from schemagen.runtime.catalog_data import CatalogData

OUTPUTS = (
    *("json_schema", "pydantic", "mappers", "calls", "tables", "postgres", "duckdb"),
    *("arrow", "spark", "bigquery", "avro", "dbt"),
)
HOSTILE = "made.hostile_texts"
TEXT = "a \"b\" 'c' {{ 1 + 1 }} {% raw %} {# d #} {{{e}}} 100% \\\\ ünïcødé #} %} $$ --"


@dataclass(frozen=True)
class Made:
    """The generated files, by their paths in the package, and the package, imported."""

    files: dict[str, str]
    package: handmade.Package

    @property
    def catalog(self) -> Any:
        return self.package.module("catalog")

    @property
    def data(self) -> CatalogData:
        return catalog_json.parse(self.files[catalog_json.FILE])

    def rows(self) -> dict[str, list[dict[str, object]]]:
        """Rows of mappers by table, with all columns, and one made by hand of the hostile table."""
        found: dict[str, list[dict[str, object]]] = {}
        for table, call in CALLS[FIRST].items():
            columns = self.catalog.table(table).loading.columns
            mapped = self.catalog.mapper(table).from_response(call.response, **call.arguments)
            found[table] = [{name: row.get(name) for name in columns} for row in mapped]
        found[HOSTILE] = [
            {
                "_key": TEXT,
                "@http.status_code": 2**63 - 1,
                "select": {"key": "k", "value": None, '"': "\\"},
                "{{ 7+7 }}": 14,
                "{% raw %}": "%}",
                "tags": {"key": ["a", "b,c"], "none": []},
                "nested": {"a": [1, None, "{{ x }}"], "1": 1.5},
                "lists": ["a", None, ""],
            }
        ]
        return found


@contextmanager
def made(folder: Path, name: str) -> Generator[Made]:
    """The project in ``folder``, its package importable as ``name`` until the end of the block."""
    project = folder / "project"
    for part in ("docs_src", "bindings"):
        shutil.copytree(FOLDER / FIRST / part, project / part)
    page = projects.page(
        HOSTILE,
        f"_key | core | string | {TEXT}",
        "@http.status_code | core | int64 | Dots.",
        "select | core | hstore |",
        "{{ 7+7 }} | core | int64 |",
        "{% raw %} | core | string |",
        "tags | core | hstore_csv |",
        "nested | core | json |",
        "lists | core | array<string> |",
    )
    path = project / "docs_src" / "ddsql" / "made" / f"{HOSTILE}.dataset.md"
    path.parent.mkdir(parents=True)
    path.write_text(page, encoding="utf-8")
    outputs = ", ".join(f'"{output}"' for output in OUTPUTS)
    (project / "schemagen.toml").write_text(f'docs = "docs_src"\noutputs = [{outputs}]\n')
    files = handmade.inside(dict(api.render(api.settings(project))))
    with handmade.imported(folder, name, files) as package:
        yield Made(files, package)
