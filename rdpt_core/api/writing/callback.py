"""A callback for trainers: which sentences a model gains and loses while it trains, checkpoint by checkpoint."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from rdpt_core.analysis.questions import number_questions
from rdpt_core.api.arguments import PathArgument, check_choice, check_integers, file_of, paths_of, readable
from rdpt_core.api.models import reference_of
from rdpt_core.api.writing.trackers import label_metrics, log_line
from rdpt_core.config import ModelSet
from rdpt_core.errors import RdptError, UsageError
from rdpt_core.records import ModelReference, Role, RoleResult, ScoredModel, TemplatePolicy, TooLong, Trace
from rdpt_core.records.companions import is_companion
from rdpt_core.scoring.backends.base import ScoringItem
from rdpt_core.scoring.backends.factory import make_backends
from rdpt_core.scoring.jobs.identity import survey_traces
from rdpt_core.scoring.jobs.sentence_sums import sentence_columns
from rdpt_core.scoring.request import ScoreRequest
from rdpt_core.scoring.training.finishing import become_final, make_run
from rdpt_core.scoring.training.waiting import WaitingResults, checkpoint_role, folder_of, step_of
from rdpt_core.store.run_store import DuckDBRunStore
from rdpt_core.traces import RejectLog, get_splitter, iter_traces

_LOGGER = logging.getLogger(__name__)

_POLICIES = (TemplatePolicy.OWN, TemplatePolicy.RAW)


class ProvenanceCallback:
    """Scores the same traces under the weights of every checkpoint, and makes a run of them when the training ends.

        trainer.add_callback(rdpt.ProvenanceCallback("heldout.jsonl", "training.duckdb", every=100))

    It goes with `transformers.Trainer` and every trainer that is built on it, such as TRL's. The traces are fixed, so
    that curves compare like with like. They are read in this process, under the weights as they are, one after another;
    the training goes on as if nothing had happened, to the last bit.

    Results wait in a folder beside the database. When the training ends they become one finished run: the starting
    weights are its student, the last ones its distilled model, and those between its checkpoints. If the training is
    interrupted, training on from a checkpoint goes on with the folder, and `finish` makes a run of what is there.

    Until the first step, whatever is wrong is raised. Later it is logged, and the training goes on.

    Args:
        traces: one or several files of canonical JSON Lines.
        db: the DuckDB file that the run goes into. It may hold other runs.
        every: score after each so many steps; None for each time that the trainer saves a checkpoint. The last weights
            are scored in any case.
        teacher: a model on this machine or the hub that is scored once, before the first step.
        student: the model that the training started from, if it is not the one at the first step of this process.
        template: how the models see a question: by their `"own"` chat template, or `"raw"`, the trace's prompt.
        too_long: for a trace beyond a model's context, score the `"prefix"` of sentences that fit, or `"refuse"` it.
        splitter: `"sentence"`, `"line"`, `"paragraph"` or `"step"`.
        limit: the first traces only, so many.
        name: of the run, and of the folder in which results wait; by default that of the trainer's output folder.

    Attributes:
        run_id: of the run that was made; None before.
    """

    def __init__(
        self,
        traces: PathArgument | Iterable[PathArgument],
        db: PathArgument,
        *,
        every: int | None = None,
        teacher: PathArgument | None = None,
        student: PathArgument | None = None,
        template: str = "own",
        too_long: str = "prefix",
        splitter: str = "sentence",
        limit: int | None = None,
        name: str | None = None,
    ) -> None:
        self._files, self._database = paths_of(traces), file_of("db", db)
        check_integers(every=every, limit=limit)
        check_choice("template", template, _POLICIES)
        check_choice("too_long", too_long, TooLong)
        given = {Role.TEACHER: teacher, Role.STUDENT: student}
        self._references = {role: reference_of(one) for role, one in given.items() if one is not None}
        self._every, self._limit, self._name = every, limit, name
        self._policy, self._too_long, self._splitter = TemplatePolicy(template), TooLong(too_long), splitter
        self._scoring: _Scoring | None = None
        self.run_id: str | None = None

    def __getattr__(self, name: str) -> Callable[..., None]:
        """Events that no number is taken at."""
        if name.startswith("on_"):
            return _nothing
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Read the traces, and score the starting weights."""
        self._scoring = None
        if not state.is_world_process_zero:
            return
        _refuse_spread_weights(args)
        self._name = self._name or Path(args.output_dir).resolve().name
        scoring = self._begun()
        scoring.begin(given["model"], given.get("processing_class"), self._references, state.global_step, args)
        self._scoring = scoring

    def on_step_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Score, if it is time."""
        is_due = self._every is not None and state.global_step % self._every == 0
        # Trackers take no line any more when the training has ended.
        if is_due or state.global_step >= state.max_steps:
            self._try(lambda scoring: scoring.checkpoint(state.global_step))

    def on_save(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Score what was saved."""
        if self._every is None:
            self._try(lambda scoring: scoring.checkpoint(state.global_step))

    def on_train_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Score the last weights, and make the run."""
        self._try(lambda scoring: scoring.end(state.global_step))
        if self._scoring is not None:
            self._try(lambda scoring: self._finish(scoring))
        self._scoring = None

    def finish(self) -> str:
        """Make a run of the results that wait, after a training that was interrupted and will not go on: its last
        checkpoint then is the distilled model.

        The callback must have a name and the traces, template and splitter of that training.

        Returns:
            The id of the run.

        Raises:
            UsageError: no name is given, or nothing waits under it.
            RdptError: the run cannot be stored; what waits is then still there.
        """
        if self._name is None:
            raise UsageError(
                "which training is meant is not known",
                where="ProvenanceCallback.finish",
                expected="name=…, by default the last part of the trainer's output folder",
                got="no name",
            )
        return self._finish(self._begun())

    def _begun(self) -> _Scoring:
        name = readable(self._name or "")
        request = ScoreRequest(
            models=ModelSet({}),
            template_policy=self._policy,
            too_long=self._too_long,
            splitter=self._splitter,
            name=name,
            quiet=True,
        )
        rejects = RejectLog(None)
        traces = list(iter_traces(self._files, rejects=rejects, limit=self._limit))
        if rejects.n:
            first = rejects.first[0]
            where = f"the first at {first.file}, line {first.line}: {first.reason}"
            _LOGGER.warning("%d lines are no traces and are left out; %s", rejects.n, where)
        return _Scoring(request, traces, folder_of(self._database, name))

    def _finish(self, scoring: _Scoring) -> str:
        self.run_id = scoring.finish(DuckDBRunStore(self._database))
        _LOGGER.warning("the training is run %s of %s", self.run_id, self._database)
        return self.run_id

    def _try(self, act: Callable[[_Scoring], object]) -> None:
        """Do it; what goes wrong costs numbers, and not a training."""
        if self._scoring is None:
            return
        try:
            act(self._scoring)
        except (RdptError, RuntimeError, MemoryError, OSError) as error:
            # Out of memory is a RuntimeError.
            folder = self._scoring.waiting.folder
            _LOGGER.error("no label shares from here on: %s. What was scored waits in %s", error, folder)
            self._scoring = None


def _nothing(*_args: Any, **_given: Any) -> None:
    """For all other events of a trainer."""


def _refuse_spread_weights(args: Any) -> None:
    by_launcher = {"fsdp": "ACCELERATE_USE_FSDP", "deepspeed": "ACCELERATE_USE_DEEPSPEED"}
    kinds = [
        name
        for name, variable in by_launcher.items()
        if getattr(args, name, None) or os.environ.get(variable, "").lower() == "true"
    ]
    if kinds:
        raise UsageError(
            "the weights of this training are spread over processes, so that none of them can score alone",
            where="ProvenanceCallback",
            expected="a training with whole weights in the first process",
            got=" and ".join(kinds),
            hint="Score the saved checkpoints: `rdpt score --add --db FILE --checkpoint 400=FOLDER`.",
        )


def _names_of(trace: Trace) -> list[tuple[object, ...]]:
    """What its question goes by: its id in its benchmark, and what was asked."""
    asked = (trace.messages, trace.prompt)
    return [(trace.benchmark, trace.question_id), *([asked] if any(asked) else [])]


class _Scoring:
    """One training under way: its traces, the model, and what waits."""

    def __init__(self, request: ScoreRequest, traces: list[Trace], folder: Path) -> None:
        self._request, self._traces = request, traces
        survey = survey_traces(traces, request.template_policy)
        splitter = get_splitter(request.splitter)
        self._items = [ScoringItem(no, trace, splitter.split(trace.response)) for no, trace in enumerate(traces)]
        settings = {
            "traces": survey.traces_hash,
            "template": str(request.template_policy),
            "too_long": str(request.too_long),
            "splitter": [splitter.name, splitter.version],
        }
        self.waiting = WaitingResults(folder, settings)
        self._question = number_questions([_names_of(trace) for trace in traces])

    def begin(
        self, model: Any, processing_class: Any, references: dict[Role, ModelReference], step: int, args: Any
    ) -> None:
        """Get ready at a step of the training, and score what is scored once."""
        # torch is imported with the trainer, and not before.
        from rdpt_core.scoring.training.live import LiveModel

        policy = self._request.template_policy, self._request.too_long
        self._live = LiveModel(model, processing_class, self._items, *policy)
        self._output = str(args.output_dir)
        self._refuse_what_does_not_fit(step, Role.STUDENT in references)
        for role in self.waiting.models():
            if is_companion(role) and step_of(role) > step:
                _LOGGER.warning("training goes on at step %d: step %d is scored again", step, step_of(role))
                self.waiting.drop(role)
        self.waiting.drop(Role.DISTILLED)
        for role, reference in references.items():
            if role not in self.waiting.models():
                self.waiting.put(*self._score_once(role, reference))
        if Role.STUDENT not in self.waiting.models():
            name = str(getattr(model.config, "_name_or_path", "")) or f"start of {self._output}"
            self.waiting.put(self._live.describe(Role.STUDENT, name), self._live.score())

    def _refuse_what_does_not_fit(self, step: int, has_reference: bool) -> None:
        models = self.waiting.models()
        if step == 0 and not any(role == Role.DISTILLED or is_companion(role) for role in models):
            # An attempt that scored no checkpoint: there is nothing to keep, and its models may be others.
            self.waiting.remove()
        elif step == 0:
            raise UsageError(
                "results of a training that was interrupted wait here, and this one begins at its first step",
                where=str(self.waiting.folder),
                expected="a training that goes on from a checkpoint, or another name",
                got=", ".join(models),
                hint="`.finish()` makes a run of them; name=… keeps both apart; or remove the folder.",
            )
        if step > 0 and Role.STUDENT not in models and not has_reference:
            raise UsageError(
                f"the training goes on at step {step}, and the model that it started from is not known",
                where="ProvenanceCallback",
                expected=f"its results in {self.waiting.folder}, or student=…",
                got="neither",
            )

    def _score_once(self, role: Role, reference: ModelReference) -> tuple[ScoredModel, list[RoleResult]]:
        """A model that is loaded for this, while the one in training stays as it is."""
        from rdpt_core.scoring.training.untouched import untouched

        if reference.backend != "transformers":
            raise UsageError(
                "models beside a training run in its process",
                where=f"ProvenanceCallback, {role}",
                expected="a folder, a .gguf file, or org/name[@revision]",
                got=f"backend {reference.backend}",
                hint="Other models can be added to the run that is made: `rdpt score --add`.",
            )
        request = ScoreRequest(
            models=ModelSet({role: reference}),
            template_policy=self._request.template_policy,
            too_long=self._request.too_long,
            quiet=True,
        )
        with untouched():
            (backend,) = make_backends(request)
            try:
                backend.load()
                batches = backend.prepare(self._items)
                results = [result for some in backend.score(batches) for result in some]
            finally:
                backend.close()
        return backend.model, sorted(results, key=lambda result: result.trace_no)

    def checkpoint(self, step: int) -> None:
        """Score the weights after so many steps, unless they are scored."""
        role = checkpoint_role(step)
        model = self._live.describe(role, f"{self._output}/checkpoint-{step}", str(step))
        known = self.waiting.models().get(role)
        if known is None or known.revision != model.revision:
            results = self._live.score()
            self.waiting.put(model, results)
            self._log(results, step)

    def end(self, step: int) -> None:
        """The last weights are the distilled model: those of a checkpoint, if it was the last thing to be scored."""
        model = self._live.describe(Role.DISTILLED, self._output)
        same = next((one for one in self.waiting.models().values() if one.revision == model.revision), None)
        if same is not None and same.role == checkpoint_role(step):
            become_final(self.waiting, same.role, len(self._traces))
            return
        results = self._live.score()
        self.waiting.put(model, results)
        self._log(results, step)

    def _log(self, results: list[RoleResult], step: int) -> None:
        """A line for the trackers that are at work."""
        by_role = {Role.DISTILLED: results}
        for role in (Role.STUDENT, Role.TEACHER):
            if role in self.waiting.models():
                by_role[role] = self.waiting.results(role, len(self._traces))
        roles = [role for role in Role if role in by_role]
        sentences = [
            sentence_columns(no, item.trace.response, item.spans, {str(role): by_role[role][no] for role in roles})
            for no, item in enumerate(self._items)
        ]
        metrics = label_metrics(sentences, np.asarray(self._question))
        sent = log_line(metrics, step)
        told = ", ".join(f"{name.removeprefix('provenance/')} {value:.3f}" for name, value in metrics.items())
        _LOGGER.info("step %d: %s (%s)", step, told, " and ".join(sent) or "no tracker at work")

    def finish(self, store: DuckDBRunStore) -> str:
        """Make the run, and forget what waited."""
        claim, _ = make_run(self.waiting, self._request, lambda: self._traces, store, len(self._traces))
        self.waiting.remove()
        return claim.run_id
