"""Define what several commands share: options, loading of settings, messages and exit statuses."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from schemagen.cli.verbosity import detail, message
from schemagen.diagnostics import UnknownTables
from schemagen.limits import path_fault
from schemagen.runtime.command.streams import output

if TYPE_CHECKING:
    from schemagen.report.repository import Checkout
    from schemagen.settings.load import Settings

OUT_OF_DATE = 1
WRONG = 2

Command = TypeVar("Command", bound=Callable[..., Any])


class _Folder(click.Path):
    """Accepts the path of a folder, which need not exist."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str | bytes | os.PathLike[str]:
        if fault := path_fault(os.fspath(value)):
            self.fail(f"no folder can have this name: {fault}", param, ctx)
        return super().convert(value, param, ctx)


FOLDER = _Folder(path_type=Path)


def folder_options(command: Command) -> Command:
    """Add ``--docs`` and ``--out``, which override the settings."""
    command = click.option("--out", type=FOLDER, help="Folder of the generated package.")(command)
    return click.option("--docs", type=FOLDER, help="Folder of the pages.")(command)


def format_option(*formats: str) -> Callable[[Command], Command]:
    """Add ``--format``; the first of ``formats`` is the default. The command's parameter is
    ``output_format``."""
    return click.option(
        "--format",
        "output_format",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
    )


def settings_with(
    docs: Path | None = None, out: Path | None = None, *, reads_pages: bool = True
) -> Settings:
    """Load the settings of the project in the working directory and apply the folder options.

    If ``reads_pages``, problems of the pages are reported together with those of the settings.
    """
    from schemagen.settings.load import load_settings, located

    if reads_pages:
        from schemagen.inputs import load_and_check

        settings = load_and_check(_working_folder(), docs and located(docs))
    else:
        settings = load_settings(_working_folder())
    detail(f"settings: {settings.file or 'none; the defaults are used'}")
    if docs is not None:
        settings = replace(settings, docs=located(docs))
    if out is not None:
        settings = replace(settings, out=located(out))
    refuse_nested_folders(settings)
    return settings


def refuse_nested_folders(settings: Settings) -> None:
    """Raise a usage error for folders that options have put into each other."""
    from schemagen.settings.load import nested_folders

    if fault := nested_folders(settings):
        raise click.UsageError(fault[1])


def _working_folder() -> Path:
    try:
        return Path.cwd()
    except OSError as error:
        raise click.UsageError(f"cannot read the current folder: {error.strerror}") from error


def checkout_of(root: Path) -> Checkout:
    """Return the project in ``root`` in its repository, as GitHub sees it: what git says or, where git
    cannot, the workspace of the workflow."""
    from schemagen.catalog_source import top_folder
    from schemagen.report.repository import Checkout

    workspace = Path(os.environ.get("GITHUB_WORKSPACE") or root)
    return Checkout(root, top_folder(root) or workspace)


def print_diff(diffs: Iterable[str]) -> None:
    """Print differences to stdout; a message tells how many lines were left out, if any."""
    from schemagen.report.diffs import shortened_diff

    text, left = shortened_diff(diffs)
    output(text)
    if left:
        message(f"{left} more lines of differences are not shown; without --check, git shows all")


@contextmanager
def unknown_tables_as_usage_errors() -> Generator[None]:
    """Turn unknown table ids into usage errors."""
    try:
        yield
    except UnknownTables as error:
        raise click.UsageError(str(error)) from error
