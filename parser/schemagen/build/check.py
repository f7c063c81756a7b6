"""What `schemagen build --check` finds: which files are out of date, why, and what mends it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from schemagen.build import manifest
from schemagen.build.plan import BuildPlan


class Cause(StrEnum):
    """Why a file is not what it should be."""

    HAND = "edited by hand"
    MISSING = "missing"
    ORPHANED = "orphaned"
    PAGE = "page changed"
    API = "API pages changed"
    BINDING = "binding changed"
    SETTINGS = "settings changed"
    GENERATOR = "generator changed"
    TABLES = "set of tables changed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One file that is out of date. ``subject`` is what changed, where one can point at it;
    ``diff`` is the unified diff from the file on disk to what it should be."""

    path: str
    cause: Cause
    subject: str
    diff: str

    def __str__(self) -> str:
        subject = f" ({self.subject})" if self.subject else ""
        return f"{self.path}: {self.cause}{subject}"


def findings(plan: BuildPlan) -> tuple[Finding, ...]:
    """Every file that a build would write or remove, sorted by path."""
    return tuple(sorted(_findings(plan), key=lambda finding: finding.path))


def _findings(plan: BuildPlan) -> Iterator[Finding]:
    recorded = plan.old.outputs
    tables = {path: entry for entry in plan.new.tables.values() for path in entry.outputs}
    out = plan.settings.out
    for path, text in plan.stale.items():
        name = plan.settings.display(out / path)
        found = plan.found.get(path)
        entry = tables.get(path)
        before = "" if found is None else (out / path).read_bytes().decode(errors="replace")
        if found is None:
            cause, subject = Cause.MISSING, entry.page if entry else ""
        elif path in recorded and found != recorded[path]:
            cause, subject = Cause.HAND, ""
        else:
            cause, subject = _changed_input(plan, entry)
        yield Finding(name, cause, subject, _diff(name, before, text))
    for path in plan.orphans:
        name = plan.settings.display(out / path)
        cause = Cause.ORPHANED if plan.found[path] == recorded[path] else Cause.HAND
        before = (out / path).read_bytes().decode(errors="replace")
        yield Finding(name, cause, "", _diff(name, before, ""))
    text = manifest.render(plan.new)
    if text != plan.manifest_text:
        name = plan.settings.display(out / manifest.FILE)
        if plan.manifest_text is None:
            yield Finding(name, Cause.MISSING, "", _diff(name, "", text))
        elif not plan.stale and not plan.orphans:
            # Nothing else differs, so the record alone is behind; otherwise it goes without saying.
            cause, subject = _changed_input(plan, None)
            yield Finding(name, cause, subject, _diff(name, plan.manifest_text, text))


def _changed_input(plan: BuildPlan, entry: manifest.TableEntry | None) -> tuple[Cause, str]:
    old, new = plan.old.inputs, plan.new.inputs
    if entry is not None:
        before = plan.old.tables.get(entry.facts.id)
        if before is None or before.page_hash != entry.page_hash or before.page != entry.page:
            return Cause.PAGE, entry.page
    if old.toolchain != new.toolchain:
        return Cause.GENERATOR, ""
    if old.settings != new.settings:
        return Cause.SETTINGS, ""
    if old.api != new.api:
        return Cause.API, ""
    if old.locks != new.locks:
        return Cause.BINDING, ""
    pages = [
        table.page
        for name, table in sorted(plan.new.tables.items())
        if name not in plan.old.tables or plan.old.tables[name].page_hash != table.page_hash
    ]
    if pages:
        return Cause.PAGE, pages[0]
    return Cause.TABLES, ""


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
