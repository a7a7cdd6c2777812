"""Models whose weights are broken are refused by the name of a tensor; others go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from rdpt_core.errors import ModelError
from rdpt_core.scoring.engine import probe as module
from rdpt_core.scoring.engine.kernel import CausalKernel
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
    CausalKernel(model)
