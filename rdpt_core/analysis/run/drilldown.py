"""The traces and sentences behind a number, for someone who clicks it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rdpt_core.store.reader import Reader, Run

LIMIT = 100
"""How many are listed; the count says how many there are."""

# Enough to recognise a sentence by.
_TEXT = 300

Ints = npt.NDArray[np.int64]


def first_with(codes: npt.NDArray[np.uint8], start: Ints, length: Ints, code: int) -> Ints:
    """(n_traces,), the index of the first sentence of each trace with this code; -1 if it has none."""
    found = np.full(len(start), -1, np.int64)
    for place, (first, n) in enumerate(zip(start, length, strict=True)):
        here = np.flatnonzero(codes[first : first + n] == code)
        if len(here):
            found[place] = here[0]
    return found


def load_sentences(reader: Reader, run: Run, trace_nos: Sequence[int], indices: Sequence[int]) -> pa.Table:
    """Sentences by trace and index, in the order asked for.

    Columns: trace_id, question_id, benchmark, correct, sentence (from 1), text (its beginning).
    """
    return reader.query(
        "SELECT trace_id, question_id, benchmark, correct, sentence_index + 1 AS sentence, "
        f"substr(response, char_start + 1, least(char_end - char_start, {_TEXT:d})) AS text "
        "FROM (SELECT unnest($1::INTEGER[]) AS trace_no, unnest($2::INTEGER[]) AS sentence_index, "
        "unnest(range(len($1::INTEGER[]))) AS place) AS wanted "
        f"JOIN (SELECT * FROM sentences WHERE run_no = {run.run_no:d} AND trace_no IN (SELECT unnest($1::INTEGER[]))) "
        "USING (trace_no, sentence_index) "
        f"JOIN (SELECT * FROM traces WHERE run_no = {run.run_no:d} AND trace_no IN (SELECT unnest($1::INTEGER[]))) "
        "USING (trace_no) ORDER BY place",
        [list(map(int, trace_nos)), list(map(int, indices))],
    )
