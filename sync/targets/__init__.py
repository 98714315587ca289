"""The room of destinations: where readers find the site."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sync.settings import Settings

Told = Callable[[str], None]  # each step as it is done, in words


@dataclass(frozen=True, slots=True)
class Release:
    """One night's site as it was published; *current* is the one that readers see."""

    name: str
    moment: datetime
    current: bool


@dataclass(frozen=True, slots=True)
class Published:
    """What came of publishing: *told* is a line for the night's log."""

    where: str
    release: str
    changed: bool  # False when readers saw this very site already
    note: str = ""  # what readers may notice of the change

    @property
    def told(self) -> str:
        """Where, which release, and what readers may notice."""
        return (
            f"{self.where}, {f'now {self.release}' if self.changed else 'as it was'}{self.note and f' ({self.note})'}"
        )


class Target(Protocol):
    """What a night asks of a place that readers look at. All of it raises ServicebookError with the way out."""

    def check(self) -> None:
        """Look whether a site may go there; nothing is written."""

    def publish(self, site: Path, moment: datetime) -> Published:
        """Show the readers *site*, the work of *moment*; what they saw before stays until the new one is whole."""

    def releases(self) -> list[Release]:
        """What can be gone back to, oldest first."""

    def rollback(self, to: str | None = None) -> Release:
        """Show the release called *to*, or the one that was shown before the current one."""


def open_target(settings: Settings, folder: Path, told: Told = lambda _line: None) -> Target | None:
    """Where the department in *folder* publishes; None where it does not.

    DeclarationError for a place that no site may ever go to, such as the department's own pages.
    """
    if settings.publish.folder is None:
        return None
    from sync.targets.folder import Folder
    from sync.targets.guards import place

    return Folder(place(settings.publish.folder, folder), settings.publish.keep, told=told)
