"""Run the command ``schemagen``: its subcommands, and the exit status of each kind of error."""

# Commands import parsers, emitters and rich inside functions, so that `--help` does not wait for them.
from __future__ import annotations

import gc
import os
import signal
import sys

import click

from schemagen.cli.bind import bind
from schemagen.cli.build import build
from schemagen.cli.catalog import catalog
from schemagen.cli.coverage import coverage
from schemagen.cli.diff import diff
from schemagen.cli.explain import explain
from schemagen.cli.inspect import inspect
from schemagen.cli.log import log
from schemagen.cli.migrate import migrate
from schemagen.cli.options import WRONG
from schemagen.cli.release import release
from schemagen.cli.rules import rules
from schemagen.cli.types import types
from schemagen.cli.verbosity import add_options, message, problem
from schemagen.diagnostics import ProblemsFound, UnknownTables, did_you_mean, unreadable
from schemagen.runtime.command import streams

COMMANDS: tuple[click.Command, ...] = (
    *(build, inspect, types, catalog, bind, coverage, explain),
    *(diff, migrate, rules, log, release),
)
INTERRUPTED = 130
TERMINATED = 143


class _Group(click.Group):
    """Suggests a similar command for an unknown one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            ctx.fail(f"unknown command {name!r}{did_you_mean(name, self.commands)}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="ddsql-schemagen", prog_name="schemagen")
def cli() -> None:
    """Generate JSON Schema, pydantic models, SQL and boto3 mappers from documentation.

    Reads the pages in docs_src/ and keeps the generated package up to date. Settings are in
    [tool.schemagen] of pyproject.toml, or in schemagen.toml; options override them.

    Exit status: 0 success, 1 a check failed (out of date, changed, breaking, below a threshold,
    refused), 2 invalid input or usage, 70 a fault of schemagen itself.
    """


add_options(cli)
for command in COMMANDS:
    add_options(command)
    cli.add_command(command)


def main() -> None:
    """Run the command line and exit: the entry point ``schemagen``."""
    streams.set_up()
    # Catalogues are many objects that live as long as the process: looking for garbage among them at the
    # usual pace takes a fifth of the time of a large migration.
    gc.set_threshold(200_000, 30, 30)
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(_status())


class _Terminated(BaseException):
    """Raised on SIGTERM, so that the process removes its staged files before it ends."""


def _terminate(*_: object) -> None:
    raise _Terminated


def _status() -> int:
    """Run a command and return its exit status, whatever is raised."""
    try:
        status: int = cli.main(standalone_mode=False)
        sys.stdout.flush()
    except ProblemsFound as error:
        _print_problems(error)
        status = WRONG
    except UnknownTables as error:
        problem(f"Error: {error}")
        status = WRONG
    except click.exceptions.Exit as error:
        status = error.exit_code
    except click.ClickException as error:
        error.show()
        status = WRONG
    except click.Abort:
        problem("interrupted")
        status = INTERRUPTED
    except _Terminated:
        message("terminated")
        status = TERMINATED
    except OSError as error:
        status = _system_error(error)
    except Exception as error:
        from schemagen.cli import internal_error

        status = internal_error.report(error)
    return status


def _print_problems(error: ProblemsFound) -> None:
    for found in error.problems:
        problem(str(found))
    # Only for people: programs that read the lines of problems need no advice.
    if sys.stderr.isatty():
        code = error.problems[0].code
        message(f"For more about {code}, run `schemagen explain {code}`.")


def _system_error(error: OSError) -> int:
    """Report what the operating system refused, and return the exit status."""
    if error.filename is not None:
        problem(str(unreadable(os.fsdecode(error.filename), error)))
    else:
        # A full disk behind stdout, or no more processes.
        problem(f"Error: the operating system refused: {error.strerror or error}")
    try:
        sys.stdout.flush()
    except OSError:
        streams.discard_output()
    return WRONG
