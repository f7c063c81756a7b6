"""Replace characters that no documentation needs by U+FFFD, wherever text of a page is read.

These are the control characters of ASCII, which databases, terminals and XML reject; lone surrogates,
which are not characters; and the controls of Unicode's bidirectional algorithm, which make text look
like something else (https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing). The controls
U+0080 to U+009F are kept: they occur in text that was garbled before it reached the page.

Text comes from the lines of a page, entities in its prose, and escapes in its front matter. All three
go through `clean`.
"""

from __future__ import annotations

import re

LOST = "\ufffd"
_SPACE = "\t\n\v\f\r"
_BIDIRECTIONAL = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"

_UNWANTED = re.compile(rf"[\0-\x08\x0e-\x1f\x7f\ud800-\udfff{_BIDIRECTIONAL}]")
# A line break in a name would break a line in whatever shows the name.
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
    "\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000\U00013430-\U0001345f"
)
"""What Unicode calls Default_Ignorable_Code_Point, its annotations, spaces other than the one of ASCII, and
controls and blanks of single scripts: names that differ only in these look the same. It is listed here
because Python's own tables depend on its version."""
_NOT_IN_NAMES = re.compile(
    rf"[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff{_BIDIRECTIONAL}{_INVISIBLE}{LOST}]"
)


def clean(text: str) -> str:
    """Replace each unwanted character of ``text`` by U+FFFD. The length, and so every position, stays."""
    return text if text.isascii() and text.isprintable() else _UNWANTED.sub(LOST, text)


def wrong_in_name(name: str) -> int | None:
    """Return the index of the first character that is not allowed in names, or None.

    ``name`` may be cleaned or not. Nothing is replaced in a name, because that would make up another.
    """
    found = _NOT_IN_NAMES.search(name)
    return found.start() if found else None


def in_name(character: str) -> str:
    """Explain what is wrong with a name that contains ``character``, as the end of a message."""
    return f"contains U+{ord(character):04X}, which is not allowed in names"
