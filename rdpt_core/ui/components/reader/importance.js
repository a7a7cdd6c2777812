// How much the answer depends on a sentence: what ln p(answer) loses when it is deleted or replaced.

import { decimal, el } from "./dom.js";

const WITHOUT = { deletion: "Without it", replacement: "With another sentence in its place" };
// Below half of the last digit that is shown.
const NOTHING = 0.005;

export function importanceLines({ importance }, index) {
  return Object.entries(importance).flatMap(([method, drops]) => {
    const drop = drops[index];
    if (!Number.isFinite(drop)) return [];
    const node = el("div", "tip-answer");
    node.append(`${WITHOUT[method]} the answer `, el("b", "", change(drop)), ` (${method})`);
    return [node];
  });
}

function change(drop) {
  if (Math.abs(drop) < NOTHING) return "is as likely";
  return `${drop > 0 ? "loses" : "gains"} ${decimal(Math.abs(drop), Math.abs(drop) < 1 ? 2 : 1)} nats`;
}
