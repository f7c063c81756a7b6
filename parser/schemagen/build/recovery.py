"""The folders that schemagen writes to, and what runs that were killed have left in them."""

from __future__ import annotations

from schemagen.build import changes
from schemagen.build.disk import Folder
from schemagen.settings.load import Settings


def output_folder(settings: Settings) -> Folder:
    """Return the folder that `schemagen build` writes."""
    return Folder(settings.out, settings.root, "schemagen build")


def bindings_folder(settings: Settings) -> Folder:
    """Return the folder that `schemagen bind` writes."""
    return Folder(settings.bindings, settings.root, "schemagen bind")


def recover(settings: Settings) -> tuple[str, ...]:
    """Finish or undo the changes of runs that were killed, so that this run starts from whole trees.

    Returns a message for each. Raises `ProblemsFound` with SG502 if a run is still alive, and with SG501
    if that is impossible.
    """
    found = ((folder, changes.recover(folder)) for folder in _folders(settings))
    return tuple(
        f"{settings.display(folder.path)}: an earlier run was interrupted; its changes are {what.value}"
        for folder, what in found
        if what is not None
    )


def interrupted(settings: Settings) -> tuple[str, ...]:
    """Return the paths, as messages show them, of what runs that were killed have left.

    Raises what `recover` raises.
    """
    return tuple(
        settings.display(folder.path / changes.STAGING)
        for folder in _folders(settings)
        if changes.is_interrupted(folder)
    )


def _folders(settings: Settings) -> tuple[Folder, ...]:
    # Builds read lock files.
    return bindings_folder(settings), output_folder(settings)
