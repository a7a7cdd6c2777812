"""How a dry run of `import` looks on a terminal.

The texts of a log may hold anything, so what does not print is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator

from rdpt_core.api.arguments import readable
from rdpt_core.commands.parts.documents import printable
from rdpt_core.records import Trace
from rdpt_core.traces.importing.report import ImportReport, Previewed

_SHORT_CHARS = 80
_HEAD_CHARS = 160
_TAIL_CHARS = 80
_NAMES = 12


def previews(report: ImportReport) -> str:
    """The records of a dry run, a block of lines for each, and what was set aside among them."""
    seen = report.preview or []
    lines = [line for one in seen for line in _block(one)]
    n_traces = sum(one.trace is not None for one in seen)
    first = "record" if len(seen) == 1 else f"{len(seen):,} records"
    lines.append(f"{n_traces:,} {'trace' if n_traces == 1 else 'traces'} of the first {first}; nothing was written")
    set_aside = report.set_aside_text()
    return "\n".join([*lines, f"set aside: {set_aside}"] if set_aside else lines)


def _block(one: Previewed) -> Iterator[str]:
    place = f"{printable(readable(one.file))}:{one.line}, {one.format}"
    if one.trace is None:
        yield f"{place}, rejected: {printable(one.reason or '')}"
        return
    yield place
    for name, value in _rows(one.trace):
        yield f"  {name:<12} {value}"


def _rows(trace: Trace) -> Iterator[tuple[str, str]]:
    yield "trace_id", _short(trace.trace_id)
    yield "question_id", _short(trace.question_id)
    if trace.messages:
        turns = "" if len(trace.messages) == 1 else f" (the last of {len(trace.messages)} turns)"
        yield "question", _short(trace.messages[-1].content) + turns
    if trace.prompt is not None:
        yield "prompt", _short(trace.prompt)
    yield "response", _head_and_tail(trace.response)
    for name in ("gold", "model", "benchmark", "domain", "difficulty", "teacher_id"):
        value = getattr(trace, name)
        if value is not None:
            yield name, _short(value)
    yield "sample", str(trace.sample)
    yield "correct", _verdict(trace)
    truncated = trace.meta.get("truncated")
    yield "truncated", "no" if truncated is None else _short(f"yes: {truncated}")
    if trace.meta:
        yield "meta", _names(trace)


def _verdict(trace: Trace) -> str:
    said = {True: "yes", False: "no", None: "unknown"}[trace.correct]
    origin, grading = trace.meta.get("import"), trace.meta.get("grading")
    if isinstance(origin, dict) and origin.get("verdict") is not None:
        return f"{said}, by the source ({_short(str(origin['verdict']))})"
    if isinstance(grading, dict):
        facts = [f"{name} {grading[name]}" for name in ("method", "extracted", "reason") if grading.get(name)]
        return f"{said}, graded here: {_short(', '.join(facts))}"
    return said


def _names(trace: Trace) -> str:
    """The keys of `meta`, and those of what is kept of the source."""
    source = trace.meta.get("source")
    kept = f" (source: {_list(list(source))})" if isinstance(source, dict) and source else ""
    return _list(list(trace.meta)) + kept


def _list(names: list[str]) -> str:
    more = f" and {len(names) - _NAMES:,} more" if len(names) > _NAMES else ""
    return ", ".join(_short(str(name)) for name in names[:_NAMES]) + more


def _head_and_tail(text: str) -> str:
    size = f"({len(text):,} characters)"
    if len(text) <= _HEAD_CHARS + _TAIL_CHARS:
        return f"{printable(text)} {size}"
    return f"{printable(text[:_HEAD_CHARS])} … {printable(text[-_TAIL_CHARS:])} {size}"


def _short(text: str) -> str:
    return printable(text if len(text) <= _SHORT_CHARS else text[: _SHORT_CHARS - 1] + "…")
