"""``schemagen explain``."""

from __future__ import annotations

import json

import click

from schemagen.cli.options import format_option


@click.command()
@click.argument("subject", required=False)
@format_option("text", "json", "markdown")
def explain(subject: str | None, output_format: str) -> int:
    """Explain an error code: what it means, an example, and what to do.

    SUBJECT is a code such as SG118. Without it, all codes are listed.
    """
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
        click.echo(json.dumps(shown if subject is None else shown[0], indent=2))
    elif output_format == "markdown":
        click.echo(report.markdown(chosen), nl=False)
    elif subject is None:
        click.echo(report.listing(chosen), nl=False)
    else:
        click.echo(report.text(chosen[0]), nl=False)
    return 0
