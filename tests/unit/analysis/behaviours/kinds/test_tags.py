"""Tags of notes and of imported traces are kinds, in the places of the arrays of labels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rdpt_core.analysis.behaviours.families import TAG
from rdpt_core.analysis.behaviours.kinds.tags import notes_state, tag_members
from rdpt_core.analysis.run.data import RunData
from rdpt_core.analysis.run.kept import Memory
from rdpt_core.analysis.trace.fingerprint import text_hash
from rdpt_core.store.beside.notes import Anchor, add_note
from rdpt_core.store.reader import Reader, Run, open_reader
from tests.support import synthetic

SENTENCES = [("<think>\n", "Shared"), ("Look at 7. ", "Teacher"), ("Wait. ", "Teacher"), ("So 12.", "Student")]
TEXT = "".join(text for text, _ in SENTENCES)


def sketch(number: int, **fields: object) -> synthetic.Sketch:
    return synthetic.Sketch(f"t{number}", f"q{number}", SENTENCES, **fields)  # type: ignore[arg-type]


def run_data(path: Path) -> RunData:
    @contextmanager
    def opened(*others: Run) -> Iterator[Reader]:
        with open_reader(path) as reader:
            yield reader

    with open_reader(path) as reader:
        return RunData(reader.run(None), opened, Memory())


def build(path: Path) -> RunData:
    imported = {
        "sentence_tags": [
            {"text": "Look at 7.", "tags": ["setup"]},
            {"text": "Wait. So 12.", "tags": ["end", "setup"]},
            {"text": "nowhere", "tags": ["lost"]},
        ]
    }
    synthetic.build(path, [sketch(0), sketch(1, meta=imported), sketch(2, meta={"sentence_tags": 3})])
    return run_data(path)


def test_places_are_those_of_the_arrays_with_and_without_marks(tmp_path: Path) -> None:
    data = build(tmp_path / "a.duckdb")
    for marks, n in ((False, 3), (True, 4)):
        family = tag_members(data, marks)
        assert (family.family, family.names) == (TAG, ("end", "setup"))
        # The second trace; its mark is a sentence only if marks count.
        assert family.places("end").tolist() == [2 * n - 2, 2 * n - 1]
        assert family.places("setup").tolist() == [2 * n - 3, 2 * n - 2, 2 * n - 1]
        assert family.places("lost").tolist() == []


def test_notes_tag_their_sentence_and_no_other_text(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    data = build(path)
    start = TEXT.index("Wait. ")
    here = Anchor(data.run.run_id, "t2", text_hash(TEXT), 2, start, start + 6, "Wait. ")
    assert notes_state(data)[0] == 0
    add_note(path, here, "", ("mine", "end"))
    add_note(path, Anchor(data.run.run_id, "t2", text_hash(TEXT)), "all of it", ("whole",))
    add_note(
        path, Anchor(data.run.run_id, "t0", text_hash("another text"), 2, start, start + 6, "Wait. "), "", ("old",)
    )
    add_note(path, Anchor(data.run.run_id, "gone", text_hash(TEXT), 2, start, start + 6, "Wait. "), "", ("gone",))
    family = tag_members(data, False)
    assert family.names == ("end", "mine", "setup")
    assert family.places("mine").tolist() == [7]
    assert family.places("end").tolist() == [4, 5, 7]
    assert notes_state(data)[0] == 4


def test_a_run_without_tags_has_an_empty_family(tmp_path: Path) -> None:
    synthetic.build(tmp_path / "a.duckdb", [sketch(0)])
    family = tag_members(run_data(tmp_path / "a.duckdb"), False)
    assert (family.names, family.start.tolist(), family.members.tolist()) == ((), [0], [])
