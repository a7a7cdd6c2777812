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
from rdpt_core.traces.formats.inspect_output import Originals, with_attachments, with_output_beyond_limit
from rdpt_core.traces.formats.turn import build
from rdpt_core.traces.formats.verdicts import no_verdict

# N is Inspect's mark for a response without an answer, which it counts as 0.
_VERDICTS = {"C": True, "I": False, "N": False, "YES": True, "NO": False}
_NO_VERDICTS = {"P": "part mark"}

_NEW_TURN = ("hf/", "nnterp/", "openai/")
"""Providers that answer a turn of the assistant with another one. The others have the model write on in it."""


def _detect(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("eval"), dict):
        return False
    return isinstance(value.get("samples"), list) or {"version", "status", "plan"} <= value.keys()


def _read(record: Record, context: Context) -> Iterator[Draft | Bad]:
    samples = record.value.get("samples") if _detect(record.value) else None
    if not isinstance(samples, list) or not samples:
        raise RecordError("the log holds no samples: the run failed, or they were left out when it was written")
    header = record.value["eval"]
    yield from each(samples, record.line, lambda sample: _sample(sample, header, record.line))


def _sample(sample: Any, header: Mapping[str, Any], line: int) -> Iterator[Draft | Bad]:
    if not isinstance(sample, dict):
        raise RecordError(f"a sample must be an object; got {kind_of(sample)}")
    output = sample.get("output")
    choices = output.get("choices") if isinstance(output, dict) else None
    is_beyond = not choices and isinstance(sample.get("limit"), dict)
    if is_beyond:
        output, sample = with_output_beyond_limit(sample)
        choices = output.get("choices") if isinstance(output, dict) else None
    if not isinstance(choices, list) or not choices or not isinstance(output, dict):
        raise RecordError(f"the sample has no output{_failure(sample)}")
    attachments, options = sample.get("attachments"), sample.get("choices")
    choices = with_attachments(choices, attachments)
    sample = {**sample, **{key: with_attachments(sample.get(key), attachments) for key in ("messages", "input")}}
    model = short_text(output.get("model")) or short_text(header.get("model"))
    epoch = whole(sample.get("epoch"))
    facts, originals = _facts(sample, header), Originals(sample)
    # One score for several choices says nothing of any of them.
    correct, verdict = _verdict(_scores(sample)) if len(choices) == 1 else (None, None)
    if is_beyond:
        correct, verdict = None, "none: the response crossed a limit, and was scored as an empty one"

    def drafts(numbered: tuple[int, Any]) -> Iterator[Draft]:
        index, choice = numbered
        message = choice.get("message") if isinstance(choice, dict) else None
        if not isinstance(message, dict):
            raise RecordError(f"choice {index} has no message")
        draft = _draft(message, model, sample, header, originals)
        draft.source_id = short_text(sample.get("id"))
        draft.sample = (epoch - 1) * len(choices) + index if epoch else None
        draft.benchmark = short_text(header.get("task"))
        draft.domain, draft.difficulty = facts["domain"], facts["difficulty"]
        draft.gold = gold_of(sample.get("target"))
        draft.candidates = tuple(text for text in options if isinstance(text, str)) if isinstance(options, list) else ()
        draft.finish_reason = short_text(choice.get("stop_reason"))
        draft.correct, draft.verdict = correct, draft.verdict if verdict is None else verdict
        draft.meta.update({**facts["meta"], "epoch": epoch})
        yield draft

    yield from each(list(enumerate(choices)), line, drafts)


def _draft(
    message: Mapping[str, Any],
    model: str | None,
    sample: Mapping[str, Any],
    header: Mapping[str, Any],
    originals: Originals,
) -> Draft:
    """A draft of an output message as the model wrote it, behind the conversation that it was shown."""
    written = originals.of(message)
    try:
        draft = build(written.message, model)
    except RecordError as error:
        submitted = " (the answer that it submits was no text of its own)" if written.submitted is not None else ""
        raise RecordError(f"{error}{submitted}") from error
    draft.set_aside = written.set_aside
    if written.submitted is not None:
        draft.meta.update(rest_of({"submitted": written.submitted}, ()))
        draft.verdict = "none: the answer stands in a tool call"
    elif written.set_aside:
        # Options that a solver put into another order: the letters of the reference answer are not the model's.
        draft.meta.update(rest_of({"changed_by_a_solver_to": written.set_aside}, ()))
        draft.verdict = "none: a solver changed the answer after it was generated"
    summaries = _summaries(message)
    if summaries:
        draft.meta.update(rest_of({"reasoning_summary": summaries}, ()))
    shown = written.shown if written.shown is not None else sample.get("messages")
    turns = _turns_before(shown, message, is_before=written.shown is not None)
    given = sample.get("input")
    if not turns and is_conversation(given):
        turns = turns_of(given)
    provider = short_text(header.get("model")) or ""
    draft.continues = bool(turns) and _is_prefill(turns[-1]) and not provider.startswith(_NEW_TURN)
    if draft.continues:
        # Inspect takes closed thinking out of a given turn, too.
        beginning = build(turns[-1][1], model).response.text
        draft.messages = (*messages_of(turns[:-1]), Message("assistant", beginning))
    elif turns:
        draft.messages = messages_of(turns)
    else:
        draft.messages = messages_for(given) if isinstance(given, str) else ()
    return draft


def _facts(sample: Mapping[str, Any], header: Mapping[str, Any]) -> dict[str, Any]:
    """What holds for every choice of a sample."""
    given = sample.get("metadata")
    metadata = given if isinstance(given, dict) else {}
    (domain_field, domain), (difficulty_field, difficulty) = pick(metadata, DOMAIN), pick(metadata, DIFFICULTY)
    values = {name: score.get("value") for name, score in _scores(sample).items() if isinstance(score, dict)}
    limit, retries = sample.get("limit"), sample.get("error_retries")
    error = _failure(sample)
    meta = {
        "scores": rest_of(values, ()),
        "eval_model": short_text(header.get("model")),
        "metadata": rest_of(metadata, (domain_field, difficulty_field)),
        # A limit ends the sample, not the response: whether that was cut is for its own stop reason to say.
        "limit": rest_of(limit, ("reason",)) if isinstance(limit, dict) else limit,
        "error": error.removeprefix(": ") or None,
        "error_retries": len(retries) if isinstance(retries, list) and retries else None,
        "invalidation": sample.get("invalidation"),
    }
    return {
        "domain": short_text(domain),
        "difficulty": short_text(difficulty),
        "meta": {key: value for key, value in rest_of(meta, ()).items() if value != {}},
    }


def _failure(sample: Mapping[str, Any]) -> str:
    error = sample.get("error")
    message = error.get("message") if isinstance(error, dict) else error
    return f": {str(message)[:300]}" if message else ""


def _scores(sample: Mapping[str, Any]) -> Mapping[str, Any]:
    """The sample's scores by scorer. Early logs have one, without a name."""
    scores = sample.get("scores")
    if not isinstance(scores, dict):
        score = sample.get("score")
        scores = {"score": score} if isinstance(score, dict) else {}
    return scores


def _verdict(scores: Mapping[str, Any]) -> tuple[bool | None, str | None]:
    """The first score that is a plain verdict; if none is, what the first one says instead."""
    withheld: str | None = None
    for name, score in scores.items():
        value = score.get("value") if isinstance(score, dict) else None
        if value is None:
            continue
        field = f"scores.{name}"
        verdict = _VERDICTS.get(value.upper()) if isinstance(value, str) else None
        verdict = verdict_of(value) if verdict is None else verdict
        if verdict is not None:
            return verdict, field
        meaning = _NO_VERDICTS.get(value) if isinstance(value, str) else None
        withheld = withheld or no_verdict(field, value, meaning)
    return None, withheld


def _summaries(message: Mapping[str, Any]) -> list[str]:
    """Summaries of reasoning that the provider withheld. They are the provider's words, and no part of the response."""
    content = message.get("content")
    parts = [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    return [part["summary"] for part in parts if part.get("redacted") is True and isinstance(part.get("summary"), str)]


def _turns_before(shown: Any, message: Mapping[str, Any], *, is_before: bool) -> list[tuple[str, Mapping[str, Any]]]:
    """The turns before the model's answer; empty if the log does not have them.

    Args:
        shown: the log's messages, or those of a model event.
        is_before: all of them stand before the answer.
    """
    if not is_conversation(shown):
        return []
    turns = turns_of(shown)
    return turns if is_before else turns[: _place(turns, message)]


def _place(turns: list[tuple[str, Mapping[str, Any]]], message: Mapping[str, Any]) -> int:
    """Where a message stands among the turns: by its id, or else as the last turn of the assistant."""
    identity = message.get("id")
    if isinstance(identity, str) and identity:
        for index, (_, turn) in enumerate(turns):
            if turn.get("id") == identity:
                return index
    return max((index for index, (role, _) in enumerate(turns) if role == "assistant"), default=len(turns))


def _is_prefill(turn: tuple[str, Mapping[str, Any]]) -> bool:
    """Whether a turn of the assistant was given to the model. What it generated itself is a turn of its own."""
    role, given = turn
    return role == "assistant" and given.get("source") != "generate" and not given.get("tool_calls")


FORMAT = Format(
    name="inspect",
    title="Inspect AI logs (.eval and .json)",
    looks_for="an object with eval and samples, or an archive of samples/….json",
    detect=_detect,
    read=_read,
)
