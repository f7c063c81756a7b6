"""Format what a check finds, for programs and for GitHub's annotations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from schemagen.build.check import Finding
from schemagen.build.reasons import Explained
from schemagen.diagnostics import Problem, error_codes
from schemagen.report.github import annotation


def to_json(findings: Iterable[Finding] = (), problems: Iterable[Problem] = ()) -> dict[str, Any]:
    """Return what ``build --check --format json`` prints. Other programs rely on these names."""
    return {
        "files": [
            {
                "path": finding.path,
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


def github_annotations(findings: Iterable[Finding] = (), problems: Iterable[Problem] = ()) -> str:
    """Format workflow commands, which GitHub shows beside the lines of a pull request."""
    lines = [
        annotation("error", str(finding), finding.path, title="out of date") for finding in findings
    ]
    lines += [
        annotation(
            "error",
            problem.message,
            problem.path,
            line=str(problem.line),
            col=str(problem.column),
            title=f"{problem.code} {error_codes()[problem.code].name}",
        )
        for problem in problems
    ]
    return "".join(f"{line}\n" for line in lines)
