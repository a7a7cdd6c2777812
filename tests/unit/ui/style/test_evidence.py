"""The palette of evidence, computed like that of labels: lightness alone tells the steps apart."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from rdpt_core.analysis.evidence.p_values.trace import STEPS as STEPS_OF_ANALYSIS
from rdpt_core.ui.style import theme
from rdpt_core.ui.style.evidence import STEPS, colours_css, evidence_css, key, step_tone
from tests.unit.ui.style.test_theme import FAR_ENOUGH, GREY_FAR_ENOUGH, VISION, contrast, lab, linear


def colours(mode: theme.Mode, kind: str) -> dict[str, str]:
    found = {step: getattr(step_tone(step, mode), kind) for step in STEPS}
    return found | ({"page": theme.PAGE[mode]} if kind == "tint" else {})


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize(("mode", "kind"), [*itertools.product(theme.MODES, ("tint", "ink"))])
def test_steps_are_told_apart(mode: theme.Mode, kind: str, vision: str) -> None:
    for first, second in itertools.combinations(colours(mode, kind).items(), 2):
        seen = [lab(np.clip(VISION[vision] @ linear(colour), 0, 1)) for _, colour in (first, second)]
        assert np.linalg.norm(seen[0] - seen[1]) > FAR_ENOUGH, (first, second)


@pytest.mark.parametrize("mode", theme.MODES)
def test_stronger_evidence_stands_out_more(mode: theme.Mode) -> None:
    lightness = [lab(linear(colour))[0] for colour in colours(mode, "tint").values()]
    steps = np.diff(lightness) if mode == "light" else -np.diff(lightness)
    assert (steps > GREY_FAR_ENOUGH).all()


@pytest.mark.parametrize("mode", theme.MODES)
@pytest.mark.parametrize("step", STEPS)
def test_text_is_readable_and_lines_stand_out(mode: theme.Mode, step: str) -> None:
    tone = step_tone(step, mode)
    assert contrast(theme.TEXT[mode], tone.tint) >= 4.5
    assert contrast(tone.ink, theme.PAGE[mode]) >= 3
    assert contrast(tone.ink, tone.tint) >= 3
    # The line of the teacher runs across the tint in the joint chart.
    assert contrast(theme.role_ink("teacher", mode), tone.tint) >= 3


def test_every_step_of_the_analysis_has_marks_of_its_own() -> None:
    assert tuple(STEPS) == STEPS_OF_ANALYSIS
    for name in ("letter", "underline", "name"):
        assert len({getattr(marks, name) for marks in STEPS.values()}) == len(STEPS)
    for step in STEPS:
        assert f".s.a-{key(step)} " in evidence_css() and f"--tint-{key(step)}:" in colours_css("dark")
