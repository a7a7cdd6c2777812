"""What rows say of a trace that the run has, or has not, reached."""

from __future__ import annotations

from pathlib import Path

import duckdb

from rdpt_core.analysis.export.info import describe_store
from rdpt_core.analysis.export.rows import export_query
from rdpt_core.analysis.labels import LabelRule
from rdpt_core.store.reader import open_reader
from tests.support import synthetic


def test_a_finished_run_has_reached_every_trace_though_its_tokens_were_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.duckdb"
    synthetic.build(path, [*synthetic.sketches(2), synthetic.Sketch("empty", "q", [])])

    def rows() -> list[dict[str, object]]:
        with open_reader(path) as reader:
            return [
                row
                for table in export_query(reader, reader.run(None), "traces", LabelRule.make())
                for row in table.to_pylist()
            ]

    before = rows()
    assert before[0]["n_teacher"] is not None and before[-1]["n_teacher"] == 0
    with duckdb.connect(str(path)) as connection:
        connection.execute("DELETE FROM tokens")
    assert rows() == before
    with open_reader(path) as reader:
        assert describe_store(reader)["runs"][0]["counts"]["traces_scored"] == len(before)
