"""LangSmith: messages of LangChain and of OpenAI."""

from __future__ import annotations

from typing import Any

from tests.support.imports.imported import read


def message(kind: str, content: Any, **fields: Any) -> dict[str, Any]:
    return {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", f"{kind}Message"],
            "kwargs": {"content": content, **fields}}  # fmt: skip


def run(inputs: Any, outputs: Any, **fields: Any) -> dict[str, Any]:
    return {"id": "r1", "run_type": "llm", "name": "Chat", "inputs": inputs, "outputs": outputs,
            "extra": {"metadata": {"ls_model_name": "m"}}, **fields}  # fmt: skip


def test_messages_of_langchain_are_turns() -> None:
    answer = message("AIMessageChunk".removesuffix("Message"), "4", additional_kwargs={"reasoning_content": "hm"})
    answer["id"][-1] = "AIMessageChunk"
    generation = {"text": "4", "generation_info": {"finish_reason": "stop"}, "message": answer}
    inputs = {"messages": [[message("System", "Add."), message("Human", "2+2?")]]}
    (trace,), rejects = read((run(inputs, {"generations": [[generation]]}),))
    assert rejects == []
    assert (trace.response, trace.model) == ("<think>\nhm\n</think>\n\n4", "m")
    assert [(m.role, m.content) for m in trace.messages] == [("system", "Add."), ("user", "2+2?")]
    assert trace.meta["import"]["finish_reason"] == "stop"


def test_completions_and_turns_of_openai_are_read() -> None:
    inputs = {"messages": [{"role": "user", "content": "2+2?"}]}
    turn = {"role": "assistant", "content": "4"}
    outputs: list[Any] = [{"choices": [{"message": turn, "finish_reason": "stop"}]}, {"messages": [turn]}, turn,
                          {"generations": [[{"text": "4"}]]}]  # fmt: skip
    traces, rejects = read(tuple(run(inputs, output, id=f"r{i}") for i, output in enumerate(outputs)))
    assert rejects == []
    assert [(t.response, t.messages[0].content) for t in traces] == [("4", "2+2?")] * 4


def test_several_generations_are_samples() -> None:
    traces, _ = read((run({"prompts": ["2+2="]}, {"generations": [[{"text": "4"}, {"text": "5"}]]}),))
    assert [(t.response, t.sample, t.prompt) for t in traces] == [("4", 0, "2+2="), ("5", 1, "2+2=")]


def test_other_runs_are_no_rejects_and_a_failed_call_is_one() -> None:
    traces, rejects = read((run({}, {"output": "4"}, run_type="chain"), run({}, None, error="slow down")))
    assert traces == []
    assert [r.reason for r in rejects] == ["the run gave no output: slow down"]
