"""How often the grader agrees with verdicts by hand, beside math-verify alone.

    python tests/benchmarks/grading_table.py [PAIRS.jsonl [EXPECTED.jsonl]]

Without arguments it takes the pairs of the tests. A pair has `gold`, `response`, `expected` (true, false, or null where
no verdict is the right one), and perhaps `kind`, `question`, `candidates` and a `note` that makes it
debatable; verdicts may also stand in a second file, by `id`. math-verify alone gets the whole response. It prints
tables in Markdown, as docs/grading.md shows them, and what disagrees.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from math_verify import parse, verify

from rdpt_core.traces.grading.grader import Grader

OWN = Path(__file__).resolve().parents[1] / "unit" / "traces" / "grading" / "pairs.jsonl"
VERDICTS = (True, False, None)
NAMES = {True: "right", False: "wrong", None: "none"}


def lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of JSON Lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def alone(pair: dict[str, Any]) -> bool | None:
    """What math-verify says by itself; None where it fails."""
    gold = pair["gold"] if "\\boxed" in pair["gold"] or "$" in pair["gold"] else rf"\boxed{{{pair['gold']}}}"
    try:
        return bool(verify(parse(gold, raise_on_error=True), parse(pair["response"]), raise_on_error=True))
    except Exception:  # whatever it raises is no verdict
        return None


def outcome(verdict: bool | None, expected: bool | None) -> str:
    """What a verdict is worth."""
    return "agree" if verdict is expected else "no verdict" if verdict is None else "disagree"


def main() -> None:
    """Print the tables."""
    pairs = lines(Path(sys.argv[1])) if len(sys.argv) > 1 else lines(OWN)
    if len(sys.argv) > 2:
        verdicts = {item["id"]: item for item in lines(Path(sys.argv[2]))}
        pairs = [{**pair, **verdicts[pair["id"]]} for pair in pairs]
    with Grader() as grader:
        ours = [
            grader.grade(
                pair["response"],
                pair["gold"],
                question=pair.get("question", ""),
                candidates=pair.get("candidates", ()),
            ).correct
            for pair in pairs
        ]
    theirs = [alone(pair) for pair in pairs]
    print("| by hand | pairs | ours: right | wrong | none | math-verify: right | wrong | none |")
    print("|---|---|---|---|---|---|---|---|")
    for expected in VERDICTS:
        chosen = [index for index, pair in enumerate(pairs) if pair["expected"] is expected]
        cells = [
            sum(verdict is value for verdict in (verdicts[i] for i in chosen))
            for verdicts in (ours, theirs)
            for value in VERDICTS
        ]
        print(f"| {NAMES[expected]} | {len(chosen)} | " + " | ".join(map(str, cells)) + " |")
    print()
    print("| kind | pairs | ours: agree | no verdict | disagree | math-verify: agree | no verdict | disagree |")
    print("|---|---|---|---|---|---|---|---|")
    for kind in (*dict.fromkeys(pair.get("kind", "") for pair in pairs), None):
        chosen = [index for index, pair in enumerate(pairs) if kind is None or pair.get("kind", "") == kind]
        counts = [Counter(outcome(verdicts[i], pairs[i]["expected"]) for i in chosen) for verdicts in (ours, theirs)]
        cells = [count[name] for count in counts for name in ("agree", "no verdict", "disagree")]
        print(f"| {'all' if kind is None else kind} | {len(chosen)} | " + " | ".join(map(str, cells)) + " |")
    print()
    for pair, our, their in zip(pairs, ours, theirs, strict=True):
        if our is not pair["expected"]:
            worse = ", worse than math-verify alone" if their is pair["expected"] else ""
            note = f" ({pair['note']})" if pair.get("note") else ""
            print(f"{pair['gold']!r} and {pair['response']!r}: {our}, by hand {pair['expected']}{note}{worse}")


if __name__ == "__main__":
    main()
