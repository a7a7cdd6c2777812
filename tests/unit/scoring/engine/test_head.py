"""The head in tiles against the naive expression."""

from __future__ import annotations

import pytest
import torch

from rdpt_core.scoring.engine import head as head_module
from rdpt_core.scoring.engine.head import HeadFinish, TiledHead


@pytest.mark.parametrize("n_vocabulary", [1, 5, 64, 100, 129])
@pytest.mark.parametrize(
    "finish", [HeadFinish(), HeadFinish(scale=0.25), HeadFinish(divisor=8.0), HeadFinish(soft_cap=3.0)]
)
@pytest.mark.parametrize("biased", [False, True])
def test_tiles_equal_the_whole(
    monkeypatch: pytest.MonkeyPatch, n_vocabulary: int, finish: HeadFinish, biased: bool
) -> None:
    monkeypatch.setattr(head_module, "TILE_COLUMNS", 32)
    torch.manual_seed(0)
    hidden, weight = torch.randn(40, 16), torch.randn(n_vocabulary, 16) * 3
    bias = torch.randn(n_vocabulary) if biased else None
    rows, targets = torch.randint(0, 40, (75,)), torch.randint(0, n_vocabulary, (75,))
    found = TiledHead(weight, bias, finish, block_rows=32).logprobs(hidden, rows, targets)
    logits = finish.apply_(
        torch.nn.functional.linear(hidden[rows].double(), weight.double(), None if bias is None else bias.double())
    )
    expected = logits.log_softmax(-1).gather(-1, targets[:, None])[:, 0]
    assert (found - expected).abs().max() <= 2e-5
    assert (found <= 0).all()


def test_no_rows_give_no_logprobs() -> None:
    nothing = torch.zeros(0, dtype=torch.long)
    assert (
        TiledHead(torch.randn(5, 4), None, HeadFinish(), 8).logprobs(torch.randn(3, 4), nothing, nothing).numel() == 0
    )


def test_logits_that_are_not_finite_give_no_number() -> None:
    weight = torch.full((7, 4), float("inf"))
    rows = torch.zeros(1, dtype=torch.long)
    found = TiledHead(weight, None, HeadFinish(), 8).logprobs(torch.ones(1, 4), rows, rows)
    assert torch.isnan(found).all()


@pytest.mark.parametrize("n_vocabulary", [1, 31, 32, 129])
def test_ranks_equal_the_naive_count(monkeypatch: pytest.MonkeyPatch, n_vocabulary: int) -> None:
    """Whole numbers, so that every product is exact in float32 and equal logits are equal: ties are frequent."""
    monkeypatch.setattr(head_module, "TILE_COLUMNS", 32)
    torch.manual_seed(0)
    hidden, weight = torch.randint(-3, 4, (40, 8)).float(), torch.randint(-3, 4, (n_vocabulary, 8)).float()
    rows, targets = torch.randint(0, 40, (75,)), torch.randint(0, n_vocabulary, (75,))
    head = TiledHead(weight, None, HeadFinish(scale=0.5), block_rows=32)
    logprobs, ranks, _ = head.score(hidden, rows, targets, with_ranks=True)
    logits = hidden[rows] @ weight.T
    assert ranks is not None
    assert ranks.tolist() == ((logits > logits.gather(-1, targets[:, None])).sum(-1) + 1).tolist()
    assert torch.equal(logprobs, head.logprobs(hidden, rows, targets))


def test_a_row_that_is_not_finite_has_no_rank() -> None:
    rows = torch.zeros(1, dtype=torch.long)
    scores = TiledHead(torch.full((7, 4), float("inf")), None, HeadFinish(), 8).score(
        torch.ones(1, 4), rows, rows, with_ranks=True, temperatures=[1.5]
    )
    assert scores.rank is not None and scores.rank.tolist() == [0]
    assert scores.at.shape == (1, 1) and scores.at.isnan().all()


@pytest.mark.parametrize("temperature", [0.3, 1.0, 1.5])
def test_a_temperature_divides_what_the_model_made_of_its_logits(temperature: float) -> None:
    torch.manual_seed(0)
    hidden, weight = torch.randn(9, 16), torch.randn(50, 16)
    rows, targets = torch.arange(9), torch.randint(0, 50, (9,))
    head = TiledHead(weight, None, HeadFinish(soft_cap=3.0), block_rows=4)
    logits = (3 * torch.tanh(hidden.double() @ weight.double().T / 3)) / temperature
    expected = logits.log_softmax(-1).gather(-1, targets[:, None])[:, 0]
    found = head.at(temperature).logprobs(hidden, rows, targets)
    # As for tiles: float32 sums over 50 columns.
    assert (found - expected).abs().max() <= 2e-5
    assert temperature != 1 or torch.equal(found, head.logprobs(hidden, rows, targets))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("n_vocabulary", [5, 64, 129])
def test_further_temperatures_come_from_the_same_tiles_and_change_no_bit_of_the_rest(
    monkeypatch: pytest.MonkeyPatch, n_vocabulary: int, dtype: torch.dtype
) -> None:
    monkeypatch.setattr(head_module, "TILE_COLUMNS", 32)
    torch.manual_seed(0)
    hidden, weight = torch.randn(40, 16).to(dtype), (torch.randn(n_vocabulary, 16) * 3).to(dtype)
    bias = torch.randn(n_vocabulary).to(dtype)
    rows, targets = torch.randint(0, 40, (75,)), torch.randint(0, n_vocabulary, (75,))
    head, temperatures = TiledHead(weight, bias, HeadFinish(soft_cap=9.0), block_rows=32), [2 / 3, 1.5, 1.0]
    alone = head.score(hidden, rows, targets, with_ranks=True)
    both = head.score(hidden, rows, targets, with_ranks=True, temperatures=temperatures)
    assert torch.equal(both.logprob, alone.logprob)
    assert both.rank is not None and alone.rank is not None and torch.equal(both.rank, alone.rank)
    assert alone.at.shape == (0, 75)
    for found, temperature in zip(both.at, temperatures, strict=True):
        assert torch.equal(found, head.at(temperature).logprobs(hidden, rows, targets))
    assert torch.equal(both.at[2], alone.logprob) and not torch.equal(both.at[0], alone.logprob)
    if dtype is torch.float32:
        capped = 9 * torch.tanh((hidden[rows].double() @ weight.double().T + bias.double()) / 9)
        for found, temperature in zip(both.at, temperatures, strict=True):
            expected = (capped / temperature).log_softmax(-1).gather(-1, targets[:, None])[:, 0]
            # As for tiles: float32 sums, here of logits of up to 9 that 2/3 makes larger by half.
            assert (found - expected).abs().max() <= 2e-5
