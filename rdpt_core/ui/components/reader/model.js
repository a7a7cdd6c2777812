// What a reader knows about its trace: the measured values of the text part, and the label of every sentence.

import { doubles, gapsOf, LABEL, labelAll } from "./rule.js";

export function makeModel(text) {
  const n = text.texts.length;
  const values = Object.fromEntries(text.roles.map((role) => [role, doubles(text.values[role])]));
  const sums = Object.fromEntries(text.roles.map((role) => [role, doubles(text.sums[role])]));
  const counts = text.tokens[text.countRole];
  // Tokens weigh a sentence in the legend; where nothing was counted its length stands in for the ribbon's cell.
  const weights = Float64Array.from(counts, (count) => count ?? 0);
  const edges = new Float64Array(n + 1);
  for (let i = 0; i < n; i += 1) edges[i + 1] = edges[i] + Math.max(counts[i] ?? text.texts[i].length / 4, 0.5);
  // Marks of format that carry no label.
  const marks = new Set(text.marksCount ? [] : text.marks);
  const gaps = gapsOf(values, marks);
  const others = (text.others ?? []).map((other) => ({ ...other, values: doubles(other.values), sums: doubles(other.sums) }));
  const importance = Object.fromEntries(Object.entries(text.importance ?? {}).map(([method, drops]) => [method, doubles(drops)]));
  return { text, n, others, importance, answers: answersOf(text), evidence: evidenceOf(text), training: trainingIn(text), short: shortOf(text), values, sums, weights, edges, marks, gaps, codes: new Uint8Array(n), rule: null, version: 0 };
}

function answersOf({ answers }) {
  if (!answers) return null;
  const { list, codes, words, posterior } = answers;
  const known = posterior && { names: posterior.names, values: doubles(posterior.values) };
  return { list, codes: Uint8Array.from(codes), words, posterior: known };
}

function evidenceOf({ evidence }) {
  if (!evidence) return null;
  const { words, tint } = evidence;
  return { words, list: tint?.list ?? null, codes: tint && Uint8Array.from(tint.codes) };
}

function trainingIn({ training }) {
  return training ? { ...training, codes: Uint8Array.from(training.codes) } : null;
}

// What can colour the sentences beside labels: its list of what is told apart, and the codes; null where it cannot.
export function tintedBy(model, colour) {
  const found = { attribution: model?.answers, evidence: model?.evidence, training: model?.training }[colour];
  return found?.list ? found : null;
}

function shortOf({ short }) {
  return short ? { n: short.n, gaps: doubles(short.gaps), same: new Set(short.same) } : null;
}

// Whether two models of one trace name other sources, or draw them otherwise.
export function otherAnswers(a, b) {
  const lists = (model) => JSON.stringify([model.answers?.list ?? null, model.evidence?.list ?? null, model.training?.list ?? null]);
  return lists(a) !== lists(b);
}

export function relabel(model, rule) {
  model.rule = rule;
  model.version += 1;
  labelAll(model.gaps, rule, model.codes);
}

// How many sentences another rule would label otherwise.
export function changes(model, codes) {
  let n = 0;
  for (let i = 0; i < model.n; i += 1) if ((codes[i] & LABEL) !== (model.codes[i] & LABEL)) n += 1;
  return n;
}

// Equal text parts are often sent as new objects; redrawing them would lose the place.
export function sameText(a, b) {
  return (
    a !== null &&
    a.key === b.key &&
    a.texts.length === b.texts.length &&
    a.parts.length === b.parts.length &&
    a.texts.every((sentence, i) => sentence === b.texts[i])
  );
}
