// One reader on the page: its nodes, its state, and what its parts ask of each other.

import { el, forgetSize, keepPlainKeys } from "./dom.js";
import { makeCard } from "./card.js";
import { makeJoint } from "./joint.js";
import { listenForKeys, makeHelp } from "./keys.js";
import { makeLegend } from "./legend.js";
import { makeMath } from "./math.js";
import { markOf } from "./marks.js";
import { relabel, tintedBy } from "./model.js";
import { listenToText } from "./pointer.js";
import { makeRibbon } from "./ribbon.js";
import { makeSearch } from "./search.js";
import { bringIntoView, drawText, flash, inSight, layOutText } from "./text.js";
import { makeThresholds } from "./thresholds.js";
import { makeSwitch, paint, tintOf, UNPAINTED } from "./tint.js";
import { makeTools } from "./tools.js";
import { hideTooltip, makeTooltip, showTooltip } from "./tooltip.js";

export function makeView(name, host) {
  const view = new View(name, host);
  host.append(view.root);
  return view;
}

class View {
  constructor(name, host) {
    Object.assign(this, { name, host, model: null, labels: null, rule: null, palette: null, send: () => {} });
    Object.assign(this, { spans: [], blocks: [], shown: null, sight: [0, 0] });
    // The sentence that the keys stand on, the pinned one, and the one under the pointer.
    Object.assign(this, { current: 0, selected: null, lit: null, pickedAt: 0, features: new Set() });
    this.colour = "label";
    this.root = el("section", "reader");
    this.root.setAttribute("aria-label", "Response, sentence by sentence");
    this.box = el("div", "text");
    this.tip = makeTooltip(name);
    this.legend = makeLegend(() => this.filter());
    this.joint = makeJoint(this);
    this.thresholds = makeThresholds(this);
    this.ribbon = makeRibbon(this);
    this.search = makeSearch(this);
    this.math = makeMath(this);
    this.help = makeHelp(this);
    this.card = makeCard(this);
    this.tools = makeTools(this);
    this.switch = makeSwitch(this);
    const [top, body] = [el("div", "top"), el("div", "body")];
    this.bar = el("div", "bar");
    top.append(this.joint.node, this.thresholds.node);
    const keys = el("div", "colours");
    keys.append(this.switch.node, this.legend.node);
    this.bar.append(keys, this.tools.node);
    body.append(this.box, this.card.node);
    const frame = el("div", "frame");
    frame.append(top, this.ribbon.node, this.bar, body, this.tip, this.help.node);
    this.root.append(frame);
    keepPlainKeys(this.root);
    listenToText(this);
    this.forgetKeys = listenForKeys(this);
    this.box.addEventListener("scroll", () => this.redraw(), { passive: true });
    this.sizes = new ResizeObserver(() => {
      this.forgetSizes();
      this.repaint();
    });
    for (const node of [this.box, ...this.canvases()]) this.sizes.observe(node);
  }

  destroy() {
    this.sizes.disconnect();
    this.forgetKeys();
    this.search.clear();
    this.math.stop();
    hideTooltip(this.tip);
    this.root.remove();
  }

  canvases() {
    return [this.joint, this.ribbon, this.thresholds].map((part) => part.canvas);
  }

  forgetSizes() {
    this.canvases().forEach(forgetSize);
  }

  // A new trace.
  open(model) {
    this.model = model;
    this.math.stop();
    Object.assign(this, { current: 0, selected: null, lit: null, pickedAt: 0 });
    const drawn = drawText(this.box, model.text);
    Object.assign(this, { spans: drawn.spans, blocks: drawn.blocks });
    this.shown = new Uint8Array(model.n).fill(UNPAINTED);
    this.buildLegend();
    this.search.clear();
    hideTooltip(this.tip);
    // Painted before it enters the page, so that its style is computed once.
    relabel(model, { ...(this.rule ?? { alpha: 0, beta: 0 }), uncertainPart: 0 });
    layOutText(this.box, drawn);
    this.box.scrollTop = 0;
    this.sight = inSight(this.box, this);
  }

  buildLegend() {
    this.legend.build(this.model.text.order, this.colour, tintedBy(this.model, this.colour)?.list);
    this.switch.draw();
  }

  // The same trace, with other answers: another rule decides whose its sentences are, or none does.
  retint() {
    this.shown.fill(UNPAINTED);
    this.buildLegend();
  }

  colourBy(colour) {
    if (this.colour === colour) return;
    this.colour = colour;
    this.retint();
    this.recolour(this.rule);
  }

  offer(features) {
    this.features = new Set(features);
    // Without a single probability there is nothing to draw or to decide; the text stays readable.
    const isScored = this.model.gaps.gap.some((gap) => !Number.isNaN(gap));
    this.joint.node.hidden = !isScored || !this.features.has("joint");
    this.thresholds.node.hidden = !isScored || !this.features.has("thresholds");
    this.card.node.hidden = this.model.n === 0 || !this.features.has("card");
    for (const node of [this.ribbon.node, this.bar, this.box]) node.hidden = this.model.n === 0;
    this.tools.offer(this.features);
    this.forgetSizes();
  }

  // Everything that shows labels, under this rule. Canvases come first: writing text on one makes the browser compute the
  // style of whatever changed before, and so the nodes are changed last, to be computed once, with the frame.
  recolour(rule) {
    const started = performance.now();
    relabel(this.model, rule);
    this.rule = rule;
    this.joint.draw();
    this.thresholds.draw();
    this.ribbon.draw();
    const tint = tintOf(this);
    this.legend.draw(this.model, tint);
    paint(this.spans, tint, this.shown);
    if (this.lit === null) hideTooltip(this.tip);
    this.card.refresh();
    performance.measure("rdpt-recolour", { start: started, end: performance.now() });
  }

  filter() {
    const { chosen } = this.legend ?? { chosen: new Set() };
    const names = [...chosen].map((filter) => `only-${filter.toLowerCase()}`);
    this.box.className = [...[...this.box.classList].filter((name) => !name.startsWith("only")), ...names].join(" ");
    this.box.classList.toggle("only", names.length > 0);
    if (!this.model) return;
    this.ribbon.draw();
    this.joint.draw();
  }

  // After a change of theme or size.
  repaint() {
    this.resized = true;
    this.redraw();
  }

  // Redraws what depends on the place in the text, once a frame.
  redraw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      if (!this.model?.rule || !this.root.isConnected) return;
      this.sight = inSight(this.box, this);
      this.ribbon.draw();
      this.joint.draw();
      // It shows no place, so scrolling leaves it as it is.
      if (this.resized) this.thresholds.draw();
      this.resized = false;
    });
  }

  // Lights a sentence in text, ribbon and chart; with an anchor, its card shows there.
  light(index, anchor = null) {
    if (this.lit !== null && this.lit !== index) delete this.spans[this.lit]?.dataset.lit;
    this.lit = index;
    if (index === null) {
      hideTooltip(this.tip);
    } else {
      this.spans[index].dataset.lit = "";
      if (anchor) showTooltip(this.tip, anchor, this.model, index);
    }
    this.joint.draw();
    this.ribbon.mark();
  }

  // Where j and k lead: from the sentence they stand on, or onto the first in sight if they are not in the text yet.
  step(by) {
    const isInText = this.box.querySelector(".s:focus") !== null;
    const [first, last] = this.sight;
    const isInSight = this.current >= first && this.current <= last && (this.current > 0 || isInText);
    return isInText || isInSight ? this.current + by : first;
  }

  stepTrace(by) {
    this.send("step", { key: this.model.text.key, by });
  }

  escape() {
    if (this.help.isOpen()) this.help.toggle();
    else if (this.legend.chosen.size) this.legend.clear();
    else if (this.selected !== null) this.unpin();
    hideTooltip(this.tip);
  }

  unpin() {
    const index = this.selected;
    this.pick(null);
    this.focus(index);
  }

  makeCurrent(index) {
    if (this.spans[this.current]) this.spans[this.current].tabIndex = -1;
    this.current = index;
    this.spans[index].tabIndex = 0;
  }

  focus(index) {
    const goal = Math.min(Math.max(index, 0), this.model.n - 1);
    if (goal < 0) return;
    const span = this.spans[goal];
    const [first, last] = this.sight;
    if (goal < first || goal > last) bringIntoView(this.box, span);
    span.focus({ preventScroll: goal < first || goal > last });
  }

  // The next sentence in this direction that the legend keeps or, without a choice there, that has the same label.
  focusSimilar(by) {
    const { model, legend } = this;
    const { codes, name } = tintOf(this);
    const kindOf = (index) => (name === "label" ? markOf(model, index).label : codes[index]);
    const kept = (index) => (legend.chosen.size ? legend.keeps(codes[index]) : kindOf(index) === kindOf(this.current));
    for (let index = this.current + by; index >= 0 && index < model.n; index += by) {
      if (kept(index)) {
        this.focus(index);
        return;
      }
    }
  }

  bring(index) {
    bringIntoView(this.box, this.spans[index]);
  }

  // Brings a sentence into sight and lets it flash.
  show(index, options) {
    bringIntoView(this.box, this.spans[index], options);
    flash(this.spans[index]);
    this.makeCurrent(index);
  }

  select(index) {
    if (this.selected !== null) this.spans[this.selected]?.removeAttribute("aria-current");
    const moved = this.selected !== index;
    this.selected = index;
    if (index !== null && this.spans[index]) {
      this.spans[index].setAttribute("aria-current", "true");
      if (moved) this.show(index);
    }
    this.joint.draw();
    this.ribbon.mark();
    this.showCard();
  }

  // Marked at once: the server hears of it afterwards, and its answer finds nothing left to do.
  pick(index) {
    this.pickedAt = Date.now();
    this.select(index);
    this.send("pick", { key: this.model.text.key, index, at: this.pickedAt });
  }

  showCard() {
    if (!this.model?.rule || !this.features.has("card")) return;
    this.card.draw();
  }
}
