/* The search: Material 9.8.1's questions, the guide's own answers. macros/site/bundle.py puts it in
   the place of Material's worker, which takes "KUBE-SVC" for two words that it has not.

   Messages: 0 the index, 1 ready, 2 a question, 3 its results: groups of entries, a page's together,
   the page itself among them. The best entry has the highest score; Enter opens it. */
"use strict";

/* What is typed -> what the guide calls it. */
const ALIKE = {
  neighbor: "neighbour",
  neighbors: "neighbours",
  kubeproxy: "kube-proxy",
  iptable: "iptables",
  ipvs: "kube-proxy",
};
const PART = /[^\p{L}\p{N}]+/u;

let entries = [];

const plain = (html) =>
  html
    .replace(/<[^>]+>/g, " ")
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, "&")
    .replace(/\s+/g, " ")
    .trim();

const escaped = (text) =>
  text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign]);

function read(docs) {
  entries = docs.map((doc) => {
    const title = plain(doc.title);
    const text = plain(doc.text);
    return {
      doc,
      title,
      text,
      lowTitle: title.toLowerCase(),
      lowText: text.toLowerCase(),
      titleWords: wordsOf(title),
      textWords: wordsOf(text),
      page: doc.location.split("#")[0],
    };
  });
}

/* A text's words as they stand between spaces, and the parts of each: "kube-proxy", kube, proxy. */
function wordsOf(text) {
  const words = new Set();
  for (const raw of text.toLowerCase().split(/\s+/)) {
    const word = raw.replace(/^[^\p{L}\p{N}./-]+|[^\p{L}\p{N}/]+$/gu, "");
    if (!word) continue;
    words.add(word);
    for (const part of word.split(PART)) if (part) words.add(part);
  }
  return words;
}

/* How well some text has a word: as a word of its own, as the beginning of one, or inside one. */
function has(words, low, word) {
  if (words.has(word)) return 1;
  if (!low.includes(word)) {
    // "refused" where it says "refuses".
    const stem = word.replace(/(?:ed|es|ing|s)$/, "");
    return stem !== word && stem.length > 3 && low.includes(stem) ? 0.4 : 0;
  }
  for (const one of words) if (one.startsWith(word)) return 0.6;
  return word.length > 2 ? 0.3 : 0;
}

function rarity(word) {
  const count = entries.filter((entry) => entry.lowTitle.includes(word) || entry.lowText.includes(word)).length;
  return Math.log(1 + entries.length / (1 + count));
}

function score(entry, query, words, rare) {
  let sum = 0;
  let besides = 0;
  let missing = 0;
  words.forEach((word, n) => {
    const title = has(entry.titleWords, entry.lowTitle, word);
    const text = has(entry.textWords, entry.lowText, word);
    if (!title && !text) missing += 1;
    sum += rare[n] * 6 * title;
    besides += rare[n] * 2 * text;
  });
  if (!sum && !besides) return 0;
  if (entry.lowTitle === query) sum += 40;
  else if (entry.lowTitle.startsWith(query)) sum += 18;
  else if (entry.lowTitle.includes(query)) sum += 12;
  else if (words.length > 1 && entry.lowText.includes(query)) besides += 8;
  // Of two that fit alike, the one that says less besides.
  sum /= 1 + 0.012 * entry.title.length;
  return (sum + besides) * 0.3 ** missing * (entry.doc.boost ?? 1);
}

/* Some text around the first word found, each of them marked. */
function excerpt(text, words) {
  const low = text.toLowerCase();
  const found = words.map((word) => low.indexOf(word)).filter((at) => at >= 0);
  const start = Math.max(0, Math.min(...found, text.length) - 60);
  const from = start ? text.indexOf(" ", start) + 1 : 0;
  const cut = text.slice(from, from + 220);
  const end = from + cut.length < text.length ? cut.replace(/\s\S*$/, "…") : cut;
  return found.length || !start ? marked((from ? "…" : "") + end, words) : "";
}

function marked(text, words) {
  const signs = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return text
    .split(new RegExp(`(${signs.join("|")})`, "giu"))
    .map((part, n) => (n % 2 ? `<mark data-md-highlight>${escaped(part)}</mark>` : escaped(part)))
    .join("");
}

function ask(question) {
  const typed = question.toLowerCase().replace(/["“”]/g, "").replace(/\s+/g, " ").trim();
  if (!typed) return [];
  const words = typed.split(" ").map((word) => ALIKE[word] ?? word);
  const query = words.join(" ");
  const rare = words.map(rarity);
  const pages = new Map();
  for (const entry of entries) {
    const points = score(entry, query, words, rare);
    if (!points) continue;
    const group = pages.get(entry.page) ?? [];
    group.push([points, entry]);
    pages.set(entry.page, group);
  }
  for (const [page, group] of pages) {
    const whole = entries.find((entry) => entry.doc.location === page);
    if (whole && !group.some(([, entry]) => entry === whole)) group.push([0, whole]);
    group.sort(([one], [other]) => other - one);
  }
  return [...pages.values()]
    .sort(([[one]], [[other]]) => other - one)
    .map((group) => group.slice(0, 12).concat(group.slice(12).filter(([, entry]) => entry.doc.location === entry.page)))
    .map((group) =>
      group.map(([points, entry]) => ({
        location: entry.doc.location,
        title: marked(entry.title, words),
        text: excerpt(entry.text, words),
        score: points,
        terms: Object.fromEntries(
          words.map((word) => [word, entry.lowTitle.includes(word) || entry.lowText.includes(word)]),
        ),
      })),
    );
}

addEventListener("message", ({ data }) => {
  if (data.type === 0) {
    read(data.data.docs);
    postMessage({ type: 1 });
  } else if (data.type === 2) {
    postMessage({ type: 3, data: { items: ask(data.data) } });
  }
});
