"""Find what an operation cannot be called without, and what of it is known beforehand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from schemagen.api_models.calls.owner import own_value
from schemagen.api_models.calls.pagination import LIMITS
from schemagen.api_models.calls.rows import read_rows
from schemagen.api_models.index import ReadOperation
from schemagen.model.arn_format import ACCOUNT
from schemagen.names import folded

FILE = Path(__file__).with_suffix(".toml")

ACCOUNT_PARAMETERS = frozenset({"accountid", "awsaccountid"})

Values = tuple[tuple[str, tuple[str, ...]], ...]
"""Parameters with the values that are passed, each in a call of its own."""

_EITHER = re.compile("youmust(also)?(specify|include|provide)either")
_TOKEN = re.compile("marker|token")


def alternatives(service: str, operation: ReadOperation) -> tuple[str, ...]:
    """Return the optional parameters of which a call must have one; none if it may have none of them.

    The documentation of each of them says so and names another one, or the operation is a row of
    `required_parameters.toml`.
    """
    if operation.required:
        return ()
    if (service, operation.name) in _rows():
        return _rows()[service, operation.name]
    stated = {
        name: parameter.words
        for name, parameter in operation.parameters.items()
        if _EITHER.search(parameter.words)
    }
    found = tuple(
        name
        for name in stated
        if not _TOKEN.search(folded(name))
        and any(folded(other) in stated[name] for other in stated if other != name)
    )
    return found if len(found) > 1 else ()


def known_values(
    operation: ReadOperation, parameters: Iterable[str]
) -> tuple[Values, tuple[str, ...]]:
    """Split ``parameters`` into those whose values are known beforehand, with these, and others. The
    size of a page is left out."""
    values: list[tuple[str, tuple[str, ...]]] = []
    missing: list[str] = []
    for name in parameters:
        known = operation.values_of(name)
        if name in LIMITS:
            continue  # The size of a page.
        if folded(name) in ACCOUNT_PARAMETERS:
            values.append((name, (ACCOUNT,)))
        elif known and name not in operation.lists:
            own = own_value(name, known)
            values.append((name, (own,) if own else known))
        else:
            missing.append(name)
    return tuple(values), tuple(missing)


@cache
def _rows() -> Mapping[tuple[str, str], tuple[str, ...]]:
    return parse(FILE.read_text("utf-8"))


def parse(text: str) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """Read the text of the file: parameters by service and operation. Raises ValueError with the row
    and what is wrong."""
    return {
        (row.service, row.operation): row.texts("one_of")
        for row in read_rows(FILE.name, text, ("one_of",))
    }
