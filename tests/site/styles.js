// Lets axe's two rules on colours look at some elements of each style instead of at all.
//
// Chapter 6 has seven thousand elements with text, in some hundred styles. Two elements are of one
// style when all is the same that these rules read: the text's colour, size and weight, what is
// painted behind it down to the first opaque ground, what fades or filters it, what else is painted
// where it stands; and of a link, how it and the block of text around it differ.
(() => {
  const MARK = "data-of-its-style";
  const LINK = "a[href], [role=link]";
  const FIELD = "input, select, textarea";
  const EXEMPT = ":disabled, [aria-disabled=true], [inert]";
  const TEXT = ["color", "font-size", "font-weight", "text-shadow", "fill", "-webkit-text-fill-color",
    "-webkit-text-stroke-width"];
  // How a link may differ from the text around it without a colour.
  const DISTINCT = ["font-style", "font-family", "text-decoration-line", "border-bottom-style",
    "border-bottom-width", "border-bottom-color", "background-color", "background-image",
    "text-transform", "display"];
  const EFFECTS = {"opacity": "1", "filter": "none", "backdrop-filter": "none",
    "mix-blend-mode": "normal", "mask-image": "none", "clip-path": "none", "background-clip": "border-box"};
  const CLEAR = "rgba(0, 0, 0, 0)";

  const read = (css, names) => names.map((name) => css.getPropertyValue(name)).join(" ");

  // The colour and the image of a ground; nothing where there is none.
  const paintOf = (css) => css.backgroundColor === CLEAR && css.backgroundImage === "none"
    ? "" : `${css.backgroundColor} ${css.backgroundImage}`;

  const pseudoOf = (element) => ["::before", "::after"].map((part) => {
    const css = getComputedStyle(element, part);
    return css.content === "none" || css.content === "normal" || !paintOf(css)
      ? "" : `${part} ${css.position} ${paintOf(css)} ${css.width} ${css.height}`;
  }).join("");

  // What lies behind an element's text and what is done to it, from its parent's.
  const behind = (element, css, box, parent) => {
    const paint = paintOf(css), pseudo = pseudoOf(element);
    const effects = Object.keys(EFFECTS).filter((name) => css.getPropertyValue(name) !== EFFECTS[name])
      .map((name) => `${name} ${css.getPropertyValue(name)}`).join();
    const opaque = paint && css.backgroundColor.startsWith("rgb(");
    return {
      layers: (opaque ? "" : parent.layers) + (paint || pseudo ? `/${paint}${pseudo}` : ""),
      effects: parent.effects + (effects || element.matches(EXEMPT) ? `/${effects} ${element.matches(EXEMPT)}` : ""),
      ground: paint ? box : parent.ground,
      block: css.display.startsWith("inline") || css.display === "contents" ? parent.block : element,
      paint,
    };
  };

  const hasText = (element) => element.matches(FIELD) || [...element.childNodes].some(
    (node) => node.nodeType === Node.TEXT_NODE && node.data.trim());

  // Rows of the page that a box touches: what is painted is looked up by them.
  const rows = (box) => {
    const first = Math.floor(box.top / 100), last = Math.floor(box.bottom / 100);
    return Array.from({length: last - first + 1}, (_, n) => first + n);
  };

  // What is painted where an element stands by others than its ancestors and its own parts.
  const around = (element, box, painted) => {
    const others = new Set();
    for (const row of rows(box))
      for (const [other, edge, paint] of painted.get(row) ?? [])
        if (edge.left < box.right - 1 && edge.right > box.left + 1 &&
            edge.top < box.bottom - 1 && edge.bottom > box.top + 1 && !others.has(paint) &&
            !other.contains(element) && !element.contains(other))
          others.add(paint);
    return [...others].sort().join();
  };

  // Text that is wider than its ground stands on another.
  const inside = (box, ground) => !ground || (box.left >= ground.left - 1 &&
    box.right <= ground.right + 1 && box.top >= ground.top - 1 && box.bottom <= ground.bottom + 1);

  // How a link looks, all that is between it and its block, and whether the block is more than links.
  const linkStyle = (link, block, amount) => {
    if (!amount.has(block))
      amount.set(block, block.textContent.trim().length >
        [...block.querySelectorAll(LINK)].reduce((sum, one) => sum + one.textContent.trim().length, 0));
    const looks = [];
    for (let element = link; element; element = element === block ? null : element.parentElement)
      looks.push(read(getComputedStyle(element), [...TEXT, ...DISTINCT]));
    return [...looks, getComputedStyle(link, "::before").content,
      getComputedStyle(link, "::after").content, amount.get(block)].join(">");
  };

  // Each style of the page as it stands -> the elements that have it.
  const styles = () => {
    const known = new Map(), found = new Map(), amount = new Map(), painted = new Map(), texts = [];
    const nothing = {layers: "", effects: "", ground: null, block: document.body};
    for (const element of document.querySelectorAll("html, body, body *")) {
      if (!element.checkVisibility({visibilityProperty: true})) continue;
      const css = getComputedStyle(element), box = element.getBoundingClientRect();
      const it = behind(element, css, box, known.get(element.parentElement) ?? nothing);
      known.set(element, it);
      // What flows in lines lies over nothing else.
      if (it.paint && !(css.display === "inline" && css.position === "static"))
        for (const row of rows(box))
          painted.set(row, [...(painted.get(row) ?? []), [element, box, it.paint]]);
      if (box.width && box.height && (hasText(element) || element.matches(LINK)))
        texts.push([element, box, read(css, TEXT)]);
    }
    for (const [element, box, text] of texts) {
      const it = known.get(element);
      const style = [
        text, it.layers, it.effects, inside(box, it.ground), around(element, box, painted),
        element.namespaceURI, element.matches(FIELD) && element.type, hasText(element),
        // axe judges no single letter.
        /[\p{L}\p{N}].*[\p{L}\p{N}]/su.test(element.textContent),
        element.matches(LINK) && linkStyle(element, it.block, amount),
      ].join("; ");
      if (!found.has(style)) found.set(style, []);
      found.get(style).push(element);
    }
    return found;
  };

  // Marks some elements of each style that is not known; says how many styles that are.
  window.markStyles = (known) => {
    const skipped = new Set(known), marked = new Set();
    window.styleOf = new Map();
    window.judged = new Set();
    for (const element of document.querySelectorAll(`[${MARK}]`)) element.removeAttribute(MARK);
    for (const [style, all] of styles()) {
      for (const element of all) styleOf.set(element, style);
      if (skipped.has(style)) continue;
      marked.add(style);
      // Not the first alone: axe cannot judge one that something hides by chance.
      for (const element of [all[0], all[all.length >> 1], all.at(-1)]) element.setAttribute(MARK, "");
    }
    return [...marked];
  };

  // Undefined is what axe could not judge.
  const keep = (results) => {
    for (const {result, node} of results)
      if (result !== undefined) judged.add(styleOf.get(node.element));
    return results;
  };
  axe.configure({
    rules: [
      {id: "color-contrast", selector: `[${MARK}]`},
      {id: "link-in-text-block", selector: `a[href][${MARK}], [role=link][${MARK}]`},
    ],
    checks: [{id: "color-contrast", after: keep}],
  });
})();
