"""What an operation must be asked with, found in the members of an item."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter

from schemagen.api_models.index import ALL_KEYS, IndexedMember, ReadOperation, words
from schemagen.inference.identity import Identity
from schemagen.inference.nouns import singular, tagged
from schemagen.lockfile.notation import basename, parse_type
from schemagen.model.paths import map_key
from schemagen.names import folded

_ARN_PARAMETERS = frozenset({"arn", "resource", "resourcearn", "resourceidentifier"})
_RESOURCE_PARAMETERS = frozenset({"resourceid", "resourcename"})
_OF_A_RESOURCE = (_ARN_PARAMETERS | _RESOURCE_PARAMETERS) - {"arn"}
"""What identifies some resource: in an operation's parameters, the one that it is asked for; among
an item's members, often another one."""

_IDENTIFIERS = ("arn", "id", "name")
_NAMES = ("name", "id", "arn")

_LIMITED = re.compile(
    "resourcesaresupported|supportedresource(types?|s)?(is|are)|validtargets|youcanretrievetagsfor"
)
"""What documentation says, in `words`, where it goes on to name every kind of resource that can be
asked for."""

# What botocore cuts itself, by the shape of the parameter: fix_route53_ids in botocore/handlers.py.
_CUT = frozenset({"ChangeId", "DelegationSetId", "ResourceId"})
_PATHS: Mapping[tuple[str, str, str], frozenset[str]] = {
    ("route53", "DelegationSet", "Id"): _CUT,
    ("route53", "HostedZone", "Id"): _CUT,
}
"""Members that hold an id as "/hostedzone/Z1", by service and structure."""


@dataclass(frozen=True, slots=True, order=True)
class Asked:
    """What an operation is asked with: parameters with members of the item, and with values that
    are the same for every item."""

    members: tuple[tuple[str, str], ...] = ()
    constants: tuple[tuple[str, str], ...] = ()


NOTHING = Asked()


def asked(item: Identity, operation: ReadOperation) -> Asked | None:
    """What ``operation`` needs to be asked for the item, from the item; None where the item does
    not have it all. An operation that needs nothing is narrowed down where it can be."""
    found: list[tuple[str, str]] = []
    constants: list[tuple[str, str]] = []
    for parameter in operation.required:
        if member := argument(item, parameter, operation):
            found.append((parameter, written(item, member, parameter, operation)))
        elif item.built and takes_own_arn(item, parameter, operation):
            found.append((parameter, item.built.format))
        elif value := _kind(item, parameter, operation):
            constants.append((parameter, value))
        else:
            return None
    if not operation.required:
        for parameter, member in narrowing(item, operation):
            return Asked(((parameter, written(item, member, parameter, operation)),))
    return Asked(tuple(found), tuple(constants))


def narrowing(item: Identity, operation: ReadOperation) -> Iterator[tuple[str, IndexedMember]]:
    """The parameters that may be left out and that a member of the item answers: those that name
    the item before those that name what it belongs to, and ARNs first."""
    found: list[tuple[bool, int, str, IndexedMember]] = []
    for parameter in operation.parameters:
        name = folded(parameter).rstrip("s")
        endings = [place for place, one in enumerate(_IDENTIFIERS) if name.endswith(one)]
        if parameter in operation.required or not endings:
            continue
        if member := argument(item, parameter, operation):
            of = name.removesuffix(_IDENTIFIERS[endings[0]])
            found.append((bool(of) and of not in item.nouns, endings[0], parameter, member))
    for _, _, parameter, member in sorted(found, key=itemgetter(0, 1)):
        yield parameter, member


def _kind(item: Identity, parameter: str, operation: ReadOperation) -> str | None:
    """The value of a parameter that asks for the kind of resource: the only one of its enumeration
    that says what the item is called ("hostedzone", "AWS::EC2::VPC")."""
    if not folded(parameter).endswith("type") or parameter in operation.lists:
        return None
    called = [
        value
        for value in operation.values.get(parameter, ())
        if words(value.rpartition("::")[2]) in item.nouns
    ]
    return called[0] if len(called) == 1 else None


def argument(item: Identity, parameter: str, operation: ReadOperation) -> IndexedMember | None:
    """The member of the item that a parameter asks for, by name."""
    if parameter not in operation.parameters:
        return None
    text = operation.parameters[parameter]
    name = folded(parameter)
    forms = singular(name) if parameter in operation.lists else (name,)
    about_tags = is_about_tags(operation)
    if about_tags and not _is_of_own(item, operation):
        return None
    if parameter in operation.values:
        # Two enumerations may both be called "ResourceType".
        member = item.string(name)
        shape = operation.shapes.get(parameter)
        return member if member and parse_type(member.type).enumeration == shape else None
    for form in forms:
        if member := item.string(form):
            # A recovery point has a ResourceArn, that of what was saved; its tags are its own.
            linked = about_tags and form in _OF_A_RESOURCE
            if not linked or member == item.arn or item.is_own(member):
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
            if endings and item.arn and takes_arns(text):
                return item.arn
        if item.arn and takes_own_arn(item, parameter, operation):
            return item.arn
        if form == "resourceid" and not _is_of_others(text, item, operation):
            return _own_id(item)
        if member := item.string(f"default{form}"):
            return member
    return None


def _own_id(item: Identity) -> IndexedMember | None:
    """The id of the item: ``Id``, that of what it is called, or the only one that is called after
    the end of that: the ``WindowId`` of a maintenance window."""
    for name in ("id", *(f"{noun}id" for noun in sorted(item.nouns))):
        if member := item.string(name):
            return member
    stems = [name.removesuffix("id") for name in item.members if name.endswith("id")]
    ends = [
        stem for stem in stems if len(stem) > 2 and any(noun.endswith(stem) for noun in item.nouns)
    ]
    return item.string(f"{ends[0]}id") if len(ends) == 1 else None


def takes_own_arn(item: Identity, parameter: str, operation: ReadOperation) -> bool:
    """True where a parameter asks for a resource's ARN, whatever the resource is called, and the
    item may be that resource."""
    text = operation.parameters.get(parameter)
    if text is None or (is_about_tags(operation) and not _is_of_own(item, operation)):
        return False
    name = folded(parameter)
    forms = singular(name) if parameter in operation.lists else (name,)
    generic = any(
        form in _ARN_PARAMETERS or (form in _RESOURCE_PARAMETERS and takes_arns(text))
        for form in forms
    )
    return generic and not _is_of_others(text, item, operation)


def takes_arns(text: str) -> bool:
    """True where documentation, in `words`, speaks of ARNs (and not of learning more)."""
    return "arn" in text.replace("learn", "") or "amazonresourcename" in text


def _is_of_others(text: str, item: Identity, operation: ReadOperation) -> bool:
    """True where an operation lists the tags of other kinds of resources: "The ARN of the topic"."""
    text = text.replace("amazonresourcename", "")
    about = item.nouns if _LIMITED.search(text) else ("resource", *item.nouns)
    return is_about_tags(operation) and bool(text) and not any(noun in text for noun in about)


def _is_of_own(item: Identity, operation: ReadOperation) -> bool:
    """True for an operation about tags that is not called after another resource: ``ListUserTags``
    has those of a user, though access keys have the name of theirs. What has no tags has none."""
    of = tagged(operation.name)
    called_after = of in ("", "resource", "resources") or any(
        of in (one, *singular(one)) or one.endswith(of) for one in item.nouns
    )
    return called_after and item.may_have_tags


def included(
    operation: ReadOperation, members: Iterable[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What ``operation`` must be asked to include, so that its response has ``members``: the values
    of an optional list that are called as they are (ecs: TAGS, SETTINGS), and everything where they
    are keys of a map (sqs: All)."""
    members = tuple(members)
    called = set(map(folded, members))
    keys = {at_key[1] for at_key in map(map_key, members) if at_key}
    for parameter in operation.lists:
        if parameter in operation.required:
            continue
        values = operation.values.get(parameter, ())
        if ALL_KEYS in values and not keys.isdisjoint(values):
            yield parameter, (ALL_KEYS,)
        wanted = tuple(one for one in values if called.intersection(singular(words(one))))
        if wanted and folded(parameter) == "include":
            yield parameter, wanted


def written(item: Identity, member: IndexedMember, parameter: str, operation: ReadOperation) -> str:
    """How the lock writes an argument: the member, or its ``basename`` where the parameter takes
    the id alone and the member is a path to it."""
    cut = _PATHS.get((item.index.name, item.item.structure, member.name))
    if cut is None or operation.shapes.get(parameter) in cut:
        return member.name
    return basename(member.name)


def is_about_tags(operation: ReadOperation) -> bool:
    """True where the operation lists tags."""
    return "Tag" in operation.name
