"""Report a `BuildPlan` for `schemagen build --check`: which files are out of date, and why."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from schemagen.build import manifest
from schemagen.build.manifest import TableEntry
from schemagen.build.plan import BuildPlan
from schemagen.build.recovery import interrupted
from schemagen.build.up_to_date import with_changed_templates
from schemagen.emit.paths import owner
from schemagen.settings.load import Settings


class Cause(StrEnum):
    """Why a file differs from what a build would write."""

    HAND = "edited by hand"
    KEPT = "no longer generated, but edited by hand"
    MISSING = "missing"
    ORPHANED = "orphaned"
    PAGE = "page changed"
    API = "API pages changed"
    BINDING = "binding changed"
    SETTINGS = "settings changed"
    TEMPLATE = "template changed"
    GENERATOR = "generator changed"
    INTERRUPTED = "left by a run that was interrupted"
    TABLES = "set of tables changed"


@dataclass(frozen=True, slots=True)
class Reason:
    """A cause, and the path of the input that changed, where it is a single one."""

    cause: Cause
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A file that is out of date. ``subject`` is the path of the input that changed, or ""; ``diff``
    is the unified diff from the file on disk to what it should be."""

    path: str
    cause: Cause
    subject: str
    diff: str

    def __str__(self) -> str:
        subject = f" ({self.subject})" if self.subject else ""
        return f"{self.path}: {self.cause}{subject}"


def leftovers(settings: Settings) -> tuple[Finding, ...]:
    """List what runs that were killed have left. The next build finishes or undoes it; until then, files
    are old and new, and comparing them makes no sense.

    Raises `ProblemsFound` with SG502 if a run is still alive.
    """
    return tuple(Finding(path, Cause.INTERRUPTED, "", "") for path in interrupted(settings))


def findings(plan: BuildPlan) -> tuple[Finding, ...]:
    """List every file that a build would write or remove, and those that it would remove if they were
    not edited by hand, sorted by path."""
    found = [*_outdated_files(plan), *_orphans(plan), *_manifest(plan)]
    return tuple(sorted(found, key=lambda finding: finding.path))


def _outdated_files(plan: BuildPlan) -> Iterator[Finding]:
    owners = {path: entry for entry in plan.manifest.tables.values() for path in entry.outputs}
    recorded = plan.tree.manifest.written
    for path, text in plan.out_of_date.items():
        owner = owners.get(path)
        if path not in plan.tree.hashes:
            yield _missing(plan, path, text, owner)
            continue
        if path in recorded and plan.tree.is_modified(path):
            reason = Reason(Cause.HAND)
        else:
            reason = _changed_input(plan, owner, path)
        yield _finding(plan, path, reason, _read(plan, path), text)


def _missing(plan: BuildPlan, path: str, text: str, owner: TableEntry | None) -> Finding:
    return _finding(plan, path, Reason(Cause.MISSING, owner.page if owner else ""), "", text)


def _orphans(plan: BuildPlan) -> Iterator[Finding]:
    for path in plan.orphans:
        cause = Cause.KEPT if plan.tree.is_modified(path) else Cause.ORPHANED
        yield _finding(plan, path, Reason(cause), _read(plan, path), "")


def _manifest(plan: BuildPlan) -> Iterator[Finding]:
    """Report the manifest if it is missing, or if it is the only file that changed: it changes
    with every file that it lists."""
    text = manifest.render(plan.manifest)
    before = plan.tree.manifest_text
    if before is None:
        yield _finding(plan, manifest.FILE, Reason(Cause.MISSING), "", text)
    elif text != before and not plan.out_of_date and not plan.orphans:
        yield _finding(plan, manifest.FILE, _changed_input(plan, None, ""), before, text)


def _changed_input(plan: BuildPlan, table: TableEntry | None, path: str) -> Reason:
    """Find what changed since the last build: the page of ``table``, what all tables depend on, the
    template that the file at ``path`` (in the output folder; "" for the manifest) is made from, or the
    page of another table."""
    if table is not None and _page_changed(plan, table):
        return Reason(Cause.PAGE, table.page)
    before, now = plan.tree.manifest.inputs, plan.manifest.inputs
    if before.toolchain != now.toolchain:
        return Reason(Cause.GENERATOR)
    if before.settings != now.settings:
        return Reason(Cause.SETTINGS)
    if template := _changed_template(plan, path):
        return Reason(Cause.TEMPLATE, template)
    if before.api != now.api:
        return Reason(Cause.API)
    if (before.locks, before.overrides) != (now.locks, now.overrides):
        return Reason(Cause.BINDING)
    for _, other in sorted(plan.manifest.tables.items()):
        if _page_changed(plan, other):
            return Reason(Cause.PAGE, other.page)
    return Reason(Cause.TABLES)


def _changed_template(plan: BuildPlan, path: str) -> str:
    """Return the path of the template that changed for the file at ``path``; "" if none did."""
    before, now = plan.tree.manifest.inputs, plan.manifest.inputs
    changed = with_changed_templates(plan.settings.outputs, before, now)
    in_package = path.removeprefix(f"{plan.settings.package}/")
    target = owner(in_package, changed) if path else next(iter(changed), None)
    if target is None or target.user_template is None:
        return ""
    template = target.user_template
    paths = [template.path, *sorted(template.texts)]
    return next(name for name in paths if before.templates.get(name) != now.templates.get(name))


def _page_changed(plan: BuildPlan, table: TableEntry) -> bool:
    before = plan.tree.manifest.tables.get(table.facts.id)
    return before is None or (before.page, before.page_hash) != (table.page, table.page_hash)


def _read(plan: BuildPlan, path: str) -> str:
    return (plan.settings.out / path).read_bytes().decode(errors="replace")


def _finding(plan: BuildPlan, path: str, reason: Reason, before: str, after: str) -> Finding:
    name = plan.settings.display(plan.settings.out / path)
    return Finding(name, reason.cause, reason.subject, _diff(name, before, after))


def _diff(name: str, before: str, after: str) -> str:
    lines = difflib.unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        f"{name} (on disk)",
        f"{name} (generated)",
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )
