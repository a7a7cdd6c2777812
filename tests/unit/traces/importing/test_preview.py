"""A dry run: the first records as they would come out, and nothing written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import rdpt_core as rdpt
from rdpt_core.cli import main

ASKED = {"question": "What is 1 + 1?", "response": "<think>\nadd\n</think>\n\n2", "gold": "2", "benchmark": "sums"}


def write(path: Path, *lines: Any) -> Path:
    path.write_text("".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in lines))
    return path


def test_records_come_in_their_order_with_place_and_reason(tmp_path: Path) -> None:
    one = write(tmp_path / "a.jsonl", ASKED, "nothing", {**ASKED, "response": None}, {**ASKED, "response": "3"})
    two = write(tmp_path / "b.jsonl", {"trace_id": "t", "question_id": "q", "question": "Q?", "response": "A."})
    report = rdpt.import_traces([one, two], dry_run=9)
    assert report.preview is not None
    seen = [(p.file, p.line, p.format, p.trace and p.trace.response, p.reason) for p in report.preview]
    assert [entry[:3] for entry in seen] == [
        ("a.jsonl", 1, "pairs"),
        ("a.jsonl", 2, "pairs"),
        ("a.jsonl", 3, "pairs"),
        ("a.jsonl", 4, "pairs"),
        ("b.jsonl", 1, "canonical"),
    ]
    assert [entry[3] for entry in seen] == [ASKED["response"], None, None, "3", "A."]
    assert [entry[4] is None for entry in seen] == [True, False, False, True, True]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl", "b.jsonl"]


@pytest.mark.parametrize("n", [1, 2, 3])
def test_no_more_is_read_than_asked_for(tmp_path: Path, n: int) -> None:
    bad = {"question": "no response"}
    log = write(tmp_path / "a.jsonl", bad, bad, ASKED, *[bad] * 50)
    report = rdpt.import_traces(log, dry_run=n)
    assert len(report.preview or ()) == n
    assert (report.n_rejects, report.n_traces) == (min(n, 2), int(n == 3))


def test_a_dry_run_is_what_the_import_then_does(tmp_path: Path) -> None:
    log = write(tmp_path / "a.jsonl", *({**ASKED, "question": f"What is 1 + {n}?"} for n in range(3)))
    out = tmp_path / "o.jsonl"
    seen = rdpt.import_traces(log, out, dry_run=3, model="m").to_dict()["preview"]
    assert not out.exists()
    written = rdpt.import_traces(log, out, model="m")
    assert written.preview is None and "preview" not in written.to_dict()
    assert [one["trace"] for one in seen] == [json.loads(line) for line in out.read_text().splitlines()]


def test_what_is_wrong_with_the_arguments_is_said(tmp_path: Path) -> None:
    log = write(tmp_path / "a.jsonl", ASKED)
    with pytest.raises(rdpt.UsageError, match=r"--out FILE or --dry-run N"):
        rdpt.import_traces(log)
    for n in (0, -1, 1.5):
        with pytest.raises(rdpt.UsageError, match="--dry-run"):
            rdpt.import_traces(log, dry_run=n)  # type: ignore[arg-type]
    with pytest.raises(rdpt.UsageError, match="overwrite"):
        rdpt.import_traces(log, log, dry_run=1)


def test_the_command_prints_every_fact(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    long = {**ASKED, "response": "b" * 200 + "\x1b[2J" + "e" * 200, "model": "m", "finish_reason": "length", "note": 1}
    log = write(tmp_path / "a.jsonl", ASKED, {**long, "correct": False}, {**ASKED, "response": None})
    assert main(["import", str(log), "--dry-run", "3"]) == 3
    said = capsys.readouterr()
    assert said.err == ""
    blocks = said.out.split("\na.jsonl:")
    assert blocks[0].splitlines() == [
        "a.jsonl:1, pairs",
        "  trace_id     " + blocks[0].splitlines()[1].split()[1],
        "  question_id  " + blocks[0].splitlines()[2].split()[1],
        "  question     What is 1 + 1?",
        r"  response     <think>\nadd\n</think>\n\n2 (23 characters)",
        "  gold         2",
        "  benchmark    sums",
        "  sample       0",
        "  correct      yes, graded here: method text, extracted 2",
        "  truncated    no",
        "  meta         import, grading",
    ]
    assert f"  response     {'b' * 160} … {'e' * 80} (404 characters)\n" in blocks[1]
    assert "  correct      no, by the source (correct)\n" in blocks[1] and "  truncated    yes: " in blocks[1]
    assert "  meta         import, source, truncated (source: note)" in blocks[1]
    assert blocks[2].startswith("3, pairs, rejected: ")
    assert said.out.endswith("2 traces of the first 3 records; nothing was written\nset aside: 1 record rejected\n")
    assert main(["import", str(log), "--dry-run", "1", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["preview"][0]["trace"]["response"] == ASKED["response"]
    assert set(tmp_path.iterdir()) == {log}


def test_texts_of_a_log_do_not_reach_the_terminal_as_orders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "\x1b]0;title\x07\u202egnp.exe\x9b2J\r"
    line = {**ASKED, "question": hostile, "response": hostile, "model": hostile, "id": hostile, hostile: hostile}
    log = write(tmp_path / "a.jsonl", line, {**line, "response": 1})
    assert main(["import", str(log), "--dry-run", "2"]) == 3
    said = capsys.readouterr().out
    assert all(character.isprintable() or character == "\n" for character in said)
    assert r"\x1b]0;title\x07\u202egnp.exe\x9b2J\r" in said
