// What a label code means, and the rule that gave it, in words with numbers.

import { decimal } from "./dom.js";
import { LABEL, marginOf, UNCERTAIN } from "./rule.js";

// In the order of the numbers in rule.js. Boosted is three codes: up, between, down.
export const CODES = [
  { key: "none", label: "Unscored" },
  { key: "teacher", label: "Teacher" },
  { key: "shared", label: "Shared" },
  { key: "student", label: "Student" },
  { key: "boosted", label: "Boosted", direction: "up" },
  { key: "boosted", label: "Boosted", direction: "between" },
  { key: "boosted-down", label: "Boosted", direction: "down" },
  { key: "common", label: "Common" },
  { key: "gained", label: "Gained" },
  { key: "kept", label: "Kept" },
  { key: "lost", label: "Lost" },
];

export const LETTERS = { teacher: "T", shared: "H", student: "S", boosted: "B", "boosted-down": "B↓", common: "C", gained: "G", kept: "K", lost: "L", none: "–" };

export const ROLE_LETTER = { teacher: "T", student: "S", distilled: "D" };

const FORMAT = { key: "none", label: "Mark of format" };

// A role finds a mark foreign from so many nats below the role that finds it likeliest, over the whole mark: tokenizers
// may cut it into one token or into ten, so that means per token do not compare.
const FOREIGN_NATS = Math.log(100);

export function markOf(model, index) {
  return model.marks.has(index) ? FORMAT : CODES[model.codes[index] & LABEL];
}

export function isUncertain(model, index) {
  return (model.codes[index] & UNCERTAIN) !== 0;
}

// "Boosted, up, uncertain"
export function labelInWords(model, index) {
  const mark = markOf(model, index);
  return [mark.label, mark.direction, isUncertain(model, index) ? "uncertain" : null].filter(Boolean).join(", ");
}

export function margin(model, index) {
  return marginOf(model.gaps, index, model.rule.alpha, model.rule.beta);
}

// Probability of a sentence under a role, in the unit of the rule; NaN where it is missing.
export function probability(model, role, index) {
  const value = model.values[role][index];
  return model.text.space === "ratio" ? Math.exp(value) : value;
}

// ln p_a − ln p_b.
export function logRatio(model, a, b, index) {
  const [va, vb] = [model.values[a][index], model.values[b][index]];
  return model.text.space === "ratio" ? va - vb : Math.log(va) - Math.log(vb);
}

export function bitsPerByte(model, role, index) {
  const nBytes = model.text.bytes[index];
  return nBytes ? -model.sums[role][index] / (Math.LN2 * nBytes) : NaN;
}

export function ruleInWords(model, index) {
  const { text, values, rule, gaps } = model;
  const code = model.codes[index] & LABEL;
  if (code === 0) {
    if (!model.marks.has(index) || index in text.unscored) return reasonInWords(text, index);
    return `Format, and no reasoning: it carries no label.${foreignInWords(model, index)}`;
  }
  const ratio = text.space === "ratio";
  const [alpha, beta] = [decimal(rule.alpha), decimal(rule.beta)];
  const gap = gapSymbol(text);
  const size = decimal(gaps.gap[index]);
  const { key, direction } = CODES[code];
  if (key === "teacher") return `${gap} = ${size} > β = ${beta}: the teacher finds it likelier.`;
  if (key === "student") return `${gap} = ${size} < −β = −${beta}: the student finds it likelier.`;
  if (key === "gained") return `${gap} = ${size} > β = ${beta}: training made it likelier.`;
  if (key === "lost") return `${gap} = ${size} < −β = −${beta}: training made it less likely.`;
  // Where every p is that small no gap can be larger, so the label says nothing about the models.
  const highest = ratio ? Infinity : Math.max(...text.roles.map((role) => values[role][index]));
  if (key === "common" || key === "kept") {
    const faint = highest <= rule.beta ? " Both find it unlikely: p ≤ β." : "";
    return `${gap} = ${size} lies within ±β = ±${beta}: both find it about as likely.${faint}`;
  }
  const largest = decimal(gaps.largest[index]);
  if (key === "shared") {
    const faint = highest <= rule.alpha ? " All three find it unlikely: p ≤ α." : "";
    return `largest gap ${largest} ≤ α = ${alpha}: all three find it about as likely.${faint}`;
  }
  const where = {
    up: "p_D lies above both: distillation raised it.",
    down: "p_D lies below both: distillation lowered it.",
    between: "p_D lies between the two.",
  }[direction];
  return `largest gap ${largest} > α = ${alpha}, and |${gap}| = ${decimal(Math.abs(gaps.gap[index]))} ≤ β = ${beta}; ${where}`;
}

// What β judges: the first of these roles against the student.
export function gapSymbol(text) {
  const upper = ROLE_LETTER[upperRole(text)];
  return text.space === "ratio" ? `ln p_${upper} − ln p_S` : `p_${upper} − p_S`;
}

export function upperRole(text) {
  return text.roles.includes("teacher") ? "teacher" : "distilled";
}

// What a role is called: a teacher by its name, where there are several.
export function roleName(text, role) {
  return text.names?.[role] ?? role;
}

const modelOf = (role) => (role === "distilled" ? "the distilled model" : `the ${role}`);

// " Foreign to the teacher: …", or nothing.
function foreignInWords({ text, sums }, index) {
  const likeliest = text.roles.reduce((a, b) => (sums[b][index] > sums[a][index] ? b : a));
  const gapOf = (role) => sums[likeliest][index] - sums[role][index];
  const foreign = text.roles.filter((role) => gapOf(role) > FOREIGN_NATS);
  if (!foreign.length) return "";
  const gaps = foreign.map((role) => `${modelOf(role)} (${decimal(gapOf(role), 1)} nats below)`);
  return ` Foreign to ${gaps.join(" and ")}: ${modelOf(likeliest)} finds it likeliest.`;
}

export function reasonInWords(text, index) {
  return text.reasonWords[text.unscored[index]] ?? "No probability was stored for this sentence.";
}
