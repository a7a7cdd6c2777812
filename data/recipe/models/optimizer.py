"""The optimiser: Muon for the matrices inside the layers, AdamW for embeddings and norms.

Muon (Jordan et al. 2024) takes, instead of the momentum of a matrix, the nearest matrix whose singular values are all
one, so that rare directions are learned as fast as common ones. Models of this size reach the same loss in about half
the documents. Written here for float32 on a CPU: matrices of one shape are taken together, so that each step makes few
large products instead of many small ones.
"""

from collections import defaultdict

import torch
from transformers import LlamaForCausalLM

_MOMENTUM = 0.95
_N_ROUNDS = 5
# Of the quintic x -> a x + b x³ + c x⁵ which, repeated, takes singular values in (0, 1] near 1.
_A, _B, _C = 3.4445, -4.7750, 2.0315
_WEIGHT_DECAY = 0.01
_MATRIX_RATE = 2.0


class Optimizer:
    """Updates a model's weights from their gradients; the learning rate is given with every step."""

    def __init__(self, model: LlamaForCausalLM) -> None:
        by_shape: dict[torch.Size, list[torch.nn.Parameter]] = defaultdict(list)
        others = []
        for name, parameter in model.named_parameters():
            if parameter.ndim == 2 and ".layers." in name:
                by_shape[parameter.shape].append(parameter)
            else:
                others.append(parameter)
        self._groups = [(group, torch.zeros(len(group), *shape)) for shape, group in by_shape.items()]
        self._adamw = torch.optim.AdamW(others, betas=(0.9, 0.98), weight_decay=_WEIGHT_DECAY, fused=True)
        self._parameters = list(model.parameters())

    @torch.no_grad()
    def step(self, learning_rate: float) -> None:
        """One update, which uses the gradients up.

        Args:
            learning_rate: Of embeddings and norms. The matrices take `_MATRIX_RATE` times as much, and the root mean
                square of the change of an entry is 0.2 times that, about as with AdamW.
        """
        matrix_learning_rate = _MATRIX_RATE * learning_rate
        torch.nn.utils.clip_grad_norm_(self._parameters, 1.0)
        for options in self._adamw.param_groups:
            options["lr"] = learning_rate
        self._adamw.step()
        for group, momentum in self._groups:
            gradient = torch.stack([parameter.grad for parameter in group if parameter.grad is not None])
            momentum.lerp_(gradient, 1 - _MOMENTUM)
            direction = orthogonal(torch.lerp(gradient, momentum, _MOMENTUM))
            size = 0.2 * max(direction.shape[1:]) ** 0.5
            for parameter, change in zip(group, direction, strict=True):
                parameter.mul_(1 - matrix_learning_rate * _WEIGHT_DECAY)
                parameter.add_(change, alpha=-matrix_learning_rate * size)
        for parameter in self._parameters:
            parameter.grad = None


def orthogonal(matrices: torch.Tensor) -> torch.Tensor:
    """Brings the singular values of each matrix near 1 (between about 0.7 and 1.2). Shapes: (n, rows, columns)."""
    is_tall = matrices.shape[1] > matrices.shape[2]
    x: torch.Tensor = matrices.transpose(1, 2) if is_tall else matrices
    x = x / (torch.linalg.matrix_norm(x, keepdim=True) + 1e-7)
    for _ in range(_N_ROUNDS):
        gram = x @ x.transpose(1, 2)
        x = _A * x + (_B * gram + _C * (gram @ gram)) @ x
    return x.transpose(1, 2) if is_tall else x
