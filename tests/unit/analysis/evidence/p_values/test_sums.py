"""What is read of a run is what it holds."""

import duckdb
import numpy as np
import pytest

from rdpt_core.analysis.evidence.p_values.references import references_of
from rdpt_core.analysis.evidence.p_values.sums import MISSING, MOST_TOKENS, load_sums


def stored(path, names):
    with duckdb.connect(str(path), read_only=True) as connection:
        table = connection.execute(
            f"SELECT {', '.join(names)} FROM sentences WHERE NOT is_mark ORDER BY trace_no, sentence_index"
        ).fetchnumpy()
    return [np.ma.filled(np.ma.asarray(table[name], dtype=float), np.nan) for name in names]


@pytest.mark.parametrize("teacher", [None, "c"])
def test_sums_are_relative_to_the_mean_of_the_references(folder, evidence, teacher) -> None:
    own = evidence(5, teacher)
    references = references_of(own.data.run)
    with own.data.open_reader() as reader:
        sums = load_sums(reader, own.data.run, references)
    first = "teacher" if teacher is None else f"control_{teacher}"
    tested, n_tokens, *others = stored(
        folder / "5.duckdb",
        [f"logprob_sum_{first}", "n_tokens_distilled", *(f"logprob_sum_control_{name}" for name in references.names)],
    )
    mean = np.mean(others, axis=0)
    assert sums.teacher == pytest.approx(tested - mean, rel=1e-3, abs=1e-4, nan_ok=True)
    for found, values in zip(sums.references, others, strict=True):
        assert found == pytest.approx(values - mean, rel=1e-3, abs=1e-4, nan_ok=True)
    n = (np.array(others) >= tested).sum(axis=0)
    assert sums.n_as_high.tolist() == np.where(np.isnan(tested), MISSING, n).tolist()
    assert sums.n_tokens.tolist() == n_tokens.tolist() and sums.n_tokens.max() < MOST_TOKENS
    assert sums.n_sentences == sums.start[-1] and np.isnan(tested).any()
