"""schemagen.api: what Python programs may pass, and what they get for a mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from projects import seeds
from schemagen import api

JOB = "aws.sagemaker_trainingjob"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return seeds(tmp_path_factory.mktemp("api"))


def test_settings_accepts_text_and_paths(project: Path) -> None:
    """The folder of a project may be a string or a path."""
    assert api.settings(str(project)) == api.settings(project)
    assert api.settings(project).root == project


@pytest.mark.parametrize("tables", [JOB, [JOB], (JOB,), iter([JOB])])
def test_coverage_accepts_one_id_or_several(project: Path, tables: str) -> None:
    """A single id is not taken for a sequence of letters."""
    found = api.coverage(api.settings(project), tables)
    assert [table.table for table in found.tables] == [JOB]


def test_unknown_ids_are_refused_with_a_hint(project: Path) -> None:
    """Each function that takes ids names the unknown one, and suggests the most similar one."""
    settings = api.settings(project)
    message = f"has the id {JOB[:-1]}; did you mean '{JOB}'\\?$"
    for call in (api.coverage, api.calls, api.bind):
        with pytest.raises(api.UnknownTables, match=message):
            call(settings, JOB[:-1])
