"""What a server means by saying no: a request that is too long for it, or a field that it does not know.

Servers say so in words of their own, and gateways wrap them; the text of the whole reply is searched.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rdpt_core.records import UnscoredReason

LOGITS_HINT = "A server that was started with a logits mode (`--logprobs-mode`) gives none; start it without one."

_READ_CHARS = 10_000
"""Of a reply: what is longer repeats the request."""

_NUMBER = r"(\d[\d,]{0,14})"
_LIMITS = tuple(
    (re.compile(pattern.replace("NUMBER", _NUMBER), re.I), beside)
    for pattern, beside in (
        # vLLM, OpenAI, SGLang, llama-cpp-python, LM Studio and whoever took their words from them.
        (r"(?:maximum|model'?s) context (?:length|window|limit|size)(?: is| of)?(?: only)?:? \(?NUMBER tokens?", 0),
        (r"maximum context length (?:is|of|:) ?NUMBER", 0),
        (r"maximum model length of NUMBER", 0),
        (r"exceeds? (?:the )?(?:available )?context (?:window|size|length) (?:of )?\(?NUMBER", 0),
        (r"with NUMBER maximum context length", 0),
        (r"\bmax_(?:model|seq)_len(?:gth)? ?\(?(?:=|is|of)? ?\(?NUMBER", 0),
        # llama.cpp, as a field.
        (r"\bn_ctx\\*\" ?: ?NUMBER", 0),
        # Text Generation Inference.
        (r"`inputs` tokens \+ `max_new_tokens` must be (?:<|\\u003c)= NUMBER", 0),
        (r"`inputs` must have less than NUMBER tokens", 0),
        # These count the input alone: vLLM's rows to score, SGLang's scheduler, others.
        (r"at most NUMBER scored rows", 1),
        (r"exceeds the maximum allowed (?:input )?length (?:\(|of )NUMBER", 0),
        (r"maximum prompt length is NUMBER", 1),
    )
)
"""Words that name a limit, and how many tokens it leaves out of the context's length."""

_TOO_LONG = re.compile(
    r"context_length_exceeded|exceed_context_size|ContextWindowExceeded|context_window_exceeded"
    r"|(?:exceed|longer than|greater than|too (?:long|large) for|beyond)[^.\n]{0,60}"
    r"(?:context|maximum model length|max_model_len|max_seq_len|maximum number of tokens)"
    r"|context(?: \w+){1,2} exceed|(?:context|prompt|input)(?: \w+){0,2} too long"
    r"|reduce the length of the (?:input )?(?:prompt|messages)"
    r"|maximum (?:context|prompt) length is",
    re.I,
)
_NO_ROOM = re.compile(r"max_tokens must be at least 1, got (0|-\d{1,12})\b")
"""vLLM, of an input that fills the context: what is left of it for the token that it must generate."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A request that got no logprobs, and why, in words that may be shown.

    `context_length`: the server's limit, in tokens, if that is why and the server names it.
    """

    reason: UnscoredReason
    detail: str
    context_length: int | None = None


@dataclass(frozen=True, slots=True)
class TooLongForServer:
    """A request is longer than the server takes. `context_length` is in tokens; None if the server names none."""

    context_length: int | None


def why_refused(status: int, shown: str, said: str, body: Mapping[str, Any], n_sent: int) -> Unanswered:
    """Why a trace was refused: for its length, or for anything else.

    Args:
        status: of HTTP.
        shown: the server's words, which may be shown.
        said: the whole reply.
        body: the request.
        n_sent: tokens of the request.
    """
    found = too_long(said, n_sent, max_tokens=body.get("max_tokens", 1))
    limit = None if found is None else found.context_length
    if limit is None and (found is not None or status == 413):
        shown += " (no limit is named: `context_length` in the triple keeps requests short enough)"
    reason = UnscoredReason.SERVER_REFUSED if found is None else UnscoredReason.CONTEXT_LENGTH
    return Unanswered(reason, shown, limit)


def too_long(said: str, n_sent: int, *, max_tokens: int) -> TooLongForServer | None:
    """Whether a refusal means that a request is too long.

    Args:
        said: the whole reply.
        n_sent: tokens of the request.
        max_tokens: how many the request asked the server to generate.
    """
    said = said[:_READ_CHARS]
    no_room = _NO_ROOM.search(said)
    if no_room and max_tokens > 0:
        return TooLongForServer(n_sent + int(no_room[1]))
    limits = [
        int(match[1].replace(",", "")) + beside for pattern, beside in _LIMITS for match in pattern.finditer(said)
    ]
    # A limit that the request keeps is not why it was refused.
    broken = [limit for limit in limits if 0 < limit <= n_sent]
    if broken:
        return TooLongForServer(min(broken))
    return TooLongForServer(None) if _TOO_LONG.search(said) else None


def unknown_fields(said: str, fields: Collection[str]) -> set[str]:
    """Those of a request's fields that a refusal names as not wanted."""
    # Some list what they do know after what they do not.
    said = re.split(r"expected one of|allowed fields|supported fields", said[:_READ_CHARS], maxsplit=1)[0]
    return {field for field in fields if re.search(rf"(?<!\w){re.escape(field)}(?!\w)", said)}


def is_switched_off(said: str) -> bool:
    """Whether a refusal is about an interface that the server has and does not offer, and not about the key."""
    return "--enable-scale-out" in said[:_READ_CHARS]


def advice(refusals: Iterable[str]) -> str:
    """What to do about a server that gives no logprobs of its prompt, by what it said to every dialect."""
    if any("Unexpected fields in the request" in said for said in refusals):
        return "`transformers serve` gives none of a prompt; name the model itself instead of its server."
    return (
        "Chat endpoints of hosted services give none; serve the model with vLLM or SGLang. If it says "
        "that ids are out of the vocabulary, `tokenizer` is another model's."
    )
