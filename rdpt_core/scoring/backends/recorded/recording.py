"""One stream of recorded tokens. Arrays, since a file may hold millions: about 30 bytes a token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rdpt_core.arrays import Floats, SmallInts

UNKNOWN_ID = -1
"""Stands for the id of a token of which only the text was recorded."""


@dataclass(frozen=True, slots=True)
class Recording:
    """Tokens with their logprobs.

    Shapes: every array and list is (n_tokens,). Units: nats, NaN where nothing was recorded; offsets in code points.

    Attributes:
        source: file and line, for messages.
        keys: names that may be a trace's id.
        texts: tokens as they were written down; None where only ids or offsets are known.
        raw: the bytes of the tokens, where these were recorded.
        prompt: what stood before, if it was recorded as text.
        is_prompt: the tokens are those of a prompt, of which the response is the end.
        fault: why the stream cannot be used, found while it was read.
    """

    source: str
    keys: tuple[str, ...]
    token_id: SmallInts
    logprob: Floats
    texts: Sequence[str] | None = None
    raw: Sequence[bytes] | None = None
    char_start: SmallInts | None = None
    char_end: SmallInts | None = None
    prompt: str | None = None
    is_prompt: bool = False
    fault: str | None = None

    def __len__(self) -> int:
        return len(self.token_id)
