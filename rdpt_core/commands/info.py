"""`info`: what a database holds."""

from __future__ import annotations

import argparse
from typing import Any

from rdpt_core.commands.arguments import add_database
from rdpt_core.commands.documents import print_json
from rdpt_core.records import MarksPolicy, TemplateSettings


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "info",
        help="show what a database holds",
        description="Runs, models with revisions, counts of sentences and of marks of format, unscored sentences with "
        "reasons, straddling tokens, and the progress of a run that is under way.",
    )
    add_database(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the description of every run."""
    from rdpt_core.analysis.export.info import describe_store
    from rdpt_core.store.reader import open_reader

    with open_reader(arguments.db) as reader:
        document = describe_store(reader)
    if arguments.json:
        print_json(document)
    else:
        print(to_text(document))
    return 0


def to_text(document: dict[str, Any]) -> str:
    """The same document for reading."""
    lines = [f"schema version {document['schema_version']}, {len(document['runs'])} run(s)"]
    for run in document["runs"]:
        lines += ["", f"run {run['run_id']}  {run['name']}  [{run['state']}]"]
        lines.append(f"  started {run['started_at']} UTC, finished {run['finished_at'] or 'not yet'}")
        lines.append(
            f"  template policy {run['template_policy']}, marks {run['marks_policy']}, "
            f"splitter {run['splitter']} {run['splitter_version']}, traces sha256 {run['traces_hash'][:16]}"
        )
        if run["unfinished"] is not None:
            lines.append(f"  {run['unfinished']}")
        counts = run["counts"]
        lines.append(
            f"  {counts['questions']:,} questions, {counts['traces']:,} traces, {counts['sentences']:,} sentences, "
            f"{counts['marks']:,} marks of format"
        )
        for model in run["models"]:
            template = ", ".join(
                filter(None, [model["template"], str(TemplateSettings.of(run["identity"], model["role"]))])
            )
            lines.append(
                f"  {model['role']:<9} {model['model']} @ {model['revision']}, {model['precision']}, "
                f"template {template}, {_marks(run, model['role'])}{_parameters(model['n_parameters'])}, "
                f"{model['backend']}{_beginning(model['prompts_begin_with'])}"
            )
            if model["recorded_as"] is not None:
                lines.append(f"  {model['role']:<9} {model['recorded_as']}")
        lines += [f"  note: {note}" for note in run["notes"]]
        for progress in run["progress"]:
            lines.append(
                f"  {progress['role']:<9} {progress['n_traces']:,} of {counts['traces']:,} traces, "
                f"{progress['n_tokens']:,} tokens, {progress['n_straddling']:,} straddling"
            )
        unscored = run["unscored"]
        lines.append(
            "  unscored sentences: "
            + (", ".join(f"{count:,} {reason}" for reason, count in unscored.items()) if unscored else "none")
        )
        for environment in run["environment"]:
            packages = ", ".join(f"{name} {number}" for name, number in environment.get("packages", {}).items())
            device, name = (environment.get(key, "unknown") for key in ("device", "device_name"))
            kernels = f", kernels {environment['kernels']}" if "kernels" in environment else ""
            lines.append(f"  on {device} ({name}){kernels}: {packages or 'unknown packages'}")
    return "\n".join(lines)


def _marks(run: dict[str, Any], role: str) -> str:
    """Nothing where every role saw the writer's."""
    return f"marks of {run['mark_families'][role] or 'the writer'}, " if run["marks_policy"] == MarksPolicy.OWN else ""


def _beginning(token: str | None) -> str:
    return "" if token is None else f", prompts begin with {token}"


def _parameters(n: int | None) -> str:
    return "unknown size" if n is None else f"{n:,} parameters"
