"""The palette, computed: told apart under every kind of colour vision and in greyscale, and text readable on it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from rdpt_core.ui.style import theme

# Linear RGB, severity 1.0: Machado, Oliveira and Fernandes, IEEE TVCG 15 (2009).
VISION = {
    "full": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = np.array([0.95047, 1.0, 1.08883])
KEYS = ("teacher", "shared", "student", "boosted", "boosted-down")
WITHOUT_TEACHER = ("gained", "kept", "lost")

# CIE76 distances. About 2.3 is just noticeable side by side; three times that is plain at a glance.
FAR_ENOUGH = 6.5
GREY_FAR_ENOUGH = 5.0


def linear(colour: str) -> np.ndarray:
    c = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    x = XYZ @ rgb / WHITE
    f = np.where(x > (6 / 29) ** 3, np.cbrt(x), x / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(first: str, second: str) -> float:
    low, high = sorted(float(XYZ[1] @ linear(colour)) for colour in (first, second))
    return (high + 0.05) / (low + 0.05)


def palettes() -> list[tuple[str, dict[str, str]]]:
    named = []
    for mode, (what, keys) in itertools.product(theme.MODES, (("", KEYS), (" without a teacher", WITHOUT_TEACHER))):
        named.append((f"{mode} tints{what}", {k: theme.tone(k, mode).tint for k in keys} | {"page": theme.PAGE[mode]}))
        named.append((f"{mode} inks{what}", {k: theme.tone(k, mode).ink for k in keys}))
    return named


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize(("name", "colours"), palettes(), ids=lambda value: value if isinstance(value, str) else "")
def test_labels_are_told_apart(name: str, colours: dict[str, str], vision: str) -> None:
    for first, second in itertools.combinations(colours, 2):
        seen = [lab(np.clip(VISION[vision] @ linear(colours[key]), 0, 1)) for key in (first, second)]
        assert np.linalg.norm(seen[0] - seen[1]) > FAR_ENOUGH, (name, first, second)


@pytest.mark.parametrize(("name", "colours"), palettes(), ids=lambda value: value if isinstance(value, str) else "")
def test_labels_are_told_apart_in_greyscale(name: str, colours: dict[str, str]) -> None:
    for first, second in itertools.combinations(colours, 2):
        lightness = [lab(linear(colours[key]))[0] for key in (first, second)]
        assert abs(lightness[0] - lightness[1]) > GREY_FAR_ENOUGH, (name, first, second)


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("mode", theme.MODES)
def test_a_label_without_a_teacher_looks_like_none_with_one(mode: theme.Mode, vision: str) -> None:
    # Both kinds of runs stand beside each other where two traces are compared.
    for kind, mine, other in itertools.product(("tint", "ink"), WITHOUT_TEACHER, KEYS):
        seen = (linear(getattr(theme.tone(key, mode), kind)) for key in (mine, other))
        first, second = (lab(np.clip(VISION[vision] @ colour, 0, 1)) for colour in seen)
        assert np.linalg.norm(first - second) > FAR_ENOUGH, (kind, mine, other)


@pytest.mark.parametrize("mode", theme.MODES)
def test_text_is_readable_on_every_tint(mode: theme.Mode) -> None:
    for background in [theme.PAGE[mode], *(theme.tone(key, mode).tint for key in (*KEYS, *WITHOUT_TEACHER))]:
        assert contrast(theme.TEXT[mode], background) >= 4.5
    assert contrast(theme.MUTED[mode], theme.PAGE[mode]) >= 4.5


@pytest.mark.parametrize("mode", theme.MODES)
def test_lines_stand_out(mode: theme.Mode) -> None:
    for key in (*KEYS, *WITHOUT_TEACHER):
        tone = theme.tone(key, mode)
        assert contrast(tone.ink, theme.PAGE[mode]) >= 3
        assert contrast(tone.ink, tone.tint) >= 3


@pytest.mark.parametrize("keys", [KEYS, WITHOUT_TEACHER], ids=["triple", "without a teacher"])
def test_every_label_has_marks_of_its_own(keys: tuple[str, ...]) -> None:
    for name in ("letter", "underline", "hatch"):
        values = [getattr(theme.MARKS[key], name) for key in keys]
        assert len(set(values)) == len(values), name
    letters = [mark.letter for mark in theme.MARKS.values()]
    assert len(set(letters)) == len(letters)


def test_the_theme_file_agrees_with_the_palette() -> None:
    import tomllib
    from pathlib import Path

    config = tomllib.loads((Path(__file__).parents[4] / ".streamlit" / "config.toml").read_text())
    for mode in theme.MODES:
        assert config["theme"][mode]["backgroundColor"] == theme.PAGE[mode]
        assert config["theme"][mode]["textColor"] == theme.TEXT[mode]
