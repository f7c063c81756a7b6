# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Print the IAM policy that collecting tables needs: ``permissions``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..calls import TableCalls
from . import messages, selection, streams

if TYPE_CHECKING:
    from ..load.package import Package

REGIONS = ("account:ListRegions", "ec2:DescribeRegions")
"""What ``--regions enabled`` needs: the first, or the second."""

LARGEST = 6144
"""How many characters a managed policy has at most, without white space."""


def add_arguments(parser: argparse.ArgumentParser, package: Package) -> None:
    """Add the arguments of the command."""
    selection.add_tables(parser, required=False)
    selection.add_choice(parser)


def run(arguments: argparse.Namespace, package: Package) -> int:
    """Print the policy, and return the exit status. Name on stderr what it lacks."""
    selection.check_named(package, arguments, arguments.tables)
    choice = selection.choice(arguments)
    found = selection.chosen(package, arguments.tables, choice)
    calls = [chosen.calls for chosen in found]
    document = policy(calls)
    streams.output_line(json.dumps(document, indent=2))
    size = len(json.dumps(document, separators=(",", ":")))
    if size > LARGEST:
        messages.problem(
            f"The policy has {size} characters, and a managed policy has {LARGEST} at most: call this "
            "command for groups of tables, and attach a policy for each group."
        )
    for operation in unsure(calls):
        messages.problem(
            f"not in the policy: which action {operation} needs is not certain"
        )
    return 0


def policy(calls: Iterable[TableCalls]) -> dict[str, Any]:
    """Return the policy that the calls need."""
    actions = {
        action
        for table in calls
        for call in (*table.listings, table.primary, *table.enrichments)
        for action in call.rules.actions
    }
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": sorted(actions.union(REGIONS)),
                "Resource": "*",
            }
        ],
    }


def unsure(calls: Iterable[TableCalls]) -> tuple[str, ...]:
    """Return the operations whose actions are not recorded, with their services."""
    return tuple(
        dict.fromkeys(
            f"{table.service} {call.operation}"
            for table in calls
            for call in (*table.listings, table.primary, *table.enrichments)
            if not call.rules.actions
        )
    )
