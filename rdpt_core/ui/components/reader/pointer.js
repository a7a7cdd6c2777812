// Pointer and focus in the text.

import { hideTooltip } from "./tooltip.js";

export function sentenceAt(event) {
  const span = event.target.closest?.("span.s");
  return span ? Number(span.dataset.i) : null;
}

export function listenToText(view) {
  const { box } = view;
  const show = (index, x = null, y = null) => {
    const rects = [...view.spans[index].getClientRects()];
    const under = rects.find((r) => x !== null && y >= r.top - 2 && y <= r.bottom + 2) ?? rects[0];
    if (!under) return;
    view.light(index, { left: x ?? under.left, top: under.top, bottom: under.bottom });
    for (const span of box.querySelectorAll("[aria-describedby]")) span.removeAttribute("aria-describedby");
    view.spans[index].setAttribute("aria-describedby", view.tip.id);
  };
  // Moving by keys scrolls the text under a pointer that rests: that is no hovering. Only a pointer that truly moved ends
  // the keys' turn; browsers also send `pointerover` when the text moves beneath it.
  const rest = { keys: false };
  view.root.addEventListener("keydown", () => {
    rest.keys = true;
  });
  box.addEventListener("pointermove", (event) => {
    if (!rest.keys || (event.movementX === 0 && event.movementY === 0)) return;
    rest.keys = false;
    const index = sentenceAt(event);
    if (index !== null) show(index, event.clientX, event.clientY);
  });
  box.addEventListener("pointerover", (event) => {
    const index = sentenceAt(event);
    if (index !== null && !rest.keys) show(index, event.clientX, event.clientY);
  });
  box.addEventListener("pointerout", (event) => {
    if (sentenceAt(event) !== null && !rest.keys) view.light(null);
  });
  box.addEventListener("focusin", (event) => {
    const index = sentenceAt(event);
    if (index === null) return;
    view.makeCurrent(index);
    // A mouse click focuses too, but there the pointer already decides where the card is.
    if (view.spans[index].matches(":focus-visible")) show(index);
  });
  box.addEventListener("focusout", () => view.light(null));
  box.addEventListener(
    "scroll",
    () => {
      if (rest.keys && view.spans[view.current]?.matches(":focus")) show(view.current);
      else hideTooltip(view.tip);
    },
    { passive: true },
  );
  box.addEventListener("click", (event) => {
    const index = sentenceAt(event);
    // Selecting text to copy it is not a click on a sentence.
    if (index !== null && String(document.getSelection() ?? "").length === 0) view.pick(index);
  });
}
