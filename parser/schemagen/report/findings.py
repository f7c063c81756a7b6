"""Format the findings of a comparison for pull requests: Markdown, GitHub's annotations, and SARIF."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import quote

from schemagen.diagnostics import printable
from schemagen.evolution.sources import Place
from schemagen.evolution.verdicts import Finding
from schemagen.report import markdown as formats
from schemagen.report.github import annotation
from schemagen.report.repository import Checkout
from schemagen.rules.registry import CONSUMERS, PARTS, VERDICTS, Consumer, Part, Rule, Verdict

_TITLES: Final[dict[Verdict, str]] = {
    "breaking": "Breaking",
    "warning": "Warnings",
    "safe": "Safe",
}
_GITHUB: Final[dict[Verdict, str]] = {"breaking": "error", "warning": "warning", "safe": "notice"}
_SARIF: Final[dict[Verdict, str]] = {"breaking": "error", "warning": "warning", "safe": "note"}


def worst_first(
    findings: Iterable[Finding], consumers: Collection[Consumer] = CONSUMERS
) -> list[Finding]:
    """Sort findings by their worst verdict for ``consumers``, and otherwise leave them in their order."""
    return sorted(findings, key=lambda found: -VERDICTS.index(found.verdict(consumers)))


def message(finding: Finding) -> str:
    """Return the sentence of a finding with all its characters printable."""
    return printable(finding.sentence)


def _place(finding: Finding) -> Place | None:
    return finding.difference.new or finding.difference.old


# --- Markdown -------------------------------------------------------------------------------------


MAX_MARKDOWN = 60_000
"""The characters of a comment: GitHub refuses more than 65,536."""


def markdown(
    findings: Sequence[Finding], old: str, new: str, consumers: Collection[Consumer] = CONSUMERS
) -> str:
    """Format findings for a comment; ``old`` and ``new`` are the labels of what is compared.

    What breaks comes first. Of very many findings, the last ones are only counted.
    """
    labels = [formats.as_code(printable(label)) for label in (old, new)]
    lines = [f"## Changes from {' to '.join(labels)}\n"]
    counts = [
        counted(len(group), verdict) for verdict, group in _groups(findings, consumers) if group
    ]
    lines.append(f"{', '.join(counts)}\n" if counts else "No changes.\n")
    left = MAX_MARKDOWN - len(lines[0])
    for verdict, group in _groups(findings, consumers):
        if group:
            text, left = _markdown_group(verdict, group, consumers, left)
            lines.append(text)
    return "\n".join(lines)


def _markdown_group(
    verdict: Verdict, findings: Sequence[Finding], consumers: Collection[Consumer], left: int
) -> tuple[str, int]:
    """Format the findings of a verdict with up to ``left`` characters; return the text, and what is left."""
    breaking = verdict == "breaking"
    headings = ("change", "rule", *(("breaks",) if breaking else ()), "place")
    rows: list[tuple[str, ...]] = []
    for finding in findings:
        row = _row(finding, consumers, breaking=breaking)
        left -= len(formats.row(row, [heading != "breaks" for heading in headings]))
        if left < 0:
            break
        rows.append(row)
    table = f"{formats.table(headings, rows, words=('breaks',))}\n" if rows else ""
    more = len(findings) - len(rows)
    cut = f"… and {more} more\n" if more else ""
    return f"### {_TITLES[verdict]}\n\n{table}{cut}".rstrip("\n") + "\n", left


def counted(count: int, verdict: Verdict) -> str:
    """Say how many findings have a verdict. Of the verdicts, only "warning" is a noun."""
    return f"{count} {verdict}{'s' if verdict == 'warning' and count > 1 else ''}"


def _groups(
    findings: Iterable[Finding], consumers: Collection[Consumer]
) -> list[tuple[Verdict, list[Finding]]]:
    listed = list(findings)
    return [
        (verdict, [found for found in listed if found.verdict(consumers) == verdict])
        for verdict in reversed(VERDICTS)
    ]


def _row(finding: Finding, consumers: Collection[Consumer], *, breaking: bool) -> tuple[str, ...]:
    place = printable(str(_place(finding) or ""))
    broken = (", ".join(finding.broken(consumers)),) if breaking else ()
    return (message(finding), finding.rule.id, *broken, place)


# --- the changelog --------------------------------------------------------------------------------

_PARTS: Final[dict[Part, str]] = {"major": "Breaking", "minor": "Changed", "patch": "Other"}


def changelog_section(version: str, findings: Sequence[Finding]) -> str:
    """Format the section of a version in the changelog of the package, in Markdown."""
    lines = [f"## {version}\n"]
    for part in reversed(PARTS):
        chosen = [finding for finding in findings if finding.part == part]
        if chosen:
            lines += [f"\n### {_PARTS[part]}\n\n", *map(_entry, chosen)]
    return "".join(lines)


def _entry(finding: Finding) -> str:
    # Text of pages is code, so that none of it is markup.
    broken = finding.broken()
    whom = f", which breaks {', '.join(broken)}" if broken else ""
    return f"- {formats.as_code(message(finding))}{whom}\n"


# --- GitHub ---------------------------------------------------------------------------------------


def github(
    findings: Iterable[Finding],
    consumers: Collection[Consumer] = CONSUMERS,
    checkout: Checkout | None = None,
) -> str:
    """Format findings as workflow commands, the worst first: GitHub shows ten of each level.

    Paths are relative to the repository of ``checkout``, or to the project.
    """
    return "".join(
        f"{_annotation(finding, consumers, checkout)}\n"
        for finding in worst_first(findings, consumers)
    )


def _annotation(
    finding: Finding, consumers: Collection[Consumer], checkout: Checkout | None
) -> str:
    broken = finding.broken(consumers)
    text = message(finding) + (f" (breaks {', '.join(broken)})" if broken else "")
    level = _GITHUB[finding.verdict(consumers)]
    place = _place(finding)
    if place is None:
        return annotation(level, text, "", title=finding.rule.id)
    path = _path(place, checkout)
    return annotation(level, text, path, line=str(place.line), title=finding.rule.id)


def _path(place: Place, checkout: Checkout | None) -> str:
    return checkout.path(place.path) if checkout else place.path


# --- SARIF ----------------------------------------------------------------------------------------

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def sarif(
    findings: Sequence[Finding],
    consumers: Collection[Consumer] = CONSUMERS,
    checkout: Checkout | None = None,
) -> str:
    """Format findings as a log in SARIF 2.1.0, the format of code scanning. Paths are relative to the
    repository of ``checkout``, or to the project."""
    known = list({finding.rule.id: finding.rule for finding in findings}.values())
    indexes = {rule.id: index for index, rule in enumerate(known)}
    run = {
        "tool": {"driver": {"name": "schemagen", "rules": [_sarif_rule(rule) for rule in known]}},
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(found, indexes[found.rule.id], consumers, checkout) for found in findings
        ],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2) + "\n"


def _sarif_rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.sentence},
        "fullDescription": {"text": f"{rule.sentence} {rule.why}".rstrip()},
        "defaultConfiguration": {"level": _SARIF[_worst(rule)]},
        "properties": {"verdicts": dict(rule.verdicts), "version": rule.version},
    }


def _worst(rule: Rule) -> Verdict:
    return max(rule.verdicts.values(), key=VERDICTS.index)


def _result(
    finding: Finding, index: int, consumers: Collection[Consumer], checkout: Checkout | None
) -> dict[str, Any]:
    difference = finding.difference
    parts = [finding.rule.id, difference.table, difference.column, difference.member]
    result: dict[str, Any] = {
        "ruleId": finding.rule.id,
        "ruleIndex": index,
        "level": _SARIF[finding.verdict(consumers)],
        "message": {"text": message(finding)},
        "partialFingerprints": {
            "difference/v1": blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()
        },
        "properties": {"verdicts": dict(finding.verdicts)},
    }
    location: dict[str, Any] = {}
    place = _place(finding)
    if place is not None and place.path:
        location["physicalLocation"] = _physical(place, checkout)
    if difference.subject:
        location["logicalLocations"] = [{"fullyQualifiedName": difference.subject}]
    if location:
        result["locations"] = [location]
    old = difference.old
    if old is not None and old.path and old is not place:
        text = f"before, in {old.origin}" if old.origin else "before"
        related = {
            "physicalLocation": _physical(old, checkout),
            "message": {"text": printable(text)},
        }
        result["relatedLocations"] = [related]
    return result


def _physical(place: Place, checkout: Checkout | None) -> dict[str, Any]:
    path = _path(place, checkout)
    # Paths have slashes on every system; a drive of Windows has none before it.
    absolute = path.startswith("/") or path[1:2] == ":"
    uri = quote(path, safe="/:" if absolute else "/")
    if absolute:
        artifact = {"uri": f"file:///{uri.lstrip('/')}"}
    else:
        artifact = {"uri": uri, "uriBaseId": "%SRCROOT%"}
    return {"artifactLocation": artifact, "region": {"startLine": place.line}}
