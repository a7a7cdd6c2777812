"""Model shapes, and model folders in the Hugging Face layout."""

from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, LlamaConfig, LlamaForCausalLM
from transformers import PreTrainedTokenizerFast as Tokenizer

from data.recipe.corpus.origins import FURTHER_DECOYS
from data.recipe.models.tokenizer import MAX_CONTEXT_TOKENS
from data.recipe.settings import MAX_RESPONSE_TOKENS, TRACE_TEMPERATURE, Shape

ROLES = ("teacher", "student", "distilled")
DECOYS = ("decoy", *FURTHER_DECOYS)
"""Models that taught nobody; each further decoy is called like its writer."""
COMPANIONS = ("teacher_b", "sibling", *DECOYS, "mixture")


def folder_of(out: Path, name: str) -> Path:
    """The folder of a model: the triple stands beside the data, the others in folders of their own."""
    return out / name if name in ROLES else out / "companions" / name


def checkpoint_folder(out: Path, step: int) -> Path:
    """The folder of the distilled model as it was after so many optimiser steps."""
    return out / "checkpoints" / str(step)


def checkpoints(out: Path) -> list[int]:
    """Steps of the checkpoints that a folder holds, in order."""
    return sorted(int(path.name) for path in (out / "checkpoints").iterdir())


def new_model(shape: Shape, tokenizer: Tokenizer, seed: int) -> LlamaForCausalLM:
    """Makes a model with random weights."""
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=shape.hidden_size,
        intermediate_size=shape.intermediate_size,
        num_hidden_layers=shape.n_layers,
        num_attention_heads=shape.n_heads,
        num_key_value_heads=shape.n_heads,
        max_position_embeddings=MAX_CONTEXT_TOKENS,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return LlamaForCausalLM(config)


def save_model(model: LlamaForCausalLM, tokenizer: Tokenizer, folder: Path) -> LlamaForCausalLM:
    """Writes a complete model folder in bfloat16 and returns the model as it was written.

    Rounding happens once, here: what follows (candidates, fine-tuning, traces, scores) starts from the returned
    model, so that it can be repeated from the folder alone.

    Returns:
        The saved weights, in float32 for computing.
    """
    model.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
        do_sample=True,
        temperature=TRACE_TEMPERATURE,
        top_k=0,
        max_new_tokens=MAX_RESPONSE_TOKENS,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model.bfloat16().save_pretrained(folder)
    # safetensors writes for the owner alone; a shipped file is for everyone to read.
    (folder / "model.safetensors").chmod(0o644)
    tokenizer.save_pretrained(folder)
    return load_model(folder)


def load_model(folder: Path) -> LlamaForCausalLM:
    """Loads a model folder in float32: at this size, exactness costs nothing."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    assert isinstance(model, LlamaForCausalLM)
    model.eval()  # type: ignore[no-untyped-call]
    return model


def load_tokenizer(folder: Path) -> Tokenizer:
    """Loads the tokenizer of a model folder."""
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    assert isinstance(tokenizer, Tokenizer)
    return tokenizer
