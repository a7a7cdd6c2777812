"""One stream of recorded tokens. Arrays, since a file may hold millions: about 30 bytes a token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rdpt_core.arrays import Floats, Ints, SmallInts

UNKNOWN_ID = -1
"""Stands for the id of a token of which only the text was recorded."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a text was sampled, as its record says; None where it does not.

    Attributes:
        temperature: as asked for. Whether the logprobs were taken before or after it differs by server.
        mode: the server's name for what its logprobs are, such as vLLM's `processed_logprobs`.
        server: the kind of server that wrote the record, where its form tells: `vllm`, `sglang`, `llama.cpp`, ….
    """

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    seed: int | None = None
    mode: str | None = None
    server: str | None = None


@dataclass(frozen=True, slots=True)
class Alternatives:
    """The tokens that were recorded at each place, the one that stands there among them and each once.

    Shapes: `start` is (n_tokens + 1,), `logprob` is (start[-1],): at token i are `logprob[start[i]:start[i + 1]]`,
    in any order. Units: nats; −inf where a probability of 0 was recorded.
    """

    start: Ints
    logprob: Floats


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
        seams: numbers of the tokens before which something was left out that the response may have: a reply whose
            reasoning and answer were recorded as two lists has one where the answer begins.
        n_generated: how many tokens the server says that it made, the end token included; None if it does not say.
        n_impossible: how many of the written tokens were recorded with probability 0.
        n_above_zero: how many were recorded with a logprob above 0, which none can have.
        alternatives: what else was recorded at each place; None if nothing was.
        sampling: how the text was sampled, as the record says.
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
    seams: tuple[int, ...] = ()
    n_generated: int | None = None
    n_impossible: int = 0
    n_above_zero: int = 0
    alternatives: Alternatives | None = None
    sampling: Sampling | None = None
    fault: str | None = None

    def __len__(self) -> int:
        return len(self.token_id)
