"""What recorded numbers themselves prove: that they are not what the model gives at temperature 1.

A softmax gives no token the probability 0, its tail is never empty, and no logprob is above 0. A server that writes
down what it samples from, and not what the model gives, breaks the first two; one that writes logits, the last.
The recordings of a role are looked at together: what one place leaves open, many tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np

from rdpt_core.arrays import Bools, Doubles, Floats, Ints
from rdpt_core.scoring.backends.recorded.recording import Alternatives, Recording

_MOST_ZEROS = 0.9
"""Of the written tokens. Logprobs that were rounded to bfloat16 are exactly 0 from p = 0.998 on: four in five of a
reasoning model's own text."""
_FEWEST_TOKENS = 20
_SURE_ABOUT_ZEROS = 100
"""With fewer tokens than this, every one must be 0."""
_BELOW_GUESSING_NATS = 5.0
"""A model that is sure and wrong does worse than guessing, too: the bundled student by 1.4 nats in its worst trace."""
_LARGEST_VOCABULARY = 1 << 20
_SUM_ERROR = 2e-6
"""Of the probabilities at one place, from logprobs in float32."""
_COARSEST_SUM_ERROR = 1e-4
"""Logprobs that were written down with three decimals or fewer cannot tell whether anything is left for a tail."""
_CLIFF = 1000.0
"""A place tells whether its tail was cut off if the least likely alternative weighs this many times the error of the
sum. Where nothing is left beyond it, probabilities fall by this factor from one token to all the others together."""
_FEWEST_CUT = 8
_SHARE_CUT = 0.2
"""Of the places that can tell. Models' own lists of 2, 5 and 20 had none in 1,600 places; sharpened to temperature 0.6,
lists of two had up to 11%; a nucleus of 0.95 gave 26% to 100%, with 2 to 100 alternatives."""
_FULL_LIST = 256
"""Alternatives: as many as a byte-level vocabulary has at least."""
_ABOVE_ONE = 1.01
_SHARE_ABOVE_ONE = 0.1


class Doubt(StrEnum):
    """What is the matter with numbers, which decides what can be done about it."""

    SCALED = "scaled"
    CUT = "cut"
    LOGITS = "logits"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that speaks against a role's recordings. `text`: what was seen, and where first."""

    doubt: Doubt
    text: str


@dataclass(frozen=True, slots=True)
class Places:
    """Sums over the alternatives of every token that has some. Shapes: (n_places,), `token` their token numbers.

    Units: `total` and `smallest` are probabilities, of those above 0; `n_finite` counts these.
    """

    token: Ints
    n: Ints
    n_finite: Ints
    total: Doubles
    smallest: Doubles


_Listed: TypeAlias = Sequence[tuple[Recording, Places]]


def places_of(alternatives: Alternatives) -> Places:
    """Count and add up, place by place."""
    n = np.diff(alternatives.start)
    token = np.flatnonzero(n)
    if not len(token):
        none = np.empty(0)
        return Places(token, n[token], n[token], none, none)
    # Without the empty places the segments lie end to end, as `reduceat` needs them.
    first = alternatives.start[:-1][token]
    logprob = alternatives.logprob.astype(np.float64)
    is_zero = np.isneginf(logprob)
    # Logits may be beyond what `exp` can hold; their sum is above 1 all the same.
    with np.errstate(over="ignore"):
        p = np.exp(logprob)
    return Places(
        token,
        n[token],
        np.add.reduceat((~is_zero).astype(np.int64), first),
        np.add.reduceat(p, first),
        np.minimum.reduceat(np.where(is_zero, np.inf, p), first),
    )


def sum_error(logprob: Floats) -> float:
    """By how much probabilities that belong to recorded logprobs may miss their sum, which is at most 1."""
    # Only where float32 is fine enough to show how many decimals there are.
    values = logprob[(logprob > -2) & (logprob < 0)].astype(np.float64)
    if len(values):
        for n_decimals in range(1, 6):
            if np.all(np.abs(values - np.round(values, n_decimals)) < 2e-7):
                return float(_SUM_ERROR + 0.5 * 10.0**-n_decimals)
    return _SUM_ERROR


def find_evidence(recordings: Sequence[Recording], n_vocabulary: int | None) -> list[Evidence]:
    """What the numbers of a role's recordings prove, the strongest first.

    Args:
        n_vocabulary: tokens of the model's vocabulary; None if unknown.
    """
    usable = [recording for recording in recordings if recording.fault is None]
    listed = [(one, places_of(one.alternatives)) for one in usable if one.alternatives is not None]
    looks = (
        _counted(
            usable,
            Doubt.LOGITS,
            [recording.n_above_zero for recording in usable],
            "tokens have a value above 0, which no logprob is",
        ),
        _above_one(listed),
        _below_guessing(usable, n_vocabulary),
        _counted(
            usable,
            Doubt.CUT,
            [recording.n_impossible for recording in usable],
            "written tokens have probability 0, which no model gives",
        ),
        _zero_alternatives(listed),
        _empty_tails(listed, n_vocabulary),
        _zeros(usable),
    )
    return [evidence for evidence in looks if evidence is not None]


def _counted(recordings: Sequence[Recording], doubt: Doubt, counts: Sequence[int], what: str) -> Evidence | None:
    """Written tokens with something wrong: `counts` says how many in each recording. None if there are none."""
    first = next((recording for recording, n in zip(recordings, counts, strict=True) if n), None)
    if first is None:
        return None
    return Evidence(doubt, f"{sum(counts):,} of {_n_tokens(recordings):,} {what} (first in {first.source})")


def _above_one(listed: _Listed) -> Evidence | None:
    n_places, n_above, first = 0, 0, ""
    for recording, places in listed:
        # Lists that a few decimals rounded may come to a little more than 1; and the written token may stand twice,
        # under two names.
        written = np.exp(np.nan_to_num(recording.logprob[places.token].astype(np.float64), nan=-np.inf))
        above = int(np.count_nonzero(places.total - written > _ABOVE_ONE))
        n_places, n_above = n_places + len(places.token), n_above + above
        first = first or (recording.source if above else "")
    if n_above < max(_FEWEST_CUT, _SHARE_ABOVE_ONE * n_places):
        return None
    seen = f"at {n_above:,} of {n_places:,} places the probabilities of the alternatives add up to more than 1"
    return Evidence(Doubt.LOGITS, f"{seen} (first in {first})")


def _below_guessing(recordings: Sequence[Recording], n_vocabulary: int | None) -> Evidence | None:
    values = [recording.logprob[np.isfinite(recording.logprob)] for recording in recordings]
    n = sum(len(some) for some in values)
    if n < _FEWEST_TOKENS:
        return None
    mean = sum(float(some.sum(dtype=np.float64)) for some in values) / n
    guessing = -float(np.log(n_vocabulary or _LARGEST_VOCABULARY))
    if mean > guessing - _BELOW_GUESSING_NATS:
        return None
    among = f"{n_vocabulary:,} tokens" if n_vocabulary else "a million tokens"
    seen = f"their mean is {mean:.1f} nats a token, where a blind guess among {among} gives {guessing:.1f}"
    return Evidence(Doubt.LOGITS, f"{seen} (first in {recordings[0].source})")


def _zero_alternatives(listed: _Listed) -> Evidence | None:
    """Alternatives of probability 0; but a vocabulary may have entries without a token, the same at every place."""
    n_places, n_holding, first = 0, 0, ""
    lists: set[tuple[int, int]] = set()
    for recording, places in listed:
        holding: Bools = places.n_finite < places.n
        n_places, n_holding = n_places + len(places.token), n_holding + int(np.count_nonzero(holding))
        first = first or (recording.source if holding.any() else "")
        lists |= set(zip(places.n.tolist(), places.n_finite.tolist(), strict=True))
    if not n_holding:
        return None
    if len(lists) == 1:
        n, n_finite = next(iter(lists))
        if n >= _FULL_LIST and 2 * n_finite >= n:
            return None
    seen = f"at {n_holding:,} of {n_places:,} places there are alternatives of probability 0, which no model gives"
    return Evidence(Doubt.CUT, f"{seen} (first in {first})")


def _empty_tails(listed: _Listed, n_vocabulary: int | None) -> Evidence | None:
    n_telling, n_cut, first = 0, 0, ""
    for recording, places in listed:
        assert recording.alternatives is not None
        error = sum_error(recording.alternatives.logprob)
        if error > _COARSEST_SUM_ERROR:
            continue
        telling = (places.n_finite >= 2) & (places.smallest >= _CLIFF * error)
        if n_vocabulary is not None:
            telling &= places.n < n_vocabulary
        is_cut = telling & (np.abs(places.total - 1) <= error)
        n_telling += int(np.count_nonzero(telling))
        n_cut += int(np.count_nonzero(is_cut))
        first = first or (recording.source if is_cut.any() else "")
    if n_cut < max(_FEWEST_CUT, _SHARE_CUT * n_telling):
        return None
    seen = (
        f"at {n_cut:,} of {n_telling:,} places where it would show, a few alternatives add up to exactly 1 and leave "
        "nothing for other tokens"
    )
    return Evidence(Doubt.CUT, f"{seen} (first in {first})")


def _zeros(recordings: Sequence[Recording]) -> Evidence | None:
    n = sum(int(np.count_nonzero(np.isfinite(recording.logprob))) for recording in recordings)
    n_zero = sum(int(np.count_nonzero(recording.logprob == 0)) for recording in recordings)
    if n < _FEWEST_TOKENS or n_zero < n * (_MOST_ZEROS if n >= _SURE_ABOUT_ZEROS else 1):
        return None
    first = next(recording.source for recording in recordings if np.any(recording.logprob == 0))
    return Evidence(
        Doubt.SCALED, f"{n_zero:,} of {n:,} logprobs are exactly 0, as greedy decoding writes them (first in {first})"
    )


def _n_tokens(recordings: Iterable[Recording]) -> int:
    return sum(map(len, recordings))
