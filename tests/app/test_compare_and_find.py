"""Compare, Find and the notes in files that lack something: no scores, no third model, no second trace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rdpt_core.records import Role
from rdpt_core.store.beside.notes import Anchor, add_note
from rdpt_core.store.beside.patterns import Pattern, read_patterns
from rdpt_core.ui.components.pairs import payload
from tests.app.conftest import page_text
from tests.support import synthetic

ROOT = Path(__file__).parents[2]
Open = Callable[..., AppTest]
PAIR = (Role.TEACHER, Role.STUDENT)


@pytest.fixture
def open_page(open_app: Open) -> Open:
    """Runs a page by its name."""
    return lambda path, page, **query: open_app(path, f"pages/{page}.py", **query)


@pytest.fixture
def strips(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """What the strip was asked to draw; components are opaque to AppTest."""
    drawn: list[dict[str, object]] = []

    def spy(*arguments: object) -> dict[str, object]:
        drawn.append(payload(*arguments))
        return drawn[-1]

    monkeypatch.setattr("rdpt_core.ui.components.pairs.payload", spy)
    return drawn


def test_a_run_without_scores(open_page: Open, tmp_path: Path, strips: list[dict[str, object]]) -> None:
    path = tmp_path / "a.duckdb"
    synthetic.build(path, synthetic.sketches(4), n_scored=0, finish=False)
    open_page(path, "compare")
    assert strips[-1]["gaps"] == [None] * len(strips[-1]["gaps"])
    assert strips[-1]["differing"] == []
    assert "sentences in" in page_text(open_page(path, "find", q="12"))


def test_everything_unscored(open_page: Open, tmp_path: Path, strips: list[dict[str, object]]) -> None:
    path = tmp_path / "a.duckdb"
    lost = [replace(t, sentences=[(text, "unscored") for text, _ in t.sentences]) for t in synthetic.sketches(2)]
    synthetic.build(path, lost)
    open_page(path, "compare")
    assert strips[-1]["byGap"] == []
    assert "No sentence holds that." in page_text(open_page(path, "find", q="12", label="Teacher"))


def test_before_training(open_page: Open, tmp_path: Path, strips: list[dict[str, object]]) -> None:
    path = tmp_path / "a.duckdb"
    models = [synthetic.model(role) for role in PAIR]
    synthetic.build(path, synthetic.sketches(4), roles=PAIR, models=models, run_id="aaaa000011112222", name="before")
    app = open_page(path, "find", q="12")
    assert app.selectbox(key="label").options == ["Teacher", "Common", "Student"]
    synthetic.build(path, synthetic.sketches(4), run_id="bbbb000011112222", name="after")
    open_page(path, "compare", run2="aaaa000011112222", trace="shop-000-s0", trace2="shop-000-s0")
    assert "labels are compared as Teacher, Common or Student" in str(strips[-1]["rule"])
    assert list(strips[-1]["rightValues"]) == ["p teacher", "p student"]


def test_one_trace_in_two_kinds_of_marks(open_page: Open, tmp_path: Path, strips: list[dict[str, object]]) -> None:
    path = tmp_path / "a.duckdb"
    synthetic.build(path, synthetic.sketches(1), run_id="a" * 16, name="theirs", identity=synthetic.OWN_MARKS)
    synthetic.build(path, synthetic.sketches(1), run_id="b" * 16, name="the writer's")
    traces = {"trace": "shop-000-s0", "trace2": "shop-000-s0"}
    app = open_page(path, "compare", run2="a" * 16, **traces)
    differs = "to the right one: marks of thinking writer → own; teacher marks writer → harmony."
    assert differs in page_text(app)
    assert "What differs" not in page_text(open_page(path, "compare", run2="b" * 16, **traces))
    assert "marks of thinking own → writer; teacher marks harmony → writer" in page_text(
        open_page(path, "runs", run="a" * 16)
    )
    models = {
        tuple(frame.value.get("marks of thinking", ())) for frame in open_page(path, "overview", run="a" * 16).dataframe
    }
    assert ("harmony", "the writer's", "the writer's") in models


def test_one_trace_and_no_grades(open_page: Open, tmp_path: Path, strips: list[dict[str, object]]) -> None:
    path = tmp_path / "a.duckdb"
    synthetic.build(path, [replace(synthetic.sketches(1)[0], correct=None)])
    app = open_page(path, "compare")
    # There is nothing else: the trace stands beside itself, and nothing is offered.
    assert strips[-1]["left"] == strips[-1]["right"]
    assert [button.label for button in app.button if "outcomes" in button.label] == []


def test_another_unit_is_compared_too(open_page: Open, tmp_path: Path, strips: list[dict[str, object]]) -> None:
    path = tmp_path / "a.duckdb"
    synthetic.build(path, synthetic.sketches(4))
    app = open_page(path, "compare")
    app.selectbox(key="space").set_value("ratio").run()
    assert not app.exception
    assert list(strips[-1]["leftValues"]) == ["ln p teacher", "ln p student", "ln p distilled"]


def test_an_empty_note_is_refused_with_words(open_page: Open, tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    synthetic.build(path, synthetic.sketches(2))
    add_note(path, Anchor("0123456789abcdef", "shop-000-s0", "0" * 12), "old", ())
    app = open_page(path, "trace", trace="shop-000-s0")
    assert "1 note is about an older text" in page_text(app)
    next(button for button in app.button if button.label == "Save note").click().run()
    assert "The note is empty" in page_text(app)
    app.text_area(key="note_text").set_value("a new one")
    next(button for button in app.button if button.label == "Save note").click().run()
    assert not app.exception
    assert app.text_area(key="note_text").value == ""


def test_the_answer_stands_above_the_hits(open_page: Open, tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    synthetic.build(path, synthetic.sketches(24))
    app = open_page(path, "find", q="Wait")
    text = page_text(app)
    lines = [element.value for element in app.markdown if "of all others" in element.value]
    # “Wait, 12 - 5 = 7, so that is right.” is labelled Teacher wherever it stands.
    assert lines and "Teacher 100% of these" in lines[0]
    assert "with no teacher at all" in lines[0]
    (table,) = [frame.value for frame in app.dataframe if "group" in frame.value.columns]
    assert {"shop", "clock", "week", "correct", "incorrect"} <= set(table["group"])
    assert "All hits count" not in text
    assert "All hits count, not only those labelled Student" in page_text(
        open_page(path, "find", q="12", label="Student")
    )


def test_what_was_searched_is_saved_as_a_pattern(open_page: Open, tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    synthetic.build(path, synthetic.sketches(4))
    app = open_page(path, "find", q=r"wait|answer", regex="true")
    app.text_input(key="save_pattern_name").set_value("ends")
    next(button for button in app.button if button.label == "Save").click().run()
    assert not app.exception
    assert [one.pattern for one in read_patterns(path)] == [Pattern("ends", "expression", "wait|answer")]
    assert "Kept as **ends**" in page_text(app)


def test_hits_without_a_label_have_no_answer(open_page: Open, tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    synthetic.build(path, [synthetic.unscored_sketch()])
    text = page_text(open_page(path, "find", q="did not fit"))
    assert "1 sentence in 1 trace" in text
    assert "of all others" not in text
