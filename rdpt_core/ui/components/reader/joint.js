// The joint chart: every model's line over the sentences, on a background of labels. It is drawn here, and not by a
// charting library, so that it moves with the text: it shows the sentences around the ones in sight.

import { clamp, el, fitCanvas, sizeOf, whole } from "./dom.js";
import { CODES, roleName } from "./marks.js";
import { tintOf } from "./tint.js";

const PIXELS_PER_SENTENCE = 7;
const EDGE = { left: 26, right: 4, top: 2, bottom: 17 };
// A band above the lines, for the letters of the labels.
const LETTERS_PX = 13;
const DASH = { teacher: [], student: [6, 4], distilled: [2, 3] };

export function makeJoint(view) {
  const node = el("figure", "joint");
  const caption = el("figcaption", "caption");
  const canvas = el("canvas", "plot");
  canvas.setAttribute("role", "img");
  node.append(caption, canvas);
  let place = null;
  let patterns = null;

  const indexAt = (event) => {
    if (!place) return null;
    const x = event.clientX - canvas.getBoundingClientRect().left - EDGE.left;
    return clamp(place.first + Math.floor(x / place.step), place.first, place.last - 1);
  };
  canvas.addEventListener("pointermove", (event) => {
    const index = indexAt(event);
    const { top, bottom } = canvas.getBoundingClientRect();
    if (index !== null && view.model.n) view.light(index, { left: event.clientX + 14, top, bottom });
  });
  canvas.addEventListener("pointerleave", () => view.light(null));
  canvas.addEventListener("click", (event) => {
    const index = indexAt(event);
    if (index === null || !view.model.n) return;
    // The pinned sentence flashes again when it is asked for again.
    if (view.selected === index) view.show(index, { page: false });
    view.pick(index);
  });

  function draw() {
    if (node.hidden || !view.model?.rule) return;
    const fitted = fitCanvas(canvas, sizeOf(canvas));
    if (!fitted) return;
    const { model, palette } = view;
    place = placeOf(view, fitted.width - EDGE.left - EDGE.right);
    const scales = scalesOf(model, place, fitted);
    if (patterns?.mode !== view.root.dataset.mode) patterns = makePatterns(fitted.ctx, view);
    background(fitted.ctx, view, place, scales, patterns);
    axes(fitted.ctx, model, place, scales, palette);
    for (const role of model.text.roles) line(fitted.ctx, model.values[role], role, place, scales, palette);
    marks(fitted.ctx, view, place, scales);
    describe(view, canvas, caption, place);
  }
  return { node, canvas, draw };
}

// The window: everything if it fits, else the sentences around the middle of what is in sight.
function placeOf(view, width) {
  const { n } = view.model;
  const capacity = clamp(Math.floor(width / PIXELS_PER_SENTENCE), 30, 140);
  if (n <= capacity) return { first: 0, last: n, step: width / Math.max(n, 1) };
  const middle = Math.round((view.sight[0] + view.sight[1]) / 2);
  const first = clamp(middle - (capacity >> 1), 0, n - capacity);
  return { first, last: first + capacity, step: width / capacity };
}

function scalesOf(model, place, { width, height }) {
  const ratio = model.text.space === "ratio";
  const low = ratio ? lowestOf(model) : 0;
  const high = ratio ? 0 : 1;
  const [top, floor] = [EDGE.top, height - EDGE.bottom];
  return {
    ratio,
    low,
    high,
    top,
    floor,
    right: width - EDGE.right,
    x: (index) => EDGE.left + (index - place.first) * place.step,
    y: (value) => floor - 2 - ((value - low) / (high - low)) * (floor - top - LETTERS_PX - 4),
  };
}

function lowestOf(model) {
  if (model.lowest === undefined) {
    let lowest = -0.1;
    for (const role of model.text.roles) {
      for (const value of model.values[role]) if (value < lowest) lowest = value;
    }
    model.lowest = lowest * 1.04;
  }
  return model.lowest;
}

// Hatches that tell the labels apart without colour; letters where they have room.
function makePatterns(ctx, view) {
  const kinds = { shared: dots, student: (c) => strokes(c, [[0, 8, 8, 0]]), boosted: cross, "boosted-down": (c) => strokes(c, [[0, 0, 8, 8]]), common: dots, kept: dots, lost: (c) => strokes(c, [[0, 8, 8, 0]]), none: (c) => strokes(c, [[0, 8, 8, 0]]) };
  const made = new Map();
  CODES.forEach(({ key }, code) => {
    if (!kinds[key]) return;
    const tile = el("canvas");
    [tile.width, tile.height] = [8, 8];
    const c = tile.getContext("2d");
    c.strokeStyle = c.fillStyle = view.palette.tones[code].ink;
    c.globalAlpha = 0.3;
    kinds[key](c);
    made.set(key, ctx.createPattern(tile, "repeat"));
  });
  return { mode: view.root.dataset.mode, made };
}

function strokes(c, lines) {
  c.beginPath();
  for (const [x0, y0, x1, y1] of lines) {
    c.moveTo(x0, y0);
    c.lineTo(x1, y1);
  }
  c.stroke();
}

function cross(c) {
  strokes(c, [
    [0, 0, 8, 8],
    [0, 8, 8, 0],
  ]);
}

function dots(c) {
  c.fillRect(2, 2, 1.6, 1.6);
  c.fillRect(6, 6, 1.6, 1.6);
}

function background(ctx, view, place, scales, { made }) {
  const { palette, legend } = view;
  const tint = tintOf(view);
  const { codes } = tint;
  const height = scales.floor - scales.top;
  for (let start = place.first; start < place.last; ) {
    const code = codes[start];
    let end = start + 1;
    while (end < place.last && codes[end] === code) end += 1;
    const [x, width] = [scales.x(start), (end - start) * place.step];
    ctx.globalAlpha = legend.keeps(code) ? 1 : 0.2;
    ctx.fillStyle = tint.tone(code).tint;
    ctx.fillRect(x, scales.top, width, height);
    const pattern = made.get(tint.key(code));
    if (pattern) {
      ctx.fillStyle = pattern;
      ctx.fillRect(x, scales.top, width, height);
    }
    if (width > 12) {
      ctx.fillStyle = palette.text;
      ctx.font = "700 10px sans-serif";
      ctx.textAlign = "left";
      ctx.fillText(tint.letter(code), x + 3, scales.top + 10.5);
    }
    start = end;
  }
  ctx.globalAlpha = 1;
}

function axes(ctx, model, place, scales, palette) {
  ctx.font = "11px sans-serif";
  ctx.fillStyle = palette.muted;
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  const middle = (scales.low + scales.high) / 2;
  for (const value of [scales.low, middle, scales.high]) {
    const text = scales.ratio ? value.toFixed(1).replace("-", "−") : String(value);
    ctx.fillText(text, EDGE.left - 5, scales.y(value));
  }
  ctx.textAlign = "center";
  ctx.textBaseline = "alphabetic";
  const every = wholeStep(place.last - place.first, (scales.right - EDGE.left) / 46);
  for (let number = place.first + 1; number <= place.last; number += 1) {
    if (every > 1 ? number % every !== 0 : false) continue;
    ctx.fillText(whole(number), scales.x(number - 0.5), scales.floor + 14);
  }
}

// Distance between ticks in whole sentences, 1, 2, 5, 10 and so on, such that no more than `most` fit.
function wholeStep(n, most) {
  for (let scale = 1; ; scale *= 10) {
    for (const step of [1, 2, 5]) if (n <= most * step * scale) return step * scale;
  }
}

function line(ctx, values, role, place, scales, palette) {
  ctx.strokeStyle = ctx.fillStyle = palette.inks[role];
  ctx.lineWidth = 1.8;
  ctx.setLineDash(DASH[role]);
  ctx.beginPath();
  let pen = false;
  for (let i = place.first; i < place.last; i += 1) {
    const value = values[i];
    if (Number.isNaN(value)) {
      pen = false;
      continue;
    }
    const [x, y] = [scales.x(i + 0.5), scales.y(value)];
    if (pen) ctx.lineTo(x, y);
    else ctx.moveTo(x, y);
    pen = true;
  }
  ctx.stroke();
  ctx.setLineDash([]);
  const size = place.step > 9 ? 2.6 : 1.7;
  for (let i = place.first; i < place.last; i += 1) {
    if (!Number.isNaN(values[i])) symbol(ctx, role, scales.x(i + 0.5), scales.y(values[i]), size);
  }
}

function symbol(ctx, role, x, y, size) {
  ctx.beginPath();
  if (role === "teacher") ctx.arc(x, y, size, 0, 2 * Math.PI);
  else if (role === "student") ctx.rect(x - size, y - size, 2 * size, 2 * size);
  else {
    ctx.moveTo(x, y - size * 1.4);
    ctx.lineTo(x + size * 1.4, y);
    ctx.lineTo(x, y + size * 1.4);
    ctx.lineTo(x - size * 1.4, y);
  }
  ctx.fill();
}

function marks(ctx, view, place, scales) {
  const { palette, model, lit, selected, sight } = view;
  const within = (index) => index !== null && index >= place.first && index < place.last;
  if (place.last - place.first < model.n) {
    // What is in sight, as a line along the axis.
    const [first, last] = [Math.max(sight[0], place.first), Math.min(sight[1] + 1, place.last)];
    ctx.fillStyle = palette.text;
    ctx.fillRect(scales.x(first), scales.floor + 1, (last - first) * place.step, 2.5);
  }
  const height = scales.floor - scales.top;
  if (within(lit)) {
    ctx.strokeStyle = palette.text;
    ctx.lineWidth = 1;
    ctx.globalAlpha = 0.12;
    ctx.fillStyle = palette.text;
    ctx.fillRect(scales.x(lit), scales.top, place.step, height);
    ctx.globalAlpha = 1;
    for (const role of model.text.roles) {
      const value = model.values[role][lit];
      if (Number.isNaN(value)) continue;
      ctx.fillStyle = palette.inks[role];
      symbol(ctx, role, scales.x(lit + 0.5), scales.y(value), 4.2);
    }
  }
  if (within(selected)) {
    ctx.strokeStyle = palette.text;
    ctx.lineWidth = 2;
    ctx.strokeRect(scales.x(selected), scales.top - 1, Math.max(place.step, 3), height + 2);
  }
}

function describe(view, canvas, caption, place) {
  const { text, n } = view.model;
  const of = n > place.last - place.first ? `${place.first + 1}–${place.last} of ${whole(n)}` : null;
  const unit = { own_token: "", common_token: " per common token", byte: " per byte" }[text.unit];
  const title = `${text.space === "ratio" ? "ln p" : "p"}${unit}`;
  const state = [title, of, text.roles.map((role) => roleName(text, role)).join()].join("|");
  if (caption.dataset.state === state) return;
  caption.dataset.state = state;
  const keys = text.roles.map((role) => {
    const key = el("span", "line-key");
    key.append(el("i", `line-${role}`), roleName(text, role));
    return key;
  });
  caption.replaceChildren(el("b", "", title), ...keys, ...(of ? [el("span", "of", `sentences ${of}`)] : []));
  canvas.setAttribute("aria-label", `Joint chart: ${title} of every sentence under ${text.roles.map((role) => roleName(text, role)).join(", ")}. The same numbers are in the table below.`);
}
