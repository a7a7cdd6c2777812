// The reader of one trace. Parts with the same reader name meet in hub.js and make one reader:
//
//   text     what was measured. Changes with the trace, the unit and the space; draws the component.
//     key        identifies run and trace; parts with different keys wait for each other
//     texts      the sentences; joined they are the response
//     roles      teacher, student, distilled, or two of them with the student
//     values     role → base64 of doubles (little-endian), what the rule compares: p, or mean logprobs in ratio space
//     sums       role → base64 of doubles, logprob sums in nats; missing is NaN in both
//     tokens     role → counts or null; countRole names the one that weighs sentences
//     bytes      UTF-8 bytes of every sentence, or null
//     unscored   sentence index → reason; reasonWords: reason → words
//     marks      indices of the sentences that are marks of format; marksCount: whether they carry labels
//     parts      [{kind: "thinking" | "answer", title, first}], none if the response has no thinking block
//     order      [{label, key, letter}] of the legend
//     unit, space
//     names      (optional) role → what to call it, where a run has several teachers
//     others     (optional) [{key, group, name, model, values, sums, tokens}] of further models, by group; as for roles
//     answers    (optional) whose each sentence is: {list: [{name, key, letter}], codes: of each sentence, from 1 and 0 for
//                none, words, posterior: {names, values: base64 of doubles, a row a sentence} or null}
//     evidence   (optional) how sure each is: {words: of each sentence or null, tint: {list, codes} as of answers, or null}
//     training   (optional) how far each stands in the training texts: {list, codes, words as of answers, spans: [start,
//                end] in code points of the sentence or null, spanIn, nearest: index into texts or null, texts: [{text, where}]}
//     strip      (optional) tokens of the whole trace, as under `strip` below but by sentence: {index: strip}. For pages
//                without a server
//   labels   what changes with a click or a threshold; a few hundred bytes.
//     key, unit, space   as in the text part
//     alpha, beta, uncertainPart    a label is uncertain if its margin is below uncertainPart · beta
//     defaults   {alpha, beta, name}: what the reset button brings back
//     selected   index of the pinned sentence, or null; answers: the `at` of the pick that this replies to, or null
//     answers    (optional) whose each sentence is: {list: [{name, key, letter}], codes: of each sentence, from 1 and 0 for
//                none, words, posterior: {names, values: base64 of doubles, a row a sentence} or null}
//     strip      tokens of the pinned sentence: role → [[start, end, logprob | null], …], offsets in code points of the
//                sentence; null if there are none
//     link       whether the page's own address leads to a sentence when `sentence=N` is added
//     features   which of "joint", "thresholds", "card", "search", "math", "step" are offered
//   math     (optional) formulas as trees, see math.js
//
// Triggers out, through the mount of the labels part, each with the trace's key:
//   pick {key, index | null, at}       a sentence was pinned, or unpinned
//   thresholds {key, alpha, beta}      a handle was let go
//   step {key, by}                     the reader wants the next (1) or the previous (−1) trace
//   math {key, on}                     rendered mathematics is wanted, or no longer
//
// Outside Streamlit: call mount({data, parentElement, setTriggerValue}) once for every part, in any order, with the
// style sheet in the same document or shadow root. It returns what takes the part away again.

import { followTheme, paletteOf } from "./dom.js";
import { bring, readerOf } from "./hub.js";
import { CODES } from "./marks.js";
import { makeModel, otherAnswers, sameText } from "./model.js";
import { makeView } from "./view.js";

export default function mount({ data, parentElement, setTriggerValue }) {
  if (data.part !== "text") return bring(data, setTriggerValue);
  const reader = readerOf(data.reader);
  if (reader.view?.host !== parentElement) {
    reader.view?.destroy();
    reader.view = makeView(data.reader, parentElement);
    reader.update = () => update(reader);
  }
  const { view } = reader;
  view.send = (trigger, value) => reader.send?.(trigger, value);
  const visit = {};
  view.visit = visit;
  followTheme(view.root, parentElement);
  view.palette = paletteOf(view.root, CODES.map(({ key }) => key), ["teacher", "student", "distilled"]);
  const tonesOf = (list) => paletteOf(view.root, ["none", ...(list ?? []).map(({ key }) => key)], []).tones;
  view.palette.tints = { attribution: tonesOf(data.answers?.list), evidence: tonesOf(data.evidence?.tint?.list), training: tonesOf(data.training?.list) };
  const forget = bring(data, setTriggerValue);
  view.repaint();
  return () => {
    forget();
    // A mount that a later one has replaced must not take the later one's view away.
    if (view.visit !== visit) return;
    view.destroy();
    if (reader.view === view) [reader.view, reader.update] = [null, null];
  };
}

function update(reader) {
  const { view, text, labels, math } = reader;
  // While a new trace or unit arrives, its parts may come in any order.
  if (!text || !labels) return;
  if (["key", "unit", "space"].some((name) => text[name] !== labels[name])) return;
  const isNew = !sameText(view.model?.text ?? null, text);
  const before = isNew ? null : view.labels;
  if (view.model?.text !== text) {
    const model = makeModel(text);
    if (isNew) {
      view.open(model);
    } else {
      const isOther = otherAnswers(view.model, model);
      view.model = model;
      if (isOther) view.retint();
    }
  }
  view.labels = labels;
  const moved = ["alpha", "beta", "unit", "space"].some((name) => before?.[name] !== labels[name]);
  if (moved) view.rule = { alpha: labels.alpha, beta: labels.beta, uncertainPart: labels.uncertainPart };
  view.offer(labels.features);
  view.recolour(view.rule);
  if (math?.key === text.key) view.math.bring(math);
  else if (before) view.math.lose();
  const isStale = labels.answers !== null && labels.answers < view.pickedAt;
  if (!isStale && (before === null || before.selected !== labels.selected)) view.select(labels.selected);
  view.showCard();
  view.root.dataset.ready = labels.key;
  // For whoever measures: the frame that shows a new trace has been drawn.
  if (isNew) requestAnimationFrame(() => setTimeout(() => performance.mark("rdpt-first-paint")));
}
