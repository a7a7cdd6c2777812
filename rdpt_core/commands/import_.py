"""`import`: other formats to canonical JSON Lines."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rdpt_core.api.arguments import beside, readable
from rdpt_core.commands.arguments import EXIT_PARTIAL, file_path, keywords
from rdpt_core.commands.documents import print_json
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
        "kept verbatim, which is checked by hash; `--list-formats` names what is known.",
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
        "--rejects",
        type=file_path,
        metavar="FILE",
        help="where rejected records go (default: --out and .rejects.jsonl)",
    )
    parser.add_argument("--list-formats", action="store_true", help="name the known formats and stop")
    parser.add_argument("--json", action="store_true", help="print the report as one JSON document")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the traces; exit status 3 if records were rejected."""
    from rdpt_core.api.importing import import_traces

    if arguments.list_formats:
        return _list_formats()
    if not arguments.sources or arguments.out is None:
        raise UsageError(
            "an import needs sources and a file to write",
            where="import",
            expected="SOURCE… --out FILE.jsonl",
            got="no SOURCE" if not arguments.sources else "no --out",
        )
    report = import_traces(**keywords(arguments, without=("list_formats", "json")))
    if arguments.json:
        print_json(report.to_dict())
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
        line = f"{file.name}: {file.format}, {file.n_traces:,} traces"
        if file.n_graded:
            line += f", {file.n_graded:,} graded here"
        if file.n_truncated:
            line += f", {file.n_truncated:,} truncated"
        if file.n_rejects:
            line += f", {file.n_rejects:,} rejected"
        lines.append(line)
        if file.n_without_question:
            lines.append(
                f"  warning: {file.n_without_question:,} traces have no question, so they would be scored after an "
                "empty one; give --question, or the file of requests beside the results"
            )
        if file.n_checked:
            n_without = file.n_checked - file.n_agreed - file.n_disputed
            lines.append(
                f"  checked {file.n_checked:,} verdicts of the source: {file.n_agreed:,} agree, {file.n_disputed:,} "
                f"disputed, {n_without:,} no own verdict"
            )
        lines += _repeats(file)
    again = [f"{readable(file.name)}, {readable(file.left_out or '')}" for file in report.left_out]
    if again:
        lines.append(f"left out: {_some(again, '; ')}")
    others = [readable(file.name) for file in report.refused]
    if others:
        lines.append(f"without traces: {_some(others, ', ')} (--json says why)")
    lines.append(f"{report.n_traces:,} traces: {out}")
    if report.n_rejects:
        lines.append(f"rejected records, each with its reason: {rejects_path}")
    print("\n".join(lines), file=sys.stderr)


def _repeats(file: FileReport) -> Iterator[str]:
    """What is to be said of traces that share an id or all of their text with others."""
    if file.n_renamed:
        are = "id belongs to another text already and was changed"
        if file.n_renamed > 1:
            are = "ids belong to other texts already and were changed"
        yield f"  warning: {file.n_renamed:,} {are}: {file.renamed}"
    if file.n_copies:
        are, it = "trace repeats", "it is kept and counts"
        if file.n_copies > 1:
            are, it = "traces repeat", "all are kept and count"
        yield f"  warning: {file.n_copies:,} {are} an earlier one word for word: {file.copy}; {it}"


def _some(names: list[str], sign: str) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return sign.join(names[:_NAMED]) + more
