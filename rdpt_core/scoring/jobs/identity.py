"""What names a run, and a companion within it: everything that changes a number, and nothing that does not."""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
import logging
import platform
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from rdpt_core import __version__
from rdpt_core.errors import InputError, ModelError
from rdpt_core.records import CompanionRole, MarksPolicy, RunClaim, ScoredModel, TemplatePolicy, Trace
from rdpt_core.records.companions import CompanionClaim, Variant
from rdpt_core.scoring.backends.base import Backend
from rdpt_core.scoring.backends.served.greeting import ServedAs, check_same_model
from rdpt_core.scoring.jobs.previews import PROMPTS, preview_roles
from rdpt_core.scoring.models.devices import resolve_device
from rdpt_core.scoring.models.prompts.chat_template import TEMPLATE_DATE
from rdpt_core.scoring.models.prompts.notes import prompt_notes, tool_call_notes
from rdpt_core.scoring.models.prompts.templates import lack
from rdpt_core.scoring.request import ScoreRequest
from rdpt_core.scoring.variants import VARIANT, variant_identity
from rdpt_core.traces import Splitter, none_renders, trace_to_json
from rdpt_core.traces.respelling import opened
from rdpt_core.traces.thinking import Spelling

SCORING_VERSION = "6"
"""Part of every run's identity. Raise it whenever the same inputs would give other numbers."""

SERVED = "served"
"""Key of the environment: for each served role, where and how its server answered."""

RECORDED = "recorded"
"""Key of the environment: for each recorded role, what its records say and what was undone or trusted."""

NOTES = "notes"
"""Key of the environment: what is to be known of prompts and recordings, as texts; absent if there is nothing."""

ADD_BY_SCORE = "The command that scored the run adds them, too, with --controls; it scores nothing twice."
"""What to do where the run does not lead to its models any more."""

_N_LOOKED_AT = 64
"""Traces of which the prompts are looked at before scoring."""
_N_ENCODED = 8
"""Those among them that are cut into tokens."""

_LOGGER = logging.getLogger(__name__)

_PACKAGES = ("torch", "transformers", "tokenizers", "nltk", "duckdb", "numpy", "pyarrow")
_EXTRAS = ("peft",)


@dataclass(frozen=True, slots=True)
class TraceSurvey:
    """What one pass over the input finds.

    Attributes:
        first: the first traces that have a prompt.
        calling: the first of those with tool calls in their conversation; `n_calling` counts them all.
    """

    traces_hash: str
    n_traces: int
    first: tuple[Trace, ...] = field(default=(), compare=False)
    calling: tuple[Trace, ...] = field(default=(), compare=False)
    n_calling: int = field(default=0, compare=False)


def survey_traces(traces: Iterable[Trace], policy: TemplatePolicy) -> TraceSurvey:
    """Hash and count the traces, and check that the template policy finds what it needs in some of them.

    Raises:
        InputError: no trace at all, or none that the policy can render.
    """
    pass_, n_lacking, n_calling = _Pass(), 0, 0
    first: list[Trace] = []
    calling: list[Trace] = []
    for trace in traces:
        is_lacking = lack(policy, trace) is not None
        n_lacking += is_lacking
        if not is_lacking and len(first) < _N_LOOKED_AT:
            first.append(trace)
        if not is_lacking and any(message.tool_calls for message in trace.messages):
            n_calling += 1
            if len(calling) < _N_LOOKED_AT:
                calling.append(trace)
        pass_.add(trace)
    if pass_.n_traces == 0:
        raise InputError(
            "there is no trace to score",
            expected="at least one valid line in the files of traces",
            got="none",
            hint="`rdpt validate --traces FILE` says what is wrong with each line.",
        )
    if n_lacking == pass_.n_traces:
        raise none_renders(policy, pass_.n_traces)
    return replace(pass_.survey(), first=tuple(first), calling=tuple(calling), n_calling=n_calling)


def read_again(read_traces: Callable[[], Iterable[Trace]], survey: TraceSurvey) -> Iterator[Trace]:
    """A later pass over the same input.

    Raises:
        InputError: before the first trace too many, or at the end, if the traces are not those of the survey.
    """
    pass_ = _Pass()
    try:
        traces = itertools.islice(read_traces(), survey.n_traces + 1)
        for trace in traces:
            pass_.add(trace)
            if pass_.n_traces <= survey.n_traces:
                yield trace
        got = pass_.survey()
    except InputError:
        # Such as that the file is empty by now.
        got = TraceSurvey("", 0)
    if got != survey:
        difference = {survey.n_traces: "others", survey.n_traces + 1: "more"}
        raise InputError(
            "the file of traces changed while it was read",
            expected=f"the {survey.n_traces:,} traces that it held at first",
            got=difference.get(got.n_traces, f"{got.n_traces:,}"),
            hint="Nothing was stored. Of a file that is still being written, score a copy.",
        )


class _Pass:
    """Hashes and counts the traces of one pass."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self.n_traces = 0

    def add(self, trace: Trace) -> None:
        self._digest.update(trace_to_json(trace).encode("utf-8"))
        self._digest.update(b"\n")
        self.n_traces += 1

    def survey(self) -> TraceSurvey:
        return TraceSurvey(self._digest.hexdigest(), self.n_traces)


def make_claim(request: ScoreRequest, backends: Sequence[Backend], survey: TraceSurvey, splitter: Splitter) -> RunClaim:
    """The identity of a run, and what is known of it besides.

    How a server answers is in the environment, since it cannot be hashed: it may differ a little from time to time.

    Args:
        backends: those of the triple. Companions are no part of a run's identity.
    """
    identity: dict[str, Any] = {
        "scoring_version": SCORING_VERSION,
        "traces_hash": survey.traces_hash,
        "template_policy": request.template_policy,
        "template_date": TEMPLATE_DATE.isoformat(),
        "too_long": request.too_long,
        "splitter": [splitter.name, splitter.version],
        "models": {backend.model.role: _model_identity(request, backend) for backend in backends},
    }
    if request.marks_policy is MarksPolicy.OWN:
        identity["own_marks"] = {backend.model.role: _marks_identity(backend) for backend in backends}
    return RunClaim(
        run_id=make_run_id(identity),
        name=request.name,
        identity=identity,
        environment=_environment(request, backends, survey),
        models=tuple(_named(request, backend) for backend in backends),
        template_policy=request.template_policy,
        splitter=splitter.name,
        splitter_version=splitter.version,
        traces_hash=survey.traces_hash,
        n_traces=survey.n_traces,
    )


def make_companion_claims(
    request: ScoreRequest, backends: Sequence[Backend], survey: TraceSurvey, run_id: str
) -> list[CompanionClaim]:
    """What names each companion within its run, and what is known of it besides.

    Args:
        backends: those of the companions.
    """
    claims = []
    variants = {variant.key: variant for variant in request.variants}
    for backend in backends:
        identity: dict[str, Any] = {"model": _model_identity(request, backend)}
        if request.marks_policy is MarksPolicy.OWN:
            identity["own_marks"] = _marks_identity(backend)
        environment = _environment(request, [backend], survey)
        variant = variants.get(backend.model.role)
        if variant is not None:
            identity["model"][VARIANT] = variant_identity(variant)
            environment = _without_notes(environment)
        check = functools.partial(check_served, environment, f"run {run_id}") if SERVED in environment else None
        claims.append(CompanionClaim(_named(request, backend), identity, environment, check))
    return claims


def make_variant_claims(
    variants: Sequence[Variant], models: Sequence[ScoredModel], identity: Mapping[str, Any], environment: dict[str, Any]
) -> list[CompanionClaim]:
    """What names each variant at another temperature within its run, and what is known of it besides.

    Args:
        models: those of the triple.
        identity: of the run.
        environment: of the process that scores the variants' roles.
    """
    claims = []
    for variant in variants:
        model = next(model for model in models if model.role == variant.role)
        known: dict[str, Any] = {
            "model": {**identity["models"][variant.role], VARIANT: variant_identity(variant)},
        }
        if identity.get("own_marks") is not None:
            known["own_marks"] = identity["own_marks"][variant.role]
        begins = environment[PROMPTS].get(variant.role)
        own = {**_without_notes(environment), PROMPTS: {} if begins is None else {variant.key: begins}}
        own = {key: value for key, value in own.items() if key not in (SERVED, RECORDED)}
        renamed = replace(model, role=variant.key, name=CompanionRole.parse(variant.key).name)
        claims.append(CompanionClaim(renamed, known, own))
    return claims


def make_environment(request: ScoreRequest, backends: Sequence[Backend], survey: TraceSurvey) -> dict[str, Any]:
    """What is known of these models and of this process, and changes no number."""
    return _environment(request, backends, survey)


def _without_notes(environment: dict[str, Any]) -> dict[str, Any]:
    """What is to be known of a variant's prompts is said of its role."""
    return {key: value for key, value in environment.items() if key != NOTES}


def check_same_model_as_run(request: ScoreRequest, backend: Backend, source: RunClaim, role: str) -> None:
    """See that a model is the one that scored a role of a run, and sees the same.

    Raises:
        ModelError: it is another one.
    """
    models, marks = source.identity.get("models") or {}, source.identity.get("own_marks") or {}
    now = _model_identity(request, backend)
    if now == models.get(role) and (not marks or _marks_identity(backend) == marks.get(role)):
        return
    model = next(model for model in source.models if model.role == role)
    raise ModelError(
        f"this is not the {role} that scored the run",
        where=f"--controls, {backend.model.model}",
        expected=f"{model.model} @ {model.revision}, {model.dtype}",
        got=f"{backend.model.revision}, {backend.model.dtype}, or another tokenizer or template",
        hint=ADD_BY_SCORE,
    )


def _named(request: ScoreRequest, backend: Backend) -> ScoredModel:
    """The model with the name that the user gave it."""
    return replace(backend.model, name=request.models.name_of(backend.model.role))


def _environment(request: ScoreRequest, backends: Sequence[Backend], survey: TraceSurvey) -> dict[str, Any]:
    """What is known of these models and of this process, and changes no number."""
    environment = {
        **describe_environment(resolve_device(request.device)),
        PROMPTS: preview_roles(backends, survey.first[:_N_ENCODED]),
    }
    served = {backend.model.role: backend.served.to_json() for backend in backends if backend.served is not None}
    recorded = {backend.model.role: backend.recorded for backend in backends if backend.recorded is not None}
    notes = [note for verdict in recorded.values() for note in verdict.notes]
    notes += [
        note
        for backend in backends
        if (template := backend.chat_template) is not None
        for note in (
            *prompt_notes(backend.model.role, template, _as_seen(survey.first, backend.own_marks)),
            *tool_call_notes(backend.model.role, template, survey.calling, survey.n_calling),
        )
    ]
    found = {
        SERVED: served,
        RECORDED: {role: verdict.to_json() for role, verdict in recorded.items()},
        NOTES: notes,
    }
    return environment | {key: value for key, value in found.items() if value}


def _as_seen(traces: Sequence[Trace], marks: Spelling | None) -> Sequence[Trace]:
    """Traces in the marks in which a role sees them, opened where its prompt will have opened them."""
    return traces if marks is None else [replace(trace, response=opened(trace.response, marks)) for trace in traces]


def check_served(
    environment: Mapping[str, Any], place: str, earlier: Sequence[Mapping[str, Any]], scored: Collection[str]
) -> dict[str, Any]:
    """See that what is served now is what scored the run so far, wherever it is served.

    Args:
        environment: of this process.
        place: names the run in messages.
        earlier: the environments of the processes that worked on the run, the last one last.
        scored: roles that have scored a trace. Of another one no number is known yet that could differ.

    Returns:
        The environment to store. Of a role that has scored it holds the answer of then: compared with the one before
        it only, answers could walk any distance in small steps.

    Raises:
        ModelError: a server answers otherwise.
    """
    served = dict(environment[SERVED])
    for role in served.keys() & scored:
        now, before = ServedAs.from_json(served[role]), last_served(earlier, role)
        if now is None:
            raise ValueError("a claim holds what `ServedAs.to_json` gave")
        check_same_model(now, before, f"{place}, {role}")
        if before is not None:
            if before.address != now.address:
                _LOGGER.warning("the %s answers at %s as it did at %s: going on", role, now.address, before.address)
            served[role] = replace(now, logprobs=before.logprobs).to_json()
    return {**environment, SERVED: served}


def last_served(environments: Sequence[Mapping[str, Any]], role: str) -> ServedAs | None:
    """How the server of a role answered last; None if it is not told, or badly."""
    served = [environment.get(SERVED) for environment in environments]
    entries = [entry[role] for entry in served if isinstance(entry, Mapping) and role in entry]
    return ServedAs.from_json(entries[-1] if entries else None)


def _model_identity(request: ScoreRequest, backend: Backend) -> dict[str, Any]:
    model = backend.model
    known: dict[str, Any] = {
        # A local folder is named by its contents: where it lies changes no number.
        "model": None if model.revision.startswith("sha256:") else model.model,
        "revision": model.revision,
        "backend": model.backend,
        "dtype": model.dtype,
        "template": model.template,
        "tokenizer_hash": model.tokenizer_hash,
    }
    if model.backend == "openai":
        # It is the server's setting, not the model's, and decides how much of a long trace is scored.
        known["context_length"] = model.context_length
    if backend.prompt_hash is not None:
        known["prompt_hash"] = backend.prompt_hash
    return {**known, **_template_settings(request, backend)}


def _marks_identity(backend: Backend) -> dict[str, str] | None:
    """Spelled out: a family may be known by another spelling tomorrow."""
    return None if backend.own_marks is None else backend.own_marks._asdict()


def _template_settings(request: ScoreRequest, backend: Backend) -> dict[str, Any]:
    """Those of recordings that make no prompt are for a check of them, and change no number."""
    is_used = backend.model.backend != "recorded" or backend.chat_template is not None
    return request.models.reference(backend.model.role).template.to_json() if is_used else {}


def make_run_id(identity: dict[str, Any]) -> str:
    """The name of an identity: 16 hexadecimal digits of a hash over it."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]


def describe_environment(device: str) -> dict[str, Any]:
    """Versions and machine, stored with the run so that a number can be traced to what computed it."""
    import torch

    from rdpt_core.scoring.engine.processor import kernels_of_this_processor

    packages = {name: version(name) for name in (*_PACKAGES, *filter(find_spec, _EXTRAS))}
    on_gpu = device.startswith("cuda")
    return {
        "rdpt_explorer": __version__,
        "python": platform.python_version(),
        "system": platform.system(),
        "device": device,
        "device_name": torch.cuda.get_device_name(0) if on_gpu else platform.machine(),
        "kernels": "cuda" if on_gpu else kernels_of_this_processor().name,
        "packages": packages,
    }
