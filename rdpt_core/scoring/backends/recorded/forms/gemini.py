"""Gemini's `generateContent`, asked with `responseLogprobs`. The API writes names in camelCase, its SDK in snake_case.

`avgLogprobs` is a mean over the tokens of a candidate and no recording of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rdpt_core.scoring.backends.recorded.forms.values import mappings, recording
from rdpt_core.scoring.backends.recorded.recording import Recording
from rdpt_core.traces.formats.requests import decoded_of


def field_of(value: Mapping[str, Any], name: str) -> Any:
    """A field under its camelCase name, or as the SDK spells it; None if it has neither."""
    if value.get(name) is not None:
        return value[name]
    return value.get("".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name))


def of_candidates(body: Mapping[str, Any], source: str, keys: tuple[str, ...]) -> Iterator[Recording]:
    """Each candidate's chosen tokens."""
    # A table of batch answers has each as JSON text.
    answer = body if "candidates" in body else decoded_of(body.get("response"))
    for candidate in mappings(answer.get("candidates")) if isinstance(answer, Mapping) else []:
        result = field_of(candidate, "logprobsResult")
        chosen = mappings(field_of(result, "chosenCandidates")) if isinstance(result, Mapping) else []
        if not chosen:
            continue
        texts = [one.get("token") for one in chosen]
        yield recording(
            source,
            keys,
            [field_of(one, "tokenId") for one in chosen],
            [field_of(one, "logProbability") for one in chosen],
            texts=texts if all(isinstance(text, str) for text in texts) else None,
        )
