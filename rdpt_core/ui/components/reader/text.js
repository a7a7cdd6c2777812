// The response itself: one span a sentence, in blocks that the browser may skip while they are out of sight.

import { clamp, el, piecesOf } from "./dom.js";

const SENTENCES_PER_BLOCK = 40;
const LINE_PX = 28;

export function drawText(box, text) {
  const spans = new Array(text.texts.length);
  const marks = new Set(text.marks);
  const blocks = [];
  const parts = text.parts.map(partNode);
  let part = -1;
  let block = null;
  let lines = 0;
  const lineLength = Math.max(40, box.clientWidth / 7.4);
  text.texts.forEach((sentence, index) => {
    if (part + 1 < parts.length && text.parts[part + 1].first <= index) {
      part += 1;
      block = null;
    }
    if (block === null) {
      block = { node: el("div", "block"), first: index, last: index };
      blocks.push(block);
      (parts[part] ?? box).append(block.node);
      lines = 0;
    }
    spans[index] = appendSentence(block.node, sentence, index);
    if (marks.has(index)) spans[index].dataset.mark = "";
    block.last = index;
    lines += linesOf(sentence, lineLength);
    block.node.style.containIntrinsicHeight = `auto ${Math.ceil(lines) * LINE_PX}px`;
    // A block may only end where a line ends anyway; elsewhere it would break the line.
    if (sentence.endsWith("\n") && index - block.first + 1 >= SENTENCES_PER_BLOCK) block = null;
  });
  return { spans, blocks, nodes: parts.length ? parts : blocks.map(({ node }) => node) };
}

function partNode({ kind, title }) {
  const node = el("div", `part ${kind}`);
  node.setAttribute("role", "group");
  node.setAttribute("aria-label", title);
  // Shown by the style sheet, so that the box's text stays the response and nothing else.
  node.dataset.title = title;
  return node;
}

function appendSentence(block, sentence, index) {
  // Space around a sentence stays in the text but outside its tint.
  const words = sentence.trim();
  const before = sentence.slice(0, sentence.length - sentence.trimStart().length);
  const span = el("span", "s");
  fillSentence(span, sentence);
  span.dataset.i = String(index);
  span.tabIndex = -1;
  span.setAttribute("role", "button");
  if (words && before) {
    block.append(before);
    span.dataset.lead = String(before.length);
  }
  block.append(span);
  if (words && before.length + words.length < sentence.length) block.append(sentence.slice(before.length + words.length));
  return span;
}

// The words of a sentence as they are, without the space around them.
export function fillSentence(span, sentence) {
  span.replaceChildren(...piecesOf(sentence.trim() || sentence));
}

function linesOf(sentence, lineLength) {
  let breaks = 0;
  for (let at = sentence.indexOf("\n"); at >= 0; at = sentence.indexOf("\n", at + 1)) breaks += 1;
  return sentence.length / lineLength + breaks * 0.9;
}

export function layOutText(box, drawn) {
  // Skipped blocks have guessed heights, which a short text need not put up with.
  box.classList.toggle("long", drawn.blocks.length > 2);
  box.replaceChildren(...drawn.nodes);
  if (drawn.spans.length) drawn.spans[0].tabIndex = 0;
  fitHeight(box);
}

// As high as the text, up to what lets ribbon, legend and text fit one screen; from there on the corner may be dragged.
// Where the pinned card stands below the text, both share the screen.
function fitHeight(box) {
  if (!box.parentElement.clientWidth) return whenItHasAWidth(box.parentElement, () => fitHeight(box));
  const isNarrow = box.parentElement.clientWidth < 690;
  const most = isNarrow ? clamp(window.innerHeight * 0.48, 300, 700) : clamp(window.innerHeight - 330, 340, 1400);
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight + 2, most)}px`;
}

// A notebook lays its frames out after their scripts have run.
function whenItHasAWidth(node, call) {
  const observer = new ResizeObserver(() => {
    if (!node.clientWidth) return;
    observer.disconnect();
    call();
  });
  observer.observe(node);
}

// The sentences in sight: [first, last].
export function inSight(box, drawn) {
  const { blocks, spans } = drawn;
  if (!spans.length) return [0, 0];
  const view = box.getBoundingClientRect();
  const at = (position) => {
    const block = blocks[clamp(firstWhere(blocks.length, (b) => bottom(blocks[b].node) > position), 0, blocks.length - 1)];
    const length = block.last - block.first + 1;
    const offset = firstWhere(length, (s) => bottom(spans[block.first + s]) > position);
    return block.first + Math.min(offset, length - 1);
  };
  const first = at(view.top + 4);
  return [first, Math.max(first, at(view.bottom - 12))];
}

function bottom(node) {
  return node.getBoundingClientRect().bottom;
}

function firstWhere(n, holds) {
  let [low, high] = [0, n];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

export function bringIntoView(box, span, { page = true } = {}) {
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
      if (page) span.scrollIntoView({ block: "nearest" });
    }),
  );
}

// Characters of space before the tint of a sentence.
export function leadOf(span) {
  return Number(span.dataset.lead ?? 0);
}

export function flash(span) {
  delete span.dataset.flash;
  requestAnimationFrame(() => {
    span.dataset.flash = "";
  });
  setTimeout(() => delete span.dataset.flash, 1600);
}
