"""What was asked in a trace, what was expected, and whether the trace got there."""

from __future__ import annotations

from rdpt_core.records import Trace
from rdpt_core.ui.components.card import Item, card


def question_card(trace: Trace, position: str) -> None:
    """What was asked, what was expected, and whether the trace got there."""
    verdict = {
        True: Item("", "✓ Correct", "good"),
        False: Item("", "✗ Incorrect", "bad"),
        None: Item("", "– Not graded", "unknown"),
    }[trace.correct]
    about = [("benchmark", trace.benchmark), ("domain", trace.domain), ("difficulty", trace.difficulty)]
    about += [("written by", trace.model), ("sample", str(trace.sample)), ("trace", trace.trace_id)]
    card(
        "Question and answer",
        [Item("Question", asked(trace), "long")],
        [
            Item("Gold answer", trace.gold if trace.gold is not None else "unknown"),
            verdict,
            *(Item(term, text, "about") for term, text in about if text),
            Item("", position, "note"),
        ],
        key="question",
    )


def asked(trace: Trace) -> str:
    """The question as text: its only message, or every message with its role, or the rendered prompt."""
    if len(trace.messages) == 1:
        return trace.messages[0].content
    if trace.messages:
        return "\n\n".join(f"{message.role}: {message.content}" for message in trace.messages)
    return trace.prompt or ""
