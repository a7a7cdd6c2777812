"""Which traces are copies and count once, and which only read alike."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

import rdpt_core as rdpt
from rdpt_core.cli import main

ASKED = {"question": "What is 1 + 1?", "response": "It is 2.", "benchmark": "sums", "id": "q1"}


def write(path: Path, *lines: dict[str, Any]) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")
    return path


def n_kept(tmp_path: Path, *files: list[dict[str, Any]], keep_copies: bool = False) -> tuple[int, int]:
    """How many traces stay of several files, and how many are set aside as copies."""
    paths = [write(tmp_path / f"{number}.jsonl", *lines) for number, lines in enumerate(files)]
    report = rdpt.import_traces(paths, tmp_path / "o.jsonl", keep_copies=keep_copies)
    assert (tmp_path / "o.jsonl").read_text(encoding="utf-8").count("\n") == report.n_traces
    assert report.is_unaltered
    return report.n_traces, report.set_aside["n_copies"]


@pytest.mark.parametrize(
    "more",
    [
        {"sample": 3},
        {"model": "another"},
        {"benchmark": "other sums"},
        {"id": "q2"},
        {"question": "What is 1 + 1? "},
        {"response": "It is 2. "},
        {"trace_id": "t1"},
    ],
    ids=lambda more: next(iter(more)),
)
def test_the_same_records_of_another_file_count_once(tmp_path: Path, more: dict[str, Any]) -> None:
    other = {**ASKED, "response": "No, 3."}
    # Written otherwise, so that the files are not the same bytes.
    assert n_kept(tmp_path, [ASKED, other], [other, {**dict(reversed(ASKED.items()))}]) == (2, 2)
    assert n_kept(tmp_path, [ASKED, other], [other, {**ASKED, **more}]) == (3, 1)
    assert n_kept(tmp_path, [ASKED, other], [other, ASKED], keep_copies=True) == (4, 0)


def test_what_one_file_holds_several_times_was_sampled_several_times(tmp_path: Path) -> None:
    other = {**ASKED, "response": "No, 3."}
    assert n_kept(tmp_path, [ASKED] * 3) == (3, 0)
    # A log and its beginning, either way round; and its parts.
    assert n_kept(tmp_path, [ASKED] * 3 + [other], [ASKED] * 2) == (4, 2)
    assert n_kept(tmp_path, [ASKED] * 2, [ASKED] * 3 + [other], [ASKED] * 4) == (5, 5)
    assert n_kept(tmp_path, [ASKED], [other], [ASKED, other, ASKED, {**ASKED, "response": "4"}]) == (4, 2)


def test_a_short_response_is_given_twice_by_chance_unless_every_field_agrees(tmp_path: Path) -> None:
    seeds = (
        [{**ASKED, "seed": 1, "took_s": 2}],
        [{**ASKED, "seed": 2, "took_s": 2}],
        [{"took_s": 2, "seed": 1, **ASKED}],
    )
    assert n_kept(tmp_path, *seeds) == (2, 1)
    assert n_kept(tmp_path, *([{**line, "response": "so " * 70} for line in lines] for lines in seeds)) == (1, 2)


def test_one_id_of_a_trace_is_one_trace(tmp_path: Path) -> None:
    named = {**ASKED, "trace_id": "t1"}
    assert n_kept(tmp_path, [named, named], [named]) == (1, 2)
    canonical = {"trace_id": "t1", "question_id": "q1", "question": "What is 1 + 1?", "response": "It is 2."}
    assert n_kept(tmp_path, [canonical, canonical, {**canonical, "response": "3"}]) == (2, 1)
    ids = [json.loads(line)["trace_id"] for line in (tmp_path / "o.jsonl").read_text(encoding="utf-8").splitlines()]
    assert ids[0] == "t1" and ids[1].startswith("t1-")


def test_copies_leave_no_gap_and_count_nowhere_else(tmp_path: Path) -> None:
    graded = {**ASKED, "gold": "2", "finish_reason": "length"}
    first = write(tmp_path / "a.jsonl", graded)
    second = write(tmp_path / "b.jsonl", graded, {**graded, "response": "It is 3."})
    report = rdpt.import_traces([first, second], tmp_path / "o.jsonl")
    counts = [(file.n_records, file.n_traces, file.n_graded, file.n_truncated, file.n_copies) for file in report.files]
    assert counts == [(1, 1, 1, 1, 0), (2, 1, 1, 1, 1)]
    traces = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(trace["trace_id"], trace["sample"]) for trace in traces] == [("sums-q1-s0", 0), ("sums-q1-s1", 1)]


def test_a_record_that_could_not_be_written_has_no_copies(tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    line = json.dumps(ASKED)
    bad.write_text(line[:-1] + ', "note": NaN, "more": "\\ud800"}\n', encoding="utf-8")
    good = write(tmp_path / "good.jsonl", ASKED)
    report = rdpt.import_traces([bad, good], tmp_path / "o.jsonl")
    assert [(file.n_traces, file.n_rejects, file.n_copies) for file in report.files] == [(0, 1, 0), (1, 0, 0)]


def test_the_command_says_which_and_how_to_keep_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "logs"
    write(folder / "a.jsonl", ASKED, {**ASKED, "id": "q2"})
    (folder / "b.jsonl.gz").write_bytes(gzip.compress((folder / "a.jsonl").read_bytes()))
    write(folder / "c.jsonl", {**ASKED, "correct": True})
    (folder / "notes.md").write_text("# none", encoding="utf-8")
    assert main(["import", str(folder), "--out", str(tmp_path / "o.jsonl")]) == 0
    said = capsys.readouterr().err.splitlines()
    assert "b.jsonl.gz: pairs, 0 traces, 2 copies" in said
    assert (
        "  warning: 2 traces are earlier ones again, word for word; they were set aside, unless --keep-copies: "
        "record 1 is sums-q1-s0 again" in said
    )
    assert "  warning: 1 of these have another verdict than the trace that stays" in said
    assert said[-1] == "set aside: 3 copies, 1 file without traces"
