"""From the models that the user named to a backend for each, which is checked before anything slow starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rdpt_core.config.named import table_of
from rdpt_core.errors import ModelError, UsageError
from rdpt_core.records import MarksPolicy, ModelReference, Role, TemplatePolicy
from rdpt_core.scoring.backends.base import Backend, Prompting
from rdpt_core.scoring.backends.in_process import TransformersBackend, TransformersOptions
from rdpt_core.scoring.backends.lending import LentBase
from rdpt_core.scoring.models.devices import resolve_device, resolve_dtype
from rdpt_core.scoring.models.prompts.families import check_own_marks, own_marks
from rdpt_core.scoring.models.prompts.templates import own_template
from rdpt_core.scoring.models.references import ModelFiles, resolve, resolve_tokenizer, tokenizer_key
from rdpt_core.scoring.models.tokenization import RoleTokenizer, load_tokenizer
from rdpt_core.scoring.request import ScoreRequest


def make_backends(request: ScoreRequest, keys: Sequence[str] | None = None) -> list[Backend]:
    """Resolve every model of the run and check it, without loading weights: the triple, then its companions.

    Args:
        keys: the roles that are scored, if not all. Of the others the distilled model is still asked for its template,
            where the policy says so.

    Raises:
        ModelError: a model is missing or unusable.
        InputError: recorded logprobs that cannot be read, or are not what a model gives at temperature 1.
        ServerGoneError: a server does not answer.
        UsageError: the distilled model's template is asked for, and no distilled model has one; or marks of the models'
            own are, where texts are as they were recorded.
    """
    models = request.models
    chosen = models.keys if keys is None else tuple(keys)
    lends_template = request.template_policy is TemplatePolicy.DISTILLED
    if lends_template and Role.DISTILLED not in models.roles:
        raise UsageError(
            "there is no distilled model whose template could be used",
            where="--template distilled",
            expected="a run with the role `distilled`",
            got=", ".join(models.roles),
        )
    if request.marks_policy is MarksPolicy.OWN:
        check_own_marks(request)
    # Files first, all roles: a wrong path is reported before a server is asked or weights are hashed.
    asked = [key for key in models.keys if key in chosen or (lends_template and key == Role.DISTILLED)]
    references = {key: models.reference(key) for key in asked}
    files = {key: _files(key, reference) for key, reference in references.items()}
    tokenizers = _load_tokenizers(files, references, request.trust_remote_code)
    for key, reference in references.items():
        _check_template(request.template_policy, key, reference, tokenizers.get(key))
    lent = LentBase()
    backends = [make_backend(request, key, files[key], tokenizers, lent) for key in asked if key in chosen]
    for model_files in files.values():
        if model_files is not None:
            model_files.check_unchanged()
    return backends


def _load_tokenizers(
    files: Mapping[str, ModelFiles | None], references: Mapping[str, ModelReference], trust_remote_code: bool
) -> dict[str, RoleTokenizer]:
    """Every role's tokenizer. Roles whose files are the same share one: large ones take seconds to load."""
    loaded: dict[str, RoleTokenizer] = {}
    tokenizers = {}
    for role, model_files in files.items():
        if model_files is None:
            continue
        key = tokenizer_key(model_files)
        if key not in loaded:
            loaded[key] = load_tokenizer(model_files, references[role].template, trust_remote_code=trust_remote_code)
        tokenizers[role] = loaded[key].lent_to(model_files.name, references[role].template)
    return tokenizers


def make_backend(
    request: ScoreRequest,
    role: str,
    files: ModelFiles | None,
    tokenizers: dict[str, RoleTokenizer],
    lent: LentBase | None = None,
) -> Backend:
    """The backend of one role. `files` and `tokenizers` are those that were found; recordings may do without.

    Args:
        lent: shared by roles of one run, which then load a base that they share once.
    """
    reference = request.models.reference(role)
    marks = own_marks(role, reference, tokenizers[role]) if request.marks_policy is MarksPolicy.OWN else None
    prompting = Prompting(request.template_policy, request.too_long, marks)
    distilled = tokenizers.get(Role.DISTILLED)
    if request.template_policy is TemplatePolicy.DISTILLED and distilled is None:
        raise UsageError(
            "the distilled model's template is asked for, and it has no tokenizer here",
            where="--template distilled",
            expected="`tokenizer` in the table [distilled]",
            got=f"a distilled model of the backend {request.models.references[Role.DISTILLED].backend}",
        )
    if request.with_ranks and reference.backend != "transformers":
        raise UsageError(
            "ranks come from models that run here",
            where="--ranks",
            expected='backend = "transformers" for every role',
            got=f"{role}: {reference.backend}",
        )
    if reference.backend == "openai":
        # The HTTP client is needed for served models only.
        from rdpt_core.scoring.backends.served.backend import ServedBackend

        return ServedBackend(role, reference, tokenizers[role], distilled, prompting)
    if reference.backend == "recorded":
        from rdpt_core.scoring.backends.recorded.backend import RecordedBackend

        lends_template = role == Role.DISTILLED and request.template_policy is TemplatePolicy.DISTILLED
        return RecordedBackend(
            role, reference, tokenizers.get(role), lends_template=lends_template, trust=request.trust_recorded
        )
    if files is None:
        raise ValueError("a model of this machine has files")
    device = resolve_device(request.device)
    options = TransformersOptions(
        device=device,
        dtype=resolve_dtype(reference.dtype if request.dtype == "auto" else request.dtype, device),
        batch_tokens=request.batch_tokens,
        prompting=prompting,
        trust_remote_code=request.trust_remote_code,
        with_ranks=request.with_ranks,
        temperatures=request.temperatures_of(role),
    )
    return TransformersBackend(role, files, tokenizers[role], distilled, options, lent or LentBase())


def make_live_backend(request: ScoreRequest, role: str) -> TransformersBackend:
    """The model that `check_with` of a recorded role names, which runs here as that role would.

    Raises:
        ModelError: it is missing or unusable.
        UsageError: the role names none; settings of a chat template that it does not take.
    """
    recorded = request.models.reference(role)
    if recorded.check_with is None:
        raise UsageError(
            "there is no model to check these recordings with",
            where=f"--check-recorded, {role}",
            expected="the model that was recorded, under the key check_with",
            got="none",
            hint=f"`check_with = MODEL` in the table {table_of(role)}, or recorded:FILE,check_with=MODEL.",
        )
    own = request.models.with_references({role: replace(recorded.check_with, template=recorded.template)})
    lends_template = request.template_policy is TemplatePolicy.DISTILLED
    models = own.only(role, Role.DISTILLED) if lends_template else own.only(role)
    references = {key: models.reference(key) for key in models.keys}
    files = {key: _files(key, reference) for key, reference in references.items()}
    tokenizers = _load_tokenizers(files, references, request.trust_remote_code)
    _check_template(request.template_policy, role, references[role], tokenizers.get(role))
    alone = replace(request, models=models, with_ranks=False, variants=())
    backend = make_backend(alone, role, files[role], tokenizers)
    if not isinstance(backend, TransformersBackend):
        raise ValueError("`check_with` names a model of this machine")
    return backend


def _check_template(
    policy: TemplatePolicy, role: str, reference: ModelReference, tokenizer: RoleTokenizer | None
) -> None:
    """See that a model's chat template can render what it is asked to, if it makes any prompt.

    Raises:
        ModelError: it cannot.
        UsageError: settings that no prompt would show: the template is not used, or knows no such argument.
    """
    given = reference.template
    is_asked = reference.backend != "recorded" or policy is TemplatePolicy.DISTILLED
    template = own_template(policy, role, tokenizer) if is_asked else None
    if template is None:
        # Recordings need no prompt; settings are then those of the model that they are checked with.
        if given.to_json() and reference.check_with is None:
            raise UsageError(
                "a chat template is given settings, and makes no prompt of this run",
                where=f"{role} {reference.model}".rstrip(),
                expected="settings for a model whose chat template is used",
                got=f"{', '.join(given.to_json())} under --template {policy}",
            )
        return
    known = template.names() if given.arguments else frozenset()
    unknown = given.arguments.keys() - known
    if unknown:
        raise UsageError(
            "the chat template of this model reads no such argument",
            where=f"{role} {reference.model}".rstrip(),
            expected=" or ".join(sorted(known))[:400] or "no argument, since it reads none",
            got=", ".join(sorted(unknown)),
        )
    template.check()


def _files(role: str, reference: ModelReference) -> ModelFiles | None:
    """The files of a model that runs here, or of a tokenizer that is used here."""
    if reference.backend == "transformers":
        return resolve(reference)
    if reference.tokenizer is not None:
        return resolve_tokenizer(reference.tokenizer)
    if reference.backend == "recorded":
        return None
    if not reference.model:
        raise ModelError(
            "a served model needs its tokenizer on this machine",
            where=str(role),
            expected="tokenizer = a folder or hub name, or `model` if that is one",
            got="neither",
        )
    return resolve_tokenizer(reference.model)
