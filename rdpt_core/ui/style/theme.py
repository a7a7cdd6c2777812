"""The one palette, used by figures, by the reader's style sheet and by every legend.

Each label has two colours in each mode: a *tint*, light enough to read text on, and an *ink*, strong enough for lines,
borders and underlines. Lightness alone tells the labels apart, so that the palette survives greyscale print and every
kind of colour blindness; the tests compute that. No colour ever stands alone: a letter and an underline go with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from rdpt_core.records import Direction, Label, Role

ICON = Path(__file__).with_name("icon.svg")
LOGO = Path(__file__).with_name("logo.svg")

Mode = Literal["light", "dark"]
MODES: tuple[Mode, ...] = ("light", "dark")

Underline = Literal["solid", "dashed", "dotted", "double", "wavy"]


@dataclass(frozen=True, slots=True)
class Tone:
    """A colour in both roles that it plays: behind text, and as a line."""

    tint: str
    ink: str


@dataclass(frozen=True, slots=True)
class Mark:
    """The marks that carry a label without colour: a letter before the sentence, and how it is underlined."""

    key: str
    letter: str
    underline: Underline
    hatch: str


class Look(NamedTuple):
    """How one group of sentences is drawn in figures: its letter, its colours in one mode, and its hatch."""

    letter: str
    tone: Tone
    hatch: str


# Keys name CSS classes and variables, so they are plain words. Boosted-down is its own shade of Boosted. Letters are
# all different; underlines and hatches within the labels of one set of roles.
MARKS: dict[str, Mark] = {
    "teacher": Mark("teacher", "T", "solid", ""),
    "shared": Mark("shared", "H", "dotted", "."),
    "student": Mark("student", "S", "dashed", "/"),
    "boosted": Mark("boosted", "B", "double", "x"),
    "boosted-down": Mark("boosted-down", "B↓", "wavy", "\\"),
    "common": Mark("common", "C", "dotted", "."),
    "gained": Mark("gained", "G", "solid", ""),
    "kept": Mark("kept", "K", "dotted", "."),
    "lost": Mark("lost", "L", "dashed", "/"),
}

_TONES: dict[Mode, dict[str, Tone]] = {
    "light": {
        "shared": Tone("#d6f5e7", "#22775a"),
        "student": Tone("#fbd794", "#b2691a"),
        "teacher": Tone("#8ecdf5", "#005fa4"),
        "boosted": Tone("#de97cc", "#7f166f"),
        "boosted-down": Tone("#b882cd", "#39206b"),
        "gained": Tone("#c4d07c", "#3d4a00"),
        "kept": Tone("#f0ead2", "#86844f"),
        "lost": Tone("#de9d8d", "#9a3324"),
    },
    "dark": {
        "shared": Tone("#163128", "#64b796"),
        "teacher": Tone("#003f70", "#459ad9"),
        "student": Tone("#694714", "#f6c56a"),
        "boosted": Tone("#923e7a", "#f29ed6"),
        "boosted-down": Tone("#815ea1", "#ecd8fc"),
        "gained": Tone("#5e721a", "#d0f7a6"),
        "kept": Tone("#2d2910", "#b8b784"),
        "lost": Tone("#7e382e", "#f8766c"),
    },
}

PAGE: dict[Mode, str] = {"light": "#ffffff", "dark": "#0f1319"}
TEXT: dict[Mode, str] = {"light": "#14171d", "dark": "#f0f2f6"}
MUTED: dict[Mode, str] = {"light": "#5a6372", "dark": "#a3adbd"}
RULE: dict[Mode, str] = {"light": "#d9dee6", "dark": "#323a47"}

ROLE_DASH: dict[str, str] = {Role.TEACHER: "solid", Role.STUDENT: "dash", Role.DISTILLED: "dot"}
ROLE_SYMBOL: dict[str, str] = {Role.TEACHER: "circle", Role.STUDENT: "square", Role.DISTILLED: "diamond"}


def tone(key: str, mode: Mode) -> Tone:
    """The colours of a mark; Common borrows those of Shared, which it never meets on one page."""
    return _TONES[mode]["shared" if key == "common" else key]


def label_key(label: str, direction: str | None = None) -> str:
    """The mark's key for a label: its own word, or `boosted-down`."""
    if label == Label.BOOSTED and direction == Direction.DOWN:
        return "boosted-down"
    return label.lower()


def label_look(label: str, mode: Mode) -> Look:
    """How figures draw a label."""
    key = label_key(label)
    return Look(MARKS[key].letter, tone(key, mode), MARKS[key].hatch)


def role_ink(role: str, mode: Mode) -> str:
    """Teacher and student share the ink of the label that is named after them; the distilled model is neutral."""
    return TEXT[mode] if role == Role.DISTILLED else tone(role, mode).ink


def css_variables(mode: Mode) -> str:
    """The palette as CSS declarations, for one mode."""
    lines = [f"--tint-{key}: {tone(key, mode).tint}; --ink-{key}: {tone(key, mode).ink};" for key in MARKS]
    lines += [f"--role-{role}: {role_ink(role, mode)};" for role in Role]
    lines += [f"--page: {PAGE[mode]}; --text: {TEXT[mode]}; --muted: {MUTED[mode]}; --rule: {RULE[mode]};"]
    return "\n".join(lines)


def mark_css() -> str:
    """The rules that give every mark its tint, letter and underline; they use the variables above."""
    rules = []
    for mark in MARKS.values():
        rules.append(f".m-{mark.key} {{ --tint: var(--tint-{mark.key}); --ink: var(--ink-{mark.key}); }}")
        rules.append(f".s.m-{mark.key} {{ text-decoration-style: {mark.underline}; }}")
        rules.append(f'.s.m-{mark.key}::before {{ content: "{mark.letter}"; }}')
        rules.append(f'.s.m-{mark.key}.uncertain::before {{ content: "{mark.letter}?"; }}')
    return "\n".join(rules)
