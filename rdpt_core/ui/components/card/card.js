// Shows foreign texts as they are: the question, its gold answer, names and ids.

import { el, followTheme, piecesOf } from "./dom.js";

const views = new WeakMap();

export default function mount({ data, parentElement }) {
  let root = views.get(parentElement);
  if (!root) {
    root = el("section", "card");
    views.set(parentElement, root);
    parentElement.append(root);
  }
  root.setAttribute("aria-label", data.name);
  root.replaceChildren(...data.rows.map(row));
  followTheme(root, parentElement);
}

function row(items) {
  const node = el("div", "row");
  for (const item of items) {
    const cell = el("div", `cell ${item.kind}`);
    if (item.term) cell.append(el("span", "term", item.term));
    const value = el("bdi", "value");
    value.append(...piecesOf(item.text));
    // Long texts scroll inside their cell, so the keyboard must be able to reach them.
    if (item.kind === "long") value.tabIndex = 0;
    cell.append(value);
    node.append(cell);
  }
  return node;
}
