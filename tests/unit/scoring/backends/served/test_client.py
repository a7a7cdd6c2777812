"""Which trouble is one trace's, which the server's, and how long each is waited for."""

from __future__ import annotations

import asyncio
import base64
import io
import logging
import socket
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

import numpy as np
import pytest

from rdpt_core.errors import ModelError, ServerGoneError
from rdpt_core.records import ServerSettings, UnscoredReason
from rdpt_core.scoring.backends.served import client as client_module
from rdpt_core.scoring.backends.served.client import ServerClient
from rdpt_core.scoring.backends.served.dialects import DIALECTS, Answer, Dialect, Sent, VllmDialect
from rdpt_core.scoring.backends.served.refusals import Unanswered
from rdpt_core.scoring.backends.served.secret import Secret
from tests.support.servers.tiny_server import Asked, Reply, serving

GREETING = Sent([1, 2, 3], 1)
TRACE, OTHER = Sent([1, 5, 6, 7], 1), Sent([1, 8, 9, 10], 1)
DIALECT = VllmDialect()
Result = TypeVar("Result")
Answering = Callable[[list[int], int], Reply | None]
"""From the ids sent and how many requests came before: a reply, or None for a good one."""


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(client_module, "LONGEST_PAUSE_S", 0.05)


def good(ids: list[int], logprob: float = -1.0) -> Reply:
    entries = [None, *({str(one): {"logprob": logprob, "decoded_token": "x"}} for one in ids[1:])]
    return 200, {"choices": [{"prompt_token_ids": ids, "prompt_logprobs": entries}]}


def answering(instead: Answering) -> Callable[[Asked], Reply]:
    n_before = iter(range(10**6))

    def answer(asked: Asked) -> Reply:
        ids = asked.body["prompt"]
        return instead(ids, next(n_before)) or good(ids)

    return answer


def with_client(
    base_url: str, use: Callable[[ServerClient], Awaitable[Result]], *, patience_s: float = 5.0, **more: Any
) -> Result:
    async def run() -> Result:
        settings = ServerSettings(base_url, patience_s=patience_s, timeout_s=more.pop("timeout_s", 5.0))
        client = ServerClient(settings, Secret("canary"), "m", **more)
        try:
            return await use(client)
        finally:
            await client.close()

    return asyncio.run(run())


async def greet_and_score(client: ServerClient, *traces: Sent) -> list[Answer | Unanswered]:
    dialect, _ = await client.find_dialect((DIALECT,), GREETING)
    return [await client.score(dialect, sent, f"t{number}") for number, sent in enumerate(traces)]


def scored(instead: Answering, *traces: Sent, patience_s: float = 5.0) -> tuple[list[Answer | Unanswered], list[Any]]:
    """What became of the traces, and the ids of every request."""
    with serving(answering(instead)) as server:
        found = with_client(server.root, lambda client: greet_and_score(client, *traces), patience_s=patience_s)
        return found, [asked.body["prompt"] for asked in server.asked]


NOES: list[Reply] = [
    (403, b"<html>Request blocked by WAF</html>", {"content-type": "text/html"}),
    (404, {"error": {"message": "The model `m` does not exist."}}),
    (302, b"", {"location": "/blocked"}),
]


@pytest.mark.parametrize(("no", "words"), [*zip(NOES, ("blocked by WAF", "does not exist", "/blocked"), strict=True)])
def test_a_no_to_one_trace_is_that_traces_at_once_if_the_greeting_is_answered(no: Reply, words: str) -> None:
    started = time.monotonic()
    found, asked = scored(lambda ids, _: no if ids == TRACE.ids else None, TRACE, OTHER)
    assert time.monotonic() - started < 10
    refused, answered = found
    assert isinstance(refused, Unanswered) and refused.reason is UnscoredReason.SERVER_REFUSED
    assert words in refused.detail and str(no[0]) in refused.detail
    assert isinstance(answered, Answer) and answered.logprob.tolist() == [-1.0] * 3
    # Greeted before it is asked again, and before the next trace: another model may be there by then.
    assert asked == [GREETING.ids, TRACE.ids, GREETING.ids, TRACE.ids, GREETING.ids, OTHER.ids]


@pytest.mark.parametrize("no", NOES)
def test_a_no_that_is_gone_when_asked_again_costs_no_trace(no: Reply) -> None:
    found, _ = scored(lambda ids, n: no if n == 1 else None, TRACE)
    assert isinstance(found[0], Answer)


@pytest.mark.parametrize(
    ("no", "said"),
    [(NOES[0], "does not accept the key.*WAF"), (NOES[2], "points elsewhere.*/blocked"), ((401, {}), "accept the key")],
)
def test_a_no_to_everyone_ends_the_run(no: Reply, said: str) -> None:
    started = time.monotonic()
    with pytest.raises(ModelError, match=said):
        scored(lambda ids, n: no if n >= 1 else None, TRACE)
    assert time.monotonic() - started < 10


def test_a_model_that_is_missing_for_everyone_may_be_being_replaced_and_is_waited_for() -> None:
    with pytest.raises(ServerGoneError, match="does not exist"):
        scored(lambda ids, n: NOES[1] if n >= 1 else None, TRACE, patience_s=0.3)
    found, asked = scored(lambda ids, n: NOES[1] if 1 <= n < 5 else None, TRACE)
    assert isinstance(found[0], Answer) and asked[-2:] == [GREETING.ids, TRACE.ids]


@pytest.mark.parametrize("no", NOES)
def test_another_model_behind_a_no_ends_the_run(no: Reply) -> None:
    with pytest.raises(ModelError, match="answers otherwise"):
        scored(lambda ids, n: no if n == 1 else (good(ids, -3.0) if n > 1 else None), TRACE)


def test_a_no_while_the_greeting_is_under_way_calls_for_another_greeting() -> None:
    n_asked: Counter[int] = Counter()

    def instead(ids: list[int], _: int) -> Reply | None:
        n_asked[ids[1]] += 1
        if ids == GREETING.ids and n_asked[ids[1]] == 2:
            time.sleep(0.5)
        if ids == OTHER.ids and n_asked[ids[1]] == 1:
            time.sleep(0.2)
        return NOES[1] if ids != GREETING.ids and n_asked[ids[1]] == 1 else None

    async def both(client: ServerClient) -> list[Answer | Unanswered]:
        await client.find_dialect((DIALECT,), GREETING)
        both_at_once = (client.score(DIALECT, TRACE, "t0"), client.score(DIALECT, OTHER, "t1"))
        return list(await asyncio.gather(*both_at_once))

    with serving(answering(instead)) as server:
        found = with_client(server.root, both)
        asked = [one.body["prompt"] for one in server.asked]
    assert all(isinstance(one, Answer) for one in found)
    # The second greeting was sent before the other trace was refused, and says nothing of it.
    again = max(number for number, ids in enumerate(asked) if ids == OTHER.ids)
    assert asked[:again].count(GREETING.ids) == 3


@pytest.fixture
def notes(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], list[str]]]:
    with caplog.at_level(logging.WARNING, "rdpt_core"):
        yield lambda: [record.getMessage() for record in caplog.records]


async def list_models(client: ServerClient) -> Any:
    return await client.get("/v1/models")


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ((200, b"<!doctype html><title>Open WebUI</title>"), "a web page.*Open WebUI"),
        ((200, b"OK"), "does not answer as an API.*no JSON"),
        ((301, b"", {"location": "https://h/v1/models"}), "points elsewhere.*https://h/v1"),
        ((403, {"detail": "canary is not allowed"}), r"accept the key.*\[key\] is not allowed"),
    ],
)
def test_what_is_no_api_is_told_at_once(reply: Reply, said: str) -> None:
    started = time.monotonic()
    with serving(lambda _: reply) as server, pytest.raises(ModelError, match=said):
        with_client(server.root, list_models, patience_s=300)
    assert time.monotonic() - started < 10


def test_a_broken_list_of_models_is_asked_for_again() -> None:
    replies = iter([(200, b'{"data": ['), (200, {"data": []})])
    with serving(lambda _: next(replies)) as server:
        assert with_client(server.root, list_models) == {"data": []}


def test_an_unknown_host_is_waited_for_shortly_and_only_before_the_first_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client_module, "UNKNOWN_HOST_S", 0.2)
    nowhere = "http://no-such-host.invalid/v1"

    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", unknown)
    started = time.monotonic()
    with pytest.raises(ServerGoneError, match=r"host name that is known.*Name or service not known.*base_url"):
        with_client(nowhere, list_models, patience_s=300)
    assert time.monotonic() - started < 10
    started = time.monotonic()
    with pytest.raises(ServerGoneError, match=r"within 1 s \(patience_s\)"):
        with_client(nowhere, list_models, patience_s=1, was_met=True)
    assert time.monotonic() - started >= 1


def test_a_server_that_is_not_there_yet_is_waited_for_and_that_is_said_soon(
    monkeypatch: pytest.MonkeyPatch, notes: Callable[[], list[str]]
) -> None:
    monkeypatch.setattr(client_module, "_FIRST_SILENT_S", 0.1)
    with pytest.raises(ServerGoneError, match=r"within 0\.6 s \(patience_s\)"):
        with_client("http://127.0.0.1:9/v1", list_models, patience_s=0.6)
    (note,) = notes()
    assert "no good answer from http://127.0.0.1:9 (no connection (Connection refused))" in note
    assert "0.6 s (patience_s)" in note


def test_a_server_that_takes_its_time_for_its_first_answer_is_told_of(
    monkeypatch: pytest.MonkeyPatch, notes: Callable[[], list[str]]
) -> None:
    monkeypatch.setattr(client_module, "_FIRST_SILENT_S", 0.1)

    def slow(_: Asked) -> Reply:
        time.sleep(0.4)
        return 200, {"data": []}

    with serving(slow) as server:
        assert with_client(server.root, list_models, was_met=True) == {"data": []}
        assert notes() == []
        assert with_client(server.root, list_models) == {"data": []}
    (note,) = notes()
    assert "none yet" in note and "5 s (timeout_s)" in note


SENT = Sent([7, 8, 9, 10], 2)


def asking(
    answer: Callable[[str, dict[str, Any]], Reply], *, n_traces: int = 0
) -> tuple[Dialect, list[Answer | Unanswered], list[dict[str, Any]]]:
    """The dialect that is found, what comes of traces then, and every body that was sent."""

    async def ask(client: ServerClient) -> tuple[Dialect, list[Answer | Unanswered]]:
        dialect, _ = await client.find_dialect(DIALECTS["auto"], SENT)
        return dialect, [await client.score(dialect, SENT, "t") for _ in range(n_traces)]

    with serving(lambda asked: answer(asked.path, asked.body)) as server:
        found = with_client(server.root, ask, was_met=True)
        return *found, [asked.body for asked in server.asked]


def vllm(value: float = -1.0) -> Reply:
    entries = [None, *({str(one): {"logprob": value, "decoded_token": "x"}} for one in SENT.ids[1:])]
    return 200, {"choices": [{"prompt_logprobs": entries}]}


def scores() -> Reply:
    file = io.BytesIO()
    np.save(file, np.array([[-1.0], [-2.0]], dtype=np.float32))
    return 200, {"prompt_token_id_logprobs": base64.b64encode(file.getvalue()).decode()}


@pytest.mark.parametrize(
    ("elsewhere", "name"),
    [
        (scores(), "scoring"),
        ((404, {"detail": "Not Found"}), "vllm"),
        ((200, {"choices": []}), "vllm"),
        ((200, {"prompt_token_id_logprobs": None}), "vllm"),
        ((400, {"error": {"message": "prompt_logprob_token_ids requires the V2 model runner"}}), "vllm"),
        # Switched off, or kept back by a gateway that serves the usual path alone.
        ((403, {"error": {"message": "Restart vllm serve with --enable-scale-out to enable them."}}), "vllm"),
        ((401, {}), "vllm"),
        ((302, {}), "vllm"),
        ((500, {}), "vllm"),
    ],
)
def test_whatever_happens_at_other_paths_the_usual_one_is_tried(elsewhere: Reply, name: str) -> None:
    dialect, (answer,), _ = asking(
        lambda path, _: vllm() if path == "/v1/completions" else elsewhere if "inference" in path else (404, {}),
        n_traces=1,
    )
    assert dialect.name == name
    assert isinstance(answer, Answer) and len(answer.logprob) == 2


def test_a_wrong_key_ends_it() -> None:
    with pytest.raises(ModelError, match="does not accept the key"):
        asking(lambda *_: (401, {"error": "no"}))


def test_fields_that_are_refused_are_left_out_from_then_on() -> None:
    def strict(path: str, body: dict[str, Any]) -> Reply:
        unknown = sorted(body.keys() & {"return_token_ids", "top_k"})
        if path != "/v1/completions" or unknown:
            return 422, {"detail": [{"type": "extra_forbidden", "loc": ["body", name]} for name in unknown[:1]]}
        return vllm()

    dialect, answers, bodies = asking(strict, n_traces=3)
    assert dialect.name == "vllm"
    assert all(isinstance(answer, Answer) for answer in answers)
    # The other path, three tries of the greeting, three traces.
    assert len(bodies) == 1 + 3 + 3
    assert all("top_k" not in body and body["min_p"] == 0.0 for body in bodies[-3:])


def test_a_field_is_left_out_for_good_only_if_that_helped() -> None:
    n_asked = 0

    def once(path: str, body: dict[str, Any]) -> Reply:
        nonlocal n_asked
        n_asked += path == "/v1/completions"
        if path != "/v1/completions":
            return 404, {}
        # Refuses the second trace whatever it is, and names every field that it was sent.
        return (400, {"error": f"not this one: {sorted(body)}"}) if n_asked in (2, 3) else vllm()

    _, (refused, answered), bodies = asking(once, n_traces=2)
    assert isinstance(refused, Unanswered) and "not this one" in refused.detail
    assert isinstance(answered, Answer)
    assert "return_token_ids" not in bodies[-2]
    assert "return_token_ids" in bodies[-1]


def test_numbers_above_zero_are_told_as_logits() -> None:
    with pytest.raises(ModelError, match=r"above 0 \(2\).*logits") as caught:
        asking(lambda path, _: vllm(2.0) if path == "/v1/completions" else (404, {}))
    assert "--logprobs-mode" in str(caught.value)
