"""From the models that the user named to one backend a role, each checked before anything slow starts."""

from __future__ import annotations

from rdpt_core.errors import UsageError
from rdpt_core.records import Role, TemplatePolicy
from rdpt_core.scoring.backends import Backend, Prompting, TransformersBackend, TransformersOptions
from rdpt_core.scoring.devices import resolve_device, resolve_dtype
from rdpt_core.scoring.references import resolve
from rdpt_core.scoring.request import ScoreRequest
from rdpt_core.scoring.tokenization import RoleTokenizer, load_tokenizer


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
    prompting = Prompting(request.template_policy, request.too_long)
    references = request.models.references
    files = {role: resolve(references[role]) for role in request.models.roles}
    device = resolve_device(request.device)
    tokenizers: dict[Role, RoleTokenizer] = {
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
                prompting=prompting,
                trust_remote_code=request.trust_remote_code,
                with_ranks=request.with_ranks,
            ),
        )
        for role in request.models.roles
    ]
