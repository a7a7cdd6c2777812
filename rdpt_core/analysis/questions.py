"""Which traces answer the same question: those with one id in one benchmark, and those that were asked the same text.

The same questions often stand in a file under two names: a benchmark and its subset, two imports, ids that count from
another number. Counted twice they pass for independent, and two benchmarks or runs that share them are not paired. So
wherever questions are counted, resampled or paired, ids and texts decide together. Ids themselves stay as they are.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from rdpt_core.arrays import Ints
from rdpt_core.store.reader import Reader, Run

Name: TypeAlias = tuple[str, ...]
"""What a question goes by: `(benchmark, id)`, or `(hash of its text,)`."""

HALVES = ("A", "B")
"""Every question belongs to one of two halves: something can be chosen on one of them, and its effect read on the
other."""

_SEED = "half 0"


def text_hash_sql(alias: str = "") -> str:
    """SQL over rows of the table `traces`: 32 hexadecimal digits of what was asked, NULL if the row holds no text.

    That is the conversation before the response with its tool calls and without system messages, which say how to
    answer, or else the rendered prompt. Upper and lower case and the amount of white space make no difference.

    Args:
        alias: how the query calls the table; none if columns stand alone.
    """
    t = f"{alias}." if alias else ""
    turns = f"""from_json({t}messages, '[{{"role": "VARCHAR", "content": "VARCHAR", "tool_calls": "VARCHAR"}}]')"""
    said = "turn.content || coalesce(turn.tool_calls, '')"
    asked = f"list_transform(list_filter({turns}, lambda turn: turn.role <> 'system'), lambda turn: {said})"
    text = f"coalesce(nullif(array_to_string({asked}, chr(31)), ''), {t}prompt)"
    normal = rf"trim(regexp_replace(lower(nfc_normalize({text})), '[\s\p{{Z}}]+', ' ', 'g'))"
    return f"md5(nullif({normal}, ''))"


def half_sql(alias: str = "") -> str:
    """SQL over rows of `traces`: which of `HALVES` the question belongs to, a matter of its text alone.

    So a question is in one half under all of its names, in every run and file. Without a text its id decides.
    """
    t = f"{alias}." if alias else ""
    name = f"coalesce({text_hash_sql(alias)}, {t}benchmark || chr(31) || {t}question_id)"
    return f"CASE WHEN md5_number_lower('{_SEED}' || {name}) % 2 = 0 THEN '{HALVES[0]}' ELSE '{HALVES[1]}' END"


def number_questions(names: Sequence[Sequence[Hashable]]) -> Ints:
    """Numbers from 0, in order of first appearance, of what shares a name, directly or through others.

    Args:
        names: what each of n things goes by.

    Returns:
        (n,), equal for the same question.
    """
    number_of: dict[Hashable, int] = {}
    things, named = [], []
    for thing, own in enumerate(names):
        for name in own:
            things.append(thing)
            named.append(number_of.setdefault(name, len(number_of)))
    n = len(names) + len(number_of)
    edges = coo_array((np.ones(len(things), np.int8), (things, np.array(named, np.int64) + len(names))), shape=(n, n))
    _, component = connected_components(edges, directed=False)
    _, first, number = np.unique(component[: len(names)], return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[number]


def load_names(reader: Reader, traces: str, parameters: Sequence[Any] = ()) -> dict[tuple[str, str], tuple[Name, ...]]:
    """Benchmark and id of every question to all that it goes by: these two, and the hashes of its texts.

    Args:
        traces: SQL from `traces` on, with its condition.
        parameters: of that SQL.
    """
    # A text is hashed once for all samples of its question.
    rows = reader.query(
        f"SELECT DISTINCT benchmark, question_id, {text_hash_sql()} AS text "
        f"FROM (SELECT DISTINCT benchmark, question_id, messages, prompt FROM {traces}) ORDER BY ALL",
        parameters,
    )
    names: dict[tuple[str, str], tuple[Name, ...]] = {}
    for benchmark, question_id, text in zip(*(rows.column(i).to_pylist() for i in range(3)), strict=True):
        key = (benchmark, question_id)
        names[key] = (*names.get(key, (key,)), *(() if text is None else ((text,),)))
    return names


def load_numbers(reader: Reader, run: Run) -> dict[tuple[str, str], int]:
    """Benchmark and id of every question of a run to its number, equal where the texts are."""
    names = load_names(reader, f"traces WHERE run_no = {run.run_no:d}")
    return dict(zip(names, number_questions(list(names.values())).tolist(), strict=True))


def n_alike(names: Iterable[Iterable[Name]]) -> int:
    """How many questions stand under more than one id or benchmark.

    Args:
        names: all that each question goes by.
    """
    return sum(len({name for name in own if len(name) > 1}) > 1 for own in names)
