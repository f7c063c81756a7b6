"""``schemagen build``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from schemagen.cli.options import (
    OUT_OF_DATE,
    folder_options,
    message,
    print_diff,
    settings_with,
)
from schemagen.model.bindings import PROVIDER

if TYPE_CHECKING:
    from schemagen.build.apply import Changes
    from schemagen.build.plan import BuildPlan
    from schemagen.build.progress import Rendered, Track
    from schemagen.settings.load import Settings

MIN_PARTS_FOR_PROGRESS = 50


@click.command()
@folder_options
@click.option("--check", is_flag=True, help="Write nothing; print what would change as a diff.")
@click.option("--full", is_flag=True, help="Render everything, whatever the manifest says.")
@click.option("--jobs", type=click.IntRange(min=1), help="Processes (default: one a processor).")
@click.option(
    "--fail-on-change", is_flag=True, help="Exit with 1 when anything was written or removed."
)
@click.option(
    "--keep-going",
    is_flag=True,
    help="Build what has no problems; leave the rest as it is, and exit with 1.",
)
def build(
    docs: Path | None,
    out: Path | None,
    check: bool,
    full: bool,
    jobs: int | None,
    fail_on_change: bool,
    keep_going: bool,
) -> int:
    """Generate the package from the pages.

    Files that are up to date are not touched; files that are no longer produced are removed. With
    --check nothing is written: the difference goes to stdout, shortened if it is long, the reasons
    go to stderr, and the exit status is 1. With --keep-going, pages and lock files that have
    problems are passed over: what the last build made from them stays, and the exit status is 1.
    """
    from schemagen.build.apply import apply
    from schemagen.build.plan import plan
    from schemagen.build.progress import untracked
    from schemagen.build.recovery import recover

    settings = settings_with(docs, out)
    track = _progress_bar if sys.stderr.isatty() else untracked
    if keep_going:
        if check:
            raise click.UsageError("--check and --keep-going exclude each other")
        return _keep_going(settings, full, jobs, track, fail_on_change)
    if check:
        return _check(settings, full, jobs, track, _command(docs, out))
    recovered = recover(settings)
    planned = plan(settings, full=full, jobs=jobs, track=track)
    _report_exclusions(settings)
    changes = apply(planned, recovered)
    _report(settings, changes)
    _suggest_bind(planned)
    return OUT_OF_DATE if fail_on_change and changes else 0


def _keep_going(
    settings: Settings, full: bool, jobs: int | None, track: Track, fail_on_change: bool
) -> int:
    from schemagen.build.keep_going import build_what_is_right
    from schemagen.report.diffs import shortened_list

    changes = build_what_is_right(settings, full=full, jobs=jobs, track=track)
    for problem in changes.problems:
        message(str(problem))
    _report_exclusions(settings)
    _report(settings, changes)
    for what, ids in (
        ("left as it was", changes.held),
        ("new, but not built", changes.waiting),
    ):
        for line in shortened_list([f"{id}: {what}" for id in ids], "tables"):
            message(line)
    return OUT_OF_DATE if changes.problems or (fail_on_change and changes) else 0


def _progress_bar(rendered: Rendered, total: int) -> Rendered:
    """Show a progress bar on the terminal, unless there is little to render."""
    if total < MIN_PARTS_FOR_PROGRESS:
        yield from rendered
        return
    from rich.console import Console
    from rich.progress import Progress

    # Without the thread that refreshes the bar: processes are forked while it is shown.
    with Progress(console=Console(stderr=True), auto_refresh=False, transient=True) as progress:
        task = progress.add_task("rendering tables", total=total)
        for done, files in enumerate(rendered, 1):
            yield files
            progress.update(task, completed=done, refresh=done % 10 == 0)


def _command(docs: Path | None, out: Path | None) -> str:
    """Spell the call that writes what this one has checked."""
    import shlex

    options = [("--docs", docs), ("--out", out)]
    words = [word for name, value in options if value for word in (name, str(value))]
    return shlex.join(["schemagen", "build", *words])


def _suggest_bind(plan: BuildPlan) -> None:
    """Point to ``schemagen bind`` if tables could be bound, and none is."""
    tables = [entry.facts for entry in plan.manifest.tables.values()]
    if any(table.provider == PROVIDER for table in tables) and not any(
        table.service for table in tables
    ):
        bindings = plan.settings.display(plan.settings.bindings)
        message(
            f"no table is bound in {bindings}; for mappers, run `schemagen bind` and build again"
        )


def _report_exclusions(settings: Settings) -> None:
    if settings.exclude:
        from schemagen.inputs import exclusions
        from schemagen.report.diffs import shortened_list

        for line in shortened_list([str(item) for item in exclusions(settings)], "exclusions"):
            message(line)


def _check(settings: Settings, full: bool, jobs: int | None, track: Track, command: str) -> int:
    from schemagen.build.check import Cause, findings, leftovers
    from schemagen.build.plan import plan
    from schemagen.report.diffs import shortened_list

    found = leftovers(settings)
    if not found:
        planned = plan(settings, full=full, jobs=jobs, track=track)
        _report_exclusions(settings)
        found = findings(planned)
    if not found:
        return 0
    print_diff(finding.diff for finding in found)
    for line in shortened_list([str(finding) for finding in found], "files"):
        message(line)
    kept = sum(finding.cause is Cause.KEPT for finding in found)
    if kept:
        message(f"{_count(kept)} no longer generated; move or delete what was edited by hand")
    if len(found) > kept:
        message(f"{_count(len(found) - kept)} out of date; run `{command}`")
    return OUT_OF_DATE


def _count(files: int) -> str:
    return "1 file is" if files == 1 else f"{files} files are"


def _report(settings: Settings, changes: Changes) -> None:
    for line in changes.recovered:
        message(line)
    out = settings.display(settings.out)
    tables = "1 table" if changes.tables == 1 else f"{changes.tables} tables"
    if not changes.written and not changes.removed:
        message(f"{out} is up to date ({tables})")
    else:
        message(f"{out}: {len(changes.written)} written, {len(changes.removed)} removed ({tables})")
    for path in changes.kept:
        message(f"{out}/{path}: no longer generated; kept because it was edited by hand")
