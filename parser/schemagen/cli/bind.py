"""``schemagen bind``."""

from __future__ import annotations

from collections.abc import Sequence

import click

from schemagen.cli.options import (
    OUT_OF_DATE,
    message,
    print_diff,
    settings_with,
    unknown_tables_as_usage_errors,
)


@click.command()
@click.argument("tables", nargs=-1)
@click.option("--check", is_flag=True, help="Write nothing; print what would change as a diff.")
@click.option(
    "--again",
    is_flag=True,
    help="Re-infer all bindings, keeping overrides; drop those without a page.",
)
def bind(tables: Sequence[str], check: bool, again: bool) -> int:
    """Infer the bindings of tables that have none, and record botocore's shapes.

    A binding defines which API response fills which column. Overrides of the settings are applied.
    What cannot be inferred is reported on stderr. TABLES are ids; by default, all are bound.
    """
    from schemagen import api

    with unknown_tables_as_usage_errors():
        outcome = api.bind(settings_with(), tables, again=again, check=check)
    for finding in outcome.findings:
        message(str(finding))
    if check:
        print_diff(change.diff for change in outcome.changes)
        if outcome.changes:
            message("the bindings are out of date; run `schemagen bind`")
        return OUT_OF_DATE if outcome.changes else 0
    for change in outcome.changes:
        done = "removed" if change.text is None else "written"
        message(f"{change.path} {done}; run `schemagen build`")
    if not outcome.changes:
        message("the bindings are up to date")
    return 0
