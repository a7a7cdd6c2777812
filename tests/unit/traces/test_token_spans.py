"""What counts as white space when tokens are assigned; the assignment itself is tested with the scoring."""

from __future__ import annotations

import sys

from rdpt_core.traces import token_spans


def test_all_white_space_is_known() -> None:
    everything = [code for code in range(sys.maxunicode + 1) if chr(code).isspace()]
    assert token_spans._WHITESPACE.tolist() == everything
