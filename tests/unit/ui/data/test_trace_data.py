"""What the reader of a trace asks for is asked once for what it depends on."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import rdpt_core as rdpt
from rdpt_core.analysis.attribution.rule import AttributionRule
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.store.reader import Reader, Run
from rdpt_core.ui.data import trace_data
from tests.support import companions, synthetic


def test_a_threshold_asks_nothing_of_further_models_anew(tmp_path: Path) -> None:
    path = tmp_path / "run.duckdb"
    companions.build(path, synthetic.sketches(2), models=companions.named_teacher())
    data = rdpt.open(path).run()._data()
    opened = []

    def open_reader(*runs: Run) -> AbstractContextManager[Reader]:
        opened.append(runs)
        return data.open_reader(*runs)

    counting = replace(data, open_reader=open_reader)
    attribution = AttributionRule.make()
    views = [data.trace_view(0, LabelRule.make(alpha)) for alpha in (0.05, 0.2)]
    first = trace_data.extras(counting, views[0], attribution)
    n_opened = len(opened)
    second = trace_data.extras(counting, views[1], attribution)
    assert first.others and first.others is second.others
    assert first.answers is not None and len(opened) == n_opened
    assert first.evidence is not None and first.evidence.codes is None

    # Another space gives other values and other short gaps, and the same answers.
    ratios = trace_data.extras(counting, data.trace_view(0, LabelRule.make(space="ratio")), attribution)
    assert len(opened) == n_opened + 2
    assert ratios.others[0].sentences.column("value") != first.others[0].sentences.column("value")
