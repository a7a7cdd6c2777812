"""Which kernels score on this processor: a table to look up, never a stopwatch, so that a run's bits depend on the kind
of processor alone.

GFLOP/s of one core, 256 rows, torch 2.13 (products as in the 135M and 0.5B shapes; scores are 384 × 64 × 4,096):

    kind          product                                 scores of a block         attention kept
    amx           F.linear 716–888, oneDNN 664–740,       float32: F.linear 149,    bfloat16: fused, 0.8 ns a score;
                  oneDNN with packed weights 829–1,015    oneDNN 65                 float32: blocks
    avx512_bf16   F.linear 183–213, oneDNN 189–207,       float32: F.linear 95,     blocks: at 4,096 tokens 73 GFLOP/s
                  packed 190–214                          oneDNN 100                against 67 fused (1,024: 58, 52)
    avx512, avx2  not measured apart: as avx512_bf16, whose float32 kernels they have
    other         no x86 processor: torch's own choice of library

The row `amx` was measured on an Intel Xeon for products and scores, and for plain passes of transformers through the
fused kernel, whose time grows by 0.8 ns for every score; the engine as a whole has not been measured there.
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
        packs_weights: projections keep their weights in the order in which oneDNN reads them.
        head_by_onednn, scores_by_onednn: whether these products go to oneDNN's operator, or to `F.linear`.
        fused_attention: dtypes for which torch's fused attention beats blocks of queries.
    """

    name: str
    packs_weights: bool
    head_by_onednn: bool
    scores_by_onednn: bool
    fused_attention: frozenset[torch.dtype]

    def describe(self, dtype: torch.dtype) -> str:
        """One line for people."""
        fused = "fused" if dtype in self.fused_attention else "in blocks"
        weights = "packed weights" if self.packs_weights else "weights as loaded"
        return f"{self.name}: products with {weights}, attention {fused}"


_NEVER: frozenset[torch.dtype] = frozenset()
KERNELS = {
    kernels.name: kernels
    for kernels in (
        Kernels("amx", True, False, False, frozenset({torch.bfloat16})),
        Kernels("avx512_bf16", True, True, True, _NEVER),
        Kernels("avx512", True, True, True, _NEVER),
        Kernels("avx2", True, True, True, _NEVER),
        Kernels("other", False, True, True, _NEVER),
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
