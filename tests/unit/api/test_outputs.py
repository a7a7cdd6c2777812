"""No output takes the place of an input, a database or another output, whatever name it is given."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import rdpt_core as rdpt
from rdpt_core.api.outputs import check_outputs
from rdpt_core.cli import main
from rdpt_core.store.beside.notes import Anchor, add_note
from rdpt_core.store.connect import open_for_writing
from tests.support import synthetic

NAMINGS: dict[str, Callable[[Path, Path], object]] = {
    "copy": shutil.copy,
    "hard link": os.link,
    "symbolic link": lambda database, name: name.symlink_to(database),
}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "x.duckdb"
    synthetic.build(path, synthetic.sketches(2))
    return path


def refuses(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main([str(argument) for argument in arguments]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


@pytest.mark.parametrize("naming", NAMINGS)
@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("x.csv", ["export", "--what", "sentences"]),
        ("x.md", ["export", "--what", "notes"]),
        ("x.html", ["export", "--what", "html", "--trace", "shop-000-s0"]),
        ("x.jsonl", ["select", "--strategy", "longest"]),
        # The manifest goes beside it.
        ("x.manifest.json", ["select", "--strategy", "longest"]),
    ],
)
def test_a_database_is_never_written_over(
    database: Path, capsys: pytest.CaptureFixture[str], name: str, command: list[str], naming: str
) -> None:
    path, before = database.with_name(name), database.read_bytes()
    NAMINGS[naming](database, path)
    out = path.with_name("x.jsonl") if name == "x.manifest.json" else path
    assert "would overwrite" in refuses(capsys, *command, "--db", path, "--out", out)
    assert "would overwrite" in refuses(capsys, *command, "--db", database, "--out", out)
    assert path.read_bytes() == database.read_bytes() == before


def test_databases_of_others_and_notes_are_kept_too(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_note(database, Anchor("a", "t", "0" * 12), "keep me", ())
    notes = tmp_path / "x.duckdb.notes.sqlite"
    log = tmp_path / "log.jsonl"
    log.write_text('{"question": "1?", "response": "1."}\n', encoding="utf-8")
    for path in (database, notes):
        before = path.read_bytes()
        assert "would overwrite a database" in refuses(capsys, "import", log, "--out", path)
        assert "would overwrite a database" in refuses(
            capsys, "import", log, "--out", tmp_path / "o.jsonl", "--rejects", path
        )
        assert path.read_bytes() == before
    page = tmp_path / "page.html"
    page.write_bytes(database.read_bytes())
    with pytest.raises(rdpt.UsageError, match="would overwrite a database"):
        rdpt.open(database).run().trace("shop-000-s0").save(page)


def test_an_import_keeps_its_sources_and_its_outputs_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, out = tmp_path / "log.jsonl", tmp_path / "o.jsonl"
    log.write_text('{"question": "1?", "response": "1."}\n{"question": "2?"}\n', encoding="utf-8")
    (tmp_path / "again.jsonl").symlink_to(log)
    before = log.read_bytes()
    assert "an input of the command" in refuses(capsys, "import", log, "--out", tmp_path / "again.jsonl")
    assert "an input of the command" in refuses(capsys, "import", log, "--out", out, "--rejects", log)
    # Neither is there yet.
    same = tmp_path / "." / "folder" / ".." / "o.jsonl"
    (tmp_path / "folder").mkdir()
    assert "another output" in refuses(capsys, "import", log, "--out", out, "--rejects", same)
    assert (log.read_bytes(), out.exists()) == (before, False)
    # A file that is nothing of this is written anew, as ever.
    out.write_text("old")
    assert main(["import", str(log), "--out", str(out)]) == 3
    assert out.read_text(encoding="utf-8") != "old"


def test_the_rejects_of_a_score_are_no_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    traces, database = tmp_path / "t.jsonl", tmp_path / "run.duckdb"
    traces.write_text('{"question": "1?", "response": "1."}\nno trace\n', encoding="utf-8")
    models = [part for role in ("teacher", "student", "distilled") for part in (f"--{role}", tmp_path / role)]
    command = ["score", "--traces", traces, *models, "--db", database]
    assert "an input of the command: --rejects" in refuses(capsys, *command, "--rejects", database)
    assert "an input of the command: --rejects" in refuses(capsys, *command, "--rejects", traces)
    assert "an input of the command" in refuses(capsys, "validate", "--traces", traces, "--rejects", traces)


def test_a_stream_is_written_to_and_stays(tmp_path: Path) -> None:
    log, caught = tmp_path / "log.jsonl", tmp_path / "caught"
    log.write_text('{"question": "1?", "response": "1."}\nno record\n', encoding="utf-8")
    with caught.open("w") as stream:
        inner = f"/proc/self/fd/{stream.fileno()}"
        with pytest.raises(rdpt.UsageError, match="--rejects"):
            rdpt.import_traces(log, inner)
        report = rdpt.import_traces(log, inner, rejects=tmp_path / "rejects.jsonl")
    assert (report.n_traces, report.n_rejects) == (1, 1)
    assert caught.read_text(encoding="utf-8").count("\n") == 1
    # A link that leads to a stream, as /dev/stdout is one.
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    descriptor = os.open(pipe, os.O_RDWR)
    try:
        rdpt.import_traces(log, link, rejects=link)
        written = os.read(descriptor, 1 << 16).decode()
    finally:
        os.close(descriptor)
    assert "1." in written and "no record" in written
    assert link.is_symlink() and pipe.is_fifo()


def test_what_is_not_there_is_compared_by_its_path(tmp_path: Path) -> None:
    check_outputs({"--out": tmp_path / "a", "--rejects": tmp_path / "b"}, {"--db": [tmp_path / "c"]})
    # A link to itself names nothing.
    (tmp_path / "loop").symlink_to("loop")
    check_outputs({"--out": tmp_path / "loop"}, {"--db": [tmp_path / "c"]})
    with pytest.raises(rdpt.UsageError, match="--db"):
        check_outputs({"--out": tmp_path / "x" / ".." / "c"}, {"--db": [tmp_path / "c"]})


def test_looking_at_a_database_that_is_open_here_does_not_free_its_lock(database: Path) -> None:
    take_lock = "import duckdb, sys; duckdb.connect(sys.argv[1])"
    with open_for_writing(database):
        for flag in ("--out", "--rejects"):
            with pytest.raises(rdpt.UsageError, match="would overwrite a database"):
                check_outputs({flag: database}, {})
        taken = subprocess.run([sys.executable, "-c", take_lock, database], capture_output=True, text=True, check=False)
    assert "Could not set lock" in taken.stderr
