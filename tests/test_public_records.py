"""Real records of a city, with their real dirt: nothing is lost, everything wrong is told.

The whole file goes through in .ci/run (`python -m tests.public_records`); here its first rows and all dirty ones.
"""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests import public_records

ROWS = 4_000

pytestmark = pytest.mark.skipif(not public_records.RECORDS.is_file(), reason="the public records are not here")


def test_every_row_is_accounted_for_and_every_wrong_one_told(tmp_path: Path):
    everything = public_records.records()
    dirty = [row for row in everything[ROWS:] if public_records.backwards([row])]
    rows = [*everything[:ROWS], *dirty, *everything[100:103]]  # three requests stand there twice
    told, code, _, _ = public_records.run(public_records.write(tmp_path, rows), "check")
    assert code == 3
    assert (public_records.backwards(rows), public_records.doubles(rows)) == (84, 6)
    assert list(public_records.faults(told, rows)) == []
