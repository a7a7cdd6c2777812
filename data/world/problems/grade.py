"""Is the answer right."""

import re

_ANSWER = re.compile(r"The answer is (\w+)\.")


def stated_answer(response: str) -> str | None:
    """The last answer that a response states, or None if it states none."""
    answers = _ANSWER.findall(response)
    return answers[-1] if answers else None


def is_correct(response: str, gold: str) -> bool:
    """Whether the last stated answer is the gold one; a response without an answer is wrong."""
    return stated_answer(response) == gold
