"""``schemagen build``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from schemagen.cli.options import (
    OUT_OF_DATE,
    WRONG,
    checkout_of,
    folder_options,
    print_diff,
    settings_with,
)
from schemagen.cli.verbosity import detail, message, problem
from schemagen.diagnostics import Problem, ProblemsFound
from schemagen.model.bindings import PROVIDER
from schemagen.runtime.command.streams import output, output_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemagen.build.apply import Changes
    from schemagen.build.check import Finding
    from schemagen.build.plan import BuildPlan
    from schemagen.build.progress import Rendered, Track
    from schemagen.settings.load import Settings

MIN_PARTS_FOR_PROGRESS = 50


@click.command()
@folder_options
@click.option("--check", is_flag=True, help="Write nothing; print what would change as a diff.")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(("text", "json", "github")),
    default="text",
    show_default=True,
    help="How --check prints what it finds, and --explain the reasons; github makes annotations of"
    " pull requests.",
)
@click.option("--explain", is_flag=True, help="Print each file that is rendered, with the reason.")
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
    output_format: str,
    explain: bool,
    full: bool,
    jobs: int | None,
    fail_on_change: bool,
    keep_going: bool,
) -> int:
    """Generate the package from the pages.

    Files that are up to date are not touched; files that are no longer produced are removed. With
    --check nothing is written: the difference goes to stdout, shortened if it is long, the reasons
    go to stderr, and the exit status is 1. With --explain, every file that is rendered goes to
    stdout with the reason, also those that stay the same; --check --explain writes nothing. With
    --keep-going, pages and lock files that have
    problems are passed over: what the last build made from them stays, and the exit status is 1.
    """
    from schemagen.build.apply import apply
    from schemagen.build.plan import plan
    from schemagen.build.progress import untracked
    from schemagen.build.recovery import recover

    if explain and (keep_going or output_format == "github"):
        other = "--keep-going" if keep_going else "--format github"
        raise click.UsageError(f"--explain and {other} exclude each other")
    if keep_going and check:
        raise click.UsageError("--check and --keep-going exclude each other")
    if output_format != "text" and not explain:
        if not check:
            raise click.UsageError("--format is for --check and --explain")
        return _check_for_programs(docs, out, full, jobs, output_format)
    settings = settings_with(docs, out)
    track = _progress_bar if sys.stderr.isatty() else untracked
    if keep_going:
        return _keep_going(settings, full, jobs, track, fail_on_change)
    if check and explain:
        return _explain(settings, full, jobs, track, output_format)
    if check:
        return _check(settings, full, jobs, track, _command(docs, out))
    recovered = recover(settings)
    _report_exclusions(settings)
    planned = plan(settings, full=full, jobs=jobs, track=track, trust_times=True)
    if explain:
        _print_reasons(planned, output_format)
    changes = apply(planned, recovered)
    _report(settings, changes)
    _suggest_bind(planned)
    _report_misfits(planned)
    return OUT_OF_DATE if fail_on_change and changes else 0


def _explain(
    settings: Settings, full: bool, jobs: int | None, track: Track, output_format: str
) -> int:
    """Print why files would be rendered, and write nothing."""
    from schemagen.build.check import findings, leftovers
    from schemagen.build.plan import plan

    if left := leftovers(settings):
        for finding in left:
            message(str(finding))
        message("what is left is finished or undone by the next build; run `schemagen build` first")
        return OUT_OF_DATE
    _report_exclusions(settings)
    planned = plan(settings, full=full, jobs=jobs, track=track)
    _print_reasons(planned, output_format)
    return OUT_OF_DATE if findings(planned) else 0


def _print_reasons(plan: BuildPlan, output_format: str) -> None:
    """Print every file that is rendered or removed, with the reason."""
    from schemagen.build.reasons import explained
    from schemagen.cli import check_formats

    found = explained(plan)
    if output_format == "json":
        output_line(json.dumps(check_formats.reasons_to_json(found), indent=2))
    else:
        output("".join(f"{item}\n" for item in found))


def _keep_going(
    settings: Settings, full: bool, jobs: int | None, track: Track, fail_on_change: bool
) -> int:
    from schemagen.build.keep_going import build_despite_problems
    from schemagen.report.diffs import shortened_list

    _report_exclusions(settings)
    changes = build_despite_problems(settings, full=full, jobs=jobs, track=track)
    for found in changes.problems:
        problem(str(found))
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
    """Say how many of the tables that could be bound are not, and get no mapper."""
    tables = [entry.facts for entry in plan.manifest.tables.values()]
    bindable = [table for table in tables if table.provider == PROVIDER]
    unbound = sum(not table.service for table in bindable)
    if unbound:
        what = "table gets" if unbound == 1 else "tables get"
        message(
            f"{unbound} {PROVIDER} {what} no mapper, of {len(bindable)}; `schemagen bind` infers the"
            " bindings that mappers are made from, or reports why it cannot"
        )


def _report_misfits(plan: BuildPlan) -> None:
    """Say which columns no row can fill any more, because their page has another type. The manifest has those
    of tables that are up to date."""
    if plan.misfits:
        from schemagen.report.diffs import shortened_list
        from schemagen.runtime.text import on_one_line

        for line in shortened_list([on_one_line(found) for found in plan.misfits], "columns"):
            message(line)
        message("the mappers refuse every value of these columns; run `schemagen bind`")


def _report_exclusions(settings: Settings) -> None:
    """Print what is excluded, before anything can fail: a pattern that matches nothing may be why."""
    if settings.exclude:
        from schemagen.inputs import exclusions
        from schemagen.report.diffs import shortened_list

        for line in shortened_list([str(item) for item in exclusions(settings)], "exclusions"):
            message(line)


def _find(settings: Settings, full: bool, jobs: int | None, track: Track) -> tuple[Finding, ...]:
    """Find what a build would change, or what an interrupted run has left to be changed."""
    from schemagen.build.check import findings, leftovers
    from schemagen.build.plan import plan

    found = leftovers(settings)
    if not found:
        _report_exclusions(settings)
        planned = plan(settings, full=full, jobs=jobs, track=track)
        found = findings(planned)
        _report_misfits(planned)
    return found


def _check_for_programs(
    docs: Path | None, out: Path | None, full: bool, jobs: int | None, output_format: str
) -> int:
    """Print findings, or the problems of the inputs, on stdout."""
    from schemagen.build.progress import untracked
    from schemagen.cli import check_formats

    found: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()
    settings: Settings | None = None
    try:
        settings = settings_with(docs, out)
        found = _find(settings, full, jobs, untracked)
    except ProblemsFound as error:
        problems = error.problems
    if output_format == "json":
        output_line(json.dumps(check_formats.to_json(found, problems), indent=2))
    else:
        root = settings.root if settings else _root_of(problems)
        output(check_formats.github_annotations(checkout_of(root), found, problems))
    return WRONG if problems else OUT_OF_DATE if found else 0


def _root_of(problems: Iterable[Problem]) -> Path:
    """Find the project whose settings have problems: the nearest folder with one of the files."""
    start = Path.cwd()
    folders = [
        folder
        for folder in (start, *start.parents)
        if any((folder / problem.path).is_file() for problem in problems)
    ]
    return folders[0] if folders else start


def _check(settings: Settings, full: bool, jobs: int | None, track: Track, command: str) -> int:
    from schemagen.build.check import Cause
    from schemagen.cli.check_formats import remedy
    from schemagen.report.diffs import shortened_list

    found = _find(settings, full, jobs, track)
    if not found:
        return 0
    print_diff(finding.diff for finding in found)
    for line in shortened_list([str(finding) for finding in found], "files"):
        message(line)
    kept = sum(finding.cause is Cause.KEPT for finding in found)
    if kept:
        message(f"{_count(kept)} no longer generated; {remedy(Cause.KEPT)}")
    if others := [finding.cause for finding in found if finding.cause is not Cause.KEPT]:
        message(f"{_count(len(others))} out of date; {remedy(others[0], command)}")
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
    for what, paths in (("written", changes.written), ("removed", changes.removed)):
        for path in paths:
            detail(f"{out}/{path}: {what}")
    for path in changes.kept:
        message(f"{out}/{path}: no longer generated; kept because it was edited by hand")
