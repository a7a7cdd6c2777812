"""Results of promptfoo: a document with rows, or one row a line (JSON Lines). A row is one prompt to one provider."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rdpt_core.traces.files.record import Bad, Record
from rdpt_core.traces.formats.base import Context, Draft, Format, RecordError, Response, each
from rdpt_core.traces.formats.fields import kind_of, rest_of, short_text, whole
from rdpt_core.traces.formats.requests import asked_of

_META = ("vars", "score", "namedScores", "promptId", "promptIdx", "testIdx", "metadata", "failureReason")
_UNGRADED = "No assertions"


def _is_row(value: Any) -> bool:
    return isinstance(value, dict) and {"promptIdx", "testIdx", "success"} <= value.keys()


def _rows(value: Any) -> list[Any] | None:
    """The rows of a document, which newer versions keep one level deeper, or None if it is none."""
    for _ in range(2):
        results = value.get("results") if isinstance(value, dict) else None
        if isinstance(results, list):
            return results if any(_is_row(row) for row in results[:20]) else None
        value = results
    return None


def _detect(value: Any) -> bool:
    return _is_row(value) or _rows(value) is not None


def _read(record: Record, context: Context) -> Iterator[Draft | Bad]:
    rows = _rows(record.value)
    if rows is None:
        yield from _row(record.value)
    else:
        yield from each(rows, record.line, _row)


def _row(row: Any) -> Iterator[Draft]:
    if not _is_row(row):
        raise RecordError(f"expected a result with promptIdx, testIdx and success; got {kind_of(row)}")
    given = row.get("response")
    response: Mapping[str, Any] = given if isinstance(given, dict) else {}
    output = response.get("output")
    if not isinstance(output, str):
        raise RecordError(_why_not(row, response))
    draft = Draft(Response.verbatim(output))
    prompt = row.get("prompt")
    draft.messages, draft.prompt = asked_of(prompt.get("raw") if isinstance(prompt, dict) else prompt)
    provider = row.get("provider")
    draft.model = short_text(provider.get("id") if isinstance(provider, dict) else provider)
    draft.source_id = short_text(f"{row['testIdx']}-{row['promptIdx']}")
    draft.sample = whole(row.get("repeatIndex"))
    draft.finish_reason = short_text(response.get("finishReason"))
    grading = row.get("gradingResult")
    # Without an assertion every row is a success.
    if isinstance(grading, dict) and grading.get("reason") != _UNGRADED and isinstance(row["success"], bool):
        draft.correct, draft.verdict = row["success"], "success"
    draft.meta = rest_of({name: row.get(name) for name in _META}, ())
    yield draft


def _why_not(row: Mapping[str, Any], response: Mapping[str, Any]) -> str:
    error = response.get("error") or (row.get("error") if response.get("output") is None else None)
    if error:
        return f"the request failed: {str(error)[:300]}"
    if response.get("output") is None:
        return "the row holds no output of the provider"
    return f"the output was parsed, so that its text is not known; got {kind_of(response['output'])}"


FORMAT = Format(
    name="promptfoo",
    title="promptfoo results",
    looks_for="results with promptIdx, testIdx and success",
    detect=_detect,
    read=_read,
)
