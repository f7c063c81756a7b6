"""schemagen.build.workers: the processes of a build end with it."""

from __future__ import annotations

import gc
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import pytest

from projects import page, pages
from schemagen import api
from schemagen.build import workers
from schemagen.diagnostics import ProblemsFound

TABLES = 240


def wait_until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def children(process: int) -> list[int]:
    """The processes that a process has started."""
    try:
        found = Path(f"/proc/{process}/task/{process}/children").read_text()
    except FileNotFoundError:
        return []
    return [int(child) for child in found.split()]


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_a_build_that_is_ended(tmp_path: Path, how: signal.Signals) -> None:
    """However a build is ended, its processes end at once, so that whoever reads its output sees the
    end, and nothing is written."""
    rows = [f"Name {number} | a{number} | core | json" for number in range(60)]
    project = pages(
        tmp_path,
        {
            f"ddsql/dd/dd.t{number}.dataset.md": page(f"dd.t{number}", *rows)
            for number in range(TABLES)
        },
    )
    build = subprocess.Popen(
        [sys.executable, "-m", "schemagen", "build", "--jobs", "2"],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    wait_until(lambda: len(children(build.pid)) == 2 or build.poll() is not None, "two workers")
    workers = children(build.pid)
    assert len(workers) == 2
    os.kill(build.pid, how)
    started = time.monotonic()
    output, _ = build.communicate(timeout=60)
    # The build would go on for longer.
    assert time.monotonic() - started < 5
    expected = {
        signal.SIGKILL: (-signal.SIGKILL, b""),
        signal.SIGTERM: (143, b"terminated\n"),
    }
    assert (build.returncode, output) == expected[how]
    wait_until(lambda: not any(map(is_running, workers)), "the end of the workers")
    assert not (project / "generated").exists()


@pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere, no process is started for few pages"
)
def test_few_pages_are_rendered_alike_with_and_without_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process that renders models while this one does the rest changes no byte; it has other pages'
    structures, a template of the project, and the files of the last build as this one has."""
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    started: list[int] = []
    pool = workers.pool

    def counted(jobs: int, *arguments: Any) -> Any:
        started.append(jobs)
        return pool(jobs, *arguments)

    monkeypatch.setattr(workers, "pool", counted)
    trees: list[dict[str, bytes]] = []
    for jobs in (1, 2):
        project = pages(
            tmp_path / str(jobs),
            {
                f"ddsql/t{number}.dataset.md": page(
                    f"dd.t{number}", "Name | name | core | string", "Tags | tags | core | json"
                )
                for number in range(4)
            },
        )
        (project / "schemagen.toml").write_text(
            'docs = "docs_src"\n[targets.list]\ntemplate = "t.j2"\npath = "{provider}/{table}.txt"\n'
            'types = { string = "s", json = "j" }\n'
        )
        (project / "t.j2").write_text("{{ table.id }}\n")
        settings = api.settings(project)
        api.build(settings, jobs=jobs)
        changed = project / "docs_src/ddsql/t2.dataset.md"
        changed.write_text(changed.read_text().replace("A made-up", "Another made-up"))
        api.build(settings, jobs=jobs)
        trees.append(
            {
                path.relative_to(settings.out).as_posix(): path.read_bytes()
                for path in settings.out.rglob("*")
                if path.is_file()
            }
        )
    assert started == [1, 1]
    assert trees[0] == trees[1]


@pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere, no process is started for few pages"
)
def test_problems_of_pages_end_the_process_that_renders_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that cannot be read is reported as always, and no process is left."""
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    project = pages(tmp_path, {"ddsql/t.dataset.md": page("dd.t", "Name | name | core | strong")})
    before = set(children(os.getpid()))  # servers of other tests
    with pytest.raises(ProblemsFound, match="strong"):
        api.build(api.settings(project))
    wait_until(lambda: before.issuperset(children(os.getpid())), "the process goes on")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_pool_leaves_nothing_when_its_block_raises() -> None:
    """Its processes end at once, whatever they do, and before the block has ended: a thread that still
    waited for them when Python ends would print a traceback now and then."""
    before = set(threading.enumerate()), set(children(os.getpid()))
    started = time.monotonic()
    with suppress(KeyError), workers.pool(2, nothing) as executor:
        for _ in range(4):
            executor.submit(time.sleep, 600)
        raise KeyError
    assert time.monotonic() - started < 60
    assert before[0].issuperset(threading.enumerate())
    assert before[1].issuperset(children(os.getpid()))


def test_settings_reach_other_processes(tmp_path: Path) -> None:
    """Settings are sent to the processes of a build, those of a project without a settings file, too."""
    pages(tmp_path, {"ddsql/t.dataset.md": page("dd.t", "Name | name | core | string")})
    (tmp_path / "schemagen.toml").unlink()
    settings = api.settings(tmp_path)
    assert pickle.loads(pickle.dumps(settings)) == settings  # noqa: S301 - our own


class Garbage:
    """An object that only the collector of garbage finds."""

    collected: ClassVar[list[int]] = []

    def __init__(self) -> None:
        self.itself = self
        weakref.finalize(self, self.collected.append, 1)


def collect(*_: object) -> int:
    """Collect garbage, and return how much of it there has been in all."""
    gc.collect()
    return len(Garbage.collected)


def test_processes_collect_no_garbage_of_the_one_that_started_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What would be done for it may wait for ever, for a lock of a thread that was not forked."""
    monkeypatch.setattr(Garbage, "collected", [])
    gc.disable()
    try:
        Garbage()
        with workers.pool(1, nothing) as executor:
            assert executor.submit(collect).result(timeout=60) == 0
        assert not gc.isenabled()
    finally:
        gc.enable()
    assert collect() == 1


def nothing() -> None:
    """Do nothing."""
