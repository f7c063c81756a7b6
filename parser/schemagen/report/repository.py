"""Name files as GitHub does: relative to the top folder of the repository, which may be above the project."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Checkout:
    """A project, which paths are relative to, and the top folder of its repository."""

    project: Path
    top: Path

    def path(self, path: str) -> str:
        """Return a path from the top folder, with slashes. Unchanged if it leads elsewhere, or is ""."""
        if not path:
            return path
        # Either folder may be reached through a link, which git resolves; the file itself may be one, too.
        file = Path(os.path.normpath(Path(os.path.realpath(self.project), path)))
        top = Path(os.path.realpath(self.top))
        if not file.is_relative_to(top):
            # An absolute path is as the user has named it.
            file = Path(os.path.realpath(file.parent), file.name)
        return file.relative_to(top).as_posix() if file.is_relative_to(top) else path
