"""Whatever a database holds that could not have been scored is an error, and says where it stands."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import numpy as np
import pytest

from rdpt_core.errors import StoreError
from rdpt_core.records import LocalScores, Role
from rdpt_core.store import soundness
from rdpt_core.store.reader import open_reader
from rdpt_core.store.writer import claim_run, commit_batch, commit_local

from .conftest import make_claim, make_result, make_traces, write_run

DEEP = "[" * 5_000 + "]" * 5_000
NESTED = json.dumps({"x": json.loads("[" * 150 + "]" * 150)})

IMPORTANCE = "INSERT INTO importance BY NAME SELECT {};"
MEASURED = {
    "run_no": "1",
    "trace_no": "0",
    "method": "'deletion'",
    "answer_start": "9",
    "answer_end": "20",
    "answer_n_tokens": "2",
    "answer_logprob": "-1.0",
    "logprob_drop": "[0.5, NULL]::DOUBLE[]",
    "unscored_reason": "NULL",
    "settings": "'{}'",
}


def measured(**changed: str) -> str:
    """A row of importance of trace 0, with some columns changed."""
    return IMPORTANCE.format(", ".join(f"{value} AS {name}" for name, value in (MEASURED | changed).items()))


TRAINED_ON = {"files": [{"name": "a"}], "n_records": 1, "n_rejects": 0, "n_sentences": 1, "n_distinct": 1}
TRAINING = "INSERT INTO training_sets VALUES (1, '{}');"
TRAINING_SENTENCE = "INSERT INTO training_sentences VALUES (1, 0, 0, NULL, 0, {});"
OVERLAP = {
    "run_no": "1",
    "trace_no": "0",
    "n_verbatim": "[1, NULL]",
    "n_template": "[1, NULL]",
    "span_start": "[0, NULL]",
    "span_end": "[8, NULL]",
    "span_in": "[0, NULL]",
    "nearest": "[0, NULL]",
}


def looked_up(training: str = TRAINING.format(json.dumps(TRAINED_ON)), **changed: str) -> str:
    """A row of overlap of trace 0, with some columns changed."""
    row = ", ".join(f"{value} AS {name}" for name, value in (OVERLAP | changed).items())
    return f"{training} INSERT INTO overlap BY NAME SELECT {row};"


LOCAL = "INSERT INTO local_scores VALUES (1, {}, FALSE);"
WITH_PROMPT = "INSERT INTO local_scores VALUES (1, {}, TRUE);"

RUN = {
    "identity of run": "UPDATE runs SET identity = 'no JSON'",
    "expected a JSON object; got \\[1\\]": "UPDATE runs SET identity = '[1]'",
    "expected a JSON object of at most": f"UPDATE runs SET identity = '{NESTED}'",
    "environment of run": "UPDATE runs SET environment = '{}'",
    "one entry for each process": "UPDATE runs SET environment = '[]'",
    "`packages` an object": """UPDATE runs SET environment = '[{"packages": 1}]'""",
    "`notes` as a list of texts": """UPDATE runs SET environment = '[{"notes": [1]}]'""",
    "a list of objects": "UPDATE runs SET environment = '[7]'",
    "roles of run": "UPDATE runs SET roles = ['teacher', 'student', 'nobody']",
    "or student,distilled; got \\['student', 'teacher'\\]": "UPDATE runs SET roles = ['student', 'teacher']",
    "models of run": "DELETE FROM run_models WHERE role = 'student'",
    "one for each of teacher": "UPDATE run_models SET role = 'nobody' WHERE role = 'student'",
    "template policy": "UPDATE runs SET template_policy = 'any'",
    "own marks of run .* got mine": """UPDATE runs SET identity = '{"own_marks": "mine"}'""",
    "for each role, null": """UPDATE runs SET identity = '{"own_marks": {"teacher": null}}'""",
    "the texts close, end, family, open": """UPDATE runs SET identity = '{"own_marks": {"teacher": {"family": 1},
    "student": null, "distilled": null}}'""",
    "times of the runs": "UPDATE runs SET started_at = 'infinity'",
    "2,000,000,000 traces": "UPDATE runs SET n_traces = 2000000000",
    "1 traces, 1 numbers": "DELETE FROM traces WHERE trace_no = 1",
    "2 traces, 2 numbers from 0 to 5": "UPDATE traces SET trace_no = 5 WHERE trace_no = 1",
    "2 traces, 1 numbers": "UPDATE traces SET trace_no = 0",
    "2 sentences that follow .* got 0 sentences": "DELETE FROM sentences WHERE trace_no = 1",
    "got 1 sentences": "DELETE FROM sentences WHERE trace_no = 1 AND sentence_index = 0",
    "trace 9 of run .* got 2 sentences": "INSERT INTO sentences SELECT * REPLACE (9 AS trace_no) FROM sentences "
    "WHERE trace_no = 1",
    "got 4 sentences": "INSERT INTO sentences SELECT * FROM sentences WHERE trace_no = 0",
    "gaps between them": "UPDATE sentences SET char_start = 10 WHERE sentence_index = 1",
    "gaps between them, or overlaps": "UPDATE sentences SET char_start = 3 WHERE sentence_index = 1",
    "sentences of trace 0": "UPDATE sentences SET char_start = -1 WHERE sentence_index = 0",
    "or overlaps": "UPDATE sentences SET sentence_index = 1 - sentence_index",
    "p_teacher of run .* got 7": "UPDATE sentences SET p_teacher = 7 WHERE trace_no = 1",
    "p_student of run .* got nan": "UPDATE sentences SET p_student = 'nan' WHERE trace_no = 1",
    "p_student of run .* got -0.5": "UPDATE sentences SET p_student = -0.5",
    "p_distilled of run .* got 0": "UPDATE sentences SET p_distilled = 0",
    "logprob_sum_teacher": "UPDATE sentences SET logprob_sum_teacher = 0.5",
    "first_logprob_student of run .* got 0.5": "UPDATE sentences SET first_logprob_student = 0.5 WHERE trace_no = 1",
    "first_logprob_teacher of run .* got nan": "UPDATE sentences SET first_logprob_teacher = 'nan'",
    "rank_sum_student of run .* got 0": "UPDATE sentences SET rank_sum_student = 0 WHERE trace_no = 1",
    "n_tokens_teacher": "UPDATE sentences SET n_tokens_teacher = -1",
    "is_mark IS NULL of run .* got True": "UPDATE sentences SET is_mark = NULL WHERE trace_no = 1",
    "n_bytes": "UPDATE sentences SET n_bytes = -1",
    "or a reason why": "UPDATE sentences SET p_teacher = NULL",
    "2 sentences with neither or both": "UPDATE sentences SET unscored_reason = 'no_tokens' WHERE trace_no = 1",
    "tokens of run": "UPDATE tokens SET role = 'nobody' WHERE role = 'student'",
    "rows for 2 traces from 0 to 7": "UPDATE tokens SET trace_no = 7 WHERE trace_no = 1",
    "4 rows for 2 traces": "INSERT INTO tokens SELECT * FROM tokens",
    "those of 2 traces; got those of 1": "DELETE FROM tokens WHERE trace_no = 1 AND role = 'student'",
    "student: .*those of 2 traces; got those of 0": "DELETE FROM tokens WHERE role = 'student'",
    "local scores of run .* 'nobody'": LOCAL.format("1, 'nobody', 4, [-1.0], -1"),
    "local scores of run .* got 1 rows for 1 traces from 7 to 7": LOCAL.format("7, 'student', 4, [-1.0], -1"),
    "local scores of run .* got 2 rows for 1 traces": 2 * LOCAL.format("1, 'student', 4, [-1.0], -1"),
    "local scores of run .* got 3 rows for 2 traces": LOCAL.format("0, 'student', 4, [-1.0], -1")
    + WITH_PROMPT.format("0, 'student', 4, [-1.0], -1")
    + 2 * WITH_PROMPT.format("1, 'student', 4, [-1.0], -1"),
    "local scores of run .* -1 sentences": LOCAL.format("1, 'student', -1, [-1.0], -1"),
    "logprob_sum of local .* numbers of at most 0; got 0.5": LOCAL.format("1, 'student', 4, [-1.0, 0.5, NULL], -1"),
    "logprob_sum of local .* numbers of at most 0; got nan": LOCAL.format("1, 'student', 4, ['nan'::DOUBLE, -1], -1"),
    "step_mean of local .* finite numbers of at most 0; got 2.5": LOCAL.format("1, 'student', 4, [-1.0], 2.5"),
    "step_mean of local .* finite numbers of at most 0; got nan": LOCAL.format("1, 'student', 4, [-1.0], 'nan'"),
    "step_mean of local .* finite numbers of at most 0; got -inf": LOCAL.format("1, 'student', 4, [-1.0], '-inf'"),
    "local scores of the student of trace 0 .* 2 finite numbers .* got 1 numbers": LOCAL.format(
        "0, 'student', 4, [-1.0], NULL"
    ),
    "local scores of the student .* got 2 numbers, the least of them -inf": WITH_PROMPT.format(
        "0, 'student', 1, ['-inf'::DOUBLE, NULL], NULL"
    ),
    "importance of run .* by 'guessing'": measured(method="'guessing'"),
    "settings of importance by deletion of run .* a JSON object; got \\[1\\]": measured(settings="'[1]'"),
    "settings of importance by deletion of run .* got {\\.": measured(settings="'{'"),
    "settings of importance by deletion of run .* the same for all traces": measured()
    + measured(trace_no="1", settings="""'{"version": 2}'"""),
    "importance of run .* got 2 rows for 1 traces": 2 * measured(),
    "importance of run .* from 7 to 7": measured(trace_no="7"),
    "2 finite drops .* got 1 drops": measured(logprob_drop="[0.5]"),
    "importance by deletion of trace 0 .* got 2 drops, answer 9 to 20": measured(logprob_drop="['nan'::DOUBLE, NULL]"),
    "none from the answer on": measured(logprob_drop="[0.5, 0.5]"),
    "which is one of the sentences": measured(answer_end="19"),
    "a logprob of at most 0": measured(answer_logprob="0.5"),
    "logprob None, reason None": measured(answer_logprob="NULL"),
    "answer None to 20": measured(answer_start="NULL"),
    "or else a reason": measured(unscored_reason="'no_answer'"),
    "logprob None, reason 'no_answer'": measured(unscored_reason="'no_answer'", answer_logprob="NULL"),
    "logprob -inf": measured(answer_logprob="'-inf'"),
    "training texts of run .* a JSON object; got \\[1\\]": TRAINING.format("[1]"),
    "training texts of run .* files with names": TRAINING.format(json.dumps({**TRAINED_ON, "files": [7]})),
    "training texts of run .* counts of records": TRAINING.format(json.dumps({**TRAINED_ON, "n_records": -1})),
    "overlap of run .* 0 sets of training texts": looked_up(training=""),
    "overlap of run .* 2 rows for 1 traces": looked_up() + looked_up(training=""),
    "overlap of run .* from 7 to 7": looked_up(trace_no="7"),
    "overlap of trace 0 .* lists of 2, 2, 1, 2": looked_up(span_start="[0]"),
    "or a number out of range": looked_up(n_verbatim="[-1, NULL]"),
    "as many of a kind": looked_up(span_in="[NULL, NULL]"),
    "training sentences of run .* 2 rows of 1 numbers": 2 * TRAINING_SENTENCE.format("1, 'a'"),
    "training sentences of run .* counts in range": TRAINING_SENTENCE.format("0, 'a'"),
    "table sentences: .* no such table": "ALTER TABLE sentences RENAME TO s; CREATE VIEW sentences AS SELECT * FROM s",
    "table runs": "ALTER TABLE runs ALTER n_traces TYPE VARCHAR",
    "table traces": "ALTER TABLE traces ALTER meta DROP NOT NULL",
}
TRACE = {
    "meta of trace 1": "UPDATE traces SET meta = 'no JSON' WHERE trace_no = 1",
    "expected a JSON object; got \\[": "UPDATE traces SET meta = '[1]' WHERE trace_no = 1",
    "meta of trace 0": f"UPDATE traces SET meta = '{DEEP}'",
    "expected a JSON object of at most": f"UPDATE traces SET meta = '{NESTED}'",
    "meta of trace 1 of run": r"""UPDATE traces SET meta = '{"x": "\ud800"}' WHERE trace_no = 1""",
    "messages of trace 1": "UPDATE traces SET messages = 'null' WHERE trace_no = 1",
    "a list of {role, content}": """UPDATE traces SET messages = '[{"role": "user"}]'""",
    "some with tool calls": """UPDATE traces SET messages = '[{"role": "user", "content": 1}]'""",
}
TOKENS = {
    "logprob of the student's tokens of trace 1": "UPDATE tokens SET logprob = [-1.0] WHERE trace_no = 1",
    "3 numbers; got 2 values": "UPDATE tokens SET char_end = char_end[:2]",
    "1 of them missing": "UPDATE tokens SET token_id = [1, NULL, 3]",
    "not before its start": "UPDATE tokens SET char_end = [0, 0, 0]",
    "logprobs of at most 0": "UPDATE tokens SET logprob = [0.5, -1, -1]",
    "a logprob, or none, of each token": "UPDATE tokens SET logprob = ['nan'::FLOAT, -1, NULL]",
    "rank of the": "UPDATE tokens SET rank = [1]",
    "rank of the .* whole numbers from 1; got 0": "UPDATE tokens SET rank = [1, 0, NULL]",
    "rank of the .* whole numbers from 1; got -4": "UPDATE tokens SET rank = [NULL, -4, 1]",
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("db") / "sound.duckdb"
    write_run(path, make_claim())
    return path


def damage(sound: Path, folder: Path, statement: str) -> Path:
    path = folder / "damaged.duckdb"
    shutil.copy(sound, path)
    with duckdb.connect(str(path)) as connection:
        connection.execute(statement)
    return path


@pytest.mark.parametrize("said", RUN)
def test_a_run_that_was_never_scored_like_this(sound: Path, tmp_path: Path, said: str) -> None:
    with (
        pytest.raises(StoreError, match=f"the database is damaged: .*{said}") as caught,
        open_reader(damage(sound, tmp_path, RUN[said])) as reader,
    ):
        reader.run(None)
    assert "damaged.duckdb" in str(caught.value) and "Score again" in str(caught.value)
    assert len(str(caught.value)) < 2_000


@pytest.mark.parametrize("said", TRACE)
def test_a_trace_that_was_never_stored_like_this(sound: Path, tmp_path: Path, said: str) -> None:
    path = damage(sound, tmp_path, TRACE[said])
    for read in (lambda reader: reader.traces(1, 0, 2), lambda reader: reader.traces_numbered(1, [0, 1])):
        with pytest.raises(StoreError, match=f"the database is damaged: .*{said}"), open_reader(path) as reader:
            read(reader)


@pytest.mark.parametrize("said", TOKENS)
def test_tokens_that_no_model_gave(sound: Path, tmp_path: Path, said: str) -> None:
    path = damage(sound, tmp_path, TOKENS[said])
    with pytest.raises(StoreError, match=f"the database is damaged: .*{said}"), open_reader(path) as reader:
        reader.tokens(1, Role.STUDENT, [0, 1])


def test_sentences_that_end_elsewhere_than_the_response(sound: Path, tmp_path: Path) -> None:
    path = damage(sound, tmp_path, "UPDATE sentences SET char_end = 99 WHERE sentence_index = 1 AND trace_no = 1")
    with open_reader(path) as reader:
        run = reader.run(None)
    with (
        pytest.raises(StoreError, match="sentences of trace 1 .* expected an end at 20.* got 99"),
        open_reader(path) as reader,
    ):
        reader.check(run, with_texts=True)


def test_an_unfinished_run_may_lack_sentences_but_not_some_of_a_trace(sound: Path, tmp_path: Path) -> None:
    unfinished = "UPDATE runs SET finished_at = NULL; DELETE FROM sentences WHERE trace_no = 1"
    with open_reader(damage(sound, tmp_path, unfinished)) as reader:
        assert reader.count_sentences(reader.run(None)) == (2, 0)
    with (
        pytest.raises(StoreError, match="got 1 sentences"),
        open_reader(damage(sound, tmp_path, f"{unfinished} OR sentence_index = 1")) as reader,
    ):
        reader.run(None)


def test_a_run_is_checked_once_for_each_of_its_states(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, checked = tmp_path / "a.duckdb", []
    finished = write_run(path, make_claim())
    unfinished = claim_run(path, make_claim("f" * 16), make_traces())

    def check_run(_: object, place: str, *__: object, **___: object) -> None:
        checked.append(int(place.split()[-1]))

    monkeypatch.setattr(soundness, "check_run", check_run)

    def checked_now() -> list[int]:
        checked.clear()
        for _ in range(3):
            with open_reader(path) as reader:
                for run in reader.runs():
                    reader.check(run)
        return checked

    assert checked_now() == [1, 2]
    assert checked_now() == []
    # What is committed to the one leaves the other as it is, once that is finished.
    commit_batch(path, unfinished, Role.STUDENT, [make_result(0, Role.STUDENT)], [])
    assert checked_now() == [2]
    commit_batch(path, finished, Role.STUDENT, [make_result(0, Role.STUDENT)], [])
    assert checked_now() == [1, 2]
    commit_local(path, finished, Role.STUDENT, 4, [LocalScores(0, np.array([-1.0, -1.0]), -1.0)])
    assert checked_now() == [1, 2]
    other = Path(shutil.copy(path, tmp_path / "other"))
    other.replace(path)
    assert checked_now() == [1, 2]
