"""The glossary: each word once, in both languages, leading only to what is there."""

import html
import re

import pytest
from site_night import SETTINGS, night, schema
from test_columns import DECLARED, WORDS, department

from sync import render
from sync.render.page import Page, terms
from sync.schema import SHIPPED
from sync.settings import adopt
from sync.words import LANGUAGES

DOCS = SHIPPED.parent / "docs"
TERMS = [term for group in terms() for term in group["terms"]]
EACH = pytest.mark.parametrize("term", TERMS, ids=lambda term: term["en"])
HAN = "一-鿿"


def glossary(language, profile="everything"):
    """The list of words as a department of *profile* gets it."""
    settings = department(profile)
    sources = {path.relative_to(DOCS).as_posix(): path for path in DOCS.rglob("*.md")}
    page = Page(night(), adopt(DECLARED, settings), settings, WORDS, sources, "glossary", language)
    return html.unescape(str(page.glossary()))


def test_no_word_stands_twice():
    said = [word for term in TERMS for word in (term["zh"], *term.get("also", []))]
    assert sorted({word for word in said if said.count(word) > 1}) == []
    english = [term["en"].casefold() for term in TERMS]
    assert sorted({word for word in english if english.count(word) > 1}) == []
    names = [group["name"] for group in terms()]
    assert len(set(names)) == len(names)
    assert all(name.isalnum() for name in names), "a group's name is an anchor"


@EACH
def test_a_word_is_explained_by_one_sentence_in_each_language(term):
    assert set(term) <= {"zh", "tw", "en", "also", "means", "see"}
    assert re.fullmatch(f"[{HAN}]+", term["zh"])
    assert term.get("tw") != term["zh"]
    assert len(term.get("tw", term["zh"])) == len(term["zh"])
    assert not re.search(f"[{HAN}]", term["en"] + term["means"]["en"])
    assert re.fullmatch(r"[^。]+。", term["means"]["zh"])
    assert re.fullmatch(r"[A-Z][^.]*\.", term["means"]["en"])


@EACH
def test_what_a_word_leads_to_is_there(term):
    page, _, anchor = term.get("see", "").partition("#")
    if page.startswith("registers/"):
        assert page.removeprefix("registers/") in DECLARED.registers
        assert not anchor
    elif page:
        for suffix in (".md", ".en.md"):
            assert f"{{#{anchor}}}" in (DOCS / f"{page}{suffix}").read_text(encoding="utf-8")


def test_the_words_that_the_program_uses_itself_are_explained():
    explained = {word for term in TERMS for word in (term["zh"], *term.get("also", []))}
    states = {words["zh"] for words in WORDS.states.values()}
    registers = {register.title.zh for register in DECLARED.registers.values()}
    assert sorted((states | registers) - explained) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_has_every_word_in_both_languages(language):
    shown = glossary(language)
    other = "en" if language == "zh" else "zh"
    missing = [t["zh"] for t in TERMS if f'<dt>{t[language]}<span lang="{other}">{t[other]}</span>' not in shown]
    assert missing == []
    assert "data-search-exclude" not in shown


def test_the_english_page_is_in_the_order_of_its_alphabet():
    for section in glossary("en").split("<section")[1:]:
        words = [word.casefold() for word in re.findall("<dt>([^<]+)", section)]
        assert words == sorted(words)


def test_no_word_leads_to_a_register_that_the_department_does_not_keep():
    """A vehicle workshop has no spare-parts store of ours."""
    assert 'href="registers/parts.html"' in glossary("zh")
    assert 'href="registers/parts.html"' not in glossary("zh", "workshop")
    assert 'href="registers/customers.html"' in glossary("zh", "workshop")


def test_the_search_does_not_cut_a_word_of_the_trade(tmp_path):
    render.render(night(), schema(), SETTINGS, WORDS, tmp_path)
    words = (tmp_path / "build/search-words.txt").read_text(encoding="utf-8").splitlines()
    assert {"维修单", "工单", "叫修", "备用维修单", "保外"} <= set(words)
