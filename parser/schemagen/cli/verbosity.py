"""Print messages for people on stderr: how many, ``-q`` and ``-v`` decide."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

import click


class Verbosity(IntEnum):
    """What is printed besides data: problems only, the usual messages, or details as well."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2


_chosen = [Verbosity.NORMAL]


def add_options(command: click.Command) -> None:
    """Add ``-q`` and ``-v`` to a command."""
    for level, letter, help in (
        (Verbosity.QUIET, "-q", "Print problems only, besides data."),
        (Verbosity.VERBOSE, "-v", "Print what is read and written; print tracebacks."),
    ):
        command.params.append(
            click.Option(
                [letter, f"--{level.name.lower()}"],
                is_flag=True,
                expose_value=False,
                is_eager=True,
                callback=_choice(level),
                help=help,
            )
        )


def _choice(level: Verbosity) -> Callable[[click.Context, click.Parameter, bool], None]:
    def choose(context: click.Context, _: click.Parameter, given: bool) -> None:
        if given and _chosen[0] not in (Verbosity.NORMAL, level):
            raise click.UsageError("-q and -v exclude each other", context)
        if given:
            _chosen[0] = level

    return choose


def is_verbose() -> bool:
    return _chosen[0] is Verbosity.VERBOSE


def problem(text: str) -> None:
    """Print a line about something that is wrong, in any case."""
    click.echo(text, err=True)


def message(text: str) -> None:
    """Print a line about what was done, or what to do."""
    if _chosen[0] > Verbosity.QUIET:
        click.echo(text, err=True)


def detail(text: str) -> None:
    """Print a line for those who want to see everything."""
    if is_verbose():
        click.echo(text, err=True)
