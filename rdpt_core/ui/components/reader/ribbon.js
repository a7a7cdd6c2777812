// The ribbon: the whole trace in one line, one cell a sentence as wide as its tokens, with the ratio of teacher (or else
// distilled model) and student beneath. Its bracket is what the text shows; drag it, or press anywhere, to move there.

import { clamp, el, fitCanvas, sizeOf } from "./dom.js";
import { logRatio, upperRole } from "./marks.js";
import { UNCERTAIN } from "./rule.js";
import { tintOf } from "./tint.js";

const CELLS = { top: 7, height: 18 };
const RATIO = { top: 29, height: 24 };

export function makeRibbon(view) {
  const node = el("div", "ribbon");
  const canvas = el("canvas", "plot");
  const [bracket, pin, lit] = [el("div", "bracket"), el("div", "pin"), el("div", "lit")];
  node.tabIndex = 0;
  node.setAttribute("role", "slider");
  node.setAttribute("aria-label", "Place in the trace");
  node.append(canvas, bracket, pin, lit);
  let drawn = null;
  const sheet = { canvas: el("canvas"), model: null, state: null };

  const sentenceAtX = (clientX) => {
    const { left, width } = node.getBoundingClientRect();
    const { edges, n } = view.model;
    const goal = clamp((clientX - left) / width, 0, 1) * edges[n];
    return clamp(firstAbove(edges, goal) - 1, 0, n - 1);
  };
  listen(view, node, sentenceAtX);

  function draw() {
    const { model } = view;
    if (!model?.rule) return;
    // Cells change with labels, choice, hits, size and theme; scrolling only moves the bracket.
    const chosen = [...view.legend.chosen].join();
    const size = Object.values(sizeOf(canvas)).join("×");
    const state = [model.version, view.colour, size, view.root.dataset.mode, chosen, view.search.version].join("|");
    if (state !== drawn || model !== draw.model) {
      const fitted = fitCanvas(canvas, sizeOf(canvas));
      if (!fitted) return;
      paintCells(fitted, view);
      paintRatio(fitted, view, sheet);
      paintHits(fitted, view);
      [drawn, draw.model] = [state, model];
    }
    const [first, last] = view.sight;
    place(bracket, first, last + 1);
    node.setAttribute("aria-valuemin", "1");
    node.setAttribute("aria-valuemax", String(model.n));
    node.setAttribute("aria-valuenow", String(first + 1));
    node.setAttribute("aria-valuetext", `sentences ${first + 1} to ${last + 1} of ${model.n} in sight`);
    mark();
  }

  function place(mark, first, last) {
    const { edges, n } = view.model;
    const total = edges[n] || 1;
    mark.style.left = `${(100 * edges[first]) / total}%`;
    mark.style.width = `${(100 * (edges[last] - edges[first])) / total}%`;
  }

  function mark() {
    for (const [what, index] of [[pin, view.selected], [lit, view.lit]]) {
      what.hidden = index === null || index >= view.model.n;
      if (!what.hidden) place(what, index, index + 1);
    }
  }
  return { node, canvas, draw, mark };
}

function listen(view, node, sentenceAtX) {
  let scrubbing = false;
  const scrub = (event) => {
    const index = sentenceAtX(event.clientX);
    const [outer, inner] = [view.box.getBoundingClientRect(), view.spans[index].getBoundingClientRect()];
    view.box.scrollTop += inner.top - outer.top - outer.height / 2;
    view.light(index);
  };
  node.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !view.model?.n) return;
    scrubbing = true;
    node.setPointerCapture(event.pointerId);
    scrub(event);
  });
  node.addEventListener("pointermove", (event) => {
    if (!view.model?.n) return;
    if (scrubbing) {
      scrub(event);
      return;
    }
    const { top, bottom } = node.getBoundingClientRect();
    view.light(sentenceAtX(event.clientX), { left: event.clientX + 12, top, bottom });
  });
  const end = (event) => {
    if (!scrubbing) return;
    scrubbing = false;
    // Blocks that were skipped have guessed heights: once drawn, the place is exact.
    const index = sentenceAtX(event.clientX);
    requestAnimationFrame(() => scrub({ clientX: event.clientX }));
    view.makeCurrent(index);
  };
  node.addEventListener("pointerup", end);
  node.addEventListener("pointercancel", end);
  node.addEventListener("pointerleave", () => {
    if (!scrubbing) view.light(null);
  });
  node.addEventListener("keydown", (event) => {
    const page = view.box.clientHeight * 0.9;
    const by = { ArrowRight: 60, ArrowDown: 60, ArrowLeft: -60, ArrowUp: -60, PageDown: page, PageUp: -page }[event.key];
    if (by !== undefined) view.box.scrollTop += by;
    else if (event.key === "Home") view.box.scrollTop = 0;
    else if (event.key === "End") view.box.scrollTop = view.box.scrollHeight;
    else return;
    event.preventDefault();
  });
}

function firstAbove(edges, goal) {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle] > goal) high = middle;
    else low = middle + 1;
  }
  return low;
}

// Where a pixel's column holds many sentences, it shows how they divide, stacked in the legend's order.
function paintCells({ ctx, width, scale }, view) {
  const { model, legend } = view;
  const { edges, n } = model;
  const tint = tintOf(view);
  const { codes } = tint;
  const columns = Math.round(width * scale);
  const perColumn = edges[n] / columns;
  const shares = new Float64Array(tint.n);
  // Uncertain ones look like the others here, unless the legend's choice is about them.
  const bits = legend.chosen.has("uncertain") ? tint.mask | UNCERTAIN : tint.mask;
  const strength = Array.from(shares, (_, code) => (legend.keeps(code) ? 1 : 0.18));
  let i = 0;
  let run = { code: -1, from: 0 };
  const close = (to) => {
    if (run.code >= 0) fill(run.code, run.from, to, 0, 1);
    run = { code: -1, from: to };
  };
  const fill = (code, from, to, low, high) => {
    ctx.globalAlpha = strength[code];
    ctx.fillStyle = tint.tone(code).tint;
    ctx.fillRect(from / scale, CELLS.top + low * CELLS.height, (to - from) / scale, (high - low) * CELLS.height);
  };
  for (let column = 0; column < columns; column += 1) {
    const [start, end] = [column * perColumn, (column + 1) * perColumn];
    while (i < n - 1 && edges[i + 1] <= start) i += 1;
    if (edges[i + 1] >= end || i === n - 1) {
      // The whole column lies in one sentence; a hair of the page parts it from the one before.
      const parted = edges[i] > start - 1.001 * perColumn && edges[i] > 0 && edges[i + 1] - edges[i] > 4 * perColumn;
      if (run.code !== (codes[i] & bits) || parted) {
        close(column);
        run = { code: codes[i] & bits, from: parted ? column + 1 : column };
      }
      continue;
    }
    close(column);
    shares.fill(0);
    for (let j = i; j < n && edges[j] < end; j += 1) {
      shares[codes[j] & bits] += Math.min(edges[j + 1], end) - Math.max(edges[j], start);
    }
    // Between two wide cells the larger part decides; among many, each shows its part.
    const wide = edges[i + 1] - edges[i] > 3 * perColumn;
    let low = 0;
    const winner = wide ? shares.indexOf(Math.max(...shares)) : -1;
    for (let code = 0; code < tint.n; code += 1) {
      if (!shares[code] || (wide && code !== winner)) continue;
      const share = wide ? 1 : shares[code] / perColumn;
      fill(code, column, column + 1, low, low + share);
      low += share;
    }
    run = { code: -1, from: column + 1 };
  }
  close(columns);
  ctx.globalAlpha = 1;
  paintParts(ctx, width, view);
}

// Where the answer begins.
function paintParts(ctx, width, view) {
  const { edges, n, text } = view.model;
  ctx.fillStyle = view.palette.text;
  for (const { first } of text.parts.slice(1)) {
    ctx.fillRect((edges[first] / edges[n]) * width - 1, CELLS.top - 3, 2, CELLS.height + 6);
  }
}

// ln p_T − ln p_S, or ln p_D − ln p_S without a teacher: below the line the student finds it likelier. No threshold moves
// it, so it is painted once for every size and theme, on a sheet of its own.
function paintRatio({ ctx, width, height, scale }, view, sheet) {
  const { model, root, palette } = view;
  const state = [width, height, scale, root.dataset.mode].join("|");
  if (sheet.model !== model || sheet.state !== state) {
    fillRatio(fitCanvas(sheet.canvas, { width, height }), model, palette);
    [sheet.model, sheet.state] = [model, state];
  }
  ctx.drawImage(sheet.canvas, 0, 0, width, height);
}

function fillRatio({ ctx, width, scale }, model, palette) {
  const ratios = ratiosOf(model);
  const zero = RATIO.top + RATIO.height / 2;
  const half = RATIO.height / 2 - 1;
  const columns = Math.round(width * scale);
  const perColumn = model.edges[model.n] / columns;
  let i = 0;
  for (let column = 0; column < columns; column += 1) {
    const end = (column + 1) * perColumn;
    let [high, low] = [0, 0];
    for (; i < model.n; i += 1) {
      const value = ratios.values[i];
      if (value > high) high = value;
      if (value < low) low = value;
      if (model.edges[i + 1] > end) break;
    }
    const [up, down] = [Math.min(1, high / ratios.most) * half, Math.min(1, -low / ratios.most) * half];
    ctx.fillStyle = palette.tones[model.gaps.above].ink;
    ctx.fillRect(column / scale, zero - up, 1 / scale, up);
    ctx.fillStyle = palette.tones[model.gaps.below].ink;
    ctx.fillRect(column / scale, zero, 1 / scale, down);
  }
  ctx.fillStyle = palette.muted;
  ctx.fillRect(0, zero - 0.25, width, 0.5);
}

function ratiosOf(model) {
  if (!model.ratios) {
    const ratio = (i) => (model.marks.has(i) ? 0 : logRatio(model, upperRole(model.text), "student", i) || 0);
    const values = Float64Array.from({ length: model.n }, (_, i) => ratio(i));
    const sizes = values.map(Math.abs).sort();
    // A few extreme sentences must not flatten all others.
    model.ratios = { values, most: Math.max(0.5, sizes[Math.floor(0.97 * (sizes.length - 1))] ?? 0.5) };
  }
  return model.ratios;
}

function paintHits({ ctx, width }, view) {
  const { edges, n } = view.model;
  ctx.fillStyle = view.palette.text;
  for (const index of view.search.sentences()) {
    const x = ((edges[index] + edges[index + 1]) / 2 / edges[n]) * width;
    ctx.beginPath();
    ctx.moveTo(x - 3, 0);
    ctx.lineTo(x + 3, 0);
    ctx.lineTo(x, 5);
    ctx.fill();
  }
}
