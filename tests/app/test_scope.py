"""The filters of the analysis pages: only where there is a choice, in the address, safe with any name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rdpt_core.analysis.scope import FILTERS, Scope
from tests.support import synthetic


def script() -> None:
    """The least page that has filters."""
    import os
    from pathlib import Path

    import streamlit as st

    from rdpt_core.analysis.labels import LabelRule
    from rdpt_core.ui.data.cache import DatabaseSnapshot
    from rdpt_core.ui.frame.context import PageContext
    from rdpt_core.ui.frame.filters import choose_scope, describe, explain_empty

    database = DatabaseSnapshot.at(Path(os.environ["RDPT_DB"]))
    scope = choose_scope(PageContext(database, database.runs()[-1], LabelRule.make()))
    st.session_state["scope"] = scope
    st.markdown(describe(scope))
    explain_empty(scope)


def open_with(monkeypatch: pytest.MonkeyPatch, path: Path, traces: list[synthetic.Sketch], **query: str) -> AppTest:
    synthetic.build(path, traces)
    monkeypatch.setenv("RDPT_DB", str(path))
    app = AppTest.from_function(script)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def varied() -> list[synthetic.Sketch]:
    traces = [*synthetic.sketches(4), synthetic.hostile_sketch()]
    return [replace(t, model=f"m{i % 2}", difficulty=str(i % 3 * 5)) for i, t in enumerate(traces)]


def test_each_filter_narrows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    app = open_with(monkeypatch, tmp_path / "db.duckdb", varied())
    assert app.session_state["scope"] == Scope()
    assert [box.key for box in app.selectbox] == list(FILTERS)
    assert app.selectbox(key="difficulty").options == ["0", "5", "10"]
    for name, value in (("domain", "arithmetic"), ("benchmark", "clock"), ("grade", "incorrect"), ("model", "m1")):
        app.selectbox(key=name).set_value(value).run()
        assert getattr(app.session_state["scope"], name) == value


def test_the_address_sets_the_filters(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    app = open_with(monkeypatch, tmp_path / "db.duckdb", varied(), benchmark="clock", difficulty="10", grade="correct")
    assert app.session_state["scope"] == Scope(benchmark="clock", difficulty="10", grade="correct")


def test_where_nothing_differs_there_is_no_filter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    traces = [replace(t, correct=True) for t in synthetic.sketches(3) if t.benchmark == "shop"]
    app = open_with(monkeypatch, tmp_path / "db.duckdb", traces)
    assert len(app.selectbox) == 0
    assert "**Traces**" not in [m.value for m in app.markdown]


def test_hostile_names_filter_and_are_no_markup(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    app = open_with(monkeypatch, tmp_path / "db.duckdb", varied())
    app.selectbox(key="benchmark").set_value("attack <i>").run()
    assert app.session_state["scope"].benchmark == "attack <i>"
    assert "<i>" not in app.markdown[-1].value
    assert "attack &lt;i&gt;" in app.info[0].value


def test_clearing_takes_all_filters_away(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    app = open_with(monkeypatch, tmp_path / "db.duckdb", varied(), benchmark="clock", model="m0")
    app.button(key="clear_scope").click().run()
    assert app.session_state["scope"] == Scope()


def test_a_domain_of_another_benchmark_is_dropped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    app = open_with(monkeypatch, tmp_path / "db.duckdb", varied(), domain="arithmetic")
    app.selectbox(key="benchmark").set_value("attack <i>").run()
    assert app.session_state["scope"] == Scope(benchmark="attack <i>")
