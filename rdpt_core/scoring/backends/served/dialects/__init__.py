"""How each kind of server is asked for logprobs of given tokens, and how its reply is read.

base      what a dialect is, what goes out and comes in, and the checks that all replies share
vllm      vLLM's interface for teachers, and its `prompt_logprobs`
sglang    SGLang's own `/generate`
echo      completions with `echo` and `logprobs`

Prompt and response go as token ids, made here, as one prompt; a server that gives logprobs of its prompt is enough.
With p the prompt's and r the response's tokens, logprobs come for r only:

    sent     p p p r r r r
    scoring        n n n n      an array of one row a token, from the last prompt token on
    vllm     - n n n n n n      one entry a token, keyed by its id; the first is null
    echo     - n n n n n n      parallel lists of token strings and logprobs; the first is null
    sglang       - n n n n      entries [logprob, id, text] from the last prompt token on, whose own may be null

A reply is checked against what was sent before any number of it is used. Every request says temperature 1 and whatever
else leaves probabilities as they are: some servers give the logprobs that they would sample with.
"""

from __future__ import annotations

from rdpt_core.scoring.backends.served.dialects.base import (
    Answer,
    BadReplyError,
    Dialect,
    NoAnswerError,
    NoLogprobsError,
    OtherTokensError,
    Sent,
    UnknownToServerError,
)
from rdpt_core.scoring.backends.served.dialects.echo import EchoDialect
from rdpt_core.scoring.backends.served.dialects.sglang import SglangDialect
from rdpt_core.scoring.backends.served.dialects.vllm import ScoringDialect, VllmDialect

__all__ = [
    "DIALECTS",
    "Answer",
    "BadReplyError",
    "Dialect",
    "EchoDialect",
    "NoAnswerError",
    "NoLogprobsError",
    "OtherTokensError",
    "ScoringDialect",
    "Sent",
    "SglangDialect",
    "UnknownToServerError",
    "VllmDialect",
]

DIALECTS: dict[str, tuple[Dialect, ...]] = {
    "scoring": (ScoringDialect(),),
    "vllm": (VllmDialect(),),
    "sglang": (SglangDialect(),),
    "echo": (EchoDialect(0), EchoDialect(1)),
}
"""What each setting tries, in this order."""
DIALECTS["auto"] = tuple(dialect for dialects in DIALECTS.values() for dialect in dialects)
