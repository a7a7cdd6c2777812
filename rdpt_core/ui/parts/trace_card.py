"""What was asked in a trace, what was expected, and whether the trace got there."""

from __future__ import annotations

from rdpt_core.analysis.trace.view import question_text
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
        [Item("Question", question_text(trace), "long")],
        [
            Item("Gold answer", trace.gold if trace.gold is not None else "unknown"),
            verdict,
            *(Item(term, text, "about") for term, text in about if text),
            Item("", position, "note"),
        ],
        key="question",
    )
