"""The same run with the distilled model in the teacher's place: what labels say that need no teacher."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from rdpt_core.analysis.evidence.controls import NO_TEACHER, controls_of
from rdpt_core.analysis.run.data import RunData
from rdpt_core.store.reader import Reader, Run


def without_teacher(data: RunData) -> RunData | None:
    """Every number of the run under the control `no teacher`; None for two roles, which have no such control.

    Its answers are kept beside those of the run.
    """
    if NO_TEACHER not in controls_of(data.run):
        return None
    # A run that is seen with another teacher cannot be seen once more: the run as it was scored can.
    own = data.ask(_own)
    seen = own.seen(teacher=NO_TEACHER.key)

    @contextmanager
    def opened(*others: Run) -> Iterator[Reader]:
        with data.open_reader(*others) as reader:
            reader.see(seen, *others)
            yield reader

    return replace(data, run=seen, open_reader=opened)


def _own(reader: Reader, run: Run) -> Run:
    return reader.run(run.run_id)
