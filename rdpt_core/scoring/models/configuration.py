"""A model's configuration, held against the headers of its weights before anything is built.

A configuration is a text that anybody may write. One that names a vocabulary of ten million would be built for minutes
before the library finds that the weights are smaller, and one of a billion layers for ever.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rdpt_core.errors import ModelError
from rdpt_core.scoring.models.kinds import text_class
from rdpt_core.scoring.models.references import ModelFiles
from rdpt_core.scoring.models.settings import foreign, read_settings
from rdpt_core.scoring.models.weights import Tensors, count_parameters
from rdpt_core.traces.canonical.line_errors import described

_COUNTS = re.compile(r"(n|num|encoder|decoder)_(\w+_)?(layers?|experts?|heads?)|vocab_size")
_MOST = 1_000_000
"""Of layers, experts, heads or tokens, where no weights say how many: more than any model has."""
_MORE = 16
"""A model has at most so many times the numbers of its files: weights of 4 bits are stored eight in one."""
_CODE_HINT = "A model that needs its own code is refused unless `--trust-remote-code` is given."


def read_config(files: ModelFiles, tensors: Tensors, trust_remote_code: bool) -> Any:
    """The text configuration of a model, without its weights.

    Args:
        tensors: of the headers of its weights.

    Raises:
        ModelError: there is none, it is not that of these weights, it is that of no causal language model, or it
            needs code that comes with the model.
    """
    if files.gguf is None:
        check_settings(files.folder, tensors)
    config = load_config(files, trust_remote_code)
    text = config.get_text_config()
    models = text_class(config, files.name, trust_remote_code=trust_remote_code)
    _check_sizes(files, text)
    # With its own code a model may be anything, and the names of a GGUF file are not those of the library.
    if files.gguf is None and not (trust_remote_code and getattr(config, "auto_map", None)):
        _check_shapes(files, models, config, tensors)
    return text


def load_config(files: ModelFiles, trust_remote_code: bool) -> Any:
    """The whole configuration as the library reads it.

    Raises:
        ModelError: the library cannot read it.
    """
    from transformers import AutoConfig

    arguments: dict[str, Any] = {} if files.gguf is None else {"gguf_file": files.gguf}
    with foreign("the configuration of this model cannot be used", files.name, hint=_CODE_HINT):
        config: Any = AutoConfig.from_pretrained(
            str(files.folder), trust_remote_code=trust_remote_code, local_files_only=True, **arguments
        )
        config.get_text_config()
    return config


def check_settings(folder: Path, tensors: Tensors) -> None:
    """What must be known before the library reads a configuration, because reading it counts layers.

    Args:
        tensors: of the headers of the weights; none if there are none.

    Raises:
        ModelError: more layers, experts, heads or tokens than the weights can hold, or a name of code elsewhere.
    """
    path = folder / "config.json"
    n_most, because = _most(tensors)
    for name, value in _fields(read_settings(path)):
        if type(value) is int and value > n_most and _COUNTS.fullmatch(name):
            raise ModelError(
                f"config.json names more than the weights hold: `{name}` is {described(value)}",
                where=str(path),
                expected=f"at most {n_most:,}, {because}",
                hint="Download config.json and the weights again: they do not belong together.",
            )
        if name.endswith(("attn_implementation", "experts_implementation")) and "/" in str(value):
            raise ModelError(
                f"config.json asks for code from elsewhere: `{name}`",
                where=str(path),
                expected="no such field",
                got=described(value),
                hint="Remove the field; kernels of a hub are code.",
            )


def _most(tensors: Tensors) -> tuple[int, str]:
    """What no count of a model exceeds, and why: a part of it has a tensor, or a row of one."""
    if not tensors:
        return _MOST, "more than any model has"
    largest = max(tensors, key=lambda name: max(tensors[name].shape, default=0))
    n_rows = max(tensors[largest].shape, default=0)
    if n_rows < len(tensors):
        return len(tensors), "the number of tensors"
    return n_rows, f"as {largest} has in {tensors[largest].file.name}"


def _fields(settings: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """All fields of an object and of the objects in it."""
    waiting: list[Any] = [settings]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield from value.items()
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _check_sizes(files: ModelFiles, text: Any) -> None:
    for name, is_needed in (("vocab_size", True), ("max_position_embeddings", False)):
        value = getattr(text, name, None)
        if (value is None and not is_needed) or (type(value) is int and value > 0):
            continue
        raise ModelError(
            f"the configuration of this model has an unusable `{name}`",
            where=files.name,
            expected="a whole number above 0",
            got=described(value),
        )


def _check_shapes(files: ModelFiles, models: Any, config: Any, tensors: Tensors) -> None:
    """Hold every tensor of the files against the one of its name in the model, which is built of shapes alone.

    Args:
        models: the library's class that builds it.

    Raises:
        ModelError: the library cannot build the model, or shapes differ.
    """
    import torch

    with foreign("the configuration of this model cannot be used", files.name), torch.device("meta"):
        model: Any = models.from_config(config)
        shapes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    wrong = [name for name, entry in tensors.items() if shapes.get(name, entry.shape) != entry.shape]
    if wrong and getattr(config, "quantization_config", None) is None and not _is_converted(model):
        raise mismatch(files, [(name, tensors[name].shape, shapes[name]) for name in wrong], tensors)
    n_built, n_stored = sum(map(math.prod, shapes.values())), count_parameters(tensors)
    if n_built > _MORE * n_stored:
        raise ModelError(
            "the configuration of this model names a larger one than its weights hold",
            where=files.name,
            expected=f"a model of about {n_stored:,} parameters",
            got=f"config.json of one of {n_built:,}",
        )


def _is_converted(model: Any) -> bool:
    """Whether the library changes tensors of this model as it loads them; its report then tells of shapes."""
    from transformers import conversion_mapping

    conversions: Any = conversion_mapping
    parts = [part for part in model.modules() if hasattr(part, "config")]
    names = {type(part).__name__ for part in parts} | {part.config.model_type for part in parts}
    return any(conversions.get_checkpoint_conversion_mapping(name) for name in names)


def mismatch(
    files: ModelFiles, wrong: list[tuple[str, tuple[int, ...], tuple[int, ...]]], tensors: Tensors
) -> ModelError:
    """Tensors that have another shape than the model: names, shapes in the files, shapes in the model."""
    name, stored, built = min(wrong)
    file = tensors[name].file if name in tensors else files.folder
    more = f" (and {len(wrong) - 1} other tensors)" if len(wrong) > 1 else ""
    return ModelError(
        f"the weights do not fit config.json: {name}{more}",
        where=str(file),
        expected=f"shape {list(built)}, by config.json",
        got=f"shape {list(stored)}",
        hint="Download config.json and the weights again: they do not belong together.",
    )
