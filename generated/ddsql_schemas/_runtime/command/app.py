# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Run the command of a package: its subcommands, and the exit status of each kind of error."""

# Subcommands are imported when they are called, so that `--help` does not wait for them.
from __future__ import annotations

import argparse
import os
import re
import signal
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn, Protocol, cast

from ..lookup import did_you_mean
from ..usage import UsageError
from . import messages, streams

if TYPE_CHECKING:
    from ..load.package import Package

COMPLETE = 0
INCOMPLETE = 1
WRONG = 2
INTERRUPTED = 130
TERMINATED = 143


class Listed(NamedTuple):
    """A subcommand: the module that has it, and what it does, in a line."""

    module: str
    help: str


COMMANDS: Mapping[str, Listed] = {
    "sync": Listed(
        ".sync", "Collect tables from AWS and load them into a database or files."
    ),
    "forget": Listed(
        ".forget",
        "Delete the rows of accounts or regions that are no longer collected.",
    ),
    "migrate": Listed(
        ".migrate", "Bring the tables of a database up to date with this package."
    ),
    "drift": Listed(
        ".drift", "Say how the tables of a database differ from this package."
    ),
    "calls": Listed(
        ".calls", "Print which operations would be called, and how often; call nothing."
    ),
    "permissions": Listed(
        ".permissions", "Print the IAM policy that collecting tables needs."
    ),
    "tables": Listed(".tables", "List the tables."),
    "schema": Listed(".schema", "Print the columns of a table, or its JSON Schema."),
    "ddl": Listed(".ddl", "Print the statements that create tables."),
}


class Command(Protocol):
    """What the module of a subcommand has."""

    def add_arguments(
        self, parser: argparse.ArgumentParser, package: Package
    ) -> None: ...

    def run(self, arguments: argparse.Namespace, package: Package) -> int: ...


class _Terminated(BaseException):
    """Raised on SIGTERM, so that what is being loaded is undone before the process ends."""


class _Parser(argparse.ArgumentParser):
    """Writes errors as everything else does: on a line, and without passwords."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see `{self.prog} --help`")


def main(package: Package) -> NoReturn:
    """Run the command with the arguments of the process, and exit."""
    streams.set_up()
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    sys.exit(status(package, sys.argv[1:]))


_received: list[int] = []
"""The signals that ended the command."""
_INTERRUPTED_QUERY = "Query interrupted"
"""The text of the RuntimeError that DuckDB raises in place of what `_end` raises in a query."""


def _end(number: int, _: object) -> None:
    _received.append(number)
    raise _Terminated if number == signal.SIGTERM else KeyboardInterrupt


def status(package: Package, arguments: Sequence[str]) -> int:
    """Run a command and return its exit status, whatever is raised."""
    for argument in arguments:
        messages.conceal(argument)
    try:
        found = _run(package, arguments)
        sys.stdout.flush()
    except SystemExit as error:  # After --help and --version.
        found = error.code if isinstance(error.code, int) else COMPLETE
    except UsageError as error:
        messages.problem(f"{package.name}: {error}")
        found = WRONG
    except (KeyboardInterrupt, _Terminated) as error:
        ended = isinstance(error, _Terminated)
        found = _ended_by(signal.SIGTERM if ended else signal.SIGINT)
    except OSError as error:
        found = _system_error(package, error)
    except Exception as error:
        ended = bool(_received) and str(error) == _INTERRUPTED_QUERY
        found = _ended_by(_received[0]) if ended else _fault(package, error)
    return found


def _ended_by(number: int) -> int:
    """Say how a signal ended the command, and return the exit status."""
    terminated = number == signal.SIGTERM
    messages.problem("terminated" if terminated else "interrupted")
    return TERMINATED if terminated else INTERRUPTED


def _run(package: Package, arguments: Sequence[str]) -> int:
    name = next((each for each in arguments if not each.startswith("-")), None)
    if name is not None and name not in COMMANDS:
        hint = did_you_mean([name], COMMANDS)
        raise UsageError(
            f"unknown command {name!r}{hint}; the commands are {', '.join(COMMANDS)}"
        )
    parser, command = _parsers(package, name)
    parsed, unknown = parser.parse_known_args(arguments)
    if unknown:
        options = re.findall(r"(?<![\w-])--[a-z-]+", command.format_help())
        names = [each.partition("=")[0] for each in unknown if each.startswith("-")]
        hint = did_you_mean(names, options)
        command.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")
    if name is None:
        raise UsageError(
            f"a command is missing: {', '.join(COMMANDS)}; see `{package.name} --help`"
        )
    return _module(name).run(parsed, package)


def _parsers(
    package: Package, chosen: str | None
) -> tuple[argparse.ArgumentParser, argparse.ArgumentParser]:
    """Return the parser of all commands, with the arguments of the ``chosen`` one only, and the parser of
    that one, or the first again if none is chosen."""
    parser = of_chosen = _Parser(
        prog=package.name,
        description="Collect resources of AWS as rows of documented tables, and keep a mirror in step.",
        epilog=f"`{package.name} COMMAND --help` shows the options of a command. Exit status: 0 complete, "
        "1 something was denied, refused or failed, or differs (drift), 2 wrong usage or a database that "
        "does not fit, 70 a fault of the program, 130 ended by Ctrl-C or kill.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--version", action="version", version=f"{package.name} {package.version}"
    )
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")
    for name, (_, help) in COMMANDS.items():
        command = commands.add_parser(
            name, help=help, description=help, allow_abbrev=False
        )
        if name == chosen:
            _module(name).add_arguments(command, package)
            of_chosen = command
    return parser, of_chosen


def _module(name: str) -> Command:
    return cast("Command", import_module(COMMANDS[name].module, __package__))


def _system_error(package: Package, error: OSError) -> int:
    """Report what the operating system refused, and return the exit status."""
    where = "" if error.filename is None else f"{os.fsdecode(str(error.filename))}: "
    messages.problem(f"{package.name}: {where}{error.strerror or error}")
    try:
        sys.stdout.flush()
    except OSError:
        streams.discard_output()
    return WRONG


def _fault(package: Package, error: Exception) -> int:
    from . import fault

    folder = Path(__file__).parent.parent.parent
    messages.problem(
        f"{package.name}: internal error: {fault.summary(error)}{fault.place(error, folder)}"
    )
    trace = messages.without_secrets(fault.trace(error))
    messages.problem(
        f"This is a fault of {package.name}, not of your input. Please report it where you got the "
        f"package from, with the line above and {fault.keep(trace, package.name)}"
    )
    return fault.STATUS
