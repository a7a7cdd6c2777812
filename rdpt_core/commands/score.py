"""`score`: validate, split, score and store, or add further models to a run; goes on where it stopped."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rdpt_core.api.arguments import flag_of, readable
from rdpt_core.commands.arguments import (
    EXIT_PARTIAL,
    ByRole,
    add_splitter,
    automatic_or_positive,
    device_name,
    file_path,
    keywords,
    of_role,
    positive_integer,
    share,
    template_argument,
    threshold,
)
from rdpt_core.commands.parts.libraries import prepare_libraries
from rdpt_core.errors import UsageError
from rdpt_core.records import DTYPES, MarksPolicy, Role, TemplatePolicy, TooLong

if TYPE_CHECKING:
    from rdpt_core.api.results import ScoreResult
    from rdpt_core.scoring.jobs.timing import StageSeconds

_CHOOSES = ("add", "run_key")
"""Flags that choose what the command does, and are no arguments of the function that does it."""

_OF_THE_RUN = (
    *("traces", "student", "roles", "template", "marks", "too_long", "splitter"),
    *("limit", "name", "rejects", "accept_rejects"),
)
"""Flags that decide what a run is, and so not what is added to it."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "score",
        help="score traces under a triple of models and store the result",
        description="Feed every trace back to teacher, student and distilled model, and store each token's logprob "
        "and each sentence's probability. The same command on the same inputs goes on where it was stopped.",
    )
    parser.add_argument("--traces", type=Path, nargs="+", metavar="FILE", help="canonical JSON Lines; files or pipes")
    parser.add_argument("--db", type=file_path, required=True, metavar="FILE", help="DuckDB file to write to")
    parser.add_argument(
        "--add",
        action="store_true",
        help="score a finished run of --db under further models; needs no --traces, and scores no other model again",
    )
    parser.add_argument(
        "--run", dest="run_key", metavar="ID", help="with --add: run id or name (default: the newest finished run)"
    )
    _add_models(parser)
    parser.add_argument(
        "--roles",
        help="`teacher,student` scores before training, `student,distilled` without a teacher (default: all three)",
    )
    parser.add_argument("--device", type=device_name, default="auto", help="auto, cpu, cuda or cuda:N (default: auto)")
    parser.add_argument("--dtype", default="auto", choices=DTYPES, help="auto: bfloat16 on CUDA, float32 on CPU")
    parser.add_argument(
        "--template",
        choices=[policy.value for policy in TemplatePolicy],
        help="how each role sees the question (default: own)",
    )
    parser.add_argument(
        "--template-arguments",
        type=template_argument,
        nargs="+",
        action=ByRole,
        metavar="ROLE:NAME=VALUE",
        help="variables for a model's chat template, such as teacher:enable_thinking=true or, of a further model, "
        "teacher:code:enable_thinking=true; values are JSON or text",
    )
    parser.add_argument(
        "--template-name",
        type=of_role,
        nargs="+",
        action=ByRole,
        metavar="ROLE:NAME",
        help="which one of a model that has several chat templates (default: the one named `default`)",
    )
    parser.add_argument(
        "--marks",
        choices=[policy.value for policy in MarksPolicy],
        help="whose marks of thinking each role sees, such as <think>: the writer's, as they stand in the response, or "
        "its own family's in their place (default: writer)",
    )
    parser.add_argument(
        "--too-long",
        choices=[choice.value for choice in TooLong],
        help="a trace beyond a model's context: score the sentences that fit, or refuse the trace (default: prefix)",
    )
    add_splitter(parser)
    # What is not given is not passed on, so that it can be told from what is.
    parser.set_defaults(splitter=None)
    parser.add_argument(
        "--batch-tokens",
        type=automatic_or_positive,
        default="auto",
        metavar="N",
        help="tokens that go through a model together; changes memory and speed, no number (default: auto, by free "
        "memory)",
    )
    parser.add_argument(
        "--ranks",
        action="store_true",
        help="also store each token's rank among the model's choices, which the selection strategy `rsr` needs; the "
        "head runs twice; given for a run that has none, it completes that run",
    )
    parser.add_argument("--limit", type=positive_integer, metavar="N", help="score the first N traces only")
    parser.add_argument(
        "--name", type=readable, metavar="TEXT", help="a name for the run (default: that of the file of traces)"
    )
    parser.add_argument(
        "--rejects",
        type=file_path,
        metavar="FILE",
        help="where rejected lines go (default: --db, the run's id and .rejects.jsonl)",
    )
    parser.add_argument(
        "--accept-rejects",
        action="store_true",
        help="go on though more than half of the lines are no traces (default: stop before any weights are loaded)",
    )
    add_engine(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.add_argument(
        "--trust-remote-code", action="store_true", help="run code that comes with a model; only if you have read it"
    )
    parser.add_argument(
        "--trust-recorded",
        action="store_true",
        help="take recorded logprobs as they are, though something proves that they are not what the model gives at "
        "temperature 1; the proof is stored with the run",
    )
    parser.add_argument(
        "--check-recorded",
        type=positive_integer,
        default=0,
        metavar="N",
        help="first score N traces of each recorded role with the model under its key check_with, and stop if the "
        "recorded logprobs are not that model's (default: no check)",
    )
    parser.set_defaults(run=run)


def _add_models(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--triple",
        type=Path,
        metavar="TOML",
        help="a file with [teacher], [student], [distilled], and further models such as [teachers.code], "
        "[controls.decoy], [checkpoints.400]",
    )
    parser.add_argument(
        "--teacher",
        action="append",
        metavar="[NAME=]REF",
        help="the teacher model: a folder, a .gguf file, org/name[@revision], base=REF,adapter=FOLDER for a LoRA "
        "adapter, openai:URL,tokenizer=FOLDER for a served model, or recorded:FILE for recorded logprobs; given more "
        "than once, with names: further teachers, such as code=REF",
    )
    for role in (Role.STUDENT, Role.DISTILLED):
        parser.add_argument(f"--{role}", metavar="REF", help=f"the {role} model, likewise, without a name")
    parser.add_argument(
        "--control",
        action="append",
        metavar="NAME=REF",
        help="a model that taught nothing, for comparison; may be given more than once",
    )
    parser.add_argument(
        "--checkpoint",
        action="append",
        metavar="NAME=REF",
        help="the distilled model at an earlier time of its training, such as 400=REF; may be given more than once",
    )
    _add_controls(parser)


def _add_controls(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--controls",
        nargs="+",
        action="extend",
        metavar="NAME",
        help="controls that need no further model, separated by commas or spaces: `temperature`, teacher and student "
        "with logits divided by 2/3 and 3/2; `other-question`, the teacher asked another question of the same "
        "benchmark; or `all`; given for a run that has none, or with --add, it adds them",
    )


def add_engine(parser: argparse.ArgumentParser) -> None:
    """`--engine` and what belongs to Ray."""
    group = parser.add_argument_group("several workers (pip install 'ray[data]>=2.60,<3')")
    group.add_argument(
        "--engine",
        default="plain",
        choices=["plain", "ray"],
        help="ray: several workers, on this machine or a cluster; changes no number (default: plain)",
    )
    group.add_argument("--workers", type=positive_integer, default=2, metavar="N", help="models at once (default: 2)")
    group.add_argument(
        "--worker-cpus", type=share, default=0.5, metavar="X", help="CPUs that Ray sets apart for each (default: 0.5)"
    )
    group.add_argument(
        "--worker-gpus", type=threshold, default=0.0, metavar="X", help="GPUs for each, or a part of one (default: 0)"
    )
    group.add_argument(
        "--ray-address", metavar="ADDRESS", help="a running cluster (default: start Ray here, on loopback)"
    )
    group.add_argument(
        "--shards",
        type=Path,
        metavar="FOLDER",
        help="where results wait to be stored; seen by all machines of a cluster (default: --db and .shards)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Score and report; exit status 3 if lines were rejected or sentences stayed unscored."""
    given = {name: value for name, value in keywords(arguments, without=_CHOOSES).items() if value is not None}
    on_stages = None if arguments.quiet else print_stages
    if arguments.add:
        _refuse(given, _OF_THE_RUN, "--add", "no such flag, since the run that is added to has it already")
        chosen = {name: value for name, value in given.items() if name not in _OF_THE_RUN}
        prepare_libraries()
        from rdpt_core.api.writing.adding import add

        return report_added(add(**chosen, run=arguments.run_key, on_stages=on_stages))
    if arguments.run_key is not None:
        raise UsageError("a run is named, and none is added to", where="--run", expected="--add beside it")
    if arguments.traces is None:
        raise UsageError(
            "there is no file of traces",
            where="score",
            expected="--traces FILE, or --add to a run that is scored",
        )
    prepare_libraries()
    from rdpt_core.api.scoring import score

    return report(score(**given, on_stages=on_stages))


def _refuse(given: Mapping[str, Any], names: Collection[str], flag: str, expected: str) -> None:
    wrong = [name for name in names if given.get(name)]
    if wrong:
        raise UsageError("two flags do not go together", where=f"{flag} with {flag_of(wrong[0])}", expected=expected)


def report(result: ScoreResult) -> int:
    """Say what came of scoring; returns the exit status that this deserves."""
    print(
        f"run {result.run_id}: {result.n_traces:,} traces, {result.n_sentences:,} sentences, "
        f"{result.n_unscored:,} unscored, {result.n_rejects:,} lines rejected",
        file=sys.stderr,
    )
    for key, n_unscored in result.unscored_by_companion.items():
        if n_unscored:
            print(f"{key}: {n_unscored:,} sentences unscored", file=sys.stderr)
    if result.rejects_path is not None:
        print(f"rejected lines, each with its reason: {result.rejects_path}", file=sys.stderr)
    _print_failed(result)
    # A trace without a sentence has none to leave unscored, and may be unscored all the same.
    is_partial = result.n_rejects or result.n_unscored or result.n_failed or any(result.unscored_by_companion.values())
    return EXIT_PARTIAL if is_partial else 0


def report_added(result: ScoreResult) -> int:
    """Say what came of further models; returns the exit status that this deserves."""
    for key, n_unscored in result.unscored_by_companion.items():
        print(
            f"run {result.run_id}, {key}: {result.n_traces:,} traces, {result.n_sentences:,} sentences, "
            f"{n_unscored:,} unscored",
            file=sys.stderr,
        )
    _print_failed(result)
    return EXIT_PARTIAL if any(result.unscored_by_companion.values()) or result.n_failed else 0


def _print_failed(result: ScoreResult) -> None:
    if result.unscored_path is not None:
        print(
            f"traces that could not be scored: {result.n_failed:,}, each with what is known of it: "
            f"{result.unscored_path}",
            file=sys.stderr,
        )


def print_stages(role: str, stages: StageSeconds) -> None:
    """How the time of a role was spent."""
    whole_s = stages.preparing + stages.model + stages.storing
    if whole_s > 0:
        print(
            f"{role:<9} {whole_s:,.1f} s: {stages.model / whole_s:.0%} in the model, "
            f"{stages.preparing / whole_s:.0%} waiting for tokens, {stages.storing / whole_s:.0%} for the database",
            file=sys.stderr,
        )
