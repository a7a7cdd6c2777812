"""The page Importance: its sentence, figures and tables are those of the analysis; without importance, the command."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import rdpt_core as rdpt
from rdpt_core.records import Role
from rdpt_core.ui.components.reader import component
from tests.app.conftest import Open, click_point, page_text
from tests.support import companions, synthetic
from tests.support.companions import importance

PAGE = "pages/importance.py"
TRACES = [*synthetic.sketches(20), synthetic.hostile_sketch()]
N_WITH = len(TRACES) - 4


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """By deletion all traces but four have importance; by replacement, nine."""
    path = tmp_path_factory.mktemp("db") / "importance.duckdb"
    companions.build(path, TRACES, ["control:decoy"])
    rows = importance.rows_of(TRACES)
    del rows[5:9]
    importance.insert(path, rows)
    importance.insert(path, importance.rows_of(TRACES, "replacement")[:9])
    return path


def tables(app: AppTest, column: str) -> list[Any]:
    return [frame.value for frame in app.dataframe if column in frame.value.columns]


def figure(app: AppTest, key: str) -> dict[str, Any]:
    (found,) = [e.proto for e in app.get("plotly_chart") if e.proto.id.endswith(f"-{key}")]
    spec: dict[str, Any] = json.loads(found.spec)
    return spec


def test_the_sentence_says_medians_of_correct_and_of_incorrect_traces(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGE)
    text = page_text(app)
    rows = rdpt.open(database).run().importance("correctness").to_pylist()
    median = {(row["group"], row["label"]): row["median_drop"] for row in rows}
    for group in ("correct", "incorrect"):
        for label in ("Teacher", "Student"):
            value = median[group, label]
            digits = 3 if abs(value) < 0.1 else 2
            assert f"{value:.{digits}f}".replace("-", "−") in text, (group, label)
    assert "In correct traces the answer loses a median of" in text
    assert "in incorrect traces" in text and "in traces without a grade" in text
    assert f"Importance by deletion is computed for {N_WITH} of the run's {len(TRACES)} traces" in text
    differences = rdpt.open(database).run().importance_differences().to_pylist()
    share = {
        row["held_equal"]: row["difference"]
        for row in differences
        if (row["minus"], row["measure"]) == ("Student", "share")
    }
    # Too few sentences are at the same position, too.
    assert share["same kind and position"] is None
    assert f"{-100 * share['as they are']:.0f} points" in text
    assert f"among sentences of the same kind, {-100 * share['same kind']:.0f} points" in text


def test_tables_hold_the_numbers_of_the_analysis(open_app: Open, database: Path) -> None:
    run = rdpt.open(database).run()
    for address, by in (({}, "kind"), ({"importance_by": "position"}, "position")):
        app = open_app(database, PAGE, **address)
        (shown,) = tables(app, by)[:1] if by == "position" else [tables(app, "kind")[0]]
        rows = run.importance(by).to_pylist()
        assert shown[by].tolist() == [row["group"] for row in rows]
        assert shown["label"].tolist() == [row["label"] for row in rows]
        assert shown["sentences"].tolist() == [row["n_sentences"] for row in rows]
        assert shown["questions"].tolist() == [row["n_questions"] for row in rows]


def test_figures_draw_every_label_that_has_sentences(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGE, measure="median")
    hills = figure(app, "importance_distributions")
    titles = [note["text"] for note in hills["layout"]["annotations"]]
    assert titles == ["correct traces", "incorrect traces", "not graded traces"]
    # A hill and a point for each label of each grade.
    rows = rdpt.open(database).run().importance("correctness").num_rows
    assert len(hills["data"]) == 2 * rows
    assert len(figure(app, "importance_groups")["data"]) == rdpt.open(database).run().importance("kind").num_rows
    assert len(figure(app, "importance_compared")["data"]) == 2 * 3


def test_a_point_lists_its_sentences(open_app: Open, database: Path) -> None:
    rows = rdpt.open(database).run().importance("kind").to_pylist()
    place = next(k for k, row in enumerate(rows) if (row["group"], row["label"]) == ("equation", "Student"))
    app = click_point(open_app(database, PAGE), "importance_groups", [place])
    (shown,) = tables(app, "drop (nats)")[:1]
    assert f"**Student, equation**: {rows[place]['n_traces']} traces" in page_text(app)
    assert shown["text"].str.contains("=").all() and len(shown) == rows[place]["n_traces"]


def test_the_ranked_sentences_lead_to_their_traces(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGE, importance_label="Student")
    (shown,) = tables(app, "drop")
    assert set(shown["label"]) == {"Student"}
    assert shown["drop"].is_monotonic_decreasing
    assert shown["context"].iloc[0].startswith("trace?run=")
    lowest = tables(open_app(database, PAGE, importance_order="largest gain"), "drop")[0]
    assert lowest["drop"].is_monotonic_increasing and lowest["drop"].iloc[0] < 0


def test_the_other_method_is_chosen_by_the_address(open_app: Open, database: Path) -> None:
    text = page_text(open_app(database, PAGE, taken_by="replacement"))
    assert "Importance by replacement is computed for 9 of" in text
    # Nine traces are of too few questions for an interval.
    (headline,) = [line for line in text.splitlines() if line.startswith("##### ")]
    assert "interval" not in headline


def test_filters_apply_and_may_leave_nothing(open_app: Open, database: Path) -> None:
    text = page_text(open_app(database, PAGE, benchmark="clock"))
    n = rdpt.open(database).run().importance(benchmark="clock").column("n_sentences").to_numpy().sum()
    assert f"{n:,} labelled sentences before the answers of" in text
    empty = page_text(open_app(database, PAGE, benchmark="week", taken_by="replacement"))
    one = page_text(open_app(database, PAGE, grade="correct"))
    assert "Correct and incorrect traces are together here" in text
    assert "are together here" not in one and "in incorrect traces" not in one
    assert "No labelled sentence with importance fits the filters" in empty


def test_controls_stand_beside_the_teacher(open_app: Open, database: Path) -> None:
    (shown,) = tables(open_app(database, PAGE), "in the teacher's place")
    assert shown["in the teacher's place"].tolist() == ["the teacher", "no teacher", "decoy"]
    run = rdpt.open(database).run()
    expected = [
        sum(row["n_sentences"] for row in run.importance(teacher=name).to_pylist() if row["label"] == "Teacher")
        for name in (None, "decoy")
    ]
    assert shown["Teacher sentences"].tolist()[::2] == expected
    # Seen with the control, that one is no control beside itself.
    (shown,) = tables(open_app(database, PAGE, teacher="decoy"), "in the teacher's place")
    assert shown["in the teacher's place"].tolist() == ["the teacher", "no teacher"]


@pytest.mark.parametrize("roles", [(Role.TEACHER, Role.STUDENT), (Role.STUDENT, Role.DISTILLED)])
def test_without_importance_the_page_says_what_computes_it(
    open_app: Open, tmp_path: Path, roles: tuple[Role, ...]
) -> None:
    path = tmp_path / "a run.duckdb"
    run = synthetic.build(path, synthetic.sketches(4), roles=roles)
    app = open_app(path, PAGE)
    assert not app.dataframe and not app.get("plotly_chart")
    if Role.DISTILLED not in roles:
        assert "This run has no distilled model" in page_text(app)
        return
    words = shlex.split(app.code[0].value)
    assert words[:2] == ["rdpt", "importance"]
    assert words[words.index("--run") + 1] == run.run_id[:8]
    assert words[words.index("--db") + 1].endswith("a run.duckdb")


def test_a_run_without_a_teacher_has_its_own_labels(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "pair.duckdb"
    traces = synthetic.sketches()
    synthetic.build(path, traces, roles=(Role.STUDENT, Role.DISTILLED))
    importance.insert(path, importance.rows_of(traces))
    text = page_text(open_app(path, PAGE))
    assert "without a Gained sentence" in text and "without a Lost sentence" in text
    assert "Gained against the others" in text
    assert "Without the teacher" not in text


def test_the_reader_is_sent_the_importance_of_its_trace(
    open_app: Open, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[dict[str, Any]] = []
    real = component.text_payload
    monkeypatch.setattr(component, "text_payload", lambda *given: sent.append(real(*given)) or sent[-1])
    open_app(database, "pages/trace.py", trace=TRACES[0].trace_id)
    assert list(sent[-1]["importance"]) == ["deletion", "replacement"]
    open_app(database, "pages/trace.py", trace=TRACES[6].trace_id)
    assert list(sent[-1]["importance"]) == ["replacement"]
    open_app(database, "pages/trace.py", trace=TRACES[-1].trace_id)
    assert list(sent[-1]["importance"]) == ["deletion"]


def test_a_run_whose_traces_have_no_answer_is_not_told_to_compute_it(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "unanswered.duckdb"
    companions.build(path, TRACES, [])
    importance.insert(
        path,
        [
            (number, "deletion", None, [None] * len(drops), "no_answer")
            for number, _, _, drops, _ in importance.rows_of(TRACES)
            if drops is not None
        ],
    )
    text = page_text(open_app(path, PAGE))
    assert "no labelled sentence with importance" in text
    assert f"{len(TRACES)} traces have none, for a reason that is stored." in text
    assert "One command computes it" not in text
    assert rdpt.open(path).run().importance().num_rows == 0
