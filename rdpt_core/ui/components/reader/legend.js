// The legend: one chip a label, with its counts. A click isolates, a click with Shift adds, Escape clears.

import { counted, el, percent, whole } from "./dom.js";
import { CODES } from "./marks.js";
import { LABEL, N_CODES, UNCERTAIN } from "./rule.js";

const EXTRA = [
  { filter: "down", key: "boosted-down", letter: "B↓", name: "down", title: "of Boosted: distilled below both" },
  { filter: "uncertain", key: "uncertain", letter: "?", name: "uncertain", title: "a small change of a threshold turns the label" },
  { filter: "Unscored", key: "none", letter: "–", name: "unscored", title: "no probability: hover for the reason" },
];

const NAMES = { attribution: "Attributions", evidence: "Steps of evidence", training: "Classes by the training texts" };

// What carries none of what a colour tells apart, where that is not for lack of a probability.
const WITHOUT = { training: { name: "no class", title: "it has no words to look up, or was not looked up" } };

// Labels, or answers, that have a key of their own.
const N_KEYS = 4;

// What each label code counts as, without and with the bit for uncertain.
const LABEL_FILTERS = Array.from({ length: N_CODES }, (_, code) => {
  const mark = CODES[code & LABEL];
  const found = [mark?.label];
  if (mark?.direction === "down") found.push("down");
  if (code & UNCERTAIN) found.push("uncertain");
  return found;
});

export function makeLegend(onChange) {
  const node = el("div", "legend");
  node.setAttribute("role", "group");
  const chosen = new Set();
  const chips = new Map();
  let filters = LABEL_FILTERS;
  const press = () => {
    for (const [filter, chip] of chips) chip.node.setAttribute("aria-pressed", String(chosen.has(filter)));
    onChange();
  };
  const toggle = (filter, add) => {
    const had = chosen.has(filter);
    if (!add) chosen.clear();
    if (had) chosen.delete(filter);
    else chosen.add(filter);
    press();
  };
  node.addEventListener("click", (event) => {
    const chip = event.target.closest("button[data-filter]");
    if (chip) toggle(chip.dataset.filter, event.shiftKey);
  });
  return {
    node,
    chosen,
    // Whether a sentence with this code stays undimmed.
    keeps: (code) => chosen.size === 0 || filters[code].some((filter) => chosen.has(filter)),
    // The label with this number in the legend's order, from 0.
    choose(position, add) {
      const filter = [...chips.keys()][position];
      if (filter !== undefined && !chips.get(filter).node.disabled) toggle(filter, add);
    },
    clear() {
      chosen.clear();
      press();
    },
    // For the labels in their order or, with `answers`, for what `colour` tells apart.
    build(order, colour = "label", answers = null) {
      chosen.clear();
      chips.clear();
      filters = answers ? [[EXTRA.at(-1).filter], ...answers.map((_, index) => [answerFilter(index + 1)])] : LABEL_FILTERS;
      node.setAttribute("aria-label", `${answers ? NAMES[colour] : "Labels"} in this trace; choosing one dims the others`);
      const shown = answers
        ? answers.map(({ name, key, letter }, index) => ({ filter: answerFilter(index + 1), look: `a-${key}`, letter, name }))
        : order.map(({ label, key, letter }) => ({ filter: label, look: `m-${key}`, letter, name: label }));
      shown.forEach((chip, position) => {
        const title = `Only ${chip.name}${position < N_KEYS ? ` (key ${position + 1})` : ""}; with Shift: add`;
        chips.set(chip.filter, makeChip({ ...chip, title }, false));
      });
      const extras = answers ? [{ ...EXTRA.at(-1), ...WITHOUT[colour] }] : EXTRA;
      for (const extra of extras) chips.set(extra.filter, makeChip({ ...extra, look: `m-${extra.key}` }, true));
      node.replaceChildren(...[...chips.values()].map((chip) => chip.node));
      press();
    },
    draw(model, tint) {
      const { n, tokens, nTokens } = countAll(model, tint, filters);
      for (const [filter, chip] of chips) chip.show(n.get(filter) ?? 0, tokens.get(filter) ?? 0, nTokens);
    },
  };
}

// By its code, for a name may hold anything.
function answerFilter(code) {
  return `c${code}`;
}

function countAll(model, { codes, mask, n: nCodes }, filters) {
  const [n, tokens] = [new Map(), new Map()];
  const byCode = new Uint32Array(nCodes);
  const tokensByCode = new Float64Array(nCodes);
  for (let i = 0; i < model.n; i += 1) {
    if (model.marks.has(i)) continue;
    byCode[codes[i]] += 1;
    tokensByCode[codes[i]] += model.weights[i];
  }
  let nTokens = 0;
  byCode.forEach((count, code) => {
    if ((code & mask) !== 0) nTokens += tokensByCode[code];
    for (const filter of filters[code]) {
      n.set(filter, (n.get(filter) ?? 0) + count);
      tokens.set(filter, (tokens.get(filter) ?? 0) + tokensByCode[code]);
    }
  });
  return { n, tokens, nTokens };
}

function makeChip({ filter, look, letter, name, title }, isExtra) {
  const node = el("button", `chip ${look}${isExtra ? " extra" : ""}`);
  node.type = "button";
  node.dataset.filter = filter;
  const [count, share] = [el("span", "chip-n"), el("span", "chip-share")];
  node.append(el("span", "swatch", letter));
  // A name that is its own letter stands there once.
  if (name !== letter) node.append(el("span", "chip-name", name));
  node.append(count, share);
  return {
    node,
    show(n, tokens, nTokens) {
      count.textContent = whole(n);
      share.textContent = !isExtra && nTokens ? percent(tokens, nTokens) : "";
      const amount = `${counted(n, "sentence")}, ${percent(tokens, nTokens)} of tokens`;
      node.setAttribute("aria-label", `${name}: ${amount}. ${title}`);
      node.title = `${amount}. ${title}`;
      node.disabled = n === 0;
      if (isExtra) node.hidden = n === 0;
    },
  };
}
