"""Replies of SGLang read by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rdpt_core.scoring.backends.served.dialects.base import BadReplyError, OtherTokensError, Sent
from rdpt_core.scoring.backends.served.dialects.sglang import SglangDialect

SENT = Sent([7, 8, 9, 10], 2)


def test_entries_begin_at_the_last_prompt_token_whose_own_may_be_null() -> None:
    entries: list[list[Any]] = [[None, 8, "b"], [-2.0, 9, "c"], [-3.0, 10, None]]
    answer = SglangDialect().read({"meta_info": {"input_token_logprobs": entries}}, SENT)
    assert np.array_equal(answer.logprob, np.array([-2.0, -3.0], dtype=np.float32))
    assert SglangDialect().request("m", SENT)["logprob_start_len"] == 1
    entries[2] = [-3.0, 11, "d"]
    with pytest.raises(OtherTokensError, match="token 3"):
        SglangDialect().read({"meta_info": {"input_token_logprobs": entries}}, SENT)
    # Cut in silence.
    with pytest.raises(BadReplyError, match="expected 3 input_token_logprobs, got 2"):
        SglangDialect().read({"meta_info": {"input_token_logprobs": entries[:2]}}, SENT)
