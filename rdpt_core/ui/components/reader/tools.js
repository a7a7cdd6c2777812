// The row of tools beside the legend: search, go to a sentence, rendered mathematics, help.

import { button, counted, el } from "./dom.js";

export function makeTools(view) {
  const node = el("div", "tools");
  const goTo = el("input", "go-to");
  goTo.type = "text";
  goTo.inputMode = "numeric";
  goTo.placeholder = "Go to  g";
  goTo.setAttribute("aria-label", "Go to sentence number (key g)");
  goTo.addEventListener("keydown", (event) => {
    if (event.key === "Escape") view.focus(view.current);
    else if (event.key === "Enter") go();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  const math = button("tool math", "∑", "Show formulas rendered (key m)", () => view.math.toggle());
  math.setAttribute("aria-pressed", "false");
  const help = button("tool help", "?", "Keys (key ?)", () => view.help.toggle(help));
  node.append(view.search.node, goTo, math, help);

  function go() {
    const number = Number(goTo.value.trim());
    const isThere = Number.isInteger(number) && number >= 1 && number <= view.model.n;
    goTo.setAttribute("aria-invalid", String(!isThere));
    goTo.title = isThere ? "" : `This trace has the sentences 1 to ${view.model.n}`;
    if (!isThere) return;
    goTo.value = "";
    view.show(number - 1);
    view.focus(number - 1);
  }

  return {
    node,
    goTo() {
      goTo.focus();
      goTo.select();
    },
    offer(features) {
      view.search.node.hidden = !features.has("search");
      goTo.hidden = !features.has("search");
      math.hidden = !features.has("math");
    },
    pressMath(state, nLeft) {
      math.setAttribute("aria-pressed", String(state !== "off"));
      math.classList.toggle("busy", state === "asked");
      math.title = `Show formulas rendered (key m)${nLeft ? `; ${counted(nLeft, "formula")} could not be read and stay source` : ""}`;
    },
  };
}
