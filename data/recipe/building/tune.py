"""The two models that learn from teachers: distilled, with its checkpoints, and the mixture."""

import copy
import json
from collections.abc import Iterable, Mapping
from typing import Any

from transformers import LlamaForCausalLM

from data.recipe.building.candidates import TEACHERS, answering_teacher, teacher_problems
from data.recipe.building.distill import finetune
from data.recipe.building.place import Place
from data.recipe.models.folders import checkpoint_folder, folder_of, load_model, load_tokenizer, save_model
from data.recipe.models.sample import seed_of
from data.recipe.models.train import count_steps
from data.recipe.settings import SEED, Distillation
from data.recipe.shares import shares_of
from data.recipe.traces import read_jsonl, write_jsonl


def distil(place: Place) -> None:
    """Trains the distilled model on teacher A's chosen traces and the student's own, and saves checkpoints."""
    chosen = [*read_jsonl(place.chosen("teacher")), *read_jsonl(place.chosen("student"))]
    write_jsonl(place.out / "distillation.jsonl", chosen)
    settings = place.settings.distillation
    marked = checkpoint_steps(len(chosen), settings, place.settings.n_checkpoints)
    tokenizer = load_tokenizer(place.tokenizer)

    def keep(model: LlamaForCausalLM, step: int) -> None:
        if step in marked:
            # A copy: saving rounds, and training goes on unrounded.
            save_model(copy.deepcopy(model), tokenizer, checkpoint_folder(place.out, step))

    _tune(place, "distilled", chosen, keep)


def checkpoint_steps(n_traces: int, settings: Distillation, n_checkpoints: int) -> tuple[int, ...]:
    """Steps at a half, a quarter, an eighth … of a training, in order: most of what a model learns, it learns early.

    Raises:
        ValueError: if the training is too short for as many.
    """
    n_steps = count_steps(n_traces, settings.n_epochs)
    steps = tuple(n_steps >> n_halvings for n_halvings in range(n_checkpoints, 0, -1))
    if 0 in steps:
        raise ValueError(f"{n_steps} steps are too few for {n_checkpoints} checkpoints")
    return steps


def mix(place: Place) -> None:
    """Trains the mixture on chosen traces of both teachers and the student's own, and writes who holds which share."""
    rates = place.settings.routed_rates
    teachers = {problem.question_id: answering_teacher(problem, rates) for problem in teacher_problems(place.settings)}
    chosen: list[dict[str, Any]] = []
    for teacher in TEACHERS:
        chosen += [record for record in read_jsonl(place.chosen(teacher)) if teachers[record["question_id"]] == teacher]
    chosen += read_jsonl(place.chosen("student"))
    write_jsonl(place.out / "mixture.jsonl", chosen)
    _tune(place, "mixture", chosen, lambda model, step: None)
    shares = shares_of(chosen, load_tokenizer(place.tokenizer))
    text = json.dumps(shares, indent=2, sort_keys=True) + "\n"
    (folder_of(place.out, "mixture") / "shares.json").write_text(text, encoding="utf-8", newline="\n")


def _tune(place: Place, name: str, chosen: Iterable[Mapping[str, Any]], after_step: Any) -> None:
    student, tokenizer = load_model(folder_of(place.out, "student")), load_tokenizer(place.tokenizer)
    documents = [(record["question"], record["response"]) for record in chosen]
    settings = place.settings.distillation
    model = finetune(student, tokenizer, documents, settings, seed_of(SEED, name), name, after_step)
    save_model(model, tokenizer, folder_of(place.out, name))
