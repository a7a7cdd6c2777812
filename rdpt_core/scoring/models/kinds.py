"""Which class of transformers loads a model for text, by its configuration alone; other kinds of models are refused.

A model that also sees has a class of its own, whose text half is scored like any other model. What the library knows
for something else is refused before anything is loaded: as a causal model, a classifier would be given a head that it
never had, and a masked model would look ahead.
"""

from __future__ import annotations

from typing import Any

from rdpt_core.errors import ModelError

_OTHERS = {
    "MASKED_LM": "a masked language model",
    "SEQUENCE_CLASSIFICATION": "a classifier or reward model",
    "TOKEN_CLASSIFICATION": "a classifier of tokens",
    "QUESTION_ANSWERING": "a model that finds answers in a text",
    "MULTIPLE_CHOICE": "a model that chooses among answers",
    "NEXT_SENTENCE_PREDICTION": "a model that compares two sentences",
    "SPEECH_SEQ_2_SEQ": "a model for speech",
    "CTC": "a model for speech",
    "TEXT_TO_WAVEFORM": "a model that makes sound",
    "AUDIO_CLASSIFICATION": "a model for sound",
    "IMAGE_CLASSIFICATION": "a model for images",
    "MULTIMODAL_LM": "a model for sound or several media",
    "SEQ_TO_SEQ_CAUSAL_LM": "an encoder-decoder model",
}
"""What is in the library's other lists of classes, by the middle of their names."""


def text_class(config: Any, name: str, *, trust_remote_code: bool = False) -> Any:
    """The library's class to load a model with.

    Raises:
        ModelError: the model is of another kind than a causal language model, as far as its configuration tells.
    """
    import transformers
    from transformers.models.auto import modeling_auto

    auto: Any = modeling_auto
    classes: dict[str, dict[str, str]] = {
        "AutoModelForCausalLM": auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
        "AutoModelForImageTextToText": auto.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES,
    }
    # With code of its own a model may be anything; what it does shows when it is tried.
    own_code = getattr(config, "auto_map", None) if trust_remote_code else None
    chosen = next((one for one in classes if isinstance(own_code, dict) and one in own_code), None)
    if chosen is None:
        chosen = next((one for one, known in classes.items() if config.model_type in known), None)
        named = _architecture(config)
        is_for_text = any(named in known.values() for known in classes.values()) if named else chosen is not None
        other = _other_kind(config, is_for_text)
        if other is not None or chosen is None:
            raise _refusal(config, name, other or f"a model of the type {config.model_type}")
    return getattr(transformers, chosen)


def _other_kind(config: Any, is_for_text: bool) -> str | None:
    """What kind the library knows a model as, if not for text: by its class, or its type where that is not named."""
    from transformers.models.auto import modeling_auto

    architecture = _architecture(config)
    if getattr(config, "is_encoder_decoder", False):
        return _OTHERS["SEQ_TO_SEQ_CAUSAL_LM"]
    if "Diffusion" in architecture or "diffusion" in config.model_type:
        return "a diffusion model"
    if is_for_text:
        return None
    for kind, words in _OTHERS.items():
        known = getattr(modeling_auto, f"MODEL_FOR_{kind}_MAPPING_NAMES", {})
        if architecture in known.values() or (not architecture and config.model_type in known):
            return words
    return None


def _architecture(config: Any) -> str:
    named = getattr(config, "architectures", None)
    return str(named[0]) if isinstance(named, list) and named else ""


def _refusal(config: Any, name: str, kind: str) -> ModelError:
    return ModelError(
        "this model gives no probability for the next token of a text",
        where=name,
        expected="a causal language model, also one that sees images",
        got=f"{kind} ({_architecture(config) or config.model_type})",
    )
