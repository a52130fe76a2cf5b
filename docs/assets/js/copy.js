/* The copy button of a block: button.copy[data-copy]. It copies the command alone, and says so
   to the eye and to screen readers. Where the page may not write to the clipboard (plain http,
   files in some browsers) it falls back to the old way; where that fails too, it selects the
   command. */
(() => {
  "use strict";

  const live = document.createElement("div");
  live.className = "visually-hidden";
  live.setAttribute("role", "status");

  // Code in the text can be copied as commands can; its button is of use only with this script.
  for (const box of document.querySelectorAll(".md-content .highlight")) {
    const code = box.querySelector("pre > code");
    if (!code || box.closest("figure")) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "copy";
    button.dataset.copy = code.textContent.replace(/\n$/, "");
    box.append(button);
  }

  // A list of thirty buttons called "copy" tells nobody which is which.
  for (const button of document.querySelectorAll("button.copy:not([aria-label])")) {
    button.setAttribute("aria-label", `copy ${button.dataset.copy.split("\n", 1)[0]}`);
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return copyOldWay(text);
    }
  }

  function copyOldWay(text) {
    const before = document.activeElement;
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "visually-hidden";
    document.body.append(area);
    area.select();
    let done = false;
    try {
      done = document.execCommand("copy");
    } catch {
      // Reported below: the command is selected instead.
    }
    area.remove();
    before?.focus({ preventScroll: true });
    return done;
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("button.copy");
    if (!button) return;
    const command = button.parentElement.querySelector("code");
    const done = await copy(button.dataset.copy);
    if (!done && command) getSelection().selectAllChildren(command);
    live.remove();
    document.body.append(live);
    live.textContent = done ? "Command copied" : "Command selected: press Ctrl+C to copy it";
    button.dataset.label ??= button.textContent;
    button.textContent = done ? "copied" : "Ctrl+C";
    button.toggleAttribute("data-done", done);
    clearTimeout(button.timer);
    button.timer = setTimeout(() => {
      button.textContent = button.dataset.label;
      button.removeAttribute("data-done");
      live.textContent = "";
    }, 2000);
  });
})();
