"""How fast the trace page is in headless Chromium: first paint, recolouring, scrolling, memory, and what a rerun sends.

    python tests/benchmarks/bench_reader.py [--keep] [FILE.jsonl …]

It makes a database with traces of 2,000 and 10,000 sentences (seeded; text with formulas and code, three models with
tokenizers of their own), and adds the longest trace of every file given: its real text, with made-up probabilities. It
prints medians of `REPEATS` and judges none. Durations are of the browser's own clock, script times of its profiler.
What a rerun sends is counted twice: as messages, and as bytes of the connection, where they travel compressed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, WebSocket, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from rdpt_core.records import ROLES, Message, Role, RoleResult, Span, TokenLogprobs, Trace
from rdpt_core.scoring.jobs.sentence_sums import sentence_columns
from rdpt_core.store import writer
from rdpt_core.traces import RejectLog, get_splitter
from rdpt_core.traces.importing.pipeline import import_traces
from tests.browser.conftest import CHROMIUM_ARGUMENTS, IDLE, Server
from tests.browser.reader.wire import Wire
from tests.support import synthetic

REPEATS = 5
SIZES = (2_000, 10_000)
CHROMIUM = "/usr/bin/chromium"

_LINES = (
    "Okay, so I need to find the value of x that makes this true, and I should be careful with the signs. ",
    "Let me set up the equation $x_{%d}^2 - 5x + 6 = 0$ and see whether it factors.\n\n",
    "Wait, that cannot be right. ",
    "Hmm, %d divided by 7 leaves a remainder, so the earlier step must have dropped a term somewhere. ",
    "\\[\n\\frac{a_{%d} + b}{c} = \\sqrt{2} \\sum_{i=1}^{n} i\n\\]\n",
    "So the total is now %d. ",
    "```python\nprint(sum(range(%d)))\n```\n",
    "Therefore both roots are positive, which agrees with what Vieta's formulas say about their sum.\n\n",
)


def made_trace(n_sentences: int) -> tuple[Trace, list[Span]]:
    """A trace with a thinking part, and its sentences."""
    texts = ["<think>\n"]
    texts += [line % i if "%" in line else line for i in range(n_sentences - 3) for line in (_LINES[i * 5 % 8],)]
    texts += ["\n</think>\n\n", "The answer is 12."]
    edges = np.cumsum([0, *map(len, texts)]).tolist()
    spans = [Span(a, b) for a, b in zip(edges, edges[1:], strict=False)]
    return trace_of(f"made-{n_sentences}", "".join(texts)), spans


def trace_of(trace_id: str, response: str) -> Trace:
    return Trace(
        trace_id=trace_id,
        question_id=trace_id,
        response=response,
        messages=(Message("user", "How many are there?"),),
        benchmark="bench",
        correct=True,
        gold="12",
    )


def longest_trace(path: Path) -> tuple[Trace, list[Span]]:
    traces = list(import_traces([path], grade=False, rejects=RejectLog()))
    found = max(traces, key=lambda trace: len(trace.response))
    trace = trace_of(f"real-{path.stem}"[:60], found.response)
    return trace, list(get_splitter("sentence").split(trace.response))


def score(trace_no: int, trace: Trace, spans: list[Span], rng: np.random.Generator) -> dict[Role, RoleResult]:
    """Tokens of 2 to 7 characters, each role its own, with logprobs that lean one way in every sentence."""
    results = {}
    n = len(trace.response)
    ends = np.array([span.char_end for span in spans])
    moods = {role: rng.gamma(1.2, 0.5, len(spans)) for role in ROLES}
    for role in ROLES:
        edges = np.unique(np.concatenate([[0], np.cumsum(rng.integers(2, 8, n // 2)), [n]]))
        edges = edges[edges <= n].astype(np.int32)
        sentence = np.minimum(np.searchsorted(ends, edges[:-1], side="right"), len(spans) - 1)
        logprob = -rng.exponential(moods[role][sentence]).astype(np.float32)
        tokens = TokenLogprobs(np.zeros(len(edges) - 1, np.int32), edges[:-1], edges[1:], logprob)
        results[role] = RoleResult(trace_no, tokens, 0, None)
    return results


def build(path: Path, traces: list[tuple[Trace, list[Span]]]) -> None:
    claim = writer.RunClaim(
        run_id="bench",
        name="bench",
        identity={"run": "bench"},
        environment={"device": "none"},
        models=tuple(synthetic.model(role, tokenizer=f"tok-{role}") for role in ROLES),
        template_policy="own",
        splitter="sentence",
        splitter_version="1",
        traces_hash="0",
        n_traces=len(traces),
    )
    run = writer.claim_run(path, claim, ((trace, len(spans)) for trace, spans in traces))
    rng = np.random.default_rng(0)
    scored = [score(i, trace, spans, rng) for i, (trace, spans) in enumerate(traces)]
    for role in ROLES:
        last = role is ROLES[-1]
        columns = [sentence_columns(i, traces[i][0].response, traces[i][1], scored[i]) for i in range(len(traces))]
        writer.commit_batch(path, run, role, [results[role] for results in scored], columns if last else [])
    writer.finish_run(path, run)


class Frames:
    """What the server sends through the page's WebSocket, in bytes, after the browser has unpacked it."""

    def __init__(self, page: Page) -> None:
        self.n_bytes = 0
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._count)

    def _count(self, frame: bytes | str) -> None:
        self.n_bytes += len(frame)


@dataclass
class Received:
    """Both counts while something happens."""

    page: Page
    frames: Frames
    wire: Wire

    def during(self, name: str, act: Callable[[], object], done: str = "true") -> None:
        """Print what arrives until `done` holds and nothing arrives any more."""
        before = self.frames.n_bytes, self.wire.n_bytes
        act()
        self.page.wait_for_function(done)
        seen = -1
        while seen != self.frames.n_bytes or seen == before[0]:
            seen = self.frames.n_bytes
            self.page.wait_for_timeout(600)
        self.page.locator(IDLE).wait_for()
        unpacked, travelled = self.frames.n_bytes - before[0], self.wire.n_bytes - before[1]
        print(f"  received: {name:20} {travelled:7,} bytes, unpacked {unpacked:,}")


@contextmanager
def browser_page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*CHROMIUM_ARGUMENTS, "--enable-precise-memory-info"]
        )
        page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        page.set_default_timeout(60_000)
        yield page
        browser.close()


_READER = "[...document.querySelectorAll('*')].map(e => e.shadowRoot?.querySelector('.reader')).find(Boolean)"

_SCROLL = """async () => {
  const reader = READER, box = reader.querySelector('.text');
  const gaps = [];
  let last = performance.now();
  box.scrollTop = 0;
  await new Promise((done) => {
    const step = (now) => {
      gaps.push(now - last);
      last = now;
      box.scrollTop += 240;
      if (gaps.length >= 240 || box.scrollTop + box.clientHeight >= box.scrollHeight - 2) done();
      else requestAnimationFrame(step);
    };
    requestAnimationFrame((now) => { last = now; requestAnimationFrame(step); });
  });
  return gaps;
}""".replace("READER", _READER)


_WATCH_FRAMES = """() => {
  performance.clearMeasures();
  globalThis.rdptGaps = [];
  const mine = globalThis.rdptGaps;
  let last = null;
  const step = (now) => {
    if (last !== null) mine.push(now - last);
    last = now;
    if (mine === globalThis.rdptGaps) requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}"""


def drag(page: Page) -> tuple[list[float], list[float]]:
    """β is dragged to and fro: script of every recolouring, and distances between frames meanwhile, in ms."""
    handle = page.locator(".handle.beta:not(.mirror)")
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + 20
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(_WATCH_FRAMES)
    for step in range(60):
        page.mouse.move(x - 30 + 2 * step, y)
    gaps = page.evaluate("[rdptGaps, (rdptGaps = null)][0]")
    durations = page.evaluate("performance.getEntriesByName('rdpt-recolour').map(e => e.duration)")
    page.mouse.move(x, y)
    page.mouse.up()
    page.locator(IDLE).wait_for()
    page.wait_for_timeout(700)
    return durations, gaps


def spread(values: list[float]) -> str:
    """Median, 99% and worst."""
    most = np.quantile(values, 0.99, method="higher")
    return f"{statistics.median(values):7.1f} ms (99%: {most:.1f}, worst {max(values):.1f})"


def tab_memory_mb(page: Page) -> tuple[float, float]:
    """(script heap, resident memory of this browser's largest renderer) after a garbage collection."""
    client = page.context.new_cdp_session(page)
    client.send("HeapProfiler.collectGarbage")
    client.send("Performance.enable")
    metrics = {m["name"]: m["value"] for m in client.send("Performance.getMetrics")["metrics"]}
    processes: dict[int, dict[str, str]] = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
            fields["command"] = (status.parent / "cmdline").read_text()
            processes[int(status.parent.name)] = fields
    largest = 0.0
    for number, fields in processes.items():
        ancestor = number
        while ancestor in processes and ancestor != os.getpid():
            ancestor = int(processes[ancestor]["PPid"])
        if ancestor == os.getpid() and "--type=renderer" in fields["command"]:
            largest = max(largest, int(fields["VmRSS"].split()[0]) / 1024)
    return metrics["JSHeapUsedSize"] / 1e6, largest


def measure_times(page: Page, url: str, trace_id: str) -> None:
    address = f"{url}/trace?trace={trace_id}"
    ready = page.locator(".reader[data-ready]")
    times = []
    for _ in range(REPEATS):
        page.goto("about:blank")
        page.goto(address, wait_until="commit")
        ready.wait_for()
        times.append(page.evaluate("performance.getEntriesByName('rdpt-first-paint')[0].startTime"))
    page.locator(IDLE).wait_for()
    n = page.locator(".reader .s").count()
    print(f"{trace_id}: {n:,} sentences")
    print(f"  first paint after navigation   {statistics.median(times):7.0f} ms")
    page.wait_for_timeout(1500)
    drags = [drag(page) for _ in range(REPEATS)]
    scripts = [duration for durations, _ in drags for duration in durations]
    print(f"  script of a recolouring        {spread(scripts)}, {len(scripts)} in {REPEATS} drags")
    print(f"  frame during a drag            {spread([gap for _, gaps in drags for gap in gaps])}")
    print(f"  frame while scrolling          {spread(page.evaluate(_SCROLL))}")
    heap, resident = tab_memory_mb(page)
    print(f"  resident memory of the tab     {resident:7.0f} MB (script heap {heap:.0f} MB)")


def measure_bytes(page: Page, frames: Frames, wire: Wire, trace_id: str) -> None:
    received = Received(page, frames, wire)
    page.goto("about:blank")
    received.during(
        "first of all", lambda: page.goto(f"{wire.url}/trace?trace={trace_id}"), f"{_READER}?.dataset.ready"
    )
    for name, index in (("click on a sentence", 3), ("click on another", 5)):
        sentence = page.locator(f'.reader .s[data-i="{index}"]')
        received.during(name, sentence.click, f"location.search.includes('sentence={index + 1}')")
    received.during("unpinned", lambda: page.keyboard.press("Escape"), "!location.search.includes('sentence=')")
    box = page.get_by_label("β, exact")
    value = "0.11" if box.input_value() != "0.11" else "0.12"

    def type_number() -> None:
        box.fill(value)
        box.press("Enter")

    received.during("threshold changed", type_number, f"location.search.includes('beta={value}')")
    page.evaluate("document.activeElement.blur()")
    for name in ("the whole page again", "and once more"):
        received.during(name, lambda: page.keyboard.press("r"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, help="files with real traces")
    parser.add_argument("--keep", type=Path, help="write the database here and stop")
    arguments = parser.parse_args()
    traces = [made_trace(n) for n in SIZES] + [longest_trace(path) for path in arguments.files]
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.keep or Path(folder) / "bench.duckdb"
        path.unlink(missing_ok=True)
        build(path, traces)
        if arguments.keep:
            return
        server = Server(path).wait()
        try:
            with browser_page() as page:
                frames, wire = Frames(page), Wire(server.port)
                page.goto(server.url)
                page.locator(IDLE).wait_for()
                for trace, _ in traces:
                    measure_times(page, server.url, trace.trace_id)
                    measure_bytes(page, frames, wire, trace.trace_id)
                wire.close()
        finally:
            server.stop()


if __name__ == "__main__":
    main()
