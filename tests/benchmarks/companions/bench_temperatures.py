"""What two further temperatures cost in the pass of a role: each round scores the same traces without and with them.

    python tests/benchmarks/companions/bench_temperatures.py [--model data/teacher ...] [--shape smollm2-135m ...]
        [--dtype float32] [--length 512] [--count 8] [--rounds 5]

A model is scored over the first traces of the bundled ones, a shape has random weights and random tokens. Both ways of
a round come one after the other, the first one in turns, so that another load of the machine meets both. Printed are
the medians of the CPU seconds of all threads, which such a load changes less than those of the clock, and the median,
least and largest of the rounds' ratios.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from transformers import AutoModelForCausalLM, AutoTokenizer

from rdpt_core import bundled
from rdpt_core.scoring.benchmark.measure import SHAPES, random_model, random_traces
from rdpt_core.scoring.engine.kernel import CausalKernel, TokenSequence
from rdpt_core.scoring.variants import TEMPERATURES

N_PROMPT = 64


def bundled_traces(folder: str, n_traces: int) -> list[TokenSequence]:
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    with (bundled.DATA / "traces.jsonl").open(encoding="utf-8") as file:
        lines = [json.loads(line) for line in itertools.islice(file, n_traces)]
    sequences = []
    for line in lines:
        question = [{"role": "user", "content": line["question"]}]
        text = tokenizer.apply_chat_template(question, tokenize=False, add_generation_prompt=True)
        prompt, response = (tokenizer(part, add_special_tokens=False)["input_ids"] for part in (text, line["response"]))
        sequences.append(TokenSequence(prompt, np.array(response, dtype=np.int32)))
    return sequences


def seconds(kernel: CausalKernel, sequences: Sequence[TokenSequence], temperatures: Sequence[float]) -> float:
    started_s = time.process_time()
    kernel.score_tokens(sequences, with_ranks=False, temperatures=temperatures)
    return time.process_time() - started_s


def compare(kernel: CausalKernel, sequences: Sequence[TokenSequence], n_rounds: int) -> str:
    ways: tuple[tuple[float, ...], ...] = ((), TEMPERATURES)
    pairs = []
    for number in range(n_rounds + 1):
        order = ways if number % 2 else ways[::-1]
        taken = {way: seconds(kernel, sequences, way) for way in order}
        pairs.append([taken[way] for way in ways])
    # The first round makes what is made once.
    without, with_them = (statistics.median(column) for column in zip(*pairs[1:], strict=True))
    ratios = [more / less for less, more in pairs[1:]]
    return f"{without:8.2f} {with_them:8.2f}   {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})"


def cases(arguments: argparse.Namespace) -> Iterable[tuple[str, CausalKernel, list[TokenSequence]]]:
    dtype = getattr(torch, arguments.dtype)
    for folder in arguments.model:
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
        yield folder, CausalKernel(model), bundled_traces(folder, arguments.traces)
    for shape in arguments.shape:
        kernel = CausalKernel(random_model(SHAPES[shape], dtype, "cpu"))
        lengths = [arguments.length] * arguments.count
        yield shape, kernel, random_traces(SHAPES[shape]["vocab_size"], lengths, N_PROMPT, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", nargs="*", default=[str(bundled.DATA / "teacher")])
    parser.add_argument("--shape", nargs="*", default=["smollm2-135m"], choices=list(SHAPES))
    parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16"))
    parser.add_argument("--traces", type=int, default=200, help="of the bundled ones, for each --model")
    parser.add_argument("--length", type=int, default=512)
    parser.add_argument("--count", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    print("model                          without     with   ratio of a round: median (least to largest)")
    for name, kernel, sequences in cases(arguments):
        print(f"{Path(name).name:<28} {compare(kernel, sequences, arguments.rounds)}", flush=True)


if __name__ == "__main__":
    main()
