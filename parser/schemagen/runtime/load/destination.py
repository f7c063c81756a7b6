# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Parse where rows are loaded into, and open it. Passwords never reach a repr or a message."""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast
from urllib.parse import (
    parse_qsl,
    quote,
    unquote,
    urlencode,
    urlsplit,
)

from ..usage import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from .package import Package
    from .sink import Sink


class DestinationError(UsageError, ValueError):
    """Raised for a destination that cannot be used. The message never shows a password."""


class Kind(NamedTuple):
    """A kind of destination. ``module`` and ``sink`` name the class that loads into it, which needs the
    packages ``needs``, the extra ``extra``. With ``shared``, several processes may load at once.
    ``connection`` is the class of the driver's connections, ``module:class``, which the function
    ``from_connection`` of the module takes. ``error`` is the base class of the driver's errors.
    ``local`` says what an address names on this machine, a file or a folder; "" if it names a server.
    """

    schemes: tuple[str, ...]
    form: str
    module: str
    sink: str
    needs: tuple[str, ...]
    extra: str
    shared: bool
    error: str
    connection: str = ""
    local: str = ""
    options: frozenset[str] = frozenset()


KINDS: tuple[Kind, ...] = (
    Kind(
        ("postgres", "postgresql"),
        "postgres://USER@HOST/DATABASE",
        ".postgres",
        "PostgresSink",
        ("psycopg", "orjson"),
        "postgres",
        shared=True,
        error="psycopg:Error",
        connection="psycopg:Connection",
        options=frozenset({"dialect"}),
    ),
    Kind(
        ("duckdb",),
        "duckdb:FILE",
        ".duckdb",
        "DuckDBSink",
        ("duckdb", "orjson"),
        "duckdb",
        shared=False,
        error="duckdb:Error",
        connection="duckdb:DuckDBPyConnection",
        local="file",
    ),
    Kind(
        ("parquet",),
        "parquet:FOLDER/",
        ".parquet",
        "ParquetSink",
        ("pyarrow", "orjson"),
        "parquet",
        shared=True,
        error="pyarrow:ArrowException",
        local="folder",
    ),
)
"""What can be loaded into. A sink's class is called with its `Destination`, its `Package` and the run."""

_ADVICE: Mapping[str, str] = {
    "42501": "grant the role CREATE on the database, and USAGE and CREATE on the schemas of the tables and "
    "on ddsql_sync, or connect as the role that owns them",
    "25006": "connect to a server that accepts writes, not to a replica",
    "53300": "close other connections, or raise max_connections",
}
"""What to do about errors of PostgreSQL, by SQLSTATE."""

NO_OPTIONS: tuple[tuple[str, str], ...] = ()
_URL = re.compile("[A-Za-z][A-Za-z0-9+.-]*:/+")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")


@dataclass(frozen=True, slots=True, repr=False)
class Destination:
    """Where rows are loaded into.

    ``address`` is what the driver is given: a connection string, a file or a folder; it may hold a
    password, so show the destination itself instead. ``options`` are those of ours in the text, such
    as ``?dialect=postgres_jsonb``. ``adopt`` is the version of the package that made tables which the
    ledger does not know; "" refuses them. With ``migrate``, columns that a newer package has and types
    that it has widened are changed where that loses nothing.
    """

    kind: Kind
    address: str
    options: tuple[tuple[str, str], ...] = ()
    adopt: str = field(default="")
    migrate: bool = False

    @classmethod
    def parse(cls, text: str, *, adopt: str = "", migrate: bool = False) -> Destination:
        """Parse ``postgres://…``, ``duckdb:FILE`` or ``parquet:FOLDER/``. Raises `DestinationError`."""
        match = _SCHEME.match(text)
        scheme = match[1].lower() if match else ""
        for kind in KINDS:
            if scheme in kind.schemes:
                rest = text[len(scheme) + 1 :]
                address, options = rest, NO_OPTIONS
                if kind.options:
                    address, options = _split(f"{scheme}:{rest}", kind)
                if "\0" in address:
                    raise DestinationError(
                        f"the address of the destination {scheme!r} contains U+0000; write {kind.form}"
                    )
                if not address:
                    raise DestinationError(
                        f"the destination {scheme!r} lacks an address; write {kind.form}"
                    )
                if kind.local and _URL.match(address):
                    raise DestinationError(
                        f"{scheme}:{address} is not on this machine; write {kind.form} with a local "
                        f"{kind.local} only, and copy it afterwards"
                    )
                return cls(kind, address, options, adopt, migrate)
        forms = ", ".join(kind.form for kind in KINDS)
        # What precedes the colon may be a user's name, but never a password.
        found = f"scheme {scheme!r}" if scheme else "a destination without a scheme"
        raise DestinationError(f"{found} is not supported; write one of {forms}")

    @classmethod
    def of(cls, scheme: str, address: str) -> Destination:
        """Return the destination with an ``address`` of its driver."""
        [kind] = [kind for kind in KINDS if scheme in kind.schemes]
        return cls(kind, address)

    @property
    def shared(self) -> bool:
        """Whether each worker may open a sink of its own. Otherwise one process loads all units."""
        return self.kind.shared

    def option(self, name: str) -> str:
        """Return the option ``name``; "" if the text did not have it."""
        return dict(self.options).get(name, "")

    def open(self, package: Package, run: str = "") -> Sink:
        """Open the destination. ``run`` is what the ledger calls this run.

        Raises `DestinationError` if the extra that it needs is not installed.
        """
        try:
            module = import_module(self.kind.module, __package__)
        except ModuleNotFoundError as error:
            needed = (error.name or "").partition(".")[0]
            if needed not in self.kind.needs:
                raise
            raise DestinationError(
                f"loading into {self} needs {needed}: "
                f'pip install "{package.name}[{self.kind.extra}]"'
            ) from None
        sink = cast(
            "Callable[[Destination, Package, str], Sink]",
            getattr(module, self.kind.sink),
        )
        return sink(self, package, run)

    def require(self) -> None:
        """Raise `DestinationError` if the file or folder does not exist, which `open` would make."""
        place = Path(self.address)
        exists = {"file": place.is_file, "folder": place.is_dir}.get(self.kind.local)
        if exists is not None and not exists():
            raise DestinationError(f"{self}: there is no such {self.kind.local}")

    @contextmanager
    def refusals(self) -> Generator[None]:
        """Raise `DestinationError` for what the driver refuses while the destination is set up: a
        privilege that the role lacks, a server that is read-only, a file that is damaged.
        """
        try:
            yield
        except Exception as error:
            driver, _, name = self.kind.error.partition(":")
            kind = getattr(sys.modules.get(driver), name, None)
            if kind is None or not isinstance(error, kind):
                raise
            # PostgreSQL's messages quote the statement, which the user did not write.
            diagnosis = getattr(error, "diag", None)
            parts = [
                getattr(diagnosis, "message_primary", None)
                or str(error).strip().partition("\n")[0],
                getattr(diagnosis, "message_detail", None),
                getattr(diagnosis, "message_hint", None),
                _ADVICE.get(str(getattr(error, "sqlstate", None))),
            ]
            text = self.redact("; ".join(filter(None, parts)))
            raise DestinationError(f"{self}: {text}") from error

    def redact(self, text: str) -> str:
        """Return ``text``, such as an error of a driver, without the passwords of the address."""
        return redact(text, self.address) if self.kind.options else text

    def __str__(self) -> str:
        scheme = self.kind.schemes[0]
        if not self.kind.options:
            return f"{scheme}:{self.address}"
        return _without_password(self.address)

    def __repr__(self) -> str:
        return f"Destination({str(self)!r})"


def url_of(parameters: Mapping[str, object]) -> str:
    """Return the URL of PostgreSQL's connection parameters."""
    given = {name: value for name, value in parameters.items() if value}
    return f"postgresql://?{urlencode(given, quote_via=quote)}"


def open_connection(connection: object, package: Package) -> Sink:
    """Open the database that ``connection`` of psycopg or DuckDB is connected to.

    Raises `DestinationError` for anything else.
    """
    for kind in KINDS:
        driver, _, name = kind.connection.partition(":")
        # Whoever has a connection has imported its module.
        known = getattr(sys.modules.get(driver), name or "-", None)
        if known is not None and isinstance(connection, known):
            module = import_module(kind.module, __package__)
            return cast("Sink", module.from_connection(connection, package))
    drivers = " or ".join(
        kind.connection.replace(":", ".") for kind in KINDS if kind.connection
    )
    forms = ", ".join(kind.form for kind in KINDS)
    raise DestinationError(
        f"rows cannot be loaded into a {type(connection).__name__}; pass one of {forms}, or a {drivers}"
    )


def _split(text: str, kind: Kind) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Separate our own options of a URL from those of the driver."""
    try:
        parts = urlsplit(text)
        _ = parts.port
        if not text.startswith(
            f"{parts.scheme}://"
        ):  # such as "postgres:host=… password=…"
            raise ValueError
        if parts.netloc.count("@") > 1:
            raise ValueError
        # A "/", "?" or "#" in a password ends the part that holds it, and would show the rest.
        if "@" in parts.path + parts.query + parts.fragment:
            raise ValueError
    except ValueError:
        raise DestinationError(
            f"the destination is not a valid URL; write {kind.form}, and percent-encode special "
            "characters of the user's name and password: write %40 for @, %2F for /, %23 for #, %3F for ?"
        ) from None
    # The driver's own are left as they are: it does not read a "+" as a space, as forms do.
    pairs = [pair for pair in parts.query.split("&") if pair]
    named = [(unquote(pair.partition("=")[0]), pair) for pair in pairs]
    ours = tuple(
        (name, unquote(pair.partition("=")[2]))
        for name, pair in named
        if name in kind.options
    )
    if not ours:
        return text, ()
    theirs = "&".join(pair for name, pair in named if name not in kind.options)
    # Not urlunsplit, which forgets the slashes of postgresql:///DATABASE?host=SOCKET.
    place = text.partition("?")[0]
    fragment = f"#{parts.fragment}" if parts.fragment else ""
    return f"{place}{'?' if theirs else ''}{theirs}{fragment}", ours


_SECRET = frozenset({"password", "passfile", "sslpassword"})
_PASSWORD = re.compile(r"://[^:@/?#]*:(.*)@", re.DOTALL)
_SECRET_OPTION = re.compile(rf"(?:{'|'.join(sorted(_SECRET))})=([^&#]*)", re.IGNORECASE)
HIDDEN = "***"


def redact(text: str, address: str) -> str:
    """Return ``text`` without the passwords of ``address``, which need not be a valid URL."""
    found = _PASSWORD.findall(address) + _SECRET_OPTION.findall(address)
    # As it was written, and as drivers read it. The longer first: one may contain the other.
    secrets = {form for secret in found for form in (secret, unquote(secret)) if form}
    # Drivers cut what follows the first of these from a password that should have been encoded.
    secrets |= {
        part
        for secret in found
        for part in re.split("[@/?#:]", secret)
        if len(part) > 3
    }
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


def _without_password(url: str) -> str:
    """Remove the password, and the query unless it is free of secrets."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    user = parts.netloc.rpartition("@")[0].partition(":")[0]
    query = urlencode(
        [
            (name, HIDDEN if name.lower() in _SECRET else value)
            for name, value in parse_qsl(parts.query)
        ],
        safe="*/",
    )
    # Not urlunsplit, which forgets the slashes of postgresql:///DATABASE?host=SOCKET.
    slashes = "//" if url.startswith(f"{parts.scheme}://") else ""
    host = f"{user}@{place}" if user else place
    shown = f"{parts.scheme}:{slashes}{host}{parts.path}"
    return f"{shown}?{query}" if query else shown
