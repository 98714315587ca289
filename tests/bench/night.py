"""What a night costs, as ratios measured in one run: python -m tests.bench.night [--json]

Ratios travel from machine to machine, seconds do not; so nothing here is a test with a clock.
Memory is the largest sum of the resident memory of a process and its children, shared pages counted in each.
"""

import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import date, datetime, timedelta
from pathlib import Path

import psutil
import xlsxwriter

ROOT = Path(__file__).resolve().parents[2]
NOW = "2026-11-22T02:00"
SERVICEBOOK = [sys.executable, "-m", "sync.cli"]
# Silence, and one fixed date, as in the night's own build.
MKDOCS = {"NO_MKDOCS_2_WARNING": "1", "SOURCE_DATE_EPOCH": "946684800", "PYTHONUTF8": "1"}
GLANCE = 0.05  # seconds between two looks at the memory
ROWS = 5000
TIMES, QUICK_TIMES = 3, 5


class Cost:
    """One run of a command: its wall time, its processor time with that of its children, its memory."""

    def __init__(self, command, folder, well=(0,), **environment):
        before = os.times()
        started = time.perf_counter()
        with subprocess.Popen(
            command, cwd=folder, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            watcher = threading.Thread(target=self._watch, args=(process.pid,), daemon=True)
            self.bytes = 0
            watcher.start()
            self.out, complaint = process.communicate()
        self.seconds = time.perf_counter() - started
        after = os.times()
        self.cpu = after.children_user + after.children_system - before.children_user - before.children_system
        watcher.join()
        if process.returncode not in well:
            raise SystemExit(f"{command} ended with {process.returncode}:\n{complaint.decode(errors='replace')}")

    def _watch(self, pid):
        try:
            process = psutil.Process(pid)
            while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                self.bytes = max(self.bytes, sum(map(resident, [process, *process.children(recursive=True)])))
                time.sleep(GLANCE)
        except psutil.Error:
            return  # it has ended


def resident(process):
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0


def median(costs):
    """The costs of several runs as one line of the report."""
    return {
        "seconds": round(statistics.median(cost.seconds for cost in costs), 3),
        "cpu_seconds": round(statistics.median(cost.cpu for cost in costs), 3),
        "mib": round(statistics.median(cost.bytes for cost in costs) / 2**20),
    }


# ---------------------------------------------------------------- a night of the example department


def nights(folder):
    """The first night, the same once more, and a bare build of its pages; what came of it."""
    shutil.copy(ROOT / "servicebook.toml", folder)
    Cost([*SERVICEBOOK, "-q", "-C", folder, "init", "--demo", "--now", NOW], folder)
    books = folder / "fresh"
    shutil.copytree(folder / "build" / "demo", books)
    night = [*SERVICEBOOK, "-q", "-C", folder, "sync", "--now", NOW, "--json"]
    build = [sys.executable, "-m", "mkdocs", "build", "-q", "-f", folder / "mkdocs.generated.yml"]
    first, bare = [], []
    for _ in range(TIMES):
        for made in ("kept", "build"):
            shutil.rmtree(folder / made, ignore_errors=True)
        shutil.copytree(books, folder / "build" / "demo")
        first.append(Cost(night, folder))
        bare.append(Cost([*build, "-d", folder / "build" / "bare"], folder, **MKDOCS))
    Cost(night, folder)  # the first night says that it is the first; from the second on nothing changes
    again = [Cost(night, folder) for _ in range(TIMES)]
    outcome = json.loads(first[-1].out)
    return median(first), median(again), median(bare), counts(outcome)


def counts(outcome):
    """How much there was to read and to say."""
    return {
        "rows": sum(register["pulled"] for register in outcome["registers"].values()),
        "problems": sum(outcome["problems"].values()),
        "flags": len(outcome["flags"]),
    }


# ---------------------------------------------------------------- a check of one larger register

TEXTS = ["customer", "site", "contact", "address", "fault", "cause", "work_done", "parts_used", "remark", "room"]
KINDS = {
    "job_no": {"kind": "id", "constraints": {"required": True, "unique": True, "pattern": r"JB-\d{5}"}},
    **{name: {} for name in TEXTS},
    "phone": {"kind": "phone", "personal": True},
    "technician": {"kind": "person"},
    "received_on": {"type": "date", "constraints": {"required": True}},
    "due_on": {"type": "date"},
    "arrived_at": {"type": "datetime"},
    "finished_at": {"type": "datetime"},
    "state": {"choices": [{"name": name, "title": {"zh": name, "en": name}} for name in ("open", "done", "waiting")]},
    "urgent": {"type": "boolean"},
    "units": {"type": "integer"},
    "hours": {"type": "number"},
    "fee": {"kind": "money"},
    "part_no": {"kind": "id"},
    "void": {"type": "boolean"},
    "void_reason": {},
}

SETTINGS = """
[department]
name = {zh = "量一量", en = "Bench"}
profile = "bench"
[books]
service.path = "jobs.xlsx"
"""


def write_department(folder):
    """A department with one register of *ROWS* rows; one row in fifty has a cell to mend."""
    register = {
        "name": "jobs", "title": {"zh": "工单", "en": "Jobs"}, "book": "service", "primaryKey": "job_no",
        "fields": [{"name": name, **kind} for name, kind in KINDS.items()], "checks": ["finished_at >= arrived_at"],
    }  # fmt: skip
    profile = {"name": "bench", "title": {"zh": "量一量", "en": "Bench"}, "styles": ["bench"], "registers": ["jobs"]}
    for path, declared in {"registers/jobs.yaml": register, "profiles/bench.yaml": profile}.items():
        place = folder / "sheets_schema" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(declared, ensure_ascii=False), encoding="utf-8")
    toml = (
        '[department]\nname = {zh = "量一量", en = "Bench"}\nprofile = "bench"\n[books]\nservice.path = "jobs.xlsx"\n'
    )
    (folder / "servicebook.toml").write_text(toml, encoding="utf-8")
    dice = random.Random(22)
    with xlsxwriter.Workbook(folder / "jobs.xlsx", {"default_date_format": "yyyy-mm-dd hh:mm"}) as book:
        sheet = book.add_worksheet("工单")
        sheet.write_row(0, 0, list(KINDS))
        for row in range(1, ROWS + 1):
            sheet.write_row(row, 0, job(row, dice))


def job(number, dice):
    """One row, in the order of *KINDS*."""
    came = datetime(2026, 1, 1, 8, 0, 30) + timedelta(minutes=97 * number % 460_000)
    there = came + timedelta(minutes=dice.randint(30, 900))
    texts = [f"{name} {dice.randint(1, 600)}" for name in TEXTS]
    due = "3月4日" if number % 50 == 0 else date(2026, 1 + number % 11, 1 + number % 28)
    return [
        f"JB-{number:05}", *texts, f"138{dice.randint(0, 999):08}", f"样本{number % 12}", came.date(), due, there,
        there + timedelta(minutes=dice.randint(10, 300)), dice.choice(["open", "done", "waiting"]),
        dice.choice(["是", "否", ""]), dice.randint(1, 90), dice.randint(1, 80) / 4, dice.randint(0, 90_000) / 100,
        f"{dice.randint(0, 9999):06}",
    ]  # fmt: skip


def checks(folder):
    """A check of the larger register, and what any program that uses polars pays before it begins."""
    write_department(folder)
    command = [*SERVICEBOOK, "-C", folder, "check", "--json", "--now", NOW]
    found = json.loads(Cost(command, folder, well=(3,)).out)  # and fills the cache of declarations
    check = [Cost(command, folder, well=(3,)) for _ in range(QUICK_TIMES)]
    polars = [Cost([sys.executable, "-c", "import polars"], folder) for _ in range(QUICK_TIMES)]
    told = {"rows": found["counts"]["jobs"]["pulled"], "problems": len(found["problems"]), "columns": len(KINDS)}
    return median(check), median(polars), told


def helps(folder):
    """How long it takes to say what there is, and to import the library that says it."""
    said = [Cost([*SERVICEBOOK, "--help"], folder) for _ in range(QUICK_TIMES)]
    click = [Cost([sys.executable, "-c", "import click"], folder) for _ in range(QUICK_TIMES)]
    return median(said), median(click)


# ---------------------------------------------------------------- the report


def measure():
    """Everything that was measured, with the ratios that the design names."""
    with tempfile.TemporaryDirectory() as place:
        folders = [Path(place) / name for name in ("demo", "jobs")]
        for folder in folders:
            folder.mkdir()
        first, again, bare, demo = nights(folders[0])
        check, polars, jobs = checks(folders[1])
        said, click = helps(folders[1])
    return {
        "night": first, "unchanged_night": again, "mkdocs": bare, "demo": demo,
        "check": check, "import_polars": polars, "jobs": jobs, "help": said, "import_click": click,
        **{
            f"ratios_{what}": {
                "night / mkdocs": ratio(what, first, bare),
                "unchanged night / night": ratio(what, again, first),
                f"check of {ROWS} rows / import polars": ratio(what, check, polars),
                "help / import click": ratio(what, said, click),
            }
            for what in ("seconds", "cpu_seconds", "mib")
        },
    }  # fmt: skip


def ratio(what, of, to):
    return round(of[what] / to[what], 2)


def report(found):
    """*found* as lines."""
    for name, line in found.items():
        yield f"{name:<20} {', '.join(f'{what} {value}' for what, value in line.items())}"


if __name__ == "__main__":
    measured = measure()
    told = json.dumps(measured, indent=1) if "--json" in sys.argv[1:] else "\n".join(report(measured))
    sys.stdout.write(f"{told}\n")
