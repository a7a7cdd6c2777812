"""Which sentence a token belongs to.

It belongs to the sentence that holds its first non-whitespace character; an all-whitespace token to the sentence that
holds its first character:

    response   A  .  \\n \\n B  .          sentences  [0, 4) [4, 6)
    tokens     └A┘└──.\\n\\n──┘└B┘└.┘        sentence    0  0      1  1
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rdpt_core.arrays import SmallInts
from rdpt_core.records import Span, TokenLogprobs

# All of Unicode's white space lies in its first plane; looking through the others would slow the app's start.
_WHITESPACE = np.array([code for code in range(0x10000) if chr(code).isspace()], dtype=np.uint32)


@dataclass(frozen=True, slots=True)
class Assignment:
    """Shapes: `sentence_index` is (n_tokens,). `n_straddling` tokens have visible characters in two sentences."""

    sentence_index: SmallInts
    n_straddling: int


def assign_tokens(response: str, spans: Sequence[Span], tokens: TokenLogprobs) -> Assignment:
    """The sentence of every token. `spans` tile the response; offsets are code points."""
    n_chars = len(response)
    if n_chars == 0 or len(tokens) == 0:
        return Assignment(np.zeros(len(tokens), dtype=np.int32), 0)
    codes = np.frombuffer(response.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    visible = ~np.isin(codes, _WHITESPACE)
    position = np.arange(n_chars)
    # next_visible[i] is the first visible character at or after i, or n_chars; last_visible[i] the last up to i, or −1.
    next_visible = np.minimum.accumulate(np.where(visible, position, n_chars)[::-1])[::-1]
    last_visible = np.maximum.accumulate(np.where(visible, position, -1))

    start = np.clip(tokens.char_start, 0, n_chars - 1)
    last = np.clip(tokens.char_end - 1, 0, n_chars - 1)
    first_seen, last_seen = next_visible[start], last_visible[last]
    has_visible = first_seen <= last
    anchor = np.where(has_visible, first_seen, start)
    starts = np.array([span.char_start for span in spans])
    index = np.searchsorted(starts, anchor, side="right") - 1
    last_index = np.searchsorted(starts, np.where(has_visible, last_seen, anchor), side="right") - 1
    return Assignment(index.astype(np.int32), int(np.count_nonzero(index != last_index)))
