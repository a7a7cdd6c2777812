"""The forward pass of training computes what transformers computes, and so do its hand-written gradients."""

from __future__ import annotations

from random import Random

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from data.recipe.models import forward
from data.recipe.models.forward import Example, response_loss

_N_ENTRIES = 50


@pytest.fixture(scope="module")
def model() -> LlamaForCausalLM:
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=_N_ENTRIES,
        hidden_size=24,
        intermediate_size=40,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=64,
        tie_word_embeddings=True,
        pad_token_id=0,
    )
    return LlamaForCausalLM(config)


def batch() -> list[Example]:
    """Documents of unlike lengths; no token is the padding's, as in real documents."""
    rng = Random(5)
    return [
        Example([rng.randrange(1, _N_ENTRIES) for _ in range(n)], [rng.randrange(1, _N_ENTRIES) for _ in range(m)])
        for n, m in ((3, 9), (6, 20), (1, 1), (12, 30))
    ]


def reference_loss(model: LlamaForCausalLM, examples: list[Example]) -> torch.Tensor:
    """One document after another through transformers."""
    total, count = torch.zeros(()), 0
    for example in examples:
        ids = torch.tensor([example.prompt_ids + example.response_ids])
        rows = model(input_ids=ids, use_cache=False).logits[0, len(example.prompt_ids) - 1 : -1].log_softmax(dim=-1)
        total = total - rows.gather(1, torch.tensor(example.response_ids)[:, None]).sum()
        count += len(example.response_ids)
    return total / count


def test_loss_and_gradients_are_those_of_transformers(model: LlamaForCausalLM) -> None:
    found = {}
    for name, loss_of in (("ours", response_loss), ("theirs", reference_loss)):
        model.zero_grad()
        loss = loss_of(model, batch())
        loss.backward()  # type: ignore[no-untyped-call]
        gradients = {key: value.grad for key, value in model.named_parameters()}
        found[name] = loss.item(), gradients
    # Both are float32: the tolerances are some tens of roundings.
    assert found["ours"][0] == pytest.approx(found["theirs"][0], rel=1e-5)
    for key, gradient in found["ours"][1].items():
        expected = found["theirs"][1][key]
        assert gradient is not None
        assert expected is not None
        assert torch.allclose(gradient, expected, rtol=1e-3, atol=1e-5 * float(expected.abs().max())), key


def test_hand_written_gradients_agree_with_differences() -> None:
    torch.manual_seed(0)
    x = torch.randn(5, 8, dtype=torch.double, requires_grad=True)
    weight = torch.randn(8, dtype=torch.double, requires_grad=True)
    heads = torch.randn(2, 3, 2, 2, 8, dtype=torch.double, requires_grad=True)
    angles = torch.randn(3, 1, 1, 4, dtype=torch.double)
    assert torch.autograd.gradcheck(lambda a, b: forward._RmsNorm.apply(a, b, 1e-6), (x, weight))
    assert torch.autograd.gradcheck(forward._Gate.apply, (x,))
    assert torch.autograd.gradcheck(lambda a: forward._Rotate.apply(a, angles.cos(), angles.sin()), (heads,))
