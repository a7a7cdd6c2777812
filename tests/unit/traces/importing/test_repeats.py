"""What an import meets twice is counted once, or said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import rdpt_core as rdpt
from rdpt_core.cli import main


def line(number: int, **more: Any) -> dict[str, Any]:
    return {
        "trace_id": f"t{number}",
        "question_id": f"q{number}",
        "question": f"What is {number} + 1?",
        "response": f"{number + 1}.",
        **more,
    }


def write(path: Path, *lines: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")
    return path


def imported(out: Path) -> list[dict[str, Any]]:
    return [json.loads(one) for one in out.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return write(tmp_path / "a.jsonl", line(0), line(1))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out" / "o.jsonl"


@pytest.mark.parametrize("kind", ["twice", "dotted", "symbolic link", "hard link", "copy"])
def test_a_file_under_two_names_counts_once(
    log: Path, out: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    again = log.with_name("b.jsonl")
    if kind == "twice":
        again = log
    elif kind == "dotted":
        again = log.parent / "out" / ".." / log.name
    elif kind == "symbolic link":
        again.symlink_to(log)
    elif kind == "hard link":
        again.hardlink_to(log)
    else:
        shutil.copy(log, again)
    assert main(["import", str(log), str(again), "--out", str(out)]) == 0
    assert [one["trace_id"] for one in imported(out)] == ["t0", "t1"]
    which = "byte for byte a.jsonl" if kind == "copy" else "the same file as a.jsonl"
    assert f"left out: {again.name}, {which}\n" in capsys.readouterr().err


def test_copies_in_a_folder_count_once(log: Path, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    (folder / "backup").mkdir(parents=True)
    for place in ("a.jsonl", "backup/a.jsonl"):
        shutil.copy(log, folder / place)
    # As long, and other.
    write(folder / "c.jsonl", line(2), line(3))
    # Neither holds anything, and that is what is said of them.
    for name in ("d.jsonl", "e.jsonl"):
        (folder / name).touch()
    report = rdpt.import_traces(folder, tmp_path / "o.jsonl")
    assert [(file.name, file.n_traces) for file in report.files if file.n_traces] == [("a.jsonl", 2), ("c.jsonl", 2)]
    assert [(file.name, file.left_out) for file in report.left_out] == [("backup/a.jsonl", "byte for byte a.jsonl")]
    assert [file.name for file in report.refused] == ["d.jsonl", "e.jsonl"]
    assert report.to_dict()["n_files_left_out"] == 1


def test_a_file_of_a_folder_that_is_named_too_is_a_named_one(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    write(folder / "a.jsonl", line(0))
    odd = folder / "odd.md"
    odd.write_text("no traces")
    with pytest.raises(rdpt.InputError, match=r"odd\.md"):
        rdpt.import_traces([folder, odd], tmp_path / "o.jsonl")


@pytest.mark.parametrize("name", ["all.jsonl", "all.jsonl.rejects.jsonl"])
def test_an_output_never_takes_the_place_of_a_source_in_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    write(folder / "a.jsonl", line(0))
    theirs = write(folder / name, line(1, meta={"import": {"format": "pairs"}}), line(2))
    before = theirs.read_bytes()
    assert main(["import", str(folder), "--out", str(folder / "all.jsonl")]) == 2
    said = capsys.readouterr().err
    assert f"this would overwrite an input of the command: {theirs};" in said and said.count("\n") == 1
    assert theirs.read_bytes() == before


def test_the_output_of_an_earlier_import_is_not_read_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    write(folder / "a.jsonl", {"question": "What is 0 + 1?", "response": "1."}, {"question": "no response"})
    command = ["import", str(folder), "--out", str(folder / "all.jsonl")]
    assert main(command) == 3
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert set(before) == {"a.jsonl", "all.jsonl", "all.jsonl.rejects.jsonl"}
    capsys.readouterr()
    assert main(command) == 3
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    said = capsys.readouterr().err
    assert "left out: all.jsonl, an output of this import; all.jsonl.rejects.jsonl, an output of this import\n" in said
    (folder / "a.jsonl").unlink()
    assert main(command) == 2
    assert "an output of this import" in capsys.readouterr().err
    assert (folder / "all.jsonl").read_bytes() == before["all.jsonl"]


def test_ids_of_other_texts_are_changed_and_told(
    log: Path, tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = write(tmp_path / "b.jsonl", line(0, response="Other."), line(1, response="Another."), line(2))
    assert main(["import", str(log), str(other), "--out", str(out)]) == 0
    ids = [one["trace_id"] for one in imported(out)]
    assert ids[:2] + ids[4:] == ["t0", "t1", "t2"]
    said = capsys.readouterr().err
    assert f"2 ids belong to other texts already and were changed: t0 is {ids[2]} here" in said
    assert "alike" not in said and "again" not in said


@pytest.mark.parametrize("with_ids", [True, False])
def test_traces_of_one_file_that_read_alike_are_kept_and_told(
    tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str], with_ids: bool
) -> None:
    lines = [line(0), line(1), line(0), line(0, sample=1), line(0, model="another")]
    for place, one in enumerate(lines):
        one["trace_id"] = f"u{place}"
        if not with_ids:
            del one["trace_id"]
    log = write(tmp_path / "log.jsonl", *lines)
    assert main(["import", str(log), "--out", str(out)]) == 0
    ids = [one["trace_id"] for one in imported(out)]
    said = capsys.readouterr().err
    assert len(ids) == 5
    assert f"1 trace reads like an earlier one word for word: {ids[2]} and {ids[0]}; it counts" in said
    assert "changed" not in said and "set aside" not in said


def test_ids_of_traces_are_kept_where_only_those_of_questions_are_missing(
    log: Path, tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = []
    for name, response in (("a", "One."), ("b", "Other.")):
        lines = [{key: value for key, value in line(number).items() if key != "question_id"} for number in (0, 1)]
        files.append(write(tmp_path / f"{name}.jsonl", *({**one, "response": response} for one in lines)))
    assert main(["import", *map(str, files), "--out", str(out)]) == 0
    traces = imported(out)
    ids = [one["trace_id"] for one in traces]
    assert ids[:2] == ["t0", "t1"] and ids[2].startswith("t0-") and ids[3].startswith("t1-")
    assert len({one["question_id"] for one in traces}) == 2
    assert [one["meta"].get("renamed_from") for one in traces] == [None, None, "t0", "t1"]
    assert f"2 ids belong to other texts already and were changed: t0 is {ids[2]} here" in capsys.readouterr().err


def test_an_id_of_a_question_that_another_question_has_is_told(
    tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, number in (("a", 1), ("b", 2)):
        write(tmp_path / f"{name}.jsonl", *({"id": "7", "question": f"{number}?", "response": r} for r in "xyz"))
    files = [str(tmp_path / f"{name}.jsonl") for name in "ab"]
    assert main(["import", *files, "--out", str(out), "--benchmark", "sums"]) == 0
    said = capsys.readouterr().err
    assert said.count("1 id belongs to another text already and was changed: sums-7 is sums-7-") == 1
    assert "again" not in said
