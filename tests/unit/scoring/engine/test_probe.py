"""What the probe finds: broken weights, by the name of a tensor, and tricks with length that no list holds."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from rdpt_core.errors import ModelError
from rdpt_core.scoring.engine import probe as module
from rdpt_core.scoring.engine.kernel import CausalKernel
from rdpt_core.scoring.engine.packing import TokenSequence
from tests.support.tiny_models import save_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture
def model(folder: Path) -> Any:
    loaded = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    loaded.requires_grad_(False)
    return loaded


@pytest.mark.parametrize(
    ("value", "told"), [(float("nan"), "holds 3 NaN"), (float("inf"), "holds 3 infinite")], ids=["nan", "inf"]
)
def test_a_tensor_that_is_not_finite_is_named(model: Any, folder: Path, value: float, told: str) -> None:
    model.model.layers[1].mlp.down_proj.weight[0, :3] = value
    with pytest.raises(ModelError, match=rf"model\.layers\.1\.mlp\.down_proj\.weight {told}") as caught:
        CausalKernel(model)
    assert caught.value.where == str(folder) and caught.value.expected == "2,048 finite numbers"


def test_finite_weights_that_give_no_finite_number_are_refused(model: Any) -> None:
    model.model.norm.variance_epsilon = float("nan")
    with pytest.raises(ModelError, match=r"no finite probability.*float32 can hold.*--dtype float32"):
        CausalKernel(model)


def test_no_tensor_of_a_good_model_is_looked_at(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("the weights were read")

    monkeypatch.setattr(type(model), "named_buffers", fail)
    own = [module.own_logprobs(model, sequence) for sequence in module._sequences(model.config.vocab_size)]
    for logprobs in own:
        module._check_finite(model, logprobs)


def test_a_broken_row_that_no_probe_meets_costs_only_the_traces_that_meet_it(model: Any) -> None:
    unseen = next(
        number
        for number in range(300)
        if not any(number in s.response or number in s.prompt for s in module._sequences(356))
    )
    model.model.embed_tokens.weight[unseen] = float("nan")
    assert CausalKernel(model).findings == module.Findings(True, True, True)


class Stretching(torch.nn.Module):
    """Rotates all tokens of a pass otherwise once one of them stands at 300 or later."""

    def __init__(self, rotary: Any) -> None:
        super().__init__()
        self.rotary = rotary

    def forward(self, states: torch.Tensor, position_ids: torch.Tensor) -> Any:
        factor = 0.25 if int(position_ids.max()) >= 300 else 1.0
        return self.rotary(states, (position_ids * factor).round().long())


class Recalling(torch.nn.Module):
    """Attention that also hears of the token two hundred before, where there is one."""

    def __init__(self, attention: Any) -> None:
        super().__init__()
        self.attention = attention

    def forward(self, hidden_states: torch.Tensor, **arguments: Any) -> Any:
        recalled = torch.nn.functional.pad(hidden_states, (0, 0, 200, 0))[:, : hidden_states.shape[1]]
        return self.attention(hidden_states + recalled, **arguments)


def long_and_short(vocabulary_size: int) -> list[TokenSequence]:
    draw = np.random.default_rng(5)
    return [TokenSequence([3, 4, 5], draw.integers(0, vocabulary_size, n).astype(np.int32)) for n in (20, 350, 90)]


@pytest.mark.parametrize(
    ("trick", "told"),
    [("positions", "by how far the trace goes on after it"), ("recall", "would differ by .* nats in packs over 320")],
)
def test_a_trick_with_length_that_no_list_holds_is_found(model: Any, trick: str, told: str) -> None:
    if trick == "positions":
        model.model.rotary_emb = Stretching(model.model.rotary_emb)
    else:
        for layer in model.model.layers:
            layer.self_attn = Recalling(layer.self_attn)
    sequences = long_and_short(model.config.vocab_size)
    expected = [module.own_logprobs(model, sequence) for sequence in sequences]
    kernel = CausalKernel(model)
    assert kernel.plain
    assert re.search(told, kernel.findings.notes[0])
    for scored, own in zip(kernel.score(sequences), expected, strict=True):
        assert np.abs(scored - own).max() <= 1e-4


@pytest.mark.parametrize(
    ("limits", "n_tokens"),
    [
        ({}, 320),
        ({"sliding_window": 512}, 576),
        ({"sliding_window": None, "rope_parameters": {"original_max_position_embeddings": 1024}}, 1088),
        ({"sliding_window": 4096}, 320),
        ({"max_position_embeddings": 40}, 40),
    ],
)
def test_the_long_trace_reaches_beyond_the_limits_that_a_configuration_names(
    limits: dict[str, Any], n_tokens: int
) -> None:
    config = {"vocab_size": 356, "max_position_embeddings": 4096, **limits}
    sequence = module._long_sequence(SimpleNamespace(**config, to_dict=lambda: config))
    assert len(sequence) == n_tokens and len(sequence.prompt) > 0 and len(sequence.response) > 0


@pytest.mark.parametrize(("packs", "tiles"), [(True, True), (False, True), (False, False)])
def test_a_temperature_divides_the_logits_whichever_way_a_model_goes(folder: Path, packs: bool, tiles: bool) -> None:
    sequence = TokenSequence([3, 5, 7], np.arange(20, 60, dtype=np.int32))
    own = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with torch.inference_mode():
        logits = own(torch.tensor([[*sequence.prompt, *sequence.response.tolist()]])).logits[0, 2:-1].double()
    kernel = CausalKernel(AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32))
    kernel.findings = replace(kernel.findings, packs=packs, tiles=tiles)
    temperatures = [0.3, 1.0, 1.5]
    found = kernel.score_at(sequence, temperatures)
    assert found.shape == (3, 40)
    for temperature, logprob in zip(temperatures, found, strict=True):
        expected = (logits / temperature).log_softmax(-1)[torch.arange(40), torch.arange(20, 60)].numpy()
        # Rounding of float32 logits, which a small temperature makes larger.
        assert np.abs(logprob - expected).max() < 2e-5
    assert np.array_equal(found[1], kernel.score([sequence])[0])
    # Together with other traces, and in one pass with the logprobs at temperature 1 and their ranks.
    other = TokenSequence([3, 5, 7], np.arange(60, 90, dtype=np.int32))
    alone = kernel.score_tokens([sequence, other], with_ranks=True)
    together = kernel.score_tokens([sequence, other], with_ranks=True, temperatures=temperatures)
    assert np.array_equal(together[0].at, found)
    assert together[1].at.shape == (3, 30)
    for one, both in zip(alone, together, strict=True):
        assert one.rank is not None and both.rank is not None
        assert np.array_equal(one.logprob, both.logprob) and np.array_equal(one.rank, both.rank)
        assert one.at.shape == (0, len(one.logprob))
