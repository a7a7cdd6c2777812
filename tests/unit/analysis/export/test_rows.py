"""What rows say of a trace that the run has, or has not, reached."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

import rdpt_core as rdpt
from rdpt_core.analysis.export import rows
from rdpt_core.analysis.export.info import describe_store
from rdpt_core.analysis.export.rows import export_query
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.analysis.which_teacher import seen_with
from rdpt_core.errors import UsageError
from rdpt_core.records.companions import column_of
from rdpt_core.store.reader import open_reader
from tests.support import companions, synthetic


def test_a_finished_run_has_reached_every_trace_though_its_tokens_were_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.duckdb"
    synthetic.build(path, [*synthetic.sketches(2), synthetic.Sketch("empty", "q", [])])

    def rows() -> list[dict[str, object]]:
        with open_reader(path) as reader:
            return [
                row
                for table in export_query(reader, reader.run(None), "traces", LabelRule.make())
                for row in table.to_pylist()
            ]

    before = rows()
    assert before[0]["n_teacher"] is not None and before[-1]["n_teacher"] == 0
    with duckdb.connect(str(path)) as connection:
        connection.execute("DELETE FROM tokens")
    assert rows() == before
    with open_reader(path) as reader:
        assert describe_store(reader)["runs"][0]["counts"]["traces_scored"] == len(before)


TRACES = [*synthetic.sketches(2), synthetic.unscored_sketch()]
KEYS = ("teacher:code", "control:decoy")
KINDS = {"teacher:", "control:"}


def rows_of(path: Path, what: str, teacher: str | None = None) -> list[dict[str, Any]]:
    with open_reader(path) as reader:
        run = seen_with(reader.run(None), teacher)
        reader.see(run)
        return [row for table in export_query(reader, run, what, LabelRule.make()) for row in table.to_pylist()]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same run without companions and with two, and a third one under way."""
    folder = tmp_path_factory.mktemp("rows")
    plain, more = folder / "plain.duckdb", folder / "more.duckdb"
    synthetic.build(plain, TRACES, models=companions.named_teacher("math"))
    run = companions.build(more, TRACES, KEYS, models=companions.named_teacher("math"))
    companions.add(more, run, TRACES, "checkpoint:200", n_scored=2, finish=False)
    return plain, more


@pytest.mark.parametrize("what", ["sentences", "tokens", "traces"])
def test_companions_stand_behind_what_a_run_has_without_them(both: tuple[Path, Path], what: str) -> None:
    plain, more = (rows_of(path, what) for path in both)
    assert [{name: row[name] for name in plain[0]} for row in more if row.get("role", "t")[:8] not in KINDS] == plain
    further = [name for name in more[0] if name not in plain[0]]
    if what == "sentences":
        stems = ("n_tokens", "logprob_sum", "p", "unscored_reason")
        answers = ["attribution", "attributed_to"]
        evidence = ["p_value", "q_value", "n_references", "n_references_as_high"]
        assert further == [*(f"{stem}_{column_of(key)}" for key in KEYS for stem in stems), *answers, *evidence]
        assert {(row["p_teacher_code"] is None, row["unscored_reason_teacher_code"]) for row in more} == {
            (False, None),
            (True, "context_length"),
        }
    elif what == "traces":
        assert further == ["teacher_id"]
    else:
        assert further == []
        # In the order of traces, and within a trace in that of the roles, then that of the companions.
        first = [row["role"] for row in more if row["trace_id"] == more[0]["trace_id"]]
        assert list(dict.fromkeys(first)) == ["teacher", "student", "distilled", *KEYS]


def test_labels_ask_the_chosen_teacher_and_tokens_keep_their_names(both: tuple[Path, Path]) -> None:
    _, path = both
    own, code = (rows_of(path, "sentences", teacher) for teacher in ("math", "code"))
    assert rows_of(path, "sentences") == own
    assert [row["p_teacher"] for row in code] == [row["p_teacher_code"] for row in own]
    assert [row["p_student"] for row in code] == [row["p_student"] for row in own]
    assert {row["label"] for row, before in zip(code, own, strict=True) if before["label"] == "Teacher"} == {"Boosted"}
    assert {row["label"] for row in own} >= {"Teacher", None}
    assert rows_of(path, "sentences", "control:decoy") == rows_of(path, "sentences", "decoy")
    assert rows_of(path, "tokens", "code") == rows_of(path, "tokens")
    with pytest.raises(UsageError, match="no such teacher.*--teacher physics.*expected math or code or decoy"):
        rows_of(path, "sentences", "physics")


@pytest.mark.parametrize("marks", [False, True])
@pytest.mark.parametrize("teacher", [None, "code"])
def test_sentences_have_the_answers_of_attribution(
    both: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, teacher: str | None, marks: bool
) -> None:
    # A chunk a trace: what one is seen as holds for the next.
    monkeypatch.setattr(rows, "_TRACES_PER_CHUNK", 1)
    path = tmp_path / "marked.duckdb"
    shutil.copy(both[1], path)
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE sentences SET is_mark = TRUE WHERE sentence_index = 1")
    run = rdpt.open(path).run()
    names = ["trace_id", "sentence_index", "attribution", "attributed_to"]
    exported = run.sentences(teacher=teacher, with_marks=marks).select(names).to_pylist()
    found = {row["trace_id"] + str(row["sentence_index"]): row for row in exported}
    asked = run.attribution(with_marks=marks).select(names).to_pylist()
    for row in asked:
        assert found.pop(row["trace_id"] + str(row["sentence_index"])) == row
    # The rest are marks of format that do not count.
    assert bool(found) is not marks
    assert {(row["attribution"], row["attributed_to"]) for row in found.values()} <= {(None, None)}
    assert {row["attribution"] for row in asked} == {"several", None}
    assert {row["attributed_to"] for row in asked} >= {"math or code", None}
    teachers = run.sentences(teacher=teacher).column("p_teacher")
    assert teachers == run.sentences().column("p_teacher" if teacher is None else "p_teacher_code")
    nothing = run.sentences(benchmark="week", correct=True)
    assert (nothing.num_rows, nothing.schema) == (0, run.sentences().schema)


def test_checkpoints_alone_give_no_answers(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.duckdb"
    companions.build(path, TRACES, ("checkpoint:200",))
    assert "attribution" not in rows_of(path, "sentences")[0]


def test_a_routed_teacher_is_exported_where_some_trace_has_one(tmp_path: Path) -> None:
    path = tmp_path / "routed.duckdb"
    synthetic.build(path, [replace(TRACES[0], teacher_id="A"), TRACES[1]])
    assert [row["teacher_id"] for row in rows_of(path, "traces")] == ["A", None]
