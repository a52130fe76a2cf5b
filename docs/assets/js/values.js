/* Marked values: .v[data-v=KEY] lights up wherever the same KEY stands on the page.

   Pointing at a value and focusing it light it up while that lasts; a click, a tap, Enter or
   Space keep it lit until the same again, or Escape. Up to four are lit at once, each in a colour
   of its own (data-lit=1..4, block.css).

   Each figure, paragraph or list is one tab stop; arrow keys, Home and End move between its
   values; Escape leaves. The number of places is announced politely. Nothing is done per value
   but finding the stops, so a page with thousands of values loads as fast as any. */
(() => {
  "use strict";

  const COLOURS = 4;
  const PROSE = "p, li, dl, table, blockquote, h2, h3, h4";

  let index = null; // KEY -> its elements, made when first needed
  const stops = new Map(); // group -> the value that Tab reaches
  const lit = new Map(); // KEY -> colour
  let hovered = null;
  let focused = null;
  let kept = []; // KEYs, newest first

  function places(key) {
    if (!index) {
      index = new Map();
      for (const el of document.querySelectorAll(".v[data-v]")) {
        const same = index.get(el.dataset.v);
        if (same) same.push(el);
        else index.set(el.dataset.v, [el]);
      }
    }
    return index.get(key) ?? [];
  }

  /* ---- light ---- */

  function paint() {
    const wanted = new Set([hovered, focused, ...kept].filter(Boolean).slice(0, COLOURS));
    for (const key of [...lit.keys()]) {
      if (wanted.has(key)) continue;
      lit.delete(key);
      for (const el of places(key)) el.removeAttribute("data-lit");
    }
    for (const key of wanted) {
      if (lit.has(key)) continue;
      const used = new Set(lit.values());
      let colour = 1;
      while (used.has(colour)) colour += 1;
      lit.set(key, colour);
      for (const el of places(key)) el.setAttribute("data-lit", colour);
    }
  }

  function keep(el) {
    const key = el.dataset.v;
    kept = kept.includes(key) ? kept.filter((k) => k !== key) : [key, ...kept].slice(0, COLOURS);
    for (const stop of stops.values()) {
      stop.setAttribute("aria-pressed", String(kept.includes(stop.dataset.v)));
    }
    paint();
    if (kept.includes(key)) announce(key);
  }

  function forget() {
    kept = [];
    for (const stop of stops.values()) stop.setAttribute("aria-pressed", "false");
    paint();
  }

  /* ---- say ---- */

  const live = document.createElement("div");
  live.className = "visually-hidden";
  live.setAttribute("role", "status");
  document.body.append(live);
  let saying = 0;

  function announce(key) {
    clearTimeout(saying);
    saying = setTimeout(() => {
      // A drawing for a phone is the same place as that beside it.
      const count = places(key).filter((el) => !el.closest(".drawn-narrow, .tr-upright")).length;
      live.textContent = count === 1 ? "1 place" : `${count} places`;
    }, 150);
  }

  /* ---- tab stops ---- */

  const groupOf = (el) => el.closest("figure") ?? el.closest(PROSE) ?? el.parentElement;

  /* Text of a drawing is read as one image; its table or list has the same values. */
  function reachable(el) {
    return (
      !(el instanceof SVGElement) &&
      !el.closest("details:not([open]), a, button, summary, [hidden], [aria-hidden=true]")
    );
  }

  function setStop(group, el) {
    const old = stops.get(group);
    if (old === el) return;
    if (old) {
      old.removeAttribute("tabindex");
      old.removeAttribute("role");
      old.removeAttribute("aria-pressed");
    }
    if (!el) {
      stops.delete(group);
      return;
    }
    stops.set(group, el);
    el.tabIndex = 0;
    el.setAttribute("role", "button");
    el.setAttribute("aria-pressed", String(kept.includes(el.dataset.v)));
  }

  function findStops(scope) {
    for (const el of scope.querySelectorAll(".v[data-v]")) {
      const group = groupOf(el);
      if (!stops.has(group) && reachable(el)) setStop(group, el);
    }
  }

  function values(group) {
    return [...group.querySelectorAll(".v[data-v]")].filter(
      (el) => groupOf(el) === group && reachable(el),
    );
  }

  function move(from, key) {
    const group = groupOf(from);
    const all = values(group);
    const at = all.indexOf(from);
    const to = {
      ArrowRight: at + 1,
      ArrowDown: at + 1,
      ArrowLeft: at - 1,
      ArrowUp: at - 1,
      Home: 0,
      End: all.length - 1,
    }[key];
    const next = all[Math.max(0, Math.min(all.length - 1, to))];
    if (!next || next === from) return;
    setStop(group, next);
    next.focus();
  }

  /* ---- events ---- */

  const valueAt = (event) => event.target.closest?.(".v[data-v]") ?? null;

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    const key = valueAt(event)?.dataset.v ?? null;
    if (key === hovered) return;
    hovered = key;
    paint();
  });

  document.documentElement.addEventListener("pointerleave", () => {
    hovered = null;
    paint();
  });

  document.addEventListener("focusin", (event) => {
    const el = valueAt(event);
    const key = el?.matches(":focus-visible") ? el.dataset.v : null;
    if (key === focused) return;
    focused = key;
    paint();
    if (key) announce(key);
  });

  document.addEventListener("focusout", () => {
    focused = null;
    paint();
  });

  document.addEventListener("click", (event) => {
    const el = valueAt(event);
    // A drag over a value selects text, as anywhere else.
    if (!el || el.closest("a, button, summary")) return;
    if (event.detail === 1 && getSelection()?.type === "Range") return;
    keep(el);
  });

  document.addEventListener("keydown", (event) => {
    const el = valueAt(event);
    if (event.key === "Escape") {
      forget();
      if (el) el.blur();
      return;
    }
    if (!el || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Enter" || event.key === " ") keep(el);
    else if (/^(Arrow(Left|Right|Up|Down)|Home|End)$/.test(event.key)) move(el, event.key);
    else return;
    event.preventDefault();
    // Material listens for Enter and arrows too.
    event.stopPropagation();
  }, true);

  document.addEventListener("toggle", (event) => {
    if (!(event.target instanceof HTMLDetailsElement)) return;
    for (const [group, stop] of [...stops]) {
      if (event.target.contains(stop) && !reachable(stop)) setStop(group, values(group)[0]);
    }
    findStops(event.target);
  }, true);

  findStops(document);
})();
