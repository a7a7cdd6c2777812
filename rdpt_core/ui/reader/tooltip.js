// The card that shows on hover and on keyboard focus.

import { decimal, el, formula } from "./dom.js";
import { bitsPerByte, CODES, probability, ROLE_LETTER, ruleInWords } from "./marks.js";

export function makeTooltip() {
  const node = el("div", "tip");
  node.id = "rdpt-tip";
  node.setAttribute("role", "tooltip");
  // In the top layer nothing of the page can cover or clip it.
  if ("popover" in node) node.popover = "manual";
  else node.hidden = true;
  return node;
}

export function showTooltip(node, anchor, text, labels, index) {
  node.replaceChildren(...content(text, labels, index));
  if (node.showPopover) {
    if (!node.matches(":popover-open")) node.showPopover();
  } else {
    node.hidden = false;
  }
  const { offsetWidth: width, offsetHeight: height } = node;
  const left = Math.min(Math.max(8, anchor.left), Math.max(8, window.innerWidth - width - 8));
  const fitsBelow = anchor.bottom + 8 + height <= window.innerHeight;
  const top = fitsBelow ? anchor.bottom + 6 : Math.max(8, anchor.top - height - 6);
  node.style.left = `${left}px`;
  node.style.top = `${top}px`;
}

export function hideTooltip(node) {
  if (node.hidePopover) {
    if (node.matches(":popover-open")) node.hidePopover();
  } else {
    node.hidden = true;
  }
}

function content(text, labels, index) {
  const code = CODES[labels.codes[index]];
  const head = el("div", `tip-head m-${code.key}`);
  const uncertain = labels.margins[index] !== null && labels.margins[index] < labels.uncertainBelow;
  const name = [code.label, code.direction, uncertain ? "uncertain" : null].filter(Boolean).join(", ");
  head.append(
    el("span", "tip-label", name),
    el("span", "tip-place", `sentence ${index + 1} of ${text.texts.length}`),
  );
  const rule = el("div", "tip-rule");
  rule.append(formula(ruleInWords(text, labels, index)));
  const nodes = [head, rule, bars(text, labels, index)];
  if (code.key !== "none") nodes.push(facts(text, labels, index));
  return nodes;
}

function bars(text, labels, index) {
  const grid = el("div", "tip-grid");
  for (const title of ["", "", "p", "tokens", "bits/byte"]) grid.append(el("span", "tip-th", title));
  for (const role of text.roles) {
    const p = probability(text, labels, role, index);
    const bar = el("span", "tip-bar");
    const fill = el("span", `tip-fill r-${role}`);
    fill.style.width = `${100 * (p ?? 0)}%`;
    bar.append(fill);
    grid.append(
      el("span", "tip-role", role),
      bar,
      el("span", "tip-n", decimal(p)),
      el("span", "tip-n", String(text.tokens[role][index] ?? "–")),
      el("span", "tip-n", decimal(bitsPerByte(text, role, index), 2)),
    );
  }
  return grid;
}

function facts(text, labels, index) {
  const node = el("div", "tip-facts");
  const p = Object.fromEntries(text.roles.map((role) => [role, probability(text, labels, role, index)]));
  for (const role of text.roles) {
    if (role === "student") continue;
    const fact = el("span");
    fact.append(formula(`p_${ROLE_LETTER[role]} / p_S = `), el("b", "", decimal(p[role] / p.student, 2)));
    node.append(fact);
  }
  const margin = el("span");
  margin.append("margin ", el("b", "", decimal(labels.margins[index])));
  node.append(margin);
  return node;
}
