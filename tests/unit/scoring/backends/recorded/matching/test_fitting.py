"""One recording over one response: which tokens come of it, and which are in doubt."""

from __future__ import annotations

from typing import Any

import numpy as np

from rdpt_core.scoring.backends.recorded.alignment import Misaligned, ResponseBytes
from rdpt_core.scoring.backends.recorded.matching.fitting import Fit, fit
from rdpt_core.scoring.backends.recorded.recording import Recording, Sampling


def recorded(texts: list[str], **more: Any) -> Recording:
    logprob = np.linspace(-0.5, -1.5, len(texts)).astype(np.float32)
    ids = np.full(len(texts), -1, dtype=np.int32)
    return Recording("r.jsonl:7", ("t1",), ids, logprob, texts=texts, **more)


def fitted(response: str, recording: Recording) -> Fit:
    found = fit(ResponseBytes(response), [], recording, None)
    assert isinstance(found, Fit), found
    return found


def test_a_cut_token_has_no_logprob_and_the_others_keep_theirs() -> None:
    recording = recorded(["So", " it", " takes", " two"])
    found = fitted("So it t", recording)
    assert found.tokens.logprob[:2].tolist() == recording.logprob[:2].tolist()
    assert np.isnan(found.tokens.logprob[2:]).all() and len(found.tokens) == 3
    assert found.detail == (
        "r.jsonl:7: the response ends inside token 2, ' takes', with ' t' (character 5), and the logprob is the whole "
        "token's"
    )
    # The recording itself is as it was: another response may be whole.
    assert fitted("So it takes", recording).detail is None


def test_an_exact_place_is_preferred() -> None:
    # The thinking begins like the answer, and would be cut.
    recording = recorded(["4", ".5", " no", "</think>", "4", "."])
    assert fitted("4.", recording).tokens.logprob.tolist() == recording.logprob[4:].tolist()
    assert fitted("4.", recorded(["4", ".5"])).cut is not None


def test_tokens_of_marks_do_not_count() -> None:
    recording = recorded(["<|channel|>", "final", "<|message|>", "Yes", "<|return|>"])
    found = fitted("<think></think>Yes", recording)
    assert found.tokens.logprob.tolist() == recording.logprob[3:4].tolist()
    assert found.tokens.char_start.tolist() == [15] and not found.is_exact and found.detail is None


def test_characters_of_several_tokens_are_in_doubt() -> None:
    recording = recorded(["So", " 🌳", ".", ""], n_generated=6, sampling=Sampling(server="llama.cpp"))
    found = fitted("So 🌳.", recording)
    assert np.isnan(found.tokens.logprob).tolist() == [False, True, False]
    assert found.is_merged is not None and found.is_merged.tolist() == [False, True, False]
    assert found.detail is not None and found.detail.startswith("r.jsonl:7: 6 tokens were made, 4 are recorded")
    # Those before the response are none of its.
    assert fitted(".", recorded(["🌳", "."], n_generated=5, sampling=Sampling(server="llama.cpp"))).detail is None


def test_what_does_not_fit_says_how_far_it_came() -> None:
    found = fit(ResponseBytes("So it is."), [], recorded(["So", " it", " was"]), None)
    assert isinstance(found, Misaligned)
    assert found.detail == "token 2 is ' was', where the response has ' is.' (character 5)"
    assert found.char == 5
