"""The lists of the day: sorted by a click on a head, filtered by what is typed above them, in both languages."""

import pytest

pytestmark = pytest.mark.browser

LANGUAGES = ["", "en/"]
CELLS = "(table, at) => [...table.tBodies[0].rows].map(row => row.cells[at].dataset.value ?? row.cells[at].innerText)"
SHOWN = "list => [...list.querySelectorAll('tbody > tr, dt')].filter(entry => !entry.hidden).map(e => e.textContent)"
RECORD, CUSTOMER, TECHNICIAN, DUE, LATE = 1, 2, 3, 4, 5


def column(table, at):
    return table.locator("tbody").evaluate(f"(body, at) => ({CELLS})(body.parentNode, at)", at)


def numbers(cells):
    return [float(cell) for cell in cells if cell]


@pytest.mark.parametrize("folder", LANGUAGES)
@pytest.mark.parametrize("at", [DUE, LATE, RECORD])
def test_a_click_on_a_head_sorts_and_another_one_turns_it_round(leaf, folder, at):
    table = leaf(f"{folder}status/overdue.html").locator("#open-flags")
    head, before = table.locator("thead th").nth(at), column(table, at)
    for order in ("ascending", "descending"):
        head.locator("button").click()
        assert head.get_attribute("aria-sort") == order
        assert table.locator("[aria-sort]").count() == 1
        cells = column(table, at)
        filled = [cell for cell in cells if cell]
        key = float if at == LATE else str
        assert filled == sorted(filled, key=key, reverse=order == "descending")
        assert cells == filled + [""] * (len(cells) - len(filled)), "what is empty comes last"
        assert sorted(cells) == sorted(before)


def test_a_page_has_lines_without_a_date_so_that_the_order_above_shows_something(leaf):
    cells = column(leaf("status/overdue.html").locator("#open-flags"), DUE)
    assert 0 < cells.count("") < len(cells)


def test_a_head_is_reached_and_pressed_with_the_keyboard_and_equal_lines_keep_their_order(leaf):
    table = leaf("status/overdue.html").locator("#open-flags")
    records = column(table, RECORD)
    people = column(table, TECHNICIAN)
    button = table.locator("thead th").nth(TECHNICIAN).locator("button")
    button.focus()
    button.press("Enter")
    assert table.locator("thead th").nth(TECHNICIAN).get_attribute("aria-sort") == "ascending"
    person = next(person for person in people if people.count(person) > 1)
    kept = [record for record, named in zip(records, people, strict=True) if named == person]
    pairs = zip(column(table, RECORD), column(table, TECHNICIAN), strict=True)
    assert [record for record, named in pairs if named == person] == kept


def test_the_stock_is_sorted_by_the_number_and_not_by_its_digits(leaf):
    table = leaf("status/stock.html").locator("#parts-held")
    table.locator("thead th").nth(3).locator("button").click()
    held = numbers(column(table, 3))
    assert held == sorted(held)
    assert held != sorted(held, key=str)


@pytest.mark.parametrize("folder", LANGUAGES)
def test_a_filter_leaves_the_lines_that_have_every_word(leaf, folder):
    page = leaf(f"{folder}status/overdue.html")
    table, box, said = page.locator("#open-flags"), page.locator(".sb-filter"), page.locator(".sb-found")
    lines = table.evaluate(SHOWN)
    customer = next(cell for cell in column(table, CUSTOMER) if cell)
    technician = next(cell for cell in column(table, TECHNICIAN) if cell)
    for typed in (customer, technician, f"{technician}  {customer}", "rc-26", "ＲＣ－２６"):
        box.fill(typed)
        words = typed.lower().replace("ｒｃ－２６", "rc-26").split()
        expected = [line for line in lines if all(word in line.lower() for word in words)]
        assert table.evaluate(SHOWN) == expected
        assert 0 < len(expected) < len(lines) or customer in typed
        assert str(len(expected)) in said.inner_text().split() or f"{len(expected)}" in said.inner_text()
    box.fill("没有这样的客户")
    assert table.evaluate(SHOWN) == []
    assert "0" in said.inner_text()
    box.fill("")
    assert table.evaluate(SHOWN) == lines
    assert said.inner_text() == ""


def test_a_filtered_list_is_sorted_without_bringing_lines_back(leaf):
    page = leaf("status/overdue.html")
    table = page.locator("#open-flags")
    page.locator(".sb-filter").fill("rc-26")
    left = table.evaluate(SHOWN)
    table.locator("thead th").nth(DUE).locator("button").click()
    assert sorted(table.evaluate(SHOWN)) == sorted(left)
    assert page.locator("#open-flags tbody tr:visible").count() == len(left)


@pytest.mark.parametrize("folder", LANGUAGES)
def test_the_filter_of_the_problems_hides_the_desks_that_have_none_left(leaf, folder):
    page = leaf(f"{folder}status/problems.html")
    desks = page.locator(".sb-desk")
    every = desks.count()
    owner = desks.nth(1).locator("tbody tr").first.locator("td").first.inner_text()
    page.locator(".sb-filter").fill(owner)
    assert 0 < page.locator(".sb-desk:visible").count() < every
    page.locator(".sb-filter").fill("没有这样的格子")
    assert page.locator(".sb-desk:visible").count() == 0
    page.locator(".sb-filter").fill("")
    assert page.locator(".sb-desk:visible").count() == every


@pytest.mark.parametrize(("folder", "typed", "term"), [("", "叫修", "报修"), ("en/", "LOANER", "Loaner")])
def test_the_glossary_shows_a_term_with_its_meaning_by_any_of_its_names(leaf, folder, typed, term):
    page = leaf(f"{folder}glossary.html")
    every = page.locator(".sb-terms dt").count()
    page.locator(".sb-filter").fill(typed)
    terms, meanings = page.locator(".sb-terms dt:visible"), page.locator(".sb-terms dd:visible")
    assert 0 < terms.count() == meanings.count() < every
    assert any(term.lower() in text.lower() for text in terms.all_inner_texts())
    assert page.locator("#terms section:visible").count() == page.locator("#terms section:has(dt:visible)").count()
    page.locator(".sb-filter").fill("")
    assert page.locator(".sb-terms dt:visible").count() == every
