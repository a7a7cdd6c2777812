"""The traces that are bundled: what the distilled model and the mixture say to held-out questions."""

from data.recipe.building.held_out import draw_held_out
from data.recipe.building.place import Place
from data.recipe.models.folders import folder_of, load_model, load_tokenizer
from data.recipe.models.sample import seed_of
from data.recipe.settings import SEED, TRACE_TEMPERATURE
from data.recipe.traces import draw_traces, trace_record, write_jsonl


def sample_distilled(place: Place) -> None:
    """Answers of the distilled model, several to some questions."""
    settings = place.settings
    several = [settings.n_samples] * settings.n_resampled_problems
    once = [1] * (settings.n_traced_problems - settings.n_resampled_problems)
    _sample(place, "distilled", [*several, *once], "traces.jsonl")


def sample_mixture(place: Place) -> None:
    """Answers of the mixture, one to a question."""
    _sample(place, "mixture", [1] * place.settings.n_mixture_problems, "mixture_traces.jsonl")


def _sample(place: Place, name: str, n_samples: list[int], file_name: str) -> None:
    """Writes traces of the first `len(n_samples)` problems of each benchmark."""
    model, tokenizer = load_model(folder_of(place.out, name)), load_tokenizer(place.tokenizer)
    by_benchmark = draw_held_out(place.settings).problems.values()
    problems = [problem for problems in by_benchmark for problem in problems[: len(n_samples)]]
    counts = n_samples * len(by_benchmark)
    seed, limit = seed_of(SEED, "traces"), place.settings.max_response_tokens
    traces = draw_traces(model, tokenizer, name, problems, counts, TRACE_TEMPERATURE, seed, limit)
    write_jsonl(place.out / file_name, map(trace_record, traces))
