"""One pass over a run: numbers of sentences are those of their templates, openings and lenses."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pytest

from rdpt_core.analysis.behaviours.kinds import reading, texts
from rdpt_core.analysis.behaviours.kinds.lenses import lens_bits
from rdpt_core.analysis.behaviours.kinds.reading import NONE, AllRead, opening_of, read_all
from rdpt_core.store.reader import open_reader
from rdpt_core.traces.templates import names_in, templates
from tests.support import synthetic

TEXTS = [f"{first} {n} {name} é. " for n in range(4) for first in ("Wait,", "So", "wait") for name in ("x", "Tom", "y")]
ALL = [TEXTS[k:] + TEXTS[:k] for k in range(6)]


@pytest.fixture
def read(tmp_path: Path) -> AllRead:
    sketches = [
        synthetic.Sketch(f"t{k}", f"q{k}", [(text, "Teacher") for text in own] + [("...", "Shared")])
        for k, own in enumerate(ALL)
    ]
    synthetic.build(tmp_path / "a.duckdb", sketches)
    with open_reader(tmp_path / "a.duckdb") as reader:
        run = reader.run(None)
        return read_all(reader, run, texts.load_spans(reader, run, False))


def test_numbers_lead_to_templates_openings_and_lenses(read: AllRead) -> None:
    sentences = pa.array(list(chain(*([*own, "..."] for own in ALL))))
    masked = templates(sentences, names_in(sentences))
    assert [read.templates.texts[k] for k in read.templates.number.tolist()] == masked.to_pylist()
    counted = Counter(masked.to_pylist())
    assert dict(zip(read.templates.texts, read.templates.n.tolist(), strict=True)) == counted
    for n_words, found in enumerate(read.openings, 1):
        for text, number in zip(masked.to_pylist(), found.number.tolist(), strict=True):
            assert number == NONE if text == "..." else found.texts[number] == opening_of(text, n_words)
    assert read.openings[0].texts == ("so", "wait")
    assert read.lenses.tolist() == lens_bits(masked, sentences).tolist()


def test_rare_templates_have_no_number_in_a_large_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "ONE_IN", 10)
    monkeypatch.setattr(texts, "BLOCK_CHARACTERS", 100)
    sentences = [("Often so. ", "Teacher")] * 3 + [
        (f"{'ab'[k % 2]} rare {'xyz'[k // 2]}. ", "Shared") for k in range(6)
    ]
    sketches = [synthetic.Sketch(f"t{k}", f"q{k}", sentences[: 3 if k else None]) for k in range(9)]
    synthetic.build(tmp_path / "a.duckdb", sketches)
    with open_reader(tmp_path / "a.duckdb") as reader:
        run = reader.run(None)
        found = read_all(reader, run, texts.load_spans(reader, run, False))
    assert found.templates.texts == ("often so.",)
    assert found.templates.n.tolist() == [27]
    assert found.templates.number.tolist() == [0] * 3 + [NONE] * 6 + [0] * 24
    assert found.openings[0].texts == ("a", "b", "often")
