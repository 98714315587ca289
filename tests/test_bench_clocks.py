"""The bench of many rows: what it compares agrees, and it notices where something does not."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from rule_oracle import shipped

from sync.workdays import Workdays
from tests.bench import clocks

ROWS = 2000


@pytest.fixture(scope="module")
def judged():
    """Invented calls, judged by the product and by NumPy."""
    calls, workdays = clocks.invented(ROWS), Workdays(shipped().calendars["office"])
    flags = clocks.by_product(clocks.PROMISES, clocks.tables(calls), workdays).to_native().collect()
    return calls, workdays, flags, clocks.by_numpy(clocks.PROMISES, calls, workdays)


def test_the_product_numpy_and_the_reference_agree(judged):
    calls, workdays, flags, by_numpy = judged
    assert clocks.differences(flags, by_numpy) == 0
    wrong, looked = clocks.astray(flags, calls, workdays, 60)
    assert (wrong, looked > 100) == (0, True)


def test_the_rows_have_everything_that_is_compared(judged):
    """Rows in time and late, open ones, unreadable ones, and holds that moved a deadline in both kinds of hours."""
    _, _, flags, by_numpy = judged
    assert set(flags["state"]) >= {"not_judged", "met", "met_late", "overdue"}
    for name in ("elapsed", "working_time"):
        assert (by_numpy[name].held > 0).sum() > ROWS / 50
        assert (by_numpy[name].late > 0).sum() > ROWS / 50


@pytest.mark.parametrize("column", ["state", "due", "late", "held"])
def test_a_row_that_differs_is_counted(judged, column):
    _, _, flags, by_numpy = judged
    values = getattr(by_numpy["elapsed"], column).copy()
    values[7] = {"state": "on_hold", "due": np.datetime64("2031-01-01")}.get(column, 1_234_567)
    assert clocks.differences(flags, by_numpy | {"elapsed": by_numpy["elapsed"]._replace(**{column: values})}) == 1


def test_a_row_that_the_reference_counts_otherwise_is_told(judged):
    calls, workdays, flags, _ = judged
    wrong, looked = clocks.astray(flags.with_columns(held_minutes=flags["held_minutes"] + 10), calls, workdays, 20)
    assert looked / 2 < wrong <= looked


def test_it_prints_its_figures(capsys):
    assert clocks.main(["--rows", "300", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"rows", *clocks.PROMISES, "all", "reference"} == set(found)
    assert found["all"].keys() == {"flags", "differences", "product", "numpy", "ratio"}
    assert found["all"]["flags"] == sum(found[name]["flags"] for name in clocks.PROMISES)
    assert found["all"]["differences"] == found["reference"]["differences"] == 0
