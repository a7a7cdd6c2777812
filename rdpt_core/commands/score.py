"""`score`: validate, split, score and store; goes on where it stopped."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from rdpt_core.commands.arguments import (
    EXIT_PARTIAL,
    add_splitter,
    automatic_or_positive,
    device_name,
    file_path,
    positive_integer,
    readable,
    share,
    threshold,
)
from rdpt_core.config import DTYPES, ModelSet, parse_reference, parse_roles, read_triple
from rdpt_core.errors import UsageError
from rdpt_core.records import ROLES, ModelReference, Role, TemplatePolicy, TooLong, Trace

if TYPE_CHECKING:
    from rdpt_core.scoring.jobs.distributed.cluster import SpreadOptions
    from rdpt_core.scoring.jobs.timing import StageSeconds


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "score",
        help="score traces under a triple of models and store the result",
        description="Feed every trace back to teacher, student and distilled model, and store each token's logprob "
        "and each sentence's probability. The same command on the same inputs goes on where it was stopped.",
    )
    parser.add_argument("--traces", type=Path, nargs="+", required=True, metavar="FILE", help="canonical JSON Lines")
    parser.add_argument("--db", type=file_path, required=True, metavar="FILE", help="DuckDB file to write to")
    parser.add_argument("--triple", type=Path, metavar="TOML", help="a file with [teacher], [student], [distilled]")
    for role in ROLES:
        parser.add_argument(
            f"--{role}",
            metavar="REF",
            help=f"the {role} model: a folder, a .gguf file, org/name[@revision], openai:URL,tokenizer=FOLDER for a "
            "served model, or recorded:FILE for recorded logprobs",
        )
    parser.add_argument(
        "--roles", default=",".join(ROLES), help="`teacher,student` scores before training (default: all three)"
    )
    parser.add_argument("--device", type=device_name, default="auto", help="auto, cpu, cuda or cuda:N (default: auto)")
    parser.add_argument("--dtype", default="auto", choices=DTYPES, help="auto: bfloat16 on CUDA, float32 on CPU")
    parser.add_argument(
        "--template",
        default=TemplatePolicy.OWN.value,
        choices=[policy.value for policy in TemplatePolicy],
        help="how each role sees the question (default: own)",
    )
    parser.add_argument(
        "--too-long",
        default=TooLong.PREFIX.value,
        choices=[choice.value for choice in TooLong],
        help="a trace beyond a model's context: score the sentences that fit, or refuse the trace (default: prefix)",
    )
    add_splitter(parser)
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
        "--rejects", type=file_path, metavar="FILE", help="where rejected lines go (default: --db and .rejects.jsonl)"
    )
    add_engine(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.add_argument(
        "--trust-remote-code", action="store_true", help="run code that comes with a model; only if you have read it"
    )
    parser.set_defaults(run=run)


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


def spread_options(arguments: argparse.Namespace) -> SpreadOptions | None:
    """What the user said of workers; None for the plain engine.

    Raises:
        MissingPackageError: Ray is not installed.
    """
    from rdpt_core.scoring.jobs.distributed.cluster import SpreadOptions, require_ray

    if arguments.engine == "plain":
        return None
    require_ray()
    return SpreadOptions(
        n_workers=arguments.workers,
        n_cpus=arguments.worker_cpus,
        n_gpus=arguments.worker_gpus,
        address=arguments.ray_address,
        folder=arguments.shards or arguments.db.with_name(arguments.db.name + ".shards"),
    )


def run(arguments: argparse.Namespace) -> int:
    """Score and report; exit status 3 if lines were rejected or sentences stayed unscored."""
    models = read_models(arguments)
    spread = spread_options(arguments)
    prepare_libraries()
    from rdpt_core.scoring.jobs.distributed.cluster import cluster
    from rdpt_core.scoring.jobs.unscored_log import UnscoredLog
    from rdpt_core.scoring.pipeline import default_name, score_run
    from rdpt_core.scoring.request import ScoreRequest
    from rdpt_core.store.reader import open_reader
    from rdpt_core.store.run_store import DuckDBRunStore
    from rdpt_core.traces import RejectLog, iter_traces

    request = ScoreRequest(
        models=models,
        template_policy=TemplatePolicy(arguments.template),
        too_long=TooLong(arguments.too_long),
        device=arguments.device,
        dtype=arguments.dtype,
        batch_tokens=arguments.batch_tokens,
        splitter=arguments.splitter,
        name=arguments.name or readable(default_name(arguments.traces)),
        trust_remote_code=arguments.trust_remote_code,
        quiet=arguments.quiet,
        with_ranks=arguments.ranks,
    )
    rejects_path = arguments.rejects or arguments.db.with_name(arguments.db.name + ".rejects.jsonl")
    passes = 0

    def tell(role: Role, stages: StageSeconds) -> None:
        whole_s = stages.preparing + stages.model + stages.storing
        if whole_s > 0 and not arguments.quiet:
            print(
                f"{role:<9} {whole_s:,.1f} s: {stages.model / whole_s:.0%} in the model, "
                f"{stages.preparing / whole_s:.0%} waiting for tokens, {stages.storing / whole_s:.0%} for the database",
                file=sys.stderr,
            )

    unscored = UnscoredLog(arguments.db.with_name(arguments.db.name + ".unscored.jsonl"))
    with RejectLog(rejects_path) as rejects, closing(unscored):

        def read() -> Iterator[Trace]:
            nonlocal passes
            passes += 1
            # The second pass meets the same bad lines again: they are kept once.
            log = rejects if passes == 1 else RejectLog(None)
            yield from iter_traces(arguments.traces, rejects=log, limit=arguments.limit)

        with nullcontext() if spread is None else cluster(spread):
            store = DuckDBRunStore(arguments.db)
            claim = score_run(request, read, store, on_stages=tell, on_unscored=unscored.add, spread=spread)
    with open_reader(arguments.db) as reader:
        run_no = reader.run(claim.run_id).run_no
        row = reader.query(
            "SELECT count(*) AS n_sentences, count(unscored_reason) AS n_unscored FROM sentences WHERE run_no = ?",
            [run_no],
        ).to_pylist()[0]
    print(
        f"run {claim.run_id}: {claim.n_traces:,} traces, {row['n_sentences']:,} sentences, "
        f"{row['n_unscored']:,} unscored, {rejects.n:,} lines rejected",
        file=sys.stderr,
    )
    if rejects.n:
        print(f"rejected lines, each with its reason: {rejects_path}", file=sys.stderr)
    if unscored.n:
        print(f"traces that could not be scored, each with what is known of it: {unscored.path}", file=sys.stderr)
    return EXIT_PARTIAL if rejects.n or row["n_unscored"] else 0


def read_models(arguments: argparse.Namespace) -> ModelSet:
    """The models from `--triple` or from one flag for each role.

    Raises:
        UsageError: both ways at once, or a role without a model.
    """
    roles = parse_roles(arguments.roles)
    flags = {role: getattr(arguments, role) for role in ROLES}
    given = [role for role in ROLES if flags[role] is not None]
    if arguments.triple is not None:
        if given:
            raise UsageError(
                "models are given twice",
                where="score",
                expected="--triple, or a flag for each role",
                got=f"--triple and --{given[0]}",
            )
        return read_triple(arguments.triple, roles)
    missing = [role for role in roles if role not in given]
    if missing:
        raise UsageError(
            "a role has no model",
            where="score",
            expected=" ".join(f"--{role} REF" for role in roles),
            got="no " + ", no ".join(f"--{role}" for role in missing),
            hint="Or name all in one file: --triple TOML.",
        )
    if Role.DISTILLED in given and Role.DISTILLED not in roles:
        raise UsageError("a model is given for a role that is not scored", where="--distilled", expected="no such flag")
    references: dict[Role, ModelReference] = {role: parse_reference(flags[role]) for role in roles}
    return ModelSet(references)


def prepare_libraries() -> None:
    """Settings that libraries read when they are imported.

    Loading bars and advice are kept off standard error, where our own progress stands. Threads that wait sleep: by
    default they spin, and on a busy laptop that makes small models several times slower.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
