"""How a role sees the question: the three template policies, and the rules at the seam to the response."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rdpt_core.errors import InputError
from rdpt_core.records import TemplatePolicy, Trace
from rdpt_core.scoring.models.tokenization import RoleTokenizer

PLAIN_TEMPLATE = "plain"

_OPEN_THINKING = re.compile(r"<(think|thinking|thought|reasoning)>\s*\Z")


@dataclass(frozen=True, slots=True)
class Rendering:
    """A prompt as text. `add_bos`: the text does not yet hold what the model's own template would have put first."""

    text: str
    add_bos: bool


def template_name(policy: TemplatePolicy, tokenizer: RoleTokenizer) -> str:
    """What is stored as the template of a role: the policy, or `plain` where a base model has no template."""
    if policy is TemplatePolicy.OWN and not tokenizer.has_chat_template:
        return PLAIN_TEMPLATE
    return policy


def check_policy(policy: TemplatePolicy, trace: Trace) -> None:
    """Refuse a trace that lacks what the policy needs.

    Raises:
        InputError: `raw` without a prompt, or another policy with nothing but a prompt.
    """
    if policy is TemplatePolicy.RAW and trace.prompt is None:
        raise InputError(
            "template policy `raw` needs the prompt of every trace",
            where=f"trace {trace.trace_id}",
            expected="a field `prompt`",
            got="none",
            hint="Score with `--template own`, or add the rendered prompts.",
        )
    if policy is not TemplatePolicy.RAW and not trace.messages:
        raise InputError(
            f"template policy `{policy}` needs the question of every trace",
            where=f"trace {trace.trace_id}",
            expected="a field `question` or `messages`",
            got="a `prompt` only",
            hint="Score with `--template raw`.",
        )


def render_prompt(
    policy: TemplatePolicy, trace: Trace, own: RoleTokenizer, distilled: RoleTokenizer | None
) -> Rendering:
    """The prompt of a trace for the role that owns the tokenizer `own`.

    A template may open a thinking block at its end (`<think>`). If the response opens it again, the prompt's opening is
    left out: the response is never changed, and the block is opened once.
    """
    if policy is TemplatePolicy.RAW:
        if trace.prompt is None:
            check_policy(policy, trace)
        return Rendering(trace.prompt or "", add_bos=True)
    author = own if policy is TemplatePolicy.OWN or distilled is None else distilled
    if author.has_chat_template:
        messages = [{"role": message.role, "content": message.content} for message in trace.messages]
        text = author.render(messages)
        opened = _OPEN_THINKING.search(text)
        if opened and trace.response.lstrip().startswith(f"<{opened.group(1)}>"):
            text = text[: opened.start()]
        # A model's own template writes its own BOS; another model's BOS means nothing to this one.
        return Rendering(text, add_bos=author is not own)
    return Rendering(plain_rendering(trace), add_bos=True)


def plain_rendering(trace: Trace) -> str:
    """What a base model without a chat template sees: the turns, each followed by a blank line.

    A single question becomes the question and a blank line. Longer conversations name the speaker of every turn.
    """
    if len(trace.messages) == 1:
        return f"{trace.messages[0].content}\n\n"
    turns = "".join(f"{message.role}: {message.content}\n\n" for message in trace.messages)
    return f"{turns}assistant: "
