"""From the files of a model to the loaded model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from rdpt_core.errors import MissingPackageError, ModelError
from rdpt_core.scoring.models.configuration import load_config, mismatch
from rdpt_core.scoring.models.devices import SEVERAL
from rdpt_core.scoring.models.kinds import text_class
from rdpt_core.scoring.models.references import ModelFiles
from rdpt_core.scoring.models.settings import check_texts, foreign
from rdpt_core.scoring.models.weights import read_tensors


def load_model(files: ModelFiles, *, device: str, dtype: str, trust_remote_code: bool) -> Any:
    """The model with its weights, ready to score.

    Args:
        device: one device, or `SEVERAL` for a model that is spread over all of them.

    Raises:
        ModelError: the weights cannot be loaded, are not those that were hashed, or are of no model for text.
        MissingPackageError: spreading a model needs a package that is not installed.
    """
    import torch

    from rdpt_core.scoring.engine.memory import is_out_of_memory

    arguments: dict[str, Any] = {"use_safetensors": True} if files.gguf is None else {"gguf_file": files.gguf}
    if device == SEVERAL:
        arguments["device_map"] = _balanced_map(files.name)

    files.check_unchanged()
    models = text_class(load_config(files, trust_remote_code), files.name, trust_remote_code=trust_remote_code)

    def diagnosis() -> None:
        files.check_unchanged()  # Half of a new file is no model.
        if files.gguf is None:
            check_texts(files.folder)

    with (
        foreign("the model cannot be loaded", files.name, diagnosis=diagnosis, passing=is_out_of_memory),
        _no_loading_bar(),
    ):
        loaded: Any = models.from_pretrained(
            str(files.folder),
            output_loading_info=True,
            # Told in the report, with both shapes, where the library's own error names neither.
            ignore_mismatched_sizes=True,
            dtype=getattr(torch, dtype),
            trust_remote_code=trust_remote_code,
            local_files_only=True,
            **arguments,
        )
    model, report = loaded
    _check_weights(files, report)
    model.requires_grad_(False)
    model.train(False)
    if device != SEVERAL:
        model = model.to(device)
        _drop_encoders(model)
    files.check_unchanged()
    return model


def _drop_encoders(model: Any) -> None:
    """Free the memory of what sees and hears, which no text reaches. The modules stay: code asks whether they are."""
    for modality in ("image", "audio"):
        encoder = model.get_encoder(modality=modality)
        if encoder is not model:
            encoder.to("meta")


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
    wrong = [(name, tuple(stored), tuple(built)) for name, stored, built in report.get("mismatched_keys", ())]
    if wrong:
        raise mismatch(files, wrong, read_tensors(files))
    for kind, what in (
        ("missing_keys", "missing from the weights"),
        ("unexpected_keys", "of the weights without a place in the model"),
    ):
        names = sorted(str(key) for key in report.get(kind, ()))
        if names:
            raise ModelError(
                f"{len(names)} tensor{'s' if len(names) > 1 else ''} {what}",
                where=files.name,
                expected="weights that fit the model's config.json",
                got=", ".join(names[:3]) + (", …" if len(names) > 3 else ""),
                hint="An adapter is given with its base: `base=REF,adapter=FOLDER`.",
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
