"""How a role sees the question: the three template policies, and the rules at the seam to the response."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rdpt_core.records import Role, TemplatePolicy, Trace, UnscoredReason
from rdpt_core.scoring.models.prompts.chat_template import ChatTemplate, Refused
from rdpt_core.scoring.models.prompts.seam import joined
from rdpt_core.scoring.models.prompts.tool_calls import render_traces
from rdpt_core.scoring.models.tokenization import RoleTokenizer
from rdpt_core.traces.respelling import opened_once, respell
from rdpt_core.traces.thinking import Spelling

PLAIN_TEMPLATE = "plain"


@dataclass(frozen=True, slots=True)
class Rendering:
    """A prompt as text. `add_bos`: the text does not yet hold what the model's own template would have put first."""

    text: str
    add_bos: bool


@dataclass(frozen=True, slots=True)
class Unrendered:
    """Why a trace has no prompt, in one word and in a few."""

    reason: UnscoredReason
    detail: str


_NO_QUESTION = Unrendered(
    UnscoredReason.NO_QUESTION,
    "it has neither `question` nor `messages`; `--template raw` scores it after its `prompt`",
)
_NO_PROMPT = Unrendered(UnscoredReason.NO_PROMPT, "it has no `prompt`; `--template own` scores it after its question")


def template_name(policy: TemplatePolicy, tokenizer: RoleTokenizer) -> str:
    """What is stored as the template of a role: the policy, or `plain` where a base model has no template."""
    if policy is TemplatePolicy.OWN and tokenizer.chat_template is None:
        return PLAIN_TEMPLATE
    return policy


def lack(policy: TemplatePolicy, trace: Trace) -> Unrendered | None:
    """What a trace lacks of what the policy needs: under `raw` a prompt, under the others a question."""
    if policy is TemplatePolicy.RAW:
        return _NO_PROMPT if trace.prompt is None else None
    return None if trace.messages else _NO_QUESTION


def own_template(policy: TemplatePolicy, role: str, tokenizer: RoleTokenizer | None) -> ChatTemplate | None:
    """The chat template of a role's model, if it makes prompts: for the role itself, or for all of them."""
    if tokenizer is None or policy is TemplatePolicy.RAW:
        return None
    return tokenizer.chat_template if policy is TemplatePolicy.OWN or role == Role.DISTILLED else None


def author_of(policy: TemplatePolicy, own: RoleTokenizer, distilled: RoleTokenizer | None) -> RoleTokenizer | None:
    """Whose chat template, or plain rendering, makes the prompts; None if they are taken as they are."""
    if policy is TemplatePolicy.RAW:
        return None
    return own if policy is TemplatePolicy.OWN or distilled is None else distilled


def render_prompts(
    policy: TemplatePolicy,
    traces: Sequence[Trace],
    own: RoleTokenizer,
    distilled: RoleTokenizer | None,
    marks: Spelling | None = None,
) -> list[Rendering | Unrendered]:
    """The prompt of each trace for the role that owns the tokenizer `own`, or why there is none.

    Args:
        marks: those in which the role sees the responses, in place of the writer's; None if it sees the writer's.

    Raises:
        ModelError: the template is broken or does not end.
    """
    if marks is None:
        return _render_prompts(policy, traces, own, distilled)
    seen = [replace(trace, response=respell(trace.response, marks).text) for trace in traces]
    return [
        rendering
        if isinstance(rendering, Unrendered)
        else replace(rendering, text=opened_once(rendering.text, trace.response, marks))
        for rendering, trace in zip(_render_prompts(policy, seen, own, distilled), seen, strict=True)
    ]


def _render_prompts(
    policy: TemplatePolicy, traces: Sequence[Trace], own: RoleTokenizer, distilled: RoleTokenizer | None
) -> list[Rendering | Unrendered]:
    lacks = [lack(policy, trace) for trace in traces]
    askable = [trace for trace, lacking in zip(traces, lacks, strict=True) if lacking is None]
    author = author_of(policy, own, distilled)
    made: list[Rendering | Unrendered]
    if author is None:
        made = [Rendering(trace.prompt or "", add_bos=True) for trace in askable]
    elif author.chat_template is None:
        made = [Rendering(plain_rendering(trace), add_bos=True) for trace in askable]
    else:
        # A model's own template writes its own BOS; another model's BOS means nothing to this one.
        made = _by_template(author.chat_template, askable, add_bos=author is not own)
    results = iter(made)
    return [next(results) if lacking is None else lacking for lacking in lacks]


def _by_template(template: ChatTemplate, traces: Sequence[Trace], *, add_bos: bool) -> list[Rendering | Unrendered]:
    return [
        Unrendered(UnscoredReason.TEMPLATE_REFUSED, shown.text.detail)
        if isinstance(shown.text, Refused)
        else Rendering(joined(shown.text, trace.response, template.source), add_bos)
        for shown, trace in zip(render_traces(template, traces), traces, strict=True)
    ]


def plain_rendering(trace: Trace) -> str:
    """What a base model without a chat template sees: the turns, each followed by a blank line.

    A single question becomes the question and a blank line. Longer conversations name the speaker of every turn. Every
    tool call is a line of the turn: `tool call: NAME ARGUMENTS`.
    """
    if len(trace.messages) == 1:
        return f"{trace.messages[0].text}\n\n"
    turns = "".join(f"{message.role}: {message.text}\n\n" for message in trace.messages)
    return f"{turns}assistant: "
