"""Traces before any model: other formats to canonical JSON Lines, and the checks of `score` on their own."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from rdpt_core.api.arguments import PathArgument, beside, check_choice, check_integers, file_of, paths_of
from rdpt_core.api.outputs import check_outputs
from rdpt_core.atomic_write import atomic_write, is_stream
from rdpt_core.errors import UsageError
from rdpt_core.records import TemplatePolicy
from rdpt_core.traces import RejectLog, TraceSummary, get_splitter, iter_traces, summarise, trace_to_json
from rdpt_core.traces.importing import pipeline
from rdpt_core.traces.importing.pipeline import ImportReport, parse_column_map
from rdpt_core.traces.importing.preview import preview

_Source = Path | Literal["-"]


def import_traces(
    sources: PathArgument | Iterable[PathArgument],
    out: PathArgument | None = None,
    *,
    format: str | None = None,
    map: Mapping[str, str] | str | None = None,
    benchmark: str | None = None,
    domain: str | None = None,
    model: str | None = None,
    difficulty: str | None = None,
    question: str | None = None,
    grade: bool = True,
    check_verdicts: bool = False,
    keep_copies: bool = False,
    dry_run: int | None = None,
    rejects: PathArgument | None = None,
) -> ImportReport:
    """Turn logs of other programs into canonical traces.

    Responses are kept verbatim, which the report proves by hash. The file appears whole or not at all. A file that is
    met twice, under another name or as a copy, is read once, and a trace that stands in a second file again is kept
    once; the report says so.

    Args:
        sources: one or several files or folders, or `"-"` for standard input.
        out: the file of canonical JSON Lines to write; may be left out of a dry run.
        format: take every source as this format; by default each is recognised by its content.
        map: the file's column for each field of a trace: `{"question": "prompt"}`, or `"question=prompt,…"`.
        benchmark: the benchmark of traces whose source names none.
        domain: the domain of such traces.
        model: the model of such traces.
        difficulty: the difficulty of such traces.
        question: the question of traces whose source holds none.
        grade: compare answers with reference answers where the source gives no verdict.
        check_verdicts: also compare where the source gives a verdict. That verdict stays `correct`; our grade goes
            to `meta["grading"]`, and the page Verdicts lists where they differ.
        keep_copies: keep traces that are an earlier one again, word for word.
        dry_run: write nothing, and show in `preview` of the report how the first so many records would come out.
        rejects: where records go that are no traces; by default the name of `out` and `.rejects.jsonl`.

    Returns:
        What became of every file: counts, hashes, refusals.

    Raises:
        UsageError: arguments that are wrong or contradict each other, or a source or a database that would be
            overwritten.
        InputError: a source cannot be read or holds no traces, or a file cannot be written.
        MissingPackageError: a package that a source or the grading needs is not installed.
    """
    named = [sources] if isinstance(sources, str | os.PathLike) else sources
    chosen: list[_Source] = ["-" if source == "-" else Path(source) for source in named]
    given = {"benchmark": benchmark, "domain": domain, "model": model, "difficulty": difficulty, "question": question}
    report = ImportReport()
    begin = functools.partial(
        pipeline.import_traces,
        chosen,
        format=format,
        column_map=parse_column_map(map) if isinstance(map, str) else map,
        grade=grade,
        check_verdicts=check_verdicts,
        defaults={name: text for name, text in given.items() if text is not None},
        keep_copies=keep_copies,
        report=report,
    )
    outputs = [] if out is None else _outputs(out, rejects, chosen)
    if dry_run is not None:
        check_integers(dry_run=dry_run)
        preview(lambda sink, on_trace: begin(outputs=outputs, rejects=sink, on_trace=on_trace), dry_run, report)
        return report
    if not outputs:
        raise UsageError(
            "an import needs a file to write", where="import", expected="--out FILE or --dry-run N", got="neither"
        )
    path, rejects_path = outputs
    log = RejectLog(rejects_path)
    # Checks its arguments, before the rejects of an earlier import are thrown away.
    traces = begin(outputs=outputs, rejects=log)
    with (
        atomic_write(path, "the traces") as temporary,
        log,
        temporary.open("w", encoding="utf-8", newline="\n") as file,
    ):
        file.writelines(trace_to_json(trace) + "\n" for trace in traces)
    return report


def _outputs(out: PathArgument, rejects: PathArgument | None, sources: list[_Source]) -> list[Path]:
    """The file of traces and that of rejects, both checked."""
    path = file_of("out", out)
    rejects_path = _rejects_path(path, rejects)
    check_outputs(
        {"--out": path, "--rejects": rejects_path}, {"SOURCE": [source for source in sources if source != "-"]}
    )
    return [path, rejects_path]


def _rejects_path(out: Path, rejects: PathArgument | None) -> Path:
    if rejects is not None:
        return file_of("rejects", rejects)
    if is_stream(out):
        raise UsageError(
            "there is no file beside a stream for rejected records",
            where=f"--out {out}",
            expected="--rejects FILE",
            got="no --rejects",
        )
    return beside(out, ".rejects.jsonl")


def validate(
    traces: PathArgument | Iterable[PathArgument], *, template: str = "own", rejects: PathArgument | None = None
) -> TraceSummary:
    """Read files of canonical JSON Lines as `score` would, without a model.

    Args:
        traces: one or several files, checked as one run.
        template: the template policy that `score` will be given: `"own"`, `"distilled"` or `"raw"`.
        rejects: where to write rejected lines, each with its reason; by default they are only counted.

    Returns:
        Counts, lengths and the first rejected lines; also how many traces `score` would leave unscored, and why it
        would stop if it would.

    Raises:
        UsageError: there is no file, or the rejects would overwrite one.
        InputError: a file cannot be read, or there is not one trace.
    """
    check_choice("template", template, TemplatePolicy)
    files, path = paths_of(traces), None if rejects is None else file_of("rejects", rejects)
    if path is not None:
        check_outputs({"--rejects": path}, {"--traces": files})
    with RejectLog(path) as log:
        return summarise(iter_traces(files, rejects=log), log, get_splitter(), TemplatePolicy(template))
