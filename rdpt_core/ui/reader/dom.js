// Small helpers for building nodes. Text only ever enters a page through textContent: nothing is parsed as HTML.

export function el(tag, className = "", text = null) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== null) node.textContent = text;
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

export function decimal(value, digits = 3) {
  if (value === null || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const text = size !== 0 && size < 0.5 * 10 ** -digits ? value.toExponential(1) : value.toFixed(digits);
  return text.replace("-", "−");
}

export function percent(part, whole) {
  return whole ? `${Math.round((100 * part) / whole)}%` : "–";
}

// Streamlit hands its theme down as CSS variables; whether it is dark follows from the background's luminance.
export function followTheme(root, host) {
  const probe = el("span");
  probe.style.color = "var(--st-background-color)";
  host.append(probe);
  const [r, g, b] = (getComputedStyle(probe).color.match(/[\d.]+/g) ?? [255, 255, 255]).map(Number);
  probe.remove();
  root.dataset.mode = 0.2126 * r + 0.7152 * g + 0.0722 * b < 128 ? "dark" : "light";
}

// Streamlit listens for plain keys such as r and c on the whole document.
export function keepPlainKeys(root) {
  root.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
  });
}
