// The page without a server: mounts the reader above on the data that the page holds, and answers what it says. The
// block keeps its names apart from the reader's.

{
  const data = JSON.parse(document.getElementById("data").textContent);
  const parentElement = document.getElementById("reader");
  const dark = matchMedia("(prefers-color-scheme: dark)");

  let labels = data.labels;
  let forgetMath = null;

  function hear(trigger, value) {
    if (trigger === "pick") labels = { ...labels, selected: value.index, answers: value.at };
    else if (trigger === "thresholds") labels = { ...labels, alpha: value.alpha, beta: value.beta };
    else if (trigger === "math") {
      forgetMath?.();
      forgetMath = value.on ? mount({ data: data.math, parentElement, setTriggerValue: hear }) : null;
      return;
    } else return;
    showLabels();
  }

  function showText() {
    mount({ data: data.text, parentElement, setTriggerValue: hear });
  }

  function showLabels() {
    mount({ data: labels, parentElement, setTriggerValue: hear });
    const { alpha, beta } = labels;
    const isTriple = data.text.roles.length === 3;
    document.getElementById("rule").textContent = `${isTriple ? `α = ${alpha}, ` : ""}β = ${beta}`;
  }

  showText();
  showLabels();
  // Canvases are painted, so another theme needs them anew; paper is always light.
  dark.addEventListener("change", showText);
  addEventListener("beforeprint", () => {
    parentElement.querySelector(".reader").dataset.mode = "light";
  });
  addEventListener("afterprint", showText);
}
