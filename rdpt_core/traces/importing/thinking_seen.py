"""Models that always think, and traces without any thinking: some program on the way has dropped it.

lm-evaluation-harness's chat models, for one, keep the content of an answer and not the reasoning that a server gives
apart. Such a log reads well, and a study of it would be one of half the text.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from rdpt_core.records import Trace
from rdpt_core.traces.thinking import TAGS, split_thinking

ENOUGH_TRACES = 5
"""With fewer traces, that none of them holds any thinking says little."""

_ALWAYS = re.compile(
    r"deepseek-?r1|r1-?distill|deepseek-reasoner|(?<![a-z])qwq(?![a-z])|magistral|gpt-?oss|exaone-?deep|marco-o1|sky-t1"
    r"|phi-?4-(?:mini-)?reasoning|openthinker|open-?r1|light-r1|skywork-or1|acereason|openreasoning|minimax-m1"
    r"|(?<=[-_])thinking(?![a-z])"
)
_NOT = re.compile(r"(?<![a-z])(?:non?|without)[-_]?think")
_PROMPT_CHARS = 200


@functools.lru_cache(maxsize=256)
def always_thinks(model: str) -> bool:
    """Whether a model, by its name, is of a family that thinks before every answer and cannot be told not to."""
    name = model.lower()
    return _ALWAYS.search(name) is not None and _NOT.search(name) is None


class ThinkingSeen:
    """Counts traces of models that always think, and whether any of them holds thinking.

    Memory: an entry for each such model.
    """

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._thinking: set[str] = set()

    def add(self, trace: Trace) -> None:
        """Count one trace. Thinking that the provider withheld was there; a prompt that closes it wants none."""
        if trace.model is None or not always_thinks(trace.model):
            return
        self._counts[trace.model] = self._counts.get(trace.model, 0) + 1
        if trace.model in self._thinking:
            return
        about = trace.meta.get("import")
        tail = (trace.prompt or "")[-_PROMPT_CHARS:]
        if (
            (isinstance(about, dict) and about.get("reasoning") is not None)
            or any(closing in tail for _, closing in TAGS)
            or split_thinking(trace.response, trace.prompt)[0] is not None
        ):
            self._thinking.add(trace.model)

    def missing(self) -> Iterator[tuple[str, int]]:
        """Models that always think and none of whose traces holds any thinking, with the number of their traces."""
        for model, n_traces in self._counts.items():
            if n_traces >= ENOUGH_TRACES and model not in self._thinking:
                yield model, n_traces
