// Two mounts share this module: `text` brings a response once, `labels` brings its labels whenever a threshold moves.
// So moving a threshold never sends the response again. They find each other by the name of their reader.

import { el, followTheme, keepPlainKeys } from "./dom.js";
import { makeLegend } from "./legend.js";
import { bringIntoView, dim, drawText, flash, paint } from "./text.js";
import { hideTooltip, makeTooltip, showTooltip } from "./tooltip.js";

const readers = new Map();

function readerOf(name) {
  if (!readers.has(name)) readers.set(name, { view: null, text: null, labels: null, drawn: null, shown: null });
  return readers.get(name);
}

export default function mount(component) {
  const { data, parentElement } = component;
  const reader = readerOf(data.reader);
  if (data.part === "labels") {
    reader.labels = data;
    update(reader);
    return () => {
      if (reader.labels === data) reader.labels = null;
    };
  }
  if (reader.view?.host !== parentElement) {
    reader.view?.root.remove();
    reader.view = makeView(reader, parentElement);
    reader.drawn = null;
  }
  reader.view.send = component.setTriggerValue;
  reader.text = data;
  followTheme(reader.view.root, parentElement);
  update(reader);
  return () => {
    if (reader.view?.host === parentElement) readers.delete(data.reader);
  };
}

function makeView(reader, host) {
  const root = el("section", "reader");
  root.setAttribute("aria-label", "Response, sentence by sentence");
  const box = el("div", "text");
  const tip = makeTooltip();
  const view = { host, root, box, tip, spans: [], current: 0, send: () => {} };
  view.legend = makeLegend((chosen) => dim(box, view.spans, reader.labels, chosen));
  root.append(view.legend.node, box, tip);
  host.append(root);
  keepPlainKeys(root);
  listen(reader, view);
  return view;
}

function update(reader) {
  const { view, text, labels } = reader;
  // While a new trace arrives, its labels may come before or after its text.
  if (!view || !text || !labels || text.key !== labels.key) return;
  const isNew = reader.drawn !== text;
  if (isNew) {
    view.spans = drawText(view.box, text);
    view.box.scrollTop = 0;
    view.current = 0;
    view.legend.chosen.clear();
    reader.drawn = text;
    reader.shown = null;
  }
  hideTooltip(view.tip);
  paint(view.spans, labels);
  view.legend.draw(text, labels);
  dim(view.box, view.spans, labels, view.legend.chosen);
  select(reader, labels.selected);
  view.root.dataset.ready = labels.key;
}

function select(reader, index) {
  const { view } = reader;
  for (const span of view.box.querySelectorAll("[aria-current]")) span.removeAttribute("aria-current");
  const span = index === null ? null : view.spans[index];
  if (span) {
    span.setAttribute("aria-current", "true");
    makeCurrent(view, index);
    if (reader.shown !== index) {
      bringIntoView(view.box, span);
      flash(span);
    }
  }
  reader.shown = index;
}

function makeCurrent(view, index) {
  if (view.spans[view.current]) view.spans[view.current].tabIndex = -1;
  view.current = index;
  view.spans[index].tabIndex = 0;
}

function sentenceAt(event) {
  const span = event.target.closest?.("span.s");
  return span ? Number(span.dataset.i) : null;
}

function listen(reader, view) {
  const { box, tip } = view;
  const show = (index, x = null, y = null) => {
    const boxes = [...view.spans[index].getClientRects()];
    const under = boxes.find((r) => x !== null && y >= r.top - 2 && y <= r.bottom + 2) ?? boxes[0];
    if (!under) return;
    const anchor = { left: x ?? under.left, top: under.top, bottom: under.bottom };
    showTooltip(tip, anchor, reader.text, reader.labels, index);
    for (const span of box.querySelectorAll("[aria-describedby]")) span.removeAttribute("aria-describedby");
    view.spans[index].setAttribute("aria-describedby", tip.id);
  };
  const pick = (index) => {
    // Marked at once: Python hears of it afterwards, and its answer finds nothing left to do.
    reader.shown = index;
    select(reader, index);
    view.send("pick", { key: reader.text.key, index });
  };
  // Moving by keys scrolls the text under a pointer that rests: that is no hovering. Only a pointer that truly moved ends
  // the keys' turn; browsers also send `pointerover` when the text moves beneath it.
  const rest = { x: -1, y: -1, keys: false };
  view.root.addEventListener("keydown", () => {
    rest.keys = true;
  });
  box.addEventListener("pointermove", (event) => {
    const moved = event.movementX !== 0 || event.movementY !== 0;
    const ended = rest.keys && moved && (event.clientX !== rest.x || event.clientY !== rest.y);
    [rest.x, rest.y] = [event.clientX, event.clientY];
    if (!ended) return;
    rest.keys = false;
    const index = sentenceAt(event);
    if (index !== null) show(index, event.clientX, event.clientY);
  });
  box.addEventListener("pointerover", (event) => {
    [rest.x, rest.y] = [event.clientX, event.clientY];
    const index = sentenceAt(event);
    if (index !== null && !rest.keys) show(index, event.clientX, event.clientY);
  });
  box.addEventListener("pointerout", (event) => {
    if (sentenceAt(event) !== null && !rest.keys) hideTooltip(tip);
  });
  box.addEventListener("focusin", (event) => {
    const index = sentenceAt(event);
    if (index === null) return;
    makeCurrent(view, index);
    // A mouse click focuses too, but there the pointer already decides where the card is.
    if (view.spans[index].matches(":focus-visible")) show(index);
  });
  box.addEventListener("focusout", () => hideTooltip(tip));
  box.addEventListener(
    "scroll",
    () => {
      if (rest.keys && view.spans[view.current]?.matches(":focus")) show(view.current);
      else hideTooltip(tip);
    },
    { passive: true },
  );
  box.addEventListener("click", (event) => {
    const index = sentenceAt(event);
    // Selecting text to copy it is not a click on a sentence.
    if (index !== null && String(document.getSelection() ?? "").length === 0) pick(index);
  });
  view.root.addEventListener("keydown", (event) => onKey(event, view, pick));
}

function onKey(event, view, pick) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    hideTooltip(view.tip);
    if (view.legend.chosen.size) view.legend.clear();
    return;
  }
  const index = sentenceAt(event);
  if (index === null) return;
  const last = view.spans.length - 1;
  const goal = {
    j: index + 1,
    ArrowDown: index + 1,
    ArrowRight: index + 1,
    k: index - 1,
    ArrowUp: index - 1,
    ArrowLeft: index - 1,
    Home: 0,
    End: last,
  }[event.key];
  if (goal !== undefined) {
    event.preventDefault();
    view.spans[Math.min(Math.max(goal, 0), last)].focus();
  } else if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    pick(index);
  }
}
