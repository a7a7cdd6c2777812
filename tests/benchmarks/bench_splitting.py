"""How fast the splitters are: megabytes of UTF-8 a second, the median of a few runs on one core.
Time is the time of this process, so that a busy machine changes little.

    python tests/benchmarks/bench_splitting.py [FILE.jsonl …]

Without files it measures texts made here: prose with formulas, the kinds that could be slow, and one very long text.
It prints numbers and judges none; what must hold on any machine is in `tests/unit/traces/test_splitters.py`.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from rdpt_core.traces import SPLITTERS, RejectLog, Splitter, get_splitter, iter_traces

REPEATS = 5
SIZE = 2_000_000

TRACE = """Okay, so I need to find x. Let me set up the equation, e.g. from Fig. 3. We have $x^2 - 5x + 6 = 0$.

Hmm... wait, that factors as \\((x - 2)(x - 3)\\). So x = 2 or x = 3? Let me check that again:

\\[
2^2 - 5 \\cdot 2 + 6 = 0.
\\]

1. First, 4 - 10 + 6 = 0. Good.
2. Then 9 - 15 + 6 = 0! Also good.
- The sum is 5, i.e. what Vieta says.
Therefore both are right, and 3! = 6 is their product. The answer is 5.

"""

TEXTS = {
    "reasoning trace": TRACE,
    "one long line": "this goes on and on without any stop ",
    "short sentences": "It is. ",
    "abbreviations": "See e.g. Fig. 3 vs. Eq. 4 etc. and so on, ",
    "dollars": "$",
    "open brackets": "\\[ (",
    "Chinese": "首先计算三加四等于七。然后呢？",
}


def megabytes_per_second(splitter: Splitter, texts: list[str]) -> float:
    """The median over a few runs."""
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts) / 1e6
    rates = []
    for _ in range(REPEATS):
        began = time.process_time()
        for text in texts:
            splitter.split(text)
        rates.append(size / (time.process_time() - began))
    return statistics.median(rates)


def main() -> None:
    """Prints one line a splitter and text."""
    files = [Path(argument) for argument in sys.argv[1:]]
    if files:
        texts = {"the files given": [trace.response for trace in iter_traces(files, rejects=RejectLog())]}
    else:
        texts = {name: [unit * (SIZE // len(unit))] for name, unit in TEXTS.items()}
        texts["many traces"] = [TRACE * 3] * (SIZE // len(TRACE) // 3)
    for splitter_name in SPLITTERS:
        splitter = get_splitter(splitter_name)
        for name, parts in texts.items():
            print(f"{splitter_name:10} {name:18} {megabytes_per_second(splitter, parts):8.1f} MB/s")


if __name__ == "__main__":
    main()
