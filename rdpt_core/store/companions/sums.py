"""Which sentences still lack the numbers of a companion whose tokens came before them."""

from __future__ import annotations

from rdpt_core.records import RunKey
from rdpt_core.store.companions.columns import column
from rdpt_core.store.reader import Reader


def trace_nos_without_sums(reader: Reader, run: RunKey, role: str, *, ranked: bool = False) -> set[int]:
    """The traces with a sentence of which a companion has neither a probability nor a reason why there is none.

    Args:
        ranked: a probability without the sum of its tokens' ranks counts as missing, too.
    """
    p, reason, ranks = (column(stem, role) for stem in ("p", "unscored_reason", "rank_sum"))
    rows = reader.query(
        f"SELECT DISTINCT trace_no FROM sentences WHERE run_no = ? "
        f"AND (({p} IS NULL AND {reason} IS NULL) OR (? AND {p} IS NOT NULL AND {ranks} IS NULL))",
        [run.run_no, ranked],
    )
    return set(rows.column("trace_no").to_pylist())
