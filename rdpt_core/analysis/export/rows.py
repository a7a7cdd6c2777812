"""Rows of a run for other programs: sentences with labels, traces with label counts, tokens with their sentence."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from rdpt_core.analysis.attribution.rows import answer_columns
from rdpt_core.analysis.attribution.sources import can_attribute
from rdpt_core.analysis.evidence.context import FLAG, load_flags
from rdpt_core.analysis.evidence.importance.columns import importance_columns
from rdpt_core.analysis.evidence.overlap.columns import overlap_columns
from rdpt_core.analysis.evidence.p_values.data import EvidenceData, evidence_from
from rdpt_core.analysis.evidence.p_values.references import can_test
from rdpt_core.analysis.evidence.p_values.rows import Columns, evidence_columns
from rdpt_core.analysis.labels import LabelRule, label_order, labels_sql
from rdpt_core.analysis.scope import Scope
from rdpt_core.atomic_write import atomic_write
from rdpt_core.errors import UsageError
from rdpt_core.records import NOT_YET, ROLES, Span
from rdpt_core.store.companions import column, own_role
from rdpt_core.store.reader import Reader, Run
from rdpt_core.store.soundness import check_count, check_token_ends
from rdpt_core.traces.token_spans import assign_tokens

_ENDINGS = (".parquet", ".csv", ".jsonl")
_TRACES_PER_CHUNK = 256
_ALL = Scope()

_IDENTITY = "? AS run_id, t.trace_id, t.question_id, t.benchmark, t.domain, t.model, t.sample, t.correct"
_TOKEN_SCHEMA = pa.schema(
    [
        ("run_id", pa.string()),
        ("trace_id", pa.string()),
        ("role", pa.string()),
        ("token_index", pa.int32()),
        ("token_id", pa.int32()),
        ("char_start", pa.int32()),
        ("char_end", pa.int32()),
        ("logprob", pa.float32()),
        ("sentence_index", pa.int32()),
    ]
)


def check_ending(path: Path, *further: str) -> None:
    """Refuse a file name that names no format.

    Args:
        further: endings beside those of rows.

    Raises:
        UsageError: the ending is none of `.parquet`, `.csv`, `.jsonl` or `further`.
    """
    if path.suffix not in (*_ENDINGS, *further):
        raise UsageError(
            "the ending of the file names no known format",
            where=f"--out {path}",
            expected=" or ".join((*_ENDINGS, *further)),
            got=path.suffix or "no ending",
        )


def export_query(
    reader: Reader, run: Run, what: str, rule: LabelRule, scope: Scope = _ALL, own: EvidenceData | None = None
) -> Iterator[pa.Table]:
    """The rows of the traces in scope, in trace order, in chunks of some hundred traces.

    `what` is sentences, traces or tokens. At least one chunk comes, so that an empty export has its columns. Behind
    them are those of the finished companions, if the run has any; of sentences then what else is known of them: whose
    they are by attribution, the evidence against the run's controls, their importance, how far they stand in training
    texts, and whether they have their label by themselves. Where a companion is seen in the place of a role, the role's
    columns of sentences and traces are its, tokens are called as they were scored all the same, and attribution stays
    what it is.

    Raises:
        StoreError: the database is damaged.
    """
    reader.check(run, with_texts=True)
    if what == "tokens" and run.finished_at is not None:
        for progress in reader.progress(run):
            check_count(f"the {progress.role}'s tokens", run.n_traces, progress.n_traces)
    chunk = _CHUNKS[what]
    if what == "sentences":
        chunk = partial(_sentences, evidence=_evidence(reader, run, rule, scope, own))
    for first in range(0, max(run.n_traces, 1), _TRACES_PER_CHUNK):
        yield chunk(reader, run, rule, scope, first, first + _TRACES_PER_CHUNK)


def export_trace(
    reader: Reader, run: Run, what: str, rule: LabelRule, trace_no: int, own: EvidenceData | None = None
) -> pa.Table:
    """The rows of one trace, with the same columns; see `export_query`."""
    chunk = _CHUNKS[what]
    if what == "sentences":
        chunk = partial(_sentences, evidence=_evidence(reader, run, rule, _ALL, own))
    return chunk(reader, run, rule, _ALL, trace_no, trace_no + 1)


def _evidence(reader: Reader, run: Run, rule: LabelRule, scope: Scope, own: EvidenceData | None) -> Columns | None:
    """What gives the columns of evidence; None without controls."""
    if not can_test(run):
        return None
    return evidence_columns(own or evidence_from(reader, run), rule, scope)


def _labelled_chunk(run: Run, rule: LabelRule) -> str:
    source = "(SELECT * FROM sentences WHERE run_no = ? AND trace_no >= ? AND trace_no < ?)"
    return labels_sql(rule, run.roles, source)


def _sentences(
    reader: Reader,
    run: Run,
    rule: LabelRule,
    scope: Scope,
    first: int,
    last: int,
    evidence: Columns | None = None,
) -> pa.Table:
    numbers = ", ".join(f"s.{name}_{role}" for name in ("n_tokens", "logprob_sum", "p") for role in ROLES)
    companions = "".join(
        f", s.{column(name, role)} AS {column(name, role)}"
        for role in _companions(run)
        for name in ("n_tokens", "logprob_sum", "p", "unscored_reason")
    )
    condition, parameters = scope.where("t")
    # DuckDB counts characters of a string in code points from 1, as `char_start` does from 0.
    table = reader.query(
        f"SELECT t.trace_no, {_IDENTITY}, s.sentence_index, s.char_start, s.char_end, "
        f"substring(t.response, s.char_start + 1, s.char_end - s.char_start) AS text, {numbers}, "
        "s.label, s.direction, s.margin, s.unscored_reason, if(s.is_mark, 'mark', 'sentence') AS kind"
        f"{companions} FROM ({_labelled_chunk(run, rule)}) AS s JOIN traces AS t USING (run_no, trace_no) "
        f"WHERE {condition} ORDER BY t.trace_no, s.sentence_index",
        [run.run_id, run.run_no, first, last, *parameters],
    )
    rows = table.drop_columns(["trace_no"])
    trace_no, sentence_index = (table.column(name).to_numpy() for name in ("trace_no", "sentence_index"))
    if can_attribute(run):
        for name, answers in answer_columns(reader, run, rule, trace_no, sentence_index).items():
            rows = rows.append_column(name, answers)
    if evidence is not None:
        counts = rule.marks | (np.asarray(table.column("kind")) != "mark")
        for name, values in evidence(table.column("trace_no").to_numpy(), counts).items():
            rows = rows.append_column(name, values)
    for name, drops in importance_columns(reader, run, trace_no, sentence_index).items():
        rows = rows.append_column(name, drops)
    for name, values in overlap_columns(reader, run, trace_no, sentence_index).items():
        rows = rows.append_column(name, values)
    flags = load_flags(reader, run, rule, trace_no.tolist())
    return rows if flags is None else rows.append_column(FLAG, flags.column(FLAG))


def _companions(run: Run) -> tuple[str, ...]:
    """Those whose numbers count."""
    return tuple(companion.role for companion in run.companions if companion.is_finished)


def _traces(reader: Reader, run: Run, rule: LabelRule, scope: Scope, first: int, last: int) -> pa.Table:
    condition, parameters = scope.where("t")
    # A sum of integers is a 128-bit integer in DuckDB, which no file format has.
    sums = ", ".join(
        f"sum({name}_{role})::{kind} AS {name}_{role}"
        for name, kind in (("n_tokens", "BIGINT"), ("logprob_sum", "DOUBLE"))
        for role in ROLES
    )
    labels = [f"n_{label.lower()}" for label in label_order(run.roles)]
    counts = ", ".join(f"count(*) FILTER (label = '{label}') AS n_{label.lower()}" for label in label_order(run.roles))
    # A trace that the run has not reached has no counts; one that it has, with an empty response, has zeros.
    where_reached = "CASE WHEN reached.trace_no IS NOT NULL THEN coalesce(c.{0}, 0) END AS {0}".format
    names = ", ".join(map(where_reached, ("n_unscored", *labels)))
    totals = ", ".join(f"c.{name}_{role}" for name in ("n_tokens", "logprob_sum") for role in ROLES)
    routed = reader.query("SELECT 1 FROM traces WHERE run_no = ? AND teacher_id IS NOT NULL LIMIT 1", [run.run_no])
    teacher = ", t.teacher_id" if run.companions or routed.num_rows else ""
    # A finished run has reached every trace, and may have been stored without its tokens.
    reached = "SELECT trace_no FROM {} WHERE run_no = ? AND trace_no >= ? AND trace_no < ?"
    reached = (
        reached.format("traces")
        if run.is_finished
        else f"{reached.format('tokens')} GROUP BY trace_no HAVING count(DISTINCT role) = {len(run.roles):d}"
    )
    return reader.query(
        "WITH c AS (SELECT trace_no, count(*) AS n_rows, count(unscored_reason) AS n_without, "
        f"count(unscored_reason) FILTER ({rule.marks} OR NOT is_mark) AS n_unscored, "
        "count(*) FILTER (is_mark) AS n_marks, "
        f"arg_min(unscored_reason, sentence_index) AS reason, {sums}, {counts} "
        f"FROM ({_labelled_chunk(run, rule)}) GROUP BY trace_no), "
        f"reached AS ({reached}) "
        f"SELECT {_IDENTITY}, t.gold, t.difficulty, t.n_sentences, {names}, {totals}, "
        f"CASE WHEN reached.trace_no IS NULL THEN '{NOT_YET}' WHEN c.n_without = c.n_rows THEN c.reason END "
        f"AS unscored_reason, {where_reached('n_marks')}{teacher} "
        "FROM traces AS t LEFT JOIN c USING (trace_no) LEFT JOIN reached USING (trace_no) "
        f"WHERE t.run_no = ? AND t.trace_no >= ? AND t.trace_no < ? AND {condition} ORDER BY t.trace_no",
        [run.run_no, first, last] * 2 + [run.run_id, run.run_no, first, last, *parameters],
    )


def _tokens(reader: Reader, run: Run, rule: LabelRule, scope: Scope, first: int, last: int) -> pa.Table:
    condition, parameters = scope.where()
    traces = reader.query(
        "SELECT trace_no, trace_id, response FROM traces "
        f"WHERE run_no = ? AND trace_no >= ? AND trace_no < ? AND {condition} ORDER BY trace_no",
        [run.run_no, first, last, *parameters],
    ).to_pylist()
    spans: dict[int, list[Span]] = {}
    for row in reader.query(
        "SELECT trace_no, char_start, char_end FROM sentences "
        "WHERE run_no = ? AND trace_no >= ? AND trace_no < ? ORDER BY trace_no, sentence_index",
        [run.run_no, first, last],
    ).to_pylist():
        spans.setdefault(row["trace_no"], []).append(Span(row["char_start"], row["char_end"]))
    # A companion that is seen in the place of a role has the role's name in the database, and the role another one.
    called = {key: role for role, key in run.seen_as} | {role: own_role(role) for role, _ in run.seen_as}
    roles = (*run.own_roles, *_companions(run))
    trace_nos = [trace["trace_no"] for trace in traces]
    by_role = {role: reader.tokens(run.run_no, called.get(role, role), trace_nos) for role in roles}
    tables = []
    for trace in traces:
        for role in roles:
            stored = by_role[role].get(trace["trace_no"])
            if stored is None:
                continue
            tokens = stored[0]
            check_token_ends(tokens, len(trace["response"]), trace["trace_no"])
            n = len(tokens)
            known = spans.get(trace["trace_no"], [])
            # A live run has tokens before it has sentences.
            sentence = assign_tokens(trace["response"], known, tokens).sentence_index if known else None
            columns = [
                pa.array([run.run_id] * n, pa.string()),
                pa.array([trace["trace_id"]] * n, pa.string()),
                pa.array([role] * n, pa.string()),
                pa.array(range(n), pa.int32()),
                pa.array(tokens.token_id),
                pa.array(tokens.char_start),
                pa.array(tokens.char_end),
                pa.array(tokens.logprob, from_pandas=True),
                pa.nulls(n, pa.int32()) if sentence is None else pa.array(sentence),
            ]
            tables.append(pa.Table.from_arrays(columns, schema=_TOKEN_SCHEMA))
    return pa.concat_tables(tables) if tables else _TOKEN_SCHEMA.empty_table()


_CHUNKS = {"sentences": _sentences, "traces": _traces, "tokens": _tokens}


def write_rows(chunks: Iterable[pa.Table], path: Path) -> int:
    """Write all rows; returns their number. The file appears whole or not at all.

    CSV writes NULL as an empty cell and text in quotes; JSON Lines writes null.

    Raises:
        InputError: the folder does not exist or cannot be written to.
    """
    with atomic_write(path, "the export") as temporary:
        return _WRITERS[path.suffix](iter(chunks), temporary)


def to_bytes(table: pa.Table, ending: str) -> bytes:
    """A table as the content of a file with this ending."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"rows{ending}"
        write_rows([table], path)
        return path.read_bytes()


def write_text(text: str, path: Path) -> None:
    """Write a text as UTF-8. The file appears whole or not at all.

    Raises:
        InputError: the folder does not exist or cannot be written to.
    """
    with atomic_write(path, "the export") as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")


def _write_parquet(chunks: Iterator[pa.Table], path: Path) -> int:
    first = next(chunks)
    n_rows: int = first.num_rows
    with pyarrow.parquet.ParquetWriter(path, first.schema, compression="zstd") as writer:
        writer.write_table(first)
        for chunk in chunks:
            writer.write_table(chunk.cast(first.schema))
            n_rows += chunk.num_rows
    return n_rows


def _write_csv(chunks: Iterator[pa.Table], path: Path) -> int:
    first = next(chunks)
    n_rows: int = first.num_rows
    with pyarrow.csv.CSVWriter(path, first.schema) as writer:
        writer.write_table(first)
        for chunk in chunks:
            writer.write_table(chunk.cast(first.schema))
            n_rows += chunk.num_rows
    return n_rows


def _write_jsonl(chunks: Iterator[pa.Table], path: Path) -> int:
    n_rows = 0
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        for chunk in chunks:
            for row in chunk.to_pylist():
                stream.write(json.dumps(row, ensure_ascii=False) + "\n")
            n_rows += chunk.num_rows
    return n_rows


_WRITERS = {".parquet": _write_parquet, ".csv": _write_csv, ".jsonl": _write_jsonl}
