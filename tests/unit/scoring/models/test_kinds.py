"""What is a model for text, by its configuration alone."""

from __future__ import annotations

from typing import Any

import pytest
from transformers import AutoConfig

from rdpt_core.errors import ModelError
from rdpt_core.scoring.models.kinds import text_class


@pytest.mark.parametrize(
    ("model_type", "architecture", "expected"),
    [
        ("qwen2", "Qwen2ForCausalLM", "AutoModelForCausalLM"),
        ("qwen2", "Qwen2Model", "AutoModelForCausalLM"),
        ("llama", None, "AutoModelForCausalLM"),
        ("bart", "BartForCausalLM", "AutoModelForCausalLM"),
        ("gemma3", "Gemma3ForConditionalGeneration", "AutoModelForCausalLM"),
        ("mistral3", "Mistral3ForConditionalGeneration", "AutoModelForImageTextToText"),
        ("qwen2_5_vl", "Qwen2_5_VLForConditionalGeneration", "AutoModelForImageTextToText"),
        ("llava", None, "AutoModelForImageTextToText"),
    ],
)
def test_a_model_for_text_has_its_class(model_type: str, architecture: str | None, expected: str) -> None:
    decoder: dict[str, Any] = {"is_encoder_decoder": False} if model_type == "bart" else {}
    config = AutoConfig.for_model(model_type, architectures=[architecture] if architecture else None, **decoder)
    assert text_class(config, "m").__name__ == expected


@pytest.mark.parametrize(
    ("model_type", "architecture", "kind"),
    [
        ("bert", "BertForMaskedLM", "a masked language model"),
        ("modernbert", None, "a masked language model"),
        ("t5", "T5ForConditionalGeneration", "an encoder-decoder model"),
        ("bart", "BartForConditionalGeneration", "an encoder-decoder model"),
        ("t5gemma2", "T5Gemma2ForConditionalGeneration", "an encoder-decoder model"),
        ("whisper", "WhisperForConditionalGeneration", "an encoder-decoder model"),
        ("llama", "LlamaForSequenceClassification", "a classifier or reward model"),
        ("qwen2", "Qwen2ForTokenClassification", "a classifier of tokens"),
        ("diffusion_gemma", "DiffusionGemmaForBlockDiffusion", "a diffusion model"),
        ("qwen2_audio", "Qwen2AudioForConditionalGeneration", "a model for s"),
        ("wav2vec2", "Wav2Vec2ForCTC", "a model for speech"),
        ("vit", "ViTForImageClassification", "a model for images"),
        ("clip", "CLIPModel", "a model of the type clip"),
    ],
)
def test_another_kind_is_refused_in_words(model_type: str, architecture: str | None, kind: str) -> None:
    config = AutoConfig.for_model(model_type, architectures=[architecture] if architecture else None)
    with pytest.raises(ModelError, match=f"no probability for the next token.* got {kind}") as caught:
        text_class(config, "m")
    assert caught.value.where == "m" and (architecture or model_type) in str(caught.value)


def test_code_of_its_own_is_believed() -> None:
    config = AutoConfig.for_model("bert", architectures=["Odd"], auto_map={"AutoModelForCausalLM": "odd.Odd"})
    assert text_class(config, "m", trust_remote_code=True).__name__ == "AutoModelForCausalLM"


@pytest.mark.parametrize("odd", [[], {}, "Llama", [None]])
def test_an_odd_list_of_classes_names_none(odd: Any) -> None:
    config = AutoConfig.for_model("llama")
    config.architectures = odd
    assert text_class(config, "m").__name__ == "AutoModelForCausalLM"
