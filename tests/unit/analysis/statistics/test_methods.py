"""What is said of statistics is said once: methods are whole sentences with sources, and pages only pass them on."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from rdpt_core.analysis.statistics import methods
from rdpt_core.analysis.statistics.methods import Method, cited
from rdpt_core.ui.parts import glossary

PAGES = Path(__file__).resolve().parents[4] / "rdpt_core" / "ui" / "pages"
METHODS = {name: value for name, value in vars(methods).items() if isinstance(value, Method)}
# How a number was made, and by whom: what a page would say of an interval, a test or an adjustment in its own words.
TECHNICAL = re.compile(
    r"bootstrap|resampl|redraw|percentiles|permut|shuffl|max-\|t\||Student's t\b|Clopper|Korn\b|Graubard|Kish|Newcombe|"
    r"MOVER|Efron|Hesterberg|Obuchowski|Wilson|Firth|Holm|clustered|cluster-robust|logit scale|"
    r"logistic regression|spline",
    re.IGNORECASE,
)
# What a page may say in words of its own, and why: nothing so far.
ALLOWED: dict[str, set[str]] = {}


def strings_of(path: Path) -> Iterator[str]:
    """Text constants that are not docstrings; what f-strings insert is not text."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def own_words(folder: Path) -> dict[str, set[str]]:
    """For each file, the technical words that stand in its own text."""
    found: dict[str, set[str]] = {}
    for path in sorted(folder.rglob("*.py")):
        for text in strings_of(path):
            match = TECHNICAL.search(text)
            # The names of terms are keys of the glossary, which explains them by methods.
            if match and text not in glossary.TERMS:
                found.setdefault(str(path.relative_to(folder)), set()).add(match.group().lower())
    return found


@pytest.mark.parametrize("name", METHODS)
def test_a_method_is_a_whole_sentence_with_a_dated_source(name: str) -> None:
    method = METHODS[name]
    assert method.sentence[0].isupper() and method.sentence.endswith(".") and method.name
    assert re.fullmatch(
        r"[\w–. ]+ (19|20)\d\d(; [\w–. ]+ (19|20)\d\d)*", method.source.replace(",", "").replace("-", "")
    )
    assert cited(method) == f"{method.sentence[:-1]} ({method.source})."


def test_methods_stand_in_the_order_of_their_names() -> None:
    assert list(METHODS) == sorted(METHODS)


def test_pages_describe_statistics_in_the_words_of_methods_only() -> None:
    assert own_words(PAGES) == ALLOWED


def test_own_words_are_seen_and_docstrings_and_inserts_are_not(tmp_path: Path) -> None:
    (tmp_path / "page.py").write_text(
        '"""Bootstrap."""\n\n\ndef draw():\n    """Resamples."""\n    say(f"{bootstrap} of {n}", "n", "bootstrap")\n'
        '    say("Intervals come from resampling questions.")\n',
        encoding="utf-8",
    )
    assert own_words(tmp_path) == {"page.py": {"resampl"}}
