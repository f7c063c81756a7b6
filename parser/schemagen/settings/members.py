"""``members`` of the settings: which source to follow where an API page and the lock's record type a
member so differently that no value satisfies both.

An entry has ``service``, ``structure`` and ``member`` by the API's names, and ``use``: "page" keeps
the page's type, and the mapper converts to it or refuses a value; "record" gives the member the
recorded type in the JSON Schema and the model, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from schemagen.diagnostics import Problem
from schemagen.names import API_NAME, SERVICE_NAME
from schemagen.settings.overrides import SourcePosition
from schemagen.settings.positions import KeyPath

Use = Literal["page", "record"]
USES: tuple[Use, ...] = ("page", "record")

_ACCEPTED: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "service": ("the API's name of a service, such as 'sagemaker'", SERVICE_NAME.fullmatch),
    "structure": ("the API's name of a structure, such as 'Channel'", API_NAME.fullmatch),
    "member": ("the API's name of a member, such as 'ChannelName'", API_NAME.fullmatch),
    "use": ("'page' or 'record'", USES.__contains__),
}
"""The keys of an entry: what each must be, and whether a text is that."""


@dataclass(frozen=True, slots=True)
class MemberChoice:
    """The source to follow for one member of a structure."""

    service: str
    structure: str
    member: str
    use: Use
    position: SourcePosition = field(repr=False, compare=False)

    @property
    def key(self) -> tuple[str, str, str]:
        return self.service, self.structure, self.member


def parse(
    entries: Iterable[object],
    path: str,
    at: KeyPath,
    line_column: Callable[[KeyPath], tuple[int, int]],
) -> tuple[tuple[MemberChoice, ...], list[Problem]]:
    """Return the choices in the settings' list at ``at``, and SG302 for everything wrong with them.

    ``path`` is how messages name the file; ``line_column`` finds the position of an entry in it.
    """
    choices: dict[tuple[str, str, str], MemberChoice] = {}
    problems: list[Problem] = []
    for number, entry in enumerate(entries):
        here: KeyPath = (*at, number)
        if not isinstance(entry, dict):
            position = SourcePosition(path, {"": line_column(here)})
            message = f"an entry of members must be a table, not {entry!r}"
            problems.append(position.problem("SG302", message))
            continue
        fields = cast("dict[str, object]", entry)
        lines = {key: line_column((*here, key)) for key in fields}
        position = SourcePosition(path, {**lines, "": line_column(here)})
        wrong = [position.problem("SG302", message, key) for key, message in _wrong(fields)]
        if wrong:
            problems += wrong
            continue
        texts = cast("dict[str, str]", fields)
        choice = MemberChoice(
            texts["service"],
            texts["structure"],
            texts["member"],
            cast("Use", texts["use"]),
            position,
        )
        first = choices.setdefault(choice.key, choice)
        if first is not choice:
            name = ".".join(choice.key)
            message = f"{name} has another entry in line {first.position.line}; remove one of them"
            problems.append(position.problem("SG302", message))
    return tuple(choices.values()), problems


def _wrong(fields: Mapping[str, object]) -> Iterable[tuple[str, str]]:
    """What is wrong with an entry, as pairs of the key that it stands at and a message."""
    for key in fields:
        if key not in _ACCEPTED:
            known = ", ".join(_ACCEPTED)
            yield key, f"unknown key {key!r} in an entry of members (known keys: {known})"
    for key, (accepted, accepts) in _ACCEPTED.items():
        if key not in fields:
            yield "", f"an entry of members needs {key!r}: {accepted}"
        elif not (isinstance(value := fields[key], str) and accepts(value)):
            yield key, f"{key} must be {accepted}, not {value!r}"
