"""The file in which drawn responses wait until they are scored: canonical JSON Lines, one batch after another.

Drawing takes long, so a batch is on disk before the next one is drawn. What an interrupted process has left of a batch
is cut off, and the batch is drawn again as a whole, since rows of one batch are computed together.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from rdpt_core.atomic_write import unwritable
from rdpt_core.records import Trace
from rdpt_core.traces import RejectLog, iter_traces
from rdpt_core.traces.canonical.schema import trace_to_json

_CALLED = "the file of drawn responses"


class DrawnFile:
    """Responses to some questions, in their order.

    Args:
        path: the file, which need not be there.
        trace_ids: of all responses to be drawn.
        batch_rows: responses of a batch.
    """

    def __init__(self, path: Path, trace_ids: Sequence[str], batch_rows: int) -> None:
        self.path = path
        self._trace_ids = trace_ids
        self._batch_rows = batch_rows

    def n_drawn(self) -> int:
        """Responses in the whole batches of the file. Whatever follows these is cut off.

        Raises:
            InputError: the file cannot be read or written.
        """
        ends = [0]
        try:
            with self.path.open("r+b") as stream:
                for line, trace_id in zip(stream, self._trace_ids, strict=False):
                    if not line.endswith(b"\n") or _trace_id(line) != trace_id:
                        break
                    ends.append(ends[-1] + len(line))
                n = len(ends) - 1
                if n < len(self._trace_ids):
                    n -= n % self._batch_rows
                stream.truncate(ends[n])
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise unwritable(_CALLED, self.path, error) from error
        return n

    def append(self, traces: Sequence[Trace]) -> None:
        """Put a batch behind those that are there.

        Raises:
            InputError: the file cannot be written.
        """
        lines = "".join(f"{trace_to_json(trace)}\n" for trace in traces)
        try:
            with self.path.open("ab") as stream:
                stream.write(lines.encode("utf-8"))
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise unwritable(_CALLED, self.path, error) from error

    def traces(self) -> Iterator[Trace]:
        """The responses, from the beginning at every call."""
        return iter_traces([self.path], rejects=RejectLog(None))

    def remove(self) -> None:
        """Forget them, once they are in the database."""
        self.path.unlink(missing_ok=True)


def _trace_id(line: bytes) -> object:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record.get("trace_id") if isinstance(record, dict) else None
