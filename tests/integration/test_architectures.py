"""The engine against a float32 oracle on small random models: agreement, and the same bits in any company, for every
choice of kernels.

The oracle is the model's own forward pass in float32 on the same (already rounded) weights, one trace at a time. Our
error must be within the tolerances below, and no larger than that of the model's own pass in the same dtype.
"""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from rdpt_core.errors import ModelError
from rdpt_core.scoring.engine.kernel import CausalKernel, TokenScores, TokenSequence
from rdpt_core.scoring.engine.processor import KERNELS, kernels_of_this_processor
from tests.support.architectures import KINDS, outcome_of

SHAPE = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "vocab_size": 5003,
    "max_position_embeddings": 2048,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 1,
}
ARCHITECTURES: dict[str, dict[str, Any]] = {
    "llama": {},
    "qwen3": {"tie_word_embeddings": True},
    "gemma2": {"sliding_window": 24, "query_pre_attn_scalar": 16},
    "gemma3_text": {"sliding_window": 24},
    "gpt2": {},
    "mistral": {"sliding_window": 40},
    "mixtral": {"num_local_experts": 4},
    "phi": {},  # a head with a bias
    "granite": {"logits_scaling": 8.0},
    "gpt_oss": {"num_local_experts": 4, "num_experts_per_tok": 2, "sliding_window": 24},  # a sink for every head
}
ROUTED = {"mixtral", "gpt_oss"}
PROMPT_TOKENS = (30, 7)
RESPONSE_TOKENS = (50, 300, 1, 2, 120, 77, 40, 33)

# Float32 in another order of addition; bfloat16 of three layers against float32. The largest bfloat16 difference of
# a single token is no measure: it reaches half a nat in every tool.
MAX_ERROR_FLOAT32 = 1e-4
MEAN_ERROR, P99_ERROR, TEXT_ERROR = 0.04, 0.25, 0.01

Scored = list[npt.NDArray[np.float32]]


def make_model(model_type: str, dtype: torch.dtype) -> Any:
    torch.manual_seed(1)
    config = AutoConfig.for_model(model_type, **SHAPE, **ARCHITECTURES[model_type])
    model = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() > 1:
                parameter.mul_(4.0)
            elif name.endswith("bias"):
                parameter.normal_(0.0, 0.5)
    return model.to(dtype).train(False).requires_grad_(False)


def make_sequences() -> list[TokenSequence]:
    generator = np.random.default_rng(7)
    prompts = [generator.integers(0, SHAPE["vocab_size"], n).tolist() for n in PROMPT_TOKENS]
    return [
        TokenSequence(prompts[number % 2], generator.integers(0, SHAPE["vocab_size"], n).astype(np.int32))
        for number, n in enumerate(RESPONSE_TOKENS)
    ]


def own_pass(model: Any, sequences: list[TokenSequence]) -> Scored:
    """The naive expression, token for token."""
    results = []
    with torch.inference_mode():
        for sequence in sequences:
            ids = torch.tensor([[*sequence.prompt, *sequence.response.tolist()]])
            logprobs = model(input_ids=ids, use_cache=False).logits[0].float().log_softmax(-1)
            first = len(sequence.prompt)
            results.append(logprobs[first - 1 : -1].gather(-1, ids[0, first:, None])[:, 0].numpy())
    return results


def errors(scored: Scored, oracle: Scored) -> npt.NDArray[np.float32]:
    return np.abs(np.concatenate(scored) - np.concatenate(oracle))


OWN_KERNELS = kernels_of_this_processor().name
CASES = [(model_type, OWN_KERNELS) for model_type in ARCHITECTURES]
# The rows of the table between these two run the same kernels.
DISTINCT = ("amx", "avx512_bf16", "other")
CASES += [(model_type, name) for model_type in ("llama", "gemma2") for name in DISTINCT if name != OWN_KERNELS]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
@pytest.mark.parametrize(("model_type", "kernels"), CASES)
def test_agreement_and_invariance(model_type: str, kernels: str, dtype: torch.dtype) -> None:
    sequences = make_sequences()
    model = make_model(model_type, dtype)
    oracle = own_pass(copy.deepcopy(model).float(), sequences)
    own = own_pass(model, sequences)
    kernel = CausalKernel(model, budget_rows=512, kernels=KERNELS[kernels])
    assert not kernel.plain
    assert kernel.shares == (model_type not in ROUTED)
    scored = kernel.score(sequences)
    assert [len(one) for one in scored] == list(RESPONSE_TOKENS)

    found = errors(scored, oracle)
    if dtype is torch.float32:
        assert found.max() <= MAX_ERROR_FLOAT32
    elif model_type not in ROUTED:
        # A rounding that sends a token to another expert is no rounding error any more.
        assert found.mean() <= MEAN_ERROR
        assert np.quantile(found, 0.99) <= P99_ERROR
        lengths = [one for one, n in zip(range(len(sequences)), RESPONSE_TOKENS, strict=True) if n >= 33]
        assert max(abs(float(np.mean(scored[one] - oracle[one]))) for one in lengths) <= TEXT_ERROR
    # The same rounding errors in another order are neither better nor worse; a fifth is what chance gives and takes.
    assert found.mean() <= 1.2 * errors(own, oracle).mean() + 1e-6

    ranked = kernel.score_tokens(sequences, with_ranks=True)
    assert all(np.array_equal(a, b.logprob) for a, b in zip(scored, ranked, strict=True))
    for budget_rows in (1, 700, 100_000):
        kernel.budget_rows = budget_rows
        again = kernel.score_tokens(sequences[::-1], with_ranks=True)[::-1]
        assert all(np.array_equal(a, b.logprob) for a, b in zip(scored, again, strict=True))
        assert all(np.array_equal(a.rank, b.rank) for a, b in zip(ranked, again, strict=True))


@pytest.mark.parametrize("kernels", DISTINCT)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
def test_the_number_of_cores_changes_no_bit(dtype: torch.dtype, kernels: str) -> None:
    sequences = make_sequences()
    before = torch.get_num_threads()
    scored = []
    try:
        for n_threads in (1, 2, 3, 7):
            torch.set_num_threads(n_threads)
            scored.append(CausalKernel(make_model("llama", dtype), 2048, KERNELS[kernels]).score(sequences))
            assert torch.get_num_threads() == n_threads
    finally:
        torch.set_num_threads(before)
    for other in scored[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(scored[0], other, strict=True))


def test_a_model_with_attention_of_its_own_takes_its_own_pass_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    torch.manual_seed(0)
    config = AutoConfig.for_model("bloom", hidden_size=64, n_head=4, n_layer=2, vocab_size=500)
    model = AutoModelForCausalLM.from_config(config).train(False)
    sequences = [TokenSequence([3, 4, 5], np.arange(9, 40, dtype=np.int32)), TokenSequence([8], np.array([2, 3]))]
    expected = own_pass(model, sequences)
    kernel = CausalKernel(model)
    assert kernel.plain
    assert "own forward pass" in caplog.text
    for mine, theirs in zip(kernel.score(sequences), expected, strict=True):
        assert np.abs(mine - theirs).max() <= MAX_ERROR_FLOAT32


OWN_PASS: dict[str, dict[str, Any]] = {
    "bloom": {"n_head": 4, "n_layer": 2},
    "mamba": {"num_hidden_layers": 2, "state_size": 8},
    "lfm2": {"num_hidden_layers": 2, "full_attn_idxs": [1], "num_attention_heads": 4, "num_key_value_heads": 2},
}


@pytest.mark.parametrize("model_type", list(OWN_PASS))
def test_a_model_with_its_own_pass_gets_the_head_in_tiles(model_type: str, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    shape = {"hidden_size": 64, "intermediate_size": 128, "vocab_size": 5003, **OWN_PASS[model_type]}
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(model_type, **shape)).train(False)
    sequences = make_sequences()[:4]
    expected = own_pass(model, sequences)
    kernel = CausalKernel(model)
    assert kernel.plain and kernel.findings.tiles
    monkeypatch.setattr(type(model), "forward", None)  # whole logits are never asked for
    scored = kernel.score_tokens(sequences, with_ranks=True)
    assert errors([one.logprob for one in scored], expected).max() <= MAX_ERROR_FLOAT32
    assert all(one.rank is not None and (one.rank >= 1).all() for one in scored)


@pytest.mark.parametrize("rope_type", ["longrope", "dynamic"])
def test_a_model_that_rotates_by_length_scores_a_trace_as_if_alone(rope_type: str) -> None:
    """A neighbour would change how a trace is rotated, and so would a longer trace before it."""
    torch.manual_seed(1)
    rope: dict[str, Any] = {"rope_type": rope_type, "rope_theta": 10_000.0, "factor": 8.0}
    if rope_type == "longrope":
        rope |= {"short_factor": [1.0] * 8, "long_factor": [4.0] * 8, "original_max_position_embeddings": 64}
    shape = {**SHAPE, "max_position_embeddings": 64, "rope_parameters": rope}
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model("llama", **shape)).train(False)
    for parameter in model.requires_grad_(False).parameters():
        parameter.mul_(4.0)
    sequences = make_sequences()
    expected = [own_pass(copy.deepcopy(model), [sequence])[0] for sequence in sequences]
    kernel = CausalKernel(model)
    assert kernel.plain and "length of the trace" in kernel.findings.notes[0]
    for order in (slice(None), slice(None, None, -1)):
        scored = kernel.score(sequences[order])[order]
        assert errors(scored, expected).max() <= MAX_ERROR_FLOAT32


# Of each way of scoring, what no other test here has; the rest is slow only by its number.
ALWAYS = {
    "deepseek_v3",
    "falcon_h1",
    "llama, yarn",
    "llama4",
    "mamba2",
    "mistral3",
    "paligemma",
    "qwen3_next",
    "qwen3_vl",
}
TABLE = Path(__file__).resolve().parents[2] / "docs" / "models.md"


def documented_paths() -> dict[str, str]:
    """Architectures in the table of the documentation, and the ways they are scored in."""
    rows = re.compile(r"^\| ([\w, ]+) \| ((?:packed|plain|refused)[\w, ]*) \|", re.M)
    return dict(rows.findall(TABLE.read_text(encoding="utf-8")))


def test_the_documentation_lists_what_is_tried() -> None:
    assert list(documented_paths()) == list(KINDS)
    assert set(KINDS) >= ALWAYS and len(KINDS) >= 45


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[] if kind in ALWAYS else pytest.mark.slow) for kind in KINDS]
)
def test_traces_on_both_sides_of_every_limit_agree_with_the_oracle(kind: str) -> None:
    outcome = outcome_of(kind)
    assert (outcome.difference or 0.0) <= MAX_ERROR_FLOAT32
    assert outcome.path == documented_paths()[kind]


def test_weights_that_other_code_reads_are_left_as_they_were() -> None:
    class Direct(torch.nn.Module):
        def __init__(self, inner: torch.nn.Linear) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, hidden: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.linear(hidden, self.inner.weight)

    model = make_model("llama", torch.float32)
    model.model.layers[1].self_attn.o_proj = Direct(model.model.layers[1].self_attn.o_proj)
    sequences = make_sequences()[:4]
    expected = own_pass(model, sequences)
    kernel = CausalKernel(model, kernels=KERNELS["avx2"])
    assert not any(parameter.is_meta for parameter in model.parameters())
    assert errors(kernel.score(sequences), expected).max() <= MAX_ERROR_FLOAT32


def test_a_model_that_sees_the_future_is_refused() -> None:
    torch.manual_seed(0)
    sizes = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    config = AutoConfig.for_model("bert", vocab_size=500, **sizes)
    model = AutoModelForCausalLM.from_config(config).train(False)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3.0)
    with pytest.raises(ModelError, match="not causal"):
        CausalKernel(model)


def test_a_head_that_is_no_plain_matrix_is_noticed() -> None:
    class OddHead(torch.nn.Linear):
        def forward(self, input: torch.Tensor) -> torch.Tensor:
            return super().forward(input).abs()

    model = make_model("llama", torch.float32)
    odd = OddHead(SHAPE["hidden_size"], SHAPE["vocab_size"], bias=False)
    odd.weight = model.lm_head.weight
    model.lm_head = odd
    sequences = make_sequences()[:3]
    expected = own_pass(model, sequences)
    kernel = CausalKernel(model)
    assert kernel.plain and "differ" in kernel.findings.notes[0]
    for mine, theirs in zip(kernel.score(sequences), expected, strict=True):
        assert np.abs(mine - theirs).max() <= MAX_ERROR_FLOAT32


def test_a_prompt_is_laid_once_for_all_its_responses() -> None:
    from rdpt_core.scoring.engine.packing import build_pack

    sequences = make_sequences()
    pack = build_pack(sequences, 256)
    n_rows = sum(PROMPT_TOKENS) + sum(n - 1 for n in RESPONSE_TOKENS)
    assert len(pack.ids) == -(-n_rows // 256) * 256
    assert len(pack.head_rows) == len(pack.targets) == sum(RESPONSE_TOKENS)
    assert pack.segments[-1].stop == n_rows


def test_out_of_memory_halves_the_budget_and_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sequences = make_sequences()
    kernel = CausalKernel(make_model("llama", torch.float32), budget_rows=4096)
    expected = kernel.score(sequences)
    whole = kernel._score_pack

    def scarce(some: list[TokenSequence], with_ranks: bool, temperatures: tuple[float, ...]) -> list[TokenScores]:
        if len(some) > 2:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes.")
        return whole(some, with_ranks, temperatures)

    monkeypatch.setattr(kernel, "_score_pack", scarce)
    scored = kernel.score(sequences)
    assert all(np.array_equal(a, b) for a, b in zip(scored, expected, strict=True))
    assert kernel.budget_rows < 4096
    assert "out of memory" in caplog.text


def test_a_trace_that_memory_does_not_hold_is_an_error_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    from rdpt_core.errors import ModelError

    kernel = CausalKernel(make_model("llama", torch.float32))

    def empty(*_: object) -> list[TokenScores]:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(kernel, "_score_pack", empty)
    with pytest.raises(ModelError, match="memory does not hold one trace"):
        kernel.score(make_sequences()[:1])


def test_other_failures_come_through(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = CausalKernel(make_model("llama", torch.float32))

    def broken(*_: object) -> Scored:
        raise RuntimeError("something else")

    monkeypatch.setattr(kernel, "_score_pack", broken)
    with pytest.raises(RuntimeError, match="something else"):
        kernel.score(make_sequences())
