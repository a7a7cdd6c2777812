"""How many tokens a second come through a server: what the client costs, and what vLLM's two interfaces give.

    python tests/benchmarks/bench_served.py [--against FOLDER] [--dialect vllm] [--traces 64] [--tokens 1500]
    python tests/benchmarks/bench_served.py --vllm http://127.0.0.1:8000/v1

The first asks a loopback server without a model, a process of its own whose replies are made once, through 8 and 64
connections; `--against` does the same with another checkout of this project. The second asks a vLLM that serves a
bundled model and was started with `--enable-scale-out`, in the dialects `scoring` and `vllm`. Rounds alternate;
printed are medians over `--repeats` of them, and the median of the rounds' own ratios.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import io
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

PROJECT = Path(__file__).resolve().parents[2]
SERVED = PROJECT / "data" / "teacher"
CONNECTIONS = (8, 64)
Reply = tuple[int, bytes]


# The server without a model.


def completion(body: dict[str, Any]) -> dict[str, Any]:
    """As vLLM's `prompt_logprobs`."""
    ids = body["prompt"]
    spell = tokenizer().decode
    entries = [None, *({str(one): {"logprob": -1.25, "rank": 2, "decoded_token": spell([one])}} for one in ids[1:])]
    choice = {"index": 0, "text": "x", "prompt_token_ids": ids, "prompt_logprobs": entries}
    return {"object": "text_completion", "model": body["model"], "choices": [choice]}


@cache
def tokenizer() -> Tokenizer:
    """A reply's tokens must spell what was sent, or the server counts as another model's."""
    return Tokenizer.from_file(str(SERVED / "tokenizer.json"))


def teacher_scoring(body: dict[str, Any]) -> dict[str, Any]:
    """As vLLM's interface for teachers."""
    with io.BytesIO() as buffer:
        np.save(buffer, np.full((len(body["sampling_params"]["prompt_logprob_token_ids"]), 1), -1.25, np.float32))
        scores = base64.b64encode(buffer.getvalue()).decode()
    return {"prompt_token_id_logprobs": scores, "prompt_token_ids": body["token_ids"], "choices": []}


PATHS = {"/v1/completions": completion, "/inference/v1/generate": teacher_scoring}


async def serve() -> None:
    """Answer until the process is ended. The port is the only line that it prints."""
    made: dict[bytes, Reply] = {}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
                body = await reader.readexactly(int(fields.get(b"content-length", b"0")))
                path = head.split(b" ", 2)[1]
                status, text = made.get(path + body) or made.setdefault(path + body, reply(path.decode(), body))
                writer.write(b"HTTP/1.1 %d X\r\ncontent-type: application/json\r\n" % status)
                writer.write(b"content-length: %d\r\n\r\n" % len(text) + text)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, limit=2**24)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def reply(path: str, body: bytes) -> Reply:
    if path == "/v1/models":
        return 200, b'{"object": "list", "data": [{"id": "canned", "root": "canned"}]}'
    if path not in PATHS:
        return 404, b'{"detail": "Not Found"}'
    return 200, json.dumps(PATHS[path](json.loads(body))).encode()


# A checkout that asks, in a process of its own: a line in, the seconds of a round out.


def ask(arguments: argparse.Namespace) -> None:
    sys.path.insert(0, str(arguments.checkout))
    from rdpt_core.config import ModelSet
    from rdpt_core.records import ModelReference, Role, ServerSettings
    from rdpt_core.scoring.backends.base import ScoringItem
    from rdpt_core.scoring.backends.factory import make_backends
    from rdpt_core.scoring.request import ScoreRequest

    settings = ServerSettings(
        base_url=arguments.url,
        dialect=arguments.dialect,
        concurrency=arguments.connections,
        tokens_in_flight=2**30,
    )
    reference = ModelReference("", backend="openai", server=settings, tokenizer=str(SERVED))
    models = ModelSet({Role.TEACHER: reference, Role.STUDENT: reference})
    backend = make_backends(ScoreRequest(models, quiet=True))[0]
    backend.load()
    items = [ScoringItem(number, trace, []) for number, trace in enumerate(make_traces(arguments))]
    batches = backend.prepare(items)
    n_tokens = sum(one.n_scored for batch in batches for one in batch)
    print(n_tokens, flush=True)
    for _ in sys.stdin:
        started_s = time.perf_counter()
        n = sum(np.isfinite(one.tokens.logprob).sum() for results in backend.score(batches) for one in results)
        took_s = time.perf_counter() - started_s
        if n != n_tokens:
            raise SystemExit(f"{n_tokens:,} tokens were asked for, {n:,} came back")
        print(took_s, flush=True)


def make_traces(arguments: argparse.Namespace) -> list[Any]:
    """Bundled responses end to end, each trace from another one on; a token is about three characters."""
    from rdpt_core.records import Message, Trace

    lines = (PROJECT / "data" / "traces.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["response"] + "\n\n" for line in lines]
    traces = []
    for number in range(arguments.traces):
        whole = "".join(texts[number:] + texts[:number])
        traces.append(Trace(f"t{number}", f"q{number}", whole[: arguments.tokens * 3], (Message("user", "Go on."),)))
    return traces


class Asker:
    """One checkout, dialect and number of connections."""

    def __init__(
        self, label: str, checkout: Path, url: str, dialect: str, connections: int, texts: Sequence[str]
    ) -> None:
        self.label = label
        command = [sys.executable, __file__, "--checkout", str(checkout), "--url", url, "--dialect", dialect, *texts]
        self._process = subprocess.Popen(
            [*command, "--connections", str(connections)],
            cwd=checkout,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.n_tokens = int(self._read())
        self.seconds: list[float] = []

    def round(self, *, counts: bool) -> None:
        """Ask for everything once."""
        assert self._process.stdin is not None
        print("go", file=self._process.stdin, flush=True)
        took_s = float(self._read())
        if counts:
            self.seconds.append(took_s)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.label} ended")
        return line


def compare(askers: Sequence[Asker], repeats: int) -> None:
    """Rounds in turn, the first of each uncounted: connections are opened and replies are made in it."""
    for number in range(repeats + 1):
        for asker in askers:
            asker.round(counts=number > 0)
    for asker in askers:
        asker.close()
        took_s = statistics.median(asker.seconds)
        print(f"{asker.label:32} {asker.n_tokens / took_s:10,.0f} tokens/s   ({asker.n_tokens:,} tokens a round)")
    for asker in askers[1:]:
        ratios = [mine / others for mine, others in zip(asker.seconds, askers[0].seconds, strict=True)]
        print(f"{askers[0].label} is {statistics.median(ratios):.2f} times as fast as {asker.label}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", type=Path, help="another checkout")
    parser.add_argument("--vllm", help="base URL of a vLLM that serves the bundled teacher")
    parser.add_argument("--dialect", default="vllm", choices=("vllm", "scoring"), help="without --vllm")
    parser.add_argument("--traces", type=int, default=64)
    parser.add_argument("--tokens", type=int, default=1500, help="of a trace, about; with --vllm 400 at most")
    parser.add_argument("--repeats", type=int, default=7)
    for name in ("--serve", "--checkout", "--url", "--connections"):
        kind: dict[str, Any] = {"action": "store_true"} if name == "--serve" else {}
        parser.add_argument(name, help=argparse.SUPPRESS, **kind)
    arguments = parser.parse_args()
    if arguments.serve:
        asyncio.run(serve())
    elif arguments.checkout:
        arguments.connections = int(arguments.connections)
        ask(arguments)
    elif arguments.vllm:
        texts = ["--traces", str(arguments.traces), "--tokens", str(min(arguments.tokens, 400))]
        askers = [Asker(name, PROJECT, arguments.vllm, name, 8, texts) for name in ("scoring", "vllm")]
        compare(askers, arguments.repeats)
    else:
        texts = ["--traces", str(arguments.traces), "--tokens", str(arguments.tokens)]
        server = subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            url = f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
            for n in CONNECTIONS:
                askers = [Asker(f"this checkout, {n} connections", PROJECT, url, arguments.dialect, n, texts)]
                if arguments.against:
                    other = arguments.against.resolve()
                    askers.append(Asker(f"the other, {n} connections", other, url, arguments.dialect, n, texts))
                compare(askers, arguments.repeats)
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
