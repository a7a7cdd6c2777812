// The pinned sentence beside the text: its numbers, its tokens under every model, its neighbours.

import { button, el, piecesOf } from "./dom.js";
import { factsOf } from "./facts.js";
import { LETTERS, labelInWords, markOf } from "./marks.js";
import { othersOf } from "./others.js";
import { makeStrip } from "./strip.js";
import { trainingOf } from "./training.js";
import { posteriorOf } from "./whose.js";

const HINTS = [
  ["Hover", "a sentence for its numbers"],
  ["Click", "it, or press Enter on it, to pin it here with its tokens"],
  ["Drag", "a threshold above, or the bracket in the ribbon"],
  ["?", "shows every key"],
];

export function makeCard(view) {
  const node = el("aside", "side");
  node.setAttribute("aria-label", "Pinned sentence");
  // It scrolls, so the keyboard must be able to reach it.
  node.tabIndex = 0;
  let drawn = null;
  let facts = null;

  function draw() {
    const { selected, labels, model } = view;
    const strip = stripOf(view);
    const state = [model.text.key, selected, Boolean(strip), labels.link, model.answers?.words[selected], model.evidence?.words[selected], model.training?.words[selected]].join("|");
    if (state === drawn) {
      refresh();
      return;
    }
    const moved = drawn === null || !drawn.startsWith([model.text.key, selected, ""].join("|"));
    drawn = state;
    node.classList.toggle("empty", selected === null);
    if (selected === null) {
      facts = null;
      node.replaceChildren(el("p", "side-title", "No sentence is pinned"), hints());
      return;
    }
    facts = el("div", "facts");
    facts.append(...factsOf(model, selected));
    const close = button("link close", "✕", "Unpin (Escape)", () => view.unpin());
    const words = strip === undefined ? quote(model, selected) : makeStrip(view, selected, strip);
    node.replaceChildren(close, facts, ...posteriorOf(model, selected), ...trainingOf(view, selected), ...othersOf(view, selected), words, neighbours(view, selected), actions(view, selected));
    if (moved) node.scrollTop = 0;
  }

  // The rule may give the pinned sentence another label while a threshold moves.
  function refresh() {
    if (facts && view.selected !== null) facts.replaceChildren(...factsOf(view.model, view.selected));
  }
  return { node, draw, refresh };
}

// The pinned sentence's tokens: null while they are on their way, undefined if there are none to come.
function stripOf({ selected, labels, model, pickedAt }) {
  if (selected === null) return undefined;
  const whole = model.text.strip?.[selected];
  if (whole) return whole;
  if (labels.selected === selected && labels.strip) return labels.strip;
  return labels.answers !== null && labels.answers < pickedAt ? null : undefined;
}

function hints() {
  const list = el("dl", "hints");
  for (const [term, words] of HINTS) list.append(el("dt", "", term), el("dd", "", words));
  return list;
}

function quote(model, index) {
  const node = el("blockquote", `side-text s-mark m-${markOf(model, index).key}`);
  node.append(...piecesOf(model.text.texts[index].trim()));
  return node;
}

function neighbours(view, index) {
  const node = el("div", "neighbours");
  for (const [title, at] of [["before", index - 1], ["after", index + 1]]) {
    if (at < 0 || at >= view.model.n) continue;
    const mark = markOf(view.model, at);
    const row = button(`neighbour m-${mark.key}`, "", null, () => view.pick(at));
    row.setAttribute("aria-label", `Pin the sentence ${title}: ${labelInWords(view.model, at)}`);
    const text = el("span", "neighbour-text", view.model.text.texts[at].trim().slice(0, 160));
    row.append(el("span", "swatch", LETTERS[mark.key]), text, el("span", "tip-place", title));
    node.append(row);
  }
  return node;
}

function actions(view, index) {
  const node = el("div", "actions");
  const { texts } = view.model.text;
  node.append(copier("Copy text", () => texts[index].trim()));
  if (view.labels.link) node.append(copier("Copy link", () => linkTo(index)));
  return node;
}

// The address holds run, trace, filters and thresholds already.
function linkTo(index) {
  const address = new URL(window.location.href);
  address.searchParams.set("sentence", String(index + 1));
  return address.href;
}

function copier(name, text) {
  const node = button("tool", name, null, async () => {
    node.textContent = (await copy(text())) ? "Copied" : "Copying is not allowed here";
    setTimeout(() => {
      node.textContent = name;
    }, 1600);
  });
  node.setAttribute("aria-live", "polite");
  return node;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
