// A sentence's tokens, one row a model. All rows share the columns of their characters, so that tokens of different
// tokenizers stand under each other; the darker a token, the less likely its model found it.

import { button, clamp, decimal, el, whole } from "./dom.js";
import { ROLE_LETTER } from "./marks.js";

const MOST_CHARACTERS = 1200;
// From here on a token is as dark as can be: p below 1%.
const DARKEST_NATS = 4.6;
const WIDE = /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u;

export function makeStrip(view, index, strip) {
  const node = el("div", "strip");
  node.tabIndex = 0;
  node.setAttribute("role", "group");
  node.setAttribute("aria-label", "Tokens under every model; arrow keys move from token to token");
  if (strip === null) {
    node.append(scaleKey(), el("p", "strip-wait", "Fetching the tokens …"));
    return node;
  }
  const characters = Array.from(view.model.text.texts[index]);
  const fill = (most) => {
    const columns = Math.max(16, Math.floor((view.card.node.clientWidth - 52) / columnWidth(view)));
    const grid = layOut(characters.slice(0, most), columns);
    const readout = el("div", "strip-readout");
    readout.setAttribute("aria-live", "polite");
    node.replaceChildren(scaleKey(), ...linesOf(grid, strip, view.model.text.roles), readout);
    tell(readout, null);
    node.onpointerover = (event) => tell(readout, event.target.closest?.(".token"));
    stepByKeys(node, readout);
    if (characters.length > most) {
      const rest = `Show all ${whole(characters.length)} characters`;
      node.append(button("link", rest, null, () => fill(20 * most)));
    }
  };
  requestAnimationFrame(() => fill(MOST_CHARACTERS));
  return node;
}

function columnWidth(view) {
  const probe = el("span", "token probe", "0".repeat(40));
  view.card.node.append(probe);
  const width = probe.getBoundingClientRect().width / 40;
  probe.remove();
  return width || 7;
}

// Where every character stands: its line and its column there, and the text to show for it.
function layOut(characters, columns) {
  const cells = characters.map((character) => ({ text: shown(character), width: widthOf(character) }));
  const lines = [];
  // Line breaks at the end of a sentence would make lines of their own.
  const visible = characters.findLastIndex((character) => /\S/.test(character)) + 1;
  let start = 0;
  while (start < cells.length) {
    let [end, width, space] = [start, 0, -1];
    while (end < cells.length && width + cells[end].width <= columns) {
      width += cells[end].width;
      end += 1;
      if (/\s/.test(characters[end - 1])) space = end;
      if (characters[end - 1] === "\n" && end < visible) break;
    }
    if (end < visible && characters[end - 1] !== "\n" && space > start) end = space;
    if (end === start) end += 1;
    lines.push({ start, end });
    start = end;
  }
  return { cells, lines };
}

function shown(character) {
  if (character === "\n") return "↵";
  if (character === "\t") return "→";
  return /\p{Cf}|\p{Cc}/u.test(character) ? "·" : character;
}

function widthOf(character) {
  if (/\p{M}/u.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

function linesOf({ cells, lines }, strip, roles) {
  const places = Object.fromEntries(roles.map((role) => [role, 0]));
  return lines.map(({ start, end }) => {
    const node = el("div", "strip-line");
    for (const role of roles) {
      const row = el("div", "strip-row");
      row.append(el("span", `strip-role line-ink-${role}`, ROLE_LETTER[role]));
      const tokens = strip[role] ?? [];
      // Tokens come in order: each line begins where the last one stopped.
      let at = places[role];
      while (at < tokens.length && tokens[at][1] <= start && tokens[at][0] < start) at += 1;
      places[role] = at;
      for (let column = start; at < tokens.length && tokens[at][0] < end; ) {
        // Pieces of one character share its place and become one cell.
        let [from, to, logprob] = tokens[at];
        let n = 1;
        while (at + n < tokens.length && tokens[at + n][0] === from && tokens[at + n][1] === to) {
          logprob = logprob === null || tokens[at + n][2] === null ? null : logprob + tokens[at + n][2];
          n += 1;
        }
        [from, to] = [Math.max(from, start, column), Math.min(to, end)];
        if (from > column) row.append(gap(cells, column, from));
        if (to > from) row.append(token(cells, from, to, logprob, n));
        column = Math.max(column, to);
        if (tokens[at][1] > end) break;
        at += n;
      }
      node.append(row);
    }
    return node;
  });
}

function token(cells, from, to, logprob, n) {
  const pieces = cells.slice(from, to);
  const node = el("span", logprob === null ? "token missing" : "token", pieces.map(({ text }) => text).join(""));
  node.style.width = `${pieces.reduce((sum, { width }) => sum + width, 0)}ch`;
  if (logprob !== null) {
    // By the root, which shows the difference between p = 1 and p = 0.8.
    const share = Math.sqrt(Math.min(1, Math.max(0, -logprob) / DARKEST_NATS));
    node.style.setProperty("--heat", `${Math.round(62 * share)}%`);
    const p = `p = ${decimal(Math.exp(logprob))}, ln p = ${decimal(logprob, 2)}`;
    node.dataset.words = `“${node.textContent}” ${p}${n > 1 ? ` (${n} tokens)` : ""}`;
  } else {
    node.dataset.words = `“${node.textContent}” has no probability`;
  }
  return node;
}

function gap(cells, from, to) {
  const node = el("span", "gap");
  node.style.width = `${cells.slice(from, to).reduce((sum, { width }) => sum + width, 0)}ch`;
  return node;
}

// Left and right within a model's tokens, up and down between the models.
function stepByKeys(node, readout) {
  const rows = [...node.querySelectorAll(".strip-row")].map((row) => [...row.querySelectorAll(".token")]);
  let [row, at] = [0, -1];
  node.onkeydown = (event) => {
    const [down, right] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] ?? [0, 0];
    if (!down && !right) return;
    event.preventDefault();
    rows[row]?.[at]?.classList.remove("here");
    row = clamp(row + down, 0, rows.length - 1);
    at = clamp(at + right, 0, Math.max(0, (rows[row]?.length ?? 1) - 1));
    const token = rows[row]?.[at];
    token?.classList.add("here");
    tell(readout, token);
  };
}

function tell(readout, token) {
  readout.textContent = token?.dataset.words ?? "Point at a token, or step with the arrow keys, for its probability";
}

function scaleKey() {
  const node = el("div", "strip-key");
  node.append(el("b", "", "Tokens"), el("span", "", "p = 1"), el("i", "strip-scale"), el("span", "", "≤ 0.01"));
  return node;
}
