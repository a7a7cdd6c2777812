"""How the class of a sentence by the training texts is drawn: one hue, darker the more of it stands there.

Lightness alone tells the classes apart, so they survive greyscale print and every kind of colour blindness. A sign and
an underline go with each.
"""

from __future__ import annotations

from typing import NamedTuple

from rdpt_core.ui.style.theme import Mode, Tone, Underline


class ClassLook(NamedTuple):
    """The marks of a class."""

    letter: str
    underline: Underline


CLASSES: dict[str, ClassLook] = {
    "copied": ClassLook("=", "double"),
    "template": ClassLook("≈", "dashed"),
    "new": ClassLook("+", "dotted"),
}
"""By the names of the analysis, in its order."""

_TONES: dict[Mode, dict[str, Tone]] = {
    "light": {
        "copied": Tone("#c4a6ea", "#27084a"),
        "template": Tone("#dccbf2", "#57318a"),
        "new": Tone("#efe9f5", "#75688a"),
    },
    "dark": {
        "copied": Tone("#4f3080", "#f1e7ff"),
        "template": Tone("#372553", "#c3a3ee"),
        "new": Tone("#231c30", "#8b7da4"),
    },
}


def key(name: str) -> str:
    """What CSS classes and variables are named after."""
    return f"training-{name}"


def class_tone(name: str, mode: Mode) -> Tone:
    """The colours of one of `CLASSES`."""
    return _TONES[mode][name]


def colours_css(mode: Mode) -> str:
    """The colours of all classes as CSS declarations, for one mode."""
    return "\n".join(
        f"--tint-{key(name)}: {tone.tint}; --ink-{key(name)}: {tone.ink};" for name, tone in _TONES[mode].items()
    )


def training_css() -> str:
    """How the text and the legend draw classes; colours come from the variables above."""
    rules = []
    for name, marks in CLASSES.items():
        rules.append(f".a-{key(name)} {{ --tint: var(--tint-{key(name)}); --ink: var(--ink-{key(name)}); }}")
        rules.append(f".s.a-{key(name)} {{ text-decoration-style: {marks.underline}; }}")
    return "\n".join(rules)
