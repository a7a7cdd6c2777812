"""Every interval, test and adjustment by name, in one sentence, with its source: for pages, exports and papers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Method:
    """How a number was made.

    Attributes:
        name: a few words, as they stand beside a number.
        sentence: one whole sentence for a methods paragraph.
        source: author and year of the publication.
    """

    name: str
    sentence: str
    source: str


HOLM = Method(
    "p, Holm",
    "P-values that stand together are also given as adjusted by Holm's method, which keeps the chance of one or more "
    "false findings among all of them at the level of a single test.",
    "Holm 1979",
)
UNIMODALITY_TEST = Method(
    "dip test",
    "Whether the density has two humps was tested by the dip statistic, whose distribution under one hump came from "
    "resampled questions, each with all of its sentences, under a flat density, the most uneven-looking of the "
    "densities with one hump.",
    "Hartigan and Hartigan 1985",
)
