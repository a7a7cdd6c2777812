"""The engine and its peers on the same texts and the same weights, in turn, in one run.

    python -m venv ../peers
    ../peers/bin/pip install -r requirements.txt -r tests/benchmarks/requirements-peers.txt
    ../peers/bin/python tests/benchmarks/bench_peers.py --shape smollm2-135m --dtype bfloat16 --case mixed

Cases: `equal` (texts of `--length` tokens), `mixed` (0.5–3.5k tokens), `candidates` (8 responses to one prompt, with
and without sharing it). Weights are random; the tokenizer is made here: one token for each of 900 words, so
that every tool sees the same ids. Speeds are medians of `--repeats` rounds; a ratio is the median of the rounds' own
ratios. Time is that of the process's CPU with `--clock cpu` (default: the wall), which a busy machine distorts less.
Extra memory is the highest resident size of a round above that before it, first round, smallest tool first.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import logging
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from rdpt_core.scoring.benchmark.measure import SHAPES, peak_memory, random_model, reset_peak_memory
from rdpt_core.scoring.engine.kernel import CausalKernel, TokenSequence
from rdpt_core.scoring.engine.memory import keep_freed_memory

N_WORDS = 900
PROMPT_TOKENS = 32
Text = tuple[list[int], list[int]]


def make_tokenizer() -> PreTrainedTokenizerFast:
    words = {"<s>": 0, "<pad>": 1} | {f"w{number}": number + 2 for number in range(N_WORDS)}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<s>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="<s>", pad_token="<pad>")


def make_texts(arguments: argparse.Namespace) -> list[Text]:
    generator = np.random.default_rng(5)
    if arguments.case == "equal":
        lengths = [arguments.length] * arguments.count
    elif arguments.case == "mixed":
        lengths = np.linspace(500, 3500, arguments.count).astype(int).tolist()
        generator.shuffle(lengths)
    else:
        prompt = generator.integers(2, N_WORDS, 1024).tolist()
        return [(prompt, generator.integers(2, N_WORDS, 512).tolist()) for _ in range(arguments.count)]
    return [
        (
            generator.integers(2, N_WORDS, PROMPT_TOKENS).tolist(),
            generator.integers(2, N_WORDS, n - PROMPT_TOKENS).tolist(),
        )
        for n in lengths
    ]


def words(ids: list[int]) -> str:
    return " ".join(f"w{number - 2}" for number in ids)


def engine(model: Any, *, sharing: bool = True) -> Callable[[list[Text]], list[float]]:
    kernel = CausalKernel(model)

    def run(texts: list[Text]) -> list[float]:
        sequences = [TokenSequence(prompt, np.array(response, dtype=np.int32)) for prompt, response in texts]
        if sharing:
            return [float(one.sum()) for one in kernel.score(sequences)]
        return [float(kernel.score([sequence])[0].sum()) for sequence in sequences]

    return run


def plain(model: Any, batch: int) -> Callable[[list[Text]], list[float]]:
    """What most scripts do: right-padded batches with a mask, whole logits, log-softmax, gather."""

    def run(texts: list[Text]) -> list[float]:
        sums = []
        for first in range(0, len(texts), batch):
            some = [(torch.tensor(p + r), len(p)) for p, r in texts[first : first + batch]]
            ids = torch.nn.utils.rnn.pad_sequence([one for one, _ in some], batch_first=True, padding_value=1)
            mask = torch.arange(ids.shape[1])[None] < torch.tensor([len(one) for one, _ in some])[:, None]
            with torch.inference_mode():
                inputs = {"attention_mask": mask.long()} if len(some) > 1 else {}
                logprobs = model(input_ids=ids, use_cache=False, **inputs).logits.float().log_softmax(-1)
            chosen = logprobs[:, :-1].gather(-1, ids[:, 1:, None])[..., 0]
            sums += [float(chosen[row, n - 1 : len(one) - 1].sum()) for row, (one, n) in enumerate(some)]
        return sums

    return run


def lm_eval(model: Any, tokenizer: Any, batch: int) -> Callable[[list[Text]], list[float]]:
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    logging.disable(logging.WARNING)
    harness = HFLM(pretrained=model, tokenizer=tokenizer, batch_size=batch, max_length=1 << 16, device="cpu")

    def run(texts: list[Text]) -> list[float]:
        requests = [
            Instance("loglikelihood", {}, (words(prompt), " " + words(response)), number)
            for number, (prompt, response) in enumerate(texts)
        ]
        return [total for total, _ in harness.loglikelihood(requests, disable_tqdm=True)]

    return run


def minicons(model: Any, tokenizer: Any, batch: int) -> Callable[[list[Text]], list[float]]:
    from minicons.scorer import IncrementalLMScorer

    scorer = IncrementalLMScorer(model, "cpu", tokenizer=tokenizer)

    def run(texts: list[Text]) -> list[float]:
        sums: list[float] = []
        for first in range(0, len(texts), batch):
            some = texts[first : first + batch]
            sums += scorer.conditional_score(
                [words(prompt) for prompt, _ in some],
                [words(response) for _, response in some],
                reduction=lambda logprobs: float(logprobs.sum()),
            )
        return sums

    return run


def make_tools(arguments: argparse.Namespace, tokenizer: Any) -> dict[str, Callable[[list[Text]], list[float]]]:
    dtype = getattr(torch, arguments.dtype)
    peer_model = random_model(SHAPES[arguments.shape], dtype, "cpu")
    own_model = random_model(SHAPES[arguments.shape], dtype, "cpu")
    tools = {"engine": engine(own_model)}
    if arguments.case == "candidates":
        tools["engine, nothing shared"] = engine(random_model(SHAPES[arguments.shape], dtype, "cpu"), sharing=False)
    for batch in arguments.batches:
        tools[f"transformers, batch {batch}"] = plain(peer_model, batch)
        tools[f"lm-eval, batch {batch}"] = lm_eval(peer_model, tokenizer, batch)
        tools[f"minicons, batch {batch}"] = minicons(peer_model, tokenizer, batch)
    return {name: tool for name, tool in tools.items() if not any(skip in name for skip in arguments.skip)}


def use_common_allocator() -> None:
    """What glibc settles on by itself in a process that frees large blocks. The engine's own setting is for the whole
    process, and would otherwise spare the peers page faults that they have everywhere else."""
    libc = ctypes.CDLL(None)
    libc.mallopt(-3, 32 << 20)
    libc.mallopt(-1, 64 << 20)
    libc.malloc_trim(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", default="smollm2-135m", choices=list(SHAPES))
    parser.add_argument("--dtype", default="bfloat16", choices=("float32", "bfloat16"))
    parser.add_argument("--case", default="mixed", choices=("equal", "mixed", "candidates"))
    parser.add_argument("--length", type=int, default=1024)
    parser.add_argument("--count", type=int, default=16)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--clock", default="wall", choices=("wall", "cpu"))
    parser.add_argument("--skip", nargs="*", default=[], help="leave out tools whose name holds one of these")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    clock = time.perf_counter if arguments.clock == "wall" else time.process_time
    texts = make_texts(arguments)
    n_tokens = sum(len(prompt) + len(response) for prompt, response in texts)
    tools = make_tools(arguments, make_tokenizer())
    seconds: dict[str, list[float]] = {name: [] for name in tools}
    extra: dict[str, float] = {}
    reference: list[float] = []
    for tool in tools.values():
        tool([(texts[0][0], texts[0][1][:64])])
    for turn in range(arguments.repeats):
        for name, tool in tools.items():
            gc.collect()
            use_common_allocator()
            if name.startswith("engine"):
                keep_freed_memory()
            before = reset_peak_memory()
            started_s = clock()
            sums = tool(texts)
            seconds[name].append(clock() - started_s)
            if turn == 0:
                extra[name] = ((peak_memory() or 0) - (before or 0)) / 1e6
            reference = reference or sums
            # Same texts, same weights: a mean that differs would mean that a tool scores something else.
            worst = max(abs(a - b) / len(r) for a, b, (_, r) in zip(sums, reference, texts, strict=True))
            if worst > 0.05:
                raise SystemExit(f"{name} disagrees with the engine by {worst:.3f} nats a token")
            print(f"round {turn + 1}: {name}: {n_tokens / seconds[name][-1]:,.0f} tokens/s", file=sys.stderr)
    rows = [
        {
            "tool": name,
            "tokens_per_s": n_tokens / statistics.median(taken),
            "engine_times": statistics.median(t / e for t, e in zip(taken, seconds["engine"], strict=True)),
            "extra_mb": extra[name],
        }
        for name, taken in seconds.items()
    ]
    if arguments.json:
        print(json.dumps({"arguments": vars(arguments), "n_tokens": n_tokens, "rows": rows}, indent=2))
        return
    print(f"{arguments.shape}, {arguments.dtype}, {arguments.case}, {len(texts)} texts, {n_tokens:,} tokens")
    print(f"{'tool':<26} {'tokens/s':>9} {'engine is':>10} {'extra MB':>9}")
    for row in rows:
        print(f"{row['tool']:<26} {row['tokens_per_s']:>9,.0f} {row['engine_times']:>9.2f}× {row['extra_mb']:>9,.0f}")


if __name__ == "__main__":
    main()
