"""Decide whether a text can match two of an API's patterns.

Patterns are regular expressions of several dialects, for whole texts. What cannot be expressed here
(look-around, back references, Unicode properties) is replaced by something that matches more, so that
patterns only exclude each other if they really do.

No library does this for the patterns of botocore's models. Of 120 pairs that inference compares, interegular
0.3.3 refuses 37 (anchors, look-behind) and needs more than a second for 10; greenery 4.2.3 answers 3. Both
build deterministic automata, which patterns such as ``.{1,2048}`` make large. Here, 882 pairs take 0.7
seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

_OTHER = 1 << 128
"""Stands for all characters outside ASCII in a set of characters, which is a bit for each."""

_ANY = (_OTHER << 1) - 1
_MAX_COPIES = 64
"""The number of repetitions that are counted; more are any number."""
_MAX_STATES = 6000


def _characters(text: str) -> int:
    return sum({1 << ord(character) for character in text})


def _range(first: str, last: str) -> int:
    found = sum(1 << code for code in range(min(ord(first), 128), min(ord(last), 127) + 1))
    return found | (_OTHER if ord(last) > 127 else 0)


_DIGITS = _range("0", "9")
_WORD = _DIGITS | _range("a", "z") | _range("A", "Z") | _characters("_") | _OTHER
_SPACE = _characters(" \t\n\r\f\v") | _OTHER
_CLASSES = {
    "d": _DIGITS,
    "D": _ANY ^ _DIGITS,
    "w": _WORD,
    "W": _ANY ^ _WORD | _OTHER,
    "s": _SPACE,
    "S": _ANY ^ _SPACE | _OTHER,
}
_CONTROL = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}


_MISSPELT = (("/d{", r"\d{"), ("/d+", r"\d+"))
"""What bedrock-agent's model writes for digits, and what it means."""


class _Unsupported(ValueError):
    """A pattern that is not a regular expression, or too large."""


@dataclass(slots=True)
class _Automaton:
    """A nondeterministic automaton: for each state, the states that follow without a character, and
    those that follow one of a set of characters."""

    silent: list[list[int]] = field(default_factory=list[list[int]])
    steps: list[list[tuple[int, int]]] = field(default_factory=list[list[tuple[int, int]]])

    def state(self) -> int:
        if len(self.silent) >= _MAX_STATES:
            raise _Unsupported("too many states")
        self.silent.append([])
        self.steps.append([])
        return len(self.silent) - 1


# A parsed pattern: a set of characters, a sequence, alternatives, or a repetition.
@dataclass(frozen=True, slots=True)
class _Set:
    characters: int


@dataclass(frozen=True, slots=True)
class _Sequence:
    parts: tuple[_Node, ...]


@dataclass(frozen=True, slots=True)
class _Either:
    alternatives: tuple[_Node, ...]


@dataclass(frozen=True, slots=True)
class _Repeated:
    """``most`` is None if there is no limit."""

    part: _Node
    least: int
    most: int | None


_Node = _Set | _Sequence | _Either | _Repeated

_NOTHING = _Sequence(())
_ANYTHING = _Repeated(_Set(_ANY), 0, None)


@dataclass(slots=True)
class _Parser:
    """Reads a pattern from ``at`` on. ``anchors`` are the anchors that it has found."""

    text: str
    at: int = 0
    anchors: set[str] = field(default_factory=set[str])

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self) -> str:
        character = self.peek()
        if not character:
            raise _Unsupported("the pattern ends too early")
        self.at += 1
        return character

    def skip(self, text: str) -> bool:
        """Pass over ``text`` if it is next."""
        found = self.text.startswith(text, self.at)
        self.at += len(text) if found else 0
        return found

    def either(self) -> _Node:
        alternatives = [self.sequence()]
        while self.skip("|"):
            alternatives.append(self.sequence())
        return alternatives[0] if len(alternatives) == 1 else _Either(tuple(alternatives))

    def sequence(self) -> _Node:
        parts: list[_Node] = []
        while self.peek() not in ("", "|", ")"):
            part = self.part()
            while (limits := self.limits()) is not None:
                part = _Repeated(part, *limits)
            parts.append(part)
        return _Sequence(tuple(parts))

    def part(self) -> _Node:
        character = self.take()
        if character == "(":
            return self.group()
        if character == "[":
            return _Set(self.set())
        if character == ".":
            return _Set(_ANY)
        if character in "^$":
            self.anchors.add(character)
            return _NOTHING
        if character == "\\":
            return self.escaped()
        return _Set(_range(character, character))

    def group(self) -> _Node:
        ignored = False
        if self.skip("?"):
            if self.skip("=") or self.skip("!") or self.skip("<=") or self.skip("<!"):
                ignored = True
            elif self.skip("<") or self.skip("P<"):
                while self.take() != ">":
                    pass
            elif not self.skip(":"):
                raise _Unsupported("a flag")
        inner = self.either()
        if not self.skip(")"):
            raise _Unsupported("a group without an end")
        return _NOTHING if ignored else inner

    def escaped(self) -> _Node:
        if self.peek() in tuple("bBAZz"):
            self.take()
            return _NOTHING
        if self.peek() in tuple("123456789"):
            self.take()
            return _ANYTHING
        return _Set(self.escape())

    def escape(self) -> int:
        """Read what follows a backslash, as a set of characters."""
        character = self.take()
        if character in _CLASSES:
            return _CLASSES[character]
        if character in "pP":
            if self.skip("{"):
                while self.take() != "}":
                    pass
            return _ANY
        if character in "xu":
            digits = self.text[self.at : self.at + (2 if character == "x" else 4)]
            try:
                self.at += len(digits)
                found = chr(int(digits, 16))
            except ValueError:
                return _ANY
            return _range(found, found)
        character = _CONTROL.get(character, character)
        return _range(character, character)

    def set(self) -> int:
        negated = self.skip("^")
        found = 0
        first = True
        while first or self.peek() != "]":
            first = False
            if self.text.startswith(("[:", "&&"), self.at):
                raise _Unsupported("a set of sets")
            found |= self.set_member()
        self.take()
        return _ANY ^ found | _OTHER if negated else found

    def set_member(self) -> int:
        character = self.take()
        characters = self.escape() if character == "\\" else _range(character, character)
        single = characters.bit_count() == 1
        if not single or self.peek() != "-" or self.text[self.at + 1 : self.at + 2] in ("", "]"):
            return characters
        self.take()
        last = self.take()
        end = self.escape() if last == "\\" else _range(last, last)
        if end.bit_count() != 1:
            return characters | end | _characters("-")
        low, high = characters.bit_length() - 1, end.bit_length() - 1
        return sum(1 << code for code in range(low, high + 1))

    def limits(self) -> tuple[int, int | None] | None:
        """Read a quantifier; None if there is none."""
        found: tuple[int, int | None]
        if self.skip("*"):
            found = (0, None)
        elif self.skip("+"):
            found = (1, None)
        elif self.skip("?"):
            found = (0, 1)
        elif self.peek() == "{" and (counts := self.counts()):
            found = counts
        else:
            return None
        if not self.skip("?"):
            self.skip("+")
        return found

    def counts(self) -> tuple[int, int | None] | None:
        end = self.text.find("}", self.at)
        least, comma, most = self.text[self.at + 1 : end].partition(",")
        if end < 0 or not (least or "0").isdecimal() or not (most or "0").isdecimal():
            return None
        self.at = end + 1
        if not comma:
            return int(least or 0), int(least or 0)
        return int(least or 0), int(most) if most else None


def _build(automaton: _Automaton, node: _Node, start: int) -> int:
    """Add ``node`` behind the state ``start``; return the state behind it."""
    if isinstance(node, _Set):
        end = automaton.state()
        automaton.steps[start].append((node.characters, end))
        return end
    if isinstance(node, _Sequence):
        for part in node.parts:
            start = _build(automaton, part, start)
        return start
    if isinstance(node, _Either):
        end = automaton.state()
        for alternative in node.alternatives:
            begin = automaton.state()
            automaton.silent[start].append(begin)
            automaton.silent[_build(automaton, alternative, begin)].append(end)
        return end
    least, most = node.least, node.most
    for _ in range(min(least, _MAX_COPIES)):
        start = _build(automaton, node.part, start)
    if most is None or most > _MAX_COPIES or least > _MAX_COPIES:
        loop = automaton.state()
        automaton.silent[start].append(loop)
        automaton.silent[_build(automaton, node.part, loop)].append(loop)
        return loop
    end = automaton.state()
    automaton.silent[start].append(end)
    for _ in range(most - least):
        start = _build(automaton, node.part, start)
        automaton.silent[start].append(end)
    return end


@cache
def _automaton(pattern: str) -> tuple[_Automaton, int] | None:
    """Return the automaton of a pattern and its last state; None if the pattern is not supported."""
    for wrong, right in _MISSPELT:
        pattern = pattern.replace(wrong, right)
    parser = _Parser(pattern)
    automaton = _Automaton()
    try:
        node = parser.either()
        if parser.at < len(pattern):
            return None
        # Anchored at one end, a pattern says nothing of the other.
        if parser.anchors == {"^"}:
            node = _Sequence((node, _ANYTHING))
        elif parser.anchors == {"$"}:
            node = _Sequence((_ANYTHING, node))
        return automaton, _build(automaton, node, automaton.state())
    except (_Unsupported, RecursionError):
        return None


@cache
def overlap(first: str, second: str) -> bool:
    """Whether some text may match both patterns. An empty pattern matches every text, as does one
    that is not supported."""
    if not first or not second or first == second:
        return True
    one, other = _automaton(first), _automaton(second)
    if one is None or other is None:
        return True
    (left, left_end), (right, right_end) = one, other
    waiting = [(0, 0)]
    seen = set(waiting)
    while waiting:
        a, b = waiting.pop()
        if (a, b) == (left_end, right_end):
            return True
        following = [(state, b) for state in left.silent[a]]
        following += [(a, state) for state in right.silent[b]]
        following += [
            (after_a, after_b)
            for characters, after_a in left.steps[a]
            for others, after_b in right.steps[b]
            if characters & others
        ]
        new = [pair for pair in following if pair not in seen]
        seen.update(new)
        waiting += new
    return False
