"""``schemagen explain``."""

from __future__ import annotations

import json

import click

from schemagen.cli.options import (
    format_option,
    settings_with,
    unknown_tables_as_usage_errors,
)
from schemagen.cli.streams import output, output_line


@click.command()
@click.argument("subject", required=False)
@format_option("text", "json", "markdown")
def explain(subject: str | None, output_format: str) -> int:
    """Explain an error code, or how a table is read.

    SUBJECT is a code such as SG118, or the id of a table such as aws.s3_bucket. Without it, all
    codes are listed. Of a code, you see what it means, an example, and what to do; of a table, the
    calls that fill it.
    """
    if subject is not None and "." in subject:
        return _explain_table(subject, output_format)
    from schemagen.diagnostics import did_you_mean, error_codes, is_error_code
    from schemagen.report import errors as report

    known = error_codes()
    if subject is None:
        chosen = tuple(known.values())
    elif (code := subject.upper()) in known:
        chosen = (known[code],)
    else:
        # A code of the right form is not a typing error: codes with similar digits are unrelated.
        hint = "" if is_error_code(code) else did_you_mean(subject, known)
        raise click.UsageError(
            f"unknown error code {subject!r}{hint}; known codes: {', '.join(known)}"
        )
    if output_format == "json":
        shown = [report.to_json(code) for code in chosen]
        output_line(json.dumps(shown if subject is None else shown[0], indent=2))
    elif output_format == "markdown":
        output(report.markdown(chosen))
    elif subject is None:
        output(report.listing(chosen))
    else:
        output(report.text(chosen[0]))
    return 0


def _explain_table(table: str, output_format: str) -> int:
    from schemagen import api
    from schemagen.model.bindings import PROVIDER
    from schemagen.report import calls as report

    if output_format == "markdown":
        raise click.UsageError("tables are explained as text or json")
    with unknown_tables_as_usage_errors():
        calls = api.calls(settings_with(), table)
    if calls is None:
        if table.partition(".")[0] != PROVIDER:
            message = f"{table} has no calls to show: only tables of {PROVIDER} are bound"
        else:
            message = (
                f"no lock file records the calls that fill {table}; run `schemagen bind`, "
                "which records them or reports why it cannot"
            )
        raise click.UsageError(message)
    if output_format == "json":
        output_line(json.dumps(report.to_json(calls), indent=2))
    else:
        output(report.text(calls))
    return 0
