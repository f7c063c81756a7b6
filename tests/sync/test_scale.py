"""The programs of docs/scale.md for Spark and Ray read the same units."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sync.training_jobs import OWN, TrainingJobs

pytestmark = [pytest.mark.engines, pytest.mark.slow, pytest.mark.xdist_group("heavy_outputs")]

ROOT = Path(__file__).resolve().parents[2]
NAMES = {"eu-west-1": ["a", "b", "c", "d"], "us-east-1": ["e"]}


def program(engine: str) -> str:
    """The program that imports an engine."""
    page = (ROOT / "docs" / "scale.md").read_text("utf-8")
    blocks = [block.partition("```")[0] for block in page.split("```python\n")[1:]]
    (found,) = [block for block in blocks if engine in block]
    return found


@pytest.mark.parametrize(("engine", "lake"), [("pyspark", "spark_lake"), ("ray", "ray_lake")])
def test_units_are_read_by_other_systems(engine: str, lake: str, tmp_path: Path) -> None:
    # Where `make test-engines` runs, they must be there.
    if "SCHEMAGEN_DBT" in os.environ:
        importlib.import_module(engine)
    pytest.importorskip(engine, reason=f"needs {engine}: make test-engines")
    service = TrainingJobs({(OWN, region): names for region, names in NAMES.items()})
    with service.running() as url:
        subprocess.run(
            [sys.executable, "-c", program(engine)],
            cwd=tmp_path,
            check=True,
            timeout=300,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT / "generated"),
                "PYSPARK_PYTHON": sys.executable,
                "AWS_ENDPOINT_URL": url,
                "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
                "AWS_SECRET_ACCESS_KEY": "secret",
                "AWS_DEFAULT_REGION": "us-east-1",
            },
        )
    parquet: Any = importlib.import_module("pyarrow.parquet")
    found: list[dict[str, Any]] = parquet.read_table(tmp_path / lake).to_pylist()
    assert {row["training_job_name"] for row in found} == {"a", "b", "c", "d", "e"}
    assert len(found) == 5
