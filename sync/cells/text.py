"""Text, and people's names: everything can be read; who a name is, the staff register says."""

from __future__ import annotations

from sync.cells.gate import Typed, accept
from sync.model import Cell
from sync.schema import Field
from sync.settings import Settings


def text(cell: Typed, _field: Field, _settings: Settings) -> Cell:
    """The cleaned text."""
    return accept(cell.text)
