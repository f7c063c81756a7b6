"""Bindings that were written down by hand from AWS's references, and others in the same form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from schemagen.model.bindings import Binding, Listing
from schemagen.model.paths import map_key
from schemagen.runtime.convert import snake_case

FOLDER = Path(__file__).with_name("inference")
EXPECTED = FOLDER / "expected_bindings.txt"
LISTINGS = FOLDER / "expected_listings.txt"


def described(binding: Binding) -> dict[str, object]:
    """A binding in the form of `expected`."""
    return {
        "item": (binding.service, binding.operation, binding.path),
        "columns": {column.column: (column.operation, column.member) for column in binding.columns},
        "derived": {
            column.column: column.format or column.member or column.rule
            for column in binding.derived
        },
        "auxiliary": {
            enrichment.operation: (
                enrichment.path,
                {
                    **dict(enrichment.arguments),
                    **{name: f'"{value}"' for name, value in enrichment.constants},
                    **{name: "|".join(values) for name, values in enrichment.values},
                },
            )
            for enrichment in binding.enrichments
        },
        "unbound": set(binding.unbound),
        "listing": listing_text(binding.listing),
        "constants": dict(binding.constants),
    }


def listing_text(listing: Listing | None) -> str:
    """Format a listing as `expected` has it; "" if there is no listing."""
    if listing is None:
        return ""
    arguments = " ".join(f"{name}={member}" for name, member in listing.arguments)
    text = f"{listing.operation} {listing.path} ({arguments})"
    return " ".join([text, "needs", *listing.needs] if listing.needs else [text])


def expected(path: Path = EXPECTED) -> Iterator[tuple[str, dict[str, object]]]:
    """The tables of a file and their bindings; the form is described there. Lines that begin with
    "|" are about the page, and the text in parentheses after an unbound column is the reason."""
    text = re.sub(r"^(#| +\|).*\n", "", path.read_text("utf-8"), flags=re.MULTILINE)
    for block in text.strip().split("\n\n"):
        head, *lines = block.splitlines()
        table, _, item = head.partition(":")
        columns: dict[str, tuple[str | None, str]] = {}
        derived: dict[str, str] = {}
        enrichments: dict[str, tuple[str, dict[str, str]]] = {}
        unbound: set[str] = set()
        listing = ""
        constants: dict[str, tuple[str, ...]] = {}
        for line in lines:
            if "list:" in line:
                listing = line.partition("list: ")[2]
            elif "with:" in line:
                for name, values in (word.split("=") for word in line.split()[1:]):
                    constants[name] = tuple(values.split(","))
            elif other := re.fullmatch(r" +(\w+) (\S+) \((.*)\): (.+)", line):
                arguments = dict(word.split("=") for word in other[3].split())
                enrichments[other[1]] = (other[2], arguments)
                columns.update(_members(other[4], other[1]))
            elif "~" in line:
                names, _, member = line.partition(" ~ ")
                derived.update(dict.fromkeys(names.split(), member))
            elif "unbound:" in line:
                unbound.update(re.sub(r" \(.*\)", "", line.partition(":")[2]).split())
            else:
                columns.update(_members(line, None))
        yield (
            table,
            {
                "item": tuple(item.split()),
                "columns": columns,
                "derived": derived,
                "auxiliary": enrichments,
                "unbound": unbound,
                "listing": listing,
                "constants": constants,
            },
        )


def _members(text: str, operation: str | None) -> Iterator[tuple[str, tuple[str | None, str]]]:
    for word in text.split():
        column, _, member = word.rpartition("=")
        at_key = map_key(member)
        yield column or snake_case(at_key[1] if at_key else member), (operation, member)
