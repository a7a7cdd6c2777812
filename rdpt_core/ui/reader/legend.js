// The legend: one chip a label, with its counts. A click isolates, a click with Shift adds, Escape clears.

import { el, percent } from "./dom.js";
import { CODES } from "./marks.js";

export function makeLegend(onChange) {
  const node = el("div", "legend");
  node.setAttribute("role", "group");
  node.setAttribute("aria-label", "Labels in this trace; choosing one dims the others");
  const chosen = new Set();
  node.addEventListener("click", (event) => {
    const chip = event.target.closest("button[data-filter]");
    if (!chip) return;
    const filter = chip.dataset.filter;
    const had = chosen.has(filter);
    if (!event.shiftKey) chosen.clear();
    if (had) chosen.delete(filter);
    else chosen.add(filter);
    press();
    onChange(chosen);
  });
  function press() {
    for (const chip of node.querySelectorAll("button[data-filter]")) {
      chip.setAttribute("aria-pressed", String(chosen.has(chip.dataset.filter)));
    }
  }
  return {
    node,
    chosen,
    clear() {
      chosen.clear();
      press();
      onChange(chosen);
    },
    draw(text, labels) {
      node.replaceChildren(...chips(text, labels));
      press();
    },
  };
}

// Which filters a sentence passes: its label, and, where they apply, "down", "uncertain" and "unscored".
export function filtersOf(labels, index) {
  const code = CODES[labels.codes[index]];
  const filters = [code.label];
  if (code.key === "boosted-down") filters.push("down");
  const margin = labels.margins[index];
  if (margin !== null && margin < labels.uncertainBelow) filters.push("uncertain");
  return filters;
}

function chips(text, labels) {
  const counts = new Map();
  let nTokens = 0;
  const weights = text.tokens[text.countRole];
  for (let i = 0; i < text.texts.length; i += 1) {
    const weight = weights[i] ?? 0;
    if (labels.codes[i] !== "-") nTokens += weight;
    for (const filter of filtersOf(labels, i)) {
      const entry = counts.get(filter) ?? { n: 0, tokens: 0 };
      entry.n += 1;
      entry.tokens += weight;
      counts.set(filter, entry);
    }
  }
  const nodes = labels.order.map(({ label, key, letter }) =>
    chip(label, key, letter, label, counts.get(label), nTokens),
  );
  const extra = [
    ["down", "boosted-down", "B↓", "of Boosted: distilled below both"],
    ["uncertain", "uncertain", "?", "uncertain"],
    ["Unscored", "none", "–", "unscored"],
  ];
  for (const [filter, key, letter, name] of extra) {
    if (counts.has(filter)) nodes.push(chip(filter, key, letter, name, counts.get(filter), 0));
  }
  return nodes;
}

function chip(filter, key, letter, name, count, nTokens) {
  const { n, tokens } = count ?? { n: 0, tokens: 0 };
  const button = el("button", `chip m-${key}`);
  button.type = "button";
  button.dataset.filter = filter;
  button.append(el("span", "swatch", letter), el("span", "chip-name", name), el("span", "chip-n", String(n)));
  if (nTokens) button.append(el("span", "chip-share", `${percent(tokens, nTokens)} of tokens`));
  button.disabled = n === 0;
  return button;
}
