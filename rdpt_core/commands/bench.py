"""`bench`: how fast the scoring engine is on this machine, and in how much memory."""

from __future__ import annotations

import argparse
import dataclasses
import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rdpt_core.commands.arguments import automatic_or_positive, positive_integer
from rdpt_core.errors import UsageError

if TYPE_CHECKING:
    from rdpt_core.scoring.measure import Measurement

_SIZES = {
    "hidden": "hidden_size",
    "intermediate": "intermediate_size",
    "layers": "num_hidden_layers",
    "heads": "num_attention_heads",
    "key_heads": "num_key_value_heads",
    "vocabulary": "vocab_size",
}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "bench",
        help="measure the scoring engine on this machine",
        description="Score random tokens with a model folder, or with random weights of a shape, and report speed, "
        "memory above the model, the share of this machine's own matrix-product limit, and where the time goes.",
    )
    parser.add_argument("--model", type=Path, metavar="FOLDER", help="a model folder (default: random weights)")
    parser.add_argument("--shape", default="smollm2-135m", help="smollm2-135m, qwen2.5-0.5b, qwen2.5-7b or tiny")
    for flag in _SIZES:
        parser.add_argument(f"--{flag.replace('_', '-')}", type=positive_integer, metavar="N", help="change the shape")
    parser.add_argument("--lengths", default="1024,4096", help="tokens a trace; one row of the table each")
    parser.add_argument("--mixed", action="store_true", help="all lengths together, in one row")
    parser.add_argument("--count", type=positive_integer, default=2, metavar="N", help="questions for each length")
    parser.add_argument("--prompt", type=positive_integer, default=64, metavar="N", help="tokens of each prompt")
    parser.add_argument("--candidates", type=positive_integer, default=1, metavar="N", help="responses to a prompt")
    parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16", "float16"))
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda:N (default: auto)")
    parser.add_argument("--threads", type=positive_integer, metavar="N", help="CPU threads (default: torch's)")
    parser.add_argument("--batch-tokens", type=automatic_or_positive, default="auto", metavar="N")
    parser.add_argument("--repeats", type=positive_integer, default=3, metavar="N", help="the median counts")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    import torch

    from rdpt_core.scoring import measure
    from rdpt_core.scoring.devices import resolve_device
    from rdpt_core.scoring.kernel import CausalKernel

    lengths = _lengths(arguments.lengths)
    device, dtype = resolve_device(arguments.device), getattr(torch, arguments.dtype)
    with measure.threads(arguments.threads):
        peak = measure.matrix_product_peak(torch.device(device), dtype)
        kernel = CausalKernel(_model(arguments, dtype, device), arguments.batch_tokens)
        vocabulary_size = int(kernel.model.config.get_text_config().vocab_size)
        loaded_bytes = measure.reset_peak_memory()
        rows = []
        for group in [lengths] if arguments.mixed else [[length] for length in lengths]:
            repeated = [length for length in group for _ in range(arguments.count)]
            traces = measure.random_traces(vocabulary_size, repeated, arguments.prompt, arguments.candidates)
            rows.append(measure.measure(kernel, traces, peak, loaded_bytes, arguments.repeats))
        n_threads = torch.get_num_threads()
    document = {
        "model": str(arguments.model or arguments.shape),
        "dtype": arguments.dtype,
        "device": torch.cuda.get_device_name(device) if device.startswith("cuda") else _processor(),
        "threads": n_threads,
        "batch_tokens": kernel.budget_rows,
        "packages": {name: version(name) for name in ("torch", "transformers", "numpy")},
        "peak_gflops": peak / 1e9,
        "notes": list(kernel.findings.notes),
        "rows": [{**dataclasses.asdict(row), "rest_share": row.rest_share} for row in rows],
    }
    print(json.dumps(document, indent=2) if arguments.json else to_text(document, rows))
    return 0


def to_text(document: dict[str, Any], rows: list[Measurement]) -> str:
    """The table for reading."""
    packages = ", ".join(f"{name} {number}" for name, number in document["packages"].items())
    lines = [
        f"{document['model']}, {document['dtype']} on {document['device']}, {document['threads']} threads; {packages}",
        f"matrix-product limit {document['peak_gflops']:,.0f} GFLOP/s; {document['batch_tokens']:,} tokens a batch",
        "  tokens  traces   tokens/s  extra MB  of limit   head   attn   rest",
    ]
    for row in rows:
        extra = "?" if row.extra_bytes is None else f"{row.extra_bytes / 1e6:,.0f}"
        lines.append(
            f"{row.length:>8,} {row.n_traces:>7} {row.tokens_per_s:>10,.0f} {extra:>9} {row.peak_share:>9.0%} "
            f"{row.head_share:>6.0%} {row.attention_share:>6.0%} {row.rest_share:>6.0%}"
        )
    return "\n".join(lines)


def _lengths(text: str) -> list[int]:
    try:
        lengths = [int(part) for part in text.split(",")]
    except ValueError:
        lengths = []
    if not lengths or min(lengths) < 2:
        raise UsageError("these are no lengths", where="--lengths", expected="numbers such as 1024,4096", got=text)
    return lengths


def _model(arguments: argparse.Namespace, dtype: Any, device: str) -> Any:
    from rdpt_core.scoring.measure import SHAPES, random_model

    if arguments.model is not None:
        from rdpt_core.records import ModelReference
        from rdpt_core.scoring.loading import load_model
        from rdpt_core.scoring.references import resolve

        files = resolve(ModelReference(str(arguments.model)))
        return load_model(files, device=device, dtype=arguments.dtype, trust_remote_code=False)
    if arguments.shape not in SHAPES:
        raise UsageError("unknown shape", where="--shape", expected=", ".join(SHAPES), got=arguments.shape)
    changes = {name: getattr(arguments, flag) for flag, name in _SIZES.items() if getattr(arguments, flag) is not None}
    return random_model({**SHAPES[arguments.shape], **changes}, dtype, device)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
