"""How a table or a figure was made, as a paragraph: two sentences that a paper can take, then the details."""

from __future__ import annotations

from collections.abc import Sequence

from rdpt_core import __version__
from rdpt_core.analysis.labels import LabelRule, Space, Unit, writing_role
from rdpt_core.analysis.schemes import WITHOUT_TEACHER, Scheme, scheme_of
from rdpt_core.analysis.statistics.methods import Method, cited
from rdpt_core.analysis.which_teacher import OWN, chosen_teacher, has_several, teacher_choices, teacher_name
from rdpt_core.records import MarksPolicy, Role, ScoredModel
from rdpt_core.store.own_marks import seen_marks
from rdpt_core.store.reader import Run

_POLICIES = {
    "own": "each model saw the question through its own chat template",
    "distilled": "all models saw the question through the distilled model's chat template",
    "raw": "all models saw the prompt field as it was",
}


def methods_paragraph(
    run: Run,
    rule: LabelRule,
    scope_words: str,
    extra: Sequence[str | Method] = (),
    *,
    scheme: Scheme | None = None,
) -> str:
    """What was labelled and how numbers were made, in two sentences; then run, models with revisions, scoring, label
    rule, traces looked at, what `extra` says, and versions.

    Args:
        scope_words: which traces were looked at, as `Scope.words` says it.
        extra: methods of this table or figure, and whole sentences about it.
        scheme: by what was labelled, if not by all models of the run.
    """
    scheme = scheme_of(run.roles) if scheme is None else scheme
    methods = [item for item in extra if isinstance(item, Method)]
    sentences = [
        _labelled(run, rule, scheme),
        _computed(methods),
        f"Details: run {run.run_id} ({run.name}), {run.n_traces:,} traces (hash {run.traces_hash}), was scored by "
        f"teacher forcing under {'; '.join(_model(run, model) for model in run.models)}.",
        *(_which_teacher(run) if Role.TEACHER in scheme.roles else ()),
        f"Template policy {run.template_policy}: {_POLICIES.get(run.template_policy, 'see the run')}; a role whose "
        f"model has no template had a plain rendering: {_plain(run)}.{_template_settings(run)}",
        *_seen_marks(run),
        f"Sentences were cut by the splitter {run.splitter}, version {run.splitter_version}.",
        _value(rule, run.roles),
        _rule(rule, scheme),
        f"Traces looked at: {scope_words}. Unscored sentences carry no label and were not counted.",
        _marks(rule),
        *(cited(item) if isinstance(item, Method) else item for item in extra),
        _versions(run),
    ]
    return " ".join(sentences)


def _labelled(run: Run, rule: LabelRule, scheme: Scheme) -> str:
    models = [f"the {_titled(run, model)} {model.model}" for model in run.models if model.role in scheme.roles]
    per = "byte" if rule.unit is Unit.BYTE else "token"
    alpha = f"alpha = {rule.alpha:g}, " if scheme.is_triple else ""
    return (
        f"Each sentence of the reasoning traces was labelled by its probability per {per} under "
        f"{', '.join(models[:-1])} and {models[-1]} ({alpha}beta = {rule.beta:g}; {_source(scheme)})."
    )


def _source(scheme: Scheme) -> str:
    after = "after arXiv 2512.20908, without its teacher"
    return after if scheme is WITHOUT_TEACHER else "arXiv 2512.20908"


def _computed(methods: Sequence[Method]) -> str:
    if not methods:
        return "The numbers are counts and values of single sentences, without intervals or tests."
    names = list(dict.fromkeys(f"{method.name} ({method.source})" for method in methods))
    listed = ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1]
    return f"The independent unit of all statistics is the question, known by its id or its text; given are: {listed}."


def _model(run: Run, model: ScoredModel) -> str:
    titled = _titled(run, model)
    return f"{titled} = {model.model}, revision {model.revision} ({model.backend}, {model.precision})"


def _titled(run: Run, model: ScoredModel) -> str:
    """`teacher`, or `teacher “code”` where the run could be seen with another one."""
    name = teacher_name(run) if model.role == Role.TEACHER else None
    return str(model.role) if name is None else f"{model.role} “{name}”"


def _which_teacher(run: Run) -> list[str]:
    """Nothing where the run has one teacher only."""
    if not has_several(run):
        return []
    choices = teacher_choices(run)
    names = [choice.name or OWN for choice in choices if not choice.is_control]
    if not any(model.role == Role.TEACHER for model in run.own_models):
        names = names[1:]
    controls = [choice.name or "" for choice in choices if choice.is_control]
    told = f"The run's possible teachers are: {', '.join(names)}" if names else "The run has no teacher"
    told += f"; its controls, which taught nobody, are: {', '.join(controls)}." if controls else "."
    if chosen_teacher(run).is_control:
        told += " The teacher meant here is a control."
    return [told]


def _template_settings(run: Run) -> str:
    given = [f"{model.role} {settings}" for model in run.models if (settings := str(run.template_settings(model.role)))]
    return f" Settings of chat templates: {'; '.join(given)}." if given else ""


def _plain(run: Run) -> str:
    return ", ".join(str(model.role) for model in run.models if model.template == "plain") or "none"


def _seen_marks(run: Run) -> list[str]:
    """Nothing where every model saw the response as it was written."""
    marks = seen_marks(run.identity)
    if marks.policy is MarksPolicy.WRITER:
        return []
    seen = [f"{role} {marks.family(role) or 'as written'}" for role in run.roles]
    return [f"The thinking was marked for each model as its own family marks it: {', '.join(seen)}."]


def _value(rule: LabelRule, roles: tuple[str, ...]) -> str:
    divisor = {
        Unit.OWN_TOKEN: "the number of the model's own tokens in it",
        Unit.COMMON_TOKEN: f"the number of the {writing_role(roles)} model's tokens in it, for every model",
        Unit.BYTE: "its length in UTF-8 bytes, for every model",
    }[rule.unit]
    mean = f"A sentence's summed logprob was divided by {divisor}"
    if rule.space is Space.RATIO:
        return f"{mean}; these means v, in nats, were compared (unit {rule.unit}, space ratio)."
    return f"{mean}, and v is the exponential of this mean (unit {rule.unit}, space difference)."


def _rule(rule: LabelRule, scheme: Scheme) -> str:
    gap = " - ".join(f"v_{letter}" for letter in scheme.letters)
    clauses = f"{scheme.above} if {gap} > {rule.beta:g}, {scheme.below} if {gap} < -{rule.beta:g}, else {scheme.rest}."
    if scheme.alike is None:
        return f"Labels: {clauses}"
    return f"Labels: {scheme.alike} if no two values differ by more than alpha = {rule.alpha:g}, else {clauses}"


def _marks(rule: LabelRule) -> str:
    marks = "Marks of format, such as tags around thinking and tokens that end a turn,"
    return f"{marks} {'were labelled and counted like sentences' if rule.marks else 'carry no label either'}."


def _versions(run: Run) -> str:
    packages = dict(run.environment[-1].get("packages", {})) if run.environment else {}
    scored = ", ".join(f"{name} {version}" for name, version in sorted(packages.items()))
    made = f" Scored with {scored}." if scored else ""
    return f"Made with RDPT Explorer {__version__}; the run was {_state(run)}.{made}"


def _state(run: Run) -> str:
    return f"finished {run.finished_at:%Y-%m-%d %H:%M} UTC" if run.finished_at else "not finished"
