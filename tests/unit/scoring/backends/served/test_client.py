"""Addresses of servers, and how a server's dialect is found."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from collections.abc import Callable
from typing import Any

import httpx2
import numpy as np
import pytest

from rdpt_core.errors import ModelError
from rdpt_core.records import ServerSettings
from rdpt_core.scoring.backends.served import client as client_module
from rdpt_core.scoring.backends.served.client import ServerClient, server_root
from rdpt_core.scoring.backends.served.dialects import DIALECTS, Answer, Dialect, Sent
from rdpt_core.scoring.backends.served.refusals import Unanswered
from rdpt_core.scoring.backends.served.secret import Secret

SENT = Sent([7, 8, 9, 10], 2)
Reply = tuple[int, Any]


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(client_module, "LONGEST_PAUSE_S", 0.001)


def test_an_address_with_and_without_v1() -> None:
    assert {server_root(f"http://h:1{end}") for end in ("", "/", "/v1", "/v1/")} == {"http://h:1"}


def asking(
    answer: Callable[[str, dict[str, Any]], Reply], *, n_traces: int = 0
) -> tuple[Dialect, list[Answer | Unanswered], list[dict[str, Any]]]:
    """The dialect that is found, what comes of traces then, and every body that was sent."""
    bodies: list[dict[str, Any]] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        body = json.loads(request.content)
        bodies.append(body)
        status, said = answer(request.url.path, body)
        return httpx2.Response(status, json=said)

    async def ask() -> tuple[Dialect, list[Answer | Unanswered]]:
        client = ServerClient(ServerSettings("http://h/v1", patience_s=2.0), Secret(None), "m")
        await client._http.aclose()
        client._http = httpx2.AsyncClient(base_url=client.root, transport=httpx2.MockTransport(handle))
        try:
            dialect, _ = await client.find_dialect(DIALECTS["auto"], SENT)
            return dialect, [await client.score(dialect, SENT, "t") for _ in range(n_traces)]
        finally:
            await client.close()

    return *asyncio.run(ask()), bodies


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
