"""The version is written into settings files, and every other byte stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemagen.diagnostics import ProblemsFound
from schemagen.settings.version_text import with_version

PYPROJECT = Path("pyproject.toml")
OWN = Path("schemagen.toml")


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            PYPROJECT,
            '[project]\nversion = "0.1.0"\n\n[tool.schemagen]\npackage_version  =  "0.1.0" # ours\n',
            '[project]\nversion = "0.1.0"\n\n[tool.schemagen]\npackage_version  =  "0.2.0" # ours\n',
        ),
        (
            PYPROJECT,
            "[tool.schemagen]\r\npackage_version = '0.1.0'\r\nout = \"x\"\r\n",
            '[tool.schemagen]\r\npackage_version = "0.2.0"\r\nout = "x"\r\n',
        ),
        (
            PYPROJECT,
            '[tool]\nschemagen = { "package_version" = "0.1.0", out = "x" }\n',
            '[tool]\nschemagen = { "package_version" = "0.2.0", out = "x" }\n',
        ),
        (
            PYPROJECT,
            'tool.schemagen.package_version = """0.1.0"""\n',
            'tool.schemagen.package_version = "0.2.0"\n',
        ),
        (
            PYPROJECT,
            '# [tool.schemagen]\n[tool.schemagen] # here\nout = "x"\n[tool.other]\n',
            '# [tool.schemagen]\n[tool.schemagen] # here\npackage_version = "0.2.0"\nout = "x"\n[tool.other]\n',
        ),
        (
            PYPROJECT,
            "[a]\r\n[tool.schemagen]\r\nout = 'x'\r\n",
            "[a]\r\n[tool.schemagen]\r\npackage_version = \"0.2.0\"\r\nout = 'x'\r\n",
        ),
        (PYPROJECT, "[tool.schemagen]", '[tool.schemagen]\npackage_version = "0.2.0"\n'),
        (OWN, "", 'package_version = "0.2.0"\n'),
        (OWN, "out = 'x'", "out = 'x'\npackage_version = \"0.2.0\"\n"),
        (
            OWN,
            "# ours\nout = 'x'\n[types.uuid]\n",
            "# ours\nout = 'x'\npackage_version = \"0.2.0\"\n\n[types.uuid]\n",
        ),
        (
            OWN,
            'package_version = "0.1.0"\n[types.x]\npackage_version = "0.1.0"\n',
            'package_version = "0.2.0"\n[types.x]\npackage_version = "0.1.0"\n',
        ),
    ],
)
def test_with_version_changes_the_version_alone(path: Path, text: str, expected: str) -> None:
    """Comments, spaces, line ends and other keys of the same name stay as they are."""
    assert with_version(path, text, "0.2.0") == expected


@pytest.mark.parametrize(
    "text",
    [
        '[tool]\nschemagen = { out = "x" }\n',
        '[tool.schemagen.types.x]\nrow = "str"\n',
        'tool.schemagen.out = "x"\n',
    ],
)
def test_with_version_refuses_what_it_cannot_change_for_certain(text: str) -> None:
    """Where the setting has no certain place, the message says what to write by hand."""
    with pytest.raises(ProblemsFound) as raised:
        with_version(PYPROJECT, text, "0.2.0")
    [problem] = raised.value.problems
    assert problem.code == "SG302"
    assert problem.message == (
        'the version cannot be written here; set package_version = "0.2.0" by hand'
    )


def test_with_version_is_not_misled_by_strings() -> None:
    """A header inside a string is no header: the file is refused rather than broken."""
    text = "[tool]\nnote = '''\n[tool.schemagen]\n'''\n[tool.schemagen.types.x]\n"
    with pytest.raises(ProblemsFound):
        with_version(PYPROJECT, text, "0.2.0")
