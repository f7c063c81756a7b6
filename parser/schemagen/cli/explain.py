"""``schemagen explain``."""

from __future__ import annotations

import json
from collections.abc import Iterable

import click

from schemagen.cli.options import (
    format_option,
    settings_with,
    unknown_tables_as_usage_errors,
)
from schemagen.runtime.command.streams import output, output_line


@click.command()
@click.argument("subject", required=False)
@format_option("text", "json", "markdown")
def explain(subject: str | None, output_format: str) -> int:
    """Explain an error code, or how a table is read.

    SUBJECT is a code such as SG118, or a table: its id, such as aws.s3_bucket, or a pattern, such
    as 'aws.s3_*'. Without it, all codes are listed. Of a code, you see what it means, an example,
    and what to do; of a table, the calls that fill it.
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


def _explain_tables(subject: str, output_format: str) -> int:
    """Explain the table of an id, or all tables that match a pattern and that a lock file binds."""
    from schemagen import api
    from schemagen.runtime.command import call_text as report

    if output_format == "markdown":
        raise click.UsageError("tables are explained as text or json")
    with unknown_tables_as_usage_errors():
        named = api.calls_of(settings_with(), [subject])
    bound = {table: calls for table, calls in named.items() if calls is not None}
    if not bound:
        raise click.UsageError(_why_unbound(named))
    if output_format == "text":
        output("\n".join(map(report.text, bound.values())))
        return 0
    shown = {table: report.to_json(calls) for table, calls in bound.items()}
    output_line(json.dumps(shown.get(subject, shown), indent=2))
    return 0


def _why_unbound(tables: Iterable[str]) -> str:
    from schemagen.model.bindings import PROVIDER

    bindable = [table for table in tables if table.partition(".")[0] == PROVIDER]
    if not bindable:
        names = ", ".join(tables)
        return f"{names} has no calls to show: only tables of {PROVIDER} are bound"
    return (
        f"no lock file records the calls that fill {', '.join(bindable)}; run `schemagen bind`, "
        "which records them or reports why it cannot"
    )
