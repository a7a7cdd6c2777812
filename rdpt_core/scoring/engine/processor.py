"""Which kernels score on this processor: a table to look up, never a stopwatch, so that a run's bits depend on the kind
of processor alone.

GFLOP/s of one core, torch 2.13; products of 256 rows in the shapes of 135M and 0.5B models, scores of 384 × 64 × 4,096:

                                        amx (Intel Xeon)            avx512_bf16 (AMD EPYC)
    bfloat16: F.linear, oneDNN, packed  716–888, 664–740, 829–1015  183–210, 189–207, 190–214
    float32:  F.linear, oneDNN, packed  152–161, 148–157, 157–160   84–94, 100–103, 103–111
    scores in float32: F.linear, oneDNN 149, 65                     95, 100
    attention at 4,096: fused, blocks   320 (0.8 ns a score), –     67, 73

`avx512` and `avx2` were not measured apart: they have the float32 kernels of `avx512_bf16`. Without AVX-512 oneDNN's
operator refuses bfloat16 (torch 2.13), so `F.linear` serves it there. `other` is no x86
processor. With AMX a block of 512 rows beats one of 256: the engine makes 2,182 and 1,874 tokens a second at 1,024
tokens, 1,683 and 1,430 at 4,096 (135M, bfloat16, two cores); two cores are 1.9 times as
fast as one then, and 1.7 times with 256 rows. Blocks of 768 and 1,024 rows gain no more. In float32 the size makes no
difference there.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True)
class Kernels:
    """What runs on one kind of processor.

    Attributes:
        name: the kind, as it is stored with a run.
        packed: dtypes for which projections keep their weights in the order in which oneDNN reads them.
        projections_by_onednn: dtypes for which projections go to oneDNN's operator, and not to `F.linear`.
        head_by_onednn, scores_by_onednn: the same for the output head and for the scores of attention, in any dtype.
        fused_attention: dtypes for which torch's fused attention beats blocks of queries.
        block_rows: rows in every matrix product, and in a lane.
    """

    name: str
    packed: frozenset[torch.dtype]
    projections_by_onednn: frozenset[torch.dtype]
    head_by_onednn: bool
    scores_by_onednn: bool
    fused_attention: frozenset[torch.dtype]
    block_rows: int = 256

    def describe(self, dtype: torch.dtype) -> str:
        """One line for people."""
        fused = "fused" if dtype in self.fused_attention else "in blocks"
        weights = "packed weights" if dtype in self.packed else "weights as loaded"
        return f"{self.name}: products with {weights}, attention {fused}"


_NEVER: frozenset[torch.dtype] = frozenset()
_BFLOAT16 = frozenset({torch.bfloat16})
_FLOAT32 = frozenset({torch.float32})
_BOTH = frozenset({torch.bfloat16, torch.float32})
KERNELS = {
    kernels.name: kernels
    for kernels in (
        Kernels("amx", _BFLOAT16, _BFLOAT16, False, False, _BFLOAT16, block_rows=512),
        Kernels("avx512_bf16", _BOTH, _BOTH, True, True, _NEVER),
        Kernels("avx512", _BOTH, _BOTH, True, True, _NEVER),
        Kernels("avx2", _FLOAT32, _FLOAT32, True, True, _NEVER),
        Kernels("other", _NEVER, _BOTH, True, True, _NEVER),
    )
}
_LEVELS = {"avx2": "avx2", "avx512_f": "avx512", "avx512_bf16": "avx512_bf16", "amx_bf16": "amx"}
"""What a processor has, in torch's names, from the weakest to the strongest; and the row of the table for it."""
_ONEDNN_LIMITS = {
    "SSE41": "other",
    "AVX": "other",
    "AVX2": "avx2",
    "AVX2_VNNI": "avx2",
    "AVX2_VNNI_2": "avx2",
    "AVX512_CORE": "avx512",
    "AVX512_CORE_VNNI": "avx512",
    "AVX512_CORE_BF16": "avx512_bf16",
    "AVX512_CORE_FP16": "avx512_bf16",
    "AVX10_1_512": "avx512_bf16",
}


def kernels_of_this_processor() -> Kernels:
    """The row for the processor at hand, within the limit that `ONEDNN_MAX_CPU_ISA` sets for the library."""
    return choose_kernels(torch.cpu.get_capabilities(), os.environ)


def choose_kernels(capabilities: Mapping[str, object], environment: Mapping[str, str]) -> Kernels:
    """The row for a processor that has these capabilities, in the names of `torch.cpu.get_capabilities`."""
    names = ["other", *(row for capability, row in _LEVELS.items() if capabilities.get(capability) is True)]
    limit = _ONEDNN_LIMITS.get(environment.get("ONEDNN_MAX_CPU_ISA", "").upper())
    order = ["other", *_LEVELS.values()]
    best = names[-1] if limit is None else min(names[-1], limit, key=order.index)
    return KERNELS[best]
