"""Scoring: traces under a triple of models and any further ones, into a database.

Nothing here changes the environment variables of the process, which a notebook shares with other work. The command
line does, before torch is imported: see `rdpt_core/commands/parts/libraries.py`. The one variable that matters for
speed is `OMP_WAIT_POLICY=PASSIVE`: small models on a busy CPU are several times faster with it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rdpt_core.api.arguments import (
    PathArgument,
    beside,
    check_choice,
    check_device,
    check_integers,
    check_number,
    file_of,
    paths_of,
    readable,
)
from rdpt_core.api.models import Named, Teachers, models_of, with_templates
from rdpt_core.api.outputs import check_outputs
from rdpt_core.api.results import ScoreResult
from rdpt_core.errors import InputError, UsageError
from rdpt_core.records import DTYPES, MarksPolicy, Role, RunKey, TemplatePolicy, TooLong, Trace
from rdpt_core.scoring.jobs.distributed.cluster import DistributedOptions, cluster, require_ray
from rdpt_core.scoring.jobs.turns import OnStages
from rdpt_core.scoring.jobs.unscored_log import UnscoredLog
from rdpt_core.scoring.pipeline import default_name, score_run
from rdpt_core.scoring.request import ScoreRequest
from rdpt_core.scoring.variants import parse_controls, variants_of, with_variants
from rdpt_core.store.run_store import DuckDBRunStore
from rdpt_core.traces import HeldRejectLog, PipeSpool, RejectLog, check_rejects_file, iter_traces, refuse_most_rejected

ENGINES = ("plain", "ray")


def score(
    traces: PathArgument | Iterable[PathArgument],
    db: PathArgument,
    *,
    triple: PathArgument | None = None,
    teacher: Teachers | None = None,
    student: PathArgument | None = None,
    distilled: PathArgument | None = None,
    control: Named | None = None,
    checkpoint: Named | None = None,
    controls: str | Iterable[str] | None = None,
    roles: str | Iterable[str] | None = None,
    device: str = "auto",
    dtype: str = "auto",
    template: str = "own",
    template_arguments: Mapping[str, Mapping[str, Any]] | None = None,
    template_name: Mapping[str, str] | None = None,
    marks: str = "writer",
    too_long: str = "prefix",
    splitter: str = "sentence",
    batch_tokens: int | Literal["auto"] | None = "auto",
    ranks: bool = False,
    limit: int | None = None,
    name: str | None = None,
    rejects: PathArgument | None = None,
    accept_rejects: bool = False,
    engine: str = "plain",
    workers: int = 2,
    worker_cpus: float = 0.5,
    worker_gpus: float = 0.0,
    ray_address: str | None = None,
    shards: PathArgument | None = None,
    quiet: bool = False,
    trust_remote_code: bool = False,
    trust_recorded: bool = False,
    check_recorded: int = 0,
    on_stages: OnStages | None = None,
) -> ScoreResult:
    """Feed every trace to every model; store each token's logprob and each sentence's probability.

    The same call on the same inputs goes on where it was stopped, and does nothing if the run is finished.

    Args:
        traces: one or several files or pipes of canonical JSON Lines, scored as one run.
        db: the DuckDB file to write to. It may hold other runs.
        triple: a TOML file with the tables [teacher], [student] and [distilled], instead of the next three. It may
            hold further models: [teachers.NAME], [controls.NAME], [checkpoints.NAME].
        teacher: the teacher: a folder, a `.gguf` file, `org/name@revision`, `base=REF,adapter=FOLDER` for a LoRA
            adapter, `openai:URL,tokenizer=FOLDER` for a served model, or `recorded:FILE` for recorded logprobs. Several
            by their names, `{"math": REF, "code": REF}` or `["math=REF", "code=REF"]`: the first is the teacher of the
            triple, and may do without a name in a list; the others are scored beside it.
        student: the student, written likewise.
        distilled: the distilled model, written likewise.
        control: further models that taught nothing, by their names: `{"decoy": REF}` or `["decoy=REF"]`.
        checkpoint: the distilled model at earlier times of its training, likewise: `{"400": REF}`.
        controls: controls that need no further model, by name: `"temperature"` (teacher and student with logits
            divided by 2/3 and by 3/2, from the same pass), `"other-question"` (the teacher asked another question of
            the same benchmark, in a pass of its own), or `"all"`. One that no model of the run can give is said and
            left out.
        roles: which roles to score; all three by default, `"teacher,student"` before training,
            `"student,distilled"` without a teacher.
        device: `"auto"`, `"cpu"`, `"cuda"` or `"cuda:N"`.
        dtype: of the weights: `"float32"`, `"bfloat16"` or `"float16"`; `"auto"` is bfloat16 on CUDA and float32 on
            CPU.
        template: how each role sees the question: by its `"own"` chat template, by that of the `"distilled"` model,
            or `"raw"`, the prompt as the trace has it.
        template_arguments: by role, variables for its model's chat template: `{"teacher": {"enable_thinking": True}}`.
            They replace those of the same name in `triple`. Further models are named `"teacher:code"`.
        template_name: by role, which one of a model that has several chat templates; by default the one named
            `default`.
        marks: in whose marks each role sees the thinking of a response: those of the `"writer"`, as they stand, or
            its `"own"`, such as harmony's channels for gpt-oss in place of `<think>`.
        too_long: for a trace beyond a model's context, score the `"prefix"` of sentences that fit, or `"refuse"` it.
        splitter: `"sentence"`, `"line"`, `"paragraph"` or `"step"`.
        batch_tokens: tokens that go through a model together. Changes memory and speed, no number; `"auto"` or None
            goes by free memory.
        ranks: store each token's rank too, which the strategy `rsr` needs; completes a run that has none.
        limit: score the first traces only, so many.
        name: a name for the run; by default that of the file of traces.
        rejects: where lines go that are no traces; by default the name of `db`, the run's id and
            `.rejects.jsonl`.
        accept_rejects: go on though more than half of the lines are no traces.
        engine: `"plain"`, or `"ray"` for several workers, which needs `ray[data]`.
        workers: with ray: models at work at once.
        worker_cpus: with ray: CPUs set apart for each worker.
        worker_gpus: with ray: GPUs for each worker, or a part of one.
        ray_address: with ray: a running cluster; None starts Ray here, on loopback.
        shards: with ray: the folder where results wait to be stored, seen by all machines; by default the name of
            `db` and `.shards`.
        quiet: draw no progress bar of scoring on standard error; a download from the hub shows its own.
        trust_remote_code: run code that comes with a model.
        trust_recorded: take recorded logprobs as they are, whatever proves that they are not what the model gives at
            temperature 1.
        check_recorded: first score so many traces of each recorded role with the model that its `check_with` names, and
            refuse recordings that are not that model's. What is found is logged, and stored with the run.
        on_stages: called after every role with the seconds that its stages took.

    Returns:
        The finished run and what was set aside on the way.

    Raises:
        UsageError: arguments that are wrong or contradict each other; or the run has another further model of one of
            the names; or no model of the run can give the controls.
        InputError: a file of traces or of recorded logprobs cannot be read, or holds none; recorded logprobs are not
            what the model gives at temperature 1; or more than half of the lines are no traces.
        ModelError: a model cannot be loaded, or does not do what scoring needs.
        ServerGoneError: a served model stopped answering; what was scored is kept.
        StoreError: the database cannot be written.
        MissingPackageError: the engine needs a package that is not installed.
    """
    files, database = paths_of(traces), file_of("db", db)
    if not files:
        raise UsageError("there is no file of traces", where="--traces", expected="at least one file")
    others: dict[str, PathArgument | None] = {Role.STUDENT: student, Role.DISTILLED: distilled}
    named = models_of(triple, others, roles, teachers=teacher, controls=control, checkpoints=checkpoint)
    models = with_templates(named, template_name or {}, template_arguments or {})
    backends = {str(role): models.reference(role).backend for role in models.roles}
    variants = variants_of(parse_controls(controls), backends)
    check_choice("template", template, TemplatePolicy)
    check_choice("marks", marks, MarksPolicy)
    check_choice("too_long", too_long, TooLong)
    budget = None if batch_tokens == "auto" else batch_tokens
    check_how(device=device, dtype=dtype, engine=engine, batch_tokens=budget, check_recorded=check_recorded)
    check_integers(limit=limit)
    request = ScoreRequest(
        models=with_variants(models, variants),
        variants=variants,
        template_policy=TemplatePolicy(template),
        marks_policy=MarksPolicy(marks),
        too_long=TooLong(too_long),
        device=device,
        dtype=dtype,
        batch_tokens=budget,
        splitter=splitter,
        name=name or readable(default_name(files)),
        trust_remote_code=trust_remote_code,
        quiet=quiet,
        with_ranks=ranks,
        trust_recorded=trust_recorded,
        check_recorded=check_recorded,
    )
    folder = beside(database, ".shards") if shards is None else Path(shards)
    distributed = distributed_by(engine, DistributedOptions(workers, worker_cpus, worker_gpus, ray_address, folder))
    rejects_path = None if rejects is None else file_of("rejects", rejects)
    if rejects_path is not None:
        check_outputs({"--rejects": rejects_path}, {"--db": [database], "--traces": files})
    reading = _Reading(files, limit, accept_rejects)
    return _score(request, reading, database, rejects_path, distributed, on_stages)


@dataclass(frozen=True, slots=True)
class _Reading:
    """How the traces of a run are read."""

    files: list[Path]
    limit: int | None
    accept_rejects: bool

    def passes(self, rejects: RejectLog, spool: PipeSpool) -> Callable[[], Iterator[Trace]]:
        """Gives the traces from the beginning at every call.

        Later passes meet the same bad lines again: they are kept once, and judged once.
        """
        logs = itertools.chain([rejects], itertools.repeat(RejectLog(None)))

        def traces() -> Iterator[Trace]:
            log = next(logs)
            read = iter_traces(self.files, rejects=log, limit=self.limit, spool=spool)
            return read if self.accept_rejects or log is not rejects else refuse_most_rejected(read, log)

        return traces


def check_how(*, device: str, dtype: str, engine: str, batch_tokens: int | None, check_recorded: int) -> None:
    """Check arguments that say how models run.

    Raises:
        UsageError: one is wrong.
    """
    check_device(device)
    check_choice("dtype", dtype, DTYPES)
    check_choice("engine", engine, ENGINES)
    check_integers(batch_tokens=batch_tokens)
    check_integers(0, check_recorded=check_recorded)


def distributed_by(engine: str, options: DistributedOptions) -> DistributedOptions | None:
    """The options for workers, once they are known to work; None for the plain engine.

    Raises:
        MissingPackageError: there is no Ray.
        UsageError: an option is out of range.
    """
    if engine == "plain":
        return None
    require_ray()
    check_integers(workers=options.n_workers)
    check_number("worker_cpus", options.n_cpus, above=0)
    check_number("worker_gpus", options.n_gpus)
    return options


def still_unscored(store: DuckDBRunStore, run: RunKey, keys: Collection[str], *, ranked: bool) -> set[tuple[str, str]]:
    """(role, trace_id) of what a call over these roles will not ask for again."""
    asked = {pair for pair in store.unscored_traces(run, ranked=ranked) if pair[0] in keys}
    return asked | {pair for pair in store.unscored_traces(run) if pair[0] not in keys}


def _score(
    request: ScoreRequest,
    reading: _Reading,
    database: Path,
    rejects_path: Path | None,
    distributed: DistributedOptions | None,
    on_stages: OnStages | None,
) -> ScoreResult:
    if rejects_path is not None:
        check_rejects_file(rejects_path)
    store, rejects, unscored = DuckDBRunStore(database), HeldRejectLog(), UnscoredLog()

    def name_logs(run: RunKey) -> None:
        """Named by the run, so that no other run's command takes them for its own."""
        rejects.save(rejects_path or beside(database, f".{run.run_id}.rejects.jsonl"))
        unscored.begin(
            beside(database, f".{run.run_id}.unscored.jsonl"),
            lambda: still_unscored(store, run, request.keys, ranked=request.with_ranks),
        )

    engine: AbstractContextManager[None] = nullcontext() if distributed is None else cluster(distributed)
    with PipeSpool() as spool, rejects, closing(unscored), engine:
        try:
            claim, run = score_run(
                request,
                reading.passes(rejects, spool),
                store,
                on_stages=on_stages,
                on_claim=name_logs,
                on_unscored=unscored.add,
                distributed=distributed,
            )
        except InputError as error:
            error.where = error.where or ", ".join(map(str, reading.files))
            if rejects.n and rejects.path is None:
                # What was wrong with the lines is worth more when they came to no run.
                with suppress(InputError):
                    rejects.save(rejects_path or beside(database, ".rejects.jsonl"))
                    error.hint = " ".join(filter(None, [error.hint, f"Rejected lines: {rejects.path}"]))
            raise
    n_sentences, n_unscored = store.count_sentences(run)
    return ScoreResult(
        run_id=claim.run_id,
        db=database,
        n_traces=claim.n_traces,
        n_sentences=n_sentences,
        n_unscored=n_unscored,
        n_rejects=rejects.n,
        rejects_path=rejects.path,
        n_failed=unscored.n_traces,
        unscored_path=unscored.path if unscored.n_traces else None,
        unscored_by_companion={key: store.count_unscored(run, key) for key in request.companions},
    )
