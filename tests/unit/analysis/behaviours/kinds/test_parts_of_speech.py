"""Tags of a template's words."""

from __future__ import annotations

import pytest

from rdpt_core.analysis.behaviours.kinds.parts_of_speech import parts_of_speech


@pytest.mark.parametrize(
    ("template", "tags"),
    [
        ("the answer is #.", ("DT", "NN", "VBZ", "CD")),
        ("@ has # apples.", ("NNP", "VBZ", "CD", "NNS")),
        ("# + # = #.", ("CD", "SYM", "CD", "SYM", "CD")),
        ("so ∑ is #", ("RB", "NN", "VBZ", "CD")),
        ("", ()),
        ("... !?", ()),
    ],
)
def test_masks_are_tagged_as_what_they_stand_for(template: str, tags: tuple[str, ...]) -> None:
    assert parts_of_speech(template) == tags


def test_every_word_has_one_tag_whatever_the_text() -> None:
    assert len(parts_of_speech("that isn't right, we don't know")) == 8
    for hostile in ("a/b/c &slash; x", "|", "x\x00y", "等等 答案", "<script>", "a'b''c", "word " * 500):
        assert all(isinstance(tag, str) and tag for tag in parts_of_speech(hostile))
