"""``schemagen diff``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from schemagen.cli import completion
from schemagen.cli.options import OUT_OF_DATE, checkout_of, format_option, settings_with
from schemagen.cli.verbosity import message
from schemagen.diagnostics import did_you_mean
from schemagen.runtime.command.streams import output, output_line

if TYPE_CHECKING:
    from schemagen.evolution.sources import Source
    from schemagen.evolution.verdicts import Finding
    from schemagen.rules.registry import Consumer
    from schemagen.settings.load import Settings


def _consumers(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[Consumer, ...]:
    """Parse names of consumers with commas between; by default, it is all of them."""
    from schemagen.rules.registry import CONSUMERS

    names = [name.strip() for name in value.split(",")] if value is not None else CONSUMERS
    for name in names:
        if name not in CONSUMERS:
            hint = did_you_mean(name, CONSUMERS)
            wrong = f"unknown consumer {name!r}{hint}; known ones: {', '.join(CONSUMERS)}"
            raise click.BadParameter(wrong, context, parameter)
    return tuple(consumer for consumer in CONSUMERS if consumer in names)


@click.command()
@click.argument("old", default="git:HEAD")
@click.argument("new", default="")
@format_option("table", "json", "markdown", "github", "sarif")
@click.option(
    "--for",
    "consumers",
    callback=_consumers,
    shell_complete=completion.consumers,
    metavar="CONSUMER,…",
    help="Judge for these consumers only, such as sql-reader,sync.",
)
@click.option("--breaking", is_flag=True, help="Show what breaks; exit with 1 if anything does.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 if anything differs.")
@click.option("--suggest-version", is_flag=True, help="Print the version that should come next.")
def diff(
    old: str,
    new: str,
    output_format: str,
    consumers: tuple[Consumer, ...],
    breaking: bool,
    exit_code: bool,
    suggest_version: bool,
) -> int:
    """Show in what two states of the tables differ, and whom each difference breaks.

    OLD is by default the last commit, git:HEAD, and NEW the pages as they are. Both may be a folder of
    pages, a generated package or its catalog.json, package:NAME for an installed package, and git:REV
    or git:REV:FOLDER.

    The consumers are sql-reader, sql-writer, json-reader, python-user and sync; `schemagen rules`
    shows what each change is to them.
    """
    from schemagen.evolution import sources, verdicts
    from schemagen.evolution.differences import compare

    settings = settings_with(reads_pages=False)
    compared = sources.read(old, settings), sources.read(new, settings)
    findings = verdicts.assess(compare(*compared), settings.rules)
    _report_unused(settings, compared)
    broken = verdicts.breaking(findings, consumers)
    if suggest_version:
        _print_version(findings, compared[0], output_format)
    else:
        shown = broken if breaking else findings
        _print(shown, compared, output_format, consumers, settings)
        message(_summary(findings, shown, compared, consumers, breaking=breaking))
    differs = (breaking and broken) or (exit_code and findings)
    return OUT_OF_DATE if differs else 0


def _print(
    findings: Sequence[Finding],
    compared: tuple[Source, Source],
    output_format: str,
    consumers: tuple[Consumer, ...],
    settings: Settings,
) -> None:
    from schemagen.report import differences as report
    from schemagen.report import findings as formats
    from schemagen.report.terminal import print_table

    if output_format == "json":
        output_line(json.dumps(report.to_json(findings, *compared), indent=2))
    elif output_format == "markdown":
        old, new = compared
        output(formats.markdown(findings, old.label, new.label, consumers))
    elif output_format == "github":
        output(formats.github(findings, consumers, checkout_of(settings.root)))
    elif output_format == "sarif":
        output(formats.sarif(findings, consumers, checkout_of(settings.root)))
    elif findings:
        print_table("", report.HEADINGS, report.rows(findings, consumers))


def _summary(
    findings: Sequence[Finding],
    shown: Sequence[Finding],
    compared: tuple[Source, Source],
    consumers: tuple[Consumer, ...],
    *,
    breaking: bool,
) -> str:
    from schemagen.report import differences as report
    from schemagen.rules.registry import CONSUMERS

    if shown or not findings or not breaking:
        return report.summary(shown, *compared, consumers)
    whom = "anybody" if consumers == CONSUMERS else ", ".join(consumers)
    old, new = compared
    count = f"{len(findings)} {'difference' if len(findings) == 1 else 'differences'}"
    return f"{count} between {old.label} and {new.label}: none breaks {whom}"


def _print_version(findings: Sequence[Finding], old: Source, output_format: str) -> None:
    """Print the version that follows from the findings; without any, it is that of ``old``."""
    from schemagen.evolution import groups, versions

    version = groups.version(old.file.data)
    part = versions.greatest(finding.part for finding in findings)
    following = versions.following(version, part) if part else version
    if output_format == "json":
        output_line(json.dumps({"old": version, "part": part, "new": following}, indent=2))
    else:
        output_line(following)
    if part is None:
        message(f"nothing differs from {version}, {old.label}")
    else:
        count = sum(finding.part == part for finding in findings)
        noun = "difference increments" if count == 1 else "differences increment"
        incremented = versions.incremented(version, part)
        message(f"{count} {noun} the {incremented} version of {version}, {old.label}")


def _report_unused(settings: Settings, compared: tuple[Source, Source]) -> None:
    """Say which patterns of the setting `rules` match no table: they may be misspelt."""
    tables = {id for source in compared for id in (source.groups or source.catalog).tables}
    for entry in settings.rules.unused(tables):
        place = f"{entry.position.path}:{entry.position.line}"
        hint = did_you_mean(entry.tables, tables)
        message(f"{place}: rules: {entry.tables!r} matches no table; correct or remove it{hint}")
