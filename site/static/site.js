// Opened from a folder, a browser loads no excerpts of the pages that a search has found.
if (location.protocol === "file:") {
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
}

// A formula wider than its column scrolls in itself, with the keyboard, too. Which ones do is known once they are drawn.
function letWideFormulasScroll() {
  for (const formula of document.querySelectorAll(".bd-article mjx-container")) {
    const room = formula.parentElement.closest(":not(span)").clientWidth;
    const scrolls = formula.querySelector("svg").getBoundingClientRect().width > room;
    formula.classList.toggle("scrolls", scrolls);
    if (scrolls) {
      formula.tabIndex = 0;
    } else {
      formula.removeAttribute("tabindex");
    }
  }
}

window.addEventListener("load", async () => {
  await window.MathJax?.startup?.promise;
  letWideFormulasScroll();
  window.addEventListener("resize", letWideFormulasScroll);
});
