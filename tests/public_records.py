"""58,119 public service requests as a department folder, and what a night makes of them.

Run it where the records lie beside the project: `python -m tests.public_records FOLDER` writes the folder, checks it,
runs a night up to the marks, and prints the figures; exit code 1 when a row is unaccounted for.
"""

# ruff: noqa: T201 - its figures are read by people

import csv
import gzip
import json
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import psutil
import xlsxwriter

from sync.declarations import load
from sync.model import SYSTEM_HEADERS
from sync.rules import KINDS

HERE = Path(__file__).resolve().parent
RECORDS = HERE.parents[1] / "shared" / "data" / "boston311_2015_h1.csv.gz"
DEPARTMENT = HERE / "cases" / "public_records"
NOW = "2016-02-01T02:00"
# our columns in the order of the sheet, and theirs
COLUMNS = {
    "request_no": "CASE_ENQUIRY_ID", "opened_at": "OPEN_DT", "target_at": "TARGET_DT", "closed_at": "CLOSED_DT",
    "on_time": "OnTime_Status", "type": "TYPE", "reason": "REASON", "queue": "QUEUE", "department": "Department",
    "source": "Source", "place": "LOC_KEY",
}  # fmt: skip
MOMENTS = {"opened_at", "target_at", "closed_at"}
Record = dict[str, str]


def records(path: Path = RECORDS) -> list[Record]:
    """All rows, in the order of the file, which may be packed."""
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def moment(text: str) -> datetime | None:
    return datetime.strptime(text, "%m/%d/%Y %I:%M:%S %p") if text else None  # noqa: DTZ007 - local time


def backwards(rows: Sequence[Record]) -> int:
    """How many were closed before they were opened, by the text of the file alone."""
    return sum(bool(row["CLOSED_DT"]) and moment(row["CLOSED_DT"]) < moment(row["OPEN_DT"]) for row in rows)


def doubles(rows: Sequence[Record]) -> int:
    """How many rows share their id with another."""
    count = Counter(row["CASE_ENQUIRY_ID"] for row in rows)
    return sum(count[row["CASE_ENQUIRY_ID"]] > 1 for row in rows)


def write(folder: Path, rows: Sequence[Record]) -> Path:
    """A department folder with *rows* in a workbook, its moments in true date cells."""
    shutil.copytree(DEPARTMENT, folder, dirs_exist_ok=True)
    register = load([folder / "sheets_schema"], KINDS).registers["requests"]
    with xlsxwriter.Workbook(folder / "requests.xlsx", {"constant_memory": True}) as book:
        dated = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet = book.add_worksheet(register.title.zh)
        sheet.write_row(0, 0, [register.by_name[name].title.zh for name in COLUMNS])
        for number, row in enumerate(rows, 1):
            for place, (name, theirs) in enumerate(COLUMNS.items()):
                if name in MOMENTS and row[theirs]:
                    sheet.write_datetime(number, place, moment(row[theirs]), dated)
                elif row[theirs]:
                    sheet.write_string(number, place, row[theirs])
        for title, headers in SYSTEM_HEADERS.items():
            book.add_worksheet(title).write_row(0, 0, headers)
    return folder


def run(folder: Path, *words: str) -> tuple[dict, int, float, int]:
    """What the command says as JSON, its exit code, the seconds it took, and the memory of its processes in MB."""
    command = [sys.executable, "-m", "sync.cli", "-C", str(folder), *words, "--now", NOW, "--json"]
    started = time.perf_counter()
    with subprocess.Popen(command, cwd=HERE.parent, stdout=subprocess.PIPE, encoding="utf-8") as child:
        peak = [0]
        watcher = threading.Thread(target=_watch, args=(psutil.Process(child.pid), peak))
        watcher.start()
        told, _ = child.communicate()
        watcher.join()
    return json.loads(told), child.returncode, time.perf_counter() - started, peak[0]


def _watch(process: psutil.Process, peak: list[int]) -> None:
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        peak[0] = max(peak[0], sum(_resident(one) for one in (process, *process.children(recursive=True))))
        time.sleep(0.05)


def _resident(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss >> 20
    except psutil.NoSuchProcess:
        return 0


def faults(told: dict, rows: Sequence[Record]) -> Iterator[str]:
    """What does not agree between a check's answer and the file."""
    count = told["counts"]["requests"]
    found = Counter(problem["code"] for problem in told["problems"])
    for what, expected, has in (
        ("rows pulled", len(rows), count["pulled"]),
        ("rows shown, bad, unused and blank", len(rows), sum(count[k] for k in ("shown", "bad", "unused", "blank"))),
        ("rows closed before they were opened", backwards(rows), found["order-wrong"]),
        ("rows with another row's id", doubles(rows), found["id-duplicate"]),
    ):
        if expected != has:
            yield f"{what}: the file has {expected}, the check says {has}"


def main(folder: Path) -> int:
    rows = records()
    write(folder, rows)
    told, code, seconds, memory = run(folder, "check")
    print(f"check: exit {code}, {seconds:.1f} s, {memory} MB, {told['counts']['requests']}, {told['by_code']}")
    wrong = list(faults(told, rows))
    told, code, seconds, memory = run(folder, "sync", "--until", "report")
    print(f"sync --until report: exit {code}, {seconds:.1f} s, {memory} MB, {told['counts']}, marks {told['books']}")
    if code or told["registers"]["requests"]["pulled"] != len(rows):
        wrong.append(f"the night ended with {code}: {told['failures']}")
    print("\n".join(wrong) or f"{len(rows)} rows, all accounted for")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
