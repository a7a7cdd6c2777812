r"""Finding LaTeX in sentences, and trees that hold nothing but harmless MathML."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdpt_core.ui.components.reader.formulas import (
    MOST_DEPTH,
    MOST_NODES_OF_TRACE,
    formulas_in,
    formulas_payload,
    tree_of,
)


def sources_in(text: str) -> list[tuple[str, bool]]:
    return [(source, display) for _, _, source, display in formulas_in(text)]


@pytest.mark.parametrize(
    ("text", "want"),
    [
        (r"So \(x^2\) is \[ y \].", [("x^2", False), (" y ", True)]),
        ("Let $a+b$ be $$c$$.", [("a+b", False), ("c", True)]),
        (r"\begin{align*}a&=b\end{align*} done", [(r"\begin{align*}a&=b\end{align*}", True)]),
        (r"\begin{verbatim}$x$\end{verbatim}", [("x", False)]),
        ("It costs $5 and $6.", []),
        ("It costs $5, so $x$ is 5.", [("x", False)]),
        (r"A price of \$5 and $x$.", [("x", False)]),
        (r"$a \$ b$", [(r"a \$ b", False)]),
        ("`$a$` and ```\n$b$\n``` but $c$", [("c", False)]),
        (r"open \( and never closed", []),
        (r"$a$b$", [("a", False)]),
        ("", []),
    ],
)
def test_what_counts_as_a_formula(text: str, want: list[tuple[str, bool]]) -> None:
    assert sources_in(text) == want


@given(st.text(alphabet=r"$\()[]{}ab `" + "\n", max_size=60))
def test_places_are_in_order_and_hold_what_they_say(text: str) -> None:
    end = 0
    for start, stop, source, _ in formulas_in(text):
        assert end <= start < stop <= len(text)
        assert source in text[start:stop]
        end = stop


@pytest.mark.parametrize("piece", [r"\[ ", r"\( ", "$a ", "`", r"\begin{align}", "$$", r"\(x\)"])
def test_time_is_linear(piece: str) -> None:
    text = piece * 60_000
    began = time.process_time()
    for _ in formulas_in(text):
        pass
    # A quadratic search would take minutes.
    assert time.process_time() - began < 5


def names(tree: Any) -> set[str]:
    if isinstance(tree, str):
        return set()
    return {tree[0]}.union(*(names(child) for child in tree[2:]))


@pytest.mark.parametrize(
    "source",
    [
        r"\href{javascript:alert(1)}{x}",
        r"\includegraphics{http://192.0.2.1/x}",
        r"\def\x{\x\x}\x",
        r"\undefined",
        "x" * 5_000,
        "x_{" * 200 + "}" * 200,
        " ",
    ],
)
def test_what_stays_source(source: str) -> None:
    assert tree_of(source, False) is None


@given(st.text(alphabet=r"\{}^_&#%~$abcfrtxhelstyqn<>'" + '"()[]12 ', max_size=40))
def test_any_text_gives_a_shallow_tree_of_plain_values_or_none(source: str) -> None:
    result = tree_of(source, True)
    if result is None:
        return

    def check(tree: Any, depth: int) -> None:
        assert depth <= MOST_DEPTH + 1
        if isinstance(tree, str):
            return
        tag, attributes, *children = tree
        assert re.fullmatch(r"m[a-z]+", tag) or tag in ("none", "semantics", "annotation")
        assert "style" not in (attributes or {})
        assert not any(name.startswith("on") or name == "href" for name in attributes or {})
        for child in children:
            check(child, depth + 1)

    check(result[0], 0)
    json.dumps(result[0], allow_nan=False)


def test_usual_mathematics_is_rendered() -> None:
    fraction = tree_of(r"\frac{a}{b}", False)
    assert fraction is not None and fraction[0] == ["math", None, ["mfrac", None, ["mi", None, "a"], ["mi", None, "b"]]]
    for source in (r"\sqrt[3]{2}", r"\boxed{12}", r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\lim_{x\to 0} f", r"a<b"):
        assert tree_of(source, True) is not None


def test_the_payload_holds_every_formula_once() -> None:
    payload = formulas_payload(["See $x$ and $x$.", "No.", r"$x$, \(\nonsense\)"], "main", "k")
    assert payload["formulas"] == [["math", None, ["mi", None, "x"]]]
    assert payload["places"] == {"0": [(4, 7, 0), (12, 15, 0)], "2": [(0, 3, 0)]}
    assert payload["nLeft"] == 1


def test_a_trace_of_endless_formulas_is_capped() -> None:
    payload = formulas_payload([r"$a+b+c+d$ " * 1_000] * 40, "main", "k")
    n = sum(len(places) for places in payload["places"].values())
    assert 0 < n * 8 <= MOST_NODES_OF_TRACE
    assert payload["nLeft"] == 40_000 - n
