"""The tokenizer, and models that learn from random weights."""

from random import Random
from typing import Literal

from data.recipe.building.held_out import draw_held_out
from data.recipe.building.place import Place
from data.recipe.corpus.documents import Document, make_documents
from data.recipe.corpus.origins import WRITERS, Writer
from data.recipe.corpus.planted import planted_spans
from data.recipe.models.folders import load_model, load_tokenizer, new_model, save_model
from data.recipe.models.sample import seed_of
from data.recipe.models.tokenizer import build_tokenizer
from data.recipe.models.train import encode_documents, train
from data.recipe.problems.problem import Signature
from data.recipe.settings import SEED, Phase
from data.recipe.traces import problem_record, write_jsonl


def prepare(place: Place) -> None:
    """Writes the held-out problems and the tokenizer, which has seen every writer."""
    settings = place.settings
    held_out = draw_held_out(settings)
    write_jsonl(place.out / "problems.jsonl", map(problem_record, held_out.all_problems))
    modes = {
        schooling.writer: schooling.phases[0].modes
        for schooling in settings.schooling.values()
        if schooling.writer != "common"
    }
    rng = Random(f"{SEED} tokenizer")
    n_each = settings.n_tokenizer_documents // len(WRITERS)
    documents = [
        document
        for writer in WRITERS
        for document in make_documents(
            writer, Phase(n_each, 0.0, modes[writer], is_base=False), held_out.signatures, rng
        )
    ]
    build_tokenizer(documents, settings.vocabulary_size).save_pretrained(place.tokenizer)


def school(place: Place, name: str) -> None:
    """Trains a model on the documents of its writer, and saves it.

    Documents are drawn anew for every model, so that a sibling shares nothing but the pools and the base.
    """
    schooling = place.settings.schooling[name]
    tokenizer = load_tokenizer(place.tokenizer)
    taken = draw_held_out(place.settings).signatures
    if schooling.starts_from is None:
        model = new_model(schooling.shape, tokenizer, seed_of(SEED, name))
    else:
        model = load_model(place.schooled(schooling.starts_from))
    for number, phase in enumerate(schooling.phases, start=1):
        documents = _documents(schooling.writer, phase, taken, Random(f"{SEED} {name} phase {number}"))
        examples = encode_documents(tokenizer, documents)
        title = f"{name}, phase {number} of {len(schooling.phases)}"
        train(model, examples, phase.learning_rate, 1, seed_of(SEED, name, number), title)
    save_model(model, tokenizer, place.schooled(name))


def _documents(
    writer: Writer | Literal["common"], phase: Phase, taken: frozenset[Signature], rng: Random
) -> list[Document]:
    if writer != "common":
        return make_documents(writer, phase, taken, rng)
    documents = make_documents("student", phase, taken, rng)
    return [(question, common_part(response)) for question, response in documents]


def common_part(response: str) -> str:
    """A response without the sentences that not every writer says."""
    return "".join(
        response[span.char_start : span.char_end]
        for span in planted_spans(response)
        if span.origin in ("common", "amplified")
    ).strip()
