// α and β as handles on the histogram of the gap that β judges. While one is dragged everything here recolours and says
// how many sentences change; when it is let go, the server hears of it.

import { button, counted, decimal, el, fitCanvas, sizeOf } from "./dom.js";
import { CODES, gapSymbol } from "./marks.js";
import { changes } from "./model.js";
import { LABEL, labelAll } from "./rule.js";

const N_BINS = 61;
const EDGE = { left: 6, right: 6, top: 6, bottom: 17 };

export function makeThresholds(view) {
  const node = el("figure", "thresholds");
  const caption = el("figcaption", "caption");
  const values = el("span", "values");
  const status = el("span", "status");
  status.setAttribute("role", "status");
  const reset = button("link reset", "", null, () => {
    const { alpha, beta } = view.labels.defaults;
    commit(set({ alpha, beta }));
  });
  caption.append(values, status, reset);
  const field = el("div", "field");
  const canvas = el("canvas", "plot");
  field.append(canvas);
  node.append(caption, field);
  const handles = ["alpha", "beta"].flatMap((name) => [1, -1].map((side) => makeHandle(view, name, side, { set, commit, scale })));
  field.append(...handles.map((handle) => handle.node));
  // The labels before the drag began: what "change" is counted against.
  let before = null;

  function scale() {
    return scaleOf(view, sizeOf(canvas).width);
  }

  function set(change) {
    before ??= view.model.codes.slice();
    const rule = { ...view.rule, ...change };
    view.recolour(rule);
    return rule;
  }

  function commit(rule) {
    before = null;
    draw();
    view.send("thresholds", { key: view.model.text.key, alpha: rule.alpha, beta: rule.beta });
  }

  function draw() {
    const { model, rule, labels } = view;
    if (node.hidden || !model?.rule) return;
    const fitted = fitCanvas(canvas, sizeOf(canvas));
    if (fitted) {
      const by = scale();
      paintBars(fitted, model, view, by);
      paintAxis(fitted, view.palette, by, gapSymbol(model.text).replaceAll("_", ""));
      for (const handle of handles) handle.place(by, rule, model);
    }
    say(model, rule, labels);
  }

  function say(model, rule, labels) {
    const both = model.gaps.triple ? `α ${decimal(rule.alpha)}  β ${decimal(rule.beta)}` : `β ${decimal(rule.beta)}`;
    if (values.textContent !== both) values.textContent = both;
    const { alpha, beta, name } = labels.defaults;
    const isDefault = rule.alpha === alpha && rule.beta === beta;
    reset.textContent = name;
    reset.title = `Back to α = ${alpha}, β = ${beta}`;
    reset.hidden = isDefault;
    const n = changes(model, before ?? underDefaults(model, labels));
    let words = before ? `${counted(n, "sentence")} change${n === 1 ? "s" : ""}` : "";
    if (!before && !isDefault) words = `${counted(n, "sentence")} differ${n === 1 ? "s" : ""} from`;
    if (before && model.gaps.triple && rule.alpha >= rule.beta) words += " · α is not below β";
    if (status.textContent !== words) status.textContent = words;
  }
  return { node, canvas, draw };
}

function underDefaults(model, { defaults, uncertainPart }) {
  const { alpha, beta } = defaults;
  if (model.defaultCodes?.alpha !== alpha || model.defaultCodes.beta !== beta) {
    model.defaultCodes = { alpha, beta, codes: labelAll(model.gaps, { alpha, beta, uncertainPart }) };
  }
  return model.defaultCodes.codes;
}

// A square-root axis, since thresholds are small beside the largest gaps. Its ends hold the widest gaps and the handles.
function scaleOf(view, width) {
  const { model, rule, labels } = view;
  if (model.widest === undefined) {
    const sizes = Float64Array.from(model.gaps.gap, Math.abs).filter((size) => !Number.isNaN(size)).sort();
    const most = sizes[Math.floor(0.99 * (sizes.length - 1))] ?? 0;
    model.widest = model.text.space === "ratio" ? most : Math.min(1, Math.max(most * 1.05, 0));
  }
  const reach = Math.max(model.widest, 4 * labels.defaults.beta, rule.alpha * 1.2, rule.beta * 1.2);
  const half = (width - EDGE.left - EDGE.right) / 2;
  const middle = EDGE.left + half;
  const root = Math.sqrt(reach);
  return {
    reach,
    middle,
    half,
    // A hundredth of the default β: fine enough to aim, coarse enough to read.
    grain: labels.defaults.beta / 100,
    x: (value) => middle + (Math.sign(value) * Math.sqrt(Math.min(Math.abs(value), reach)) * half) / root,
    size: (x) => ((Math.min(Math.abs(x - middle), half) / half) * root) ** 2,
    bin: (value) => {
      const at = 0.5 + (Math.sign(value) * Math.sqrt(Math.min(Math.abs(value), reach))) / (2 * root);
      return Math.min(N_BINS - 1, Math.floor(at * N_BINS));
    },
  };
}

function paintBars({ ctx, width, height }, model, view, by) {
  const counts = new Uint32Array(N_BINS * CODES.length);
  const totals = new Uint32Array(N_BINS);
  for (let i = 0; i < model.n; i += 1) {
    const code = model.codes[i] & LABEL;
    if (code === 0) continue;
    const bin = by.bin(model.gaps.gap[i]);
    counts[bin * CODES.length + code] += 1;
    totals[bin] += 1;
  }
  const floor = height - EDGE.bottom;
  const most = Math.max(4, ...totals);
  const step = (width - EDGE.left - EDGE.right) / N_BINS;
  for (let bin = 0; bin < N_BINS; bin += 1) {
    let y = floor;
    for (let code = 1; code < CODES.length; code += 1) {
      const n = counts[bin * CODES.length + code];
      if (!n) continue;
      // Square roots again: single sentences stay visible beside the hundreds.
      const part = (Math.sqrt(totals[bin] / most) * (floor - EDGE.top) * n) / totals[bin];
      ctx.fillStyle = view.palette.tones[code].tint;
      ctx.fillRect(EDGE.left + bin * step, y - part, step - 0.6, part);
      ctx.fillStyle = view.palette.tones[code].ink;
      ctx.fillRect(EDGE.left + bin * step, y - part, step - 0.6, 1);
      y -= part;
    }
  }
  ctx.fillStyle = view.palette.muted;
  ctx.fillRect(0, floor, width, 0.75);
}

function paintAxis({ ctx, height, width }, palette, by, title) {
  ctx.fillStyle = palette.muted;
  ctx.font = "10px sans-serif";
  ctx.textAlign = "right";
  ctx.fillText(title, width, height - 4);
  ctx.textAlign = "center";
  const ticks = [0, 0.01, 0.1, 0.25, 0.5, 1, 2, 5, 10].filter((tick) => tick <= by.reach);
  let free = -Infinity;
  for (const tick of ticks) {
    const x = by.x(tick);
    // The title stands at the right end.
    if (x < free || x > width - 12 - ctx.measureText(title).width) continue;
    free = x + 26;
    for (const side of tick ? [1, -1] : [1]) {
      ctx.fillRect(by.x(side * tick) - 0.25, height - EDGE.bottom, 0.5, 3);
      ctx.fillText(side < 0 ? `−${tick}` : String(tick), by.x(side * tick), height - 4);
    }
  }
}

function makeHandle(view, name, side, { set, commit, scale }) {
  const symbol = name === "alpha" ? "α" : "β";
  const node = el("div", `handle ${name}${side < 0 ? " mirror" : ""}`);
  node.append(el("span", "knob", symbol));
  if (side > 0) {
    node.tabIndex = 0;
    node.setAttribute("role", "slider");
    node.setAttribute("aria-label", `${symbol}, threshold`);
    node.setAttribute("aria-valuemin", "0");
  } else {
    node.setAttribute("aria-hidden", "true");
  }
  let dragged = null;
  let waiting = null;
  const moveTo = (value) => {
    const { grain } = scale();
    const rounded = Number((Math.round(value / grain) * grain).toFixed(6));
    dragged = set({ [name]: Math.max(0, rounded) });
  };
  node.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    node.setPointerCapture(event.pointerId);
    node.classList.add("held");
    node.focus({ focusVisible: false });
    const by = scale();
    const start = { x: event.clientX, at: by.x(side * view.rule[name]), by };
    let goal = null;
    const move = (moving) => {
      goal = start.at + moving.clientX - start.x;
      waiting ??= requestAnimationFrame(() => {
        waiting = null;
        // The axis stays as it was when the drag began, or it would run away under the pointer.
        const isPast = Math.sign(goal - start.by.middle) !== side;
        moveTo(isPast ? 0 : start.by.size(goal));
      });
    };
    const end = () => {
      if (waiting !== null) {
        cancelAnimationFrame(waiting);
        waiting = null;
        if (goal !== null) moveTo(Math.sign(goal - start.by.middle) !== side ? 0 : start.by.size(goal));
      }
      node.classList.remove("held");
      node.removeEventListener("pointermove", move);
      node.removeEventListener("pointerup", end);
      node.removeEventListener("pointercancel", end);
      if (dragged) commit(dragged);
      dragged = null;
    };
    node.addEventListener("pointermove", move);
    node.addEventListener("pointerup", end);
    node.addEventListener("pointercancel", end);
  });
  node.addEventListener("keydown", (event) => {
    const step = 5 * scale().grain;
    const by = { ArrowRight: step, ArrowUp: step, ArrowLeft: -step, ArrowDown: -step, PageUp: 4 * step, PageDown: -4 * step };
    if (event.key in by) moveTo(view.rule[name] + by[event.key]);
    else if (event.key === "Home") moveTo(0);
    else return;
    event.preventDefault();
  });
  node.addEventListener("keyup", () => {
    if (dragged) commit(dragged);
    dragged = null;
  });
  return {
    node,
    place(by, rule, model) {
      node.hidden = name === "alpha" && !model.gaps.triple;
      node.style.left = `${by.x(side * rule[name])}px`;
      if (side < 0) return;
      node.setAttribute("aria-valuemax", String(Number(by.reach.toPrecision(3))));
      node.setAttribute("aria-valuenow", String(rule[name]));
      const labels = Object.fromEntries(CODES.map(({ label }) => [label, 0]));
      if (document.activeElement && node.matches(":focus")) {
        for (let i = 0; i < model.n; i += 1) labels[CODES[model.codes[i] & LABEL].label] += 1;
        const ends = [model.gaps.above, model.gaps.below].map((code) => CODES[code].label);
        node.setAttribute("aria-valuetext", `${symbol} ${rule[name]}: ${ends.map((label) => `${labels[label]} ${label}`).join(", ")}`);
      }
    },
  };
}
