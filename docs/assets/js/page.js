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

  /* On a narrow screen the search is out of sight, and what is hidden takes no focus: Material's keys
     for it would go on as keys for the page, n as the next one. */
  addEventListener(
    "keydown",
    (event) => {
      if (!["/", "s", "f"].includes(event.key) || event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
      const toggle = document.getElementById("__search");
      const box = document.querySelector(".md-search__inner");
      if (!toggle || !box || getComputedStyle(box).visibility !== "hidden") return;
      toggle.click();
      event.preventDefault(); // else the key is the first letter that is looked for
    },
    true,
  );

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

  /* A name in the navigation that is cut off is told when it is pointed at. */
  document.addEventListener("pointerover", (event) => {
    const name = event.target.closest?.(".md-ellipsis");
    if (name && name.offsetWidth < name.scrollWidth) (name.closest("a") ?? name).title = name.innerText;
  });

  /* The index of commands: only those with some letters in them. */
  const filter = document.getElementById("commands-filter");
  if (filter) {
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

  /* How far a box scrolls so that the column which the sentence before names is in sight: "Look at
     the column `INTERNAL-IP`". */
  function toNamedColumn(box) {
    const before = box.closest("figure")?.previousElementSibling;
    if (!before?.matches("p") || !box.matches(".out:not(.wrap)") || box.scrollLeft) return 0;
    const text = box.querySelector("pre")?.textContent ?? "";
    const head = text.split("\n", 1)[0];
    for (const code of before.querySelectorAll("code")) {
      const column = ` ${head} `.indexOf(` ${code.textContent} `);
      if (column < 1) continue;
      const letter = box.scrollWidth / Math.max(...text.split("\n").map((line) => line.length));
      const end = (column + code.textContent.length + 8) * letter;
      return Math.max(0, end - box.clientWidth);
    }
    return 0;
  }

  if ("ResizeObserver" in window) {
    const seen = new ResizeObserver((entries) => {
      // All is read before anything is changed, so that it is laid out once.
      const found = entries.map(({ target }) => {
        const wide = target.scrollWidth > target.clientWidth + 1;
        return { target, wide, left: wide && !target.matches(".dump") ? toNamedColumn(target) : 0 };
      });
      for (const { target, wide, left } of found) {
        // A region without anything to scroll is only one more landmark.
        target.classList.toggle("is-wide", wide);
        if (target.matches(".dump")) continue;
        if (left) target.scrollLeft = left;
        if (wide) {
          target.tabIndex = 0;
          target.setAttribute("role", "region");
        } else {
          target.removeAttribute("tabindex");
          target.removeAttribute("role");
        }
      }
    });
    for (const box of document.querySelectorAll("figure [role=region][tabindex='0'], .dump")) {
      seen.observe(box);
    }
    // Tables of the text stand in boxes without a name, which cannot be scrolled by keyboard; nor can code.
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

/* Addresses of figures and lines, and a sheet of the keys that do something. */
(() => {
  "use strict";

  /* A drawing, a packet, a trace: a sign at its title that is its address. A block has its own in
     the line below it. */
  for (const figure of document.querySelectorAll("figure[id]:not(.block)")) {
    const title = figure.querySelector(":scope > figcaption");
    if (!title) continue;
    const link = document.createElement("a");
    link.className = "figure-link";
    link.href = `#${figure.id}`;
    link.textContent = "¶";
    link.setAttribute("aria-label", `Link to: ${title.textContent.trim()}`);
    (title.querySelector(".pk-title") ?? title).append(" ", link);
  }

  /* #b-routes-L3: the third line that the block printed. Alt and a click on a line give its address. */
  const LINE = /^#(b-.+)-L(\d+)$/;

  function rangeOf(figure, number) {
    let line = 1;
    let range = null;
    for (const code of figure.querySelectorAll(".out pre > code")) {
      const walk = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
      for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        if (node.parentElement.closest(".note-ref")) continue;
        for (let at = 0; at < node.length; at += 1) {
          if (line === number && node.data[at] !== "\n") {
            if (!range) {
              range = document.createRange();
              range.setStart(node, at);
            }
            range.setEnd(node, at + 1);
          }
          if (node.data[at] === "\n") line += 1;
        }
      }
    }
    return range;
  }

  function toLine() {
    const found = LINE.exec(decodeURIComponent(location.hash));
    const figure = found && document.getElementById(found[1]);
    const range = figure && rangeOf(figure, Number(found[2]));
    if (!range) return;
    const fold = range.startContainer.parentElement.closest("details");
    if (fold) fold.open = true;
    if (window.Highlight && CSS.highlights) CSS.highlights.set("line", new Highlight(range));
    figure.scrollIntoView();
    const header = document.querySelector(".md-header").offsetHeight;
    const box = range.getBoundingClientRect();
    if (box.bottom > innerHeight || box.top < header) scrollBy(0, box.top - innerHeight / 3);
  }

  document.addEventListener("click", (event) => {
    const code = event.altKey && event.target.closest?.("figure.block .out pre > code");
    if (!code) return;
    const figure = code.closest("figure");
    for (let number = 1, range; (range = rangeOf(figure, number)) || number < 400; number += 1) {
      const boxes = range ? [...range.getClientRects()] : [];
      if (boxes.some(({ top, bottom }) => event.clientY >= top - 2 && event.clientY <= bottom + 2)) {
        history.replaceState(null, "", `#${figure.id}-L${number}`);
        toLine();
        return;
      }
    }
  });

  addEventListener("hashchange", toLine);
  toLine();

  /* ---- ? ---- */

  const KEYS = [
    ["/ or s", "search; Enter opens the first result"],
    ["p, n", "the previous page, the next page"],
    ["Tab, arrows", "from figure to figure; from value to value inside one"],
    ["Enter", "on a value: keep it lit; in a trace's names: open the packet"],
    ["← →", "in “step through”: one step back, one step forward; Esc: the whole picture"],
    ["Alt + click", "on a line of output: its address"],
    ["Esc", "clear all highlights, close what is open"],
    ["?", "this sheet"],
  ];
  let sheet = null;

  function help() {
    if (!sheet) {
      sheet = document.createElement("dialog");
      sheet.className = "help md-typeset";
      sheet.setAttribute("aria-label", "Keys");
      const list = document.createElement("dl");
      for (const [key, does] of KEYS) {
        const name = document.createElement("dt");
        const kbd = document.createElement("kbd");
        kbd.textContent = key;
        name.append(kbd);
        const text = document.createElement("dd");
        text.textContent = does;
        list.append(name, text);
      }
      const close = document.createElement("button");
      close.type = "button";
      close.textContent = "close";
      close.addEventListener("click", () => sheet.close());
      sheet.append(list, close);
      document.body.append(sheet);
    }
    sheet.showModal();
  }

  document.addEventListener("keydown", (event) => {
    if (event.key !== "?" || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target.closest?.("input, textarea, select")) return;
    event.preventDefault();
    help();
  });
})();
