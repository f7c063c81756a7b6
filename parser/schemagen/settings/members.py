"""Parse the setting ``members``, which chooses a source where page and record disagree about a member.

They disagree if no value satisfies both types. An entry has ``service``, ``structure`` and ``member``, in
the API's names, and ``use``: with "page", the mapper converts values to the page's type, or rejects them;
with "record", the JSON Schema and the model have the recorded type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from schemagen.diagnostics import Problem, SourcePosition
from schemagen.names import API_NAME, SERVICE_NAME
from schemagen.settings.entries import read
from schemagen.settings.positions import KeyPath
from schemagen.settings.setting import Setting, matching

Use = Literal["page", "record"]
USES: tuple[Use, ...] = ("page", "record")

_KEYS = (
    Setting("service", "the API's name of a service, such as 'sagemaker'", matching(SERVICE_NAME)),
    Setting("structure", "the API's name of a structure, such as 'Channel'", matching(API_NAME)),
    Setting("member", "the API's name of a member, such as 'ChannelName'", matching(API_NAME)),
    Setting(
        "use", "'page' or 'record'", lambda value: next((use for use in USES if use == value), None)
    ),
)


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
    key_path: KeyPath,
    line_column: Callable[[KeyPath], tuple[int, int]],
) -> tuple[tuple[MemberChoice, ...], list[Problem]]:
    """Parse the array at ``key_path`` of the settings; the problems are SG302.

    ``path`` is the name of the file in messages; ``line_column`` finds an entry in it.
    """
    choices: dict[tuple[str, str, str], MemberChoice] = {}
    problems: list[Problem] = []
    for entry in read("entry of members", entries, path, key_path, line_column):
        values = {} if entry.problems else entry.parsed(_KEYS, [key.name for key in _KEYS])
        if entry.problems:
            problems += entry.problems
            continue
        choice = MemberChoice(**values, position=entry.position)
        first = choices.setdefault(choice.key, choice)
        if first is not choice:
            name = ".".join(choice.key)
            message = f"{name} has another entry on line {first.position.line}; delete one of them"
            problems.append(entry.position.problem("SG302", message))
    return tuple(choices.values()), problems
