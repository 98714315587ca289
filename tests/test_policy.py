"""Another policy on the same rows: it changes what two separate nights differ in, and nothing is written."""

import json
import shutil
import subprocess
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from night_department import JOBS, NOW, Department, department, job
from rule_oracle import UNREAD, bench, shipped
from test_cli import SECRETS

from sync.declarations import load
from sync.engines import ENGINES, rows
from sync.flag import flag
from sync.model import DeclarationError
from sync.rules import KINDS
from sync.schema import SHIPPED
from sync.settings import OwnFigure, Settings, adopt

POLICY = (Path(__file__).parent / "cases/small_department/sheets_schema/policy/small.yaml").read_text("utf-8")
REPLY, FINISH = POLICY.split("finish:")
TURNS = """\
reply:
  - &first {kind: clock, title: {zh: 先回电话, en: Ring back}, styles: [small], register: jobs,
     starts: received_at, stops: replied_at, limit: 10 min, responsible: technician, valid_to: '2026-11-18'}
  - <<: *first
    limit: 5 h
    valid_from: '2026-11-19'
    valid_to: null
"""
ADDED = """\
collect:
  kind: presence
  title: {zh: 故障要写, en: Fault told}
  styles: [small]
  register: jobs
  needs: [fault, replied_at]
"""


@pytest.fixture
def desk(tmp_path: Path) -> Department:
    return department(tmp_path / "部门 一")


@pytest.fixture(scope="module")
def after_a_night(tmp_path_factory: pytest.TempPathFactory) -> tuple[Department, dict[tuple, tuple]]:
    """A department with a night kept, and what that night said: copies of it need not read the book again."""
    desk = department(tmp_path_factory.mktemp("kept") / "部门 一")
    desk.night()
    return desk, judged(desk)


@pytest.fixture
def kept(after_a_night: tuple[Department, dict[tuple, tuple]], tmp_path: Path) -> Department:
    return after_a_night[0].copied(tmp_path / "部门 一")


def judged(desk: Department) -> dict[tuple, tuple]:
    """What a run of its own says of the kept night: state and due moment of every row and promise."""
    told = desk.night("--as-of", NOW, until="flag", now="")["flags"]
    found = {(f["register"], f["key"], f["row"], f["promise"]): (f["state"], f["due"]) for f in told}
    assert len(found) == len(told)
    return found


def compared(desk: Department, *arguments: str, now: str = "") -> dict:
    """What the command says of the kept night, or with *now* of the book."""
    before = desk.tree()
    done = desk.run("policy", *arguments, "--json", *([] if now else ["--as-of", NOW]), now=now)
    assert done.exit_code == 0, done.output
    assert desk.tree() == before  # it looks, and writes nothing
    return json.loads(done.stdout)


def changes(told: dict) -> dict[tuple, tuple]:
    """The rows that change: state and due moment as they are and as they would be."""
    found = {}
    for promise in told["promises"]:
        for row in promise["rows"]:
            sides = [row[side] and (row[side]["state"], row[side]["due"]) for side in ("before", "after")]
            found[row["register"], row["key"], row["row"], promise["promise"]] = tuple(sides)
    return found


def differing(one: dict, other: dict) -> dict[tuple, tuple]:
    return {key: (one.get(key), other.get(key)) for key in one.keys() | other.keys() if one.get(key) != other.get(key)}


# ---------------------------------------------------------------- diff


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("small.yaml", POLICY.replace("30 min", "10 min")),
        ("small.yaml", POLICY.replace("calendar: office", "calendar: hotline_6x24")),
        ("small.yaml", POLICY.replace("limit: 30 min", "limit: 30 min\n  valid_from: '2026-11-19'")),
        ("small.yaml", f"finish:{FINISH}"),
        ("more.yaml", ADDED),
        ("small.yaml", f"{TURNS}finish:{FINISH}"),
    ],
    ids=["limit", "calendar", "valid_from", "removed", "added", "in turns"],
)
def test_a_file_says_what_two_separate_nights_differ_in(
    kept: Department, after_a_night, tmp_path: Path, name: str, text: str
):
    draft = tmp_path / name
    draft.write_text(text, encoding="utf-8")
    other = kept.copied(tmp_path / "other")
    (other.folder / "sheets_schema" / "policy" / name).write_text(text, encoding="utf-8")
    wanted = differing(after_a_night[1], judged(other))
    assert wanted
    assert changes(compared(kept, "diff", str(draft))) == wanted


@pytest.mark.parametrize("figures", ["[promises.reply]\nlimit = '10 min'", "[promises.reply]\non = false"])
def test_another_toml_says_what_two_separate_nights_differ_in(
    kept: Department, after_a_night, tmp_path: Path, figures: str
):
    other = kept.copied(tmp_path / "other")
    toml = other.folder / "servicebook.toml"
    whole = f"{toml.read_text(encoding='utf-8')}\n{figures}\n"
    toml.write_text(whole, encoding="utf-8")
    wanted = differing(after_a_night[1], judged(other))
    assert wanted
    (tmp_path / "draft.toml").write_text(figures, encoding="utf-8")
    for place in (tmp_path / "draft.toml", other.folder):
        assert changes(compared(kept, "diff", str(place))) == wanted


def test_a_folder_lies_over_the_declarations(kept: Department, after_a_night, tmp_path: Path):
    """A longer limit in its promises, and fewer hours in its calendar."""
    other = kept.copied(tmp_path / "other")
    (tmp_path / "draft" / "policy").mkdir(parents=True)
    (tmp_path / "draft" / "calendar").mkdir()
    files = {
        "policy/small.yaml": POLICY.replace("30 min", "3 h"),
        "calendar/office.yaml": "name: office\ntitle: {zh: 办公, en: Office}\nweek: {mon: ['09:00-10:00']}\n",
    }
    for name, text in files.items():
        for root in (tmp_path / "draft", other.folder / "sheets_schema"):
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
    wanted = differing(after_a_night[1], judged(other))
    assert {key[3] for key in wanted} == {"reply", "finish"}
    assert changes(compared(kept, "diff", str(tmp_path / "draft"))) == wanted


def test_what_is_told_of_a_promise(kept: Department, tmp_path: Path):
    draft = tmp_path / "small.yaml"
    draft.write_text(POLICY.replace("30 min", "15 min"), encoding="utf-8")
    told = compared(kept, "diff", str(draft))
    assert set(told) == {"moment", "other", "since", "promises", "unchanged"}
    assert (told["moment"], told["since"], told["unchanged"]) == ("2026-11-22T02:00:00", None, 1)
    [reply] = told["promises"]
    assert reply["options"] == {"limit": {"before": "30 min", "after": "15 min"}}
    before, after = reply["states"]["before"], reply["states"]["after"]
    late = before["met"]  # everybody rang back after twenty minutes
    assert (before["met_late"], after["met_late"], after.get("met", 0)) == (1, 1 + late, 0)
    assert reply["moves"] == [{"before": "met", "after": "met_late", "rows": late}]
    assert (reply["newly_judged"], reply["no_longer_judged"]) == (0, 0)
    assert reply["due_moved"] == len(reply["rows"]) == sum(after.values()) - after.get("not_judged", 0)
    assert [row["key"] for row in reply["rows"]] == sorted(row["key"] for row in reply["rows"])
    decided = late + before["met_late"] + before["overdue"]
    share = round(100 * late / decided, 1)
    assert reply["shares"]["before"] == {"met": late, "late": decided - late, "percent": share}
    assert reply["shares"]["after"] == {"met": 0, "late": decided, "percent": 0.0}
    said = kept.run("policy", "diff", str(draft)).stdout
    assert "limit: 30 min → 15 min" in said
    assert f"按时 / On time → 超时完成 / Done late: {late}" in said
    assert "J-001  按时 → 超时完成  2026-11-18 09:31 → 2026-11-18 09:16" in said


def test_a_promise_that_says_the_same_changes_nothing(kept: Department, tmp_path: Path):
    (tmp_path / "small.yaml").write_text(POLICY, encoding="utf-8")
    told = compared(kept, "diff", str(tmp_path / "small.yaml"))
    assert (told["promises"], told["unchanged"]) == ([], 2)
    assert "没有一条会变 / nothing would change" in kept.run("policy", "diff", str(tmp_path / "small.yaml")).stdout


def git(folder: Path, *arguments: str) -> None:
    own = ["-c", "user.name=A", "-c", "user.email=a@example.invalid", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *own, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(kept: Department) -> Path:
    """The department inside a repository with one commit."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    root = kept.folder.parent
    git(root, "init", "-q", "-b", "trunk")
    git(root, "add", f"{kept.folder.name}/servicebook.toml", f"{kept.folder.name}/sheets_schema")
    git(root, "commit", "-q", "-m", "as it was")
    return root


def test_a_revision_of_git(kept: Department, after_a_night, repository: Path):
    """Its promises and its toml are those of then, whatever else the folder has become."""
    policy = kept.folder / "sheets_schema" / "policy"
    (policy / "small.yaml").write_text(POLICY.replace("30 min", "10 min"), encoding="utf-8")
    (policy / "more.yaml").write_text(ADDED, encoding="utf-8")
    toml = kept.folder / "servicebook.toml"
    toml.write_text(f"{toml.read_text(encoding='utf-8')}\n[promises.finish]\nlimit = '1 working day'\n", "utf-8")
    wanted = differing(judged(kept), after_a_night[1])
    assert {key[3] for key in wanted} == {"reply", "finish", "collect"}
    git(repository, "commit", "-qam", "shorter")
    assert changes(compared(kept, "diff", "trunk~1")) == wanted
    assert "collect" in {
        one["promise"] for one in compared(kept, "diff", "trunk")["promises"]
    }  # more.yaml is not in it


def test_what_a_revision_lacks_is_said(kept: Department, repository: Path):
    done = kept.run("policy", "diff", "trunkk")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "no such git revision" in done.stderr
    assert "did you mean “trunk”?" in done.stderr
    git(repository, "rm", "-rq", "--cached", ".")
    git(repository, "commit", "-q", "-m", "gone", "--allow-empty")
    done = kept.run("policy", "diff", "HEAD")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "neither servicebook.toml nor sheets_schema" in done.stderr
    done = kept.run("policy", "diff", "HEAD", PATH="")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "git is not installed" in done.stderr


def test_a_fault_in_a_revision_is_told_by_its_place_there(kept: Department, repository: Path):
    policy = kept.folder / "sheets_schema" / "policy" / "small.yaml"
    policy.write_text(POLICY.replace("limit: 30 min", "limit: soon"), encoding="utf-8")
    git(repository, "commit", "-qam", "wrong")
    policy.write_text(POLICY, encoding="utf-8")
    done = kept.run("policy", "diff", "HEAD")
    assert done.exit_code == 2
    assert "HEAD:sheets_schema/policy/small.yaml:8: reply.limit" in done.stderr.replace("\\", "/")


def test_without_a_repository(kept: Department):
    done = kept.run("policy", "diff", "HEAD~3", GIT_CEILING_DIRECTORIES=str(kept.folder.parent))
    assert done.exit_code == 2
    assert "in no git repository" in done.stderr or "no such git revision" in done.stderr


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("small.yaml", POLICY.replace("kind: clock", "kind: clok", 1), "did you mean “clock”?"),
        ("new.yaml", REPLY, "promised for some of the same days in new.yaml:1"),
        ("draft.toml", "[promises.repl]\nlimit = '1 h'", "did you mean “reply”?"),
        ("draft.toml", "[promises.reply]\nlimit = 'soon'", "not a limit"),
        ("draft.txt", "", "write a file of promises"),
    ],
)
def test_a_wrong_file_is_refused(kept: Department, tmp_path: Path, name: str, text: str, said: str):
    (tmp_path / name).write_text(text, encoding="utf-8")
    done = kept.run("policy", "diff", str(tmp_path / name))
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


# ---------------------------------------------------------------- try


@pytest.mark.parametrize("figure", ["15min", "15 min"])
def test_another_limit_is_tried(kept: Department, after_a_night, tmp_path: Path, figure: str):
    told = compared(kept, "try", f"reply={figure}", "finish=1 working day")
    assert [one["promise"] for one in told["promises"]] == ["reply", "finish"]
    other = kept.copied(tmp_path / "other")
    toml = other.folder / "servicebook.toml"
    figures = "[promises.reply]\nlimit = '15 min'\n[promises.finish]\nlimit = '1 working day'\n"
    toml.write_text(f"{toml.read_text(encoding='utf-8')}\n{figures}", encoding="utf-8")
    assert changes(told) == differing(after_a_night[1], judged(other))


def test_only_what_started_since_then(kept: Department):
    [all_of] = compared(kept, "try", "reply=15min")["promises"]
    [since] = compared(kept, "try", "reply=15min", "--since", "2026-11-20")["promises"]
    assert [row["key"] for row in since["rows"]] == ["J-011"]
    assert "J-011" in [row["key"] for row in all_of["rows"]]
    assert sum(since["states"]["before"].values()) == 1
    assert "2026-11-20" in kept.run("policy", "try", "reply=15min", "--since", "2026-11-20").stdout


def newest(desk: Department) -> dict:
    done = desk.run("policy", "try", "reply=15min", "--json", now="")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_the_newest_night_is_judged_where_one_is_kept(desk: Department):
    """Without one it is the books as they are; a moment of one's own is obeyed."""
    desk.type(jobs=[*JOBS, job(21)])
    [now] = newest(desk)["promises"]
    assert "J-021" in {row["key"] for row in now["rows"]}
    desk.type()
    desk.night()
    desk.type(jobs=[job(30)])
    told = newest(desk)
    assert told["moment"] == "2026-11-22T02:00:00"
    assert {"J-001", "J-011"} <= {row["key"] for row in told["promises"][0]["rows"]}
    [current] = compared(desk, "try", "reply=15min", now="2026-11-23T02:00")["promises"]
    assert {row["key"] for row in current["rows"]} == {"J-030"}
    assert desk.run("policy", "try", "reply=15min").stderr.count("pull ") == 1  # judged twice, read once
    assert changes(compared(desk, "try", "reply=15min")) == changes(told)
    diff = desk.run("policy", "diff", str(desk.folder), "--as-of", "2026-11-21", now="")
    assert (diff.exit_code, diff.stdout) == (1, "")
    assert "no night was kept" in diff.stderr or "没有" in diff.stderr


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["repy=15min"], "there is no promise “repy”; did you mean “reply”?"),
        (["reply=15minn"], "not a limit"),
        (["reply=2 working days"], "calendar: working days need a calendar"),
        (["reply"], "write NAME=LIMIT"),
        (["reply="], "write NAME=LIMIT"),
        (["reply=1h", "reply=2h"], "was named before"),
        (["first_reply=1h"], "this department does not promise it"),
    ],
)
def test_a_wrong_name_or_limit_is_refused(desk: Department, asked: list[str], said: str):
    done = desk.run("policy", "try", *asked)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


def test_a_promise_without_a_limit_cannot_be_tried(desk: Department):
    (desk.folder / "sheets_schema" / "policy" / "more.yaml").write_text(ADDED, encoding="utf-8")
    done = desk.run("policy", "try", "collect=1h")
    assert done.exit_code == 2
    assert "a presence has no limit" in done.stderr
    assert desk.run("policy", "try").exit_code == 2
    assert desk.run("policy", "try", "reply=1h", "--since", "yesterday").exit_code == 2


def test_nothing_personal_is_printed(desk: Department, tmp_path: Path):
    desk.type(jobs=[job(21, **SECRETS), job(22, technician="小张", **SECRETS)])
    (tmp_path / "small.yaml").write_text(POLICY.replace("30 min", "10 min"), encoding="utf-8")
    for command in (["diff", str(tmp_path / "small.yaml")], ["try", "reply=10min", "--json"]):
        done = desk.run("policy", *command)
        assert "J-021" in done.stdout
        assert [word for word in (*SECRETS.values(), "小张", "张样样", "和平商场") if word in done.output] == []


# ---------------------------------------------------------------- one after the other

NIGHT = datetime(2026, 11, 22, 2)
LAST = date(2026, 10, 31)  # of the older promise
TITLE = {"title": {"zh": "试", "en": "Try"}}
CALLS = [
    {"call_no": f"C{n:02}", "received_at": at, "replied_at": stop, "fixed_at": stop}
    for n, (at, stop) in enumerate([
        ("2026-10-30 09:00", "2026-10-30 09:45"), ("2026-10-31 23:59", "2026-11-01 00:30"),
        ("2026-11-01 00:00", "2026-11-01 00:45"), ("2026-11-20 10:00", None), ("2026-10-20 10:00", None),
        (UNREAD, "2026-11-02 09:00"), ("2026-11-03 08:00", UNREAD),
    ])
]  # fmt: skip
ORDERS = [
    {"work_order_no": f"WX-0000{n}", "equipment": "S1", "fault_kind": "power", "arrived_at": at, "finished_at": at}
    for n, at in enumerate(["2026-10-01 09:00", "2026-10-28 09:00", "2026-11-02 09:00", "2026-11-20 09:00"], 1)
]
KINDS_IN_TURN = {
    "clock": (
        {"register": "call_register", "starts": "received_at", "stops": "replied_at"},
        {"limit": "30 min"}, {"limit": "1 h"}, {"call_register": CALLS},
    ),
    "presence": ({"register": "call_register"}, {"needs": ["replied_at"]}, {"needs": ["site"]},
                 {"call_register": [{**call, "site": None} for call in CALLS]}),
    "stale": ({"register": "call_register", "watches": ["received_at", "replied_at"]},
              {"limit": "1 day"}, {"limit": "25 days"}, {"call_register": CALLS}),
    "repeat": ({"register": "work_orders", "same": ["equipment", "fault_kind"], "starts": "arrived_at",
                "after": "finished_at"}, {"within": "60 days"}, {"within": "10 days"}, {"work_orders": ORDERS}),
    "recurrence": (
        {"register": "contracts", "anchor": "accepted_on", "done_in":
         {"register": "visits", "key": "contract_no", "on": "visited_on"}},
        {"every": "1 month"}, {"every": "2 weeks"},
        {"contracts": [{"contract_no": "H1", "accepted_on": "2026-05-31"},
                       {"contract_no": "H2", "accepted_on": UNREAD}],
         "visits": [{"visit_no": "V1", "contract_no": "H1", "visited_on": "2026-08-10"},
                    {"visit_no": "V2", "contract_no": "H1", "visited_on": "2026-11-05"}]},
    ),
    "recurrence by the calendar": (
        {"register": "contracts", "done_in": {"register": "visits", "on": "visited_on"}},
        {"every": "calendar month"}, {"every": "calendar week"},
        {"contracts": [], "visits": [{"visit_no": "V1", "visited_on": "2026-10-28"}]},
    ),
    "coverage": (
        {"register": "call_register", "every": "calendar month", "dated": "received_at", "filled": "replied_at"},
        {"at_least": 90}, {"at_least": 10}, {"call_register": CALLS},
    ),
    "level": (
        {"register": "parts", "opening": "opening_qty", "par": "min_qty", "moves":
         {"register": "stock_moves", "key": "part_no", "quantity": "quantity", "direction": "direction", "plus": "in",
          "minus": "out"}},
        {"breach": "at_or_below"}, {"breach": "below"},
        {"parts": [{"part_no": "P1", "opening_qty": 4, "min_qty": 4}], "stock_moves": []},
    ),
    "numbers": (
        {"register": "work_orders", "number": "work_order_no", "books":
         {"register": "work_order_books", "first": "serial_from", "last": "serial_to", "holder": "issued_to"}},
        {"watch": ["gap"]}, {"watch": ["gap", "double"]},
        {"work_orders": [ORDERS[0], ORDERS[0], ORDERS[3]],
         "work_order_books": [
             {"book_no": "B1", "serial_from": "WX-00001", "serial_to": "WX-00009", "issued_to": "E1"}]},
    ),
}  # fmt: skip


def lines(told, typed, on):
    """The flags of the promises *told*, without an order."""
    promises = [msgspec.convert({**TITLE, "name": "try", **one}, KINDS[one["kind"]]) for one in told]
    asked = msgspec.structs.replace(shipped(), promises=promises)
    made = bench(typed, NIGHT, on=on, named=str(promises))
    return sorted(rows(made.tables.engine.columns(flag(asked, made))), key=repr)


def day(line, typed):
    """The day that tells which promise a flag is judged by; what nobody can read counts as of now."""
    if line["kind"] in ("clock", "coverage"):
        at = line["start"]
    elif line["kind"] == "recurrence":
        at = line["due"] and line["due"] - timedelta(days=1)
    else:
        row = next((one for one in typed[line["register"]] if line["key"] in one.values()), {})
        field = shipped().registers[line["register"]].judged_from
        now = line["kind"] in ("level", "numbers") or field is None
        at = None if now or row.get(field, UNREAD) == UNREAD else datetime.fromisoformat(row[field])
    return (at or NIGHT).date()


@pytest.mark.parametrize("on", ENGINES)
@pytest.mark.parametrize("kind", KINDS_IN_TURN)
def test_each_row_is_judged_once_by_the_promise_that_was_in_force(kind, on):
    """Two promises of one name with adjoining days say together what each says alone of its own days."""
    common, older, newer, typed = KINDS_IN_TURN[kind]
    both = [{"kind": kind.split()[0], **common, **more} for more in (older, newer)]
    alone = [lines([one], typed, on) for one in both]
    before = [line for line in alone[0] if day(line, typed) <= LAST]
    after = [line for line in alone[1] if day(line, typed) > LAST]
    assert after
    assert before or kind in ("level", "numbers")
    assert alone[0] != alone[1]
    both[0]["valid_to"], both[1]["valid_from"] = "2026-10-31", "2026-11-01"
    assert lines(both, typed, on) == sorted([*before, *after], key=repr)
    assert lines(both[::-1], typed, on) == sorted([*before, *after], key=repr)


@pytest.mark.parametrize("on", ENGINES)
def test_a_ratio_is_taken_of_all_that_follow_each_other(on):
    clock = {"kind": "clock", "name": "base", **KINDS_IN_TURN["clock"][0], "limit": "40 min"}
    ratio = {"kind": "coverage", "register": "call_register", "promises": ["base"], "every": "calendar month",
             "at_least": 60}  # fmt: skip
    in_turn = [{**clock, "valid_to": "2026-10-31"}, {**clock, "valid_from": "2026-11-01"}]
    typed = {"call_register": CALLS[:5]}
    found, wanted = lines([*in_turn, ratio], typed, on), lines([clock, ratio], typed, on)
    assert [line["state"] for line in wanted if line["kind"] == "coverage"] == ["below", "not_due"]
    assert found == wanted


def test_every_kind_is_tried_in_turn():
    assert {name.split()[0] for name in KINDS_IN_TURN} == set(KINDS)


@pytest.mark.parametrize("on", ENGINES)
def test_a_column_that_a_book_has_not_yet_is_no_condition_that_holds(on):
    """A book from before the column was declared is judged all the same."""
    told = {"kind": "clock", "register": "call_register", "starts": "received_at", "stops": "fixed_at", "limit": "1 h"}
    typed = {"call_register": CALLS[:1]}
    by_phone = {"solved_by_phone": True}
    asked = [
        msgspec.convert({**TITLE, **told, "name": name, name: by_phone}, KINDS["clock"]) for name in ("when", "unless")
    ]
    made = bench(typed, NIGHT, on=on, absent=["solved_by_phone"], named=str(asked))
    found = rows(made.tables.engine.columns(flag(msgspec.structs.replace(shipped(), promises=asked), made)))
    assert [line["promise"] for line in found] == ["unless"]


def declared(folder: Path, text: str):
    for room in ("registers", "profiles"):
        shutil.copytree(Path(__file__).parent / "cases/small_department/sheets_schema" / room, folder / room)
    (folder / "policy").mkdir()
    (folder / "policy" / "small.yaml").write_text(text, encoding="utf-8")
    return load([SHIPPED, folder], KINDS)


@pytest.mark.parametrize(
    ("old", "new", "where", "said"),
    [
        ("'2026-11-19'", "'2026-11-18'", "small.yaml:6: reply[1].valid_from", "same days in small.yaml:2"),
        ("valid_from: '2026-11-19'", "rule: R001", "small.yaml:4: reply[1]", "some of the same days"),
        ("'2026-11-19'", "19 Nov", "small.yaml:6: reply[1].valid_from", "no date; write it like 2024-01-01"),
        ("'2026-11-19'", "'2026-11-31'", "small.yaml:6: reply[1].valid_from", "no date"),
        ("valid_to: null", "valid_to: '2026-11-18'", "small.yaml:7: reply[1].valid_to", "ends before it begins"),
        ("limit: 5 h", "kind: stale", "small.yaml:4: reply[1]", "nobody declared"),
        ("limit: 5 h", "limit: 5 hh", "small.yaml:5: reply[1].limit", "not a limit"),
    ],
)
def test_promises_that_do_not_follow_each_other_are_refused(tmp_path, old, new, where, said):
    assert old in TURNS
    with pytest.raises(DeclarationError) as refusal:
        declared(tmp_path, TURNS.replace(old, new, 1))
    assert where in str(refusal.value)
    assert said in str(refusal.value)


def test_pages_tell_the_promise_of_the_day_and_own_figures_go_for_each(tmp_path):
    schema = declared(tmp_path, TURNS + "finish:" + FINISH)
    own = Settings(department=msgspec.structs.replace(Settings().department, profile="small"))

    def limit(at, own=own):
        return adopt(schema, own, at).promise["reply"].limit

    assert [limit(date(2026, 11, n)) for n in (1, 18, 19)] == ["10 min", "10 min", "5 h"]
    assert limit(None) == "5 h"
    ended = msgspec.structs.replace(schema, promises=[p for p in schema.promises if p.valid_from != "2026-11-19"])
    assert adopt(ended, own, date(2027, 1, 1)).promise["reply"].limit == "10 min"
    figures = msgspec.structs.replace(own, promises={"reply": OwnFigure(limit="2 h")})
    assert [one.limit for one in adopt(schema, figures).versions["reply"]] == ["2 h", "2 h"]


def test_a_receipt_names_the_promise_that_was_in_force(desk: Department):
    (desk.folder / "sheets_schema" / "policy" / "small.yaml").write_text(f"{TURNS}finish:{FINISH}", encoding="utf-8")
    assert "限 10 分钟" in desk.run("explain", "J-001").stdout
    assert "限 5 小时" in desk.run("explain", "J-011").stdout
    told = desk.night(until="render")
    assert sum(told["counts"]["reply"].values()) == len([f for f in told["flags"] if f["promise"] == "reply"])
    page = desk.page("today")
    assert page.count("先回电话") == 1
