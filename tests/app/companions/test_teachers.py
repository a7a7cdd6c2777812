"""The page Teachers: its verdict and matrix, thresholds that the address keeps, and what to do without companions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import rdpt_core as rdpt
from rdpt_core.analysis.attribution.data import attribution_of
from rdpt_core.analysis.attribution.rule import AttributionRule
from rdpt_core.analysis.attribution.sources import can_attribute
from rdpt_core.analysis.attribution.trace import load_trace_attribution
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.scope import Scope
from rdpt_core.store.reader import open_reader
from rdpt_core.ui.style import words
from tests.app.conftest import Open, click_point, page_text
from tests.support import companions, synthetic

PAGE = "pages/teachers.py"
BOTH = ("teacher:code", "control:decoy")


def long_sketches() -> list[synthetic.Sketch]:
    """Sentences long enough to tell sources apart, and traces routed to either teacher or to none."""
    routed = ("math", "code", None)
    return [
        replace(
            sketch,
            sentences=[((text.strip() + " ") * 8, kind) for text, kind in sketch.sentences],
            teacher_id=routed[place % 3],
        )
        for place, sketch in enumerate(synthetic.sketches())
    ]


def build(path: Path, keys: Sequence[str] = BOTH) -> Path:
    companions.build(path, long_sketches(), keys, models=companions.named_teacher("math"))
    return path


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("db") / "teachers.duckdb")


def sentences_by_answer(path: Path, rule: AttributionRule) -> dict[str, int]:
    """How many sentences get each answer, asked trace by trace."""
    found: dict[str, int] = {}
    with open_reader(path) as reader:
        run = reader.run(None)
        for trace_no in range(run.n_traces):
            trace = load_trace_attribution(reader, run, trace_no, LabelRule.make(), rule)
            for code in trace.code.tolist():
                if code:
                    found[trace.answers[code - 1]] = found.get(trace.answers[code - 1], 0) + 1
    return found


def cell_texts(app: AppTest, key: str = "matrix") -> list[str]:
    """What is written in the cells of the matrix, column by column."""
    (figure,) = [e.proto for e in app.get("plotly_chart") if e.proto.id.endswith(f"-{key}")]
    return [note["text"] for note in json.loads(figure.spec)["layout"]["annotations"]]


def test_the_matrix_counts_every_sentence(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGE)
    text = page_text(app)
    attribution = attribution_of(rdpt.open(database).run()._data())
    verdict = attribution.verdict(LabelRule.make(), AttributionRule.make(), Scope())
    assert words.no_markdown(verdict.sentence, 600) in text
    assert "27 questions" in text
    expected = sentences_by_answer(database, AttributionRule.make())
    assert {"math", "student"} <= expected.keys()
    answers = ("math", "code", "student", "several", "none")
    cells = np.array(cell_texts(app)).reshape(len(answers), -1)
    # Three groups, and all traces below them.
    assert cells.shape == (len(answers), 4)
    for answer, column in zip(answers, cells, strict=True):
        assert f">{expected.get(answer, 0):,}</span>" in column[-1], answer


def test_a_cell_lists_its_sentences(open_app: Open, database: Path) -> None:
    app = click_point(open_app(database, PAGE), "matrix", [1, 0])
    rows = app.dataframe[1].value
    assert "math: math" in page_text(app)
    assert len(rows)
    assert list(rows.columns)[-1] == "text"
    with open_reader(database) as reader:
        run = reader.run(None)
        ids = reader.query("SELECT trace_id, trace_no, teacher_id FROM traces").to_pylist()
        by_id = {row["trace_id"]: row for row in ids}
        for trace_id, sentence in zip(rows["trace"], rows["sentence"], strict=True):
            assert by_id[trace_id]["teacher_id"] == "math"
            found = load_trace_attribution(
                reader, run, by_id[trace_id]["trace_no"], LabelRule.make(), AttributionRule.make()
            )
            assert found.answers[int(found.code[sentence - 1]) - 1] == "math"


def test_sets_are_listed_and_relatives_have_a_column(open_app: Open, database: Path) -> None:
    strict = AttributionRule.make(0.99, 1.0)
    app = open_app(database, PAGE, attribution="0.99,1,1")
    data = rdpt.open(database).run()._data()
    table = attribution_of(data).set_table(LabelRule.make(), strict, Scope())
    sets = next(frame.value for frame in app.dataframe if "may come from" in frame.value.columns)
    assert sets["may come from"].tolist() == list(table.names)
    assert sets["sentences"].tolist() == table.n_sentences.tolist()
    # Each sentence stands in one column; those of sets in several and in the columns of relatives.
    shares = rdpt.open(database).run().attribution_shares("benchmark", strict).to_pylist()
    total = {row["attribution"]: row["n_sentences"] for row in shares if row["benchmark"] == "all traces"}
    cells = np.array(cell_texts(app)).reshape(len(total), -1)
    for (answer, n), column in zip(total.items(), cells, strict=True):
        assert f">{n:,}</span>" in column[-1], answer
    joint = sum(n for answer, n in total.items() if answer not in ("math", "code", "student", "none"))
    assert joint == sets["sentences"].sum() > 0


def test_thresholds_of_the_address_hold_and_defaults_return(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGE, attribution="0.99,0.3,0")
    assert app.number_input(key="attribution_sure").value == 0.99
    strict = sentences_by_answer(database, AttributionRule.make(0.99, 0.3, 0.0))
    # What all models find likely is a little likelier for the distilled model than for any other.
    assert strict["none"] > 0
    assert "none" not in sentences_by_answer(database, AttributionRule.make())
    assert any(f">{strict['none']:,}</span>" in text for text in cell_texts(app))
    button = next(button for button in app.button if button.label == "Defaults")
    button.click().run()
    assert app.number_input(key="attribution_sure").value == AttributionRule.make().sure
    assert "attribution" not in app.query_params


def test_a_moved_threshold_stands_in_the_address_and_on_the_trace_page(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGE)
    app.number_input(key="attribution_sure").set_value(0.95).run()
    assert app.query_params["attribution"] == "0.95,0.3,1"
    app.switch_page("pages/trace.py").run()
    assert not app.exception
    assert app.query_params["attribution"] == "0.95,0.3,1"


@pytest.mark.parametrize("wrong", ["", "0.9", "a,b,c", "2,0.3,1", "0.9,0.3,nan"])
def test_an_unreadable_threshold_says_so(open_app: Open, database: Path, wrong: str) -> None:
    app = open_app(database, PAGE, attribution=wrong)
    assert "cannot be read" in page_text(app)
    assert app.number_input(key="attribution_sure").value == AttributionRule.make().sure


def test_rows_can_be_benchmarks(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGE)
    app.button_group(key="matrix_rows").set_value(["benchmark"]).run()
    assert not app.exception
    assert len(cell_texts(app)) == 5 * 4


def test_without_a_control_it_says_what_is_missing(open_app: Open, tmp_path: Path) -> None:
    text = page_text(open_app(build(tmp_path / "a.duckdb", ("teacher:code",)), PAGE))
    assert "This run has no control" in text
    assert "no control, so nothing shows" in text


def test_traces_that_were_not_routed_are_one_row(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    companions.build(path, [replace(sketch, teacher_id=None) for sketch in long_sketches()], BOTH)
    assert len(cell_texts(open_app(path, PAGE))) == 5


def test_a_run_without_companions_is_told_how_to_add_one(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    synthetic.build(path, synthetic.sketches(4))
    text = page_text(open_app(path, PAGE))
    assert f"rdpt score --add --run 01234567 --db {path} --teacher NAME=MODEL" in text
    assert "--control NAME=MODEL" in text


def test_an_unfinished_companion_is_waited_for(open_app: Open, tmp_path: Path) -> None:
    path, sketches = tmp_path / "a.duckdb", synthetic.sketches(4)
    run = synthetic.build(path, sketches)
    companions.add(path, run, sketches, "teacher:code", n_scored=2, finish=False)
    with open_reader(path) as reader:
        assert not can_attribute(reader.run(None))
    assert "not scored to the end yet" in page_text(open_app(path, PAGE))
