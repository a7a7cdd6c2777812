"""Responses are draws from the model's own distribution, each from random numbers of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from rdpt_core.records import Message, ModelReference, Role, ScoredModel, TemplatePolicy, Trace
from rdpt_core.scoring.known_writers.drawing import CUT, UNASKED, DrawSettings, Writer, _digest, named, sampler
from rdpt_core.scoring.models.references import resolve
from rdpt_core.scoring.models.tokenization import load_tokenizer
from tests.support.tiny_models import save_model

SETTINGS = DrawSettings(n_questions=9, temperature=0.8, top_p=1.0, max_new_tokens=12, seed=3)


def questions(n: int = 5) -> list[Trace]:
    """Of different lengths, so that a batch is padded."""
    return [
        Trace(f"t{i}", f"q{i}", "", (Message("user", "What is 7 + 5? " * (i + 1)),), benchmark="b") for i in range(n)
    ]


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Writer:
    folder = save_model(tmp_path_factory.mktemp("known") / "student", seed=1, context_length=128)
    return writer_of(folder)


def writer_of(folder: Path, context_length: int = 128) -> Writer:
    files = resolve(ModelReference(str(folder)))
    tokenizer = load_tokenizer(files)
    model = ScoredModel(
        Role.STUDENT, str(folder), files.revision, "transformers", "float32", "own", 400, 1, context_length, "hash"
    )
    return Writer(model, files, tokenizer, None, TemplatePolicy.OWN, device="cpu", trust_remote_code=False)


def written(writer: Writer, given: list[Trace], settings: DrawSettings = SETTINGS) -> list[Trace]:
    asked = named(given, writer._scored, settings)
    return [trace for batch in writer.write(asked, 0, settings, quiet=True) for trace in batch]


def test_the_largest_score_is_a_draw_from_the_softmax() -> None:
    n = 20_000
    logits = torch.tensor([2.0, 1.0, 0.0, -1.0])
    seeds = [_digest(number) for number in range(n)]
    for temperature, top_p, kept in ((1.0, 1.0, 4), (0.5, 1.0, 4), (1.0, 0.7, 2)):
        scores = sampler(temperature, top_p, seeds)(torch.zeros(n, 1, dtype=torch.long), logits.repeat(n, 1))
        found = np.bincount(scores.argmax(dim=1).numpy(), minlength=4) / n
        expected = np.exp(logits.numpy() / temperature)
        expected[kept:] = 0
        expected /= expected.sum()
        # Four standard errors of the largest share.
        assert found == pytest.approx(expected, abs=4 * 0.5 / np.sqrt(n))


def test_a_response_is_that_of_a_loop_without_cache_or_padding(writer: Writer) -> None:
    settings = SETTINGS
    found = written(writer, questions())
    for trace in named(questions(), writer._scored, settings):
        prompt = writer._prompt(trace)
        assert isinstance(prompt, list)
        (expected,) = writer._responses([prompt], [trace], settings)
        generator = torch.Generator().manual_seed(
            int(_digest(settings.seed, "student", trace.benchmark, trace.question_id)[:15], 16)
        )
        ids = list(prompt)
        while len(ids) < len(prompt) + settings.max_new_tokens:
            with torch.inference_mode():
                logits = writer._model(torch.tensor([ids])).logits[0, -1].float()
            waits = torch.empty(len(logits)).exponential_(generator=generator)
            ids.append(int((torch.log_softmax(logits / settings.temperature, 0) - waits.log()).argmax()))
            if ids[-1] in writer._ends:
                break
        assert expected == ids[len(prompt) :]
        whole = writer._tokenizer.decode_response([i for i in expected if i not in writer._ends], prompt[-1])
        assert next(t for t in found if t.question_id == trace.question_id).response == whole


def test_the_seed_and_the_question_decide(writer: Writer) -> None:
    responses = [trace.response for trace in written(writer, questions())]
    assert responses == [trace.response for trace in written(writer, questions())]
    other = [trace.response for trace in written(writer, questions(), replace(SETTINGS, seed=4))]
    assert not set(responses) & set(other)
    assert len(set(responses)) == len(responses)


def test_what_the_model_does_not_end_is_kept_and_marked(writer: Writer) -> None:
    found = written(writer, questions())
    # Random weights end a response once in four hundred tokens.
    assert all(trace.meta[CUT] is True and trace.response for trace in found)


def test_the_end_of_the_context_cuts_too_and_a_longer_prompt_is_not_asked(writer: Writer) -> None:
    long = Trace("long", "long", "", (Message("user", "7 + 5 " * 200),), benchmark="b")
    settings = replace(SETTINGS, max_new_tokens=500)
    first, second = written(writer, [questions()[0], long], settings)
    assert first.meta == {CUT: True}
    assert first.response
    assert second.response == ""
    assert "context" in second.meta[UNASKED]


def test_a_long_prompt_takes_no_room_from_the_others_of_its_batch(writer: Writer) -> None:
    settings = replace(SETTINGS, max_new_tokens=60)
    long = Trace("long", "long", "", (Message("user", "7 + 5 " * 32),), benchmark="b")
    n_tokens = len(writer._prompt(long))
    assert 128 - 60 < n_tokens < 128, "it fits, and leaves less room than is asked for"
    (alone,) = written(writer, questions(1), settings)
    beside, _ = written(writer, [*questions(1), long], settings)
    assert beside == alone


def test_an_end_token_ends_a_response_and_is_no_part_of_it(tmp_path: Path) -> None:
    writer = writer_of(save_model(tmp_path / "student", seed=1, context_length=128))
    (one,) = written(writer, questions(1))
    prompt = writer._prompt(questions(1)[0])
    assert isinstance(prompt, list)
    asked = named(questions(1), writer._scored, SETTINGS)
    (token_ids,) = writer._responses([prompt], asked, SETTINGS)
    # What came fourth is now what ends.
    writer._ends[:] = [token_ids[3]]
    n = token_ids.index(token_ids[3])
    (ended,) = written(writer, questions(1))
    assert ended.meta == {CUT: False}
    assert ended.response == writer._tokenizer.decode_response(token_ids[:n], prompt[-1])
    assert one.response.startswith(ended.response)
