"""Which row of the table a processor gets, and what limits it."""

from __future__ import annotations

import pytest
import torch

from rdpt_core.scoring.engine.processor import KERNELS, choose_kernels, kernels_of_this_processor

ZEN_4 = {"avx2": True, "avx512_f": True, "avx512_bf16": True, "amx_bf16": False, "cpu_name": "AMD EPYC"}
SAPPHIRE_RAPIDS = {**ZEN_4, "amx_bf16": True, "cpu_name": "Intel Xeon"}


@pytest.mark.parametrize(
    ("capabilities", "limit", "expected"),
    [
        (SAPPHIRE_RAPIDS, None, "amx"),
        (SAPPHIRE_RAPIDS, "AVX512_CORE_AMX", "amx"),
        (SAPPHIRE_RAPIDS, "avx512_core_bf16", "avx512_bf16"),
        (SAPPHIRE_RAPIDS, "AVX512_CORE", "avx512"),
        (SAPPHIRE_RAPIDS, "AVX2", "avx2"),
        (SAPPHIRE_RAPIDS, "SSE41", "other"),
        (ZEN_4, None, "avx512_bf16"),
        (ZEN_4, "AVX512_CORE_AMX", "avx512_bf16"),
        ({"avx2": True, "avx512_f": False}, None, "avx2"),
        ({"architecture": "aarch64"}, None, "other"),
    ],
)
def test_the_row_follows_the_processor_and_the_librarys_limit(
    capabilities: dict[str, object], limit: str | None, expected: str
) -> None:
    environment = {} if limit is None else {"ONEDNN_MAX_CPU_ISA": limit}
    assert choose_kernels(capabilities, environment).name == expected


def test_this_processor_has_a_row() -> None:
    assert kernels_of_this_processor() in KERNELS.values()
    assert kernels_of_this_processor() is kernels_of_this_processor()


def test_people_read_what_runs() -> None:
    assert KERNELS["amx"].describe(torch.bfloat16) == "amx: products with packed weights, attention fused"
    assert KERNELS["amx"].describe(torch.float32) == "amx: products with weights as loaded, attention in blocks"
    assert KERNELS["other"].describe(torch.float32) == "other: products with weights as loaded, attention in blocks"
