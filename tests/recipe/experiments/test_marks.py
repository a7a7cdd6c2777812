"""The bundled traces with tags: which of their sentences are marks, and what counting them does."""

from __future__ import annotations

from pathlib import Path

from data.recipe.experiments.marks import score_wrapped, table, wrapped


def test_the_working_stands_between_tags() -> None:
    assert wrapped("We add.\n\n1 + 1 = 2.\n\nThe answer is 2.") == (
        "<think>\nWe add.\n\n1 + 1 = 2.\n</think>\n\nThe answer is 2."
    )


def test_marks_are_counted_only_in_their_columns(tmp_path: Path) -> None:
    run = score_wrapped(tmp_path, limit=3)
    rows = run.sentences().to_pylist()
    assert [row["text"].strip() for row in rows if row["kind"] == "mark"] == ["<think>", "</think>"] * 3
    *_, total = table(run)
    assert total == f"| all | {len(rows) - 6} | {len(rows)} | 6 |"
