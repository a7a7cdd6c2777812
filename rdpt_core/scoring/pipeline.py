"""The whole of `score`, from files to a finished run, in the order in which it happens.

    resolve the models → check the traces → claim the run → role by role: score, commit → finish

Tokenisation and database run beside the model. One model is in memory at a time, so the last role is the one that
completes traces: with its batches go the sentences.
"""

from __future__ import annotations

import functools
import hashlib
import json
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from rdpt_core import __version__
from rdpt_core.config import ModelSet
from rdpt_core.errors import InputError, UsageError
from rdpt_core.records import (
    Role,
    RoleResult,
    RunClaim,
    SentenceColumns,
    TemplatePolicy,
    TokenLogprobs,
    TooLong,
    Trace,
    UnscoredReason,
)
from rdpt_core.scoring.aggregate import sentence_columns
from rdpt_core.scoring.backends import (
    Backend,
    Batch,
    ScoringItem,
    TransformersBackend,
    TransformersOptions,
)
from rdpt_core.scoring.devices import resolve_device, resolve_dtype
from rdpt_core.scoring.overlap import OneAtATime, StageSeconds, Stopwatch, ahead
from rdpt_core.scoring.plan import windows
from rdpt_core.scoring.progress import RoleProgressBar
from rdpt_core.scoring.references import resolve
from rdpt_core.scoring.templates import check_policy
from rdpt_core.scoring.tokenization import TEMPLATE_DATE, load_tokenizer
from rdpt_core.traces import Splitter, get_splitter, trace_to_json

SCORING_VERSION = "2"
"""Part of every run's identity. Raise it whenever the same inputs would give other numbers."""

_COMMIT_INTERVAL_S = 1.0
_PACKAGES = ("torch", "transformers", "tokenizers", "nltk", "duckdb", "numpy", "pyarrow")


class RunStore(Protocol):
    """What the pipeline asks of the database."""

    def claim(self, claim: RunClaim, traces: Iterable[tuple[Trace, int]]) -> int: ...
    def claim_copy(self, claim: RunClaim, source_run_no: int, n_sentences: Sequence[int]) -> int: ...
    def scored_trace_nos(self, run_no: int, role: Role, *, with_ranks: bool = False) -> set[int]: ...
    def traces(self, run_no: int, first: int, last: int) -> list[Trace]: ...
    def tokens(
        self, run_no: int, role: Role, trace_nos: Sequence[int]
    ) -> Mapping[int, tuple[TokenLogprobs, str | None]]: ...
    def commit(
        self, run_no: int, role: Role, results: Sequence[RoleResult], sentences: Sequence[SentenceColumns]
    ) -> None: ...
    def finish(self, run_no: int) -> None: ...


@dataclass(frozen=True, slots=True)
class ScoreRequest:
    """Everything the user decides about a run. `batch_tokens` is None for a budget by free memory.

    Ranks are no part of the run's identity: they add a column and change no number. So `with_ranks` completes a run
    that has none, by scoring again each role's traces that lack them, and its absence leaves ranks that are there.
    """

    models: ModelSet
    template_policy: TemplatePolicy = TemplatePolicy.OWN
    too_long: TooLong = TooLong.PREFIX
    device: str = "auto"
    dtype: str = "auto"
    batch_tokens: int | None = None
    splitter: str = "sentence"
    name: str = ""
    trust_remote_code: bool = False
    quiet: bool = False
    with_ranks: bool = False


def make_backends(request: ScoreRequest) -> list[Backend]:
    """Resolve every model of the run and check it, without loading weights.

    Raises:
        ModelError: a model is missing or unusable.
        UsageError: the distilled model's template is asked for in a run without a distilled model.
    """
    if request.template_policy is TemplatePolicy.DISTILLED and Role.DISTILLED not in request.models.roles:
        raise UsageError(
            "there is no distilled model whose template could be used",
            where="--template distilled",
            expected="a run with the role `distilled`",
            got=", ".join(request.models.roles),
        )
    references = request.models.references
    files = {role: resolve(references[role]) for role in request.models.roles}
    device = resolve_device(request.device)
    tokenizers = {
        role: load_tokenizer(files[role], trust_remote_code=request.trust_remote_code) for role in request.models.roles
    }
    return [
        TransformersBackend(
            role,
            files[role],
            tokenizers[role],
            tokenizers.get(Role.DISTILLED),
            TransformersOptions(
                device=device,
                dtype=resolve_dtype(references[role].dtype if request.dtype == "auto" else request.dtype, device),
                batch_tokens=request.batch_tokens,
                template_policy=request.template_policy,
                too_long=request.too_long,
                trust_remote_code=request.trust_remote_code,
                with_ranks=request.with_ranks,
            ),
        )
        for role in request.models.roles
    ]


@dataclass(frozen=True, slots=True)
class TraceSurvey:
    """What one pass over the input tells: its hash, and how many traces it holds."""

    traces_hash: str
    n_traces: int


def survey_traces(traces: Iterable[Trace], policy: TemplatePolicy) -> TraceSurvey:
    """Hash and count the traces, and check that the template policy finds what it needs in each.

    Raises:
        InputError: no trace at all, or one that the policy cannot render.
    """
    digest, n_traces = hashlib.sha256(), 0
    for trace in traces:
        check_policy(policy, trace)
        digest.update(trace_to_json(trace).encode("utf-8"))
        digest.update(b"\n")
        n_traces += 1
    if n_traces == 0:
        raise InputError(
            "there is no trace to score",
            expected="at least one valid line in the files of traces",
            got="none",
            hint="`python -m rdpt_core validate --traces FILE` says what is wrong with each line.",
        )
    return TraceSurvey(digest.hexdigest(), n_traces)


def make_claim(request: ScoreRequest, backends: Sequence[Backend], survey: TraceSurvey, splitter: Splitter) -> RunClaim:
    """The identity of a run: everything that changes a number, and nothing that does not."""
    models = tuple(backend.model for backend in backends)
    identity: dict[str, Any] = {
        "scoring_version": SCORING_VERSION,
        "traces_hash": survey.traces_hash,
        "template_policy": request.template_policy,
        "template_date": TEMPLATE_DATE.isoformat(),
        "too_long": request.too_long,
        "splitter": [splitter.name, splitter.version],
        "models": {
            model.role: {
                # A local folder is named by its contents: where it lies changes no number.
                "model": None if model.revision.startswith("sha256:") else model.model,
                "revision": model.revision,
                "backend": model.backend,
                "dtype": model.dtype,
                "template": model.template,
                "tokenizer_hash": model.tokenizer_hash,
            }
            for model in models
        },
    }
    return RunClaim(
        run_id=make_run_id(identity),
        name=request.name,
        identity=identity,
        environment=describe_environment(resolve_device(request.device)),
        models=models,
        template_policy=request.template_policy,
        splitter=splitter.name,
        splitter_version=splitter.version,
        traces_hash=survey.traces_hash,
        n_traces=survey.n_traces,
    )


def make_run_id(identity: dict[str, Any]) -> str:
    """The name of an identity: 16 hexadecimal digits of a hash over it."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]


def describe_environment(device: str) -> dict[str, Any]:
    """Versions and machine, stored with the run so that a number can be traced to what computed it."""
    import torch

    packages = {name: version(name) for name in _PACKAGES}
    device_name = torch.cuda.get_device_name(0) if device.startswith("cuda") else platform.machine()
    return {
        "rdpt_explorer": __version__,
        "python": platform.python_version(),
        "system": platform.system(),
        "device": device,
        "device_name": device_name,
        "packages": packages,
    }


def score_run(
    request: ScoreRequest,
    read_traces: Callable[[], Iterable[Trace]],
    store: RunStore,
    *,
    on_stages: Callable[[Role, StageSeconds], None] | None = None,
) -> RunClaim:
    """Score every trace under every role and store the result, going on where an earlier process stopped.

    Args:
        read_traces: gives the traces from the beginning; called twice, so that they need not fit in memory.
        on_stages: hears of every role that was scored where its time went.

    Raises:
        RdptError: whatever makes the run impossible, before the first model is loaded.
    """
    backends = make_backends(request)
    splitter = get_splitter(request.splitter)
    survey = survey_traces(read_traces(), request.template_policy)
    claim = make_claim(request, backends, survey, splitter)
    run_no = store.claim(claim, _with_sentence_counts(read_traces(), splitter))
    for backend in backends:
        job = _RoleJob(backend, request.models.roles, run_no, claim.n_traces, splitter, store)
        stages = job.run(quiet=request.quiet, with_ranks=request.with_ranks)
        if on_stages is not None:
            on_stages(backend.model.role, stages)
        backend.close()
    _check_complete(store, run_no, claim)
    store.finish(run_no)
    return claim


def _check_complete(store: RunStore, run_no: int, claim: RunClaim) -> None:
    """A run that calls itself complete is complete: every trace has every role."""
    for model in claim.models:
        n_stored = len(store.scored_trace_nos(run_no, model.role))
        if n_stored != claim.n_traces:
            raise RuntimeError(f"{model.role} has {n_stored} of {claim.n_traces} traces after scoring all of them")


def _with_sentence_counts(traces: Iterable[Trace], splitter: Splitter) -> Iterator[tuple[Trace, int]]:
    for trace in traces:
        yield trace, len(splitter.split(trace.response))


@dataclass(frozen=True, slots=True)
class _RoleJob:
    """One role of one run: every window, batch by batch, into the store."""

    backend: Backend
    roles: tuple[Role, ...]
    run_no: int
    n_traces: int
    splitter: Splitter
    store: RunStore

    def run(self, *, quiet: bool, with_ranks: bool = False) -> StageSeconds:
        """Score what is not stored yet. While the model works on a batch, the one before it is being stored and the
        next window is being tokenised; a killed process loses what was not committed, and nothing else."""
        role = self.backend.model.role
        stages = StageSeconds()
        done = self.store.scored_trace_nos(self.run_no, role, with_ranks=with_ranks)
        if len(done) == self.n_traces:
            return stages
        bar = RoleProgressBar(role, self.n_traces, len(done), quiet=quiet)
        self.backend.load()
        with OneAtATime("store") as database:
            waiting = [window for window in windows(self.n_traces) if not done.issuperset(window)]
            watch = Stopwatch()
            with closing(ahead(waiting, lambda window: self._prepare(window, done, database))) as prepared:
                for batches in prepared:
                    stages.preparing += watch.lap()
                    self._score_window(batches, database, bar, stages)
                    watch.lap()
            database.wait()
            stages.storing += watch.lap()
        bar.close()
        return stages

    def _score_window(
        self, batches: list[Batch], database: OneAtATime, bar: RoleProgressBar, stages: StageSeconds
    ) -> None:
        pending: list[tuple[ScoringItem, RoleResult]] = []
        last_commit_s = time.monotonic()
        watch = Stopwatch()
        for number, results in enumerate(self.backend.score(batches)):
            stages.model += watch.lap()
            pending.extend(zip((one.item for one in batches[number]), results, strict=True))
            bar.advance(len(results), sum(len(result.tokens) for result in results))
            if time.monotonic() - last_commit_s > _COMMIT_INTERVAL_S:
                database.start(functools.partial(self._commit, pending))
                pending, last_commit_s = [], time.monotonic()
            stages.storing += watch.lap()
        database.start(functools.partial(self._commit, pending))
        stages.storing += watch.lap()

    def _prepare(self, window: range, done: set[int], database: OneAtATime) -> list[Batch]:
        """The batches of a window, of traces that are not stored yet."""
        traces = database.call(lambda: self.store.traces(self.run_no, window.start, window.stop))
        return self.backend.prepare(
            [
                ScoringItem(trace_no, trace, self.splitter.split(trace.response))
                for trace_no, trace in zip(window, traces, strict=True)
                if trace_no not in done
            ]
        )

    def _commit(self, pending: Sequence[tuple[ScoringItem, RoleResult]]) -> None:
        """Store a batch in trace order; under the last role the traces are complete, and their sentences go along."""
        if not pending:
            return
        role = self.backend.model.role
        ordered = sorted(pending, key=lambda pair: pair[0].trace_no)
        sentences: list[SentenceColumns] = []
        if role is self.roles[-1]:
            trace_nos = [item.trace_no for item, _ in ordered]
            others = {other: self.store.tokens(self.run_no, other, trace_nos) for other in self.roles[:-1]}
            for item, result in ordered:
                by_role = {other: _stored_result(item.trace_no, found) for other, found in others.items()}
                by_role[role] = result
                sentences.append(sentence_columns(item.trace_no, item.trace.response, item.spans, by_role))
        self.store.commit(self.run_no, role, [result for _, result in ordered], sentences)


def _stored_result(trace_no: int, stored: Mapping[int, tuple[TokenLogprobs, str | None]]) -> RoleResult:
    tokens, reason = stored[trace_no]
    return RoleResult(trace_no, tokens, 0, None if reason is None else UnscoredReason(reason))


def default_name(files: Sequence[Path]) -> str:
    """A run's name when the user gives none: the file names of its traces."""
    names = [file.stem for file in files]
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
