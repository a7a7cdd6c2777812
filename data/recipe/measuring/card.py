"""Writes the cards, the README files beside the data and in each model folder.

The texts are in `cards/`; their `$names` are filled in with what was measured and with the settings, so that no number
in a card is older than the files it describes. After a change of wording,
`python -m data.recipe.measure --data FOLDER --write-cards` writes the cards again without training.
"""

from collections.abc import Mapping
from pathlib import Path
from string import Template

from data.recipe.corpus.halves import other_of_pair
from data.recipe.corpus.origins import FURTHER_DECOYS
from data.recipe.measuring.measurement import Measurement
from data.recipe.measuring.tables import (
    accuracy_table,
    benchmark_table,
    checkpoint_table,
    closest_table,
    label_precision,
    length_text,
    origin_share,
    origin_table,
    place_table,
    remark_table,
    share_table,
    share_text,
)
from data.recipe.measuring.worded import example_rows, origin_rows, training_rows
from data.recipe.models.folders import COMPANIONS, ROLES, checkpoint_folder, folder_of
from data.recipe.models.train import BATCH_SIZE, count_steps
from data.recipe.settings import TRACE_TEMPERATURE, Settings

_TEXTS = Path(__file__).parent / "cards"
_TEXT_OF: Mapping[str, str] = dict.fromkeys(FURTHER_DECOYS, "further_decoy")
"""By model, its text, if that is not called like it."""
_MODES_OF = "teacher"
"""All writers of long traces have the same modes."""


def write_cards(folder: Path, measurement: Measurement, settings: Settings) -> None:
    """Writes `README.md` into the folder and into each of its model folders."""
    values = _values(measurement, settings)
    _write("data", folder, values)
    for name in (*ROLES, *COMPANIONS):
        target = folder_of(folder, name)
        _write(_TEXT_OF.get(name, name), target, values | _model_values(name, target, folder, measurement, settings))
    for step in measurement.steps:
        target = checkpoint_folder(folder, int(step))
        own = {"step": step, **_model_values(step, target, folder, measurement, settings)}
        _write("checkpoint", target, values | own)


def _write(text_name: str, target: Path, values: dict[str, str]) -> None:
    text = (_TEXTS / f"{text_name}.md").read_text(encoding="utf-8")
    (target / "README.md").write_text(Template(text).substitute(values), encoding="utf-8", newline="\n")


def _model_values(
    name: str, target: Path, folder: Path, measurement: Measurement, settings: Settings
) -> dict[str, str]:
    """What one card says of its own model."""
    values = {
        "name": name,
        "folder": target.relative_to(folder).as_posix(),
        "n_parameters": f"{measurement.models[name].n_parameters:,}",
        "question": measurement.traces[0]["question"],
    }
    schooling = settings.schooling.get(name)
    if schooling is not None:
        base, clean = schooling.phases
        values |= {
            "n_base": f"{base.n_documents:,}",
            "n_clean": f"{clean.n_documents:,}",
            "base_rate": f"{base.learning_rate:.2g}",
            "clean_rate": f"{clean.learning_rate:.2g}",
            "hidden_size": str(schooling.shape.hidden_size),
        }
        if schooling.writer in FURTHER_DECOYS:
            values["other"] = other_of_pair(schooling.writer)
    elif name == "mixture":
        n_traces = sum(counts["traces"] for counts in measurement.shares["counts"].values())
        values["n_steps"] = f"{count_steps(n_traces, settings.distillation.n_epochs):,}"
    return values


def _values(measurement: Measurement, settings: Settings) -> dict[str, str]:
    """What several cards say."""
    n_training = len(measurement.distillation)
    n_teacher_traces = sum(record["model"] == "teacher" for record in measurement.distillation)
    n_mixing = sum(counts["traces"] for counts in measurement.shares["counts"].values())
    distillation = settings.distillation
    modes = settings.schooling[_MODES_OF].phases[0].modes
    *first_steps, last_step = measurement.steps
    return {
        "accuracy_table": accuracy_table(measurement),
        "checkpoint_table": checkpoint_table(measurement),
        "benchmark_table": benchmark_table(measurement),
        "origin_table": origin_table(measurement),
        "place_table": place_table(measurement),
        "remark_table": remark_table(measurement),
        "share_table": share_table(measurement),
        "closest_table": closest_table(measurement, "traces.jsonl"),
        "closest_mixture_table": closest_table(measurement, "mixture_traces.jsonl"),
        "example_rows": example_rows(measurement),
        "origin_rows": origin_rows(measurement),
        "training_rows": training_rows(measurement, settings),
        "lengths": length_text(measurement),
        "steps": f"{', '.join(first_steps)} and {last_step}",
        "n_steps": f"{count_steps(n_training, distillation.n_epochs):,}",
        "n_traces": f"{len(measurement.traces):,}",
        "n_mixture_traces": f"{len(measurement.mixture_traces):,}",
        "n_sentences": f"{len(measurement.sentences()):,}",
        "n_training_traces": f"{n_training:,}",
        "n_teacher_traces": f"{n_teacher_traces:,}",
        "n_own_traces": f"{n_training - n_teacher_traces:,}",
        "n_mixing_traces": f"{n_mixing:,}",
        "n_common": f"{settings.schooling['base'].phases[0].n_documents:,}",
        "n_problems": str(settings.n_problems),
        "n_all_problems": f"{settings.n_problems * len(measurement.models['student'].accuracy):,}",
        "n_traced": str(settings.n_traced_problems),
        "n_resampled": str(settings.n_resampled_problems),
        "n_samples": str(settings.n_samples),
        "n_mixture_problems": str(settings.n_mixture_problems),
        "n_teacher_problems": str(distillation.n_teacher_problems),
        "n_own_problems": str(distillation.n_own_problems),
        "n_candidates": str(distillation.n_candidates),
        "n_epochs": str(distillation.n_epochs),
        "tune_rate": f"{distillation.learning_rate:.2g}",
        "candidate_temperature": str(distillation.temperature),
        "temperature": str(TRACE_TEMPERATURE),
        "batch_size": str(BATCH_SIZE),
        "rate_a": f"{settings.routed_rates['teacher']:.0%}",
        "rate_b": f"{settings.routed_rates['teacher_b']:.0%}",
        **{mode: f"{weight:.0%}" for mode, weight in modes.items()},
        "teacher_recall": share_text(origin_share(measurement, "teacher_a", "Teacher")),
        "student_recall": share_text(origin_share(measurement, "student", "Student")),
        "amplified_boosted": share_text(origin_share(measurement, "amplified", "Boosted")),
        "teacher_precision": share_text(label_precision(measurement, "Teacher", "teacher_a")),
        "student_precision": share_text(label_precision(measurement, "Student", "student")),
        "none_student": share_text(origin_share(measurement, "none", "Student")),
    }
