# Part of schemagen's runtime; `schemagen build` copies it into generated packages.
"""Define what a run tells while it is running."""

from __future__ import annotations

from typing import Protocol

from ..units import Unit
from .report import UnitReport


class Progress(Protocol):
    """Receives the events of a run. All methods may be called by several threads at once."""

    def planned(self, units: int | None) -> None:
        """Learn how many units the run has; None if they are not counted beforehand."""
        ...

    def started(self, unit: Unit) -> None:
        """Learn that reading a unit begins."""
        ...

    def called(self, calls: int = 1) -> None:
        """Learn that so many calls of AWS were answered."""
        ...

    def throttled(self, service: str, region: str) -> None:
        """Learn that a call was refused because there were too many; it will be made again."""
        ...

    def ended(self, report: UnitReport) -> None:
        """Learn that a unit is loaded, or given up."""
        ...

    def note(self, text: str) -> None:
        """Learn something that concerns no unit."""
        ...


class Silent:
    """Reports nothing."""

    def planned(self, units: int | None) -> None:
        """Do nothing."""

    def started(self, unit: Unit) -> None:
        """Do nothing."""

    def called(self, calls: int = 1) -> None:
        """Do nothing."""

    def throttled(self, service: str, region: str) -> None:
        """Do nothing."""

    def ended(self, report: UnitReport) -> None:
        """Do nothing."""

    def note(self, text: str) -> None:
        """Do nothing."""
