"""What a user should know of the prompts that a chat template makes for the traces at hand."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from rdpt_core.records import Trace
from rdpt_core.scoring.models.prompts.chat_template import ChatTemplate
from rdpt_core.scoring.models.prompts.seam import closed_thinking, joined, open_thinking, turn_of
from rdpt_core.scoring.models.prompts.tool_calls import render_traces
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


def prompt_notes(role: str, template: ChatTemplate, traces: Sequence[Trace]) -> list[str]:
    """What is odd about the seam between the prompts of a template and these responses, a text for each kind.

    Args:
        role: whose template it is.
        traces: the first of the run.

    Raises:
        ModelError: the template is broken or does not end.
    """
    asked = [trace for trace in traces if trace.messages]
    shown = render_traces(template, asked)
    pairs = [(text, trace) for (text, _), trace in zip(shown, asked, strict=True) if isinstance(text, str)]
    notes = (_thinking_note(role, template, pairs), _header_note(template, pairs))
    return [f"{role}: {note}" for note in notes if note is not None]


def tool_call_notes(role: str, template: ChatTemplate, calling: Sequence[Trace], n_calling: int) -> list[str]:
    """Why tool calls of conversations are not in the prompts, a text for each reason; empty if all are.

    Args:
        role: whose template it is.
        calling: the first traces of the run that have tool calls.
        n_calling: how many have some in all.

    Raises:
        ModelError: the template is broken or does not end.
    """
    lost = Counter(why for text, why in render_traces(template, calling) if why is not None and isinstance(text, str))
    return [
        f"{role}: {why}, so {n} of the first {len(calling)} traces that have some ({n_calling:,} in all) are scored "
        "as if nothing had been called"
        for why, n in lost.items()
    ]


def _thinking_note(role: str, template: ChatTemplate, pairs: Sequence[tuple[str, Trace]]) -> str | None:
    """For responses that think after a prompt in which thinking is over, has not begun, or was not asked for."""
    thinking = [pair for pair in pairs if split_thinking(pair[1].response)[0]]
    closed = [pair for pair in thinking if closed_thinking(pair[0])]
    if closed:
        block = " ".join((closed_thinking(closed[0][0]) or "").split())
        cure = _cure(role, template, closed[0][1], lambda prompt: not closed_thinking(prompt))
        return (
            f"the chat template ends its prompt with a closed thinking block ({block}), and {_share(closed, pairs)} "
            f"think. The model is scored as one that was told not to. {cure or 'No known argument'} opens the block."
        )
    if turn_of(template.source):
        return None
    unopened = [pair for pair in thinking if not open_thinking(pair[0]) and starts_inside_thinking(pair[1].response)]
    if unopened:
        cure = _cure(role, template, unopened[0][1], lambda prompt: bool(open_thinking(prompt)))
        return (
            f"the chat template opens no thinking block, and {_share(unopened, pairs)} begin inside one and close it. "
            f"{cure or 'No known argument'} opens it."
        )
    unasked = [pair for pair in thinking if not open_thinking(pair[0])]
    if unasked:
        first, trace = unasked[0]
        cure = _cure(role, template, trace, lambda prompt: prompt != first, _SWITCHES)
        if cure:
            return (
                f"the chat template does not ask for thinking unless it is told to, and {_share(unasked, pairs)} "
                f"think. {cure} makes it ask."
            )
    return None


def _cure(
    role: str,
    template: ChatTemplate,
    trace: Trace,
    is_cured: Callable[[str], bool],
    switches: Sequence[tuple[str, Any]] = _SWITCHES + _EFFORTS,
) -> str | None:
    """The flag that gives the template an argument with which its prompt is as it should be; None if none is known."""
    known = template.names()
    for name, value in switches:
        if name in known and (name, value) not in template.arguments.items():
            told = replace(template, arguments={**template.arguments, name: value})
            ((prompt, _),) = render_traces(told, [trace])
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
