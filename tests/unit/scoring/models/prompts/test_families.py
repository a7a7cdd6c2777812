"""Whose marks a model knows: the template outranks the vocabulary, and that the name."""

from __future__ import annotations

import pytest
from transformers import PreTrainedTokenizerFast

from rdpt_core.records import ModelReference
from rdpt_core.scoring.models.prompts.families import marks_of, own_marks
from rdpt_core.scoring.models.tokenization import RoleTokenizer
from rdpt_core.traces.thinking import SPELLINGS, Spelling
from tests.support.tiny_models import CHAT_TEMPLATE, SPECIAL, byte_level_tokenizer

CHANNELS = ["<|channel|>", "<|message|>"]


def found(template: str | None, special: list[str], name: str) -> tuple[str, str] | None:
    """The family of a model with this template and these tokens of its own, and what told it."""
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=byte_level_tokenizer(special=[*SPECIAL, *special]), bos_token="<s>", eos_token="</s>"
    )
    tokenizer.chat_template = template
    known = marks_of(RoleTokenizer(name, tokenizer), name)
    return None if known is None else (known.spelling.family, known.source)


def template_with(*tags: str) -> str:
    return CHAT_TEMPLATE + "".join(f"{{% if message.thinking %}}{tag}{{% endif %}}" for tag in tags)


@pytest.mark.parametrize("spelling", SPELLINGS, ids=lambda spelling: spelling.family)
def test_a_template_tells_every_family(spelling: Spelling) -> None:
    template = template_with(spelling.open, spelling.close)
    assert found(template, ["<think>", "</think>"], "org/qwen") == (spelling.family, "chat template")


@pytest.mark.parametrize(
    ("template", "special", "name", "family"),
    [
        # It speaks of another family's tag, but knows its own from end to end.
        (template_with("<think>", "<think>", "<think>", "[THINK]", "[/THINK]"), [], "m", ("mistral", "chat template")),
        (CHAT_TEMPLATE, ["[THINK]", "[/THINK]"], "org/qwen", ("mistral", "vocabulary")),
        (None, CHANNELS, "m", ("harmony", "vocabulary")),
        (CHAT_TEMPLATE, ["[THINK]"], "m", None),
        (CHAT_TEMPLATE, [], "openai/gpt-oss-20b", ("harmony", "name")),
        (CHAT_TEMPLATE, [], "/models/gpt-oss-20b/", ("harmony", "name")),
        (CHAT_TEMPLATE, [], "/data/qwen/teacher", None),
    ],
)
def test_what_tells_a_family(
    template: str | None, special: list[str], name: str, family: tuple[str, str] | None
) -> None:
    assert found(template, special, name) == family


def test_checkpoints_see_what_the_distilled_model_sees() -> None:
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=byte_level_tokenizer(), bos_token="<s>", eos_token="</s>")
    tokenizer.chat_template = template_with("[THINK]", "[/THINK]")
    seen = {
        role: own_marks(role, ModelReference("m"), RoleTokenizer("m", tokenizer))
        for role in ("teacher", "distilled", "teacher:code", "control:decoy", "checkpoint:400")
    }
    assert {role for role, marks in seen.items() if marks is None} == {"distilled", "checkpoint:400"}
