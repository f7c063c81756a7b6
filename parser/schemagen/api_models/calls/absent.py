"""Error codes by which an operation says that there is nothing to return, rather than that it failed.

The errors that the model declares for an operation come first. Codes that AWS documents only in
prose are rows of `absent_errors.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from schemagen.api_models.calls.rows import EVERY, read_rows

FILE = Path(__file__).with_name("absent_errors.toml")

_ABSENT = re.compile(r"NotFound|NoSuch|(?:DoesNot|Not)Exist|Non[Ee]xistent")
_FAILURE = re.compile(r"KMS|Kms|EncryptionKey|ServiceLinkedRole")
"""What an operation needs to work: without it, the answer is unknown rather than empty."""


def absent_errors(service: str, operation: str, declared: Iterable[str]) -> tuple[str, ...]:
    """Return the codes that mean that what ``operation`` is called for does not exist, sorted;
    ``declared`` are the codes of the errors in its model.

    They apply to calls that name a resource. A listing of all that an account has answers with a
    declared error only if it has failed.
    """
    found = {code for code in declared if _ABSENT.search(code) and not _FAILURE.search(code)}
    return tuple(sorted(found.union(documented_errors(service, operation))))


def documented_errors(service: str, operation: str) -> tuple[str, ...]:
    """Return the codes that the file has for an operation, sorted. They apply to every call."""
    rows = _rows()
    return tuple(sorted({*rows.get((service, operation), ()), *rows.get((service, EVERY), ())}))


@cache
def _rows() -> Mapping[tuple[str, str], tuple[str, ...]]:
    return parse(FILE.read_text("utf-8"))


def parse(text: str) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """Read the text of the file: codes by service and operation. Raises ValueError with the row and
    what is wrong."""
    return {
        (row.service, row.operation): row.texts("codes")
        for row in read_rows(FILE.name, text, ("codes",))
    }
