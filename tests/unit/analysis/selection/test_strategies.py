"""Every strategy against its naive reference, from the tables of a real file."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.selection.candidates import Candidates, load_candidates
from rdpt_core.analysis.selection.pick import Budget, select
from rdpt_core.analysis.selection.strategies import STRATEGIES, Options, find_strategy
from rdpt_core.errors import UsageError
from rdpt_core.store.reader import open_reader

from .build import make, store
from .reference import (
    BETA,
    TIES,
    WORTH,
    Response,
    Sentence,
    best_of,
    evidence,
    text_number,
    to_twelve_digits,
    tokens,
)

EXPRESSION = "n_teacher - 0.01 * n_tokens"
# Halves of powers of two and the like make ties and exact sums likely; the rest comes from floats.
logprob = st.one_of(st.sampled_from([0.0, -0.25, -0.5, -1.0, -3.0]), st.floats(-12.0, 0.0, width=32))


@st.composite
def sentences(draw: st.DrawFn) -> Sentence:
    n = draw(st.integers(1, 4))
    row = st.lists(logprob, min_size=n, max_size=n)
    ranks = draw(st.lists(st.one_of(st.integers(1, 5), st.integers(90, 110)), min_size=n, max_size=n))
    return Sentence(draw(row), draw(row), ranks, draw(row))


questions = st.lists(
    st.lists(st.lists(sentences(), min_size=1, max_size=4), min_size=1, max_size=4), min_size=1, max_size=4
)


def load(path: Path) -> Candidates:
    with open_reader(path) as reader:
        return load_candidates(reader, reader.run(None), LabelRule.make(beta=BETA))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("selection")


@given(asked=questions)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_strategy_equals_its_naive_reference(folder: Path, asked: list[list[Response]]) -> None:
    # float32 is what the file keeps of a token, so the reference starts from the same numbers.
    path = folder / "random.duckdb"
    store(path, asked)
    candidates = load(path)
    flat = [response for group in asked for response in group]
    assert set(STRATEGIES) == {*WORTH, "random"}
    for name, reference in WORTH.items():
        worth = STRATEGIES[name].worth(candidates, Options(expression=EXPRESSION))
        with np.errstate(all="ignore"):
            expected = [_or_nan(reference, response) for response in flat]
        np.testing.assert_allclose(worth, expected, rtol=1e-6, atol=1e-9, err_msg=name)
        tie_score = STRATEGIES[name].ties.worth(candidates)
        expected = [TIES.get(name, evidence)(response) for response in flat]
        # Of each sentence nine decimals are added up.
        np.testing.assert_allclose(tie_score, expected, rtol=1e-6, atol=1e-7, err_msg=name)
        for k in (1, 2):
            picked = select(candidates, STRATEGIES[name], Options(expression=EXPRESSION), budget=Budget(k)).picked
            # The strategy's own numbers decide here: a sum in another order may split what is tied on paper.
            assert picked.tolist() == naive_picks(worth, tie_score, flat, candidates.question, k), name


def _or_nan(reference: object, response: Response) -> float:
    try:
        return float(reference(response))
    except ZeroDivisionError:
        return math.nan


def naive_picks(
    worth: np.ndarray, tie_score: np.ndarray, responses: list[Response], question: np.ndarray, k: int
) -> list[int]:
    texts = ["x" * len(tokens(response)) for response in responses]
    keys = [
        (to_twelve_digits(w), to_twelve_digits(t), text_number(text), text_number(f"t{position}"))
        for position, (w, t, text) in enumerate(zip(worth, tie_score, texts, strict=True))
    ]
    picked = []
    for number in sorted(set(question.tolist())):
        members = np.flatnonzero(question == number)
        picked += [int(members[index]) for index in best_of([keys[member] for member in members], k)]
    return sorted(picked)


def test_what_a_run_lacks_is_said_with_its_command() -> None:
    candidates = make([5, 9], [0, 0])
    for name, command in (("lalp", "rdpt local"), ("rsr", "--ranks")):
        with pytest.raises(UsageError, match=command):
            select(candidates, STRATEGIES[name], Options())
    with pytest.raises(UsageError, match="teacher-count"):
        find_strategy("best")
