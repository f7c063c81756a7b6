"""The registry of targets: what a build writes, where, and what makes it.

`TARGETS` has a row for each built-in target; a project's settings can replace rows and add others.
Renderers are named rather than imported, so that a build with nothing to do loads none of them.

To add a target, add a row to `TARGETS`, and the function or the template that it names. If it spells
types in its own way, add a notation to `schemagen.typetable`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from schemagen.diagnostics import SourcePosition


class Per(StrEnum):
    """What a target writes one file for."""

    TABLE = "table"
    STRUCTURE = "structure"
    SERVICE = "service"
    CATALOG = "catalogue"


@dataclass(frozen=True, slots=True)
class UserTemplate:
    """A template of the project. ``path`` is how messages show it, and ``position`` is that of the target's
    table in the settings. ``others`` has the texts of all templates in its folder, which it may include, by
    name. They are not part of its repr, from which the settings are hashed: each has a hash of its own."""

    path: str
    name: str
    others: Mapping[str, str] = field(repr=False)
    position: SourcePosition = field(repr=False, compare=False)

    @property
    def text(self) -> str:
        return self.others[self.name]

    def path_of(self, name: str) -> str:
        """Return the path of a template of the folder."""
        folder, _, _ = self.path.rpartition("/")
        return f"{folder}/{name}" if folder else name

    @property
    def texts(self) -> dict[str, str]:
        """The texts of ``others`` by path."""
        return {self.path_of(name): text for name, text in self.others.items()}


@dataclass(frozen=True, slots=True)
class Target:
    """A target.

    ``path`` is relative to the generated package, with the placeholders ``{provider}`` and ``{table}``,
    ``{service}`` or ``{structure}``. ``renderer`` names a function, ``module:function`` below
    `schemagen.emit`, or ``template`` a file below ``templates/``, which gets the objects of
    `schemagen.runtime.catalog_data`; a target of the settings has a ``user_template`` instead. ``warm_up``
    names a function that imports what a renderer needs, for those that take long to import.

    ``notation`` is the column of the type table that spells its types. ``needs`` are the targets that its
    files use, which are built with it. With ``needs_dialect``, it is useful only beside an SQL target.
    ``requires`` are dependencies of the generated package, ``extra`` those of the extra with the target's
    name. ``dotted`` targets are modules that users import, so the settings cannot replace them. With
    ``records``, the package's module `records` converts rows for it. ``replaces`` marks a target of the
    settings that took the place of a built-in one.
    """

    name: str
    title: str
    per: Per
    path: str
    renderer: str = ""
    warm_up: str = ""
    template: str = ""
    user_template: UserTemplate | None = None
    notation: str = ""
    needs: tuple[str, ...] = ()
    needs_dialect: bool = False
    requires: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    default: bool = True
    dotted: bool = False
    records: bool = False
    replaces: bool = False


_PYDANTIC = "pydantic>=2.11,<3"
_TYPING_EXTENSIONS = "typing-extensions>=4.12.2"
_ORJSON = "orjson>=3.12"


def _ddl(name: str, title: str, extra: tuple[str, ...] = ()) -> Target:
    return Target(
        name,
        f"DDL for {title}",
        Per.TABLE,
        f"ddl/{name}/{{provider}}/{{table}}.sql",
        renderer="ddl:render_tables",
        notation=name,
        extra=extra,
    )


TARGETS: tuple[Target, ...] = (
    Target(
        "pydantic",
        "pydantic model",
        Per.TABLE,
        "models/{provider}/{table}.py",
        renderer="pydantic.models:render_tables",
        warm_up="pydantic.models:warm_up",
        needs=("structures",),
        requires=(_PYDANTIC, _TYPING_EXTENSIONS),
        dotted=True,
    ),
    Target(
        "structures",
        "pydantic models of structures",
        Per.STRUCTURE,
        "structures/{provider}/{service}/{structure}.py",
        renderer="pydantic.models:render_structure_modules",
        warm_up="pydantic.models:warm_up",
        requires=(_PYDANTIC, _TYPING_EXTENSIONS),
        dotted=True,
    ),
    Target(
        "mappers",
        "mapper from boto3 responses to rows, if the table is bound",
        Per.TABLE,
        "mappers/{provider}/{table}.py",
        renderer="mappers.module:render_tables",
        needs=("shapes",),
        requires=(_TYPING_EXTENSIONS,),
        dotted=True,
    ),
    Target(
        "shapes",
        "what the mappers of a service share",
        Per.SERVICE,
        "shapes/{provider}/{service}.py",
        renderer="shapes:render_services",
        requires=(_TYPING_EXTENSIONS,),
        dotted=True,
    ),
    Target(
        "calls",
        "calls that fill the table, if it is bound",
        Per.TABLE,
        "calls/{provider}/{table}.py",
        renderer="calls:render_tables",
        dotted=True,
    ),
    Target(
        "tables",
        "columns, for loading rows",
        Per.TABLE,
        "tables/{provider}/{table}.py",
        renderer="sql:render_tables",
        needs_dialect=True,
        dotted=True,
    ),
    Target(
        "json_schema",
        "JSON Schema 2020-12",
        Per.TABLE,
        "json_schema/{provider}/{table}.json",
        renderer="json_schema:render_tables",
    ),
    _ddl("postgres", "PostgreSQL", ("psycopg>=3.2.2", _ORJSON)),
    _ddl("postgres_jsonb", "PostgreSQL, no extension"),
    _ddl("duckdb", "DuckDB", ("duckdb>=1.4", "pytz", _ORJSON)),
    Target(
        "arrow",
        "Arrow schema, for pyarrow",
        Per.TABLE,
        "arrow/{provider}/{table}.py",
        renderer="columnar:render_arrow",
        notation="arrow",
        extra=("pyarrow>=20",),
        dotted=True,
        records=True,
    ),
    Target(
        "spark",
        "Spark schema, for pyspark",
        Per.TABLE,
        "spark/{provider}/{table}.py",
        renderer="columnar:render_spark",
        notation="spark",
        extra=("pyspark>=4,<5",),
        default=False,
        dotted=True,
        records=True,
    ),
    Target(
        "bigquery",
        "BigQuery schema, for bq and google-cloud-bigquery",
        Per.TABLE,
        "bigquery/{provider}/{table}.json",
        renderer="bigquery:render_tables",
        notation="bigquery",
        extra=("google-cloud-bigquery>=3",),
        default=False,
    ),
    Target(
        "avro",
        "Avro schema",
        Per.TABLE,
        "avro/{provider}/{table}.avsc",
        renderer="avro:render_tables",
        notation="avro",
        extra=("fastavro>=1.9",),
        default=False,
        records=True,
    ),
    Target(
        "dbt",
        "dbt sources with descriptions and tests, for tables in DuckDB",
        Per.CATALOG,
        "dbt/sources.yml",
        template="dbt/sources.yml.j2",
        notation="duckdb",
        extra=("dbt-core>=1.10,<1.12", "dbt-duckdb>=1.9,<2"),
        default=False,
    ),
)


@dataclass(frozen=True, slots=True)
class Needs:
    """The targets that a part of the generated package needs: all of some, and any of others."""

    all_of: tuple[str, ...]
    any_of: tuple[str, ...] = ()

    def are_met(self, targets: Collection[str]) -> bool:
        """Whether a package with these targets has the part."""
        chosen = not self.any_of or any(name in targets for name in self.any_of)
        return chosen and all(name in targets for name in self.all_of)


_LOADED = ("postgres", "postgres_jsonb", "duckdb", "arrow")

LOADING = Needs(("tables",), _LOADED)
"""When the package loads rows into databases and files."""

COLLECTING = Needs(("mappers", "calls", "tables"), _LOADED)
"""When the package collects rows from AWS, to load them."""


@dataclass(frozen=True, slots=True)
class Extra:
    """An extra of the generated package that does not belong to a single target."""

    name: str
    packages: tuple[str, ...]
    needs: Needs


EXTRAS: tuple[Extra, ...] = (
    Extra("aws", ("boto3>=1.35", "rich>=13"), COLLECTING),
    Extra("postgres", ("psycopg>=3.2.2", _ORJSON), Needs(("postgres_jsonb",))),
    Extra("parquet", ("pyarrow>=20", _ORJSON), Needs(("arrow", "tables"))),
    Extra("dask", ("distributed>=2025.1",), COLLECTING),
)
"""The extras that several targets share. Those of single targets are in their rows."""

BUILT_IN: Mapping[str, Target] = {target.name: target for target in TARGETS}


def selected(names: Iterable[str], targets: Mapping[str, Target]) -> tuple[Target, ...]:
    """Return the targets called ``names`` and those that they need, in the order of ``targets``."""
    waiting = list(names)
    chosen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in chosen:
            chosen.add(name)
            waiting.extend(targets[name].needs)
    return tuple(target for name, target in targets.items() if name in chosen)


def default_targets() -> tuple[Target, ...]:
    """Return the built-in targets that a project without the setting ``outputs`` gets."""
    return selected((target.name for target in TARGETS if target.default), BUILT_IN)
