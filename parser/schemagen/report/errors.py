"""Format error codes, for ``schemagen explain CODE`` and for docs/errors.md."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from schemagen.diagnostics import ErrorCode, Example, printable

TEXT_WIDTH = 88  # of wrapped paragraphs; a terminal may be wider
INDENT = "  "


def listing(codes: Iterable[ErrorCode]) -> str:
    """Format one line per code: the code and its name."""
    return "".join(f"{code.code} {code.name}\n" for code in codes)


def text(code: ErrorCode) -> str:
    """Format meaning, example and remedy for a terminal."""
    return (
        f"{code.code} {code.name}\n\n{_paragraph(code.meaning)}\nExample\n\n"
        f"{textwrap.indent(_example_text(code.example), INDENT)}\nRemedy\n\n"
        f"{textwrap.indent(_paragraph(code.remedy), INDENT)}"
    )


def _example_text(example: Example) -> str:
    blocks = [_paragraph(example.note)] if example.note else []
    blocks += [
        f"{path}\n\n{textwrap.indent(_printable_lines(content), INDENT)}"
        for path, content in example.files.items()
    ]
    return "\n".join([*blocks, _session(example)])


def _session(example: Example) -> str:
    return f"$ {example.command}\n{example.output}\n"


def _paragraph(words: str) -> str:
    wrapped = textwrap.wrap(words, TEXT_WIDTH, break_long_words=False, break_on_hyphens=False)
    return "".join(f"{line}\n" for line in wrapped)


def _printable_lines(content: str) -> str:
    """Escape invisible characters of ``content``, so that none reaches a terminal or page."""
    return "".join(f"{printable(line)}\n" for line in content.split("\n")[:-1])


def to_json(code: ErrorCode) -> dict[str, Any]:
    """Return what ``explain CODE --format json`` prints. Other programs rely on these names."""
    return {
        "code": code.code,
        "name": code.name,
        "meaning": code.meaning,
        "example": {
            "note": code.example.note,
            "files": dict(code.example.files),
            "encoding": code.example.encoding,
            "command": code.example.command,
            "output": code.example.output,
        },
        "remedy": code.remedy,
    }


def markdown(codes: Iterable[ErrorCode]) -> str:
    """Format the reference page of all codes, docs/errors.md."""
    rows = tuple(codes)
    contents = "".join(
        f"| [{row.code}](#{row.code.lower()}-{row.name}) | {row.name} |\n" for row in rows
    )
    return "\n".join(
        [
            "# Errors\n",
            "Every problem is one line, `path:line:column: CODE message`, and all problems of a run are",
            "reported together. `schemagen explain CODE` prints the section of a code in a terminal.\n",
            f"| code | name |\n| --- | --- |\n{contents}",
            "\n".join(line for row in rows for line in _section(row)),
        ]
    )


def _section(code: ErrorCode) -> Iterator[str]:
    example = code.example
    yield f"## {code.code} {code.name}\n\n{code.meaning}\n\n**Example.** {example.note}".rstrip()
    for path, content in example.files.items():
        yield f"\n`{path}`:\n\n{_fence(_printable_lines(content))}"
    yield f"\n{_fence(_session(example))}"
    yield f"\n**Remedy.** {code.remedy}\n"


def _fence(content: str) -> str:
    mark = "````" if "```" in content else "```"
    return f"{mark}text\n{content}{mark}"
