"""How models mark their thinking: the tags of each family, a response cut into thinking and answer, and its end."""

from __future__ import annotations

import re
from typing import NamedTuple


class Spelling(NamedTuple):
    """How a family writes its thinking: before it, between it and the answer, and after the answer."""

    family: str
    open: str
    close: str
    end: str = ""


THINK = Spelling("think", "<think>\n", "\n</think>\n\n")

_FAMILIES: tuple[tuple[re.Pattern[str], Spelling], ...] = (
    (re.compile(r"magistral.*2506"), THINK),
    (re.compile(r"magistral|ministral|mistral"), Spelling("mistral", "[THINK]", "[/THINK]")),
    (re.compile(r"gpt-oss"), Spelling("harmony", "<|channel|>analysis<|message|>",
                                      "<|end|><|start|>assistant<|channel|>final<|message|>")),
    (re.compile(r"seed-oss"), Spelling("seed", "<seed:think>", "</seed:think>")),
    (re.compile(r"exaone-deep"), Spelling("exaone", "<thought>\n", "\n</thought>\n\n")),
    (re.compile(r"command-a|command-r7b"), Spelling("cohere", "<|START_THINKING|>",
                                                    "<|END_THINKING|><|START_RESPONSE|>", "<|END_RESPONSE|>")),
    (re.compile(r"gemma-?4"), Spelling("gemma", "<|channel>thought\n", "\n<channel|>")),
    (re.compile(r"minimax-m3"), Spelling("minimax-m3", "<mm:think>", "</mm:think>")),
    (re.compile(r"solar-open"), Spelling("solar", "<|think|>", "<|end|><|begin|>assistant<|content|>")),
    (re.compile(r"sky-t1"), Spelling("sky", "<|begin_of_thought|>\n\n",
                                     "\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\n",
                                     "\n\n<|end_of_solution|>")),
    (re.compile(r"marco-o1"), Spelling("marco", "<Thought>\n", "\n</Thought>\n<Output>\n", "\n</Output>")),
    (re.compile(r"deepseek|qwen|qwq|glm|kimi|nemotron|minimax|ernie|hunyuan|r1"), THINK),
)  # fmt: skip

SPELLINGS: tuple[Spelling, ...] = tuple(dict.fromkeys(spelling for _, spelling in _FAMILIES))
"""Of every family, once."""

TAGS: tuple[tuple[str, str], ...] = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<Thought>", "</Thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("[THINK]", "[/THINK]"),
    ("<seed:think>", "</seed:think>"),
    ("<mm:think>", "</mm:think>"),
    ("<think:opensource>", "</think:opensource>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|channel>thought", "<channel|>"),
    ("<|channel|>analysis<|message|>", "<|channel|>final<|message|>"),
    ("<|think|>", "<|begin|>assistant<|content|>"),
    ("<|open|>think<|sep|>", "<|close|>think<|sep|>"),
    ("to=self<|message|>", "<|start|>assistant to=user<|message|>"),
)
"""Opening and closing of a thinking block, in every spelling that is known here, without line breaks at its seams."""

OPENINGS = tuple(opening for opening, _ in TAGS)

_CUT = frozenset({"length", "max_tokens", "max_output_tokens", "max_length", "model_length",
                  "model_context_window_exceeded"})  # fmt: skip
_BROKEN_OFF = frozenset({"content_filter", "content_filtered", "guardrail_intervened", "safety", "recitation",
                         "prohibited_content", "blocklist", "spii", "refusal", "abort", "aborted", "cancelled", "error",
                         "timeout", "insufficient_system_resource"})  # fmt: skip


def spelling_for(model: str | None) -> tuple[Spelling, bool]:
    """A model's spelling, by its name, and whether the family is known. Unknown families get `<think>`."""
    name = (model or "").lower()
    for pattern, spelling in _FAMILIES:
        if pattern.search(name):
            return spelling, True
    return THINK, False


def tags_of(spelling: Spelling) -> tuple[str, str]:
    """A family's opening and closing, as `TAGS` has them."""
    opening = spelling.open.strip()
    return opening, dict(TAGS).get(opening, spelling.close.strip())


def split_thinking(response: str, prompt: str | None = None) -> tuple[str | None, str | None]:
    """The thinking and the answer of a response.

    A closing tag without an opening one counts: many templates open the thinking in the prompt.

    Returns:
        (thinking, answer); thinking is None if there is no such block, answer is None if the thinking never ends.
    """
    for opening, closing in TAGS:
        position = response.rfind(closing)
        if position >= 0:
            return response[:position], response[position + len(closing) :]
        if response.startswith(opening) or response.lstrip().startswith(opening):
            return response, None
        if prompt is not None and prompt[-200:].rstrip().endswith(opening):
            return response, None
    return None, response


def starts_inside_thinking(response: str) -> bool:
    """Whether a response closes a thinking block that it did not open."""
    return any(closing in response and not response.lstrip().startswith(opening) for opening, closing in TAGS)


def is_cut_off(finish_reason: str | None) -> bool:
    """Whether a response did not come to its end, by what its source says of why generation stopped."""
    return finish_reason is not None and finish_reason.lower() in _CUT | _BROKEN_OFF


def truncation(
    response: str,
    prompt: str | None,
    finish_reason: str | None,
    by_source: bool,
    must_close: bool = False,
    may_be_closed: bool = False,
) -> str | None:
    """Why a response counts as truncated, or None if it looks whole.

    Args:
        by_source: the source says that it is incomplete.
        must_close: the file's responses begin inside the thinking, so that each must close it.
        may_be_closed: the response holds thinking only, and whether the model closed it is not known.
    """
    if finish_reason is not None and finish_reason.lower() in _CUT:
        return "stopped at the token limit"
    if is_cut_off(finish_reason):
        return f"broken off ({finish_reason})"
    thinking, answer = split_thinking(response, prompt)
    if answer is None:
        return "no answer after the thinking" if may_be_closed else "the thinking never ends"
    if by_source:
        return "the source says that it is incomplete"
    if not response.strip():
        return "empty response"
    if thinking is None and must_close:
        return "the thinking never ends, as it does in the file's other responses"
    if thinking is not None and not answer.strip():
        return "no answer after the thinking"
    return None
