"""A LoRA adapter on disk: what it changes of a base model, and what of it cannot be merged into one.

The settings are a text that anybody may write, and peft would import a module that they name. So they are read here,
and only what decides the merged weights is passed on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rdpt_core.errors import ModelError
from rdpt_core.scoring.models.hashed_files import HashedFiles
from rdpt_core.scoring.models.settings import read_settings
from rdpt_core.traces.canonical.line_errors import described, shown

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"

_MERGED = frozenset(
    (
        *("r", "lora_alpha", "rank_pattern", "alpha_pattern", "use_rslora", "use_dora", "fan_in_fan_out", "bias"),
        *("target_modules", "exclude_modules", "layers_to_transform", "layers_pattern", "target_parameters"),
        *("modules_to_save", "trainable_token_indices", "ensure_weight_tying"),
    )
)
"""What decides the merged weights."""
_OF_TRAINING = frozenset(
    (
        *("peft_type", "task_type", "auto_mapping", "base_model_name_or_path", "revision", "peft_version"),
        *("inference_mode", "lora_dropout", "init_lora_weights", "runtime_config"),
        *("loftq_config", "eva_config", "qalora_group_size", "megatron_core"),
    )
)
"""What decides none of them."""
_CHANGED_BASES = ("pissa", "olora", "corda", "loftq", "lora_ga")
"""Ways to begin a training by which the base was changed, too."""


@dataclass(frozen=True, slots=True)
class AdapterFiles:
    """A LoRA adapter on disk, with the tokenizer of its training if that was saved beside it.

    Attributes:
        settings: what peft is told of it.
        trained_on: the base that it names itself; None if it names none.
        hashed: the files that decide a number, as they were when they were found.
    """

    name: str
    folder: Path
    settings: dict[str, Any] = field(repr=False)
    trained_on: str | None
    hashed: HashedFiles = field(compare=False, repr=False)

    @property
    def weights(self) -> Path:
        """The file of its tensors."""
        return self.folder / WEIGHTS


def is_adapter(folder: Path) -> bool:
    """Whether a folder holds an adapter, whatever else it holds."""
    return (folder / CONFIG).is_file()


def trained_on(folder: Path) -> str | None:
    """The base that an adapter names itself; None if it names none that can be shown."""
    name = read_settings(folder / CONFIG).get("base_model_name_or_path")
    return name if isinstance(name, str) and 0 < len(name) < 300 and name.isprintable() else None


def open_adapter(name: str, folder: Path, tokenizer_files: Callable[[Path], list[Path]]) -> AdapterFiles:
    """Check what an adapter's folder holds.

    Args:
        tokenizer_files: the files of a folder that decide how a text is cut and a prompt is made.

    Raises:
        ModelError: it is no adapter, its weights are missing, or it is of a kind that is not merged here.
    """
    if not is_adapter(folder):
        raise ModelError(
            "this folder holds no adapter",
            where=str(folder),
            expected=f"{CONFIG} and {WEIGHTS}",
            got=", ".join(sorted(entry.name for entry in folder.iterdir())[:6]) or "an empty folder",
        )
    if not (folder / WEIGHTS).is_file():
        unsafe = sorted(file.name for file in folder.iterdir() if file.suffix in (".bin", ".pt", ".pth"))
        raise ModelError(
            "the adapter has no safetensors weights",
            where=str(folder),
            expected=WEIGHTS,
            got=f"{', '.join(unsafe)}, which can run code when loaded" if unsafe else "none",
            hint="Save the adapter again with `save_pretrained`, which writes safetensors.",
        )
    hashed = HashedFiles(lambda: [folder / CONFIG, folder / WEIGHTS, *tokenizer_files(folder)])
    return AdapterFiles(name, folder, _merged_settings(folder / CONFIG), trained_on(folder), hashed)


def _merged_settings(path: Path) -> dict[str, Any]:
    """The settings that decide the merged weights.

    Raises:
        ModelError: it is no LoRA, or has a setting that merging does not carry over.
    """
    settings = read_settings(path)
    if settings.get("peft_type") != "LORA":
        raise _unmerged(path, 'an adapter with `peft_type` "LORA"', described(settings.get("peft_type")))
    beginning = settings.get("init_lora_weights")
    if isinstance(beginning, str) and beginning.lower().startswith(_CHANGED_BASES):
        raise _unmerged(
            path, "an adapter whose training left the base as it was", f"`init_lora_weights` {shown(beginning)}"
        )
    for name in settings.keys() - _MERGED - _OF_TRAINING:
        # An empty value is what a setting has that is not in use.
        if settings[name]:
            raise _unmerged(path, "no such setting", f"{shown(name)}, {described(settings[name])}")
    return {name: settings[name] for name in settings.keys() & _MERGED if settings[name] is not None}


def _unmerged(path: Path, expected: str, got: str) -> ModelError:
    return ModelError(
        "this kind of adapter is not merged here",
        where=str(path),
        expected=expected,
        got=got,
        hint="Merge it with the program that trained it, and score the merged model's folder.",
    )
