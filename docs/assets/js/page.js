/* Small things for a whole page:
   - what Material makes for the mouse alone (drawer, search on a phone) works by keyboard;
   - a box that scrolls sideways is a tab stop only while there is something to scroll;
   - printing opens what is folded, in browsers whose CSS cannot. */
(() => {
  "use strict";

  document.documentElement.classList.add("js");

  /* Material 9.8.1 opens its drawer and its search by labels, which only a mouse finds. A button
     in a label's place does the same for all. */
  for (const label of document.querySelectorAll(".md-header__button[for]:not([for^=__palette])")) {
    const toggle = document.getElementById(label.htmlFor);
    if (!toggle) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = `${label.className} for-${label.htmlFor.slice(2)}`;
    button.setAttribute("aria-label", label.htmlFor === "__drawer" ? "Contents" : "Search");
    button.append(...label.childNodes);
    label.replaceWith(button);
    const state = () => button.setAttribute("aria-expanded", String(toggle.checked));
    toggle.addEventListener("change", state);
    state();
    button.addEventListener("click", () => toggle.click());
    if (label.htmlFor === "__drawer") drawer(toggle, button);
  }

  /* Who opens the drawer by keyboard goes on in it; Escape closes it, as it does the search. */
  function drawer(toggle, button) {
    const panel = document.querySelector(".md-sidebar--primary");
    button.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.stopPropagation();
      toggle.addEventListener(
        "change",
        () => toggle.checked && panel.querySelector("a, label[tabindex]")?.focus(),
        { once: true },
      );
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !toggle.checked) return;
      toggle.click();
      button.focus();
    });
  }

  /* The index of commands: only those with some letters in them. */
  const filter = document.getElementById("commands-filter");
  if (filter) {
    filter.parentElement.hidden = false;
    const status = filter.parentElement.querySelector("[role=status]");
    filter.addEventListener("input", () => {
      const wanted = filter.value.trim().toLowerCase();
      let count = 0;
      for (const section of document.querySelectorAll(".commands section")) {
        let left = 0;
        for (const item of section.querySelectorAll("li")) {
          item.hidden = !item.textContent.toLowerCase().includes(wanted);
          left += item.hidden ? 0 : 1;
        }
        section.hidden = !left;
        count += left;
      }
      document.querySelector(".commands-tools").hidden = Boolean(wanted);
      status.textContent = wanted ? `${count} of them` : "";
    });
  }

  /* A column that the sentence before names is in sight: "Look at the column `INTERNAL-IP`". */
  function toNamedColumn(box) {
    const before = box.closest("figure")?.previousElementSibling;
    if (box.scrollLeft || !before?.matches("p") || !box.matches(".out:not(.wrap)")) return;
    const text = box.querySelector("pre")?.textContent ?? "";
    const head = text.split("\n", 1)[0];
    for (const code of before.querySelectorAll("code")) {
      const column = ` ${head} `.indexOf(` ${code.textContent} `);
      if (column < 1) continue;
      const letter = box.scrollWidth / Math.max(...text.split("\n").map((line) => line.length));
      const end = (column + code.textContent.length + 8) * letter;
      if (end > box.clientWidth) box.scrollLeft = end - box.clientWidth;
      return;
    }
  }

  if ("ResizeObserver" in window) {
    const seen = new ResizeObserver((entries) => {
      const wide = entries.map(({ target }) => target.scrollWidth > target.clientWidth + 1);
      entries.forEach(({ target }, i) => {
        // A region without anything to scroll is only one more landmark.
        target.classList.toggle("is-wide", wide[i]);
        if (target.matches(".dump")) return;
        if (wide[i]) toNamedColumn(target);
        if (wide[i]) {
          target.tabIndex = 0;
          target.setAttribute("role", "region");
        } else {
          target.removeAttribute("tabindex");
          target.removeAttribute("role");
        }
      });
    });
    for (const box of document.querySelectorAll("figure [role=region][tabindex='0'], .dump")) {
      seen.observe(box);
    }
    // Material puts tables into boxes of its own, which cannot be scrolled by keyboard; nor can code.
    addEventListener("load", () => {
      const names = new Set();
      for (const box of document.querySelectorAll(
        ".md-typeset__scrollwrap, .md-typeset :not(figure) > pre > code",
      )) {
        if (box.closest("figure, .md-search, .prepared")) continue;
        const word = box.matches("code") ? "code" : "table";
        const first = box.matches("code") ? box.textContent.trim().split("\n", 1)[0]
          : box.querySelector("th")?.textContent ?? "";
        const name = box.getAttribute("aria-label") ?? `${word}: ${first}`;
        let label = name;
        for (let n = 2; names.has(label); n += 1) label = `${name} (${n})`;
        names.add(label);
        box.setAttribute("aria-label", label);
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
