"""``schemagen migrate``."""

from __future__ import annotations

import click

from schemagen.cli import completion
from schemagen.cli.options import settings_with
from schemagen.cli.verbosity import message, problem
from schemagen.runtime.command.streams import output_sql

FOUND = 1


@click.command()
@click.argument("old", default="git:HEAD")
@click.argument("new", default="")
@click.option(
    "--dialect",
    required=True,
    shell_complete=completion.dialects,
    help="The SQL dialect, such as postgres or duckdb.",
)
@click.option(
    "--rename",
    "renames",
    multiple=True,
    metavar="OLD=NEW",
    help="A table or column that keeps its values under a new name: TABLE=TABLE or TABLE.COLUMN=COLUMN.",
)
@click.option(
    "--allow-loss",
    multiple=True,
    metavar="TABLE[.COLUMN]",
    help="A table or column that may be dropped, or whose values may be lost if they have to be.",
)
@click.option(
    "--batches",
    is_flag=True,
    help="For long tables: convert values in many small transactions, in a script that can be run again.",
)
def migrate(
    old: str,
    new: str,
    dialect: str,
    renames: tuple[str, ...],
    allow_loss: tuple[str, ...],
    batches: bool,
) -> int:
    """Print the SQL that brings tables from OLD to NEW, with their rows.

    OLD and NEW are folders of pages, generated folders, files catalog.json, package:NAME or
    git:REVISION[:FOLDER]; by default HEAD and the pages as they are.

    What would lose values is refused, and exits with 1, unless --allow-loss names it.
    """
    from schemagen import api
    from schemagen.runtime.usage import UsageError

    settings = settings_with(reads_pages=False)
    try:
        planned = api.migration(settings, dialect, old, new, renames=renames, allow_loss=allow_loss)
    except UsageError as error:
        raise click.UsageError(str(error)) from error
    for before, after in planned.probable:
        message(
            f"{before} was probably renamed to {after}: if so, pass --rename '{before}={after}'"
        )
    if planned.migration.refusals:
        for refusal in planned.migration.refusals:
            problem(str(refusal))
        return FOUND
    if not planned.migration:
        message(f"nothing to migrate: {planned.old} and {planned.new} have the same tables")
        return 0
    try:
        output_sql(planned.sql(batches=batches))
    except UsageError as error:
        raise click.UsageError(str(error)) from error
    return 0
