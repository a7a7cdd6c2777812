"""Small models with random weights, complete as folders, for tests that need a model and not a good one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers, trainers
from tokenizers import models as tokenizer_models
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|{{ message.role }}|>{{ message.content }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
SPECIAL = ["<s>", "</s>", "<|user|>", "<|assistant|>", "<|system|>"]
_CORPUS = [
    "Okay, let me think about this step by step. We start with 7 and add 5.",
    "So the total is 12. Wait, 12 - 5 = 7, so that is right. The answer is 12.",
    "def solve(x):\n    return x ** 2 + 1\n\nHence $x^2 + 1 = 5$, i.e. x = 2.",
]


def byte_level_tokenizer(n_tokens: int = 400, special: Sequence[str] = SPECIAL) -> Tokenizer:
    """A byte-level BPE, as GPT-2, Llama 3 and Qwen have; with Qwen's NFC normalisation."""
    tokenizer = Tokenizer(tokenizer_models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=n_tokens, special_tokens=list(special), initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator(_CORPUS, trainer)
    return tokenizer


def metaspace_tokenizer(n_tokens: int = 300) -> Tokenizer:
    """A sentencepiece-like BPE with byte fallback that puts a space before a text, as Llama 2 does."""
    tokenizer = Tokenizer(tokenizer_models.BPE(byte_fallback=True, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    fallback = [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=n_tokens + 256, special_tokens=["<unk>", *SPECIAL, *fallback])
    tokenizer.train_from_iterator(_CORPUS, trainer)
    return tokenizer


def split_tokenizer() -> Tokenizer:
    """A byte-level BPE that takes up to three digits together, as Llama 3 and DeepSeek do and Qwen does not."""
    tokenizer = Tokenizer(tokenizer_models.BPE())
    words = Regex(r"\p{N}{1,3}| ?\p{L}+| ?[^\s\p{L}\p{N}]+|\s+")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(words, "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator([*_CORPUS, "123 456 123456 123 456"], trainer)
    return tokenizer


def save_tokenizer(folder: Path, tokenizer: Tokenizer, model_type: str = "llama", **settings: Any) -> Path:
    """Write a tokenizer without weights; extra arguments go into tokenizer_config.json as they are."""
    folder.mkdir(parents=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_text(json.dumps({"model_type": model_type}))
    (folder / "tokenizer_config.json").write_text(json.dumps({"bos_token": "<s>", "eos_token": "</s>", **settings}))
    return folder


def save_model(
    folder: Path,
    *,
    seed: int = 0,
    model_type: str = "llama",
    tokenizer: Tokenizer | None = None,
    chat_template: str | None = CHAT_TEMPLATE,
    context_length: int = 4096,
    **config: Any,
) -> Path:
    """Write a complete model folder with random weights; extra arguments go into its configuration."""
    tokenizer = byte_level_tokenizer() if tokenizer is None else tokenizer
    shape = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": context_length,
        "vocab_size": tokenizer.get_vocab_size(),
        "bos_token_id": 0,
        "eos_token_id": 1,
        "pad_token_id": 1,
    }
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(model_type, **{**shape, **config}))
    # The usual initialisation makes every token about equally likely; sharper weights make tests more telling.
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(6.0)
    model.save_pretrained(folder)
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")
    wrapped.chat_template = chat_template
    wrapped.save_pretrained(folder)
    return folder
