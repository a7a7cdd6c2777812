// The numbers of one sentence, as the hover card and the pinned card show them.

import { decimal, el, formula, whole } from "./dom.js";
import { importanceLines } from "./importance.js";
import { bitsPerByte, labelInWords, logRatio, margin, markOf, probability, ROLE_LETTER, roleName, ruleInWords } from "./marks.js";
import { answerLine, evidenceLine } from "./whose.js";
import { shortLine } from "./short.js";
import { trainingLine } from "./training.js";

export function factsOf(model, index) {
  const mark = markOf(model, index);
  const head = el("div", `tip-head m-${mark.key}`);
  head.append(
    el("span", "tip-label", labelInWords(model, index)),
    el("span", "tip-place", `${model.marks.size ? "span" : "sentence"} ${whole(index + 1)} of ${whole(model.n)}`),
  );
  const rule = el("div", "tip-rule");
  rule.append(formula(ruleInWords(model, index)));
  const nodes = [head, rule];
  if (mark.key !== "none" || model.text.roles.some((role) => Number.isFinite(model.values[role][index]))) {
    nodes.push(bars(model, index));
  }
  if (mark.key !== "none") nodes.push(ratios(model, index));
  nodes.push(...shortLine(model, index), ...answerLine(model, index));
  nodes.push(...evidenceLine(model, index), ...importanceLines(model, index), ...trainingLine(model, index));
  return nodes;
}

function bars(model, index) {
  const grid = el("div", "tip-grid");
  for (const title of ["", "", "p", "tokens", "bits/byte"]) grid.append(el("span", "tip-th", title));
  for (const role of model.text.roles) {
    const p = probability(model, role, index);
    const bar = el("span", "tip-bar");
    const fill = el("span", `tip-fill r-${role}`);
    fill.style.width = `${100 * (Number.isFinite(p) ? p : 0)}%`;
    bar.append(fill);
    grid.append(
      el("span", "tip-role", roleName(model.text, role)),
      bar,
      el("span", "tip-n", decimal(p)),
      el("span", "tip-n", String(model.text.tokens[role][index] ?? "–")),
      el("span", "tip-n", decimal(bitsPerByte(model, role, index), 2)),
    );
  }
  return grid;
}

function ratios(model, index) {
  const node = el("div", "tip-facts");
  for (const role of model.text.roles) {
    if (role === "student") continue;
    const nats = logRatio(model, role, "student", index);
    node.append(fact(`p_${ROLE_LETTER[role]} / p_S = `, times(nats)));
  }
  node.append(fact("margin ", decimal(margin(model, index))));
  return node;
}

// A ratio from its logarithm, which does not overflow.
function times(nats) {
  return Math.abs(nats) < 9 ? decimal(Math.exp(nats), 2) : `e^${decimal(nats, 1)}`;
}

function fact(term, value) {
  const node = el("span");
  node.append(formula(term), el("b", "", value));
  return node;
}
