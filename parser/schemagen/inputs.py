"""Read the inputs of a run, link them to one catalogue, and report all their problems together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from schemagen.diagnostics import Problem, ProblemsFound, did_you_mean, during
from schemagen.pages.sources import (
    Kind,
    Source,
    find_excluded,
    find_ids,
    find_sources,
    kind_of,
    page_files,
    read_below,
    read_source,
)
from schemagen.settings import columns, overrides, positions
from schemagen.settings.load import InvalidSettings, Settings, load_settings
from schemagen.settings.members import USES

# A build with nothing to do only finds files: what links them is imported where it is used.
if TYPE_CHECKING:
    from schemagen.catalog import Catalog
    from schemagen.lockfile.lock import LockFile
    from schemagen.model.bindings import Binding
    from schemagen.model.pages import Pages
    from schemagen.model.table_facts import StructureKey
    from schemagen.pages.read import ParsedPage
    from schemagen.typed_pages import TypedPages


@dataclass(frozen=True, slots=True)
class Locks:
    """The lock files, their bindings by table, and their problems."""

    files: tuple[LockFile, ...]
    bindings: Mapping[str, Binding]
    problems: tuple[Problem, ...]


def load_and_check(start: Path, docs: Path | None) -> Settings:
    """Load the settings of the project that contains ``start``; ``docs`` overrides their folder of pages.

    If settings are invalid, raises `ProblemsFound` with the problems of the pages as well, so that all
    can be corrected together. Data types of the pages are left out: they depend on the settings.
    """
    try:
        return load_settings(start)
    except InvalidSettings as error:
        from schemagen.pages.read import parse_source, problems

        found = list(error.problems)
        folder = docs or (error.usable and error.usable.docs)
        # A missing folder may be due to the settings.
        if folder and folder.is_dir():
            try:
                if error.usable:
                    sources = find_sources(folder, error.usable.root, error.usable.exclude)
                else:
                    sources = find_sources(folder, start)
            except ProblemsFound as unreadable:
                found += unreadable.problems
            else:
                found += problems(parse_source(source) for source in sources)
        raise ProblemsFound(found) from None


def find_pages(settings: Settings, without: Collection[str] = ()) -> tuple[Source, ...]:
    """Read the pages, unparsed, except those that the settings exclude and the paths in ``without``.

    Raises `ProblemsFound` with SG101 for everything that cannot be read, or SG103 if there is no page.
    """
    return find_sources(settings.docs, settings.root, settings.exclude, without)


def table_ids(settings: Settings) -> list[str]:
    """Return the ids of the tables by the names of their pages, which are not read."""
    return find_ids(settings.docs, settings.root, settings.exclude)


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A pattern of the setting ``exclude``, and a file or folder that it matches; None if it matches nothing.

    ``can_be_read`` is true for a page without problems: the reason to exclude it may be gone.
    """

    pattern: str
    docs: str
    path: str | None = None
    can_be_read: bool = False

    def __str__(self) -> str:
        if self.path is None:
            return (
                f"exclude: {self.pattern!r} matches nothing below {self.docs}; correct or remove it"
            )
        if self.can_be_read:
            return (
                f"excluded: {self.path}; it can be read: remove it from `exclude` if it is wanted"
            )
        return f"excluded: {self.path}"


def exclusions(settings: Settings) -> Iterator[Exclusion]:
    """Find what the settings exclude."""
    for pattern, paths in find_excluded(settings.docs, settings.root, settings.exclude).items():
        docs = settings.display(settings.docs)
        if not paths:
            yield Exclusion(pattern, docs)
        for path in paths:
            page = settings.docs / path
            yield Exclusion(pattern, docs, settings.display(page), _can_be_read(page))


def excluded_tables(settings: Settings) -> Iterator[str]:
    """Find the ids of tables whose pages the settings exclude, by the names of the files."""
    for paths in find_excluded(settings.docs, settings.root, settings.exclude).values():
        for path in paths:
            page = settings.docs / path
            files = map(PurePosixPath, page_files(page) if page.is_dir() else (page.as_posix(),))
            yield from (file.name.removesuffix(".md").removesuffix(".dataset") for file in files)


def _can_be_read(page: Path) -> bool:
    from schemagen.pages.read import parse_source

    if not page.is_file():
        return False
    try:
        source = read_source(str(page), page.as_posix())
    except OSError:
        return False
    return not parse_source(source).problems


def find_locks(settings: Settings, without: Collection[str] = ()) -> tuple[Source, ...]:
    """Read the lock files, unparsed, except ``without``; a project without bindings has none.

    Raises `ProblemsFound` with an SG101 for everything that cannot be read.
    """
    return read_below(settings.bindings, settings.root, ".json", without=without)


def read_locks(sources: Iterable[Source], *, recorded: bool = True) -> Locks:
    """Parse lock files. With ``recorded``, everything that their bindings name must be recorded."""
    from schemagen.lockfile import lock

    read = lock.read if recorded else lock.parse
    problems: list[Problem] = []
    files: list[LockFile] = []
    for source in sources:
        try:
            with during(f"reading {source.path}"):
                files.append(read(source.path, source.data))
        except ProblemsFound as error:
            problems += error.problems
    bindings: dict[str, Binding] = {}
    services: dict[str, str] = {}
    for file in files:
        there = services.setdefault(file.service_name, file.path)
        if there != file.path:
            message = f"{file.service_name} is also defined in {there}; merge the two files"
            problems += lock.problems(file, [(("service",), message)])
        for binding in file.bindings:
            first = bindings.setdefault(binding.table, binding)
            if first is not binding:
                there = f"{first.origin.path}:{first.origin.line}"
                message = (
                    f"{binding.table} is also bound in {there}; delete one of the two bindings"
                )
                problems += lock.problems(file, [(("tables", binding.table), message)])
    return Locks(tuple(files), bindings, tuple(problems))


def reasons_of_unbound_tables(settings: Settings) -> dict[str, str]:
    """Return why tables have no binding, as the lock files record it."""
    return {
        table: reason
        for file in read_locks(find_locks(settings)).files
        for table, reason in file.unbound
    }


def read_pages(settings: Settings, sources: Iterable[Source] | None = None) -> TypedPages:
    """Parse the pages in ``sources``, or all pages, and resolve their data types.

    ``sources`` must include all dataset pages. Raises `ProblemsFound` with every problem of the pages,
    their data types, and rules of the settings that match no column.
    """
    from schemagen.pages.read import parse_source

    if sources is None:
        sources = find_pages(settings)
    return put_together(settings, [parse_source(source) for source in sources])


def put_together(
    settings: Settings, parsed: Iterable[ParsedPage], up_to_date: Collection[str] = ()
) -> TypedPages:
    """Put pages together, and resolve their data types.

    ``up_to_date`` are the ids of tables whose pages need not be parsed. Raises `ProblemsFound` with every
    problem of the pages, their data types, and rules of the settings that match no column.
    """
    from schemagen.pages.read import collect, problems
    from schemagen.typed_pages import resolve_types

    parsed = list(parsed)
    pages = collect(parsed)
    found = problems(parsed)
    if not found:  # Otherwise columns may be missing that the rules match.
        found += columns.problems(settings.columns, pages.tables, up_to_date)
    try:
        typed = resolve_types(pages, settings.types)
    except ProblemsFound as error:
        raise ProblemsFound([*found, *error.problems]) from None
    if found:
        raise ProblemsFound(found)
    return typed


@dataclass(frozen=True, slots=True)
class Inspected:
    """Everything that a project says about its tables: the pages as read, parsed and linked, and the lock
    files."""

    sources: tuple[Source, ...]
    pages: Pages
    locks: Locks
    catalog: Catalog


def inspect(settings: Settings) -> Inspected:
    """Read and link everything, tolerating members about which page and lock disagree.

    Raises `ProblemsFound` with every other problem.
    """
    return _inspect(settings, find_pages(settings), find_locks(settings))


def inspect_table(settings: Settings, subject: str) -> Inspected:
    """Read and link what the table ``subject``, or the table of the column ``subject``, is made from.

    If no page is named after the table, or there are problems, which may be due to what was left out,
    everything is read. Raises what `inspect` raises.
    """
    sources, locks = find_pages(settings), find_locks(settings)
    ids = {source.path: _id_in_name(source) for source in sources}
    named = {id for id in ids.values() if id and f"{subject}.".startswith(f"{id}.")}
    needed = [source for source in sources if not ids[source.path] or ids[source.path] in named]
    documented = {PurePosixPath(path).parent.name.lower() for path, id in ids.items() if not id}
    binding = [
        source
        for source in locks
        if PurePosixPath(source.path).stem in documented
        or any(f'"{id}"'.encode() in source.data for id in named)
    ]
    services = documented.union(PurePosixPath(source.path).stem for source in binding)
    members = tuple(choice for choice in settings.members if choice.service in services)
    if named:
        try:
            found = _inspect(
                replace(settings, members=members), needed, binding, {*ids.values()} - named - {""}
            )
        except ProblemsFound:
            found = None
        if found and named <= {table.id for table in found.pages.tables}:
            return found
    return _inspect(settings, sources, locks)


def _id_in_name(source: Source) -> str:
    """Return the id of a table that the name of its page suggests; "" for an API page."""
    if kind_of(source.path) is Kind.API:
        return ""
    return PurePosixPath(source.path).name.removesuffix(".md").removesuffix(".dataset")


def _inspect(
    settings: Settings,
    sources: Sequence[Source],
    locks: Iterable[Source],
    others: Collection[str] = (),
) -> Inspected:
    """Read and link ``sources`` and ``locks``; there are ``others``, the ids of tables that are left out."""
    from schemagen.pages.read import parse_source

    read = read_locks(locks)
    linked = _link_all(settings, [parse_source(source) for source in sources], read, others)
    if linked.problems:
        raise ProblemsFound(linked.problems)
    return Inspected(tuple(sources), linked.pages, read, linked.catalog)


def read_catalog(settings: Settings) -> tuple[Pages, Catalog]:
    """Return the pages and the catalogue of `inspect`."""
    inspected = inspect(settings)
    return inspected.pages, inspected.catalog


def link_all(
    settings: Settings,
    parsed: Iterable[ParsedPage],
    locks: Locks,
    up_to_date: Collection[str] = (),
) -> tuple[Pages, Catalog]:
    """Put pages together and link them; return both.

    Raises `ProblemsFound` with the problems of ``locks``, and with every inconsistency between pages,
    settings, lock and targets. Tables whose ids are ``up_to_date`` were checked in an earlier build.
    """
    linked = _link_all(settings, parsed, locks, up_to_date)
    found = [
        *linked.problems,
        *_disagreements(settings, linked.catalog, locks),
        *_failing_rules(settings, linked.catalog, locks),
    ]
    if found:
        raise ProblemsFound(found)
    return linked.pages, linked.catalog


@dataclass(frozen=True, slots=True)
class _Linked:
    """Pages, their catalogue, and all their problems except members that disagree."""

    pages: Pages
    catalog: Catalog
    problems: Sequence[Problem]


def _link_all(
    settings: Settings,
    parsed: Iterable[ParsedPage],
    locks: Locks,
    up_to_date: Collection[str] = (),
) -> _Linked:
    from schemagen.link import link
    from schemagen.lockfile import lock
    from schemagen.targets import limits, spellings

    try:
        typed = put_together(settings, parsed, up_to_date)
    except ProblemsFound as error:
        raise ProblemsFound([*locks.problems, *error.problems]) from None
    if unspelled := list(spellings.problems(typed.tables, settings.types, settings.outputs)):
        raise ProblemsFound([*locks.problems, *unspelled])
    pages = typed.pages
    found = list(locks.problems)
    for file in locks.files:
        found += lock.check(file, pages.tables)
    if found:
        # An invalid lock file cannot be linked; report the limits of targets anyway.
        catalog = link(typed)
    else:
        found += overrides.problems(settings.overrides, pages.tables, locks.bindings, up_to_date)
        services = [file.recorded_service for file in locks.files if file.bindings]
        catalog = link(
            typed,
            locks.bindings.values(),
            services,
            nested_names=settings.nested_names,
            choices=settings.members,
        )
        found += _unknown_choices(settings, pages, catalog)
    for table in catalog.tables:
        found += limits.problems(table, settings.types.notations)
    return _Linked(pages, catalog, found)


def _disagreements(settings: Settings, catalog: Catalog, locks: Locks) -> Iterator[Problem]:
    """Report members about which pages and lock disagree (SG209), and choices that do not settle it
    (SG304)."""
    files = {file.service_name: file for file in locks.files}
    choices = {choice.key: choice for choice in settings.members}
    for found in catalog.disagreements:
        file = files[found.service]
        line, _ = positions.json(file.text).line_column(found.key_path)
        service, structure = found.structure
        name = f"{service}.{structure}.{found.member}"
        page, record = f"{found.page} on the page", f"{found.record} in {file.path}:{line}"
        if choice := choices.get((service, structure, found.member)):
            other = next(use for use in USES if use != choice.use)
            message = (
                f"use = {choice.use!r} does not settle {name}, which is {page}"
                f" ({found.origin.path}:{found.origin.line}) and {record}; try {other!r}"
            )
            yield choice.position.problem("SG304", message, "use")
        else:
            message = (
                f"{name} is {page} and {record}, and no value satisfies both; choose one with"
                f" [[tool.schemagen.members]] service = {service!r}, structure = {structure!r},"
                f" member = {found.member!r}, use = 'page' or 'record'"
            )
            yield Problem(found.origin.path, found.origin.line, 1, "SG209", message)


def _failing_rules(settings: Settings, catalog: Catalog, locks: Locks) -> Iterator[Problem]:
    """Report rules that give a bound column a type to which its mapper could convert no value (SG310)."""
    files = {file.service_name: file for file in locks.files}
    rules = {str(entry.rule): entry for entry in settings.columns}
    for found in catalog.failing:
        file = files[found.service]
        line, _ = positions.json(file.text).line_column(found.key_path)
        filler = f"{found.service}.{found.member}" if found.member else "an ARN or an account"
        message = (
            f"{found.column} cannot be {found.type.expression}: it is filled from {filler}, which is"
            f" {found.recorded} in {file.path}:{line}; restrict the rule, or bind the column to a"
            " member of this type with an override"
        )
        yield rules[found.type.rule].position.problem("SG310", message, "type")


def _unknown_choices(settings: Settings, pages: Pages, catalog: Catalog) -> Iterator[Problem]:
    """Report choices for a structure or member that is neither on a page nor recorded, as SG303."""
    members: dict[StructureKey, set[str]] = {}
    for structure in pages.structures:
        members[structure.service, structure.name] = {item.name for item in structure.members}
    for service in catalog.services.values():
        for record in service.structures:
            known = members.setdefault((service.name, record.name), set())
            known.update(item.name for item in record.members)
    services = {service for service, _ in members}
    for choice in settings.members:
        key = choice.service, choice.structure
        if choice.service not in services:
            hint = did_you_mean(choice.service, services)
            message = f"no page and no lock file is of the service {choice.service!r}{hint}"
            yield choice.position.problem("SG303", message, "service")
        elif key not in members:
            known = {structure for service, structure in members if service == choice.service}
            hint = did_you_mean(choice.structure, known)
            message = f"{'.'.join(key)} is in neither the pages nor the lock files{hint}"
            yield choice.position.problem("SG303", message, "structure")
        elif choice.member not in members[key]:
            hint = did_you_mean(choice.member, members[key])
            message = f"{'.'.join(key)} has no member {choice.member!r}{hint}"
            yield choice.position.problem("SG303", message, "member")
