"""The tokens of one trace under one role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from rdpt_core.arrays import Floats, SmallInts
from rdpt_core.records import TokenLogprobs
from rdpt_core.store.soundness.parsing import damaged


def checked_tokens(lists: Mapping[str, Any], n_tokens: int, place: str) -> TokenLogprobs:
    """The tokens of one trace under one role.

    Args:
        lists: column → values as an Arrow array, None where the whole list is missing, as ranks may be.

    Raises:
        StoreError: the lists differ in length, something other than a logprob or a rank is missing, or a number is out
            of range.
    """
    for name, values in lists.items():
        may_lack = name in ("logprob", "rank")
        if values is not None and (len(values) != n_tokens or (values.null_count and not may_lack)):
            raise damaged(
                f"{name} of the {place}",
                f"{n_tokens:,} numbers",
                f"{len(values):,} values, {values.null_count:,} of them missing",
            )
    token_id, char_start, char_end = (_whole(lists[n]) for n in ("token_id", "char_start", "char_end"))
    rank = None if lists["rank"] is None else _whole(lists["rank"].fill_null(0))
    logprob: Floats = lists["logprob"].to_numpy(zero_copy_only=False).astype(np.float32)
    if token_id is None or char_start is None or char_end is None:
        raise damaged(f"tokens of the {place}", "lists", "none")
    if np.any(char_start < 0) or np.any(char_end < char_start):
        raise damaged(f"tokens of the {place}", "an end of each token that is not before its start", "another one")
    if np.count_nonzero(np.isnan(logprob)) != lists["logprob"].null_count:
        raise damaged(f"tokens of the {place}", "a logprob, or none, of each token", "NaN")
    if np.any(logprob > 0):
        raise damaged(f"tokens of the {place}", "logprobs of at most 0", float(np.nanmax(logprob)))
    if rank is not None and np.count_nonzero(rank > 0) != n_tokens - lists["rank"].null_count:
        raise damaged(f"rank of the {place}", "whole numbers from 1", f"{rank.min()}")
    return TokenLogprobs(token_id, char_start, char_end, logprob, rank)


def check_token_ends(tokens: TokenLogprobs, length: int, trace_no: int) -> None:
    """Check that no token ends beyond its response.

    Raises:
        StoreError: one does.
    """
    if len(tokens) and tokens.char_end.max() > length:
        raise damaged(f"tokens of trace {trace_no}", f"ends within {length:,} characters", f"{tokens.char_end.max():,}")


def _whole(values: Any) -> SmallInts | None:
    return None if values is None else values.to_numpy(zero_copy_only=False).astype(np.int32)
