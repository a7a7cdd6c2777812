"""How much the answer of each trace depends on each sentence before it."""

from __future__ import annotations

import hashlib

from rdpt_core.analysis.catalog import finished_run
from rdpt_core.api.arguments import PathArgument, check_choice, check_device, check_integers, check_number, file_of
from rdpt_core.api.models import reference_of
from rdpt_core.api.results import ImportanceResult
from rdpt_core.errors import UsageError
from rdpt_core.records import Role, TemplatePolicy
from rdpt_core.records.importance import ImportanceMethod, Sampling
from rdpt_core.scoring.importance.job import ImportanceRequest, measure_importance
from rdpt_core.store.evidence.importance import DuckDBImportanceStore, importance_counts
from rdpt_core.store.own_marks import seen_marks
from rdpt_core.store.reader import Reader, Run, open_reader
from rdpt_core.traces.thinking import Spelling


def importance(
    db: PathArgument,
    *,
    run: str | None = None,
    method: str = "deletion",
    questions: int | None = None,
    samples: int = 1,
    temperature: float = 1.0,
    seed: int = 0,
    again: bool = False,
    distilled: PathArgument | None = None,
    device: str = "auto",
    quiet: bool = False,
    trust_remote_code: bool = False,
) -> ImportanceResult:
    """Measure how far ln p(answer) falls under the distilled model without each sentence before the answer.

    The result is stored beside the run, once for each method, and changes nothing else. The same call goes on where it
    was stopped.

    Args:
        db: the database file.
        run: the id or name of the scored run; by default the newest finished one.
        method: what takes a sentence's place: `"deletion"`, nothing; `"replacement"`, one that the model draws there.
        questions: only so many questions of the run, with all their traces; by default all.
        samples: sentences drawn in the place of each, by replacement; what is stored is the mean over them.
        temperature: of these draws, above 0.
        seed: of these draws.
        again: first drop what is stored by this method.
        distilled: where the run's distilled model is now; by default where it was when it scored the run.
        device: `"auto"`, `"cpu"`, `"cuda"` or `"cuda:N"`.
        quiet: draw no progress bar on standard error.
        trust_remote_code: run code that comes with the model.

    Returns:
        The pass, with how many traces this call measured.

    Raises:
        UsageError: there is no such finished run, it has no distilled model, or it is measured with other settings.
        ModelError: the model is not the one that scored the run, or cannot be loaded.
        StoreError: the database cannot be read or written.
    """
    database = file_of("db", db)
    check_choice("method", method, ImportanceMethod)
    check_integers(questions=questions, samples=samples)
    check_integers(least=0, seed=seed)
    check_number("temperature", temperature, above=0)
    check_device(device)
    with open_reader(database) as reader:
        chosen = _with_distilled(finished_run(reader, run))
        trace_nos = _traces_of(reader, chosen, questions)
    marks = (seen_marks(chosen.identity).own or {}).get(Role.DISTILLED)
    request = ImportanceRequest(
        run=chosen.key,
        trace_nos=trace_nos,
        model=next(model for model in chosen.models if model.role is Role.DISTILLED),
        template_policy=TemplatePolicy(chosen.template_policy),
        splitter=chosen.splitter,
        method=ImportanceMethod(method),
        sampling=Sampling(samples, float(temperature), seed),
        template=chosen.template_settings(Role.DISTILLED),
        marks=None if marks is None else Spelling(**marks),
        reference=None if distilled is None else reference_of(distilled),
        device=device,
        trust_remote_code=trust_remote_code,
        quiet=quiet,
    )
    store = DuckDBImportanceStore(database)
    if again:
        store.drop_importance(chosen.key, method)
    n_measured = measure_importance(request, store)
    with open_reader(database) as reader:
        counts = next(entry for entry in importance_counts(reader, chosen.run_no) if entry["method"] == method)
    return ImportanceResult(
        run_id=chosen.run_id,
        db=database,
        method=method,
        n_traces=len(trace_nos),
        n_measured=n_measured,
        n_without=counts["without"],
        n_sentences=counts["sentences"],
        n_same=counts["same"],
    )


def _traces_of(reader: Reader, run: Run, n_questions: int | None) -> list[int]:
    """The traces of some questions, by a hash of the questions' ids: a larger number holds those of a smaller one."""
    rows = reader.query("SELECT trace_no, question_id FROM traces WHERE run_no = ? ORDER BY trace_no", [run.run_no])
    questions = rows.column("question_id").to_pylist()
    ordered = sorted(set(questions), key=lambda name: hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest())
    kept = set(ordered[:n_questions])
    numbers = rows.column("trace_no").to_pylist()
    return [number for number, name in zip(numbers, questions, strict=True) if name in kept]


def _with_distilled(run: Run) -> Run:
    """The same run, if it has a distilled model."""
    if Role.DISTILLED not in run.roles:
        raise UsageError(
            "this run has no distilled model, whose answers these would be",
            where=f"run {run.run_id}",
            expected="a run with the role distilled",
            got=", ".join(run.roles),
        )
    return run
