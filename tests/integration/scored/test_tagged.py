"""Tags of a foreign file, from the import to the kinds that are found: every step keeps them at their sentences."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from rdpt_core.cli import main
from tests.integration.conftest import export

N_QUESTIONS = 24
STEPS = (
    ("We have {n} apples and {n} pears.", ["problem_setup"]),
    ("So {n} + {n} is what we want.", ["plan_generation"]),
    ("That makes {m}.", ["active_computation", "result_consolidation"]),
    ("Let me check: {m} is {n} twice.", None),
)
# Random models are close to each other.
RULE = ("--space", "ratio", "--alpha", "0.01", "--beta", "0.02")


def write_rollouts(folder: Path) -> None:
    """Base solutions as thought-anchors has them, each with its labelled chunks beside it."""
    for n in range(1, N_QUESTIONS + 1):
        own = folder / "model-x" / "correct_base_solution" / f"problem_{n}"
        own.mkdir(parents=True)
        texts = [text.format(n=n, m=2 * n) for text, _ in STEPS]
        solution = {"prompt": f"What is {n} + {n}?<think>\n", "solution": "\n".join([*texts, "</think>", str(2 * n)])}
        problem = {"problem": f"What is {n} + {n}?", "gt_answer": str(2 * n)}
        chunks = [
            {"chunk": text, "chunk_idx": i, "function_tags": tags}
            for i, (text, (_, tags)) in enumerate(zip(texts, STEPS, strict=True))
        ]
        for name, value in (
            ("base_solution", {**solution, "full_cot": solution["prompt"] + solution["solution"]}),
            ("problem", problem),
            ("chunks_labeled", chunks),
        ):
            (own / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")


def test_imported_tags_are_kinds_of_the_scored_run(
    tmp_path: Path, model_flags: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    source, traces, database = tmp_path / "source", tmp_path / "traces.jsonl", tmp_path / "run.duckdb"
    write_rollouts(source)
    assert main(["import", str(source), "--out", str(traces)]) == 0
    assert main(["score", "--traces", str(traces), *model_flags, "--db", str(database), "--quiet"]) == 0
    capsys.readouterr()
    assert main(["info", "--db", str(database), "--json"]) == 0
    wanted = {tag for _, tags in STEPS for tag in tags or ()}
    document = json.loads(capsys.readouterr().out)
    assert document["runs"][0]["imported_tags"] == dict.fromkeys(wanted, N_QUESTIONS)

    sentences = export(database, "sentences", tmp_path / "sentences.jsonl", *RULE)
    of_tag = {
        tag: [row for row in sentences if str(row["text"]).startswith(text.split("{")[0])]
        for text, tags in STEPS
        for tag in tags or ()
    }
    # Whatever label random models give most often, but not always.
    labels = [row["label"] for row in sentences if row["label"] is not None]
    label = str(max(set(labels), key=labels.count))
    assert 0 < labels.count(label) < len(labels)
    out = tmp_path / "behaviours.csv"
    assert main(["behaviours", "--db", str(database), "--label", label, "--whole", "--out", str(out), *RULE]) == 0
    with out.open(encoding="utf-8", newline="") as opened:
        rows = {row["kind"]: row for row in csv.DictReader(opened) if row["family"] == "tag"}
    assert set(rows) == wanted
    for tag, row in rows.items():
        held = [own["label"] for own in of_tag[tag] if own["label"] is not None]
        assert (int(row["n_sentences"]), int(row["n_questions"])) == (len(held), N_QUESTIONS) == (N_QUESTIONS,) * 2
        assert float(row["share"]) == pytest.approx(held.count(label) / len(held))
