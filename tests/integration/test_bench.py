"""`bench` from the command line, and the memory of a very long trace."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from rdpt_core.cli import main
from rdpt_core.scoring.benchmark import measure
from rdpt_core.scoring.engine.kernel import CausalKernel, TokenSequence


def test_bench_reports_every_row(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["bench", "--shape", "tiny", "--layers", "1", "--lengths", "80,200", "--count", "1", "--repeats", "1"]
    assert main([*command, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [row["length"] for row in document["rows"]] == [80, 200]
    for row in document["rows"]:
        assert row["tokens_per_s"] > 0 and row["peak_share"] > 0
        assert row["head_share"] + row["attention_share"] + row["rest_share"] == pytest.approx(1)
    assert main([*command, "--mixed", "--candidates", "2"]) == 0
    text = capsys.readouterr().out
    assert "tokens/s" in text and "of the time" in text
    assert document["kernels"] in text


@pytest.mark.parametrize("kernels", ["amx", "other"])
def test_the_kernels_of_another_processor_can_be_tried(kernels: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["bench", "--shape", "tiny", "--layers", "1", "--lengths", "80", "--count", "1", "--repeats", "1"]
    assert main([*command, "--kernels", kernels, "--dtype", "bfloat16"]) == 0
    assert f"kernels {kernels}: " in capsys.readouterr().out


def test_wrong_arguments_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--lengths", "many"]) == 2
    assert main(["bench", "--shape", "huge"]) == 2
    assert main(["bench", "--shape", "tiny", "--kernels", "fastest"]) == 2
    assert main(["bench", "--shape", "tiny", "--lengths", "64"]) == 2
    assert "prompt" in capsys.readouterr().err


def extra_bytes(kernel: CausalKernel, n_tokens: int) -> int:
    """The most memory that one trace of random tokens takes above the loaded model."""
    vocabulary_size = kernel.model.config.vocab_size
    ids = np.random.default_rng(0).integers(0, vocabulary_size, n_tokens).astype(np.int32)
    before = measure.reset_peak_memory()
    logprobs = kernel.score([TokenSequence(ids[:64].tolist(), ids[64:])])[0]
    after = measure.peak_memory()
    assert np.isfinite(logprobs).all()
    assert before is not None and after is not None, "peak memory is read from Linux's /proc"
    return after - before


@pytest.mark.slow
def test_32k_tokens_at_a_vocabulary_of_152k_take_less_than_1500_mb() -> None:
    """The 0.5B shape with two of its layers: nothing is kept from layer to layer, so depth takes no memory."""
    shape = {**measure.SHAPES["qwen2.5-0.5b"], "num_hidden_layers": 2}
    kernel = CausalKernel(measure.random_model(shape, torch.bfloat16, "cpu"))
    assert extra_bytes(kernel, 32_768) < 1.5e9


@pytest.mark.slow
def test_16k_tokens_of_a_gpt_oss_shape_take_less_than_2_gb_above_the_model() -> None:
    """Its vocabulary of 201k and its sinks are real, its experts fewer: their weights belong to the model."""
    config = AutoConfig.for_model("gpt_oss", num_hidden_layers=2, num_local_experts=4, max_position_embeddings=1 << 17)
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16).train(False).requires_grad_(False)
    kernel = CausalKernel(model)
    assert not kernel.plain
    assert extra_bytes(kernel, 16_384) < 2e9
