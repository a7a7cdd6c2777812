"""The class of a sentence is the same in numpy and in SQL."""

from __future__ import annotations

from itertools import product

import duckdb
import numpy as np

from rdpt_core.analysis.evidence.overlap.classes import class_codes, class_name
from rdpt_core.analysis.sentences import class_sql

CASES = list(product((0, 3, None), (0, 12, None)))


def test_both_renderings_agree_on_every_pair_of_counts() -> None:
    numbers = np.array([[np.nan if count is None else count for count in pair] for pair in CASES], float).T
    names = [class_name(code) for code in class_codes(*numbers).tolist()]
    rows = duckdb.execute(
        f"SELECT {class_sql('a', 'b')} FROM (SELECT unnest(?::INTEGER[]) AS a, unnest(?::INTEGER[]) AS b)",
        [[a for a, _ in CASES], [b for _, b in CASES]],
    ).fetchall()
    assert [name for (name,) in rows] == names
    assert set(names) == {"copied", "template", "new", None}
