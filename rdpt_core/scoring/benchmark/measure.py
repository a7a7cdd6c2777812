"""Measuring the engine: speed, memory, the share of what the machine can do, and where the time goes.

Floating-point operations of a pass over n rows, as in "Scaling Laws for Neural Language Models" (arXiv 2001.08361):
2 per weight of the backbone and row, 2 per weight of the head and scored token, and 4 per channel of the query heads
for every pair of a row and a row that it sees. The limit is the best square matrix product on this device and dtype.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rdpt_core.errors import UsageError
from rdpt_core.scoring.engine.block_pool import BlockPool, for_each, pooled
from rdpt_core.scoring.engine.kernel import CausalKernel, TokenSequence
from rdpt_core.scoring.engine.linear import matrix_product

_LLAMA_135M = {
    "model_type": "llama",
    "hidden_size": 576,
    "intermediate_size": 1536,
    "num_hidden_layers": 30,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "vocab_size": 49152,
    "tie_word_embeddings": True,
}
_QWEN_500M = {
    "model_type": "qwen2",
    "hidden_size": 896,
    "intermediate_size": 4864,
    "num_hidden_layers": 24,
    "num_attention_heads": 14,
    "num_key_value_heads": 2,
    "vocab_size": 151936,
    "tie_word_embeddings": True,
}
_QWEN_7B = {
    "model_type": "qwen2",
    "hidden_size": 3584,
    "intermediate_size": 18944,
    "num_hidden_layers": 28,
    "num_attention_heads": 28,
    "num_key_value_heads": 4,
    "vocab_size": 152064,
    "tie_word_embeddings": False,
}
_TINY = {**_LLAMA_135M, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
_TINY |= {"num_key_value_heads": 2, "vocab_size": 1000}
SHAPES: dict[str, dict[str, Any]] = {
    "smollm2-135m": _LLAMA_135M,
    "qwen2.5-0.5b": _QWEN_500M,
    "qwen2.5-7b": _QWEN_7B,
    "tiny": _TINY,
}
MAX_POSITIONS = 1 << 17


@dataclass(frozen=True, slots=True)
class Measurement:
    """One row of the table.

    Attributes:
        n_tokens: prompt and response tokens of all traces, shared prompts counted for every trace.
        tokens_per_s: median over the repeats.
        extra_bytes: the most memory taken above the loaded model; None where it cannot be measured.
        peak_share: floating-point operations done, over the limit; shared prompts are done once.
        head_share, attention_share: of the time of one more, instrumented pass.
    """

    length: int
    n_traces: int
    n_tokens: int
    tokens_per_s: float
    extra_bytes: int | None
    peak_share: float
    head_share: float
    attention_share: float

    @property
    def rest_share(self) -> float:
        """Everything else: projections, norms, activations."""
        return 1 - self.head_share - self.attention_share


def random_model(shape: dict[str, Any], dtype: torch.dtype, device: str) -> Any:
    """A model of this shape with random weights, made on its device."""
    from transformers import AutoConfig, AutoModelForCausalLM

    settings = dict(shape)
    config = AutoConfig.for_model(settings.pop("model_type"), max_position_embeddings=MAX_POSITIONS, **settings)
    torch.manual_seed(0)
    make: Any = AutoModelForCausalLM.from_config
    with torch.device(device):
        model = make(config, dtype=dtype)
    return model.train(False).requires_grad_(False)


def random_traces(
    vocabulary_size: int, lengths: Sequence[int], n_prompt: int, n_candidates: int
) -> list[TokenSequence]:
    """For every length `n_candidates` traces of so many tokens that share a prompt of `n_prompt` tokens.

    Raises:
        UsageError: a length leaves no room for a response.
    """
    if min(lengths) <= n_prompt:
        raise UsageError(
            "a trace is no longer than its prompt",
            where=f"--lengths {min(lengths)}",
            expected=f"more than {n_prompt} tokens",
            hint="Or a shorter prompt: --prompt N.",
        )
    generator = np.random.default_rng(0)
    traces = []
    for length in lengths:
        prompt = generator.integers(0, vocabulary_size, n_prompt).tolist()
        for _ in range(n_candidates):
            response = generator.integers(0, vocabulary_size, length - n_prompt).astype(np.int32)
            traces.append(TokenSequence(prompt, response))
    return traces


def measure(
    kernel: CausalKernel, traces: Sequence[TokenSequence], peak: float, loaded_bytes: int | None, repeats: int
) -> Measurement:
    """Score one trace to warm up, all `repeats` times for the clock, and once more with a clock on the parts.

    Args:
        peak: from `matrix_product_peak`.
        loaded_bytes: what the process took when the model was loaded and had scored nothing.
    """
    reset_peak_memory()
    kernel.score(traces[:1])
    seconds = []
    for _ in range(repeats):
        started_s = time.perf_counter()
        kernel.score(traces)
        seconds.append(time.perf_counter() - started_s)
    after = peak_memory()
    median_s = statistics.median(seconds)
    head, attention, whole = _time_parts(kernel, traces)
    n_tokens = sum(len(trace) for trace in traces)
    return Measurement(
        length=max(len(trace) for trace in traces),
        n_traces=len(traces),
        n_tokens=n_tokens,
        tokens_per_s=n_tokens / median_s,
        extra_bytes=None if loaded_bytes is None or after is None else max(0, after - loaded_bytes),
        peak_share=operations(kernel, traces) / median_s / peak,
        head_share=head / whole,
        attention_share=attention / whole,
    )


def operations(kernel: CausalKernel, traces: Sequence[TokenSequence]) -> float:
    """Floating-point operations that these traces need, each prompt once."""
    model: Any = kernel.model
    config = model.config.get_text_config()
    embeddings = model.get_input_embeddings().weight.numel()
    backbone = sum(parameter.numel() for parameter in model.base_model.parameters()) - embeddings
    head = model.get_output_embeddings().weight.numel()
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    per_pair = 4.0 * config.num_hidden_layers * config.num_attention_heads * head_dim
    total = 0.0
    seen: set[tuple[int, ...]] = set()
    for trace in traces:
        n_prompt, n_own, prompt = len(trace.prompt), len(trace.response) - 1, tuple(trace.prompt)
        if prompt not in seen:
            seen.add(prompt)
            total += 2.0 * backbone * n_prompt + per_pair * n_prompt**2 / 2
        total += 2.0 * backbone * n_own + 2.0 * head * len(trace.response)
        total += per_pair * n_own * (n_prompt + n_own / 2)
    return total


def matrix_product_peak(device: torch.device, dtype: torch.dtype) -> float:
    """Floating-point operations per second of the best of several rounds of square products. Units: 1/s.

    On CPU the products of a round go through the block pool, one by one in each thread, which reaches more than all
    threads on one do.
    """
    n = 8192 if device.type == "cuda" else 1024
    a, b = (torch.randn(n, n, device=device).to(dtype) for _ in range(2))
    pool = BlockPool() if device.type == "cpu" else None
    products = range(1 if pool is None else 8 * pool.n_threads)
    best_s = float("inf")
    with torch.inference_mode(), pooled(pool):
        for _ in range(12):
            started_s = time.perf_counter()
            for_each(lambda _: matrix_product(a, b), products)
            _synchronize(device)
            best_s = min(best_s, time.perf_counter() - started_s)
    return 2.0 * n**3 * len(products) / best_s


def reset_peak_memory() -> int | None:
    """Forget the largest memory so far; returns what is taken now, in bytes."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        return int(torch.cuda.memory_allocated())
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return None
    return _status_bytes("VmRSS")


def peak_memory() -> int | None:
    """The most that was taken since `reset_peak_memory`, in bytes."""
    return int(torch.cuda.max_memory_allocated()) if torch.cuda.is_available() else _status_bytes("VmHWM")


def _status_bytes(name: str) -> int | None:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:")), None)


def _time_parts(kernel: CausalKernel, traces: Sequence[TokenSequence]) -> tuple[float, float, float]:
    """Seconds in the head, in attention, and in all."""
    started_s = time.perf_counter()
    with kernel.watched() as clocks:
        kernel.score(traces)
    _synchronize(kernel.device)
    return clocks["head"].total_s, clocks["attention"].total_s, time.perf_counter() - started_s


def _synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


@contextmanager
def threads(n: int | None) -> Iterator[None]:
    """Torch limited to `n` CPU threads, or left as it is."""
    before = torch.get_num_threads()
    torch.set_num_threads(n or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
