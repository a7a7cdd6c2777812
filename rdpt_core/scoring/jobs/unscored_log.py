"""A file that says in words why a role could not score a trace: what a server or a recording told, or what the trace
lacks for the role's template."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Container
from pathlib import Path
from typing import IO

from rdpt_core.atomic_write import atomic_write, unwritable
from rdpt_core.errors import InputError
from rdpt_core.records import RoleResult, Trace


class UnscoredLog:
    """JSON Lines with `role, trace_id, reason, detail`, one a role and trace; without a line there is no file."""

    def __init__(self) -> None:
        self.path: Path | None = None
        self._known: set[tuple[str, str]] = set()
        self._stream: IO[str] | None = None

    @property
    def n_traces(self) -> int:
        """How many traces the file names; one that several roles could not score counts once."""
        return len({trace_id for _, trace_id in self._known})

    def n_traces_of(self, roles: Collection[str]) -> int:
        """The same of these roles: a run may keep lines about others, which a call did not ask about."""
        return len({trace_id for role, trace_id in self._known if role in roles})

    def begin(self, path: Path, still_unscored: Callable[[], Container[tuple[str, str]]]) -> None:
        """Write to this file, which is that of one run, from now on.

        Args:
            still_unscored: (role, trace_id) of what this call will not ask for again. Lines of an earlier call about
                anything else are dropped: it is scored by now, or is about to be.

        Raises:
            InputError: the file cannot be read or written.
        """
        self.path = path
        try:
            earlier = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
            known = still_unscored() if earlier else ()
            kept = [line for line in earlier if _names_one_of(line, known)]
            # A file system that is read-only refuses to remove even what is not there.
            if earlier and not kept:
                path.unlink(missing_ok=True)
            elif kept != earlier:
                with atomic_write(path, "the log of unscored traces") as temporary:
                    temporary.write_text("".join(kept), encoding="utf-8", newline="\n")
        except (OSError, UnicodeDecodeError) as error:
            raise _unwritable(path, error) from error
        records = map(json.loads, kept)
        self._known = {(record["role"], record["trace_id"]) for record in records}

    def add(self, role: str, trace: Trace, result: RoleResult) -> None:
        """Append one line, and keep it.

        Raises:
            InputError: the file cannot be written.
        """
        if self.path is None:
            raise RuntimeError("the log has no file yet")
        line = {
            "role": role,
            "trace_id": trace.trace_id,
            "reason": result.unscored_reason,
            "detail": result.detail,
        }
        try:
            if self._stream is None:
                self._stream = self.path.open("a", encoding="utf-8", newline="\n")
            self._stream.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._stream.flush()
        except OSError as error:
            raise _unwritable(self.path, error) from error
        self._known.add((role, trace.trace_id))

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._stream is not None:
            self._stream.close()


def _names_one_of(line: str, known: Container[tuple[str, str]]) -> bool:
    """Whether a whole line is about one of these; the last one may have been cut by the end of its process."""
    try:
        record = json.loads(line)
        return line.endswith("\n") and (record["role"], record["trace_id"]) in known
    except (ValueError, LookupError, TypeError, RecursionError):
        return False


def _unwritable(path: Path, error: OSError | UnicodeDecodeError) -> InputError:
    what = "the log of unscored traces"
    if isinstance(error, UnicodeDecodeError):
        return InputError(f"{what} cannot be read", where=str(path), expected="UTF-8", got=error.reason)
    return unwritable(what, path, error)
