"""Splitters: ways to cut a response into sentences, by name.

base      what every splitter is, and how starts become spans
sentence  the default: sentences as a reader of reasoning traces would mark them
scan      every place where a sentence may end, in one pass
punkt     does this full stop end a sentence?
lexicon   the words that punkt would learn from a corpus
caps      cuts in sentences that have grown into walls of text
blocks    coarser splitters: lines, paragraphs, steps

NLTK takes more than a second to import, so a splitter's module is imported when the splitter is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from rdpt_core.errors import UsageError
from rdpt_core.traces.splitters.base import SplitReport, Splitter

__all__ = ["DEFAULT_SPLITTER", "SPLITTERS", "SplitReport", "Splitter", "get_splitter"]

DEFAULT_SPLITTER = "sentence"


def _from_module(module: str, attribute: str) -> Callable[[], Splitter]:
    def make() -> Splitter:
        splitter: Splitter = getattr(import_module(f"{__name__}.{module}"), attribute)()
        return splitter

    return make


SPLITTERS: Mapping[str, Callable[[], Splitter]] = MappingProxyType(
    {
        "sentence": _from_module("sentence", "SentenceSplitter"),
        "line": _from_module("blocks", "LineSplitter"),
        "paragraph": _from_module("blocks", "ParagraphSplitter"),
        "step": _from_module("blocks", "StepSplitter"),
    }
)
"""Every splitter by name; the value makes one."""


def get_splitter(name: str = DEFAULT_SPLITTER) -> Splitter:
    """The splitter of that name. Splitters hold no state of a text, so one of each is enough.

    Raises:
        UsageError: if there is none of that name.
    """
    if name not in SPLITTERS:
        raise UsageError(
            "there is no such splitter",
            expected="one of " + ", ".join(SPLITTERS),
            got=repr(name),
        )
    return _make(name)


@cache
def _make(name: str) -> Splitter:
    return SPLITTERS[name]()
