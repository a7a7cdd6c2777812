"""The optimiser: matrices are made nearly orthogonal, and a model learns."""

from __future__ import annotations

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from data.recipe.models.forward import Example, response_loss
from data.recipe.models.optimizer import Optimizer, orthogonal


@pytest.mark.parametrize("shape", [(3, 8, 8), (2, 6, 20), (2, 20, 6)])
def test_singular_values_come_near_one_and_directions_stay(shape: tuple[int, int, int]) -> None:
    torch.manual_seed(1)
    matrices = torch.randn(shape)
    found = orthogonal(matrices)
    assert found.shape == shape
    left, _, right = torch.linalg.svd(matrices, full_matrices=False)
    turned = left.transpose(1, 2) @ found @ right.transpose(1, 2)
    diagonal = torch.diagonal(turned, dim1=1, dim2=2)
    assert 0.6 < float(diagonal.min()) <= float(diagonal.max()) < 1.3
    assert torch.allclose(turned, torch.diag_embed(diagonal), atol=1e-4)


def test_a_model_learns_a_document_and_no_weight_is_forgotten() -> None:
    torch.manual_seed(2)
    config = LlamaConfig(
        vocab_size=20,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        tie_word_embeddings=True,
        pad_token_id=0,
    )
    model = LlamaForCausalLM(config)
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    example, optimizer = Example([1, 2, 3], [4, 5, 6, 7, 8, 4, 9, 4, 10]), Optimizer(model)
    losses = []
    for _ in range(120):
        loss = response_loss(model, [example])
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step(1e-2)
        losses.append(loss.item())
    assert losses[-1] < 0.2 * losses[0]
    for name, value in model.named_parameters():
        assert not torch.equal(value, before[name]), name
        assert value.grad is None
