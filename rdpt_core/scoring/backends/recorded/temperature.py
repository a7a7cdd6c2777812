"""Logprobs that were taken after the logits were divided by a temperature, brought back to temperature 1.

With p' at temperature T, the model's own p is proportional to p'^T:

    ln p(x) = T ln p'(x) - ln (sum over the alternatives of p'^T  +  tail)

Of the tail nothing was recorded but its mass m' = 1 - (sum over the alternatives of p'). Its n tokens contribute at
most n^(1-T) m'^T if T < 1, where all weigh the same, and at most m'^T if T >= 1, where one has everything. The tail is
left out, and the token is left without a logprob where that could change it by more than `MOST_ERROR_NATS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rdpt_core.arrays import Bools, Doubles, Floats
from rdpt_core.scoring.backends.recorded.recording import Alternatives, Recording
from rdpt_core.scoring.backends.recorded.soundness import Places, places_of, sum_error

MOST_ERROR_NATS = 1e-3
"""A token's logprob may miss by this much for what was not recorded of its place."""
_FEWEST_OF_A_VOCABULARY = 256
_MOST_TOTAL = 1.001


@dataclass(frozen=True, slots=True)
class Undone:
    """Recordings at temperature 1. `n_undone` counts their tokens with a logprob, `n_left` those that lost it."""

    recordings: list[Recording]
    n_undone: int
    n_left: int


def undo_temperature(recordings: Sequence[Recording], temperature: float, n_vocabulary: int | None) -> Undone:
    """The same recordings with the logprobs that the model gives at temperature 1, NaN where these are not known.

    Args:
        temperature: what logits were divided by; above 0.
        n_vocabulary: tokens of the model's vocabulary. If None, a list counts as the whole of it if all lists are
            equally long, have at least 256 entries and leave nothing out.
    """
    n_vocabulary = n_vocabulary or _listed_vocabulary(recordings)
    results, n_undone, n_left = [], 0, 0
    for recording in recordings:
        logprob = np.full(len(recording), np.nan, dtype=np.float32)
        if recording.alternatives is not None:
            places = places_of(recording.alternatives)
            normaliser, is_known = _normalisers(recording.alternatives, places, temperature, n_vocabulary)
            own = temperature * recording.logprob[places.token].astype(np.float64) - normaliser
            # Rounding may end a little above 0.
            logprob[places.token] = np.where(is_known, np.minimum(own, 0.0), np.nan)
        n_undone += int(np.count_nonzero(np.isfinite(logprob)))
        n_left += int(np.count_nonzero(np.isfinite(recording.logprob) & ~np.isfinite(logprob)))
        results.append(replace(recording, logprob=logprob))
    return Undone(results, n_undone, n_left)


def _normalisers(
    alternatives: Alternatives, places: Places, temperature: float, n_vocabulary: int | None
) -> tuple[Doubles, Bools]:
    """The logarithm of the sum over the alternatives, and whether the tail is light enough. Shapes: (n_places,)."""
    if not len(places.token):
        return np.empty(0), np.empty(0, dtype=np.bool_)
    first = alternatives.start[:-1][places.token]
    scaled = temperature * alternatives.logprob.astype(np.float64)
    most = np.maximum.reduceat(scaled, first)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        normaliser = most + np.log(np.add.reduceat(np.exp(scaled - np.repeat(most, places.n)), first))
        error = np.log1p(_tail_at_most(alternatives.logprob, places, temperature, n_vocabulary) / np.exp(normaliser))
        return normaliser, (error <= MOST_ERROR_NATS) & (places.total <= _MOST_TOTAL)


def _tail_at_most(logprob: Floats, places: Places, temperature: float, n_vocabulary: int | None) -> Doubles:
    """What the tokens that were not recorded can contribute. Shape: (n_places,)."""
    # A mass that rounding hides is there all the same.
    mass = np.maximum(1 - places.total, 0) + sum_error(logprob)
    if n_vocabulary is None:
        return mass**temperature if temperature >= 1 else np.full(len(mass), np.inf)
    n_missing = np.maximum(n_vocabulary - places.n, 0).astype(np.float64)
    spread = n_missing ** max(1 - temperature, 0.0)
    return np.where(n_missing == 0, 0.0, spread * mass**temperature)


def _listed_vocabulary(recordings: Sequence[Recording]) -> int | None:
    """How many tokens every list has, if the lists are whole."""
    found = [places_of(recording.alternatives) for recording in recordings if recording.alternatives is not None]
    lengths = {n for places in found for n in np.unique(places.n).tolist()}
    if len(lengths) != 1 or min(lengths) < _FEWEST_OF_A_VOCABULARY:
        return None
    is_whole = all(bool(np.all(np.abs(places.total - 1) <= _MOST_TOTAL - 1)) for places in found)
    return int(lengths.pop()) if is_whole else None
