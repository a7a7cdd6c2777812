"""What is built from what."""

import shutil
import tempfile
from functools import partial
from pathlib import Path

from data.recipe.building.bundle import sample_distilled, sample_mixture
from data.recipe.building.candidates import choose
from data.recipe.building.place import Place
from data.recipe.building.schedule import Stage, run_stages
from data.recipe.building.school import prepare, school
from data.recipe.building.triples import write_triples
from data.recipe.building.tune import distil, mix
from data.recipe.measuring.card import write_cards
from data.recipe.measuring.measurement import (
    measure_model,
    model_names,
    put_together,
    read_measured,
    write_measured,
)
from data.recipe.models.folders import COMPANIONS, DECOYS, ROLES, checkpoints
from data.recipe.settings import Settings


def build(settings: Settings, out: Path, n_processes: int = 2) -> dict[str, float]:
    """Builds models, traces and cards into a folder.

    Args:
        settings: Which size.
        out: Created where needed; files of an earlier build are overwritten.
        n_processes: How many stages run at once; the files are the same whatever the number.

    Returns:
        Seconds by stage.
    """
    out.mkdir(parents=True, exist_ok=True)
    # Their names are steps, which may differ from those of an earlier build.
    shutil.rmtree(out / "checkpoints", ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="recipe-") as work:
        return run_stages(stages(Place(settings, out, Path(work))), n_processes)


def stages(place: Place) -> list[Stage]:
    """Long ones and those that much waits for come first."""
    return [
        Stage("prepare", partial(prepare, place)),
        Stage("base", partial(school, place, "base"), ("prepare",)),
        Stage("teacher", partial(school, place, "teacher"), ("base",)),
        Stage("student", partial(school, place, "student"), ("base",)),
        Stage("teacher_b", partial(school, place, "teacher_b"), ("base",)),
        Stage("student chooses", partial(choose, place, "student"), ("student",)),
        Stage("teacher chooses", partial(choose, place, "teacher"), ("teacher",)),
        Stage("distilled", partial(distil, place), ("teacher chooses", "student chooses")),
        Stage("sibling", partial(school, place, "sibling"), ("base",)),
        *(Stage(decoy, partial(school, place, decoy), ("base",)) for decoy in DECOYS),
        Stage("teacher_b chooses", partial(choose, place, "teacher_b"), ("teacher_b",)),
        Stage("mixture", partial(mix, place), ("teacher chooses", "teacher_b chooses", "student chooses")),
        Stage("triples", partial(write_triples, place), ("distilled",)),
        Stage("traces", partial(sample_distilled, place), ("distilled",)),
        Stage("mixture traces", partial(sample_mixture, place), ("mixture",)),
        *(
            Stage(f"measuring {name}", partial(measure, place, name), ("traces", "mixture traces", name))
            for name in (*ROLES, *COMPANIONS)
        ),
        Stage("measuring checkpoints", partial(measure_checkpoints, place), ("traces",)),
        Stage(
            "cards",
            partial(write_all_cards, place),
            (*(f"measuring {name}" for name in (*ROLES, *COMPANIONS)), "measuring checkpoints"),
        ),
    ]


def measure(place: Place, name: str) -> None:
    """Measures a model and keeps the numbers for the cards."""
    write_measured(place.measured(name), measure_model(place.out, name, place.settings.max_response_tokens))


def measure_checkpoints(place: Place) -> None:
    """Measures the checkpoints, whose names are known only once they are there."""
    for step in checkpoints(place.out):
        measure(place, str(step))


def write_all_cards(place: Place) -> None:
    """Writes the cards from what was measured."""
    models = {name: read_measured(place.measured(name)) for name in model_names(place.out)}
    write_cards(place.out, put_together(place.out, models), place.settings)
