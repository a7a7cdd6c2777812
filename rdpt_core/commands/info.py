"""`info`: what a database holds."""

from __future__ import annotations

import argparse
from typing import Any

from rdpt_core.commands.arguments import add_database
from rdpt_core.commands.parts.documents import print_json, printable
from rdpt_core.records import MarksPolicy, TemplateSettings
from rdpt_core.records.companions import Variant

_SHOWN_NAMES = 20


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "info",
        help="show what a database holds",
        description="Runs, models with revisions, counts of sentences and of marks of format, unscored sentences with "
        "reasons, straddling tokens, further models, tags, saved patterns, and the progress of a run under way.",
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
        lines += _writer(run["known_writer"])
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
        lines.append(f"  unscored sentences: {_reasons(run['unscored'])}")
        lines += [_importance(measured, counts["traces"]) for measured in run["importance"]]
        lines += _overlap(run["overlap"], counts["traces"])
        lines += _tags(run["imported_tags"])
        lines += [_environment(environment) for environment in run["environment"]]
        lines += _companions(run)
    lines += _patterns(document["patterns"])
    return "\n".join(lines)


def _writer(known: dict[str, Any] | None) -> list[str]:
    """Who wrote the responses, where one model of the run did."""
    if known is None:
        return []
    settings = ", ".join(f"{name} {value}" for name, value in known["settings"].items() if name != "revision")
    return [f"  all responses written by the {known['role']}, to calibrate run {known['calibrates']} ({settings})"]


def _model(run: dict[str, Any], model: dict[str, Any], settings: str) -> list[str]:
    template = ", ".join(filter(None, [model["template"], settings]))
    named = f"{model['name']}: " if model["name"] else ""
    lines = [
        f"  {model['role']:<9} {named}{model['model']} @ {model['revision']}, {model['precision']}, "
        f"template {template}, {_marks(run, run['mark_families'][model['role']])}{_parameters(model['n_parameters'])}, "
        f"{model['backend']}{_beginning(model['prompts_begin_with'])}"
    ]
    if model["recorded_as"] is not None:
        lines.append(f"  {model['role']:<9} {model['recorded_as']}")
    return lines


def _companions(run: dict[str, Any]) -> list[str]:
    """A line for each further model, and below it only what it has not in common with the models of the run itself."""
    width = max((len(companion["role"]) for companion in run["companions"]), default=0)
    lines = []
    for companion in run["companions"]:
        # The name is in the role.
        lines.append(
            f"  {companion['role']:<{width}} {_made_of(companion)}, "
            f"{companion['progress']['n_traces']:,} of {run['counts']['traces']:,} traces"
            f"{'' if companion['finished_at'] else ', not finished'}"
        )
        lines += [
            f"    {line}" for line in (_set_up_otherwise(run, companion), *_scored_otherwise(run, companion)) if line
        ]
    return lines


def _made_of(companion: dict[str, Any]) -> str:
    """A model with its revision; a variant is a model of the triple, which is told above."""
    try:
        variant = Variant.parse(companion["role"])
    except ValueError:
        return f"{companion['model']} @ {companion['revision']}, {companion['precision']}"
    if variant.other_question:
        return f"the {variant.role}, asked another question of the same benchmark"
    return f"the {variant.role}, its logits divided by {variant.temperature:g}"


def _set_up_otherwise(run: dict[str, Any], companion: dict[str, Any]) -> str:
    """Template, marks, backend and beginning of the prompts, each where it is not that of all models of the run."""

    def differs(what: str) -> bool:
        return {companion[what]} != {model[what] for model in run["models"]}

    settings = str(TemplateSettings.of({"models": {companion["role"]: companion}}, companion["role"]))
    families = set(run["mark_families"].values())
    begins = companion["prompts_begin_with"]
    told = (
        f"template {companion['template']}" if differs("template") else "",
        settings,
        _marks(run, companion["marks_family"]) if {companion["marks_family"]} != families else "",
        companion["backend"] if differs("backend") else "",
        _beginning(begins) if differs("prompts_begin_with") else "",
    )
    return ", ".join(text.strip(", ") for text in told if text)


def _scored_otherwise(run: dict[str, Any], companion: dict[str, Any]) -> list[str]:
    """What scoring found: how a recording was made, straddling tokens, unscored sentences, notes, another machine."""
    lines = [] if companion["recorded_as"] is None else [companion["recorded_as"]]
    n_straddling, unscored = companion["progress"]["n_straddling"], companion["unscored"]
    is_whole = companion["finished_at"] is not None
    if n_straddling not in {progress["n_straddling"] for progress in run["progress"]} and (is_whole or n_straddling):
        lines.append(f"{n_straddling:,} straddling tokens")
    if unscored != run["unscored"] and (is_whole or unscored):
        lines.append(f"unscored sentences: {_reasons(unscored)}")
    lines += [f"note: {note}" for note in companion["notes"]]
    known = {_environment(environment) for environment in run["environment"]}
    environments = dict.fromkeys(map(_environment, companion["environment"]))
    return lines + [environment.strip() for environment in environments if environment not in known]


def _reasons(unscored: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in unscored.items()) or "none"


def _progress(progress: dict[str, Any], n_traces: int) -> str:
    return (
        f"  {progress['role']:<9} {progress['n_traces']:,} of {n_traces:,} traces, "
        f"{progress['n_tokens']:,} tokens, {progress['n_straddling']:,} straddling"
    )


def _overlap(found: dict[str, Any] | None, n_traces: int) -> list[str]:
    """In which training texts the sentences were looked up, and what was found."""
    if found is None:
        return []
    settings = found["settings"]
    names = ", ".join(printable(str(file["name"])) for file in settings["files"])
    return [
        f"  overlap with {names} ({settings['n_records']:,} records): {found['traces']:,} of {n_traces:,} traces, "
        f"{found['copied']:,} sentences copied, {found['template']:,} in a template, {found['new']:,} new"
    ]


def _tags(found: dict[str, int]) -> list[str]:
    """The tags that came with the traces, those of most traces first."""
    if not found:
        return []
    order = sorted(found, key=lambda tag: (-found[tag], tag))
    named = [f"{printable(tag)} ({found[tag]:,})" for tag in order[:_SHOWN_NAMES]]
    return [f"  tags that came with the traces, of how many: {', '.join([*named, *_further(order)])}"]


def _patterns(found: list[dict[str, Any]] | None) -> list[str]:
    """The patterns that are kept beside the database, by name."""
    if found is None:
        return ["", "saved patterns: the file of notes beside the database cannot be read"]
    if not found:
        return []
    named = [f"{printable(one['name'])} ({one['how']} {printable(one['value'])})" for one in found[:_SHOWN_NAMES]]
    return ["", f"saved patterns: {', '.join([*named, *_further(found)])}"]


def _further(found: list[Any]) -> list[str]:
    return [f"and {len(found) - _SHOWN_NAMES:,} more"] if len(found) > _SHOWN_NAMES else []


def _importance(measured: dict[str, Any], n_traces: int) -> str:
    text = (
        f"  importance by {measured['method']}: {measured['traces']:,} of {n_traces:,} traces, "
        f"{measured['sentences']:,} sentences"
    )
    if measured["without"]:
        text += f", {measured['without']:,} traces without an answer or a number"
    drawn = [f"{name} {value}" for name, value in measured["settings"].items() if name != "version"]
    return ", ".join([text, *drawn])


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
