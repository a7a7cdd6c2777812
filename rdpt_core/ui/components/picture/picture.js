// Saves a figure of this page as an image, here in the browser: plotly's own camera button knows how.

import { button, el, followTheme } from "./dom.js";

const views = new WeakMap();

export default function mount({ data, parentElement }) {
  let root = views.get(parentElement);
  if (!root) {
    root = el("div", "picture");
    views.set(parentElement, root);
    parentElement.append(root);
  }
  const status = el("span", "status");
  status.setAttribute("role", "status");
  root.replaceChildren(...data.formats.map((format) => saveButton(data, format, status)), status);
  followTheme(root, parentElement);
}

function saveButton(data, format, status) {
  const name = format.toUpperCase();
  return button("save", name, `${data.name} as ${name}`, () => {
    status.textContent = save(data, format) ? "" : "Show the figure first, then save it.";
  });
}

function save(data, format) {
  const figure = document.querySelector(`.st-key-${CSS.escape(data.chart)} .js-plotly-plot`);
  const camera = figure?._fullLayout?._modeBar?.buttonElements.find((node) => node.dataset.title?.startsWith("Download plot"));
  if (!camera) return false;
  figure._context.toImageButtonOptions = { format, filename: data.file, scale: 2 };
  // On the page the figure is transparent and uses the page's font; alone it needs a colour, and a font that is anywhere.
  // The image is made from a copy that plotly takes during the click.
  const { layout } = figure;
  const before = { paper_bgcolor: layout.paper_bgcolor, font: layout.font };
  Object.assign(layout, { paper_bgcolor: data.background, font: { ...layout.font, family: "Arial, Helvetica, sans-serif" } });
  keepOpen(data.file);
  camera.dispatchEvent(new MouseEvent("click", { bubbles: false }));
  Object.assign(layout, before);
  return true;
}

// A click elsewhere on the page closes the panel that the buttons stand in, and plotly saves by a click on a link of its
// own in the page's body, a moment later. That click shall save, and be heard of by nobody.
function keepOpen(file) {
  const quiet = (event) => {
    if (!(event.target instanceof HTMLAnchorElement) || !event.target.download.startsWith(file)) return;
    event.stopImmediatePropagation();
    removeEventListener("click", quiet, true);
  };
  addEventListener("click", quiet, true);
}
