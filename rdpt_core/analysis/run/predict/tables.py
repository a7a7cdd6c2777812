"""Everything on correctness as rows, one a number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from rdpt_core.analysis.run.predict.added import Step
from rdpt_core.analysis.run.predict.aucs import ALL, AucRow
from rdpt_core.analysis.run.predict.graded import LENGTH
from rdpt_core.analysis.run.predict.odds import Beside
from rdpt_core.analysis.run.predict.prediction import Prediction
from rdpt_core.analysis.statistics.intervals import none_if_nan
from rdpt_core.analysis.statistics.regression.logistic import LogisticFit

P_VALUES = ("p_value", "p_holm")

_SCHEMA = pa.schema(
    [
        ("statistic", pa.string()),
        ("predictor", pa.string()),
        ("group", pa.string()),
        *((name, pa.float64()) for name in ("value", "low", "high")),
        ("n_questions", pa.int64()),
        ("n_traces", pa.int64()),
        ("no_interval_because", pa.string()),
        ("n_effective", pa.float64()),
        *((name, pa.float64()) for name in P_VALUES),
        ("estimator", pa.string()),
    ]
)


def prediction_table(prediction: Prediction) -> pa.Table:
    """One row an AUC, odds ratio, log loss or difference, with interval (NULL where refused), p-values and counts.

    `estimator` says how an odds ratio was found: by maximum likelihood, or, where outcomes are separated, Firth's way.
    """
    rows = [*_aucs("AUC", prediction.aucs), *_aucs("AUC without first tokens", prediction.without_first)]
    rows += list(_gaps(prediction))
    for beside in Beside:
        for row in prediction.fits:
            rows.append(_odds(f"odds ratio {beside}", row.predictor, row.fits[beside], row.p_holm[beside]))
    rows.append(_odds("odds ratio alone", LENGTH, prediction.length.line, float("nan")))
    rows.append(_misfit(prediction))
    rows += [row for step in prediction.added for row in _step(step, prediction)]
    return pa.Table.from_pylist([{k: _known(v) for k, v in row.items()} for row in rows], _SCHEMA)


def _known(value: Any) -> Any:
    return none_if_nan(value) if isinstance(value, float) else value


def _aucs(statistic: str, aucs: tuple[AucRow, ...]) -> Iterator[dict[str, object]]:
    for row in aucs:
        auc = row.auc
        yield {
            "statistic": statistic,
            "predictor": row.predictor,
            "group": row.group,
            "value": auc.value,
            "low": auc.low,
            "high": auc.high,
            "n_questions": auc.n_questions,
            "n_effective": auc.n_effective,
            "n_traces": auc.n_correct + auc.n_incorrect,
            "p_value": auc.p_value,
            "p_holm": row.p_holm,
            "no_interval_because": auc.refused,
        }


def _gaps(prediction: Prediction) -> Iterator[dict[str, object]]:
    for row in prediction.gaps:
        auc = prediction.auc(row.predictor, row.group).auc
        yield {
            "statistic": "AUC's distance from 0.5 less that of length",
            "predictor": row.predictor,
            "group": row.group,
            "value": row.gap.value,
            "low": row.gap.low,
            "high": row.gap.high,
            "n_questions": auc.n_questions,
            "n_effective": auc.n_effective,
            "n_traces": auc.n_correct + auc.n_incorrect,
            "no_interval_because": row.gap.refused,
        }


def _odds(statistic: str, predictor: str, fit: LogisticFit, p_holm: float) -> dict[str, object]:
    value, low, high = (float(np.exp(array[0])) for array in (fit.coefficient, fit.low, fit.high))
    estimator = f"Firth ({fit.separation} separation)" if fit.separation else "maximum likelihood"
    return {
        "statistic": statistic,
        "predictor": predictor,
        "group": ALL,
        "value": value,
        "low": low,
        "high": high,
        "n_questions": fit.n_questions,
        "n_effective": fit.n_effective,
        "n_traces": fit.n_traces,
        "p_value": float(fit.p_value[0]),
        "p_holm": p_holm,
        "estimator": None if fit.refused else estimator,
        "no_interval_because": fit.refused,
    }


def _misfit(prediction: Prediction) -> dict[str, object]:
    fit = prediction.length.line
    return {
        "statistic": "misfit of the straight line in length",
        "predictor": LENGTH,
        "group": ALL,
        "n_questions": fit.n_questions,
        "n_effective": fit.n_effective,
        "n_traces": fit.n_traces,
        "p_value": prediction.length.misfit_p,
        "no_interval_because": fit.refused,
    }


def _step(step: Step, prediction: Prediction) -> Iterator[dict[str, object]]:
    numbers = {f"log loss, {' + '.join(step.known)}": step.loss}
    if step.added is not None:
        numbers[f"log loss added by {step.known[-1]} to {' + '.join(step.known[:-1])}"] = step.added
    for statistic, mean in numbers.items():
        yield {
            "statistic": statistic,
            "predictor": step.known[-1],
            "group": ALL,
            "value": mean.value,
            "low": mean.low,
            "high": mean.high,
            "n_questions": mean.n_questions,
            "n_effective": float(mean.n_questions),
            "n_traces": prediction.n_graded,
            "no_interval_because": mean.refused,
        }
