"""Our own form: one row a token, in JSON Lines, CSV or Parquet."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rdpt_core.scoring.backends.recorded.forms.sampling import sampling_of
from rdpt_core.scoring.backends.recorded.forms.values import recording, to_ids
from rdpt_core.scoring.backends.recorded.recording import Recording, Sampling

_WHOLE = re.compile(r"-?[0-9]{1,18}")


def is_row(value: Any) -> bool:
    """Whether a record is a token of our own form. An empty cell of a table is absent, also that of a logprob."""
    return (
        isinstance(value, Mapping)
        and "trace_id" in value
        and bool({"logprob", "token_index"} & value.keys())
        and bool({"char_start", "token", "token_id"} & value.keys())
    )


@dataclass(slots=True)
class _Open:
    source: str
    trace_id: str
    ids: list[Any] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    starts: list[Any] = field(default_factory=list)
    ends: list[Any] = field(default_factory=list)
    texts: list[Any] = field(default_factory=list)
    sampling: Sampling | None = None
    fault: str | None = None


class RowReader:
    """Gathers the rows of every trace. Rows of one trace stand together and in order.

    How the text was sampled is read from the first.
    """

    def __init__(self, role: str) -> None:
        self._role = role
        self._open: _Open | None = None
        self.finished: list[Recording] = []
        self._texts: dict[str, str] = {}
        self.n_other_roles = 0

    def add(self, row: Mapping[str, Any], source: str) -> None:
        """Take one row; rows of another role are passed over."""
        # An empty cell of a table is as good as no column.
        if row.get("role") not in (None, "", self._role):
            self.n_other_roles += 1
            return
        trace_id, index = str(row["trace_id"]), _whole(row.get("token_index"))
        if self._open is None or self._open.trace_id != trace_id or index == 0:
            self.finish()
            self._open = _Open(source, trace_id, sampling=sampling_of(row, row))
        current = self._open
        if index is not None and index != len(current.ids):
            current.fault = current.fault or f"expected token_index {len(current.ids)}, got {index} ({source})"
        current.ids.append(_whole(row.get("token_id")))
        current.values.append(_number(row.get("logprob")))
        current.starts.append(_whole(row.get("char_start")))
        current.ends.append(_whole(row.get("char_end")))
        text = row.get("token")
        # The same few thousand texts come again and again.
        current.texts.append(self._texts.setdefault(text, text) if isinstance(text, str) else None)

    def finish(self) -> None:
        """The trace that was being read is over."""
        current, self._open = self._open, None
        if current is None:
            return
        has_offsets = None not in current.starts and None not in current.ends
        self.finished.append(
            recording(
                current.source,
                (current.trace_id,),
                current.ids,
                current.values,
                texts=None if None in current.texts else current.texts,
                char_start=to_ids(current.starts, len(current.ids)) if has_offsets else None,
                char_end=to_ids(current.ends, len(current.ids)) if has_offsets else None,
                sampling=current.sampling,
                fault=current.fault,
            )
        )


def _whole(value: Any) -> int | None:
    """A whole number; tables give them as text."""
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    return value if type(value) is int else None


def _number(value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
