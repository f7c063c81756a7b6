"""``schemagen bind``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from schemagen.cli import completion
from schemagen.cli.options import (
    FOLDER,
    OUT_OF_DATE,
    print_diff,
    refuse_nested_folders,
    settings_with,
    unknown_tables_as_usage_errors,
)
from schemagen.cli.verbosity import message


@click.command()
@click.argument("tables", nargs=-1, shell_complete=completion.tables)
@click.option(
    "--docs", type=FOLDER, help="Folder of the pages; bindings of others are left as they are."
)
@click.option("--out", type=FOLDER, help="Folder of the lock files.")
@click.option("--check", is_flag=True, help="Write nothing; print what would change as a diff.")
@click.option(
    "--again",
    is_flag=True,
    help="Re-infer all bindings, keeping overrides.",
)
@click.option("--jobs", type=click.IntRange(min=1), help="Processes (default: one a processor).")
def bind(
    tables: Sequence[str],
    docs: Path | None,
    out: Path | None,
    check: bool,
    again: bool,
    jobs: int | None,
) -> int:
    """Infer the bindings of tables that have none, and record botocore's shapes.

    A binding defines which API response fills which column. Overrides of the settings are applied.
    Bindings whose page is gone are dropped. What cannot be inferred is reported on stderr. TABLES are
    ids or patterns ('aws.s3_*'); by default, all are bound.
    """
    from schemagen import api
    from schemagen.settings.load import located

    with unknown_tables_as_usage_errors():
        settings = settings_with(docs)
        some_pages = docs is not None and settings.docs != settings_with(reads_pages=False).docs
        then = "run `schemagen build`"
        if out is not None and out.absolute() != settings.bindings:
            settings = replace(settings, bindings=located(out))
            refuse_nested_folders(settings)
            then = "builds read it where the setting `bindings` names its folder"
        with _progress() as progress:
            outcome = api.bind(
                settings,
                tables,
                again=again,
                check=check,
                some_pages=some_pages,
                jobs=jobs,
                progress=progress,
            )
    for line in outcome.recovered:
        message(line)
    for finding in outcome.findings:
        message(str(finding))
    if check:
        for path in outcome.interrupted:
            message(f"{path}: left by a run that was interrupted; `schemagen bind` cleans it up")
        print_diff(change.diff for change in outcome.changes)
        if outcome.changes:
            message("the bindings are out of date; run `schemagen bind`")
        return OUT_OF_DATE if outcome.changes or outcome.interrupted else 0
    for change in outcome.changes:
        done = "removed" if change.text is None else "written"
        message(f"{change.path} {done}; {then}")
    if not outcome.changes:
        message("the bindings are up to date")
    return 0


@contextmanager
def _progress() -> Generator[Callable[[str, int, int], None] | None]:
    """Provide the function that shows progress in a line on stderr, or None if that is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    # Without the thread that refreshes the line: processes are forked while it is shown.
    with Progress(console=Console(stderr=True), auto_refresh=False, transient=True) as shown:
        task = shown.add_task("reading pages", total=None)
        shown.refresh()

        def progress(what: str, done: int, total: int) -> None:
            shown.update(task, description=what, completed=done, total=total, refresh=True)

        yield progress
