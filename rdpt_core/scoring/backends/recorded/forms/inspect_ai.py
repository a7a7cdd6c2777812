"""Inspect's samples: a log with `samples`, a member of an archive, or a sample alone.

A sample is known by its id and its epoch, from which `import` makes the number of the trace.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rdpt_core.scoring.backends.recorded.forms.values import mappings, of_entries
from rdpt_core.scoring.backends.recorded.recording import Recording
from rdpt_core.traces.formats.fields import whole


def of_samples(body: Mapping[str, Any], source: str, keys: tuple[str, ...]) -> Iterator[Recording]:
    """Every choice of every sample that has logprobs."""
    is_log = isinstance(body.get("samples"), list)
    for sample in mappings(body["samples"]) if is_log else [body]:
        given = sample.get("output")
        output = given if isinstance(given, Mapping) else {}
        choices = mappings(output.get("choices"))
        n_generated = _count(output, choices[0]) if len(choices) == 1 else None
        for index, choice in enumerate(choices):
            lists = choice.get("logprobs")
            entries = mappings(lists.get("content")) if isinstance(lists, Mapping) else []
            if entries:
                own_keys = _keys(sample, index, len(choices))
                yield of_entries(entries, source, own_keys, text="token", n_generated=n_generated)


def _keys(sample: Mapping[str, Any], index: int, n_choices: int) -> tuple[str, ...]:
    name, epoch = sample.get("id"), whole(sample.get("epoch"))
    if not isinstance(name, str | int):
        return ()
    return (str(name) if epoch is None else f"{name}-s{(epoch - 1) * n_choices + index}",)


def _count(output: Mapping[str, Any], choice: Mapping[str, Any]) -> int | None:
    """How many tokens were made of a single choice, if all of them were to be said."""
    usage, message = output.get("usage"), choice.get("message")
    has_calls = isinstance(message, Mapping) and bool(message.get("tool_calls"))
    if not isinstance(usage, Mapping) or usage.get("reasoning_tokens") or has_calls:
        return None
    return whole(usage.get("output_tokens"))
