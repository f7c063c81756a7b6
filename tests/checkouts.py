"""Clean copies of this checkout as others get it: a repository with all of it committed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from projects import CHECKOUT


def _environment() -> dict[str, str]:
    """Git without a user's settings, also if the tests run in a git hook, which sets GIT_DIR."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    people = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "Test"), ("EMAIL", "test@example.invalid"))
    }
    return {**kept, **people, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


ENVIRONMENT = _environment()


def git(folder: Path, *arguments: str) -> str:
    """What ``git`` with ``arguments`` prints in ``folder``; raises where it fails."""
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


def commit(folder: Path) -> str:
    """Commit all of ``folder``, making it a repository if necessary, and return the commit's id."""
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=Now")
    return git(folder, "rev-parse", "HEAD").strip()


def copy(folder: Path) -> Path:
    """A repository of what git has of the working tree and would have after ``git add --all``."""
    listed = git(CHECKOUT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        source = CHECKOUT / name
        if source.exists():  # else it is deleted, but not committed yet
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    commit(folder)
    return folder
