"""Sample logs of lm-evaluation-harness (`samples_<task>_<time>.jsonl`): one trace a document and candidate.

The log repeats every document once per filter. The responses are the same, so the repetitions become one trace, which
is correct if any filter accepted it; what each filter extracted and decided stays in `meta`. The filters follow one
another in the file, so the drafts are held until its end. Memory: the responses of the file, once.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rdpt_core.records import Message
from rdpt_core.traces.files.record import Bad, Record, snippet
from rdpt_core.traces.formats.asked import is_rendered_or_decoded, rendered_turns
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, Response, why
from rdpt_core.traces.formats.conversation import is_conversation, messages_of, turns_of
from rdpt_core.traces.formats.fields import (
    DIFFICULTY,
    DOMAIN,
    QUESTION,
    gold_of,
    kind_of,
    messages_for,
    pick,
    rest_of,
    short_text,
)
from rdpt_core.traces.formats.verdicts import verdict_in

_FILE = re.compile(r"samples_(.+?)_\d{4}-\d\d-\d\dT")
_USED = frozenset({"doc", "target", "arguments", "resps", "filtered_resps", "filter", "doc_id"})


def _detect(value: Any) -> bool:
    return isinstance(value, dict) and {"doc_id", "doc", "arguments", "resps"} <= value.keys()


def _gather(records: Iterable[Record], context: Context) -> Iterator[Draft | Bad]:
    held: dict[tuple[str, int], tuple[list[Draft], set[str]]] = {}
    for record in records:
        try:
            responses = _responses(record.value)
            key = (snippet(record.value["doc_id"]), hash(tuple(responses)))
            name = str(record.value.get("filter", "none"))
            drafts, filters = held.get(key, ([], set()))
            if not drafts or name in filters:
                # The same filter twice is no repetition of a document but a second trace of it: two logs in one file.
                if drafts:
                    yield from drafts
                drafts, filters = _drafts(record, responses, context), set()
                held[key] = (drafts, filters)
            filters.add(name)
            _note_filter(drafts, record.value, name)
        except (RecordError, RecursionError) as error:
            yield Bad(record.line, why(error), record.text or snippet(record.value))
    for drafts, _ in held.values():
        yield from drafts


def _responses(value: Any) -> list[str]:
    if not _detect(value):
        raise RecordError(f"expected doc_id, doc, arguments and resps; got {kind_of(value)}")
    resps = value["resps"]
    responses = (
        [item for group in resps for item in (group if isinstance(group, list) else [group])]
        if isinstance(resps, list)
        else []
    )
    if responses and all(isinstance(item, str) for item in responses):
        return responses
    raise RecordError("no generated text: resps holds log-likelihoods of given answers, not responses")


def _drafts(record: Record, responses: list[str], context: Context) -> list[Draft]:
    value = record.value
    doc: Mapping[str, Any] = value["doc"] if isinstance(value["doc"], dict) else {}
    messages, prompt = _asked(value["arguments"], doc)
    # With `gen_prefix`, the conversation ends with the beginning of the answer, and the server is told to continue it.
    continues = bool(messages) and messages[-1].role == "assistant"
    metrics = value.get("metrics")
    scores = {name for name in metrics if isinstance(name, str)} if isinstance(metrics, list) else set()
    named = _FILE.search(context.name)
    folder = context.folder()
    return [
        Draft(
            Response.verbatim(text),
            messages=messages,
            prompt=prompt,
            source_id=short_text(value["doc_id"]),
            sample=index if len(responses) > 1 else None,
            benchmark=named.group(1) if named else None,
            model=folder.replace("__", "/", 1) if "__" in folder else None,
            domain=short_text(pick(doc, DOMAIN)[1]),
            difficulty=short_text(pick(doc, DIFFICULTY)[1]),
            gold=gold_of(value.get("target")),
            continues=continues,
            meta=rest_of(value, _USED | scores),
            line=record.line,
        )
        for index, text in enumerate(responses)
    ]


def _asked(arguments: Any, doc: Mapping[str, Any]) -> tuple[tuple[Message, ...], str | None]:
    """The conversation and the rendered prompt, of which the log keeps the latter only."""
    given: Any = arguments.get("gen_args_0") if isinstance(arguments, dict) else arguments
    given = given.get("arg_0") if isinstance(given, dict) else given
    while isinstance(given, list) and given and not is_conversation(given):
        given = given[0]
    if isinstance(given, str) and given.startswith("[{"):
        with contextlib.suppress(ValueError, RecursionError):
            given = json.loads(given)
    if is_conversation(given):
        return messages_of(turns_of(given)), None
    question = pick(doc, QUESTION)[1]
    asked = messages_for(question) if isinstance(question, str) else ()
    if not isinstance(given, str):
        return asked, None
    if is_rendered_or_decoded(given):
        return rendered_turns(given) or asked, given
    return asked or messages_for(given), given


def _note_filter(drafts: list[Draft], value: Mapping[str, Any], name: str) -> None:
    metrics = value.get("metrics")
    scores = {key: value.get(key) for key in metrics if isinstance(key, str)} if isinstance(metrics, list) else {}
    filtered = value.get("filtered_resps")
    for draft in drafts:
        draft.meta.setdefault("filters", {})[name] = {
            "scores": rest_of(scores, ()),
            "extracted": filtered if _is_short(filtered) else None,
        }
        if len(drafts) > 1:  # one score for several candidates says nothing of any of them
            continue
        found = [verdict_in(metric, score) for metric, score in scores.items()]
        verdict = next(((correct, field) for correct, field in found if correct is not None), None)
        if verdict is not None:
            draft.correct, draft.verdict = verdict[0] or bool(draft.correct), verdict[1]
        elif draft.correct is None:
            draft.verdict = draft.verdict or next((field for _, field in found if field is not None), None)


def _is_short(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= 16 and all(isinstance(v, str) and len(v) <= 300 for v in value)


FORMAT = Format(
    name="lm-eval",
    title="lm-evaluation-harness sample logs",
    looks_for="doc_id, doc, arguments and resps",
    detect=_detect,
    gather=_gather,
)
