"""Further models for a finished run, without its file of traces and without scoring any model again.

The traces, and everything that decides how a model sees them, are in the database: template policy, whose marks of
thinking, what happens to long traces, how responses are cut. So a model that is added gets the numbers that it would
have got with the others.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace

from rdpt_core.errors import ModelError, UsageError
from rdpt_core.records import (
    MarksPolicy,
    ModelReference,
    Role,
    RunClaim,
    RunKey,
    TemplatePolicy,
    TemplateSettings,
    TooLong,
    Trace,
)
from rdpt_core.records.companions import CompanionClaim
from rdpt_core.scoring.backends.factory import make_backends
from rdpt_core.scoring.jobs.commits import OnUnscored
from rdpt_core.scoring.jobs.distributed.cluster import DistributedOptions
from rdpt_core.scoring.jobs.identity import (
    ADD_BY_SCORE,
    SCORING_VERSION,
    check_same_model_as_run,
    make_companion_claims,
    make_environment,
    make_variant_claims,
    read_again,
    survey_traces,
)
from rdpt_core.scoring.jobs.recorded_check import check_recorded
from rdpt_core.scoring.jobs.turns import OnStages, Turns, in_turn
from rdpt_core.scoring.jobs.windows import windows
from rdpt_core.scoring.models.prompts.chat_template import TEMPLATE_DATE
from rdpt_core.scoring.models.references import resolve, resolve_tokenizer
from rdpt_core.scoring.models.stored import stored_reference
from rdpt_core.scoring.models.tokenization import load_tokenizer
from rdpt_core.scoring.pipeline import check_engine, claims_with_checks, notes_of
from rdpt_core.scoring.request import RunStore, ScoreRequest
from rdpt_core.scoring.variants import base_of, with_variants
from rdpt_core.traces import Splitter, get_splitter

_LOGGER = logging.getLogger(__name__)

_OTHER_VERSION = "Score the traces again, with all models."


def add_models(
    request: ScoreRequest,
    source: RunClaim,
    run: RunKey,
    store: RunStore,
    *,
    known: Sequence[CompanionClaim] = (),
    on_stages: OnStages | None = None,
    on_claim: Callable[[RunKey], None] | None = None,
    on_unscored: OnUnscored | None = None,
    distributed: DistributedOptions | None = None,
) -> None:
    """Score a finished run's traces under further models, going on where an earlier process stopped.

    Args:
        request: its companions are added, variants too; it is otherwise what `as_scored` gives.
        source: the run.
        known: companions that the run has already, to be told of if a new one is the same model.
        on_stages: called after each model that was scored, with where its time went.
        on_claim: called once the models are known to the run, before anything is scored.
        on_unscored: called for each trace of which it is known in words why a model could not score it.
        distributed: workers of Ray score, instead of this process.

    Raises:
        UsageError: the run has another model of one of the names, or cannot be added to by this version.
        ServerGoneError: a server stopped answering; what was scored is stored, and the same call goes on from there.
        StoreError: the database was replaced meanwhile.
        RdptError: whatever makes it impossible, before the first model is loaded.
    """
    check_engine(request, distributed)
    splitter = _same_splitter(source)
    bases = dict.fromkeys(variant.role for variant in request.at_temperatures)
    backends = make_backends(request, (*bases, *request.models.companions))
    for backend in backends:
        if (made_of := base_of(backend.model.role)) is not None:
            check_same_model_as_run(request, backend, source, made_of)

    def read_traces() -> Iterator[Trace]:
        for window in windows(source.n_traces):
            yield from store.traces(run, window.start, window.stop)

    survey = survey_traces(read_traces(), request.template_policy)
    checks = []
    if request.check_recorded:
        checks = check_recorded(request, backends, read_again(read_traces, survey), survey.n_traces, splitter)
    n_bases = len(bases)
    claims = claims_with_checks(make_companion_claims(request, backends[n_bases:], survey, source.run_id), checks)
    if bases:
        environment = make_environment(request, backends[:n_bases], survey)
        claims += make_variant_claims(request.at_temperatures, source.models, source.identity, environment)
    named = {claim.model.role for claim in claims}
    others = [claim for claim in known if claim.model.role not in named]
    # Whoever is refused needs no notes.
    store.claim_companions(run, claims)
    # What is to be known of the models that were there was said when they were scored.
    before = set(notes_of(source, others))
    for note in notes_of(source, [*others, *claims]):
        if note not in before:
            _LOGGER.warning("%s", note)
    if on_claim is not None:
        on_claim(run)
    given = request, request.companions, source.n_traces, run, splitter, store
    turns = Turns(*given, on_stages, on_unscored, distributed, keeps_roles=True)
    with closing(in_turn(backends)) as waiting:
        for backend in itertools.islice(waiting, n_bases):
            turns.score(backend)
        turns.finish_variants()
        for backend in waiting:
            turns.score(backend)


def as_scored(
    request: ScoreRequest, source: RunClaim, distilled: ModelReference | None, *, has_own_marks: bool
) -> ScoreRequest:
    """The request with everything that the run decides.

    Args:
        distilled: where the run's distilled model is now; None for where it was. Only prompts by its template need it.
        has_own_marks: whether each role of the run saw marks of its own.

    Raises:
        UsageError: this version makes other numbers than the one that scored the run; or the distilled model is given
            where nothing asks for it, or not given where it is not known.
        ModelError: the distilled model is not the one of the run.
    """
    identity = source.identity
    versions = {"scoring_version": SCORING_VERSION, "template_date": TEMPLATE_DATE.isoformat()}
    for name, version in versions.items():
        if identity.get(name) != version:
            raise UsageError(
                "another version of this program scored the run, so that numbers of today cannot stand beside its own",
                where=f"run {source.run_id}",
                expected=f"{name} {version}",
                got=str(identity.get(name)),
                hint=_OTHER_VERSION,
            )
    _same_splitter(source)
    too_long = identity.get("too_long")
    if too_long not in list(TooLong):
        raise UsageError(
            "the run does not say what it does with long traces",
            where=f"run {source.run_id}",
            expected=" or ".join(TooLong),
            got=repr(too_long)[:80],
            hint=_OTHER_VERSION,
        )
    policy, models = TemplatePolicy(source.template_policy), request.models
    if policy is TemplatePolicy.DISTILLED:
        lender = _template_lender(source, distilled, trust_remote_code=request.trust_remote_code)
        models = replace(models, references={**models.references, Role.DISTILLED: lender})
    elif distilled is not None:
        raise UsageError(
            "no prompt of this run is made by its distilled model",
            where="--distilled with --add",
            expected=f"no such flag for a run with the template policy `{policy}`",
        )
    return replace(
        request,
        models=models,
        template_policy=policy,
        marks_policy=MarksPolicy.OWN if has_own_marks else MarksPolicy.WRITER,
        too_long=TooLong(too_long),
        splitter=source.splitter,
        name=source.name,
    )


def with_stored_models(request: ScoreRequest, source: RunClaim) -> ScoreRequest:
    """The request with the run's own models, of which its variants are made, as the run has used them.

    Raises:
        UsageError: one is served, and the run does not say how it is asked; or a further model is called as a variant.
        ModelError: one is not where it was.
    """
    references: dict[str, ModelReference] = {}
    for role in dict.fromkeys(variant.role for variant in request.variants):
        model = next(model for model in source.models if model.role == role)
        if model.backend != "transformers":
            raise UsageError(
                f"the run does not say how its {role} is asked, which is served",
                where="--add with --controls",
                expected=f"a {role} that runs here",
                got=f"backend {model.backend}",
                hint=ADD_BY_SCORE,
            )
        try:
            reference = stored_reference(model)
        except ModelError as error:
            error.hint = ADD_BY_SCORE
            raise
        settings = TemplateSettings.of(source.identity, role)
        references[Role(role)] = replace(reference, dtype=model.dtype, template=settings)
    return replace(request, models=with_variants(replace(request.models, references=references), request.variants))


def _same_splitter(source: RunClaim) -> Splitter:
    splitter = get_splitter(source.splitter)
    if splitter.version != source.splitter_version:
        raise UsageError(
            "another version of this program cut the responses of this run into sentences",
            where=f"run {source.run_id}",
            expected=f"version {splitter.version} of the splitter `{splitter.name}`",
            got=f"version {source.splitter_version}",
            hint=_OTHER_VERSION,
        )
    return splitter


def _template_lender(source: RunClaim, given: ModelReference | None, *, trust_remote_code: bool) -> ModelReference:
    """The run's distilled model, whose template makes all prompts, as one whose tokenizer alone is used."""
    model = next(model for model in source.models if model.role == Role.DISTILLED)
    settings = TemplateSettings.of(source.identity, Role.DISTILLED)
    runs_here = model.backend == "transformers"
    if given is None and not runs_here:
        raise UsageError(
            "prompts of this run are made by the distilled model's template, and the run does not say where its "
            "tokenizer is",
            where=f"run {source.run_id}, template policy `{source.template_policy}`",
            expected="--distilled FOLDER, with the tokenizer that the run was scored with",
            got=f"a distilled model of the backend {model.backend}",
        )
    reference = replace(given or stored_reference(model), template=settings)
    files = resolve(reference) if runs_here else resolve_tokenizer(reference.tokenizer or reference.model)
    tokenizer = load_tokenizer(files, settings, trust_remote_code=trust_remote_code)
    # The revision of a model that runs here covers its template; of others the run holds a hash.
    covered = files.revision if runs_here else tokenizer.prompt_hash()
    stored = model.revision if runs_here else source.identity["models"][Role.DISTILLED].get("prompt_hash")
    if (covered, tokenizer.hash) != (stored, model.tokenizer_hash):
        raise ModelError(
            "this is not the distilled model of the run, whose template makes its prompts",
            where=files.name,
            expected=f"{model.model} {model.revision}",
            got=f"{files.revision}, or another tokenizer",
            hint="Name it with --distilled REF.",
        )
    if runs_here:
        return reference
    return replace(reference, backend="openai", tokenizer=reference.tokenizer or reference.model)
