"""List the error codes by which an operation reports that there is nothing to return.

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


def absent_errors(
    service: str, operation: str, declared: Iterable[str], *, named: bool
) -> tuple[str, ...]:
    """Return the codes that mean that what ``operation`` is called for does not exist, sorted.

    ``declared`` are the codes of the errors in its model. They apply, as do the file's rows for
    every operation, only if the call names a resource (``named``): a listing of everything in an
    account returns such an error only if it failed.
    """
    rows = _rows()
    found = set(rows.get((service, operation), ()))
    if named:
        found.update(rows.get((service, EVERY), ()))
        found.update(
            code for code in declared if _ABSENT.search(code) and not _FAILURE.search(code)
        )
    return tuple(sorted(found))


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
