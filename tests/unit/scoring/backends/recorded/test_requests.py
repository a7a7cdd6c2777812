"""Requests among a role's files say how replies were sampled, by their ids and by nothing else."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from rdpt_core.errors import InputError
from rdpt_core.records import Role
from rdpt_core.scoring.backends.recorded.forms.values import recording
from rdpt_core.scoring.backends.recorded.library import Library, read_library
from rdpt_core.scoring.backends.recorded.recording import Recording, Sampling
from rdpt_core.scoring.backends.recorded.requests import Requests

MESSAGES = [{"role": "user", "content": "What?"}]


def request(custom_id: Any, **settings: Any) -> dict[str, Any]:
    body = {"model": "m", "messages": MESSAGES, "logprobs": True, "top_logprobs": 5, **settings}
    return {"custom_id": custom_id, "method": "POST", "url": "/v1/chat/completions", "body": body}


def reply(custom_id: str, text: str = "a", **body: Any) -> dict[str, Any]:
    content = [{"token": text, "logprob": -1.0}]
    body = {"choices": [{"message": {"content": text}, "logprobs": {"content": content}}], **body}
    return {"id": "batch_req_1", "custom_id": custom_id, "response": {"status_code": 200, "body": body}}


def written(folder: Path, name: str, records: list[Any]) -> str:
    (folder / name).write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return str(folder / name)


def read(folder: Path, **files: list[Any]) -> Library:
    return read_library(
        Role.TEACHER, [written(folder, f"{name}.jsonl", records) for name, records in files.items()], None
    )


def of_key(*keys: str, sampling: Sampling | None = None) -> Recording:
    return recording("f:1", keys, None, [-1.0], sampling=sampling)


@pytest.mark.parametrize("first", ["requests", "results"])
def test_the_request_of_the_same_id_says_what_the_reply_does_not(tmp_path: Path, first: str) -> None:
    files = {
        "requests": [
            request("t1", temperature=0.6, top_p=0.95),
            request("t2", temperature=1.0),
            request("t3", top_p=0.5),
        ],
        "results": [reply("t1"), reply("t2", temperature=0.7), reply("t4")],
    }
    order = sorted(files, key=lambda name: name != first)
    library = read(tmp_path, **{name: files[name] for name in order})
    assert {found.keys[0]: found.sampling for found in library.recordings} == {
        "t1": Sampling(temperature=0.6, top_p=0.95),
        "t2": Sampling(temperature=0.7),
        "t4": None,
    }


def test_our_own_rows_have_requests_too(tmp_path: Path) -> None:
    rows = [{"trace_id": "t1", "token": "a", "logprob": -1.0}]
    library = read(tmp_path, requests=[request("t1", temperature=0.6)], rows=rows)
    assert [found.sampling for found in library.recordings] == [Sampling(temperature=0.6)]


def test_requests_are_no_bad_records(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        read(tmp_path, requests=[request("t1", temperature=0.6)], results=[reply("t1")])
    assert caplog.messages == []


def test_requests_that_belong_to_no_recording_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        library = read(tmp_path, requests=[request("x1", temperature=0.6)], results=[reply("t1")])
    assert [found.sampling for found in library.recordings] == [None]
    [message] = caplog.messages
    assert "no recording has the id of any of the 1 requests" in message and "requests.jsonl:1" in message


def test_requests_alone_are_refused_as_requests(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there are requests, and no recorded logprobs") as raised:
        read(tmp_path, requests=[request("t1"), request("t2")])
    assert "2 requests, the first: requests.jsonl:1" in str(raised.value)


def test_a_file_of_neither_is_refused_beside_requests(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no recorded logprobs in this file.*traces\.jsonl"):
        read(tmp_path, requests=[request("t1")], traces=[{"question": "What?", "response": "a"}])


def test_requests_of_one_id_that_differ_say_only_what_they_share() -> None:
    requests = Requests()
    for settings in ({"temperature": 0.6, "seed": 1}, {"temperature": 0.6, "seed": 2}, {"temperature": 0.6, "seed": 1}):
        assert requests.add(request("t1", **settings), "r:1")
    assert requests.completed([of_key("t1")])[0].sampling == Sampling(temperature=0.6)


def test_names_that_belong_to_different_requests_say_only_what_these_share() -> None:
    requests = Requests()
    requests.add(request("t1", temperature=0.6, top_p=0.9), "r:1")
    requests.add(request(7, temperature=0.7, top_p=0.9), "r:2")
    both, second = requests.completed([of_key("t1", "7"), of_key("7")])
    assert both.sampling == Sampling(top_p=0.9) and second.sampling == Sampling(temperature=0.7, top_p=0.9)


@pytest.mark.parametrize(
    ("value", "is_request"),
    [
        (request("t1"), True),
        ({"custom_id": "t1", "params": {"messages": MESSAGES, "temperature": 1}}, True),
        ({"key": "t1", "request": {"contents": [], "generationConfig": {"temperature": 1}}}, True),
        ({"id": "t1", "messages": MESSAGES, "temperature": 0.5}, True),
        ({"id": "t1", "inputs": "What?", "parameters": {"temperature": 0.5}}, True),
        # Training data, traces, failed replies and nonsense.
        ({"id": "t1", "messages": MESSAGES}, False),
        ({"input": "What?", "output": "a", "temperature": 0.5}, False),
        ({"custom_id": "t1", "body": {"error": "x"}}, False),
        ({"custom_id": "t1", "request": {"messages": MESSAGES}, "response": {"error": "x"}}, False),
        ({"custom_id": "t1", "body": None}, False),
        ([request("t1")], False),
        ("request", False),
    ],
)
def test_what_is_a_request(value: Any, is_request: bool) -> None:
    assert Requests().add(value, "r:1") is is_request
