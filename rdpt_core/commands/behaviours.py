"""`behaviours`: kinds of sentences that carry a label more often than their traces do."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from rdpt_core.commands.arguments import (
    add_database,
    add_teacher,
    add_with_marks,
    file_path,
    not_negative_integer,
    threshold,
)
from rdpt_core.commands.parts.documents import printable

_SHOWN_ROWS, _SHOWN_WIDTH = 40, 44


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "behaviours",
        help="find kinds of sentences that carry a label more often than their traces do",
        description="Kinds of sentences (wordings, openings, parts of speech, lenses, tags) are tested on one half of "
        "the questions, at 5% false discoveries, and reported on the other: how often they carry the label, how many "
        "times as often as other sentences, and whether they are only the teacher's or preferred by it. Prints those "
        "that are found, or writes all that were tested to a file.",
    )
    add_database(parser)
    parser.add_argument("--run", dest="run_key", metavar="ID", help="run id or name (default: the newest finished run)")
    parser.add_argument("--label", metavar="LABEL", help="which label (default: the run's first, Teacher or Gained)")
    parser.add_argument("--out", type=file_path, metavar="FILE", help="ends in .parquet, .csv or .jsonl")
    parser.add_argument(
        "--whole",
        action="store_true",
        help="find and report kinds on all questions: this finds more, and their shares are a little too high",
    )
    parser.add_argument(
        "--seed", type=not_negative_integer, default=0, metavar="N", help="which halves, and which draws (default: 0)"
    )
    parser.add_argument("--alpha", type=threshold, help="largest gap that counts as Shared (default: 0.05)")
    parser.add_argument("--beta", type=threshold, help="gap that decides (default: 0.1)")
    parser.add_argument("--unit", default="own_token", choices=["own_token", "common_token", "byte"])
    parser.add_argument("--space", default="difference", choices=["difference", "ratio"])
    add_with_marks(parser)
    add_teacher(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print or write the table."""
    from rdpt_core.analysis.behaviours.discovery.rows import csv_ready
    from rdpt_core.analysis.export.rows import check_ending, write_rows
    from rdpt_core.api.database import open as open_database
    from rdpt_core.api.outputs import check_outputs

    if arguments.out is not None:
        check_outputs({"--out": arguments.out}, {"--db": [arguments.db]})
        check_ending(arguments.out)
    chosen = open_database(arguments.db).run(arguments.run_key)
    found = chosen.behaviours(
        arguments.label,
        seed=arguments.seed,
        split=not arguments.whole,
        alpha=arguments.alpha,
        beta=arguments.beta,
        unit=arguments.unit,
        space=arguments.space,
        with_marks=arguments.with_marks,
        teacher=arguments.teacher,
    )
    print(found.schema.metadata[b"summary"].decode(), file=sys.stderr)
    if arguments.out is None:
        print(to_text(found.to_pylist()))
        return 0
    n = write_rows([csv_ready(found) if arguments.out.suffix == ".csv" else found], arguments.out)
    print(f"{n:,} kinds of run {chosen.id}: {arguments.out}", file=sys.stderr)
    return 0


def to_text(rows: list[dict[str, Any]]) -> str:
    """The kinds that were found, the surest first, for reading."""
    rows = [row for row in rows if row["is_found"]]
    header = f"{'family':<16} {'kind':<{_SHOWN_WIDTH}} {'n':>7} {'questions':>9} {'share':>20} {'lift':>6} {'q':>8}"
    if any(row["training_new"] is not None for row in rows):
        header += f" {'new':>4}"
    lines = [f"{header}  verdict", *map(_line, rows[:_SHOWN_ROWS])]
    if len(rows) > _SHOWN_ROWS:
        lines.append(f"and {len(rows) - _SHOWN_ROWS:,} more; --out FILE writes all")
    return "\n".join(lines)


def _line(row: dict[str, Any]) -> str:
    kind = printable(row["kind"])
    kind = kind if len(kind) <= _SHOWN_WIDTH else kind[: _SHOWN_WIDTH - 1] + "…"
    share = "–" if row["share"] is None else f"{row['share']:.0%}"
    if row["low"] is not None and row["high"] is not None:
        share += f" ({row['low']:.0%} to {row['high']:.0%})"
    lift = "–" if row["lift"] is None else f"{row['lift']:.2f}"
    counts = f"{row['n_sentences']:>7,} {row['n_questions']:>9,}"
    new = "" if row["training_new"] is None else f" {row['training_new']:>4.0%}"
    shown = f"{row['family']:<16} {kind:<{_SHOWN_WIDTH}} {counts} {share:>20} {lift:>6} {row['q']:>8.1e}{new}"
    return f"{shown}  {row['verdict'] or ''}".rstrip()
