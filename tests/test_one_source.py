"""One number, one place: what the policy says is what the clock counts, and what every page and paper says."""

import json
import shutil
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from sync.cli import main
from sync.schema import SHIPPED

NOW = "2026-11-22T02:00"
TOML = SHIPPED.parent / "servicebook.toml"
PLACES = {
    "procedures/repair-call.md": ("30 分钟", "15 分钟"),
    "procedures/repair-call.en.md": ("30 minutes", "15 minutes"),
    "forms/repair_call_register.md": ("30 分钟", "15 分钟"),
    "forms/repair_call_register.en.md": ("30 minutes", "15 minutes"),
    "registers/call_register.md": ("30 分钟", "15 分钟"),
    "registers/call_register.en.md": ("30 minutes", "15 minutes"),
    "status/today.md": ("30 分钟", "15 分钟"),
}


def night(folder: Path):
    """The example department's night as JSON."""
    done = CliRunner().invoke(
        main, ["-C", str(folder), "sync", "--demo", "--until", "render", "--json", "--now", NOW], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def nights(tmp_path_factory):
    """The night as shipped, and the same under a policy in which the first reply may take 15 minutes."""
    folder = tmp_path_factory.mktemp("one source")
    shutil.copy(TOML, folder)
    before = night(folder)
    shutil.copytree(folder / "build" / "docs", folder / "before")
    policy = folder / "sheets_schema" / "policy" / "sec.yaml"
    policy.parent.mkdir(parents=True)
    shipped = (SHIPPED / "policy" / "sec.yaml").read_text(encoding="utf-8")
    assert shipped.count("limit: 30 min\n") == 1
    policy.write_text(shipped.replace("limit: 30 min\n", "limit: 15 min\n"), encoding="utf-8")
    return folder, before, night(folder)


def minutes(told):
    """How long the first reply may take, by the clocks that nobody held."""
    return {
        (datetime.fromisoformat(flag["due"]) - datetime.fromisoformat(flag["start"])).seconds / 60
        for flag in told["flags"]
        if flag["promise"] == "first_reply" and flag["due"] and not flag["held_minutes"]
    }


def test_the_clock_counts_what_the_policy_says(nights):
    _, before, after = nights
    assert (minutes(before), minutes(after)) == ({30.0}, {15.0})
    assert after["counts"]["first_reply"].get("met_late", 0) > before["counts"]["first_reply"].get("met_late", 0)


@pytest.mark.parametrize("name", PLACES)
def test_every_page_and_paper_says_it(nights, name):
    folder, _, _ = nights
    old, new = PLACES[name]
    was, now = ((folder / room / name).read_text(encoding="utf-8") for room in ("before", "build/docs"))
    assert old in was
    assert new in now
    assert now.count(new) - was.count(new) >= was.count(old) - now.count(old) > 0


def test_no_procedure_types_the_figure_by_hand(nights):
    """What still says 30 minutes on a procedure is another figure of the trade, which no promise declares."""
    folder, _, _ = nights
    left = [
        line.strip()
        for path in sorted((folder / "build" / "docs" / "procedures").glob("*.md"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if "30 分钟" in line and "回电" in line
    ]
    assert left == []


@pytest.mark.parametrize("book", ["service", "stores"])
def test_a_department_with_one_book_has_a_handbook_too(tmp_path, book):
    """Pages name papers of registers that it does not keep: by what they are called, without a link."""
    settings = TOML.read_text(encoding="utf-8")
    lines = [line for line in settings.splitlines() if ".path = " not in line or line.startswith(f"{book}.")]
    assert len(lines) == len(settings.splitlines()) - 1
    (tmp_path / "servicebook.toml").write_text("\n".join(lines), encoding="utf-8")
    night(tmp_path)
    page = (tmp_path / "build" / "docs" / "procedures" / "stocktake.md").read_text(encoding="utf-8")
    assert "盘点表（F060）" in page.replace("&#65288;", "（").replace("&#65289;", "）")
    assert ("forms/stocktake_sheet.html" in page) is (book == "stores")
