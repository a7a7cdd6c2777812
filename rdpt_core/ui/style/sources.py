"""How the sources of sentences are drawn: up to six teachers in colours of their own, the student, several, none.

Colours follow the place of a teacher, so that the triple's own one is as blue as the label Teacher; letters follow its
name. Teachers that cannot be told apart have, as a group, the next colour after all teachers, and the letter of the
first of them with a tilde. Of the first two teachers, the student, several and none, lightness alone tells them apart,
as with labels; of more teachers, colours under every kind of colour vision. No colour ever stands alone: a letter goes
with it.
"""

from __future__ import annotations

from dataclasses import dataclass

from rdpt_core.ui.style.theme import Look, Mode, Tone, Underline, tone

STUDENT = "student"
SEVERAL = "several"
NONE = "none"

ANSWERS: dict[str, str] = {STUDENT: "the student", SEVERAL: "one of several", NONE: "none of these"}
"""How running text names the answers that every run has; a teacher goes by its name."""

N_OTHERS = len(ANSWERS)

N_COLOURS = 6
"""Teachers with colours of their own; the next one begins again with the first."""

# Two of them borrow the colours of the labels that say the same.
_OF_LABELS = {"source-1": "teacher", STUDENT: "student", SEVERAL: "shared"}

_TONES: dict[Mode, dict[str, Tone]] = {
    "light": {
        "source-2": Tone("#cd7f98", "#631928"),
        "source-3": Tone("#a6d9a5", "#524b1d"),
        "source-4": Tone("#b489d2", "#02033c"),
        "source-5": Tone("#3ecaa6", "#12644f"),
        "source-6": Tone("#caa477", "#5d4805"),
        NONE: Tone("#adb1ba", "#212229"),
    },
    "dark": {
        "source-2": Tone("#b04d57", "#f9d9e8"),
        "source-3": Tone("#416741", "#d3c68a"),
        "source-4": Tone("#332d55", "#8f80ac"),
        "source-5": Tone("#14543e", "#9cffa5"),
        "source-6": Tone("#9d5a2b", "#fff1d9"),
        NONE: Tone("#575e65", "#b5bac3"),
    },
}

HATCHES: dict[str, str] = {
    "source-1": "",
    "source-2": "\\",
    "source-3": "|",
    "source-4": "x",
    "source-5": "-",
    "source-6": "+",
    SEVERAL: ".",
    STUDENT: "/",
    NONE: "",
}

UNDERLINES: dict[str, Underline] = {
    **{f"source-{place + 1}": "solid" for place in range(N_COLOURS)},
    SEVERAL: "double",
    STUDENT: "dashed",
    NONE: "dotted",
}

_LETTERS = {STUDENT: "S", SEVERAL: "&", NONE: "∅"}

KEYS = (*(f"source-{place + 1}" for place in range(N_COLOURS)), STUDENT, SEVERAL, NONE)
"""What CSS classes are named after."""


def source_tone(key: str, mode: Mode) -> Tone:
    """The colours of one of `KEYS`."""
    return tone(_OF_LABELS[key], mode) if key in _OF_LABELS else _TONES[mode][key]


@dataclass(frozen=True, slots=True)
class AnswerLooks:
    """How the answers of one run are drawn: its teachers, and the three that every run has.

    Attributes:
        teachers: their names, in the order of the run.
        groups: answers for teachers that cannot be told apart, each with the name of the first of them.
    """

    teachers: tuple[str, ...]
    groups: tuple[tuple[str, str], ...] = ()

    def key(self, answer: str) -> str:
        """One of `KEYS`, for a teacher's name, a group or one of the other three answers."""
        coloured = (*self.teachers, *(name for name, _ in self.groups))
        if answer in coloured:
            return f"source-{coloured.index(answer) % N_COLOURS + 1}"
        return answer

    def letters(self) -> dict[str, str]:
        """Answer → one to three characters, different for each: the beginning of a teacher's name, if that is free."""
        found: dict[str, str] = {}
        taken = set(_LETTERS.values())
        for name in self.teachers:
            options = [name[:1].upper(), name[:2].capitalize(), *map(str, range(1, len(self.teachers) + 1))]
            found[name] = next(option for option in options if option not in taken)
            taken.add(found[name])
        return found | {group: f"{found[first]}~" for group, first in self.groups} | _LETTERS

    def look(self, answer: str, mode: Mode) -> Look:
        """How figures draw an answer."""
        key = self.key(answer)
        return Look(self.letters()[answer], source_tone(key, mode), HATCHES[key])


def css_variables(mode: Mode) -> str:
    """The colours of all keys as CSS declarations, for one mode."""
    tones = {key: source_tone(key, mode) for key in KEYS}
    return "\n".join(f"--tint-{key}: {colours.tint}; --ink-{key}: {colours.ink};" for key, colours in tones.items())
