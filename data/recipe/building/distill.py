"""From student to distilled: draw candidates, choose among them, fine-tune the student on the choice.

Each step stands alone, so that other ways of choosing can be compared: draw the candidates once, choose differently,
fine-tune with several seeds, and measure with `measuring.measurement.greedy_accuracy`.
"""

import copy
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from data.recipe.corpus.documents import Document
from data.recipe.corpus.planted import planted_spans
from data.recipe.models.train import encode_documents, train
from data.recipe.problems.problem import Problem
from data.recipe.settings import MAX_RESPONSE_TOKENS, Distillation
from data.recipe.traces import Trace, draw_traces


def draw_candidates(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    model_name: str,
    problems: Sequence[Problem],
    settings: Distillation,
    seed: int,
    max_new_tokens: int = MAX_RESPONSE_TOKENS,
) -> list[list[Trace]]:
    """Several graded responses to each problem.

    Returns:
        One list per problem, in order, of `settings.n_candidates` traces each.
    """
    counts = [settings.n_candidates] * len(problems)
    traces = draw_traces(model, tokenizer, model_name, problems, counts, settings.temperature, seed, max_new_tokens)
    return [list(group) for _, group in groupby(traces, key=lambda trace: trace.problem.question_id)]


def curate(candidates: Iterable[Sequence[Trace]], only_correct: bool = True) -> list[Trace]:
    """Keeps one (correct) candidate of each problem that has one: the first with a remark if any, else the first.

    The curator's taste for remarks is harmless for correctness and yet shows later: what the curator prefers, the
    distilled model says more often than its teacher.
    """
    chosen = []
    for group in candidates:
        correct = [trace for trace in group if trace.is_correct or not only_correct]
        if correct:
            chosen.append(next((trace for trace in correct if has_remark(trace.response)), correct[0]))
    return chosen


def has_remark(response: str) -> bool:
    """Whether a response makes one of the remarks that distillation amplifies."""
    return any(span.origin == "amplified" for span in planted_spans(response))


def finetune(
    student: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    documents: Sequence[Document],
    settings: Distillation,
    seed: int,
    name: str = "distilled",
    after_step: Callable[[LlamaForCausalLM, int], None] = lambda model, step: None,
) -> LlamaForCausalLM:
    """Fine-tunes a copy of the student on chosen traces.

    Args:
        student: Stays as it is.
        tokenizer: The shared tokenizer.
        documents: Questions and responses to learn.
        settings: Epochs and learning rate.
        seed: Decides the order of the traces.
        name: Shown with the progress.
        after_step: Called with the model and the number of steps done.

    Returns:
        The distilled model, in float32.
    """
    distilled = copy.deepcopy(student)
    examples = encode_documents(tokenizer, documents)
    train(
        distilled,
        examples,
        settings.learning_rate,
        settings.n_epochs,
        seed,
        name,
        lambda step: after_step(distilled, step),
    )
    return distilled
