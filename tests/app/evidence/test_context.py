"""The part of the page Controls about sentences without what precedes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from rdpt_core.records import ROLES, Role
from tests.app.conftest import Open, page_text
from tests.support import synthetic

PAGE = "pages/controls.py"


@pytest.mark.parametrize(
    ("roles", "says", "says_not"),
    [
        ((), "--with-prompt --roles teacher,student,distilled", "by themselves"),
        (ROLES[:2], "--with-prompt --roles distilled", "without any teacher,"),
        (ROLES, "without any teacher,", "--with-prompt"),
    ],
)
def test_what_stays_and_what_is_missing(
    open_app: Open, tmp_path: Path, roles: tuple[Role, ...], says: str, says_not: str
) -> None:
    path = tmp_path / "a.duckdb"
    traces = synthetic.sketches()
    run = synthetic.build(path, traces)
    synthetic.add_short_scores(path, run, traces, roles)
    text = page_text(open_app(path, PAGE))
    assert says in text
    assert says_not not in text
    assert ("Teacher sentences are Teacher by themselves" in text) == bool(roles)
