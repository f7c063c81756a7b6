"""Generated models are built when they are first used, where pydantic does that safely."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pydantic
import pytest

from projects import CHECKOUT

RELEASE = tuple(map(int, pydantic.VERSION.split(".")[:2]))

FIRST_USE = """
import pickle, sys
from pathlib import Path
from pydantic import TypeAdapter, ValidationError
from ddsql_schemas.models.aws.sagemaker_trainingjob import SagemakerTrainingjob as Model
from ddsql_schemas.structures.aws.sagemaker.algorithm_specification import AlgorithmSpecification
assert Model.__pydantic_complete__ is (sys.argv[1] == "False"), "at import"
row = {"_key": "k", "algorithm_specification": {"training_image": "i"}}
"""


def python(program: str, *arguments: str, libraries: str = "") -> bytes:
    """Run ``program`` in a new process, which has used no model yet."""
    done = subprocess.run(
        [sys.executable, "-c", FIRST_USE + program, *arguments],
        cwd=CHECKOUT / "generated",
        env={**os.environ, "PYTHONPATH": libraries},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


USES = {
    "validate": "assert Model.model_validate(row).key == 'k'",
    "validate_json": """assert Model.model_validate_json('{"_key": "k"}').key == 'k'""",
    "call": "assert Model(**row).algorithm_specification.training_image == 'i'",
    "construct": "assert Model.model_construct(key='k').model_dump(exclude_unset=True) == {'key': 'k'}",
    "schema": "assert '_key' in Model.model_json_schema()['properties']",
    "adapter": "assert TypeAdapter(list[Model]).validate_python([row])[0].key == 'k'",
    "fields": "assert Model.model_fields['key'].alias == '_key'",
    "signature": "import inspect; Model.model_rebuild(); assert '_key' in str(inspect.signature(Model))",
    "structure": "assert AlgorithmSpecification(training_image='i').model_dump()['training_image'] == 'i'",
    "subclass": "assert type('Mine', (Model,), {}).model_validate(row).key == 'k'",
    "pickle": "assert pickle.loads(pickle.dumps(Model(**row))) == Model(**row)",
    "refuse": """
try:
    Model.model_validate({"_key": "k", "no_column": 1})
except ValueError as error:
    assert "no_column" in str(error)
else:
    raise AssertionError
""",
}


@pytest.mark.parametrize("use", USES.values(), ids=USES.keys())
def test_models_work_whatever_uses_them_first(use: str) -> None:
    """Import builds nothing with a pydantic that is safe to defer; each use builds what it needs."""
    python(use, str(RELEASE >= (2, 14)))


def test_models_can_be_unpickled_before_they_are_used() -> None:
    """A worker process may get a row before it has used the model."""
    given = python("sys.stdout.buffer.write(pickle.dumps(Model(**row)))", str(RELEASE >= (2, 14)))
    python(
        "assert pickle.loads(bytes.fromhex(sys.argv[2])).model_dump(by_alias=True,"
        " exclude_unset=True) == row",
        str(RELEASE >= (2, 14)),
        given.hex(),
    )


THREADS = """
import importlib, pkgutil
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
import ddsql_schemas.structures.aws.sagemaker as structures
sys.setswitchinterval(1e-6)
together = Barrier(8)
def use(model):
    together.wait()
    try:
        return model.model_validate({})
    except ValidationError as error:
        return error  # a member is required
with ThreadPoolExecutor(8) as threads:
    for module in pkgutil.iter_modules(structures.__path__):
        found = importlib.import_module(f"{structures.__name__}.{module.name}")
        for model in vars(found).values():
            if getattr(model, "__module__", "") == found.__name__:
                assert len(set(map(type, threads.map(use, [model] * 8)))) == 1
    together.reset()
    models = [Model] * 8
    assert len(list(threads.map(lambda model: model.model_validate(row), models))) == 8
"""


def test_models_may_be_used_first_by_several_threads() -> None:
    """All threads get a model that is built, none gets an error of pydantic."""
    python(THREADS, str(RELEASE >= (2, 14)))


@pytest.mark.slow
def test_models_are_built_at_import_with_an_older_pydantic(tmp_path: Path) -> None:
    """The oldest release that the package accepts would fail in the threads."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(tmp_path)]
    done = subprocess.run([*pip, "pydantic==2.11.0"], capture_output=True, text=True, check=False)
    if done.returncode and not os.environ.get("CI"):
        pytest.skip("pydantic 2.11.0 cannot be installed: no package index?")
    assert done.returncode == 0, done.stderr
    python(THREADS, "False", libraries=str(tmp_path))
