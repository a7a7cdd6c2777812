"""A file that says of every trace which a server or a recording could not score why, in words."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import IO

from rdpt_core.atomic_write import unwritable
from rdpt_core.errors import InputError
from rdpt_core.records import Role, RoleResult, Trace


class UnscoredLog:
    """JSON Lines with `role, trace_id, reason, detail`. The file is that of one call: without a line there is none.

    Raises:
        InputError: the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.n = 0
        self._stream: IO[str] | None = None
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            # A file system that is read-only refuses it even where there is nothing to remove.
            if os.path.lexists(path):
                raise _unwritable(path, error) from error

    def add(self, role: Role, trace: Trace, result: RoleResult) -> None:
        """Append one line, and keep it."""
        line = {
            "role": role,
            "trace_id": trace.trace_id,
            "reason": result.unscored_reason,
            "detail": result.detail,
        }
        try:
            if self._stream is None:
                self._stream = self.path.open("w", encoding="utf-8", newline="\n")
            self._stream.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._stream.flush()
        except OSError as error:
            raise _unwritable(self.path, error) from error
        self.n += 1

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._stream is not None:
            self._stream.close()


def _unwritable(path: Path, error: OSError) -> InputError:
    return unwritable("the log of unscored traces", path, error)
