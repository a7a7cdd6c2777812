"""The forward pass of training: a Llama's own weights and mathematics in fewer, larger steps.

Transformers' modules are written for every shape and precision. For models of a million parameters on one core, half
of their time goes to small passes over memory. Here query, key and value are one product, gate and up another, the
three element-wise stages have backward passes written by hand, and logits are computed for response tokens only.
`tests/recipe/models/test_forward.py` holds loss and gradients to those of transformers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from transformers import LlamaForCausalLM


@dataclass(frozen=True)
class Example:
    """Token ids of one document; the loss counts those of the response, which ends with the end token."""

    prompt_ids: list[int]
    response_ids: list[int]

    @property
    def n_tokens(self) -> int:
        """Length of the whole sequence."""
        return len(self.prompt_ids) + len(self.response_ids)


def response_loss(model: LlamaForCausalLM, batch: Sequence[Example]) -> torch.Tensor:
    """Mean negative log-probability of the response tokens of a batch, in nats.

    Rows are padded on the right. No attention mask is needed: attention is causal, so no real token sees the padding.

    Args:
        model: Llama with plain rotary embeddings, tied embeddings and as many key as query heads, in float32.
        batch: Documents; the nearer their lengths, the less is computed for padding.

    Returns:
        A scalar, equal to `model(input_ids, labels=...)` with labels on the response alone.
    """
    input_ids, before, targets = _arrays(batch)
    config = model.config
    n_rows, n_columns = input_ids.shape
    n_heads = config.num_attention_heads
    cos, sin = _rotation(model, n_columns)
    embedding = model.model.embed_tokens
    hidden = F.embedding(input_ids.flatten(), embedding.weight, embedding.padding_idx)
    for layer in model.model.layers:
        attention, feed_forward = layer.self_attn, layer.mlp
        normed = _norm(hidden, layer.input_layernorm)
        weight = torch.cat([attention.q_proj.weight, attention.k_proj.weight, attention.v_proj.weight])
        query_key_value = F.linear(normed, weight).view(n_rows, n_columns, 3, n_heads, -1)
        rotated = _Rotate.apply(query_key_value[:, :, :2], cos, sin)  # type: ignore[no-untyped-call]
        query, key = (part.transpose(1, 2) for part in rotated.unbind(2))
        value = query_key_value[:, :, 2].transpose(1, 2)
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        hidden = hidden + F.linear(mixed.transpose(1, 2).reshape(len(hidden), -1), attention.o_proj.weight)
        normed = _norm(hidden, layer.post_attention_layernorm)
        gate_up = F.linear(normed, torch.cat([feed_forward.gate_proj.weight, feed_forward.up_proj.weight]))
        gated = _Gate.apply(gate_up)  # type: ignore[no-untyped-call]
        hidden = hidden + F.linear(gated, feed_forward.down_proj.weight)
    normed = _norm(hidden[before], model.model.norm)
    return F.cross_entropy(F.linear(normed, embedding.weight), targets)


def _arrays(batch: Sequence[Example]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Input ids (rows, columns), flat places of the tokens before each response token, and the response tokens."""
    longest = max(example.n_tokens for example in batch)
    rows: list[list[int]] = []
    before: list[int] = []
    targets: list[int] = []
    for row, example in enumerate(batch):
        rows.append(example.prompt_ids + example.response_ids + [0] * (longest - example.n_tokens))
        # A response token is predicted by the place to its left.
        first = row * longest + len(example.prompt_ids) - 1
        before += range(first, first + len(example.response_ids))
        targets += example.response_ids
    return torch.tensor(rows), torch.tensor(before), torch.tensor(targets)


def _rotation(model: LlamaForCausalLM, n_columns: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Cosine and sine of each position's angles. Shapes: (columns, 1, 1, half a head)."""
    inverse_frequency = model.model.rotary_emb.inv_freq
    angles = torch.arange(n_columns)[:, None].float() * inverse_frequency
    return angles.cos()[:, None, None], angles.sin()[:, None, None]


def _norm(hidden: torch.Tensor, norm: Any) -> torch.Tensor:
    result: torch.Tensor = _RmsNorm.apply(hidden, norm.weight, norm.variance_epsilon)  # type: ignore[no-untyped-call]
    return result


class _RmsNorm(torch.autograd.Function):
    """`weight * x / sqrt(mean(x²) + epsilon)`, the mean over the last axis."""

    @staticmethod
    def forward(ctx: Any, hidden: torch.Tensor, weight: torch.Tensor, epsilon: float) -> torch.Tensor:
        size = hidden.shape[-1]
        scale = torch.linalg.vector_norm(hidden, dim=-1, keepdim=True).square_().div_(size).add_(epsilon).rsqrt_()
        unit: torch.Tensor = hidden * scale
        ctx.save_for_backward(unit, scale, weight)
        return unit * weight

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, None]:
        unit, scale, weight = ctx.saved_tensors
        by_unit = grad * unit
        grad_weight = by_unit.sum(dim=0)
        along = torch.mv(by_unit, weight).div_(unit.shape[-1])[:, None]
        # d unit / d x projects out the direction of x: moving along x changes its length only.
        grad_hidden = torch.addcmul(grad * weight, unit, along, value=-1).mul_(scale)
        return grad_hidden, grad_weight, None


class _Rotate(torch.autograd.Function):
    """Turns each pair (i, i + half) of a head by its angle; the backward pass turns back."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(cos, sin)
        return _turn(x, cos, sin)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        cos, sin = ctx.saved_tensors
        return _turn(grad, cos, -sin), None, None


def _turn(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    first, second = x.chunk(2, dim=-1)
    turned = torch.empty(x.shape, dtype=x.dtype)
    half = first.shape[-1]
    torch.mul(first, cos, out=turned[..., :half]).addcmul_(second, sin, value=-1)
    torch.mul(second, cos, out=turned[..., half:]).addcmul_(first, sin)
    return turned


class _Gate(torch.autograd.Function):
    """`silu(gate) * up` of two halves side by side."""

    @staticmethod
    def forward(ctx: Any, gate_up: torch.Tensor) -> torch.Tensor:
        gate, up = gate_up.chunk(2, dim=-1)
        sigmoid = torch.sigmoid(gate)
        silu = gate * sigmoid
        ctx.save_for_backward(gate_up, sigmoid, silu)
        return silu * up

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> torch.Tensor:
        gate_up, sigmoid, silu = ctx.saved_tensors
        up = gate_up.chunk(2, dim=-1)[1]
        size = grad.shape[-1]
        result = torch.empty_like(gate_up)
        torch.mul(grad, silu, out=result[..., size:])
        # silu' = sigmoid + silu (1 - sigmoid).
        slope = torch.addcmul(sigmoid + silu, silu, sigmoid, value=-1)
        torch.mul(slope.mul_(up), grad, out=result[..., :size])
        return result
