"""The command line: one module per command, listed in `schemagen.cli.app`.

Data goes to stdout, messages for people to stderr.
"""

from schemagen.cli.app import cli, main

__all__ = ["cli", "main"]
