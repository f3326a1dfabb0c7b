// Opened from a folder, a browser loads no excerpts of the pages that a search has found.
if (location.protocol === "file:") {
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
}

// A formula wider than its column scrolls in itself, with the keyboard, too. Which ones do is known once they are drawn.
function letWideFormulasScroll() {
  for (const formula of document.querySelectorAll(".bd-article mjx-container")) {
    const room = formula.closest("p, li, dd, td, th, h1, h2, h3, h4, summary, div").clientWidth;
    const scrolls = formula.querySelector("svg").getBoundingClientRect().width > room;
    formula.classList.toggle("scrolls", scrolls);
    if (scrolls) {
      formula.tabIndex = 0;
    } else {
      formula.removeAttribute("tabindex");
    }
  }
}

// A phone shows no scroll bars: what goes on beyond the right edge must look so.
const SCROLLING = ".bd-article :is(pre, .pst-scrollable-table-container, mjx-container)";

function markWhatGoesOn(part) {
  const scrolls = part.matches(":not(mjx-container), .scrolls");
  part.classList.toggle("goes-on", scrolls && part.scrollLeft + part.clientWidth < part.scrollWidth - 1);
}

function arrange() {
  letWideFormulasScroll();
  document.querySelectorAll(SCROLLING).forEach(markWhatGoesOn);
}

window.addEventListener("load", async () => {
  await window.MathJax?.startup?.promise;
  arrange();
  window.addEventListener("resize", arrange);
  // Neither event bubbles. What a fold hides has no width until it is opened.
  document.addEventListener("scroll", ({ target }) => target.matches?.(SCROLLING) && markWhatGoesOn(target), true);
  document.addEventListener("toggle", arrange, true);
});
