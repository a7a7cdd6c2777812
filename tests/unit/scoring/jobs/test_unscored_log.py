"""The log of unscored traces: where nothing can be written, nothing needs to be."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from rdpt_core.errors import InputError
from rdpt_core.scoring.jobs.unscored_log import UnscoredLog


def test_a_read_only_folder_is_no_fault_while_there_is_nothing_to_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.unscored.jsonl"

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    monkeypatch.setattr(Path, "unlink", refuse)
    UnscoredLog(path).close()
    path.touch()
    with pytest.raises(InputError, match="log of unscored traces cannot be written.*Read-only"):
        UnscoredLog(path)
