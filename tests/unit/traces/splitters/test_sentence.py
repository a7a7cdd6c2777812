"""The gallery: hard cases with the sentences that a reader would mark, and why. It pins the splitter's version.

The text of a case is its sentences joined, since they tile it. If a change of the splitter changes a case, the change
alters stored runs: raise `SentenceSplitter.version`, and with it the version in `gallery.json`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rdpt_core.traces.splitters.sentence import SentenceSplitter

GALLERY: dict[str, Any] = json.loads(Path(__file__).with_name("gallery.json").read_text("utf-8"))


@pytest.mark.parametrize("case", GALLERY["cases"], ids=lambda case: case["name"])
def test_hard_case(case: dict[str, Any]) -> None:
    text = "".join(case["sentences"])
    assert [text[start:end] for start, end in SentenceSplitter().split(text)] == case["sentences"], case["why"]


def test_the_gallery_is_of_this_version() -> None:
    assert SentenceSplitter().version == GALLERY["version"]


def test_the_gallery_explains_itself() -> None:
    names = [case["name"] for case in GALLERY["cases"]]
    assert len(names) == len(set(names)) >= 60
    assert all(case["why"].endswith(".") for case in GALLERY["cases"])
