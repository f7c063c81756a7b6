"""Say why a column stays unbound if an item is the table's row."""

from __future__ import annotations

from dataclasses import replace
from textwrap import shorten

from schemagen.api_models.index import ReadOperation
from schemagen.fits import misfit
from schemagen.inference.arguments import (
    call_arguments,
    documented_kinds,
    lists_tags_of,
    members_inside,
    parameter_for_others,
    refusing_parameter,
)
from schemagen.inference.column_candidates import CandidateFinder
from schemagen.inference.evidence import TAGS, evidence_by_name
from schemagen.inference.identity import Identity
from schemagen.lockfile.notation import type_text
from schemagen.model.pages import KEY, Column
from schemagen.names import folded

_WIDTH = 240
"""The length at which documentation in a reason is cut."""


def unbound_reason(finder: CandidateFinder, column: Column) -> str:
    """Return the reason why nothing fills ``column``, with what to do."""
    identity = finder.identity
    structure = identity.item.structure
    if column.name == KEY:
        return (
            f"{structure} has no member for its own ARN, and no ARN format is known for it; "
            "name the member in an override"
        )
    if column.name == TAGS:
        return _without_tags(finder)
    if single := finder.needed_value(column.name):
        return f"{single}; name the value in an override"
    member = identity.members.get(folded(column.name))
    if member is not None:
        type = type_text(member.shape, member.enumeration)
        return misfit(f"{structure}.{member.name}", type, str(column.type))
    if returned := _returned_elsewhere(finder, column):
        return returned
    return "no response has a member with evidence for it; name the member in an override"


def _returned_elsewhere(finder: CandidateFinder, column: Column) -> str:
    """Say which operation returns a column, with its documentation, and why it cannot be called for the item;
    "" if no operation does."""
    identity, index = finder.identity, finder.service.index
    text = finder.requirements.words[column.name]
    for structure, member in index.members_by_name.get(folded(column.name), ()):
        if evidence_by_name(text, member) != "both":
            continue
        for item in index.items_by_structure.get(structure, ()):
            operation = index.operations[item.operation]
            if item.operation == identity.item.operation:
                continue
            if call_arguments(identity, operation) is None:
                return f"{operation.name} returns it, but {_lacking_argument(identity, operation, 'it')}"
            if item.is_repeated:
                return (
                    f"{operation.name} returns it in {item.path}, which may be about several resources; name the "
                    "member in an override"
                )
    return ""


def _lacking_argument(identity: Identity, operation: ReadOperation, called: str) -> str:
    """Say which argument of an operation the item lacks, and which members of structures inside it have such
    a name but other documentation. ``called`` is the operation in the message."""
    [parameter, *_] = [
        name
        for name in operation.required
        if call_arguments(identity, replace(operation, required=(name,))) is None
    ]
    found = f"{identity.item.structure} has no member that {called} takes as {parameter}"
    inner = [path for path, _ in members_inside(identity, parameter)]
    if inner:
        found += f"; nothing shows that it takes {' or '.join(inner)}"
    return f"{found}; set its arguments in an override"


def _without_tags(finder: CandidateFinder) -> str:
    identity = finder.identity
    operations = finder.tag_operations
    if not operations:
        return (
            f"{identity.index.name} has no operation that lists the tags of a resource; name the member in an "
            "override"
        )
    if not identity.may_have_tags:
        return "AWS's Service Authorization Reference has no tags for such resources"
    causes = [cause for operation in operations if (cause := _documented_cause(finder, operation))]
    if causes:
        return f"{causes[0]}; set other arguments in an override"
    for operation in operations:
        if lists_tags_of(identity, operation) and call_arguments(identity, operation) is None:
            return _lacking_argument(identity, operation, operation.name)
    first, *others = [operation.name for operation in operations]
    names = f"{first} and {len(others)} other operations list" if others else f"{first} lists"
    return f"{names} the tags of other resources; name the member in an override"


def _documented_cause(finder: CandidateFinder, operation: ReadOperation) -> str:
    """Return what in the documentation of an operation prevents a call for the item, or ""."""
    identity = finder.identity
    if identity.arn and (parameter := refusing_parameter(identity, operation)):
        of = f"{identity.item.structure}.{identity.arn.name}"
        return f"the pattern of {operation.name}'s {parameter} excludes {of}"
    if parameter := parameter_for_others(identity, operation):
        text = shorten(
            documented_kinds(operation.parameters[parameter].text), _WIDTH, placeholder=" …"
        )
        cause = f"{operation.name} is not documented to take such resources as {parameter}"
        return f'{cause} ("{text}")' if text else cause
    return ""
