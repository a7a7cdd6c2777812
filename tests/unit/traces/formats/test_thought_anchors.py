"""thought-anchors: the classes of a base solution's chunks become tags of its sentences."""

from __future__ import annotations

import json
from pathlib import Path

from rdpt_core.traces.canonical.rejects import RejectLog
from rdpt_core.traces.importing.pipeline import import_traces


def test_labelled_chunks_beside_a_solution_become_tags(tmp_path: Path) -> None:
    solution = {"prompt": "2+2?<think>\n", "solution": "Hm.\nTwo and two. So 4.\n</think>\n4", "full_cot": "all"}
    chunks = [
        {"chunk": "Hm. Two and two.", "chunk_idx": 0, "function_tags": ["problem_setup"]},
        {"chunk": "So five.", "chunk_idx": 1, "function_tags": ["unknown"]},
        {"chunk": "So 4.", "chunk_idx": 2, "function_tags": ["active_computation", "final_answer_emission"]},
        {"chunk": "4", "chunk_idx": 3},
        "no chunk",
    ]
    path = tmp_path / "base_solution.json"
    path.write_text(json.dumps(solution), encoding="utf-8")
    (tmp_path / "chunks_labeled.json").write_text(json.dumps(chunks), encoding="utf-8")
    with RejectLog(None) as rejects:
        (trace,) = import_traces([path], rejects=rejects)
    response = trace.response
    assert [(response[e["char_start"] : e["char_end"]], e["tags"]) for e in trace.meta["sentence_tags"]] == [
        ("Hm.\nTwo and two.", ["problem_setup"]),
        ("So 4.", ["active_computation", "final_answer_emission"]),
    ]
    assert trace.meta["sentence_tags_not_placed"] == 1
    (tmp_path / "chunks_labeled.json").write_text("[1", encoding="utf-8")
    with RejectLog(None) as rejects:
        (trace,) = import_traces([path], rejects=rejects)
    assert "sentence_tags" not in trace.meta
