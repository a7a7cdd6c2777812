"""A model that scored a run, found again by what the run stores of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rdpt_core import bundled
from rdpt_core.config import parse_reference
from rdpt_core.errors import ModelError, UsageError
from rdpt_core.records import ModelReference, ScoredModel, TemplateSettings
from rdpt_core.scoring.models.references import ModelFiles, resolve
from rdpt_core.scoring.models.tokenization import RoleTokenizer, load_tokenizer


def stored_reference(model: ScoredModel) -> ModelReference:
    """Where a model of this machine is, by the name under which the run stores it.

    A folder's name is as it was given, and may be relative. The demo gives names relative to the program's own folder;
    which of two folders is meant, the hash of the run's model says.

    Raises:
        ModelError: nothing is there any more.
    """
    _, on, base = model.revision.partition(" on ")
    if on:
        reference = parse_reference(model.model)
        return reference if base.startswith("sha256:") else replace(reference, revision=base)
    if not model.revision.startswith("sha256:"):
        return parse_reference(f"{model.model}@{model.revision}")
    places = [Path(model.model).expanduser().absolute(), bundled.ROOT / model.model]
    found = [ModelReference(str(place)) for place in dict.fromkeys(places) if place.exists()]
    if not found:
        raise ModelError(
            f"the {model.role} of this run is not where it was",
            where=model.model,
            expected="the folder or file that scored the run, as its path was given then",
            got=f"nothing at {places[0]}",
            hint=f"Name it with --{model.role} REF.",
        )
    if len(found) == 1:
        return found[0]
    return next((reference for reference in found if resolve(reference).revision == model.revision), found[-1])


def same_model(
    model: ScoredModel,
    template: TemplateSettings,
    reference: ModelReference | None = None,
    *,
    trust_remote_code: bool = False,
) -> tuple[ModelFiles, RoleTokenizer]:
    """The files and the tokenizer of a model that scored a run, to ask it once more.

    Args:
        reference: where the model is now; None for where it was.

    Raises:
        UsageError: it was served, or its numbers were recorded.
        ModelError: it is not there any more, or is another one.
    """
    if model.backend != "transformers":
        raise UsageError(
            "this needs the model on this machine",
            where=f"{model.role} {model.model}",
            expected="a run whose models were loaded here",
            got=f"backend {model.backend}",
        )
    files = resolve(stored_reference(model) if reference is None else reference)
    tokenizer = load_tokenizer(files, template, trust_remote_code=trust_remote_code)
    if (files.revision, tokenizer.hash) != (model.revision, model.tokenizer_hash):
        raise ModelError(
            "this is not the model that scored the run",
            where=files.name,
            expected=f"{model.role} {model.model} {model.revision}",
            got=files.revision,
            hint=f"Name it with --{model.role} REF.",
        )
    return files, tokenizer
