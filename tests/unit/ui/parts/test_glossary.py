"""Every term is explained, once."""

from __future__ import annotations

import re

import pytest

from rdpt_core.records import Label
from rdpt_core.ui.parts import glossary


def test_every_term_is_explained_once() -> None:
    names = [name for section in glossary.SECTIONS.values() for name in section]
    assert len(names) == len(set(names)) == len(glossary.TERMS)
    assert {str(label) for label in Label} <= set(names)
    for name in names:
        text = glossary.entry(name)
        assert text.startswith(f"**{name}**: ")
        assert text.count("$") % 2 == 0
        assert re.search(r"<\w", text) is None


def test_an_unknown_term_is_an_error_of_the_page() -> None:
    with pytest.raises(KeyError):
        glossary.explain("no such term")
