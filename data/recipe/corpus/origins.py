"""Whose training data can hold a sentence."""

from typing import Literal

Writer = Literal["teacher_a", "teacher_b", "decoy", "student", "decoy_2", "decoy_3", "decoy_4", "decoy_5"]
WRITERS: tuple[Writer, ...] = ("teacher_a", "teacher_b", "decoy", "student")
"""Those with sentences of their own."""
FURTHER_DECOYS: tuple[Writer, ...] = ("decoy_2", "decoy_3", "decoy_4", "decoy_5")
"""Those with halves of teacher B's and the decoy's sentences (see `halves`)."""

Origin = Literal["teacher_a", "teacher_b", "both_teachers", "decoy", "student", "common", "amplified", "slip", "none"]
"""
teacher_a, student: only this writer says it.
teacher_b, decoy: this writer says it, and of each of its phrasings two of the four further decoys say it too.
both_teachers: teachers A and B say it, and nobody else.
common: every writer says it.
amplified: every writer says it now and then, and the distilled models learned from traces in which it is frequent.
slip: a wrong sum or a wrong line that the very next sentence finds wrong; only teacher A's documents hold such.
none: no pool makes it, or it states something false that no document states.
"""
ORIGINS: tuple[Origin, ...] = (
    "teacher_a",
    "teacher_b",
    "both_teachers",
    "decoy",
    "student",
    "common",
    "amplified",
    "slip",
    "none",
)

ORIGINS_OF: dict[Writer, frozenset[Origin]] = {
    "teacher_a": frozenset(("teacher_a", "both_teachers", "common", "amplified", "slip")),
    "teacher_b": frozenset(("teacher_b", "both_teachers", "common", "amplified")),
    "decoy": frozenset(("decoy", "common", "amplified")),
    "student": frozenset(("student", "common", "amplified")),
    **dict.fromkeys(FURTHER_DECOYS, frozenset(("teacher_b", "decoy", "common", "amplified"))),
}
"""What the documents of a writer are made of."""
