"""Formulas of a trace as plain trees that the reader rebuilds from a fixed list of MathML elements.

A tree is `[tag, attributes or null, *children]` with strings as leaves. What cannot be read as LaTeX stays source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from html.entities import html5
from typing import Any
from xml.etree import ElementTree

import math_core

MOST_CHARACTERS = 2_000
"""A longer formula stays source."""

MOST_NODES = 1_500
"""A formula with more MathML elements stays source."""

MOST_NODES_OF_TRACE = 200_000
"""Once a trace's formulas have this many elements, the rest stays source."""

MOST_DEPTH = 60

_CONVERTER = math_core.LatexToMathML(fancy_error=False, max_expansions=200)
_DELIMITERS = {r"\[": r"\]", r"\(": r"\)", "$$": "$$"}
_OPENING = re.compile(r"(?P<code>`+)|\\\[|\\\(|\$\$|\\begin\{(?P<environment>[a-z]{3,12}\*?)\}|(?<![\\$])\$(?![\s$])")
_DISPLAY = frozenset({r"\[", "$$"})
_ENVIRONMENTS = frozenset(
    name + star
    for name in ("align", "aligned", "equation", "gather", "gathered", "cases", "array", "split", "multline")
    + ("matrix", "pmatrix", "bmatrix", "vmatrix", "Bmatrix", "Vmatrix", "smallmatrix")
    for star in ("", "*")
)
_ENTITY = re.compile(r"&([A-Za-z]+);")
_ALIGN = re.compile(r"text-align:\s*(left|right|center)")


def formulas_payload(texts: Sequence[str], reader: str, key: str) -> dict[str, Any]:
    """The `math` part of the reader: every different formula once, and where in which sentence each stands."""
    number_of: dict[tuple[str, bool], int | None] = {}
    formulas: list[Any] = []
    spans: dict[str, list[tuple[int, int, int]]] = {}
    n_nodes = n_left = 0
    for index, text in enumerate(texts):
        for start, end, source, display in formulas_in(text):
            if (source, display) not in number_of:
                parsed = tree_of(source, display)
                fits = parsed is not None and n_nodes + parsed[1] <= MOST_NODES_OF_TRACE
                number_of[source, display] = len(formulas) if fits else None
                if parsed is not None and fits:
                    formulas.append(parsed[0])
            number = number_of[source, display]
            if number is None:
                n_left += 1
                continue
            n_nodes += _size(source, display)
            if n_nodes > MOST_NODES_OF_TRACE:
                n_left += 1
                continue
            spans.setdefault(str(index), []).append((start, end, number))
    return {
        "reader": reader,
        "part": "math",
        "key": key,
        "formulas": formulas,
        "places": spans,
        "nLeft": n_left,
    }


def _size(source: str, display: bool) -> int:
    parsed = tree_of(source, display)
    return parsed[1] if parsed else 0


def formulas_in(text: str) -> Iterator[tuple[int, int, str, bool]]:
    r"""(start, end, LaTeX inside the delimiters, whether displayed) of every formula in a sentence, in order.

    `\[ \]`, `\( \)`, `$$ $$`, `$ $` and environments count; code does not. A dollar sign opens a formula only as in
    Pandoc: no space after it, none before the closing one, no digit after that. Time is linear in the text.
    """
    closings: dict[str, int] = {}

    def closing(mark: str, start: int) -> int:
        # Where a mark comes next is remembered: a thousand openings look for their one closing once.
        known = closings.get(mark, -2)
        if known != -1 and known < start:
            known = closings[mark] = text.find(mark, start)
        return known

    position = 0
    while match := _OPENING.search(text, position):
        opening, start = match.group(), match.end()
        position = start
        if match["code"]:
            end = closing(opening, start)
            position = end + len(opening) if end >= 0 else start
        elif match["environment"]:
            end = closing(rf"\end{{{match['environment']}}}", start)
            if end >= 0 and match["environment"] in _ENVIRONMENTS:
                position = end + len(match["environment"]) + 6
                yield match.start(), position, text[match.start() : position], True
        elif opening == "$":
            end = closing("$", start)
            while end > 0 and text[end - 1] == "\\":
                end = closing("$", end + 1)
            inside = text[start:end] if 0 <= end <= start + MOST_CHARACTERS else ""
            follows_digit = text[end + 1 : end + 2].isdecimal()
            if inside and not inside[-1].isspace() and not follows_digit and "\n\n" not in inside:
                position = end + 1
                yield match.start(), position, inside, False
        else:
            end = closing(_DELIMITERS[opening], start)
            if end >= 0:
                position = end + 2
                yield match.start(), position, text[start:end], opening in _DISPLAY


@lru_cache(maxsize=20_000)
def tree_of(source: str, display: bool) -> tuple[list[Any], int] | None:
    """(tree, number of its elements) of a formula; None if it is no LaTeX that we can show, or too large."""
    if not source.strip() or len(source) > MOST_CHARACTERS:
        return None
    try:
        mathml = _CONVERTER.convert_with_local_state(source, displaystyle=display)
        root = ElementTree.fromstring(_ENTITY.sub(_character, mathml))
    except (math_core.LatexError, ElementTree.ParseError):
        return None
    n_nodes = sum(1 for _ in root.iter())
    if n_nodes > MOST_NODES:
        return None
    tree = _tree(root, 0)
    if tree is None:
        return None
    if display:
        tree[1] = {**(tree[1] or {}), "displaystyle": "true"}
    return tree, n_nodes


def _character(match: re.Match[str]) -> str:
    name = match.group(1)
    return match.group() if name in ("lt", "gt", "amp", "quot", "apos") else html5.get(f"{name};", "")


def _tree(node: ElementTree.Element, depth: int) -> list[Any] | None:
    if depth > MOST_DEPTH:
        return None
    attributes = {name: value for name, value in node.attrib.items() if name not in ("style", "display", "class")}
    aligned = _ALIGN.search(node.attrib.get("style", ""))
    if aligned:
        attributes["align"] = aligned.group(1)
    tree: list[Any] = [node.tag, attributes or None]
    if node.text:
        tree.append(node.text)
    for child in node:
        subtree = _tree(child, depth + 1)
        if subtree is None:
            return None
        tree.append(subtree)
        if child.tail:
            tree.append(child.tail)
    return tree
