"""The verdict over a role's recordings: used, refused, undone or trusted, and what is stored of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rdpt_core.errors import InputError
from rdpt_core.records import Role
from rdpt_core.scoring.backends.recorded.judgement import Verdict, judge
from rdpt_core.scoring.backends.recorded.recording import Recording, Sampling
from tests.unit.scoring.backends.recorded.conftest import log_softmax, recording_of, sampled_from

N_VOCABULARY = 300
LOGITS = np.random.default_rng(1).normal(size=(300, N_VOCABULARY)) * 3
IDS = np.argmax(LOGITS + np.random.default_rng(2).gumbel(size=LOGITS.shape), axis=1).tolist()
OWN = log_softmax(LOGITS)[np.arange(len(IDS)), IDS]


def whole(divisor: float = 1.0, nucleus: float = 1.0, n: int | None = N_VOCABULARY, **stated: Any) -> Recording:
    sampling = Sampling(**stated) if stated else None
    return recording_of(sampled_from(LOGITS, divisor, nucleus), IDS, n, sampling=sampling)


def judged(
    *recordings: Recording, temperature: float | None = None, trust: bool = False
) -> tuple[Verdict, list[Recording]]:
    return judge(Role.TEACHER, recordings, temperature=temperature, n_vocabulary=N_VOCABULARY, trust=trust)


def refusal(*recordings: Recording, temperature: float | None = None, trust: bool = False) -> str:
    with pytest.raises(InputError) as raised:
        judged(*recordings, temperature=temperature, trust=trust)
    assert raised.value.exit_status == 2
    return str(raised.value)


@pytest.mark.parametrize("trust", [False, True])
@pytest.mark.parametrize("temperature", [None, 1.0])
def test_a_models_own_numbers_are_used_as_they_are(temperature: float | None, trust: bool) -> None:
    verdict, (used,) = judged(whole(), temperature=temperature, trust=trust)
    assert used.logprob == pytest.approx(OWN, abs=1e-5)
    # Alternatives of every token are many; nothing after this needs them.
    assert used.alternatives is None
    # Trust without a need for it names no other run.
    assert (verdict.words, verdict.notes, verdict.trusted) == ("recorded", (), ())


def test_a_nucleus_is_refused_with_what_was_seen_and_the_ways_out() -> None:
    text = refusal(whole(0.6, 0.95))
    assert text.startswith("recorded logprobs are not what the model gives at temperature 1: teacher; ")
    assert "written tokens have probability 0" in text
    assert "alternatives of probability 0" in text
    assert "r.jsonl:1" in text
    assert "--trust-recorded" in text
    assert "raw_logprobs" in text


def test_what_was_cut_off_is_not_undone_nor_trusted_into_a_calculation() -> None:
    for trust in (False, True):
        text = refusal(whole(0.6, 0.95), temperature=0.6, trust=trust)
        assert "cannot be put back" in text
        assert "Without the key `temperature`, `--trust-recorded`" in text


def test_a_temperature_is_undone_and_named() -> None:
    verdict, (used,) = judged(whole(0.6, temperature=0.6), temperature=0.6)
    assert used.logprob == pytest.approx(OWN, abs=1e-5)
    assert used.alternatives is None
    assert verdict.words == "recorded, temperature 0.6 undone"
    assert verdict.to_json() == {
        "n_recordings": 1,
        "stated": {"temperature": {"values": [[0.6, 1]], "n_others": 0, "n_silent": 0}},
        "temperature": 0.6,
        "n_undone": len(IDS),
        "n_left": 0,
    }
    assert verdict.notes == ()
    assert verdict.why_missing(3) is None


def test_zeros_of_a_low_temperature_are_undone_where_everything_was_recorded() -> None:
    sharp = whole(0.002)
    assert np.mean(sharp.logprob == 0) < 0.9
    greedy = recording_of(sampled_from(LOGITS, 0.002), np.argmax(LOGITS, axis=1).tolist(), N_VOCABULARY)
    assert np.mean(greedy.logprob == 0) > 0.9
    assert "exactly 0" in refusal(greedy)
    _, (used,) = judged(greedy, temperature=0.002)
    assert used.logprob == pytest.approx(log_softmax(LOGITS).max(axis=1), abs=1e-4)


def test_tokens_that_cannot_be_undone_are_counted_and_said() -> None:
    verdict, used = judged(whole(0.6), whole(0.6, n=5), temperature=0.6)
    assert np.isfinite(used[0].logprob).all()
    n_left = int(np.isnan(used[1].logprob).sum())
    assert verdict.n_left == n_left > 0
    assert f"At {n_left:,} others too few alternatives were recorded" in verdict.notes[0]
    assert verdict.why_missing(0) is None
    assert "3 tokens have no logprob: temperature 0.6 cannot be undone" in (verdict.why_missing(3) or "")


def test_without_alternatives_nothing_can_be_undone() -> None:
    text = refusal(whole(0.6, n=None), whole(0.6, n=2), temperature=0.6)
    assert "cannot be undone" in text
    assert "no alternatives in 1 of 2 recordings" in text


def test_trusted_numbers_are_used_named_and_said() -> None:
    verdict, (used,) = judged(whole(0.6, 0.95), trust=True)
    given = whole(0.6, 0.95).logprob
    assert np.array_equal(used.logprob, given, equal_nan=True)
    assert verdict.words == "recorded, trusted"
    [note] = verdict.notes
    assert len(verdict.trusted) >= 2 and all(item in note for item in verdict.trusted)
    assert json.loads(json.dumps(verdict.to_json()))["trusted"] == list(verdict.trusted)


def test_a_stated_temperature_without_proof_is_said_once() -> None:
    recordings = [whole(temperature=0.7, top_p=0.9)] * 3 + [whole()]
    verdict, _ = judged(*recordings)
    (note,) = verdict.notes
    assert "temperature 0.7, top_p 0.9 (3 of 4 recordings)" in note
    assert "--check-recorded N" in note
    assert judged(*recordings, temperature=1.0)[0].notes == ()
    assert judged(whole(temperature=1.0))[0].notes == ()


def test_the_users_word_stands_against_no_record_that_is_known_to_be_scaled() -> None:
    scaled = replace(whole(0.6), sampling=Sampling(temperature=0.6, server="sglang"))
    assert "temperature 0.6, server sglang" in refusal(scaled)
    assert "temperature 0.6" in refusal(scaled, temperature=1.0)
    assert "must be what these records state" in refusal(scaled, temperature=0.7)
    assert judged(scaled, temperature=0.6)[0].words == "recorded, temperature 0.6 undone"
    assert judged(scaled, temperature=1.0, trust=True)[0].words == "recorded, trusted"


def test_another_temperature_than_the_stated_one_is_said() -> None:
    verdict, _ = judged(whole(0.6, temperature=0.7), temperature=0.6)
    assert any("state temperature 0.7" in note for note in verdict.notes)


def test_prompts_of_sglang_are_the_models_own_beside_what_it_sampled() -> None:
    generated = replace(whole(0.6), sampling=Sampling(temperature=0.6, server="sglang"))
    prompt = replace(whole(), sampling=Sampling(temperature=0.6, server="sglang"), is_prompt=True)
    verdict, used = judged(prompt, generated, temperature=0.6)
    assert [one.is_prompt for one in used] == [True, False]
    assert all(one.logprob == pytest.approx(OWN, abs=1e-5) for one in used)
    assert verdict.n_undone == len(IDS)
    assert "known to be the model's own" in refusal(prompt, temperature=0.6)


@pytest.mark.parametrize("stated", [{"server": "llama.cpp"}, {"server": "vllm", "mode": "raw_logprobs"}])
def test_a_models_own_numbers_are_not_changed_by_a_temperature(stated: dict[str, Any]) -> None:
    own, scaled = replace(whole(), sampling=Sampling(temperature=0.6, **stated)), whole(0.6)
    _, used = judged(own, scaled, temperature=0.6)
    assert all(one.logprob == pytest.approx(OWN, abs=1e-5) for one in used)
    assert "known to be the model's own" in refusal(own, temperature=0.6)
