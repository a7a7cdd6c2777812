"""FastChat: answers alone have no question, and with the file of questions they have their conversation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rdpt_core.records import Trace
from rdpt_core.traces.canonical.rejects import RejectLog
from rdpt_core.traces.importing.pipeline import ImportReport, import_traces
from tests.support.imports.imported import read

QUESTION = {"question_id": 81, "category": "math", "turns": ["2+2?", "And 3+3?"]}
ANSWER = {"question_id": 81, "answer_id": "a", "model_id": "m", "tstamp": 1.0,
          "choices": [{"index": 0, "turns": ["4", "6"]}]}  # fmt: skip


def imported(folder: Path, *files: Any) -> tuple[list[Trace], ImportReport]:
    paths, report = [], ImportReport()
    for number, line in enumerate(files):
        paths.append(folder / f"{number}.jsonl")
        paths[-1].write_text(json.dumps(line))
    return list(import_traces(paths, rejects=RejectLog(), report=report)), report


def test_the_last_turn_answers_the_conversation_before_it(tmp_path: Path) -> None:
    (trace,), report = imported(tmp_path, QUESTION, ANSWER)
    assert (trace.response, trace.model) == ("6", "m")
    assert [(m.role, m.content) for m in trace.messages] == [
        ("user", "2+2?"), ("assistant", "4"), ("user", "And 3+3?")]  # fmt: skip
    assert report.files[0].n_requests == 1


def test_turns_may_be_objects(tmp_path: Path) -> None:
    question = {"question_id": "q", "turns": [{"content": "2+2?"}]}
    answer = {"question_id": "q", "model_id": "m", "choices": [{"turns": [{"content": "4", "token_len": 1}]}]}
    (trace,), _ = imported(tmp_path, question, answer)
    assert (trace.response, trace.messages[0].content) == ("4", "2+2?")


def test_without_the_questions_the_question_is_missing_and_no_turn_is_lost() -> None:
    (trace,), rejects = read((ANSWER,))
    assert rejects == []
    assert trace.meta["import"]["question"] == "missing"
    assert trace.meta["source"] == {"turns": 2, "earlier_turns": ["4"]}


def test_questions_of_another_number_are_not_used(tmp_path: Path) -> None:
    (trace,), _ = imported(tmp_path, {**QUESTION, "turns": ["2+2?"]}, ANSWER)
    assert trace.meta["source"]["questions"] == "not used: 1 for 2 turns"


def test_a_choice_without_turns_stops_no_other() -> None:
    broken = {**ANSWER, "choices": [{"index": 0, "turns": []}, {"index": 1, "turns": ["4"]}]}
    traces, rejects = read((broken,))
    assert [(t.response, t.sample) for t in traces] == [("4", 1)]
    assert rejects[0].reason.startswith("choice 0 has no turns of text")
