"""One trace with its labels."""

from __future__ import annotations

from pathlib import Path

from rdpt_core.analysis.labels import LabelRule, Space, Unit
from rdpt_core.analysis.trace.view import load_trace_view, question_text
from rdpt_core.records import Message, ToolCall, Trace
from rdpt_core.store.reader import Reader, Run, open_reader
from tests.unit.analysis.conftest import PAIR, TRACES, expected_labels


def test_trace_view_labels_and_tiles(triple: tuple[Reader, Run]) -> None:
    reader, run = triple
    for number in (0, 5, len(TRACES) - 1):
        view = load_trace_view(reader, run, number, LabelRule.make())
        assert view.column("label") == expected_labels(TRACES[number])
        assert view.texts() == [text for text, _ in TRACES[number].sentences]
        assert "".join(view.texts()) == view.trace.response
        assert sum(c.n_sentences for c in view.label_counts()) == len([x for x in expected_labels(TRACES[number]) if x])


def test_trace_view_of_a_pair_run(path: Path) -> None:
    with open_reader(path) as reader:
        run = reader.run(PAIR)
        view = load_trace_view(reader, run, 1, LabelRule.make())
        assert view.roles == ("teacher", "student")
        assert view.count_role == "student"
        assert {str(c.label) for c in view.label_counts()} == {"Teacher", "Common", "Student"}
        load_trace_view(reader, run, 1, LabelRule.make(unit=Unit.COMMON_TOKEN, space=Space.RATIO))


def test_a_question_shows_what_was_called_and_who_answered() -> None:
    call = ToolCall("weather", '{"city": "Oslo"}', "c1")
    turns = (Message("user", "How warm?"), Message("assistant", "", (call,)), Message("tool", "3", (), "c1", "weather"))
    asked = 'user: How warm?\n\nassistant: tool call: weather {"city": "Oslo"}\n\ntool weather: 3'
    assert question_text(Trace("t", "q", "It is 3.", turns)) == asked
    assert question_text(Trace("t", "q", "It is 3.", turns[:1])) == "How warm?"
