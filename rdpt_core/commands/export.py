"""`export`: sentences, traces, tokens, notes or patterns as a file of rows; one trace as a page."""

from __future__ import annotations

import argparse
import itertools
import sys
from typing import TYPE_CHECKING

from rdpt_core.api.arguments import readable
from rdpt_core.commands.arguments import EXIT_PARTIAL, add_database, add_teacher, add_with_marks, file_path, threshold
from rdpt_core.errors import UsageError

if TYPE_CHECKING:
    from rdpt_core.analysis.catalog import Unfinished
    from rdpt_core.analysis.labels import LabelRule


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "export",
        help="write sentences, traces, tokens, notes or patterns as Parquet, CSV or JSON Lines, or a trace as HTML",
        description="Write one row a sentence, trace or token of a run, one row a note on any run, or the shares of "
        "saved patterns in a run. The file's "
        "ending chooses the format: .parquet, .csv or .jsonl; for notes also .md. Or write one trace as an HTML file "
        "that works offline.",
    )
    add_database(parser)
    kinds = ["sentences", "traces", "tokens", "notes", "patterns", "html"]
    parser.add_argument("--what", required=True, choices=kinds, help="one row each, or one trace as a page")
    endings = "ends in .parquet, .csv or .jsonl; for notes also .md; for html in .html"
    parser.add_argument("--out", type=file_path, required=True, metavar="FILE", help=endings)
    parser.add_argument("--trace", type=readable, metavar="ID", help="which trace, for html")
    parser.add_argument(
        "--pattern", type=readable, metavar="NAME", help="of sentences and patterns: only this saved pattern"
    )
    parser.add_argument("--run", dest="run_key", metavar="ID", help="run id or name (default: the newest finished run)")
    parser.add_argument("--alpha", type=threshold, help="largest gap that counts as Shared (default: 0.05)")
    parser.add_argument(
        "--beta",
        type=threshold,
        help="gap that decides: teacher and student, else distilled and student (default: 0.1)",
    )
    parser.add_argument(
        "--unit",
        default="own_token",
        choices=["own_token", "common_token", "byte"],
        help="what a logprob sum is divided by (default: own_token, the paper's)",
    )
    parser.add_argument(
        "--space",
        default="difference",
        choices=["difference", "ratio"],
        help="compare probabilities or their log-ratios in nats (default: difference, the paper's)",
    )
    add_with_marks(parser)
    add_teacher(parser)
    parser.add_argument(
        "--csv-safe",
        action="store_true",
        help="in .csv, put an apostrophe before text that a spreadsheet would evaluate: what begins with =, +, -, @, a "
        "tab or a return (default: verbatim)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the file, which appears whole or not at all; exit status 3 if the run is not finished."""
    from rdpt_core.api.outputs import check_outputs

    check_outputs({"--out": arguments.out}, {"--db": [arguments.db]})
    if arguments.csv_safe and arguments.out.suffix != ".csv":
        raise UsageError(
            "only a CSV file is made safe for spreadsheets",
            where="--csv-safe",
            expected="--out FILE.csv",
            got=f"--out {arguments.out}",
        )
    if arguments.pattern is not None and arguments.what not in ("sentences", "patterns"):
        raise UsageError(
            "only sentences and shares belong to a pattern",
            where="--pattern",
            expected="--what sentences or --what patterns",
            got=f"--what {arguments.what}",
        )
    if arguments.what == "notes":
        return _run_notes(arguments)
    if arguments.what == "patterns" or arguments.pattern is not None:
        return _run_patterns(arguments)
    if arguments.what == "html":
        return _run_html(arguments)
    from rdpt_core.analysis.catalog import unfinished
    from rdpt_core.analysis.export.rows import check_ending, export_query, write_rows
    from rdpt_core.analysis.export.spreadsheet import csv_safe
    from rdpt_core.analysis.which_teacher import seen_with
    from rdpt_core.store.reader import open_reader

    check_ending(arguments.out)
    rule = _rule(arguments)
    with open_reader(arguments.db) as reader:
        chosen = seen_with(reader.run(arguments.run_key), arguments.teacher)
        reader.see(chosen)
        missing = unfinished(reader, chosen)
        rows = export_query(reader, chosen, arguments.what, rule)
        n_rows = write_rows(map(csv_safe, rows) if arguments.csv_safe else rows, arguments.out)
    print(f"{n_rows:,} {arguments.what} of run {chosen.run_id}: {arguments.out}", file=sys.stderr)
    waiting = [companion.role for companion in chosen.companions if not companion.is_finished]
    if waiting:
        print(
            f"note: left out, since still being scored: {', '.join(waiting)}. `rdpt score` goes on with them",
            file=sys.stderr,
        )
    return _status(missing)


def _rule(arguments: argparse.Namespace) -> LabelRule:
    from rdpt_core.analysis.labels import LabelRule

    return LabelRule.make(arguments.alpha, arguments.beta, arguments.unit, arguments.space, marks=arguments.with_marks)


def _status(missing: Unfinished | None) -> int:
    """Say what a run lacks that is not finished; returns the exit status that this deserves."""
    if missing is None:
        return 0
    print(f"warning: {missing}. {missing.hint}", file=sys.stderr)
    return EXIT_PARTIAL


def _run_notes(arguments: argparse.Namespace) -> int:
    from rdpt_core.analysis.export.rows import check_ending, write_rows, write_text
    from rdpt_core.analysis.export.spreadsheet import csv_safe
    from rdpt_core.analysis.trace.notes import locate, markdown, rows
    from rdpt_core.store.beside.notes import notes
    from rdpt_core.store.reader import open_reader

    check_ending(arguments.out, ".md")
    with open_reader(arguments.db) as reader:
        placed = locate(reader, notes(arguments.db))
    if arguments.out.suffix == ".md":
        write_text(markdown(placed), arguments.out)
    else:
        table = rows(placed)
        write_rows([csv_safe(table) if arguments.csv_safe else table], arguments.out)
    print(f"{len(placed):,} notes: {arguments.out}", file=sys.stderr)
    return 0


def _run_patterns(arguments: argparse.Namespace) -> int:
    import pyarrow as pa

    from rdpt_core.analysis.behaviours.patterns.rows import VIEW_SCHEMA, view_rows
    from rdpt_core.analysis.behaviours.patterns.sentences import pattern_sentences
    from rdpt_core.analysis.behaviours.patterns.view import pattern_view
    from rdpt_core.analysis.catalog import unfinished
    from rdpt_core.analysis.export.rows import check_ending, write_rows
    from rdpt_core.analysis.export.spreadsheet import csv_safe
    from rdpt_core.analysis.scope import Scope
    from rdpt_core.api.database import run_data
    from rdpt_core.store.beside.patterns import read_pattern, read_patterns

    check_ending(arguments.out)
    rule = _rule(arguments)
    name = arguments.pattern
    chosen = read_patterns(arguments.db) if name is None else [read_pattern(arguments.db, name)]
    data = run_data(arguments.db, arguments.run_key, arguments.teacher)
    if arguments.what == "sentences":
        rows = pattern_sentences(data, rule, Scope(), chosen[0].pattern)
    else:
        # At least one chunk, so that an empty export has its columns.
        views = (view_rows(pattern_view(data, rule, Scope(), saved.pattern)) for saved in chosen)
        rows = itertools.chain([pa.Table.from_pylist([], VIEW_SCHEMA)], views)
    n_rows = write_rows(map(csv_safe, rows) if arguments.csv_safe else rows, arguments.out)
    what = "sentences" if arguments.what == "sentences" else f"rows of {len(chosen):,} pattern(s)"
    print(f"{n_rows:,} {what} of run {data.run.run_id}: {arguments.out}", file=sys.stderr)
    return _status(data.ask(unfinished))


def _run_html(arguments: argparse.Namespace) -> int:
    from rdpt_core.analysis.catalog import unfinished
    from rdpt_core.analysis.export.rows import write_text
    from rdpt_core.analysis.trace.view import load_trace_view
    from rdpt_core.analysis.which_teacher import seen_with
    from rdpt_core.store.reader import open_reader
    from rdpt_core.ui.components.standalone import standalone_html

    if arguments.out.suffix not in (".html", ".htm"):
        raise UsageError("the ending of the file fits no page", where=f"--out {arguments.out}", expected=".html")
    rule = _rule(arguments)
    with open_reader(arguments.db) as reader:
        chosen = seen_with(reader.run(arguments.run_key), arguments.teacher)
        reader.see(chosen)
        missing = unfinished(reader, chosen)
        number = reader.trace_no(chosen, arguments.trace)
        page = standalone_html(reader, chosen, load_trace_view(reader, chosen, number, rule))
    write_text(page, arguments.out)
    print(f"trace {arguments.trace} of run {chosen.run_id}: {arguments.out}", file=sys.stderr)
    return _status(missing)
