"""A model's folder may hold anything: whatever is damaged in it, there is one clear line, or the numbers are right."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM

from rdpt_core.config import ModelSet
from rdpt_core.errors import ModelError, RdptError
from rdpt_core.records import Message, ModelReference, Role, TemplatePolicy, TooLong, Trace
from rdpt_core.scoring.backends.base import PreparedTrace, Prompting, ScoringItem, prepare_traces
from rdpt_core.scoring.backends.factory import make_backend
from rdpt_core.scoring.models.references import resolve
from rdpt_core.scoring.models.tokenization import load_tokenizer
from rdpt_core.scoring.request import ScoreRequest
from rdpt_core.traces import get_splitter
from tests.support.tiny_models import save_model

Result = TypeVar("Result")
RESPONSE = "Okay, we start with 2.\n\nSo 2 + 1 = 3!"
TRACE = Trace("t", "q", RESPONSE, messages=(Message("user", "What is 2 + 1?"),))
ITEM = ScoringItem(0, TRACE, get_splitter().split(RESPONSE))

OF_TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja")
OF_MODEL = ("config.json", "generation_config.json")
ODD: list[Any] = [
    *(None, True, -1, 0, 1, 7, 10**12, 2**70, 0.5, float("nan"), float("inf"), -1e308),
    *("many", "", "../../etc", [], [[]], {}, [1, "a"], {"a": {"b": [None]}}),
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = save_model(tmp_path_factory.mktemp("model") / "whole", model_type="qwen2")
    # Older folders have these apart, too.
    (folder / "special_tokens_map.json").write_text(json.dumps({"bos_token": "<s>", "eos_token": "</s>"}))
    return folder


def tokenised(folder: Path) -> PreparedTrace:
    """A trace as the tokenizer and the template of a folder have it."""
    tokenizer = load_tokenizer(resolve(ModelReference(str(folder))))
    (prepared,) = prepare_traces([ITEM], tokenizer, None, Prompting(TemplatePolicy.OWN, TooLong.PREFIX), None)
    return prepared


def scored(folder: Path) -> tuple[PreparedTrace, np.ndarray]:
    """A trace and its logprobs, through everything that `score` does with a folder."""
    reference = ModelReference(str(folder))
    request = ScoreRequest(models=ModelSet({Role.TEACHER: reference, Role.STUDENT: reference}), device="cpu")
    files = resolve(reference)
    backend = make_backend(request, Role.TEACHER, files, {Role.TEACHER: load_tokenizer(files)})
    backend.load()
    ((prepared,),) = batches = backend.prepare([ITEM])
    ((result,),) = backend.score(batches)
    backend.close()
    return prepared, result.tokens.logprob


def unless_refused(act: Callable[[Path], Result], folder: Path) -> Result | None:
    """What comes of it, or None if there was one clear line; any other error is the test's."""
    try:
        return act(folder)
    except RdptError as error:
        assert len(str(error)) < 1500
        return None


def check_tokens(folder: Path) -> None:
    if (prepared := unless_refused(tokenised, folder)) is not None:
        encoding = prepared.encoding
        assert (np.diff(encoding.char_start) >= 0).all() and (encoding.char_end <= len(RESPONSE)).all()


def check_numbers(folder: Path) -> None:
    """Right is what the library computes of this very folder."""
    result = unless_refused(scored, folder)
    if result is None:
        return
    prepared, logprobs = result
    n = prepared.n_scored
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    ids = torch.tensor([[*prepared.prompt, *prepared.encoding.token_id.tolist()]])
    with torch.no_grad():
        rows = model(ids).logits[0, len(prepared.prompt) - 1 : -1].log_softmax(-1)
    expected = rows.gather(-1, ids[0, len(prepared.prompt) :, None])[:n, 0].numpy()
    assert np.allclose(logprobs[:n], np.where(np.isfinite(expected), expected, np.nan), atol=1e-3, equal_nan=True)


def places(value: Any, depth: int = 0) -> Iterator[tuple[Any, Any]]:
    """Fields of the objects and first items of the lists in a JSON value: container and key."""
    items = value.items() if isinstance(value, dict) else enumerate(value[:3]) if isinstance(value, list) else ()
    for key, inner in list(items)[:60]:
        yield value, key
        if depth < 3:
            yield from places(inner, depth + 1)


def bounded(n_examples: int) -> Any:
    return settings(
        max_examples=n_examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )


def damaged(data: st.DataObject, content: bytes) -> bytes:
    """A field of JSON, or some bytes, are others, or the end is cut off."""
    kinds = ["field", "bytes", "cut"] if content.startswith(b"{") and content[1:2] != b"{" else ["bytes", "cut"]
    kind = data.draw(st.sampled_from(kinds))
    if kind == "field":
        value = json.loads(content)
        container, key = data.draw(st.sampled_from(list(places(value))))
        container[key] = data.draw(st.sampled_from(ODD))
        content = json.dumps(value).encode()
    elif kind == "bytes":
        others = bytearray(content)
        for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=3)):
            others[place] = data.draw(st.integers(0, 255))
        content = bytes(others)
    else:
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    return content


@bounded(12)
@given(data=st.data())
@pytest.mark.parametrize("name", OF_TOKENIZER)
def test_damage_to_a_tokenizer(whole: Path, tmp_path: Path, name: str, data: st.DataObject) -> None:
    folder = Path(shutil.copytree(whole, tmp_path / "m", dirs_exist_ok=True))
    (folder / name).write_bytes(damaged(data, (whole / name).read_bytes()))
    check_tokens(folder)


@bounded(5)
@given(data=st.data())
@pytest.mark.parametrize("name", OF_MODEL)
def test_damage_to_the_settings_of_a_model(whole: Path, tmp_path: Path, name: str, data: st.DataObject) -> None:
    folder = Path(shutil.copytree(whole, tmp_path / "m", dirs_exist_ok=True))
    (folder / name).write_bytes(damaged(data, (whole / name).read_bytes()))
    check_numbers(folder)


@bounded(12)
@given(data=st.data())
def test_damage_to_the_header_of_weights(whole: Path, tmp_path: Path, data: st.DataObject) -> None:
    folder = Path(shutil.copytree(whole, tmp_path / "m", dirs_exist_ok=True))
    content = (whole / "model.safetensors").read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    header = damaged(data, content[8:end])
    assume(header != content[8:end])
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + content[end:])
    check_numbers(folder)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"])
def test_a_file_that_cannot_be_read_is_named(whole: Path, tmp_path: Path, name: str) -> None:
    """Libraries seldom say which file they stumbled over."""
    folder = Path(shutil.copytree(whole, tmp_path / "m"))
    (folder / name).write_text("[" * 100_000)
    with pytest.raises(ModelError, match=f"{name} of this model cannot be read: .*; got JSON that is nested too deep"):
        tokenised(folder)
    (folder / name).write_text('{"a": ')
    with pytest.raises(ModelError, match=f"{name} of this model cannot be read"):
        tokenised(folder)


def test_a_setting_of_the_wrong_type_is_told_of_the_configuration(whole: Path, tmp_path: Path) -> None:
    """The tokenizer is loaded first, and the library reads the configuration to choose one."""
    folder = Path(shutil.copytree(whole, tmp_path / "m"))
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "vocab_size": "many"}))
    with pytest.raises(ModelError, match="the configuration of this model .* Field 'vocab_size' expected int, got str"):
        tokenised(folder)


@pytest.mark.parametrize("name", ["num_hidden_layers", "vocab_size"])
def test_a_size_beyond_reason_is_refused_before_anything_counts_to_it(whole: Path, tmp_path: Path, name: str) -> None:
    folder = Path(shutil.copytree(whole, tmp_path / "m"))
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), name: 10**10}))
    with pytest.raises(ModelError, match=f"`{name}` is the number 10000000000"):
        tokenised(folder)


def test_a_template_that_is_no_text_is_named(whole: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(whole, tmp_path / "m"))
    (folder / "chat_template.jinja").write_bytes(b"\xff{{ messages }}")
    with pytest.raises(ModelError, match="the chat template of this model cannot be read: .*chat_template.jinja"):
        tokenised(folder)


@pytest.mark.parametrize(
    ("start", "policy", "is_told"),
    [
        ("", TemplatePolicy.OWN, False),
        ("{{ strftime_now('%Y') }}", TemplatePolicy.OWN, True),
        ("{{ strftime_now('%Y') }}", TemplatePolicy.RAW, False),
        ("{{ '' if true else '<|START_THINKING|>' }}", TemplatePolicy.OWN, True),
        ("{{ '' if true else '<think>' }}", TemplatePolicy.OWN, False),
    ],
)
def test_how_an_earlier_version_rendered_a_template_otherwise_belongs_to_the_identity(
    tmp_path: Path, start: str, policy: TemplatePolicy, is_told: bool
) -> None:
    template = f"{start}{{% for m in messages %}}<|user|>{{{{ m.content }}}}{{% endfor %}}<|assistant|>"
    assert (prompt_hash(save_model(tmp_path / "dated", chat_template=template), policy) is not None) == is_told


def prompt_hash(folder: Path, policy: TemplatePolicy, distilled: Path | None = None) -> str | None:
    reference = ModelReference(str(folder))
    models = ModelSet({Role.TEACHER: reference, Role.STUDENT: reference})
    request = ScoreRequest(models=models, device="cpu", template_policy=policy)
    files = resolve(reference)
    tokenizers = {Role.TEACHER: load_tokenizer(files)}
    if distilled is not None:
        tokenizers[Role.DISTILLED] = load_tokenizer(resolve(ModelReference(str(distilled))))
    return make_backend(request, Role.TEACHER, files, tokenizers).prompt_hash


def test_a_bos_that_is_only_declared_belongs_to_the_identity(tmp_path: Path) -> None:
    folder = save_model(tmp_path / "m")
    author = save_model(tmp_path / "author", chat_template="{{ strftime_now('%Y') }}")
    dated = prompt_hash(folder, TemplatePolicy.DISTILLED, author)
    assert prompt_hash(folder, TemplatePolicy.RAW) is None
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "add_bos_token": True}))
    assert prompt_hash(folder, TemplatePolicy.RAW) is not None
    assert prompt_hash(folder, TemplatePolicy.DISTILLED, author) != dated
    assert prompt_hash(folder, TemplatePolicy.OWN) is None
    (folder / "chat_template.jinja").unlink()
    assert prompt_hash(folder, TemplatePolicy.OWN) is not None
