"""How the evidence of a sentence is drawn, wherever it is: one hue, darker or lighter, the stronger it is.

Lightness alone tells the steps apart, so they survive greyscale print and every kind of colour blindness. A digit and
an underline go with each.
"""

from __future__ import annotations

from typing import NamedTuple

from rdpt_core.ui.style.theme import Mode, Tone, Underline


class Step(NamedTuple):
    """A step of evidence: what the legend calls it, and its marks."""

    name: str
    letter: str
    underline: Underline


STEPS: dict[str, Step] = {
    "strong": Step("found at 1%", "3", "double"),
    "found": Step("found at 5%", "2", "solid"),
    "weak": Step("p ≤ 0.05, not found", "1", "dashed"),
    "none": Step("no evidence", "0", "dotted"),
}
"""By the names of the analysis, strongest first."""

_TONES: dict[Mode, dict[str, Tone]] = {
    "light": {
        "strong": Tone("#76bcea", "#00264a"),
        "found": Tone("#a2d1f0", "#004a86"),
        "weak": Tone("#c8e0f3", "#2f6085"),
        "none": Tone("#e6edf3", "#66788a"),
    },
    "dark": {
        "strong": Tone("#154a76", "#e6f4ff"),
        "found": Tone("#133c5d", "#a9d4f7"),
        "weak": Tone("#142e45", "#7aa6c8"),
        "none": Tone("#18212b", "#71839a"),
    },
}


def key(step: str) -> str:
    """What CSS classes and variables are named after."""
    return f"evidence-{step}"


def step_tone(step: str, mode: Mode) -> Tone:
    """The colours of one of `STEPS`."""
    return _TONES[mode][step]


def colours_css(mode: Mode) -> str:
    """The colours of all steps as CSS declarations, for one mode."""
    return "\n".join(
        f"--tint-{key(step)}: {tone.tint}; --ink-{key(step)}: {tone.ink};" for step, tone in _TONES[mode].items()
    )


def evidence_css() -> str:
    """How the text and the legend draw steps; colours come from the variables above."""
    rules = []
    for step, marks in STEPS.items():
        name = key(step)
        rules.append(f".a-{name} {{ --tint: var(--tint-{name}); --ink: var(--ink-{name}); }}")
        rules.append(f".s.a-{name} {{ text-decoration-style: {marks.underline}; }}")
    return "\n".join(rules)
