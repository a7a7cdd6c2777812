"""Logprobs under the weights of a model in training.

The model's own forward pass reads one trace after another, in the precision of its weights and without dropout; there
is no second copy of the weights. Memory: one trace's logits in single precision, several times over. The packed passes
of the engine would change modules in place, which a training must not meet.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from rdpt_core.errors import ModelError
from rdpt_core.records import RoleResult, ScoredModel, TemplatePolicy, TooLong
from rdpt_core.scoring.backends.base import PreparedTrace, Prompting, ScoringItem, prepare_traces, role_result
from rdpt_core.scoring.engine.packing import TokenSequence
from rdpt_core.scoring.engine.probe import own_scores
from rdpt_core.scoring.models.prompts.templates import template_name
from rdpt_core.scoring.models.references import resolve_tokenizer
from rdpt_core.scoring.models.tokenization import RoleTokenizer, load_tokenizer
from rdpt_core.scoring.training.untouched import untouched

BACKEND = "training"
"""What a model that was scored so is said to run under."""


class LiveModel:
    """A model in training and the traces that it is asked for again and again.

    Args:
        processing_class: the trainer's tokenizer, or a processor that has one.
        items: the traces, with their sentences.

    Raises:
        ModelError: there is no tokenizer, or it is of a kind that gives no offsets.
    """

    def __init__(
        self,
        model: Any,
        processing_class: Any,
        items: Sequence[ScoringItem],
        policy: TemplatePolicy,
        too_long: TooLong,
    ) -> None:
        self._model = model
        self._config = model.config.get_text_config()
        self._tokenizer = _tokenizer_of(model, processing_class)
        self._template = template_name(policy, self._tokenizer)
        self._prepared: list[PreparedTrace] = prepare_traces(
            items, self._tokenizer, None, Prompting(policy, too_long), self._context_length
        )
        self._check_ids()

    @property
    def tokenizer_hash(self) -> str:
        """Of what decides how a response is cut."""
        return self._tokenizer.hash

    def describe(self, role: str, model_name: str, name: str | None = None) -> ScoredModel:
        """The model as it is now: its revision is a hash over all weights."""
        return ScoredModel(
            role=role,
            model=model_name,
            revision=weights_revision(self._model),
            backend=BACKEND,
            dtype=str(next(self._model.parameters()).dtype).removeprefix("torch."),
            template=self._template,
            vocabulary_size=int(self._config.vocab_size),
            n_parameters=sum(parameter.numel() for parameter in self._model.parameters()),
            context_length=self._context_length,
            tokenizer_hash=self._tokenizer.hash,
            name=name,
        )

    def score(self) -> list[RoleResult]:
        """Every trace under the present weights."""
        with untouched(self._model):
            return [self._score(prepared) for prepared in self._prepared]

    def _score(self, prepared: PreparedTrace) -> RoleResult:
        if not prepared.n_scored:
            return role_result(prepared, None)
        sequence = TokenSequence(prepared.prompt, prepared.encoding.token_id[: prepared.n_scored])
        return role_result(prepared, own_scores(self._model, sequence).logprob)

    @property
    def _context_length(self) -> int | None:
        return getattr(self._config, "max_position_embeddings", None)

    def _check_ids(self) -> None:
        from rdpt_core.scoring.engine.kernel import check_ids

        scored = [one for one in self._prepared if one.n_scored]
        sequences = [TokenSequence(one.prompt, one.encoding.token_id[: one.n_scored]) for one in scored]
        # The rows that are there, of which a configuration may know less after tokens were added.
        check_ids(sequences, self._model.get_input_embeddings().weight.shape[0], "the model in training")


def weights_revision(model: Any) -> str:
    """`sha256:` and a hash over names, types, shapes and bytes of all weights and stored buffers."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        if not isinstance(tensor, torch.Tensor):
            continue
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        held = tensor.detach().to("cpu").contiguous()
        digest.update(held.reshape(-1).view(torch.uint8).numpy().data)
    return f"sha256:{digest.hexdigest()[:40]}"


def _tokenizer_of(model: Any, processing_class: Any) -> RoleTokenizer:
    """The trainer's tokenizer as a saved model of this training would have it."""
    tokenizer = getattr(processing_class, "tokenizer", processing_class)
    if not hasattr(tokenizer, "save_pretrained"):
        raise ModelError(
            "the trainer has no tokenizer, and prompts and responses cannot be cut without it",
            where="the trainer's processing_class",
            expected="a tokenizer of transformers",
            got=type(processing_class).__name__,
            hint="Give it to the trainer: `Trainer(…, processing_class=tokenizer)`.",
        )
    with tempfile.TemporaryDirectory() as folder:
        tokenizer.save_pretrained(folder)
        # The class that loads a tokenizer goes by the kind of model.
        model.config.save_pretrained(folder)
        loaded = load_tokenizer(resolve_tokenizer(str(Path(folder))))
        loaded.name = "the trainer's tokenizer"
        return loaded
