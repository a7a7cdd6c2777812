"""One recording over one response: which tokens come of it, and which are in doubt."""

from __future__ import annotations

from typing import Any

import numpy as np

from rdpt_core.records import Span
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


def test_sentences_behind_the_last_token_have_no_logprob_and_the_others_keep_theirs() -> None:
    # llama.cpp drops the tokens of the stop string "e an", and shows the text up to it.
    sentences = [Span(0, 7), Span(7, 15), Span(15, 18)]
    recording = recorded(["So", " it.", " It", " is"])
    found = fit(ResponseBytes("So it. It is 5. Th"), sentences, recording, None)
    assert isinstance(found, Fit)
    assert found.tokens.logprob[:4].tolist() == recording.logprob.tolist() and np.isnan(found.tokens.logprob[4:]).all()
    assert list(zip(found.tokens.char_start[4:], found.tokens.char_end[4:], strict=True)) == [(13, 15), (15, 18)]
    assert (found.n_cut, found.is_exact, found.tokens.token_id[4:].tolist()) == (2, False, [-1, -1])
    assert (
        found.detail == "r.jsonl:7: the recording ends after 4 tokens, where the response has ' 5. Th' (character 12)"
    )
    # The blank before the next sentence is of that one's first token.
    whole = fit(ResponseBytes("So it. It is Th"), [Span(0, 7), Span(7, 13), Span(13, 15)], recording, None)
    assert isinstance(whole, Fit) and whole.n_cut == 1 and whole.tokens.char_start[-1] == 13


def test_recordings_that_end_long_before_the_response_or_ended_by_themselves_do_not_fit() -> None:
    recording = recorded(["So", " it."])
    assert isinstance(fit(ResponseBytes("So it. " + "a" * 63), [Span(0, 7), Span(7, 70)], recording, None), Fit)
    for response, one in (
        ("So it. " + "a" * 64, recording),
        ("So it. No", recorded(["So", " it.", ""])),
        ("So it. No", recorded(["So", " it.", "</s>"])),
    ):
        assert isinstance(fit(ResponseBytes(response), [Span(0, 7), Span(7, len(response))], one, None), Misaligned)


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
