"""Pages over a file that a run is still writing: what they show comes from one state of it, or they say why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from rdpt_core.analysis.run.kept import Family, Key
from rdpt_core.cli import main
from rdpt_core.records import RunKey
from rdpt_core.store.reader import Reader, Run, open_reader
from rdpt_core.ui.data.cache import DatabaseSnapshot
from rdpt_core.ui.pages import overview
from rdpt_core.ui.style import words
from tests.app.conftest import ROOT, Open, page_text
from tests.support import synthetic
from tests.support.killed import Killed, kill_after

HALF = 16
PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))


def live_database(folder: Path) -> tuple[Path, RunKey, list[synthetic.Sketch]]:
    path, sketches = folder / "live.duckdb", synthetic.sketches()
    return path, synthetic.build(path, sketches, n_scored=HALF, finish=False), sketches


def commit_between_reads(monkeypatch: pytest.MonkeyPatch, commits: list[Any]) -> None:
    """Let the next commit happen after a page's first look at its data, as long as there are any."""
    real = DatabaseSnapshot.keep

    def keep_then_commit(
        self: DatabaseSnapshot, family: Family, key: Key, make: Callable[[], Any], state: Key | None = None
    ) -> Any:
        answer = real(self, family, key, make, state)
        if commits and family.name != "runs":
            commits.pop(0)()
        return answer

    monkeypatch.setattr(DatabaseSnapshot, "keep", keep_then_commit)


@pytest.mark.parametrize("page", ["overview", "benchmarks", "thresholds", "positions"])
def test_a_commit_between_two_reads_makes_the_page_start_again(
    open_app: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    path, key, sketches = live_database(tmp_path)
    commits = [lambda: synthetic.score(path, key, sketches[HALF : 2 * HALF], first=HALF)]
    commit_between_reads(monkeypatch, commits)
    app = open_app(path, f"pages/{page}.py")
    assert not commits
    # The same as whoever comes after the commit.
    assert page_text(app) == page_text(open_app(path, f"pages/{page}.py"))


def test_answers_about_a_finished_run_outlive_the_commits_of_another(
    open_app: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, sketches, made = tmp_path / "live.duckdb", synthetic.sketches(), Counter[str]()
    synthetic.build(path, sketches, run_id="1" * 16)
    key = synthetic.build(path, sketches, run_id="2" * 16, n_scored=HALF, finish=False)
    real = DatabaseSnapshot.keep

    def counting(
        self: DatabaseSnapshot, family: Family, key: Key, make: Callable[[], Any], state: Key | None = None
    ) -> Any:
        def counted() -> Any:
            made[family.name] += state is not None
            return make()

        return real(self, family, key, counted, state)

    monkeypatch.setattr(DatabaseSnapshot, "keep", counting)
    app = open_app(path, "pages/benchmarks.py", run="1" * 16)
    assert made.total()
    made.clear()
    synthetic.score(path, key, sketches[HALF : 2 * HALF], first=HALF)
    app.run()
    assert not made.total() and not app.exception
    synthetic.build(path, sketches, run_id="1" * 16, finish=False)
    app.run()
    assert made.total() and not app.exception


def test_a_file_that_never_rests_is_explained(open_app: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, key, sketches = live_database(tmp_path)
    one_by_one = [
        lambda number=number: synthetic.score(path, key, [sketches[number]], first=number)
        for number in range(HALF, HALF + 6)
    ]
    commit_between_reads(monkeypatch, one_by_one)
    app = open_app(path)
    assert "The database is being written" in [header.value for header in app.header]
    one_by_one.clear()
    next(button for button in app.button if button.label == "Try again").click().run()
    assert not app.exception
    assert "What is in this file" in [header.value for header in app.header]


def test_a_run_that_is_being_made_takes_the_place_of_no_finished_one(open_app: Open, tmp_path: Path) -> None:
    path, _, sketches = live_database(tmp_path)
    # With no finished run it is what there is to see.
    assert open_app(path).query_params["run"] == "0123456789abcdef"
    synthetic.build(path, sketches, run_id="1" * 16)
    synthetic.build(path, sketches, run_id="2" * 16, n_scored=HALF, finish=False)
    assert open_app(path).query_params["run"] == "1" * 16


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with half of a run, which stays as it is."""
    return live_database(tmp_path_factory.mktemp("unfinished"))[0]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_how_much_of_an_unfinished_run_is_there(open_app: Open, unfinished: Path, page: str) -> None:
    said = f"{HALF} of {len(synthetic.sketches())} traces; the run is not finished"
    assert said in page_text(open_app(unfinished, f"pages/{page}.py"))


def test_a_run_that_is_only_counted_is_not_checked(
    open_app: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, checked = tmp_path / "live.duckdb", set()
    real = Reader.check

    def check(self: Reader, run: Run, **keywords: bool) -> None:
        checked.add(run.run_id)
        real(self, run, **keywords)

    monkeypatch.setattr(Reader, "check", check)
    synthetic.build(path, synthetic.sketches(2), run_id="1" * 16)
    synthetic.build(path, synthetic.sketches(), run_id="2" * 16, n_scored=HALF, finish=False)
    assert "A newer run is not finished" in page_text(open_app(path))
    assert checked == {"1" * 16}


def test_a_newer_run_that_is_not_finished_is_a_click_away(open_app: Open, tmp_path: Path) -> None:
    path, sketches = tmp_path / "live.duckdb", synthetic.sketches()
    synthetic.build(path, sketches, run_id="1" * 16)
    assert "not finished" not in page_text(open_app(path))
    synthetic.build(path, sketches, run_id="2" * 16, n_scored=HALF, finish=False)
    app = open_app(path)
    assert f"A newer run is not finished: {HALF} of {len(sketches)} traces." in page_text(app)
    app.button(key="open_newer_run").click().run()
    assert app.query_params["run"] == "2" * 16
    assert f"{HALF} of {len(sketches)} traces; the run is not finished" in page_text(app)


def test_a_resplit_that_was_stopped_is_told_with_the_command_that_goes_on(
    open_app: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.duckdb"
    synthetic.build(path, synthetic.sketches(2))
    with monkeypatch.context() as patched, pytest.raises(Killed):
        kill_after(patched, 1)
        main(["resplit", "--db", str(path), "--splitter", "line"])
    with open_reader(path) as reader:
        finished, stopped = reader.runs()
    monkeypatch.setattr(overview, "_QUIET", timedelta(0))
    text = page_text(open_app(path, run=stopped.run_id))
    hint = f"`rdpt resplit --db FILE --run {finished.run_id} --splitter line` goes on with it."
    assert words.no_markdown(hint, 200) in text
