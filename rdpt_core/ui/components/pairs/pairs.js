// Two traces as one strip: a column for every pair of sentences, the left trace above, the right one below, and between
// them how far apart the two are. It moves the two readers on the page, which it finds by their names.

import { clamp, decimal, el, fitCanvas, followTheme } from "./dom.js";
import { readerOf } from "./hub.js";

const TOP = { y: 2, height: 18 };
const GAP = { y: 24, height: 22 };
const BOTTOM = { y: 50, height: 18 };

const views = new WeakMap();

export default function mount({ data, parentElement, setTriggerValue }) {
  let view = views.get(parentElement);
  if (!view) {
    view = new View(parentElement);
    views.set(parentElement, view);
  }
  followTheme(view.root, parentElement);
  view.open(data, setTriggerValue);
  return () => {
    view.sizes.disconnect();
    view.root.remove();
    views.delete(parentElement);
  };
}

class View {
  constructor(host) {
    this.root = el("section", "pairs");
    this.root.setAttribute("aria-label", "The two traces, pair by pair");
    this.strip = el("div", "strip");
    this.canvas = el("canvas", "plot");
    this.pin = el("div", "pin");
    this.strip.append(this.canvas, this.pin);
    this.strip.tabIndex = 0;
    this.strip.setAttribute("role", "slider");
    this.strip.setAttribute("aria-label", "Pair of sentences");
    this.bar = el("div", "bar");
    this.detail = el("div", "detail");
    this.detail.setAttribute("aria-live", "polite");
    this.root.append(this.bar, this.strip, this.detail);
    host.append(this.root);
    this.current = null;
    this.jumps = [];
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this.strip);
    this.listen();
  }

  open(data, send) {
    const isNew = this.data?.key !== data.key;
    this.data = data;
    this.send = send;
    this.n = data.left.length;
    if (isNew) this.makeJumps();
    this.jumps.forEach((jump) => jump.bring(data[jump.name]));
    this.draw();
    if (isNew || data.answers === null || data.answers >= (this.movedAt ?? 0)) this.mark(data.pair);
  }

  makeJumps() {
    this.jumps = [
      makeJump(this, "differing", "Label differs"),
      makeJump(this, "byGap", "Largest gap"),
    ];
    this.bar.replaceChildren(...this.jumps.map(({ node }) => node), el("span", "rule", this.data.rule));
  }

  // Marked at once, in the strip and in both readers; the server hears of it afterwards.
  go(row) {
    if (row === null || row < 0 || row >= this.n) return;
    this.movedAt = Date.now();
    this.mark(row);
    for (const side of ["left", "right"]) {
      const index = this.data[side][row];
      readerOf(side).view?.select(index < 0 ? null : index);
    }
    this.send("pick", { key: this.data.key, row, at: this.movedAt });
  }

  mark(row) {
    this.current = row;
    this.pin.hidden = row === null;
    if (row !== null) {
      this.pin.style.left = `${(100 * row) / this.n}%`;
      this.pin.style.width = `${100 / this.n}%`;
    }
    this.strip.setAttribute("aria-valuemin", "1");
    this.strip.setAttribute("aria-valuemax", String(this.n));
    this.strip.setAttribute("aria-valuenow", String((row ?? 0) + 1));
    this.strip.setAttribute("aria-valuetext", row === null ? "no pair chosen" : this.inWords(row));
    this.jumps.forEach((jump) => jump.draw());
    this.detail.replaceChildren(...(row === null ? [el("span", "quiet", this.data.hint)] : this.tell(row)));
  }

  inWords(row) {
    const side = (name) => (this.data[name][row] < 0 ? "none" : `sentence ${this.data[name][row] + 1}`);
    return `pair ${row + 1} of ${this.n}: left ${side("left")}, right ${side("right")}`;
  }

  tell(row) {
    const { left, right, gaps, likeness } = this.data;
    const alone = left[row] < 0 || right[row] < 0;
    const gap = gaps[row] === null ? "" : `gap ${decimal(gaps[row])}`;
    const head = el("div", "head");
    head.append(el("b", "", `Pair ${row + 1} of ${this.n}`));
    for (const text of alone ? ["only on one side"] : [`likeness ${decimal(likeness[row], 2)}`, gap]) {
      if (text) head.append(el("span", "quiet", text));
    }
    return [head, this.side("left", row), this.side("right", row)];
  }

  side(name, row) {
    const index = this.data[name][row];
    const node = el("div", "side");
    if (index < 0) {
      node.append(el("span", "quiet", `${name}: no sentence stands beside it`));
      return node;
    }
    const mark = this.data.marks[this.data[`${name}Marks`][index]];
    const swatch = el("span", `swatch m-${mark.key}`, mark.letter);
    node.append(swatch, el("span", "", `${name} ${index + 1}, ${mark.name}`));
    for (const [role, values] of Object.entries(this.data[`${name}Values`])) {
      node.append(el("span", "quiet", `${role} ${decimal(values[index])}`));
    }
    return node;
  }

  rowAt(clientX) {
    const { left, width } = this.strip.getBoundingClientRect();
    return clamp(Math.floor(((clientX - left) / width) * this.n), 0, this.n - 1);
  }

  listen() {
    this.strip.addEventListener("click", (event) => this.n && this.go(this.rowAt(event.clientX)));
    this.strip.addEventListener("pointermove", (event) => {
      if (this.n) this.strip.title = this.inWords(this.rowAt(event.clientX));
    });
    this.strip.addEventListener("keydown", (event) => {
      const here = this.current ?? -1;
      const goal = {
        ArrowRight: here + 1,
        ArrowDown: here + 1,
        ArrowLeft: here - 1,
        ArrowUp: here - 1,
        Home: 0,
        End: this.n - 1,
      }[event.key];
      if (goal === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      this.go(clamp(goal, 0, this.n - 1));
    });
  }

  paintCells(ctx, side, { y, height }, step, inner, tints) {
    for (let row = 0; row < this.n; row += 1) {
      const index = this.data[side][row];
      if (index < 0) continue;
      ctx.fillStyle = tints[this.data[`${side}Marks`][index]];
      ctx.fillRect(row * step, y, inner, height);
    }
  }

  // Where a pixel's column holds several pairs, it shows how they divide.
  paintShares(ctx, side, { y, height }, width, tints) {
    const counts = new Uint32Array(tints.length);
    for (let column = 0; column < width; column += 1) {
      const [from, to] = [column, column + 1].map((x) => Math.floor((x * this.n) / width));
      counts.fill(0);
      for (let row = from; row < to; row += 1) {
        const index = this.data[side][row];
        if (index >= 0) counts[this.data[`${side}Marks`][index]] += 1;
      }
      let top = y;
      counts.forEach((count, mark) => {
        if (!count) return;
        const part = (count / (to - from)) * height;
        ctx.fillStyle = tints[mark];
        ctx.fillRect(column, top, 1, part);
        top += part;
      });
    }
  }

  draw() {
    const fitted = this.data && this.n ? fitCanvas(this.canvas) : null;
    if (!fitted) return;
    const { ctx, width } = fitted;
    const style = getComputedStyle(this.root);
    const colour = (name) => style.getPropertyValue(name).trim();
    const step = width / this.n;
    // A hair of the page parts the columns while they are wide enough.
    const inner = step > 4 ? step - 1 : Math.max(step, 1);
    const most = this.data.gaps.reduce((high, gap) => Math.max(high, gap ?? 0), 0.05);
    const differs = new Set(this.data.differing);
    ctx.clearRect(0, 0, width, BOTTOM.y + BOTTOM.height + 2);
    const tints = this.data.marks.map(({ key }) => (key === "none" ? colour("--rule") : colour(`--tint-${key}`)));
    for (const [side, place] of [["left", TOP], ["right", BOTTOM]]) {
      if (step >= 1.5) this.paintCells(ctx, side, place, step, inner, tints);
      else this.paintShares(ctx, side, place, width, tints);
    }
    // Bars above cells: where several columns share a pixel, the highest stays visible.
    for (let row = 0; row < this.n; row += 1) {
      const gap = this.data.gaps[row];
      if (gap === null) continue;
      const height = Math.max(1, (gap / most) * GAP.height);
      ctx.fillStyle = differs.has(row) ? colour("--text") : colour("--muted");
      ctx.globalAlpha = differs.has(row) ? 1 : 0.45;
      ctx.fillRect(row * step, GAP.y + (GAP.height - height) / 2, inner, height);
    }
    ctx.globalAlpha = 1;
  }
}

// One way of stepping through pairs: its rows in the order of the steps, and where it stands.
function makeJump(view, name, title) {
  const node = el("div", "jump");
  node.setAttribute("role", "group");
  node.setAttribute("aria-label", title);
  const [back, on] = [jumpButton("‹", `${title}: previous`), jumpButton("›", `${title}: next`)];
  const count = el("span", "count");
  node.append(el("span", "title", title), back, count, on);
  const jump = { name, node, rows: [] };
  const at = () => jump.rows.indexOf(view.current);
  back.addEventListener("click", () => view.go(jump.rows[Math.max(at() - 1, 0)]));
  on.addEventListener("click", () => view.go(jump.rows[next()]));
  // By place, the next one lies behind the present pair; by size, the steps begin with the largest.
  const next = () => {
    if (at() >= 0 || name === "byGap" || view.current === null) return at() + 1;
    const after = jump.rows.findIndex((row) => row > view.current);
    return after < 0 ? jump.rows.length - 1 : after;
  };
  jump.bring = (rows) => {
    jump.rows = rows;
  };
  jump.draw = () => {
    const place = at();
    count.textContent = place < 0 ? `${jump.rows.length}` : `${place + 1} of ${jump.rows.length}`;
    back.disabled = place <= 0;
    on.disabled = jump.rows.length === 0 || place === jump.rows.length - 1;
  };
  return jump;
}

function jumpButton(text, title) {
  const node = el("button", "step", text);
  node.type = "button";
  node.title = title;
  node.setAttribute("aria-label", title);
  return node;
}
