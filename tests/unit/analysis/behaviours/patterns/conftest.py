"""A database of patterns: marks of format, phrases over sentences' ends, letters outside ASCII, unscored sentences."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import rdpt_core as rdpt
from rdpt_core.analysis.behaviours.families import LENS, OPENING, KindFamily
from rdpt_core.analysis.behaviours.patterns import members, view
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from tests.support import synthetic

RULE = LabelRule.make()

MARKED = synthetic.Sketch(
    "marked",
    "marked",
    [
        ("<think>\n", "Shared"),
        ("Héllo wörld 😀. Wait, ", "Teacher"),
        ("wait a moment.", "Student"),
        (" WAIT 这一步 wait. ", "Shared"),
        ("</think>", "Shared"),
        ("\U0010ffffWait? ", "Boosted"),
        ("The end", "unscored"),
    ],
    benchmark="marks",
)
TRACES = [*synthetic.sketches(), synthetic.unscored_sketch(), MARKED]

KINDS = {OPENING: ("now we", "wait", "in la", "note"), LENS: ("computing",)}


@pytest.fixture(scope="session")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("patterns") / "patterns.duckdb"
    synthetic.build(path, TRACES)
    return path


@pytest.fixture
def run(path: Path) -> rdpt.ScoredRun:
    return rdpt.open(path).run()


@pytest.fixture
def data(run: rdpt.ScoredRun) -> RunData:
    return run._data()


def flat(marks: bool = False) -> list[tuple[synthetic.Sketch, int, str, str]]:
    """Every sentence that counts, in order: its trace, its place in it, its text, and the label it should get."""
    rows = []
    for sketch in TRACES:
        counted = [
            (text, kind) for text, kind in sketch.sentences if marks or text.strip() not in ("<think>", "</think>")
        ]
        rows += [(sketch, index, text, label_of(kind)) for index, (text, kind) in enumerate(counted)]
    return rows


def label_of(kind: str) -> str:
    return {"Boosted-down": "Boosted", "Boosted-between": "Boosted", "Uncertain": "Teacher"}.get(kind, kind)


def families() -> tuple[KindFamily, ...]:
    """Kinds by the first words of sentences, and one by digits."""
    texts = [text for _, _, text, _ in flat()]
    found = []
    for family, names in KINDS.items():
        places = [[place for place, text in enumerate(texts) if is_of(text, family, name)] for name in names]
        start = np.cumsum([0, *map(len, places)])
        found.append(KindFamily(family, names, start, np.concatenate(places).astype(np.int32)))
    return tuple(found)


def is_of(text: str, family: str, name: str) -> bool:
    """Whether a sentence is of a kind."""
    if family == LENS:
        return any(character in "0123456789" for character in text)
    return text.strip().lower().startswith(name)


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Families that the tests can count themselves."""
    for module in (members, view):
        monkeypatch.setattr(module, "kinds_of", lambda data, marks: families())
