"""A loopback server that answers as vLLM, SGLang and plain completions servers do, from a real model, with faults.

    server = ReferenceServer({"teacher": folder})        with ReferenceServer(…) as server: server.base_url

Every model is run by plain transformers, one request at a time, in float32: it shares no code with the engine.
Faults are drawn from a seeded generator, or made to last with `down`, `refuse`, `fail`.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.support.servers.certificates import Certificate

FAULTS = ("slow", "busy", "error", "truncated", "wrong_ids", "dropped", "nulls")
"""Every way in which a request can go wrong on demand."""


class ReferenceServer:
    """Serves in a thread of its own while the context lasts.

    Args:
        models: folders by served name.
        dialects: which of `scoring`, `vllm`, `echo`, `sglang` it speaks.
        api_key: without which every request is answered 401.
        fault_rate: share of the scoring requests that go wrong, in one of the ways of `faults`.
        slow_s: how long a slow answer takes.
        retry_after_s: what a busy answer asks for.
        tells_context: whether its list of models says how long a request may be.
        is_strict: whether it refuses fields of completions that OpenAI's have not.
        spells_ids: whether the tokens of an echo are spelt as their ids.
        certificate: with which it speaks TLS.
        socket_file: behind which it stands, instead of a port.
    """

    def __init__(
        self,
        models: Mapping[str, Path],
        *,
        dialects: Sequence[str] = ("vllm", "echo", "sglang"),
        api_key: str | None = None,
        fault_rate: float = 0.0,
        faults: Sequence[str] = FAULTS,
        slow_s: float = 2.0,
        retry_after_s: float = 0.02,
        seed: int = 5,
        port: int = 0,
        tells_context: bool = True,
        is_strict: bool = False,
        spells_ids: bool = False,
        certificate: Certificate | None = None,
        socket_file: Path | None = None,
    ) -> None:
        self._models = {name: _Model(folder) for name, folder in models.items()}
        self.dialects = tuple(dialects)
        self._api_key = api_key
        self.fault_rate = fault_rate
        self.faults = tuple(faults)
        self._slow_s = slow_s
        self._retry_after_s = retry_after_s
        self._random = random.Random(seed)
        self._port = port
        self._tells_context = tells_context
        self._is_strict = is_strict
        self._spells_ids = spells_ids
        self._certificate = certificate
        self._socket_file = socket_file
        self.down_after: int | None = None
        self.refused_ids: set[tuple[int, ...]] = set()
        self.failed_ids: set[tuple[int, ...]] = set()
        self.always: str | None = None
        self.n_answered = 0
        self._n_admitted = 0
        self.n_faults: Counter[str] = Counter()
        self.n_under_way = 0
        self.most_under_way = 0
        self.most_tokens_under_way = 0
        self._tokens_under_way = 0
        self.connections: set[tuple[str, int]] = set()
        self.bodies: list[dict[str, Any]] = []

    # What a test asks of it.

    @property
    def base_url(self) -> str:
        if self._socket_file is not None:
            return f"unix://{self._socket_file}"
        return f"{'http' if self._certificate is None else 'https'}://127.0.0.1:{self._port}/v1"

    def __enter__(self) -> ReferenceServer:
        if self._socket_file is None:
            self._socket = socket.socket()
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind(("127.0.0.1", self._port))
            self._port = self._socket.getsockname()[1]
        else:
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.bind(str(self._socket_file))
        app = Starlette(
            routes=[
                Route("/v1/models", self._list, methods=["GET"]),
                Route("/v1/completions", self._complete, methods=["POST"]),
                Route("/generate", self._generate, methods=["POST"]),
                Route("/inference/v1/generate", self._score, methods=["POST"]),
            ]
        )
        shown = self._certificate
        config = uvicorn.Config(
            app,
            log_level="critical",
            timeout_graceful_shutdown=1,
            ssl_certfile=None if shown is None else shown.file,
            ssl_keyfile=None if shown is None else shown.key,
        )
        self._uvicorn = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._uvicorn.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()
        while not self._uvicorn.started:
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._uvicorn.should_exit = True
        self._thread.join()
        self._socket.close()

    # What it answers.

    async def _list(self, request: Request) -> Response:
        if not self._is_authorised(request):
            return self._unauthorised(request)
        entries = [
            {"id": name, "object": "model", "root": f"weights/{name}"}
            | ({"max_model_len": model.context_length} if self._tells_context else {})
            for name, model in self._models.items()
        ]
        return JSONResponse({"object": "list", "data": entries})

    async def _complete(self, request: Request) -> Response:
        body = await request.json()
        if body.get("model") not in self._models:
            return JSONResponse({"error": {"message": f"no model {body.get('model')}"}}, status_code=404)
        unknown = sorted(body.keys() & {"return_token_ids", "top_k", "min_p", "repetition_penalty"})
        if self._is_strict and unknown:
            # One at a time, as some do.
            return JSONResponse({"detail": [{"type": "extra_forbidden", "loc": ["body", unknown[0]]}]}, 422)
        if body.get("max_tokens") == 0 and not body.get("echo"):
            return JSONResponse({"error": {"message": "max_tokens must be at least 1"}}, status_code=400)
        return await self._answer(request, body["model"], body["prompt"], body["max_tokens"], self._completion, body)

    async def _generate(self, request: Request) -> Response:
        body = await request.json()
        if "sglang" not in self.dialects:
            return JSONResponse({"detail": "Not Found"}, status_code=404)
        name = next(iter(self._models))
        n_generated = body["sampling_params"]["max_new_tokens"]
        return await self._answer(request, name, body["input_ids"], n_generated, self._generation, body)

    async def _score(self, request: Request) -> Response:
        body = await request.json()
        if "scoring" not in self.dialects:
            said = "Scale-out endpoints are disabled. Restart vllm serve with --enable-scale-out to enable them."
            return JSONResponse({"error": {"message": said, "code": 403}}, status_code=403)
        if body.get("model") not in self._models:
            return JSONResponse({"error": {"message": f"no model {body.get('model')}"}}, status_code=404)
        params = body["sampling_params"]
        return await self._answer(request, body["model"], body["token_ids"], params["max_tokens"], self._scores, body)

    async def _answer(
        self, request: Request, name: str, ids: list[int], n_generated: int, shape: Any, body: dict[str, Any]
    ) -> Response:
        if not self._is_authorised(request):
            return self._unauthorised(request)
        model = self._models[name]
        self.bodies.append(body)
        if request.client is not None:
            self.connections.add((request.client.host, request.client.port))
        if len(ids) + n_generated > model.context_length:
            said = (
                f"This model's maximum context length is {model.context_length} tokens. However, you requested "
                f"{n_generated} output tokens and your prompt contains {len(ids)} input tokens."
            )
            return JSONResponse({"error": {"message": said, "code": 400}}, status_code=400)
        if tuple(ids) in self.refused_ids:
            return JSONResponse({"error": {"message": "refused by policy", "code": 400}}, status_code=400)
        if max(ids) >= model.n_tokens:
            return JSONResponse({"error": {"message": f"Token id {max(ids)} is out of vocabulary"}}, status_code=400)
        if tuple(ids) in self.failed_ids:
            return JSONResponse({"detail": "out of memory"}, status_code=500)
        fault = self._draw()
        self.n_under_way += 1
        self._tokens_under_way += len(ids)
        self.most_under_way = max(self.most_under_way, self.n_under_way)
        self.most_tokens_under_way = max(self.most_tokens_under_way, self._tokens_under_way)
        try:
            return await self._faulty(fault, model, ids, shape, body)
        finally:
            self.n_under_way -= 1
            self._tokens_under_way -= len(ids)

    async def _faulty(
        self, fault: str | None, model: _Model, ids: list[int], shape: Any, body: dict[str, Any]
    ) -> Response:
        if fault is not None:
            self.n_faults[fault] += 1
        if fault == "slow":
            await asyncio.sleep(self._slow_s)
        if fault == "busy":
            headers = {"retry-after": str(self._retry_after_s)}
            return JSONResponse({"error": {"message": "too many requests"}}, status_code=429, headers=headers)
        if fault == "error":
            return Response("Internal Server Error", status_code=500)
        if fault == "gone":
            return Response("no backend for this model", status_code=404)
        if fault == "dropped":
            return StreamingResponse(_broken(), headers={"content-length": "4096"})
        rows = await asyncio.to_thread(model.logprobs, ids)
        if fault == "wrong_ids":
            ids = [*ids[:-2], (ids[-2] + 1) % model.n_tokens, *ids[-1:]] if len(ids) > 1 else ids
        if fault == "nulls":
            rows = [*rows[:-1], None]
        text = json.dumps(shape(model, ids, rows, body))
        if fault == "truncated":
            return Response(text[: len(text) // 2], media_type="application/json")
        self.n_answered += fault is None
        return Response(text, media_type="application/json")

    def _draw(self) -> str | None:
        if self.always is not None:
            return self.always
        # Counted as they come in: whatever is already being computed will be answered, too.
        if self.down_after is not None and self._n_admitted >= self.down_after:
            return "dropped"
        if self._random.random() < self.fault_rate:
            return self._random.choice(self.faults)
        self._n_admitted += 1
        return None

    def _completion(
        self, model: _Model, ids: list[int], rows: list[float | None], body: dict[str, Any]
    ) -> dict[str, Any]:
        texts = [model.spell(one) for one in ids]
        generated = ["x"] * body["max_tokens"]
        choice: dict[str, Any] = {"index": 0, "text": "".join(generated), "finish_reason": "length"}
        if "vllm" in self.dialects:
            if body.get("return_token_ids"):
                choice["prompt_token_ids"] = ids
            if body.get("prompt_logprobs") is not None:
                choice["prompt_logprobs"] = [
                    None if number == 0 else {str(one): {"logprob": row, "rank": 1, "decoded_token": text}}
                    for number, (one, row, text) in enumerate(zip(ids, rows, texts, strict=True))
                ]
        if "echo" in self.dialects and body.get("echo"):
            texts = [f"token_id:{one}" for one in ids] if self._spells_ids else texts
            generated = ["token_id:0"] * len(generated) if self._spells_ids else generated
            choice["text"] = "".join(texts + generated)
            choice["logprobs"] = {
                "tokens": texts + generated,
                "token_logprobs": rows + [-1.0] * len(generated),
                "top_logprobs": None,
                "text_offset": [],
            }
        return {"id": "cmpl-1", "object": "text_completion", "model": body["model"], "choices": [choice]}

    def _generation(
        self, model: _Model, ids: list[int], rows: list[float | None], body: dict[str, Any]
    ) -> dict[str, Any]:
        start = body["logprob_start_len"]
        entries = [
            [None if number == start else rows[number], ids[number], model.spell(ids[number])]
            for number in range(start, len(ids))
        ]
        return {"text": "", "meta_info": {"id": "1", "prompt_tokens": len(ids), "input_token_logprobs": entries}}

    def _scores(self, model: _Model, ids: list[int], rows: list[float | None], body: dict[str, Any]) -> dict[str, Any]:
        params = body["sampling_params"]
        first = params["prompt_logprob_start"] + 1
        assert params["prompt_logprob_token_ids"] == [[one] for one in body["token_ids"][first:]]
        file = io.BytesIO()
        np.save(file, np.array(rows[first:], dtype=np.float32)[:, None])
        return {
            "prompt_token_ids": ids if body.get("return_token_ids") else None,
            "prompt_token_id_logprobs": base64.b64encode(file.getvalue()).decode(),
            "choices": [{"index": 0, "token_ids": [0], "logprobs": None}],
        }

    def _is_authorised(self, request: Request) -> bool:
        return self._api_key is None or request.headers.get("authorization") == f"Bearer {self._api_key}"

    def _unauthorised(self, request: Request) -> Response:
        # Some services repeat what they were sent.
        said = f"Incorrect API key provided: {request.headers.get('authorization', 'none')}"
        return JSONResponse({"error": {"message": said}}, status_code=401)


async def _broken() -> Any:
    yield b'{"choices": ['
    await asyncio.sleep(0.01)
    raise ConnectionResetError


class _Model:
    """One model under plain transformers."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(str(folder))
        self.model = AutoModelForCausalLM.from_pretrained(str(folder), dtype=torch.float32).eval()
        self.context_length: int = self.model.config.max_position_embeddings
        self.n_tokens: int = self.model.config.vocab_size
        self._lock = threading.Lock()

    def logprobs(self, ids: list[int]) -> list[float | None]:
        """One value a token; None for the first, before which nothing stands."""
        with self._lock, torch.inference_mode():
            logits = self.model(torch.tensor([ids])).logits[0].float()
        rows = torch.log_softmax(logits[:-1], dim=-1)
        found = rows.gather(1, torch.tensor(ids[1:])[:, None])[:, 0].tolist()
        return [None, *found]

    def spell(self, one: int) -> str:
        """A token as a server spells it."""
        return str(self.tokenizer.decode([one]))
