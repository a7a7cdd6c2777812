// The label rule in double precision: the same comparisons as `analysis.labels`, from the same values.
//
// A label is a small number here, an index into CODES of marks.js: typed arrays keep 10,000 of them cheap at every frame.

const NONE = 0;
const [TEACHER, SHARED, STUDENT, UP, BETWEEN, DOWN, COMMON, GAINED, KEPT, LOST] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

// Float64Array from base64 of little-endian doubles; a missing value is NaN.
export function doubles(base64) {
  const raw = atob(base64);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i += 1) bytes[i] = raw.charCodeAt(i);
  return new Float64Array(bytes.buffer);
}

// What does not depend on the thresholds: the gap that β judges, p_T − p_S or else p_D − p_S, with its labels; the largest
// gap, and where p_D lies. Sentences `without` a label, given by their indices, have no gaps.
export function gapsOf(values, without = []) {
  const { teacher, student, distilled } = values;
  const n = student.length;
  const upper = teacher ?? distilled;
  const [above, rest, below] = teacher ? [TEACHER, COMMON, STUDENT] : [GAINED, KEPT, LOST];
  const triple = Boolean(teacher && distilled);
  const gaps = { n, triple, above, rest, below, gap: new Float64Array(n), largest: new Float64Array(n), direction: new Uint8Array(n) };
  for (let i = 0; i < n; i += 1) {
    const gap = upper[i] - student[i];
    gaps.gap[i] = gap;
    if (!triple) continue;
    const dSD = student[i] - distilled[i];
    const dTD = teacher[i] - distilled[i];
    gaps.largest[i] = Math.max(Math.abs(gap), Math.abs(dSD), Math.abs(dTD));
    if (dSD < 0 && dTD < 0) gaps.direction[i] = UP;
    else gaps.direction[i] = dSD > 0 && dTD > 0 ? DOWN : BETWEEN;
  }
  for (const i of without) gaps.gap[i] = gaps.largest[i] = NaN;
  return gaps;
}

export function labelOf(gaps, i, alpha, beta) {
  const gap = gaps.gap[i];
  if (Number.isNaN(gaps.triple ? gaps.largest[i] : gap)) return NONE;
  if (gaps.triple && gaps.largest[i] <= alpha) return SHARED;
  if (gap > beta) return gaps.above;
  if (gap < -beta) return gaps.below;
  return gaps.triple ? gaps.direction[i] : gaps.rest;
}

// The smallest change of a threshold that would turn the label; NaN where there is none.
export function marginOf(gaps, i, alpha, beta) {
  const betaMargin = Math.abs(Math.abs(gaps.gap[i]) - beta);
  if (!gaps.triple) return betaMargin;
  const alphaMargin = Math.abs(gaps.largest[i] - alpha);
  if (Number.isNaN(alphaMargin)) return NaN;
  return gaps.largest[i] <= alpha ? alphaMargin : Math.min(alphaMargin, betaMargin);
}

// Four bits for the label and one for the uncertain ones, so that one number decides how a sentence is drawn.
export const LABEL = 15;
export const UNCERTAIN = 16;
export const N_CODES = 32;

export function labelAll(gaps, rule, into = new Uint8Array(gaps.n)) {
  const limit = rule.uncertainPart * rule.beta;
  for (let i = 0; i < gaps.n; i += 1) {
    const code = labelOf(gaps, i, rule.alpha, rule.beta);
    into[i] = code !== NONE && marginOf(gaps, i, rule.alpha, rule.beta) < limit ? code | UNCERTAIN : code;
  }
  return into;
}
