"""What can be read of a vocabulary is read the same whatever is installed; what cannot is said in one line."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from tokenizers import AddedToken

from rdpt_core.errors import MissingPackageError, ModelError
from rdpt_core.scoring.models import tokenizer_files
from rdpt_core.scoring.models.references import resolve_tokenizer
from rdpt_core.scoring.models.tokenization import RoleTokenizer, load_tokenizer
from rdpt_core.scoring.models.tokenizer_files import check_vocabulary
from tests.support.tiny_models import save_tokenizer, split_tokenizer

WORDS = r" ?[A-Za-z]+|[0-9]| ?[^\sA-Za-z0-9]+|\s+"
PIECES = [bytes([byte]) for byte in range(256)] + [b"he", b"hel", b"lo", b"hello", b" w", b"12", b" wo"]


def load(folder: Path) -> RoleTokenizer:
    return load_tokenizer(resolve_tokenizer(str(folder)))


def save_tekken(folder: Path, **fields: object) -> Path:
    """A vocabulary as Mistral writes it, beside nothing else."""
    folder.mkdir()
    vocabulary = [
        {"rank": rank, "token_bytes": base64.b64encode(piece).decode(), "token_str": None}
        for rank, piece in enumerate(PIECES)
    ]
    names = ["<unk>", "<s>", "</s>", "[INST]", "[/INST]"]
    sizes = {"pattern": WORDS, "default_vocab_size": len(PIECES) + len(names), "default_num_special_tokens": len(names)}
    special = [{"rank": rank, "token_str": name, "is_control": True} for rank, name in enumerate(names)]
    tekken = {"config": sizes, "vocab": vocabulary, "special_tokens": special, **fields}
    (folder / "tekken.json").write_text(json.dumps({name: value for name, value in tekken.items() if value}))
    (folder / "config.json").write_text(json.dumps({"model_type": "mistral"}))
    return folder


def test_a_tekken_vocabulary_is_read_without_other_packages(tmp_path: Path) -> None:
    loaded = load(save_tekken(tmp_path / "tekken"))
    encoding = loaded.encode_response("hello w12é")
    assert encoding is not None
    # Five special tokens come first. The pattern takes single digits, so that the token of both is not met.
    assert encoding.token_id.tolist() == [5 + PIECES.index(piece) for piece in (b"hello", b" w", b"1", b"2")] + [
        5 + byte for byte in "é".encode()
    ]
    assert list(zip(encoding.char_start.tolist(), encoding.char_end.tolist(), strict=True)) == [
        *((0, 5), (5, 7), (7, 8), (8, 9)),
        *((9, 10), (9, 10)),
    ]
    # Mistral's own format has a BOS before every prompt.
    assert [loaded.token_text(number) for number in loaded.encode_prompt("hello", add_bos=True)] == ["<s>", "hello"]


def test_an_old_tekken_vocabulary_needs_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenizer_files, "find_spec", lambda _: None)
    with pytest.raises(MissingPackageError, match="tekken.json; expected mistral-common.*pip install mistral-common"):
        load(save_tekken(tmp_path / "old", special_tokens=None))


def test_a_sentencepiece_vocabulary_needs_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenizer_files, "find_spec", lambda _: None)
    (tmp_path / "tokenizer.model").write_bytes(b"\n\x0e\n\x05<unk>\x15\x00\x00\x00\x00\x18\x02")
    with pytest.raises(MissingPackageError, match="tokenizer.model; expected sentencepiece"):
        load(tmp_path)
    monkeypatch.undo()
    monkeypatch.setattr(tokenizer_files, "find_spec", lambda _: "installed")
    check_vocabulary(tmp_path)


@pytest.mark.parametrize("name", ["tiktoken.model", "tokenizer.model"])
def test_a_vocabulary_that_leaves_open_where_words_end_is_refused(tmp_path: Path, name: str) -> None:
    lines = [f"{base64.b64encode(piece).decode()} {rank}\n" for rank, piece in enumerate(PIECES)]
    (tmp_path / name).write_text("".join(lines))
    with pytest.raises(ModelError, match=f"where a text is cut into words.*{name}; expected a tokenizer.json beside"):
        load(tmp_path)
    split_tokenizer().save(str(tmp_path / "tokenizer.json"))
    assert load(tmp_path).vocabulary_size == split_tokenizer().get_vocab_size()


def test_a_tokenizer_json_stands_in_for_code_of_the_model(tmp_path: Path) -> None:
    settings = {"tokenizer_class": "OwnTokenizer", "auto_map": {"AutoTokenizer": ["own.OwnTokenizer", None]}}
    folder = save_tokenizer(tmp_path / "m", split_tokenizer(), "of_its_own", add_bos_token=True, **settings)
    (folder / "own.py").write_text("raise RuntimeError")
    loaded = load(folder)
    assert loaded.encode_prompt("So 123", add_bos=True) == [0, *split_tokenizer().encode("So 123").ids]
    (folder / "tokenizer.json").rename(folder / "vocab.json")
    with pytest.raises(ModelError, match="own code is refused unless"):
        load(folder)


def test_tokens_that_only_the_settings_add_are_kept(tmp_path: Path) -> None:
    own = split_tokenizer()
    n = own.get_vocab_size()
    added = {str(n): {"content": "<extra>", "special": True}, "2": {"content": "<|user|>", "special": True}}
    folder = save_tokenizer(
        tmp_path / "m", own, "qwen2", tokenizer_class="PreTrainedTokenizerFast", added_tokens_decoder=added
    )
    loaded = load(folder)
    assert loaded.encode_prompt("a<extra><|user|>", add_bos=False)[1:] == [n, 2]
    own.add_tokens([AddedToken("<extra>", special=True)])
    assert loaded.vocabulary_size == own.get_vocab_size()


def test_limits_that_a_training_run_left_cut_and_fill_nothing(tmp_path: Path) -> None:
    own = split_tokenizer()
    own.enable_truncation(4)
    own.enable_padding(length=8, pad_id=1, pad_token="</s>")
    loaded = load(save_tokenizer(tmp_path / "m", own))
    assert len(loaded.encode_prompt("1 2 3 4 5 6", add_bos=False)) == 11
    assert len(loaded.encode_prompt("a", add_bos=False)) == 1
