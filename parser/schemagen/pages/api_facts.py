"""Read the facts about a member of an API page: lines such as ``Type: String`` and ``Required: Yes``."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from schemagen.diagnostics import shown
from schemagen.model.pages import Constraints, DocumentedValue
from schemagen.model.shapes import ListOf, MapOf, Scalar, Shape, StructureRef
from schemagen.pages import prose
from schemagen.typetable import API_SCALARS


class UnreadableFact(ValueError):
    """Raised for a fact that is not in a known form."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(slots=True)
class Facts:
    """The facts about a member: type, whether it is required, values and constraints. ``others`` are lines
    about what the model does not hold, such as lengths in bytes."""

    name: str
    shape: Shape | None = None
    required: bool | None = None
    values: tuple[DocumentedValue, ...] = ()
    constraints: Constraints = field(default_factory=Constraints)
    lists: list[Items] = field(default_factory=list["Items"])
    maps: list[Items] = field(default_factory=list["Items"])
    others: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class Items:
    """How many items a list, or a map, has; and the line that says so."""

    low: int | None
    high: int | None
    line: str


def _read_type(facts: Facts, text: str) -> None:
    shape = read_shape(prose.fold(prose.unescaped(text)))
    if shape is None:
        raise UnreadableFact(
            "SG204",
            f"the type of {shown(facts.name)} is {shown(text)}; expected one such as 'String',"
            " 'Array of strings', or a link to the page of a structure and 'object'",
        )
    facts.shape = shape


def _read_required(facts: Facts, text: str) -> None:
    if text not in ("Yes", "No"):
        raise UnreadableFact("SG207", f"Required must be Yes or No, not {shown(text)}")
    facts.required = text == "Yes"


_IN_BYTES = re.compile(r"(?<=\d) bytes\b")
_CODE_LIST = re.compile(r"(`[^`]*`)(?:\s*\\?\|\s*(`[^`]*`))*")


def _read_values(facts: Facts, text: str) -> None:
    # One code span with all values, or one for each.
    spans = re.findall(r"`([^`]*)`", text) if _CODE_LIST.fullmatch(text) else []
    # Some mirrors escape underscores in code, too.
    words = [prose.unescaped(word.strip()) for span in spans for word in span.split("|")]
    if not words or not all(words):
        raise UnreadableFact(
            "SG207", f"Valid Values must be like '` A | B `', in backticks, not {shown(text)}"
        )
    listed = " | ".join(words)
    facts.values = tuple(
        DocumentedValue(word, wording=f"Valid Values: {listed}") for word in dict.fromkeys(words)
    )


def _read_pattern(facts: Facts, text: str) -> None:
    is_code = len(text) > 1 and text.startswith("`") and text.endswith("`")
    if not is_code:
        raise UnreadableFact("SG207", f"Pattern must be in backticks, not {shown(text)}")
    facts.constraints = replace(facts.constraints, pattern=text.strip("`").strip())


def _read_length(facts: Facts, text: str) -> None:
    characters, in_bytes = _IN_BYTES.subn("", text)
    low, high = _whole_range(characters, "length")
    if in_bytes:
        facts.others.append(f"Length Constraints: {prose.unescaped(text)}")
        return
    facts.constraints = replace(facts.constraints, min_length=low, max_length=high)


def _read_lists(facts: Facts, text: str) -> None:
    low, high = _whole_range(text, "number")
    facts.lists.append(Items(low, high, f"Array Members: {prose.unescaped(text)}"))


def _read_maps(facts: Facts, text: str) -> None:
    low, high = _whole_range(text, "number")
    facts.maps.append(Items(low, high, f"Map Entries: {prose.unescaped(text)}"))


def _read_range(facts: Facts, text: str) -> None:
    low, high = _range(text, "value")
    facts.constraints = replace(facts.constraints, minimum=low, maximum=high)


FACTS: dict[str, Callable[[Facts, str], None]] = {
    "type": _read_type,
    "required": _read_required,
    "valid values": _read_values,
    "pattern": _read_pattern,
    "length constraints": _read_length,
    "array members": _read_lists,
    "map entries": _read_maps,
    "valid range": _read_range,
}
"""The facts that the model holds, by key in lower case. Other lines (``Key Pattern:``) stay in the
description."""

_KEYS = "|".join(FACTS)
TYPE_LINE = re.compile(r"\s*+Type:")
FACT_LINE = re.compile(rf"\s*+(?:(?:Key|Value) )?(?:{_KEYS}):", re.IGNORECASE)
_EMPHASIZED_KEY = re.compile(
    rf"([*_]{{1,3}})((?:(?:Key|Value) )?(?:{_KEYS}))(?::\1|\1:)", re.IGNORECASE
)
_STATED_TYPE = re.compile(r"(?<![\w`-])Type[*_]*:", re.ASCII)


def without_emphasis(line: str) -> str:
    """Return a fact whose key is emphasized (``**Type:** String``) as other pages write it."""
    return _EMPHASIZED_KEY.sub(r"\2:", line, count=1)


def states_type(line: str) -> bool:
    """Whether a line states a type somewhere, though perhaps not in a form that is read."""
    return _STATED_TYPE.search(line) is not None


def split_fact(line: str) -> tuple[str | None, str]:
    """Split a line into the key of `FACTS` and the text after it; the key is None for other lines."""
    key, colon, text = line.partition(":")
    key = key.strip().lower()
    return (key if colon and key in FACTS else None), text.strip()


def read_fact(key: str, facts: Facts, text: str) -> None:
    """Add the fact ``key`` to ``facts``. Raises `UnreadableFact`."""
    FACTS[key](facts, text)


def settle_items(facts: Facts, shape: Shape) -> list[str]:
    """Add how many items a list or a map has to the constraints; return the lines about those within it.

    There is a line for each list of a nested one, the outermost first, but lists without limits have none.
    """
    outer: list[Items] = []
    for kind, found in ((ListOf, facts.lists), (MapOf, facts.maps)):
        if isinstance(shape, kind) and len(found) == _levels(shape, kind):
            outer = found[:1]
    for items in outer:
        facts.constraints = replace(facts.constraints, min_items=items.low, max_items=items.high)
    return [items.line for items in (*facts.maps, *facts.lists) if items not in outer]


def _levels(shape: Shape, kind: type[ListOf] | type[MapOf]) -> int:
    """Return how many lists, or maps, are nested in ``shape``, with itself."""
    match shape:
        case ListOf(inner) | MapOf(inner):
            return isinstance(shape, kind) + _levels(inner, kind)
        case _:
            return 0


# --- numbers --------------------------------------------------------------------------------------

_NUMBER = (
    r"(-?(?:[0-9]{1,3}(?:,[0-9]{3}){1,6}|[0-9]{1,20})(?:\.[0-9]{1,20})?(?:[Ee][+-]?[0-9]{1,3})?)"
)


def _range(text: str, noun: str) -> tuple[float | None, float | None]:
    """Parse ``Minimum length of 1. Maximum length of 63.`` to (1, 63); either may be missing."""
    bare = prose.unescaped(text)
    items = rf"{noun} of {_NUMBER}(?: items?)?\.?"
    if match := re.fullmatch(rf"Fixed {items}", bare, re.IGNORECASE):
        return _number(match[1], text), _number(match[1], text)
    match = re.fullmatch(rf"(?:Minimum {items})?\s*(?:Maximum {items})?", bare, re.IGNORECASE)
    if match is None or not bare:
        raise UnreadableFact(
            "SG207",
            f"expected 'Minimum {noun} of N.', 'Maximum {noun} of N.' or 'Fixed {noun} of N.',"
            f" found {shown(text)}",
        )
    low, high = (None if number is None else _number(number, text) for number in match.groups())
    return low, high


def _whole_range(text: str, noun: str) -> tuple[int | None, int | None]:
    """Parse like `_range`, where both ends must be whole numbers."""
    low, high = _range(text, noun)
    if any(end is not None and end != int(end) for end in (low, high)):
        raise UnreadableFact("SG207", f"expected whole numbers, found {shown(text)}")
    return None if low is None else int(low), None if high is None else int(high)


def _number(number: str, text: str) -> float:
    """Parse a number of ``text``, to an int if it has no fraction: a float would round 2**63 - 1."""
    number = number.replace(",", "")
    if number.lstrip("-").isdigit():
        return int(number)
    if not math.isfinite(value := float(number)):
        raise UnreadableFact("SG207", f"expected finite numbers, found {shown(text)}")
    return value


# --- types ----------------------------------------------------------------------------------------

MAX_NESTING = 8
"""How deep lists and maps may nest."""

_LIST = re.compile(r"arrays? of (?P<element>.+)|(?P<old>.+) list", re.IGNORECASE)
_MAP = re.compile(r"string to (?P<value>.+) maps?", re.IGNORECASE)
_STRUCTURE = re.compile(
    r"\[\s*(?P<ticks>`?)(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P=ticks)\s*\]\([^()\s]*(?:\s+\"[^\"]*\")?\)"
    r"(?: (?:objects?|data types?))?"
)
# Mirrors in plain text have no links.
_UNLINKED = re.compile(r"(?P<name>[A-Z][A-Za-z0-9_]*) (?:objects?|data types?)")
_API_WORDS = {word.lower(): name for word, name in API_SCALARS.items()}


def read_shape(text: str, depth: int = 0) -> Shape | None:
    """Parse a type: ``Array of [Channel](API_Channel.md) objects`` -> ListOf(StructureRef("Channel")).

    Returns None if the text is in no known form, or nests deeper than `MAX_NESTING`.
    """
    if depth == MAX_NESTING:
        return None
    if match := _STRUCTURE.fullmatch(text):
        return StructureRef(match["name"])
    if match := _MAP.fullmatch(text):
        value = read_shape(match["value"].strip(), depth + 1)
        return value and MapOf(value)
    if match := _LIST.fullmatch(text):
        element = read_shape((match["element"] or match["old"]).strip(), depth + 1)
        return element and ListOf(element)
    word = text.lower()
    if name := _API_WORDS.get(word) or _API_WORDS.get(word.removesuffix("s")):
        return Scalar(name)
    match = _UNLINKED.fullmatch(text)
    return StructureRef(match["name"]) if match and not _is_scalar(match["name"]) else None


def _is_scalar(word: str) -> bool:
    """Whether a word is a type itself: "Array of String objects" is no array of structures."""
    return word.lower() in (*_API_WORDS, "array", "list", "map", "structure")
