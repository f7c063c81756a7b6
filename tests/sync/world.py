"""Two accounts of two regions, with every kind of resource in them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from accounts import CASES
from sync import made_items, resources
from sync.aws_server import ACCOUNT, Credentials, Moto, Proxy, assume
from sync.made_items import REGIONS, MadeItems
from sync.resources import GLOBAL_REGION, Place

OTHER_ACCOUNT = "222222222222"
COUNTS: Mapping[tuple[str, str], int] = {
    (ACCOUNT, "us-east-1"): 5,
    (ACCOUNT, "eu-central-1"): 3,
    (OTHER_ACCOUNT, "us-east-1"): 1,
    (OTHER_ACCOUNT, "eu-central-1"): 1,
}
"""How many resources of each kind there are."""

PAGE = 2
"""The size of pages: the first places have several of each listing."""

TABLES = tuple(sorted({*(kind.table for kind in resources.KINDS), *made_items.TABLES}))

_RICH = ("aws.s3_bucket", "aws.iam_user", "aws.lambda_function", "aws.kms", "aws.elb_load_balancer")
"""Tables of which one account also has what the tests of mappers make: everything that a resource
can have, beside resources that have nothing."""


@dataclass
class World:
    """``proxy`` is what is collected from; ``plain`` answers the same without pages and faults."""

    moto: Moto
    proxy: Proxy
    plain: Proxy
    items: MadeItems
    credentials: Mapping[str, Credentials]
    names: dict[tuple[str, str, str], list[str]]
    _places: dict[tuple[str, str, str], Place] = field(
        default_factory=dict[tuple[str, str, str], Place], repr=False
    )

    def place(self, account: str, region: str) -> Place:
        """Where resources are made and changed."""
        return self._place(account, region, self.moto.url)

    def undisturbed(self, account: str, region: str) -> Place:
        """Where they are read to know what there must be."""
        return self._place(account, region, self.plain.url)

    def _place(self, account: str, region: str, url: str) -> Place:
        """A place; one for all, because it keeps its clients."""
        key = account, region, url
        if key not in self._places:
            self._places[key] = Place(self.credentials[account], region, url, self._called(url))
        return self._places[key]

    def _called(self, url: str) -> Callable[[], None]:
        return self.changed if url == self.moto.url else lambda: None

    def changed(self) -> None:
        """Let the proxies forget what they have answered."""
        self.proxy.changed()
        self.plain.changed()

    def ids(self, account: str, region: str, table: str) -> list[str]:
        """What was made, as it is in `Kind.column`."""
        return self.names[account, region, table]


def label(account: str, region: str) -> str:
    """What names of resources begin with."""
    return f"{'a' if account == ACCOUNT else 'b'}-{region}"


@contextmanager
def made(
    moto: Moto,
    tables: Collection[str] = TABLES,
    counts: Mapping[tuple[str, str], int] = COUNTS,
    *,
    rich: bool = True,
) -> Generator[World]:
    """Fill an empty moto, and put proxies in front of it."""
    items = MadeItems()
    plain = Proxy(moto, page=0, made=items.answers(), amended=made_items.AMENDED, remembers=True)
    proxy = Proxy(moto, page=PAGE, made=items.answers(), amended=made_items.AMENDED, remembers=True)
    credentials = {
        ACCOUNT: Credentials(ACCOUNT),
        OTHER_ACCOUNT: assume(moto.url, OTHER_ACCOUNT),
    }
    with plain.running(), proxy.running():
        full = World(moto, proxy, plain, items, credentials, {})
        for (account, region), count in counts.items():
            _fill(full, account, region, count, tables)
        if rich:
            _make_rich(moto)
        yield full


def _fill(full: World, account: str, region: str, count: int, tables: Collection[str]) -> None:
    place = full.place(account, region)
    full.items.fill(account, region, label(account, region), count)
    for kind in resources.KINDS:
        if kind.table not in tables or (kind.everywhere and region != GLOBAL_REGION):
            continue
        full.names[account, region, kind.table] = [
            kind.create(place, f"{label(account, region)}-{number}") for number in range(count)
        ]


def _make_rich(moto: Moto) -> None:
    """Let the tests of mappers make their resources, in the account that credentials belong to."""
    cases = {case.table: case for case in CASES}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", moto.url)
        patch.setenv("AWS_ACCESS_KEY_ID", Credentials(ACCOUNT).access_key)
        patch.setenv("AWS_SECRET_ACCESS_KEY", "none")
        patch.delenv("AWS_PROFILE", raising=False)
        for table in _RICH:
            cases[table].create()


assert set(REGIONS) == {region for _, region in COUNTS}
