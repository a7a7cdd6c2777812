"""Gemini's `generateContent`, asked with `responseLogprobs`. The API writes names in camelCase, its SDK in snake_case.

`avgLogprobs` is a mean over the tokens of a candidate and no recording of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rdpt_core.scoring.backends.recorded.forms.values import mappings, of_entries
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
        if not isinstance(result, Mapping):
            continue
        entries = [_entry(one) for one in mappings(field_of(result, "chosenCandidates"))]
        tops = mappings(field_of(result, "topCandidates"))
        # One list for each step; the chosen token need not be in it.
        if len(tops) == len(entries):
            for entry, top in zip(entries, tops, strict=True):
                entry["top_logprobs"] = [_entry(one) for one in mappings(top.get("candidates"))]
        if entries:
            yield of_entries(entries, source, keys, text="token")


def _entry(token: Mapping[str, Any]) -> dict[str, Any]:
    """A token under the names that other programs use."""
    names = {
        "token": token.get("token"),
        "id": field_of(token, "tokenId"),
        "logprob": field_of(token, "logProbability"),
    }
    return {name: value for name, value in names.items() if value is not None}
