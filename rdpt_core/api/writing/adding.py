"""Further models for a scored run: other teachers, controls that taught nothing, checkpoints of a training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from typing import Any, Literal

from rdpt_core.analysis.catalog import finished_run
from rdpt_core.api.arguments import PathArgument, beside, file_of
from rdpt_core.api.models import Named, Teachers, companions_of, reference_of, with_templates
from rdpt_core.api.results import ScoreResult
from rdpt_core.api.scoring import check_how, distributed_by, still_unscored
from rdpt_core.records import RunKey
from rdpt_core.records.companions import CompanionClaim
from rdpt_core.scoring.adding import add_models, as_scored, with_stored_models
from rdpt_core.scoring.jobs.distributed.cluster import DistributedOptions, cluster
from rdpt_core.scoring.jobs.turns import OnStages
from rdpt_core.scoring.jobs.unscored_log import UnscoredLog
from rdpt_core.scoring.request import ScoreRequest
from rdpt_core.scoring.variants import parse_controls, variants_of
from rdpt_core.store.own_marks import seen_marks
from rdpt_core.store.reader import open_reader
from rdpt_core.store.run_store import DuckDBRunStore


def add(
    db: PathArgument,
    *,
    run: str | None = None,
    triple: PathArgument | None = None,
    teacher: Teachers | None = None,
    control: Named | None = None,
    checkpoint: Named | None = None,
    controls: str | Iterable[str] | None = None,
    distilled: PathArgument | None = None,
    device: str = "auto",
    dtype: str = "auto",
    template_arguments: Mapping[str, Mapping[str, Any]] | None = None,
    template_name: Mapping[str, str] | None = None,
    batch_tokens: int | Literal["auto"] | None = "auto",
    ranks: bool = False,
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
    """Score a finished run's traces under further models, at the price of one pass of each.

    The file of traces is not needed, and no model of the run is scored again: the numbers are those that the model
    would have got with the others. The same call goes on where it was stopped, and does nothing if all is done.

    Args:
        db: the database file.
        run: the id or name of the scored run; by default the newest finished one.
        triple: a TOML file, of which the tables [teachers.NAME], [controls.NAME] and [checkpoints.NAME] are read.
        teacher: further teachers, by their names: `{"code": REF}` or `["code=REF"]`; see `score` for what a model is.
        control: models that taught nothing, likewise.
        checkpoint: the distilled model at earlier times of its training, likewise: `{"400": REF}`.
        controls: controls that need no further model, by name, as for `score`. The run's own models make them, and are
            looked for where they scored it.
        distilled: where the run's distilled model is now, if prompts are made by its template; by default where it was
            when it scored the run.
        device: see `score`, as for all that follows.
        dtype: of the weights.
        template_arguments: by role, such as `"teacher:code"`, variables for a model's chat template.
        template_name: by role, which one of several chat templates.
        batch_tokens: tokens that go through a model together.
        ranks: store each token's rank too.
        engine: `"plain"`, or `"ray"` for several workers.
        workers: with ray: models at work at once.
        worker_cpus: with ray: CPUs set apart for each worker.
        worker_gpus: with ray: GPUs for each worker, or a part of one.
        ray_address: with ray: a running cluster; None starts Ray here.
        shards: with ray: the folder where results wait to be stored.
        quiet: draw no progress bar on standard error.
        trust_remote_code: run code that comes with a model.
        trust_recorded: take recorded logprobs as they are.
        check_recorded: first score so many traces of each recorded model with the model that its `check_with` names.
        on_stages: called after every model with the seconds that its stages took.

    Returns:
        The run, and what could not be scored.

    Raises:
        UsageError: there is no such finished run; it has another model of one of the names; no model is named; or
            another version of the program made its numbers.
        InputError: recorded logprobs that cannot be used.
        ModelError: a model cannot be loaded, or does not do what scoring needs.
        ServerGoneError: a served model stopped answering; what was scored is kept.
        StoreError: the database cannot be read or written.
        MissingPackageError: the engine needs a package that is not installed.
    """
    database = file_of("db", db)
    chosen_controls = parse_controls(controls)
    named = companions_of(
        triple, teachers=teacher, controls=control, checkpoints=checkpoint, may_be_none=bool(chosen_controls)
    )
    models = with_templates(named, template_name or {}, template_arguments or {})
    budget = None if batch_tokens == "auto" else batch_tokens
    check_how(device=device, dtype=dtype, engine=engine, batch_tokens=budget, check_recorded=check_recorded)
    folder = beside(database, ".shards") if shards is None else Path(shards)
    distributed = distributed_by(engine, DistributedOptions(workers, worker_cpus, worker_gpus, ray_address, folder))
    with open_reader(database) as reader:
        chosen = finished_run(reader, run)
    source = chosen.as_claim(chosen.name)
    variants = variants_of(chosen_controls, {model.role: model.backend for model in source.models})
    given = ScoreRequest(
        models=models,
        variants=variants,
        device=device,
        dtype=dtype,
        batch_tokens=budget,
        trust_remote_code=trust_remote_code,
        quiet=quiet,
        with_ranks=ranks,
        trust_recorded=trust_recorded,
        check_recorded=check_recorded,
    )
    lender = None if distilled is None else reference_of(distilled)
    has_own_marks = seen_marks(chosen.identity).own is not None
    request = as_scored(with_stored_models(given, source), source, lender, has_own_marks=has_own_marks)
    known = [CompanionClaim(one.model, one.state.identity, {}) for one in chosen.companions]
    store, unscored, keys = DuckDBRunStore(database), UnscoredLog(), request.companions

    def name_log(key: RunKey) -> None:
        path = beside(database, f".{key.run_id}.unscored.jsonl")
        unscored.begin(path, lambda: still_unscored(store, key, keys, ranked=ranks))

    workers_of_ray: AbstractContextManager[None] = nullcontext() if distributed is None else cluster(distributed)
    with closing(unscored), workers_of_ray:
        add_models(
            request,
            source,
            chosen.key,
            store,
            known=known,
            on_stages=on_stages,
            on_claim=name_log,
            on_unscored=unscored.add,
            distributed=distributed,
        )
    n_sentences, n_unscored = store.count_sentences(chosen.key)
    n_failed = unscored.n_traces_of(keys)
    return ScoreResult(
        run_id=chosen.run_id,
        db=database,
        n_traces=chosen.n_traces,
        n_sentences=n_sentences,
        n_unscored=n_unscored,
        n_rejects=0,
        rejects_path=None,
        n_failed=n_failed,
        unscored_path=unscored.path if n_failed else None,
        unscored_by_companion={key: store.count_unscored(chosen.key, key) for key in keys},
    )
