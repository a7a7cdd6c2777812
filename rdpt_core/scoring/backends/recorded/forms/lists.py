"""Parallel lists, as data sets of logprobs have them: one row a response, `token_ids` or `tokens` beside `logprobs`.

The lists of one row are equally long. An end token behind the response is one of them, as in every other form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rdpt_core.scoring.backends.recorded.forms.values import recording
from rdpt_core.scoring.backends.recorded.recording import Recording
from rdpt_core.traces.formats.requests import decoded_of

_VALUES = ("logprobs", "token_logprobs")


def of_lists(body: Mapping[str, Any], source: str, keys: tuple[str, ...]) -> Iterator[Recording]:
    """Lists of ids or texts, and of logprobs. A table of text has them as JSON."""
    values = next((found for name in _VALUES if (found := _scalars(body.get(name)))), None)
    ids, texts = _scalars(body.get("token_ids")), _scalars(body.get("tokens"))
    if values is None or not (ids or texts):
        return
    if texts and ids is None and all(type(token) is int for token in texts):
        ids, texts = texts, None
    if texts and not all(isinstance(text, str) for text in texts):
        texts = None
    lists = {"token_ids": ids, "tokens": texts, "logprobs": values}
    lengths = {name: len(given) for name, given in lists.items() if given is not None}
    fault = None
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{n:,} of {name}" for name, n in lengths.items())
        fault = f"the lists of the recording differ in length: {said}"
        n = min(lengths.values())
        ids, texts, values = (given[:n] if given is not None else None for given in (ids, texts, values))
    if values is not None:
        yield recording(source, keys, ids, values, texts=texts, fault=fault)


def _scalars(value: Any) -> Sequence[Any] | None:
    """A list of numbers, texts or nulls; None for anything else."""
    given = decoded_of(value)
    if not isinstance(given, list) or any(isinstance(one, Mapping | list) for one in given):
        return None
    return given
