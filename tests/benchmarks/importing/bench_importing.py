"""Speed of the import, in MB/s of source on one core: `python tests/benchmarks/importing/bench_importing.py [MB]`.

Times reading to traces, and reading to canonical lines. The text is made here: escapes, LaTeX and some CJK, in
responses of 2 to 60 thousand characters, as in real files. Grading is left out: it is timed apart, per trace.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from rdpt_core.traces import RejectLog, trace_to_json
from rdpt_core.traces.grading.grader import Grader
from rdpt_core.traces.importing.pipeline import import_traces

SENTENCES = (
    "Wait, let me check that again.\n\n",
    "So $x^2 + \\frac{1}{2} = \\sqrt{3}$, which gives \\boxed{4}. ",
    'He said "no" and left; the answer — I think — is 12.\n',
    "所以答案是 42。",
)


def responses(megabytes: float) -> Iterator[str]:
    """Texts that add up to about so many megabytes."""
    random.seed(7)
    left = megabytes * 1e6
    while left > 0:
        text = "".join(random.choices(SENTENCES, weights=(9, 9, 9, 1), k=random.randint(50, 1_500)))
        left -= len(text.encode())
        yield text


def shapes(texts: list[str]) -> dict[str, list[dict[str, Any]]]:
    """The same responses in three formats."""
    return {
        "pairs": [{"question": f"q{i}", "response": t, "gold": "4"} for i, t in enumerate(texts)],
        "messages": [{"messages": [{"role": "user", "content": f"q{i}"}, {"role": "assistant", "content": t}]}
                     for i, t in enumerate(texts)],
        "candidates": [{"problem": f"q{i}", "generations": texts[i : i + 4],
                        "correctness": [True] * len(texts[i : i + 4])}
                       for i in range(0, len(texts), 4)],
    }  # fmt: skip


def main() -> None:
    """Prints one line a format."""
    megabytes = float(sys.argv[1]) if len(sys.argv) > 1 else 50.0
    texts = list(responses(megabytes))
    with tempfile.TemporaryDirectory() as folder:
        for name, records in shapes(texts).items():
            path = Path(folder) / f"{name}.jsonl"
            path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records), encoding="utf-8")
            size = path.stat().st_size / 1e6
            for what in ("traces", "lines"):
                start = time.process_time()
                n = 0
                for trace in import_traces([path], grade=False, rejects=RejectLog()):
                    n += 1 if what == "traces" else bool(trace_to_json(trace))
                seconds = time.process_time() - start
                print(f"{name:10} to {what:6} {size:6.1f} MB {n:6} traces {seconds:6.2f} s {size / seconds:7.1f} MB/s")
    with Grader() as grader:
        grader.grade(texts[0], "4")
        start = time.perf_counter()
        for text in texts[:200]:
            grader.grade(text, "4")
        print(f"grading    {1e3 * (time.perf_counter() - start) / len(texts[:200]):6.2f} ms a trace")


if __name__ == "__main__":
    main()
