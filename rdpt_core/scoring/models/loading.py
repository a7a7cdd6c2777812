"""From the files of a model to its configuration, its size, and the loaded model."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from rdpt_core.errors import MissingPackageError, ModelError
from rdpt_core.scoring.models.devices import SEVERAL
from rdpt_core.scoring.models.references import ModelFiles


def read_config(files: ModelFiles, trust_remote_code: bool) -> Any:
    """The text configuration of a model, without its weights.

    Raises:
        ModelError: there is none, or it needs code that comes with the model.
    """
    from transformers import AutoConfig

    arguments: dict[str, Any] = {} if files.gguf is None else {"gguf_file": files.gguf}
    try:
        config = AutoConfig.from_pretrained(
            str(files.folder), trust_remote_code=trust_remote_code, local_files_only=True, **arguments
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ModelError(
            "the configuration of this model cannot be used",
            where=files.name,
            got=_first_line(error),
            hint="A model that needs its own code is refused unless `--trust-remote-code` is given.",
        ) from error
    text = config.get_text_config()
    if not isinstance(getattr(text, "vocab_size", None), int):
        raise ModelError(
            "the configuration of this model names no size of the vocabulary",
            where=files.name,
            expected="`vocab_size`, a whole number",
            got=repr(getattr(text, "vocab_size", None)),
        )
    return text


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def count_parameters(files: ModelFiles) -> int:
    """From the headers of the weight files: no tensor is read."""
    if files.gguf is not None:
        from gguf import GGUFReader

        return sum(int(tensor.n_elements) for tensor in GGUFReader(str(files.folder / files.gguf)).tensors)
    total = 0
    for file in files.folder.glob("*.safetensors"):
        for entry in _safetensors_header(file).values():
            if "shape" in entry:
                total += math.prod(entry["shape"])
    return total


def _safetensors_header(file: Any) -> dict[str, Any]:
    """The JSON header of a safetensors file: eight bytes of little-endian length, then the JSON.

    Raises:
        ModelError: the file is cut short or not safetensors, as a failed download leaves it.
    """
    size = file.stat().st_size
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if 8 + length > size:
            raise ModelError(
                "the weights are not a whole safetensors file",
                where=str(file),
                expected=f"a header of {length} bytes",
                got=f"{size} bytes in all",
                hint="Download the file again; with git, `git lfs pull` fetches what a pointer stands for.",
            )
        try:
            header = json.loads(stream.read(length))
        except ValueError:
            header = None
    tensors = list(header.values()) if isinstance(header, dict) else []
    ends = [entry["data_offsets"][1] for entry in tensors if isinstance(entry, dict) and "data_offsets" in entry]
    if not ends or 8 + length + max(ends) != size:
        raise ModelError(
            "the weights are not a whole safetensors file",
            where=str(file),
            expected=f"{8 + length + max(ends)} bytes" if ends else "a header that names tensors",
            got=f"{size} bytes in all",
            hint="Download the file again.",
        )
    return dict(header)


def load_model(files: ModelFiles, *, device: str, dtype: str, trust_remote_code: bool) -> Any:
    """The model with its weights, ready to score.

    Args:
        device: one device, or `SEVERAL` for a model that is spread over all of them.

    Raises:
        ModelError: the weights cannot be loaded, or are not those that were hashed.
        MissingPackageError: spreading a model needs a package that is not installed.
    """
    import torch
    from transformers import AutoModelForCausalLM

    from rdpt_core.scoring.engine.memory import is_out_of_memory

    arguments: dict[str, Any] = {"use_safetensors": True} if files.gguf is None else {"gguf_file": files.gguf}
    if device == SEVERAL:
        arguments["device_map"] = _balanced_map(files.name)
    try:
        with _no_loading_bar():
            loaded: Any = AutoModelForCausalLM.from_pretrained(
                str(files.folder),
                output_loading_info=True,
                dtype=getattr(torch, dtype),
                trust_remote_code=trust_remote_code,
                local_files_only=True,
                **arguments,
            )
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise
        files.check_unchanged()  # Half of a new file is no model.
        raise ModelError("the model cannot be loaded", where=files.name, got=_first_line(error)) from error
    model, report = loaded
    _check_weights(files, report)
    model.requires_grad_(False)
    model.train(False)
    placed = model if device == SEVERAL else model.to(device)
    files.check_unchanged()
    return placed


@contextmanager
def _no_loading_bar() -> Iterator[None]:
    """The library's own bar stays off standard error, where our progress stands, whoever calls us."""
    from transformers.utils import logging

    library: Any = logging
    if not library.is_progress_bar_enabled():
        yield
        return
    library.disable_progress_bar()
    try:
        yield
    finally:
        library.enable_progress_bar()


def _check_weights(files: ModelFiles, report: dict[str, Any]) -> None:
    """Refuse weights that do not belong to the model: the library fills what is missing with random numbers.

    Raises:
        ModelError: tensors are missing, have the wrong shape, or have names that the model does not know.
    """
    for kind, what in (
        ("missing_keys", "are missing from the weights"),
        ("mismatched_keys", "have another shape in the weights"),
        ("unexpected_keys", "of the weights have no place in the model"),
    ):
        names = sorted(str(key) for key in report.get(kind, ()))
        if names:
            raise ModelError(
                f"{len(names)} tensors {what}",
                where=files.name,
                expected="weights that fit the model's config.json",
                got=", ".join(names[:3]) + (", …" if len(names) > 3 else ""),
                hint="An adapter must be merged into its base model first.",
            )


def _balanced_map(name: str) -> str:
    if find_spec("accelerate") is None:
        raise MissingPackageError(
            "this model fits into no single GPU, and spreading it over several needs a package that is not installed",
            where=name,
            expected="accelerate",
            got="no accelerate",
            hint="Run `pip install accelerate`.",
        )
    return "auto"
