"""`resplit`: a scored run under another splitter, without a model."""

from __future__ import annotations

import argparse
import sys

from rdpt_core.commands.arguments import EXIT_PARTIAL, add_database, add_splitter, finished_run
from rdpt_core.errors import UsageError


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "resplit",
        help="cut a scored run into other sentences, without a model",
        description="Make a new run from a scored one with another splitter. Token logprobs are stored, so this takes "
        "seconds and needs no model; the result is the run that `score --splitter NAME` would have made.",
    )
    add_database(parser)
    add_splitter(parser)
    parser.add_argument("--run", dest="run_key", metavar="ID", help="run id or name (default: the newest run)")
    parser.add_argument("--name", metavar="TEXT", help="a name for the new run (default: the old one and the splitter)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Store the new run; exit status 3 if some of its sentences are unscored."""
    from rdpt_core.scoring.resplit import resplit_run
    from rdpt_core.store.reader import open_reader
    from rdpt_core.store.run_store import DuckDBRunStore
    from rdpt_core.traces import get_splitter

    splitter = get_splitter(arguments.splitter)
    source = finished_run(arguments.db, arguments.run_key)
    if (source.splitter, source.splitter_version) == (splitter.name, splitter.version):
        raise UsageError(
            "this run has that splitter already",
            where=f"run {source.run_id}",
            expected="another --splitter",
            got=f"{splitter.name} {splitter.version}",
        )
    name = arguments.name or f"{source.name.removesuffix(f', by {source.splitter}')}, by {splitter.name}"
    claim = resplit_run(source.as_claim(name), source.run_no, splitter, DuckDBRunStore(arguments.db))
    with open_reader(arguments.db) as reader:
        row = reader.query(
            "SELECT count(*) AS n_sentences, count(unscored_reason) AS n_unscored FROM sentences WHERE run_no = ?",
            [reader.run(claim.run_id).run_no],
        ).to_pylist()[0]
    print(
        f"run {claim.run_id}: {claim.n_traces:,} traces, {row['n_sentences']:,} sentences, "
        f"{row['n_unscored']:,} unscored",
        file=sys.stderr,
    )
    return EXIT_PARTIAL if row["n_unscored"] else 0
