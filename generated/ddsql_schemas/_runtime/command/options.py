# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Define the options of ``sync``, which are arguments and entries of a settings file alike."""

from __future__ import annotations

import argparse
import os
import re
import tomllib
from collections.abc import Container, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

from ..lookup import did_you_mean
from ..sync.limiter import Limits, PaceSettings
from ..usage import UsageError
from . import messages

Kind = Literal["text", "texts", "names", "number", "file"]


class Option(NamedTuple):
    """An option: ``--name`` on the command line, ``name`` in the file.

    ``texts`` is a list in the file, and an option that can be repeated, or takes several values;
    ``names`` as well, and commas may separate them.
    """

    name: str
    kind: Kind
    metavar: str
    help: str


TABLES = Option("tables", "texts", "TABLE", "")

OPTIONS: tuple[Option, ...] = (
    Option(
        "to",
        "text",
        "DESTINATION",
        "postgres://USER@HOST/DATABASE, duckdb:FILE or parquet:FOLDER/",
    ),
    Option(
        "regions",
        "names",
        "REGION",
        "regions to collect, or `enabled` for all that the account has enabled "
        "(default: the one that boto3 is configured with)",
    ),
    Option(
        "accounts",
        "file",
        "FILE",
        "a TOML file of accounts and of the roles to assume in them (default: the account of boto3's "
        "credentials)",
    ),
    Option(
        "exclude",
        "texts",
        "TABLE.COLUMN",
        "do not load columns, such as '*.environment'",
    ),
    Option(
        "skip",
        "texts",
        "OPERATION",
        "do not call operations, such as GetBucketPolicy",
    ),
    Option("threads", "number", "NUMBER", "calls at the same time (default: 32)"),
    Option(
        "scheduler",
        "text",
        "ADDRESS",
        "collect on the workers of a Dask cluster: tcp://HOST:8786 (needs the extra dask)",
    ),
    Option(
        "endpoint-url",
        "text",
        "URL",
        "call this address instead of AWS, for tests",
    ),
)
"""All options that may be in a settings file, besides the tables."""

LIMITS = "limits"
"""The entry of a settings file that has the pace of services; see `sync.limiter.PaceSettings`."""

_KNOWN: Mapping[str, Option] = {option.name: option for option in (TABLES, *OPTIONS)}

_VARIABLE = re.compile(r"\$\{(\w+)\}")


def add(parser: argparse.ArgumentParser, names: Container[str] = _KNOWN) -> None:
    """Add the options of these names to a parser. Their defaults are None: not given."""
    for option in OPTIONS:
        if option.name not in names:
            continue
        flag = f"--{option.name}"
        if option.kind in ("texts", "names"):
            parser.add_argument(
                flag,
                action="extend",
                nargs="+",
                metavar=option.metavar,
                help=option.help,
            )
        elif option.kind == "number":
            parser.add_argument(
                flag, type=_positive, metavar=option.metavar, help=option.help
            )
        else:
            parser.add_argument(flag, metavar=option.metavar, help=option.help)


def settled(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the value of each option: from the command line, or else from ``--config``; None if it is
    in neither."""
    found: dict[str, Any] = dict.fromkeys((*_KNOWN, LIMITS))
    if arguments.config is not None:
        found.update(read(Path(arguments.config)))
    for name in _KNOWN:
        given: object = getattr(arguments, name.replace("-", "_"))
        if given is not None and given != []:
            found[name] = given
    for name, option in _KNOWN.items():
        if option.kind == "names" and found[name] is not None:
            found[name] = [
                part.strip()
                for text in found[name]
                for part in text.split(",")
                if part.strip()
            ]
    return found


def read(path: Path) -> dict[str, Any]:
    """Read a settings file. Raises `UsageError` with the file and the entry that is wrong.

    ``${NAME}`` in a text is the environment variable of this name, so that no password needs to be in
    the file. A file that an entry names is relative to the folder of the settings file.
    """
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:  # also of huge numbers, deep nesting
        raise UsageError(f"{path} is not TOML: {error}") from None
    found: dict[str, Any] = {}
    for name, value in content.items():
        if name == LIMITS:
            found[name] = _limits(value, f"{path}: {name}")
            continue
        option = _KNOWN.get(name)
        if option is None:
            hint = did_you_mean([name], _KNOWN)
            raise UsageError(
                f"{path}: unknown entry {name!r}{hint}; known entries: {', '.join((*_KNOWN, LIMITS))}"
            )
        found[name] = _value(option, value, path)
    return found


def _value(option: Option, value: object, path: Path) -> object:
    where = f"{path}: {option.name}"
    if option.kind == "number":
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise UsageError(f"{where} must be a positive number, not {value!r}")
        return value
    if option.kind in ("texts", "names"):
        items = cast("list[object]", value) if isinstance(value, list) else []
        if not items or not all(isinstance(item, str) for item in items):
            raise UsageError(f"{where} must be a list of texts, not {value!r}")
        return [_expanded(str(item), where) for item in items]
    if not isinstance(value, str):
        raise UsageError(f"{where} must be a text in quotes, not {value!r}")
    text = _expanded(value, where)
    messages.conceal(text)
    return str(path.parent / text) if option.kind == "file" else text


def _limits(value: object, where: str) -> Limits:
    """Read the paces of services: ``[limits.ec2]``, and ``[limits.default]`` for all others."""
    known = [field.name for field in fields(PaceSettings)]
    paces: dict[str, PaceSettings] = {}
    for service, entries in _table(value, where).items():
        at = f"{where}.{service}"
        rates: dict[str, float] = {}
        for name, rate in _table(entries, at).items():
            if name not in known:
                hint = did_you_mean([name], known)
                raise UsageError(
                    f"{at}: unknown entry {name!r}{hint}; known entries: {', '.join(known)}"
                )
            if isinstance(rate, bool) or not isinstance(rate, (int, float)):
                raise UsageError(f"{at}: {name} must be a number, not {rate!r}")
            rates[name] = float(rate)
        try:
            paces[service] = PaceSettings(**rates)
        except ValueError as error:
            raise UsageError(f"{at}: {error}") from None
    default = paces.pop("default", PaceSettings())
    return Limits(default, paces)


def _table(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise UsageError(f"{where} must be a table, not {value!r}")
    return cast("dict[str, object]", value)


def _expanded(text: str, where: str) -> str:
    def variable(found: re.Match[str]) -> str:
        value = os.environ.get(found[1])
        if value is None:
            raise UsageError(f"{where}: the environment variable {found[1]} is not set")
        return value

    return _VARIABLE.sub(variable, text)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return int(text)


def texts(values: Sequence[str] | None) -> tuple[str, ...]:
    """Return the values of an option of the kind ``texts``."""
    return tuple(values or ())
