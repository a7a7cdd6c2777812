"""The palette of sources, computed like that of labels, and letters that are never the same."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from rdpt_core.ui.style import theme
from rdpt_core.ui.style.sources import ANSWERS, HATCHES, KEYS, N_COLOURS, UNDERLINES, AnswerLooks, source_tone
from tests.unit.ui.style.test_theme import FAR_ENOUGH, GREY_FAR_ENOUGH, VISION, contrast, lab, linear

# Nine greys on which text can be read do not exist; these are what most runs have.
MOST_RUNS = ("source-1", "source-2", "student", "several", "none")


def colours(mode: theme.Mode, kind: str) -> dict[str, str]:
    found = {key: getattr(source_tone(key, mode), kind) for key in KEYS}
    return found | ({"page": theme.PAGE[mode]} if kind == "tint" else {})


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize(("mode", "kind"), [*itertools.product(theme.MODES, ("tint", "ink"))])
def test_sources_are_told_apart(mode: theme.Mode, kind: str, vision: str) -> None:
    for first, second in itertools.combinations(colours(mode, kind).items(), 2):
        seen = [lab(np.clip(VISION[vision] @ linear(colour), 0, 1)) for _, colour in (first, second)]
        assert np.linalg.norm(seen[0] - seen[1]) > FAR_ENOUGH, (first, second)


@pytest.mark.parametrize(("mode", "kind"), [*itertools.product(theme.MODES, ("tint", "ink"))])
def test_those_of_most_runs_are_told_apart_in_greyscale(mode: theme.Mode, kind: str) -> None:
    shown = colours(mode, kind)
    for first, second in itertools.combinations([key for key in shown if key in (*MOST_RUNS, "page")], 2):
        lightness = [lab(linear(shown[key]))[0] for key in (first, second)]
        assert abs(lightness[0] - lightness[1]) > GREY_FAR_ENOUGH, (first, second)


@pytest.mark.parametrize("mode", theme.MODES)
@pytest.mark.parametrize("key", KEYS)
def test_text_is_readable_and_lines_stand_out(mode: theme.Mode, key: str) -> None:
    tone = source_tone(key, mode)
    assert contrast(theme.TEXT[mode], tone.tint) >= 4.5
    assert contrast(tone.ink, theme.PAGE[mode]) >= 3
    assert contrast(tone.ink, tone.tint) >= 3


def test_every_key_has_marks() -> None:
    assert set(HATCHES) == set(UNDERLINES) == set(KEYS)


@pytest.mark.parametrize(
    ("teachers", "expected"),
    [
        (("A", "B"), "AB"),
        (("math", "code"), "MC"),
        (("A", "sibling"), ["A", "Si"]),
        (("same", "sam", "sa"), ["Sa", "1", "2"]),
        (("alpha", "alps", "al"), ["A", "Al", "1"]),
    ],
)
def test_letters(teachers: tuple[str, ...], expected: list[str]) -> None:
    letters = AnswerLooks(teachers).letters()
    assert [letters[name] for name in teachers] == list(expected)
    assert len(set(letters.values())) == len(teachers) + len(ANSWERS)


def test_a_group_has_a_colour_and_a_letter_of_its_own() -> None:
    looks = AnswerLooks(("A", "B", "sibling"), (("A or sibling", "A"),))
    assert looks.key("A or sibling") == "source-4"
    letters = looks.letters()
    assert letters["A or sibling"] == "A~"
    assert len(set(letters.values())) == len(letters) == 3 + 1 + len(ANSWERS)


def test_more_teachers_than_colours_begin_again() -> None:
    looks = AnswerLooks(tuple(f"teacher{place}" for place in range(N_COLOURS + 2)))
    assert looks.key("teacher6") == looks.key("teacher0") == "source-1"
    assert len(set(looks.letters().values())) == N_COLOURS + 2 + len(ANSWERS)
    assert looks.look("teacher0", "light").tone == theme.tone("teacher", "light")
    assert looks.key("none") == "none"
