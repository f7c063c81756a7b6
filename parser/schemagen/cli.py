"""The command line. Data on stdout, words for people on stderr.

Exit status: 0 fine (written or up to date), 1 out of date or a finding, 2 the input or the call is
wrong and nothing was written.
"""

# Parsers, emitters and rich are imported by the commands that need them: `--help` must not wait.
from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from schemagen.diagnostics import ProblemsFound, UnknownTables

if TYPE_CHECKING:
    from schemagen.build.plan import BuildPlan, Changes, Rendered
    from schemagen.settings.load import Settings

OUT_OF_DATE = 1
WRONG = 2

WORTH_A_BAR = 50

Command = TypeVar("Command", bound=Callable[..., Any])


def _folders(command: Command) -> Command:
    """The options that say where inputs and outputs are."""
    folder = click.Path(path_type=Path)
    command = click.option("--out", type=folder, help="Folder of the generated package.")(command)
    return click.option("--docs", type=folder, help="Folder of the pages.")(command)


def _settings(docs: Path | None = None, out: Path | None = None) -> Settings:
    from schemagen.settings.load import load_settings

    settings = load_settings(Path.cwd())
    if docs is not None:
        settings = replace(settings, docs=docs.absolute())
    if out is not None:
        settings = replace(settings, out=out.absolute())
    return settings


def _say(text: str) -> None:
    click.echo(text, err=True)


@contextmanager
def _known_tables() -> Generator[None]:
    """Tables that nobody knows are a wrong call."""
    try:
        yield
    except UnknownTables as error:
        raise click.UsageError(str(error)) from error


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="ddsql-schemagen", prog_name="schemagen")
def cli() -> None:
    """Schema as code: from documentation to JSON Schema, pydantic, SQL and boto3 mappers.

    Reads the pages in docs_src/ and keeps the generated package up to date. Settings are in
    [tool.schemagen] of pyproject.toml, or in schemagen.toml; options win over them.

    Exit status: 0 fine, 1 out of date or a finding, 2 the input or the call is wrong.
    """


@cli.command()
@_folders
@click.option("--check", is_flag=True, help="Write nothing; print what would change as a diff.")
@click.option("--full", is_flag=True, help="Render everything, whatever the manifest says.")
@click.option("--jobs", type=click.IntRange(min=1), help="Processes (default: one a processor).")
@click.option(
    "--fail-on-change", is_flag=True, help="Exit with 1 when anything was written or removed."
)
def build(
    docs: Path | None,
    out: Path | None,
    check: bool,
    full: bool,
    jobs: int | None,
    fail_on_change: bool,
) -> int:
    """Generate the package from the pages.

    Files that are up to date are not touched; files that are no longer produced are removed. With
    --check nothing is written: the difference goes to stdout, the reasons to stderr, and the exit
    status is 1.
    """
    from schemagen.build import plan as builder

    settings = _settings(docs, out)
    track = _progress if sys.stderr.isatty() else builder.untracked
    plan = builder.plan(settings, full=full, jobs=jobs, track=track)
    if check:
        return _check(plan, _command(docs, out))
    changes = builder.apply(plan)
    _report(settings, changes)
    return OUT_OF_DATE if fail_on_change and changes else 0


def _progress(rendered: Rendered, tables: int) -> Rendered:
    """A bar on the terminal, for runs that take a while."""
    if tables < WORTH_A_BAR:
        yield from rendered
        return
    from rich.console import Console
    from rich.progress import Progress

    # No thread of its own: processes are forked while the bar is shown.
    with Progress(console=Console(stderr=True), auto_refresh=False, transient=True) as progress:
        task = progress.add_task("rendering tables", total=tables)
        for done, files in enumerate(rendered, 1):
            yield files
            progress.update(task, completed=done, refresh=done % 10 == 0)


def _command(docs: Path | None, out: Path | None) -> str:
    import shlex

    options = [("--docs", docs), ("--out", out)]
    words = [word for name, value in options if value for word in (name, str(value))]
    return shlex.join(["schemagen", "build", *words])


def _check(plan: BuildPlan, command: str) -> int:
    from schemagen.build.check import findings

    found = findings(plan)
    if not found:
        return 0
    for finding in found:
        click.echo(finding.diff, nl=False)
    for finding in found:
        _say(str(finding))
    files = "1 file is" if len(found) == 1 else f"{len(found)} files are"
    _say(f"{files} out of date; run `{command}`")
    return OUT_OF_DATE


def _report(settings: Settings, changes: Changes) -> None:
    out = settings.display(settings.out)
    tables = "1 table" if changes.tables == 1 else f"{changes.tables} tables"
    if not changes:
        _say(f"{out} is up to date ({tables})")
    else:
        _say(f"{out}: {len(changes.written)} written, {len(changes.removed)} removed ({tables})")
    for path in changes.kept:
        _say(f"{out}/{path}: no longer produced, but edited by hand: left in place")


@cli.command()
@_folders
@click.argument("tables", nargs=-1)
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True
)
@click.option("--values", is_flag=True, help="Show the documented values and their wording.")
def inspect(
    docs: Path | None, out: Path | None, tables: Sequence[str], form: str, values: bool
) -> int:
    """Show what the pages say: tables, columns, structures. TABLES are ids; none means all."""
    from schemagen import api, report

    pages = api.read(_settings(docs, out))
    if tables:
        known = {table.id for table in pages.tables}
        unknown = sorted(set(tables) - known)
        if unknown:
            raise click.UsageError(f"no page has the id {', '.join(unknown)}")
        chosen = tuple(table for table in pages.tables if table.id in tables)
        pages = replace(pages, tables=chosen, structures=(), operations=(), indexes=())
    if form == "json":
        shown = report.values_json(pages) if values else report.pages_json(pages)
        click.echo(json.dumps(shown, indent=2))
        return 0
    if values:
        report.print_table("", report.VALUE_HEADINGS, report.value_rows(pages), wrap=True)
        return 0
    for table in pages.tables:
        note = f" (deprecated: {table.deprecated})" if table.deprecated else ""
        title = f"{table.id}: {table.title}, {len(table.columns)} columns{note}"
        report.print_table(title, report.TABLE_HEADINGS, report.table_rows(table), wrap=False)
    for structure in pages.structures:
        title = f"{structure.service}.{structure.name}, {len(structure.members)} members"
        rows = report.member_rows(structure.members)
        report.print_table(title, report.MEMBER_HEADINGS, rows, wrap=False)
    for operation in pages.operations:
        title = f"{operation.service}.{operation.name}, {len(operation.response)} response elements"
        rows = report.member_rows(operation.response)
        report.print_table(title, report.MEMBER_HEADINGS, rows, wrap=False)
    for origin in pages.indexes:
        click.echo(f"{origin.path}: an index of other pages")
    return 0


@cli.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "markdown", "json"]),
    default="table",
    show_default=True,
)
def types(form: str) -> int:
    """Show the type table: what each DDSQL type is in every target, with the settings applied."""
    from schemagen import report

    table = _settings().types
    if form == "json":
        click.echo(json.dumps(report.types_json(table), indent=2))
    elif form == "markdown":
        click.echo(
            report.markdown(report.TYPE_HEADINGS, report.type_rows(table), words=report.TYPE_WORDS),
            nl=False,
        )
    else:
        report.print_table("", report.TYPE_HEADINGS, report.type_rows(table), wrap=True)
    return 0


@cli.command()
@click.argument("tables", nargs=-1)
@click.option("--check", is_flag=True, help="Write nothing; print what would change as a diff.")
@click.option(
    "--again", is_flag=True, help="Infer all bindings anew, but for the settings' overrides."
)
def bind(tables: Sequence[str], check: bool, again: bool) -> int:
    """Infer the bindings of tables that have none, and record botocore's shapes.

    The bindings say which response fills which column; a build reads only what is recorded with
    them. The settings' overrides are applied and marked. What cannot be inferred goes to stderr.
    TABLES are ids; none means all.
    """
    from schemagen import api

    with _known_tables():
        outcome = api.bind(_settings(), tables, again=again, check=check)
    changes = outcome.changes
    for finding in outcome.findings:
        _say(str(finding))
    if check:
        for change in changes:
            click.echo(change.diff, nl=False)
        if changes:
            _say("the bindings are out of date; run `schemagen bind`")
        return OUT_OF_DATE if changes else 0
    for change in changes:
        done = "removed" if change.text is None else "written"
        _say(f"{change.path} {done}; run `schemagen build`")
    if not changes:
        _say("the bindings are up to date")
    return 0


@cli.command()
@_folders
@click.argument("tables", nargs=-1)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "markdown"]),
    default="table",
    show_default=True,
)
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="Exit with 1 when fewer of the columns, all tables together, are bound or derived.",
)
def coverage(
    docs: Path | None, out: Path | None, tables: Sequence[str], form: str, fail_under: float | None
) -> int:
    """Show which columns the bindings fill, and where pages and botocore differ.

    Reads pages and bindings only. The key is not counted. TABLES are ids; none means those that
    are bound and those that botocore could fill.
    """
    from schemagen import api, report

    with _known_tables():
        found = api.coverage(_settings(docs, out), tables)
    headings, rows = report.COVERAGE_HEADINGS, report.coverage_rows(found)
    if form == "json":
        click.echo(json.dumps(report.coverage_json(found), indent=2))
    elif form == "markdown":
        click.echo(report.markdown(headings, rows, words=headings), nl=False)
        if findings := report.finding_rows(found):
            words = report.FINDING_WORDS
            text = report.markdown(report.FINDING_HEADINGS, findings, words=words)
            click.echo(f"\n{text}", nl=False)
    else:
        report.print_table("", headings, rows, wrap=False)
        for line in report.finding_lines(found):
            click.echo(line)
    if fail_under is not None and found.figures.percent < fail_under:
        _say(f"{report.percent(found.figures)} of the columns are covered, not {fail_under:g} %")
        return OUT_OF_DATE
    return 0


def main() -> None:
    """The entry point ``schemagen``."""
    try:
        status = cli.main(standalone_mode=False)
    except ProblemsFound as error:
        for problem in error.problems:
            _say(str(problem))
        status = WRONG
    except click.exceptions.Exit as error:
        status = error.exit_code
    except click.ClickException as error:
        error.show()
        status = WRONG
    except click.Abort:
        _say("interrupted")
        status = 130
    except BrokenPipeError:
        # Whoever read the output has seen enough; a second failure at exit would only confuse.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    sys.exit(status)
