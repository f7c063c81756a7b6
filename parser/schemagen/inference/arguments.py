"""Find the arguments of an operation among the members of an item."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from operator import itemgetter

from schemagen.api_models.index import ALL_KEYS, IndexedMember, ReadOperation, words
from schemagen.inference.identity import Identity, pattern_of_format
from schemagen.inference.nouns import MIN_LENGTH, ends_a_noun, singular, tagged_noun
from schemagen.inference.patterns import overlap
from schemagen.inference.required_parameters import ACCOUNT_PARAMETERS
from schemagen.lockfile.notation import basename
from schemagen.model.arn_format import ACCOUNT
from schemagen.model.bindings import DerivedColumn
from schemagen.model.paths import map_key
from schemagen.model.shapes import Scalar, StructureRef
from schemagen.names import folded

_ARN_PARAMETERS = frozenset({"arn", "resource", "resourcearn", "resourceidentifier"})
_RESOURCE_PARAMETERS = frozenset({"resourceid", "resourcename"})
_GENERIC_IDENTIFIERS = (_ARN_PARAMETERS | _RESOURCE_PARAMETERS) - {"arn"}
"""Names for the identifier of any resource. As a parameter, it is the resource that the operation is
called for; as a member of an item, it is often another resource."""

_ARGUMENT_ENDINGS = ("arn", "id", "name")
"""How parameters that identify a resource end, the most exact first."""

_ENDINGS_OF_A_BARE_NOUN = ("name", "id", "arn")
"""What a parameter that is only a noun ("Bucket") takes, the likeliest first."""

_REQUIRES_ARN = re.compile(
    "youmust(specify|use)(its|the|an)?(full)?(arn|amazonresourcename)(?!orthe)"
)
"""Phrase, as `words` returns it, in the documentation of a parameter that takes names in some cases and
ARNs in all: "To get the status of a shadow trail, you must specify its ARN"."""

_MIN_LENGTH = 3

_NAMES_ALL_KINDS = re.compile(
    "resourcesaresupported|supportedresource(types?|s)?(is|are)|validtargets|youcanretrievetagsfor"
)
"""Phrases, as `words` returns them, in documentation that goes on to name every kind of resource that
the operation can be called for."""


@dataclass(frozen=True, slots=True, order=True)
class CallArguments:
    """The arguments of an operation for one item.

    ``members`` are parameters with members of the item, or the caller's account, as the lock writes
    them; ``constants`` are parameters with values that are the same for every item. ``is_related`` says
    that a member identifies another resource, which the operation is about. ``values`` is a parameter with
    the values of its enumeration, for each of which there is a call.
    """

    members: tuple[tuple[str, str], ...] = ()
    constants: tuple[tuple[str, str], ...] = ()
    is_related: bool = False
    values: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def is_about_item(self) -> bool:
        """Whether the item has something to do with the call."""
        return any(member != ACCOUNT for _, member in self.members)


NO_ARGUMENTS = CallArguments()


def call_arguments(
    item: Identity,
    operation: ReadOperation,
    *,
    each_value: bool = False,
    given: Collection[str] = (),
) -> CallArguments | None:
    """Find the arguments with which ``operation`` returns something about the item.

    None if the item lacks a required argument. An operation without required parameters is narrowed
    to the item if it has a parameter for that. With ``each_value``, there is a call for each value of an
    enumeration that nothing else is known of. ``given`` are parameters that an override sets.
    """
    values: tuple[tuple[str, tuple[str, ...]], ...] = ()
    found: list[tuple[str, str]] = []
    inner: list[tuple[str, str]] = []
    constants: list[tuple[str, str]] = []
    is_related = False
    for parameter in operation.required:
        if parameter in given:
            continue
        if member := argument(item, parameter, operation):
            found.append((parameter, _written(member, parameter, operation)))
        elif item.built_arn and takes_built_arn(item, item.built_arn, parameter, operation):
            found.append((parameter, item.built_arn.format))
        elif value := _resource_type(item, parameter, operation):
            constants.append((parameter, value))
        elif folded(parameter) in ACCOUNT_PARAMETERS:
            found.append((parameter, ACCOUNT))
        elif related := _related_argument(item, parameter, operation):
            found.append((parameter, related.name))
            is_related = True
        elif each_value and not values and operation.is_of_kinds(parameter):
            values = ((parameter, operation.values_of(parameter)),)
        elif member_inside := _argument_inside(item, parameter, operation):
            inner.append((parameter, member_inside))
        else:
            return None
    if inner and not any(member != ACCOUNT for _, member in found):
        return None  # Nothing says that what the structure describes is the item's.
    found += inner
    if not (operation.required or given):
        for parameter, member in narrowing(item, operation):
            return CallArguments(((parameter, _written(member, parameter, operation)),))
    return CallArguments(tuple(found), tuple(constants), is_related, values)


def _argument_inside(item: Identity, parameter: str, operation: ReadOperation) -> str:
    """Return the only member of a structure inside the item that a parameter takes, such as
    ``LatestMatchingVersion.Version``: it has the beginning of its name and the same documentation."""
    text = operation.words_of(parameter)
    found = [path for path, member in members_inside(item, parameter) if member.words == text != ""]
    return found[0] if len(found) == 1 else ""


def members_inside(item: Identity, parameter: str) -> Iterator[tuple[str, IndexedMember]]:
    """Yield the scalars in structures inside the item with which the name of a parameter begins, each with
    its path."""
    for outer in item.members.values():
        if isinstance(outer.shape, StructureRef):
            for name, member in item.index.by_name.get(outer.shape.name, {}).items():
                if (
                    isinstance(member.shape, Scalar)
                    and len(name) >= MIN_LENGTH
                    and folded(parameter).startswith(name)
                ):
                    yield f"{outer.name}.{member.name}", member


def _related_argument(
    item: Identity, parameter: str, operation: ReadOperation
) -> IndexedMember | None:
    """Return the only member that identifies what a parameter is documented to take, or whose name ends
    with that of the parameter: the ARN of an event bus, or the ``TargetKeyId`` of an alias."""
    indexed = operation.parameters.get(parameter)
    if indexed is None or indexed.values or is_about_tags(operation):
        return None
    name = folded(parameter)
    ending = next((end for end in _ARGUMENT_ENDINGS if name.endswith(end)), "")
    found = [
        member
        for other, member in item.members.items()
        if ending
        and other.endswith(ending)
        and item.string(other)
        and overlap(indexed.pattern, item.pattern_of(member))
        and _identifies(other.removesuffix(ending), name, ending, indexed.words)
    ]
    return found[0] if len(found) == 1 and found[0] != item.arn else None


def _identifies(resource: str, parameter: str, ending: str, text: str) -> bool:
    """Whether a member for ``resource`` is what a parameter takes, whose documentation is ``text``."""
    taken = parameter.removesuffix(ending)
    if parameter in _GENERIC_IDENTIFIERS or not taken:
        return len(resource) >= _MIN_LENGTH and text.endswith(resource)
    return len(taken) >= _MIN_LENGTH and resource.endswith(taken)


def narrowing(
    item: Identity, operation: ReadOperation, *, to_item: bool = False
) -> Iterator[tuple[str, IndexedMember]]:
    """Yield optional parameters that a member of the item can fill, with the member.

    Parameters for the item itself precede those for what it belongs to, which ``to_item`` leaves out, and
    ARNs precede ids and names.
    """
    found: list[tuple[bool, int, str, IndexedMember]] = []
    for parameter in operation.parameters:
        name = folded(parameter).rstrip("s")
        endings = [
            number for number, ending in enumerate(_ARGUMENT_ENDINGS) if name.endswith(ending)
        ]
        if parameter in operation.required or not endings:
            continue
        if member := argument(item, parameter, operation):
            resource = name.removesuffix(_ARGUMENT_ENDINGS[endings[0]])
            other = bool(resource) and resource not in item.nouns
            found.append((other, endings[0], parameter, member))
    for other, _, parameter, member in sorted(found, key=itemgetter(0, 1)):
        if not (other and to_item):
            yield parameter, member


def _resource_type(item: Identity, parameter: str, operation: ReadOperation) -> str | None:
    """Return the value of a parameter for the type of resource: the only one of its enumeration that
    is a name of the item ("hostedzone", "AWS::EC2::VPC")."""
    if not folded(parameter).endswith("type") or parameter in operation.lists:
        return None
    matching = [
        value
        for value in operation.values_of(parameter)
        if words(value.rpartition("::")[2]) in item.nouns
    ]
    return matching[0] if len(matching) == 1 else None


def argument(item: Identity, parameter: str, operation: ReadOperation) -> IndexedMember | None:
    """Return the member of the item that a parameter takes, judging by names and documentation."""
    if parameter not in operation.parameters:
        return None
    indexed = operation.parameters[parameter]
    if is_about_tags(operation) and (
        not lists_tags_of(item, operation) or _is_of_another(item, parameter, operation)
    ):
        return None
    if indexed.values:
        # Two enumerations may both be called "ResourceType".
        member = item.string(folded(parameter))
        same = member is not None and member.enumeration == indexed.enumeration != ""
        return member if same else None
    for member in _members_for(item, parameter, operation):
        if overlap(indexed.pattern, item.pattern_of(member)):
            return member
    return None


def _members_for(
    item: Identity, parameter: str, operation: ReadOperation
) -> Iterator[IndexedMember]:
    """Yield the members of the item that a parameter could take by its name, the best first."""
    text = operation.words_of(parameter)
    forms = value_names(operation, parameter)
    if item.arn and requires_own_arn(item, parameter, operation):
        yield item.arn
    for form in forms:
        if (member := item.string(form)) and not _names_another(item, parameter, member, operation):
            # A recovery point has the ResourceArn of what was saved; its tags are its own.
            ambiguous = is_about_tags(operation) and form in _GENERIC_IDENTIFIERS
            if not ambiguous or member == item.arn or item.is_own(member):
                yield member
        if member := _argument_by_noun(item, form, text):
            yield member
        if item.arn and takes_own_arn(item, parameter, operation):
            yield item.arn
        if (
            form == "resourceid"
            and not _is_for_other_resources(text, item, operation)
            and (member := _own_id(item))
        ):
            yield member
        if member := item.string(f"default{form}"):
            yield member


def _names_another(
    item: Identity, parameter: str, member: IndexedMember, operation: ReadOperation
) -> bool:
    """Whether a parameter that is called only ``Name``, ``Id`` or ``Arn`` is for another kind of resource
    than the item, whose ``member`` is called so as well: the operation has none of the item's nouns."""
    if member.folded_name not in _ARGUMENT_ENDINGS or is_about_tags(operation):
        return False
    text = operation.words_of(parameter)
    documented = bool(text) and text == member.words
    return not documented and not any(noun in operation.folded_noun for noun in item.own_nouns)


def value_names(operation: ReadOperation, parameter: str) -> tuple[str, ...]:
    """Return the folded names of one value of a parameter: its own, singular if it is a list."""
    name = folded(parameter)
    return singular(name) if parameter in operation.lists else (name,)


def requires_own_arn(item: Identity, parameter: str, operation: ReadOperation) -> bool:
    """Whether a parameter for the item is documented to take ARNs only, in some cases at least. If it takes
    ARNs at all, the same parameter of an operation for a part of the item ("TrailStatus") may say so."""
    forms = value_names(operation, parameter)
    if not any(_resource_of(form) in (*item.nouns, "") for form in forms):
        return False
    texts = [operation.words_of(parameter)]
    if takes_arns(texts[0]):
        texts += [
            other.words_of(parameter)
            for other in item.index.operations.values()
            if other.folded_noun.startswith(operation.folded_noun)
        ]
    return any(_documents_arns_only(text, item) for text in texts)


def _documents_arns_only(text: str, item: Identity) -> bool:
    # "For using this parameter with Amazon S3 on Outposts, …"
    elsewhere = "outposts" in text and "outposts" not in folded(item.table)
    return _REQUIRES_ARN.search(text) is not None and not elsewhere


def _resource_of(form: str) -> str:
    """Return what a parameter identifies: "trail" for ``trailname``, "" for ``name``."""
    ending = next((end for end in _ARGUMENT_ENDINGS if form.endswith(end)), "")
    return form.removesuffix(ending)


def _argument_by_noun(item: Identity, form: str, text: str) -> IndexedMember | None:
    """Return the member that identifies the item if a parameter is named after the item."""
    for noun in sorted(item.nouns, key=lambda noun: (-len(noun), noun)):
        endings: tuple[str, ...] = _ENDINGS_OF_A_BARE_NOUN if form == noun else ()
        if form.startswith(noun) and form.removeprefix(noun) in _ARGUMENT_ENDINGS:
            endings = (form.removeprefix(noun),)
        for ending in endings:
            # The bare ``Id`` of a part is not that of what it is a part of.
            for name in (noun + ending, ending) if noun in item.own_nouns else (noun + ending,):
                if member := item.string(name):
                    return member
        # "The ARN or name of the secret."
        if endings and item.arn and takes_arns(text):
            return item.arn
    return None


def _own_id(item: Identity) -> IndexedMember | None:
    """Return the id of the item: ``Id``, the id that has a name of the item, or the only one that
    has the end of such a name, as a maintenance window's ``WindowId``."""
    for name in ("id", *(f"{noun}id" for noun in sorted(item.own_nouns))):
        if member := item.string(name):
            return member
    stems = [name.removesuffix("id") for name in item.members if name.endswith("id")]
    matching = [stem for stem in stems if ends_a_noun(stem, item.own_nouns)]
    return item.string(f"{matching[0]}id") if len(matching) == 1 else None


def takes_own_arn(item: Identity, parameter: str, operation: ReadOperation) -> bool:
    """Whether a parameter takes the ARN of any kind of resource, the item's included."""
    if parameter not in operation.parameters:
        return False
    text = operation.words_of(parameter)
    if is_about_tags(operation) and not lists_tags_of(item, operation):
        return False
    generic = any(
        form in _ARN_PARAMETERS or (form in _RESOURCE_PARAMETERS and takes_arns(text))
        for form in value_names(operation, parameter)
    )
    return generic and not _is_for_other_resources(text, item, operation)


def refusing_parameter(item: Identity, operation: ReadOperation) -> str:
    """Return the parameter that would take the ARN of the item if its pattern did not exclude it, or ""."""
    for parameter in operation.required:
        if item.arn and takes_own_arn(item, parameter, operation):
            pattern = operation.parameters[parameter].pattern
            if not overlap(pattern, item.pattern_of(item.arn)):
                return parameter
    return ""


def parameter_for_others(item: Identity, operation: ReadOperation) -> str:
    """Return the parameter of an operation about tags that takes resources of other kinds than the item only,
    by its documentation, or ""."""
    for parameter in operation.required_strings:
        forms = value_names(operation, parameter)
        if not (_ARN_PARAMETERS | _RESOURCE_PARAMETERS).isdisjoint(forms):
            text = operation.words_of(parameter)
            if lists_tags_of(item, operation) and _is_for_other_resources(text, item, operation):
                return parameter
    return ""


def documented_kinds(text: str) -> str:
    """Return the sentence in the documentation of a parameter that says which resources it takes."""
    sentences = re.split(r"(?<=[a-z)])\. ", text)
    found = [sentence for sentence in sentences if _NAMES_ALL_KINDS.search(words(sentence))]
    return (found or sentences)[0].removesuffix(".")


def takes_built_arn(
    item: Identity, built: DerivedColumn, parameter: str, operation: ReadOperation
) -> bool:
    """Whether a parameter takes the ARN of the item that ``built`` makes."""
    if built.parameters:
        return False  # Enrichments are called with what the item has.
    return takes_own_arn(item, parameter, operation) and overlap(
        operation.parameters[parameter].pattern, pattern_of_format(built.format)
    )


def takes_arns(text: str) -> bool:
    """Whether documentation, as `words` returns it, mentions ARNs (rather than learning more)."""
    return "arn" in text.replace("learn", "") or "amazonresourcename" in text


def _is_for_other_resources(text: str, item: Identity, operation: ReadOperation) -> bool:
    """Whether an operation lists the tags of other kinds of resources: "The ARN of the topic"."""
    text = text.replace("amazonresourcename", "")
    nouns = item.own_nouns if _NAMES_ALL_KINDS.search(text) else ("resource", *item.own_nouns)
    return is_about_tags(operation) and bool(text) and not any(noun in text for noun in nouns)


def lists_tags_of(item: Identity, operation: ReadOperation) -> bool:
    """Whether an operation about tags may be for the item: its name mentions no other resource, and
    the item can have tags. ``ListUserTags`` is for users, although access keys have user names."""
    resource = tagged_noun(operation)
    named = resource in ("", "resource", "resources") or any(
        resource in (noun, *singular(noun)) or noun.endswith(resource) for noun in item.own_nouns
    )
    return named and item.may_have_tags


def _is_of_another(item: Identity, parameter: str, operation: ReadOperation) -> bool:
    """Whether a parameter of an operation about tags is the id, name or ARN of another kind of resource:
    a grant has the ``KeyId`` of its key, whose tags are not those of the grant."""
    resources = set(map(_resource_of, value_names(operation, parameter)))
    if not resources.isdisjoint(("", "resource", *item.own_nouns)):
        return False
    forms = value_names(operation, parameter)
    return all(form.endswith(_ARGUMENT_ENDINGS) for form in forms) and not any(
        ends_a_noun(resource, item.own_nouns) for resource in resources
    )


def inclusion_parameters(
    operation: ReadOperation, members: Iterable[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the constants without which a response of ``operation`` would lack some of ``members``.

    These are the values of an optional list "include" that have the members' names (ecs: TAGS,
    SETTINGS), and the value for all keys if members are keys of a map (sqs: All).
    """
    members = tuple(members)
    member_names = set(map(folded, members))
    keys = {at_key[1] for at_key in map(map_key, members) if at_key}
    for parameter in operation.lists:
        if parameter in operation.required:
            continue
        values = operation.values_of(parameter)
        if ALL_KEYS in values and not keys.isdisjoint(values):
            yield parameter, (ALL_KEYS,)
        included = tuple(
            value for value in values if member_names.intersection(singular(words(value)))
        )
        if included and folded(parameter) == "include":
            yield parameter, included


def _written(member: IndexedMember, parameter: str, operation: ReadOperation) -> str:
    """Write an argument for the lock: the member, or its ``basename`` if it holds a path and the
    parameter takes the id alone."""
    indexed = operation.parameters.get(parameter)
    if member.holds_path and not (indexed and indexed.takes_path):
        return basename(member.name)
    return member.name


def is_about_tags(operation: ReadOperation) -> bool:
    """Whether the operation lists tags."""
    return "Tag" in operation.noun
