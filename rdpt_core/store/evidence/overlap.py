"""How far sentences stand in training texts: written some traces at a time, beside the run, and counted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from rdpt_core.arrays import Bools, Ints
from rdpt_core.errors import UsageError
from rdpt_core.records import RunKey
from rdpt_core.records.overlap import MISSING, OverlapColumns
from rdpt_core.store.claimed import read_claimed, write_claimed
from rdpt_core.store.reader import Reader
from rdpt_core.store.run_store import DuckDBRunStore
from rdpt_core.store.soundness import damaged, parsed
from rdpt_core.store.writer import insert_rows, touch

_LISTS = ("n_verbatim", "n_template", "span_start", "span_end", "span_in", "nearest")
_TABLES = ("overlap", "training_sentences", "training_sets")


class DuckDBOverlapStore(DuckDBRunStore):
    """The database as the look-up of a run's sentences sees it."""

    def looked_up(self, run: RunKey, identity: Mapping[str, Any]) -> set[int]:
        """The traces whose sentences were looked up.

        Args:
            identity: what the numbers depend on; the first entries of the settings. The order of files makes no
                difference, nor does one that is named again.

        Raises:
            UsageError: they were looked up in other texts, or in another way.
            StoreError: the settings do not say in which.
        """
        with read_claimed(self._path, run) as reader:
            stored = _stored(reader, run)
            rows = reader.query("SELECT trace_no FROM overlap WHERE run_no = ?", [run.run_no])
        if stored is not None:
            same = {name: stored.get(name) for name in identity}
            if _without_order(same) != _without_order(identity):
                raise UsageError(
                    "the sentences of this run were looked up in other training texts",
                    where=f"run {run.run_id}",
                    expected=_told(stored),
                    got=_told(identity),
                    hint="Give the files of before, or --again to drop what is stored.",
                )
        return set(rows.column("trace_no").to_pylist())

    def training_hashes(self, run: RunKey) -> list[str] | None:
        """The sha256 of each training file, in the order in which their sentences are numbered; None without any.

        Raises:
            StoreError: the settings do not name them.
        """
        with read_claimed(self._path, run) as reader:
            stored = _stored(reader, run)
        return None if stored is None else stored["sha256"]

    def drop_overlap(self, run: RunKey) -> None:
        """Forget what is stored."""
        with write_claimed(self._path, run) as connection:
            for table in _TABLES:
                connection.execute(f"DELETE FROM {table} WHERE run_no = ?", [run.run_no])
            touch(connection, run)

    def lengths(self, run: RunKey) -> Ints:
        """(n_traces,), characters of each response."""
        with read_claimed(self._path, run) as reader:
            table = reader.query(
                "SELECT length(response) AS n FROM traces WHERE run_no = ? ORDER BY trace_no", [run.run_no]
            )
        lengths: Ints = table.column("n").to_numpy().astype(np.int64)
        return lengths

    def cut_responses(self, run: RunKey, first: int, last: int) -> tuple[list[str], list[Ints], Bools]:
        """The responses of the traces `first` ≤ trace_no < `last`, for each where its sentences begin, and which of
        all these sentences are marks of format."""
        with read_claimed(self._path, run) as reader:
            responses = reader.query(
                "SELECT response, n_sentences FROM traces WHERE run_no = ? AND trace_no >= ? AND trace_no < ? "
                "ORDER BY trace_no",
                [run.run_no, first, last],
            )
            sentences = reader.query(
                "SELECT trace_no, char_start, is_mark FROM sentences WHERE run_no = ? AND trace_no >= ? "
                "AND trace_no < ? ORDER BY trace_no, sentence_index",
                [run.run_no, first, last],
            )
        texts = responses.column("response").to_pylist()
        self._check_whole("traces", last - first, texts)
        char_start = sentences.column("char_start").to_numpy().astype(np.int64)
        ends = np.searchsorted(sentences.column("trace_no").to_numpy(), np.arange(first + 1, last + 1))
        is_mark = sentences.column("is_mark").to_numpy(zero_copy_only=False)
        return texts, np.split(char_start, ends[:-1]), is_mark

    def commit_overlap(
        self,
        run: RunKey,
        settings: Mapping[str, Any],
        trace_nos: range,
        n_sentences: Ints,
        columns: OverlapColumns,
        sentences: pa.Table,
    ) -> None:
        """Store some traces in one transaction; what was stored of them before is replaced.

        Args:
            settings: of the training texts; the same for all traces of the run.
            n_sentences: (n_traces,).
            sentences: the training sentences that they refer to, with the columns of `training_sentences`.
        """
        with write_claimed(self._path, run) as connection:
            connection.execute(
                "INSERT INTO training_sets VALUES (?, ?) ON CONFLICT DO UPDATE SET settings = excluded.settings",
                [run.run_no, json.dumps(settings, sort_keys=True)],
            )
            connection.execute(
                "DELETE FROM overlap WHERE run_no = ? AND trace_no >= ? AND trace_no < ?",
                [run.run_no, trace_nos.start, trace_nos.stop],
            )
            insert_rows(connection, "overlap", _table(run.run_no, trace_nos, n_sentences, columns))
            connection.register("incoming", sentences)
            connection.execute(
                "INSERT INTO training_sentences BY NAME SELECT ?::INTEGER AS run_no, * FROM incoming "
                "WHERE sentence_no NOT IN (SELECT sentence_no FROM training_sentences WHERE run_no = ?)",
                [run.run_no, run.run_no],
            )
            connection.unregister("incoming")
            touch(connection, run)


def _stored(reader: Reader, run: RunKey) -> dict[str, Any] | None:
    """The settings of a run's training texts, None without any; `sha256` holds the hash of each file."""
    known = reader.query("SELECT settings FROM training_sets WHERE run_no = ?", [run.run_no]).to_pylist()
    if not known:
        return None
    place = f"training texts of run {run.run_id}"
    settings: dict[str, Any] = parsed(known[0]["settings"], dict, place)
    hashes = settings.get("sha256")
    if not isinstance(hashes, list) or not hashes or not all(isinstance(digest, str) for digest in hashes):
        raise damaged(place, "the sha256 of each file, as a list of texts", json.dumps(hashes)[:80])
    return settings


def _without_order(identity: Mapping[str, Any]) -> dict[str, Any]:
    return {**identity, "sha256": sorted(set(identity["sha256"]))}


def _told(settings: Mapping[str, Any]) -> str:
    hashes = [digest[:12] for digest in settings["sha256"]]
    return f"files of sha256 {', '.join(hashes)}, version {settings.get('version')}"


def _table(run_no: int, trace_nos: range, n_sentences: Ints, columns: OverlapColumns) -> pa.Table:
    """One row a trace."""
    offsets = pa.array(np.append(0, np.cumsum(n_sentences)), pa.int32())
    lists = {}
    for name in _LISTS:
        values = getattr(columns, name)
        entries = pa.array(values, pa.int32(), mask=values == MISSING)
        lists[name] = pa.ListArray.from_arrays(offsets, entries)
    n = len(trace_nos)
    keys = {"run_no": pa.array(np.full(n, run_no, np.int32)), "trace_no": pa.array(trace_nos, pa.int32())}
    return pa.table({**keys, **lists})


def overlap_counts(reader: Reader, run_no: int) -> dict[str, Any] | None:
    """How far the sentences of a run are looked up: the `settings`, the `traces` that are, and how many of their
    sentences are `copied`, in a `template` or `new`. None if they were not looked up in any training texts.

    Raises:
        StoreError: settings are no JSON object.
    """
    known = reader.query("SELECT settings FROM training_sets WHERE run_no = ?", [run_no]).to_pylist()
    if not known:
        return None
    rows = reader.query(
        "SELECT count(*) AS traces, coalesce(sum(len(list_filter(n_verbatim, lambda n: n > 0))), 0)::BIGINT AS copied, "
        "coalesce(sum(len(list_filter(n_template, lambda n: n > 0))), 0)::BIGINT AS in_template, "
        "coalesce(sum(list_count(n_template)), 0)::BIGINT AS known FROM overlap WHERE run_no = ?",
        [run_no],
    ).to_pylist()[0]
    return {
        "settings": parsed(known[0]["settings"], dict, f"training texts of run number {run_no}"),
        "traces": rows["traces"],
        "copied": rows["copied"],
        "template": rows["in_template"] - rows["copied"],
        "new": rows["known"] - rows["in_template"],
    }
