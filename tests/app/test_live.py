"""Pages over a file that a run is still writing: what they show comes from one state of it, or they say why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rdpt_core.analysis.run import trace_table
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.scope import Scope
from tests import synthetic
from tests.app.conftest import Open, page_text

HALF = 10


def live_database(folder: Path) -> tuple[Path, int, list[synthetic.Sketch]]:
    path, sketches = folder / "live.duckdb", synthetic.sketches()
    return path, synthetic.build(path, sketches, n_scored=HALF, finish=False), sketches


def commit_after_facts(monkeypatch: pytest.MonkeyPatch, commits: list[Any]) -> None:
    """Let the next commit happen between two reads of a page, as long as there are any."""
    real = RunData.trace_table

    def facts_then_commit(self: RunData, scope: Scope) -> trace_table.TraceTable:
        facts = real(self, scope)
        if commits:
            commits.pop(0)()
        return facts

    monkeypatch.setattr(RunData, "trace_table", facts_then_commit)


@pytest.mark.parametrize("page", ["overview", "benchmarks", "thresholds", "positions"])
def test_a_commit_between_two_reads_makes_the_page_start_again(
    open_app: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    path, run_no, sketches = live_database(tmp_path)
    commits = [lambda: synthetic.score(path, run_no, sketches[HALF : 2 * HALF], first=HALF)]
    commit_after_facts(monkeypatch, commits)
    app = open_app(path, f"pages/{page}.py")
    assert not commits
    # The same as whoever comes after the commit.
    assert page_text(app) == page_text(open_app(path, f"pages/{page}.py"))


def test_a_file_that_never_rests_is_explained(open_app: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, run_no, sketches = live_database(tmp_path)
    one_by_one = [
        lambda number=number: synthetic.score(path, run_no, [sketches[number]], first=number)
        for number in range(HALF, HALF + 6)
    ]
    commit_after_facts(monkeypatch, one_by_one)
    app = open_app(path)
    assert "The database is being written" in [header.value for header in app.header]
    one_by_one.clear()
    next(button for button in app.button if button.label == "Try again").click().run()
    assert not app.exception
    assert "What is in this file" in [header.value for header in app.header]
