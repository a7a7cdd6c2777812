"""How much of a training set comes from whom."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from transformers import PreTrainedTokenizerFast

from data.recipe.corpus.planted import planted_spans


def shares_of(records: Sequence[Mapping[str, Any]], tokenizer: PreTrainedTokenizerFast) -> dict[str, Any]:
    """Counts traces, sentences, tokens and characters by the model that wrote them.

    Args:
        records: Of a training set.
        tokenizer: Counts the tokens of responses, without the end token.

    Returns:
        `counts`: model → unit → count. `share_of_teachers`: unit → teacher → share among what teachers wrote, the
        student's own traces left out; every unit's shares sum to 1. `n_traces_by_benchmark`: benchmark → model →
        count.
    """
    counts: dict[str, Counter[str]] = {}
    by_benchmark: dict[str, Counter[str]] = {}
    for record in records:
        own = counts.setdefault(record["model"], Counter())
        own["traces"] += 1
        own["sentences"] += len(planted_spans(record["response"]))
        own["tokens"] += len(tokenizer.encode(record["response"], add_special_tokens=False))
        own["characters"] += len(record["response"])
        by_benchmark.setdefault(record["benchmark"], Counter())[record["model"]] += 1
    teachers = [model for model in counts if model != "student"]
    return {
        "counts": counts,
        "share_of_teachers": {
            unit: {
                teacher: counts[teacher][unit] / sum(counts[other][unit] for other in teachers) for teacher in teachers
            }
            for unit in ("traces", "sentences", "tokens", "characters")
        },
        "n_traces_by_benchmark": by_benchmark,
    }
