"""What the reader is sent: the text once, the labels with every change of the thresholds."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.ui.components.reader.payload import labels_payload, text_payload
from tests.support import synthetic
from tests.unit.ui.conftest import view_of


def test_payloads_are_json_and_only_labels_depend_on_the_thresholds(database: Path) -> None:
    default, changed = view_of(database, 3), view_of(database, 3, LabelRule.make(0.3, 0.6))
    text = text_payload(default, "k")
    assert json.dumps(text, allow_nan=False) == json.dumps(text_payload(changed, "k"), allow_nan=False)
    assert "".join(text["texts"]) == default.trace.response
    first, second = labels_payload(default, "k"), labels_payload(changed, "k")
    assert (first["alpha"], second["alpha"]) == (0.05, 0.3)
    # Sent with every click, so it must stay small.
    assert len(json.dumps(first, allow_nan=False)) < 600


def test_values_cross_over_bit_by_bit(database: Path) -> None:
    view = view_of(database, -2)
    payload = text_payload(view, "k")
    for role in view.roles:
        decoded = np.frombuffer(base64.b64decode(payload["values"][role]), dtype="<f8")
        np.testing.assert_array_equal(decoded, np.array(view.column(f"v_{role}"), dtype=float))


def test_marks_of_format_are_named(tmp_path: Path) -> None:
    path = tmp_path / "marks.duckdb"
    synthetic.build(
        path, [synthetic.Sketch("t", "q", [("<think>\n", "Shared"), ("Hm. ", "Teacher"), ("</think>", "Shared")])]
    )
    for counts in (False, True):
        payload = text_payload(view_of(path, 0, LabelRule.make(marks=counts)), "k")
        assert (payload["marks"], payload["marksCount"]) == ([0, 2], counts)
        assert payload["parts"][0]["title"] == "Thinking · 1 sentence"


def test_unscored_sentences_have_a_reason_and_no_value(database: Path) -> None:
    view = view_of(database, -2)
    payload = text_payload(view, "k")
    assert payload["unscored"] == {"2": "context_length"}
    assert np.isnan(np.frombuffer(base64.b64decode(payload["values"]["teacher"]), dtype="<f8")).tolist() == [
        False,
        False,
        True,
    ]
