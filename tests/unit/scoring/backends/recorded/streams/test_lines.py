"""Streams of Gemini, Ollama, llama.cpp, SGLang and text generation inference."""

from __future__ import annotations

from typing import Any

from rdpt_core.scoring.backends.recorded.recording import Recording
from rdpt_core.scoring.backends.recorded.streams.reader import StreamReader


def read(*records: Any) -> list[Recording]:
    reader = StreamReader()
    for line, record in enumerate(records, 1):
        assert reader.add(record, f"f:{line}")
    reader.finish()
    assert not reader.silent
    return reader.finished


def texts(recordings: list[Recording]) -> list[str]:
    return ["".join(one.texts or []) for one in recordings]


def ollama(text: str, *, done: bool = False, model: str = "m", **more: Any) -> dict[str, Any]:
    entries = [{"token": text, "logprob": -0.5, "bytes": list(text.encode())}] if text else []
    return {"model": model, "created_at": "…", "response": text, "done": done, "logprobs": entries, **more}


def test_the_lines_of_ollama_until_one_is_done() -> None:
    found = read(ollama("It"), ollama(" is"), ollama("", done=True, eval_count=3), ollama("No"), ollama("!"))
    assert texts(found) == ["It is", "No!"]
    assert [one.n_generated for one in found] == [3, None]
    assert texts(read(ollama("It"), ollama("No", model="other"), ollama(" is"))) == ["It is", "No"]
    chat = [
        {"model": "m", "message": {"content": text}, "done": False, "logprobs": [{"token": text, "logprob": -1}]}
        for text in ("It", " is")
    ]
    assert texts(read(*chat)) == ["It is"]
    # The last line may have a token of its own.
    assert texts(read(ollama("ha"), ollama("ha", done=True))) == ["haha"]
    # A reply that is done at once is no stream.
    assert not StreamReader().add(ollama("It", done=True), "f:1")


def llama(text: str, n: int, *, slot: int = 0, stop: bool = False, entries: list[Any] | None = None) -> dict[str, Any]:
    given = [{"id": 5, "token": text, "bytes": list(text.encode()), "logprob": -0.5}] if entries is None else entries
    probabilities = {"completion_probabilities": given} if given else {}
    return {"index": 0, "content": text, "stop": stop, "id_slot": slot, "tokens_predicted": n, **probabilities}


def test_the_lines_of_llama_cpp_until_one_stops() -> None:
    found = read(llama("It", 1), llama("No", 1, slot=1), llama(" is", 2), llama("", 3, stop=True, entries=[]))
    assert texts(found) == ["It is", "No"] and found[0].n_generated == 3
    # A count that starts anew belongs to another answer: the one before was cut.
    assert texts(read(llama("It", 1), llama(" is", 2), llama("No", 1), llama("!", 2))) == ["It is", "No!"]
    assert not StreamReader().add(llama("It", 1, stop=True), "f:1")


def test_old_servers_repeat_the_whole_list_in_the_last_line() -> None:
    said = ("It", " is")
    parts = [{"content": text, "probs": [{"tok_str": text, "prob": 0.5}]} for text in said]
    lines = [llama(text, number + 1, entries=[parts[number]]) for number, text in enumerate(said)]
    assert texts(read(*lines, llama("", 2, stop=True, entries=parts))) == ["It is"]


def gemini(name: str, text: str, finish_reason: str | None = None) -> dict[str, Any]:
    chosen = [{"token": text, "tokenId": 5, "logProbability": -0.5}]
    candidate = {"content": {"parts": [{"text": text}]}, "logprobsResult": {"chosenCandidates": chosen}}
    return {"responseId": name, "candidates": [{**candidate, "finishReason": finish_reason}]}


def test_responses_of_gemini_share_their_id() -> None:
    records = [gemini("a", "It"), gemini("b", "No"), gemini("a", " is", "STOP"), gemini("b", "!")]
    found = read(*records)
    assert texts(found) == ["It is", "No!"] and [one.keys for one in found] == [("a",), ("b",)]
    assert not StreamReader().add(gemini("a", "It", "STOP"), "f:1")


def tgi(number: int, text: str, whole: str | None = None) -> dict[str, Any]:
    token = {"id": number, "text": text, "logprob": -0.5, "special": False}
    details = None if whole is None else {"finish_reason": "length", "generated_tokens": 2, "seed": 4}
    return {"index": number, "token": token, "generated_text": whole, "details": details}


def test_tokens_of_text_generation_inference() -> None:
    found = read(tgi(1, "It"), tgi(2, " is", "It is"), tgi(1, "No"))
    assert texts(found) == ["It is", "No"] and found[0].token_id.tolist() == [1, 2]


def sglang(name: str, texts: list[str], finish_reason: object = None) -> dict[str, Any]:
    entries = [[-0.5, 5, text] for text in texts]
    return {"text": "…", "meta_info": {"id": name, "finish_reason": finish_reason, "output_token_logprobs": entries}}


def test_parts_of_sglang_repeat_what_was_or_go_on() -> None:
    end = {"type": "stop"}
    repeating = [sglang("a", ["It"]), sglang("b", ["No"]), sglang("a", ["It", " is"]), sglang("a", ["It", " is"], end)]
    assert texts(read(*repeating)) == ["It is", "No"]
    assert texts(read(sglang("a", ["It"]), sglang("a", [" is"]), sglang("a", [], end))) == ["It is"]
    assert not StreamReader().add(sglang("a", ["It"], end), "f:1")
