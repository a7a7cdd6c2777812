"""A base is kept for the next role only, and comes back as it was loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rdpt_core.records import ModelReference
from rdpt_core.scoring.backends.lending import Base, LentBase
from rdpt_core.scoring.engine.kernel import CausalKernel, TokenSequence
from rdpt_core.scoring.models.loading import load_model
from rdpt_core.scoring.models.references import resolve
from tests.support.tiny_models import save_model

ONE, OTHER = Base("sha256:1", "float32"), Base("sha256:2", "float32")


class Kernel:
    def release(self) -> str:
        return "the base"


def kernels() -> list[Any]:
    return [Kernel()]


def lent(*waiting: Base | None) -> LentBase:
    base = LentBase()
    for one in waiting:
        base.expect(one)
    return base


def test_the_next_role_takes_the_base_once() -> None:
    base = lent(ONE, ONE)
    assert base.take(ONE) == []
    base.lend(ONE, kernels())
    assert base.take(ONE) == ["the base"]
    base.lend(ONE, kernels())
    assert base._kernels == []


def test_no_other_role_makes_a_base_wait() -> None:
    base = lent(OTHER, ONE)
    base.lend(ONE, kernels())
    assert base._kernels == []
    base = lent(None)
    base.lend(None, kernels())
    assert base.take(None) == []


def test_a_role_that_gives_up_leaves_nothing_in_memory() -> None:
    base = lent(ONE)
    base.lend(ONE, kernels())
    base.give_up(ONE)
    assert base._kernels == []


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_kernel_gives_its_model_back_to_the_last_bit(tmp_path: Path, dtype: str) -> None:
    files = resolve(ModelReference(str(save_model(tmp_path / "model", tie_word_embeddings=False))))
    model = load_model(files, device="cpu", dtype=dtype, trust_remote_code=False)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    forwards = {name: module.forward for name, module in model.named_modules()}
    sequence = TokenSequence([5, 6, 7], np.arange(8, 60, dtype=np.int32))
    kernel = CausalKernel(model)
    (first,) = kernel.score([sequence])
    assert kernel.release() is model
    assert {name: module.forward for name, module in model.named_modules()} == forwards
    after = model.state_dict()
    assert all(after[name].equal(tensor) for name, tensor in before.items()) and len(after) == len(before)
    (second,) = CausalKernel(model).score([sequence])
    assert np.array_equal(first, second)
