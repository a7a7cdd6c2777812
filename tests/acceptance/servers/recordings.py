"""Recordings that a server with OpenAI's interfaces makes: each form with the requests that were sent."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common import DATA, Report, Row, ask, gaps, last_line, lines, rows, score, scored, write_lines

N_QUESTIONS = 24
MOST_TOKENS = 200


@dataclass(frozen=True)
class Recorded:
    """Two files of JSON Lines, in one order. A stream's replies are its chunks."""

    name: str
    requests: Path
    replies: Path


def questions(n: int = N_QUESTIONS) -> list[tuple[str, str]]:
    """Ids and texts of bundled questions, of all benchmarks."""
    found = {str(row["question_id"]): str(row["question"]) for row in lines(DATA / "traces.jsonl")}
    step = len(found) // n
    return list(found.items())[::step][:n]


def record(
    root: str, folder: Path, name: str, path: str, body: Callable[[str], Row], asked: Sequence[tuple[str, str]]
) -> Recorded:
    """Ask a question a request, and keep requests and replies as a batch does."""
    requests, replies = [], []
    for number, (key, question) in enumerate(asked):
        sent = {"model": "bundled", "seed": number, **body(question)}
        status, reply = ask(root + path, sent)
        if status != 200:
            raise SystemExit(f"{name}: HTTP {status}: {reply}")
        requests.append({"custom_id": key, "method": "POST", "url": path, "body": sent})
        replies.append({"id": f"batch-{key}", "custom_id": key, "response": {"status_code": 200, "body": reply}})
    return Recorded(
        name,
        write_lines(folder / f"{name}-requests.jsonl", requests),
        write_lines(folder / f"{name}.jsonl", replies),
    )


def chat(sampling: Mapping[str, Any]) -> Callable[[str], Row]:
    """A body for chat completions with logprobs."""
    return lambda question: {
        "messages": [{"role": "user", "content": question}],
        "max_tokens": MOST_TOKENS,
        "logprobs": True,
        "top_logprobs": 5,
        **sampling,
    }


def completion(sampling: Mapping[str, Any]) -> Callable[[str], Row]:
    """A body for completions with logprobs, the bundled template written out."""
    return lambda question: {
        "prompt": f"<|user|>{question}<|assistant|>",
        "max_tokens": MOST_TOKENS,
        "logprobs": 5,
        **sampling,
    }


def response(sampling: Mapping[str, Any]) -> Callable[[str], Row]:
    """A body for the Responses API with logprobs."""
    return lambda question: {
        "input": question,
        "max_output_tokens": MOST_TOKENS,
        "top_logprobs": 5,
        "include": ["message.output_text.logprobs"],
        "store": False,
        **sampling,
    }


def record_stream(
    root: str, folder: Path, name: str, body: Callable[[str], Row], asked: Sequence[tuple[str, str]]
) -> Recorded:
    """Chat completions that are streamed, their chunks a line each."""
    requests, chunks = [], []
    for number, (key, question) in enumerate(asked):
        sent = {"model": "bundled", "seed": number, "stream": True, **body(question)}
        sent["stream_options"] = {"include_usage": True}
        requests.append({"custom_id": key, "method": "POST", "url": "/v1/chat/completions", "body": sent})
        chunks += streamed(root + "/v1/chat/completions", sent)
    return Recorded(
        name,
        write_lines(folder / f"{name}-requests.jsonl", requests),
        write_lines(folder / f"{name}.jsonl", chunks),
    )


def streamed(url: str, body: Row) -> list[Row]:
    """The JSON of every server-sent event."""
    request = urllib.request.Request(url, data=json.dumps(body).encode(), headers={"content-type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=300) as reply:
        events = [line[5:].strip() for line in reply if line.startswith(b"data:")]
    return [json.loads(event) for event in events if event != b"[DONE]"]


def make_traces(work: Path, found: Recorded) -> Path:
    """Canonical traces of what was recorded: read from the requests and replies, without this program's `import`."""
    asked = {str(row["custom_id"]): row["body"] for row in lines(found.requests)}
    traces = []
    for key, text in zip(asked, answers(found), strict=True):
        body = asked[key]
        prompt = body.get("prompt")
        question = (
            str(prompt).removeprefix("<|user|>").removesuffix("<|assistant|>")
            if prompt
            else str(body.get("input") or body["messages"][0]["content"])
        )
        traces.append({"trace_id": key, "question_id": key, "question": question, "response": text})
    return write_lines(work / f"{found.name}-traces.jsonl", traces)


def answers(found: Recorded) -> list[str]:
    """The texts that were written, in the order of the requests; reasoning stands in <think> before its answer."""
    whole: list[str] = []
    pieces: dict[str, str] = {}
    for row in lines(found.replies):
        body = row["response"]["body"] if "response" in row else row
        if body.get("object") == "chat.completion.chunk":
            pieces.setdefault(body["id"], "")
            for choice in body["choices"]:
                pieces[body["id"]] += choice["delta"].get("content") or ""
        elif "choices" in body:
            whole.append(answer(body["choices"][0]))
        elif "output" in body:
            parts = [part for item in body["output"] for part in item["content"]]
            whole.append("".join(part["text"] for part in parts))
        else:
            whole.append(body["content"])
    return whole or list(pieces.values())


def answer(choice: Row) -> str:
    """The text of a choice."""
    if "message" not in choice:
        return str(choice["text"])
    message = choice["message"]
    reasoning, content = message.get("reasoning"), message.get("content") or ""
    return f"<think>{reasoning}</think>{content}" if reasoning else str(content)


def compare(
    report: Report,
    found: Recorded,
    work: Path,
    most_nats: float,
    *,
    whole: bool = True,
    teacher: Path = DATA / "teacher",
    options: str = "",
) -> None:
    """Score what was written under the same model here, and as recorded: both must agree a token.

    Args:
        whole: every sentence has logprobs; otherwise the last of a trace may be in doubt, and one at least is.
        teacher: the folder of the model that the server has.
        options: of the recording, from a comma on.
    """
    traces = make_traces(work, found)
    live, recorded = work / f"{found.name}-live.duckdb", work / f"{found.name}-recorded.duckdb"
    student = {"student": DATA / "student"}
    score(live, traces, {"teacher": teacher, **student})
    done = scored(recorded, traces, {"teacher": f"recorded:{found.replies}{options}", **student})
    if done.returncode not in (0, 3):
        report.check(f"recorded {found.name}", False, last_line(done))
        return
    n, n_both, worst, mean = gaps(live, recorded, "teacher")
    read = [row for row in rows(recorded, "sentences") if row["kind"] != "mark"]
    sentences = [row["p_teacher"] is None for row in read]
    heads = [row["trace_id"] for row in read]
    is_last = [a != b for a, b in zip(heads, [*heads[1:], None], strict=True)]
    n_early = sum(missing and not last for missing, last in zip(sentences, is_last, strict=True))
    n_late = sum(missing and last for missing, last in zip(sentences, is_last, strict=True))
    holds = worst <= most_nats and n_early == 0 and (n_late == 0 and n_both == n if whole else n_late > 0)
    report.check(
        f"recorded {found.name}",
        holds,
        f"{n_both:,} of {n:,} tokens, |Δ logprob| max {worst:.1e}, mean {mean:.1e}; unscored are "
        f"{n_late} last sentences and {n_early} others of {len(sentences)}",
    )
