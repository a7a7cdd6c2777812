"""What is given to chat templates role by role, beside the models."""

from __future__ import annotations

import pytest

from rdpt_core.api.models import with_templates
from rdpt_core.config import ModelSet
from rdpt_core.errors import UsageError
from rdpt_core.records import ModelReference, Role, TemplateSettings

IN_FILE = TemplateSettings("chat", {"thinking": False, "effort": "low"})
MODELS = ModelSet({Role.TEACHER: ModelReference("a", template=IN_FILE), Role.STUDENT: ModelReference("b")})


def test_what_is_given_replaces_what_the_triple_says_by_name() -> None:
    models = with_templates(MODELS, {"student": "tool_use"}, {"teacher": {"thinking": True}})
    assert models.references[Role.TEACHER].template == TemplateSettings("chat", {"thinking": True, "effort": "low"})
    assert models.references[Role.STUDENT].template == TemplateSettings("tool_use")
    assert with_templates(MODELS, {}, {}) == MODELS


@pytest.mark.parametrize(
    ("names", "arguments", "said"),
    [
        ({"distilled": "x"}, {}, "not scored: --template-name.*got distilled"),
        ({}, {"tutor": {"x": 1}}, "not scored: --template-arguments.*got tutor"),
        ({}, {"teacher": "x=1"}, "are given by name"),
        ({}, {"teacher": {"messages": []}}, "no argument of this name: --template-arguments teacher"),
        ({}, {"teacher": {"x": "\udcff"}}, "cannot be given this value"),
        ({}, {"teacher": {"x": {1, 2}}}, "cannot be given this value: --template-arguments teacher x"),
    ],
)
def test_what_cannot_be_given_is_refused(names: dict, arguments: dict, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        with_templates(MODELS, names, arguments)
