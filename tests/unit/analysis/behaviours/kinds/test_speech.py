"""Rows of tags as kinds."""

from __future__ import annotations

import numpy as np
import pytest

from rdpt_core.analysis.behaviours.families import KindFamily
from rdpt_core.analysis.behaviours.kinds import speech as module
from rdpt_core.analysis.behaviours.kinds.parts_of_speech import parts_of_speech
from rdpt_core.analysis.behaviours.kinds.reading import Numbered
from rdpt_core.analysis.behaviours.kinds.speech import names_of, speech

TEMPLATES = ("@ has # pens.", "now @ has # pens.", "the answer is #.", "wait.")
NUMBER = np.tile(np.array([0, 1, 1, 2, 2, 2, 3, -1, -1, -1, -1, -1], np.int32), 30)


def found() -> KindFamily:
    numbers = Numbered(TEMPLATES, np.bincount(NUMBER[NUMBER >= 0]), NUMBER)
    return speech(numbers, np.arange(len(NUMBER)) // 6)


def test_members_are_the_sentences_whose_template_has_the_row() -> None:
    family = found()
    assert family.names
    for name in family.names:
        having = [k for k, template in enumerate(TEMPLATES) if name in names_of(template)]
        assert family.places(name).tolist() == np.flatnonzero(np.isin(NUMBER, having)).tolist(), name


def test_a_row_that_only_begins_sentences_is_listed_once() -> None:
    names = found().names
    assert "DT NN VBZ …" in names and "… DT NN VBZ …" not in names
    assert "NNP VBZ CD …" in names and "… NNP VBZ CD …" in names


def test_names_of_a_template_are_its_rows_of_three_tags() -> None:
    tags = parts_of_speech(TEMPLATES[1])
    assert names_of(TEMPLATES[1]) == (
        f"{' '.join(tags[:3])} …",
        *(f"… {' '.join(tags[i : i + 3])} …" for i in range(len(tags) - 2)),
    )
    assert names_of("wait.") == ()


def test_only_the_most_frequent_templates_are_tagged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_TAGGED", 1)
    assert set(found().names) == {name for name in names_of(TEMPLATES[2]) if not name.startswith("… DT")}


def test_what_sentences_are_made_of_is_no_kind_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    every = found().names
    monkeypatch.setattr(module, "MOST_COMMON", 80 / 360)
    having = {name: sum(name in names_of(TEMPLATES[k]) for k in NUMBER if k >= 0) for name in every}
    assert set(found().names) == {name for name, n in having.items() if n <= 80} != set(every)
