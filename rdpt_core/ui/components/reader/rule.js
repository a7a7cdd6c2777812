// The label rule in double precision: the same comparisons as `analysis.labels`, from the same values.
//
// A label is a small number here, an index into CODES of marks.js: typed arrays keep 10,000 of them cheap at every frame.

const NONE = 0;
const [TEACHER, SHARED, STUDENT, UP, BETWEEN, DOWN, COMMON] = [1, 2, 3, 4, 5, 6, 7];

// Float64Array from base64 of little-endian doubles; a missing value is NaN.
export function doubles(base64) {
  const raw = atob(base64);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i += 1) bytes[i] = raw.charCodeAt(i);
  return new Float64Array(bytes.buffer);
}

// What does not depend on the thresholds: d_TS, the largest gap, and where p_D lies. Sentences `without` a label,
// given by their indices, have no gaps.
export function gapsOf(values, without = []) {
  const { teacher, student, distilled } = values;
  const n = teacher.length;
  const gaps = { n, triple: Boolean(distilled), dTS: new Float64Array(n), largest: new Float64Array(n), direction: new Uint8Array(n) };
  for (let i = 0; i < n; i += 1) {
    const dTS = teacher[i] - student[i];
    gaps.dTS[i] = dTS;
    if (!distilled) continue;
    const dSD = student[i] - distilled[i];
    const dTD = teacher[i] - distilled[i];
    gaps.largest[i] = Math.max(Math.abs(dTS), Math.abs(dSD), Math.abs(dTD));
    if (dSD < 0 && dTD < 0) gaps.direction[i] = UP;
    else gaps.direction[i] = dSD > 0 && dTD > 0 ? DOWN : BETWEEN;
  }
  for (const i of without) gaps.dTS[i] = gaps.largest[i] = NaN;
  return gaps;
}

export function labelOf(gaps, i, alpha, beta) {
  const dTS = gaps.dTS[i];
  if (Number.isNaN(gaps.triple ? gaps.largest[i] : dTS)) return NONE;
  if (gaps.triple && gaps.largest[i] <= alpha) return SHARED;
  if (dTS > beta) return TEACHER;
  if (dTS < -beta) return STUDENT;
  return gaps.triple ? gaps.direction[i] : COMMON;
}

// The smallest change of a threshold that would turn the label; NaN where there is none.
export function marginOf(gaps, i, alpha, beta) {
  const betaMargin = Math.abs(Math.abs(gaps.dTS[i]) - beta);
  if (!gaps.triple) return betaMargin;
  const alphaMargin = Math.abs(gaps.largest[i] - alpha);
  if (Number.isNaN(alphaMargin)) return NaN;
  return gaps.largest[i] <= alpha ? alphaMargin : Math.min(alphaMargin, betaMargin);
}

// Bit 3 marks the uncertain ones, so that one number decides how a sentence is drawn.
export const UNCERTAIN = 8;

export function labelAll(gaps, rule, into = new Uint8Array(gaps.n)) {
  const limit = rule.uncertainPart * rule.beta;
  for (let i = 0; i < gaps.n; i += 1) {
    const code = labelOf(gaps, i, rule.alpha, rule.beta);
    into[i] = code !== NONE && marginOf(gaps, i, rule.alpha, rule.beta) < limit ? code | UNCERTAIN : code;
  }
  return into;
}
