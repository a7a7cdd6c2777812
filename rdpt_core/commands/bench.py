"""`bench`: how fast the scoring engine is on this machine, and in how much memory."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rdpt_core.commands.arguments import automatic_or_positive, positive_integer
from rdpt_core.commands.parts.documents import print_json
from rdpt_core.errors import UsageError

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
    parser.add_argument("--kernels", metavar="KIND", help="those of another kind of CPU (default: this one's)")
    parser.add_argument("--batch-tokens", type=automatic_or_positive, default="auto", metavar="N")
    parser.add_argument("--repeats", type=positive_integer, default=3, metavar="N", help="the median counts")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    lengths = _lengths(arguments.lengths)
    from rdpt_core.scoring.benchmark.bench import BenchRequest, run_bench

    changes = {name: getattr(arguments, flag) for flag, name in _SIZES.items() if getattr(arguments, flag) is not None}
    document = run_bench(
        BenchRequest(
            model=arguments.model,
            shape=arguments.shape,
            changes=changes,
            lengths=lengths,
            mixed=arguments.mixed,
            count=arguments.count,
            prompt=arguments.prompt,
            candidates=arguments.candidates,
            dtype=arguments.dtype,
            device=arguments.device,
            threads=arguments.threads,
            batch_tokens=arguments.batch_tokens,
            repeats=arguments.repeats,
            kernels=arguments.kernels,
        )
    )
    if arguments.json:
        print_json(document)
    else:
        print(to_text(document))
    return 0


def to_text(document: dict[str, Any]) -> str:
    """The table for reading."""
    packages = ", ".join(f"{name} {number}" for name, number in document["packages"].items())
    lines = [
        f"{document['model']}, {document['dtype']} on {document['device']}, {document['threads']} threads; {packages}",
        f"matrix-product limit {document['peak_gflops']:,.0f} GFLOP/s; {document['batch_tokens']:,} tokens a batch",
        f"kernels {document['kernels_in_words']}; {_largest_part(document['rows'][-1])}",
        "  tokens  traces   tokens/s  extra MB  of limit   head   attn   rest",
    ]
    for row in document["rows"]:
        extra = "?" if row["extra_bytes"] is None else f"{row['extra_bytes'] / 1e6:,.0f}"
        lines.append(
            f"{row['length']:>8,} {row['n_traces']:>7} {row['tokens_per_s']:>10,.0f} {extra:>9} "
            f"{row['peak_share']:>9.0%} {row['head_share']:>6.0%} {row['attention_share']:>6.0%} "
            f"{row['rest_share']:>6.0%}"
        )
    return "\n".join(lines)


def _largest_part(row: dict[str, Any]) -> str:
    """What bounds the speed of a row."""
    parts = {
        "the output head": row["head_share"],
        "attention": row["attention_share"],
        "the rest (projections, elementwise steps)": row["rest_share"],
    }
    part = max(parts, key=parts.__getitem__)
    return f"at {row['length']:,} tokens {part} takes most of the time, {parts[part]:.0%}"


def _lengths(text: str) -> list[int]:
    try:
        lengths = [int(part) for part in text.split(",")]
    except ValueError:
        lengths = []
    if not lengths or min(lengths) < 2:
        raise UsageError("these are no lengths", where="--lengths", expected="numbers such as 1024,4096", got=text)
    return lengths
