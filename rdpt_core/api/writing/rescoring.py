"""More from a scored run: other sentences from the same logprobs, and scores with little context."""

from __future__ import annotations

from collections.abc import Iterable

from rdpt_core.analysis.catalog import finished_run, resplit_source
from rdpt_core.analysis.schemes import scheme_of
from rdpt_core.api.arguments import PathArgument, check_device, check_integers, file_of
from rdpt_core.api.models import reference_of
from rdpt_core.api.results import LocalScoreResult, RunResult
from rdpt_core.errors import UsageError
from rdpt_core.records import ROLES, Role, TemplatePolicy
from rdpt_core.records.companions import CompanionClaim
from rdpt_core.scoring.local_context import (
    DEFAULT_CONTEXT,
    DEFAULT_CONTEXT_WITH_PROMPT,
    LocalRequest,
    score_locally,
)
from rdpt_core.scoring.resplit import resplit_run
from rdpt_core.store.own_marks import seen_marks
from rdpt_core.store.reader import Reader, Run, open_reader
from rdpt_core.store.run_store import DuckDBRunStore
from rdpt_core.traces import DEFAULT_SPLITTER, Splitter, get_splitter
from rdpt_core.traces.thinking import Spelling


def resplit(
    db: PathArgument, splitter: str = DEFAULT_SPLITTER, *, run: str | None = None, name: str | None = None
) -> RunResult:
    """Make a new run from a scored one by cutting its responses into other sentences, without a model.

    Token logprobs are stored, so the result is the run that `score` with this splitter would have made. The same call
    goes on where it was stopped, and does nothing if the new run is finished. Companions that are finished come along.

    Args:
        db: the database file.
        splitter: `"sentence"`, `"line"`, `"paragraph"` or `"step"`.
        run: the id or name of the scored run; by default the newest finished one.
        name: a name for the new run; by default that of the old one and the splitter.

    Returns:
        The new run.

    Raises:
        UsageError: there is no such splitter or finished run, or the run has this splitter already.
        StoreError: the database cannot be read or written.
    """
    database = file_of("db", db)
    chosen_splitter = get_splitter(splitter)
    with open_reader(database) as reader:
        source = _source(reader, run, chosen_splitter)
    new_name = name or f"{source.name.removesuffix(f', by {source.splitter}')}, by {chosen_splitter.name}"
    store = DuckDBRunStore(database)
    companions = [
        CompanionClaim(companion.model, companion.state.identity, companion.state.environment[-1])
        for companion in source.companions
        if companion.is_finished
    ]
    made = resplit_run(source.as_claim(new_name), source.key, chosen_splitter, store, companions)
    n_sentences, n_unscored = store.count_sentences(made)
    return RunResult(made.run_id, database, source.n_traces, n_sentences, n_unscored)


def _source(reader: Reader, key: str | None, splitter: Splitter) -> Run:
    """The run to cut again."""
    run = finished_run(reader, key)
    if (run.splitter, run.splitter_version) != (splitter.name, splitter.version):
        return run
    # The same command given again finds its own result as the newest run: what that was made from is meant.
    source = resplit_source(reader, run) if key is None else None
    if source is None:
        raise UsageError(
            "this run has that splitter already",
            where=f"run {run.run_id}",
            expected="another --splitter",
            got=f"{splitter.name} {splitter.version}",
        )
    return source


def score_local(
    db: PathArgument,
    *,
    run: str | None = None,
    context: int | None = None,
    with_prompt: bool = False,
    roles: str | Iterable[str] | None = None,
    teacher: PathArgument | None = None,
    student: PathArgument | None = None,
    distilled: PathArgument | None = None,
    device: str = "auto",
    quiet: bool = False,
    trust_remote_code: bool = False,
) -> LocalScoreResult:
    """Score each sentence of a run with only the few sentences before it in view.

    Without the prompt this is what the strategy `lalp` needs of the student. With the prompt in view of every sentence
    it tells which labels do not need the rest of the response: the column `by_itself` of `.sentences()`. The result is
    stored beside the run, once for every kind of context and role, and changes nothing else. The same call goes on
    where it was stopped.

    Args:
        db: the database file.
        run: the id or name of the scored run; by default the newest finished one.
        context: sentences in view of each sentence; by default 4, or 1 with the prompt.
        with_prompt: keep the prompt in view of every sentence, and not of the first `context` ones only.
        roles: some of the run's roles, as a list or separated by commas; by default the student, or with the prompt
            the two that labels compare.
        teacher: where the run's teacher is now; by default where it was when it scored the run.
        student: the same for the student.
        distilled: the same for the distilled model.
        device: `"auto"`, `"cpu"`, `"cuda"` or `"cuda:N"`.
        quiet: draw no progress bar on standard error.
        trust_remote_code: run code that comes with a model.

    Returns:
        The pass, with how many traces this call scored.

    Raises:
        UsageError: there is no such finished run, it has no such role, a place is given for a model that is not asked,
            or prompts cannot be made from a model alone.
        ModelError: a model is not the one that scored the run, or cannot be loaded.
        StoreError: the database cannot be read or written.
    """
    database = file_of("db", db)
    check_integers(context=context)
    check_device(device)
    with open_reader(database) as reader:
        chosen = finished_run(reader, run)
    asked = _asked_roles(chosen, roles, with_prompt=with_prompt)
    places = {
        role: place for role, place in zip(ROLES, (teacher, student, distilled), strict=True) if place is not None
    }
    for role in places:
        if role not in asked:
            raise UsageError(
                "a model is given for a role that is not scored",
                where=f"--{role}",
                expected=f"no such flag with --roles {','.join(asked)}",
            )
    if context is None:
        context = DEFAULT_CONTEXT_WITH_PROMPT if with_prompt else DEFAULT_CONTEXT
    marks = seen_marks(chosen.identity).own or {}
    store = DuckDBRunStore(database)
    n_scored: dict[str, int] = {}
    for role in asked:
        spelling = marks.get(role)
        request = LocalRequest(
            run=chosen.key,
            n_traces=chosen.n_traces,
            model=next(model for model in chosen.models if model.role is role),
            template_policy=TemplatePolicy(chosen.template_policy),
            template=chosen.template_settings(role),
            marks=None if spelling is None else Spelling(**spelling),
            n_context=context,
            with_prompt=with_prompt,
            reference=None if role not in places else reference_of(places[role]),
            device=device,
            trust_remote_code=trust_remote_code,
            quiet=quiet,
        )
        n_scored[str(role)] = score_locally(request, store)
    total = sum(n_scored.values())
    return LocalScoreResult(chosen.run_id, database, context, chosen.n_traces, total, with_prompt, n_scored)


def _asked_roles(run: Run, roles: str | Iterable[str] | None, *, with_prompt: bool) -> tuple[Role, ...]:
    """The roles to score, in the order of every table."""
    if roles is None:
        scheme = scheme_of(run.roles)
        compared = (scheme.upper, scheme.lower)
        return tuple(role for role in ROLES if role in compared) if with_prompt else (Role.STUDENT,)
    names = [name.strip() for name in (roles.split(",") if isinstance(roles, str) else roles) if name.strip()]
    found = tuple(role for role in ROLES if role in names and role in run.roles)
    if not names or len(found) != len(names):
        raise UsageError(
            "the run cannot be scored under these roles",
            where="--roles",
            expected=f"some of `{','.join(run.roles)}`, each once",
            got=f"`{','.join(names)}`",
        )
    return found
