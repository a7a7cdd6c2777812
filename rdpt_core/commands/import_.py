"""`import`: other formats to canonical JSON Lines."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rdpt_core.api.arguments import beside, readable
from rdpt_core.commands.arguments import EXIT_PARTIAL, file_path, keywords, positive_integer
from rdpt_core.commands.parts.documents import print_json, printable
from rdpt_core.errors import UsageError

if TYPE_CHECKING:
    from rdpt_core.traces.importing.report import FileReport, ImportReport

_NAMED = 5
"""Files without traces, or met twice, that are named; a folder of results may hold hundreds."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "import",
        help="turn logs of other programs into canonical traces",
        description="Recognise the format of each source by its content and write canonical JSON Lines. Responses are "
        "kept verbatim, which is checked by hash; `--list-formats` names what is known. The last lines say what was "
        "set aside.",
    )
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help="files, folders, or - for standard input")
    parser.add_argument("--out", type=file_path, metavar="FILE", help="canonical JSON Lines to write")
    parser.add_argument("--format", metavar="NAME", help="take every source as this format")
    parser.add_argument("--map", metavar="FIELD=COLUMN,…", help="for example question=prompt,response=output")
    for name in ("benchmark", "domain", "model", "difficulty", "question"):
        parser.add_argument(f"--{name}", metavar="TEXT", help=f"the {name} of traces whose source names none")
    parser.add_argument("--no-grade", dest="grade", action="store_false", help="leave `correct` as the source has it")
    parser.add_argument(
        "--check-verdicts",
        action="store_true",
        help="also grade what the source has a verdict on; the verdict stays, the page Verdicts shows what is disputed",
    )
    parser.add_argument(
        "--keep-copies",
        action="store_true",
        help="keep traces that stand in another file again, word for word (default: they count once)",
    )
    parser.add_argument(
        "--dry-run",
        type=positive_integer,
        metavar="N",
        help="show how the first N records would come out, and write nothing",
    )
    parser.add_argument(
        "--rejects",
        type=file_path,
        metavar="FILE",
        help="where rejected records go (default: --out and .rejects.jsonl)",
    )
    parser.add_argument("--list-formats", action="store_true", help="name the known formats and stop")
    parser.add_argument("--json", action="store_true", help="print the report as one JSON document")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the traces, or show the first; exit status 3 if records were rejected."""
    from rdpt_core.api.importing import import_traces
    from rdpt_core.commands.parts.previews import previews

    if arguments.list_formats:
        return _list_formats()
    is_dry = arguments.dry_run is not None
    if not arguments.sources or (arguments.out is None and not is_dry):
        raise UsageError(
            "an import needs sources and a file to write",
            where="import",
            expected="SOURCE… --out FILE.jsonl, or --dry-run N",
            got="no SOURCE" if not arguments.sources else "no --out",
        )
    report = import_traces(**keywords(arguments, without=("list_formats", "json")))
    if arguments.json:
        print_json(report.to_dict())
    elif is_dry:
        print(previews(report))
    if not is_dry:
        _print_report(report, arguments.out, arguments.rejects or beside(arguments.out, ".rejects.jsonl"))
    return EXIT_PARTIAL if report.n_rejects else 0


def _list_formats() -> int:
    from rdpt_core.traces.importing.pipeline import list_formats

    formats = list_formats()
    width = max(len(name) for name, _ in formats)
    print("\n".join(f"{name:<{width}}  {title}" for name, title in formats))
    return 0


def _print_report(report: ImportReport, out: Path, rejects_path: Path) -> None:
    lines = []
    for file in report.files:
        if file.refused is not None or file.left_out is not None:
            continue
        counts = [
            (file.n_graded, "graded here"),
            (file.n_truncated, "truncated"),
            (file.n_rejects, "rejected"),
            (file.n_copies, "copy" if file.n_copies == 1 else "copies"),
        ]
        said = ", ".join([_n_traces(file.n_traces), *(f"{n:,} {what}" for n, what in counts if n)])
        lines.append(f"{readable(file.name)}: {file.format}, {said}")
        lines += [f"  warning: {warning}" for warning in _warnings(file)]
        lines += [f"  {said}" for said in (*_checked(file), *_not_the_models(file))]
    again = [f"{readable(file.name)}, {readable(file.left_out or '')}" for file in report.left_out]
    if again:
        lines.append(f"left out: {_some(again, '; ')}")
    others = [readable(file.name) for file in report.refused]
    if others:
        lines.append(f"without traces: {_some(others, ', ')} (--json says why)")
    lines += _without_thinking(report)
    lines.append(f"{_n_traces(report.n_traces)}: {out}")
    if report.n_rejects:
        lines.append(f"rejected records, each with its reason: {rejects_path}")
    set_aside = report.set_aside_text()
    if set_aside:
        lines.append(f"set aside: {set_aside}")
    if report.is_mostly_rejected:
        n_copies = report.set_aside["n_copies"]
        lines.append(
            f"WARNING: more than half was rejected, {report.n_rejects:,} of "
            f"{report.n_rejects + report.n_traces + n_copies:,} records"
        )
    # Names of members, ids and fields come from the log.
    print("\n".join(map(printable, lines)), file=sys.stderr)


def _n_traces(n: int) -> str:
    return f"{n:,} trace{'' if n == 1 else 's'}"


def _warnings(file: FileReport) -> Iterator[str]:
    """What is to be said of a file's traces."""
    if file.n_without_question:
        have, them = ("has", "it") if file.n_without_question == 1 else ("have", "they")
        yield (
            f"{_n_traces(file.n_without_question)} {have} no question, so {them} would be scored after an empty one; "
            "give --question, or the file of requests beside the results"
        )
    if file.n_renamed:
        are = "id belongs to another text already and was changed"
        if file.n_renamed > 1:
            are = "ids belong to other texts already and were changed"
        yield f"{file.n_renamed:,} {are}: {file.renamed}"
    if file.n_copies:
        are, them = "trace is an earlier one", "it was"
        if file.n_copies > 1:
            are, them = "traces are earlier ones", "they were"
        yield f"{file.n_copies:,} {are} again, word for word; {them} set aside, unless --keep-copies: {file.copy}"
    if file.n_copies_with_other_verdict:
        yield f"{file.n_copies_with_other_verdict:,} of these have another verdict than the trace that stays"
    if file.n_alike:
        are, it = "trace reads", "it counts"
        if file.n_alike > 1:
            are, it = "traces read", "all count"
        yield f"{file.n_alike:,} {are} like an earlier one word for word: {file.alike}; {it}"
    for column, (n_records, longest) in file.lists_cut.items():
        yield (
            f"column {readable(column)} takes one element of up to {longest:,} in {n_records:,} records; the others "
            "are not read"
        )


def _checked(file: FileReport) -> Iterator[str]:
    """How our grades agree with the verdicts of the source."""
    if file.n_checked:
        n_without = file.n_checked - file.n_agreed - file.n_disputed
        yield (
            f"checked {file.n_checked:,} verdicts of the source: {file.n_agreed:,} agree, "
            f"{file.n_disputed:,} disputed, {n_without:,} no grade of ours"
        )


def _not_the_models(file: FileReport) -> Iterator[str]:
    """What is to be said of text in or beside the responses that the model did not write."""
    if file.n_prefilled:
        are = "response begins" if file.n_prefilled == 1 else "responses begin"
        yield (
            f"{file.n_prefilled:,} {are} with text that the model was given to continue; meta.import.prefill says "
            "where it ends"
        )
    if file.n_set_aside:
        are = "response stood text" if file.n_set_aside == 1 else "responses stood text"
        yield f"beside {file.n_set_aside:,} {are} that the model did not write; it is in meta.source, not in them"
    if file.other_records:
        kinds = (f"{n:,} {readable(kind)}" for kind, n in sorted(file.other_records.items()))
        yield f"no answers of a model: {', '.join(kinds)}"


def _without_thinking(report: ImportReport) -> Iterator[str]:
    """A word on each model that always thinks and none of whose traces holds any thinking."""
    for model, n_traces in report.models_without_thinking.items():
        yield (
            f"warning: {readable(model)} is of a family that always thinks, and none of its {n_traces:,} traces holds "
            "any thinking; some programs drop it (chat models of lm-evaluation-harness keep the answer only): see how "
            "the traces were made"
        )


def _some(names: list[str], sign: str) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return sign.join(names[:_NAMED]) + more
