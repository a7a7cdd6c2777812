"""Event logs of OpenAI evals: samplings, and the matches that judge them.

Events of one sample share its id but not their place, so the whole log is gathered. Memory: its samplings and matches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rdpt_core.traces.files.record import Bad, Record, snippet
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, Response, why
from rdpt_core.traces.formats.fields import gold_of, kind_of, rest_of, short_text, text_of
from rdpt_core.traces.formats.requests import asked_of
from rdpt_core.traces.formats.verdicts import verdict_in

_USED = frozenset({"prompt", "sampled"})


def _is_event(value: Any) -> bool:
    return isinstance(value, dict) and {"run_id", "event_id", "sample_id", "type", "data"} <= value.keys()


def _spec(value: Any) -> Mapping[str, Any] | None:
    """What was run, as the log's first line says it; empty for its last one, None for every other record."""
    if not isinstance(value, dict):
        return None
    spec = value.get("spec")
    return spec if isinstance(spec, dict) else {} if "final_report" in value else None


def _detect(value: Any) -> bool:
    return _is_event(value) or "completion_fns" in (_spec(value) or ())


def _gather(records: Iterable[Record], context: Context) -> Iterator[Draft | Bad]:
    drafts: dict[tuple[str, str], list[Draft]] = {}
    matches: dict[tuple[str, str], Mapping[str, Any]] = {}
    spec: Mapping[str, Any] = {}
    for record in records:
        value = record.value
        try:
            frame = _spec(value)
            if frame is not None:
                spec = frame or spec
                continue
            if not _is_event(value):
                raise RecordError(f"expected an event; got {kind_of(value)}")
            sample, data = (str(value["run_id"]), str(value["sample_id"])), value["data"]
            if value["type"] == "sampling":
                drafts.setdefault(sample, []).extend(_samplings(data, record.line))
            elif value["type"] == "match" and isinstance(data, dict):
                matches[sample] = data
        except (RecordError, RecursionError) as error:
            yield Bad(record.line, why(error), record.text or snippet(value))
    functions = spec.get("completion_fns")
    model = short_text(functions[0]) if isinstance(functions, list) and functions else None
    for sample, made in drafts.items():
        judged = _judged(made, matches.get(sample, {}))
        for index, draft in enumerate(made):
            draft.source_id = short_text(sample[1])
            draft.model, draft.benchmark = model, short_text(spec.get("base_eval", spec.get("eval_name")))
            draft.sample = index if len(made) > 1 else None
            if draft is judged:
                match = matches[sample]
                draft.gold = gold_of(match.get("expected"))
                draft.correct, draft.verdict = verdict_in("match.correct", match.get("correct"))
            yield draft


def _samplings(data: Any, line: int) -> list[Draft]:
    if not isinstance(data, dict):
        raise RecordError(f"a sampling must be an object; got {kind_of(data)}")
    messages, prompt = asked_of(data.get("prompt"), is_prompt=True)
    sampled = data.get("sampled")
    texts = sampled if isinstance(sampled, list) and sampled else [sampled]
    return [
        Draft(
            Response.verbatim(text_of(text, "what was sampled")),
            messages=messages,
            prompt=prompt,
            line=line,
            meta=rest_of(data, _USED),
        )
        for text in texts
    ]


def _judged(made: list[Draft], match: Mapping[str, Any]) -> Draft | None:
    """Which text of a sample its match judges: the only one, or the one that it repeats.

    A model that grades is sampled under the same id, so of several texts none may be guessed.
    """
    if not match:
        return None
    same = [draft for draft in made if draft.response.text == match.get("sampled")]
    return made[0] if len(made) == 1 else same[0] if len(same) == 1 else None


FORMAT = Format(
    name="openai-evals",
    title="OpenAI evals event logs",
    looks_for="events with run_id, event_id, sample_id, type and data",
    detect=_detect,
    gather=_gather,
)
