"""Format what a check finds, for programs and for GitHub's annotations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from schemagen.build.check import Cause, Finding
from schemagen.build.reasons import Explained
from schemagen.diagnostics import Problem, error_codes
from schemagen.report.github import annotation
from schemagen.report.repository import Checkout


def to_json(findings: Iterable[Finding] = (), problems: Iterable[Problem] = ()) -> dict[str, Any]:
    """Return what ``build --check --format json`` prints. Other programs rely on these names."""
    return {
        "files": [
            {
                "path": finding.path,
                "line": finding.line,
                "cause": str(finding.cause),
                "subject": finding.subject or None,
                "diff": finding.diff,
            }
            for finding in findings
        ],
        "problems": [
            {
                "path": problem.path,
                "line": problem.line,
                "column": problem.column,
                "code": problem.code,
                "message": problem.message,
            }
            for problem in problems
        ],
    }


def reasons_to_json(explained: Iterable[Explained]) -> dict[str, Any]:
    """Return what ``build --explain --format json`` prints. Other programs rely on these names."""
    return {
        "files": [
            {
                "path": item.path,
                "outcome": str(item.outcome),
                "cause": str(item.reason.cause),
                "subject": item.reason.subject or None,
            }
            for item in explained
        ]
    }


def remedy(cause: Cause, command: str = "schemagen build") -> str:
    """Say what to do about a file."""
    if cause is Cause.KEPT:
        return "move or delete what was edited by hand"
    return f"run `{command}`"


def github_annotations(
    checkout: Checkout, findings: Iterable[Finding] = (), problems: Iterable[Problem] = ()
) -> str:
    """Format workflow commands, which GitHub shows beside the lines of a pull request."""
    lines = [
        annotation(
            "error",
            f"{finding}; {remedy(finding.cause)}",
            checkout.path(finding.path),
            **({"line": str(finding.line)} if finding.line else {}),
            title="out of date",
        )
        for finding in findings
    ]
    lines += [
        annotation(
            "error",
            problem.message,
            checkout.path(problem.path),
            line=str(problem.line),
            col=str(problem.column),
            title=f"{problem.code} {error_codes()[problem.code].name}",
        )
        for problem in problems
    ]
    return "".join(f"{line}\n" for line in lines)
