// Small helpers for building nodes. Text only ever enters a page through textContent: nothing is parsed as HTML.

export function el(tag, className = "", text = null) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== null) node.textContent = text;
  return node;
}

export function button(className, text, title, onClick) {
  const node = el("button", className, text);
  node.type = "button";
  if (title) {
    node.title = title;
    node.setAttribute("aria-label", title);
  }
  node.addEventListener("click", onClick);
  return node;
}

// "p_T − p_S" becomes p with a subscript T, minus, p with a subscript S. For our own phrases only.
export function formula(text) {
  const node = el("span", "formula");
  for (const piece of text.split(/(p_[TSD])/)) {
    if (/^p_[TSD]$/.test(piece)) {
      node.append("p", el("sub", "", piece[2]));
    } else {
      node.append(piece);
    }
  }
  return node;
}

// Thousands of zero-width characters in a row would keep the browser busy for minutes. Such a run of them stays in the
// text, to be searched and copied, but is laid out as a note of how many there are.
const ZERO_WIDTH = /[\p{M}\p{Cf}]{200,}/gu;

export function piecesOf(text) {
  const pieces = [];
  let at = 0;
  for (const match of text.matchAll(ZERO_WIDTH)) {
    if (match.index > at) pieces.push(text.slice(at, match.index));
    const node = el("span", "zero-width");
    node.dataset.note = `${whole(Array.from(match[0]).length)} characters without width`;
    node.append(el("span", "", match[0]));
    pieces.push(node);
    at = match.index + match[0].length;
  }
  if (at < text.length) pieces.push(text.slice(at));
  return pieces;
}

export function decimal(value, digits = 3) {
  if (value === null || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const text = size !== 0 && size < 0.5 * 10 ** -digits ? value.toExponential(1) : value.toFixed(digits);
  return text.replace("-", "−");
}

export function percent(part, whole) {
  return whole ? `${Math.round((100 * part) / whole)}%` : "–";
}

const WHOLE = new Intl.NumberFormat("en");

export function whole(n) {
  return WHOLE.format(n);
}

export function counted(n, noun) {
  return `${whole(n)} ${noun}${n === 1 ? "" : "s"}`;
}

export function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

// Streamlit hands its theme down as CSS variables; whether it is dark follows from the background's luminance. Without
// Streamlit the browser's own canvas decides.
export function followTheme(root, host) {
  const probe = el("span");
  probe.style.color = "var(--st-background-color, Canvas)";
  host.append(probe);
  const [r, g, b] = (getComputedStyle(probe).color.match(/[\d.]+/g) ?? [255, 255, 255]).map(Number);
  probe.remove();
  root.dataset.mode = 0.2126 * r + 0.7152 * g + 0.0722 * b < 128 ? "dark" : "light";
}

// The colours that canvases paint with, read from the style sheet's variables.
export function paletteOf(root, keys, roles) {
  const style = getComputedStyle(root);
  const read = (name) => style.getPropertyValue(name).trim();
  const tones = keys.map((key) =>
    key === "none"
      ? { tint: read("--rule"), ink: read("--muted") }
      : { tint: read(`--tint-${key}`), ink: read(`--ink-${key}`) },
  );
  const inks = Object.fromEntries(roles.map((role) => [role, read(`--role-${role}`)]));
  return { tones, inks, page: read("--page"), text: read("--text"), muted: read("--muted"), rule: read("--rule") };
}

// Sizes as the last layout left them. Asking the browser anew while labels are being painted would make it lay out the
// page in the middle of every step of a drag; whoever owns a node watches it and forgets its size when it changes.
const SIZES = new WeakMap();

export function sizeOf(node) {
  if (!SIZES.has(node)) SIZES.set(node, { width: node.clientWidth, height: node.clientHeight });
  return SIZES.get(node);
}

export function forgetSize(node) {
  SIZES.delete(node);
}

// A canvas as large as its box, in device pixels; null while the box has no size.
export function fitCanvas(canvas, { width, height } = { width: canvas.clientWidth, height: canvas.clientHeight }) {
  if (!width || !height) return null;
  const scale = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const ctx = canvas.getContext("2d");
  ctx.setTransform(scale, 0, 0, scale, 0, 0);
  ctx.clearRect(0, 0, width, height);
  return { ctx, width, height, scale };
}

// Streamlit listens for plain keys such as r and c on the whole document.
export function keepPlainKeys(root) {
  root.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
  });
}

// A node of the top layer, where nothing of the page can cover or clip it.
export function floating(className) {
  const node = el("div", className);
  if ("popover" in node) node.popover = "manual";
  else node.hidden = true;
  return node;
}

export function isOpen(node) {
  return "popover" in node ? node.matches(":popover-open") : !node.hidden;
}

export function setOpen(node, open) {
  if (isOpen(node) === open) return;
  if (!("popover" in node)) node.hidden = !open;
  else if (open) node.showPopover();
  else node.hidePopover();
}
