"""Extract the documented values of a string from its description, if the wording leaves no doubt.

A wrong value is worse than a missing one, so every rule requires words that announce values. The rules
were measured against the enumerations of botocore's models: see ``tests/pages/test_values.py``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from schemagen.model.pages import DocumentedValue
from schemagen.names import snake_case
from schemagen.pages.prose import Piece, fold

# A value contains no white space, and begins and ends like a word.
_VALUE = r"[A-Za-z0-9](?:[A-Za-z0-9_.:/@+-]*[A-Za-z0-9_+])?"
_WHOLE_VALUE = re.compile(_VALUE)
_CHARACTERS = re.compile(r"[A-Za-z0-9]-[A-Za-z0-9]")  # "A-Z" is a range of characters.

# The words of a sentence right before a list of values.
_ANNOUNCES = re.compile(
    r"\bone of (?:the following|these)\s*:"
    r"|\b(?:following|valid|possible|allowed|supported|available|provides)\b[^.]*?"
    r"\b(?:values|status(?:es)?|states?|types|modes|options)\b"
    r"|\b(?:values|statuses|states)\b[^.]*?\b(?:are|include)\b",
    re.IGNORECASE,
)
# "The current state of the table:" announces the values of ``table_status``.
_STATE = re.compile(r"\b(?:status(?:es)?|states?)\b", re.IGNORECASE)
# A list after one of these words may be of something else: parts of the value, or values that apply
# only in some cases.
_SOMETHING_ELSE = re.compile(
    r"\b(?:example|examples|e\.g|such as|might see|if|when|where|cannot|can't"
    r"|action|attributes|elements|fields|keys|members|parameters|parameter values|properties)\b",
    re.IGNORECASE,
)
# "Valid values for ddd are:" is about a part of the value, unless the word is the name itself.
_PART = re.compile(r"\bvalues for (?!this\b|the\b)(\w+) (?:are|is|include)\b", re.IGNORECASE)
_NO_LONGER = re.compile(r"\bno longer\b", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'`])")
# A dash may have been garbled: UTF-8 read as Windows-1252 or as ISO 8859-1.
_DASH = "(?:[-\u2013\u2014]|\u00e2(?:\u20ac[\u201c\u201d]|\x80[\x93\x94]))"
_AFTER_VALUE = re.compile(rf"\s*(?:$|(?:{_DASH}|:)\s)")


def read(
    pieces: Sequence[Piece], name: str, known: Collection[str] = ()
) -> tuple[DocumentedValue, ...]:
    """Extract the values that the description of ``name`` documents, in its order.

    ``known`` are values that are certain already: a list of nothing else needs no announcement.
    """
    values: dict[str, DocumentedValue] = {}
    for value in (*_listed(pieces, name, known), *_in_sentences(pieces)):
        values.setdefault(value.value, value)
    return tuple(values.values())


# --- lists ----------------------------------------------------------------------------------------


def _listed(
    pieces: Sequence[Piece], name: str, known: Collection[str]
) -> Iterator[DocumentedValue]:
    announcement = ""
    group: list[Piece] = []
    for piece in pieces:
        if piece.kind == "item" and not (group and piece.depth > group[0].depth):
            if group and piece.depth != group[0].depth:
                yield from _group(group, announcement, name, known)
                group = []
            group.append(piece)
        elif group and piece.depth >= group[0].depth:
            continue
        else:
            yield from _group(group, announcement, name, known)
            group = []
            if piece.kind == "text" and not _is_term(piece):
                announcement = _last_sentence(piece.text)
    yield from _group(group, announcement, name, known)


def _is_term(piece: Piece) -> bool:
    """Whether a line is a single word, such as "Completed" between the lists of an API page."""
    return _WHOLE_VALUE.fullmatch(piece.text) is not None and not piece.text.endswith((".", ":"))


def _last_sentence(text: str) -> str:
    """Return the sentence that may announce a list: the last one, within the last 400 characters."""
    return _SENTENCE_END.split(text[-400:])[-1]


def _group(
    items: Sequence[Piece], announcement: str, name: str, known: Collection[str]
) -> Iterator[DocumentedValue]:
    values = [_item(item) for item in items]
    if not values or None in values:
        return
    # No value at all, as in "`null` - The rule was never locked".
    found = [value for value in values if value is not None and value[0] != "null"]
    items = [
        item for item, value in zip(items, values, strict=True) if value and value[0] != "null"
    ]
    if not all(value in known for value, _ in found):
        if _SOMETHING_ELSE.search(announcement):
            return
        if (part := _PART.search(announcement)) and snake_case(part[1]) != snake_case(name):
            return
        stated = _STATE.search(announcement) and _STATE.search(snake_case(name).replace("_", " "))
        if not (stated or _ANNOUNCES.search(announcement) or _NO_LONGER.search(announcement)):
            return
    deprecated = _NO_LONGER.search(announcement) is not None
    for (value, description), item in zip(found, items, strict=True):
        yield DocumentedValue(value, description, deprecated, item.text)


def _item(item: Piece) -> tuple[str, str] | None:
    """Split an item into value and description; return None if it is not in one of the known forms.

    The forms are ``<code>X</code> - …``, ``<code>X</code>: …`` and ``<code>X</code>`` alone.
    """
    spans = [span for span in item.spans if not span.text.isspace()]
    if item.label or not spans or not spans[0].code:
        return None
    value = fold(spans[0].text).removesuffix(":")
    rest = "".join(span.text for span in spans[1:])
    separator = _AFTER_VALUE.match(rest)
    if separator is None or _WHOLE_VALUE.fullmatch(value) is None:
        return None
    # "`PRE_PROCESSING` - `DISABLED`" is the value of something.
    if rest[separator.end() :].strip() and all(
        span.code or _AFTER_VALUE.fullmatch(span.text) for span in spans
    ):
        return None
    return value, fold(rest[separator.end() :])


# --- sentences ------------------------------------------------------------------------------------

_QUOTED = r"(?:\"([^\"\s]+)\"|'([^'\s]+)'|`([^`\s]+)`|\u201c([^\u201d\s]+)\u201d)"
_BETWEEN = r"(?:\s*(?:,\s*(?:or\s|and\s)?|\||/|\bor\b|\band\b)\s*)"
_QUOTED_LIST = re.compile(rf"{_QUOTED}(?:{_BETWEEN}{_QUOTED})*")
# "`A`, `B` and `C D`" continues with something that is not a value, so the list is not complete.
_GOES_ON = re.compile(rf"{_BETWEEN}[\"'`\u201c]")
_QUOTED_SENTENCE = re.compile(rf"{_QUOTED_LIST.pattern}(?=\s*(?:$|[.;)]))")
_PIPED_LIST = re.compile(rf"{_VALUE}(?: ?\| ?{_VALUE})+(?=\.?\s*$|[.;,)]\s|\s+[A-Z])")
_BARE_LIST = re.compile(
    rf"{_VALUE}(?:, (?!or\b|and\b){_VALUE})*,?(?: (?:or|and)\b)? {_VALUE}(?=\.?\s*$|[.;)]\s)"
)
# Words that say nothing of their form, such as "standard and express". A plural is no value: "Valid
# values are integers and floats".
_WORD = r"[a-z]{2,}(?:[^\Ws]|ss)(?![\w-])"
_WORD_LIST = re.compile(
    rf"{_WORD}(?:, (?!or\b|and\b){_WORD})*,? (?:or|and) {_WORD}(?=\.?\s*$|\.\s)"
)
# "`standard` for queues without an order, and `fifo` for queues with one."
_FOR = rf"(?:{_QUOTED}|({_VALUE})) for [^,.;`\"']+"
_FOR_LIST = re.compile(rf"{_FOR}(?:, (?:(?:and|or) )?{_FOR})+(?=\.?\s*$|[.;]\s)")
_EACH_FOR = re.compile(rf"{_FOR}(?:, (?:(?:and|or) )?)?")
# "It always has the value of `none` there." This adds to other values, and is nothing alone.
_HAS_VALUE = re.compile(rf"\bhas the value (?:of )?{_QUOTED}")
_ANY_QUOTED = re.compile(_QUOTED)
_ANY_VALUE = re.compile(_VALUE)
_NAME = re.compile(r"[a-z]*[^a-z].*")

# "Valid values: ", "The allowed values are ", "Allowed values for this property are: ", "Values: "
_VALUES_ARE = re.compile(
    r"(?:(?:^|(?<=[.;:!?]\s))(?:Valid|Possible|Allowed|Supported|Available"
    r"|The(?:\s+(?:valid|possible|allowed|supported|available))?)?"
    r"|\b(?:valid|possible|allowed|supported|available))"
    r"\s*\b[Vv]alues(?:\s+for\s+this\s+(?:property|field|parameter|attribute))?"
    r"(?:\s*:|\s+are\s*:?|\s+include\s*:?)\s*"
)
# "Can be ", "Constraints: Can be one of the following: ", "This value is either "
_CAN_BE = re.compile(
    r"(?:^|(?<=[.;:!?]\s))"
    r"(?:(?:It|This|(?:This|The)\s+(?:value|status|state|type|mode))\s+(?:can|may|must)\s+be\s+"
    r"|(?:Can|Must|May)\s+be\s+"
    r"|(?:(?:It|(?:This|The)\s+(?:value|status|state|type|mode))\s+)?[Ii]s\s+(?=either|one)"
    r"|(?=Either|One\s+of))"
    r"(?:[Ee]ither\s+|[Oo]ne\s+of(?:\s+the\s+following(?:\s+values)?)?\s*:?\s*)?"
)


def _in_sentences(pieces: Iterable[Piece]) -> Iterator[DocumentedValue]:
    for piece in pieces:
        if piece.kind == "text" and not piece.label:
            yield from _alternatives(piece)


def _alternatives(piece: Piece) -> Iterator[DocumentedValue]:
    text = fold(
        "".join(
            f"`{span.text.strip()}`" if span.code else span.text.replace("`", "'")
            for span in piece.spans
        )
    )
    found: list[DocumentedValue] = []
    for announcement in _VALUES_ARE.finditer(text):
        # "For the mode x, valid values are a and b" is not about every value.
        words = (_WORD_LIST,) if announcement[0].lstrip()[:1].isupper() else ()
        forms = (_FOR_LIST, _QUOTED_LIST, _PIPED_LIST, _BARE_LIST, *words)
        found += _list_at(text, announcement, forms)
    for announcement in _CAN_BE.finditer(text):
        bare = (_BARE_LIST,) if announcement[0].rstrip().endswith("following:") else ()
        found += _list_at(text, announcement, (_FOR_LIST, _QUOTED_SENTENCE, _PIPED_LIST, *bare))
    for match in _HAS_VALUE.finditer(text) if found else ():
        value = "".join(filter(None, match.groups()))
        if _WHOLE_VALUE.fullmatch(value):
            found.append(DocumentedValue(value, wording=match[0].replace("`", "")))
    yield from found


def _list_at(
    text: str, announcement: re.Match[str], forms: Iterable[re.Pattern[str]]
) -> Iterator[DocumentedValue]:
    for form in forms:
        match = form.match(text, announcement.end())
        if match is None:
            continue
        if form is _QUOTED_LIST and _GOES_ON.match(text, match.end()):
            return
        if form is _FOR_LIST:
            values = ["".join(groups) for groups in _EACH_FOR.findall(match[0])]
        elif form in (_QUOTED_LIST, _QUOTED_SENTENCE):
            # American punctuation goes inside the quotes; quotes may be part of the code.
            values = ["".join(groups).strip(".,\"'") for groups in _ANY_QUOTED.findall(match[0])]
        else:
            values = [word for word in _ANY_VALUE.findall(match[0]) if word not in ("or", "and")]
        values = [value for value in values if value != "null"]  # no value at all
        if not all(_WHOLE_VALUE.fullmatch(value) for value in values):
            return
        if any(_CHARACTERS.fullmatch(value) for value in values):
            return
        if form is _BARE_LIST and not all(_NAME.fullmatch(value) for value in values):
            continue
        if len(values) > 1:
            wording = text[announcement.start() : match.end()].replace("`", "")
            yield from (DocumentedValue(value, wording=wording) for value in values)
        return
