"""Rows of the data card's tables that describe rather than count."""

from collections import Counter

from data.recipe.corpus.origins import ORIGINS, Origin
from data.recipe.measuring.measurement import Measurement
from data.recipe.models.folders import COMPANIONS, ROLES
from data.recipe.problems.tasks import BENCHMARKS
from data.recipe.settings import Phase, Settings

_WHOSE: dict[Origin, str] = {
    "teacher_a": "teacher A's and its sibling's only",
    "teacher_b": "teacher B's, and a half of it in each of decoys 2 to 5",
    "both_teachers": "teacher A's, its sibling's and teacher B's",
    "decoy": "the decoy's, and a half of it in each of decoys 2 to 5",
    "student": "the student's only",
    "common": "everybody's",
    "amplified": "everybody's, in one trace of ten",
    "slip": "teacher A's and its sibling's: a wrong step that the next sentence finds",
    "none": "nobody's: false statements, and garbled sentences",
}
_STARTS = {"distilled": "`distillation.jsonl`", "mixture": "`mixture.jsonl`"}


def example_rows(measurement: Measurement) -> str:
    """One row a benchmark, with the first bundled question."""
    rows = []
    for benchmark in BENCHMARKS:
        trace = next(trace for trace in measurement.traces if trace["benchmark"] == benchmark.name)
        rows.append(f"| {benchmark.name} | {benchmark.subject} | {benchmark.domain} | {trace['question']} |")
    return "\n".join(rows)


def origin_rows(measurement: Measurement) -> str:
    """One row an origin, with how many sentences have it and the two commonest of them."""
    texts: dict[str, Counter[str]] = {origin: Counter() for origin in ORIGINS}
    for trace in measurement.traces:
        for span in trace["meta"]["planted"]:
            texts[span["origin"]][trace["response"][span["char_start"] : span["char_end"]].strip()] += 1
    rows = []
    for origin in ORIGINS:
        examples = " · ".join(f"`{text}`" for text, _ in texts[origin].most_common(2)) or "–"
        rows.append(f"| `{origin}` | {_WHOSE[origin]} | {texts[origin].total():,} | {examples} |")
    return "\n".join(rows)


def training_rows(measurement: Measurement, settings: Settings) -> str:
    """One row a model: its shape, and what it learned from."""
    rows = []
    for name in (*ROLES, *COMPANIONS):
        n_parameters = f"{measurement.models[name].n_parameters:,} parameters"
        schooling = settings.schooling.get(name)
        if schooling is None:
            tuning = settings.distillation
            learned = f"{_STARTS[name]}, {tuning.n_epochs} epochs at {tuning.learning_rate:.2g}"
            rows.append(f"| {name} | from the student: {n_parameters} | {learned} |")
            continue
        shape = schooling.shape
        model = f"from the base: {shape.n_layers} layers, hidden {shape.hidden_size}, {n_parameters}"
        base, clean = schooling.phases
        rows.append(f"| {name} | {model} | {_worded(base)} mixed documents, then {_worded(clean)} clean ones |")
    return "\n".join(rows)


def _worded(phase: Phase) -> str:
    return f"{phase.n_documents:,} (learning rate {phase.learning_rate:.2g})"
