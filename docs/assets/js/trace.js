/* A packet that is chosen in a trace's drawing opens below it, and its row in the drawing is lit
   as long as it is open. Without this script the drawing's links lead to the same places. */
(() => {
  "use strict";

  const rows = (figure, number) => figure.querySelectorAll(`svg [data-n="${number}"]`);

  function show(details) {
    const figure = details.closest("figure.trace");
    const number = details.id.split("-").pop();
    for (const row of rows(figure, number)) row.classList.toggle("is-on", details.open);
  }

  document.addEventListener(
    "toggle",
    (event) => {
      if (event.target.matches?.(".tr-packets > li > details")) show(event.target);
    },
    true,
  );

  /* Opens a packet, or what it was at one stretch of its way, and what that is in. */
  function reveal(target) {
    const packet = target?.closest?.(".tr-packets > li > details");
    if (!packet) return false;
    packet.open = true;
    target.open = true;
    return true;
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(".trace svg a, .tr-packets .tr-table a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const target = document.getElementById(decodeURIComponent(link.getAttribute("href").slice(1)));
    if (!reveal(target)) return;
    event.preventDefault();
    history.replaceState(null, "", link.getAttribute("href"));
    target.scrollIntoView({ block: "nearest" }); // clear of the header: scroll-padding, site.css
    target.querySelector("summary").focus({ preventScroll: true });
  });

  /* In the names beside the drawing, arrows go from packet to packet. */
  document.addEventListener("keydown", (event) => {
    const link = event.target.closest?.(".tr-labels a");
    if (!link || event.ctrlKey || event.altKey || event.metaKey) return;
    const all = [...link.closest("svg").querySelectorAll("a")];
    const at = all.indexOf(link);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    all[Math.max(0, Math.min(all.length - 1, to))].focus();
  });

  function open() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (reveal(target)) target.scrollIntoView();
  }

  addEventListener("hashchange", open);
  open();
  for (const details of document.querySelectorAll(".tr-packets > li > details[open]")) show(details);
})();
