// Keys, and the panel that names them all. Streamlit's own plain keys are r and c; none of ours is.

import { button, el, floating, isOpen, setOpen } from "./dom.js";

// `text` keys work on a sentence only: elsewhere they scroll the page or press buttons.
const KEYS = [
  { keys: ["j"], text: ["ArrowDown", "ArrowRight"], shown: ["j", "↓"], words: "next sentence", act: (v) => v.focus(v.step(1)) },
  { keys: ["k"], text: ["ArrowUp", "ArrowLeft"], shown: ["k", "↑"], words: "previous sentence", act: (v) => v.focus(v.step(-1)) },
  { keys: ["n"], shown: ["n"], words: "next of the same label, or of the labels chosen in the legend", act: (v) => v.focusSimilar(1) },
  { keys: ["p"], shown: ["p"], words: "previous of the same label", act: (v) => v.focusSimilar(-1) },
  { text: ["Home"], shown: ["Home"], words: "first sentence", act: (v) => v.focus(0) },
  { text: ["End"], shown: ["End"], words: "last sentence", act: (v) => v.focus(v.model.n - 1) },
  { text: ["Enter", " "], shown: ["Enter"], words: "pin the sentence beside the text", act: (v) => v.pick(v.current) },
  { keys: ["1", "2", "3", "4"], shown: ["1", "–", "4"], words: "only this label; with Shift: add it", act: chooseLabel },
  { keys: ["/"], shown: ["/"], words: "search; Enter for the next hit", act: (v) => v.search.focus(), feature: "search" },
  { keys: ["g"], shown: ["g"], words: "go to a sentence by its number", act: (v) => v.tools.goTo(), feature: "search" },
  { keys: ["m"], shown: ["m"], words: "formulas rendered, or as source", act: (v) => v.math.toggle(), feature: "math" },
  { keys: ["["], shown: ["["], words: "previous trace", act: (v) => v.stepTrace(-1), feature: "step" },
  { keys: ["]"], shown: ["]"], words: "next trace", act: (v) => v.stepTrace(1), feature: "step" },
  { keys: ["Escape"], shown: ["Esc"], words: "close help, clear the legend's choice, unpin", act: (v) => v.escape() },
  { keys: ["?"], shown: ["?"], words: "this help", act: (v) => v.help.toggle() },
];

function chooseLabel(view, event) {
  // With Shift the digit row types other characters; its code stays.
  view.legend.choose(Number(event.code.slice(-1)) - 1, event.shiftKey);
}

function find(event, isSentence) {
  const name = /^Digit[1-4]$/.test(event.code) ? event.code.slice(-1) : event.key;
  return KEYS.find(({ keys, text }) => keys?.includes(name) || (isSentence && text?.includes(name)));
}

export function listenForKeys(view) {
  view.root.addEventListener("keydown", (event) => {
    lastUsed = view;
    handle(view, event);
  });
  // With nothing focused the keys belong to the reader that was used last, or to the only one.
  const onPage = (event) => {
    if (event.target !== document.body && event.target !== document.documentElement) return;
    if ((lastUsed ?? view) === view) handle(view, event);
  };
  document.addEventListener("keydown", onPage);
  view.root.addEventListener("pointerdown", () => {
    lastUsed = view;
  });
  return () => {
    document.removeEventListener("keydown", onPage);
    if (lastUsed === view) lastUsed = null;
  };
}

let lastUsed = null;

function handle(view, event) {
  // On many keyboards [ and ] are typed with AltGr, which some systems report as Ctrl and Alt.
  const isCommand = (event.ctrlKey || event.metaKey || event.altKey) && !event.getModifierState("AltGraph");
  if (isCommand || event.defaultPrevented || !view.model?.n) return;
  const target = event.target;
  if (target.matches?.("input, textarea, select, [contenteditable]")) return;
  const key = find(event, Boolean(target.closest?.("span.s")));
  if (!key || (key.feature && !view.features.has(key.feature))) return;
  event.preventDefault();
  key.act(view, event);
}

export function makeHelp(view) {
  const node = floating("help-panel");
  node.setAttribute("role", "dialog");
  node.setAttribute("aria-label", "Keys of the reader");
  let back = null;
  const close = button("link close", "✕", "Close (Escape)", () => toggle());
  const list = el("dl", "keys");

  function toggle(from = null) {
    const open = !isOpen(node);
    if (open) {
      back = from;
      list.replaceChildren(...KEYS.filter(({ feature }) => !feature || view.features.has(feature)).flatMap(entry));
    }
    setOpen(node, open);
    if (open) close.focus();
    else if (back) back.focus();
    else view.focus(view.current);
  }
  node.append(close, el("p", "side-title", "Keys"), list);
  return { node, toggle, isOpen: () => isOpen(node) };
}

function entry({ shown, words }) {
  const term = el("dt");
  for (const key of shown) term.append(key === "–" ? "–" : el("kbd", "", key));
  return [term, el("dd", "", words)];
}
