"""What records say of how their text was sampled, and what that says of their logprobs.

Servers differ in whether the logprobs that they write are the model's or those of the distribution that was sampled
from; `docs/served.md` has the table. What is not known here is said, and not guessed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

from rdpt_core.records.stated import words_of
from rdpt_core.scoring.backends.recorded.recording import Recording, Sampling
from rdpt_core.scoring.backends.recorded.soundness import Doubt, Evidence

_NAMES = tuple(field.name for field in fields(Sampling))
_RAW_SERVERS = frozenset({"vllm", "llama.cpp"})
"""They write the model's own logprobs unless their mode says otherwise."""
_RAW_MODE = "raw_logprobs"
_SILENT = Sampling()
_MOST_VALUES = 8


def stated_of(recordings: Sequence[Recording]) -> dict[str, Any]:
    """For each thing that any record states: its values with the number of recordings that state them, the most
    frequent first and at most eight, and how many recordings state another value or none."""
    found: dict[str, Any] = {}
    for name in _NAMES:
        values = Counter(getattr(recording.sampling or _SILENT, name) for recording in recordings)
        n_silent = values.pop(None, 0)
        most = sorted(values.items(), key=lambda item: (-item[1], str(item[0])))
        if most:
            found[name] = {
                "values": [[value, n] for value, n in most[:_MOST_VALUES]],
                "n_others": sum(n for _, n in most[_MOST_VALUES:]),
                "n_silent": n_silent,
            }
    return found


def stated_evidence(recordings: Sequence[Recording], temperature: float | None) -> list[Evidence]:
    """What records say that makes their logprobs others than the model's at temperature 1.

    Args:
        temperature: the user's word on what logits were divided by. It stands against no record that states another,
            where that record's logprobs are known to be scaled.
    """

    def is_scaled(sampling: Sampling) -> bool:
        known = _is_processed(sampling) and not _cuts(sampling)
        if known or _is_scaled_by_sglang(sampling):
            asked = sampling.temperature
            settled = asked == 1 if temperature is None else asked is None or asked == temperature
            return not settled
        return False

    looks: list[tuple[Doubt, str, Callable[[Sampling], bool]]] = [
        (Doubt.LOGITS, "are logits by their mode", lambda sampling: (sampling.mode or "").endswith("_logits")),
        (Doubt.CUT, "are of what was sampled from", lambda sampling: _is_processed(sampling) and _cuts(sampling)),
        (Doubt.SCALED, "were taken after the temperature", is_scaled),
    ]
    found = []
    for doubt, what, holds in looks:
        holding = [recording for recording in _generated(recordings) if holds(recording.sampling or _SILENT)]
        if holding:
            words = words_of(stated_of(holding))
            seen = f"the logprobs of {len(holding):,} of {len(recordings):,} recordings {what}: {words}"
            found.append(Evidence(doubt, f"{seen} (first in {holding[0].source})"))
    return found


def is_own(recording: Recording) -> bool:
    """Whether logprobs are known to be the model's own, whatever was done to those of other recordings."""
    sampling = recording.sampling or _SILENT
    if sampling.mode is not None:
        return sampling.mode == _RAW_MODE
    # vLLM's depend on how it was started, which its records seldom say.
    return sampling.server == "llama.cpp" or (recording.is_prompt and sampling.server == "sglang")


def is_unclear(recording: Recording) -> bool:
    """Whether a record states a temperature, or a cut, of which it is not known whether its logprobs show it."""
    sampling = recording.sampling or _SILENT
    is_plain = sampling.temperature in (None, 1) and not _cuts(sampling)
    is_raw = sampling.mode == _RAW_MODE or (sampling.mode is None and sampling.server in _RAW_SERVERS)
    # The logprobs of a prompt's tokens are known to be scaled nowhere but in a mode that says so.
    return not (is_plain or is_raw or recording.is_prompt)


def _generated(recordings: Sequence[Recording]) -> list[Recording]:
    """Without those that are the model's own whatever they state, as prompts of a server that scales only what it
    generates."""
    return [recording for recording in recordings if not is_own(recording)]


def _is_processed(sampling: Sampling) -> bool:
    """vLLM's mode of that name, and llama.cpp's probabilities after its samplers."""
    mode = (sampling.mode or "").lower()
    return mode == "processed_logprobs" or mode.startswith("post_sampling")


def _is_scaled_by_sglang(sampling: Sampling) -> bool:
    # At 0 it takes the likeliest token, of logits that nothing divides.
    return sampling.server == "sglang" and sampling.temperature not in (None, 0, 1)


def _cuts(sampling: Sampling) -> bool:
    """Whether some tokens could not be sampled at all. Servers write 1, 0 or −1 where nothing is cut."""
    top_p, top_k, min_p = sampling.top_p, sampling.top_k, sampling.min_p
    return bool((top_p is not None and top_p < 1) or (top_k is not None and top_k > 0) or (min_p or 0) > 0)
