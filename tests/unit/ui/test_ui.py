"""Texts, figures, payloads and the component's own files, without a server."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdpt_core.analysis.labels import LabelRule, Space, Unit
from rdpt_core.analysis.run.shares import label_counts
from rdpt_core.analysis.trace.view import TraceView, load_trace_view
from rdpt_core.records import UnscoredReason
from rdpt_core.store.reader import open_reader
from rdpt_core.ui.components.reader.payload import labels_payload, text_payload
from rdpt_core.ui.frame.trace_picker import option_names, question_name
from rdpt_core.ui.pages import overview
from rdpt_core.ui.pages.trace import joint_figure
from rdpt_core.ui.pages.trace import page as trace_page
from rdpt_core.ui.parts import share_figure
from rdpt_core.ui.style import words
from rdpt_core.ui.style.theme import RULE
from tests import synthetic
from tests.database_shares import shares_by_benchmark

UI = Path(share_figure.__file__).parents[1]
SOURCES = sorted([*UI.rglob("*.js"), *UI.rglob("*.css"), *UI.rglob("*.svg")])


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("db") / "synthetic.duckdb"
    synthetic.build(path, [*synthetic.sketches(6), synthetic.unscored_sketch(), synthetic.hostile_sketch()])
    return path


def view_of(database: Path, number: int, rule: LabelRule | None = None) -> TraceView:
    with open_reader(database) as reader:
        n = reader.run(None).n_traces
        return load_trace_view(reader, reader.run(None), number % n, rule or LabelRule.make())


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_own_files_parse_no_html_and_fetch_nothing(path: Path) -> None:
    text = path.read_text()
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "fetch(", "@import"):
        assert forbidden not in text
    addresses = [a for a in re.findall(r"(?:https?:)?//[\w.]+\.\w+[^\s\"']*", text) if "www.w3.org" not in a]
    assert addresses == []
    assert "url(" not in text


@given(st.text(max_size=300))
def test_plain_is_one_short_visible_line(text: str) -> None:
    found = words.plain(text)
    assert 0 < len(found) <= 60
    assert not re.search(r"[\u0000-\u001f\u007f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]", found)


@given(st.text(max_size=100))
def test_no_markup_leaves_plotly_nothing_to_read(text: str) -> None:
    found = words.no_markup(text)
    assert not re.search(r"[<>$]", found)
    assert re.fullmatch(r"(?:[^&]|&(?:amp|lt|gt|#36);)*", found)


def test_equal_names_stay_different_options() -> None:
    assert list(option_names(["a", "a\u200b", "b"], words.plain).values()) == ["a", "a (2)", "b"]


def test_every_reason_has_words() -> None:
    assert set(words.UNSCORED) >= {str(reason) for reason in UnscoredReason}


def test_payloads_are_json_and_only_labels_depend_on_the_thresholds(database: Path) -> None:
    one, two = view_of(database, 3), view_of(database, 3, LabelRule.make(0.3, 0.6))
    text = text_payload(one, "k")
    assert json.dumps(text, allow_nan=False) == json.dumps(text_payload(two, "k"), allow_nan=False)
    assert "".join(text["texts"]) == one.trace.response
    first, second = labels_payload(one, "k"), labels_payload(two, "k")
    assert (first["alpha"], second["alpha"]) == (0.05, 0.3)
    # Sent with every click, so it must stay small.
    assert len(json.dumps(first, allow_nan=False)) < 600


def test_values_cross_over_bit_by_bit(database: Path) -> None:
    view = view_of(database, -2)
    payload = text_payload(view, "k")
    for role in view.roles:
        found = np.frombuffer(base64.b64decode(payload["values"][role]), dtype="<f8")
        np.testing.assert_array_equal(found, np.array(view.column(f"v_{role}"), dtype=float))


def test_unscored_sentences_have_a_reason_and_no_value(database: Path) -> None:
    view = view_of(database, -2)
    payload = text_payload(view, "k")
    assert payload["unscored"] == {"2": "context_length"}
    assert np.isnan(np.frombuffer(base64.b64decode(payload["values"]["teacher"]), dtype="<f8")).tolist() == [
        False,
        False,
        True,
    ]


@pytest.mark.parametrize("rule", [LabelRule.make(), LabelRule.make(unit=Unit.BYTE, space=Space.RATIO)])
def test_joint_figure_has_a_line_a_role_and_one_bar_a_stretch(database: Path, rule: LabelRule) -> None:
    view = view_of(database, 3, rule)
    figure = joint_figure.joint_figure(view, "light")
    lines = [item for item in figure.data if item.type == "scatter"]
    assert [line.name for line in lines] == ["teacher", "student", "distilled"]
    assert list(lines[0].x) == list(range(1, view.sentences.num_rows + 1))
    covered = sum(sum(bar.width) for bar in figure.data if bar.type == "bar")
    assert covered == view.sentences.num_rows


def test_the_unscored_part_of_the_joint_figure_is_hatched_and_named(database: Path) -> None:
    figure = joint_figure.joint_figure(view_of(database, -2), "light")
    (bar,) = [item for item in figure.data if item.type == "bar" and item.name == "unscored"]
    assert (list(bar.x), list(bar.width), bar.text) == ([3], [1], "unscored")
    assert bar.marker.pattern.shape == "/"
    assert bar.marker.color == RULE["light"]


def test_figures_hold_no_markup_from_the_data(database: Path) -> None:
    with open_reader(database) as reader:
        run = reader.run(None)
        labels = ["Teacher", "Shared", "Student", "Boosted"]
        groups = shares_by_benchmark(label_counts(reader, run, LabelRule.make()), labels)
    text = share_figure.shares_figure(groups, "light").to_json()
    assert "attack" in text
    assert "<i>" not in text and "\\u003ci\\u003e" not in text


def test_a_click_on_a_segment_asks_for_its_benchmark_and_label(database: Path) -> None:
    labels = ["Teacher", "Shared", "Student", "Boosted"]
    with open_reader(database) as reader:
        run = reader.run(None)
        # Where β is 1 nobody is Student.
        groups = shares_by_benchmark(label_counts(reader, run, LabelRule.make(0.05, 1.0)), labels)
    bars = [item for item in share_figure.shares_figure(groups, "light").data if item.type == "bar"]
    assert [list(point) for point in bars[3].customdata] == [[row, 3] for row in range(len(groups))]
    assert overview.clicked(run, groups, 1, 3) == {"run": run.run_id, "benchmark": "clock", "holds": "Boosted"}
    assert overview.clicked(run, groups, 1, 2) == {"run": run.run_id, "benchmark": "clock"}


@pytest.mark.parametrize(
    ("question_id", "want"),
    [
        ("clock-012", "clock-012"),
        ("q-0123456789abcdef", "q-0123456789abcdef · How many?"),
        ("0a1b2c3d4e5f", "0a1b2c3d4e5f · How many?"),
        ("deadbeef", "deadbeef"),
    ],
)
def test_an_id_that_is_a_hash_goes_with_the_question(question_id: str, want: str) -> None:
    assert question_name(question_id, "How\n many?") == want
    assert question_name(question_id, None) == question_id


def test_sentence_columns_show_the_values_of_another_unit(database: Path) -> None:
    assert "v_teacher" not in trace_page.sentence_columns(view_of(database, 0)).column_names
    rule = LabelRule.make(unit=Unit.COMMON_TOKEN)
    table = trace_page.sentence_columns(view_of(database, 0, rule))
    assert table.column("v_teacher").to_pylist() == pytest.approx(table.column("p_teacher").to_pylist())
