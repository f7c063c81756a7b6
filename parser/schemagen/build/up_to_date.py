"""Step 2 of a build: compare inputs and output with the manifest to see what can stay."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from schemagen.build.disk import digest
from schemagen.build.manifest import InputHashes, TableEntry
from schemagen.build.output_tree import OutputTree
from schemagen.model.origin import NOWHERE
from schemagen.model.table_facts import TableFacts
from schemagen.targets.registry import Per, Target

if TYPE_CHECKING:
    from schemagen.build.reading import BuildInputs
    from schemagen.inputs import Locks
    from schemagen.model.bindings import Binding
    from schemagen.settings.overrides import Overrides


@dataclass(frozen=True, slots=True)
class UpToDate:
    """What need not be rendered again: ``tables`` by id, and the hashes of ``shared`` files by path.

    Of the tables ``but_for_templates``, only the files of targets whose templates changed are rendered.
    Empty by default: then everything is rendered.
    """

    tables: Mapping[str, TableEntry] = field(default_factory=dict[str, TableEntry])
    shared: Mapping[str, str] = field(default_factory=dict[str, str])
    but_for_templates: Mapping[str, TableEntry] = field(default_factory=dict[str, TableEntry])

    @property
    def pages(self) -> set[str]:
        """The paths of the pages that need not be parsed."""
        return {entry.page for entry in self.tables.values()}

    def is_everything(self, inputs: BuildInputs, tree: OutputTree) -> bool:
        """Whether there is nothing to render, and the manifest stays as it is."""
        return (
            inputs.hashes == tree.manifest.inputs
            and len(self.tables) == len(inputs.page_hashes) == len(tree.manifest.tables)
            and len(self.shared) == len(tree.manifest.shared)
        )

    def without_changed_bindings(
        self, hashes: BindingHashes, suspects: Collection[str]
    ) -> UpToDate:
        """Drop the tables of ``suspects`` whose part of the lock or of the overrides has changed."""
        tables = {
            table: entry
            for table, entry in self.tables.items()
            if table not in suspects or entry.binding_hash == hashes.of(entry.facts)
        }
        return replace(self, tables=tables)

    def without_tables(self, ids: Collection[str]) -> UpToDate:
        tables = {table: entry for table, entry in self.tables.items() if table not in ids}
        return replace(self, tables=tables)


@dataclass(frozen=True, slots=True)
class Held:
    """What a build leaves as it is because it was made from files that have problems now.

    ``tables`` and ``shared`` are entries of the last manifest, and so are the API pages of ``api``, with
    their services, and the ``locks``. ``services`` are not linked. ``unread`` are the ids that the names
    of unread pages suggest.
    """

    tables: Mapping[str, TableEntry] = field(default_factory=dict[str, TableEntry])
    shared: Mapping[str, str] = field(default_factory=dict[str, str])
    api: Mapping[str, str] = field(default_factory=dict[str, str])
    locks: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()

    @property
    def table_ids(self) -> frozenset[str]:
        return self.unread.union(self.tables)


NOTHING_HELD = Held()


def with_changed_templates(
    targets: Iterable[Target], before: InputHashes, now: InputHashes
) -> tuple[Target, ...]:
    """Return the targets that have a template which changed since the manifest with ``before``, or which
    includes one."""
    changed = {path for path, _ in before.templates.items() ^ now.templates.items()}
    return tuple(
        target
        for target in targets
        if target.user_template is not None and not changed.isdisjoint(target.user_template.texts)
    )


def compare(inputs: BuildInputs, tree: OutputTree, targets: Iterable[Target]) -> UpToDate:
    """Find what ``inputs`` would render to the very files that ``tree`` has; ``targets`` are built.

    A changed lock file or API page concerns only some of the tables and shared files; which ones is
    known only after parsing. The result includes them until `selection.select` drops them.
    """
    recorded = tree.manifest
    now, before = inputs.hashes, recorded.inputs
    if (now.toolchain, now.settings) != (before.toolchain, before.settings):
        return UpToDate()
    tables = {
        table: entry
        for table, entry in recorded.tables.items()
        if inputs.page_hashes.get(entry.page) == entry.page_hash
        and all(tree.has(path, content) for path, content in entry.outputs.items())
    }
    shared = {path: content for path, content in recorded.shared.items() if tree.has(path, content)}
    changed = with_changed_templates(targets, before, now)
    if any(target.per is Per.TABLE for target in changed):
        alone = replace(now, templates=before.templates) == before
        return UpToDate({}, shared, but_for_templates=tables if alone else {})
    return UpToDate(tables, shared)


@dataclass(frozen=True, slots=True)
class BindingHashes:
    """Computes the hash of everything that locks and overrides say about a table.

    ``services`` are the recorded services, as bytes to hash, by service name.
    """

    bindings: Mapping[str, Binding]
    services: Mapping[str, bytes]
    overrides: Overrides

    @classmethod
    def from_locks(cls, locks: Locks, overrides: Overrides) -> BindingHashes:
        services = {lock.service_name: repr(lock.recorded_service).encode() for lock in locks.files}
        return cls(locks.bindings, services, overrides)

    def of(self, table: TableFacts) -> str:
        """Hash the table's binding and overrides, and the services that it or its structures are
        from. The hash is "" where there are none."""
        parts: list[bytes] = []
        services = {service for service, _ in table.structures}
        if any(overrides := self.overrides.of(table.id)):
            parts.append(repr(overrides).encode())
        if binding := self.bindings.get(table.id):
            # Without its line: what other tables' bindings say does not matter.
            parts.append(repr(replace(binding, origin=NOWHERE)).encode())
            services.add(binding.service)
        parts += [self.services[service] for service in sorted(services & self.services.keys())]
        return digest(*parts) if parts else ""
