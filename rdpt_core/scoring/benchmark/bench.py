"""The whole of `bench`: load or make a model, measure every group of traces, describe the circumstances."""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from rdpt_core.errors import UsageError
from rdpt_core.records import ModelReference
from rdpt_core.scoring.benchmark import measure
from rdpt_core.scoring.engine.kernel import CausalKernel
from rdpt_core.scoring.engine.processor import KERNELS, Kernels
from rdpt_core.scoring.models.devices import resolve_device
from rdpt_core.scoring.models.loading import load_model
from rdpt_core.scoring.models.references import resolve


@dataclass(frozen=True, slots=True)
class BenchRequest:
    """What to measure.

    Attributes:
        model: a model folder; None makes random weights of `shape`, with `changes` to its configuration.
        kernels: a row of the engine's table; None looks the processor up.
        lengths: tokens a trace; each is a row of the table, or all are one row if `mixed`.
        count: questions for each length, each with `candidates` responses to a prompt of `prompt` tokens.
    """

    model: Path | None
    shape: str
    changes: Mapping[str, int]
    lengths: Sequence[int]
    mixed: bool
    count: int
    prompt: int
    candidates: int
    dtype: str
    device: str
    threads: int | None
    batch_tokens: int | None
    repeats: int
    kernels: str | None


def run_bench(request: BenchRequest) -> dict[str, Any]:
    """Measure; the result is ready for JSON.

    Raises:
        UsageError: an unknown shape or row of kernels, or lengths without room for a response.
        ModelError: the folder holds no usable model.
    """
    device = resolve_device(request.device)
    groups = [list(request.lengths)] if request.mixed else [[length] for length in request.lengths]
    with measure.threads(request.threads):
        peak = measure.matrix_product_peak(torch.device(device), getattr(torch, request.dtype))
        kernel = CausalKernel(_model(request, device), request.batch_tokens, _kernels(request.kernels))
        vocabulary_size = int(kernel.model.config.get_text_config().vocab_size)
        loaded_bytes = measure.reset_peak_memory()
        rows = []
        for group in groups:
            lengths = [length for length in group for _ in range(request.count)]
            traces = measure.random_traces(vocabulary_size, lengths, request.prompt, request.candidates)
            rows.append(measure.measure(kernel, traces, peak, loaded_bytes, request.repeats))
        n_threads = torch.get_num_threads()
    return {
        "model": str(request.model or request.shape),
        "dtype": request.dtype,
        "device": torch.cuda.get_device_name(device) if device.startswith("cuda") else _processor(),
        "threads": n_threads,
        "batch_tokens": kernel.budget_rows,
        "packages": {name: version(name) for name in ("torch", "transformers", "numpy")},
        "peak_gflops": peak / 1e9,
        "kernels": kernel.kernels.name,
        "kernels_in_words": _in_words(kernel, device),
        "notes": list(kernel.findings.notes),
        "rows": [{**dataclasses.asdict(row), "rest_share": row.rest_share} for row in rows],
    }


def _kernels(name: str | None) -> Kernels | None:
    if name is None or name in KERNELS:
        return None if name is None else KERNELS[name]
    raise UsageError("unknown kernels", where="--kernels", expected=", ".join(KERNELS), got=name)


def _in_words(kernel: CausalKernel, device: str) -> str:
    if device.startswith("cuda"):
        return "cuda: torch's products, attention fused"
    return kernel.kernels.describe(kernel.model.dtype)


def _model(request: BenchRequest, device: str) -> Any:
    if request.model is not None:
        files = resolve(ModelReference(str(request.model)))
        return load_model(files, device=device, dtype=request.dtype, trust_remote_code=False)
    if request.shape not in measure.SHAPES:
        raise UsageError("unknown shape", where="--shape", expected=", ".join(measure.SHAPES), got=request.shape)
    shape = {**measure.SHAPES[request.shape], **request.changes}
    return measure.random_model(shape, getattr(torch, request.dtype), device)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
