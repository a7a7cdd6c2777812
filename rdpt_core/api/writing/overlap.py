"""From sentence to source: which sentences of a run stand in the training texts of its distilled model."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from tqdm import tqdm

from rdpt_core.analysis.catalog import finished_run
from rdpt_core.api.arguments import PathArgument, file_of, paths_of
from rdpt_core.api.results import OverlapResult
from rdpt_core.arrays import Ints
from rdpt_core.errors import InputError
from rdpt_core.records import RunKey
from rdpt_core.store.evidence.overlap import DuckDBOverlapStore, overlap_counts
from rdpt_core.store.reader import Run, open_reader
from rdpt_core.traces import RejectLog, Splitter, get_splitter
from rdpt_core.traces.importing.pipeline import ImportReport, import_traces
from rdpt_core.traces.overlap.lookup import Index
from rdpt_core.traces.overlap.training import Templates, TrainingTexts, read_training
from rdpt_core.traces.overlap.words import cut_texts
from rdpt_core.traces.wording.templates import names_in

VERSION = 1
"""Changes whenever another number is stored for the same texts."""

_MOST_CHARACTERS = 24_000_000
"""Of responses that are looked up at once, unless one alone is longer: about 40 bytes each while it works."""

_TRACES_FOR_NAMES = 2_000


def overlap(
    db: PathArgument,
    training: PathArgument | Iterable[PathArgument],
    *,
    run: str | None = None,
    again: bool = False,
    quiet: bool = False,
) -> OverlapResult:
    """Look up every sentence of a run in training texts: word for word, in its template, and in part.

    Training texts are cut by the run's splitter. White space is folded; upper and lower case are told apart, but not in
    templates. The result is stored beside the run, once, and changes nothing else. The same call goes on where it was
    stopped, and does nothing if all is done.

    Args:
        db: the database file.
        training: one or several files of the texts that the distilled model was trained on: canonical traces, or
            anything else that `import_traces` reads; in any order, and one that is named again counts once. What
            counts is the assistant's text, thinking too.
        run: the id or name of the scored run; by default the newest finished one.
        again: drop what is stored, such as of other files, once the new texts are read.
        quiet: draw no progress bar on standard error.

    Returns:
        The run, what was read of the files, and how many sentences are copied, in a template, or new.

    Raises:
        UsageError: there is no such finished run, or its sentences were looked up in other texts.
        InputError: a file cannot be read, or holds no text.
        StoreError: the database cannot be read or written.
    """
    database, files = file_of("db", db), paths_of(training)
    with open_reader(database) as reader:
        chosen = finished_run(reader, run)
    store = DuckDBOverlapStore(database)
    by_hash = _by_hash(files)
    identity: dict[str, Any] = {"version": VERSION, "sha256": list(by_hash)}
    done: set[int] = set() if again else store.looked_up(chosen.key, identity)
    n_now = chosen.n_traces - len(done)
    if n_now:
        begun = None if again else store.training_hashes(chosen.key)
        # Sentences go by their numbers, so what goes on reads in the same order; a file that was read twice is not now.
        anew = again or (begun is not None and len(set(begun)) < len(begun))
        identity["sha256"] = list(by_hash) if anew or begun is None else begun
        done, n_now = (set(), chosen.n_traces) if anew else (done, n_now)
        rejects = RejectLog()
        in_order = [by_hash[digest] for digest in identity["sha256"]]
        try:
            texts, found = _read(in_order, rejects, get_splitter(chosen.splitter))
        except InputError as error:
            raise _with_hint(error, rejects) from error
        settings = {**identity, **found, "splitter": chosen.splitter, "splitter_version": chosen.splitter_version}
        if anew:
            # Only now: had the files been of no use, what is stored would be lost for nothing.
            store.drop_overlap(chosen.key)
        _look_up(chosen, store, texts, settings, done, quiet=quiet)
    with open_reader(database) as reader:
        counts = overlap_counts(reader, chosen.run_no)
    return _result(chosen, database, counts or {}, n_now)


def _result(run: Run, database: Path, counts: Mapping[str, Any], n_now: int) -> OverlapResult:
    settings = counts["settings"]
    numbers = {name: settings[name] for name in ("n_records", "n_rejects", "n_sentences", "n_distinct")}
    classes = {f"n_{name}": counts[name] for name in ("copied", "template", "new")}
    return OverlapResult(
        run_id=run.run_id, db=database, n_traces=run.n_traces, n_looked_up=n_now, **classes, **_renamed(numbers)
    )


def _renamed(numbers: Mapping[str, int]) -> dict[str, int]:
    """Counts of training sentences, which stand beside those of the run."""
    names = {"n_sentences": "n_training_sentences", "n_distinct": "n_distinct_training_sentences"}
    return {names.get(name, name): n for name, n in numbers.items()}


def _by_hash(files: Iterable[Path]) -> dict[str, Path]:
    """Each file by its sha256; of files with the same bytes, the first."""
    found: dict[str, Path] = {}
    for file in files:
        found.setdefault(_digest(file), file)
    return found


def _digest(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError(
            "training texts cannot be read", where=str(file), expected="a file", got=error.strerror or str(error)
        ) from error


def _read(files: Sequence[Path], rejects: RejectLog, splitter: Splitter) -> tuple[TrainingTexts, dict[str, Any]]:
    """The training texts of some files, and what is to be remembered of them."""
    report = ImportReport()

    def records() -> Iterator[tuple[str, str]]:
        # A record that stands there twice was learned from twice.
        for trace in import_traces(files, grade=False, keep_copies=True, rejects=rejects, report=report):
            yield trace.trace_id, trace.response

    texts = read_training(records(), splitter)
    first = rejects.first[0] if rejects.first else None
    return texts, {
        "files": [{"name": file.name} for file in files],
        "n_records": len(texts.record_ids),
        "n_rejects": rejects.n,
        "first_reject": None if first is None else f"line {first.line}: {first.reason}",
        "n_sentences": len(texts.distinct),
        "n_distinct": len(texts.texts),
    }


def _with_hint(error: InputError, rejects: RejectLog) -> InputError:
    """The error for texts of no use, with what can be done about it here, where neither columns nor formats are named.

    What the import advises are options of its own.
    """
    first = rejects.first[0] if rejects.first else None
    got, hint = error.got, error.hint
    if first is not None:
        got = f"{got or 'none'}, {rejects.n:,} records rejected, the first on line {first.line}: {first.reason}"
    advice = (
        "Convert the file first: rdpt import FILE --map question=COLUMN,response=COLUMN --out X.jsonl, "
        "then give --training X.jsonl."
    )
    if hint is None and error.where is None:
        # All files were read, and no column of theirs that was taken for the response holds a word.
        hint = advice
    elif hint is not None and ("--map" in hint or "--format" in hint):
        hint = f"{advice} What `import` would say: {hint}"
    return InputError(
        error.what, where=error.where, expected=error.expected, got=got, hint=hint, exit_status=error.exit_status
    )


def _look_up(
    run: Run,
    store: DuckDBOverlapStore,
    texts: TrainingTexts,
    settings: Mapping[str, Any],
    done: set[int],
    *,
    quiet: bool,
) -> None:
    lengths = store.lengths(run.key)
    names = names_in(texts.texts) | names_in(_sample(run.key, store, lengths))
    index = Index(texts, Templates.of(texts, names))
    with tqdm(total=run.n_traces, desc="overlap", unit="trace", disable=quiet, dynamic_ncols=True) as bar:
        for batch in _batches(lengths):
            if not done.issuperset(batch):
                responses, starts, is_mark = store.cut_responses(run.key, batch.start, batch.stop)
                columns = index.look_up(responses, starts, is_mark)
                n_sentences = np.array([len(at) for at in starts], np.int64)
                rows = texts.rows(columns.numbers())
                store.commit_overlap(run.key, settings, batch, n_sentences, columns, rows)
            bar.update(len(batch))


def _batches(lengths: Ints) -> Iterator[range]:
    """Consecutive traces of not too many characters together."""
    first, total = 0, 0
    for number, length in enumerate(lengths.tolist()):
        if total and total + length > _MOST_CHARACTERS:
            yield range(first, number)
            first, total = number, 0
        total += length
    if first < len(lengths):
        yield range(first, len(lengths))


def _sample(run: RunKey, store: DuckDBOverlapStore, lengths: Ints) -> pa.StringArray:
    """Sentences of some traces, evenly spaced over the run, in which names are looked for."""
    found: list[pa.StringArray] = []
    step = max(1, len(lengths) // _TRACES_FOR_NAMES)
    at_once = max(1, _TRACES_FOR_NAMES // 10)
    for first in range(0, len(lengths), step * at_once):
        last = min(first + at_once, len(lengths))
        responses, starts, _ = store.cut_responses(run, first, last)
        found.append(cut_texts(responses, starts).sentences)
    return pa.concat_arrays(found) if found else pa.array([], pa.string())
