"""What a user should know of the prompts that a chat template makes for the traces at hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from rdpt_core.records import Role, Trace
from rdpt_core.scoring.models.prompts.chat_template import ChatTemplate, Conversation
from rdpt_core.scoring.models.prompts.seam import closed_thinking, joined, open_thinking, turn_of
from rdpt_core.scoring.models.prompts.templates import conversation_of
from rdpt_core.traces.thinking import split_thinking, starts_inside_thinking

_SWITCHES: tuple[tuple[str, Any], ...] = (
    ("enable_thinking", True),
    ("thinking", True),
    ("reasoning", True),
    ("thinking_mode", "enabled"),
    ("thinking_mode", "thinking"),
    ("thinking_option", "on"),
)
"""What well-known templates call the argument that makes a model think, and its value."""
_EFFORTS: tuple[tuple[str, Any], ...] = (("thinking_budget", -1), ("reasoning_effort", "high"))
"""Those that also change how much it thinks, where it thinks anyway."""


def prompt_notes(role: Role, template: ChatTemplate, traces: Sequence[Trace]) -> list[str]:
    """What is odd about the seam between the prompts of a template and these responses, a text for each kind.

    Args:
        role: whose template it is.
        traces: the first of the run.

    Raises:
        ModelError: the template is broken or does not end.
    """
    asked = [trace for trace in traces if trace.messages]
    prompts = template.render([conversation_of(trace) for trace in asked])
    pairs = [(prompt, trace) for prompt, trace in zip(prompts, asked, strict=True) if isinstance(prompt, str)]
    notes = (_thinking_note(role, template, pairs), _header_note(template, pairs))
    return [f"{role}: {note}" for note in notes if note is not None]


def _thinking_note(role: Role, template: ChatTemplate, pairs: Sequence[tuple[str, Trace]]) -> str | None:
    """For responses that think after a prompt in which thinking is over, has not begun, or was not asked for."""
    thinking = [pair for pair in pairs if split_thinking(pair[1].response)[0]]
    closed = [pair for pair in thinking if closed_thinking(pair[0])]
    if closed:
        conversation, block = conversation_of(closed[0][1]), " ".join((closed_thinking(closed[0][0]) or "").split())
        cure = _cure(role, template, conversation, lambda prompt: not closed_thinking(prompt))
        return (
            f"the chat template ends its prompt with a closed thinking block ({block}), and {_share(closed, pairs)} "
            f"think. The model is scored as one that was told not to. {cure or 'No known argument'} opens the block."
        )
    if turn_of(template.source):
        return None
    unopened = [pair for pair in thinking if not open_thinking(pair[0]) and starts_inside_thinking(pair[1].response)]
    if unopened:
        cure = _cure(role, template, conversation_of(unopened[0][1]), lambda prompt: bool(open_thinking(prompt)))
        return (
            f"the chat template opens no thinking block, and {_share(unopened, pairs)} begin inside one and close it. "
            f"{cure or 'No known argument'} opens it."
        )
    unasked = [pair for pair in thinking if not open_thinking(pair[0])]
    if unasked:
        first, conversation = unasked[0][0], conversation_of(unasked[0][1])
        cure = _cure(role, template, conversation, lambda prompt: prompt != first, _SWITCHES)
        if cure:
            return (
                f"the chat template does not ask for thinking unless it is told to, and {_share(unasked, pairs)} "
                f"think. {cure} makes it ask."
            )
    return None


def _cure(
    role: Role,
    template: ChatTemplate,
    conversation: Conversation,
    is_cured: Callable[[str], bool],
    switches: Sequence[tuple[str, Any]] = _SWITCHES + _EFFORTS,
) -> str | None:
    """The flag that gives the template an argument with which its prompt is as it should be; None if none is known."""
    known = template.names()
    for name, value in switches:
        if name in known and (name, value) not in template.arguments.items():
            (prompt,) = replace(template, arguments={**template.arguments, name: value}).render([conversation])
            if isinstance(prompt, str) and is_cured(prompt):
                text = value if isinstance(value, str) else json.dumps(value)
                return f"`--template-arguments {role}:{name}={text}`"
    return None


def _header_note(template: ChatTemplate, pairs: Sequence[tuple[str, Trace]]) -> str | None:
    turn = turn_of(template.source)
    bare = [pair for pair in pairs if len(joined(pair[0], pair[1].response, template.source)) > len(pair[0])]
    if turn is None or not bare:
        return None
    return (
        f"its turns begin with a header, and {_share(bare, pairs)} have none of this family. The prompt ends with "
        f"`{turn.thinking.strip()}` before those that think and with `{turn.answer.strip()}` before the others."
    )


def _share(some: Sequence[object], pairs: Sequence[object]) -> str:
    return f"{len(some)} of the first {len(pairs)} responses"
