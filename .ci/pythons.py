"""Find the interpreters that the tests run with besides the one of this process.

Usage: .venv/bin/python .ci/pythons.py CODE

Prints a line ``VERSION PATH`` for each Python version that pyproject.toml's classifiers promise,
except the version of this process, and says on stderr what was found for every promised version.
CODE is Python source that an interpreter must run with exit status 0 to be usable.

A version is on a machine when it can be seen there: as a name on PATH (``python3.12``), in pyenv's
folder of versions, or by uv. It may be seen and yet not be usable: a name on PATH may be a shim for
a version that is not selected, a version's folder may be damaged, Debian ships ensurepip apart.
So "a machine that has two" is one where two can be seen. It fails when fewer than two of them are
usable, as that is a broken set-up and not a machine with a single Python; the latter passes.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OWN = f"{sys.version_info.major}.{sys.version_info.minor}"
PROBE = "import sys; print('%d.%d' % sys.version_info[:2], sys.executable)"


def promised() -> list[str]:
    """Return the minor versions that pyproject.toml's classifiers name, in their order."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    pattern = re.compile(r"Programming Language :: Python :: (3\.\d+)")
    matches = map(pattern.fullmatch, project["classifiers"])
    return [match[1] for match in matches if match]


def run(*command: str) -> tuple[str | None, str]:
    """Return what a command prints on stdout, None if it fails, and the reason for the failure."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except OSError as error:  # damaged, or for another processor
        return None, str(error)
    if done.returncode != 0:
        return None, " ".join(done.stderr.split()) or f"exit status {done.returncode}"
    return done.stdout.strip(), ""


def pyenv_versions() -> Path:
    """Return the folder in which pyenv keeps its versions; there may be none at that path."""
    root = os.environ.get("PYENV_ROOT") or (shutil.which("pyenv") and run("pyenv", "root")[0])
    return Path(root or "~/.pyenv").expanduser() / "versions"


def candidates(version: str) -> Iterator[str]:
    """Yield every path at which ``version`` can be seen, the preferred first."""
    for folder in os.get_exec_path():
        if path := shutil.which(f"python{version}", path=folder):
            yield path
    installed = [
        (int(match[1]), folder)
        for folder in pyenv_versions().glob(f"{version}.*")
        if (match := re.fullmatch(rf"{re.escape(version)}\.(\d+)", folder.name))
    ]
    for _, folder in sorted(installed, reverse=True):
        yield str(folder / "bin" / "python")
    if shutil.which("uv"):
        # Only those that uv installed: PATH was read above, and uv stops at a broken shim there.
        find = ("uv", "python", "find", "--managed-python", "--no-python-downloads", version)
        if path := run(*find)[0]:
            yield path


def examine(path: str, version: str, code: str) -> tuple[str | None, str]:
    """Return the interpreter's own path if it has ``version`` and runs ``code``; else why not."""
    printed, reason = run(path, "-c", PROBE)
    if printed is None:
        return None, reason
    found, _, executable = printed.partition(" ")
    if found != version:
        return None, f"is Python {found}"
    printed, reason = run(path, "-c", code)
    return (None, reason) if printed is None else (executable, "")


def main(code: str) -> int:
    """Print the other interpreters; return 1 if two versions can be seen but not used."""
    seen = 0
    found: dict[str, str] = {}
    for version in promised():
        if version == OWN:
            seen += 1
            found[version] = sys.executable
            print(f"Python {version}: the one of {sys.prefix}", file=sys.stderr)
            continue
        paths = list(dict.fromkeys(candidates(version)))
        seen += bool(paths)
        reasons: list[str] = []
        interpreter = None
        for path in paths:
            interpreter, reason = examine(path, version, code)
            if interpreter:
                break
            reasons.append(f"  {path}: {reason}")
        if interpreter:
            found[version] = interpreter
            print(f"{version} {interpreter}")
            print(f"Python {version}: {interpreter}", file=sys.stderr)
        elif paths:
            print(f"Python {version}: found, but not usable:", *reasons, sep="\n", file=sys.stderr)
        else:
            print(f"Python {version}: not on this machine", file=sys.stderr)
    if len(found) < 2 <= seen:
        print(
            f"{seen} of the promised Pythons are on this machine, but {len(found)} can be used: "
            "repair or remove the others",
            file=sys.stderr,
        )
        return 1
    if len(found) < 2:
        print("No second Python to test with is on this machine.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
