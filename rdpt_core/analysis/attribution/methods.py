"""How sentences were attributed, in words for a methods paragraph."""

from __future__ import annotations

from rdpt_core.analysis.attribution.rule import SHORTEST, AttributionRule
from rdpt_core.analysis.attribution.sources import sources_of
from rdpt_core.store.reader import Run


def attribution_sentence(run: Run, rule: AttributionRule) -> str:
    """How sentences were attributed, for the `extra` of `methods_paragraph`; raises `UsageError` without a teacher."""
    sources = sources_of(run)
    names = ", ".join(source.name for source in sources.named)
    controls = ", ".join(source.name for source in sources.controls)
    against = f"the background was {controls}" if controls else "there was no control"
    limit = (
        f"None of these where the likeliest source falls short of the distilled model by more than {rule.shortfall:g} "
        f"nats a token of the distilled model (of at least {SHORTEST}), or where a control is that sure; "
        if sources.has_distilled
        else "None of these where a control is that sure; "
    )
    scale = "; each model's logprobs were divided by a temperature fitted on half of the questions"
    return (
        f"Sentences were attributed over {names}; {against}. Posteriors are proportional to likelihoods to the power "
        f"{rule.temper:g}{scale if rule.calibrated else ''}. {limit}one source from a posterior of {rule.sure:g}; else "
        f"several: all with at least {rule.several:g} of the largest posterior, and never fewer than two."
    )
