/* A drawing that is wider than a phone, and has no form for one: a button opens all of it, turned
   when the phone stands upright. There two fingers enlarge it, as they do the page. */
(() => {
  "use strict";

  function view(figure) {
    const dialog = document.createElement("dialog");
    dialog.className = "zoom";
    const drawing = figure.querySelector(".topology-scroll > svg").cloneNode(true);
    dialog.setAttribute("aria-label", drawing.querySelector("title").textContent);
    for (const named of drawing.querySelectorAll("[id]")) named.removeAttribute("id");
    drawing.removeAttribute("aria-labelledby");
    drawing.setAttribute("aria-label", dialog.getAttribute("aria-label"));
    const { width, height } = drawing.viewBox.baseVal;
    dialog.style.setProperty("--w", width);
    dialog.style.setProperty("--h", height);
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "close";
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    const sheet = document.createElement("div");
    sheet.className = "topology";
    sheet.append(drawing);
    dialog.append(sheet, close);
    document.body.append(dialog);
    dialog.showModal();
  }

  for (const scroll of document.querySelectorAll(".topology-scroll.is-big")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "zoom-open";
    button.textContent = "all of the drawing";
    scroll.after(button);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(".zoom-open");
    if (button) view(button.closest("figure"));
  });
})();
