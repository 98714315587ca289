"""What the program can do has its place in the pages about it, and what the pages say is so."""

import re
from pathlib import Path
from typing import get_args, get_origin, get_type_hints

import click
import msgspec
import pytest
from ruamel.yaml import YAML

import sync
from sync import model, rules, schema, yamlfile
from sync.cli import main
from sync.rules.clock import Meaning
from sync.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
LANGUAGES = {"zh": ".md", "en": ".en.md"}
ALL = {"zh": "都可以", "en": "all"}
SEVERITY = {
    "zh": {"要改": "error", "请看一眼": "warning", "待建档": "task"},
    "en": {"error": "error", "warning": "warning", "task": "task"},
}


def text(path):
    return (ROOT / path).read_text(encoding="utf-8")


def section(page, language, anchor):
    """The rows of the tables under {#anchor}: of each row its cells, without the heads."""
    under = text(f"docs/about/{page}{LANGUAGES[language]}").partition(f"{{#{anchor}}}\n")[2]
    lines = re.split(r"(?m)^#+ ", under)[0].splitlines()
    assert lines, f"{page} ({language}) has no section #{anchor}"
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    heads = {n - 1 for n, row in enumerate(rows) if set(row[0]) == {"-"}}
    return [row for n, row in enumerate(rows) if n not in heads and set(row[0]) != {"-"}]


def quoted(cell):
    return re.findall(r"`([^`]+)`", cell)


def commands(group=main, before=""):
    """Every command by what people write, those of a group too."""
    found = {}
    for name, command in group.commands.items():
        inside = commands(command, f"{name} ") if isinstance(command, click.Group) else {f"{before}{name}": command}
        found |= inside
    return found


def names(page, language, anchor):
    return [name for row in section(page, language, anchor) for name in quoted(row[0])]


# ---------------------------------------------------------------- commands and options


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_has_its_line(language):
    told = [name.split() for name in names("run", language, "commands") if name.startswith("servicebook ")]
    groups = [name for name, command in main.commands.items() if isinstance(command, click.Group)]
    assert sorted(" ".join(words[1 : 3 if words[1] in groups else 2]) for words in told) == sorted(commands())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_option_has_its_line_and_names_its_commands(language):
    """An option that a command got, lost or shares with another shows here."""
    told = {
        option: set(commands()) if row[1] == ALL[language] else set(quoted(row[1]))
        for row in section("run", language, "commands")
        if len(row) == 3
        for option in quoted(row[0])
    }
    has = {}
    for name, command in commands().items():
        for option in (option for p in command.params for option in p.opts if option.startswith("-")):
            has.setdefault(option, set()).add(name)
    assert told == has


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_option_before_the_command_has_its_line(language):
    """The help of one command stands for the help of all."""
    rows = [row for row in section("run", language, "commands") if len(row) == 2]
    told = {option for row in rows for option in quoted(row[0]) if option.startswith("-")}
    assert told == {option for p in main.params for option in p.opts} | {"-h", "--help"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_steps_of_until_are_told(language):
    row = next(row for row in section("run", language, "commands") if "`--until`" in row[0])
    steps = next(p.type.choices for p in main.commands["sync"].params if p.name == "until")
    assert quoted(row[2]) == list(steps)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_exit_code_has_its_line(language):
    """Those of failures come from their classes; 3 is `check`, 130 and 143 are the system's."""
    told = [int(code) for row in section("run", language, "exit-codes") for code in re.findall(r"\d+", row[0])]
    assert sorted(told) == sorted({0, 3, 130, 143} | set(exit_codes(model.ServicebookError)))
    line = next(line for line in text("README.md").splitlines() if line.startswith("0 done"))
    assert [int(code) for code in re.findall(r"\d+", line)] == sorted(told)


def exit_codes(failure):
    yield failure.exit_code
    for below in failure.__subclasses__():
        yield from exit_codes(below)


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_setting_has_its_line_with_what_is_shipped(language):
    told = {name: row[2] for row in section("run", language, "settings") for name in quoted(row[0])}
    has = dict(settings(Settings))
    assert {re.sub(r"<\w+>", "<>", name) for name in told} == set(has)
    for name, shipped in told.items():
        usual = has[re.sub(r"<\w+>", "<>", name)]
        if isinstance(usual, int | str) and not isinstance(usual, bool) and usual:
            assert re.search(rf"(?<!\w){usual}(?!\w)", shipped), name


def settings(kind, before=""):
    """Every setting under *kind* by its dotted name, with its default."""
    hints = get_type_hints(kind)
    for field in msgspec.structs.fields(kind):
        name, hint = f"{before}{field.name}", hints[field.name]
        if get_origin(hint) is dict and before == "":
            yield from settings(get_args(hint)[1], f"{name}.<>.")
        elif isinstance(hint, type) and issubclass(hint, msgspec.Struct) and hint is not schema.Words:
            yield from settings(hint, f"{name}.")
        else:
            yield name, field.default


# ---------------------------------------------------------------- declarations


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("anchor", "known"),
    [("kinds", schema.KINDS), ("promises", rules.KINDS), ("limits", get_args(Meaning)), ("states", model.STATES)],
)
def test_every_kind_has_its_line(language, anchor, known):
    assert sorted(names("declare", language, anchor)) == sorted(known)


@pytest.mark.parametrize("language", LANGUAGES)
def test_states_stand_in_their_order_and_by_their_words(language):
    words = yamlfile.read(ROOT / "site" / "words" / "states.yaml")
    told = [(quoted(row[0])[0], row[1]) for row in section("declare", language, "states")]
    assert told == [(state, words[state][language]) for state in model.STATES]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_problem_code_has_its_line_and_weight(language):
    told = {quoted(row[0])[0]: SEVERITY[language][row[1]] for row in section("codes", language, "codes")}
    known = yamlfile.read(ROOT / "site" / "words" / "problems.yaml")
    assert told == {code: entry["severity"] for code, entry in known.items()}


def test_every_key_of_a_declaration_is_explained():
    """The page beside the declarations shows or names each key that a declared structure has."""
    page = text("sheets_schema/README.md")
    kinds = [schema.Register, schema.Field, schema.Profile, schema.Calendar, *rules.KINDS.values()]
    keys = {key for kind in kinds for key in keys_of(kind)}
    assert len(keys) > 60
    missing = sorted(key for key in keys if not re.search(rf"(?<![\w-]){key}(?![\w-])", page))
    assert missing == []


def keys_of(kind):
    for field in msgspec.structs.fields(kind):
        yield field.encode_name
        for hint in (field.type, *get_args(field.type)):
            if isinstance(hint, type) and issubclass(hint, msgspec.Struct) and hint is not kind:
                yield from keys_of(hint)


# ---------------------------------------------------------------- pages and the front door


def pages():
    return sorted(path for path in DOCS.rglob("*.md") if "decisions/" not in path.as_posix())


def test_every_page_has_both_languages_with_the_same_sections():
    for page in (page for page in pages() if not page.name.endswith(".en.md")):
        other = page.with_name(f"{page.stem}.en.md")
        assert re.findall(r"\{#([\w-]+)\}", page.read_text("utf-8")) == re.findall(
            r"\{#([\w-]+)\}", other.read_text("utf-8")
        )


def anchors(page):
    return re.findall(r"\{#([\w-]+)\}", page.read_text("utf-8"))


def test_every_page_is_in_the_navigation():
    nav = text("mkdocs.yml").partition("\nnav:")[2]
    for page in (page for page in pages() if not page.name.endswith(".en.md")):
        assert page.relative_to(DOCS).as_posix() in nav


def test_decisions_are_numbered_and_open_with_a_chinese_summary():
    found = sorted((DOCS / "about" / "decisions").glob("*.md"))
    assert [path.name[:3] for path in found] == [f"{n:03}" for n in range(1, len(found) + 1)]
    for path in found:
        body = path.read_text("utf-8").partition("\n# ")[2].splitlines()
        assert body[2].startswith("- "), path
        assert re.search("[\u4e00-\u9fff]", body[2]), path


def test_the_two_commands_are_those_that_the_checks_run():
    """What the front page promises to a newcomer is what every change is held to, word for word."""
    commands = [command.strip() for command in re.findall(r"```sh\n(.+?)\n```", text("README.md"), re.DOTALL)][:2]
    assert commands[0].startswith("python3 -m venv")
    assert commands[1].endswith("pytest")
    checks = text(".ci/run").splitlines()
    for command in commands:
        assert command in checks


def test_the_front_page_is_short_and_leads_somewhere():
    page = text("README.md")
    assert len(page.splitlines()) < 150
    links = re.findall(r"\]\((?!http)([^)#]+)", page)
    assert len(links) > 5
    for link in links:
        assert (ROOT / link).exists(), link
    assert (ROOT / "site" / "today.png").stat().st_size < 150_000


def test_the_map_names_every_module():
    told = set(re.findall(r"\w+", sync.__doc__))
    modules = {path.stem for path in (ROOT / "sync").iterdir() if not path.name.startswith("_")}
    assert len(modules) > 20
    assert modules - told == set()


def test_every_page_opens_with_metadata_that_any_builder_reads():
    """MkDocs passes over front matter that is no YAML and loses the title; other builders stop."""
    for page in sorted((ROOT / "docs").rglob("*.md")):
        _, front, _ = page.read_text(encoding="utf-8").split("---\n", 2)
        assert YAML(typ="safe", pure=True).load(front)["title"], page
