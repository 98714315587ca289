// Small helps for reading: nothing is fetched, nothing is stored, and without them every page still says the same.

// A page that is read long after its night says so, by the reader's own clock.
const HOURS_BEFORE_STALE = 26;

function warnOfOldData() {
  for (const line of document.querySelectorAll(".sb-stale")) {
    const hours = (Date.now() - Date.parse(line.dataset.moment)) / 3600000;
    line.hidden = !(hours > HOURS_BEFORE_STALE);
    if (line.hidden) continue;
    const days = Math.floor(hours / 24);
    line.textContent = (days < 2 ? line.dataset.hours : line.dataset.days).replace("{n}", String(days < 2 ? Math.floor(hours) : days));
  }
}

// The search box listens to keys only: a word chosen from an input method, pasted or dictated sends none.
function searchOnEveryInput() {
  const box = document.querySelector("[data-md-component=search-query]");
  if (!box) return;
  for (const kind of ["input", "compositionend"]) {
    box.addEventListener(kind, (event) => {
      if (!event.isComposing) box.dispatchEvent(new KeyboardEvent("keyup", { bubbles: true }));
    });
  }
  for (const button of document.querySelectorAll("[data-open-search]")) {
    button.addEventListener("click", () => {
      const toggle = document.getElementById("__search");
      if (!toggle.checked) toggle.click();
      box.focus();
    });
  }
}

// A reader of the screen is told what the parts of the theme are that carry no name of their own.
function nameTheParts() {
  const dialog = document.querySelector(".md-search");
  const box = document.querySelector(".md-search__input");
  if (dialog && box) dialog.setAttribute("aria-label", box.getAttribute("aria-label"));
  const list = document.querySelector(".md-search-result__list");
  if (list) list.removeAttribute("role");
  for (const toggle of document.querySelectorAll("input.md-toggle")) toggle.setAttribute("aria-hidden", "true");
}

// A list shows only what contains every word that is typed above it.
function filterLists() {
  for (const box of document.querySelectorAll(".sb-filter")) {
    const list = document.getElementById(box.dataset.for);
    if (!list) continue;
    const said = box.closest("p")?.querySelector("output");
    box.addEventListener("input", () => filter(list, box.value, said));
  }
}

function filter(list, typed, said) {
  const words = plain(typed).split(/\s+/).filter(Boolean);
  let left = 0;
  for (const entry of list.querySelectorAll("tbody > tr, dt")) {
    const whole = entry.localName === "dt" ? [entry, entry.nextElementSibling] : [entry];
    const text = plain(whole.map((part) => part.textContent).join(" "));
    const found = words.every((word) => text.includes(word));
    for (const part of whole) part.hidden = !found;
    left += found;
  }
  for (const group of list.querySelectorAll("section")) group.hidden = !group.querySelector("tbody > tr:not([hidden]), dt:not([hidden])");
  if (said) said.textContent = words.length ? said.dataset.said.replace("{n}", String(left)) : "";
}

function plain(text) {
  return text.normalize("NFKC").toLowerCase();
}

// A click on a head sorts by that column, another one the other way round; equal lines keep their order.
function sortTables() {
  for (const table of document.querySelectorAll("table.sb-sortable")) {
    for (const head of table.tHead.querySelectorAll("th:not([data-unsorted])")) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => sortBy(table, head));
    }
  }
}

function sortBy(table, head) {
  const down = head.getAttribute("aria-sort") === "ascending";
  for (const other of table.tHead.querySelectorAll("[aria-sort]")) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const body = table.tBodies[0];
  const value = (row) => row.cells[head.cellIndex].dataset.value ?? row.cells[head.cellIndex].textContent.trim();
  const order = new Intl.Collator(document.documentElement.lang, { numeric: true });
  const rows = [...body.rows].sort((a, b) => compare(value(a), value(b), order, down));
  body.append(...rows);
}

// What is empty comes last, whichever way the order goes.
function compare(a, b, order, down) {
  if (!a || !b) return (a ? 0 : 1) - (b ? 0 : 1);
  const [x, y] = [Number(a), Number(b)];
  const found = Number.isNaN(x) || Number.isNaN(y) ? order.compare(a, b) : x - y;
  return down ? -found : found;
}

// A table that is wider than the phone scrolls in its own box: the keyboard must be able to get there.
function reachWideTables() {
  for (const box of document.querySelectorAll(".md-typeset__scrollwrap")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  }
}

function printOnDemand() {
  for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => window.print());
}

function start() {
  nameTheParts();
  warnOfOldData();
  searchOnEveryInput();
  filterLists();
  sortTables();
  printOnDemand();
  setInterval(warnOfOldData, 600000);
  window.addEventListener("load", reachWideTables); /* the theme puts the boxes round the tables before that */
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
