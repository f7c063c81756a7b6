"""A plugin of pytest: stops each file at its first failure, and reports what passed and failed.

The report goes to the file that `REPORT` names, as JSON: node id of a test -> whether it passed. With
`EVERY_TEST`, the files are run to their ends.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

REPORT = "SCHEMAGEN_BROKEN_REPORT"
EVERY_TEST = "SCHEMAGEN_BROKEN_EVERY_TEST"

_passed: dict[str, bool] = {}
_failed_files: set[str] = set()


def file_of(test: str) -> str:
    """Return the path in the node id of a test."""
    return test.partition("::")[0]


def pytest_runtest_protocol(item: pytest.Item) -> bool | None:
    """Skip the rest of a file after a failure: True means that the item is done."""
    if file_of(item.nodeid) in _failed_files and EVERY_TEST not in os.environ:
        return True
    return None


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _record(report.nodeid, report.failed, report.skipped)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Count a file that cannot be collected as failed."""
    if report.failed:
        _record(report.nodeid, failed=True, skipped=False)


def pytest_sessionfinish() -> None:
    Path(os.environ[REPORT]).write_text(json.dumps(_passed), encoding="utf-8")


def _record(test: str, failed: bool, skipped: bool) -> None:
    if failed:
        _failed_files.add(file_of(test))
    if not skipped:
        _passed[test] = not failed and _passed.get(test, True)
