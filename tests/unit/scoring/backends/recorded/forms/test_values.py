"""From values of a document to arrays: what is counted, what is left out, and each alternative once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rdpt_core.scoring.backends.recorded.forms.values import alternatives_of, number_among, of_entries, place, recording


def lists_of(entries: list[dict[str, Any]], **more: Any) -> list[list[float]] | None:
    found = of_entries(entries, "f:1", (), text="token", **more).alternatives
    if found is None:
        return None
    cuts = np.split(found.logprob, found.start[1:-1])
    assert found.start[0] == 0 and found.start[-1] == len(found.logprob) and len(cuts) == len(entries)
    return [sorted(cut.tolist()) for cut in cuts]


def entry(token: str, logprob: Any, others: list[tuple[str, Any]], **more: Any) -> dict[str, Any]:
    return {
        "token": token,
        "logprob": logprob,
        **more,
        "top_logprobs": [{"token": other, "logprob": value} for other, value in others],
    }


def test_impossible_values_and_those_above_zero_are_counted_and_stay_without_a_number() -> None:
    values = [-0.5, -9999, -9999.5, float("-inf"), "-Infinity", 0.0005, 0.5, 7, None, "x", True, float("nan"), 10**400]
    found = recording("f:1", (), None, values)
    assert (found.n_impossible, found.n_above_zero) == (4, 2)
    assert np.flatnonzero(np.isfinite(found.logprob)).tolist() == [0, 5]
    assert found.logprob[[0, 5]].tolist() == [-0.5, 0.0]


def test_the_chosen_token_is_once_among_its_alternatives() -> None:
    listed = entry("a", -1.0, [("b", -0.5), ("a", -1.0)])
    absent = entry("c", -4.0, [("b", -0.5), ("a", -1.0)])
    assert lists_of([listed, absent]) == [[-1.0, -0.5], [-4.0, -1.0, -0.5]]


def test_alternatives_that_say_no_more_than_the_token_are_left_out() -> None:
    assert lists_of([entry("a", -1.0, [("a", -1.0)]), entry("b", -0.5, [])]) is None
    assert lists_of([]) is None


def test_ids_tell_tokens_apart_that_read_alike() -> None:
    others = [{"id": 7, "token": "", "logprob": -0.5}, {"id": 8, "token": "", "logprob": -1.5}]
    chosen = {"id": 9, "token": "", "logprob": -2.5, "top_logprobs": others}
    same = {"id": 8, "token": "x", "logprob": -1.5, "top_logprobs": others}
    assert lists_of([chosen, same]) == [[-2.5, -1.5, -0.5], [-1.5, -0.5]]


def test_an_empty_id_is_none() -> None:
    found = of_entries([{"token": "a", "logprob": -1.0, "id": None, "token_id": 7}], "f:1", (), text="token")
    assert found.token_id.tolist() == [7]


def test_bytes_tell_tokens_apart_that_read_alike() -> None:
    others = [{"token": "�", "bytes": [227], "logprob": -0.5}, {"token": "�", "bytes": [228], "logprob": -1.0}]
    chosen = {"token": "�", "bytes": [229], "logprob": -2.0, "top_logprobs": others}
    assert lists_of([chosen]) == [[-2.0, -1.0, -0.5]]


def test_unreadable_texts_are_the_same_token_only_with_the_same_logprob() -> None:
    assert lists_of([entry("�", -2.0, [("�", -0.5), ("a", -1.0)])]) == [[-2.0, -1.0, -0.5]]
    assert lists_of([entry("�", -2.0, [("�", -0.5), ("�", -2.0)])]) == [[-2.0, -0.5]]


def test_a_readable_text_is_one_token_and_its_own_logprob_counts() -> None:
    assert lists_of([entry("a", -2.0, [("a", -0.5), ("b", -1.0)])]) == [[-2.0, -1.0]]
    # Where it has none, that of the list stands.
    assert lists_of([entry("a", None, [("a", -0.5), ("b", -1.0)])]) == [[-1.0, -0.5]]


def test_a_token_without_a_logprob_leaves_its_place_empty() -> None:
    known = entry("a", -1.0, [("b", -0.5)])
    for others in ([("b", -0.5)], [("a", None), ("b", -0.5)]):
        assert lists_of([entry("a", None, others), known]) == [[], [-1.0, -0.5]]


def test_probability_zero_is_kept_as_such() -> None:
    minus = -float("inf")
    others = [("b", -9999.0), ("c", "-Infinity"), ("d", minus), ("e", None), ("f", "x"), ("g", -0.5)]
    assert lists_of([entry("a", -9999.0, others)]) == [[minus, minus, minus, minus, -0.5]]


def test_what_is_no_alternative_is_passed_over() -> None:
    hostile: list[Any] = [None, 3, "x", [], {}, {"token": "b", "logprob": -0.5}, {"token": "c", "logprob": 10**400}]
    assert lists_of([{"token": "a", "logprob": -1.0, "top_logprobs": hostile}]) == [[-1.0, -0.5]]
    assert lists_of([{"token": "a", "logprob": -1.0, "top_logprobs": {"b": -0.5}}]) is None


def test_arrays_and_no_objects_are_kept() -> None:
    found = alternatives_of([[-1.0, -2.0], [], [-3.0]])
    assert found is not None
    assert found.start.dtype == np.int64 and found.start.tolist() == [0, 2, 2, 3]
    assert found.logprob.dtype == np.float32 and found.logprob.tolist() == [-1.0, -2.0, -3.0]


@pytest.mark.parametrize(
    ("chosen", "is_unique", "number"), [(-1.0, True, 1), (-3.0, True, 1), (-2.0, True, 2), (-3.0, False, None)]
)
def test_number_among(chosen: float, is_unique: bool, number: int | None) -> None:
    assert number_among("a", chosen, ["b", "a", "a"], [-1.0, -1.0, -2.0], is_unique=is_unique) == number


def test_place_of_a_token_that_is_absent_or_unknown() -> None:
    assert place(-1.0, [-2.0], None) == [-1.0, -2.0]
    assert place(None, [-2.0], None) == []
    assert place(None, [-2.0], 0) == [-2.0]
    assert place(None, [None, -2.0], 0) == []


def test_numbers_as_text_are_numbers() -> None:
    found = recording("f:1", (), None, ["-0.5", "-1e-3", "-9999", "0.5", "", "nan", "-1_0", "-" + "9" * 5000, "²"])
    assert found.logprob[:2].tolist() == [-0.5, np.float32(-1e-3)] and np.isnan(found.logprob[2:]).all()
    assert (found.n_impossible, found.n_above_zero) == (1, 1)
