"""A valid record of every format, in which the model's response is any text one likes."""

from __future__ import annotations

from typing import Any


def _completion(text: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    return {"id": "c", "object": "chat.completion", "model": "small", "choices": [choice]}


def _chunk(text: str | None) -> dict[str, Any]:
    delta = {} if text is None else {"role": "assistant", "content": text}
    choice = {"index": 0, "delta": delta, "finish_reason": "stop" if text is None else None}
    return {"id": "s", "object": "chat.completion.chunk", "model": "small", "choices": [choice]}


def one_of_each(text: str) -> dict[str, list[Any]]:
    """Records of each format by its name; each holds one response, `text`, and may stand alone in a file.

    Several records of a name are variants of the format, except for streams, whose records belong together.
    """
    user, answer = {"role": "user", "content": "2+2?"}, {"role": "assistant", "content": text}
    turns = [user, answer]
    sample = {
        "id": "a/1", "epoch": 1, "input": "2+2?", "target": "4", "messages": turns,
            "scores": {"match": {"value": "C"}},
        "output": {"model": "small", "choices": [{"message": answer, "stop_reason": "stop"}]},
    }  # fmt: skip
    document = {"query": "2+2?", "choices": ["4"], "gold_index": 0, "task_name": "sums|0", "id": "0"}
    return {
        "canonical": [{"trace_id": "t", "question_id": "q", "question": "2+2?", "response": text}],
        "lm-eval": [
            {"doc_id": 0, "doc": {"question": "2+2?"}, "target": "4", "resps": [[text]], "filtered_resps": ["4"],
             "arguments": {"gen_args_0": {"arg_0": "2+2?", "arg_1": {}}}, "filter": "none", "metrics": ["acc"],
                 "acc": 1}
        ],
        "inspect": [{"version": 2, "status": "success", "eval": {"task": "sums"}, "samples": [sample]}],
        "lighteval": [
            {"doc": document, "model_response": {"input": "2+2?", "text": [text], "reasonings": []},
             "metric": {"em": 1.0}},
            {"full_prompt": "2+2?", "example": "2+2?", "predictions": [text], "gold": ["4"], "metrics": {"em": 1.0}},
        ],
        "livecodebench": [{"question_content": "2+2?", "question_id": "1", "output_list": [text], "code_list": ["4"],
            "graded_list": [True]}],
        "evalchemy": [{"results": {"sums": {"examples": [{"id": 0, "problem": "2+2?", "answer": "4",
            "model_outputs": [text]}]}}}],
        "simple-evals": [{"score": 1.0, "htmls": ["<p>"], "convos": [turns], "metadata": None}],
        "openai-evals": [
            {"run_id": "r", "event_id": 0, "sample_id": "s.1", "type": "sampling", "data": {"prompt": [user],
             "sampled": [text]}}
        ],
        "promptfoo": [
            {"results": {"results": [{"promptIdx": 0, "testIdx": 0, "success": True, "prompt": {"raw": "2+2?"},
                                      "response": {"output": text}, "provider": {"id": "small"}}]}},
            {"promptIdx": 0, "testIdx": 0, "success": True, "prompt": {"raw": "2+2?"}, "response": {"output": text}},
        ],
        "langfuse": [{"id": "o", "traceId": "t", "type": "GENERATION", "input": [user], "output": answer,
            "model": "small"}],
        "langsmith": [{"id": "r", "run_type": "llm", "inputs": {"messages": [user]},
            "outputs": {"choices": [{"message": answer}]}}],
        "openinference": [
            {"context": {"span_id": "s"}, "attributes": {
                "openinference.span.kind": "LLM", "llm.model_name": "small", "llm.input_messages": [{"message": user}],
                "llm.output_messages": [{"message": answer}]}},
            {"context": {"span_id": "s"}, "attributes": {
                "openinference.span.kind": "LLM", "llm.input_messages.0.message.role": "user",
                "llm.input_messages.0.message.content": "2+2?", "llm.output_messages.0.message.role": "assistant",
                "llm.output_messages.0.message.content": text}},
        ],
        "argilla": [{"id": "1", "fields": {"question": "2+2?", "response": text}, "responses": {}, "suggestions": {},
            "metadata": {}}],
        "fastchat": [{"question_id": 81, "model_id": "small", "choices": [{"index": 0, "turns": [text]}],
            "tstamp": 1.0}],
        "bedrock": [{"output": {"message": {"role": "assistant", "content": [{"text": text}]}},
            "stopReason": "end_turn"}],
        "ollama": [
            {"model": "small", "created_at": "2026", "response": text, "done": True, "done_reason": "stop"},
            {"model": "small", "created_at": "2026", "message": answer, "done": True, "done_reason": "stop"},
        ],
        "llama-cpp": [{"content": text, "stop": True, "prompt": "2+2?", "generation_settings": {},
            "tokens_predicted": 1}],
        "sglang": [{"text": text, "meta_info": {"id": "1", "finish_reason": {"type": "stop"}}, "prompt": "2+2?"}],
        "tgi": [{"generated_text": text, "details": {"finish_reason": "eos_token"}, "inputs": "2+2?"}],
        "cohere": [
            {"id": "1", "finish_reason": "COMPLETE", "message": {"role": "assistant", "content": [{"type": "text",
             "text": text}]}},
            {"text": text, "generation_id": "g", "response_id": "r", "finish_reason": "COMPLETE"},
        ],
        "openai-stream": [_chunk(text), _chunk(None)],
        "openai-responses": [
            {"id": "r", "object": "response", "model": "small", "status": "completed", "output": [
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}]}
        ],
        "anthropic": [
            {"id": "m", "type": "message", "role": "assistant", "model": "small", "stop_reason": "end_turn",
             "content": [{"type": "text", "text": text}]}
        ],
        "openai": [
            _completion(text),
            {"custom_id": "x", "error": None, "response": {"status_code": 200, "body": _completion(text)}},
            {"object": "text_completion", "model": "small", "choices": [{"index": 0, "text": text,
             "finish_reason": "stop"}]},
        ],
        "gemini": [{"modelVersion": "small", "candidates": [{"content": {"role": "model", "parts": [{"text": text}]},
            "finishReason": "STOP"}]}],
        "vllm": [{"request_id": "1", "prompt": "2+2?", "outputs": [{"index": 0, "text": text,
            "finish_reason": "stop"}]}],
        "math-eval": [{"idx": 0, "question": "2+2?", "gt": "4", "code": [text], "score": [True], "pred": ["4"]}],
        "skythought": [{"2+2?": {"id": 1, "responses": {"0.0": {"content": text, "correctness": True}}}}],
        "reasoning-gym": [
            {"name": "sums", "results": [{"question": "2+2?", "expected_answer": "4",
                                          "completions": [{"full_model_response": text, "score": 1.0}]}]}
        ],
        "thought-anchors": [{"prompt": "2+2?<think>\n", "solution": text, "full_cot": "all", "is_correct": True}],
        "thinkarm": [{"Question ID": "1", "Instruction": "2+2?", "Response": text, "index": 1, "Correct Answer": "4"}],
        "result-object": [{"user_message": "2+2?", "result": {"content": text, "reasoning_trace": None}}],
        "datasets": [
            {"problem": "2+2?", "generated_solution": text, "expected_answer": "4"},
            {"question": "2+2?", "final_answer": "4", "r1_solution_1": text, "r1_solution_2": None,
             "r1_solution_3": None},
        ],
        "nemo-skills": [{"problem": "2+2?", "expected_answer": "4", "generation": text, "predicted_answer": "4",
            "symbolic_correct": True}],
        "verl": [{"input": "user\n2+2?\nassistant\n", "output": text, "gts": "4", "score": 1.0, "step": 1}],
        "llama-factory": [{"prompt": "<|im_start|>user\n2+2?<|im_end|>\n<|im_start|>assistant\n", "predict": text,
            "label": "4"}],
        "candidates": [{"problem": "2+2?", "answer": "4", "generations": [text], "correctness_math_verify": [True]}],
        "messages": [
            {"messages": turns},
            {"conversations": [{"from": "human", "value": "2+2?"}, {"from": "gpt", "value": text}]},
            {"prompt": "2+2?", "chosen": [answer], "rejected": [{"role": "assistant", "content": "no"}]},
        ],
        "pairs": [
            {"question": "2+2?", "response": text, "gold": "4", "correct": True},
            {"instruction": "Add.", "input": "2 2", "output": text},
            {"messages": [user], "response": text},
        ],
    }  # fmt: skip
