"""Answers after branches of a trace, each against a pass of the plain model over the whole of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from rdpt_core.arrays import Doubles
from rdpt_core.errors import ModelError
from rdpt_core.scoring.engine import branches
from rdpt_core.scoring.engine.branches import Branch, BranchedSequence, score_branches
from rdpt_core.scoring.engine.kernel import CausalKernel
from rdpt_core.scoring.engine.packing import Pack
from tests.support.tiny_models import save_model

N_VOCABULARY = 200
WINDOW = 16
KINDS: dict[str, dict[str, Any]] = {
    "llama": {},
    "mistral": {"sliding_window": WINDOW},
    "gemma2": {"sliding_window": WINDOW, "head_dim": 8, "query_pre_attn_scalar": 8},
    "qwen3_moe": {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32, "head_dim": 8},
    "mamba": {},
}
"""The plain case, windows that reach back into what is shared, a cap on scores, models that are scored one by one."""


def make_sequence(rng: np.random.Generator, n_prompt: int, lengths: tuple[int, ...], n_answer: int) -> BranchedSequence:
    """A trace of sentences of these lengths; a branch without each of them, and one with another in its place."""
    bounds = np.cumsum([n_prompt, *lengths])
    ids = rng.integers(2, N_VOCABULARY, bounds[-1] + n_answer).astype(np.int32)
    made = []
    for first, last in zip(bounds[:-1], bounds[1:], strict=True):
        other = rng.integers(2, N_VOCABULARY, int(rng.integers(1, 9))).astype(np.int32)
        made += [Branch(int(first), ids[last:]), Branch(int(first), np.concatenate([other, ids[last:]]))]
    return BranchedSequence(ids, n_answer, tuple(made))


def make_sequences() -> list[BranchedSequence]:
    rng = np.random.default_rng(5)
    return [
        make_sequence(rng, 5, (7, 1, 12, 3), 4),
        make_sequence(rng, 1, (2,), 1),  # Without its one sentence, the prompt predicts the answer.
        make_sequence(rng, 9, (), 3),
        make_sequence(rng, 30, (40, 40, 60, 20, 90, 10), 2),
    ]


def naive(model: Any, sequence: BranchedSequence) -> Doubles:
    """A pass for the trace, and one for each branch."""
    whole = [sequence.ids, *(np.concatenate([sequence.ids[: one.n_shared], one.ids]) for one in sequence.branches)]
    sums = []
    for ids in whole:
        tensor = torch.from_numpy(ids.astype(np.int64))[None]
        with torch.no_grad():
            logits = model(tensor, use_cache=False).logits[0, -sequence.n_answer - 1 : -1].double()
        sums.append(float(logits.log_softmax(-1).gather(-1, tensor[0, -sequence.n_answer :, None]).sum()))
    return np.array(sums)


def load(folder: Path) -> Any:
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)


@pytest.fixture(scope="module", params=KINDS)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("branches") / request.param
    # Not sharper: a router that is nearly undecided would follow roundings.
    return save_model(
        path, model_type=request.param, vocab_size=N_VOCABULARY, context_length=512, **KINDS[request.param]
    )


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("branches") / "llama", vocab_size=N_VOCABULARY)


def test_branches_are_what_whole_passes_give(folder: Path) -> None:
    # A state is computed token by token, which takes long.
    sequences, oracle = make_sequences()[: 2 if folder.name == "mamba" else None], load(folder)
    kernel = CausalKernel(load(folder))
    assert kernel.shares is (folder.name in ("llama", "mistral", "gemma2"))
    for sequence, scored in zip(sequences, score_branches(kernel, sequences), strict=True):
        assert scored.shape == (1 + len(sequence.branches),)
        np.testing.assert_allclose(scored, naive(oracle, sequence), atol=1e-4, rtol=0)


def test_what_is_shared_is_laid_once_and_the_head_sees_answers_only(llama: Path) -> None:
    kernel, packs = CausalKernel(load(llama)), []

    class Watched:
        shares, budget_rows, block_rows, device = True, 8192, 1, kernel.device

        def pack_logprobs(self, pack: Pack) -> Any:
            packs.append(pack)
            return np.zeros(len(pack.targets), dtype=np.float32)

    sequences = make_sequences()
    score_branches(Watched(), sequences)  # type: ignore[arg-type]
    (pack,) = packs
    own = sum(len(branch.ids) - 1 for sequence in sequences for branch in sequence.branches)
    assert len(pack.ids) == own + sum(len(sequence.ids) - 1 for sequence in sequences)
    assert len(pack.targets) == sum(sequence.n_answer * (1 + len(sequence.branches)) for sequence in sequences)


@pytest.mark.parametrize("budget_rows", [1, 150, 700])
def test_any_budget_gives_the_same(llama: Path, monkeypatch: pytest.MonkeyPatch, budget_rows: int) -> None:
    sequences, kernel, rows = make_sequences(), CausalKernel(load(llama)), []
    whole = score_branches(kernel, sequences)
    longest = max(
        len(one) - 1
        for sequence in sequences
        for one in (sequence.ids, *map(_laid, [sequence] * 12, sequence.branches))
    )
    kernel.budget_rows = budget_rows
    laid = branches._Builder.pack

    def pack(builder: branches._Builder, block_rows: int) -> Pack:
        rows.append(builder.n_rows)
        return laid(builder, block_rows)

    monkeypatch.setattr(branches._Builder, "pack", pack)
    for together, apart in zip(whole, score_branches(kernel, sequences), strict=True):
        # Another prefix of the trunk may be computed by another kernel of attention.
        np.testing.assert_allclose(apart, together, atol=1e-4, rtol=0)
    assert max(rows) <= max(budget_rows, longest)
    assert rows == sorted(rows, reverse=True)


def _laid(sequence: BranchedSequence, branch: Branch) -> Any:
    return np.concatenate([sequence.ids[: branch.n_shared], branch.ids])


@pytest.fixture
def short_of_memory(llama: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CausalKernel]:
    """A kernel that holds 300 rows."""
    kernel = CausalKernel(load(llama))
    real = kernel.pack_logprobs

    def pack_logprobs(pack: Pack) -> Any:
        if sum(segment.stop - segment.start for segment in pack.segments) > 300:
            raise MemoryError("no more")
        return real(pack)

    monkeypatch.setattr(kernel, "pack_logprobs", pack_logprobs)
    yield kernel


def test_short_memory_halves_the_budget(
    llama: Path, short_of_memory: CausalKernel, caplog: pytest.LogCaptureFixture
) -> None:
    sequences = make_sequences()
    with caplog.at_level(logging.WARNING):
        halved = score_branches(short_of_memory, sequences)
    assert "out of memory; going on with" in caplog.text
    assert short_of_memory.budget_rows <= 300
    for one, other in zip(halved, score_branches(CausalKernel(load(llama)), sequences), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4, rtol=0)


def test_a_branch_that_fits_nowhere_is_told(short_of_memory: CausalKernel) -> None:
    long = make_sequence(np.random.default_rng(1), 200, (100, 100), 3)
    with pytest.raises(ModelError, match="memory does not hold one trace.*no more"):
        score_branches(short_of_memory, [long])


def test_other_errors_pass(llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = CausalKernel(load(llama))

    def broken(_: Pack) -> Any:
        raise RuntimeError("something else")

    monkeypatch.setattr(kernel, "pack_logprobs", broken)
    with pytest.raises(RuntimeError, match="something else"):
        score_branches(kernel, make_sequences())


def test_broken_numbers_stay_within_their_trace(llama: Path) -> None:
    model = load(llama)
    with torch.no_grad():
        model.get_input_embeddings().weight[7] = torch.nan
    sequences = [replace(one, ids=np.where(one.ids == 7, 8, one.ids)) for one in make_sequences()]
    sequences = [
        BranchedSequence(
            one.ids, one.n_answer, tuple(Branch(b.n_shared, np.where(b.ids == 7, 8, b.ids)) for b in one.branches)
        )
        for one in sequences
    ]
    sequences[0].ids[3] = 7
    scored = score_branches(CausalKernel(model), sequences)
    assert np.isnan(scored[0]).all()
    assert all(np.isfinite(one).all() for one in scored[1:])
