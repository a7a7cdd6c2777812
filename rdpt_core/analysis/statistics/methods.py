"""Every interval, test and adjustment by name, in one sentence, with its source: for pages, exports, papers."""

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


SHARE_INTERVAL = Method(
    "95% interval",
    "Intervals of shares are 95% BCa bootstrap intervals that resample questions, each with all of its traces, and are "
    "never narrower than the Korn–Graubard (Clopper–Pearson) interval on the effective number of questions at a share "
    "of 0 or 1.",
    "Efron 1987; Korn and Graubard 1998",
)
