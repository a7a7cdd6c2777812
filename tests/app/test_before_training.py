"""Runs without a distilled model: pages speak of Teacher, Student and Common, and of nothing that needs a third."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rdpt_core.records import Role
from tests.app.conftest import page_text
from tests.app.test_app import PAGES
from tests.support import synthetic

# What a page of such a run can neither offer nor count. A glossary may still explain the words.
THIRD = {"Boosted", "Shared", "p_distilled", "v_distilled", "n_tokens_distilled", "d_sd", "d_td"}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pair") / "pair.duckdb"
    traces = [*synthetic.sketches(), synthetic.unscored_sketch()]
    synthetic.build(path, traces, roles=(Role.TEACHER, Role.STUDENT))
    return path


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("query", [{}, {"unit": "common token", "space": "ratio"}], ids=["paper", "ratio"])
def test_every_page_understands_a_run_before_training(
    open_app: Callable[..., AppTest], database: Path, page: str, query: dict[str, str]
) -> None:
    app = open_app(database, page, **query)
    assert page_text(app)
    offered = {str(option) for box in app.selectbox for option in box.options}
    columns = {str(name) for frame in app.dataframe for name in frame.value.columns}
    assert not THIRD & (offered | columns)


def test_alpha_waits_for_a_distilled_model(open_app: Callable[..., AppTest], database: Path) -> None:
    app = open_app(database, "pages/trace.py", alpha="0.03")
    box, slider = app.number_input(key="alpha"), app.slider(key="alpha_slider")
    assert box.disabled and slider.disabled
    assert "no part" in slider.help
    assert box.value == 0.03
    assert not app.number_input(key="beta").disabled
