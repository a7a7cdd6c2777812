"""Tables of the database, and the ordered migrations that lead to them.

One file holds any number of runs. Every row is keyed by `run_no`, a small integer, and rows of a run are stored in
trace order, so that one trace is read from a few pages.

    store_info   schema version
    runs         one row a run: identity, environment, times, state
    run_models   one row a run and role, companions too: the model as it was used
    traces       one row a trace: question, response, what the file said about it
    sentences    one row a sentence or mark of format: span, and per role its token count, logprob sum, first logprob, p
                 (companions have columns of their own there, which are added when the first one of a name is scored)
    tokens       one row a trace and role: lists with one entry a token
    local_scores one row a trace, role and length of context: its sentences, each scored with so many before it
    importance   one row a trace and method: how much less likely the answer is without each sentence
    known_writers  one row a run whose responses one model of the triple wrote, for the run that it calibrates
    training_sets  one row a run whose sentences were looked up in training texts: which texts, and how
    training_sentences  one row a sentence of the training texts that stands beside one of the run
    overlap      one row a trace: how far each of its sentences stands in the training texts

Labels are never stored: they follow from the probabilities for any thresholds. Missing is NULL, never zero or NaN.
"""

from __future__ import annotations

import duckdb

from rdpt_core.errors import StoreVersionError
from rdpt_core.traces.markers import IS_MARK_SQL

_VERSION_1 = """
CREATE TABLE runs (
    run_no INTEGER PRIMARY KEY,
    run_id VARCHAR NOT NULL UNIQUE,
    name VARCHAR NOT NULL,
    identity VARCHAR NOT NULL,       -- JSON of everything that changes a number; run_id is its hash
    environment VARCHAR NOT NULL,    -- JSON list, one entry for each process that worked on the run
    roles VARCHAR[] NOT NULL,
    template_policy VARCHAR NOT NULL,
    splitter VARCHAR NOT NULL,
    splitter_version VARCHAR NOT NULL,
    traces_hash VARCHAR NOT NULL,
    n_traces INTEGER NOT NULL,
    started_at TIMESTAMP NOT NULL,   -- UTC
    updated_at TIMESTAMP NOT NULL,
    finished_at TIMESTAMP            -- NULL while sentences are still to come
);
CREATE TABLE run_models (
    run_no INTEGER NOT NULL,
    role VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    revision VARCHAR NOT NULL,
    backend VARCHAR NOT NULL,
    dtype VARCHAR NOT NULL,
    template VARCHAR NOT NULL,
    vocabulary_size INTEGER NOT NULL,
    n_parameters BIGINT NOT NULL,
    context_length INTEGER,
    tokenizer_hash VARCHAR NOT NULL,
    PRIMARY KEY (run_no, role)
);
CREATE TABLE traces (
    run_no INTEGER NOT NULL,
    trace_no INTEGER NOT NULL,
    trace_id VARCHAR NOT NULL,
    question_id VARCHAR NOT NULL,
    benchmark VARCHAR NOT NULL,
    domain VARCHAR,
    model VARCHAR,
    difficulty VARCHAR,
    sample INTEGER NOT NULL,
    correct BOOLEAN,
    gold VARCHAR,
    messages VARCHAR NOT NULL,       -- JSON list of {role, content, …}, as in canonical lines
    prompt VARCHAR,
    response VARCHAR NOT NULL,
    meta VARCHAR NOT NULL,           -- JSON object
    n_sentences INTEGER NOT NULL
);
CREATE TABLE sentences (
    run_no INTEGER NOT NULL,
    trace_no INTEGER NOT NULL,
    sentence_index INTEGER NOT NULL,
    char_start INTEGER NOT NULL,
    char_end INTEGER NOT NULL,
    n_bytes INTEGER NOT NULL,
    n_tokens_teacher INTEGER,
    n_tokens_student INTEGER,
    n_tokens_distilled INTEGER,
    logprob_sum_teacher DOUBLE,
    logprob_sum_student DOUBLE,
    logprob_sum_distilled DOUBLE,
    first_logprob_teacher FLOAT,
    first_logprob_student FLOAT,
    first_logprob_distilled FLOAT,
    p_teacher DOUBLE,
    p_student DOUBLE,
    p_distilled DOUBLE,
    unscored_reason VARCHAR
);
CREATE TABLE tokens (
    run_no INTEGER NOT NULL,
    trace_no INTEGER NOT NULL,
    role VARCHAR NOT NULL,
    n_tokens INTEGER NOT NULL,
    n_straddling INTEGER NOT NULL,   -- tokens whose non-whitespace characters fall in two sentences
    unscored_reason VARCHAR,         -- why some logprobs below are NULL
    token_id INTEGER[] NOT NULL,
    char_start INTEGER[] NOT NULL,
    char_end INTEGER[] NOT NULL,
    logprob FLOAT[] NOT NULL
);
"""

# Nullable, since ranks are stored only when they are asked for, and local scores by a pass of their own.
_VERSION_2 = """
ALTER TABLE tokens ADD COLUMN rank INTEGER[];          -- from 1, the likeliest token; NULL where there is no logprob
ALTER TABLE sentences ADD COLUMN rank_sum_teacher INTEGER;   -- sum of min(rank, 100) over the sentence's tokens
ALTER TABLE sentences ADD COLUMN rank_sum_student INTEGER;
ALTER TABLE sentences ADD COLUMN rank_sum_distilled INTEGER;
CREATE TABLE local_scores (
    run_no INTEGER NOT NULL,
    trace_no INTEGER NOT NULL,
    role VARCHAR NOT NULL,
    n_context INTEGER NOT NULL,      -- how many sentences a token may look back on
    logprob_sum DOUBLE[] NOT NULL,   -- one entry a sentence, NULL where missing
    step_mean DOUBLE                 -- mean of logprob_sum / n_tokens over sentences with tokens; NULL if one lacks
);
"""

_VERSION_3 = f"""
ALTER TABLE sentences ADD COLUMN is_mark BOOLEAN DEFAULT FALSE;   -- format between sentences, and no reasoning
UPDATE sentences SET is_mark = TRUE FROM traces
WHERE traces.run_no = sentences.run_no AND traces.trace_no = sentences.trace_no AND {IS_MARK_SQL};
"""

# Nullable: most runs have no companion, and most traces no routed teacher.
_VERSION_4 = """
ALTER TABLE run_models ADD COLUMN name VARCHAR;           -- what the user calls the model, if anything
ALTER TABLE run_models ADD COLUMN identity VARCHAR;       -- of companions: JSON of everything that changes its numbers
ALTER TABLE run_models ADD COLUMN environment VARCHAR;    -- of companions: JSON list, as that of runs
ALTER TABLE run_models ADD COLUMN finished_at TIMESTAMP;  -- of companions: NULL while traces are still to come
ALTER TABLE traces ADD COLUMN teacher_id VARCHAR;         -- the teacher that the trace was routed to
"""

# Nullable, since both take passes of their own. A local score without the flag was made without the prompt in view.
_VERSION_5 = """
ALTER TABLE local_scores ADD COLUMN with_prompt BOOLEAN DEFAULT FALSE;   -- whether every sentence sees the prompt, too
CREATE TABLE importance (
    run_no INTEGER NOT NULL,
    trace_no INTEGER NOT NULL,
    method VARCHAR NOT NULL,         -- deletion or replacement
    answer_start INTEGER,            -- characters of the response; NULL with a reason
    answer_end INTEGER,
    answer_n_tokens INTEGER,
    answer_logprob DOUBLE,           -- ln p(answer) under the distilled model, with the response before it as it is
    logprob_drop DOUBLE[] NOT NULL,  -- one entry a sentence: nats of it that go with the sentence; NULL where missing
    unscored_reason VARCHAR,
    settings VARCHAR NOT NULL        -- JSON of everything that changes a number and is not the run's
);
CREATE TABLE known_writers (
    run_no INTEGER PRIMARY KEY,      -- a run whose responses were all written by one model of the triple
    of_run_no INTEGER NOT NULL,      -- the run that it calibrates
    role VARCHAR NOT NULL,           -- who wrote: teacher or student
    settings VARCHAR NOT NULL        -- JSON of how the responses were drawn
);
"""

# Nullable, since not every sentence has words, and few have a like one in the training texts.
_VERSION_6 = """
CREATE TABLE training_sets (
    run_no INTEGER PRIMARY KEY,
    settings VARCHAR NOT NULL        -- JSON: files and their hashes, what was read of them, how sentences were compared
);
CREATE TABLE training_sentences (
    run_no INTEGER NOT NULL,
    sentence_no INTEGER NOT NULL,    -- of all sentences of the training texts, from 0; only those that are referred to
    record_no INTEGER NOT NULL,      -- the first record that holds it, from 0
    record_id VARCHAR,               -- what the record is called, if anything
    sentence_index INTEGER NOT NULL, -- its place in that record
    n_times INTEGER NOT NULL,        -- how often it stands in all records
    text VARCHAR NOT NULL
);
CREATE TABLE overlap (
    run_no INTEGER NOT NULL,
    trace_no INTEGER NOT NULL,
    n_verbatim INTEGER[] NOT NULL,   -- one entry a sentence: how often the training texts hold it word for word
    n_template INTEGER[] NOT NULL,   -- … in its template, that is with any numbers, names and formulas
    span_start INTEGER[] NOT NULL,   -- characters of the response: its longest stretch that the training texts hold
    span_end INTEGER[] NOT NULL,
    span_in INTEGER[] NOT NULL,      -- a sentence_no of training_sentences that holds the beginning of that stretch
    nearest INTEGER[] NOT NULL       -- a sentence_no: the sentence itself, else one in its template, else the likest
);
"""

MIGRATIONS: tuple[str, ...] = (_VERSION_1, _VERSION_2, _VERSION_3, _VERSION_4, _VERSION_5, _VERSION_6)
"""Entry n leads from version n to version n + 1. Never edit an entry that was released: append one."""

SCHEMA_VERSION = len(MIGRATIONS)


def read_version(connection: duckdb.DuckDBPyConnection) -> int | None:
    """The schema version of an open database: None if it has no tables at all.

    Raises:
        StoreVersionError: the file has tables, but they are not ours.
    """
    try:
        rows = connection.execute("SELECT value FROM store_info WHERE key = 'schema_version'").fetchall()
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        # Asked only now: listing the tables takes as long as opening the file.
        tables = {row[0] for row in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        if not tables:
            return None
        raise StoreVersionError(
            "this DuckDB file is not an RDPT database",
            expected="a table `store_info` of keys and values",
            got=", ".join(sorted(tables)[:5]),
            hint="Give another --db path.",
        ) from error
    text = str(rows[0][0]) if rows else "none"
    if not text.isdecimal():
        raise StoreVersionError(
            "this RDPT database names no schema version",
            expected="a number",
            got=text,
            hint="Score again into a new file.",
        )
    return int(text)


def check_version(version: int) -> None:
    """Refuse a file that a newer version of this program wrote.

    Raises:
        StoreVersionError: the version is above `SCHEMA_VERSION`.
    """
    if version > SCHEMA_VERSION:
        raise StoreVersionError(
            "the database was written by a newer version of RDPT Explorer",
            expected=f"schema version {SCHEMA_VERSION} or older",
            got=f"schema version {version}",
            hint="Update RDPT Explorer, or score again into a new file.",
        )


def migrate(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring a writable database to the present schema, each step in its own transaction.

    Raises:
        StoreVersionError: the file is not ours, or is newer than this program.
    """
    version = read_version(connection)
    if version is None:
        connection.execute("BEGIN")
        connection.execute("CREATE TABLE store_info (key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL)")
        connection.execute("INSERT INTO store_info VALUES ('schema_version', '0')")
        connection.execute("COMMIT")
        version = 0
    check_version(version)
    for number in range(version, SCHEMA_VERSION):
        connection.execute("BEGIN")
        connection.execute(MIGRATIONS[number])
        connection.execute("UPDATE store_info SET value = ? WHERE key = 'schema_version'", [str(number + 1)])
        connection.execute("COMMIT")
