"""Sentences that a model draws: by its own probabilities, the same whatever is drawn beside them, and one each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from rdpt_core.errors import ModelError
from rdpt_core.records import DEFAULT_TEMPLATE, ModelReference, Span
from rdpt_core.records.importance import Sampling
from rdpt_core.scoring.importance import resampling
from rdpt_core.scoring.importance.cutting import CutTrace
from rdpt_core.scoring.importance.resampling import _Writer, draw_sentences
from rdpt_core.scoring.models.references import resolve
from rdpt_core.scoring.models.tokenization import RoleTokenizer, load_tokenizer
from rdpt_core.traces import get_splitter
from rdpt_core.traces.splitters.base import tile
from tests.support.tiny_models import save_model

SPLIT = get_splitter("sentence").split


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, RoleTokenizer]:
    folder = save_model(tmp_path_factory.mktemp("resampling") / "model")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    # What a model's files say of greedy choices and penalties is not how it draws.
    model.generation_config.update(repetition_penalty=3.0, suppress_tokens=list(range(5, 300)))
    return model, load_tokenizer(resolve(ModelReference(str(folder))), DEFAULT_TEMPLATE)


@pytest.fixture
def cuts(loaded: tuple[Any, RoleTokenizer]) -> list[CutTrace]:
    """Traces of different lengths, the last sentence of each the answer."""
    made = []
    for number, sentences in enumerate((["Okay, let me think. ", "So 7 + 5 = 12. "], ["Wait, no. "] * 3)):
        ids = [loaded[1].encode_response(text).token_id for text in ("What?", *sentences, "It is 12.")]  # type: ignore[union-attr]
        bounds = np.cumsum([len(part) for part in ids])
        spans = [Span(place, place + 1) for place in range(len(ids) - 1)]
        measured = tuple(range(len(sentences)))
        made.append(
            CutTrace(number, f"t{number}", spans, np.concatenate(ids), len(ids[0]), bounds, len(sentences), measured)
        )
    return made


def test_tokens_come_with_the_models_own_probabilities(loaded: tuple[Any, RoleTokenizer]) -> None:
    logits = torch.tensor([[0.0, 2.0, -1.0, 1.0], [3.0, 0.0, 0.0, -torch.inf]])
    rng = np.random.default_rng(0)
    for temperature in (0.7, 2.0):
        writer = _Writer(*loaded, SPLIT, Sampling(temperature=temperature))
        drawn = np.array(writer.choose(logits.repeat(4000, 1), rng.random(8000).tolist())).reshape(4000, 2)
        for row, column in zip(logits, drawn.T, strict=True):
            expected = (row / temperature).softmax(-1).numpy()
            found = np.bincount(column, minlength=4) / 4000
            # Five standard deviations of a share of 4,000 draws.
            assert (np.abs(found - expected) <= 5 * np.sqrt(expected * (1 - expected) / 4000)).all()


def test_a_row_without_probabilities_is_told(loaded: tuple[Any, RoleTokenizer]) -> None:
    writer = _Writer(*loaded, SPLIT, Sampling())
    assert writer.choose(torch.tensor([[0.0, torch.nan], [0.0, -torch.inf]]), [0.3, 0.3]) == [None, 0]


def split_after_vowels(text: str) -> list[Span]:
    """Sentences short enough for a random model to end some."""
    return tile([0, *(place for place in range(1, len(text)) if text[place - 1] in "aeiou")], len(text))


def test_a_drawn_sentence_is_the_first_of_what_the_model_writes(
    loaded: tuple[Any, RoleTokenizer], cuts: list[CutTrace], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resampling, "MAX_TOKENS", 10)
    model, tokenizer = loaded
    drawn = draw_sentences(model, tokenizer, split_after_vowels, cuts, Sampling(n_samples=3), None)
    kinds = []
    for cut, sentences in zip(cuts, drawn, strict=True):
        assert set(sentences) == set(cut.measured)
        for number, samples in sentences.items():
            assert len(samples) == 3
            for sample, drawn_ids in enumerate(samples):
                ids, before = drawn_ids.tolist(), cut.before(number)
                whole = _go_on(model, before, _numbers(cut, number, sample), model.generation_config.eos_token_id)
                assert ids == whole[: len(ids)]
                own, shorter = (tokenizer.decode_response(part, after=int(before[-1])) for part in (ids, ids[:-1]))
                assert not set(shorter) & set("aeiou")
                if len(ids) < len(whole):
                    assert set(own) & set("aeiou")
                kinds.append("cut" if len(ids) < len(whole) else "end" if len(ids) < 10 else "limit")
    assert {"cut", "limit"} <= set(kinds)


def _numbers(cut: CutTrace, number: int, sample: int) -> np.random.Generator:
    return np.random.default_rng([0, resampling._number_of(cut.trace_id), number, sample])


def _go_on(model: Any, prefix: Any, numbers: np.random.Generator, end: int) -> list[int]:
    """10 tokens after a prefix, or up to the end of the response, one whole pass each."""
    ids = prefix.tolist()
    for _ in range(10):
        with torch.no_grad():
            weights = model(torch.tensor([ids])).logits[0, -1].double().softmax(-1).cumsum(-1)
        token = int(torch.searchsorted(weights, numbers.random() * weights[-1:], right=True))
        if token == end:
            break
        ids.append(token)
    return [int(token) for token in ids[len(prefix) :]]


def test_what_is_drawn_does_not_depend_on_what_is_drawn_beside_it(
    loaded: tuple[Any, RoleTokenizer], cuts: list[CutTrace], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resampling, "MAX_TOKENS", 8)

    def draw(some: list[CutTrace], seed: int = 5) -> list[dict[int, list[list[int]]]]:
        drawn = draw_sentences(*loaded, SPLIT, some, Sampling(n_samples=2, seed=seed), None)
        return [{number: [ids.tolist() for ids in samples] for number, samples in one.items()} for one in drawn]

    together = draw(cuts)
    assert [draw([cut])[0] for cut in cuts] == together
    monkeypatch.setattr(resampling, "_IDS_TOGETHER", 1)
    assert draw(cuts) == together
    assert draw(cuts, seed=6) != together
    texts = [str(ids) for one in together for samples in one.values() for ids in samples]
    assert len(set(texts)) > len(texts) / 2


def test_nothing_is_drawn_where_it_would_not_fit(
    loaded: tuple[Any, RoleTokenizer], cuts: list[CutTrace], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resampling, "MAX_TOKENS", 6)
    cut = cuts[1]
    # Sentences have four tokens or more, so that room is left for the one that is taken out, and one token more.
    limit = len(cut.ids) - min(len(cut.sentence(number)) for number in cut.measured)
    for room in (0, 1, 3):
        (drawn,) = draw_sentences(*loaded, SPLIT, [cut], Sampling(), limit + room)
        for number, samples in drawn.items():
            most = limit + room - len(cut.before(number)) - len(cut.after(number))
            assert [len(ids) <= most for ids in samples] == [True] * (most > 0)


def test_short_memory_halves_what_is_drawn_together(
    loaded: tuple[Any, RoleTokenizer], cuts: list[CutTrace], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resampling, "MAX_TOKENS", 5)
    whole = draw_sentences(*loaded, SPLIT, cuts, Sampling(), None)
    real = loaded[0].generate

    def generate(most: int) -> Any:
        def short(*, input_ids: torch.Tensor, **arguments: Any) -> Any:
            if len(input_ids) > most:
                raise MemoryError("no more")
            return real(input_ids=input_ids, **arguments)

        return short

    monkeypatch.setattr(loaded[0], "generate", generate(2))
    for one, other in zip(whole, draw_sentences(*loaded, SPLIT, cuts, Sampling(), None), strict=True):
        assert {key: [ids.tolist() for ids in value] for key, value in one.items()} == {
            key: [ids.tolist() for ids in value] for key, value in other.items()
        }
    monkeypatch.setattr(loaded[0], "generate", generate(0))
    with pytest.raises(ModelError, match="memory does not hold"):
        draw_sentences(*loaded, SPLIT, cuts, Sampling(), None)
    assert loaded[0].generation_config.repetition_penalty == 3.0
