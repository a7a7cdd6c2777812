"""SGLang's `/generate`: alternatives by id, and its count of tokens for what was generated only."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rdpt_core.scoring.backends.recorded.forms.sglang import of_meta_info
from rdpt_core.scoring.backends.recorded.recording import Recording


def read(**meta: Any) -> list[Recording]:
    return list(of_meta_info({"text": "ab", "meta_info": meta}, "f:1", ()))


def test_alternatives_of_output_and_input() -> None:
    output = [[-1.0, 5, "a"], [-3.0, 6, "b"]]
    tops = [[[-0.5, 7, None], [-1.0, 5, None]], [[-0.25, 7, None]]]
    generated, prompt = read(
        output_token_logprobs=output,
        output_top_logprobs=tops,
        input_token_logprobs=[[None, 1, "x"], [-2.0, 2, "y"]],
        input_top_logprobs=[None, [[-0.5, 3, None], [-2.0, 2, None]]],
        completion_tokens=2,
    )
    assert generated.alternatives is not None and prompt.alternatives is not None
    assert generated.alternatives.start.tolist() == [0, 2, 4]
    np.testing.assert_array_equal(generated.alternatives.logprob, np.array([-0.5, -1.0, -3.0, -0.25]))
    assert prompt.alternatives.start.tolist() == [0, 0, 2]
    assert (generated.n_generated, prompt.n_generated, prompt.is_prompt) == (2, None, True)


@pytest.mark.parametrize("tops", [None, [], [[]], [None, None], [[[-1.0, 5, "a"]], [[-3.0, 6, "b"]]], ["x", 3]])
def test_lists_that_say_nothing_more_are_left_out(tops: Any) -> None:
    [found] = read(output_token_logprobs=[[-1.0, 5, "a"], [-3.0, 6, "b"]], output_top_logprobs=tops)
    assert found.alternatives is None and found.n_generated is None
