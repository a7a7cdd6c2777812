"""Eight ready kinds of sentences, each by an expression: what a sentence does, as far as its words say so.

They are for English, and precise rather than broad: what an expression finds is of its kind nearly always, but it does
not find every sentence of the kind. A sentence may be of several kinds. The table in docs/method.md gives examples.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rdpt_core.arrays import Codes

# Words that an expression may begin with before the one that it is about.
_LEAD = r"^(?:(?:so|but|and|oh|ok|okay|hmm+|well|no|now|then|next|first|actually|alright)\b[,.!…-]* ?)*"
_I = r"(?:i|we)"
_WILL = (
    rf"(?:let me|let's|let us|{_I}(?:'ll| will| should| can| must| could| need to| have to| want to| would like to|'d"
    r" like to| would rather|'d rather| am going to|'m going to|'re going to| are going to))"
)
_JUST = r"(?: (?:also|just|now|quickly|first|next|briefly|carefully|then))?"
_THAT = r"(?:(?:that|this|it|which|something)(?: (?:step|result|answer|sum|value))?)"
_OPERATOR = r"(?:[-+*/×·÷^]|\\times|\\cdot|\\div)"

_EXPRESSIONS: Mapping[str, tuple[str, ...]] = {
    "hesitation": (
        r"\b(?:hm+|hmm+|uh+|um+|erm+)\b",
        _LEAD + r"wait(?:$|[,.!?:;…-])",
        _LEAD
        + r"wait (?:a|no|but|so|what|is|isn't|are|was|did|does|i|we|let|that|this|maybe|if|actually|the|it|then|why"
        r"|how|can|could|now)\b",
        r"\b(?:hold|hang) on(?:$|[,.!?:;… -])",
        rf"\b{_I}(?:'m| am|'re| are) (?:not (?:so |entirely |quite |totally |completely )?(?:sure"
        r"|certain)|unsure|stuck)\b",
        rf"\b{_I}(?:'m| am|'re| are) (?:a bit |a little |slightly |getting |still )?confused\b",
        r"^(?:but |or |so |hmm, )?(?:maybe|perhaps)\b",
        r"\bwhat is going on\b|\bi wonder\b|\blet me think\b",
    ),
    "verification": (
        rf"\b{_WILL}{_JUST} (?:(?:double|cross|sanity|re)[- ]?)?(?:check|verify|confirm|validate"
        r"|test|make sure|prove)\b",
        r"\b(?:to|and|now) (?:(?:double|cross|sanity|re)[- ]?)?(?:check|verify|confirm|validate)\b",
        r"\b(?:double|cross|sanity)[- ]?check(?:s|ed|ing)?\b|\brecheck(?:s|ed|ing)?\b",
        _LEAD + r"(?:check|checking|verify|verifying|verification)\b",
        rf"\b{_I} (?:check|verify|test|confirm)\b",
        r"\bto be (?:sure|safe|certain)\b|\blooking back\b",
        r"\b(?:plug|substitut)(?:e|ing|ging)? .*\bback (?:in|into)\b",
        r"\b(?:that|this|it|which|everything|all of it) (?:all )?(?:fits|matches|agrees|checks out"
        r"|adds up|holds|works out)\b",
        rf"\bdoes {_THAT} (?:make sense|work|hold|fit|check out)\b",
    ),
    "backtracking": (
        rf"\b{_THAT}(?:'s| is| was| seems| looks| sounds| must be| has to be) (?:wrong|incorrect"
        r"|impossible|a mistake|an error)\b",
        rf"\b{_THAT}(?:'s| is| was) not (?:quite |entirely |really |actually )?(?:right"
        r"|correct|true|possible|working|it)\b",
        r"\b(?:isn't|wasn't|can't be|cannot be|couldn't be|doesn't (?:seem|look|sound)) (?:quite "
        r"|really )?(?:right|correct|true)\b",
        rf"\b{_I}(?:'ve| have| must have| may have| might have)? (?:made|make) (?:a|an|some"
        r"|another)(?: \w+)? (?:mistake|error|slip)s?\b",
        rf"\b{_I}(?:'ve| have| must have| may have| might have)? (?:misread|miscounted|misunderstood"
        r"|miscalculated|misinterpreted|overlooked|forgot|forgotten)\b",
        r"\b(?:scratch that|my mistake|my bad|oops|whoops)\b",
        rf"\b{_WILL}{_JUST} (?:go back|step back|start over|start again|begin again|try again|backtrack|redo|reconsider"
        r"|rethink|re-?examine|revisit|undo|correct (?:that|this|it|myself)|do (?:it|this|that) (?:over|again))\b",
        r"^(?:wait|oh|hmm+)?[,.…]* ?no[,.…]+ ?(?:that|this|it|wait|actually|i|we|not)\b",
        r"\bon second thoughts?\b",
    ),
    "planning": (
        r"^(?:the|my|our) (?:plan|strategy|approach|idea) (?:is|will be|would be|here)\b|\bplan of attack\b",
        _LEAD + rf"{_WILL}{_JUST} (?:(?:start|begin) (?:with|by|from)|try|find|figure out"
        r"|work (?:on|out|through|it|this)|solve|break|set up|approach"
        r"|think about how|plan|determine|go through|take (?:this|it)|see (?:if|whether|how|what))\b",
        r"\bstep by step\b|(?:^| )# (?:step|bit|thing|piece|part)s? at a time\b",
        r"^(?:first|to (?:start|begin)(?: with)?|next|then),? (?:i|we)(?:'ll| will| need to"
        r"| have to| must| should| want to)\b",
        r"\bi(?:'ll| will)? just go along with\b|\bthe (?:next|first|following) steps? (?:is|are|will be) to\b",
    ),
    "case split": (
        _LEAD + r"(?:sub-?)?case (?:#|@|[a-z]|[ivx]+)(?:$|[^\w'])",
        r"\b(?:for|consider|take|to|under) case (?:#|@|[a-z]|[ivx]+)(?:$|[^\w'])",
        r"\bcase[- ]by[- ]case\b|\bcases? (?:analysis|distinction)\b",
        r"(?:^|[ (])(?:#|several|both|all|possible|following|separate|remaining|different) (?:possible "
        r"|different |separate )?cases"
        r"(?:$|[.:,;]| (?:to|here|where|when|depending|based|for|are))",
        r"^(?:so |now |then )?in (?:the )?(?:#|first|second|third|last|other|this|that|either|each"
        r"|both|all|one) cases?\b",
        _LEAD + r"suppose (?:first|instead|now|otherwise|on the other hand)\b",
        r"^otherwise,|^if not,|^on the other hand,? if\b",
    ),
    "restating": (
        r"\b(?:the|this) (?:question|problem|task|text|puzzle|story|exercise|prompt) (?:is |was )?(?:asks?|asking|asked"
        r"|says?|said|states?|stated|wants?|tells?|told|gives?|gave|given|mentions?|requires?)\b",
        rf"\b{_I}(?:'m| am|'re| are|'ve been| have been) (?:being )?(?:asked|given|told)\b",
        rf"\bwhat (?:is (?:being )?asked|{_I} (?:have|need|want|am asked|are asked) to (?:find|compute|know))\b",
        r"^(?:so,? |okay,? (?:so )?)?(?:to recap|to restate|in other words|to rephrase|restating"
        r"|rephrasing|that is to say)\b",
        rf"\b{_WILL}{_JUST} (?:re-?read|restate|rephrase|recap|summari[sz]e"
        r"|read (?:this|it|that|the (?:question|problem|text|task|puzzle)))\b",
        rf"^(?:so )?{_I} (?:read|see) (?:here )?that\b|^(?:so )?we(?:'re| are) given\b|^given(?: that|:)",
    ),
    "computing": (
        r"[#∑)] ?(?:[-+*/×·÷^]|\\times|\\cdot|\\div) ?[(-]*[#∑].*[=≈]",
        r"[=≈] ?[(-]*\$?#",
        r"\b(?:add|adding|subtract|subtracting|take away|taking away|multiply|multiplying|divide|dividing)\b.*[#∑]",
        r"[#∑] (?:plus|minus|times|divided by|multiplied by|squared|cubed)\b",
        r"\b(?:equals|is equal to|comes to|adds up to|sums? to) [(-]*[#∑]",
    ),
    "concluding": (
        r"\b(?:the|my|our|final|correct) answer (?:is|must be|should be|would be|will be|becomes|=|:)",
        r"\b(?:answer|final answer)[*_]*:",
        r"\bthe final (?:answer|result)\b",
        r"^(?:so,? )?(?:therefore|thus|hence|consequently|in conclusion|to conclude|in summary)\b",
        rf"\b{_I}(?: can| may|'ve| have)? conclude[sd]?\b",
        r"^so,? (?:the|our|my) (?:total|result|solution|number|value|probability|sum|area|length)\b.*\b(?:is|are|=)",
    ),
}
# Where a formula hides what is looked for, the sentence itself is asked.
_IN_FORMULAS: Mapping[str, str] = {
    "computing": rf"\d[)}}]* ?{_OPERATOR} ?[({{-]*\d[^=]*=|= ?[({{-]*\d",
    "concluding": r"\\boxed",
}

LENSES: tuple[str, ...] = tuple(_EXPRESSIONS)
"""In the order in which they are shown; lens k sets bit k of `lens_bits`."""

EXPRESSIONS: Mapping[str, str] = MappingProxyType({name: "|".join(parts) for name, parts in _EXPRESSIONS.items()})
"""RE2, over templates."""


def lens_bits(templates: pa.StringArray, texts: pa.StringArray) -> Codes:
    """Which lenses see each sentence.

    Args:
        templates: (n,), as `rdpt_core.traces.templates` makes them.
        texts: (n,), the sentences themselves.

    Returns:
        (n,), bit k for `LENSES[k]`.
    """
    bits = np.zeros(len(templates), np.uint8)
    # One look at all of them first: most sentences are of no kind.
    seen = _places(templates, "|".join(EXPRESSIONS.values()))
    few = templates.take(pa.array(seen))
    for k, expression in enumerate(EXPRESSIONS.values()):
        bits[seen[_places(few, expression)]] |= np.uint8(1 << k)
    with_formula = _places(templates, "∑")
    hidden = texts.take(pa.array(with_formula))
    for name, expression in _IN_FORMULAS.items():
        bits[with_formula[_places(hidden, expression)]] |= np.uint8(1 << LENSES.index(name))
    return bits


def _places(texts: pa.StringArray, expression: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.flatnonzero(pc.match_substring_regex(texts, expression).to_numpy(zero_copy_only=False))
