"""Loading that needs a package which is not there, and models that also see."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rdpt_core.errors import MissingPackageError
from rdpt_core.scoring.engine.kernel import CausalKernel
from rdpt_core.scoring.models import loading
from rdpt_core.scoring.models.configuration import read_config
from rdpt_core.scoring.models.references import ModelFiles
from rdpt_core.scoring.models.weights import read_tensors
from tests.support.architectures import N_VOCABULARY, make_model, make_sequences, oracle


def test_spreading_without_accelerate_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match="pip install accelerate"):
        loading._balanced_map("org/name")


@pytest.mark.parametrize("kind", ["mistral3", "qwen3_vl", "gemma3"])
def test_a_model_that_also_sees_is_loaded_for_text(tmp_path: Path, kind: str) -> None:
    saved = make_model(kind)
    saved.save_pretrained(tmp_path)
    files = ModelFiles("m", tmp_path, "sha256:0")
    assert read_config(files, read_tensors(files), trust_remote_code=False).vocab_size == N_VOCABULARY

    loaded = loading.load_model(files, device="cpu", dtype="float32", trust_remote_code=False)
    encoder = loaded.get_encoder(modality="image")
    assert encoder is not loaded and all(parameter.is_meta for parameter in encoder.parameters())
    assert not any(parameter.is_meta for parameter in loaded.get_decoder().parameters())
    sequences = make_sequences()[:3]
    expected = [oracle(saved, sequence) for sequence in sequences]
    for scored, own in zip(CausalKernel(loaded).score(sequences), expected, strict=True):
        assert np.abs(scored - own).max() <= 1e-4
