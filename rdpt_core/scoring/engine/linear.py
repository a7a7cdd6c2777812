"""Matrix products in blocks of a constant number of rows.

A library may add up a row's products in another order when the matrix has another number of rows. Here every
projection of a model sees `block_rows` rows at a time, whatever the pack holds, so that a row's result depends on the
row alone. The blocks also keep what flows through a feed-forward network within the cache, and bound its memory by
`block_rows` times its width in each thread.

On CPU most products go to oneDNN, through the operator that torch's compiler uses: it has the bfloat16 and AVX-512
kernels for every vendor, where the default library serves float32 on AMD at nine tenths of the speed (`processor`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as functional

from rdpt_core.scoring.engine.block_pool import for_each

_FEED_FORWARD_NAMES = frozenset({"mlp", "feed_forward", "ffn"})
_PREVIOUS = "_rdpt_previous_forward"
_PACKED = "_rdpt_packed_weight"


def _onednn_dtypes() -> frozenset[torch.dtype]:
    """Those that oneDNN's operator takes on this processor: for bfloat16 it wants AVX-512, and fails without."""
    has_bfloat16 = getattr(getattr(torch.ops, "mkldnn", None), "_is_mkldnn_bf16_supported", None)
    return frozenset({torch.float32, torch.bfloat16} if has_bfloat16 and has_bfloat16() else {torch.float32})


def _find_onednn() -> Callable[..., torch.Tensor] | None:
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return None
    operators = getattr(torch.ops, "mkldnn", None)
    operator: Callable[..., torch.Tensor] | None = getattr(operators, "_linear_pointwise", None)
    return operator


_onednn_linear = _find_onednn()
_ONEDNN_DTYPES = _onednn_dtypes()


def matrix_product(
    rows: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None, *, by_onednn: bool = True
) -> torch.Tensor:
    """`torch.nn.functional.linear`. Shapes: rows (n, k), weight (m, k), bias (m,); result (n, m).

    Args:
        by_onednn: through its operator, where there is one for this device and dtype; packed weights need it.
    """
    if not (by_onednn and _is_onednns(rows)) or _onednn_linear is None:
        return functional.linear(rows, weight, bias)
    return _onednn_linear(rows, weight, bias, "none", [], "")


def _is_onednns(tensor: torch.Tensor) -> bool:
    return _onednn_linear is not None and tensor.device.type == "cpu" and tensor.dtype in _ONEDNN_DTYPES


def use_row_blocks(backbone: torch.nn.Module, block_rows: int, *, by_onednn: bool = True) -> None:
    """Change a model in place: projections, norms, and feed-forward networks as a whole, take `block_rows` rows at a
    time, and several blocks at a time within `block_pool.pooled`."""
    from transformers.pytorch_utils import Conv1D

    for name, module in backbone.named_modules():
        is_feed_forward = name.rpartition(".")[2] in _FEED_FORWARD_NAMES and _is_row_wise(module)
        if is_feed_forward or _is_norm(module):
            _replace_forward(module, _in_blocks(module.forward, block_rows))
        elif type(module) is torch.nn.Linear:
            _replace_forward(module, _projection(module, block_rows, transposed=False, by_onednn=by_onednn))
        elif type(module) is Conv1D:
            _replace_forward(module, _projection(module, block_rows, transposed=True, by_onednn=by_onednn))


def pack_weights(backbone: torch.nn.Module, block_rows: int) -> None:
    """Lay the weights of all projections out as oneDNN reads them, which it otherwise does anew with every product.

    The weights as they were loaded are given up, so memory stays the same. What other code reads of them is gone, too;
    `unpack_weights` brings them back.
    """
    shared = _weights_of_several(backbone)
    for module in backbone.modules():
        if type(module) is torch.nn.Linear and _is_onednns(module.weight) and id(module.weight) not in shared:
            packed = torch.ops.mkldnn._reorder_linear_weight(module.weight, block_rows)
            module.__dict__[_PACKED] = packed
            module.weight = torch.nn.Parameter(module.weight.to("meta"), requires_grad=False)


def unpack_weights(backbone: torch.nn.Module) -> None:
    """Undo `pack_weights`: the same weights to the last bit."""
    for module in backbone.modules():
        packed = module.__dict__.pop(_PACKED, None)
        if packed is not None:
            module.weight = torch.nn.Parameter(packed.to_dense(), requires_grad=False)


def _weights_of_several(backbone: torch.nn.Module) -> set[int]:
    """Identities of parameters that more than one module holds, such as an embedding that is also a projection."""
    seen: set[int] = set()
    shared: set[int] = set()
    for module in backbone.modules():
        for parameter in module.parameters(recurse=False):
            (shared if id(parameter) in seen else seen).add(id(parameter))
    return shared


def restore_forwards(backbone: torch.nn.Module) -> None:
    """Undo `use_row_blocks`, and leave alone what other libraries have hung into the model."""
    for module in backbone.modules():
        if _PREVIOUS in module.__dict__:
            previous = module.__dict__.pop(_PREVIOUS)
            del module.__dict__["forward"]
            if previous is not None:
                module.__dict__["forward"] = previous


def _replace_forward(module: Any, forward: Callable[..., Any]) -> None:
    # Only a forward that was set on this very module; the one of its class shows through again by itself.
    module.__dict__[_PREVIOUS] = module.__dict__.get("forward")
    module.forward = forward


def _is_row_wise(module: torch.nn.Module) -> bool:
    """Whether a feed-forward network is made of projections and activations only, and not of routed experts."""
    from transformers.pytorch_utils import Conv1D

    leaves = [leaf for leaf in module.modules() if leaf is not module and not list(leaf.children())]
    return bool(leaves) and all(
        isinstance(leaf, torch.nn.Linear | Conv1D | torch.nn.Dropout) or not list(leaf.parameters()) for leaf in leaves
    )


def _is_norm(module: torch.nn.Module) -> bool:
    """Whether a module norms each row by itself: RMSNorm and LayerNorm under the names of all architectures."""
    return type(module).__name__.endswith(("RMSNorm", "LayerNorm")) and not list(module.children())


def _in_blocks(forward: Callable[..., Any], block_rows: int) -> Callable[..., Any]:
    def blocked(hidden: torch.Tensor, *others: Any, **named: Any) -> Any:
        if others or named or hidden.dim() != 3 or hidden.shape[0] != 1 or hidden.shape[1] <= block_rows:
            return forward(hidden, *others, **named)
        output = torch.empty_like(hidden)

        def fill(first: int) -> None:
            rows = slice(first, first + block_rows)
            output[:, rows] = forward(hidden[:, rows])

        for_each(fill, range(0, hidden.shape[1], block_rows))
        return output

    return blocked


def _projection(
    module: Any, block_rows: int, *, transposed: bool, by_onednn: bool
) -> Callable[[torch.Tensor], torch.Tensor]:
    def forward(hidden: torch.Tensor) -> torch.Tensor:
        weight = module.__dict__.get(_PACKED)
        if weight is None:
            weight = module.weight.t() if transposed else module.weight
        rows = hidden.reshape(-1, hidden.shape[-1])
        if len(rows) <= block_rows:
            return matrix_product(rows, weight, module.bias, by_onednn=by_onednn).view(*hidden.shape[:-1], -1)
        output = rows.new_empty(len(rows), weight.shape[0])

        def fill(first: int) -> None:
            block = slice(first, first + block_rows)
            output[block] = matrix_product(rows[block], weight, module.bias, by_onednn=by_onednn)

        for_each(fill, range(0, len(rows), block_rows))
        return output.view(*hidden.shape[:-1], -1)

    return forward
