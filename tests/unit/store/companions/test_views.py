"""What is seen through the views has the shape of the tables behind them."""

from __future__ import annotations

from pathlib import Path

import pytest

from rdpt_core.errors import UsageError
from rdpt_core.records import RunKey
from rdpt_core.store.claimed import write_claimed
from rdpt_core.store.companions import own_role
from rdpt_core.store.reader import open_reader
from tests.unit.store.conftest import CODE, make_claim, write_companion, write_run


@pytest.mark.parametrize("table", ["sentences", "tokens"])
def test_a_view_has_the_columns_of_its_table_and_no_others(tmp_path: Path, table: str) -> None:
    path = tmp_path / "a.duckdb"
    write_companion(path, write_run(path, make_claim()))
    with open_reader(path) as reader:
        run = reader.run(None).seen(teacher=CODE)
        before = reader.query(f"SELECT * FROM {table}")
        reader.see(run)
        seen, stored = reader.query(f"SELECT * FROM {table}"), reader.query(f"SELECT * FROM {reader.stored(table)}")
    assert seen.schema == stored.schema == before.schema
    assert stored == before and seen != before


def test_a_role_is_seen_in_the_place_of_another_and_keeps_its_own(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    write_run(path, make_claim())
    with write_claimed(path, RunKey(1, make_claim().run_id)) as connection:
        # Other numbers than the teacher's, and a sentence that the teacher alone could not score.
        connection.execute("UPDATE sentences SET p_distilled = 0.25, n_tokens_distilled = 7")
        connection.execute(
            "UPDATE sentences SET p_teacher = NULL, unscored_reason = 'context_length' WHERE sentence_index = 1"
        )
        connection.execute("UPDATE sentences SET p_student = NULL WHERE trace_no = 1 AND sentence_index = 1")
        connection.execute("UPDATE tokens SET token_id = [9, 9, 9] WHERE role = 'distilled'")
    asked = (
        "SELECT trace_no, sentence_index, p_teacher, n_tokens_teacher, p_distilled, unscored_reason FROM sentences "
        "ORDER BY ALL"
    )
    with open_reader(path) as reader:
        own = reader.runs()[0]
        run = own.seen(teacher="distilled")
        reader.see(run)
        assert [tuple(row.values()) for row in reader.query(asked).to_pylist()] == [
            (0, 0, 0.25, 7, 0.25, None),
            (0, 1, 0.25, 7, 0.25, None),
            (1, 0, 0.25, 7, 0.25, None),
            (1, 1, 0.25, 7, 0.25, "context_length"),
        ]
        ids = {
            role: reader.tokens(1, role, [0])[0][0].token_id.tolist() for role in ("teacher", "student", "distilled")
        }
        assert ids == {"teacher": [9, 9, 9], "student": [5, 6, 7], "distilled": [9, 9, 9]}
        assert reader.tokens(1, own_role("teacher"), [0])[0][0].token_id.tolist() == [5, 6, 7]
        assert [progress.n_traces for progress in reader.progress(run)] == [2, 2, 2]
    assert [model.model for model in run.models] == ["org/distilled", "org/student", "org/distilled"]
    assert [str(model.role) for model in run.models] == ["teacher", "student", "distilled"]
    assert (run.roles, run.own_roles, run.seen_as) == (own.roles, own.roles, (("teacher", "distilled"),))


def test_two_roles_are_seen_in_each_others_place(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    write_run(path, make_claim())
    with write_claimed(path, RunKey(1, make_claim().run_id)) as connection:
        connection.execute("UPDATE sentences SET p_teacher = 0.5, p_student = 0.25")
    with open_reader(path) as reader:
        reader.see(reader.runs()[0].seen(teacher="student", student="teacher"))
        assert reader.query("SELECT DISTINCT p_teacher, p_student FROM sentences").to_pylist() == [
            {"p_teacher": 0.25, "p_student": 0.5}
        ]


@pytest.mark.parametrize("key", ["teacher", "judge"])
def test_a_role_is_seen_as_no_role_that_is_not_there(tmp_path: Path, key: str) -> None:
    path = tmp_path / "a.duckdb"
    write_run(path, make_claim())
    with open_reader(path) as reader, pytest.raises(UsageError, match="no such companion"):
        reader.run(None).seen(teacher=key)
