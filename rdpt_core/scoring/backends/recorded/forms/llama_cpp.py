"""llama.cpp's native `/completion`, asked with `n_probs`, as it writes it now and as it wrote it until the end of 2024.

Now each token has an id, its text and bytes, and a `logprob` of the model itself, taken before all samplers. With
`post_sampling_probs` a probability stands there that the samplers have changed, as it did in the old form, whatever
was asked for; the old form says so as `mode`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rdpt_core.scoring.backends.recorded.forms.values import mappings, of_entries
from rdpt_core.scoring.backends.recorded.recording import Recording, Sampling
from rdpt_core.traces.formats.fields import whole

AFTER_SAMPLERS = "post_sampling_probs"
"""The server's name for probabilities that its samplers have changed."""

_NO_PENALTIES = {"repeat_penalty": 1, "presence_penalty": 0, "frequency_penalty": 0}
_PART = re.compile(r"byte: (\\x[0-9a-fA-F]{2})\Z")


def of_native(body: Mapping[str, Any], source: str, keys: tuple[str, ...]) -> Iterator[Recording]:
    """A whole answer. `tokens_predicted` says how many tokens were made."""
    entries = mappings(body.get("completion_probabilities"))
    if not entries:
        return
    prompt = body.get("prompt")
    about = {
        "prompt": prompt if isinstance(prompt, str) else None,
        "n_generated": whole(body.get("tokens_predicted")),
    }
    if any("probs" in entry for entry in entries):
        sampling = None if _is_untouched(body.get("generation_settings")) else Sampling(mode=AFTER_SAMPLERS)
        now = [_entry_until_2024(entry) for entry in entries]
        yield of_entries(now, source, keys, text="token", sampling=sampling, **about)
    else:
        fault = after_samplers(entries)
        yield of_entries(entries, source, keys, text="token", fault=fault, **about)


def after_samplers(entries: Sequence[Mapping[str, Any]]) -> str | None:
    """Why entries cannot be used that hold what the samplers left; None for all others."""
    if not any("prob" in entry and "logprob" not in entry for entry in entries):
        return None
    return f"its probabilities are those after the samplers ({AFTER_SAMPLERS}), not the model's; record without it"


def _is_untouched(settings: Any) -> bool:
    """Whether these settings left the old form its probabilities: greedy, without penalties, biases and grammar."""
    if not isinstance(settings, Mapping):
        return False
    temperature = settings.get("temperature")
    is_greedy = isinstance(temperature, int | float) and temperature <= 0
    has_none = all(settings.get(name, neutral) == neutral for name, neutral in _NO_PENALTIES.items())
    return is_greedy and has_none and not settings.get("grammar") and not settings.get("logit_bias")


def _entry_until_2024(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A token under the names that are used now. It is among the likeliest tokens beside it, or has no probability."""
    text = str(entry.get("content", ""))
    others = [
        {"token": _shown(str(one.get("tok_str", ""))), "logprob": _log(one.get("prob"))}
        for one in mappings(entry.get("probs"))
    ]
    own = [one["logprob"] for one in others if one["token"] == _shown(text)]
    return {"token": _shown(text), "logprob": own[0] if len(own) == 1 else None, "top_logprobs": others}


def _shown(text: str) -> str:
    """A text, or a byte of one as other programs show it."""
    return _PART.sub(r"bytes:\1", text)


def _log(probability: Any) -> float | None:
    """Nats; −inf for a probability of 0, None for what is none."""
    if isinstance(probability, bool) or not isinstance(probability, int | float) or not 0 <= probability <= 1:
        return None
    return math.log(probability) if probability > 0 else -math.inf
