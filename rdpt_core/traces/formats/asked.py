"""What a column holds that was asked: a question, a conversation, a conversation as JSON text, or a rendered prompt.

Trainers decode prompts without their special tokens. What is left of ChatML is `system`, `user` and `assistant` on
lines of their own, and of Llama 3's template the same words at the ends of the texts before them. That is no question:
it stays the prompt that it is, and its turns are read back only where no other place could be taken for a role's name.
"""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

from rdpt_core.records import Message
from rdpt_core.traces.formats.base import RecordError
from rdpt_core.traces.formats.conversation import is_conversation, is_rendered, messages_of, turns_in, turns_of
from rdpt_core.traces.formats.fields import messages_for, text_of
from rdpt_core.traces.thinking import OPENINGS

_PACKED = re.compile(r'\s*\[\s*\{\s*"(?:role|from|content|value)"\s*:')
_PYTHON = re.compile(r"\s*(?:array\(\s*)?\[\s*\{\s*'(?:role|from|content|value)'\s*:")
_ROLE_LINE = re.compile(r"^(system|user|assistant|tool)$", re.M)
_USER, _ASSISTANT = "<｜User｜>", "<｜Assistant｜>"


def unpacked(value: Any) -> Any:
    """The conversation of a text that is one as JSON, as CSV files hold them; every other value as it is."""
    if not isinstance(value, str) or _PACKED.match(value) is None:
        return value
    try:
        turns = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return turns if is_conversation(turns) else value


def is_python_notation(value: Any) -> bool:
    """Whether a text is a conversation as Python or numpy prints it, which cannot be read back without guessing."""
    return isinstance(value, str) and _PYTHON.match(value) is not None


def refuse_python_notation(value: Any, what: str) -> None:
    """Refuse a conversation that was written by printing it.

    Raises:
        RecordError: `is_python_notation`.
    """
    if is_python_notation(value):
        raise RecordError(
            f"{what} is a conversation as Python prints it; expected a list of turns, or one as JSON: "
            f"write the column with json.dumps; got {value[:60]!r}"
        )


def asked(value: Any, what: str, system: Any = None) -> tuple[tuple[Message, ...], str | None]:
    """The conversation before the response and the rendered prompt, of a column that holds either.

    Args:
        value: a text, or a list of turns, or that list as JSON text.
        what: the column, for messages.
        system: what stands in a column of system messages; used where the conversation has none.

    Raises:
        RecordError: it is none of these.
    """
    system = system if isinstance(system, str) else None
    value = unpacked(value)
    if is_conversation(value):
        messages = messages_of(turns_of(value))
        if system and messages[0].role != "system":
            messages = (Message("system", system), *messages)
        return messages, None
    refuse_python_notation(value, what)
    text = text_of(value, what)
    if is_rendered_or_decoded(text):
        return rendered_turns(text), text
    return messages_for(text, system), None


def is_rendered_or_decoded(text: str) -> bool:
    """Whether a text is a prompt as a chat template renders it, with its special tokens or without them."""
    return is_rendered(text) or is_decoded_chat(text)


def rendered_turns(prompt: str) -> tuple[Message, ...]:
    """The turns of a rendered prompt, where they are certain: ChatML and Llama 3, with or without tokens, DeepSeek."""
    return turns_in(prompt) or _decoded_turns(prompt) or _decoded_llama_turns(prompt) or _deepseek_turns(prompt)


def is_decoded_chat(prompt: str) -> bool:
    """Whether a text is a rendered chat without its tokens: a role begins it, and the assistant's turn is next."""
    if not prompt.startswith(("system\n", "user\n")):
        return False
    if prompt.endswith("assistant\n\n") and prompt.startswith(("system\n\n", "user\n\n")) and "user\n\n" in prompt:
        return True
    last, has_user = None, False
    for last in _ROLE_LINE.finditer(prompt):
        has_user = has_user or last[1] == "user"
    return has_user and last is not None and last[1] == "assistant" and _is_opening(prompt[last.end() :])


def _is_opening(text: str) -> bool:
    """Whether the assistant's turn is empty so far, or holds no more than thinking that the template opens."""
    return not text.strip() or text.lstrip().startswith(OPENINGS)


def _deepseek_turns(prompt: str) -> tuple[Message, ...]:
    """One question in DeepSeek's template: the system message stands bare before it."""
    if prompt.count(_USER) != 1 or prompt.count(_ASSISTANT) != 1 or prompt.index(_USER) > prompt.index(_ASSISTANT):
        return ()
    system, _, rest = prompt.removeprefix("<｜begin▁of▁sentence｜>").partition(_USER)
    question, _, opened = rest.partition(_ASSISTANT)
    if not question or not _is_opening(opened):
        return ()
    return (Message("system", system), Message("user", question)) if system else (Message("user", question),)


def _decoded_turns(prompt: str) -> tuple[Message, ...]:
    """The turns of decoded ChatML: at most one system message, one of the user, and the answer that is to come.

    With more role lines, any of them may be text of a turn; then there are no turns.
    """
    if not prompt.startswith(("system\n", "user\n")):
        return ()
    lines = list(itertools.islice(_ROLE_LINE.finditer(prompt), 4))
    if [line[1] for line in lines] not in (["user", "assistant"], ["system", "user", "assistant"]):
        return ()
    texts = [prompt[line.end() + 1 : following.start()] for line, following in zip(lines, lines[1:], strict=False)]
    if not all(text.endswith("\n") for text in texts) or not _is_opening(prompt[lines[-1].end() :]):
        return ()
    return tuple(Message(line[1], text[:-1]) for line, text in zip(lines, texts, strict=False))


def _decoded_llama_turns(prompt: str) -> tuple[Message, ...]:
    """The turns of Llama 3's template without its tokens: `system⏎⏎textuser⏎⏎textassistant⏎⏎`."""
    system, asking, rest = prompt.partition("user\n\n")
    question, answering, opened = rest.partition("assistant\n\n")
    if not (asking and answering and question) or not _is_opening(opened) or prompt.count("user\n\n") != 1:
        return ()
    if not system:
        return (Message("user", question),)
    text = system.removeprefix("system\n\n")
    if text == system or "system\n\n" in text or "assistant\n\n" in text:
        return ()
    return Message("system", text), Message("user", question)
