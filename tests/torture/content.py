"""A database that is whole as a file and nonsense in its rows: it may come from anywhere."""

from __future__ import annotations

import random
from pathlib import Path

import duckdb

from tests.torture.lab import Lab
from tests.torture.reading import READINGS, check_readings, copied
from tests.torture.verdicts import Trial

_STEMS = {"n_tokens": "INTEGER", "logprob_sum": "DOUBLE", "first_logprob": "FLOAT", "p": "DOUBLE"}
COMPANION = (
    "INSERT INTO run_models BY NAME SELECT * REPLACE ('control:twin' AS role, 'twin' AS name, "
    """'{"model": {}}' AS identity, '[{}]' AS environment, now()::TIMESTAMP AS finished_at) """
    "FROM run_models WHERE role = 'student';"
    + "".join(f"ALTER TABLE sentences ADD COLUMN {stem}_control_twin {kind};" for stem, kind in _STEMS.items())
    + "ALTER TABLE sentences ADD COLUMN rank_sum_control_twin INTEGER;"
    "ALTER TABLE sentences ADD COLUMN unscored_reason_control_twin VARCHAR;"
    + "".join(f"UPDATE sentences SET {stem}_control_twin = {stem}_student;" for stem in _STEMS)
    + "UPDATE sentences SET unscored_reason_control_twin = 'no_tokens' WHERE p_student IS NULL;"
    "INSERT INTO tokens SELECT * REPLACE ('control:twin' AS role) FROM tokens WHERE role = 'student';"
)
"""A further model of every run, with the student's numbers."""

IMPORTANCE = (
    "INSERT INTO importance SELECT run_no, trace_no, 'deletion', min(char_start), arg_min(char_end, char_start), 1, "
    "-1.0, list_transform(range(count(*)), lambda i: NULL::DOUBLE), NULL, '{}' FROM sentences "
    "GROUP BY run_no, trace_no;"
)
"""Importance of every trace, whose answer is its first sentence: nothing before it to be measured."""

MUTATIONS = {
    "meta is no JSON": "UPDATE traces SET meta = '{' WHERE trace_no = 1",
    "meta is a list": "UPDATE traces SET meta = '[1]' WHERE trace_no = 1",
    "meta is nested deep": "UPDATE traces SET meta = repeat('[', 100000) || repeat(']', 100000) WHERE trace_no = 1",
    "messages are no JSON": "UPDATE traces SET messages = 'nonsense' WHERE trace_no = 1",
    "messages are a number": "UPDATE traces SET messages = '7' WHERE trace_no = 1",
    "messages lack a role": """UPDATE traces SET messages = '[{"content": "x"}]' WHERE trace_no = 1""",
    "messages have another key": """UPDATE traces SET messages = '[{"role": "user", "x": 1}]' WHERE trace_no = 1""",
    "identity is no JSON": "UPDATE runs SET identity = 'nonsense'",
    "identity is a list": "UPDATE runs SET identity = '[]'",
    "environment is no JSON": "UPDATE runs SET environment = '{'",
    "environment is a number": "UPDATE runs SET environment = '7'",
    "environment is empty": "UPDATE runs SET environment = '[]'",
    "an unknown role": "UPDATE runs SET roles = ['teacher', 'student', 'parent']",
    "a role twice": "UPDATE runs SET roles = ['teacher', 'teacher', 'student']",
    "no role": "UPDATE runs SET roles = []",
    "a model of an unknown role": "UPDATE run_models SET role = 'parent' WHERE role = 'distilled'",
    "a model is missing": "DELETE FROM run_models WHERE role = 'student'",
    "2,000,000,000 traces": "UPDATE runs SET n_traces = 2000000000",
    "-1 traces": "UPDATE runs SET n_traces = -1",
    "one trace fewer": "UPDATE runs SET n_traces = n_traces - 1",
    "p is 7": "UPDATE sentences SET p_student = 7 WHERE trace_no = 1 AND sentence_index = 0",
    "p is negative": "UPDATE sentences SET p_teacher = -0.5 WHERE trace_no = 1 AND sentence_index = 0",
    "p is NaN": "UPDATE sentences SET p_distilled = 'nan'::DOUBLE WHERE trace_no = 1 AND sentence_index = 0",
    "p is infinite": "UPDATE sentences SET p_student = 'inf'::DOUBLE WHERE trace_no = 1 AND sentence_index = 0",
    "p is missing without a reason": "UPDATE sentences SET p_student = NULL WHERE trace_no = 1 AND sentence_index = 0",
    "a logprob sum is positive": "UPDATE sentences SET logprob_sum_student = 5 WHERE trace_no = 1",
    "a logprob sum is NaN": "UPDATE sentences SET logprob_sum_teacher = 'nan'::DOUBLE WHERE trace_no = 1",
    "a negative number of tokens": "UPDATE sentences SET n_tokens_teacher = -3 WHERE trace_no = 1",
    "a span beyond the text": "UPDATE sentences SET char_end = 1000000 WHERE trace_no = 1 AND sentence_index = 2",
    "a negative span": "UPDATE sentences SET char_start = -5 WHERE trace_no = 1 AND sentence_index = 0",
    "a gap between spans": "UPDATE sentences SET char_start = char_start + 1 WHERE trace_no = 1 AND sentence_index = 1",
    "an inverted span": "UPDATE sentences SET char_end = char_start - 1 WHERE trace_no = 1 AND sentence_index = 1",
    "a sentence is missing": "DELETE FROM sentences WHERE trace_no = 1 AND sentence_index = 1",
    "a sentence stands twice": "INSERT INTO sentences FROM sentences WHERE trace_no = 1 AND sentence_index = 1",
    "the sentences of a trace are missing": "DELETE FROM sentences WHERE trace_no = 1",
    "a trace is missing": "DELETE FROM traces WHERE trace_no = 1",
    "a trace stands twice": "INSERT INTO traces SELECT * FROM traces WHERE trace_no = 1",
    "no trace at all": "DELETE FROM traces",
    "the tokens of a role are missing": "DELETE FROM tokens WHERE trace_no = 1 AND role = 'student'",
    "the tokens of a trace stand twice": "INSERT INTO tokens SELECT * FROM tokens WHERE trace_no = 1",
    "lists of tokens differ in length": "UPDATE tokens SET logprob = logprob[2:] WHERE trace_no = 1",
    "a token beyond the text": "UPDATE tokens SET char_end = [c + 999 for c in char_end] WHERE trace_no = 1",
    "a token's logprob is positive": "UPDATE tokens SET logprob = [3.0 for l in logprob] WHERE trace_no = 1",
    "a token's logprob is NaN": "UPDATE tokens SET logprob = ['nan'::FLOAT for l in logprob]",
    "a first logprob is positive": "UPDATE sentences SET first_logprob_student = 5 WHERE trace_no = 1",
    "a sum of ranks is zero": "UPDATE sentences SET rank_sum_student = 0 WHERE trace_no = 1",
    "a token's rank is zero": "UPDATE tokens SET rank = [0 for l in logprob] WHERE trace_no = 1",
    "local scores of an unknown role": "INSERT INTO local_scores VALUES (1, 1, 'parent', 4, [-1.0], -1.0, FALSE)",
    "local scores stand twice": "INSERT INTO local_scores SELECT 1, 1, 'student', 4, [-1.0], -1.0, NULL FROM range(2)",
    "a local logprob sum is positive": "INSERT INTO local_scores VALUES (1, 1, 'student', 4, [5.0], -1.0, TRUE)",
    "a local mean is infinite": "INSERT INTO local_scores VALUES (1, 1, 'student', 4, [-1.0], '-inf'::DOUBLE, NULL)",
    "a list of local scores is short": "INSERT INTO local_scores VALUES (1, 1, 'student', 4, [], NULL, FALSE)",
    "importance by no method": f"{IMPORTANCE} UPDATE importance SET method = 'guessing'",
    "importance stands twice": 2 * IMPORTANCE,
    "importance of settings that are no JSON": f"{IMPORTANCE} UPDATE importance SET settings = '{{'",
    "importance by two settings": f"{IMPORTANCE} UPDATE importance SET settings = '{{\"a\": 1}}' WHERE trace_no = 1",
    "an answer's logprob is positive": f"{IMPORTANCE} UPDATE importance SET answer_logprob = 3 WHERE trace_no = 1",
    "a sentence behind the answer is important": f"{IMPORTANCE} UPDATE importance SET logprob_drop = "
    "list_transform(logprob_drop, lambda d: 1.0) WHERE trace_no = 1",
    "a writer that is no model": "INSERT INTO known_writers VALUES (1, 1, 'parent', '{}')",
    "a run that calibrates itself": "INSERT INTO known_writers VALUES (1, 1, 'teacher', '{}')",
    "a writer of a missing run": "INSERT INTO known_writers VALUES (99, 98, 'teacher', '{}')",
    "a writer's settings are no JSON": "INSERT INTO known_writers VALUES (1, 1, 'teacher', '{')",
    "the schema version is a word": "UPDATE store_info SET value = 'nonsense'",
    "the schema version is huge": "UPDATE store_info SET value = '99999999999999999999'",
    "the schema version is an older one": "UPDATE store_info SET value = '1'",
    "no schema version": "DELETE FROM store_info",
    "no table of sentences": "DROP TABLE sentences",
    "no table of models": "DROP TABLE run_models",
    "a view in place of a table": "ALTER TABLE traces RENAME TO t; CREATE VIEW traces AS FROM t WHERE error(meta)",
    "a column is missing": "ALTER TABLE sentences DROP COLUMN p_student",
    "a column of another type": "ALTER TABLE sentences ALTER p_student TYPE VARCHAR",
    "a column too many": "ALTER TABLE runs ADD COLUMN surprise INTEGER",
    "a further model": COMPANION,
    "a further model's p is 7": f"{COMPANION} UPDATE sentences SET p_control_twin = 7 WHERE trace_no = 1",
    "a further model's p is NaN": f"{COMPANION} UPDATE sentences SET p_control_twin = 'nan' WHERE trace_no = 1",
    "a further model's p is missing": f"{COMPANION} UPDATE sentences SET p_control_twin = NULL WHERE trace_no = 1",
    "a further model's sum is positive": f"{COMPANION} UPDATE sentences SET logprob_sum_control_twin = 5",
    "a further model lacks a column": f"{COMPANION} ALTER TABLE sentences DROP COLUMN p_control_twin",
    "a further model's tokens are missing": f"{COMPANION} DELETE FROM tokens WHERE role = 'control:twin'",
    "a further model of no kind": f"{COMPANION} UPDATE run_models SET role = 'parent:twin' WHERE name = 'twin'",
    "a further model without identity": f"{COMPANION} UPDATE run_models SET identity = NULL WHERE name = 'twin'",
    "a further model's environment is a number": f"{COMPANION} UPDATE run_models SET environment = '7' "
    "WHERE name = 'twin'",
    "two models of one name": f"{COMPANION} UPDATE run_models SET name = 'Twin' WHERE role = 'teacher'",
}
"""What is changed, and the statements that change it. Each is told, or harmless; none may be exported in silence."""


class Content:
    name = "content"
    share = 11

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def attempt(self, rng: random.Random, scratch: Path, trial: Trial) -> None:
        database, trial.is_struck = copied(self._lab, scratch), True
        chosen = rng.choice(tuple(MUTATIONS))
        trial.say(chosen)
        with duckdb.connect(str(database)) as connection:
            connection.execute(MUTATIONS[chosen])
        kinds = {name.partition(".")[0]: name for name in rng.sample(READINGS, len(READINGS))}
        check_readings(self._lab, sorted(kinds.values()), database, scratch, described=True)
