"""Parts of speech of a template's words, from a lexicon of English that comes with TextBlob: no model, no download.

Tags are those of the Penn Treebank. A tag is the usual one of its word, changed by the words around it where rules say
so; about one word in twenty is tagged wrongly, alike wherever the same words stand.
"""

from __future__ import annotations

import re

from rdpt_core.traces.templates import FORMULA, NAME, NUMBER

# What stands for a number, a name, a formula is tagged as one would be; the lexicon knows no symbols.
_STANDS_FOR = {NUMBER: "CD", NAME: "NNP", FORMULA: "NN"}
_EXAMPLE = {NUMBER: "5", NAME: "Ann", FORMULA: "value"}
_OPERATORS = frozenset("+-*/=<>^×÷·≈≤≥")
# "don't" is "do" and "n't", as in the treebank; an operator is a word, other punctuation is none.
_TOKEN = re.compile(r"[^\W_]+(?=n't\b)|n't\b|'[^\W_]+|[^\W_]+|[#@∑+\-*/=<>^×÷·≈≤≥]")


def parts_of_speech(template: str) -> tuple[str, ...]:
    """The tags of the words of a template, without punctuation; `SYM` for operators. About 30 µs."""
    from textblob.en import tag

    words = _TOKEN.findall(template)
    if not words:
        return ()
    shown = [_EXAMPLE.get(word, "=" if word in _OPERATORS else word) for word in words]
    tagged = tag(" ".join(shown), tokenize=False)
    if len(tagged) != len(words):
        return ()
    return tuple(
        _STANDS_FOR.get(word, "SYM" if word in _OPERATORS else tagged_as)
        for word, (_, tagged_as) in zip(words, tagged, strict=True)
    )
