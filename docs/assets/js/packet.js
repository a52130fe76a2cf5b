/* Fields and bytes of a packet light up together.

   Whatever has data-f="3" (a field in a box, a row of a table) and the bytes whose data-f names 3
   belong together: pointing at one, focusing something in it, or a tap lights up all of them in
   the same figure, and the line under the bytes says what it is. A tap on it again, on nothing,
   or Escape puts it out. The bytes are one tab stop; there the arrow keys go from field to field.

   Nothing is done for a figure until it is pointed at. */
(() => {
  "use strict";

  const figures = new WeakMap();

  /* What lights up together in one figure: number -> elements; and the numbers in their order. */
  function indexOf(figure) {
    let index = figures.get(figure);
    if (index) return index;
    index = new Map();
    for (const el of figure.querySelectorAll("[data-f]")) {
      for (const number of el.dataset.f.split(" ")) {
        const same = index.get(number);
        if (same) same.push(el);
        else index.set(number, [el]);
      }
    }
    figures.set(figure, index);
    return index;
  }

  const orderIn = (dump) => {
    const seen = new Set();
    for (const el of dump.querySelectorAll(".by[data-f]")) {
      for (const number of el.dataset.f.split(" ")) seen.add(number);
    }
    return [...seen];
  };

  const lit = new Map(); // figure -> the numbers that are lit
  const kept = new WeakMap(); // figure -> the numbers that a tap or a key keeps

  function light(figure, numbers) {
    const old = lit.get(figure) ?? [];
    if (old.join() === numbers.join()) return;
    const index = indexOf(figure);
    for (const number of old) {
      for (const el of index.get(number) ?? []) el.classList.remove("on");
    }
    for (const number of numbers) {
      for (const el of index.get(number) ?? []) el.classList.add("on");
    }
    if (numbers.length) lit.set(figure, numbers);
    else lit.delete(figure);
    say(figure, numbers, index);
  }

  /* The table's row, in one line. Of a byte that several fields share, all of them. */
  function say(figure, numbers, index) {
    const say = figure.querySelector(".pk-say");
    if (!say) return;
    const lines = numbers.map((number) => line(index.get(number) ?? [])).filter(Boolean);
    say.replaceChildren();
    for (const [at, parts] of lines.entries()) {
      if (at) say.append(document.createElement("br"));
      const name = document.createElement("b");
      name.textContent = parts[0];
      say.append(name, parts.slice(1).map((part) => ` · ${part}`).join(""));
    }
    if (!lines.length) say.textContent = say.dataset.hint ?? "";
  }

  function line(elements) {
    const row = elements.find((el) => el.matches("tr"));
    if (row) {
      const title = row.closest(".hd")?.querySelector(".hd-name > b")?.textContent ?? "";
      const cell = (name) => row.querySelector(name)?.textContent.trim() ?? "";
      const name = `${title} · ${cell("th")}`;
      if (row.closest(".cmp-fields")) {
        const change = `${valueOf(row, ".c-old")} → ${valueOf(row, ".c-new")}`;
        return [name, change, row.lastElementChild.textContent].filter(Boolean);
      }
      const bytes = cell(".c-at");
      const where = /\D/.test(bytes) ? `bytes ${bytes}` : `byte ${bytes}`;
      return [name, where, cell(".c-val"), row.lastElementChild.textContent].filter(Boolean);
    }
    const told = elements.find((el) => el.dataset.say);
    if (!told) return null;
    const title = told.closest(".hd")?.querySelector(".hd-name > b")?.textContent;
    const parts = told.dataset.say.split(" · ");
    if (told.matches(".fd") && title) parts[0] = `${title} · ${parts[0]}`;
    return parts;
  }

  const valueOf = (row, cell) => {
    const found = row.querySelector(cell)?.cloneNode(true);
    found?.querySelector(".c-word")?.remove();
    return found?.textContent.trim() ?? "";
  };

  const at = (target) => {
    const el = target.closest?.("figure.packet [data-f]");
    return el && { figure: el.closest("figure.packet"), numbers: el.dataset.f.split(" ") };
  };

  /* ---- pointer ---- */

  let hovered = null;
  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    const found = at(event.target);
    if (hovered && hovered !== found?.figure) light(hovered, kept.get(hovered) ?? []);
    hovered = found?.figure ?? null;
    if (found) light(found.figure, found.numbers);
  });

  document.addEventListener("click", (event) => {
    const figure = event.target.closest?.("figure.packet");
    if (!figure || event.target.closest("summary, a, button")) return;
    if (getSelection()?.type === "Range") return;
    const found = at(event.target);
    const same = found && (kept.get(figure) ?? []).join() === found.numbers.join();
    kept.set(figure, found && !same ? found.numbers : []);
    light(figure, kept.get(figure));
  });

  /* ---- keyboard ---- */

  document.addEventListener("focusin", (event) => {
    const found = at(event.target);
    if (found && event.target.matches(":focus-visible")) light(found.figure, found.numbers);
  });

  document.addEventListener("focusout", (event) => {
    const figure = event.target.closest?.("figure.packet");
    if (!figure) return;
    if (event.target.matches(".dump")) kept.delete(figure);
    light(figure, kept.get(figure) ?? []);
  });

  document.addEventListener(
    "keydown",
    (event) => {
      const figure = event.target.closest?.("figure.packet");
      if (!figure || event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.key === "Escape") {
        kept.delete(figure);
        light(figure, []);
        return;
      }
      if (!event.target.matches(".dump") || !figure.querySelector(".pk-say")) return;
      const order = orderIn(event.target);
      const now = order.indexOf((lit.get(figure) ?? [])[0]);
      const to = {
        ArrowRight: now + 1,
        ArrowDown: now + 1,
        ArrowLeft: now < 0 ? order.length - 1 : now - 1,
        ArrowUp: now < 0 ? order.length - 1 : now - 1,
        Home: 0,
        End: order.length - 1,
      }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      // Material listens for arrows too.
      event.stopPropagation();
      const number = order[Math.max(0, Math.min(order.length - 1, to))];
      kept.set(figure, [number]);
      light(figure, [number]);
      event.target
        .querySelector(".on")
        ?.scrollIntoView({ block: "nearest", inline: "nearest" });
    },
    true,
  );

  /* Only with this script is there something to say. */
  for (const say of document.querySelectorAll("figure.packet .pk-say")) {
    say.dataset.hint = "Point at a field or a byte, or tap it: both light up.";
    say.textContent = say.dataset.hint;
    say.hidden = false;
  }
})();
