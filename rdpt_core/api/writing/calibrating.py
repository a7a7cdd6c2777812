"""Text whose writer is known, scored as a run was: how its labels err where the answer is known."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rdpt_core.analysis.catalog import finished_run
from rdpt_core.api.arguments import PathArgument, beside, check_device, check_integers, check_number, file_of
from rdpt_core.api.models import reference_of
from rdpt_core.api.results import CalibrationResult, KnownTextResult
from rdpt_core.api.scoring import still_unscored
from rdpt_core.errors import UsageError
from rdpt_core.records import ModelReference, Role, RunKey, ScoredModel, TemplatePolicy, Trace
from rdpt_core.scoring.adding import as_scored
from rdpt_core.scoring.backends.factory import make_backends
from rdpt_core.scoring.jobs.turns import OnStages
from rdpt_core.scoring.jobs.unscored_log import UnscoredLog
from rdpt_core.scoring.jobs.windows import windows
from rdpt_core.scoring.known_writers.drawing import BATCH_ROWS, CUT, UNASKED, DrawSettings, Writer, named
from rdpt_core.scoring.known_writers.drawn import DrawnFile
from rdpt_core.scoring.known_writers.models import check_same, models_again
from rdpt_core.scoring.known_writers.questions import choose_questions, questions_of
from rdpt_core.scoring.models.references import resolve
from rdpt_core.scoring.models.tokenization import load_tokenizer
from rdpt_core.scoring.pipeline import score_run
from rdpt_core.scoring.request import ScoreRequest
from rdpt_core.store.evidence.known_writers import register_writer
from rdpt_core.store.own_marks import seen_marks
from rdpt_core.store.reader import Run, open_reader
from rdpt_core.store.run_store import DuckDBRunStore
from rdpt_core.traces import HeldRejectLog, PipeSpool, RejectLog, iter_traces, refuse_most_rejected

WRITERS = (Role.STUDENT, Role.TEACHER)


def calibrate(
    db: PathArgument,
    *,
    run: str | None = None,
    questions: int = 200,
    temperature: float = 0.7,
    top_p: float = 1.0,
    max_new_tokens: int = 2048,
    seed: int = 0,
    student_traces: PathArgument | None = None,
    teacher_traces: PathArgument | None = None,
    teacher: PathArgument | None = None,
    student: PathArgument | None = None,
    distilled: PathArgument | None = None,
    device: str = "auto",
    quiet: bool = False,
    trust_remote_code: bool = False,
    on_stages: OnStages | None = None,
) -> CalibrationResult:
    """Let a run's teacher and student write responses of their own, and score these as the run's traces were scored.

    Each set becomes a run of its own in the same database, so that `corrected_shares` of the run knows how often a
    label is wrong. The same call goes on where it was stopped, draws nothing anew, and does nothing if all is done. On
    the same machine the same seed gives the same responses.

    Args:
        db: the database file.
        run: the id or name of the scored run; by default the newest finished one. All of its models must be ones that
            were loaded on this machine.
        questions: questions of the run that are asked, each benchmark with its part of them; all if there are fewer.
        temperature: what logits are divided by before a token is drawn.
        top_p: draw from the likeliest tokens only that together have this probability.
        max_new_tokens: a response is cut behind so many tokens. It is kept, and counted as cut.
        seed: of the questions and the responses.
        student_traces: canonical JSON Lines of text that the student is known to have written, instead of drawing any.
        teacher_traces: the same of the teacher.
        teacher: where the run's teacher is now; by default where it was when it scored the run.
        student: the same of the student.
        distilled: the same of the distilled model.
        device: `"auto"`, `"cpu"`, `"cuda"` or `"cuda:N"`.
        quiet: draw no progress bar on standard error.
        trust_remote_code: run code that comes with a model.
        on_stages: called after every model that scored, with the seconds that its stages took.

    Returns:
        The run, and what came of the text of each writer.

    Raises:
        UsageError: there is no such finished run, it lacks a teacher or a student, a model of it was not loaded on this
            machine, or another version of the program scored it.
        InputError: a file of traces cannot be read, or drawn responses cannot be kept.
        ModelError: a model cannot be loaded, or is not the one that scored the run.
        StoreError: the database cannot be read or written.
    """
    database = file_of("db", db)
    check_integers(questions=questions, max_new_tokens=max_new_tokens)
    check_integers(0, seed=seed)
    check_number("temperature", temperature, above=0)
    check_number("top_p", top_p, above=0)
    if top_p > 1:
        raise UsageError("a number is out of range", where="--top-p", expected="at most 1", got=f"{top_p:g}")
    check_device(device)
    given = {Role.TEACHER: teacher, Role.STUDENT: student, Role.DISTILLED: distilled}
    traces = {Role.STUDENT: student_traces, Role.TEACHER: teacher_traces}
    work = _Calibration.of(
        database,
        run,
        DrawSettings(questions, float(temperature), float(top_p), max_new_tokens, seed),
        {role: reference_of(model) for role, model in given.items() if model is not None},
        _How(device, quiet, trust_remote_code, on_stages),
    )
    files = {role: file_of(f"{role}_traces", path) for role, path in traces.items() if path is not None}
    found = [work.given(role, files[role]) if role in files else work.drawn(role) for role in WRITERS]
    return CalibrationResult(work.run.run_id, database, tuple(found))


@dataclass(frozen=True, slots=True)
class _How:
    """How models run, which changes no number."""

    device: str
    quiet: bool
    trust_remote_code: bool
    on_stages: OnStages | None


@dataclass(frozen=True, slots=True)
class _Calibration:
    """The run to calibrate, and everything that its calibration takes."""

    database: Path
    run: Run
    runs: tuple[Run, ...]
    request: ScoreRequest
    settings: DrawSettings
    how: _How

    @classmethod
    def of(
        cls,
        database: Path,
        key: str | None,
        settings: DrawSettings,
        given: Mapping[str, ModelReference],
        how: _How,
    ) -> _Calibration:
        """Find the run, and see that it can be calibrated."""
        with open_reader(database) as reader:
            run, runs = finished_run(reader, key), reader.runs()
        if run.known_writer is not None:
            raise UsageError(
                f"all responses of this run were written by the {run.known_writer.role}, to calibrate another",
                where=f"run {run.run_id}",
                expected="a run of responses of a distilled model",
                hint="Name it with --run.",
            )
        source = run.as_claim(run.name)
        models = models_again(source, given)
        asked = ScoreRequest(models=models, device=how.device, trust_remote_code=how.trust_remote_code, quiet=how.quiet)
        lends = run.template_policy == TemplatePolicy.DISTILLED
        lender = models.references[Role.DISTILLED] if lends else None
        made = as_scored(asked, source, lender, has_own_marks=seen_marks(run.identity).own is not None)
        # What lends its template alone, for a model that is added, is scored here too.
        return cls(database, run, runs, replace(made, models=models), settings, how)

    def drawn(self, role: Role) -> KnownTextResult:
        """Draw responses of a model of the run, and score them."""
        model = next(model for model in self.run.own_models if model.role == role)
        asked = {**self.settings.to_json(), "revision": model.revision}
        done = self._done(role, asked)
        file = beside(self.database, f".{self.run.run_id}.{role}-{_digest(asked)}.jsonl")
        if done is not None:
            file.unlink(missing_ok=True)
            return self._told(role, done.key, done.known_writer.settings if done.known_writer else asked)
        questions = named(self._questions(), model, self.settings)
        drawn = DrawnFile(file, [trace.trace_id for trace in questions], BATCH_ROWS)
        n_drawn = drawn.n_drawn()
        if n_drawn < len(questions):
            writer = self._writer(model)
            for batch in writer.write(questions, n_drawn, self.settings, quiet=self.how.quiet):
                drawn.append(batch)
            del writer
        written = list(drawn.traces())
        counts = {
            "n_responses": len(written),
            "n_cut": sum(trace.meta.get(CUT) is True for trace in written),
            "n_unasked": sum(UNASKED in trace.meta for trace in written),
        }
        result = self._score(role, lambda: iter(written), {**asked, **counts})
        drawn.remove()
        return result

    def given(self, role: Role, file: Path) -> KnownTextResult:
        """Score text that is known to be of a model of the run."""
        rejects = HeldRejectLog()
        # Later passes meet the same bad lines again, which are kept once.
        logs = itertools.chain([rejects], itertools.repeat(RejectLog(None)))
        with PipeSpool() as spool, rejects:

            def passes() -> Iterator[Trace]:
                log = next(logs)
                read = iter_traces([file], rejects=log, spool=spool)
                return refuse_most_rejected(read, log) if log is rejects else read

            return self._score(role, passes, {"source": "given", "file": file.name}, rejects)

    def _done(self, role: Role, asked: Mapping[str, Any]) -> Run | None:
        """The finished run of what is asked for, if there is one."""
        for run in reversed(self.runs):
            known = run.known_writer
            if known is None or not run.is_finished or not run.calibrates(self.run) or known.role != role:
                continue
            if known.of_run_no == self.run.run_no and asked.items() <= known.settings.items():
                return run
        return None

    def _questions(self) -> list[Trace]:
        store = DuckDBRunStore(self.database)

        def traces() -> Iterator[Trace]:
            for window in windows(self.run.n_traces):
                yield from store.traces(self.run.key, window.start, window.stop)

        found = questions_of(traces(), TemplatePolicy(self.run.template_policy))
        if not found:
            raise UsageError(
                "no question of this run can be asked",
                where=f"run {self.run.run_id}",
                expected=f"what the template policy `{self.run.template_policy}` makes a prompt of",
            )
        return choose_questions(found, self.settings.n_questions, self.settings.seed)

    def _writer(self, model: ScoredModel) -> Writer:
        trust, references = self.how.trust_remote_code, self.request.models.references
        # Loads no weights, and refuses models that are not those of the run.
        check_same(self.run.as_claim(self.run.name), make_backends(self.request))
        files = resolve(references[model.role])
        tokenizer = load_tokenizer(files, references[model.role].template, trust_remote_code=trust)
        policy, lender = self.request.template_policy, None
        if policy is TemplatePolicy.DISTILLED:
            distilled = references[Role.DISTILLED]
            lender = load_tokenizer(resolve(distilled), distilled.template, trust_remote_code=trust)
        return Writer(model, files, tokenizer, lender, policy, device=self.how.device, trust_remote_code=trust)

    def _score(
        self,
        role: Role,
        read_traces: Callable[[], Iterator[Trace]],
        settings: Mapping[str, Any],
        rejects: HeldRejectLog | None = None,
    ) -> KnownTextResult:
        """Score the text of a writer, and note whose it is."""
        store, unscored = DuckDBRunStore(self.database), UnscoredLog()
        request = replace(self.request, name=f"{self.run.name}, written by the {role}")
        backends = make_backends(request)
        check_same(self.run.as_claim(self.run.name), backends)

        def note(key: RunKey) -> None:
            register_writer(self.database, key, self.run.key, role, settings)
            if rejects is not None:
                rejects.save(beside(self.database, f".{key.run_id}.rejects.jsonl"))
            unscored.begin(
                beside(self.database, f".{key.run_id}.unscored.jsonl"),
                lambda: still_unscored(store, key, request.models.keys, ranked=False),
            )

        with closing(unscored):
            _, key = score_run(
                request,
                read_traces,
                store,
                backends=backends,
                on_stages=self.how.on_stages,
                on_claim=note,
                on_unscored=unscored.add,
            )
        return self._told(role, key, settings, rejects)

    def _told(
        self, role: Role, key: RunKey, settings: Mapping[str, Any], rejects: HeldRejectLog | None = None
    ) -> KnownTextResult:
        n_sentences, n_unscored = DuckDBRunStore(self.database).count_sentences(key)
        with open_reader(self.database) as reader:
            n_traces = next(run.n_traces for run in reader.runs() if run.run_id == key.run_id)
        n_cut, n_unasked = int(settings.get("n_cut", 0)), int(settings.get("n_unasked", 0))
        n_rejects, path = (0, None) if rejects is None else (rejects.n, rejects.path)
        return KnownTextResult(
            key.run_id, self.database, n_traces, n_sentences, n_unscored, role, n_cut, n_unasked, n_rejects, path
        )


def _digest(settings: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:8]
