# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Print which operations would be called: ``calls``."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from . import call_text, selection, streams
from .estimates import estimate

if TYPE_CHECKING:
    from ..load.package import Package


def add_arguments(parser: argparse.ArgumentParser, package: Package) -> None:
    """Add the arguments of the command."""
    selection.add_tables(parser, required=False)
    selection.add_choice(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(arguments: argparse.Namespace, package: Package) -> int:
    """Print the calls, and return the exit status. Nothing is called."""
    selection.check_named(package, arguments, arguments.tables)
    choice = selection.choice(arguments)
    found = selection.chosen(package, arguments.tables, choice)
    if arguments.format == "json":
        shown = [to_json(chosen) for chosen in found]
        streams.output_line(json.dumps(shown, indent=2))
    else:
        streams.output("\n".join(map(to_text, found)))
    return 0


def to_json(chosen: selection.Chosen) -> dict[str, Any]:
    """Return the calls of a table with their formulas."""
    formulas = estimate(chosen.calls)
    shown = call_text.to_json(chosen.calls)
    calls = [*shown["listings"], shown["primary"], *shown["enrichments"]]
    for call, count in zip(calls, formulas.counts, strict=True):
        call["calls"] = count
    return {
        **shown,
        "per": formulas.per,
        "variables": dict(formulas.variables),
        "calls": formulas.total,
        "further_pages": list(formulas.further),
    }


def to_text(chosen: selection.Chosen) -> str:
    """Format the calls of a table with their formulas, for people."""
    formulas = estimate(chosen.calls)
    lines = [
        f"calls for each {formulas.per}, at most, if pages are full: {formulas.total}",
        *(f"    {name}: {meaning}" for name, meaning in formulas.variables),
    ]
    if formulas.further:
        lines.append(
            f"    and one for each further page of {', '.join(formulas.further)}"
        )
    text = "\n".join(lines)
    return f"{call_text.text(chosen.calls, formulas.counts)}\n{text}\n"
