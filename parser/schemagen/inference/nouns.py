"""Nouns in the names of operations and services, and singular forms of plurals."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from schemagen.api_models.index import ReadOperation
from schemagen.names import folded

_TAGGING = re.compile("tagging|tags?(for|of)?")
_VERSIONED = re.compile(r"(\D+)(v\d)")

_VERSION_AT_END = re.compile(r"(.*[^p])v\d")

DESCRIPTIONS = (
    "attributes",
    "configuration",
    "definition",
    "description",
    "detail",
    "details",
    "info",
    "metadata",
    "properties",
    "summary",
)
"""Names, and ends of names, of structures that describe a resource."""

_RESPONSES = ("response", "result", "output")
"""How structures end that are named after a resource."""

VERSION = "version"
"""The end of the names of versions, and what identifies one."""

MIN_LENGTH = 3
"""The length below which the end of a noun says nothing about it."""


def tagged_noun(operation: ReadOperation) -> str:
    """Return the noun of an operation about tags without "tags": ``resource`` for
    ``ListTagsForResource``, ``user`` for ``ListUserTags``, "" for ``GetTags``."""
    return _TAGGING.sub("", operation.folded_noun)


@cache  # A search compares the same nouns thousands of times.
def singular(name: str) -> tuple[str, ...]:
    """Return ``name`` and the words that it could be the plural of (``clusters``, ``clustersv2``)."""
    if versioned := _VERSIONED.fullmatch(name):
        return tuple(form + versioned[2] for form in singular(versioned[1]))
    forms = [name]
    if name.endswith("ies"):
        forms.append(name.removesuffix("ies") + "y")
    if name.endswith(("ses", "xes", "zes", "ches", "shes")):
        stem = name.removesuffix("es")
        forms += [stem, stem + "is"]
    if name.endswith("ices"):
        forms.append(name.removesuffix("ices") + "ex")
    if name.endswith("s"):
        forms.append(name.removesuffix("s"))
    if name.endswith("list"):
        forms.append(name.removesuffix("list"))
    return tuple(forms)


def without_version(name: str) -> str:
    """Return a name without the version at its end: ``networkacl`` for ``networkaclv2``, not ``ip`` for
    ``ipv6``."""
    found = _VERSION_AT_END.fullmatch(name)
    return found[1] if found else name


def is_of_versions(operation: ReadOperation) -> bool:
    """Whether an operation returns versions of a resource."""
    return any(form.endswith(VERSION) for form in singular(operation.folded_noun))


def without_response(structure: str) -> tuple[str, ...]:
    """Return the folded name of the resource that a structure is called after, if it ends as one of a
    response does: Pinpoint's ``ApplicationResponse``."""
    name = folded(structure)
    endings = (ending for ending in _RESPONSES if name.endswith(ending) and name != ending)
    return tuple(map(name.removesuffix, endings))


def without_ending(name: str) -> str:
    """Return the name of a structure's member without what says that it describes something: ``policy``
    for ``policysummary``."""
    ending = next((end for end in DESCRIPTIONS if name.endswith(end) and name != end), "")
    return name.removesuffix(ending)


def ends_a_noun(name: str, nouns: Iterable[str]) -> bool:
    """Whether one of ``nouns`` ends with ``name``: "window" ends "maintenancewindow"."""
    return len(name) >= MIN_LENGTH and any(noun.endswith(name) for noun in nouns)
