"""What runs the night by itself, and the page that leads there: they name what exists and ask for no more."""

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from click.testing import CliRunner
from defusedxml import ElementTree
from sheets_server import SheetsServer

from sync import declarations, schema, settings, yamlfile
from sync.books import open_book
from sync.books.gsheets import signin
from sync.cli import main
from sync.rules import KINDS
from sync.settings import Google

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
WORKFLOW = ROOT / ".github" / "workflows" / "nightly.yml"
PAGES = [ROOT / "docs" / "about" / name for name in ("sheets.md", "sheets.en.md")]
READMES = [*PAGES, DEPLOY / "README.md"]
BUSY = {0, 30}
TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


def text(path):
    return path.read_text(encoding="utf-8")


def understood(words):
    """The command line has a command that exists, with options that it has."""
    asked = CliRunner().invoke(main, [*words, "--help"])
    return asked.exit_code == 0 or asked.output


def blocks(path, language):
    return re.findall(rf"```{language}\n(.*?)```", text(path), re.DOTALL)


# ---------------------------------------------------------------- the workflow


@pytest.fixture(scope="module")
def workflow():
    return yamlfile.read(WORKFLOW)


@pytest.fixture(scope="module")
def steps(workflow):
    return {step["name"]: step for job in workflow["jobs"].values() for step in job["steps"]}


def test_the_night_starts_by_hand_and_once_a_day_at_an_odd_minute(workflow):
    assert set(workflow["on"]) == {"workflow_dispatch", "schedule"}
    (scheduled,) = workflow["on"]["schedule"]
    minute, hour, *every = scheduled["cron"].split()
    assert int(minute) not in BUSY
    assert (int(hour) + 8) % 24 == 1, "in Shanghai, after midnight"
    assert every == ["*", "*", "*"]


def test_nothing_happens_until_a_department_is_named(workflow):
    """Jobs without a condition of their own wait for one that has it."""
    jobs = workflow["jobs"]
    assert jobs["night"]["if"] == "vars.SERVICEBOOK_DEPARTMENT != ''"
    assert all(job.get("needs") == "night" for name, job in jobs.items() if name != "night")
    assert "needs.night.outputs.site != ''" in jobs["pages"]["if"]


def test_each_job_may_do_only_what_it_needs(workflow):
    assert workflow["permissions"] == {}
    assert {name: job["permissions"] for name, job in workflow["jobs"].items()} == {
        "night": {"contents": "read", "id-token": "write"},
        "pages": {"pages": "write", "id-token": "write"},
    }
    assert "secrets" not in text(WORKFLOW)


def test_two_nights_never_run_at_once_and_none_runs_for_ever(workflow, steps):
    assert workflow["concurrency"] == {"group": "nightly", "cancel-in-progress": False}
    bounds = {name: job["timeout-minutes"] for name, job in workflow["jobs"].items()}
    assert all(bound <= 60 for bound in bounds.values())
    assert steps["Run the night"]["timeout-minutes"] < bounds["night"], "else kept/ is not saved"


def test_every_action_is_pinned_to_a_commit_and_says_its_version():
    used = re.findall(r"uses: *(.*)", text(WORKFLOW))
    assert len(used) > 5
    for line in used:
        assert re.fullmatch(r"[\w-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


def test_the_token_of_the_checkout_is_not_left_behind(steps):
    assert steps["Get program and department folder"]["with"]["persist-credentials"] is False


def test_kept_is_saved_under_a_new_name_each_time_and_also_after_a_failure(steps):
    back, saved = steps["Bring back kept/"]["with"], steps["Save kept/"]["with"]
    assert back["path"] == saved["path"], "the cache tells copies apart by their path"
    assert back["key"] == saved["key"]
    assert back["key"].startswith(back["restore-keys"])
    assert "github.run_id" in saved["key"]
    assert "!cancelled()" in steps["Save kept/"]["if"]


def test_the_site_goes_to_pages_only_when_that_is_asked_for(steps):
    assert "vars.SERVICEBOOK_PAGES == 'true'" in steps["Hand the site to GitHub Pages"]["if"]
    week = steps["Keep the site for a week"]
    assert "vars.SERVICEBOOK_PAGES != 'true'" in week["if"]
    assert week["with"]["retention-days"] == 7


def test_no_value_from_outside_is_pasted_into_a_script(steps):
    scripts = [step["run"] for step in steps.values() if "run" in step]
    assert len(scripts) >= 3
    assert not [script for script in scripts if "${{" in script]


def test_the_program_is_installed_as_the_front_page_says(steps):
    """With hashes, and nothing of its own fetched meanwhile."""
    asked = steps["Install"]["run"]
    assert "--require-hashes -r requirements.txt" in asked
    assert "--no-deps --no-build-isolation -e ." in asked
    assert "--no-deps --no-build-isolation -e ." in text(ROOT / "README.md")


@pytest.mark.skipif(os.name == "nt", reason="it runs on Linux")
@pytest.mark.parametrize("code", [0, 1, 2, 3, 4, 5, 6, 130])
def test_the_job_ends_as_the_night_ended_and_says_why(steps, tmp_path, code):
    """What the night prints is never taken as a command, also where it looks like one."""
    fake = tmp_path / "servicebook"
    fake.write_text(f'#!/bin/sh\necho "::error::$*"\nexit {code}\n', encoding="utf-8")
    fake.chmod(0o755)
    where = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "DEPARTMENT": "our department"}
    done = subprocess.run(
        ["bash", "-e", "-c", steps["Run the night"]["run"]],
        env=where,
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == code, done.stderr
    begin, printed, end, *said = done.stdout.splitlines()
    assert begin.removeprefix("::stop-commands::") == end.strip(":")
    assert printed == "::error::-C our department sync"
    assert len(said) == bool(code)
    assert all(line.startswith(f"::error title={code}::") for line in said)


def test_the_workflow_runs_a_command_that_exists(steps):
    (line,) = re.findall(r"servicebook (.*?) \|\|", steps["Run the night"]["run"])
    assert understood(shlex.split(line)) is True


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_page_names_each_variable_of_the_workflow(page):
    used = set(re.findall(r"vars\.(\w+)", text(WORKFLOW)))
    assert len(used) == 4
    rows = re.findall(r"(?m)^\| `(SERVICEBOOK_\w+)`", text(page))
    assert set(rows) == used


# ---------------------------------------------------------------- a machine of one's own


def unit(name):
    """The lines of a unit of systemd: key and value, as often as they come."""
    return [tuple(line.split("=", 1)) for line in text(DEPLOY / name).splitlines() if re.match(r"\w+=", line)]


def test_the_service_runs_a_night_and_writes_only_where_it_must():
    has = dict(unit("servicebook.service"))
    program, *words = shlex.split(has["ExecStart"])
    assert program.endswith("/servicebook")
    assert understood(words) is True
    assert has["ProtectSystem"] == "strict"
    assert has["NoNewPrivileges"] == "yes"
    folder = words[words.index("-C") + 1]
    assert ("ReadWritePaths", folder) in unit("servicebook.service")
    assert "ProtectProc" not in has, "the books that LibreOffice has open would look closed"


def test_the_service_tries_again_only_when_the_source_was_unreachable():
    has = dict(unit("servicebook.service"))
    assert has["Restart"] == "on-failure"
    assert has["RestartPreventExitStatus"].split() == ["1", "2", "3", "4", "6"]
    assert int(has["StartLimitBurst"]) < 10


def test_the_timer_makes_up_for_a_missed_night():
    has = dict(unit("servicebook.timer"))
    _, clock, zone = has["OnCalendar"].split()
    assert int(clock.split(":")[1]) not in BUSY
    assert zone == settings.Department(name=schema.Words(zh="部", en="D")).time_zone
    assert has["Persistent"] == "true"
    assert has["RandomizedDelaySec"]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_accepts_both(tmp_path):
    """The program is not installed here where they look for it: another one stands in."""
    for name in ("servicebook.service", "servicebook.timer"):
        made = re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", text(DEPLOY / name))
        (tmp_path / name).write_text(made, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, tmp_path.iterdir())], capture_output=True, check=False, encoding="utf-8"
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_line_for_cron_runs_a_night():
    (line,) = [line for line in text(DEPLOY / "crontab").splitlines() if re.match(r"\d", line)]
    minute, hour, *every, command = line.split(maxsplit=5)
    assert int(minute) not in BUSY
    assert int(hour) < 6
    assert every == ["*", "*", "*"]
    assert understood(shlex.split(command)[1:]) is True


def test_the_task_of_windows_runs_a_night_and_keeps_what_it_says():
    task = ElementTree.fromstring(text(DEPLOY / "windows-task.xml"))
    said = {one.tag.removeprefix(TASK): one.text for one in task.iter()}
    assert task.tag == f"{TASK}Task"
    assert int(said["StartBoundary"].split(":")[1]) not in BUSY
    assert said["StartWhenAvailable"] == said["Hidden"] == "true"
    assert said["MultipleInstancesPolicy"] == "IgnoreNew"
    line = re.search(r'servicebook\.exe" (.*?) >>"(.*?)" 2>&1', said["Arguments"])
    assert understood(shlex.split(line[1], posix=False)) is True
    assert line[2].endswith(".log")


def test_every_piece_is_in_the_table_of_the_folder():
    named = set(re.findall(r"`([\w./-]+)`", text(DEPLOY / "README.md").partition("## ")[0]))
    here = {path.name for path in DEPLOY.iterdir() if path.name != "README.md"}
    assert here <= named
    assert all((DEPLOY / name).resolve().exists() for name in named if "." in name)


# ---------------------------------------------------------------- the page


def commands():
    """Every command line of ours on the pages: in blocks, and between backquotes."""
    for path in READMES:
        shown = [
            line for language in ("sh", "bat", "text") for block in blocks(path, language) for line in block.split("\n")
        ]
        quoted = re.findall(r"`(servicebook [^`]+)`", re.sub(r"(?s)```.*?```", "", text(path)))
        yield from (line for line in (*shown, *quoted) if re.match(r"servicebook [\w-]", line))


@pytest.mark.parametrize("line", sorted(set(commands())))
def test_every_command_on_the_pages_exists_with_its_options(line):
    assert understood(shlex.split(line)[1:]) is True


def test_the_pages_lead_through_the_whole_first_night():
    told = [
        line.split()[1]
        for block in blocks(PAGES[0], "sh")
        for line in block.splitlines()
        if "servicebook " in line[:12]
    ]
    for command in ("doctor", "plan", "apply", "check", "sync", "sign-in", "copy"):
        assert command in told


def test_both_pages_show_the_same_blocks():
    """What is typed does not depend on who reads."""
    for language in ("sh", "toml", "json"):
        assert blocks(PAGES[0], language) == blocks(PAGES[1], language) != []


@pytest.mark.parametrize("block", blocks(PAGES[0], "toml"))
def test_every_settings_block_of_the_page_loads(block, tmp_path):
    (tmp_path / settings.FILE).write_text(block, encoding="utf-8")
    loaded = settings.load(tmp_path)
    declared = declarations.load([schema.SHIPPED], KINDS)
    assert settings.adopt(declared, loaded).registers.keys() >= ({"call_register"} if loaded.books else set())
    assert all(at.room == "gsheets" for at in loaded.books.values())


def test_the_local_server_of_the_page_makes_a_spreadsheet_that_the_settings_accept(tmp_path, monkeypatch):
    """As typed on the page; only the port is another one, and nobody has signed in on this machine."""
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("XDG_CONFIG_HOME", "WIN_PD_OVERRIDE_LOCAL_APPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "config"))
    line = next(line for block in blocks(PAGES[0], "sh") for line in block.splitlines() if line.startswith("curl"))
    words = shlex.split(line)
    headers = dict(words[n + 1].split(": ") for n, word in enumerate(words) if word == "-H")
    body = words[words.index("-d") + 1].encode()
    with SheetsServer() as server:
        address = server.url + urlsplit(words[-1]).path
        with urlopen(Request(address, body, headers), timeout=30) as answer:  # noqa: S310 - our own address
            made = json.load(answer)["spreadsheetId"]
        (tmp_path / settings.FILE).write_text(
            f'[books]\nservice.id = "{made}"\n[google]\nendpoint = "{server.url}"\n', encoding="utf-8"
        )
        shape = open_book("service", settings.load(tmp_path), tmp_path).shape()
    assert shape.where == "售后登记簿"


def test_the_federation_of_the_page_is_one_that_signs_in(tmp_path):
    (block,) = blocks(PAGES[0], "json")
    found = signed_in(tmp_path, json.loads(block))
    assert signin.who(found) == "servicebook@our-project.iam.gserviceaccount.com"


def test_the_federation_that_the_workflow_writes_is_one_that_signs_in(tmp_path):
    """Its token comes from an address of GitHub's, with a header; the file lies in the repository's own folder."""
    (block,) = blocks(PAGES[0], "json")
    source = {
        "url": "https://pipelines.example/token?audience=us",
        "headers": {"Authorization": "Bearer made-up"},
        "format": {"type": "json", "subject_token_field_name": "value"},
    }
    (tmp_path / ".git").mkdir()
    found = signed_in(tmp_path, json.loads(block) | {"credential_source": source})
    assert signin.who(found).startswith("servicebook@")


def signed_in(folder, federation):
    path = folder / "federation.json"
    path.write_text(json.dumps(federation), encoding="utf-8")
    return signin.credentials(Google(key_file=str(path)), folder, write=True)
