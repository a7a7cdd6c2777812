// The legend: one chip a label, with its counts. A click isolates, a click with Shift adds, Escape clears.

import { counted, el, percent, whole } from "./dom.js";
import { CODES } from "./marks.js";
import { LABEL, N_CODES, UNCERTAIN } from "./rule.js";

const EXTRA = [
  { filter: "down", key: "boosted-down", letter: "B↓", name: "down", title: "of Boosted: distilled below both" },
  { filter: "uncertain", key: "uncertain", letter: "?", name: "uncertain", title: "a small change of a threshold turns the label" },
  { filter: "Unscored", key: "none", letter: "–", name: "unscored", title: "no probability: hover for the reason" },
];

// What each label code counts as, without and with the bit for uncertain.
const FILTERS = Array.from({ length: N_CODES }, (_, code) => {
  const mark = CODES[code & LABEL];
  const found = [mark?.label];
  if (mark?.direction === "down") found.push("down");
  if (code & UNCERTAIN) found.push("uncertain");
  return found;
});

export function makeLegend(onChange) {
  const node = el("div", "legend");
  node.setAttribute("role", "group");
  node.setAttribute("aria-label", "Labels in this trace; choosing one dims the others");
  const chosen = new Set();
  const chips = new Map();
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
    keeps: (code) => chosen.size === 0 || FILTERS[code].some((filter) => chosen.has(filter)),
    // The label with this number in the legend's order, from 0.
    choose(position, add) {
      const filter = [...chips.keys()][position];
      if (filter !== undefined && !chips.get(filter).node.disabled) toggle(filter, add);
    },
    clear() {
      chosen.clear();
      press();
    },
    build(order) {
      chosen.clear();
      chips.clear();
      order.forEach(({ label, key, letter }, position) => {
        const title = `Only ${label} (key ${position + 1}); with Shift: add`;
        chips.set(label, makeChip({ filter: label, key, letter, name: label, title }, false));
      });
      for (const extra of EXTRA) chips.set(extra.filter, makeChip(extra, true));
      node.replaceChildren(...[...chips.values()].map((chip) => chip.node));
      press();
    },
    draw(model) {
      const { n, tokens, nTokens } = countAll(model);
      for (const [filter, chip] of chips) chip.show(n.get(filter) ?? 0, tokens.get(filter) ?? 0, nTokens);
    },
  };
}

function countAll(model) {
  const [n, tokens] = [new Map(), new Map()];
  const byCode = new Uint32Array(N_CODES);
  const tokensByCode = new Float64Array(N_CODES);
  for (let i = 0; i < model.n; i += 1) {
    if (model.marks.has(i)) continue;
    byCode[model.codes[i]] += 1;
    tokensByCode[model.codes[i]] += model.weights[i];
  }
  let nTokens = 0;
  byCode.forEach((count, code) => {
    if ((code & LABEL) !== 0) nTokens += tokensByCode[code];
    for (const filter of FILTERS[code]) {
      n.set(filter, (n.get(filter) ?? 0) + count);
      tokens.set(filter, (tokens.get(filter) ?? 0) + tokensByCode[code]);
    }
  });
  return { n, tokens, nTokens };
}

function makeChip({ filter, key, letter, name, title }, isExtra) {
  const node = el("button", `chip m-${key}${isExtra ? " extra" : ""}`);
  node.type = "button";
  node.dataset.filter = filter;
  const [count, share] = [el("span", "chip-n"), el("span", "chip-share")];
  node.append(el("span", "swatch", letter), el("span", "chip-name", name), count, share);
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
