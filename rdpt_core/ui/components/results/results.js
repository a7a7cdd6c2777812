// A list of passages: each a sentence with the text around it, its hits marked, and a link to where it stands.

import { el, followTheme } from "./dom.js";

const views = new WeakMap();

export default function mount({ data, parentElement, setTriggerValue }) {
  let view = views.get(parentElement);
  if (!view) {
    view = { root: el("section", "results"), send: () => {} };
    views.set(parentElement, view);
    parentElement.append(view.root);
    listen(view);
  }
  view.send = setTriggerValue;
  view.root.setAttribute("aria-label", data.name);
  followTheme(view.root, parentElement);
  // A rerun that changes nothing must not take the focus from a link.
  const content = JSON.stringify(data.items);
  if (view.content === content) return;
  view.content = content;
  const list = el("ol", "list");
  list.start = data.first;
  list.append(...data.items.map(entry));
  view.root.replaceChildren(list);
}

function entry(item) {
  const node = el("li", `entry m-${item.mark.key}`);
  const head = el("div", "head");
  const mark = el("span", "swatch", item.mark.letter);
  mark.setAttribute("aria-hidden", "true");
  head.append(mark, el("span", "label", item.mark.name));
  // What no run of the file holds leads nowhere.
  const leads = Object.keys(item.address).length > 0;
  const link = el(leads ? "a" : "span", "place");
  if (leads) link.href = `trace?${new URLSearchParams(item.address)}`;
  link.append(el("span", "", `${item.place}, `), el("bdi", "", item.trace));
  head.append(link);
  for (const text of item.about) head.append(el("bdi", "about", text));
  node.append(head);
  if (item.note) node.append(note(item.note));
  if (item.pieces.length) node.append(passage(item.pieces));
  return node;
}

function note({ text, tags, about }) {
  const node = el("div", "note");
  node.append(el("bdi", "note-text", text));
  const foot = el("div", "note-foot");
  for (const tag of tags) foot.append(el("bdi", "tag", tag));
  foot.append(el("span", "about", about));
  node.append(foot);
  return node;
}

function passage(pieces) {
  const node = el("p", "passage");
  for (const [text, isInside, isHit] of pieces) {
    const piece = el(isHit ? "mark" : "span", isInside ? "inside" : "around", text);
    node.append(piece);
  }
  return node;
}

function listen(view) {
  view.root.addEventListener("click", (event) => {
    // With a modifier key the browser opens the link in a tab or window of its own.
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest("a.place") ?? event.target.closest("li.entry")?.querySelector("a.place");
    if (!link) return;
    // Marking text to copy it is no click on a result.
    if (!event.target.closest("a.place") && String(document.getSelection() ?? "").length > 0) return;
    event.preventDefault();
    view.send("open", Object.fromEntries(new URL(link.href).searchParams));
  });
}
