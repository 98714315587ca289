// Two small helps. Nothing is fetched, nothing is stored.

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

function start() {
  nameTheParts();
  warnOfOldData();
  searchOnEveryInput();
  setInterval(warnOfOldData, 600000);
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
