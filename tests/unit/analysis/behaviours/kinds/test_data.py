"""The families of a run: every kind holds the sentences that it is named after."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from rdpt_core.analysis.behaviours.families import LENS, OPENING, PARTS_OF_SPEECH, TAG, WORDING, KindFamily
from rdpt_core.analysis.behaviours.kinds.data import kinds_of
from rdpt_core.analysis.behaviours.kinds.grouping import MIN_QUESTIONS
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.kept import Memory
from rdpt_core.store.reader import open_reader
from tests.support import synthetic

WORDINGS = (
    "Wait, let me check that 3 and 4 add up. ",
    "Wait, let me check that 5 and 6 add it. ",  # a near-duplicate
    "So we go on with this now. ",
    "So we take the next 2 apples. ",
    "Then Lucy has 7 pens left. ",
)


def run_data(path: Path) -> RunData:
    with open_reader(path) as reader:
        run = reader.run(None)
    return RunData(run, lambda *_: open_reader(path), Memory())


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> RunData:
    path = tmp_path_factory.mktemp("kinds") / "a.duckdb"
    lead = [("<think>\n", "Shared")]
    sentences = [*lead, *((text, "Teacher") for text in WORDINGS), ("Rare {}.", "Shared")]
    sketches = [
        synthetic.Sketch(
            f"t{k}", f"q{k % MIN_QUESTIONS}", [(text.replace("{}", "r" * k), label) for text, label in sentences]
        )
        for k in range(2 * MIN_QUESTIONS)
    ]
    synthetic.build(path, sketches)
    return run_data(path)


def family(families: tuple[KindFamily, ...], name: str) -> KindFamily:
    return next(own for own in families if own.family == name)


def test_places_are_those_of_the_arrays_with_and_without_marks(data: RunData) -> None:
    n = 2 * MIN_QUESTIONS
    for marks in (False, True):
        gaps = data.gaps(LabelRule.make(marks=marks))
        wordings = family(kinds_of(data, marks), WORDING)
        size = 1 + len(WORDINGS) + marks
        assert len(gaps.gap) == n * size
        first = np.arange(n) * size + marks
        merged = wordings.places("wait, let me check that # and # add it.")
        assert merged.tolist() == sorted([*first.tolist(), *(first + 1).tolist()])
        assert wordings.places("then @ has # pens left.").tolist() == (first + 4).tolist()
        assert wordings.names[0] == "wait, let me check that # and # add it."
        assert not any(name.startswith("rare") for name in wordings.names)


def test_openings_that_add_nothing_are_left_out(data: RunData) -> None:
    openings = family(kinds_of(data, False), OPENING)
    # All of "wait" and of "then" is one wording; "so we" holds all of "so", and two wordings.
    assert openings.names == ("so we", "rare")
    assert len(openings.places("so we")) == 4 * MIN_QUESTIONS


def test_lenses_and_parts_of_speech(data: RunData) -> None:
    families = kinds_of(data, False)
    assert [own.family for own in families] == [WORDING, OPENING, PARTS_OF_SPEECH, LENS]
    lenses = family(families, LENS)
    assert set(lenses.names) == {"hesitation", "verification"}
    assert len(lenses.places("hesitation")) == 4 * MIN_QUESTIONS
    speech = family(families, PARTS_OF_SPEECH)
    assert speech.places("… NNP VBZ CD …").tolist() == [
        place for place in family(families, WORDING).places("then @ has # pens left.").tolist()
    ]
    for own in families:
        assert own.start[-1] == len(own.members) == sum(len(own.places(name)) for name in own.names)
        assert all((np.diff(own.places(name)) > 0).all() for name in own.names)


def test_kinds_are_read_once_whatever_the_run_is_seen_with(data: RunData) -> None:
    first = kinds_of(data, False)
    seen = kinds_of(dataclasses.replace(data, run=data.run.seen(teacher="distilled")), False)
    assert all(one is other for one, other in zip(first, seen, strict=True))


def test_a_run_of_few_sentences_has_no_kinds(tmp_path: Path) -> None:
    synthetic.build(tmp_path / "b.duckdb", [synthetic.Sketch("t0", "q0", [("Wait. ", "Teacher")])])
    assert kinds_of(run_data(tmp_path / "b.duckdb"), False) == ()


def test_kinds_do_not_depend_on_the_number_of_threads(data: RunData, monkeypatch: pytest.MonkeyPatch) -> None:
    from rdpt_core.analysis.behaviours.kinds import reading

    monkeypatch.setattr(reading, "in_parallel", lambda work, pieces: [work(piece) for piece in pieces])
    again = kinds_of(dataclasses.replace(data, keep=Memory()), False)
    for first, second in zip(kinds_of(data, False), again, strict=True):
        assert first.names == second.names
        assert np.array_equal(first.members, second.members) and np.array_equal(first.start, second.start)


def test_tags_that_are_frequent_are_kinds(tmp_path: Path) -> None:
    path = tmp_path / "tagged.duckdb"
    spans = [{"text": "Wait.", "tags": ["doubt"]}, {"text": "So on.", "tags": ["once"]}]
    sketches = [
        synthetic.Sketch(
            f"t{k}",
            f"q{k % MIN_QUESTIONS}",
            [("Wait. ", "Teacher"), ("So on.", "Shared")],
            meta={"sentence_tags": spans[: 2 if k == 0 else 1]},
        )
        for k in range(2 * MIN_QUESTIONS)
    ]
    synthetic.build(path, sketches)
    data = run_data(path)
    tags = kinds_of(data, False)[-1]
    assert (tags.family, tags.names) == (TAG, ("doubt",))  # the other one is rare
    assert tags.places("doubt").tolist() == list(range(0, 4 * MIN_QUESTIONS, 2))
