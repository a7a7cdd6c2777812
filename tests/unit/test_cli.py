"""What the command line adds to the library: notes on standard error, and one line for what the machine refuses."""

from __future__ import annotations

import contextlib
import errno
import io
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rdpt_core.cli import main, make_parser
from rdpt_core.commands import info

PROJECT = Path(__file__).resolve().parents[2]


def test_a_warning_of_the_library_is_one_note_however_often_a_command_ran(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert main(["no-such-command"]) == 2
    capsys.readouterr()
    logging.getLogger("rdpt_core.scoring.engine").warning("out of memory; going on with %d tokens a batch", 64)
    assert capsys.readouterr().err == "note: out of memory; going on with 64 tokens a batch\n"


@pytest.mark.parametrize("flags", [["--student", "a/b", "--student=a/c"], ["--traces", "1", "2", "--traces", "3"]])
def test_a_flag_given_twice_is_refused_with_both_values(capsys: pytest.CaptureFixture[str], flags: list[str]) -> None:
    """Of two students, or two lists of files, one would be forgotten."""
    assert main(["score", "--db", "a.duckdb", *flags]) == 2
    said = capsys.readouterr().err
    assert f"a flag is given twice: {flags[0]}" in said
    assert ("got a/b and a/c" if "--student" in flags else "got 1 2 and 3") in said


def test_a_flag_repeated_with_one_value_is_no_contradiction() -> None:
    arguments = make_parser().parse_args(["info", "--db", "a.duckdb", "--db", "a.duckdb"])
    assert arguments.db == Path("a.duckdb")


def test_notes_follow_standard_error_to_another_stream() -> None:
    assert main(["no-such-command"]) == 2
    stream = io.StringIO()
    with contextlib.redirect_stderr(stream):
        logging.getLogger("rdpt_core.traces").warning("later")
    assert stream.getvalue() == "note: later\n"


def no_room() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/somewhere/file")


def endless() -> None:
    endless()


REFUSED = {
    "no room on the disk: /somewhere/file": no_room,
    "No such file": lambda: os.listdir("/nowhere/at/all"),
    "memory is short": lambda: bytearray(2**62),
    "nested too deeply": endless,
}


@pytest.mark.parametrize("said", REFUSED)
def test_what_the_machine_refuses_is_one_line_with_its_place(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], said: str
) -> None:
    monkeypatch.setattr(info, "run", lambda _: REFUSED[said]())
    assert main(["info", "--db", "a.duckdb"]) == 2
    captured = capsys.readouterr()
    assert said in captured.err and "rdpt_core/cli.py, line" in captured.err
    assert captured.err.startswith("error: ") and captured.err.count("\n") == 1


SHORT = [
    RuntimeError("DefaultCPUAllocator: can't allocate memory"),
    RuntimeError("can't start new thread"),
    ImportError("libtorch_cpu.so: failed to map segment from shared object"),
]


@pytest.mark.parametrize("error", SHORT, ids=str)
def test_short_memory_is_known_from_its_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr(info, "run", fail)
    assert main(["info", "--db", "a.duckdb"]) == 2
    assert "memory is short" in capsys.readouterr().err


def test_a_fault_of_the_program_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    for fault in (RuntimeError("a fault"), KeyError("a fault")):

        def fail(_: object, fault: Exception = fault) -> None:
            raise fault

        monkeypatch.setattr(info, "run", fail)
        with pytest.raises(type(fault), match="a fault"):
            main(["info", "--db", "a.duckdb"])


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell that closes streams")
@pytest.mark.parametrize("streams", ["> /dev/full", ">&-", ">&- 2>&- <&-"])
def test_a_result_that_cannot_be_written_is_an_error(streams: str) -> None:
    if "/dev/full" in streams and not Path("/dev/full").exists():
        pytest.skip("this system has no full device")
    command = [sys.executable, "-m", "rdpt_core", "select", "--strategy", "list"]
    shell = ["sh", "-c", f'exec "$@" {streams}', "sh", *command]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    found = subprocess.run(shell, cwd=PROJECT, env=environment, stderr=subprocess.PIPE, text=True, check=False)
    assert found.returncode == 2
    if "2>&-" not in streams:
        assert found.stderr.startswith("error: the result cannot be written to standard output")
        assert found.stderr.count("\n") == 1


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="looks at its own open files")
def test_no_file_takes_the_place_of_a_closed_stream() -> None:
    code = (
        "import os, sys; from rdpt_core.cli import main\n"
        "assert main(['no-such-command']) == 2\n"
        "opened = os.open(sys.executable, os.O_RDONLY)\n"
        "os._exit(opened if all(os.readlink(f'/proc/self/fd/{n}') == os.devnull for n in range(3)) else 1)\n"
    )
    shell = ["sh", "-c", 'exec "$@" >&- 2>&- <&-', "sh", sys.executable, "-c", code]
    assert subprocess.run(shell, cwd=PROJECT, check=False).returncode > 2
