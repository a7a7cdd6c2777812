// Whether a sentence has its label by itself, too: after the prompt and the few sentences before it, and nothing else.

import { decimal, el } from "./dom.js";
import { LABEL } from "./rule.js";

export function shortLine({ short, gaps, codes, rule }, index) {
  const code = codes[index] & LABEL;
  if (!short || (code !== gaps.above && code !== gaps.below)) return [];
  const view = `prompt and ${short.n === 1 ? "one sentence" : `${short.n} sentences`}`;
  const gap = short.gaps[index];
  if (short.same.has(index)) return [el("div", "tip-short", `no more than ${view} before it: nothing to leave out`)];
  if (Number.isNaN(gap)) return [];
  const stays = code === gaps.above ? gap > rule.beta : gap < -rule.beta;
  const words = stays ? "also by itself" : "only with what precedes it";
  return [el("div", "tip-short", `${words} (${view}: gap ${decimal(gap)})`)];
}
