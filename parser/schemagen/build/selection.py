"""Select what a build parses and links: everything, or the services that a change can reach.

Structures, shapes and bindings of one service never refer to another service, so linking some services
gives the same result for their tables as linking all of them. The others were free of problems when
the last build wrote its manifest, and their files of inputs have not changed since.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from schemagen.build.manifest import Manifest, TableEntry
from schemagen.build.reading import BuildInputs
from schemagen.build.up_to_date import BindingHashes, UpToDate
from schemagen.emit.paths import located, output_path
from schemagen.inputs import Locks, read_locks
from schemagen.lockfile.form import bound_tables
from schemagen.model.table_facts import TableFacts
from schemagen.names import folded, folded_service
from schemagen.pages.read import ParsedPage, parse_source
from schemagen.settings.load import Settings
from schemagen.targets.registry import Per


@dataclass(frozen=True, slots=True)
class Selection:
    """What is parsed of the inputs, and what stays as the last build wrote it.

    ``services`` are the services that are linked; None if all are. ``documented`` are the services
    of all API pages, by path. ``shared`` are the files of services that are not linked.
    """

    parsed: tuple[ParsedPage, ...]
    locks: Locks
    binding_hashes: BindingHashes
    services: frozenset[str] | None
    documented: Mapping[str, str]
    up_to_date: UpToDate
    shared: Mapping[str, str]

    def facts(self, tables: Iterable[TableFacts]) -> Iterator[TableFacts]:
        """Reduce facts to the services that are linked."""
        for table in tables:
            if self.services is None:
                yield table
            else:
                yield replace(
                    table,
                    service=table.service if table.service in self.services else "",
                    structures=tuple(key for key in table.structures if key[0] in self.services),
                )


def select(
    settings: Settings,
    inputs: BuildInputs,
    recorded: Manifest,
    up_to_date: UpToDate,
    *,
    parse_all: bool,
) -> Selection:
    """Parse what can have changed since the build that wrote ``recorded``; ``parse_all`` pages if no
    catalogue has the tables that are up to date."""
    link_all = parse_all or not up_to_date.tables
    link_all = link_all or recorded.inputs.overrides != inputs.hashes.overrides
    changes = _Changes.find(inputs, recorded, link_all)
    owners = _Owners.find(settings, recorded.tables.values())
    up_to_date = _unreached(up_to_date, changes, owners)
    parsed = _parse_tables(inputs, up_to_date, {}, parse_all=parse_all)
    ids = {page.table.id for page in parsed.values() if page.table is not None}
    bound = _bound_tables(inputs, changes, ids)
    # Their binding may have changed; comparing its hash decides.
    suspects = {
        table
        for table, entry in up_to_date.tables.items()
        if link_all or table in bound or not changes.recorded.isdisjoint(_services(entry.facts))
    }
    services: frozenset[str] | None = None
    shared: dict[str, str] = {}
    if not link_all:
        services = changes.services.union(
            *bound.values(),
            *(owners.of(path) for path in recorded.shared.keys() - up_to_date.shared.keys()),
            *(
                _services(entry.facts)
                for table, entry in recorded.tables.items()
                if table not in up_to_date.tables or table in suspects
            ),
            *(_named_like(table, set(changes.api.values())) for table in (*suspects, *ids)),
        )
        services = owners.with_neighbours(services)
        shared = {
            path: content
            for path, content in up_to_date.shared.items()
            if (found := owners.of(path)) and services.isdisjoint(found)
        }

    locks = read_locks(
        source
        for source in inputs.locks
        if services is None or PurePosixPath(source.path).stem in services
    )
    binding_hashes = BindingHashes.from_locks(locks, settings.overrides)
    up_to_date = up_to_date.without_changed_bindings(binding_hashes, suspects)
    parsed = _parse_tables(inputs, up_to_date, parsed, parse_all=parse_all)
    parsed |= changes.parsed
    parsed |= _parse_api_pages(inputs, changes.api, services, parsed)
    ids = {
        page.table.id
        for page in parsed.values()
        if page.table is not None and page.table.origin.path not in up_to_date.pages
    }
    return Selection(
        tuple(page for _, page in sorted(parsed.items())),
        locks,
        binding_hashes,
        services,
        changes.api,
        up_to_date.without_tables(ids),
        shared,
    )


def _unreached(up_to_date: UpToDate, changes: _Changes, owners: _Owners) -> UpToDate:
    """Drop the tables whose API pages changed, and the files of services that changed."""
    return replace(
        up_to_date,
        tables={
            table: entry
            for table, entry in up_to_date.tables.items()
            if not is_reached(entry.facts, changes.documented)
        },
        shared={
            path: content
            for path, content in up_to_date.shared.items()
            if changes.services.isdisjoint(owners.of(path))
        },
    )


def _parse_api_pages(
    inputs: BuildInputs,
    api: Mapping[str, str],
    services: Collection[str] | None,
    parsed: Collection[str],
) -> dict[str, ParsedPage]:
    """Parse the API pages of ``services``, or all, except those that are ``parsed``."""
    return {
        source.path: parse_source(source)
        for source in inputs.sources
        if (service := api.get(source.path))
        and source.path not in parsed
        and (services is None or service in services)
    }


@dataclass(frozen=True, slots=True)
class _Changes:
    """The services whose lock files (``recorded``) or API pages (``documented``) have changed, been added
    or been removed. ``parsed`` are the changed pages, and ``api`` the services of all API pages."""

    recorded: frozenset[str]
    documented: frozenset[str]
    parsed: dict[str, ParsedPage]
    api: Mapping[str, str]

    @property
    def services(self) -> frozenset[str]:
        return self.recorded | self.documented

    @classmethod
    def find(cls, inputs: BuildInputs, recorded: Manifest, parse_all: bool) -> _Changes:
        before, now = recorded.inputs, inputs.hashes
        changed = _different(before.api, now.api)
        parsed = {
            source.path: parse_source(source)
            for source in inputs.sources
            if source.path in now.api and (parse_all or source.path in changed)
        }
        api = {path: recorded.services[path] for path in now.api if path not in parsed}
        api |= {path: _service(page) for path, page in parsed.items()}
        documented = {recorded.services.get(path, "") for path in changed}
        documented |= {api[path] for path in changed if path in api}
        return cls(
            frozenset(PurePosixPath(path).stem for path in _different(before.locks, now.locks)),
            frozenset(documented - {""}),
            parsed,
            api,
        )


def _different(before: Mapping[str, str], now: Mapping[str, str]) -> set[str]:
    return {path for path, _ in before.items() ^ now.items()}


def _service(page: ParsedPage) -> str:
    """Return the service that an API page describes; "" for an index page."""
    described = page.structure or page.operation
    return described.service if described else ""


def _services(table: TableFacts) -> set[str]:
    """Return the services that a table's files were made from."""
    return {
        service for service in (table.service, *(key[0] for key in table.structures)) if service
    }


def is_reached(table: TableFacts, services: Collection[str]) -> bool:
    """Return whether a table uses one of ``services``, or could."""
    return bool(services) and (
        not _services(table).isdisjoint(services) or bool(_named_like(table.id, services))
    )


def _named_like(table: str, services: Iterable[str]) -> set[str]:
    """Find services whose operations may be named after a table (see `names.reads_table`)."""
    name = folded(table.partition(".")[2])
    return {service for service in services if name.startswith(folded_service(service))}


@dataclass(frozen=True, slots=True)
class _Owners:
    """The services that files of targets for structures and services belong to. ``services`` has them by
    path; with "*" for the structure's module, of which there are many."""

    services: Mapping[str, set[str]]

    @classmethod
    def find(cls, settings: Settings, tables: Iterable[TableEntry]) -> _Owners:
        owners: dict[str, set[str]] = {}
        keys = {
            (entry.facts.provider, service)
            for entry in tables
            for service in _services(entry.facts)
        }
        for target in settings.outputs:
            if target.per in (Per.STRUCTURE, Per.SERVICE):
                for provider, service in keys:
                    path = output_path(target, provider, service=service, structure="*")
                    for key in located(settings.package, {path: None}):
                        owners.setdefault(key, set()).add(service)
        return cls(owners)

    def with_neighbours(self, services: frozenset[str]) -> frozenset[str]:
        """Add the services that share a folder with one of ``services``: their names differ in hyphens
        only."""
        return services.union(*(group for group in self.services.values() if group & services))

    def of(self, path: str) -> Collection[str]:
        """Return the services of the file at ``path``; none for files of the whole catalogue."""
        if path in self.services:
            return self.services[path]
        folder, _, name = path.rpartition("/")
        _, dot, suffix = name.rpartition(".")
        return self.services.get(f"{folder}/*{dot}{suffix}", ())


def _bound_tables(
    inputs: BuildInputs, changes: _Changes, parsed: Iterable[str]
) -> dict[str, set[str]]:
    """Find the services that bind each table of ``parsed`` and each table of a changed lock
    file: only lock files hold this, and two of them may bind the same table."""
    by_lock = {
        PurePosixPath(source.path).stem: bound_tables(source.data) for source in inputs.locks
    }
    tables = set(parsed).union(*(by_lock.get(service, ()) for service in changes.recorded))
    bound: dict[str, set[str]] = {}
    for service, names in by_lock.items():
        for table in tables & names:
            bound.setdefault(table, set()).add(service)
    return bound


def _parse_tables(
    inputs: BuildInputs,
    up_to_date: UpToDate,
    parsed: Mapping[str, ParsedPage],
    *,
    parse_all: bool,
) -> dict[str, ParsedPage]:
    """Parse the pages of tables that are not up to date, or all; ``parsed`` are those that were before.

    If one has the id of a table that is up to date, parse that table's page as well, so that both are
    reported.
    """
    pages = dict(parsed)
    skipped = {*pages, *inputs.hashes.api, *(() if parse_all else up_to_date.pages)}
    for source in inputs.sources:
        if source.path not in skipped:
            pages[source.path] = parse_source(source)
    ids = {page.table.id for page in pages.values() if page.table is not None}
    contested = {entry.page for table, entry in up_to_date.tables.items() if table in ids}
    for source in inputs.sources:
        if source.path in contested and source.path not in pages:
            pages[source.path] = parse_source(source)
    return pages
