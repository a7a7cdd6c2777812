// Search within the trace. Hits are marked by the browser's highlights, which leave the text's nodes alone.

import { clamp, el } from "./dom.js";
import { leadOf } from "./text.js";

const MOST_HITS = 5000;

// One registry for the whole document: readers share its two names.
function paintHits(name, mine, ranges) {
  if (!globalThis.CSS?.highlights || !globalThis.Highlight) return;
  if (!CSS.highlights.has(name)) CSS.highlights.set(name, new Highlight());
  const highlight = CSS.highlights.get(name);
  for (const range of mine) highlight.delete(range);
  mine.length = 0;
  for (const range of ranges) {
    highlight.add(range);
    mine.push(range);
  }
}

export function makeSearch(view) {
  const node = el("div", "search");
  node.setAttribute("role", "search");
  const box = el("input");
  box.type = "search";
  box.placeholder = "Search  /";
  box.setAttribute("aria-label", "Search within this trace (key /)");
  const count = el("span", "search-n");
  count.setAttribute("role", "status");
  node.append(box, count);
  const marked = { all: [], here: [] };
  const search = { node, hits: [], at: -1, version: 0, focus, clear, next, sentences, mark };

  box.addEventListener("input", () => find(box.value));
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter") next(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") leave();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  function focus() {
    box.focus();
    box.select();
  }

  // Escape leaves the words' last hit as the place where the keys go on.
  function leave() {
    const hit = search.hits[search.at];
    clear();
    view.focus(hit ? hit.sentence : view.current);
  }

  function clear() {
    box.value = "";
    find("");
  }

  function find(words) {
    search.hits = words && view.model ? findAll(view.model, words) : [];
    search.version += 1;
    search.at = -1;
    if (search.hits.length) {
      const from = view.sight[0];
      search.at = Math.max(0, search.hits.findIndex((hit) => hit.sentence >= from));
      go();
    } else {
      mark();
      count.textContent = words ? "none" : "";
    }
    view.redraw();
  }

  function next(by) {
    if (!search.hits.length) return;
    search.at = (search.at + by + search.hits.length) % search.hits.length;
    go();
  }

  function go() {
    const hit = search.hits[search.at];
    const more = search.hits.length >= MOST_HITS ? "+" : "";
    count.textContent = `${search.at + 1}/${search.hits.length}${more}`;
    mark();
    view.makeCurrent(hit.sentence);
    view.bring(hit.sentence);
  }

  // Again after nodes of the text were replaced.
  function mark() {
    const ranges = search.hits.map((hit) => rangeOf(view.spans, hit)).filter(Boolean);
    paintHits("rdpt-hit", marked.all, ranges);
    const here = search.hits[search.at];
    const range = here && rangeOf(view.spans, here);
    paintHits("rdpt-hit-here", marked.here, range ? [range] : []);
  }

  function sentences() {
    return new Set(search.hits.map((hit) => hit.sentence));
  }
  return search;
}

// Whether letters are small or large makes no difference; everything else counts as it is.
export function findAll({ text }, words) {
  const pattern = new RegExp(words.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&"), "gi");
  const hits = [];
  // Sentences are joined, so that words across their edge are found, too.
  const starts = [];
  let length = 0;
  for (const sentence of text.texts) {
    starts.push(length);
    length += sentence.length;
  }
  let sentence = 0;
  for (const match of text.texts.join("").matchAll(pattern)) {
    while (sentence + 1 < starts.length && starts[sentence + 1] <= match.index) sentence += 1;
    const start = match.index - starts[sentence];
    const room = text.texts[sentence].length;
    hits.push({ sentence, start, end: Math.min(start + match[0].length, room) });
    if (hits.length >= MOST_HITS) break;
  }
  return hits;
}

// A hit as a range of nodes; null where rendered mathematics stands in its place.
function rangeOf(spans, { sentence, start, end }) {
  const span = spans[sentence];
  const words = span.firstChild;
  if (span.childNodes.length !== 1 || words.nodeType !== Node.TEXT_NODE) return null;
  const lead = leadOf(span);
  const startOffset = clamp(start - lead, 0, words.length);
  const endOffset = clamp(end - lead, 0, words.length);
  if (startOffset >= endOffset) return null;
  return new StaticRange({ startContainer: words, endContainer: words, startOffset, endOffset });
}
