"""What is looked at stays as it was: flags, buffers and random numbers."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from rdpt_core.scoring.training.untouched import untouched


class Model(torch.nn.Module):
    """A part that is always frozen in evaluation, dropout, a running mean, and a buffer that is replaced."""

    def __init__(self) -> None:
        super().__init__()
        self.dropout, self.norm, self.frozen = torch.nn.Dropout(0.5), torch.nn.BatchNorm1d(3), torch.nn.Linear(3, 3)
        self.register_buffer("angles", torch.ones(3), persistent=False)
        self.max_seq_len_cached = 7
        self.train()
        self.frozen.eval()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.angles = torch.zeros(3)
        self.max_seq_len_cached = 99
        return self.frozen(self.norm(self.dropout(x)))


def drawn() -> tuple[float, float, float]:
    return random.random(), float(np.random.rand()), float(torch.rand(1))


def seed() -> None:
    random.seed(1)
    np.random.seed(1)
    torch.manual_seed(1)


def test_random_numbers_go_on_as_if_nothing_had_happened() -> None:
    seed()
    expected = drawn()
    seed()
    with untouched():
        drawn()
        seed()
    assert drawn() == expected


def test_modules_and_buffers_are_put_back() -> None:
    model = Model()
    angles, mean = model.angles, model.norm.running_mean.clone()
    with untouched(model):
        assert not any(module.training for module in model.modules())
        out = model(torch.ones(4, 3))
        model.norm.running_mean.add_(1)
        assert not out.requires_grad
    assert model.training and model.dropout.training and not model.frozen.training
    assert model.angles is angles and model.max_seq_len_cached == 7
    assert torch.equal(model.norm.running_mean, mean)


def test_all_of_it_is_put_back_after_an_error_too() -> None:
    model = Model()
    seed()
    expected = drawn()
    seed()
    with pytest.raises(RuntimeError), untouched(model):
        model(torch.ones(4, 3))
        drawn()
        raise RuntimeError("out of memory")
    assert model.training and drawn() == expected and model.angles.sum() == 3


def test_a_step_after_it_equals_a_step_without() -> None:
    def steps(look: bool) -> torch.Tensor:
        seed()
        model = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Dropout(0.5), torch.nn.BatchNorm1d(3))
        optimizer = torch.optim.AdamW(model.parameters())
        for _ in range(3):
            model(torch.rand(8, 3)).square().mean().backward()
            optimizer.step()
            optimizer.zero_grad()
            if look:
                with untouched(model):
                    model(torch.rand(5, 3))
        return torch.cat([parameter.detach().reshape(-1) for parameter in model.parameters()])

    assert torch.equal(steps(look=True), steps(look=False))
