"""Where token logprobs come from. One interface; what stands downstream does not know which backend answered.

A backend describes its model before loading it (the run's identity needs that), scores windows of traces batch by
batch, and gives its memory back when closed.
"""

from __future__ import annotations

import gc
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from rdpt_core.errors import MissingPackageError, ModelError
from rdpt_core.records import (
    Role,
    RoleResult,
    ScoredModel,
    Span,
    TemplatePolicy,
    TokenLogprobs,
    TooLong,
    Trace,
    UnscoredReason,
)
from rdpt_core.scoring.aggregate import assign_tokens
from rdpt_core.scoring.plan import plan_batches
from rdpt_core.scoring.references import ModelFiles
from rdpt_core.scoring.templates import render_prompt, template_name
from rdpt_core.scoring.tokenization import Encoding, RoleTokenizer


@dataclass(frozen=True, slots=True)
class ScoringItem:
    """One trace on its way through a backend."""

    trace_no: int
    trace: Trace
    spans: Sequence[Span]


class Backend(Protocol):
    """Token logprobs of responses after their prompts, for one role."""

    @property
    def model(self) -> ScoredModel:
        """The model as it is used, known before anything is loaded."""
        ...

    def batches(self, items: Sequence[ScoringItem]) -> list[list[int]]:
        """Positions of `items`, grouped into the batches that are scored and committed as one."""
        ...

    def score(self, items: Sequence[ScoringItem]) -> list[RoleResult]:
        """One batch. Loads the model on first use."""
        ...

    def close(self) -> None:
        """Give memory back."""
        ...


@dataclass(frozen=True, slots=True)
class TransformersOptions:
    """How a model of this machine runs. `device` and `dtype` are resolved, never `auto`."""

    device: str
    dtype: str
    batch_tokens: int
    template_policy: TemplatePolicy
    too_long: TooLong
    trust_remote_code: bool = False


@dataclass(frozen=True, slots=True)
class _Prepared:
    prompt: list[int]
    encoding: Encoding
    n_scored: int
    reason: UnscoredReason | None


class TransformersBackend:
    """A causal language model loaded by transformers on this machine."""

    def __init__(
        self,
        role: Role,
        files: ModelFiles,
        tokenizer: RoleTokenizer,
        distilled_tokenizer: RoleTokenizer | None,
        options: TransformersOptions,
    ) -> None:
        self._files = files
        self._tokenizer = tokenizer
        self._distilled_tokenizer = distilled_tokenizer
        self._options = options
        self._kernel: Any = None
        config = _read_config(files, options.trust_remote_code)
        self._context_length = getattr(config, "max_position_embeddings", None)
        self._model = ScoredModel(
            role=role,
            model=files.name,
            revision=files.revision,
            backend="transformers",
            dtype=options.dtype,
            template=template_name(options.template_policy, tokenizer),
            vocabulary_size=int(config.vocab_size),
            n_parameters=_count_parameters(files),
            context_length=self._context_length,
            tokenizer_hash=tokenizer.hash,
        )

    @property
    def model(self) -> ScoredModel:
        """The model as it is used."""
        return self._model

    def batches(self, items: Sequence[ScoringItem]) -> list[list[int]]:
        """Longest first, padded size within the token budget."""
        lengths = [len(prepared.prompt) + prepared.n_scored for prepared in map(self._prepare, items)]
        return plan_batches(lengths, self._options.batch_tokens)

    def score(self, items: Sequence[ScoringItem]) -> list[RoleResult]:
        """Tokenise, run the model once over the batch, and put logprobs beside their tokens."""
        from rdpt_core.scoring.kernel import TokenSequence, check_ids

        prepared = [self._prepare(item) for item in items]
        chosen = [number for number, one in enumerate(prepared) if one.n_scored > 0]
        sequences = [
            TokenSequence(prepared[number].prompt, prepared[number].encoding.token_id[: prepared[number].n_scored])
            for number in chosen
        ]
        logprobs: dict[int, npt.NDArray[np.float32]] = {}
        if sequences:
            check_ids(sequences, self._model.vocabulary_size, self._files.name)
            logprobs = dict(zip(chosen, self._load().score(sequences), strict=True))
        return [
            _result(item, one, logprobs.get(number))
            for number, (item, one) in enumerate(zip(items, prepared, strict=True))
        ]

    def close(self) -> None:
        """Drop the model and return its memory."""
        import torch

        self._kernel = None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _load(self) -> Any:
        from rdpt_core.scoring.kernel import CausalKernel

        if self._kernel is None:
            self._kernel = CausalKernel(_load_model(self._files, self._options))
        return self._kernel

    def _prepare(self, item: ScoringItem) -> _Prepared:
        trace, options = item.trace, self._options
        rendering = render_prompt(options.template_policy, trace, self._tokenizer, self._distilled_tokenizer)
        prompt = self._tokenizer.encode_prompt(rendering.text, add_bos=rendering.add_bos)
        encoding = self._tokenizer.encode_response(trace.response)
        if encoding is None:
            nothing = np.empty(0, dtype=np.int32)
            return _Prepared(prompt, Encoding(nothing, nothing, nothing), 0, UnscoredReason.UNTOKENIZABLE)
        if not prompt:
            return _Prepared(prompt, encoding, 0, UnscoredReason.EMPTY_PROMPT)
        room = math.inf if self._context_length is None else self._context_length - len(prompt)
        if len(encoding) <= room:
            return _Prepared(prompt, encoding, len(encoding), None)
        n_scored = 0
        if options.too_long is TooLong.PREFIX and room > 0:
            n_scored = _whole_sentence_tokens(item, encoding, int(room))
        return _Prepared(prompt, encoding, n_scored, UnscoredReason.CONTEXT_LENGTH)


def _whole_sentence_tokens(item: ScoringItem, encoding: Encoding, room: int) -> int:
    """How many tokens, of at most `room`, belong to sentences that fit as a whole."""
    tokens = _without_logprobs(encoding)
    index = assign_tokens(item.trace.response, item.spans, tokens).sentence_index
    first_cut = index[room]
    return int(np.searchsorted(index, first_cut, side="left"))


def _without_logprobs(encoding: Encoding) -> TokenLogprobs:
    missing = np.full(len(encoding), np.nan, dtype=np.float32)
    return TokenLogprobs(encoding.token_id, encoding.char_start, encoding.char_end, missing)


def _result(item: ScoringItem, prepared: _Prepared, logprob: npt.NDArray[np.float32] | None) -> RoleResult:
    tokens = _without_logprobs(prepared.encoding)
    reason = prepared.reason
    if logprob is not None:
        finite = np.isfinite(logprob)
        tokens.logprob[: prepared.n_scored] = np.where(finite, logprob, np.nan)
        if reason is None and not finite.all():
            reason = UnscoredReason.NON_FINITE
    n_straddling = assign_tokens(item.trace.response, item.spans, tokens).n_straddling
    return RoleResult(item.trace_no, tokens, n_straddling, reason)


def _read_config(files: ModelFiles, trust_remote_code: bool) -> Any:
    from transformers import AutoConfig

    arguments: dict[str, Any] = {} if files.gguf is None else {"gguf_file": files.gguf}
    if files.gguf is not None:
        _require_gguf()
    try:
        config = AutoConfig.from_pretrained(
            str(files.folder), trust_remote_code=trust_remote_code, local_files_only=True, **arguments
        )
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            "the configuration of this model cannot be used",
            where=files.name,
            got=str(error).strip().splitlines()[0],
            hint="A model that needs its own code is refused unless `--trust-remote-code` is given.",
        ) from error
    return config.get_text_config()


def _require_gguf() -> None:
    from importlib.util import find_spec

    missing = [name for name in ("gguf", "accelerate") if find_spec(name) is None]
    if missing:
        raise MissingPackageError(
            "GGUF files need packages that are not installed",
            expected="gguf and accelerate",
            got=f"no {' and no '.join(missing)}",
            hint=f"Run `pip install {' '.join(missing)}`.",
        )


def _count_parameters(files: ModelFiles) -> int:
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
        header: dict[str, Any] = json.loads(stream.read(length))
    return header


def _load_model(files: ModelFiles, options: TransformersOptions) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    arguments: dict[str, Any] = {"use_safetensors": True} if files.gguf is None else {"gguf_file": files.gguf}
    try:
        model: Any = AutoModelForCausalLM.from_pretrained(
            str(files.folder),
            dtype=getattr(torch, options.dtype),
            trust_remote_code=options.trust_remote_code,
            local_files_only=True,
            **arguments,
        )
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            "the model cannot be loaded", where=files.name, got=str(error).strip().splitlines()[0]
        ) from error
    model.requires_grad_(False)
    model.train(False)
    return model.to(options.device)


def resolve_device(device: str) -> str:
    """`auto` takes CUDA when there is one.

    Raises:
        ModelError: CUDA was asked for and there is none.
    """
    import torch

    available = torch.cuda.is_available()
    if device == "auto":
        return "cuda" if available else "cpu"
    if device.startswith("cuda") and not available:
        raise ModelError(
            "there is no CUDA device",
            where=f"--device {device}",
            expected="an NVIDIA GPU and a CUDA build of torch",
            got=f"torch {torch.__version__}",
            hint="Score with `--device cpu`.",
        )
    return device


def resolve_dtype(dtype: str, device: str) -> str:
    """`auto` is bfloat16 on CUDA, and float32 on CPU, where small models are exact at no cost."""
    if dtype != "auto":
        return dtype
    return "bfloat16" if device.startswith("cuda") else "float32"


def split_batches(backend: Backend, items: Sequence[ScoringItem], done: set[int]) -> Iterator[list[ScoringItem]]:
    """The batches of a window that are not stored yet. A batch was committed as one, so its first trace decides."""
    for positions in backend.batches(items):
        batch = [items[position] for position in positions]
        if batch[0].trace_no not in done:
            yield batch
