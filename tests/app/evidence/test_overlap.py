"""Training texts on the pages: groups of Benchmarks, and the numbers of a trace."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import rdpt_core as rdpt
from tests.app.conftest import Open, click_point, page_text
from tests.support import synthetic
from tests.support.companions import importance, overlap

TRACES = [*synthetic.sketches(20), synthetic.hostile_sketch()]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("db") / "overlap.duckdb"
    synthetic.build(path, TRACES)
    overlap.insert(path, TRACES, overlap.by_turns(TRACES), {(0, 0): ("Nearest to the first.", None)})
    return path


def test_benchmarks_group_sentences_by_their_class(open_app: Open, database: Path) -> None:
    app = open_app(database, "pages/benchmarks.py", rows="training")
    shown = app.dataframe[0].value
    rows = rdpt.open(database).run().shares(by="training").to_pylist()
    assert shown["training"].tolist() == [row["training"] for row in rows]
    assert shown["share_of_sentences"].tolist() == pytest.approx([row["share_of_sentences"] for row in rows])
    assert set(shown["training"]) == set(overlap.CLASSES)
    text = page_text(app)
    assert "Sentences without words have no class" in text and "the interval is paired by question" in text
    click_point(app, "shares_of_groups", [0, 0])
    assert "copied: traces with a Teacher sentence" in page_text(app)


def test_without_training_texts_there_is_no_such_group_and_the_command_is_named(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "none.duckdb"
    synthetic.build(path, TRACES)
    app = open_app(path, "pages/benchmarks.py")
    (groups,) = [box for box in app.selectbox if box.label == "Groups"]
    assert "training" not in groups.options and "rdpt overlap --db" in groups.help
    with pytest.raises(rdpt.RdptError, match="by"):
        rdpt.open(path).run().shares(by="training")


def test_a_trace_lists_the_class_of_its_sentences(open_app: Open, database: Path) -> None:
    app = open_app(database, "pages/trace.py", trace=TRACES[1].trace_id, numbers="true")
    (table,) = [frame.value for frame in app.dataframe if "training_class" in frame.value.columns]
    assert table["training_class"].tolist() == overlap.by_turns(TRACES)[1]
    assert table["n_template"].tolist()[:3] == [9, 0, 12]


def test_find_keeps_the_sentences_of_a_class(open_app: Open, database: Path) -> None:
    classes = overlap.by_turns(TRACES)
    found = {
        name: sum(
            "wait" in text.lower() and own == name
            for sketch, of_trace in zip(TRACES, classes, strict=True)
            for (text, _), own in zip(sketch.sentences, of_trace, strict=True)
        )
        for name in overlap.CLASSES
    }
    for name, n in found.items():
        text = page_text(open_app(database, "pages/find.py", q="Wait", training=name))
        assert n and f"**{n} sentence" in text and f"All hits count, not only those that are {name}" in text
    text = page_text(open_app(database, "pages/find.py", q="Wait", training="new", label="Teacher"))
    assert "not only those labelled Teacher and that are new" in text


def test_lists_of_sentences_name_the_class_of_each(open_app: Open, database: Path, tmp_path: Path) -> None:
    app = open_app(database, "pages/ratios.py")
    (ranked,) = [frame.value for frame in app.dataframe if "margin" in frame.value.columns]
    classes = dict(zip((sketch.trace_id for sketch in TRACES), overlap.by_turns(TRACES), strict=True))
    rows = list(zip(ranked["trace_id"], ranked["sentence"], ranked["training"], strict=True))
    known = [row for row in rows if row[0] in classes]
    assert [name for *_, name in known] == [classes[trace][sentence - 1] for trace, sentence, _ in known] != []
    app = click_point(open_app(database, "pages/benchmarks.py"), "shares_of_groups", [0, 0])
    (listed,) = [frame.value for frame in app.dataframe if "text" in frame.value.columns]
    assert set(listed["training"]) <= set(overlap.CLASSES) and len(listed)
    none = tmp_path / "none.duckdb"
    synthetic.build(none, TRACES)
    app = open_app(none, "pages/ratios.py")
    assert all("training" not in frame.value.columns for frame in app.dataframe)
    assert all(box.label != "Training" for box in open_app(none, "pages/find.py", q="Wait").selectbox)


def test_kinds_say_how_far_their_sentences_stand_in_the_training_texts(open_app: Open, database: Path) -> None:
    app = open_app(database, "pages/behaviours.py", behaviour_family="all")
    (shown,) = [frame.value for frame in app.dataframe if "verdict" in frame.value.columns and "q" in frame.value]
    rows = rdpt.open(database).run().behaviours().to_pylist()
    assert shown["new"].tolist() == pytest.approx([row["training_new"] for row in rows], abs=6e-4)
    assert (shown["copied"] + shown["template"] + shown["new"]).tolist() == pytest.approx([1.0] * len(rows), abs=2e-3)
    app = click_point(app, "behaviour_kinds", [0])
    assert "of them stand in the training texts word for word" in page_text(app)
    (examples,) = [frame.value for frame in app.dataframe if "context" in frame.value.columns]
    assert set(examples["training"]) <= set(overlap.CLASSES)


def test_importance_is_divided_by_class(open_app: Open, database: Path, tmp_path: Path) -> None:
    path = tmp_path / "both.duckdb"
    shutil.copy(database, path)
    importance.insert(path, importance.rows_of(TRACES))
    app = open_app(path, "pages/importance.py", importance_by="training")
    rows = rdpt.open(path).run().importance("training").to_pylist()
    assert {row["group"] for row in rows} == set(overlap.CLASSES)
    (shown,) = [frame.value for frame in app.dataframe if "training" in frame.value and "median drop" in frame.value]
    assert shown["sentences"].tolist() == [row["n_sentences"] for row in rows]
    without = tmp_path / "without.duckdb"
    synthetic.build(without, TRACES)
    importance.insert(without, importance.rows_of(TRACES))
    with pytest.raises(rdpt.RdptError, match="by"):
        rdpt.open(without).run().importance("training")


def test_traces_are_chosen_by_what_they_hold(open_app: Open, tmp_path: Path) -> None:
    path, sketches = tmp_path / "few.duckdb", synthetic.sketches(6)
    synthetic.build(path, sketches)
    classes: list[list[str | None]] = [["copied"] * len(sketch.sentences) for sketch in sketches]
    classes[2][1] = classes[4][0] = "new"
    overlap.insert(path, sketches, classes)
    (box,) = [one for one in open_app(path, "pages/trace.py").selectbox if one.label == "Holds a sentence that is"]
    assert box.options == list(overlap.CLASSES)
    app = open_app(path, "pages/trace.py", holds_class="new")
    assert len(app.selectbox(key="question_pick").options) == len({sketches[2].question_id, sketches[4].question_id})
    both = open_app(path, "pages/trace.py", holds_class="new", holds=sketches[4].sentences[0][1])
    n_others = sketches[2].sentences[1][1] == sketches[4].sentences[0][1]
    assert len(both.selectbox(key="question_pick").options) == 1 + n_others
    without = tmp_path / "none.duckdb"
    synthetic.build(without, sketches)
    boxes = open_app(without, "pages/trace.py").selectbox
    assert boxes and all(one.label != "Holds a sentence that is" for one in boxes)
