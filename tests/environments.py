"""Fresh Python environments, and what is built for and installed into them."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import checkouts


def succeed(*command: str | Path, cwd: Path) -> str:
    """What ``command`` prints on stdout. Fails with all of its output where it fails."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**checkouts.ENVIRONMENT, "PIP_NO_INDEX": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def fresh(folder: Path) -> Path:
    """The interpreter of a new environment. It has the libraries of this one on its path, so that
    no index is needed, but nothing that is installed here in editable mode."""
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    paths = {"base": str(folder), "platbase": str(folder)}
    site = Path(sysconfig.get_path("purelib", "venv", paths))
    libraries = dict.fromkeys([sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
    (site / "libraries.pth").write_text("".join(f"{path}\n" for path in libraries))
    return Path(sysconfig.get_path("scripts", "venv", paths)) / "python"


def build(source: Path, out: Path, *options: str) -> Path:
    """The wheel that ``source`` makes, in ``out``."""
    program = (sys.executable, "-m", "build", "--no-isolation", "--outdir")
    succeed(*program, out, *options, source, cwd=out)
    (wheel,) = out.glob("*.whl")
    return wheel


def pip_install(python: Path, what: str | Path) -> None:
    """Install ``what`` for ``python`` as from an index that has its libraries already."""
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--ignore-installed")
    pip = (sys.executable, "-m", "pip", "--python")
    succeed(*pip, python, "install", *options, what, cwd=python.parent)
