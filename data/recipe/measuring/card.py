"""Writes the cards, the README files beside the data and in each model folder.

The texts are in `cards/`; their `$names` are filled in with what was measured, so that no number in a card is
older than the files it describes. After a change of wording,
`python -m data.recipe.measure --data data --write-cards` writes the cards again without training.
"""

from pathlib import Path
from string import Template

from data.recipe.measuring.measurement import Measurement
from data.recipe.measuring.tables import (
    accuracy_table,
    benchmark_table,
    label_precision,
    origin_share,
    origin_table,
    place_table,
    remark_table,
    share_text,
)
from data.recipe.models.folders import ROLES

_TEXTS = Path(__file__).parent / "cards"


def write_cards(folder: Path, measurement: Measurement) -> None:
    """Writes `README.md` into the folder and into each of its model folders."""
    values = _values(measurement)
    for text_name, target in [("data", folder), *((role, folder / role) for role in ROLES)]:
        text = (_TEXTS / f"{text_name}.md").read_text(encoding="utf-8")
        (target / "README.md").write_text(Template(text).substitute(values), encoding="utf-8", newline="\n")


def _values(measurement: Measurement) -> dict[str, str]:
    n_teacher_traces = sum(record["model"] == "teacher" for record in measurement.distillation)
    values = {
        "accuracy_table": accuracy_table(measurement),
        "benchmark_table": benchmark_table(measurement),
        "origin_table": origin_table(measurement),
        "place_table": place_table(measurement),
        "remark_table": remark_table(measurement),
        "n_traces": f"{len(measurement.traces):,}",
        "n_sentences": f"{len(measurement.sentences):,}",
        "n_training_traces": f"{len(measurement.distillation):,}",
        "n_teacher_traces": f"{n_teacher_traces:,}",
        "n_own_traces": str(len(measurement.distillation) - n_teacher_traces),
        "teacher_recall": share_text(origin_share(measurement, "teacher", "Teacher")),
        "student_recall": share_text(origin_share(measurement, "student", "Student")),
        "amplified_boosted": share_text(origin_share(measurement, "amplified", "Boosted")),
        "teacher_precision": share_text(label_precision(measurement, "Teacher", "teacher")),
        "student_precision": share_text(label_precision(measurement, "Student", "student")),
        "none_student": share_text(origin_share(measurement, "none", "Student")),
    }
    for role in ROLES:
        values[f"{role}_parameters"] = f"{measurement.n_parameters[role]:,}"
    return values
