// What scrolls in itself must be reachable with the keyboard; which formulas do is known once they are drawn.
function letScrollWithKeys() {
  for (const box of document.querySelectorAll(".bd-article .math, .bd-article .math mjx-container")) {
    if (box.scrollWidth > box.clientWidth + 1) {
      box.tabIndex = 0;
    } else {
      box.removeAttribute("tabindex");
    }
  }
}

window.addEventListener("load", async () => {
  if (window.MathJax?.startup) {
    await window.MathJax.startup.promise;
  }
  letScrollWithKeys();
  window.addEventListener("resize", letScrollWithKeys);
});
