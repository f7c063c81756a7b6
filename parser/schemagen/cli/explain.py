"""``schemagen explain``."""

from __future__ import annotations

import json

import click

from schemagen.cli import completion
from schemagen.cli.options import (
    format_option,
    settings_with,
    unknown_tables_as_usage_errors,
)
from schemagen.runtime.command.streams import output, output_line


@click.command()
@click.argument("subject", required=False, shell_complete=completion.codes_and_tables)
@format_option("text", "json", "markdown")
def explain(subject: str | None, output_format: str) -> int:
    """Explain an error code, a table or a column.

    SUBJECT is a code such as SG118, a table such as aws.s3_bucket, a column such as
    aws.s3_bucket.tags, or a pattern, such as 'aws.s3_*'. Without it, all codes are listed. Of a
    code, you see what it means, an example, and what to do; of a table, the calls that fill it, and
    what fills each column; of a column, the whole way from the line of its page to each output: the
    rules that chose its type, its shape, its binding with the evidence, its documented values, and
    its names and types.
    """
    if subject is not None and any(mark in subject for mark in ".*?["):
        return _explain_tables(subject, output_format)
    from schemagen.diagnostics import did_you_mean, error_codes, is_error_code
    from schemagen.report import errors as report

    known = error_codes()
    if subject is None:
        chosen = tuple(known.values())
    elif (code := subject.upper()) in known:
        chosen = (known[code],)
    else:
        codes = {row.name: row.code for row in known.values()}
        # A code of the right form is not a typing error: codes with similar digits are unrelated.
        meant = codes.get(subject.lower(), subject)
        hint = "" if is_error_code(code) else did_you_mean(meant, known)
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


def _explain_tables(subject: str, output_format: str) -> int:
    """Explain the table or the column of an id, or all that match a pattern."""
    from schemagen import api
    from schemagen.report import explanation as report

    if output_format == "markdown":
        raise click.UsageError("tables and columns are explained as text or json")
    with unknown_tables_as_usage_errors():
        found = api.explain(settings_with(), subject)
    if output_format == "text":
        output("\n".join(map(report.text, found)))
        return 0
    shown = {explanation.id: report.to_json(explanation) for explanation in found}
    output_line(json.dumps(shown.get(subject, shown), indent=2))
    return 0
