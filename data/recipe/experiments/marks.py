"""Labels with and without marks of format: `python -m data.recipe.experiments.marks`.

The bundled models write no tags around their thinking. Here the working of every bundled trace is put between
`<think>` and `</think>`, before its last sentence, as a model of another format would have written it; the bundled
triple scores that, and labels are counted without marks and with them.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import rdpt_core as rdpt
from data.recipe.traces import read_jsonl
from rdpt_core.analysis.schemes import TRIPLE
from rdpt_core.bundled import DATA
from rdpt_core.records import ROLES
from rdpt_core.traces import get_splitter


def wrapped(response: str) -> str:
    """A response with all but its last sentence between tags."""
    last = get_splitter().split(response)[-1].char_start
    return f"<think>\n{response[:last].rstrip()}\n</think>\n\n{response[last:]}"


def score_wrapped(folder: Path, limit: int | None = None) -> rdpt.ScoredRun:
    """The bundled traces with tags, scored by the bundled triple into a database in this folder.

    Args:
        limit: score only so many traces.
    """
    traces = [{**trace, "response": wrapped(trace["response"])} for trace in read_jsonl(DATA / "traces.jsonl")[:limit]]
    path, db = folder / "wrapped.jsonl", folder / "wrapped.duckdb"
    path.write_text("".join(json.dumps(trace) + "\n" for trace in traces), encoding="utf-8")
    teacher, student, distilled = (str(DATA / role) for role in ROLES)
    rdpt.score(path, db, teacher=teacher, student=student, distilled=distilled, quiet=True)
    return rdpt.open(db).run()


def table(run: rdpt.ScoredRun) -> Iterator[str]:
    """The lines of a Markdown table: sentences of each label without and with marks, and the marks themselves."""
    counts = [
        Counter(row["label"] for row in rows)
        for rows in (
            run.sentences().to_pylist(),
            run.sentences(with_marks=True).to_pylist(),
            [row for row in run.sentences(with_marks=True).to_pylist() if row["kind"] == "mark"],
        )
    ]
    yield "| label | marks left out | marks counted | the marks alone |"
    yield "|---|---|---|---|"
    for label in TRIPLE.labels:
        yield f"| {label} | {' | '.join(_cell(column, label) for column in counts)} |"
    yield f"| all | {' | '.join(f'{_labelled(column):,}' for column in counts)} |"


def _cell(counts: Counter[str | None], label: str) -> str:
    return f"{counts[label]:,} ({counts[label] / _labelled(counts):.1%})"


def _labelled(counts: Counter[str | None]) -> int:
    return sum(n for label, n in counts.items() if label is not None)


def main(arguments: list[str] | None = None) -> int:
    """Score and print the table."""
    description = __doc__.partition("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m data.recipe.experiments.marks", description=description)
    parser.add_argument("--limit", type=int, metavar="N", help="score only so many traces")
    options: Any = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        print("\n".join(table(score_wrapped(Path(folder), options.limit))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
