"""Say why a build renders each file: what changed since the last build."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import PurePosixPath

from schemagen.build import manifest
from schemagen.build.disk import digest
from schemagen.build.manifest import TableEntry
from schemagen.build.plan import BuildPlan
from schemagen.build.up_to_date import with_changed_templates
from schemagen.emit.paths import CHANGELOG, owner


class Cause(StrEnum):
    """Why a file is rendered, or why it differs from what a build would write."""

    HAND = "edited by hand"
    KEPT = "no longer generated, but edited by hand"
    MISSING = "missing"
    ORPHANED = "orphaned"
    PAGE = "page changed"
    API = "API pages changed"
    BINDING = "binding changed"
    SETTINGS = "settings changed"
    TEMPLATE = "template changed"
    CHANGELOG = "changelog changed"
    GENERATOR = "generator changed"
    INTERRUPTED = "left by a run that was interrupted"
    TABLES = "set of tables changed"
    UNRECORDED = "no manifest says what it was made from"
    TOGETHER = "rendered together with a file that is missing or was edited"
    FULL = "asked for by --full"


@dataclass(frozen=True, slots=True)
class Reason:
    """A cause, and the path of the input, or of the other file, that it is about, if it is a single one."""

    cause: Cause
    subject: str = ""

    def __str__(self) -> str:
        return f"{self.cause} ({self.subject})" if self.subject else str(self.cause)


class Outcome(StrEnum):
    """What a build does with a file."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Explained:
    """A file that a build renders or removes, what becomes of it, and why."""

    path: str
    outcome: Outcome
    reason: Reason

    def __str__(self) -> str:
        return f"{self.path}: {self.outcome}: {self.reason}"


def explained(plan: BuildPlan) -> tuple[Explained, ...]:
    """Explain every file that the build renders or removes, sorted by path; none if all is up to date."""
    reasons = Reasons(plan)
    found = [*reasons.rendered(), *reasons.removed()]
    display = plan.settings.display
    return tuple(
        Explained(display(plan.settings.out / path), outcome, reason)
        for path, outcome, reason in sorted(found)
    )


class Reasons:
    """Finds the reasons of a plan."""

    def __init__(self, plan: BuildPlan) -> None:
        self.plan = plan

    def rendered(self) -> Iterator[tuple[str, Outcome, Reason]]:
        tree = self.plan.tree
        files: dict[str, str] = dict(self.plan.files)
        text = manifest.render(self.plan.manifest)
        if files or text != tree.manifest_text:
            files[manifest.FILE] = text
        for path, content in files.items():
            if path not in tree.hashes:
                outcome = Outcome.ADDED
            elif tree.has(path, digest(content.encode())):
                outcome = Outcome.UNCHANGED
            else:
                outcome = Outcome.CHANGED
            yield path, outcome, self.of(path)

    def removed(self) -> Iterator[tuple[str, Outcome, Reason]]:
        for path in self.plan.orphans:
            if self.plan.tree.is_modified(path):
                yield path, Outcome.KEPT, Reason(Cause.KEPT)
            else:
                yield path, Outcome.REMOVED, Reason(Cause.ORPHANED)

    def of(self, path: str) -> Reason:
        """Say why the file at ``path`` is rendered."""
        table = self._owners.get(path)
        if path not in self.plan.tree.hashes:
            return Reason(Cause.MISSING, table.page if table else "")
        tree = self.plan.tree
        if path in tree.manifest.written and tree.is_modified(path):
            return Reason(Cause.HAND)
        return self.changed_input(table, path)

    def changed_input(self, table: TableEntry | None, path: str) -> Reason:
        """Find what changed since the last build, for a file of ``table`` or, if it is None, one that tables
        share; "" is the manifest."""
        plan = self.plan
        if plan.tree.manifest_text is None:
            return Reason(Cause.UNRECORDED)
        if table is not None and self._page_changed(table):
            return Reason(Cause.PAGE, table.page)
        before, now = plan.tree.manifest.inputs, plan.manifest.inputs
        if before.toolchain != now.toolchain:
            return Reason(Cause.GENERATOR)
        if before.settings != now.settings:
            return Reason(Cause.SETTINGS)
        if path == CHANGELOG and before.changelog != now.changelog:
            return Reason(Cause.CHANGELOG, plan.settings.display(plan.settings.changelog))
        if template := self._changed_template(path):
            return Reason(Cause.TEMPLATE, template)
        reason = self._of_table(table) if table else None
        return reason or self._of_anything()

    def _of_table(self, table: TableEntry) -> Reason | None:
        """Find what changed of the table's own inputs besides its page, or of its files."""
        # Imported here: it loads the parsers, which a check without findings does not need.
        from schemagen.build.selection import is_reached

        recorded = self.plan.tree.manifest.tables[table.facts.id]
        if recorded.binding_hash != table.binding_hash:
            services = {table.facts.service, recorded.facts.service}
            locks = [path for path in self._changed_locks if PurePosixPath(path).stem in services]
            return Reason(Cause.BINDING, _single(locks))
        pages = [
            path
            for path, service in self._changed_api.items()
            if is_reached(table.facts, {service}) or is_reached(recorded.facts, {service})
        ]
        if pages:
            return Reason(Cause.API, _single(pages))
        damaged = sorted(self._damaged & recorded.outputs.keys())
        return Reason(Cause.TOGETHER, self._shown(damaged[0])) if damaged else None

    def _of_anything(self) -> Reason:
        """Find what changed of the inputs and files of all tables."""
        plan = self.plan
        before, now = plan.tree.manifest.inputs, plan.manifest.inputs
        if self._changed_api:
            return Reason(Cause.API, _single(self._changed_api))
        if self._changed_locks or before.overrides != now.overrides:
            return Reason(Cause.BINDING, _single(self._changed_locks))
        for _, table in sorted(plan.manifest.tables.items()):
            if self._page_changed(table):
                return Reason(Cause.PAGE, table.page)
        recorded = plan.tree.manifest.tables
        if gone := sorted(recorded.keys() - plan.manifest.tables.keys()):
            return Reason(Cause.TABLES, recorded[gone[0]].page if len(gone) == 1 else "")
        if self._damaged:
            return Reason(Cause.TOGETHER, self._shown(min(self._damaged)))
        if before.changelog != now.changelog:
            return Reason(Cause.CHANGELOG, plan.settings.display(plan.settings.changelog))
        return Reason(Cause.FULL if plan.full else Cause.TABLES)

    @cached_property
    def _owners(self) -> dict[str, TableEntry]:
        """The tables by the paths of their files."""
        tables = self.plan.manifest.tables.values()
        return {path: table for table in tables for path in table.outputs}

    @cached_property
    def _damaged(self) -> set[str]:
        """The files that the last build wrote, and that are missing or were edited since."""
        tree = self.plan.tree
        return {path for path in tree.manifest.outputs if tree.is_modified(path)}

    @cached_property
    def _changed_locks(self) -> list[str]:
        before, now = self.plan.tree.manifest.inputs, self.plan.manifest.inputs
        return _different(before.locks, now.locks)

    @cached_property
    def _changed_api(self) -> dict[str, str]:
        """The services of API pages that changed, were added or were removed, by path."""
        before, now = self.plan.tree.manifest, self.plan.manifest
        services = {**before.services, **now.services}
        return {
            path: services.get(path, "") for path in _different(before.inputs.api, now.inputs.api)
        }

    def _changed_template(self, path: str) -> str:
        """Return the path of the template that changed for the file at ``path``; "" if none did."""
        plan = self.plan
        before, now = plan.tree.manifest.inputs, plan.manifest.inputs
        changed = with_changed_templates(plan.settings.outputs, before, now)
        in_package = path.removeprefix(f"{plan.settings.package}/")
        target = owner(in_package, changed) if path else next(iter(changed), None)
        if target is None or target.user_template is None:
            return ""
        template = target.user_template
        paths = [template.path, *sorted(template.texts)]
        return next(name for name in paths if before.templates.get(name) != now.templates.get(name))

    def _page_changed(self, table: TableEntry) -> bool:
        before = self.plan.tree.manifest.tables.get(table.facts.id)
        return before is None or (before.page, before.page_hash) != (table.page, table.page_hash)

    def _shown(self, path: str) -> str:
        return self.plan.settings.display(self.plan.settings.out / path)


def _different(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return sorted({path for path, _ in before.items() ^ now.items()})


def _single(paths: Iterable[str]) -> str:
    """Return the path of a single input; "" for several or none."""
    found = list(paths)
    return found[0] if len(found) == 1 else ""
