"""What an operation must be asked with, found in the members of an item."""

from __future__ import annotations

from schemagen.binding.identity import Identity
from schemagen.binding.index import Member, ReadOperation
from schemagen.binding.nouns import singular
from schemagen.names import folded

_ARN_PARAMETERS = frozenset({"arn", "resource", "resourcearn", "resourceidentifier"})
_IDENTIFIERS = ("arn", "id", "name")
_NAMES = ("name", "id", "arn")


def arguments(item: Identity, operation: ReadOperation) -> tuple[tuple[str, str], ...] | None:
    """What ``operation`` needs to be asked for the item, from the item; None where the item
    does not have it all. An operation that needs nothing is narrowed down where it can be."""
    found: list[tuple[str, str]] = []
    for parameter in operation.required:
        # What kind of resource is meant is no member of it.
        if folded(parameter) == "resourcetype" and is_about_tags(operation):
            continue
        member = argument(item, parameter, operation)
        if member is None:
            return None
        found.append((parameter, member.name))
    if not operation.required:
        for ending in _IDENTIFIERS:
            for parameter in operation.parameters:
                if folded(parameter).rstrip("s").endswith(ending):
                    member = argument(item, parameter, operation)
                    if member is not None:
                        return ((parameter, member.name),)
    return tuple(found)


def argument(item: Identity, parameter: str, operation: ReadOperation) -> Member | None:
    """The member of the item that a parameter asks for, by name."""
    if parameter not in operation.parameters:
        return None
    text = operation.parameters[parameter]
    name = folded(parameter)
    forms = singular(name) if parameter in operation.lists else (name,)
    for form in forms:
        if member := item.string(form):
            return member
        for noun in sorted(item.nouns, key=lambda noun: (-len(noun), noun)):
            endings: tuple[str, ...] = _NAMES if form == noun else ()
            if form.startswith(noun) and form.removeprefix(noun) in _IDENTIFIERS:
                endings = (form.removeprefix(noun),)
            for ending in endings:
                for called in (noun + ending, ending):
                    if member := item.string(called):
                        return member
            # "The ARN or name of the secret."
            if endings and item.arn and "arn" in text:
                return item.arn
        if form in _ARN_PARAMETERS and item.arn is not None:
            return item.arn
        if form in ("resourceid", "resourcename") and item.arn is not None and "arn" in text:
            return item.arn
        if form == "resourceid":
            return item.string("id")
        if member := item.string(f"default{form}"):
            return member
    return None


def is_about_tags(operation: ReadOperation) -> bool:
    """True where the operation lists tags."""
    return "Tag" in operation.name
