"""Replies as programs write them down with their logprobs: one function a form, all from the same tokens.

Every form ends with the end-of-text token where its program shows that one. Streams of several replies come in turn.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

END = "<|end|>"


@dataclass(frozen=True, slots=True)
class Token:
    """One generated token: its text is what decoding it alone gives."""

    id: int
    text: str
    raw: bytes
    logprob: float


@dataclass(frozen=True, slots=True)
class Reply:
    """One response with its tokens, without an end-of-text."""

    number: int
    trace_id: str
    question: str
    text: str
    tokens: Sequence[Token]
    end_id: int

    @property
    def ended(self) -> list[Token]:
        """The tokens with the one that ends the text."""
        return [*self.tokens, Token(self.end_id, END, END.encode(), -0.5)]


Record = dict[str, Any]
Write = Callable[[Sequence[Reply]], Iterator[Record]]


@dataclass(frozen=True, slots=True)
class Form:
    """A form, and what it takes to read it: `tokenizer`, or text of ASCII alone."""

    write: Write
    needs_tokenizer: bool = False
    ascii_only: bool = False
    container: str = "jsonl"


FORMS: dict[str, Form] = {}


def form(**more: Any) -> Callable[[Write], Write]:
    """Enter a function into `FORMS` under its name."""

    def enter(write: Write) -> Write:
        FORMS[write.__name__] = Form(write, **more)
        return write

    return enter


def save(name: str, replies: Sequence[Reply], folder: Path) -> Path:
    """Write replies in one form; returns the file."""
    made = FORMS[name]
    records = list(made.write(replies))
    path = folder / f"{name}.{made.container}"
    if made.container == "parquet":
        pq.write_table(pa.Table.from_pylist(records), path)
    elif made.container == "json":
        path.write_text(json.dumps(records), encoding="utf-8")
    else:
        lines = [json.dumps(record, ensure_ascii=False) for record in records]
        is_events = made.container == "txt"
        text = "".join(f"data: {line}\n\n" if is_events else f"{line}\n" for line in lines)
        path.write_text(text + "data: [DONE]\n" * is_events, encoding="utf-8")
    return path


def in_turn(streams: list[list[Record]]) -> Iterator[Record]:
    """The parts of several streams, one of each after another."""
    for parts in zip_longest(*streams):
        yield from (part for part in parts if part is not None)


def entry(token: Token, *, with_bytes: bool = True) -> Record:
    """A token as OpenAI's chats write it, with what may have stood there in its place."""
    other = math.log(max(1 - math.exp(token.logprob), 1e-9) / 3)
    raw = list(token.raw) if with_bytes else None
    chosen = {"token": token.text, "logprob": token.logprob, "bytes": raw}
    return {**chosen, "top_logprobs": [chosen, {"token": "~", "logprob": other, "bytes": [126]}]}


def lists(tokens: Sequence[Token]) -> Record:
    """Tokens as OpenAI's completions write them."""
    return {"tokens": [one.text for one in tokens], "token_logprobs": [one.logprob for one in tokens]}


def chat_choice(reply: Reply, logprobs: Any) -> Record:
    return {
        "index": 0,
        "message": {"role": "assistant", "content": reply.text},
        "logprobs": logprobs,
        "finish_reason": "stop",
    }


def chat(reply: Reply, logprobs: Any) -> Record:
    return {"id": f"chatcmpl-{reply.number}", "object": "chat.completion", "choices": [chat_choice(reply, logprobs)]}


@form()
def openai_chat(replies: Sequence[Reply]) -> Iterator[Record]:
    for reply in replies:
        yield chat(reply, {"content": [entry(token) for token in reply.ended], "refusal": None})


@form(container="json")
def openai_chat_without_bytes(replies: Sequence[Reply]) -> Iterator[Record]:
    for reply in replies:
        yield chat(reply, {"content": [entry(token, with_bytes=False) for token in reply.ended]})


@form()
def openai_batch(replies: Sequence[Reply]) -> Iterator[Record]:
    for record, reply in zip(openai_chat(replies), replies, strict=True):
        yield {"id": "batch", "custom_id": reply.trace_id, "response": {"status_code": 200, "body": record}}


@form()
def openai_completions(replies: Sequence[Reply]) -> Iterator[Record]:
    for reply in replies:
        choice = {"index": 0, "text": reply.text, "logprobs": lists(reply.ended), "finish_reason": "stop"}
        yield {"id": "cmpl-1", "object": "text_completion", "prompt": reply.question, "choices": [choice]}


@form(needs_tokenizer=True)
def tokens_as_ids(replies: Sequence[Reply]) -> Iterator[Record]:
    for reply in replies:
        named = [Token(one.id, f"token_id:{one.id}", f"token_id:{one.id}".encode(), one.logprob) for one in reply.ended]
        yield chat(reply, {"content": [entry(token) for token in named]})


def chunk(name: str, delta: Record, logprobs: Any, finish_reason: str | None = None) -> Record:
    choice = {"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": finish_reason}
    return {"id": name, "object": "chat.completion.chunk", "choices": [choice], "usage": None}


@form(container="txt")
def openai_chat_stream(replies: Sequence[Reply]) -> Iterator[Record]:
    def parts(reply: Reply) -> Iterator[Record]:
        name = f"chatcmpl-{reply.number}"
        yield chunk(name, {"role": "assistant", "content": ""}, None)
        for token in reply.tokens:
            yield chunk(name, {"content": token.text}, {"content": [entry(token)]})
        yield chunk(name, {}, {"content": [entry(reply.ended[-1])]}, "stop")
        usage = {"completion_tokens": len(reply.ended)}
        yield {"id": name, "object": "chat.completion.chunk", "choices": [], "usage": usage}

    return in_turn([list(parts(reply)) for reply in replies])


@form()
def openai_completions_stream(replies: Sequence[Reply]) -> Iterator[Record]:
    def parts(reply: Reply) -> Iterator[Record]:
        for token in reply.ended:
            reason = "stop" if token.text == END else None
            choice = {"index": 0, "text": token.text, "logprobs": lists([token]), "finish_reason": reason}
            yield {"id": f"cmpl-{reply.number}", "object": "text_completion", "choices": [choice]}

    return in_turn([list(parts(reply)) for reply in replies])


@form()
def deepseek_chat(replies: Sequence[Reply]) -> Iterator[Record]:
    for reply in replies:
        half = len(reply.tokens) // 2
        reasoning, answer = reply.tokens[:half], reply.ended[half:]
        yield chat(
            reply,
            {"content": [entry(token) for token in answer], "reasoning_content": [entry(token) for token in reasoning]},
        )


@form()
def deepseek_stream(replies: Sequence[Reply]) -> Iterator[Record]:
    def parts(reply: Reply) -> Iterator[Record]:
        for number, token in enumerate(reply.tokens):
            name, other = ("reasoning_content", "content")[:: 1 if 2 * number < len(reply.tokens) else -1]
            yield chunk(f"ds-{reply.number}", {name: token.text}, {name: [entry(token)], other: None})
        yield chunk(f"ds-{reply.number}", {"content": ""}, None, "stop")

    return in_turn([list(parts(reply)) for reply in replies])


def response_body(reply: Reply) -> Record:
    part = {"type": "output_text", "text": reply.text, "logprobs": [entry(token) for token in reply.ended]}
    output = [{"id": f"msg_{reply.number}", "type": "message", "role": "assistant", "content": [part]}]
    return {"id": f"resp_{reply.number}", "object": "response", "output": output}


@form()
def openai_responses(replies: Sequence[Reply]) -> Iterator[Record]:
    for reply in replies:
        yield response_body(reply)


def response_events(reply: Reply) -> Iterator[Record]:
    begun = {"id": f"resp_{reply.number}", "object": "response", "output": []}
    yield {"type": "response.created", "response": begun}
    for token in reply.ended:
        where = {"item_id": f"msg_{reply.number}", "output_index": 0, "content_index": 0}
        yield {"type": "response.output_text.delta", **where, "delta": token.text, "logprobs": [entry(token)]}


@form(container="txt")
def openai_responses_stream(replies: Sequence[Reply]) -> Iterator[Record]:
    streams = [
        [*response_events(reply), {"type": "response.completed", "response": response_body(reply)}] for reply in replies
    ]
    return in_turn(streams)


@form()
def openai_responses_stream_cut(replies: Sequence[Reply]) -> Iterator[Record]:
    return in_turn([list(response_events(reply)) for reply in replies])


@form()
def together_chat(replies: Sequence[Reply]) -> Iterator[Record]:
    for reply in replies:
        yield chat(reply, {**lists(reply.ended), "token_ids": [token.id for token in reply.ended]})


@form()
def together_echo(replies: Sequence[Reply]) -> Iterator[Record]:
    for reply in replies:
        first = Token(1, reply.question + "\n", b"", -1.0)
        asked = lists([first, *reply.tokens])
        asked["token_logprobs"][0] = None
        prompt = [{"text": reply.question + reply.text, "logprobs": asked}]
        yield {"id": f"t-{reply.number}", "prompt": prompt, "choices": [{"text": "", "finish_reason": "length"}]}


def vllm_entries(tokens: Sequence[Token]) -> list[Record]:
    return [
        {
            str(token.id): {"logprob": token.logprob, "rank": 2, "decoded_token": token.text},
            str(token.id + 1): {"logprob": entry(token)["top_logprobs"][1]["logprob"], "rank": 1, "decoded_token": "~"},
        }
        for token in tokens
    ]


@form()
def vllm_outputs(replies: Sequence[Reply]) -> Iterator[Record]:
    for reply in replies:
        output = {"token_ids": [token.id for token in reply.ended], "logprobs": vllm_entries(reply.ended)}
        yield {"request_id": str(reply.number), "prompt": reply.question, "outputs": [output]}


@form()
def vllm_prompt(replies: Sequence[Reply]) -> Iterator[Record]:
    for reply in replies:
        ids = [1, 2, *(token.id for token in reply.tokens)]
        asked = [Token(2, reply.question, b"", -1.0), *reply.tokens]
        yield {"prompt_token_ids": ids, "prompt_logprobs": [None, *vllm_entries(asked)], "outputs": []}


@form()
def sglang_output(replies: Sequence[Reply]) -> Iterator[Record]:
    for reply in replies:
        entries = [[token.logprob, token.id, token.text] for token in reply.ended]
        yield {"text": reply.text, "meta_info": {"id": "a", "output_token_logprobs": entries}}


@form(container="txt")
def sglang_stream(replies: Sequence[Reply]) -> Iterator[Record]:
    def parts(reply: Reply) -> Iterator[Record]:
        entries = [[token.logprob, token.id, token.text] for token in reply.ended]
        for end in range(1, len(entries) + 1):
            reason = {"type": "stop"} if end == len(entries) else None
            meta = {"id": f"s{reply.number}", "finish_reason": reason, "output_token_logprobs": entries[:end]}
            yield {"text": reply.text, "meta_info": meta}

    return in_turn([list(parts(reply)) for reply in replies])


@form(needs_tokenizer=True)
def sglang_without_text(replies: Sequence[Reply]) -> Iterator[Record]:
    for reply in replies:
        entries = [[token.logprob, token.id, None] for token in reply.ended]
        yield {"text": reply.text, "meta_info": {"id": "a", "output_token_logprobs": entries}}


def tgi_token(token: Token) -> Record:
    return {"id": token.id, "text": token.text, "logprob": token.logprob, "special": token.text == END}


@form(container="json")
def tgi(replies: Sequence[Reply]) -> Iterator[Record]:
    for reply in replies:
        details = {"prefill": [], "seed": 4, "tokens": [tgi_token(token) for token in reply.ended]}
        yield {"generated_text": reply.text, "details": details}


@form(container="txt")
def tgi_stream(replies: Sequence[Reply]) -> Iterator[Record]:
    for reply in replies:
        for token in reply.ended:
            text = reply.text if token.text == END else None
            yield {"token": tgi_token(token), "generated_text": text, "details": None}


def llama_cpp_answer(reply: Reply, entries: list[Record]) -> Record:
    counts = {"tokens_predicted": len(reply.ended), "tokens_evaluated": 4}
    about = {"generation_settings": {"temperature": 1.0}, "prompt": reply.question, "id_slot": reply.number}
    return {"content": reply.text, "stop": True, **counts, **about, "completion_probabilities": entries}


def llama_cpp_entry(token: Token) -> Record:
    shown = "" if token.text == END else token.text
    return {"id": token.id, "token": shown, "bytes": list(shown.encode()), "logprob": token.logprob, "top_logprobs": []}


# It writes one entry for a character of several tokens, which then lacks the others.
@form(ascii_only=True)
def llama_cpp(replies: Sequence[Reply]) -> Iterator[Record]:
    for reply in replies:
        yield llama_cpp_answer(reply, [llama_cpp_entry(token) for token in reply.ended])


@form(ascii_only=True)
def llama_cpp_stream(replies: Sequence[Reply]) -> Iterator[Record]:
    def parts(reply: Reply) -> Iterator[Record]:
        for number, token in enumerate(reply.tokens):
            counts = {"tokens_predicted": number + 1, "id_slot": reply.number, "index": 0}
            given = {"content": token.text, "completion_probabilities": [llama_cpp_entry(token)]}
            yield {**given, "stop": False, **counts}
        yield {**llama_cpp_answer(reply, []), "content": "", "index": 0}

    return in_turn([list(parts(reply)) for reply in replies])


def old_entry(token: Token) -> Record:
    is_part = len(token.raw) == 1 and token.raw[0] >= 0x80
    shown = f"byte: \\x{token.raw[0]:02x}" if is_part else token.raw.decode()
    # Not 0, where the token has all that float32 can tell: that would be a token that a sampler cut off.
    other = {"tok_str": "~", "prob": max((1 - math.exp(token.logprob)) / 3, 1e-12)}
    return {"content": shown, "probs": [{"tok_str": shown, "prob": math.exp(token.logprob)}, other]}


@form()
def llama_cpp_until_2024(replies: Sequence[Reply]) -> Iterator[Record]:
    for reply in replies:
        answer = llama_cpp_answer(reply, [old_entry(token) for token in reply.tokens])
        yield {**answer, "generation_settings": {"temperature": 0.0}}


@form()
def llama_cpp_stream_until_2024(replies: Sequence[Reply]) -> Iterator[Record]:
    for reply, whole in zip(replies, llama_cpp_until_2024(replies), strict=True):
        for entry_ in whole["completion_probabilities"]:
            given = {"content": entry_["content"], "stop": False, "id_slot": reply.number}
            yield {**given, "completion_probabilities": [entry_]}
        yield {**whole, "content": ""}


@form()
def ollama_generate(replies: Sequence[Reply]) -> Iterator[Record]:
    for reply in replies:
        counts = {"done": True, "eval_count": len(reply.ended)}
        entries = [entry(token) for token in reply.tokens]
        yield {"model": "m", "created_at": "…", "response": reply.text, "logprobs": entries, **counts}


@form()
def ollama_chat_stream(replies: Sequence[Reply]) -> Iterator[Record]:
    for reply in replies:
        about = {"model": "m", "created_at": "…"}
        for number, token in enumerate(reply.tokens):
            name = "thinking" if 2 * number < len(reply.tokens) else "content"
            message = {"role": "assistant", "content": "", name: token.text}
            yield {**about, "message": message, "done": False, "logprobs": [entry(token)]}
        yield {**about, "message": {"role": "assistant", "content": ""}, "done": True, "eval_count": len(reply.ended)}


def gemini_candidate(tokens: Sequence[Token], finish_reason: str | None) -> Record:
    chosen = [{"token": one.text, "tokenId": one.id, "logProbability": one.logprob} for one in tokens]
    top = [{"candidates": [one, {"token": "~", "tokenId": 0, "logProbability": -30.5}]} for one in chosen]
    result = {"chosenCandidates": chosen, "topCandidates": top}
    return {"index": 0, "finishReason": finish_reason, "avgLogprobs": -0.1, "logprobsResult": result}


@form()
def gemini(replies: Sequence[Reply]) -> Iterator[Record]:
    for reply in replies:
        about = {"responseId": f"g{reply.number}", "usageMetadata": {"promptTokenCount": 4}}
        yield {"candidates": [gemini_candidate(reply.tokens, "STOP")], **about}


@form()
def gemini_sdk(replies: Sequence[Reply]) -> Iterator[Record]:
    for reply in replies:
        chosen = [{"token": one.text, "token_id": one.id, "log_probability": one.logprob} for one in reply.tokens]
        candidate = {"finish_reason": "STOP", "logprobs_result": {"chosen_candidates": chosen}}
        yield {"candidates": [candidate], "response_id": f"g{reply.number}", "parsed": None}


@form(container="txt")
def gemini_stream(replies: Sequence[Reply]) -> Iterator[Record]:
    def parts(reply: Reply) -> Iterator[Record]:
        half = len(reply.tokens) // 2
        for tokens, reason in ((reply.tokens[:half], None), (reply.tokens[half:], "STOP")):
            about = {"responseId": f"g{reply.number}", "usageMetadata": {"promptTokenCount": 4}}
            yield {"candidates": [gemini_candidate(tokens, reason)], **about}

    return in_turn([list(parts(reply)) for reply in replies])


def cohere(reply: Reply, pieces: Sequence[Sequence[Token]]) -> Record:
    written = [
        {
            "text": b"".join(token.raw for token in piece).decode("utf-8", "replace"),
            "token_ids": [token.id for token in piece],
            "logprobs": [token.logprob for token in piece],
        }
        for piece in pieces
    ]
    message = {"role": "assistant", "content": [{"type": "text", "text": reply.text}]}
    return {"id": f"c{reply.number}", "finish_reason": "COMPLETE", "message": message, "logprobs": written}


@form()
def cohere_tokens(replies: Sequence[Reply]) -> Iterator[Record]:
    for reply in replies:
        yield cohere(reply, [[token] for token in reply.tokens])


@form(needs_tokenizer=True)
def cohere_pieces(replies: Sequence[Reply]) -> Iterator[Record]:
    for reply in replies:
        yield cohere(reply, [reply.tokens[first : first + 3] for first in range(0, len(reply.tokens), 3)])


@form(container="json")
def inspect_log(replies: Sequence[Reply]) -> Iterator[Record]:
    samples = [
        {
            "id": reply.number,
            "epoch": 1,
            "input": reply.question,
            "output": {"choices": [chat_choice(reply, {"content": [entry(token) for token in reply.tokens]})]},
        }
        for reply in replies
    ]
    yield {"version": 2, "status": "success", "eval": {"task": "sums"}, "samples": samples}


@form(needs_tokenizer=True)
def lists_of_ids(replies: Sequence[Reply]) -> Iterator[Record]:
    for reply in replies:
        ids, values = [token.id for token in reply.ended], [token.logprob for token in reply.ended]
        yield {"sample_uuid": reply.trace_id, "token_ids": ids, "logprobs": values}


@form(needs_tokenizer=True, container="parquet")
def lists_of_ids_in_parquet(replies: Sequence[Reply]) -> Iterator[Record]:
    return lists_of_ids(replies)


@form(container="parquet")
def lists_of_texts(replies: Sequence[Reply]) -> Iterator[Record]:
    for reply in replies:
        yield {"tokens": [token.text for token in reply.tokens], "logprobs": [token.logprob for token in reply.tokens]}


@form()
def own_rows(replies: Sequence[Reply]) -> Iterator[Record]:
    for reply in replies:
        for index, token in enumerate(reply.tokens):
            row = {"trace_id": reply.trace_id, "token_index": index, "token": token.text}
            yield {**row, "logprob": token.logprob}
