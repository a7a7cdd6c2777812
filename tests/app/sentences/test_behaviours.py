"""The page Behaviours: its sentence, figure and tables are those of the analysis, and a kind opens its sentences."""

from __future__ import annotations

import functools
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import rdpt_core as rdpt
from rdpt_core.analysis.behaviours.discovery.data import BehaviourData, behaviours_of
from rdpt_core.analysis.behaviours.discovery.results import Behaviours
from rdpt_core.analysis.behaviours.patterns.pattern import Pattern
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.scope import Scope
from rdpt_core.analysis.trace.fingerprint import text_hash
from rdpt_core.records import Role
from rdpt_core.store.beside.notes import Anchor, add_note
from rdpt_core.store.beside.patterns import read_patterns
from tests.app.conftest import Open, click_point, page_text
from tests.support import synthetic

PAGE = "pages/behaviours.py"
FIGURE = "behaviour_kinds"
HOSTILE = "<img src=x> **bold** $x$ :red[y] "


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough questions for two halves; a hostile wording is always Teacher."""
    path = tmp_path_factory.mktemp("db") / "behaviours.duckdb"
    sketches = synthetic.sketches(24)
    hostile = [replace(one, sentences=[(HOSTILE, "Teacher"), *one.sentences]) for one in sketches[::2]]
    synthetic.build(path, [*hostile, *sketches[1::2]])
    return path


@functools.cache
def table_of(database: Path, label: str = "Teacher") -> Behaviours:
    data = rdpt.open(database).run()._data()
    return behaviours_of(data).table(LabelRule.make(), Scope(), label)


def figure(app: AppTest) -> dict[str, Any]:
    (found,) = [element.proto for element in app.get("plotly_chart") if element.proto.id.endswith(f"-{FIGURE}")]
    spec: dict[str, Any] = json.loads(found.spec)
    return spec


def kinds(app: AppTest) -> Any:
    (shown,) = [frame.value for frame in app.dataframe if "verdict" in frame.value.columns]
    return shown


def test_the_sentence_counts_what_held_on_both_halves(open_app: Open, database: Path) -> None:
    found = table_of(database)
    held = [row for row in found.rows if row.is_replicated]
    assert held
    app = open_app(database, PAGE)
    (headline,) = [one.value for one in app.markdown if one.value.startswith("##### ")]
    wordings = [row for row in held if row.family == "wording"]
    assert wordings and "wording" in headline
    for verdict in {row.verdict for row in wordings}:
        n = sum(row.verdict == verdict for row in wordings)
        assert f"{n}" in headline and str(verdict) in headline
    text = page_text(app)
    assert f"Found: {found.n_found} of {found.n_tested} tested kinds" in text
    assert f"**{found.n_replicated} again**" in text
    assert f"{found.n_sentences:,} labelled sentences" in text
    # Without decoys the student's own p decides.
    assert found.n_decoys == 0 and "“Only” rests on the student" in text
    n_others = sum(row.family == "lens" for row in held)
    assert "Replicated, too, and often of the same sentences: " in text and f"{n_others} lens" in text
    n_above = sum((row.excess_low or 0) > 0 for row in held)
    assert (f"**{n_above}** " in text) if n_above else ("none is surely Teacher" in text)
    assert app.header[0].value == "What does the teacher say that others do not?"


def test_the_table_has_every_kind_of_the_family(open_app: Open, database: Path) -> None:
    rows = table_of(database).rows
    for family in ("wording", "lens"):
        shown = kinds(open_app(database, PAGE, behaviour_family=family))
        wanted = [row for row in rows if row.family == family]
        assert wanted and shown["sentences"].tolist() == [row.n_sentences for row in wanted]
        assert shown["Teacher"].tolist() == pytest.approx([row.share for row in wanted], abs=6e-4)
    assert len(kinds(open_app(database, PAGE, behaviour_family="all"))) == len(rows)


def test_filters_and_order_apply_to_figure_and_table(open_app: Open, database: Path) -> None:
    choices = {"behaviour_family": "all", "behaviour_standing": "replicated", "behaviour_order": "frequency"}
    app = open_app(database, PAGE, **choices)
    shown = kinds(app)
    rows = sorted((row for row in table_of(database).rows if row.is_replicated), key=lambda row: -row.n_sentences)
    assert shown["sentences"].tolist() == [row.n_sentences for row in rows]
    held, not_held, *_ = figure(app)["data"]
    assert len(held["y"]) == min(15, len(rows)) and not not_held["y"]
    assert held["x"] == pytest.approx([row.share for row in rows[:15]])
    nothing = open_app(database, PAGE, behaviour_standing="found, not replicated", behaviour_family="tag")
    assert "fits these choices" in page_text(nothing)


def test_lenses_have_a_table_of_their_own(open_app: Open, database: Path) -> None:
    (shown,) = [frame.value for frame in open_app(database, PAGE).dataframe if "lens" in frame.value.columns]
    rows = {row.kind: row for row in table_of(database).rows if row.family == "lens"}
    assert set(shown["lens"]) == set(rows)
    answer = dict(zip(shown["lens"], shown["answer"], strict=True))
    # “Wait, 12 - 5 = 7 …” is Teacher wherever it stands.
    assert rows["hesitation"].is_replicated and answer["hesitation"] == rows["hesitation"].verdict


def test_a_point_opens_three_sentences_that_carry_the_label(open_app: Open, database: Path) -> None:
    wordings = [row for row in table_of(database).rows if row.family == "wording"]
    app = click_point(open_app(database, PAGE), FIGURE, [1])
    (shown,) = [frame.value for frame in app.dataframe if "context" in frame.value.columns]
    assert len(shown) == len(wordings[1].examples) == 3
    assert app.query_params["kind"] == wordings[1].kind
    (link,) = app.get("page_link")
    address = link.proto.query_string
    assert "how=kind" in address and "family=wording" in address and "value=" in address


def test_the_address_opens_a_kind_and_an_unknown_one_is_said(open_app: Open, database: Path) -> None:
    text = page_text(open_app(database, PAGE, kind="hesitation", kind_of="lens"))
    assert "**Lens “hesitation”**" in text and "of its sentences carry Teacher" in text
    assert "was not tested for Teacher here" in page_text(open_app(database, PAGE, kind="*nothing*", kind_of="lens"))


def test_an_opened_kind_is_kept_as_a_pattern(open_app: Open, database: Path, tmp_path: Path) -> None:
    path = tmp_path / "own.duckdb"
    shutil.copy(database, path)
    app = open_app(path, PAGE, kind="hesitation", kind_of="lens")
    (name,) = [one for one in app.text_input if one.label == "Name"]
    assert name.value == "hesitation"
    name.set_value("second thoughts")
    next(button for button in app.button if button.label == "Save").click().run()
    assert not app.exception
    assert [one.pattern for one in read_patterns(path)] == [Pattern("second thoughts", "kind", "hesitation", "lens")]
    assert "Saved as **second thoughts**" in app.success[0].value
    assert "Kept as **second thoughts**" in page_text(app)
    # Another kind is not kept, and another name is suggested for it.
    other = open_app(path, PAGE, kind="computing", kind_of="lens")
    assert [one.value for one in other.text_input if one.label == "Name"] == ["computing"]


def test_a_tag_of_a_note_is_a_kind_at_once(open_app: Open, database: Path, tmp_path: Path) -> None:
    path = tmp_path / "own.duckdb"
    shutil.copy(database, path)
    app = open_app(path, PAGE, behaviour_family="all")
    assert "tag" not in kinds(app)["family"].tolist()
    run = rdpt.open(path).run()
    sketches = synthetic.sketches(24)
    for number, sketch in enumerate(sketches):
        texts = [text for text, _ in sketch.sentences]
        # Half of the traces of the database begin with one sentence more.
        begin = HOSTILE if number % 2 == 0 else ""
        index = 2 if begin else 1
        start = len(begin + texts[0])
        digits = text_hash(begin + "".join(texts))
        anchor = Anchor(run.id, sketch.trace_id, digits, index, start, start + len(texts[1]), texts[1])
        add_note(path, anchor, "", ("my <b>own</b>",))
    shown = kinds(app.run())
    tagged = shown[shown["family"] == "tag"]
    assert tagged["kind"].tolist() == ["my <b>own</b>"] and tagged["sentences"].tolist() == [len(sketches)]


def test_hostile_wordings_are_shown_as_text(open_app: Open, database: Path) -> None:
    (row,) = [row for row in table_of(database).rows if row.family == "wording" and "<img" in row.kind]
    app = open_app(database, PAGE, kind=row.kind, kind_of="wording")
    assert "<img" not in page_text(app) and "**bold**" not in page_text(app)
    assert "<img" not in "".join(figure(app)["layout"]["yaxis"]["ticktext"])


def test_another_label_has_its_own_kinds(open_app: Open, database: Path) -> None:
    app = open_app(database, PAGE, behaviour_label="Boosted", behaviour_family="all")
    assert app.header[0].value == "Which kinds of sentences are Boosted?"
    assert kinds(app)["Boosted"].tolist() == pytest.approx(
        [row.share for row in table_of(database, "Boosted").rows], abs=6e-4
    )


@pytest.mark.parametrize("n_found", [0, 3])
def test_nothing_is_a_result(open_app: Open, database: Path, monkeypatch: pytest.MonkeyPatch, n_found: int) -> None:
    found = table_of(database)
    rows = tuple(
        replace(row, is_found=place < n_found, is_replicated=False, verdict=None)
        for place, row in enumerate(found.rows)
    )
    nothing = replace(found, rows=rows, n_found=n_found, n_replicated=0)
    monkeypatch.setattr(BehaviourData, "table", lambda *_: nothing)
    text = page_text(open_app(database, PAGE))
    assert ("Nothing found: no kind" in text) == (n_found == 0)
    assert ("Nothing holds: 3 kinds" in text) == (n_found == 3)


def test_too_few_questions_are_said(open_app: Open, tmp_path: Path) -> None:
    path = tmp_path / "small.duckdb"
    synthetic.build(path, synthetic.sketches(2))
    app = open_app(path, PAGE)
    assert "No kind can be tested here" in page_text(app) and not app.get("plotly_chart")


def test_filters_may_leave_nothing(open_app: Open, database: Path) -> None:
    text = page_text(open_app(database, PAGE, benchmark="week", grade="correct"))
    assert "fits the filters" in text


@pytest.mark.parametrize("roles", [(Role.TEACHER, Role.STUDENT), (Role.STUDENT, Role.DISTILLED)])
def test_two_roles_have_their_own_labels(open_app: Open, tmp_path: Path, roles: tuple[Role, ...]) -> None:
    path = tmp_path / "pair.duckdb"
    synthetic.build(path, synthetic.sketches(24), roles=roles)
    app = open_app(path, PAGE)
    label = "Teacher" if Role.TEACHER in roles else "Gained"
    assert label in kinds(app).columns
    assert "no teacher" not in kinds(app).columns
