"""What names are about: operations, services, and plurals as nouns."""

from __future__ import annotations

import re

from schemagen.names import folded, read_noun

_TAGGING = re.compile("tagging|tags?(for|of)?")
_VERSION = re.compile(r"(\D+)(v\d)")


def plain(service: str) -> str:
    """A service's name or alias, folded."""
    return folded(service.replace("-", "").replace(" ", ""))


def noun(operation: str) -> str:
    """The folded noun of a read operation: ``hostedzones`` for ``ListHostedZones``."""
    found = read_noun(operation)
    if found is None:
        raise ValueError(f"{operation} is not a read operation")
    return folded(found)


def tagged(operation: str) -> str:
    """What an operation lists the tags of: that of ``ListTagsForResource`` is ``resource``, of
    ``ListUserTags`` ``user``, and of ``GetTags`` ""."""
    return _TAGGING.sub("", noun(operation))


def singular(name: str) -> tuple[str, ...]:
    """``name``, and the words that it may be the plural of: ``clusters``, ``clustersv2``."""
    if version := _VERSION.fullmatch(name):
        return tuple(form + version[2] for form in singular(version[1]))
    forms = [name]
    if name.endswith("ies"):
        forms.append(name[:-3] + "y")
    if name.endswith(("ses", "xes", "zes", "ches", "shes")):
        forms += [name[:-2], name[:-2] + "is"]
    if name.endswith("ices"):
        forms.append(name[:-4] + "ex")
    if name.endswith("s"):
        forms.append(name[:-1])
    if name.endswith("list"):
        forms.append(name[:-4])
    return tuple(forms)
