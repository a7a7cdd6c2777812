"""Details of lighteval: a row a document, with all texts that were sampled for it.

Since 0.10 a row holds `doc`, `model_response` and `metric`; before, its fields lay flat, and some versions wrote each
as Python prints it. A metric is one number a document. It is the verdict only where there is a single text: of
several, it is their mean, or whether any is right.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, Response, each_part
from rdpt_core.traces.formats.fields import gold_of, kind_of, messages_for, rest_of, short_text, strings
from rdpt_core.traces.formats.requests import NOTHING, Asked, asked_of
from rdpt_core.traces.formats.turn import build
from rdpt_core.traces.formats.verdicts import verdict_in

_FILE = re.compile(r"details_(.+?)_\d{4}-\d\d-\d\dT[\d\-:.]+\.parquet")
_ESCAPE = r"\\(?:[\\'\"nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})"
_ITEM = re.compile(
    rf"""\s*('[^'\\]*(?:{_ESCAPE}[^'\\]*)*'|"[^"\\]*(?:{_ESCAPE}[^"\\]*)*")""",
)
_MAX_TEXTS = 100_000
"""So many texts a document are read from a printed list."""
_VERDICT = re.compile(r"(?:^|[^a-z])(?:[qp]*em|acc|pass@|avg@|maj@)|match|correct|equal|_pass|_acc")
"""Metrics whose 0 and 1 are wrong and right. Of others, such as an overlap of words, 0 says less."""
_USED_DOC = frozenset({"query", "choices", "gold_index", "task_name", "id", "fewshot_samples"})
_FLAT = frozenset({"full_prompt", "predictions", "metrics"})
_USED_FLAT = frozenset({*_FLAT, "example", "gold", "gold_index", "choices", "input_tokens", "cont_tokens", "truncated",
                        "padded", "pred_logits", "prediction_logits"})  # fmt: skip


def _is_nested(value: Mapping[str, Any]) -> bool:
    doc, response = value.get("doc"), value.get("model_response")
    return isinstance(doc, dict) and "query" in doc and isinstance(response, dict) and "text" in response


def _detect(value: Any) -> bool:
    return isinstance(value, dict) and (_is_nested(value) or value.keys() >= _FLAT)


def _read(record: Record, context: Context) -> Iterator[Draft | Bad]:
    value = record.value
    if not _detect(value):
        raise RecordError(f"expected doc and model_response, or predictions with full_prompt; got {kind_of(value)}")
    draft_of = _nested if _is_nested(value) else _flat
    yield from draft_of(value, context, record.line)


def _nested(value: Mapping[str, Any], context: Context, line: int) -> Iterator[Draft | Bad]:
    doc, response = value["doc"], value["model_response"]
    texts = response["text"]
    if not isinstance(texts, list) or not texts:
        raise RecordError("no generated text: the task compares the likelihood of given answers")
    apart = response.get("reasonings")
    reasonings = apart if isinstance(apart, list) and len(apart) == len(texts) else [None] * len(texts)
    messages, prompt = _asked(response.get("input"), doc["query"])
    name = short_text(doc.get("task_name"))
    meta = {**rest_of(doc, _USED_DOC), "metric": value.get("metric")}
    answers = _golds(doc.get("choices"), doc.get("gold_index"))

    def draft_of(numbered: tuple[int, Any]) -> Iterator[Draft]:
        index, text = numbered
        if not isinstance(text, str):
            raise RecordError(f"text {index} must be a string; got {kind_of(text)}")
        draft = build({"content": text, "reasoning_content": reasonings[index]}, _model(context))
        draft.messages, draft.prompt = messages, prompt
        draft.source_id = short_text(doc.get("id"))
        draft.benchmark = _task(name) or _task(_named(context))
        _finish(draft, answers, value.get("metric"), index, len(texts), context)
        draft.meta = rest_of(meta, ())
        yield draft

    yield from each_part(list(enumerate(texts)), line, draft_of)


def _flat(value: Mapping[str, Any], context: Context, line: int) -> Iterator[Draft | Bad]:
    texts = _printed(value["predictions"])
    if strings(texts) is None:
        raise RecordError("predictions hold no texts: the task compares the likelihood of given answers")
    messages, prompt = _asked(value["full_prompt"], value.get("example"))
    gold, metrics = _printed(value.get("gold")), value["metrics"]
    answers = strings(gold) or _golds(_printed(value.get("choices")), value.get("gold_index"))
    meta = {**rest_of(value, _USED_FLAT), "metric": metrics}

    def draft_of(numbered: tuple[int, str]) -> Iterator[Draft]:
        index, text = numbered
        draft = Draft(Response.verbatim(text))
        draft.messages, draft.prompt = messages, prompt
        draft.benchmark = _task(_named(context))
        _finish(draft, answers, metrics, index, len(texts), context)
        draft.meta = rest_of(meta, ())
        yield draft

    yield from each_part(list(enumerate(texts)), line, draft_of)


def _finish(draft: Draft, answers: list[str], metric: Any, index: int, n: int, context: Context) -> None:
    """What both layouts say of a text in the same way."""
    draft.model = _model(context)
    draft.gold = gold_of(answers)
    draft.sample = index if n > 1 else None
    if n > 1 or not isinstance(metric, dict):
        return
    scores = {name: score for name, score in metric.items() if _VERDICT.search(str(name).lower())}
    for name, score in scores.items():
        correct, said = verdict_in(f"metric.{name}", score)
        draft.verdict = draft.verdict or said
        if correct is not None:
            draft.correct, draft.verdict = correct, said
            return


def _asked(given: Any, query: Any) -> Asked:
    """The conversation or rendered prompt that the model was given, or the document's question."""
    asked = asked_of(given, is_prompt=True)
    question = messages_for(query) if isinstance(query, str) and query else ()
    if asked == NOTHING:
        return question, None
    messages, prompt = asked
    has_turns = messages and (prompt is None or messages != messages_for(prompt))
    return (messages if has_turns else question or messages), prompt


def _golds(choices: Any, index: Any) -> list[str]:
    """The accepted answers: the choices at one index or at several."""
    indices = index if isinstance(index, list) else [index]
    texts = choices if isinstance(choices, list) else []
    return [
        texts[i]
        for i in indices
        if isinstance(i, int) and not isinstance(i, bool) and 0 <= i < len(texts) and isinstance(texts[i], str)
    ]


def _printed(value: Any) -> Any:
    """A list of texts as Python prints it, read back; any other value unchanged."""
    if not (isinstance(value, str) and value.startswith("[") and value.endswith("]")):
        return value
    texts, position, end = [], 1, len(value) - 1
    while position < end:
        match = _ITEM.match(value, position, end)
        if match is None or (match.end() < end and value[match.end()] != ","):
            return value
        try:
            # One literal of text at a time: nothing else is evaluated, and nothing can nest.
            texts.append(ast.literal_eval(match[1]) if "\\" in match[1] else match[1][1:-1])
        except (ValueError, SyntaxError):
            return value
        if len(texts) > _MAX_TEXTS:
            return value
        position = match.end() + 1
    return texts


def _named(context: Context) -> str | None:
    """The task in the name of the file."""
    match = _FILE.search(context.name)
    return match[1] if match else None


def _task(name: str | None) -> str | None:
    """A task's own name, without the suite before it and the number of examples behind it."""
    parts = [part for part in (name or "").split("|") if part and not part.isdigit()]
    return parts[-1] if parts else None


def _model(context: Context) -> str | None:
    """The model that the folders name: details/ORGANISATION/NAME/DATE/ or details/NAME/DATE/."""
    for level in (3, 4):
        if context.folder(level) == "details":
            return "/".join(context.folder(above) for above in range(level - 1, 1, -1)) or None
    return None


FORMAT = Format(
    name="lighteval",
    title="lighteval details",
    looks_for="doc with query and model_response with text, or full_prompt, predictions and metrics",
    detect=_detect,
    read=_read,
)
