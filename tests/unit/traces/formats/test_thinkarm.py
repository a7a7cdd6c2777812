"""ThinkARM: responses of a model in one file, the episodes of their sentences in one file a response."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rdpt_core.traces.canonical.rejects import RejectLog
from rdpt_core.traces.importing.pipeline import ImportReport, import_traces

RECORD = {
    "Question ID": "Omni_7",
    "domain": ["Mathematics -> Algebra"],
    "difficulty": 5.5,
    "Instruction": "2+2?",
    "Rationale": "Count.",
    "Correct Answer": "4",
    "source": "sums",
    "Response": "Hmm. Two and two.\n\nIt is \\boxed{4}. Hmm.",
    "index": 3,
}


def write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def read(path: Path) -> tuple[list[Any], ImportReport]:
    report = ImportReport()
    with RejectLog(None) as rejects:
        traces = list(import_traces([path], rejects=rejects, report=report))
        assert rejects.n == 0
    return traces, report


def test_episodes_of_models_and_people_become_tags(tmp_path: Path) -> None:
    raw = tmp_path / "data" / "raw" / "R1.json"
    write(raw, [RECORD, {**RECORD, "index": 4, "Instruction": "2+3?"}])
    sentences = [("Hmm.", "Monitor"), ("Two and two.", "Read"), ("It is \\boxed{5}.", "Answer"), ("Hmm.", "Monitor")]
    labels = [{"index": i, "sentence": text, "sentence-category": name} for i, (text, name) in enumerate(sentences)]
    write(tmp_path / "data" / "label" / "R1" / "3.json", labels)
    people = [{"index": 1, "sentence": "Hmm.", "sentence-type": "think", "human_label": "Explore"}, "nothing"]
    write(tmp_path / "data" / "ground_truth" / "R1" / "3.json", people)

    (first, second), report = read(raw)
    assert (first.model, first.domain, first.gold, first.benchmark) == ("R1", "Mathematics -> Algebra", "4", "sums")
    response = first.response
    tags = [(response[e["char_start"] : e["char_end"]], e["tags"]) for e in first.meta["sentence_tags"]]
    assert tags == [
        ("Hmm.", ["Monitor"]),
        ("Two and two.", ["Read"]),
        ("Hmm.", ["Monitor"]),
        ("Hmm.", ["Explore (human)"]),
    ]
    assert [e["char_start"] for e in first.meta["sentence_tags"]] == [0, 5, response.rindex("Hmm."), 0]
    assert first.meta["sentence_tags_not_placed"] == 1
    assert "sentence_tags" not in second.meta
    assert (report.files[0].format, report.files[0].n_tagged, report.files[0].n_tags_not_placed) == ("thinkarm", 4, 1)
    assert "1 tagged text that its response does not hold" in report.set_aside_text()


def test_an_index_is_no_path(tmp_path: Path) -> None:
    raw = tmp_path / "raw" / "M.json"
    write(raw, [{**RECORD, "index": "../../secret"}])
    write(tmp_path / "secret.json", [{"sentence": "Hmm.", "sentence-category": "Read"}])
    (trace,), _ = read(raw)
    assert "sentence_tags" not in trace.meta
