"""The palette of the classes by training texts, computed like that of evidence: lightness alone tells them apart."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from rdpt_core.analysis.evidence.overlap import classes
from rdpt_core.ui.style import theme
from rdpt_core.ui.style.training import CLASSES, class_tone, colours_css, key, training_css
from tests.unit.ui.style.test_theme import FAR_ENOUGH, GREY_FAR_ENOUGH, VISION, contrast, lab, linear


def colours(mode: theme.Mode, kind: str) -> dict[str, str]:
    found = {name: getattr(class_tone(name, mode), kind) for name in CLASSES}
    return found | ({"page": theme.PAGE[mode]} if kind == "tint" else {})


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize(("mode", "kind"), [*itertools.product(theme.MODES, ("tint", "ink"))])
def test_classes_are_told_apart(mode: theme.Mode, kind: str, vision: str) -> None:
    for first, second in itertools.combinations(colours(mode, kind).items(), 2):
        seen = [lab(np.clip(VISION[vision] @ linear(colour), 0, 1)) for _, colour in (first, second)]
        assert np.linalg.norm(seen[0] - seen[1]) > FAR_ENOUGH, (first, second)


@pytest.mark.parametrize("mode", theme.MODES)
def test_what_stands_in_the_training_texts_stands_out_more(mode: theme.Mode) -> None:
    lightness = [lab(linear(colour))[0] for colour in colours(mode, "tint").values()]
    steps = np.diff(lightness) if mode == "light" else -np.diff(lightness)
    assert (steps > GREY_FAR_ENOUGH).all()


@pytest.mark.parametrize("mode", theme.MODES)
@pytest.mark.parametrize("name", CLASSES)
def test_text_is_readable_and_lines_stand_out(mode: theme.Mode, name: str) -> None:
    tone = class_tone(name, mode)
    assert contrast(theme.TEXT[mode], tone.tint) >= 4.5
    assert contrast(tone.ink, theme.PAGE[mode]) >= 3
    assert contrast(tone.ink, tone.tint) >= 3
    # The line of the teacher runs across the tint in the joint chart.
    assert contrast(theme.role_ink("teacher", mode), tone.tint) >= 3


def test_every_class_of_the_analysis_has_marks_of_its_own() -> None:
    assert tuple(CLASSES) == classes.CLASSES
    for mark in ("letter", "underline"):
        assert len({getattr(marks, mark) for marks in CLASSES.values()}) == len(CLASSES)
    for name in CLASSES:
        assert f".s.a-{key(name)} " in training_css() and f"--tint-{key(name)}:" in colours_css("dark")
