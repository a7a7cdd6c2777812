"""Inspect AI logs: `.eval` archives and their JSON form. Every sample and epoch is a trace; choices are samples of it.

The conversation is what the model was shown: the log's messages up to its answer, with solvers' templates filled in.
Long texts that the log keeps apart as attachments are put back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rdpt_core.records import Message
from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, each
from rdpt_core.traces.formats.conversation import is_conversation, messages_of, turns_of
from rdpt_core.traces.formats.fields import (
    DIFFICULTY,
    DOMAIN,
    gold_of,
    kind_of,
    messages_for,
    pick,
    rest_of,
    short_text,
    verdict_of,
    whole,
)
from rdpt_core.traces.formats.turn import build

_ATTACHMENT = "attachment://"
_VERDICTS = {"C": True, "I": False, "N": False}


def _detect(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("eval"), dict):
        return False
    return isinstance(value.get("samples"), list) or {"version", "status", "plan"} <= value.keys()


def _read(record: Record, context: Context) -> Iterator[Draft | Bad]:
    samples = record.value.get("samples") if _detect(record.value) else None
    if not isinstance(samples, list) or not samples:
        raise RecordError("the log holds no samples: the run failed, or they were left out when it was written")
    header = record.value["eval"]
    yield from each(samples, record.line, lambda sample: _sample(sample, header))


def _sample(sample: Any, header: Mapping[str, Any]) -> Iterator[Draft]:
    if not isinstance(sample, dict):
        raise RecordError(f"a sample must be an object; got {kind_of(sample)}")
    output = sample.get("output")
    choices = output.get("choices") if isinstance(output, dict) else None
    if not isinstance(choices, list) or not choices or not isinstance(output, dict):
        raise RecordError(f"the sample has no output{_failure(sample)}")
    attachments = sample.get("attachments")
    if isinstance(attachments, dict) and attachments:
        choices = _with_attachments(choices, attachments)
        sample = {**sample, **{k: _with_attachments(sample.get(k), attachments) for k in ("messages", "input")}}
    scores = sample.get("scores") if isinstance(sample.get("scores"), dict) else {}
    metadata = sample.get("metadata") if isinstance(sample.get("metadata"), dict) else {}
    epoch = whole(sample.get("epoch"))
    name, correct = _verdict(scores or {})
    for index, choice in enumerate(choices):
        message = choice.get("message") if isinstance(choice, dict) else None
        if not isinstance(message, dict):
            raise RecordError(f"choice {index} has no message")
        model = short_text(output.get("model")) or short_text(header.get("model"))
        draft = build(message, model)
        draft.messages = _conversation(sample)
        draft.source_id = short_text(sample.get("id"))
        draft.sample = epoch - 1 if epoch and len(choices) == 1 else None
        draft.benchmark = short_text(header.get("task"))
        draft.domain = short_text(pick(metadata or {}, DOMAIN)[1])
        draft.difficulty = short_text(pick(metadata or {}, DIFFICULTY)[1])
        draft.gold = gold_of(sample.get("target"))
        draft.candidates = tuple(text for text in sample.get("choices") or [] if isinstance(text, str))
        draft.finish_reason = short_text(choice.get("stop_reason"))
        draft.truncated = sample.get("limit") is not None
        if len(choices) == 1:  # one score for several choices says nothing of any of them
            draft.correct, draft.verdict = correct, name
        values = {key: score.get("value") for key, score in (scores or {}).items() if isinstance(score, dict)}
        draft.meta.update({"scores": rest_of(values, ()), "eval_model": header.get("model"), "epoch": epoch})
        yield draft


def _failure(sample: Mapping[str, Any]) -> str:
    error = sample.get("error")
    message = error.get("message") if isinstance(error, dict) else error
    return f": {str(message)[:300]}" if message else ""


def _verdict(scores: Mapping[str, Any]) -> tuple[str | None, bool | None]:
    """The first score that is a plain verdict. Part marks are none."""
    for name, score in scores.items():
        value = score.get("value") if isinstance(score, dict) else None
        verdict = _VERDICTS.get(value) if isinstance(value, str) and value in _VERDICTS else verdict_of(value)
        if verdict is not None:
            return f"scores.{name}", verdict
    return None, None


def _conversation(sample: Mapping[str, Any]) -> tuple[Message, ...]:
    """The messages before the model's last turn, or the input where the log has no messages."""
    shown = sample.get("messages")
    if is_conversation(shown):
        turns = turns_of(shown)
        last = max((index for index, (role, _) in enumerate(turns) if role == "assistant"), default=len(turns))
        if last > 0:
            return messages_of(turns[:last])
    given = sample.get("input")
    if is_conversation(given):
        return messages_of(turns_of(given))
    return messages_for(given) if isinstance(given, str) else ()


def _with_attachments(value: Any, attachments: Mapping[str, Any], depth: int = 0) -> Any:
    """A copy with references replaced. Deeper than messages ever are, nothing is looked for."""
    if isinstance(value, str) and value.startswith(_ATTACHMENT):
        return attachments.get(value.removeprefix(_ATTACHMENT), value)
    if depth < 8 and isinstance(value, list):
        return [_with_attachments(item, attachments, depth + 1) for item in value]
    if depth < 8 and isinstance(value, dict):
        return {key: _with_attachments(item, attachments, depth + 1) for key, item in value.items()}
    return value


FORMAT = Format(
    name="inspect",
    title="Inspect AI logs (.eval and .json)",
    looks_for="an object with eval and samples, or an archive of samples/….json",
    detect=_detect,
    read=_read,
)
