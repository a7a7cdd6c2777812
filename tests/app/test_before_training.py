"""Runs without a distilled model: every page speaks of Teacher, Student and Common, never of a third."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rdpt_core.records import Role
from tests import synthetic
from tests.app.test_app import PAGES, open_app, said

__all__ = ["open_app"]


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
    words = said(app)
    assert len(words) > 100
    assert not re.search(r"\b(Boosted|p_D)\b", words), page
    for frame in app.dataframe:
        assert not {"Boosted", "Shared", "p_distilled"} & {str(name) for name in frame.value.columns}
