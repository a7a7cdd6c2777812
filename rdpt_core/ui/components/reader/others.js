// What the run's further models make of the pinned sentence: other teachers, controls and checkpoints.

import { decimal, el } from "./dom.js";

const TITLES = { teachers: "Other teachers", controls: "Controls", checkpoints: "Checkpoints" };
const UNITS = { own_token: "own token", common_token: "common token", byte: "byte" };

export function othersOf({ model }, index) {
  if (!model.others.length) return [];
  const node = el("section", "others");
  node.setAttribute("aria-label", "Other models of the run");
  node.append(el("p", "side-title", "Other models"));
  const grid = el("div", "tip-grid");
  let group = null;
  for (const other of model.others) {
    if (other.group !== group) grid.append(...heading(TITLES[other.group] ?? other.group, group === null));
    group = other.group;
    grid.append(...row(model, other, index));
  }
  node.append(grid);
  return [node];
}

function heading(title, isFirst) {
  const titles = isFirst ? ["", "p", "tokens", "bits/byte"] : ["", "", "", ""];
  return [el("span", "others-group", title), ...titles.map((text) => el("span", "tip-th", text))];
}

function row({ text }, other, index) {
  const value = other.values[index];
  const p = text.space === "ratio" ? Math.exp(value) : value;
  const mean = text.space === "ratio" ? value : Math.log(value);
  const nBytes = text.bytes[index];
  const bits = nBytes ? -other.sums[index] / (Math.LN2 * nBytes) : NaN;
  const name = el("span", "tip-role", other.name);
  name.title = `${other.key}: ${other.model}; mean ln p ${decimal(mean)} a ${UNITS[text.unit]}`;
  const bar = el("span", "tip-bar");
  const fill = el("span", `tip-fill other-${other.group}`);
  fill.style.width = `${100 * (Number.isFinite(p) ? p : 0)}%`;
  bar.append(fill);
  const numbers = [decimal(p), String(other.tokens[index] ?? "–"), decimal(bits, 2)];
  return [name, bar, ...numbers.map((number) => el("span", "tip-n", number))];
}
