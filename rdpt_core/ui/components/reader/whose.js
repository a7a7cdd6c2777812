// Whose a sentence is by attribution, and how sure it is that it is likelier under the teacher than elsewhere.

import { decimal, el } from "./dom.js";

export function answerLine({ answers }, index) {
  const words = answers?.words[index];
  if (!words) return [];
  const node = el("div", "tip-answer");
  const { key, letter } = answers.list[answers.codes[index] - 1];
  node.append("Attribution ", el("span", `swatch a-${key}`, letter), " ", el("b", "", words));
  return [node];
}

export function evidenceLine({ evidence }, index) {
  const words = evidence?.words[index];
  if (!words) return [];
  const node = el("div", "tip-answer");
  node.append("Evidence ");
  const step = evidence.list?.[evidence.codes[index] - 1];
  if (step) node.append(el("span", `swatch a-${step.key}`, step.letter), " ");
  node.append(el("b", "", words));
  return [node];
}

export function posteriorOf({ answers }, index) {
  if (!answers?.posterior || !answers.words[index]) return [];
  const { names, values } = answers.posterior;
  const grid = el("div", "whose-grid");
  grid.setAttribute("role", "group");
  grid.setAttribute("aria-label", "How probable each source is, given that it is one of these");
  names.forEach((name, k) => {
    const p = values[index * names.length + k];
    const bar = el("span", "tip-bar");
    const fill = el("span", "tip-fill whose-fill");
    fill.style.width = `${100 * (Number.isFinite(p) ? p : 0)}%`;
    bar.append(fill);
    const title = el("span", "tip-role", name);
    title.title = name;
    grid.append(title, bar, el("span", "tip-n", p < 0.005 ? "< 0.01" : decimal(p, 2)));
  });
  return [grid];
}
