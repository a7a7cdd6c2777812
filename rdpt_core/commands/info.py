"""`info`: what a database holds."""

from __future__ import annotations

import argparse
from typing import Any

from rdpt_core.commands.arguments import add_database
from rdpt_core.commands.documents import print_json
from rdpt_core.records import MarksPolicy, TemplateSettings
from rdpt_core.records.companions import is_companion


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "info",
        help="show what a database holds",
        description="Runs, models with revisions, counts of sentences and of marks of format, unscored sentences with "
        "reasons, straddling tokens, further models, and the progress of a run that is under way.",
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
            lines += _model(run, model, str(TemplateSettings.of(run["identity"], model["role"])))
        lines += [f"  note: {note}" for note in run["notes"]]
        lines += [_progress(progress, counts["traces"]) for progress in run["progress"]]
        unscored = run["unscored"]
        lines.append(
            "  unscored sentences: "
            + (", ".join(f"{count:,} {reason}" for reason, count in unscored.items()) if unscored else "none")
        )
        lines += [_environment(environment) for environment in run["environment"]]
        for companion in run["companions"]:
            lines += _companion(run, companion)
    return "\n".join(lines)


def _model(run: dict[str, Any], model: dict[str, Any], settings: str) -> list[str]:
    template = ", ".join(filter(None, [model["template"], settings]))
    # The name of a companion is in its role.
    named = f"{model['name']}: " if model["name"] and not is_companion(model["role"]) else ""
    family = model["marks_family"] if is_companion(model["role"]) else run["mark_families"][model["role"]]
    lines = [
        f"  {model['role']:<9} {named}{model['model']} @ {model['revision']}, {model['precision']}, "
        f"template {template}, {_marks(run, family)}{_parameters(model['n_parameters'])}, "
        f"{model['backend']}{_beginning(model['prompts_begin_with'])}"
    ]
    if model["recorded_as"] is not None:
        lines.append(f"  {model['role']:<9} {model['recorded_as']}")
    return lines


def _companion(run: dict[str, Any], companion: dict[str, Any]) -> list[str]:
    """A further model, whose lines begin with its role."""
    role = companion["role"]
    settings = str(TemplateSettings.of({"models": {role: companion}}, role))
    state = f"finished {companion['finished_at']} UTC" if companion["finished_at"] else "not finished"
    unscored = ", ".join(f"{count:,} {reason}" for reason, count in companion["unscored"].items())
    return [
        *_model(run, companion, settings),
        f"{_progress(companion['progress'], run['counts']['traces'])}, {state}",
        f"  {role:<9} unscored sentences: {unscored or 'none'}",
        *(f"  {role:<9} note: {note}" for note in companion["notes"]),
        *(f"  {role:<9}{_environment(environment)[1:]}" for environment in companion["environment"]),
    ]


def _progress(progress: dict[str, Any], n_traces: int) -> str:
    return (
        f"  {progress['role']:<9} {progress['n_traces']:,} of {n_traces:,} traces, "
        f"{progress['n_tokens']:,} tokens, {progress['n_straddling']:,} straddling"
    )


def _environment(environment: dict[str, Any]) -> str:
    packages = ", ".join(f"{name} {number}" for name, number in environment.get("packages", {}).items())
    device, name = (environment.get(key, "unknown") for key in ("device", "device_name"))
    kernels = f", kernels {environment['kernels']}" if "kernels" in environment else ""
    return f"  on {device} ({name}){kernels}: {packages or 'unknown packages'}"


def _marks(run: dict[str, Any], family: str | None) -> str:
    """Nothing where every role saw the writer's."""
    return f"marks of {family or 'the writer'}, " if run["marks_policy"] == MarksPolicy.OWN else ""


def _beginning(token: str | None) -> str:
    return "" if token is None else f", prompts begin with {token}"


def _parameters(n: int | None) -> str:
    return "unknown size" if n is None else f"{n:,} parameters"
