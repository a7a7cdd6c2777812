"""Runs without a teacher: pages speak of Gained, Kept and Lost, and say that Gained is not Teacher."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rdpt_core.records import Role
from rdpt_core.ui.style import words
from tests.app.conftest import page_text
from tests.app.test_app import FOR_FURTHER_MODELS, PAGES
from tests.support import synthetic

# What a page of such a run can neither offer nor count. A glossary may still explain the words.
OTHERS = {
    "Teacher",
    "Student",
    "Shared",
    "Boosted",
    "Common",
    "p_teacher",
    "v_teacher",
    "n_tokens_teacher",
    "mean d_TS",
}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("without") / "without.duckdb"
    traces = [*synthetic.sketches(), synthetic.unscored_sketch()]
    synthetic.build(path, traces, roles=(Role.STUDENT, Role.DISTILLED))
    return path


IN_RATIOS = {"unit": "common token", "space": "ratio"}


@pytest.mark.parametrize(
    ("page", "query"),
    [*((page, {}) for page in PAGES), ("pages/ratios.py", IN_RATIOS), ("pages/thresholds.py", IN_RATIOS)],
)
def test_every_page_understands_a_run_without_a_teacher(
    open_app: Callable[..., AppTest], database: Path, page: str, query: dict[str, str]
) -> None:
    app = open_app(database, page, unit_effects="true", **query)
    # A page about further models says how a run comes by some.
    assert ("score --add" if page in FOR_FURTHER_MODELS else words.GAINED_IS_NOT_TEACHER) in page_text(app)
    offered = {str(option) for box in app.selectbox for option in box.options}
    columns = {str(name) for frame in app.dataframe for name in frame.value.columns}
    assert not OTHERS & (offered | columns)


def test_the_overview_says_how_often_gained_is_teacher(open_app: Callable[..., AppTest], database: Path) -> None:
    assert words.GAINED_IN_EXAMPLE in page_text(open_app(database))


def test_alpha_plays_no_part(open_app: Callable[..., AppTest], database: Path) -> None:
    app = open_app(database, "pages/trace.py")
    assert app.number_input(key="alpha").disabled
    # The rule is not the paper's.
    assert "Paper's values" not in [button.label for button in app.button]
    assert (
        "Gained if the value of the distilled model exceeds that of the student" in app.slider(key="beta_slider").help
    )


def test_selection_says_which_strategies_need_a_teacher(open_app: Callable[..., AppTest], database: Path) -> None:
    text = page_text(open_app(database, "pages/selection.py"))
    assert "This run has no teacher" in text
    for strategy in ("teacher-count", "teacher-share", "teacher-fewest", "das"):
        assert f"`{strategy}`" in text


def test_runs_that_share_the_student_alone_are_not_compared(open_app: Callable[..., AppTest], tmp_path: Path) -> None:
    path = tmp_path / "two.duckdb"
    for run_id, roles in (("a" * 16, (Role.TEACHER, Role.STUDENT)), ("b" * 16, (Role.STUDENT, Role.DISTILLED))):
        synthetic.build(path, synthetic.sketches(), run_id=run_id, roles=roles)
    assert "cannot be compared by labels" in page_text(open_app(path, "pages/runs.py"))
    trace_id = synthetic.sketches()[0].trace_id
    other = {"trace": trace_id, "run2": "a" * 16, "trace2": trace_id}
    assert page_text(open_app(path, "pages/compare.py", **other))


def test_a_ranking_that_only_the_other_run_has_is_left_behind_with_it(
    open_app: Callable[..., AppTest], tmp_path: Path
) -> None:
    path = tmp_path / "two.duckdb"
    synthetic.build(path, synthetic.sketches(), run_id="a" * 16, roles=(Role.STUDENT, Role.DISTILLED))
    synthetic.build(path, synthetic.sketches(), run_id="b" * 16)
    app = open_app(path, "pages/ratios.py", most="boosted")
    assert app.session_state["most"] == "boosted"
    app.selectbox(key="run_pick").set_value("a" * 16).run()
    assert not app.exception
    assert app.session_state["most"] == "gained"
