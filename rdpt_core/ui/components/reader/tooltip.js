// The card that shows on hover and on keyboard focus.

import { clamp, floating, setOpen } from "./dom.js";
import { factsOf } from "./facts.js";

export function makeTooltip(name) {
  const node = floating("tip");
  node.id = `rdpt-tip-${name}`;
  node.setAttribute("role", "tooltip");
  return node;
}

// `anchor` has left, top and bottom, in pixels of the window.
export function showTooltip(node, anchor, model, index) {
  node.replaceChildren(...factsOf(model, index));
  setOpen(node, true);
  const { offsetWidth: width, offsetHeight: height } = node;
  const left = clamp(anchor.left, 8, Math.max(8, window.innerWidth - width - 8));
  const fitsBelow = anchor.bottom + 8 + height <= window.innerHeight;
  const top = fitsBelow ? anchor.bottom + 6 : Math.max(8, anchor.top - height - 6);
  node.style.left = `${left}px`;
  node.style.top = `${top}px`;
}

export function hideTooltip(node) {
  setOpen(node, false);
}
