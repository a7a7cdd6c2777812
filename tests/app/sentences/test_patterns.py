"""The page Patterns: the list and its changes, one pattern against all others, what is said where that fails."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import rdpt_core as rdpt
from rdpt_core.analysis.behaviours.patterns.view import pattern_view
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.scope import Scope
from rdpt_core.records import Role
from rdpt_core.store.beside import patterns as store
from rdpt_core.store.beside.patterns import Pattern, read_patterns, save_pattern
from rdpt_core.ui.components import results as component
from rdpt_core.ui.pages.sentences import passages, say
from tests.app.conftest import Open, click_point, page_text
from tests.support import synthetic

PAGE = "pages/patterns.py"
WAIT = Pattern("waiting", "text", "Wait", match_case=True)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "patterns.duckdb"
    synthetic.build(path, [*synthetic.sketches(24), synthetic.hostile_sketch()])
    return path


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> list[list[dict[str, Any]]]:
    """The items that lists of sentences were asked to draw; components are opaque to AppTest."""
    drawn: list[list[dict[str, Any]]] = []

    def spy(name: str, items: list[dict[str, Any]], *rest: object) -> None:
        drawn.append(list(items))
        component.results(name, items, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(passages, "results", spy)
    return drawn


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click()
    app.run()
    assert not app.exception, app.exception[0].value
    return app


def figure(app: AppTest, key: str) -> dict[str, Any]:
    (found,) = [e.proto for e in app.get("plotly_chart") if e.proto.id.endswith(f"-{key}")]
    spec: dict[str, Any] = json.loads(found.spec)
    return spec


def names(path: Path) -> list[str]:
    return [one.pattern.name for one in read_patterns(path)]


def test_without_patterns_there_are_some_to_begin_with(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGE)
    assert "No pattern is kept yet" in page_text(app)
    buttons = {button.label for button in app.button}
    assert {"Hesitation", "Verification", "Backtracking", "Case split", "Concluding", "Wait"} <= buttons
    app = press(app, "Wait")
    assert app.query_params["how"] == "expression"
    assert app.query_params["value"] == r"\bwait\b"
    assert "of all others" in page_text(app)
    assert app.header[0].value == r"\\bwait\\b"
    app = press(app, "All patterns")
    assert "how" not in app.query_params
    assert app.header[0].value == "Patterns"


def test_a_form_opens_any_phrase(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGE)
    app.text_input(key="new_pattern_value").set_value("looks consistent")
    app = press(app, "Open")
    assert app.query_params["value"] == "looks consistent"
    assert "The sentences" in page_text(app)


def test_the_sentence_says_the_numbers_of_the_analysis(
    open_app: Open, database: Path, listed: list[list[dict[str, Any]]]
) -> None:
    app = open_app(database, PAGE, how="text", value="Wait", case="true")
    data = rdpt.open(database).run()._data()
    view = pattern_view(data, LabelRule.make(), Scope(), replace(WAIT, name=""))
    k = say.leading(view.shares.difference)
    these, others = view.shares.pattern, view.shares.rest
    text = page_text(app)
    assert f"{view.labels[k]} {these.share[k]:.0%} of these, {others.share[k]:.0%} of all others" in text
    assert f"{100 * view.shares.difference.value[k]:+.0f} points" in text
    assert view.without_teacher is not None
    assert say.difference(view.without_teacher.shares.difference, k) in text.split("with no teacher at all")[1]
    assert f"{view.n_sentences:,} sentences" in text
    bars = figure(app, "pattern_shares")
    assert [trace["name"].split()[-1] for trace in bars["data"]] == list(view.labels)
    assert len(bars["data"][0]["customdata"]) == 4
    assert len(listed[-1]) == min(25, view.n_sentences)
    marked = {piece[0] for item in listed[-1] for piece in item["pieces"] if piece[2]}
    assert marked == {"Wait"}


def test_a_pattern_is_saved_renamed_and_deleted(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGE, how="text", value="Wait", case="true")
    app.text_input(key="save_pattern_name").set_value("second  thoughts")
    app = press(app, "Save")
    assert read_patterns(database)[0].pattern == replace(WAIT, name="second thoughts")
    assert "Saved as **second thoughts**" in app.success[0].value
    assert app.header[0].value == "second thoughts"
    app = open_app(database, PAGE, pattern="second thoughts")
    rename = next(field for field in app.text_input if field.label == "New name")
    rename.set_value("waiting")
    app = press(app, "Rename")
    assert names(database) == ["waiting"]
    assert app.query_params["pattern"] == "waiting"
    app = press(app, "Delete it")
    assert names(database) == []
    assert "No pattern is kept yet" in page_text(app)


def test_a_name_that_is_taken_is_refused_with_words(open_app: Open, database: Path) -> None:
    save_pattern(database, replace(WAIT, value="other"))
    app = open_app(database, PAGE, how="text", value="Wait")
    app.text_input(key="save_pattern_name").set_value("waiting")
    app = press(app, "Save")
    assert "Another pattern has this name" in page_text(app)
    assert names(database) == ["waiting"]


def test_a_folder_that_cannot_be_written_says_so(
    open_app: Open, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_app(database, PAGE, how="text", value="Wait")
    # Root may write anywhere, so that no mode of a folder would refuse: a folder stands in the file's place instead.
    database.with_name(database.name + ".notes.sqlite").mkdir()
    app.text_input(key="save_pattern_name").set_value("waiting")
    app = press(app, "Save")
    assert app.error
    assert "The sentences" in page_text(app)


def test_the_list_draws_what_has_sentences_and_opens_it(open_app: Open, database: Path) -> None:
    save_pattern(database, WAIT)
    save_pattern(database, Pattern("<b>none</b>", "text", "these words stand nowhere"))
    save_pattern(database, Pattern("a tag", "tag", "wrong turn"))
    app = open_app(database, PAGE)
    text = page_text(app)
    assert "&lt;b&gt;none" in text and "<b>none" not in text
    assert "none that carries a label fits" in text
    assert "No sentence of the run has this tag" in text.replace("no sentence of", "No sentence of")
    (rows,) = [frame.value for frame in app.dataframe if "looks for" in frame.value.columns]
    assert rows["name"].tolist() == ["waiting"]
    assert figure(app, "patterns")["layout"]["yaxis"]["ticktext"][0].startswith("<b>waiting</b>")
    app = click_point(app, "patterns", [0, 0])
    assert app.query_params["pattern"] == "waiting"
    assert app.header[0].value == "waiting"


def test_two_patterns_are_compared(open_app: Open, database: Path) -> None:
    save_pattern(database, WAIT)
    save_pattern(database, Pattern("sums", "expression", r"\d = \d"))
    app = open_app(database, PAGE, pattern="waiting", **{"with": "sums"})
    text = page_text(app)
    assert "of waiting" in text and "of sums" in text
    # “Wait, 12 - 5 = 7, so that is right.” is of both.
    assert "belong to both: 100% of the first" in text
    figure(app, "patterns_apart")
    app = open_app(database, PAGE, pattern="waiting", **{"with": "gone"})
    assert "The link compares with a pattern that is not kept" in page_text(app)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"pattern": "gone <i>"}, "No pattern of this name is saved"),
        ({"how": "nonsense", "value": "x"}, "The link names no pattern"),
        ({"how": "text"}, "The link names no pattern"),
        ({"how": "expression", "value": "("}, "This is not a regular expression"),
        ({"how": "tag", "value": "wrong turn"}, "No sentence of the run has this tag"),
        ({"how": "kind", "family": "<script>", "value": "x"}, "No sentence of the run has this kind of"),
        ({"how": "text", "value": "these words stand nowhere"}, "No sentence of this pattern fits"),
    ],
)
def test_what_is_not_there_is_said(open_app: Open, database: Path, query: dict[str, str], said: str) -> None:
    app = open_app(database, PAGE, **query)
    text = page_text(app)
    assert said in text
    assert not app.get("plotly_chart")
    assert "<script>" not in "\n".join(str(one.value) for one in (*app.markdown, *app.warning, *app.header))


def test_too_few_questions_get_shares_without_an_interval(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "few.duckdb"
    synthetic.build(path, synthetic.sketches(2))
    text = page_text(open_app(path, PAGE, how="text", value="Wait"))
    assert "no interval: only" in text
    assert "points" in text


def test_two_roles_have_their_own_labels_and_no_control(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "pair.duckdb"
    synthetic.build(path, synthetic.sketches(), roles=(Role.STUDENT, Role.DISTILLED))
    text = page_text(open_app(path, PAGE, how="text", value="Wait"))
    assert "There is no control: the run has no teacher" in text
    assert "with no teacher at all" not in text
    assert any(f"{label} " in text for label in ("Gained", "Kept", "Lost"))


def test_the_name_of_the_store_is_the_name_of_the_address(database: Path) -> None:
    with pytest.raises(rdpt.RdptError):
        store.read_pattern(database, "nobody saved this")
