"""The label rule in the browser gives the labels of Python, bit by bit."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import BrowserContext

from rdpt_core.analysis.labels import LabelRule, Space, Unit, apply_rule, uncertain_below
from rdpt_core.analysis.trace.view import load_trace_view
from rdpt_core.records import ROLE_SETS, Direction, Label
from rdpt_core.store.reader import open_reader
from rdpt_core.ui.components import bundle
from rdpt_core.ui.components.reader.payload import labels_payload, text_payload
from tests.support import synthetic

CODES = ["", "Teacher", "Shared", "Student", "Boosted", "Boosted", "Boosted", "Common", "Gained", "Kept", "Lost"]
DIRECTIONS = {4: Direction.UP, 5: Direction.BETWEEN, 6: Direction.DOWN}
RULES = [
    (Unit.OWN_TOKEN, Space.DIFFERENCE),
    (Unit.COMMON_TOKEN, Space.DIFFERENCE),
    (Unit.OWN_TOKEN, Space.RATIO),
    (Unit.COMMON_TOKEN, Space.RATIO),
    (Unit.BYTE, Space.RATIO),
]

Evaluate = Callable[[dict[str, str], float, float], tuple[list[int], list[float]]]

_LOAD = """async (source) => {
  globalThis.rule = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
}"""
_LABEL = """([values, alpha, beta]) => {
  const decoded = Object.fromEntries(Object.entries(values).map(([role, base64]) => [role, rule.doubles(base64)]));
  const gaps = rule.gapsOf(decoded);
  const codes = rule.labelAll(gaps, { alpha, beta, uncertainPart: 0.1 });
  return [[...codes], Array.from(codes, (_, i) => rule.marginOf(gaps, i, alpha, beta))];
}"""


@pytest.fixture(scope="module")
def in_browser(shared_context: BrowserContext) -> Iterator[Evaluate]:
    page = shared_context.new_page()
    page.evaluate(_LOAD, bundle.script("reader/rule.js"))
    yield lambda values, alpha, beta: page.evaluate(_LABEL, [values, alpha, beta])
    page.close()


def encoded(values: np.ndarray[Any, Any]) -> str:
    return base64.b64encode(values.astype("<f8").tobytes()).decode()


def check(in_browser: Evaluate, alpha: float, beta: float, values: dict[str, np.ndarray[Any, Any]]) -> None:
    want = apply_rule(alpha, beta, values)
    codes, margins = in_browser({role: encoded(column) for role, column in values.items()}, alpha, beta)
    assert [CODES[code & 15] for code in codes] == want.label.tolist()
    assert [DIRECTIONS.get(code & 15, "") for code in codes] == want.direction.tolist()
    labelled = want.label != ""
    np.testing.assert_array_equal(np.array(margins, dtype=float)[labelled], want.margin[labelled])
    uncertain = np.array([bool(code & 16) for code in codes])
    np.testing.assert_array_equal(uncertain, labelled & (want.margin < 0.1 * beta))


@pytest.mark.parametrize("roles", ROLE_SETS, ids=",".join)
@pytest.mark.parametrize(("alpha", "beta"), [(0.05, 0.1), (0.0, 0.0), (0.3, 0.2), (0.1, 1.0)])
def test_random_rows(in_browser: Evaluate, roles: tuple[str, ...], alpha: float, beta: float) -> None:
    rng = np.random.default_rng(7)
    for shape in (1.0, 0.02):
        values = {str(role): rng.beta(shape, 1.0, 4000) for role in roles}
        values[roles[0]][:50] = np.nan
        values[roles[1]][25:75] = np.nan
        check(in_browser, alpha, beta, values)
        check(in_browser, alpha, beta, {role: np.log(np.maximum(p, 1e-300)) for role, p in values.items()})


@pytest.mark.parametrize("roles", ROLE_SETS, ids=",".join)
def test_boundaries(in_browser: Evaluate, roles: tuple[str, ...]) -> None:
    alpha, beta = 0.05, 0.1
    steps = [0.0, alpha, beta, -alpha, -beta]
    # Each threshold exactly, and one step of a double to either side.
    near = [np.nextafter(step, to) for step in steps for to in (-1.0, 1.0)] + steps
    rows = list(itertools.product([0.3, 0.5, 0.0], near, near))
    student = np.array([base for base, _, _ in rows])
    first, second = (student + [row[column] for row in rows] for column in (1, 2))
    values = {"teacher": first, "student": student, "distilled": second if len(roles) == 3 else first}
    check(in_browser, alpha, beta, {str(role): values[role] for role in roles})


@pytest.mark.parametrize("roles", ROLE_SETS, ids=",".join)
def test_what_the_page_sends_gives_the_labels_of_the_database(
    in_browser: Evaluate, tmp_path: Path, roles: tuple[Any, ...]
) -> None:
    path = tmp_path / "synthetic.duckdb"
    synthetic.build(path, [*synthetic.sketches(4), synthetic.unscored_sketch()], roles=roles)
    with open_reader(path) as reader:
        run = reader.run(None)
        for (unit, space), trace_no in itertools.product(RULES, range(run.n_traces)):
            rule = LabelRule.make(unit=unit, space=space)
            view = load_trace_view(reader, run, trace_no, rule)
            labels = labels_payload(view, "k")
            codes, _ = in_browser(text_payload(view, "k")["values"], labels["alpha"], labels["beta"])
            assert [CODES[code & 15] or None for code in codes] == view.column("label")
            low = [margin is not None and margin < uncertain_below(rule) for margin in view.column("margin")]
            assert [bool(code & 16) for code in codes] == low
            assert {DIRECTIONS[code & 15] for code in codes if code & 15 in DIRECTIONS} <= set(Direction)
            assert Label.SHARED not in view.column("label") or len(roles) == 3
