"""Training texts on the pages: groups of Benchmarks, and the numbers of a trace."""

from __future__ import annotations

from pathlib import Path

import pytest

import rdpt_core as rdpt
from tests.app.conftest import Open, click_point, page_text
from tests.support import synthetic
from tests.support.companions import overlap

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
