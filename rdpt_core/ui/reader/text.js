// The response itself: one span a sentence, in blocks that the browser may skip while they are out of sight.

import { el } from "./dom.js";
import { CODES } from "./marks.js";
import { filtersOf } from "./legend.js";

const SENTENCES_PER_BLOCK = 40;
const MOST_PIXELS = 420;

export function drawText(box, text) {
  const spans = [];
  const blocks = [];
  let block = null;
  text.texts.forEach((sentence, index) => {
    if (block === null) {
      block = el("div", "block");
      blocks.push(block);
    }
    // Space around a sentence stays in the text but outside its tint.
    const words = sentence.trim();
    const before = sentence.slice(0, sentence.length - sentence.trimStart().length);
    const after = sentence.slice(sentence.trimEnd().length);
    const span = el("span", "s", words || sentence);
    span.dataset.i = String(index);
    span.tabIndex = -1;
    span.setAttribute("role", "button");
    if (words && before) block.append(before);
    block.append(span);
    if (words && after) block.append(after);
    spans.push(span);
    // A block may only end where a line ends anyway; elsewhere it would break the line.
    if (sentence.endsWith("\n") && block.childNodes.length >= SENTENCES_PER_BLOCK) block = null;
  });
  box.replaceChildren(...blocks);
  // Skipped blocks have guessed heights, which a short text need not put up with.
  box.classList.toggle("long", blocks.length > 2);
  // As high as the text, up to a limit; from there on the reader may drag the corner.
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight + 2, MOST_PIXELS)}px`;
  if (spans.length) spans[0].tabIndex = 0;
  return spans;
}

export function paint(spans, labels) {
  for (let i = 0; i < spans.length; i += 1) {
    const margin = labels.margins[i];
    const uncertain = margin !== null && margin < labels.uncertainBelow;
    const name = `s m-${CODES[labels.codes[i]].key}${uncertain ? " uncertain" : ""}`;
    if (spans[i].className !== name) spans[i].className = name;
  }
}

export function dim(box, spans, labels, chosen) {
  box.classList.toggle("isolating", chosen.size > 0);
  for (let i = 0; i < spans.length; i += 1) {
    const kept = chosen.size === 0 || filtersOf(labels, i).some((filter) => chosen.has(filter));
    spans[i].classList.toggle("dim", !kept);
  }
}

export function bringIntoView(box, span) {
  const move = () => {
    const [outer, inner] = [box.getBoundingClientRect(), span.getBoundingClientRect()];
    box.scrollTop += inner.top - outer.top - Math.max(0, (outer.height - inner.height) / 2);
  };
  move();
  // Blocks that were skipped have guessed heights until they are drawn; the second move lands exactly. Only then is it
  // known whether the page itself must move too.
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      move();
      span.scrollIntoView({ block: "nearest" });
    }),
  );
}

export function flash(span) {
  span.classList.remove("flash");
  requestAnimationFrame(() => span.classList.add("flash"));
  setTimeout(() => span.classList.remove("flash"), 1600);
}
