/* Step by step through a trace or a way through rules: buttons and arrow keys, one address a step
   (#tr-way-s1.4: the first packet at its fourth interface; #t-way-s3: the third rule).

   Everything it says and shows is on the page already: rows of the hop table, the packet's boxes as
   it was there, rows of the rules. They are read when the first step is taken; until then a figure
   has a button, and nothing more. Without this script the whole picture stands there as it does. */
(() => {
  "use strict";

  const walks = new Map(); // figure id -> {figure, steps (once they are asked for), at, panel, ...}

  const element = (name, className, text = "") => {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.textContent = text;
    return made;
  };

  /* ---- what there is to step through ---- */

  const PLACES = ".tr-packets > li > details .tr-table tbody tr";
  const RULES = ".rp-table tbody tr:has(strong)";

  const stepsOf = (walk) =>
    (walk.steps ??= walk.figure.matches(".trace") ? stepsOfTrace(walk.figure) : stepsOfRules(walk.figure));

  function stepsOfTrace(figure) {
    const steps = [];
    for (const packet of figure.querySelectorAll(".tr-packets > li > details")) {
      const number = packet.id.split("-").pop();
      const name = packet.querySelector(".tr-what").firstChild.textContent;
      const rows = [...packet.querySelectorAll(".tr-table tbody tr")];
      const dots = figure.querySelectorAll(`.tr-lanes .tr-row[data-n="${number}"] .tr-dot`);
      const lower = figure.querySelectorAll(`.tr-upright .tr-row[data-n="${number}"] .tr-dot`);
      rows.forEach((row, at) => {
        const [where, after, size, happened] = row.children;
        const form = row.querySelector("a").getAttribute("href").slice(1);
        steps.push({
          id: `${number}.${at + 1}`,
          marks: [dots[at], lower[at]].filter(Boolean),
          key: where.querySelector(".v")?.dataset.v,
          form,
          before: at ? rows[at - 1].querySelector("a").getAttribute("href").slice(1) : "",
          head: `No. ${number}, ${name}, place ${at + 1} of ${rows.length}: ${where.textContent}`,
          said: [after.textContent && `after ${after.textContent}`, size.textContent,
            happened.textContent || (at ? "nothing changed" : "it starts here")]
            .filter(Boolean).join(" · "),
        });
      });
    }
    return steps;
  }

  function stepsOfRules(figure) {
    const rows = [...figure.querySelectorAll(RULES)];
    const marks = new Map();
    for (const number of figure.querySelectorAll("svg .rp-number")) {
      const text = number.textContent;
      marks.set(text, [...(marks.get(text) ?? []), number.closest(".rp-row")]);
    }
    const place = (row) => Number.parseInt(row.querySelector("strong").textContent, 10);
    rows.sort((one, other) => place(one) - place(other));
    return rows.map((row, at) => {
      const [chain, number, rule] = row.children;
      return {
        id: String(at + 1),
        marks: marks.get(String(place(row))) ?? [],
        head: `Rule ${at + 1} of ${rows.length}: number ${number.textContent} of ${chain.textContent}`,
        said: rule.textContent,
      };
    });
  }

  /* ---- the panel ---- */

  function panelOf(walk) {
    const panel = element("div", "steps");
    panel.setAttribute("role", "group");
    panel.setAttribute("aria-label", "Step by step");
    panel.walk = walk;
    const back = element("button", "steps-back", "‹ back");
    const next = element("button", "steps-next", "step through ›");
    const close = element("button", "steps-close", "whole picture");
    const said = element("p", "steps-said");
    said.setAttribute("role", "status");
    const boxes = element("div", "steps-boxes");
    for (const button of [back, next, close]) button.type = "button";
    back.hidden = back.disabled = close.hidden = true;
    panel.append(back, next, close, said, boxes);
    Object.assign(walk, { panel, back, next, close, said, boxes });
    return panel;
  }

  const walkAt = (event) => event.target.closest?.(".steps")?.walk;

  document.addEventListener("click", (event) => {
    const walk = walkAt(event);
    const button = walk && event.target.closest("button");
    if (!button) return;
    if (button === walk.back) go(walk, walk.at - 1);
    else if (button === walk.next) go(walk, walk.at + 1);
    else if (button === walk.close) {
      go(walk, -1);
      walk.next.focus();
    }
  });

  document.addEventListener("keydown", (event) => {
    const walk = walkAt(event);
    if (!walk || event.ctrlKey || event.altKey || event.metaKey) return;
    const to = {
      ArrowRight: walk.at + 1,
      ArrowDown: walk.at + 1,
      ArrowLeft: walk.at - 1,
      ArrowUp: walk.at - 1,
      Home: 0,
      End: Infinity,
      Escape: -1,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    // Material listens for arrows too.
    event.stopPropagation();
    go(walk, Math.max(event.key === "Escape" ? -1 : 0, to));
  });

  /* ---- a step ---- */

  function go(walk, to) {
    const { figure } = walk;
    const steps = stepsOf(walk);
    const at = Math.max(-1, Math.min(steps.length - 1, to));
    for (const mark of figure.querySelectorAll(".is-here")) mark.classList.remove("is-here");
    for (const mark of document.querySelectorAll(".topology .is-step")) mark.classList.remove("is-step");
    const walked = walk.at >= 0;
    walk.at = at;
    figure.classList.toggle("is-walked", at >= 0);
    walk.back.hidden = walk.close.hidden = at < 0;
    walk.back.disabled = at < 1;
    walk.next.textContent = at < 0 ? "step through ›" : "next ›";
    walk.next.disabled = at === steps.length - 1;
    walk.boxes.replaceChildren();
    walk.said.replaceChildren();
    if (at < 0) {
      if (walked) history.replaceState(null, "", `#${figure.id}`);
      return;
    }
    const step = steps[at];
    history.replaceState(null, "", `#${figure.id}-s${step.id}`);
    walk.said.append(element("b", "", step.head), ` · ${step.said}`);
    for (const mark of step.marks) mark.classList.add("is-here");
    if (step.form) show(walk, step);
    if (step.key) {
      for (const value of document.querySelectorAll(`.topology svg .v[data-v="${CSS.escape(step.key)}"]`)) {
        value.closest(".interface")?.classList.add("is-step");
      }
    }
    // The drawing may be wider than its box.
    const box = step.marks[0]?.closest(".tr-scroll, .topology-scroll");
    if (box && box.scrollWidth > box.clientWidth) {
      const mark = step.marks[0].getBoundingClientRect();
      const frame = box.getBoundingClientRect();
      box.scrollLeft += mark.left - frame.left - frame.width / 2;
    }
  }

  /* The packet's boxes as it was there; what is not as it was one place before is marked. */
  function show(walk, step) {
    const boxes = document.getElementById(step.form)?.querySelector(".pk-boxes")?.cloneNode(true);
    if (!boxes) return;
    const before = document.getElementById(step.before);
    const old = before ? contents(before) : null;
    for (const [name, part] of parts(boxes)) {
      if (!old) break;
      // Of a header that was not there, all is new: it is marked as one.
      if (part.matches(".fd") && part.closest(".hd").matches(".is-changed")) continue;
      if (!old.has(name)) part.classList.add("is-changed");
      else if (part.matches(".fd") && old.get(name) !== part.textContent) part.classList.add("is-changed");
    }
    for (const part of boxes.querySelectorAll("[id], [data-f]")) {
      part.removeAttribute("id");
      part.removeAttribute("data-f");
    }
    for (const stop of boxes.querySelectorAll("[tabindex]")) stop.removeAttribute("tabindex");
    const frame = element("figure", "packet steps-packet");
    frame.append(boxes);
    walk.boxes.append(frame);
  }

  /* Headers and fields, each by a name that it keeps along the way: from the innermost outwards. */
  function parts(boxes) {
    const found = [];
    const headers = [...boxes.querySelectorAll(".hd")].reverse();
    const seen = new Map();
    for (const header of headers) {
      const title = header.querySelector(":scope > .hd-name > b").textContent.split(",")[0];
      const inside = seen.get(title) ?? 0;
      seen.set(title, inside + 1);
      const name = `${title} ${inside}`;
      found.push([name, header]);
      for (const field of header.querySelectorAll(":scope > .fds > .fd")) {
        found.push([`${name} ${field.querySelector(".fd-l").textContent}`, field]);
      }
    }
    return found;
  }

  const contents = (boxes) => new Map(parts(boxes).map(([name, part]) => [name, part.textContent]));

  /* ---- beginning ---- */

  function begin(figure) {
    const rows = figure.querySelectorAll(figure.matches(".trace") ? PLACES : RULES);
    if (rows.length < 2) return null;
    const walk = { figure, steps: null, at: -1 };
    walks.set(figure.id, walk);
    const drawing = figure.querySelector(".tr-upright, .drawn-narrow") ?? figure.querySelector(".tr-scroll, .topology-scroll");
    drawing.after(panelOf(walk));
    return walk;
  }

  function fromAddress() {
    const found = /^#(.+)-s(\d+(?:\.\d+)?)$/.exec(decodeURIComponent(location.hash));
    const figure = found && document.getElementById(found[1]);
    if (!figure?.matches(".trace, .rulepath")) return;
    const walk = walks.get(figure.id) ?? begin(figure);
    if (!walk) return;
    const at = stepsOf(walk).findIndex((step) => step.id === found[2]);
    figure.scrollIntoView();
    if (at < 0) return;  // a step of an older recording: the drawing at least
    go(walk, at);
    figure.scrollIntoView();
    walk.next.focus({ preventScroll: true });
  }

  for (const figure of document.querySelectorAll(".trace:not(.trace-small), .rulepath")) begin(figure);
  addEventListener("hashchange", fromAddress);
  fromAddress();
})();
