"""One role's tokenizer: prompts as in generation, responses with exact character offsets.

Prompt and response are tokenised apart and their ids joined. The response must reach the model as the characters that
it has, so everything that would change them is switched off for it: the space that some tokenizers put before a
text, Unicode normalisation in tokenizers that could also spell the original bytes, special tokens at the seam, and the
trimming of offsets.

Where a model has a tokenizer.json, its tokens are cut as that file says. transformers 5 builds some tokenizers from
their class instead and drops what the file says, while its versions before, and other engines, load the file: it is
what the model was trained with.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from rdpt_core.arrays import SmallInts
from rdpt_core.errors import ModelError
from rdpt_core.records import DEFAULT_TEMPLATE, TemplateSettings
from rdpt_core.scoring.models.configuration import check_settings, load_config
from rdpt_core.scoring.models.prompts.chat_template import ChatTemplate
from rdpt_core.scoring.models.references import ModelFiles
from rdpt_core.scoring.models.settings import check_texts, foreign
from rdpt_core.scoring.models.tokenizer_files import (
    Difference,
    check_vocabulary,
    declared_bos,
    first_difference,
    read_tokenizer_json,
    replaces_code,
)
from rdpt_core.scoring.models.weights import read_tensors

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerBase

_NO_LIMIT = 10**30
_NORMALIZATION = ("NFC", "NFD", "NFKC", "NFKD", "Strip", "StripAccents", "Lowercase")


@dataclass(frozen=True, slots=True)
class Encoding:
    """Tokens of a response. Shapes: every array is (n_tokens,); offsets are code points, half-open."""

    token_id: SmallInts
    char_start: SmallInts
    char_end: SmallInts

    def __len__(self) -> int:
        return len(self.token_id)


class RoleTokenizer:
    """The tokenizer of one model.

    Attributes:
        name: the model as the user named it, for messages.
        hash: of everything that decides how a response is cut; equal hashes mean equal tokens.
        vocabulary_size: tokens that it knows, added ones included.
        template: which chat template renders, and with what.
    """

    def __init__(
        self,
        name: str,
        tokenizer: PreTrainedTokenizerBase,
        template: TemplateSettings = DEFAULT_TEMPLATE,
        *,
        own: Tokenizer | None = None,
        declared_bos: str | None = None,
    ) -> None:
        from tokenizers import Tokenizer

        self.name = name
        self.template = template
        self._tokenizer = tokenizer
        self._own = own
        backend: Tokenizer | None = getattr(tokenizer, "backend_tokenizer", None) if own is None else own
        if backend is None:
            raise ModelError(
                "this model has no fast tokenizer, so its tokens have no character offsets",
                where=name,
                expected="a tokenizer.json, or files that convert to one",
            )
        self._backend = backend
        if backend.get_vocab_size(with_added_tokens=False) == 0:
            raise ModelError("the tokenizer of this model is empty", where=name, expected="a vocabulary")
        self.vocabulary_size = backend.get_vocab_size(with_added_tokens=True)
        self._declared_bos = declared_bos
        state = verbatim(json.loads(backend.to_str()))
        text = json.dumps(state, sort_keys=True, ensure_ascii=False)
        self.hash = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        self._response_tokenizer: Tokenizer = Tokenizer.from_str(text)
        self._response_tokenizer.encode_special_tokens = False

    def lent_to(self, name: str, template: TemplateSettings) -> RoleTokenizer:
        """The same tokenizer for another model that has it, with that one's settings of the template."""
        other = copy.copy(self)
        other.name, other.template = name, template
        other.__dict__.pop("chat_template", None)
        return other

    def prompt_hash(self) -> str:
        """Of everything that decides the tokens of a prompt: the chat template's source and the special tokens that it
        may name, the tokenizer as it is, and whether a BOS comes first."""
        tokenizer = self._tokenizer
        parts = [
            json.loads(self._backend.to_str()),
            tokenizer.chat_template,
            tokenizer.special_tokens_map,
            self._bos_id,
        ]
        text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    @cached_property
    def chat_template(self) -> ChatTemplate | None:
        """How the model sees a conversation; None for a base model without one.

        Raises:
            ModelError: it has none of the name that was chosen, or several and none was chosen. Runs that render no
                template never ask.
        """
        given: Any = getattr(self._tokenizer, "chat_template", None)
        if not given and self.template.name is None:
            return None
        templates = given if isinstance(given, dict) else {"default": given}
        source = templates.get(self.template.name or "default")
        if not isinstance(source, str):
            names = " or ".join(sorted(str(name) for name in templates if templates[name])[:8])
            several = "several, of which none is `default`" if isinstance(given, dict) else type(given).__name__
            raise ModelError(
                "this model has no chat template of that name" if self.template.name else "no chat template is chosen",
                where=self.name,
                expected=names or "a model with a chat template",
                got=self.template.name or several,
                hint='Name one: template_name = "…" in the triple, or --template-name ROLE:NAME.',
            )
        return ChatTemplate(self.name, source, self._tokenizer.special_tokens_map, self.template.arguments)

    def encode_prompt(self, text: str, *, add_bos: bool) -> list[int]:
        """Token ids of a prompt. `add_bos` puts the model's BOS first, once, if the model uses one."""
        ids: list[int] = self._backend.encode(text, add_special_tokens=False).ids
        bos = self._bos_id if add_bos else None
        return ids if bos is None or ids[:1] == [bos] else [bos, *ids]

    @cached_property
    def _bos_id(self) -> int | None:
        """The BOS, if the model uses one: its tokenizer puts it first, or says that it is to be put first.

        transformers 5 no longer reads `add_bos_token` where there is a tokenizer.json, and DeepSeek's files say it
        nowhere else.
        """
        name = self._tokenizer.bos_token if self._puts_bos_first() else self._declared_bos
        return None if name is None else self._backend.token_to_id(name)

    def _puts_bos_first(self) -> bool:
        with_special: list[int] = self._tokenizer("a")["input_ids"]
        return with_special[:1] == [self._tokenizer.bos_token_id]

    def decode_response(self, token_ids: list[int], after: int) -> str:
        """The text of tokens that a model wrote behind the token `after`, with special tokens spelled out.

        Some tokenizers drop a space at the beginning of a text, and a response's beginning is not that of its text.
        """
        before: str = self._backend.decode([after], skip_special_tokens=False)
        text: str = self._backend.decode([after, *token_ids], skip_special_tokens=False)
        if text.startswith(before):
            return text[len(before) :]
        alone: str = self._backend.decode(token_ids, skip_special_tokens=False)
        return alone

    def token_text(self, token_id: int) -> str | None:
        """A token as the vocabulary writes it; None if there is none of this number."""
        text: str | None = self._backend.id_to_token(token_id)
        return text

    def token_texts(self) -> dict[int, str]:
        """Every token as the vocabulary writes it, by id."""
        return {number: text for text, number in self._backend.get_vocab(with_added_tokens=True).items()}

    def difference_from_transformers(self, texts: Iterable[str]) -> Difference | None:
        """The first place in these texts that the library alone would cut into other tokens; None if there is none."""
        return None if self._own is None else first_difference(self._own, self._tokenizer, texts)

    def encode_response(self, text: str) -> Encoding | None:
        """Tokens of a response; None if the tokenizer drops some of its visible characters."""
        encoding = self._response_tokenizer.encode(text, add_special_tokens=False)
        offsets = np.array(encoding.offsets, dtype=np.int32).reshape(-1, 2)
        tokens = Encoding(np.array(encoding.ids, dtype=np.int32), offsets[:, 0].copy(), offsets[:, 1].copy())
        return tokens if _covers(text, tokens) else None


def _covers(text: str, encoding: Encoding) -> bool:
    """Whether every visible character lies in some token."""
    depth = np.zeros(len(text) + 1, dtype=np.int32)
    np.add.at(depth, encoding.char_start, 1)
    np.add.at(depth, encoding.char_end, -1)
    gaps = np.flatnonzero(np.cumsum(depth)[:-1] <= 0)
    return all(text[gap].isspace() for gap in gaps)


def verbatim(state: dict[str, Any]) -> dict[str, Any]:
    """A tokenizer's JSON state, changed so that it takes a text as it is and adds nothing to it."""
    spells_bytes = _spells_bytes(state)
    state["post_processor"] = None
    state["truncation"] = None
    state["padding"] = None
    state["normalizer"] = _verbatim_normalizer(state.get("normalizer"), spells_bytes)
    _no_prefix_space(state.get("pre_tokenizer"))
    return state


def _spells_bytes(state: dict[str, Any]) -> bool:
    """Whether any character can be written as bytes, so that no normalisation is needed to avoid unknown tokens."""
    pre_tokenizer = json.dumps(state.get("pre_tokenizer"))
    return '"ByteLevel"' in pre_tokenizer or bool(state.get("model", {}).get("byte_fallback"))


def _verbatim_normalizer(normalizer: dict[str, Any] | None, spells_bytes: bool) -> dict[str, Any] | None:
    if normalizer is None:
        return None
    if normalizer["type"] == "Sequence":
        kept = [
            step
            for step in (_verbatim_normalizer(step, spells_bytes) for step in normalizer["normalizers"])
            if step is not None
        ]
        return {"type": "Sequence", "normalizers": kept} if kept else None
    if normalizer["type"] == "Prepend" or (spells_bytes and normalizer["type"] in _NORMALIZATION):
        return None
    return normalizer


def _no_prefix_space(pre_tokenizer: dict[str, Any] | None) -> None:
    if pre_tokenizer is None:
        return
    for step in pre_tokenizer.get("pretokenizers", []):
        _no_prefix_space(step)
    if pre_tokenizer["type"] == "Metaspace":
        pre_tokenizer["prepend_scheme"] = "never"
    if pre_tokenizer["type"] == "ByteLevel":
        pre_tokenizer["add_prefix_space"] = False


def load_tokenizer(
    files: ModelFiles, template: TemplateSettings = DEFAULT_TEMPLATE, *, trust_remote_code: bool = False
) -> RoleTokenizer:
    """The tokenizer of a resolved model, which renders its chat template as `template` says.

    Raises:
        ModelError: the files cannot be read, or give a tokenizer without vocabulary or offsets.
        MissingPackageError: what reads them is not installed.
    """
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    files = files.of_tokenizer()
    arguments: dict[str, Any] = {} if files.gguf is None else {"gguf_file": files.gguf}

    # The library reads it to choose a tokenizer.
    has_config = files.gguf is None and (files.folder / "config.json").is_file()
    if has_config:
        check_settings(files.folder, {})

    def diagnosis() -> None:
        if files.gguf is not None:
            read_tensors(files)
            return
        check_texts(files.folder)
        if has_config:
            load_config(files, trust_remote_code)

    with foreign("the tokenizer cannot be loaded", files.name, diagnosis=diagnosis):
        if files.gguf is None:
            check_vocabulary(files.folder)
        if files.gguf is None and not trust_remote_code and replaces_code(files.folder):
            tokenizer = PreTrainedTokenizerFast.from_pretrained(str(files.folder), local_files_only=True)
        else:
            tokenizer = AutoTokenizer.from_pretrained(
                str(files.folder),
                trust_remote_code=trust_remote_code,
                local_files_only=True,
                mistral_format=False,  # Which packages are installed changes no token.
                **arguments,
            )
        # Whether a text fits the model is decided here, with the model's own limit.
        tokenizer.model_max_length = _NO_LIMIT
        is_folder = files.gguf is None
        loaded = RoleTokenizer(
            files.name,
            tokenizer,
            template,
            own=read_tokenizer_json(files.folder, tokenizer) if is_folder else None,
            declared_bos=declared_bos(files.folder, tokenizer) if is_folder else None,
        )
        # What cannot be used shows with the first text.
        loaded.encode_prompt("a", add_bos=True)
        loaded.encode_response("a")
    return loaded
