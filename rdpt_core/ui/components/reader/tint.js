// What colours text, ribbon and chart: labels, whose each sentence is by attribution, how strong its evidence is, or how
// far it stands in the training texts. A tint has the codes of the sentences, and how each code is drawn; code 0 is what carries none.

import { button, el } from "./dom.js";
import { CODES, LETTERS } from "./marks.js";
import { tintedBy } from "./model.js";
import { LABEL, N_CODES, UNCERTAIN } from "./rule.js";

// Every appearance that a label code can have, made once: painting compares numbers and assigns strings.
const LABEL_CLASSES = Array.from({ length: N_CODES }, (_, code) => {
  const uncertain = code & UNCERTAIN ? " uncertain" : "";
  return `s m-${CODES[code & LABEL]?.key}${uncertain}`;
});

// No code is this large: what is painted with it is painted anew.
export const UNPAINTED = 255;

export function tintOf({ model, palette, colour }) {
  const tinted = tintedBy(model, colour);
  if (!tinted) {
    const key = (code) => CODES[code & LABEL].key;
    return {
      name: "label",
      codes: model.codes,
      mask: LABEL,
      n: N_CODES,
      key,
      tone: (code) => palette.tones[code & LABEL],
      letter: (code) => LETTERS[key(code)],
      className: (code) => LABEL_CLASSES[code],
    };
  }
  const { list, codes } = tinted;
  return {
    name: colour,
    codes,
    mask: UNPAINTED,
    n: list.length + 1,
    key: (code) => (code ? `a-${list[code - 1].key}` : "none"),
    tone: (code) => palette.tints[colour][code],
    letter: (code) => (code ? list[code - 1].letter : LETTERS.none),
    className: (code) => (code ? `s by-answer a-${list[code - 1].key} c-${code}` : "s m-none"),
  };
}

// Only what changed is touched: a drag of a threshold turns few sentences at a time.
export function paint(spans, tint, shown) {
  const { codes, className, letter } = tint;
  const isLettered = tint.name !== "label";
  for (let i = 0; i < spans.length; i += 1) {
    if (codes[i] === shown[i]) continue;
    spans[i].className = className(codes[i]);
    // Letters of labels stand in the style sheet; those of teachers follow their names.
    if (isLettered) spans[i].dataset.letter = letter(codes[i]);
    shown[i] = codes[i];
  }
}

// "Colour by: label | attribution | evidence | training", where there is any but labels.
export function makeSwitch(view) {
  const node = el("div", "colour-by");
  node.setAttribute("role", "group");
  node.setAttribute("aria-label", "What colours the sentences");
  const buttons = ["label", "attribution", "evidence", "training"].map((colour) => {
    const made = button("tool", colour, null, () => view.colourBy(colour));
    made.dataset.colour = colour;
    return made;
  });
  node.append(el("span", "", "Colour by"), ...buttons);
  return {
    node,
    draw() {
      const [label, ...others] = buttons;
      for (const made of others) made.hidden = !tintedBy(view.model, made.dataset.colour);
      node.hidden = others.every((made) => made.hidden);
      const pressed = buttons.find((made) => made.dataset.colour === view.colour && !made.hidden) ?? label;
      for (const made of buttons) made.setAttribute("aria-pressed", String(made === pressed));
    },
  };
}
