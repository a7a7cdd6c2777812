"""A base model with an adapter merged into its weights, so that it scores like any other model.

For a base weight W, of the dtype of its file, and what peft adds to it:

    merged = (W.float() + peft's delta in float32).to(dtype of the run)

One layer at a time is in float32, on CPU whatever the device: the merged weights are the same to the last bit whether
the base was loaded for them or had scored another role before.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch

from rdpt_core.errors import ModelError
from rdpt_core.scoring.engine.memory import is_out_of_memory
from rdpt_core.scoring.models.adapters import CONFIG, AdapterFiles
from rdpt_core.scoring.models.configuration import load_config
from rdpt_core.scoring.models.devices import SEVERAL
from rdpt_core.scoring.models.kinds import text_class
from rdpt_core.scoring.models.loading import load_model
from rdpt_core.scoring.models.patterns import check_patterns
from rdpt_core.scoring.models.references import ModelFiles
from rdpt_core.scoring.models.settings import foreign
from rdpt_core.scoring.models.weights import Tensors, read_tensors, tensors_of

_LOGGER = logging.getLogger(__name__)

_PREFIX = "base_model.model."
_HELD = {"float32": ("F32", "BF16", "F16"), "bfloat16": ("BF16",), "float16": ("F16",)}
"""By dtype of a run: dtypes of files whose numbers it holds without rounding."""
_MERGED_INTO = (torch.float32, torch.bfloat16, torch.float16)


def load_merged(files: ModelFiles, *, device: str, dtype: str, trust_remote_code: bool, base: Any = None) -> Any:
    """The model with its weights and its adapter's, if it has one, ready to score.

    Args:
        device: one device, or `SEVERAL` for a model that is spread over all of them.
        base: the base model on this device and in this dtype, if it is in memory; it becomes the result.

    Raises:
        ModelError: base or adapter cannot be loaded, do not belong together, or are not those that were hashed.
    """

    def load(device: str, dtype: str) -> Any:
        return load_model(files, device=device, dtype=dtype, trust_remote_code=trust_remote_code)

    if files.adapter is None:
        return load(device, dtype) if base is None else base
    if holds_base(files, dtype):
        model = load(device, dtype) if base is None else base
        _merge(model, files.adapter)
    elif device == SEVERAL:
        raise ModelError(
            "an adapter is not merged into a base that several GPUs hold in another dtype than its files",
            where=files.name,
            expected="a base that is stored in the dtype of the run, or fits into one GPU",
            got=f"--dtype {dtype}",
            hint="Merge them with peft, and score the merged model's folder.",
        )
    else:
        model = load("cpu", "float32")
        _merge(model, files.adapter)
        _cast(model, device, like=load("cpu", dtype))
    files.check_unchanged()
    return model


def holds_base(files: ModelFiles, dtype: str) -> bool:
    """Whether a base loaded in this dtype has the numbers of its files, so that an adapter may be merged into it.

    Vectors, as of norms, do not count: nothing is added to them.
    """
    matrices = (entry for entry in read_tensors(files).values() if len(entry.shape) > 1)
    return all(entry.dtype in _HELD[dtype] or entry.dtype[0] in "IU" for entry in matrices)


def check_adapter(files: ModelFiles, adapter: AdapterFiles, trust_remote_code: bool) -> int:
    """Hold an adapter against its base before any weight is loaded; returns the size of the vocabulary that it leaves.

    Raises:
        ModelError: a tensor of the adapter has no place in the base, or another shape; or one is missing.
    """
    config = load_config(files, trust_remote_code)
    models = text_class(config, files.name, trust_remote_code=trust_remote_code)
    with foreign("the configuration of this model cannot be used", files.name), torch.device("meta"):
        model = models.from_config(config, trust_remote_code=trust_remote_code)
    check_patterns(adapter.settings, (name for name, _ in model.named_modules()), f"{adapter.folder / CONFIG}")
    _insert(model, adapter, on_meta=True)
    named, given = adapter.trained_on, files.base_name
    if named is not None and Path(named).name != Path(given).name:
        _LOGGER.warning("the adapter %s names %s as its base; it is merged into %s", adapter.name, named, given)
    return int(model.config.get_text_config().vocab_size)


def _merge(model: Any, adapter: AdapterFiles) -> None:
    """Change the model in place."""
    inserted = _insert(model, adapter, on_meta=False)
    with _peft(adapter):
        is_changed = _fill(inserted, adapter)
        for layer, wrappers in _adapted_layers(inserted).items():
            is_changed |= _merge_layer(layer, wrappers, adapter)
        inserted.base_model.unload()
    model.requires_grad_(False)
    model.train(False)
    if not is_changed:
        _LOGGER.warning("the adapter %s changes no weight of its base: both are the same model", adapter.name)


@contextmanager
def _peft(adapter: AdapterFiles) -> Iterator[None]:
    """The library at work. What it warns of is checked here, or is about training."""
    what = "the adapter cannot be merged into its base"
    with foreign(what, adapter.name, passing=is_out_of_memory), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _insert(model: Any, adapter: AdapterFiles, *, on_meta: bool) -> Any:
    """Put peft's layers for the adapter into the model, without its weights.

    The library leaves out tensors that find no place without a word, such as of experts that transformers has fused
    since. So the names and shapes of the file are held against those that the library would save.

    Raises:
        ModelError: they differ.
    """
    stored = tensors_of(adapter.weights)
    with _peft(adapter):
        from peft import LoraConfig, PeftModel

        _resize(model, adapter, stored)
        # The ranks are those of the settings: any number, until they are held against the file.
        with torch.device("meta") if on_meta else nullcontext():
            config = LoraConfig(task_type="CAUSAL_LM", **adapter.settings)
            inserted = PeftModel(model, config, low_cpu_mem_usage=on_meta)
        required, known = (_saved(inserted, with_embeddings=flag) for flag in (False, True))
    for what, names in (
        ("without a place in its base", stored.keys() - known.keys()),
        ("missing from its weights", required.keys() - stored.keys()),
    ):
        if names:
            raise _misfit(adapter, f"{_count(len(names))} {what}", sorted(names))
    for name, entry in stored.items():
        if entry.shape != tuple(known[name].shape):
            raise ModelError(
                f"the adapter does not fit its base: {name.removeprefix(_PREFIX)}",
                where=str(adapter.weights),
                expected=f"shape {list(known[name].shape)}, by the base and {adapter.name}'s settings",
                got=f"shape {list(entry.shape)}",
                hint=_hint(adapter),
            )
    return inserted


def _resize(model: Any, adapter: AdapterFiles, stored: Tensors) -> None:
    """Give the base as many rows of vocabulary as the adapter brings.

    Raises:
        ModelError: it brings them for one of the two embeddings only.
    """
    embeddings = model.get_input_embeddings()
    both = (embeddings, model.get_output_embeddings())
    prefixes = [f"{_PREFIX}{name}." for name, module in model.named_modules() if module in both]
    whole = [key for key in stored if key.endswith(".weight") and ".lora_" not in key]
    brought = [[key for key in whole if key.startswith(prefix)] for prefix in prefixes]
    rows = {stored[key].shape[0] for keys in brought for key in keys}
    if len(rows) == 1 and rows != {embeddings.num_embeddings}:
        if not all(brought):
            raise _misfit(adapter, "the adapter changes the size of the vocabulary for one embedding only", whole)
        model.resize_token_embeddings(rows.pop(), mean_resizing=False)


def _saved(inserted: Any, *, with_embeddings: bool) -> Mapping[str, torch.Tensor]:
    """The tensors that the library would save of an adapter in its place."""
    from peft import get_peft_model_state_dict

    saved: Mapping[str, torch.Tensor] = get_peft_model_state_dict(inserted, save_embedding_layers=with_embeddings)
    return saved


def _fill(inserted: Any, adapter: AdapterFiles) -> bool:
    """Load the adapter's weights; returns whether some of them are whole weights in place of the base's.

    Raises:
        ModelError: some are no finite numbers, or did not arrive.
    """
    from peft import set_peft_model_state_dict
    from safetensors.torch import load_file

    tensors = load_file(adapter.weights)
    broken = sorted(name for name, tensor in tensors.items() if not tensor.isfinite().all())
    if broken:
        raise ModelError(
            f"{_count(len(broken))} with values that are no finite numbers",
            where=str(adapter.weights),
            expected="finite numbers",
            got=_listed(broken),
            hint="Take an earlier checkpoint.",
        )
    set_peft_model_state_dict(inserted, tensors)
    placed = _saved(inserted, with_embeddings=True)

    def is_lost(name: str) -> bool:
        there = placed[name]
        return not there.is_meta and not torch.equal(there.cpu(), tensors[name].to(there.dtype))

    lost = list(filter(is_lost, tensors))
    if lost:
        raise _misfit(adapter, f"{_count(len(lost))} that peft did not put in place", sorted(lost))
    return any(".lora_" not in name for name in tensors)


def _adapted_layers(inserted: Any) -> dict[torch.nn.Module, list[Any]]:
    """Layers of the base, each with what peft wrapped it into; several wrappers where several of its weights change."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    layers: dict[torch.nn.Module, list[Any]] = {}
    for module in inserted.modules():
        if isinstance(module, BaseTunerLayer):
            layers.setdefault(module.get_base_layer(), []).append(module)
    return layers


def _merge_layer(layer: torch.nn.Module, wrappers: list[Any], adapter: AdapterFiles) -> bool:
    """Merge into new weights, since those of the base may be a file in memory, or tied to another layer's, which
    stays as it is; returns whether any bit changed. Nothing is merged into an encoder that was dropped."""
    loaded = dict(layer.named_parameters(recurse=False))
    if any(weight.is_meta for weight in loaded.values()):
        return False
    for name, weight in loaded.items():
        if weight.dtype not in _MERGED_INTO:
            raise ModelError(
                "an adapter is not merged into quantised weights",
                where=adapter.name,
                expected="a base with weights in float32, bfloat16 or float16",
                got=str(weight.dtype).removeprefix("torch."),
            )
        _set(layer, name, weight.detach().to("cpu", torch.float32, copy=True))
    for wrapper in wrappers:
        wrapper.to("cpu")
        wrapper.merge(safe_merge=True)
    for name, weight in loaded.items():
        _set(layer, name, getattr(layer, name).detach().to(weight.device, weight.dtype))
    return any(not torch.equal(weight, getattr(layer, name)) for name, weight in loaded.items())


def _set(layer: torch.nn.Module, name: str, weight: torch.Tensor) -> None:
    setattr(layer, name, torch.nn.Parameter(weight, requires_grad=False))


def _cast(model: Any, device: str, like: Any) -> None:
    """Move every tensor that was not dropped, in the dtype that the library gives it in another model of the kind."""

    def tensors(model: Any) -> Iterator[tuple[str, torch.Tensor]]:
        yield from model.named_parameters(remove_duplicate=False)
        yield from model.named_buffers(remove_duplicate=False)

    dtypes = {name: tensor.dtype for name, tensor in tensors(like)}
    for name, tensor in tensors(model):
        if not tensor.is_meta:
            tensor.data = tensor.data.to(device, dtypes[name])


def _count(n: int) -> str:
    return f"the adapter has {n} tensor{'s' if n > 1 else ''}"


def _listed(names: list[str]) -> str:
    return ", ".join(name.removeprefix(_PREFIX) for name in names[:3]) + (", …" if len(names) > 3 else "")


def _misfit(adapter: AdapterFiles, what: str, names: list[str]) -> ModelError:
    return ModelError(
        what, where=adapter.name, expected="an adapter of this base", got=_listed(names), hint=_hint(adapter)
    )


def _hint(adapter: AdapterFiles) -> str:
    named = "" if adapter.trained_on is None else f", {adapter.trained_on}"
    return (
        f"Give the base of its training{named}. If that is the one, merge them with the versions of the libraries that "
        "trained the adapter, and score the merged model's folder."
    )
