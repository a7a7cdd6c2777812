// How far a sentence stands in the training texts: a line of numbers, and for the pinned sentence both texts side by side.

import { el, piecesOf } from "./dom.js";

// More of a sentence is not shown here; it stands in the text.
const MOST_CHARACTERS = 2000;
// A longer text scrolls in its box, which the keyboard must then be able to reach.
const LONG = 300;
// Comparing words takes time and memory by the product of their numbers.
const MOST_WORDS = 400;

export function trainingLine({ training }, index) {
  const words = training?.words[index];
  if (!words) return [];
  const node = el("div", "tip-answer");
  const { key, name, letter } = training.list[training.codes[index] - 1];
  node.append("Training ", el("span", `swatch a-${key}`, letter), " ", el("b", "", name), `: ${words}`);
  return [node];
}

export function trainingOf({ model }, index) {
  const { training } = model;
  if (!training?.words[index]) return [];
  const nearest = training.texts[training.nearest[index]];
  const begun = training.texts[training.spanIn[index]];
  if (!nearest && !begun) return [];
  const node = el("section", "training");
  node.setAttribute("aria-label", "The pinned sentence and the training texts");
  const whole = model.text.texts[index];
  const own = Array.from(whole.trimEnd()).slice(0, MOST_CHARACTERS).join("");
  const span = training.spans[index];
  const isWhole = training.list[training.codes[index] - 1].name === "copied";
  if (isWhole) {
    node.append(el("p", "training-where", `It stands in ${(nearest ?? begun).where}.`));
    return [node];
  }
  const [left, right] = [wordsOf(own), wordsOf(nearest?.text ?? "")];
  const shared = nearest ? sharedWords(left, right) : null;
  const sides = el("div", "training-sides");
  sides.append(side("This sentence", piecesWith(own, left, shared?.left, span)));
  if (nearest) sides.append(side("Nearest in training", piecesWith(nearest.text, right, shared?.right, null)));
  node.append(sides);
  if (nearest) node.append(el("p", "training-where", `Nearest: ${nearest.where}.`));
  if (begun && span) {
    const n = wordsOf(whole).filter((word) => word.start >= span[0] && word.end <= span[1]).length;
    const there = begun === nearest ? "also there" : `in ${begun.where}`;
    node.append(el("p", "training-where", `Underlined: its longest stretch word for word, ${n} word${n === 1 ? "" : "s"}, ${there}.`));
  }
  return [node];
}

function side(title, pieces) {
  const node = el("figure", "training-side");
  const text = el("blockquote", "training-text");
  text.append(...pieces);
  if (text.textContent.length > LONG) text.tabIndex = 0;
  node.append(el("figcaption", "", title), text);
  return node;
}

// Words with their places, in code points as everywhere.
function wordsOf(text) {
  const characters = Array.from(text);
  const found = [];
  let start = -1;
  for (let at = 0; at <= characters.length; at += 1) {
    const isSpace = at === characters.length || /\s/u.test(characters[at]);
    if (!isSpace && start < 0) start = at;
    if (isSpace && start >= 0) {
      found.push({ start, end: at, word: characters.slice(start, at).join("") });
      start = -1;
    }
  }
  return found;
}

// Which words of two texts belong to a longest common subsequence; null for texts too long to compare.
export function sharedWords(left, right) {
  if (left.length > MOST_WORDS || right.length > MOST_WORDS) return null;
  const width = right.length + 1;
  const longest = new Uint16Array((left.length + 1) * width);
  for (let i = left.length - 1; i >= 0; i -= 1) {
    for (let j = right.length - 1; j >= 0; j -= 1) {
      longest[i * width + j] =
        left[i].word === right[j].word
          ? longest[(i + 1) * width + j + 1] + 1
          : Math.max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
    }
  }
  const found = { left: new Set(), right: new Set() };
  let [i, j] = [0, 0];
  while (i < left.length && j < right.length) {
    if (left[i].word === right[j].word) {
      found.left.add(i);
      found.right.add(j);
      i += 1;
      j += 1;
    } else if (longest[(i + 1) * width + j] >= longest[i * width + j + 1]) i += 1;
    else j += 1;
  }
  return found;
}

// A text cut where the stretch begins and ends, and around words that the other text lacks.
function piecesWith(text, words, shared, span) {
  const characters = Array.from(text);
  const isUnlike = new Uint8Array(characters.length);
  words.forEach(({ start, end }, k) => {
    if (shared && !shared.has(k)) isUnlike.fill(1, start, end);
  });
  const looks = (at) => [span && at >= span[0] && at < span[1] ? "verbatim" : "", isUnlike[at] ? "unlike" : ""].join(" ").trim();
  const pieces = [];
  for (let start = 0; start < characters.length; ) {
    const look = looks(start);
    let end = start + 1;
    while (end < characters.length && looks(end) === look) end += 1;
    const content = piecesOf(characters.slice(start, end).join(""));
    if (look) {
      const node = el(look.includes("unlike") ? "b" : "span", look);
      node.append(...content);
      pieces.push(node);
    } else {
      pieces.push(...content);
    }
    start = end;
  }
  return pieces;
}
