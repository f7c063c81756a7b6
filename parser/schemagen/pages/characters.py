"""Characters that no documentation needs: each becomes U+FFFD where a page's text is read.

They are the control characters of ASCII, which databases, terminals and XML refuse; lone
surrogates, which are no characters; and the controls of Unicode's bidirectional algorithm, which
make text look like something else (https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing).
The controls U+0080 to U+009F stay: text that was broken before it reached the page holds them.

Text enters in three ways, and each goes through `clean`: lines of a page, entities in its prose, and
escapes in its front matter.
"""

from __future__ import annotations

import re

LOST = "\ufffd"
_SPACE = "\t\n\v\f\r"
_BIDIRECTIONAL = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"

_UNWANTED = re.compile(rf"[\0-\x08\x0e-\x1f\x7f\ud800-\udfff{_BIDIRECTIONAL}]")
# A line's end in a name is a line's end in whatever shows the name.
_NOT_IN_NAMES = re.compile(rf"[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff{_BIDIRECTIONAL}{LOST}]")


def clean(text: str) -> str:
    """``text`` with U+FFFD for each unwanted character: as long as before, so places stay true."""
    return text if text.isascii() and text.isprintable() else _UNWANTED.sub(LOST, text)


def wrong_in_name(name: str) -> int | None:
    """Where ``name``, cleaned or not, has a character that a name cannot have; None for a good
    name. In a name nothing is replaced: another name would be a guess."""
    found = _NOT_IN_NAMES.search(name)
    return found.start() if found else None


def in_name(character: str) -> str:
    """What is wrong with a name that has ``character``."""
    return f"contains U+{ord(character):04X}, which is not allowed in names"
