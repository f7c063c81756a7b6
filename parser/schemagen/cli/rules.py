"""``schemagen rules``."""

from __future__ import annotations

import json

import click

from schemagen.cli import completion
from schemagen.cli.options import format_option, settings_with
from schemagen.runtime.command.streams import output, output_line


@click.command()
@click.argument("rule", required=False, shell_complete=completion.rules)
@format_option("table", "json", "markdown")
def rules(rule: str | None, output_format: str) -> int:
    """Show the rules of `schemagen diff`: what may change, and whom it breaks.

    RULE is one of them, such as column-removed; without it, all are listed, with the levels that
    the settings give them.
    """
    from schemagen.diagnostics import did_you_mean
    from schemagen.report import rules as report
    from schemagen.report.terminal import print_table
    from schemagen.rules import registry

    known = registry.rules()
    if rule is not None and rule not in known:
        raise click.UsageError(f"unknown rule {rule!r}{did_you_mean(rule, known)}")
    chosen = tuple(known.values()) if rule is None else (known[rule],)
    levels = settings_with(reads_pages=False).rules
    if output_format == "json":
        shown = [report.to_json(entry, levels) for entry in chosen]
        output_line(json.dumps(shown if rule is None else shown[0], indent=2))
    elif output_format == "markdown":
        output(report.markdown(chosen) if rule is None else report.section(chosen[0]))
    elif rule is None:
        print_table("", report.HEADINGS, report.rows(chosen, levels))
    else:
        output(report.text(chosen[0], levels))
    return 0
