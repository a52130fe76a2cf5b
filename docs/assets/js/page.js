/* Small things for a whole page:
   - labels that Material makes for the mouse alone (drawer, search on a phone) work by keyboard;
   - a box that scrolls sideways is a tab stop only while there is something to scroll;
   - printing opens what is folded, in browsers whose CSS cannot. */
(() => {
  "use strict";

  document.documentElement.classList.add("js");

  for (const label of document.querySelectorAll(".md-header__button[for]:not([for^=__palette])")) {
    const toggle = document.getElementById(label.htmlFor);
    if (!toggle) continue;
    label.tabIndex = 0;
    label.setAttribute("role", "button");
    label.setAttribute("aria-label", label.htmlFor === "__drawer" ? "Contents" : "Search");
    const state = () => label.setAttribute("aria-expanded", String(toggle.checked));
    toggle.addEventListener("change", state);
    state();
    label.addEventListener("keydown", (event) => {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      event.stopPropagation();
      label.click();
    });
  }

  if ("ResizeObserver" in window) {
    const seen = new ResizeObserver((entries) => {
      const wide = entries.map(({ target }) => target.scrollWidth > target.clientWidth + 1);
      entries.forEach(({ target }, i) => {
        // A region without anything to scroll is only one more landmark.
        if (wide[i]) {
          target.tabIndex = 0;
          target.setAttribute("role", "region");
        } else {
          target.removeAttribute("tabindex");
          target.removeAttribute("role");
        }
      });
    });
    for (const box of document.querySelectorAll("figure [role=region][tabindex='0']")) {
      if (getComputedStyle(box).overflowX !== "visible") seen.observe(box);
    }
    // Material puts tables into boxes of its own, which cannot be scrolled by keyboard.
    addEventListener("load", () => {
      for (const box of document.querySelectorAll(".md-typeset__scrollwrap")) {
        box.setAttribute("aria-label", `table: ${box.querySelector("th")?.textContent ?? ""}`);
        seen.observe(box);
      }
    });
  }

  if (!CSS.supports("selector(::details-content)")) {
    let opened = [];
    addEventListener("beforeprint", () => {
      opened = [...document.querySelectorAll("details:not([open])")];
      for (const fold of opened) fold.open = true;
    });
    addEventListener("afterprint", () => {
      for (const fold of opened) fold.open = false;
    });
  }
})();
