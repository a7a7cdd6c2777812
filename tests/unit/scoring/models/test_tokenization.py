"""Responses reach the model as the characters that they have, with offsets that cover them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdpt_core.errors import ModelError
from rdpt_core.records import Message, ModelReference, TemplatePolicy, TemplateSettings, ToolCall, Trace, UnscoredReason
from rdpt_core.scoring.models.prompts.templates import (
    Rendering,
    Unrendered,
    lack,
    plain_rendering,
    render_prompts,
    template_name,
)
from rdpt_core.scoring.models.references import resolve, resolve_tokenizer
from rdpt_core.scoring.models.tokenization import RoleTokenizer, load_tokenizer
from tests.support.tiny_models import (
    byte_level_tokenizer,
    metaspace_tokenizer,
    save_model,
    save_tokenizer,
    split_tokenizer,
)


@pytest.fixture(scope="module")
def byte_level(tmp_path_factory: pytest.TempPathFactory) -> RoleTokenizer:
    folder = save_model(tmp_path_factory.mktemp("m") / "byte", tokenizer=byte_level_tokenizer())
    return load_tokenizer(resolve(ModelReference(str(folder))))


@pytest.fixture(scope="module")
def metaspace(tmp_path_factory: pytest.TempPathFactory) -> RoleTokenizer:
    folder = save_model(tmp_path_factory.mktemp("m") / "meta", tokenizer=metaspace_tokenizer(), chat_template=None)
    return load_tokenizer(resolve(ModelReference(str(folder))))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60))
def test_tokens_cover_and_keep_every_character(byte_level: RoleTokenizer, text: str) -> None:
    encoding = byte_level.encode_response(text)
    assert encoding is not None
    assert (np.diff(encoding.char_start) >= 0).all()
    assert byte_level._response_tokenizer.decode(encoding.token_id.tolist(), skip_special_tokens=False) == text


def test_decomposed_characters_are_not_normalised(byte_level: RoleTokenizer) -> None:
    # The fixture's tokenizer normalises to NFC, as Qwen's does; a response is scored as it was written.
    decomposed = byte_level.encode_response("e\u0301")
    composed = byte_level.encode_response("\u00e9")
    assert decomposed is not None and composed is not None
    assert decomposed.token_id.tolist() != composed.token_id.tolist()


@pytest.mark.parametrize("text", [" The answer is 12.", "The answer", "\n\n 7 + 5", "  two spaces", ""])
def test_what_a_model_wrote_is_spelled_as_it_stands_behind_its_prompt(
    byte_level: RoleTokenizer, metaspace: RoleTokenizer, text: str
) -> None:
    for tokenizer in (byte_level, metaspace):
        encoding = tokenizer.encode_response(text)
        assert encoding is not None
        after = tokenizer.encode_prompt("What?", add_bos=False)[-1]
        assert tokenizer.decode_response(encoding.token_id.tolist(), after) == text


def test_special_tokens_that_a_model_wrote_are_text(byte_level: RoleTokenizer) -> None:
    ids = byte_level.encode_prompt("<|user|>So 7 😀.<|assistant|>", add_bos=False)
    assert byte_level.decode_response(ids, ids[0]) == "<|user|>So 7 😀.<|assistant|>"


def test_no_space_is_put_before_a_response(metaspace: RoleTokenizer) -> None:
    with_space, without = metaspace.encode_response(" The answer"), metaspace.encode_response("The answer")
    assert with_space is not None and without is not None
    assert with_space.token_id.tolist() != without.token_id.tolist()
    assert without.char_start[0] == 0
    # In a prompt the model's own habit is kept.
    prompt = metaspace.encode_prompt("The answer", add_bos=False)
    assert prompt == with_space.token_id.tolist()


def test_pieces_of_one_character_share_it(byte_level: RoleTokenizer) -> None:
    encoding = byte_level.encode_response("a😀b")
    assert encoding is not None
    pairs = list(zip(encoding.char_start.tolist(), encoding.char_end.tolist(), strict=True))
    assert pairs == [(0, 1), (1, 2), (1, 2), (1, 2), (1, 2), (2, 3)]


def trace(response: str = "Yes.", **fields: object) -> Trace:
    return Trace("t", "q", response, **{"messages": (Message("user", "Is it?"),), **fields})


def rendered(policy: TemplatePolicy, one: Trace, own: RoleTokenizer, distilled: RoleTokenizer | None) -> Rendering:
    (rendering,) = render_prompts(policy, [one], own, distilled)
    assert isinstance(rendering, Rendering)
    return rendering


def test_own_template_and_one_bos(byte_level: RoleTokenizer) -> None:
    rendering = rendered(TemplatePolicy.OWN, trace(), byte_level, None)
    assert rendering.text == "<s><|user|>Is it?<|assistant|>"
    ids = byte_level.encode_prompt(rendering.text, add_bos=rendering.add_bos)
    assert ids.count(0) == 1 and ids[0] == 0


def test_a_base_model_falls_back_to_the_plain_rendering(metaspace: RoleTokenizer) -> None:
    assert template_name(TemplatePolicy.OWN, metaspace) == "plain"
    assert rendered(TemplatePolicy.OWN, trace(), metaspace, None).text == "Is it?\n\n"
    talk = trace(messages=(Message("system", "Be brief."), Message("user", "Is it?")))
    assert plain_rendering(talk) == "system: Be brief.\n\nuser: Is it?\n\nassistant: "
    called = Message("assistant", "", (ToolCall("look", '{"a": 1}'),))
    talk = trace(messages=(Message("user", "Is it?"), called, Message("tool", "Yes.", name="look")))
    expected = 'user: Is it?\n\nassistant: tool call: look {"a": 1}\n\ntool: Yes.\n\nassistant: '
    assert plain_rendering(talk) == expected


def test_distilled_policy_shows_every_role_the_same_text(byte_level: RoleTokenizer, metaspace: RoleTokenizer) -> None:
    rendering = rendered(TemplatePolicy.DISTILLED, trace(), metaspace, byte_level)
    assert rendering.text == "<s><|user|>Is it?<|assistant|>"


def test_raw_takes_the_prompt_as_it_is(byte_level: RoleTokenizer) -> None:
    assert rendered(TemplatePolicy.RAW, trace(prompt="  P<s>"), byte_level, None).text == "  P<s>"


def with_bos(folder: Path, **settings: object) -> RoleTokenizer:
    """A tokenizer whose tokenizer.json puts no BOS first, as DeepSeek's."""
    saved = save_tokenizer(folder, split_tokenizer(), **{"tokenizer_class": "PreTrainedTokenizerFast", **settings})
    return load_tokenizer(resolve_tokenizer(str(saved)))


def first_ids(
    policy: TemplatePolicy, own: RoleTokenizer, distilled: RoleTokenizer | None, **fields: object
) -> list[int]:
    rendering = rendered(policy, trace(**fields), own, distilled)
    return own.encode_prompt(rendering.text, add_bos=rendering.add_bos)[:2]


def test_a_bos_that_is_only_declared_is_put_first_once(tmp_path: Path, byte_level: RoleTokenizer) -> None:
    declared = with_bos(tmp_path / "declared", add_bos_token=True)
    for policy, distilled, prompt in (
        (TemplatePolicy.RAW, None, "Is it?"),
        (TemplatePolicy.RAW, None, "<s>Is it?"),
        (TemplatePolicy.DISTILLED, byte_level, None),
        (TemplatePolicy.OWN, None, None),
    ):
        first, second = first_ids(policy, declared, distilled, prompt=prompt)
        assert first == 0 and second != 0


@pytest.mark.parametrize(
    "settings", [{}, {"add_bos_token": False}, {"add_bos_token": True, "bos_token": None}, {"add_bos_token": "true"}]
)
def test_without_a_declaration_or_a_name_there_is_no_bos(tmp_path: Path, settings: dict[str, object]) -> None:
    undeclared = with_bos(tmp_path / "undeclared", **settings)
    assert 0 not in first_ids(TemplatePolicy.RAW, undeclared, None, prompt="Is it?")


def test_a_template_decides_itself_about_the_bos(tmp_path: Path) -> None:
    template = "{% for m in messages %}<|user|>{{ m.content }}{% endfor %}"
    declared = with_bos(tmp_path / "declared", add_bos_token=True, chat_template=template)
    assert 0 not in first_ids(TemplatePolicy.OWN, declared, None)


@pytest.mark.parametrize(
    ("model_type", "tokenizer_class"),
    [("qwen2", "PreTrainedTokenizerFast"), ("qwen2", "LlamaTokenizerFast"), ("llama", "GPT2Tokenizer")],
)
def test_tokens_are_those_of_tokenizer_json_whatever_class_is_named(
    tmp_path: Path, model_type: str, tokenizer_class: str
) -> None:
    own = split_tokenizer()
    folder = save_tokenizer(tmp_path / "m", own, model_type, tokenizer_class=tokenizer_class)
    loaded = load_tokenizer(resolve_tokenizer(str(folder)))
    for text in ("It is 123456.", "e\u0301 <|user|>\n\n  x", "A 1234 b"):
        encoding = loaded.encode_response(text)
        assert encoding is not None
        assert encoding.token_id.tolist() == loaded.encode_prompt(text, add_bos=False) == own.encode(text).ids


def test_what_the_library_would_cut_otherwise_is_known_by_an_example(tmp_path: Path) -> None:
    folder = save_tokenizer(tmp_path / "m", split_tokenizer(), "qwen2", tokenizer_class="PreTrainedTokenizerFast")
    loaded = load_tokenizer(resolve_tokenizer(str(folder)))
    assert loaded.difference_from_transformers(["Let me think."]) is None
    difference = loaded.difference_from_transformers(["Let me think.", "So 123456 it is."])
    assert difference is not None
    assert difference.text == "123"
    assert [loaded.token_text(number) for number in difference.ids] == ["123"]
    assert [loaded.token_text(number) for number in difference.transformers_ids] == ["1", "2", "3"]


def test_a_tokenizer_can_go_by_the_name_of_another_model(tmp_path: Path) -> None:
    first = with_bos(tmp_path / "first", chat_template="{{ messages[0].content }}")
    second = first.lent_to("second", TemplateSettings())
    assert first.chat_template is not None and second.chat_template is not None
    assert second.chat_template.model == second.name == "second" != first.chat_template.model
    assert second.hash == first.hash


@pytest.mark.parametrize("named", [False, True])
def test_a_trace_that_lacks_what_the_policy_needs_is_told_apart(
    byte_level: RoleTokenizer, metaspace: RoleTokenizer, named: bool
) -> None:
    own = byte_level if named else metaspace
    bare = trace(messages=(), prompt="P")
    first, lacking, last = render_prompts(TemplatePolicy.OWN, [trace(), bare, trace()], own, None)
    assert isinstance(first, Rendering) and first == last
    assert isinstance(lacking, Unrendered) and lacking.reason is UnscoredReason.NO_QUESTION
    assert "--template raw" in lacking.detail
    (lacking,) = render_prompts(TemplatePolicy.RAW, [trace()], own, None)
    assert isinstance(lacking, Unrendered) and lacking.reason is UnscoredReason.NO_PROMPT
    assert lack(TemplatePolicy.RAW, bare) is None


def test_several_templates_need_a_default(tmp_path: Path) -> None:
    folder = save_model(tmp_path / "named", chat_template=None)
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    named = [{"name": "tool_use", "template": "T"}, {"name": "rag", "template": "R"}]
    (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "chat_template": named}))
    tokenizer = load_tokenizer(resolve(ModelReference(str(folder))))
    with pytest.raises(ModelError, match="expected rag or tool_use; got several.*--template-name"):
        render_prompts(TemplatePolicy.OWN, [trace()], tokenizer, None)
    chosen = load_tokenizer(resolve(ModelReference(str(folder))), TemplateSettings("rag"))
    assert rendered(TemplatePolicy.OWN, trace(), chosen, None).text == "R"
    other = load_tokenizer(resolve(ModelReference(str(folder))), TemplateSettings("chat"))
    with pytest.raises(ModelError, match="no chat template of that name.*expected rag or tool_use; got chat"):
        render_prompts(TemplatePolicy.OWN, [trace()], other, None)
    assert rendered(TemplatePolicy.RAW, trace(prompt="P"), tokenizer, None).text == "P"
    named.append({"name": "default", "template": "{{ messages[0].content }}"})
    (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "chat_template": named}))
    tokenizer = load_tokenizer(resolve(ModelReference(str(folder))))
    assert rendered(TemplatePolicy.OWN, trace(), tokenizer, None).text == "Is it?"


@pytest.mark.parametrize(
    ("response", "ends_open"), [("Hm.</think>Yes.", True), ("<think>Hm.</think>Yes.", False), ("\n<think>\nHm.", False)]
)
def test_a_thinking_block_is_opened_once(tmp_path: Path, response: str, ends_open: bool) -> None:
    template = "{% for m in messages %}<|user|>{{ m.content }}{% endfor %}<|assistant|><think>\n"
    folder = save_model(tmp_path / "thinker", chat_template=template)
    tokenizer = load_tokenizer(resolve(ModelReference(str(folder))))
    text = rendered(TemplatePolicy.OWN, trace(response), tokenizer, None).text
    assert text.endswith("<think>") == ends_open
    assert (text + response).count("<think>") == 1


def test_a_template_that_prints_the_date_prints_the_same_one_every_day(tmp_path: Path) -> None:
    folder = save_model(
        tmp_path / "dated", chat_template="{% set now = strftime_now('%d %b %Y') %}{{ now }}: {{ messages[0].content }}"
    )
    tokenizer = load_tokenizer(resolve(ModelReference(str(folder))))
    assert rendered(TemplatePolicy.OWN, trace(), tokenizer, None).text == "01 Jan 2025: Is it?"
