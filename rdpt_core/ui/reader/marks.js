// What a label code means, and the rule that gave it, in words with numbers.

import { decimal } from "./dom.js";

// One character a sentence keeps 10,000 labels at 10 kB. Boosted is three codes: up, down, between.
export const CODES = {
  T: { key: "teacher", label: "Teacher" },
  H: { key: "shared", label: "Shared" },
  S: { key: "student", label: "Student" },
  U: { key: "boosted", label: "Boosted", direction: "up" },
  W: { key: "boosted", label: "Boosted", direction: "between" },
  D: { key: "boosted-down", label: "Boosted", direction: "down" },
  C: { key: "common", label: "Common" },
  "-": { key: "none", label: "Unscored" },
};

export const ROLE_LETTER = { teacher: "T", student: "S", distilled: "D" };

// Probability of a sentence under a role, in the unit of the rule; null where it is missing.
export function probability(text, labels, role, index) {
  const sum = text.sums[role][index];
  const count = labels.counts === "n_bytes" ? text.bytes[index] : text.tokens[labels.counts ?? role][index];
  return sum === null || !count ? null : Math.exp(sum / count);
}

export function bitsPerByte(text, role, index) {
  const sum = text.sums[role][index];
  return sum === null || !text.bytes[index] ? null : -sum / (Math.LN2 * text.bytes[index]);
}

export function ruleInWords(text, labels, index) {
  const code = labels.codes[index];
  if (code === "-") {
    return text.reasonWords[text.reasons[index]] ?? "No probability was stored for this sentence.";
  }
  const ratio = labels.space === "ratio";
  const v = {};
  for (const role of text.roles) {
    const p = probability(text, labels, role, index);
    v[role] = ratio ? Math.log(p) : p;
  }
  const [alpha, beta] = [decimal(labels.alpha), decimal(labels.beta)];
  const gap = ratio ? "ln p_T − ln p_S" : "p_T − p_S";
  const dTS = v.teacher - v.student;
  if (code === "T") return `${gap} = ${decimal(dTS)} > β = ${beta}: the teacher finds it likelier.`;
  if (code === "S") return `${gap} = ${decimal(dTS)} < −β = −${beta}: the student finds it likelier.`;
  // Where every p is that small no gap can be larger, so the label says nothing about the models.
  const highest = ratio ? Infinity : Math.max(...text.roles.map((role) => v[role]));
  if (code === "C") {
    const faint = highest <= labels.beta ? " Both find it unlikely: p ≤ β." : "";
    return `${gap} = ${decimal(dTS)} lies within ±β = ±${beta}: both find it about as likely.${faint}`;
  }
  const largest = Math.max(
    Math.abs(dTS),
    Math.abs(v.student - v.distilled),
    Math.abs(v.teacher - v.distilled),
  );
  if (code === "H") {
    const faint = highest <= labels.alpha ? " All three find it unlikely: p ≤ α." : "";
    return `largest gap ${decimal(largest)} ≤ α = ${alpha}: all three find it about as likely.${faint}`;
  }
  const where = {
    U: "p_D lies above both: distillation raised it.",
    D: "p_D lies below both: distillation lowered it.",
    W: "p_D lies between the two.",
  }[code];
  return `largest gap ${decimal(largest)} > α = ${alpha}, and |${gap}| = ${decimal(Math.abs(dTS))} ≤ β = ${beta}; ${where}`;
}
