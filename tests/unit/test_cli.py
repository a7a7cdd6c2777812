"""What the command line adds to the library: notes on standard error."""

from __future__ import annotations

import contextlib
import io
import logging

import pytest

from rdpt_core.cli import main


def test_a_warning_of_the_library_is_one_note_however_often_a_command_ran(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert main(["no-such-command"]) == 2
    capsys.readouterr()
    logging.getLogger("rdpt_core.scoring.engine").warning("out of memory; going on with %d tokens a batch", 64)
    assert capsys.readouterr().err == "note: out of memory; going on with 64 tokens a batch\n"


def test_notes_follow_standard_error_to_another_stream() -> None:
    assert main(["no-such-command"]) == 2
    stream = io.StringIO()
    with contextlib.redirect_stderr(stream):
        logging.getLogger("rdpt_core.traces").warning("later")
    assert stream.getvalue() == "note: later\n"
