"""SECURITY.md names, for each thing that is defended, the test that shows it."""

from __future__ import annotations

import ast
import re

from projects import CHECKOUT


def test_security_names_tests_that_exist() -> None:
    """Each row of the tables names tests, and all of them exist."""
    text = (CHECKOUT / "SECURITY.md").read_text("utf-8")
    rows = [line for line in text.splitlines() if re.match(r"\| (?!What may|-)", line)]
    assert len(rows) > 15
    for row in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)
        assert named, row
        for path, name in named:
            tree = ast.parse((CHECKOUT / path).read_text("utf-8"))
            assert name in {
                node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
            }, f"{path}::{name}"
