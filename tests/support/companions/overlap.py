"""Training texts of a synthetic run: each sentence copied, in a template or new by turns, written into its tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from tests.support import synthetic

CLASSES = ("copied", "template", "new")
_COUNTS: Mapping[str | None, tuple[int | None, int | None]] = {
    "copied": (3, 12),
    "template": (0, 9),
    "new": (0, 0),
    None: (None, None),
}


def by_turns(sketches: Sequence[synthetic.Sketch]) -> list[list[str | None]]:
    """The class of every sentence: by its number and its trace's, so that traces differ."""
    return [[CLASSES[(i + t) % 3] for i in range(len(sketch.sentences))] for t, sketch in enumerate(sketches)]


def insert(
    path: Path,
    sketches: Sequence[synthetic.Sketch],
    classes: Sequence[Sequence[str | None]],
    nearest: Mapping[tuple[int, int], tuple[str, tuple[int, int] | None]] | None = None,
    run_no: int = 1,
) -> None:
    """Write training texts and how far each sentence stands in them.

    Args:
        classes: of every sentence of every trace; None for one that nothing is known of.
        nearest: (trace, sentence) → the training sentence next to it, and the stretch of the response that it holds.
    """
    settings = {
        "files": [{"name": "<b>sft</b>.jsonl", "sha256": "0" * 64}],
        **{"n_records": 40, "n_rejects": 0, "n_sentences": 400, "n_distinct": 300},
    }
    given = nearest or {}
    with duckdb.connect(str(path)) as connection:
        connection.execute("INSERT INTO training_sets VALUES (?, ?)", [run_no, json.dumps(settings)])
        for number, (text, _) in enumerate(given.values()):
            row = [run_no, number, 7 * number, f"rec-{number}", number, 1 + number, text]
            connection.execute("INSERT INTO training_sentences VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        numbers = {key: number for number, key in enumerate(given)}
        for trace_no, sketch in enumerate(sketches):
            counts = [_COUNTS[name] for name in classes[trace_no]]
            keys = [(trace_no, index) for index in range(len(sketch.sentences))]
            spans: list[Any] = [given[key][1] if key in given else None for key in keys]
            near = [numbers.get(key) for key in keys]
            row = [
                *(run_no, trace_no, [verbatim for verbatim, _ in counts], [template for _, template in counts]),
                *([span and span[0] for span in spans], [span and span[1] for span in spans]),
                *([None if span is None else number for span, number in zip(spans, near, strict=True)], near),
            ]
            connection.execute("INSERT INTO overlap VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
