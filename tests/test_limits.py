"""schemagen.limits: files of strangers are refused with a position, quickly, and never with another error."""

from __future__ import annotations

import time

import pytest

from schemagen.limits import (
    MAX_DEPTH,
    MAX_DIGITS,
    NotReadable,
    depth_exceeds,
    is_text,
    line_column,
    path_fault,
    read_json,
    read_toml,
)

DEEP = f"is nested deeper than {MAX_DEPTH} levels"
LONG = f"has a number of more than {MAX_DIGITS} digits"
NOT_TEXT = "has a string with U+0000 or half a character (a surrogate)"


def refusal(text: str, format: str) -> tuple[int, int, str]:
    """How `read_json` or `read_toml` refuses a text: line, column and message, within seconds."""
    before = time.monotonic()
    with pytest.raises(NotReadable) as raised:
        read_json(text) if format == "json" else read_toml(text)
    assert time.monotonic() - before < 5
    return raised.value.line, raised.value.column, raised.value.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[" * 100_000, (1, MAX_DEPTH + 1, DEEP)),
        ('["[[", ' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "]", (1, 7 + MAX_DEPTH, DEEP)),
        ('{"a":' * 100_000, (1, 5 * MAX_DEPTH + 1, DEEP)),
        ('{\n"a": ' + "9" * 5000 + "}", (2, 6, LONG)),
        ('{"a": -' + "9" * (MAX_DIGITS + 1) + "}", (1, 7, LONG)),
        ("[1, 1e999]", (1, 5, "has a number that no 64-bit float can hold")),
        ("[1,\n NaN]", (2, 2, "is not JSON: NaN is not a number")),
        ("[-Infinity]", (1, 2, "is not JSON: -Infinity is not a number")),
        ('["\\ud83d\\ude00", "\\ud800"]', (1, 3, NOT_TEXT)),
        ('{"a\\u0000": 1}', (1, 4, NOT_TEXT)),
        ('{"a": }', (1, 7, "is not JSON: Expecting value")),
        ("", (1, 1, "is not JSON: Expecting value")),
    ],
)
def test_read_json_refuses_what_no_output_can_hold(
    text: str, expected: tuple[int, int, str]
) -> None:
    """Depth, long numbers, NaN and half characters are refused, with the position of the first."""
    assert refusal(text, "json") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = " + "[" * 2000 + "]" * 2000, (1, 5 + MAX_DEPTH, DEEP)),
        ("a = " + "{a = " * 500 + "1" + "}" * 500, (1, 5 + 5 * MAX_DEPTH, DEEP)),
        (".".join("a" * 20_000) + " = 1", (1, 1, DEEP)),
        ('x = 1\n["' + '"."'.join("a" * 20_000) + '"]', (2, 2, DEEP)),
        ("x = {" + " . ".join("a" * 20_000) + " = 1}", (1, 6, DEEP)),
        ("[" + ".".join("a" * 60) + "]\n" + ".".join("a" * 60) + " = 1", (1, 1, DEEP)),
        ("a = 1\nb = " + "9" * 5000, (2, 5, LONG)),
        ("b = 0x" + "f" * 6000, (1, 5, LONG)),
        ("a = 1\nb = [1 2]", (2, 8, "is not valid TOML: unclosed array")),
        (
            " " * 300_000 + "a",
            (1, 300_002, "is not valid TOML: expected '=' after a key in a key/value pair"),
        ),
    ],
)
def test_read_toml_refuses_what_exceeds_a_limit(text: str, expected: tuple[int, int, str]) -> None:
    """Depth, in brackets or dotted keys, and long numbers are refused before they cost time or memory."""
    assert refusal(text, "toml") == expected


def test_readers_accept_what_keeps_to_the_limits() -> None:
    """What is as deep, as long and as strange as is allowed is read, brackets in strings and comments
    included."""
    depth = MAX_DEPTH - 1
    brackets = "[" * 500
    assert read_json("[" * MAX_DEPTH + "]" * MAX_DEPTH) is not None
    assert read_json(f'["{brackets}", "\\ud83d\\ude00", {"9" * MAX_DIGITS}]') == [
        brackets,
        "\U0001f600",
        int("9" * MAX_DIGITS),
    ]
    dotted = ".".join("a" * 300)
    text = (
        f'# {brackets} {{\na = {"[" * depth}{"]" * depth}\nb = \'{brackets}\'\nc = "\\"{brackets}"\n'
        f'd = """\n{brackets}"""\n[e]\n{".".join("f" * 50)} = 1\ng = "{dotted}."\nh = {"9" * MAX_DIGITS}\n'
    )
    document = read_toml(text)
    assert (document["b"], document["d"], document["e"]["g"]) == (brackets, brackets, f"{dotted}.")


@pytest.mark.parametrize(
    ("text", "offset", "position"),
    [
        ("", 0, (1, 1)),
        ("ab\ncd", 3, (2, 1)),
        ("ab\r\ncd", 4, (2, 1)),
        ("ab\rcd", 4, (2, 2)),
        ("a\r\rb\r\nc", 6, (4, 1)),
        ("a\nb\rc", 5, (3, 2)),
    ],
)
def test_line_column_counts_lines_as_editors_do(
    text: str, offset: int, position: tuple[int, int]
) -> None:
    """LF, CRLF and a lone CR end a line."""
    assert line_column(text, offset) == position


def test_read_json_passes_pairs_to_the_hook() -> None:
    """A hook sees the keys and values of each object, so that a caller notices duplicates."""
    seen: list[list[tuple[str, object]]] = []

    def hook(pairs: list[tuple[str, object]]) -> dict[str, object]:
        seen.append(pairs)
        return dict(pairs)

    assert read_json('{"a": 1, "a": 2}', hook) == {"a": 2}
    assert seen == [[("a", 1), ("a", 2)]]


def test_depth_exceeds_counts_lists_and_objects() -> None:
    """Lists and objects count as levels, scalars do not."""
    assert not depth_exceeds(1, 0)
    assert depth_exceeds([], 0)
    assert not depth_exceeds({"a": ["b"]}, 2)
    assert depth_exceeds({"a": ["b", ["c"]]}, 2)


def test_is_text_refuses_nul_and_surrogates() -> None:
    """A text that files and databases can hold has neither."""
    assert [is_text(text) for text in ("", "a\U0001f600\n", "a\0", "\ud800")] == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("docs_src/a b", ""),
        ("a" * 255, ""),
        ("", "it is empty"),
        ("a\0b", "it contains U+0000"),
        ("a/" + "b" * 256, "a part of it is longer than 255 bytes"),
        ("\u00e9" * 128, "a part of it is longer than 255 bytes"),
        ("a/" * 3000, "it is longer than 4000 bytes"),
        ("a/" * 100, ""),
        ("a/" * 101, "it is nested deeper than 100 folders"),
        ("a\ud800", "it is not Unicode"),
    ],
)
def test_path_fault_explains_what_no_file_can_be_called(path: str, fault: str) -> None:
    """Names that an operating system refuses are found without a system call."""
    assert path_fault(path) == fault
