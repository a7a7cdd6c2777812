"""What the files of a tokenizer say themselves, beside what transformers makes of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rdpt_core.errors import MissingPackageError, ModelError
from rdpt_core.scoring.models.settings import read_settings

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerBase

TOKENIZER_JSON = "tokenizer.json"
_TEKKEN = "tekken.json"
_TEKKEN_BOS = "<s>"
_TIKTOKEN = "tiktoken.model"
TOKENIZER_SETTINGS = ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
_WHOLE = (TOKENIZER_JSON, "vocab.json", "vocab.txt", "spiece.model")
"""Files of which any one is enough."""


def read_tokenizer_json(folder: Path, loaded: PreTrainedTokenizerBase) -> Tokenizer | None:
    """The tokenizer that tokenizer.json describes, with the tokens that only the settings beside it add; None if there
    is no such file.

    Args:
        loaded: what the library made of the folder. It adds tokens of its class, too, which no model of the folder
            needs to know.
    """
    from tokenizers import Tokenizer

    path = folder / TOKENIZER_JSON
    if not path.is_file():
        return None
    own: Tokenizer = Tokenizer.from_file(str(path))
    wanted = _texts_of_settings(folder) - {token.content for token in own.get_added_tokens_decoder().values()}
    added = sorted(loaded.added_tokens_decoder.items())
    own.add_tokens([token for _, token in added if token.content in wanted])
    own.no_truncation()
    own.no_padding()
    return own


def replaces_code(folder: Path) -> bool:
    """Whether the tokenizer is code of the model's own, for which a tokenizer.json is there to stand in."""
    settings = folder / "tokenizer_config.json"
    return (folder / TOKENIZER_JSON).is_file() and settings.is_file() and "auto_map" in read_settings(settings)


def _texts_of_settings(folder: Path) -> set[str]:
    """Every name and text in the files that may name tokens."""
    texts: set[str] = set()
    waiting: list[Any] = [read_settings(folder / name) for name in TOKENIZER_SETTINGS if (folder / name).is_file()]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            texts.add(value)
        elif isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list):
            waiting += value
    return texts


def declared_bos(folder: Path, loaded: PreTrainedTokenizerBase) -> str | None:
    """The BOS with which prompts are said to begin: by `add_bos_token`, or by Mistral's own format, which always has
    one; None if nothing says so."""
    path = folder / "tokenizer_config.json"
    declared = read_settings(path).get("add_bos_token") if path.is_file() else None
    if declared is None and (folder / _TEKKEN).is_file() and not any((folder / name).is_file() for name in _WHOLE):
        return _TEKKEN_BOS
    return loaded.bos_token if declared is True else None


def check_vocabulary(folder: Path) -> None:
    """Refuse a folder whose only vocabulary cannot be read here, or leaves open where texts are cut.

    Raises:
        MissingPackageError: a package is needed that is not installed.
        ModelError: it has the format of tiktoken, whose rule for cutting a text into words is code.
    """
    if any((folder / name).is_file() for name in _WHOLE):
        return
    path = folder / _TEKKEN
    if path.is_file():
        if "special_tokens" not in read_settings(path):
            _require("mistral-common", path, "which knows the special tokens that this old file does not list")
        return
    path = folder / "tokenizer.model"
    if path.is_file() and not _is_tiktoken(path):
        _require("sentencepiece", path, "which reads this file")
        return
    raise ModelError(
        "this vocabulary does not say where a text is cut into words: for the format of tiktoken, that rule is code",
        where=str(path if path.is_file() else folder / _TIKTOKEN),
        expected=f"a {TOKENIZER_JSON} beside it, which holds the rule",
        got="none",
        hint=f"Take {TOKENIZER_JSON} from a converted copy of this model; other engines need it too.",
    )


def _require(package: str, path: Path, because: str) -> None:
    if find_spec(package.replace("-", "_")) is None:
        raise MissingPackageError(
            "this tokenizer needs a package that is not installed",
            where=str(path),
            expected=f"{package}, {because}",
            got=f"no {package}",
            hint=f"Run `pip install {package}`, or put the model's {TOKENIZER_JSON} into the folder.",
        )


def _is_tiktoken(path: Path) -> bool:
    """Whether a file has lines of a token in base64 and its rank. sentencepiece writes protocol buffers."""
    with path.open("rb") as stream:
        token, _, rank = stream.readline(200).strip().partition(b" ")
    return bool(token) and rank.isdigit()


@dataclass(frozen=True, slots=True)
class Difference:
    """A piece of a text that two tokenizers cut otherwise: tokenizer.json, and what the library made of it."""

    text: str
    ids: tuple[int, ...]
    transformers_ids: tuple[int, ...]


def first_difference(own: Tokenizer, loaded: PreTrainedTokenizerBase, texts: Iterable[str]) -> Difference | None:
    """The first piece of these texts that gets other ids, up to where both end a token at the same character."""
    for text in texts:
        encoding = own.encode(text, add_special_tokens=False)
        other = loaded(text, add_special_tokens=False, return_offsets_mapping=loaded.is_fast)
        ids, other_ids = encoding.ids, list(other["input_ids"])
        if ids != other_ids:
            if not loaded.is_fast:
                return Difference(text, tuple(ids), tuple(other_ids))
            spans, other_spans = encoding.offsets, list(other["offset_mapping"])
            begin, end, other_end = _differing(ids, spans, other_ids, other_spans)
            both = [*spans[begin:end], *other_spans[begin:other_end]]
            piece = text[min(start for start, _ in both) : max(stop for _, stop in both)]
            return Difference(piece, tuple(ids[begin:end]), tuple(other_ids[begin:other_end]))
    return None


def _differing(
    ids: list[int], spans: list[tuple[int, int]], other_ids: list[int], other_spans: list[tuple[int, int]]
) -> tuple[int, int, int]:
    """Where two lists of ids part, and where the tokens of each end at the same character again."""
    pairs = zip(ids, other_ids, strict=False)
    begin = next((place for place, (one, other) in enumerate(pairs) if one != other), min(len(ids), len(other_ids)))
    end = other_end = min(begin + 1, len(ids), len(other_ids))
    while end < len(ids) and other_end < len(other_ids):
        reached, other_reached = spans[end - 1][1], other_spans[other_end - 1][1]
        if reached == other_reached:
            break
        end, other_end = (end + 1, other_end) if reached < other_reached else (end, other_end + 1)
    else:
        end, other_end = len(ids), len(other_ids)
    return begin, end, other_end
