"""A run with a recorded role, on the overview."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from rdpt_core.ui.style import words
from tests.app.conftest import Open, page_text
from tests.support import synthetic


def test_a_recorded_role_says_how_it_was_recorded(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "recorded.duckdb"
    synthetic.build(path, synthetic.sketches(3))
    assert "as its records say" not in page_text(open_app(path, "pages/overview.py"))
    stated = {name: {"values": [[value, 3]]} for name, value in {"temperature": 0.6, "server": "*x*"}.items()}
    with duckdb.connect(str(path)) as connection:
        environment = [{"recorded": {"teacher": {"stated": stated, "temperature": 0.6}}}]
        connection.execute("UPDATE runs SET environment = ?", [json.dumps(environment)])
    text = page_text(open_app(path, "pages/overview.py"))
    told = "recorded with temperature 0.6, server *x* (as its records say); temperature 0.6 undone"
    assert f"Teacher: {words.no_markdown(told, 200)}." in text
    assert "*x*" not in text
