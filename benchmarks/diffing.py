"""How long `schemagen diff` and `schemagen migrate` take: two catalogues, a revision and the pages, and the
worst cases.

    python benchmarks/diffing.py [--runs 5] [--tables 1300] [--project FOLDER] [--json FILE]

The project is made and bound as by `run`, or is the copy of a built one in FOLDER. In the new catalogue,
one of 65 tables has a column less, a column more or another type; in the worst case, every column has
another type in SQL, so nothing can be skipped. Migrations are of one of 65 tables, and in the worst case
of all, each with a new column and another type of all strings. Beside the wall-clock times are those of
the processor, which depend less on what else the machine does.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

from run import SCHEMAGEN, Measure, measure, project, run, table

from schemagen.runtime import catalog_json
from schemagen.runtime.catalog_data import CatalogData, ColumnData

STEP = 65


def edited(catalog: CatalogData) -> CatalogData:
    """Change one of `STEP` tables."""
    tables = dict(catalog.tables)
    for number, id in enumerate(list(tables)[::STEP]):
        found = tables[id]
        first, *others = found.columns
        last = others[-1] if others else first
        columns = (
            (*found.columns[:-1], replace(last, kind="event")),
            (*found.columns, replace(first, name="new_column")),
            found.columns[:-1],
        )[number % 3]
        tables[id] = replace(found, columns=columns)
    return replace(catalog, tables=tables)


def respelled(catalog: CatalogData) -> CatalogData:
    """Change what every column is in PostgreSQL."""

    def changed(column: ColumnData) -> ColumnData:
        types = {**column.types, "postgres": f"{column.types['postgres']}_new"}
        return replace(column, types=types)

    return replace(
        catalog,
        tables={
            id: replace(found, columns=tuple(map(changed, found.columns)), parameters=())
            for id, found in catalog.tables.items()
        },
    )


def migrated(catalog: CatalogData, step: int) -> CatalogData:
    """Give one of ``step`` tables another column, and its strings the type json."""
    columns = [column for table in catalog.tables.values() for column in table.columns]
    json_types = next(column.types for column in columns if column.type == "json")

    def changed(column: ColumnData) -> ColumnData:
        if column.type != "string" or column.name == "_key":
            return column
        return replace(column, type="json", types=json_types)

    tables = dict(catalog.tables)
    for id in list(tables)[::step]:
        found = tables[id].columns
        more = replace(found[0], name="new_column")
        tables[id] = replace(tables[id], columns=(*map(changed, found), more))
    return replace(catalog, tables=tables)


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Bench", "-c", "user.email=bench@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def measures(folder: Path, built: Path, runs: int) -> list[Measure]:
    git(folder, "init", "--quiet")
    git(folder, "add", "-A")
    git(folder, "commit", "--quiet", "-m", "built")
    path = next((built / "generated").glob("*/catalog.json"))
    catalog = catalog_json.parse(path.read_text("utf-8"))
    made_catalogues = {
        "edited": edited(catalog),
        "respelled": respelled(catalog),
        "migrated": migrated(catalog, STEP),
        "all_migrated": migrated(catalog, 1),
    }
    for name, made in made_catalogues.items():
        (built / f"{name}.json").write_text(catalog_json.render(made, "made"), encoding="utf-8")
    some = f"{len(catalog.tables)} tables, {len(catalog.tables) // STEP} differ"
    found: list[Measure] = []
    postgres, duckdb = (["--dialect", name] for name in ("postgres", "duckdb"))
    for name, arguments, limit in (
        (f"two catalogues, {some}", ["diff", "generated", "edited.json"], 1.5),
        ("two equal catalogues", ["diff", "generated", "generated"], 1.5),
        (f"git and a catalogue, {some}", ["diff", "git:HEAD", "edited.json"], 3),
        ("git and the pages, nothing changed", ["diff"], 3),
        ("two catalogues, every column differs", ["diff", "generated", "respelled.json"], None),
        (f"migration, {some}", ["migrate", "generated", "migrated.json", *postgres], 2),
        (f"migration of DuckDB, {some}", ["migrate", "generated", "migrated.json", *duckdb], 2),
        (f"migration from git, {some}", ["migrate", "git:HEAD", "migrated.json", *postgres], 2),
        ("migration of all tables", ["migrate", "generated", "all_migrated.json", *postgres], 2),
        ("the same for DuckDB", ["migrate", "generated", "all_migrated.json", *duckdb], 2),
    ):
        before = processor_time()
        found.append(measure(name, [*SCHEMAGEN, *arguments], built, runs, limit=limit))
        mean = (processor_time() - before) / runs
        found.append(Measure("the same, processor's time, mean", "s", mean, mean, mean, None))
    return found


def processor_time() -> float:
    """Return the seconds that the processors have worked for the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--tables", type=int, default=1300)
    parser.add_argument("--project", type=Path)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        built = folder / "project"
        if arguments.project is None:
            project(built, arguments.tables)
            run([*SCHEMAGEN, "bind"], built)
        else:
            ignored = shutil.ignore_patterns(".git")
            shutil.copytree(arguments.project, built, ignore=ignored)
        run([*SCHEMAGEN, "build"], built)
        found = measures(folder, built, arguments.runs)
    print(table(found))  # noqa: T201
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(item) for item in found], indent=2) + "\n")


if __name__ == "__main__":
    main()
