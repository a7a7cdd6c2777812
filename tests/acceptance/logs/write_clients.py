"""Runs in an environment with the clients of three APIs: writes their objects as people keep them. Nothing is sent.

Usage: python write_clients.py FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from anthropic.types import Message
from anthropic.types.messages import MessageBatchIndividualResponse
from expectations import TRICKY, Expectations, rejoined
from google.genai.types import GenerateContentResponse
from openai.types import Completion
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response
from pydantic import BaseModel

THOUGHT = "Let me think.\nTwo and two."


class Logs:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.expected = Expectations(folder)

    def write(self, name: str, text: str, traces: list[dict[str, Any]], rejects: int = 0) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")
        self.expected.add(name, traces, rejects=rejects)

    def write_objects(
        self, name: str, objects: list[BaseModel], traces: list[dict[str, Any]], rejects: int = 0
    ) -> None:
        """With all fields, with those that are set only, indented, in a list, and one after the other."""
        self.write(f"{name}.jsonl", "".join(item.model_dump_json() + "\n" for item in objects), traces, rejects)
        short = [item.model_dump_json(exclude_none=True) for item in objects]
        self.write(f"{name}_short.jsonl", "\n".join(short), traces, rejects)
        self.write(
            f"{name}_by_alias.jsonl",
            "\n".join(item.model_dump_json(by_alias=True) for item in objects),
            traces,
            rejects,
        )
        self.write(f"{name}_list.json", json.dumps([item.model_dump(mode="json") for item in objects]), traces, rejects)
        self.write(
            f"{name}_indented.json", "\n".join(item.model_dump_json(indent=2) for item in objects), traces, rejects
        )


def chat(number: int, message: dict[str, Any], finish: str = "stop") -> ChatCompletion:
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", **message}}
    usage = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
    return ChatCompletion.model_validate(
        {
            "id": f"chatcmpl-{number}",
            "object": "chat.completion",
            "created": 1,
            "model": "small-1",
            "choices": [choice],
            "usage": usage,
        }
    )


def openai_chat(logs: Logs) -> None:
    objects = [
        chat(1, {"content": "4"}),
        chat(2, {"content": TRICKY}),
        chat(3, {"content": "4", "reasoning_content": THOUGHT}),
        chat(4, {"content": None, "reasoning_content": THOUGHT}, "length"),
        chat(5, {"content": "Cut sho"}, "length"),
    ]
    texts = ["4", TRICKY, rejoined(THOUGHT, "4"), f"<think>\n{THOUGHT}", "Cut sho"]
    traces = [{"response": text, "truncated": index > 2, "model": "small-1"} for index, text in enumerate(texts)]
    logs.write_objects("openai_chat", objects, traces)

    several = chat(6, {"content": "one"})
    several.choices += [several.choices[0].model_copy(update={"index": 1})]
    several.choices[1].message = several.choices[0].message.model_copy(update={"content": "two"})
    logs.write_objects(
        "openai_several", [several], [{"response": "one", "sample": 0}, {"response": "two", "sample": 1}]
    )

    call = {"id": "call_1", "type": "function", "function": {"name": "lookup", "arguments": "{}"}}
    logs.write_objects(
        "openai_tool_call", [chat(7, {"content": None, "tool_calls": [call]}, "tool_calls")], [], rejects=1
    )

    pieces: list[dict[str, Any]] = [
        {"role": "assistant"},
        {"reasoning_content": "Let me "},
        {"reasoning_content": "think."},
    ]
    pieces += [{"content": "The "}, {"content": "answer is 4"}, {}]
    chunks = [
        ChatCompletionChunk.model_validate({
            "id": "chatcmpl-8", "object": "chat.completion.chunk", "created": 1, "model": "small-1",
            "choices": [{"index": 0, "delta": piece, "finish_reason": None if piece else "stop"}],
        })
        for piece in pieces
    ]  # fmt: skip
    whole = [{"response": rejoined("Let me think.", "The answer is 4"), "truncated": False}]
    logs.write("openai_stream.jsonl", "".join(chunk.model_dump_json() + "\n" for chunk in chunks), whole)
    events = "".join(f"data: {chunk.model_dump_json()}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
    logs.write("openai_stream.txt", events, whole)

    text = Completion.model_validate({
        "id": "cmpl-1", "object": "text_completion", "created": 1, "model": "small-1",
        "choices": [{"index": 0, "finish_reason": "length", "text": " is 4 and"}],
    })  # fmt: skip
    logs.write_objects("openai_text", [text], [{"response": " is 4 and", "truncated": True}])

    batch = logs.folder / "openai_batch"
    batch.mkdir()
    requests = [
        {"custom_id": f"q-{n}", "method": "POST", "url": "/v1/chat/completions",
         "body": {"model": "small-1", "messages": [{"role": "system", "content": "Be brief."},
                                                   {"role": "user", "content": f"Question {n}"}]}}
        for n in range(len(objects))
    ]  # fmt: skip
    answers = [
        {"id": f"b-{n}", "custom_id": f"q-{n}", "error": None,
         "response": {"status_code": 200, "request_id": "r", "body": item.model_dump(mode="json")}}
        for n, item in enumerate(objects)
    ]  # fmt: skip
    (batch / "requests.jsonl").write_text("".join(json.dumps(line) + "\n" for line in requests), encoding="utf-8")
    (batch / "output.jsonl").write_text("".join(json.dumps(line) + "\n" for line in answers), encoding="utf-8")
    asked = [[["system", "Be brief."], ["user", f"Question {n}"]] for n in range(len(objects))]
    logs.expected.add(
        "openai_batch", [{**trace, "messages": messages} for trace, messages in zip(traces, asked, strict=True)]
    )


def openai_responses(logs: Logs) -> None:
    def response(number: int, output: list[dict[str, Any]], status: str = "completed", **fields: Any) -> Response:
        return Response.model_validate({
            "id": f"resp_{number}", "object": "response", "created_at": 1, "model": "small-1", "status": status,
            "output": output, "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], **fields,
        })  # fmt: skip

    def message(text: str) -> dict[str, Any]:
        part = {"type": "output_text", "text": text, "annotations": []}
        return {"id": "m", "type": "message", "role": "assistant", "status": "completed", "content": [part]}

    thought = {"id": "r", "type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": THOUGHT}]}
    cut = {"incomplete_details": {"reason": "max_output_tokens"}}
    objects = [
        response(1, [message("4")]),
        response(2, [message(TRICKY)]),
        response(3, [thought, message("4")]),
        response(4, [message("Cut sho")], "incomplete", **cut),
    ]
    texts = ["4", TRICKY, rejoined(THOUGHT, "4"), "Cut sho"]
    traces = [{"response": text, "truncated": index == 3, "model": "small-1"} for index, text in enumerate(texts)]
    logs.write_objects("openai_responses", objects, traces)


def anthropic(logs: Logs) -> None:
    def message(number: int, content: list[dict[str, Any]], stop: str = "end_turn") -> Message:
        return Message.model_validate({
            "id": f"msg_{number}", "type": "message", "role": "assistant", "model": "small-1", "content": content,
            "stop_reason": stop, "stop_sequence": None, "usage": {"input_tokens": 5, "output_tokens": 7},
        })  # fmt: skip

    thought = {"type": "thinking", "thinking": THOUGHT, "signature": "c2lnbmVk"}
    objects = [
        message(1, [{"type": "text", "text": "4"}]),
        message(2, [{"type": "text", "text": TRICKY}]),
        message(3, [thought, {"type": "text", "text": "4"}]),
        message(4, [{"type": "redacted_thinking", "data": "eA=="}, {"type": "text", "text": "4"}]),
        message(5, [{"type": "text", "text": "Cut sho"}], "max_tokens"),
    ]
    texts = ["4", TRICKY, rejoined(THOUGHT, "4"), "4", "Cut sho"]
    traces = [{"response": text, "truncated": index == 4, "model": "small-1"} for index, text in enumerate(texts)]
    logs.write_objects("anthropic", objects, traces)
    batch = [
        MessageBatchIndividualResponse.model_validate(
            {"custom_id": f"q-{n}", "result": {"type": "succeeded", "message": item}}
        )
        for n, item in enumerate(objects)
    ]
    batch.append(MessageBatchIndividualResponse.model_validate({"custom_id": "q-9", "result": {"type": "expired"}}))
    logs.write_objects("anthropic_batch", batch, traces, rejects=1)


def gemini(logs: Logs) -> None:
    def response(parts: list[dict[str, Any]], finish: str = "STOP") -> GenerateContentResponse:
        candidate = {"content": {"role": "model", "parts": parts}, "finish_reason": finish, "index": 0}
        return GenerateContentResponse.model_validate(
            {"candidates": [candidate], "model_version": "small-1", "response_id": "r"}
        )

    objects = [
        response([{"text": "4"}]),
        response([{"text": TRICKY}]),
        response([{"text": THOUGHT, "thought": True}, {"text": "4"}]),
        response([{"text": "Cut sho"}], "MAX_TOKENS"),
    ]
    texts = ["4", TRICKY, rejoined(THOUGHT, "4"), "Cut sho"]
    traces = [{"response": text, "truncated": index == 3, "model": "small-1"} for index, text in enumerate(texts)]
    logs.write_objects("gemini", objects, traces)


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    logs = Logs(folder)
    openai_chat(logs)
    openai_responses(logs)
    anthropic(logs)
    gemini(logs)
    logs.expected.write()


if __name__ == "__main__":
    main()
