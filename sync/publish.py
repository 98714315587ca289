"""Show the readers the new site, whole or not at all, and go back to an older one when it is wrong."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sync.model import DeclarationError
from sync.settings import FILE, Settings
from sync.targets import Published, Release, Target, Told, open_target


def check(settings: Settings, folder: Path) -> None:
    """Look whether the department in *folder* may publish where its settings say; DeclarationError where not."""
    target = open_target(settings, folder)
    if target:
        target.check()


def publish(
    site: Path, moment: datetime, settings: Settings, folder: Path, told: Told = lambda _line: None
) -> Published | None:
    """Publish *site*, the work of *moment*; None where the department keeps its site to itself."""
    target = open_target(settings, folder, told)
    return target.publish(site, moment) if target else None


def releases(settings: Settings, folder: Path) -> list[Release]:
    """What readers see now and what can be gone back to, oldest first."""
    return _named(settings, folder).releases()


def rollback(settings: Settings, folder: Path, to: str | None = None) -> Release:
    """Show readers the release called *to*, or the one that was shown before; the next night publishes over it."""
    return _named(settings, folder).rollback(to)


def _named(settings: Settings, folder: Path) -> Target:
    target = open_target(settings, folder)
    if target is None:
        raise DeclarationError(f"{folder / FILE}: publish.folder: it is not set, so nothing was ever published.")
    return target
