"""A companion that could not have been scored so is an error, and says which one and where."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from rdpt_core.errors import StoreError
from rdpt_core.store.reader import open_reader
from tests.unit.store.conftest import CODE, make_claim, write_companion, write_run

WHERE = "WHERE role = 'teacher:code'"
ONE = "WHERE trace_no = 1 AND sentence_index = 0"
MODEL = '{"model": {}'
DAMAGE = {
    "a companion of run .* got teacher:": f"UPDATE run_models SET role = 'teacher:' {WHERE}",
    "a companion of run .* got parent:code": f"UPDATE run_models SET role = 'parent:code' {WHERE}",
    "teacher:code of run .* and its name; got teacher:code, other": f"UPDATE run_models SET name = 'other' {WHERE}",
    "models of run .* a name for one model only": "UPDATE run_models SET name = 'Code' WHERE role = 'teacher'",
    "columns of teacher:other; got no n_tokens_teacher_other": "UPDATE run_models SET role = 'teacher:other', "
    f"name = 'other' {WHERE}; UPDATE tokens SET role = 'teacher:other' {WHERE}",
    "identity of teacher:code of run .* an object; got None": f"UPDATE run_models SET identity = '{{}}' {WHERE}",
    "identity of teacher:code of run .* got 7": f"""UPDATE run_models SET identity = '{{"model": 7}}' {WHERE}""",
    "identity of teacher:code of run .* a JSON object": f"UPDATE run_models SET identity = NULL {WHERE}",
    "own marks of teacher:code": f"""UPDATE run_models SET identity = '{MODEL}, "own_marks": 1}}' {WHERE}""",
    "environment of teacher:code": f"UPDATE run_models SET environment = '[]' {WHERE}",
    "table sentences": "ALTER TABLE sentences DROP COLUMN rank_sum_teacher_code",
    "table sentences: ": "ALTER TABLE sentences ADD COLUMN surprise INTEGER",
    "table sentences: .* CREATE TABLE sentences": "ALTER TABLE sentences ALTER p_teacher_code TYPE VARCHAR",
    "p_teacher_code of run .* got 7": f"UPDATE sentences SET p_teacher_code = 7 {ONE}",
    "p_teacher_code of run .* got nan": f"UPDATE sentences SET p_teacher_code = 'nan' {ONE}",
    "p_teacher_code of run .* got 0": f"UPDATE sentences SET p_teacher_code = 0 {ONE}",
    "n_tokens_teacher_code": f"UPDATE sentences SET n_tokens_teacher_code = -1 {ONE}",
    "logprob_sum_teacher_code of run .* got 5": f"UPDATE sentences SET logprob_sum_teacher_code = 5 {ONE}",
    "first_logprob_teacher_code of run .* got inf": f"UPDATE sentences SET first_logprob_teacher_code = 'inf' {ONE}",
    "rank_sum_teacher_code of run .* got 0": f"UPDATE sentences SET rank_sum_teacher_code = 0 {ONE}",
    "a probability under teacher:code, or a reason": f"UPDATE sentences SET p_teacher_code = NULL {ONE}",
    "teacher:code, or a reason .* 2 sentences": "UPDATE sentences SET unscored_reason_teacher_code = 'no_tokens' "
    "WHERE trace_no = 1",
    "tokens of run .*, teacher:code: .* those of 2 traces; got those of 1": f"DELETE FROM tokens {WHERE} "
    "AND trace_no = 1",
    "tokens of run .* of 'teacher:ghost'": f"UPDATE tokens SET role = 'teacher:ghost' {WHERE}",
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("db") / "sound.duckdb"
    write_companion(path, write_run(path, make_claim()))
    with open_reader(path) as reader:
        reader.run(None)
    return path


def damaged(sound: Path, folder: Path, statement: str) -> Path:
    path = folder / "damaged.duckdb"
    shutil.copy(sound, path)
    with duckdb.connect(str(path)) as connection:
        connection.execute(statement)
    return path


@pytest.mark.parametrize("said", DAMAGE)
def test_a_companion_that_was_never_scored_like_this(sound: Path, tmp_path: Path, said: str) -> None:
    with (
        pytest.raises(StoreError, match=f"the database is damaged: .*({said})") as caught,
        open_reader(damaged(sound, tmp_path, DAMAGE[said])) as reader,
    ):
        reader.run(None)
    assert "damaged.duckdb" in str(caught.value) and len(str(caught.value)) < 6_000


def test_a_companion_under_way_may_lack_traces_but_has_no_impossible_number(sound: Path, tmp_path: Path) -> None:
    unfinished = (
        f"UPDATE run_models SET finished_at = NULL {WHERE}; DELETE FROM tokens {WHERE} AND trace_no = 1;"
        "UPDATE sentences SET p_teacher_code = NULL WHERE trace_no = 1"
    )
    with open_reader(damaged(sound, tmp_path, unfinished)) as reader:
        assert not reader.run(None).companions[0].is_finished
    # Elsewhere, since a file that is written over in place is known by what it says of its last change.
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with (
        pytest.raises(StoreError, match="p_teacher_code"),
        open_reader(damaged(sound, elsewhere, f"{unfinished}; UPDATE sentences SET p_teacher_code = 2")) as reader,
    ):
        reader.run(None)


def test_a_run_seen_with_a_companion_is_checked_as_it_is(sound: Path, tmp_path: Path) -> None:
    with open_reader(sound) as reader:
        run = reader.run(None).seen(teacher=CODE)
        reader.see(run)
        reader.check(run, with_texts=True)
        assert reader.query("SELECT min(p_teacher) AS p FROM sentences").column("p")[0].as_py() < 0.02
    path = damaged(sound, tmp_path, "UPDATE sentences SET p_teacher = 7")
    with open_reader(path) as reader:
        (stored,) = reader.runs()
        seen = stored.seen(teacher=CODE)
        reader.see(seen)
        with pytest.raises(StoreError, match="p_teacher of run .* got 7"):
            reader.check(seen)
