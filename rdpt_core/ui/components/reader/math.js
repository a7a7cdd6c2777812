// Formulas, rendered on demand. They come as plain trees, [tag, attributes, ...children] with strings as leaves, and are
// rebuilt from a fixed list of MathML elements and attributes: whatever else a tree may hold is left out.
//
//   formulas   the trees, each once
//   nLeft      how many could not be read, and stay source
//   places     sentence index → [[start, end, number of the formula], …], offsets in code points of the sentence

import { el, piecesOf } from "./dom.js";
import { fillSentence, leadOf } from "./text.js";

const MATHML = "http://www.w3.org/1998/Math/MathML";
const TAGS = new Set(
  "math mrow mi mn mo mtext ms mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mmultiscripts mprescripts none mtable mtr mtd mstyle mpadded mphantom menclose merror".split(" "),
);
const ATTRIBUTES = {
  displaystyle: /^(true|false)$/,
  scriptlevel: /^[+-]?\d$/,
  stretchy: /^(true|false)$/,
  largeop: /^(true|false)$/,
  movablelimits: /^(true|false)$/,
  symmetric: /^(true|false)$/,
  accent: /^(true|false)$/,
  accentunder: /^(true|false)$/,
  form: /^(prefix|infix|postfix)$/,
  lspace: /^-?[0-3]?(\.\d{1,6})?(em)?$/,
  rspace: /^-?[0-3]?(\.\d{1,6})?(em)?$/,
  width: /^-?[0-3]?(\.\d{1,6})?em$/,
  linethickness: /^[0-2]?(\.\d{1,4})?(em|px)?$/,
  minsize: /^[0-4](\.\d{1,4})?em$/,
  maxsize: /^[0-4](\.\d{1,4})?em$/,
  mathvariant: /^normal$/,
  notation: /^box$/,
  align: /^(left|right|center)$/,
};
const MOST_DEPTH = 60;
const SLICE_MS = 7;

export function makeMath(view) {
  // off, asked (the server is at it), on; `wanted` is what the reader last asked for, null before that.
  let [state, wanted, data, watcher] = ["off", null, null, null];
  let queue = [];
  const rendered = new Set();

  function toggle() {
    wanted = state === "off";
    if (wanted && data?.key === view.model.text.key) start();
    else if (wanted) become("asked");
    else stop();
    view.send("math", { key: view.model.text.key, on: wanted });
  }

  function bring(found) {
    if (found === data && state === "on") return;
    data = found;
    if (wanted !== false) start();
  }

  // The server no longer sends it: someone else turned it off.
  function lose() {
    data = null;
    if (state === "on") stop();
  }

  function become(next) {
    state = next;
    view.tools?.pressMath(state, state === "on" ? data.nLeft : 0);
  }

  function start() {
    stop();
    become("on");
    // Only what is near the sight is built: ten thousand formulas are a hundred thousand nodes.
    watcher = new IntersectionObserver(
      (entries) => {
        for (const entry of entries) {
          if (!entry.isIntersecting) continue;
          watcher.unobserve(entry.target);
          enqueue(view.blocks.find(({ node }) => node === entry.target));
        }
      },
      { root: view.box, rootMargin: "800px 0px" },
    );
    for (const { node } of view.blocks) watcher.observe(node);
  }

  function enqueue({ first, last }) {
    const isIdle = queue.length === 0;
    for (let index = first; index <= last; index += 1) if (data.places[index]) queue.push(index);
    if (isIdle && queue.length) requestAnimationFrame(work);
  }

  function work() {
    const until = performance.now() + SLICE_MS;
    while (queue.length && performance.now() < until) {
      const index = queue.shift();
      renderSentence(view, index, data);
      rendered.add(index);
    }
    if (queue.length) requestAnimationFrame(work);
    else if (view.search.hits.length) view.search.mark();
  }

  function stop() {
    watcher?.disconnect();
    queue = [];
    for (const index of rendered) {
      if (view.spans[index]) fillSentence(view.spans[index], view.model.text.texts[index]);
    }
    rendered.clear();
    if (state !== "off") become("off");
    if (view.search?.hits.length) view.search.mark();
  }
  return { toggle, bring, lose, stop };
}

function renderSentence(view, index, { formulas, places }) {
  const span = view.spans[index];
  const characters = Array.from(view.model.text.texts[index]);
  // Offsets count code points of the sentence; the span leaves out the space around it.
  const lead = leadOf(span);
  const end = lead + Array.from(span.textContent).length;
  const nodes = [];
  let at = lead;
  for (const [start, stop, number] of places[index]) {
    if (start < at || stop > end) continue;
    if (start > at) nodes.push(...piecesOf(characters.slice(at, start).join("")));
    const source = characters.slice(start, stop).join("");
    nodes.push(formulaNode(formulas[number], source));
    at = stop;
  }
  if (at < end) nodes.push(...piecesOf(characters.slice(at, end).join("")));
  span.replaceChildren(...nodes);
}

function formulaNode(tree, source) {
  const node = el("span", "f");
  node.title = source;
  node.append(build(tree, 0) ?? source);
  return node;
}

// null if the tree holds what is not on the list, or is too deep: then the source stays.
export function build(tree, depth) {
  if (typeof tree === "string") return document.createTextNode(tree);
  const [tag, attributes, ...children] = tree;
  if (!TAGS.has(tag) || depth > MOST_DEPTH) return null;
  const node = document.createElementNS(MATHML, tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (Object.hasOwn(ATTRIBUTES, name) && ATTRIBUTES[name].test(value)) node.setAttribute(name, value);
  }
  for (const child of children) {
    const built = build(child, depth + 1);
    if (built === null) return null;
    node.append(built);
  }
  return node;
}
